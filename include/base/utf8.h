/*
 * utf8.h - decodes untrusted UTF-8 one character at a time, and says which characters a terminal may show.
 *
 * Pure.
 */
#ifndef DESCRIBEFS_UTF8_H
#define DESCRIBEFS_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The length in bytes of the well-formed character (RFC 3629) at the start of `text`; 0: there is none. */
size_t utf8_decode(const char *text, size_t len, uint32_t *point);
/*
 * Whether the character controls a terminal or falsifies the text that it shows: C0, DEL, C1, bidi controls,
 * line and paragraph separators (U+2028, U+2029), and characters without a width (U+200B to U+200F, U+2060 to
 * U+206F, U+FEFF, the soft hyphen, tags, interlinear annotations).
 */
bool utf8_is_control(uint32_t point);
/*
 * Whether the character `point`, at `at` in `text`, may be shown. True for all but controls, and for a joiner
 * (U+200C, U+200D) directly after a character beyond ASCII that is no joiner. Persian and Indic texts and
 * emoji need joiners. Anywhere else a joiner is invisible and would only make two different texts look equal.
 */
bool utf8_may_show(const char *text, const char *at, uint32_t point);

#endif
