/*
 * test_timestamp.c - each form of the clouds' timestamps, invalid ones, and the calendar.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/timestamp.h"

static void test_times_are_read(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t seconds;
	} CASES[] = {
		/* The five of the header. */
		{ "2025-05-28T18:18:33+08", 1748427513 },
		{ "2025-11-21 00:00:00", 1763654400 },
		{ "2022-09-06T08:34:13Z", 1662453253 },
		{ "2021-11-30T16:22:09+08:00", 1638260529 },
		{ "2022-01-11T04:14:36.348499491Z", 1641874476 },
		/* And what lies between them. */
		{ "1980-01-01T00:00:00Z", 315532800 },
		{ "1980-01-01 08:00:00", 315532800 },
		{ "1980-01-01T08:00:00", 315532800 },
		{ "1980-01-01T00:00:00-08", 315561600 },
		{ "1980-01-01T00:00:00-08:30", 315563400 },
		{ "1980-01-01T05:30:00+0530", 315532800 },
		{ "1980-01-01T00:00:00+00:00", 315532800 },
		{ "1979-12-31T23:59:59-00:01", 315532859 },
		{ "2022-01-11 04:14:36.5", 1641845676 },
		{ "2024-02-29T00:00:00Z", 1709164800 },
		{ "2000-02-29T00:00:00Z", 951782400 },
		{ "2025-12-31T23:59:59Z", 1767225599 },
		{ "2022-09-06t08:34:13z", 1662453253 },
		{ "2022-09-06t16:34:13.5+08:00", 1662453253 },
		/* Leap seconds stand at the end of a day of UTC, and are the next second. */
		{ "2016-12-31T23:59:60Z", 1483228800 },
		{ "2016-12-31T23:59:60.999Z", 1483228800 },
		{ "2017-01-01T07:59:60+08:00", 1483228800 },
		{ "2017-01-01 07:59:60", 1483228800 },
		{ "2016-12-31T18:29:60-0530", 1483228800 },
		{ "9999-12-31T23:59:59Z", INT64_C(253402300799) },
	};
	for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
		int64_t seconds = -12345;
		if (!timestamp_parse(CASES[i].text, &seconds))
			fail_msg("refused: %s", CASES[i].text);
		assert_int_equal(seconds, CASES[i].seconds);
	}
}

static void test_no_times(void **state)
{
	(void)state;
	static const char *const CASES[] = {
		"", "null", "-", "0000-00-00 00:00:00", "0000-00-00T00:00:00Z", "0000-00-00",
		/* never set, as languages write it in one zone or another; and all that is before 1980 */
		"0000-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "0001-01-01 00:00:00", "0001-01-01T08:05:43+08:05",
		"1601-01-01T00:00:00Z", "1601-01-01T08:00:00+08:00", "1900-01-01 00:00:00", "1969-12-31T23:59:59Z",
		"1969-12-31T16:00:00-08:00", "1970-01-01T00:00:00Z", "1970-01-01 00:00:00", "1970-01-01 08:00:00",
		"1970-01-01T08:00:00+08", "1970-01-01T00:00:01.5Z", "1979-12-31T23:59:59Z", "1980-01-01 07:59:59",
		"1980-01-01T00:00:00+00:01",
		/* impossible */
		"2025-13-01T00:00:00Z", "2025-00-01T00:00:00Z", "2025-01-00T00:00:00Z",
		"2025-02-30T00:00:00Z", "2025-02-29T00:00:00Z", "1900-02-29T00:00:00Z",
		"2100-02-29T00:00:00Z", "2025-04-31T00:00:00Z", "2025-01-32T00:00:00Z",
		"2025-01-01T24:00:00Z", "2025-01-01T00:60:00Z", "2025-01-01T00:00:60Z",
		"2016-12-31T23:59:60+08:00", "2016-12-31T23:59:60", "2016-12-31T23:59:61Z", "2016-12-31T24:59:60Z",
		"2025-01-01T00:00:00+24", "2025-01-01T00:00:00+08:60",
		/* another shape */
		"2025-01-01", "2025-01-01T", "2025-01-01T00:00", "2025-01-01T00:00:0Z",
		"2025-1-01T00:00:00Z", "25-01-01T00:00:00Z", "12025-01-01T00:00:00Z",
		"2025/01/01 00:00:00", "2025-01-01_00:00:00", "2025-01-01  00:00:00",
		" 2025-01-01T00:00:00Z", "2025-01-01T00:00:00Z ",
		"2025-01-01T00:00:00 Z", "2025-01-01T00:00:00.Z", "2025-01-01T00:00:00.",
		"2025-01-01T00:00:00+", "2025-01-01T00:00:00+8", "2025-01-01T00:00:00+08:",
		"2025-01-01T00:00:00+08:0", "2025-01-01T00:00:00+080", "2025-01-01T00:00:00+08:00x",
		"2025-01-01T00:00:00+08000", "2025-01-01T00:00:00UTC", "2025-01-01T-1:00:00Z",
		"2025-01-01T+1:00:00Z", "1748427513",
		"\xef\xbc\x92\xef\xbc\x90-01-01T00:00:00Z",
	};
	for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
		int64_t seconds = -12345;
		if (timestamp_parse(CASES[i], &seconds))
			fail_msg("accepted: %s", CASES[i]);
		assert_int_equal(seconds, -12345);
	}
}

/* Each beginning of a text is refused or valid itself, and no byte after its end is read. */
static void test_cut_texts(void **state)
{
	(void)state;
	static const char TEXT[] = "2021-11-30T16:22:09.125+08:00";
	for (size_t len = 0; len < sizeof TEXT; len++) {
		char *copy = xstrndup(TEXT, len);
		int64_t seconds;
		bool whole = len == 19 || (len >= 21 && len <= 23) || len == 26 || len == 29;
		assert_int_equal(timestamp_parse(copy, &seconds), whole);
		assert_false(timestamp_parse_http(copy, &seconds));
		free(copy);
	}
}

static void test_http_dates(void **state)
{
	(void)state;
	int64_t seconds = 0;
	assert_true(timestamp_parse_http("Sun, 06 Nov 1994 08:49:37 GMT", &seconds));
	assert_int_equal(seconds, 784111777);
	assert_true(timestamp_parse_http("Tue, 01 Jan 1980 00:00:00 GMT", &seconds));
	assert_int_equal(seconds, 315532800);
	assert_true(timestamp_parse_http("Thu, 29 Feb 2024 23:59:59 GMT", &seconds));
	assert_int_equal(seconds, 1709251199);
	static const char *const CASES[] = {
		"", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
		"Mon, 06 Nov 1994 08:49:37 GMT", "Sun, 6 Nov 1994 08:49:37 GMT",
		"Sun, 06 nov 1994 08:49:37 GMT", "sun, 06 Nov 1994 08:49:37 GMT",
		"Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 Nov 1994 08:49:37 GMT ",
		"Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 24:49:37 GMT",
		"Fri, 30 Feb 2024 00:00:00 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
		"Sun,  06 Nov 1994 08:49:37 GMT", "unM, 06 Nov 1994 08:49:37 GMT",
		"Mon, 31 Dec 1979 23:59:59 GMT", "Thu, 01 Jan 1970 00:00:00 GMT", "Wed, 31 Dec 1969 23:59:59 GMT",
		"Mon, 01 Jan 0001 00:00:00 GMT", "Mon, 01 Jan 1601 00:00:00 GMT",
		"Sun, 06 anF 1994 08:49:37 GMT", "1994-11-06T08:49:37Z",
	};
	for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
		seconds = -12345;
		if (timestamp_parse_http(CASES[i], &seconds))
			fail_msg("accepted: %s", CASES[i]);
		assert_int_equal(seconds, -12345);
	}
}

/* A Date header gives a new offset only if it explains the refusal. */
static void test_offsets(void **state)
{
	static const char DATE[] = "Sun, 06 Nov 1994 08:49:37 GMT";
	const int64_t date_s = 784111777;
	int64_t offset_s = 5;
	(void)state;
	assert_true(timestamp_learn_offset(DATE, date_s + 3600, 0, &offset_s));
	assert_int_equal(offset_s, -3600);
	assert_true(timestamp_learn_offset(DATE, date_s - 90000, 0, &offset_s));
	assert_int_equal(offset_s, 90000);
	assert_true(timestamp_learn_offset(DATE, date_s + 60, 0, &offset_s));
	assert_int_equal(offset_s, -60);
	assert_false(timestamp_learn_offset(DATE, date_s + 59, 0, &offset_s));
	assert_false(timestamp_learn_offset(DATE, date_s - 59, 0, &offset_s));
	/* the call was signed with the right offset */
	assert_false(timestamp_learn_offset(DATE, date_s + 3600, -3600, &offset_s));
	assert_false(timestamp_learn_offset("garbage", date_s + 3600, 0, &offset_s));
	assert_int_equal(offset_s, -60);
}

static void assert_formats(int64_t seconds, const char *whole, const char *date)
{
	struct buf out;
	buf_init(&out, 64);
	assert_true(timestamp_format(&out, seconds));
	assert_string_equal(out.data, whole);
	buf_clear(&out);
	assert_true(timestamp_format_date(&out, seconds));
	assert_string_equal(out.data, date);
	buf_release(&out);
}

static void test_formats(void **state)
{
	(void)state;
	assert_formats(1748427513, "2025-05-28T10:18:33Z", "2025-05-28");
	assert_formats(0, "1970-01-01T00:00:00Z", "1970-01-01");
	assert_formats(-1, "1969-12-31T23:59:59Z", "1969-12-31");
	assert_formats(1767225599, "2025-12-31T23:59:59Z", "2025-12-31");
	assert_formats(1767225600, "2026-01-01T00:00:00Z", "2026-01-01");
	assert_formats(INT64_C(-62135596800), "0001-01-01T00:00:00Z", "0001-01-01");
	struct buf small;
	buf_init(&small, 5);
	assert_false(timestamp_format(&small, 0));
	assert_false(timestamp_format_date(&small, 0));
	buf_release(&small);
	/* Any value has a date: no overflow on the way. */
	struct buf out;
	buf_init(&out, 256);
	assert_true(timestamp_format(&out, INT64_MAX));
	assert_true(timestamp_format(&out, INT64_MIN));
	buf_release(&out);
}

/* Compares with the C library's calendar in UTC. */
static void test_calendar_agrees(void **state)
{
	(void)state;
	struct buf out;
	buf_init(&out, 64);
	uint64_t seed = 20250528;
	for (int i = 0; i < 200000; i++) {
		seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		/* 0001-01-01 to 9999-12-31 */
		int64_t seconds = (int64_t)((seed >> 20) % UINT64_C(315537897600)) -
			INT64_C(62135596800);
		char expected[40];
		struct tm tm;
		time_t time = (time_t)seconds;
		assert_non_null(gmtime_r(&time, &tm));
		snprintf(expected, sizeof expected, "%04d-%02d-%02dT%02d:%02d:%02dZ",
			tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
			tm.tm_sec);
		buf_clear(&out);
		assert_true(timestamp_format(&out, seconds));
		assert_string_equal(out.data, expected);
		int64_t back = 0, kept = timestamp_is_time(seconds) ? seconds : 0;
		assert_int_equal(timestamp_parse(out.data, &back), kept != 0);
		assert_int_equal(back, kept);
		strftime(expected, sizeof expected, "%a, %d %b ", &tm);
		snprintf(expected + strlen(expected), 20, "%04d %02d:%02d:%02d GMT",
			tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
		back = 0;
		assert_int_equal(timestamp_parse_http(expected, &back), kept != 0);
		assert_int_equal(back, kept);
	}
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_times_are_read),
		cmocka_unit_test(test_no_times),
		cmocka_unit_test(test_cut_texts),
		cmocka_unit_test(test_http_dates),
		cmocka_unit_test(test_offsets),
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_calendar_agrees),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
