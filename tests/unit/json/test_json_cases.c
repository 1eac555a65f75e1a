/*
 * test_json_cases.c - the cases of json_cases.txt: each as it is, inside others, and cut off anywhere.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/ascii.h"
#include "json/json.h"

enum { LINE_MAX = 4096, CASES_MIN = 1000 };

struct sample {
	char verdict[8];
	char *text, *printed;
	size_t len, printed_len;
};

/* \XX is a byte, \\ a backslash. */
static char *decode(const char *from, size_t *len)
{
	char *bytes = malloc(strlen(from) + 1);

	for (*len = 0; *from; from++) {
		if (*from != '\\') {
			bytes[(*len)++] = *from;
		} else if (from[1] == '\\') {
			bytes[(*len)++] = *++from;
		} else if (from[1]) {
			int high = ascii_hex_value(from[1]), low = ascii_hex_value(from[2]);
			assert_true(high >= 0 && low >= 0);
			bytes[(*len)++] = (char)(high << 4 | low);
			from += 2;
		}
	}
	bytes[*len] = '\0';
	return bytes;
}

/* False at the end of the file. */
static bool next_case(FILE *file, struct sample *out)
{
	char line[LINE_MAX], text[LINE_MAX], printed[LINE_MAX];

	while (fgets(line, sizeof(line), file)) {
		*out = (struct sample){ .text = NULL };
		printed[0] = '\0';
		assert_non_null(strchr(line, '\n'));
		if (line[0] == '#' || line[0] == '\n')
			continue;
		int fields = sscanf(line, "%7s %4095s %4095s", out->verdict, text, printed);
		bool prints = !strcmp(out->verdict, "yes");
		if (fields != 2 + prints)
			fail_msg("not a case: %s", line);
		out->text = decode(text, &out->len);
		out->printed = decode(prints ? printed : text, &out->printed_len);
		return true;
	}
	return false;
}

static void free_case(struct sample *sample)
{
	free(sample->text);
	free(sample->printed);
}

/* Copied to an allocation of exactly its size, so that the sanitizer sees a read past its end. */
static enum error parse(const char *text, size_t len, struct json **root)
{
	char *copy = malloc(len ? len : 1);

	memcpy(copy, text, len);
	enum error error = json_parse(root, copy, len);
	free(copy);
	assert_int_equal(*root != NULL, error == ERR_NONE);
	return error;
}

static enum error verdict_of(const struct sample *sample)
{
	if (!strcmp(sample->verdict, "no"))
		return ERR_ANSWER;
	if (!strcmp(sample->verdict, "big"))
		return ERR_TOO_BIG;
	if (strcmp(sample->verdict, "same") && strcmp(sample->verdict, "yes"))
		fail_msg("no verdict: %s", sample->verdict);
	return ERR_NONE;
}

static void check_print(const struct sample *sample, const struct json *root)
{
	struct buf out;

	buf_init(&out, 1 << 20);
	assert_true(json_print(&out, root, 0));
	if (out.len != sample->printed_len || memcmp(out.data, sample->printed, out.len) != 0)
		fail_msg("%s prints as %s, should as %s", sample->text, out.data, sample->printed);
	buf_release(&out);
}

static void test_each_case_has_its_verdict(void **state)
{
	FILE *file = fopen("tests/unit/json/json_cases.txt", "r");
	struct sample sample;
	struct json *root;
	size_t n = 0;
	(void)state;

	assert_non_null(file);
	for (; next_case(file, &sample); n++) {
		enum error error = parse(sample.text, sample.len, &root);
		if (error != verdict_of(&sample))
			fail_msg("%s %s: fault %d", sample.verdict, sample.text, (int)error);
		if (root)
			check_print(&sample, root);
		json_free(root);
		free_case(&sample);
	}
	assert_true(n > CASES_MIN);
	fclose(file);
}

/* As an item and as a member each case has the same verdict; depth has cases of its own. */
static void test_a_bad_value_spoils_what_it_is_in(void **state)
{
	static const char *const frames[][2] = { { "[0,", ",1]" }, { "{\"a\":", ",\"b\":1}" }, { "[{\"\":[", "]}]" } };
	FILE *file = fopen("tests/unit/json/json_cases.txt", "r");
	struct sample sample;
	struct json *root;
	(void)state;

	assert_non_null(file);
	while (next_case(file, &sample)) {
		for (size_t i = 0; i < 3 && verdict_of(&sample) == ERR_NONE && sample.len < 100; i++) {
			struct buf text;
			buf_init(&text, 1 << 20);
			buf_puts(&text, frames[i][0]);
			buf_add(&text, sample.text, sample.len);
			buf_puts(&text, frames[i][1]);
			if (parse(text.data, text.len, &root))
				fail_msg("%s is refused", text.data);
			json_free(root);
			buf_release(&text);
		}
		free_case(&sample);
	}
	fclose(file);
}

/* A text that is cut is never accepted, except a number, which is valid after each digit. */
static void test_no_beginning_is_the_whole(void **state)
{
	FILE *file = fopen("tests/unit/json/json_cases.txt", "r");
	struct sample sample;
	struct json *root;
	(void)state;

	assert_non_null(file);
	while (next_case(file, &sample)) {
		bool closes = sample.len && memchr("]}\"", sample.text[sample.len - 1], 3);
		for (size_t len = 0; verdict_of(&sample) == ERR_NONE && closes && len < sample.len; len++)
			assert_int_equal(parse(sample.text, len, &root), ERR_ANSWER);
		free_case(&sample);
	}
	fclose(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_case_has_its_verdict),
		cmocka_unit_test(test_a_bad_value_spoils_what_it_is_in),
		cmocka_unit_test(test_no_beginning_is_the_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
