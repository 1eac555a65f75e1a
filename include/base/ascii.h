/*
 * ascii.h - letters and digits, the same in every locale.
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

/* What a hex digit of either case stands for; -1 for anything else. */
static inline int ascii_hex_value(char byte)
{
	if (ascii_is_digit(byte))
		return byte - '0';
	byte = ascii_lower(byte);
	return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* Equal but for the case of A-Z. */
static inline bool ascii_same(const char *a, const char *b)
{
	while (*a && ascii_lower(*a) == ascii_lower(*b)) {
		a++;
		b++;
	}
	return ascii_lower(*a) == ascii_lower(*b);
}

/* The number that the text begins with, 18 digits at most; -1: it begins with none. */
static inline int64_t ascii_number(const char *text)
{
	int64_t sum = ascii_is_digit(*text) ? 0 : -1;

	for (int i = 0; i < 18 && ascii_is_digit(text[i]); i++)
		sum = sum * 10 + (text[i] - '0');
	return sum;
}

#endif
