/*
 * test_search.c - compares search_lower_bound with a linear search, in every small range.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/search.h"

enum { NUMBERS = 9 };

struct place {
	const int *numbers;
	int number;
};

static bool is_before(const void *arg, size_t at)
{
	const struct place *place = arg;

	assert_true(at < NUMBERS);
	return place->numbers[at] < place->number;
}

static size_t walk(const struct place *place, size_t low, size_t high)
{
	while (low < high && place->numbers[low] < place->number)
		low++;
	return low;
}

static void test_every_range(void **state)
{
	static const int NUMBERS_SORTED[NUMBERS] = { 1, 1, 3, 5, 5, 5, 8, 9, 9 };

	(void)state;
	for (int number = 0; number <= 10; number++)
		for (size_t low = 0; low <= NUMBERS; low++)
			for (size_t high = low; high <= NUMBERS; high++) {
				struct place place = { NUMBERS_SORTED, number };

				assert_int_equal(search_lower_bound(low, high, is_before, &place),
					walk(&place, low, high));
			}
}

static bool is_never_asked(const void *arg, size_t at)
{
	(void)arg;
	fail_msg("%zu is in no empty range", at);
	return false;
}

static void test_an_empty_range_is_not_read(void **state)
{
	(void)state;
	assert_int_equal(search_lower_bound(7, 7, is_never_asked, NULL), 7);
}

struct half {
	size_t before, calls;
};

static bool is_in_first_half(const void *arg, size_t at)
{
	struct half *half = *(struct half *const *)arg;

	half->calls++;
	return at < half->before;
}

static void test_a_huge_range_takes_as_many_steps_as_it_has_bits(void **state)
{
	struct half half = { .before = SIZE_MAX - 1 };
	struct half *arg = &half;

	(void)state;
	assert_int_equal(search_lower_bound(0, SIZE_MAX, is_in_first_half, &arg), SIZE_MAX - 1);
	assert_true(half.calls <= 65);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_range),
		cmocka_unit_test(test_an_empty_range_is_not_read),
		cmocka_unit_test(test_a_huge_range_takes_as_many_steps_as_it_has_bits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
