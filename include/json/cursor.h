/*
 * cursor.h - walks compact JSON text without building a tree (a pull parser).
 *
 * The items of a list are stored as text. A cursor goes over an item's bytes once to find the few members
 * that a view or a table needs, which takes a tenth of the time of json_parse. Only for text that json_print
 * wrote with indent 0: it is valid and has no white space between its tokens.
 *
 * Pure. All slices are borrowed from that text.
 */
#ifndef DESCRIBEFS_JSON_CURSOR_H
#define DESCRIBEFS_JSON_CURSOR_H

#include "base/buf.h"

/* A value as it is written, or a member's name without its quotes. A `len` of 0: there is none. */
struct json_slice {
	const char *text;
	size_t len;
};

/* Iterates over an object's members or an array's items. Any other value has none. */
struct json_cursor {
	const char *at, *end;
	bool named; /* the value is an object */
};

struct json_cursor json_cursor_open(struct json_slice value);
/* False: there are no more. In an array, *name is empty. */
bool json_cursor_next(struct json_cursor *cursor, struct json_slice *name, struct json_slice *value);
/* The value at a path of members, "A.B". Of a repeated name, the last one. */
struct json_slice json_cursor_get(struct json_slice value, const char *path);
/* Appends the value as json_text gives it. False: it is an object, an array, null or missing. */
bool json_cursor_text(struct buf *out, struct json_slice value);

#endif
