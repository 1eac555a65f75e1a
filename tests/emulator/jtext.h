/* JSON as text: a strict scanner (RFC 8259) that finds values without converting them, so that
 * every digit and every escape of a value survives. Slices point into the scanned text. */
#ifndef EMULATOR_JTEXT_H
#define EMULATOR_JTEXT_H

#include "text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct slice {
	const char *p; /* NULL: nothing there */
	size_t n;
};

struct jmember {
	struct slice key;   /* between its quotes, escapes untouched */
	struct slice value; /* without the white space around it */
};

struct jobject {
	struct jmember *m;
	size_t n;
};

/* True if the whole text is one valid JSON value. */
bool jtext_valid(const char *p, size_t n);
/* '{', '[', '"', 't', 'f', 'n', or '0' for any number; 0 for an empty slice. */
char jtext_type(struct slice v);
/* An integer without fraction or exponent that fits. */
bool jtext_int(struct slice v, int64_t *out);
bool jtext_is(struct slice v, const char *raw);
/* The decoded bytes of a JSON string, NUL-terminated; NULL when `v` is not a string. The caller
 * frees. Without `len` an encoded NUL becomes the two bytes C0 80, so that no id is cut off. */
char *jtext_string(struct slice v, size_t *len);
/* The text without white space between tokens. Copies the text as it is when it is not JSON. */
void jtext_minify(struct text *out, const char *p, size_t n);
/* Iterates over an array: start with *pos = 0; false at the end. */
bool jtext_next(struct slice array, size_t *pos, struct slice *item);

bool jobject_parse(struct jobject *o, struct slice text);
void jobject_free(struct jobject *o);
struct slice jobject_get(const struct jobject *o, const char *key);
/* Member of an object text in one step; an empty slice when absent. */
struct slice jtext_member(struct slice object, const char *key);
char *jtext_member_string(struct slice object, const char *key);
int64_t jtext_member_int(struct slice object, const char *key, int64_t otherwise);
struct slice jtext_slice(const char *s);

#endif
