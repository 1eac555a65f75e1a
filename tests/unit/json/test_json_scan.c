/*
 * test_json_scan.c - which texts are accepted as JSON, and the ceilings to the exact byte and value.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "json/json.h"

#define TEXT(literal) literal, sizeof literal - 1

struct sample {
	const char *text;
	size_t len;
};

static struct json *parse(const char *text)
{
	struct json *root;

	assert_int_equal(json_parse(&root, text, strlen(text)), ERR_NONE);
	assert_non_null(root);
	return root;
}

static void assert_error(enum error expected, const char *text, size_t len)
{
	struct json *root;
	/* An exact copy without a NUL: the sanitizer sees a read past the end. */
	char *copy = malloc(len ? len : 1);

	memcpy(copy, text, len);
	enum error error = json_parse(&root, copy, len);
	if (error != expected)
		print_error("%.60s: %d, expected %d\n", text, (int)error, (int)expected);
	assert_int_equal(error, expected);
	assert_int_equal(root != NULL, error == ERR_NONE);
	json_free(root);
	free(copy);
}

static const struct sample accepted[] = {
	/* structure */
	{TEXT("{}")}, {TEXT("[]")}, {TEXT("[[]   ]")}, {TEXT("[[],[[]]]")}, {TEXT("{\"a\":{}}")},
	{TEXT("{\"\":0}")}, {TEXT("{\"a\":[]}")}, {TEXT("{\"a\":\"b\",\"a\":\"c\"}")},
	{TEXT("{\"a\":\"b\",\"a\":\"b\"}")}, {TEXT("{\"foo\\u0000bar\": 42}")},
	{TEXT("{\"min\": -1.0e+28, \"max\": 1.0e+28}")}, {TEXT("{\n\"a\": \"b\"\n}")},
	{TEXT("[1,null,null,null,2]")}, {TEXT("[null, 1, \"1\", {}]")}, {TEXT("[\"\"]")},
	{TEXT(" [1]")}, {TEXT("[1\n]")}, {TEXT("[2] ")}, {TEXT("\t\n\r [ 1 , 2 ] \r\n\t ")},
	/* scalars alone */
	{TEXT("false")}, {TEXT("true")}, {TEXT("null")}, {TEXT("42")}, {TEXT("-0.1")},
	{TEXT("\"asd\"")},
	{TEXT("\"\"")}, {TEXT("\" \"")}, {TEXT("0")}, {TEXT("-0")},
	/* numbers */
	{TEXT("[123e65]")}, {TEXT("[0e+1]")}, {TEXT("[0e1]")}, {TEXT("[ 4]")}, {TEXT("[1E22]")},
	{TEXT("[-0.0000000000000000000000000000000000000000000000000000000000000000001]")},
	{TEXT("[20e1]")}, {TEXT("[-0]")}, {TEXT("[-123]")}, {TEXT("[-1]")}, {TEXT("[1E-2]")},
	{TEXT("[1E+2]")}, {TEXT("[123e45]")}, {TEXT("[123.456e78]")}, {TEXT("[1e-2]")},
	{TEXT("[1e+2]")}, {TEXT("[123.456789]")}, {TEXT("[1e999]")}, {TEXT("[-1e99999]")},
	{TEXT("[18446744073709551616]")}, {TEXT("[0.10]")}, {TEXT("[1.0]")}, {TEXT("[0.0e-0]")},
	/* strings */
	{TEXT("[\"\\u0060\\u012a\\u12AB\"]")}, {TEXT("[\"\\uD801\\udc37\"]")},
	{TEXT("[\"\\ud83d\\ude39\\ud83d\\udc8d\"]")}, {TEXT("[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]")},
	{TEXT("[\"\\\\u0000\"]")}, {TEXT("[\"\\\"\"]")}, {TEXT("[\"a/*b*/c/*d//e\"]")},
	{TEXT("[\"\\\\a\"]")}, {TEXT("[\"\\\\n\"]")}, {TEXT("[\"\\u0012\"]")},
	{TEXT("[\"\\uFFFF\"]")},
	{TEXT("[\"\\uDBFF\\uDFFF\"]")}, {TEXT("[\"new\\u00A0line\"]")}, {TEXT("[\"\\u0000\"]")},
	{TEXT("[\"\\u002c\"]")}, {TEXT("[\"\xf4\x8f\xbf\xbf\"]")}, {TEXT("[\"\xef\xbf\xbf\"]")},
	{TEXT("[\"\x7f\"]")}, {TEXT("[\"\xe2\x80\xa8\"]")},
	{TEXT("[\"\xe4\xb8\xad\xe6\x96\x87\"]")},
	{TEXT("[\"\\u0022\"]")}, {TEXT("[\"\\u005C\"]")}, {TEXT("[\"\\uFDD0\"]")},
	{TEXT("[\"\\u200B\"]")}, {TEXT("[\"\xef\xbb\xbf\"]")}, {TEXT("[\"\\uABCD\\uabcd\"]")},
	/* replaced, not refused */
	{TEXT("[\"\\uDADA\"]")}, {TEXT("[\"\\uD888\\u1234\"]")}, {TEXT("[\"\\uDd1e\\uD834\"]")},
	{TEXT("[\"\\uD800\\n\"]")}, {TEXT("[\"\\uDFAA\"]")}, {TEXT("[\"\xff\"]")},
	{TEXT("[\"\xe0\xff\"]")},
	{TEXT("[\"\xc0\xaf\"]")}, {TEXT("[\"\xed\xa0\x80\"]")}, {TEXT("[\"\xf4\xbf\xbf\xbf\"]")},
	{TEXT("[\"\x81\"]")}, {TEXT("[\"\xfc\x83\xbf\xbf\xbf\xbf\"]")}, {TEXT("{\"\xb9\":\"0\"}")},
};

static const struct sample rejected[] = {
	/* nothing, or more than one thing */
	{TEXT("")}, {TEXT(" ")}, {TEXT("\n")}, {TEXT("[1]x")}, {TEXT("[1]]")}, {TEXT("[][]")},
	{TEXT("{}}")}, {TEXT("{\"a\":\"b\"}#")}, {TEXT("{\"a\":\"b\"}/**/")}, {TEXT("1 2")},
	{TEXT("null\0")}, {TEXT("[]\0")}, {TEXT("\"\"x")}, {TEXT("{\"a\":true} \"x\"")},
	/* not UTF-8 without a mark */
	{TEXT("\xef\xbb\xbf{}")}, {TEXT("\xef\xbb\xbf")}, {TEXT("\xef\xbb{}")},
	{TEXT("\xff\xfe[\0]\0")},
	{TEXT("\0[\0]")}, {TEXT("\xe5")}, {TEXT("[\xe2\x81\xa0]")}, {TEXT("[\xff]")},
	{TEXT("1\xe5")},
	/* cut off */
	{TEXT("[")}, {TEXT("{")}, {TEXT("[1")}, {TEXT("[1,")}, {TEXT("[\"")}, {TEXT("[\"a")},
	{TEXT("[\"a\\")}, {TEXT("[\"\\u")}, {TEXT("[\"\\u00")}, {TEXT("[\"\\u00A")},
	{TEXT("[\"\\uD834")},
	{TEXT("[\"\\uD834\\")}, {TEXT("[\"\\uD834\\u")}, {TEXT("[\"\\uD834\\uDd")},
	{TEXT("[\"\xe4\xb8")},
	{TEXT("{\"a\"")}, {TEXT("{\"a\":")}, {TEXT("{\"a\":1")}, {TEXT("{\"a\":1,")},
	{TEXT("[\"a\",\n4\n,1,")},
	{TEXT("tru")}, {TEXT("nul")}, {TEXT("fals")}, {TEXT("[[[[[")}, {TEXT("[{")}, {TEXT("\"")},
	{TEXT("{\"\":{\"\":{\"\":")}, {TEXT("-")}, {TEXT("1.")}, {TEXT("1e")}, {TEXT("1e+")},
	/* arrays */
	{TEXT("[1,]")}, {TEXT("[,]")}, {TEXT("[,1]")}, {TEXT("[1,,2]")}, {TEXT("[1 true]")},
	{TEXT("[\"\",]")}, {TEXT("[1:2]")}, {TEXT("[\"x\"")}, {TEXT("[x")}, {TEXT("[3[4]]")},
	{TEXT("[1}")},
	{TEXT("[\"a\": 1]")}, {TEXT("[   , \"\"]")}, {TEXT("[*]")}, {TEXT("[\v]")}, {TEXT("[\f1]")},
	{TEXT("[\xc2\xa0]")}, {TEXT("]")}, {TEXT("[a\xe5]")},
	/* objects */
	{TEXT("{\"a\":1,}")}, {TEXT("{,}")}, {TEXT("{a:1}")}, {TEXT("{'a':1}")}, {TEXT("{1:1}")},
	{TEXT("{\"a\" 1}")}, {TEXT("{\"a\",1}")}, {TEXT("{\"a\":1 \"b\":2}")},
	{TEXT("{\"a\":1,,\"b\":2}")},
	{TEXT("{:1}")}, {TEXT("{null:null}")}, {TEXT("{\"a\":}")}, {TEXT("{\"a\"::1}")},
	{TEXT("{[1]:2}")},
	{TEXT("{\"a\":1]")}, {TEXT("{\"a\":\"b\",/**/}")}, {TEXT("}")}, {TEXT("{\"x\", null}")},
	{TEXT("{\"a\":1;\"b\":2}")}, {TEXT("{\"a\":b}")}, {TEXT("{9999E9999:1}")},
	{TEXT("{\xf0\x9f\x87\xa8}")},
	/* numbers */
	{TEXT("[01]")}, {TEXT("[-01]")}, {TEXT("[00]")}, {TEXT("[+1]")}, {TEXT("[.5]")},
	{TEXT("[-.5]")},
	{TEXT("[1.]")}, {TEXT("[1.e5]")}, {TEXT("[1e]")}, {TEXT("[1e+]")}, {TEXT("[1E]")},
	{TEXT("[0e]")},
	{TEXT("[1e1.5]")}, {TEXT("[--1]")}, {TEXT("[-]")}, {TEXT("[- 1]")}, {TEXT("[1-]")},
	{TEXT("[1+2]")},
	{TEXT("[0x1]")}, {TEXT("[1f]")}, {TEXT("[1_000]")}, {TEXT("[1 000]")}, {TEXT("[NaN]")},
	{TEXT("[nan]")}, {TEXT("[-NaN]")}, {TEXT("[Infinity]")}, {TEXT("[-Infinity]")},
	{TEXT("[Inf]")},
	{TEXT("[2.e-3]")}, {TEXT("[0.3e+]")}, {TEXT("[0.1.2]")}, {TEXT("[1eE2]")},
	{TEXT("[++1234]")},
	{TEXT("[\xef\xbc\x91]")}, {TEXT("[-1x]")}, {TEXT("[1.8011670033376514H-308]")},
	{TEXT("[1,2e]")},
	/* words */
	{TEXT("[True]")}, {TEXT("[TRUE]")}, {TEXT("[nulls]")}, {TEXT("[truefalse]")},
	{TEXT("[undefined]")},
	{TEXT("abc")}, {TEXT("<html></html>")}, {TEXT("[t]")}, {TEXT("null2")},
	/* strings */
	{TEXT("['a']")}, {TEXT("[\"\\x00\"]")}, {TEXT("[\"\\a\"]")}, {TEXT("[\"\\'\"]")},
	{TEXT("[\"\\\"]")},
	{TEXT("[\"\\uqqqq\"]")}, {TEXT("[\"\\u00G0\"]")}, {TEXT("[\"\\U0041\"]")},
	{TEXT("[\"\\ 1\"]")},
	{TEXT("[\"\\uD800\\uqqqq\"]")}, {TEXT("[\"\\u 041\"]")}, {TEXT("[\"\\u-041\"]")},
	{TEXT("[\"\\\0\"]")},
	{TEXT("[\"a\0b\"]")}, {TEXT("[\"new\nline\"]")}, {TEXT("[\"\t\"]")}, {TEXT("[\"\x1f\"]")},
	{TEXT("[\"\\\xf0\x9f\x8c\x80\"]")}, {TEXT("[\\n]")}, {TEXT("[\"a\"b]")},
	{TEXT("[\"\"\"\"]")},
	{TEXT("[\\u0020\"asd\"]")}, {TEXT("[\"\\u{41}\"]")}, {TEXT("[\"\\u\xe5\"]")},
	{TEXT("[`a`]")},
	{TEXT("[\"\\uD834\\\"]")}, {TEXT("[\"\\")}, {TEXT("{\"\\\":1}")}, {TEXT("{\"a\nb\":1}")},
	/* comments */
	{TEXT("[1/*x*/]")}, {TEXT("// x\n[]")}, {TEXT("#\n[]")}, {TEXT("{\"a\":/*c*/1}")},
};

static void test_what_is_json_is_accepted(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof accepted / sizeof *accepted; i++)
		assert_error(ERR_NONE, accepted[i].text, accepted[i].len);
	assert_true(sizeof accepted / sizeof *accepted >= 80);
}

static void test_what_is_not_json_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rejected / sizeof *rejected; i++)
		assert_error(ERR_ANSWER, rejected[i].text, rejected[i].len);
	assert_true(sizeof rejected / sizeof *rejected >= 120);
}

/* Each beginning of a valid text is invalid, and no byte after its end is read. */
/* promise: 3 */
static void test_a_cut_answer_is_refused(void **state)
{
	static const char text[] =
		"{\"a\":[1,-2.5e+3,true,false,null,\"x\\ud83d\\ude00\\n\xe4\xb8\xad\"],"
		"\"b\":{\"c\":\"\"}}";

	(void)state;
	for (size_t len = 0; len < sizeof text - 1; len++)
		assert_error(ERR_ANSWER, text, len);
	assert_error(ERR_NONE, text, sizeof text - 1);
}

static void test_strings_become_valid_utf8(void **state)
{
	static const char bad[] = "\xef\xbf\xbd";
	static const struct {
		const char *text, *value;
	} rows[] = {
		{"\"a\\u00e9\\u4e2d\\ud83d\\ude00\"", "a\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80"},
		{"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\"", "\"\\/\b\f\n\r\t\x01\x1f"},
		{"\"\\u0022\\u005c\\u005cn\"", "\"\\\\n"},
		{"\"a\\u0000b\"", "a\xc0\x80"
				  "b"},
		{"\"\\u0080\\u07ff\\u0800\\uffff\\uDBFF\\uDFFF\"",
			"\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf4\x8f\xbf\xbf"},
		/* lone surrogates, one replacement each; the neighbour is not eaten */
		{"\"\\ud800\"", bad}, {"\"\\udc00\"", bad}, {"\"\\ud800x\"", "\xef\xbf\xbdx"},
		{"\"\\ud800\\u0041\"", "\xef\xbf\xbd" "A"},
		{"\"\\udc00\\ud800\"", "\xef\xbf\xbd\xef\xbf\xbd"},
		{"\"\\ud800\\ud83d\\ude00\"", "\xef\xbf\xbd\xf0\x9f\x98\x80"},
		{"\"\\ud800\\n\"", "\xef\xbf\xbd\n"},
		/* invalid bytes */
		{"\"\x80\"", bad}, {"\"\xff\"", bad}, {"\"\xc0\x80\"", "\xef\xbf\xbd\xef\xbf\xbd"},
		{"\"\xc1\xbf\"", "\xef\xbf\xbd\xef\xbf\xbd"}, {"\"\xe0\x80\x80\"", bad},
		{"\"\xe0\x9f\xbf\"", bad}, {"\"\xf0\x8f\xbf\xbf\"", bad}, {"\"\xed\xa0\x80\"", bad},
		{"\"\xed\xa0\xbd\xed\xb8\x80\"", "\xef\xbf\xbd\xef\xbf\xbd"},
		{"\"\xf4\x90\x80\x80\"", bad},
		{"\"\xe4x\"", "\xef\xbf\xbdx"}, {"\"\xe4\xb8\"", bad}, {"\"\xe4\xb8\xe4\xb8\xad\"",
			"\xef\xbf\xbd\xe4\xb8\xad"},
		{"\"\xf0\x9f\x98\"", bad}, {"\"\xf5\"", bad}, {"\"x\xc3\"", "x\xef\xbf\xbd"},
		/* as they are */
		{"\"\xed\x9f\xbf\xee\x80\x80\"", "\xed\x9f\xbf\xee\x80\x80"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct json *root = parse(rows[i].text);

		assert_int_equal(json_type(root), JSON_STRING);
		assert_string_equal(json_text(root), rows[i].value);
		json_free(root);
	}
}

/* No string is taken for a number, not even one with the byte that marks numbers internally. */
static void test_a_string_is_never_taken_for_a_number(void **state)
{
	struct json *root = parse("[\"\xff""12\",\"12\",12,{\"\xff""12\":null}]");
	const struct json *item = json_first(root);

	(void)state;
	assert_int_equal(json_type(item), JSON_STRING);
	assert_string_equal(json_text(item), "\xef\xbf\xbd""12");
	assert_int_equal(json_type(item = json_next(item)), JSON_STRING);
	assert_int_equal(json_type(item = json_next(item)), JSON_NUMBER);
	item = json_first(json_next(item));
	assert_string_equal(json_key(item), "\xef\xbf\xbd""12");
	json_free(root);
}

/* Printing and parsing again gives the same value. */
static void test_printing_is_a_round_trip(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof accepted / sizeof *accepted; i++) {
		struct buf once, twice;
		struct json *root, *again;

		buf_init(&once, 1 << 20);
		buf_init(&twice, 1 << 20);
		assert_int_equal(json_parse(&root, accepted[i].text, accepted[i].len), ERR_NONE);
		assert_true(json_print(&once, root, 2));
		assert_int_equal(json_parse(&again, once.data, once.len), ERR_NONE);
		assert_true(json_print(&twice, again, 2));
		assert_string_equal(once.data, twice.data);
		buf_release(&once);
		buf_release(&twice);
		json_free(root);
		json_free(again);
	}
}

/* `depth` brackets of one sort, or of both in turn, around nothing. */
static enum error parse_deep(size_t depth, bool objects, bool closed)
{
	struct buf text;
	struct json *root;

	buf_init(&text, 4 << 20);
	for (size_t i = 0; i < depth; i++)
		buf_puts(&text, objects && i % 2 ? "{\"a\":" : "[");
	if (objects && depth % 2 == 0)
		buf_puts(&text, "1");
	for (size_t i = depth; closed && i-- > 0;)
		buf_putc(&text, objects && i % 2 ? '}' : ']');
	enum error error = json_parse(&root, text.data, text.len);
	json_free(root);
	buf_release(&text);
	return error;
}

static void test_depth_has_a_ceiling(void **state)
{
	(void)state;
	assert_int_equal(parse_deep(30, true, true), ERR_NONE);
	assert_int_equal(parse_deep(64, false, true), ERR_NONE);
	assert_int_equal(parse_deep(64, true, true), ERR_NONE);
	assert_int_equal(parse_deep(65, false, true), ERR_TOO_BIG);
	assert_int_equal(parse_deep(65, true, true), ERR_TOO_BIG);
	assert_int_equal(parse_deep(1001, true, true), ERR_TOO_BIG);
	assert_int_equal(parse_deep(100000, false, true), ERR_TOO_BIG);
	assert_int_equal(parse_deep(100000, true, false), ERR_TOO_BIG);
	assert_int_equal(parse_deep(64, false, false), ERR_ANSWER);
}

/* A list of `count` - 1 items: `count` values in all. */
static enum error parse_wide(size_t count, const char *item)
{
	struct buf text;
	struct json *root;

	buf_init(&text, JSON_BYTES_MAX);
	buf_putc(&text, '[');
	for (size_t i = 1; i < count; i++) {
		buf_puts(&text, i > 1 ? "," : "");
		buf_puts(&text, item);
	}
	buf_putc(&text, ']');
	assert_false(text.full);
	enum error error = json_parse(&root, text.data, text.len);
	assert_true(error || json_count(root) == count - 1);
	json_free(root);
	buf_release(&text);
	return error;
}

static void test_values_have_a_ceiling(void **state)
{
	(void)state;
	assert_int_equal(parse_wide(80000, "1"), ERR_NONE);
	assert_int_equal(parse_wide(80000, "\"\xff\""), ERR_NONE);
	assert_int_equal(parse_wide(80001, "1"), ERR_TOO_BIG);
	assert_int_equal(parse_wide(1000000, "{}"), ERR_TOO_BIG);
}

/* One string of `len` bytes in all, each `byte`; the worst of them triples. */
static enum error parse_long(size_t len, unsigned char byte)
{
	struct json *root;
	char *text = malloc(len);

	memset(text, byte, len);
	text[0] = text[len - 1] = '"';
	enum error error = json_parse(&root, text, len);
	json_free(root);
	free(text);
	return error;
}

/* Two of each, so that strings may be of any even length; they stand between quotes. */
static enum error parse_many(const char *two, size_t n)
{
	struct buf text;
	struct json *root;

	buf_init(&text, JSON_BYTES_MAX);
	buf_putc(&text, '"');
	for (size_t i = 0; i < n; i += 2)
		buf_puts(&text, two);
	buf_putc(&text, '"');
	assert_false(text.full);
	enum error error = json_parse(&root, text.data, text.len);
	json_free(root);
	buf_release(&text);
	return error;
}

/* Characters that take many bytes to show, however they are written. */
static void test_controls_have_a_ceiling(void **state)
{
	static const char *const pairs[] = { "\xff\xff", "\x7f\x7f", "\xc2\x80\xc2\x80", "\\u0001\\u0085",
		"\xe2\x80\x8e\xe2\x80\x8e", "\xff\xc2\x80" };

	(void)state;
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		assert_int_equal(parse_many(pairs[i], JSON_UNSAFE_MAX), ERR_NONE);
		assert_int_equal(parse_many(pairs[i], JSON_UNSAFE_MAX + 2), ERR_TOO_BIG);
	}
	assert_int_equal(parse_many("\xe4\xb8\xad\xe6\x96\x87", 2 * JSON_UNSAFE_MAX), ERR_NONE);
}

static void test_bytes_have_a_ceiling(void **state)
{
	(void)state;
	assert_int_equal(parse_long(JSON_BYTES_MAX, 'a'), ERR_NONE);
	assert_int_equal(parse_long(JSON_BYTES_MAX + 1, 'a'), ERR_TOO_BIG);
	assert_int_equal(parse_long(JSON_BYTES_MAX + 1, ' '), ERR_TOO_BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_json_is_accepted),
		cmocka_unit_test(test_what_is_not_json_is_refused),
		cmocka_unit_test(test_a_cut_answer_is_refused),
		cmocka_unit_test(test_strings_become_valid_utf8),
		cmocka_unit_test(test_a_string_is_never_taken_for_a_number),
		cmocka_unit_test(test_printing_is_a_round_trip),
		cmocka_unit_test(test_depth_has_a_ceiling),
		cmocka_unit_test(test_values_have_a_ceiling),
		cmocka_unit_test(test_controls_have_a_ceiling),
		cmocka_unit_test(test_bytes_have_a_ceiling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
