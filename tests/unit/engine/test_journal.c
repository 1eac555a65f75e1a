/*
 * test_journal.c - one line a failure, the last thousand, whatever the cloud says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/journal.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum { NOW_S = 1764000000 };

static char *print(const struct journal *journal)
{
	struct buf out;

	buf_init(&out, SIZE_MAX);
	journal_print(journal, &out);
	return buf_take(&out);
}

static void assert_prints(const struct journal *journal, const char *expected)
{
	char *text = print(journal);

	assert_string_equal(text, expected);
	free(text);
}

static size_t count_lines(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static void test_a_line_says_when_where_and_what(void **state)
{
	struct journal journal = { 0 };
	struct error_note note = { "AuthFailure.SecretIdNotFound", "no such key", "req-1" };
	(void)state;

	journal_add(&journal, NOW_S, "/training/train-1", 0, ERR_KEY, &note);
	assert_prints(&journal, "2025-11-24T16:00:00Z\t/training/train-1\tEACCES\t"
		"AuthFailure.SecretIdNotFound\treq-1\tno such key\n");
	journal_release(&journal);
}

static void test_what_is_not_known_is_a_dash_and_the_cause_has_a_name(void **state)
{
	struct journal journal = { 0 };
	struct error_note note = { 0 };
	(void)state;

	journal_add(&journal, NOW_S, "", 0, ERR_TIMEOUT, &note);
	assert_prints(&journal, "2025-11-24T16:00:00Z\t/\tETIMEDOUT\ttimeout\t-\t-\n");
	journal_release(&journal);
}

static void test_an_empty_journal_is_an_empty_file(void **state)
{
	struct journal journal = { 0 };
	(void)state;

	assert_prints(&journal, "");
	journal_release(&journal);
}

static void test_every_cause_makes_a_line_of_six_fields(void **state)
{
	struct journal journal = { 0 };
	struct error_note note = { 0 };
	(void)state;

	for (int error = 0; error < ERR_COUNT; error++)
		journal_add(&journal, NOW_S, "/x", 0, (enum error)error, &note);
	char *text = print(&journal), *rest = NULL;
	assert_int_equal(count_lines(text), ERR_COUNT);
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		int fields = 1;
		for (; *line; line++)
			fields += *line == '\t';
		assert_int_equal(fields, 6);
	}
	free(text);
	journal_release(&journal);
}

static void test_only_the_last_thousand_are_kept_oldest_first(void **state)
{
	struct journal journal = { 0 };
	struct error_note note = { 0 };
	char path[24];
	(void)state;

	for (int i = 1; i <= 2 * JOURNAL_LINES + 345; i++) {
		snprintf(path, sizeof(path), "/p%d", i);
		journal_add(&journal, NOW_S + i, path, 0, ERR_SERVER, &note);
		if (i == 1 || i == JOURNAL_LINES || i == JOURNAL_LINES + 1) {
			char *text = print(&journal);
			assert_int_equal(count_lines(text), i < JOURNAL_LINES ? i : JOURNAL_LINES);
			free(text);
		}
	}
	char *text = print(&journal);
	assert_int_equal(count_lines(text), JOURNAL_LINES);
	assert_non_null(strstr(text, "\t/p1346\t"));
	assert_null(strstr(text, "\t/p1345\t"));
	assert_non_null(strstr(strrchr(text, 'Z'), "\t/p2345\t")); /* the last line */
	assert_true(strstr(text, "\t/p1346\t") < strstr(text, "\t/p1347\t"));
	free(text);
	journal_release(&journal);
}

static void test_failures_of_one_sort_are_one_line_with_a_count(void **state)
{
	struct journal journal = { 0 };
	struct error_note note = { "ResourceNotFound", "no such task", "req-1" };
	char path[64];
	(void)state;

	journal_add(&journal, NOW_S, "/training/train-1", 1000, ERR_SERVER, &(struct error_note){ 0 });
	for (int i = 0; i < 3 * JOURNAL_LINES; i++) {
		snprintf(path, sizeof(path), "/training/made-up-%d", i);
		journal_add(&journal, NOW_S + i / 20, path, 1001, ERR_NOT_FOUND, &note);
		snprintf(path, sizeof(path), "/training/%d/jobs/%d", i, i);
		journal_add(&journal, NOW_S + i / 20, path, 1001, ERR_NOT_FOUND, &note);
	}
	assert_prints(&journal, "2025-11-24T16:00:00Z\t/training/train-1\tEIO\tserver\t-\t-\n"
		"2025-11-24T16:02:29Z\t/training/made-up-2999\tENOENT\tResourceNotFound\treq-1\tno such task "
		"(first 2025-11-24T16:00:00Z /training/made-up-0) x3000\n"
		"2025-11-24T16:02:29Z\t/training/2999/jobs/2999\tENOENT\tResourceNotFound\treq-1\tno such task "
		"(first 2025-11-24T16:00:00Z /training/0/jobs/0) x3000\n");
	/* another user's, another code's, and what is long ago have lines of their own */
	journal_add(&journal, NOW_S + 150, "/training/made-up-1", 1002, ERR_NOT_FOUND, &note);
	journal_add(&journal, NOW_S + 150, "/training/made-up-1", 1001, ERR_THROTTLED, &(struct error_note){ 0 });
	journal_add(&journal, NOW_S + 150 + JOURNAL_FOLD_S, "/training/made-up-1", 1001, ERR_NOT_FOUND, &note);
	char *text = print(&journal);
	assert_int_equal(count_lines(text), 6);
	free(text);
	journal_release(&journal);
}

/* What the line of the last failure does not say: where and when it began, and how often it happened. */
static void test_a_line_of_several_failures_names_the_first_and_their_number(void **state)
{
	struct journal journal = { 0 };
	struct error_note note = { "InternalError", "try later", "" };
	(void)state;

	journal_add(&journal, NOW_S, "/training/train-1", 0, ERR_SERVER, &note);
	assert_prints(&journal, "2025-11-24T16:00:00Z\t/training/train-1\tEIO\tInternalError\t-\ttry later\n");
	journal_add(&journal, NOW_S + 50, "/training/train-2", 0, ERR_SERVER, &note);
	journal_add(&journal, NOW_S + 100, "/training", 0, ERR_SERVER, &note);
	assert_prints(&journal, "2025-11-24T16:01:40Z\t/training\tEIO\tInternalError\t-\ttry later "
		"(first 2025-11-24T16:00:00Z /training/train-1) x3\n");
	/* a minute without one: the next begins a line */
	journal_add(&journal, NOW_S + 161, "/training/train-3", 0, ERR_SERVER, &note);
	journal_add(&journal, NOW_S + 162, "/training/train-3", 0, ERR_SERVER, &note);
	assert_prints(&journal, "2025-11-24T16:01:40Z\t/training\tEIO\tInternalError\t-\ttry later "
		"(first 2025-11-24T16:00:00Z /training/train-1) x3\n"
		"2025-11-24T16:02:42Z\t/training/train-3\tEIO\tInternalError\t-\ttry later "
		"(first 2025-11-24T16:02:41Z /training/train-3) x2\n");
	journal_release(&journal);
}

/* One failure is one line of printable text, whatever a peer puts into it. */
static void test_no_text_from_outside_breaks_a_line(void **state)
{
	static const char *const hostile[] = { "a\nb", "a\tb", "\x1b[2J", "\r", "\x7f", "\xff\xfe", "\xc2\x9b",
		"\n\n\n\n" };
	(void)state;

	for (size_t i = 0; i < COUNT(hostile); i++) {
		struct journal journal = { 0 };
		struct error_note note = { 0 };
		snprintf(note.code, sizeof(note.code), "%s", hostile[i]);
		snprintf(note.message, sizeof(note.message), "%s", hostile[i]);
		snprintf(note.request_id, sizeof(note.request_id), "%s", hostile[i]);
		journal_add(&journal, NOW_S, hostile[i], 0, ERR_SERVER, &note);
		journal_add(&journal, NOW_S, hostile[i], 0, ERR_SERVER, &note);
		char *text = print(&journal);
		assert_int_equal(count_lines(text), 1);
		int tabs = 0;
		for (const char *at = text; *at; at++) {
			tabs += *at == '\t';
			assert_true((unsigned char)*at >= 0x20 || *at == '\t' || *at == '\n');
			assert_true(*at != 0x7f && (unsigned char)*at < 0x80);
		}
		assert_int_equal(tabs, 5);
		free(text);
		journal_release(&journal);
	}
}

static void test_a_long_path_is_cut_and_no_character_in_two(void **state)
{
	struct journal journal = { 0 };
	struct error_note note = { 0 };
	char path[4000] = "/";
	(void)state;

	while (strlen(path) < sizeof(path) - 4)
		strcat(path, "\xe2\x82\xac");
	journal_add(&journal, NOW_S, path, 0, ERR_SERVER, &note);
	char *text = print(&journal);
	assert_int_equal(count_lines(text), 1);
	assert_in_range(strlen(text), 400, 1000);
	const char *end = strstr(text, "\tEIO");
	assert_non_null(end);
	assert_memory_equal(end - 3, "\xe2\x82\xac", 3);
	free(text);
	journal_release(&journal);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_line_says_when_where_and_what),
		cmocka_unit_test(test_what_is_not_known_is_a_dash_and_the_cause_has_a_name),
		cmocka_unit_test(test_an_empty_journal_is_an_empty_file),
		cmocka_unit_test(test_every_cause_makes_a_line_of_six_fields),
		cmocka_unit_test(test_only_the_last_thousand_are_kept_oldest_first),
		cmocka_unit_test(test_failures_of_one_sort_are_one_line_with_a_count),
		cmocka_unit_test(test_a_line_of_several_failures_names_the_first_and_their_number),
		cmocka_unit_test(test_no_text_from_outside_breaks_a_line),
		cmocka_unit_test(test_a_long_path_is_cut_and_no_character_in_two),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
