/*
 * redact.c - removes a secret, or long pieces of it, from a text that a peer wrote.
 *
 * A cloud, or a proxy that terminates TLS, may quote the request in an error: whole, cut, or one header line.
 * So each piece that is too long to match by chance is removed. Such a piece covers a byte at a multiple of
 * its minimum length, so only those positions are searched.
 *
 * The quotation may be encoded: percent escapes, hexadecimal digits, or Base64 (of the secret, or of a text
 * that contains it at any offset).
 */
#include "base/redact.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/buf.h"

enum {
	SHORTEST = 4, /* bytes; a shorter secret would match ordinary words */
	ENCODED_BYTES = 16 /* the shortest piece of an encoded secret */
};

static const char STARS[] = "***";

static bool is_same_letter(char a, char b)
{
	return ascii_lower(a) == ascii_lower(b);
}

struct piece {
	size_t first, len; /* in the text */
};

/* The longest common piece that covers text[at] and secret[j]. */
static struct piece grow_piece(const char *text, size_t at, const char *secret, size_t j)
{
	size_t before = 0, len = 0;
	while (before < at && before < j && is_same_letter(text[at - before - 1], secret[j - before - 1]))
		before++;
	while (text[at + len] && is_same_letter(text[at + len], secret[j + len]))
		len++;
	return (struct piece){ at - before, before + len };
}

static struct piece longest_piece(const char *text, size_t at, const char *secret)
{
	struct piece best = { at, 0 };
	for (size_t j = 0; secret[j]; j++) {
		struct piece piece = grow_piece(text, at, secret, j);
		if (piece.len > best.len)
			best = piece;
	}
	return best;
}

static void remove_pieces(char *text, const char *secret, size_t shortest)
{
	size_t len = strlen(secret), least = len < shortest ? len : shortest;
	if (len < SHORTEST)
		return;
	for (size_t at = 0; at < strlen(text); at += least) {
		struct piece piece = longest_piece(text, at, secret);
		if (piece.len < least)
			continue;
		char *start = text + piece.first, *rest = start + piece.len;
		memcpy(start, STARS, sizeof STARS - 1);
		memmove(start + sizeof STARS - 1, rest, strlen(rest) + 1);
		at = (piece.first + least - 1) / least * least; /* search the bytes that moved here, too */
		at = at >= least ? at - least : at;
	}
}

/* ---- encodings ---- */

/* Enough bytes for each encoding and its NUL. */
static size_t room_for(size_t len)
{
	return 3 * len + 8;
}

static bool is_word(char byte, const char *others)
{
	return ascii_is_digit(byte) || ascii_is_lower(ascii_lower(byte)) || strchr(others, byte);
}

/* Most texts contain no word that is long enough to be an encoding. */
static bool may_hold_encoded(const char *text)
{
	size_t run = 0;
	for (; *text && run < ENCODED_BYTES; text++)
		run = is_word(*text, "%+/-_.~") ? run + 1 : 0;
	return run == ENCODED_BYTES;
}

static char *add_hex(char *out, char byte)
{
	*out++ = BUF_HEX_LOWER[(unsigned char)byte >> 4];
	*out++ = BUF_HEX_LOWER[byte & 15];
	return out;
}

static void write_escaped(char *out, const char *secret)
{
	for (; *secret; secret++) {
		bool plain = is_word(*secret, "-._~");
		*out++ = plain ? *secret : '%';
		out = plain ? out : add_hex(out, *secret);
	}
	*out = '\0';
}

static void write_hex(char *out, const char *secret)
{
	for (; *secret; secret++)
		out = add_hex(out, *secret);
	*out = '\0';
}

/* The Base64 digits that the secret has after any text whose length is `before` (0 to 2) modulo 3. */
static void write_base64(char *out, const char *secret, size_t before, const char *last)
{
	static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	const unsigned char *bytes = (const unsigned char *)secret + (3 - before) % 3;
	size_t skipped = (3 - before) % 3, len = strlen(secret);

	for (size_t left = len > skipped ? len - skipped : 0; left >= 3; left -= 3, bytes += 3) {
		unsigned group = (unsigned)bytes[0] << 16 | (unsigned)bytes[1] << 8 | bytes[2];
		for (int shift = 18; shift >= 0; shift -= 6) {
			unsigned digit = group >> shift & 63;
			*out++ = digit < 62 ? DIGITS[digit] : last[digit - 62];
		}
	}
	*out = '\0';
}

/*
 * 8-4-4-4-12 hexadecimal digits: a request id, which every successful response has, and no quotation. To
 * search each id for all keys in all encodings would be a seventh of the work for a response.
 */
static bool is_uuid(const char *text)
{
	size_t i = 0;
	for (; text[i]; i++) {
		char letter = ascii_lower(text[i]);
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		if (dash ? letter != '-' : !ascii_is_digit(letter) && (letter < 'a' || letter > 'f'))
			return false;
	}
	return i == 36;
}

void redact(char *text, const char *secret)
{
	size_t len = secret ? strlen(secret) : 0;
	if (len < SHORTEST || !*text || (is_uuid(text) && !strcasestr(secret, text)))
		return;
	remove_pieces(text, secret, REDACT_BYTES);
	if (len < REDACT_BYTES || !may_hold_encoded(text))
		return;
	char *form = xmalloc(room_for(len));
	write_escaped(form, secret);
	remove_pieces(text, form, ENCODED_BYTES);
	write_hex(form, secret);
	remove_pieces(text, form, ENCODED_BYTES);
	for (size_t before = 0; before < 3; before++) {
		write_base64(form, secret, before, "+/");
		remove_pieces(text, form, ENCODED_BYTES);
		write_base64(form, secret, before, "-_");
		remove_pieces(text, form, ENCODED_BYTES);
	}
	explicit_bzero(form, room_for(len));
	free(form);
}
