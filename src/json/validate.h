/*
 * validate.h - validates a text against RFC 8259 and the ceilings, and rewrites it for cJSON.
 *
 * The output is the same JSON without white space, fit for a lenient parser of C strings. Every string is
 * valid UTF-8 (C0 80 for U+0000). A number becomes a string that begins with JSON_NUMBER_MARK, a byte that
 * occurs in no UTF-8 text.
 *
 * Pure.
 */
#ifndef DESCRIBEFS_VALIDATE_H
#define DESCRIBEFS_VALIDATE_H

#include "base/buf.h"
#include "base/error.h"
#include "json/json.h"

enum {
	JSON_NUMBER_MARK = 0xff,
	/* An invalid sequence becomes the three bytes of U+FFFD; a number gains a mark and two quotes. */
	JSON_VALIDATED_BYTES_MAX = JSON_BYTES_MAX + 3 * (JSON_UNSAFE_MAX + JSON_VALUES_MAX),
};

/*
 * ERR_ANSWER (not JSON) or ERR_TOO_BIG (over a ceiling): the first violation in the text. ERR_LOCAL: memory
 * is out.
 */
enum error json_validate(struct buf *out, const char *text, size_t len);

#endif
