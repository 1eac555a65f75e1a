/*
 * json.h - parses, walks and prints JSON (RFC 8259) with every digit of a number kept.
 *
 * Each text is validated against RFC 8259 and the ceilings below before a tree is built. Numbers keep their
 * digits, U+0000 does not end a string, and a lone surrogate or an invalid UTF-8 sequence becomes U+FFFD. So
 * `json_text` of a string is valid UTF-8, except that U+0000 is encoded as the two bytes C0 80, which are
 * never valid otherwise.
 *
 * If a member name is repeated, json_get returns the last one, as jq does; iteration shows all.
 *
 * Ownership: the root owns all values below it; json_free frees them. Texts are borrowed from their value.
 */
#ifndef DESCRIBEFS_JSON_H
#define DESCRIBEFS_JSON_H

#include "base/buf.h"
#include "base/error.h"

enum {
	JSON_BYTES_MAX = 8 << 20, /* bytes of a text */
	JSON_DEPTH_MAX = 64,
	JSON_VALUES_MAX = 80000, /* values of every type in one text */
	JSON_UNSAFE_MAX = 1 << 19, /* characters in its strings that are controls or invalid UTF-8 */
};

enum json_type { JSON_NULL, JSON_BOOLEAN, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json; /* a value */

/*
 * ERR_ANSWER: the text is not JSON. ERR_TOO_BIG: it is over a ceiling. ERR_LOCAL: memory is out. On success
 * the caller frees *out with json_free; else it is NULL.
 */
enum error json_parse(struct json **out, const char *text, size_t len);
void json_free(struct json *root); /* a root or NULL */

size_t json_memory(const struct json *root); /* allocated bytes, malloc's overhead included */
void json_forget(struct json *root); /* json_free that overwrites the texts first */

enum json_type json_type(const struct json *value);
/* "null", "boolean", "number", "string", "array", "object": the names of jq's `type`. */
const char *json_type_name(enum json_type type);

/* A string's UTF-8, a number's digits, "true", "false"; "" for null, array and object. Borrowed. */
const char *json_text(const struct json *value);
/* The name of a member of an object, in json_text's encoding; NULL for any other value. */
const char *json_key(const struct json *value);

const struct json *json_first(const struct json *container); /* NULL: it is empty, or a scalar */
const struct json *json_next(const struct json *value); /* NULL: it is the last one */
const struct json *json_previous(const struct json *value); /* NULL: it is the first one; not for a root */
size_t json_count(const struct json *container);

/* Case-sensitive. NULL: the member is missing, or `object` is no object, or NULL. */
const struct json *json_get(const struct json *object, const char *key);
/* The value at a path of members, "pageInfo.nextMarker"; "" is the value itself. NULL: there is none. */
const struct json *json_get_path(const struct json *value, const char *path);
/*
 * The integer value of a number or of a string that contains one: 130, 130.0, 1.3e2, "130". `otherwise`: it
 * has none, or one that does not fit.
 */
int64_t json_integer(const struct json *value, int64_t otherwise);

/* Prints a value; an indent of 0 is compact, one of 2 is the format of `jq .`. False: the buffer is full. */
bool json_print(struct buf *out, const struct json *value, int indent);
/*
 * Called for each member and item before it is printed. Returns a text to print as a string in its place, or
 * NULL. *context comes in as the container's and goes out as the member's.
 */
typedef const char *json_instead_fn(const struct json *member, const void **context);
bool json_print_instead(struct buf *out, const struct json *value, int indent, json_instead_fn *instead,
	const void *context);
/* Prints a string in JSON quotes. `text` has json_text's encoding. */
bool json_quote(struct buf *out, const char *text);

/* The version of cJSON. */
const char *json_library(void);

#endif
