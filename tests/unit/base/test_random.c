/*
 * test_random.c - the same seed gives the same numbers, and they fill their range.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/random.h"

static void test_a_seed_gives_its_numbers(void **state)
{
	struct random random = { 1 }, again = { 1 }, other = { 2 };

	(void)state;
	/* (6364136223846793005 + 1442695040888963407) >> 33 */
	assert_int_equal(random_next(&random), UINT64_C(7806831264735756412) >> 33);
	assert_int_equal(random_next(&again), UINT64_C(7806831264735756412) >> 33);
	for (int i = 0; i < 1000; i++) {
		uint64_t number = random_next(&random);

		assert_int_equal(number, random_next(&again));
		assert_int_not_equal(number, random_next(&other));
	}
}

/* Full jitter takes the remainder by any bound: each tenth of the range is equally frequent. */
static void test_remainders_are_even(void **state)
{
	enum { TENTHS = 10, TRIES = 100000 };
	struct random random = { 0 };
	int counts[TENTHS] = { 0 };

	(void)state;
	for (int i = 0; i < TRIES; i++) {
		uint64_t number = random_next(&random);

		assert_true(number < UINT64_C(1) << 31);
		counts[number % 1000 / 100]++;
	}
	for (int i = 0; i < TENTHS; i++)
		assert_in_range(counts[i], TRIES / TENTHS * 95 / 100, TRIES / TENTHS * 105 / 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_seed_gives_its_numbers),
		cmocka_unit_test(test_remainders_are_even),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
