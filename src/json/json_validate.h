/*
 * json_validate.h - the strict half of json.c: holds a text to RFC 8259 and to our ceilings.
 *
 * What it writes is the same JSON without blanks, fit for a lax parser of C strings: every string
 * is valid UTF-8 (C0 80 for U+0000), and a number is a string that begins with JSON_SCAN_NUMBER, a
 * byte that occurs in no UTF-8 text.  Only json.c includes this.
 *
 * Pure.
 */
#ifndef DESCRIBEFS_JSON_VALIDATE_H
#define DESCRIBEFS_JSON_VALIDATE_H

#include "base/buf.h"
#include "base/error.h"
#include "json/json.h"

enum {
	JSON_SCAN_NUMBER = 0xff,
	/* A broken sequence becomes the three bytes of U+FFFD; a number gains its mark and two quotes. */
	JSON_SCAN_BYTES_MAX = JSON_BYTES_MAX + 3 * (JSON_UNSAFE_MAX + JSON_VALUES_MAX),
};

/*
 * ERR_ANSWER: not JSON; ERR_TOO_BIG: over a ceiling, whichever comes first in the text; ERR_LOCAL:
 * memory is out.
 */
enum error json_validate(struct buf *out, const char *text, size_t len);

#endif
