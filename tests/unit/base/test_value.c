/*
 * test_value.c - values as people, shells and tools write them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/value.h"

static void what_is_around_a_value_is_taken_off(void **state)
{
	(void)state;
	static const char *const ROWS[][2] = {
		{ "a", "a" }, { "", "" }, { " \t\r\n", "" }, { " a\r\n", "a" }, { "\xef\xbb\xbf" "a", "a" },
		{ "\"a\"", "a" }, { "' a '", "a" }, { "\"'a'\"", "'a'" }, { "\"a", "\"a" }, { "a'", "a'" }, { "\"", "\"" },
		{ "\"\"", "" }, { "'a\"", "'a\"" }, { " \xef\xbb\xbf \"a b\"\n", "a b" },
	};
	for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
		size_t len = strlen(ROWS[i][0]);
		char *text = xstrdup(ROWS[i][0]);
		assert_ptr_equal(value_clean(text), text);
		assert_string_equal(text, ROWS[i][1]);
		for (size_t at = strlen(text); at < len; at++)
			assert_int_equal(text[at], 0); /* nothing of a secret stays behind the value */
		free(text);
	}
}

static void the_value_in_a_line(void **state)
{
	(void)state;
	static const struct {
		const char *line, *comments, *value, *mistake;
	} ROWS[] = {
		{ "  a b \r", "#;", "a b", NULL },
		{ "60 # seconds", "#;", "60", NULL },
		{ "60\t; seconds", "#;", "60", NULL },
		{ "60 ; seconds", "#", "60 ; seconds", NULL },
		{ "a#b;c", "#;", "a#b;c", NULL },
		{ "# none", "#", "", NULL },
		{ "", "#", "", NULL },
		{ "'a # b' # c", "#", "a # b", NULL },
		{ "\" a\"", "#", " a", NULL },
		{ "\"a\"# c", "#", "a", NULL },
		{ "\"a", "#", NULL, "has a quote without its end" },
		{ "'a' b", "#", NULL, "has something behind its second quote" },
		{ "'a'b'", "#", NULL, "has something behind its second quote" },
	};
	for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
		char *line = xstrdup(ROWS[i].line), *value = line;
		const char *mistake = value_cut(&value, ROWS[i].comments);
		if (ROWS[i].mistake)
			assert_string_equal(mistake, ROWS[i].mistake);
		else
			assert_string_equal(value, ROWS[i].value);
		assert_int_equal(mistake == NULL, ROWS[i].mistake == NULL);
		free(line);
	}
}

static void what_a_key_can_be(void **state)
{
	(void)state;
	static const char *const ROWS[][2] = {
		{ NULL, "is empty" }, { "", "is empty" }, { "a b", "blank" }, { " a", "blank" }, { "a\tb", "control" },
		{ "a\r\nX: 1", "control" }, { "a\x7fz", "control" }, { "a\xc0\x80z", "control" }, { "\xe4\xb8\xad", "ASCII" },
		{ "'a", "quote" }, { "a\"", "quote" }, { "${A}", "variable" }, { "a$(b)", "variable" }, { "$A", "variable" },
	};
	assert_null(value_mistake("AKID-x/y+z=="));
	assert_null(value_mistake("qcs::cam::uin/1:roleName/reader"));
	assert_null(value_mistake("a'b$c"));
	for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
		const char *mistake = value_mistake(ROWS[i][0]);
		if (!mistake || !strstr(mistake, ROWS[i][1]))
			fail_msg("%zu: %s", i, mistake ? mistake : "nothing");
	}
}

static void regions(void **state)
{
	(void)state;
	static const char *const WRONG[] = { "", "AP-X", "ap x", "ap_x", "ap-x\n", "\xe4\xb8\xad",
		"ap-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };
	assert_true(value_is_region("ap-shanghai-2"));
	for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++)
		assert_false(value_is_region(WRONG[i]));
}

static void a_whole_file(void **state)
{
	(void)state;
	char marked[] = "\xef\xbb\xbf" "ab", little[] = "\xff\xfe" "a", big[] = "\xfe\xff" "a", zero[] = "a\0b", plain[] = "a";
	size_t len = 5;
	assert_null(value_text(marked, &len));
	assert_int_equal(len, 2);
	assert_string_equal(marked, "ab");
	len = 3;
	assert_non_null(strstr(value_text(little, &len), "UTF-16"));
	assert_non_null(strstr(value_text(big, &len), "UTF-16"));
	assert_non_null(strstr(value_text(zero, &len), "zero byte"));
	len = 1;
	assert_null(value_text(plain, &len));
	assert_string_equal(plain, "a");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_around_a_value_is_taken_off),
		cmocka_unit_test(the_value_in_a_line),
		cmocka_unit_test(what_a_key_can_be),
		cmocka_unit_test(regions),
		cmocka_unit_test(a_whole_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
