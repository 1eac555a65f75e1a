/*
 * test_utf8.c - every character, and every kind of invalid bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/ascii.h"
#include "base/utf8.h"

static size_t encode(char out[4], uint32_t point)
{
	static const unsigned char LEADS[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t n = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
	for (size_t i = n; i-- > 1; point >>= 6)
		out[i] = (char)(0x80 | (point & 0x3f));
	out[0] = (char)(LEADS[n] | point);
	return n;
}

static void test_every_character(void **state)
{
	(void)state;
	for (uint32_t point = 0; point <= 0x10ffff; point++) {
		char text[4];
		uint32_t back = 0xdead;
		size_t len = encode(text, point);
		bool surrogate = point >= 0xd800 && point <= 0xdfff;
		assert_int_equal(utf8_decode(text, len, &back), surrogate ? 0 : len);
		assert_int_equal(back, surrogate ? 0xdead : point);
		for (size_t cut = 0; cut < len; cut++)
			assert_int_equal(utf8_decode(text, cut, &back), 0);
	}
}

static void test_not_characters(void **state)
{
	(void)state;
	static const char *const CASES[] = {
		"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xe0\x9f\xbf",
		"\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf7\xbf\xbf\xbf",
		"\xf8\x88\x80\x80", "\xff\xbf\xbf\xbf", "\xc3x", "\xe4\xb8x", "\xe4x\xad",
		"\xf0\x9f\x9ax", "\xf0\x9fx\x80", "\xc3\xc3", "\xed\xa0\x80",
	};
	for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
		uint32_t point = 0xdead;
		assert_int_equal(utf8_decode(CASES[i], strlen(CASES[i]), &point), 0);
		assert_int_equal(point, 0xdead);
	}
}

static void test_controls(void **state)
{
	(void)state;
	static const uint32_t CONTROLS[] = {
		0, 0x1b, 0x1f, 0x7f, 0x80, 0x9f, 0xad, 0x61c, 0x180e, 0x200b, 0x200c, 0x200d, 0x200e, 0x200f,
		0x2028, 0x2029, 0x202a, 0x202e, 0x2060, 0x2064, 0x2066, 0x2069, 0x206a, 0x206f, 0xfeff,
		0xfff9, 0xfffb, 0xe0000, 0xe0001, 0xe0020, 0xe007f,
	};
	static const uint32_t OTHERS[] = {
		0x20, 0x7e, 0xa0, 0xac, 0xae, 0x61b, 0x61d, 0x200a, 0x2010, 0x2027, 0x202f, 0x205f, 0x2070,
		0x3000, 0xfe0f, 0xfefe, 0xff00, 0xfff8, 0xfffc, 0xfffd, 0x1f468, 0xe0080, 0xe0100, 0x10ffff,
	};
	for (size_t i = 0; i < sizeof CONTROLS / sizeof *CONTROLS; i++)
		assert_true(utf8_is_control(CONTROLS[i]));
	for (size_t i = 0; i < sizeof OTHERS / sizeof *OTHERS; i++)
		assert_false(utf8_is_control(OTHERS[i]));
}

static void test_joiners_are_shown_where_they_join(void **state)
{
	static const struct {
		const char *text;
		size_t at;
		bool shown;
	} CASES[] = {
		{ "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb", 4, true }, /* a person at a computer */
		{ "\xd9\x85\xdb\x8c\xe2\x80\x8c\xd8\xae", 4, true }, /* Persian */
		{ "\xe0\xb4\xa8\xe0\xb5\x8d\xe2\x80\x8d ", 6, true }, /* Malayalam, at a word's end */
		{ "RUN\xe2\x80\x8dNING", 3, false }, { "RUN\xe2\x80\x8c", 3, false },
		{ "\xe2\x80\x8d\xf0\x9f\x92\xbb", 0, false },
		{ "\xc3\xa9\xe2\x80\x8d\xe2\x80\x8c", 2, true }, { "\xc3\xa9\xe2\x80\x8d\xe2\x80\x8c", 5, false },
		{ "\xc3\xa9\xe2\x80\x8b", 2, false }, { "a\xe2\x80\x93\xe2\x80\x8d", 4, true },
	};
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
		uint32_t point;
		assert_int_not_equal(utf8_decode(CASES[i].text + CASES[i].at, 3, &point), 0);
		assert_int_equal(utf8_may_show(CASES[i].text, CASES[i].text + CASES[i].at, point), CASES[i].shown);
	}
}

static void test_ascii(void **state)
{
	(void)state;
	static const char HEX[] = "0123456789abcdefABCDEF";
	for (int i = 0; i < 256; i++) {
		char byte = (char)i;
		assert_int_equal(ascii_is_upper(byte), i >= 65 && i <= 90);
		assert_int_equal(ascii_is_lower(byte), i >= 97 && i <= 122);
		assert_int_equal(ascii_is_digit(byte), i >= 48 && i <= 57);
		assert_int_equal(ascii_lower(byte), (char)(i >= 65 && i <= 90 ? i + 32 : i));
		const char *at = i ? strchr(HEX, i) : NULL;
		int value = at ? (int)(at - HEX) : -1;
		assert_int_equal(ascii_hex_value(byte), value > 15 ? value - 6 : value);
	}
	assert_true(ascii_same("", ""));
	assert_true(ascii_same("Content-Type", "content-TYPE"));
	assert_false(ascii_same("abc", "abcd"));
	assert_false(ascii_same("abcd", "abc"));
	assert_false(ascii_same("[", "{"));
	assert_false(ascii_same("@", "`"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_character),
		cmocka_unit_test(test_not_characters),
		cmocka_unit_test(test_controls),
		cmocka_unit_test(test_joiners_are_shown_where_they_join),
		cmocka_unit_test(test_ascii),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
