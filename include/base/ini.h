/*
 * ini.h - parser for INI files as the clouds' own tools write them: [section] and key = value lines.
 *
 * The value is the text after the first '=' or ':'. A quoted value is taken as it is; any other is trimmed
 * and ends before a comment. A comment begins with '#' or ';' at the start of the line, at the start of the
 * value, or after white space. There are no escapes. Sections and keys are case-sensitive.
 *
 * Pure. The values may be secrets: ini_release overwrites them.
 */
#ifndef DESCRIBEFS_INI_H
#define DESCRIBEFS_INI_H

#include "base/buf.h"

struct ini_row {
	const char *section; /* "" above the first section */
	const char *key, *value; /* the row of a [section] line has the key "" */
	unsigned line; /* counted from 1 */
};

struct ini {
	struct ini_row *rows; /* in the file's order, repeated keys included */
	size_t n;
	char *text; /* owned; the rows point into it */
	size_t len;
};

/*
 * Parses a copy of `text`. False: *ini is empty, and `why` gets "3: REASON", where 3 is the line. The reason
 * never quotes the file. The rows live until ini_release.
 */
bool ini_parse(struct ini *ini, const char *text, size_t len, struct buf *why);
void ini_release(struct ini *ini);
/* Whether the section exists, even if it is empty. */
bool ini_has(const struct ini *ini, const char *section);
/* The last value of the key in the section; NULL: there is none. */
const char *ini_value(const struct ini *ini, const char *section, const char *key);
/* The line of the section's last [section] line; 0: there is none. */
unsigned ini_line(const struct ini *ini, const char *section);
/* The second row of the key in the section; NULL: the key is there at most once. */
const struct ini_row *ini_again(const struct ini *ini, const char *section, const char *key);

#endif
