/*
 * shown.h - text from elsewhere, made fit for a terminal.
 *
 * A terminal obeys control characters, and bidi marks and what has no width make it show other text than
 * there is.  This is the one place that asks what those are (utf8.h says it), for values, JSON, lines of the
 * verbs and error lines alike.
 */
#ifndef DESCRIBEFS_SHOWN_H
#define DESCRIBEFS_SHOWN_H

#include "base/buf.h"

/*
 * Bytes at `at` in `text` that must not reach a terminal: a character that may not be shown there (utf8.h),
 * U+0000 as json.h gives it (C0 80), or a byte that is no UTF-8.  0: the character may be shown.  *point is
 * the character (for a stray byte, the byte), *length its bytes in either case.
 */
size_t shown_unsafe(const char *text, const char *at, uint32_t *point, size_t *length);
/* Nearly every byte is a printable ASCII character: it may be shown, and needs no closer look. */
static inline bool shown_is_plain(char byte)
{
	return byte >= ' ' && byte <= '~';
}
/* Appends `text`, with \xNN for each byte that must not reach a terminal; `kept`: characters that may. */
bool shown_add(struct buf *out, const char *text, const char *kept);
/* The same as a text of its own, for a line; to be freed. */
char *shown_line(const char *text);

#endif
