/*
 * test_json_round_trip.c - parsing and printing loses nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "json/json.h"

static struct json *parse(const char *text)
{
	struct json *root;

	assert_int_equal(json_parse(&root, text, strlen(text)), ERR_NONE);
	assert_non_null(root);
	return root;
}

/* Parses, prints and compares. */
static void assert_prints(const char *text, int indent, const char *expected)
{
	struct json *root = parse(text);
	struct buf out;

	buf_init(&out, 1 << 20);
	assert_true(json_print(&out, root, indent));
	assert_string_equal(out.data, expected);
	buf_release(&out);
	json_free(root);
}

/* promise: 4 */
static void test_numbers_keep_their_digits(void **state)
{
	static const char *const digits[] = {
		"0", "-0", "0.10", "1.0", "1e3", "1E+3", "1e-07", "1e999", "-1e999",
		"9007199254740991",
		"9007199254740993", "9223372036854775807", "9223372036854775808",
		"18446744073709551615",
		"-9223372036854775809", "0.1", "100", "0.30000000000000004",
		"1.7976931348623157e309",
		"1234567890123456789012345678901234567890123456789012345678901234567890",
		"0.0000000000000000000000000000000000000000000000000000000000000000001", "-0.0",
		"0e0",
	};

	(void)state;
	for (size_t i = 0; i < sizeof digits / sizeof *digits; i++) {
		struct json *root = parse(digits[i]);

		assert_int_equal(json_type(root), JSON_NUMBER);
		assert_string_equal(json_text(root), digits[i]);
		json_free(root);
		assert_prints(digits[i], 0, digits[i]);
	}
	assert_prints("{\"a\" : [ 0.10 , -0 ]}", 0, "{\"a\":[0.10,-0]}");
}

static void test_types_and_texts(void **state)
{
	static const struct {
		const char *text;
		enum json_type type;
		const char *name, *value;
	} rows[] = {
		{"null", JSON_NULL, "null", ""},
		{"true", JSON_BOOLEAN, "boolean", "true"},
		{"false", JSON_BOOLEAN, "boolean", "false"},
		{"12", JSON_NUMBER, "number", "12"},
		{"\"12\"", JSON_STRING, "string", "12"},
		{"\"\"", JSON_STRING, "string", ""},
		{"[1]", JSON_ARRAY, "array", ""},
		{"{\"a\":1}", JSON_OBJECT, "object", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct json *root = parse(rows[i].text);

		assert_int_equal(json_type(root), rows[i].type);
		assert_string_equal(json_type_name(json_type(root)), rows[i].name);
		assert_string_equal(json_text(root), rows[i].value);
		assert_null(json_key(root));
		json_free(root);
	}
}

static void test_a_nul_does_not_cut(void **state)
{
	struct json *root = parse("{\"k\\u0000ey\":\"\\u0000a\\u0000\\u0000b\",\"k\":\"c\"}");
	const struct json *item = json_first(root);

	(void)state;
	assert_string_equal(json_text(item), "\xc0\x80""a\xc0\x80\xc0\x80""b");
	assert_string_equal(json_key(item), "k\xc0\x80""ey");
	assert_ptr_equal(json_get(root, "k\xc0\x80""ey"), item);
	assert_string_equal(json_text(json_get(root, "k")), "c");
	json_free(root);
	assert_prints("\"\\u0000\"", 0, "\"\\u0000\"");
}

static void test_members_and_items(void **state)
{
	struct json *root = parse("{\"b\":1,\"a\":[7,8],\"A\":2,\"b\":3,\"\":4,\"ab\":5}");
	static const char *const keys[] = {"b", "a", "A", "b", "", "ab"};
	size_t at = 0;

	(void)state;
	for (const struct json *item = json_first(root); item; item = json_next(item))
		assert_string_equal(json_key(item), keys[at++]);
	assert_int_equal(at, 6);
	assert_int_equal(json_count(root), 6);
	assert_string_equal(json_text(json_get(root, "b")), "3"); /* the last one, as jq */
	assert_string_equal(json_text(json_get(root, "A")), "2");
	assert_string_equal(json_text(json_get(root, "")), "4");
	assert_null(json_get(root, "B"));
	assert_null(json_get(root, "aB"));
	assert_null(json_get(root, "abc"));
	assert_null(json_get(NULL, "a"));
	assert_null(json_get(json_get(root, "a"), "a"));
	assert_null(json_get(json_get(root, "b"), "b"));

	const struct json *list = json_get(root, "a");
	assert_int_equal(json_count(list), 2);
	assert_string_equal(json_key(list), "a");
	assert_null(json_key(json_first(list)));
	assert_string_equal(json_text(json_next(json_first(list))), "8");
	assert_null(json_first(json_get(root, "b")));
	assert_int_equal(json_count(json_get(root, "b")), 0);
	json_free(root);
	json_free(NULL);
}

static void test_paths(void **state)
{
	struct json *root = parse("{\"a\":{\"b\":{\"c\":1},\"b.c\":2,\"bc\":3},\"a.b\":4,"
		"\"l\":[{\"x\":1}]}");

	(void)state;
	assert_ptr_equal(json_get_path(root, ""), root);
	assert_string_equal(json_text(json_get_path(root, "a.b.c")), "1");
	assert_string_equal(json_text(json_get_path(root, "a.bc")), "3");
	assert_int_equal(json_type(json_get_path(root, "a.b")), JSON_OBJECT);
	assert_null(json_get_path(root, "a.b.c.d"));
	assert_null(json_get_path(root, "a.x"));
	assert_null(json_get_path(root, "x.a"));
	assert_null(json_get_path(root, "l.x"));
	assert_null(json_get_path(NULL, "a"));
	assert_null(json_get_path(NULL, ""));
	json_free(root);
}

static void test_integers(void **state)
{
	static const struct {
		const char *text;
		int64_t value;
	} rows[] = {
		{"0", 0}, {"-0", 0}, {"12", 12}, {"\"12\"", 12}, {"\"-12\"", -12}, {"\"007\"", 7},
		{"9223372036854775807", INT64_MAX}, {"\"9223372036854775807\"", INT64_MAX},
		{"-9223372036854775808", INT64_MIN}, {"-9223372036854775807", INT64_MIN + 1},
		{"9223372036854775808", -5}, {"-9223372036854775809", -5},
		{"18446744073709551616", -5},
		{"92233720368547758070", -5}, {"\"\"", -5}, {"\"-\"", -5},
		{"1e3", 1000}, {"1.0", 1}, {"130.0", 130}, {"1.3e2", 130}, {"1.30E+2", 130},
		{"13000e-2", 130}, {"0.13e3", 130}, {"-1.3e2", -130}, {"\"1.3e2\"", 130}, {"0.0", 0},
		{"0e999999999999", 0}, {"0.000e-7", 0}, {"9223372036854775807.0", INT64_MAX},
		{"922337203685477580700e-2", INT64_MAX}, {"-9.223372036854775808e18", INT64_MIN},
		{"9.3e18", -5}, {"1e19", -5}, {"1e999999999999", -5}, {"1e-999999999999", -5},
		{"1.5", -5}, {"1.05e1", -5}, {"13e-1", -5}, {"130.000001", -5}, {"\"1,30\"", -5},
		{"\"1.\"", -5}, {"\".5\"", -5}, {"\"1e\"", -5}, {"\"1e+\"", -5}, {"\"1.3e2 \"", -5},
		{"\"1e1e1\"", -5}, {"\"1.0.0\"", -5}, {"\"e3\"", -5}, {"\"1_0\"", -5}, {"\"NaN\"", -5},
		{"\" 1\"", -5}, {"\"1 \"", -5}, {"\"+1\"", -5}, {"\"0x1\"", -5},
		{"\"1\\u0000\"", -5},
		{"true", -5}, {"null", -5}, {"[1]", -5}, {"{\"a\":1}", -5}, {"\"--1\"", -5},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct json *root = parse(rows[i].text);

		assert_true(json_integer(root, -5) == rows[i].value);
		json_free(root);
	}
	assert_int_equal(json_integer(NULL, 9), 9);
}

static void test_printing(void **state)
{
	(void)state;
	assert_prints(" { } ", 2, "{}");
	assert_prints(" [ ] ", 2, "[]");
	assert_prints("[ ]", 0, "[]");
	assert_prints("{\"a\":1,\"b\":[true,null,{}],\"c\":{\"d\":[],\"\":\"x\"}}", 2,
		"{\n"
		"  \"a\": 1,\n"
		"  \"b\": [\n"
		"    true,\n"
		"    null,\n"
		"    {}\n"
		"  ],\n"
		"  \"c\": {\n"
		"    \"d\": [],\n"
		"    \"\": \"x\"\n"
		"  }\n"
		"}");
	assert_prints("{ \"a\" : [ 1 , { \"b\" : false } ] , \"a\" : 2 }", 0,
		"{\"a\":[1,{\"b\":false}],\"a\":2}");
	assert_prints("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\u0001\\u001F\\u007f\\u0080\\u00e9\\u202e\\u2067\\u200f\"", 0,
		"\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u0001\\u001f\\u007f\\u0080\xc3\xa9\\u202e\\u2067\\u200f\"");
	assert_prints("{\"\\n\\u0000\":\"<>&'\"}", 0, "{\"\\n\\u0000\":\"<>&'\"}");
	assert_prints("null", 2, "null");
}

static void test_printing_stops_when_full(void **state)
{
	struct json *root = parse("{\"a\":[1,2,3]}");
	struct buf out;

	(void)state;
	buf_init(&out, 13);
	assert_true(json_print(&out, root, 0));
	buf_release(&out);
	buf_init(&out, 12);
	assert_false(json_print(&out, root, 0));
	assert_true(out.full);
	buf_release(&out);
	json_free(root);
}

/* Replaces members named "x", and "y" only below an "x". */
static const char *hide(const struct json *member, const void **context)
{
	const char *key = json_key(member);
	const char *hidden = *context;

	if (!key)
		return NULL;
	if (strcmp(key, "deep") == 0)
		*context = "y";
	return strcmp(key, hidden) == 0 ? "<\">" : NULL;
}

static void test_printing_something_instead(void **state)
{
	struct json *root = parse("{\"x\":[1],\"y\":2,\"deep\":[{\"x\":3,\"y\":{}}],"
		"\"z\":{\"x\":4}}");
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	assert_true(json_print_instead(&out, root, 0, hide, "x"));
	assert_string_equal(out.data,
		"{\"x\":\"<\\\">\",\"y\":2,\"deep\":[{\"x\":3,\"y\":\"<\\\">\"}],"
		"\"z\":{\"x\":\"<\\\">\"}}");
	buf_release(&out);
	json_free(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers_keep_their_digits),
		cmocka_unit_test(test_types_and_texts),
		cmocka_unit_test(test_a_nul_does_not_cut),
		cmocka_unit_test(test_members_and_items),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_integers),
		cmocka_unit_test(test_printing),
		cmocka_unit_test(test_printing_stops_when_full),
		cmocka_unit_test(test_printing_something_instead),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
