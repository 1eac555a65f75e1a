/*
 * utf8.h - one character at a time out of bytes that nobody vouches for.
 */
#ifndef DESCRIBEFS_UTF8_H
#define DESCRIBEFS_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the well-formed character (RFC 3629) that `text` begins with; 0 if there is none. */
size_t utf8_decode(const char *text, size_t len, uint32_t *point);
/*
 * What makes a terminal act, or show other text than there is: C0, DEL, C1, bidi controls; separators of
 * lines and paragraphs (U+2028, U+2029); what has no width (U+200B to U+200F, U+2060 to U+206F, U+FEFF, the
 * soft hyphen, tags, marks of annotations).
 */
bool utf8_is_control(uint32_t point);
/*
 * The character at `at` in `text` may be shown there.  It is no control; or it is a joiner (U+200C, U+200D)
 * behind a character beyond ASCII.  Persian and Indic texts and emoji are spelled with joiners, and would be
 * torn without them.  Behind ASCII, at a text's beginning and behind another joiner one changes nothing that
 * is seen: there it would only make two texts look the same.
 */
bool utf8_may_show(const char *text, const char *at, uint32_t point);

#endif
