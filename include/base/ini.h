/*
 * ini.h - INI, as the clouds' own tools write it: [section], key = value, one a line.
 *
 * A value is what stands behind the first '=' or ':': in quotes as it is, else without the blanks around it
 * and up to a comment.  A comment begins with '#' or ';', at the start of a line, of a value, or behind a
 * blank.  There are no escapes.  Sections and keys keep their case.
 *
 * Pure.
 */
#ifndef DESCRIBEFS_INI_H
#define DESCRIBEFS_INI_H

#include "base/buf.h"

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
 * False: `why` says "3: ...", where 3 is the line, never with its text, and *ini is empty.  The rows live
 * until ini_release, which overwrites them: they may be secrets.
 */
bool ini_parse(struct ini *ini, const char *text, size_t len, struct buf *why);
void ini_release(struct ini *ini);
/* A section stands there, even with nothing in it. */
bool ini_has(const struct ini *ini, const char *section);
/* The last value of that name; NULL: there is none. */
const char *ini_value(const struct ini *ini, const char *section, const char *key);
/* The line in which the section begins last; 0: there is none. */
unsigned ini_line(const struct ini *ini, const char *section);
/* The row in which the name stands for the second time in the section; NULL: it stands once at most. */
const struct ini_row *ini_again(const struct ini *ini, const char *section, const char *key);

#endif
