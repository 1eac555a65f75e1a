/*
 * shown.c - escapes text from peers and files, so that a terminal can show it safely.
 */
#include "base/shown.h"

#include <string.h>

#include "base/utf8.h"

size_t shown_unsafe(const char *text, const char *at, uint32_t *point, size_t *length)
{
	if (at[0] == '\xc0' && at[1] == '\x80') {
		*point = 0;
		return *length = 2;
	}
	*length = utf8_decode(at, 4, point); /* never reads past the NUL, which continues no character */
	if (*length)
		return utf8_may_show(text, at, *point) ? 0 : *length;
	*point = (unsigned char)*at;
	return *length = 1;
}

bool shown_add(struct buf *out, const char *text, const char *kept)
{
	const char *run = text, *at = text;
	uint32_t point;
	size_t length;

	for (; *at && !out->full; at += length) {
		size_t unsafe = 0;

		length = 1;
		if (!shown_is_plain(*at))
			unsafe = shown_unsafe(text, at, &point, &length);
		if (!unsafe || (unsafe == 1 && strchr(kept, *at)))
			continue;
		if (at > run)
			buf_add(out, run, (size_t)(at - run));
		if (point == 0)
			buf_puts(out, "\\x00");
		for (size_t i = 0; point && i < unsafe; i++)
			buf_add_hex(out, "\\x", (unsigned char)at[i], 2, BUF_HEX_LOWER);
		run = at + unsafe;
	}
	return buf_add(out, run, (size_t)(at - run));
}

char *shown_line(const char *text)
{
	struct buf line;

	buf_init(&line, SIZE_MAX);
	shown_add(&line, text, "");
	return buf_take(&line);
}
