/*
 * json.h - one JSON text to a tree of values and back, numbers digit for digit.
 *
 * cJSON (known to json.c alone) builds the tree; before it sees a byte, a scan of our own holds the
 * text to RFC 8259 to its last byte and to our ceilings, and rewrites what cJSON would lose: a number
 * keeps its digits, U+0000 does not cut a string, a lone surrogate or an invalid UTF-8 byte becomes
 * U+FFFD.  So `json_text` of a string is valid UTF-8, in which U+0000 is written as the two bytes
 * C0 80 (never valid otherwise).
 *
 * A member name that comes twice: json_get gives the last one, as jq does; iteration shows both.
 */
#ifndef DESCRIBEFS_JSON_H
#define DESCRIBEFS_JSON_H

#include "base/buf.h"
#include "base/error.h"

enum {
	JSON_BYTES_MAX = 8 << 20, /* an answer */
	JSON_DEPTH_MAX = 64,
	JSON_VALUES_MAX = 80000, /* values of every sort in one text */
	JSON_UNSAFE_MAX = 1 << 19, /* characters in its strings that are controls or no UTF-8 */
};

enum json_type { JSON_NULL, JSON_BOOLEAN, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json; /* a value; the root owns all below it */

/*
 * ERR_ANSWER: not JSON; ERR_TOO_BIG: over a ceiling; ERR_LOCAL: memory is out.  On success the
 * caller frees *out; it is NULL otherwise.
 */
enum error json_parse(struct json **out, const char *text, size_t len);
void json_free(struct json *root); /* NULL is fine; only ever a root */

size_t json_memory(const struct json *root); /* bytes that it takes, malloc's own included */
void json_forget(struct json *root); /* the same, and its texts are overwritten */

enum json_type json_type(const struct json *value);
/* "null", "boolean", "number", "string", "array", "object": the names that jq's `type` uses. */
const char *json_type_name(enum json_type type);

/* A string's UTF-8, a number's digits, "true", "false"; "" for null, array and object. Borrowed. */
const char *json_text(const struct json *value);
/* The member's name of a value inside an object (same encoding as json_text), else NULL. */
const char *json_key(const struct json *value);

const struct json *json_first(const struct json *container); /* NULL for a scalar or an empty one */
const struct json *json_next(const struct json *value);
const struct json *json_previous(const struct json *value); /* NULL for a first one; never of a root */
size_t json_count(const struct json *container);

/* Case-sensitive; NULL when absent or when `object` is no object (NULL is fine). */
const struct json *json_get(const struct json *object, const char *key);
/* Members by a path with dots, "pageInfo.nextMarker"; "" is the value itself. */
const struct json *json_path(const struct json *value, const char *path);
/*
 * The integer that a number, or a string that is one, spells: 130, 130.0, 1.3e2, "130".  `otherwise` where it
 * spells none, or one that does not fit.
 */
int64_t json_integer(const struct json *value, int64_t otherwise);

/* Prints a value; indent 0 is compact, 2 is what `jq .` prints.  False once the buffer is full. */
bool json_print(struct buf *out, const struct json *value, int indent);
/*
 * Asked for every member and item before it is printed: the text of a string to print in its place, or
 * NULL.  *context comes in as the container's and goes out as the member's own.
 */
typedef const char *json_instead_fn(const struct json *member, const void **context);
bool json_print_instead(struct buf *out, const struct json *value, int indent, json_instead_fn *instead,
	const void *context);
/* A string in JSON quotes. `text` is encoded as in json_text. */
bool json_quote(struct buf *out, const char *text);

/* The version of the library behind it. */
const char *json_library(void);

#endif
