/*
 * value.h - a value as a person, a shell or a tool wrote it, made plain.
 *
 * What is plainly no part of a value is taken off: a byte order mark, blanks and line ends around it, one
 * pair of quotes, a comment behind it. Everything else that a value cannot hold is a mistake, which is
 * refused: a value that is passed over would let another account or another region stand in.
 *
 * Pure.
 */
#ifndef DESCRIBEFS_VALUE_H
#define DESCRIBEFS_VALUE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * In place: without a byte order mark, blanks and line ends around it, and one pair of quotes. The bytes that
 * become free are overwritten. Returns `text`.
 */
char *value_clean(char *text);

/*
 * The value in a line of a file, where `text` is what stands behind its '=': in quotes as it is, else up to a
 * comment, which begins with one of the bytes of `comments` at the start or behind a blank.  Cuts the line in
 * place; *text is the value then.  NULL, or what is wrong: "has a quote without its end".
 */
const char *value_cut(char **text, const char *comments);

/*
 * NULL: it can be a key, a token, a name that goes into a header or a request; else what is wrong ("is
 * empty"), which never shows it.
 */
const char *value_mistake(const char *text);

enum { REGION_MAX = 64 }; /* bytes */

/* lower-case letters, digits and '-' */
bool value_is_region(const char *text);

/*
 * A whole file: takes a byte order mark off, in place; the text ends in a NUL that `len` does not count.
 * NULL, or what is wrong: "is UTF-16: save it as UTF-8".
 */
const char *value_text(char *text, size_t *len);

#endif
