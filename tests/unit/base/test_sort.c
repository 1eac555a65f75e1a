/*
 * test_sort.c - compares sort_texts with qsort, with texts that a peer might choose.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/sort.h"

enum { ROUNDS = 100, ITEMS_MAX = 300, MANY = 200000, TEXT_MAX = 64 };

static uint32_t next_random(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(*seed >> 33);
}

/* Texts of few letters, some beyond ASCII, behind a prefix: many are equal, many begin alike. */
static void make_text(char text[TEXT_MAX], uint64_t *seed, size_t prefix, unsigned letters)
{
	static const char LETTERS[] = "\x01" "A~a\x80\xc0\xff";
	size_t len = prefix + next_random(seed) % 20;

	memset(text, 'm', prefix);
	for (size_t i = prefix; i < len; i++)
		text[i] = LETTERS[next_random(seed) % letters];
	text[len] = '\0';
}

static int by_text_then_index(const void *a, const void *b)
{
	const struct sort_item *x = a, *y = b;
	int by = strcmp(x->text, y->text);

	return by ? by : (x->index > y->index) - (x->index < y->index);
}

static void assert_sorted(struct sort_item *items, size_t n)
{
	struct sort_item *expected = xcalloc(n, sizeof *items), *spare = xcalloc(n, sizeof *items);

	for (size_t i = 0; i < n; i++)
		items[i].index = (uint32_t)i;
	memcpy(expected, items, n * sizeof *items);
	qsort(expected, n, sizeof *expected, by_text_then_index);
	sort_texts(items, spare, n);
	bool same = true;
	for (size_t i = 0; i < n; i++)
		same &= items[i].text == expected[i].text && items[i].index == expected[i].index;
	assert_true(same);
	free(expected);
	free(spare);
}

static void it_sorts_as_the_library_does_and_keeps_the_order_of_equals(void **state)
{
	static char texts[ITEMS_MAX][TEXT_MAX];
	struct sort_item items[ITEMS_MAX];
	uint64_t seed = 7;

	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++) {
		size_t n = round < 60 ? round : next_random(&seed) % ITEMS_MAX;

		for (size_t i = 0; i < n; i++) {
			make_text(texts[i], &seed, round % 40, 1 + round % 7);
			items[i].text = texts[i];
		}
		assert_sorted(items, n);
	}
}

/* Each text is the previous one and one more letter, so each step of the sort separates only one of them. */
static void texts_that_go_on_from_one_another_end(void **state)
{
	enum { STAIRS = 300 };
	static char texts[STAIRS][8 * STAIRS + 1];
	static struct sort_item items[STAIRS];

	(void)state;
	for (size_t i = 0; i < STAIRS; i++) {
		memset(texts[i], 'x', 8 * i);
		items[STAIRS - 1 - i].text = texts[i];
	}
	assert_sorted(items, STAIRS);
}

static void two_hundred_thousand_are_sorted(void **state)
{
	char (*texts)[TEXT_MAX] = xcalloc(MANY, sizeof *texts);
	struct sort_item *items = xcalloc(MANY, sizeof *items);
	uint64_t seed = 11;

	(void)state;
	for (size_t i = 0; i < MANY; i++) {
		make_text(texts[i], &seed, 30, 7);
		items[i].text = texts[i];
	}
	assert_sorted(items, MANY);
	free(items);
	free(texts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_sorts_as_the_library_does_and_keeps_the_order_of_equals),
		cmocka_unit_test(texts_that_go_on_from_one_another_end),
		cmocka_unit_test(two_hundred_thousand_are_sorted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
