/*
 * test_error.c - the table of causes, compared with a second copy written by hand.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"

static const struct {
	enum error error;
	int errnum;
	char retries, stale, drops, lasts; /* y or n */
} ROWS[] = {
	{ ERR_NONE, 0, 'n', 'n', 'n', 'n' },
	{ ERR_NOT_FOUND, ENOENT, 'n', 'n', 'y', 'y' },
	{ ERR_KEY, EACCES, 'n', 'y', 'n', 'y' },
	{ ERR_CLOCK, EACCES, 'n', 'y', 'n', 'y' },
	{ ERR_TOKEN, EACCES, 'n', 'y', 'n', 'y' },
	{ ERR_DENIED, EACCES, 'n', 'n', 'y', 'y' },
	{ ERR_THROTTLED, EBUSY, 'y', 'y', 'n', 'n' },
	{ ERR_QUEUE, EBUSY, 'n', 'y', 'n', 'n' },
	{ ERR_UNSUPPORTED, EOPNOTSUPP, 'n', 'y', 'n', 'y' },
	{ ERR_PARAMETER, EIO, 'n', 'y', 'n', 'y' },
	{ ERR_NAME, EINVAL, 'n', 'y', 'n', 'y' },
	{ ERR_SERVER, EIO, 'y', 'y', 'n', 'n' },
	{ ERR_LOST, EIO, 'y', 'y', 'n', 'n' },
	{ ERR_ANSWER, EBADMSG, 'n', 'y', 'n', 'n' },
	{ ERR_TOO_BIG, EFBIG, 'n', 'y', 'n', 'y' },
	{ ERR_TIMEOUT, ETIMEDOUT, 'y', 'y', 'n', 'n' },
	{ ERR_NO_HOST, EHOSTUNREACH, 'y', 'y', 'n', 'n' },
	{ ERR_NO_NETWORK, ENETUNREACH, 'y', 'y', 'n', 'n' },
	{ ERR_REFUSED, ECONNREFUSED, 'y', 'y', 'n', 'n' },
	{ ERR_TLS, EPROTO, 'n', 'y', 'n', 'n' },
	{ ERR_PROXY, EACCES, 'n', 'y', 'n', 'n' },
	{ ERR_LOCAL, EIO, 'n', 'y', 'n', 'n' },
};

enum { N = sizeof ROWS / sizeof *ROWS };

static void test_every_row(void **state)
{
	(void)state;
	assert_int_equal(N, ERR_COUNT);
	for (int i = 0; i < N; i++) {
		assert_int_equal(ROWS[i].error, i);
		assert_int_equal(error_errno(ROWS[i].error), ROWS[i].errnum);
		assert_int_equal(error_retries(ROWS[i].error), ROWS[i].retries == 'y');
		assert_int_equal(error_allows_stale(ROWS[i].error), ROWS[i].stale == 'y');
		assert_int_equal(error_drops(ROWS[i].error), ROWS[i].drops == 'y');
		assert_int_equal(error_lasts(ROWS[i].error), ROWS[i].lasts == 'y');
	}
}

/* Only one cause is ENOENT. None is EAGAIN, for which Python's read returns None. Errnos end at 133. */
static void test_promises_about_errno(void **state)
{
	(void)state;
	for (int i = 1; i < ERR_COUNT; i++) {
		int errnum = error_errno((enum error)i);
		assert_in_range(errnum, 1, 133);
		assert_int_not_equal(errnum, EAGAIN);
		assert_int_equal(errnum == ENOENT, i == ERR_NOT_FOUND);
	}
}

static void test_names_differ(void **state)
{
	(void)state;
	assert_string_equal(error_name(ERR_NOT_FOUND), "not-found");
	for (int i = 0; i < ERR_COUNT; i++) {
		const char *name = error_name((enum error)i);
		assert_non_null(name);
		assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz-"), strlen(name));
		assert_true(strlen(name) > 0);
		for (int other = 0; other < i; other++)
			assert_string_not_equal(name, error_name((enum error)other));
	}
}

static void test_any_value_is_accepted(void **state)
{
	(void)state;
	static const int VALUES[] = { -1, ERR_COUNT, ERR_COUNT + 1, 1 << 30, INT32_MIN };
	for (size_t i = 0; i < sizeof VALUES / sizeof *VALUES; i++) {
		enum error error;
		memcpy(&error, &VALUES[i], sizeof error);
		assert_string_equal(error_name(error), error_name(ERR_LOCAL));
		assert_int_equal(error_errno(error), error_errno(ERR_LOCAL));
		assert_false(error_retries(error));
		assert_false(error_drops(error));
	}
}

static void test_note_copy(void **state)
{
	(void)state;
	static const struct {
		unsigned long size;
		const char *text, *copy;
	} CASES[] = {
		{ 20, "", "" },
		{ 20, "plain", "plain" },
		{ 20, "two\nlines\x1b[2J\x7f", "two?lines?[2J?" },
		{ 20, "\xe7\xad\xbe\xe5\x90\x8d", "\xe7\xad\xbe\xe5\x90\x8d" },
		{ 20, "bad \xff\xc3 utf8 \xed\xa0\x80", "bad ?? utf8 ???" },
		{ 20, "c1 \xc2\x9b" "31m bidi \xe2\x80\xae.", "c1 ?31m bidi ?." },
		{ 6, "abcdef", "abcde" },
		{ 1, "abc", "" },
		/* A character that does not fit is left out as a whole. */
		{ 5, "ab\xe7\xad\xbe", "ab" },
		{ 6, "ab\xe7\xad\xbe", "ab\xe7\xad\xbe" },
		{ 4, "\xf0\x9f\x9a\x80", "" },
		{ 5, "\xf0\x9f\x9a\x80", "\xf0\x9f\x9a\x80" },
		/* An incomplete character at the text's end. */
		{ 9, "ab\xf0\x9f", "ab??" },
	};
	for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
		char field[24];
		memset(field, 'x', sizeof field);
		error_note_copy(field, CASES[i].size, CASES[i].text);
		assert_string_equal(field, CASES[i].copy);
		assert_int_equal(field[CASES[i].size], 'x');
	}
	char untouched = 'x';
	error_note_copy(&untouched, 0, "abc");
	assert_int_equal(untouched, 'x');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_row),
		cmocka_unit_test(test_promises_about_errno),
		cmocka_unit_test(test_names_differ),
		cmocka_unit_test(test_any_value_is_accepted),
		cmocka_unit_test(test_note_copy),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
