/*
 * test_edit_distance.c - pairs of words, and the typing mistakes between them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/edit_distance.h"

static void each_typing_mistake_counts_one(void **state)
{
	static const struct {
		const char *a, *b;
		size_t distance;
	} ROWS[] = {
		{ "", "", 0 },
		{ "", "abc", 3 },
		{ "status", "status", 0 },
		{ "statu", "status", 1 },
		{ "statuus", "status", 1 },
		{ "stotus", "status", 1 },
		{ "statsu", "status", 1 },
		{ "hlep", "help", 1 },
		{ "refersh", "refresh", 1 },
		{ "ca", "abc", 3 },
		{ "max-memory", "MAX_MEMORY", 0 },
		{ "kitten", "sitting", 3 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(*ROWS); i++) {
		assert_int_equal(edit_distance(ROWS[i].a, ROWS[i].b), ROWS[i].distance);
		assert_int_equal(edit_distance(ROWS[i].b, ROWS[i].a), ROWS[i].distance);
	}
}

static void a_word_that_is_too_long_is_near_to_none(void **state)
{
	char word[66];

	(void)state;
	memset(word, 'a', sizeof(word));
	word[64] = '\0';
	assert_int_equal(edit_distance(word, ""), 64);
	assert_int_equal(edit_distance(word, word), 0);
	word[64] = 'a';
	word[65] = '\0';
	assert_true(edit_distance(word, word) == SIZE_MAX);
	assert_true(edit_distance("", word) == SIZE_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_typing_mistake_counts_one),
		cmocka_unit_test(a_word_that_is_too_long_is_near_to_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
