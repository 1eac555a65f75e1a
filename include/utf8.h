/*
 * utf8.h - one character at a time out of bytes that nobody vouches for.
 *
 * Layer 0.
 */
#ifndef DESCRIBEFS_UTF8_H
#define DESCRIBEFS_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the well-formed character (RFC 3629) that `text` begins with; 0 if there is none. */
size_t utf8_decode(const char *text, size_t len, uint32_t *point);
/* C0, DEL, C1, bidi controls: what makes a terminal act, or show other text than there is. */
bool utf8_is_control(uint32_t point);

#endif
