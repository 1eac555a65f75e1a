/*
 * ini.h - INI, as the clouds' own tools write it: [section], key = value, one a line.
 *
 * A value is what stands behind the first '=' or ':' up to the end of its line, without the blanks around
 * it and otherwise as it is: there are no quotes, no escapes, and no comments behind a value (a key may
 * hold a '#').  A comment is a line of its own that begins with '#' or ';'.  Sections and keys keep their
 * case.
 *
 * Layer 1: pure.
 */
#ifndef DESCRIBEFS_INI_H
#define DESCRIBEFS_INI_H

#include "buf.h"

struct ini_row {
	const char *section; /* "" before the first one */
	const char *key, *value; /* the key is "" in the row of a [section] line itself */
	unsigned line; /* from 1 */
};

struct ini {
	struct ini_row *rows; /* in the file's order, as often as they came */
	size_t n;
	char *text; /* what the rows point into */
	size_t len;
};

/*
 * False: `why` says "line 3: ...", never with the text of the line, and *ini is empty.  The rows live until
 * ini_release, which overwrites them: they may be secrets.
 */
bool ini_parse(struct ini *ini, const char *text, size_t len, struct buf *why);
void ini_release(struct ini *ini);
/* A section stands there, even with nothing in it. */
bool ini_has(const struct ini *ini, const char *section);
/* The last value of that name; NULL: there is none. */
const char *ini_value(const struct ini *ini, const char *section, const char *key);

#endif
