/*
 * ascii.h - ASCII characters: tests and conversions that do not depend on the locale.
 *
 * Pure. A byte over 0x7f is in no class and stays as it is.
 */
#ifndef DESCRIBEFS_ASCII_H
#define DESCRIBEFS_ASCII_H

#include <stdbool.h>
#include <stdint.h>

static inline bool ascii_is_upper(char byte)
{
	return byte >= 'A' && byte <= 'Z';
}

static inline bool ascii_is_lower(char byte)
{
	return byte >= 'a' && byte <= 'z';
}

static inline bool ascii_is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

static inline char ascii_lower(char byte)
{
	return ascii_is_upper(byte) ? (char)(byte | 0x20) : byte;
}

/* ASCII white space: the blank, and TAB to CR. */
static inline bool ascii_is_space(char byte)
{
	return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

/* The value of a hexadecimal digit of either case; -1: the byte is none. */
static inline int ascii_hex_value(char byte)
{
	if (ascii_is_digit(byte))
		return byte - '0';
	byte = ascii_lower(byte);
	return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* Whether two texts are equal when the case of A-Z is ignored. */
static inline bool ascii_same(const char *a, const char *b)
{
	while (*a && ascii_lower(*a) == ascii_lower(*b)) {
		a++;
		b++;
	}
	return ascii_lower(*a) == ascii_lower(*b);
}

/* The decimal number at the start of the text; only its first 18 digits are read. -1: there is no digit. */
static inline int64_t ascii_number(const char *text)
{
	int64_t sum = ascii_is_digit(*text) ? 0 : -1;

	for (int i = 0; i < 18 && ascii_is_digit(text[i]); i++)
		sum = sum * 10 + (text[i] - '0');
	return sum;
}

#endif
