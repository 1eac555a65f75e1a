/*
 * shown.h - escapes text from peers and files, so that a terminal can show it safely.
 *
 * A terminal obeys control characters. Bidi controls and characters without a width make it show a text other
 * than the one that is there. Every output uses these functions: values, JSON, lines of the verbs, errors.
 * utf8.h defines the characters.
 *
 * Pure.
 */
#ifndef DESCRIBEFS_SHOWN_H
#define DESCRIBEFS_SHOWN_H

#include "base/buf.h"

/*
 * The number of bytes at `at` in `text` that must not reach a terminal, 0 if there are none. They are a
 * character that must not be shown there (utf8_may_show), U+0000 as json.h encodes it (C0 80), or a byte that
 * is not UTF-8. In every case *point is the character, or the invalid byte, and *length its bytes.
 */
size_t shown_unsafe(const char *text, const char *at, uint32_t *point, size_t *length);
/* Printable ASCII: always safe. Most bytes are. */
static inline bool shown_is_plain(char byte)
{
	return byte >= ' ' && byte <= '~';
}
/* Appends `text` with \xNN for each unsafe byte, except for the control characters in `kept`. */
bool shown_add(struct buf *out, const char *text, const char *kept);
/* The same as a malloc'ed text that stays on one line. The caller frees it. */
char *shown_line(const char *text);

#endif
