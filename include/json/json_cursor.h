/*
 * json_cursor.h - a few members of a JSON text that we printed ourselves, without building it.
 *
 * A list's items are kept as text.  What a view or a table needs of each is found here by going over its
 * bytes once, which costs a tenth of json_parse.  Only for what json_print wrote with indent 0: valid, and
 * without a blank between its parts.
 */
#ifndef DESCRIBEFS_JSON_CURSOR_H
#define DESCRIBEFS_JSON_CURSOR_H

#include "base/buf.h"

/* A value as it is written, or a member's name without its quotes.  len 0: there is none. */
struct json_slice {
	const char *text;
	size_t len;
};

/* Goes through an object's members or a list's items; through anything else: none. */
struct json_cursor {
	const char *at, *end;
	bool named; /* an object */
};

struct json_cursor json_cursor_open(struct json_slice value);
/* False: there are no more.  *name is empty in a list. */
bool json_cursor_next(struct json_cursor *cursor, struct json_slice *name, struct json_slice *value);
/* The value at a path of members, "A.B"; the last one where a name comes twice. */
struct json_slice json_cursor_get(struct json_slice value, const char *path);
/* Adds what json_text would give.  False, and nothing is added: it is an object, a list, null or nothing. */
bool json_cursor_text(struct buf *out, struct json_slice value);

#endif
