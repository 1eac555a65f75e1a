/*
 * test_json_cursor.c - compares cursors over a text with json_parse's tree of the same text.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "json/json.h"
#include "json/cursor.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char *const samples[] = {
	"{}", "[]", "null", "7", "\"text\"", "[1,2,[3,{\"a\":[]}],\"]\",\"}\"]",
	"{\"Id\":\"train-1\",\"Name\":\"a \\\"b\\\" \\\\ \\u0000 \\ud800 \\t\",\"Status\":\"\",\"N\":null,\"T\":true,"
		"\"F\":false,\"I\":9007199254740993,\"D\":0.10,\"E\":1e3,\"Inner\":{\"Name\":\"inner\",\"Deep\":{\"X\":\"y\"}},"
		"\"Tags\":[{\"TagKey\":\"k,}\",\"TagValue\":\"v]\"},{\"TagKey\":\"\"}],\"L\":[\"a\",null,{}]}",
	"{\"a\":1,\"a\":2}", "{\"\":1,\"\\\"\":2,\"a.b\":3}",
};

static void assert_same(const struct json *value, struct json_slice slice)
{
	struct json_cursor cursor = json_cursor_open(slice);
	struct json_slice name, item;
	struct buf text, whole;

	buf_init(&text, SIZE_MAX);
	buf_init(&whole, SIZE_MAX);
	json_print(&whole, value, 0);
	assert_int_equal(whole.len, slice.len);
	assert_memory_equal(whole.data, slice.text, slice.len);
	bool scalar = json_type(value) == JSON_STRING || json_type(value) == JSON_NUMBER ||
		json_type(value) == JSON_BOOLEAN;
	assert_int_equal(json_cursor_text(&text, slice), scalar);
	assert_string_equal(text.data, scalar ? json_text(value) : "");
	for (const struct json *each = json_first(value); each; each = json_next(each)) {
		assert_true(json_cursor_next(&cursor, &name, &item));
		if (json_key(each) && !strpbrk(json_key(each), "\"\\"))
			assert_int_equal(name.len, strlen(json_key(each)));
		assert_same(each, item);
	}
	assert_false(json_cursor_next(&cursor, &name, &item));
	assert_false(json_cursor_next(&cursor, &name, &item));
	buf_release(&text);
	buf_release(&whole);
}

static void test_everything_is_found_as_it_is(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		struct json *root;
		struct buf text;
		assert_int_equal(json_parse(&root, samples[i], strlen(samples[i])), ERR_NONE);
		buf_init(&text, SIZE_MAX);
		json_print(&text, root, 0);
		assert_same(root, (struct json_slice){ text.data, text.len });
		buf_release(&text);
		json_free(root);
	}
}

static void assert_at(const char *text, const char *path, const char *expected)
{
	struct json_slice found = json_cursor_get((struct json_slice){ text, strlen(text) }, path);

	assert_int_equal(found.len, strlen(expected));
	assert_memory_equal(found.text, expected, found.len);
}

static void test_a_path_leads_inside(void **state)
{
	(void)state;
	assert_at(samples[6], "Name", "\"a \\\"b\\\" \\\\ \\u0000 \\ud800 \\t\"");
	assert_at(samples[6], "Inner.Name", "\"inner\"");
	assert_at(samples[6], "Inner.Deep.X", "\"y\"");
	assert_at(samples[6], "Inner.Deep.X.Y", "");
	assert_at(samples[6], "Tags.TagKey", ""); /* a list has no members */
	assert_at(samples[6], "Nam", "");
	assert_at(samples[6], "Deep", "");
	assert_at(samples[7], "a", "2"); /* the last one */
	assert_at("7", "a", "");
	assert_at("", "a", "");
	assert_at("{\"a\":1}", "", "{\"a\":1}");
}

static void walk(struct json_slice slice, int depth)
{
	struct json_cursor cursor = json_cursor_open(slice);
	struct json_slice name, value;

	for (int n = 0; json_cursor_next(&cursor, &name, &value); n++) {
		assert_true(n < 1000);
		assert_true(value.text >= slice.text && value.text + value.len <= slice.text + slice.len);
		if (depth < 10)
			walk(value, depth + 1);
	}
}

/* The program cuts no text; still a cursor must never read past the end. */
static void test_a_cut_text_is_not_read_past_its_end(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		for (size_t len = 0; len <= strlen(samples[i]); len++) {
			char *copy = xmalloc(len + !len);
			memcpy(copy, samples[i], len);
			walk((struct json_slice){ copy, len }, 0);
			free(copy);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything_is_found_as_it_is),
		cmocka_unit_test(test_a_path_leads_inside),
		cmocka_unit_test(test_a_cut_text_is_not_read_past_its_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
