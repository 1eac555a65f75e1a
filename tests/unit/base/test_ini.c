/*
 * test_ini.c - INI files as the clouds' tools write them: rows and errors with their line numbers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/ini.h"

static void parse(struct ini *ini, const char *text)
{
	struct buf why;
	buf_init(&why, 200);
	if (!ini_parse(ini, text, strlen(text), &why))
		fail_msg("%s", why.data);
	assert_int_equal(why.len, 0);
	buf_release(&why);
}

static void assert_row(const struct ini *ini, size_t i, unsigned line, const char *section,
	const char *key, const char *value)
{
	assert_true(i < ini->n);
	assert_int_equal(ini->rows[i].line, line);
	assert_string_equal(ini->rows[i].section, section);
	assert_string_equal(ini->rows[i].key, key);
	assert_string_equal(ini->rows[i].value, value);
}

static void schema_come_in_order_with_their_lines(void **state)
{
	(void)state;
	struct ini ini;
	parse(&ini, "; top\nbare=1\n\n[default]\n# one\nsecret_id = a=b:c\n  Secret_Key:\t x y \n[ Other one ]\r\nempty =\r\n"
		"path = /a#b ; c\n[default]\nsecret_id=z");
	assert_int_equal(ini.n, 9);
	assert_row(&ini, 0, 2, "", "bare", "1");
	assert_row(&ini, 1, 4, "default", "", "");
	assert_row(&ini, 2, 6, "default", "secret_id", "a=b:c");
	assert_row(&ini, 3, 7, "default", "Secret_Key", "x y");
	assert_row(&ini, 4, 8, "Other one", "", "");
	assert_row(&ini, 5, 9, "Other one", "empty", "");
	assert_row(&ini, 6, 10, "Other one", "path", "/a#b");
	assert_row(&ini, 7, 11, "default", "", "");
	assert_row(&ini, 8, 12, "default", "secret_id", "z");
	assert_string_equal(ini_value(&ini, "default", "secret_id"), "z");
	assert_string_equal(ini_value(&ini, "default", "Secret_Key"), "x y");
	assert_null(ini_value(&ini, "default", "secret_key"));
	assert_null(ini_value(&ini, "Default", "secret_id"));
	assert_int_equal(ini_line(&ini, "default"), 11);
	assert_int_equal(ini_line(&ini, "Default"), 0);
	assert_int_equal(ini_again(&ini, "default", "secret_id")->line, 12);
	assert_null(ini_again(&ini, "default", "Secret_Key"));
	assert_null(ini_value(&ini, "default", "bare"));
	assert_string_equal(ini_value(&ini, "Other one", "empty"), "");
	ini_release(&ini);
	assert_int_equal(ini.n, 0);
	ini_release(&ini);
}

static void quotes_and_comments_are_no_part_of_a_value(void **state)
{
	(void)state;
	struct ini ini;
	parse(&ini, "a = 60 # seconds\nb = ' x # y ' ; z\nc = \"\"\nd = #none\ne = f#g\n[work] ; mine\nh: \"i\"\r\n");
	assert_row(&ini, 0, 1, "", "a", "60");
	assert_row(&ini, 1, 2, "", "b", " x # y ");
	assert_row(&ini, 2, 3, "", "c", "");
	assert_row(&ini, 3, 4, "", "d", "");
	assert_row(&ini, 4, 5, "", "e", "f#g");
	assert_row(&ini, 6, 7, "work", "h", "i");
	ini_release(&ini);
}

static void nothing_is_fine(void **state)
{
	(void)state;
	static const char *const TEXTS[] = { "", "\n", "\xef\xbb\xbf", "#", ";x", "  \t\r\n\n" };
	for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
		struct ini ini;
		parse(&ini, TEXTS[i]);
		assert_int_equal(ini.n, 0);
		assert_false(ini_has(&ini, "default"));
		ini_release(&ini);
	}
}

static void a_section_with_nothing_in_it_is_there(void **state)
{
	(void)state;
	struct ini ini;
	parse(&ini, "\xef\xbb\xbf[work]");
	assert_true(ini_has(&ini, "work"));
	assert_false(ini_has(&ini, ""));
	assert_false(ini_has(&ini, "home"));
	ini_release(&ini);
}

static void more_rows_than_there_was_room_for(void **state)
{
	(void)state;
	struct buf text;
	struct ini ini;
	buf_init(&text, 100000);
	for (unsigned i = 0; i < 1000; i++)
		buf_printf(&text, "k%u=%u\n", i, i);
	parse(&ini, text.data);
	assert_int_equal(ini.n, 1000);
	assert_row(&ini, 999, 1000, "", "k999", "999");
	ini_release(&ini);
	buf_release(&text);
}

static void mistakes_name_their_line_and_show_nothing_of_it(void **state)
{
	(void)state;
	static const struct {
		const char *text, *why;
	} ROWS[] = {
		{ "a=1\nCANARY", "2: neither [SECTION] nor KEY = VALUE" },
		{ "\n\n = CANARY", "3: a value without a key" },
		{ "[CANARY", "1: a section is [NAME], alone on its line" },
		{ "[x] CANARY=1", "1: a section is [NAME], alone on its line" },
		{ "a='CANARY", "1: the value has a quote without its end" },
		{ "[x] # y\na=\"CANARY\" b", "2: the value has something behind its second quote" },
		{ "[x]\n[]", "2: a section without a name" },
		{ "[ ]", "1: a section without a name" },
	};
	for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
		struct ini ini;
		struct buf why;
		buf_init(&why, 200);
		assert_false(ini_parse(&ini, ROWS[i].text, strlen(ROWS[i].text), &why));
		assert_string_equal(why.data, ROWS[i].why);
		assert_int_equal(ini.n, 0);
		assert_null(ini.text);
		buf_release(&why);
	}
}

static void a_zero_byte_cuts_nothing_off(void **state)
{
	(void)state;
	struct ini ini;
	struct buf why;
	buf_init(&why, 200);
	assert_false(ini_parse(&ini, "a=1\nb=2\0c\n", 10, &why));
	assert_string_equal(why.data, "2: a zero byte");
	buf_release(&why);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(schema_come_in_order_with_their_lines),
		cmocka_unit_test(quotes_and_comments_are_no_part_of_a_value),
		cmocka_unit_test(nothing_is_fine),
		cmocka_unit_test(a_section_with_nothing_in_it_is_there),
		cmocka_unit_test(more_rows_than_there_was_room_for),
		cmocka_unit_test(mistakes_name_their_line_and_show_nothing_of_it),
		cmocka_unit_test(a_zero_byte_cuts_nothing_off),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
