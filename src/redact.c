/*
 * redact.c - takes secrets out of a text that a peer wrote.
 *
 * A cloud, or a proxy that ends TLS, may quote the request in an error: whole, cut off, or a header's line.
 * So each piece counts that is too long to be there by chance.  Such a piece covers a byte of the text whose
 * place is a multiple of its length, so no other place is looked at.
 */
#include "redact.h"

#include <string.h>

#include "ascii.h"

enum { SHORTEST = 4 }; /* a shorter secret would be found in ordinary words */

static const char STARS[] = "***";

static bool is_same(char a, char b)
{
	return ascii_lower(a) == ascii_lower(b);
}

struct piece {
	size_t first, len; /* in the text */
};

/* The longest piece of both that covers text[at] and secret[j]. */
static struct piece grow(const char *text, size_t at, const char *secret, size_t j)
{
	size_t before = 0, len = 0;
	while (before < at && before < j && is_same(text[at - before - 1], secret[j - before - 1]))
		before++;
	while (text[at + len] && is_same(text[at + len], secret[j + len]))
		len++;
	return (struct piece){ at - before, before + len };
}

static struct piece longest(const char *text, size_t at, const char *secret)
{
	struct piece best = { at, 0 };
	for (size_t j = 0; secret[j]; j++) {
		struct piece piece = grow(text, at, secret, j);
		if (piece.len > best.len)
			best = piece;
	}
	return best;
}

void redact(char *text, const char *secret)
{
	size_t len = secret ? strlen(secret) : 0, least = len < REDACT_BYTES ? len : REDACT_BYTES;
	if (len < SHORTEST)
		return;
	for (size_t at = 0; at < strlen(text); at += least) {
		struct piece piece = longest(text, at, secret);
		if (piece.len < least)
			continue;
		char *start = text + piece.first, *rest = start + piece.len;
		memcpy(start, STARS, sizeof STARS - 1);
		memmove(start + sizeof STARS - 1, rest, strlen(rest) + 1);
		at = (piece.first + least - 1) / least * least; /* what moved up is looked at too */
		at = at >= least ? at - least : at;
	}
}
