/*
 * value.h - cleans and checks a configuration value or key, from any source, in one way.
 *
 * Text around a value that is clearly not part of it is removed: a byte order mark, white space, one pair of
 * quotes, a comment. Any other invalid character is an error. The value is never skipped, because another
 * account or region would then be used in its place.
 *
 * Pure.
 */
#ifndef DESCRIBEFS_VALUE_H
#define DESCRIBEFS_VALUE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Removes, in place, a byte order mark, surrounding white space, and one pair of quotes. Overwrites the bytes
 * that become free, because they may be a secret. Returns `text`.
 */
char *value_clean(char *text);

/*
 * Finds the value in a line of a file. *text comes in as the text after '=' and goes out as the value, which
 * is cut in place. A quoted value is taken as it is; any other ends before a comment: one of the bytes of
 * `comments` at the start or after white space. Returns NULL, or the mistake: "has a quote without its end".
 */
const char *value_cut(char **text, const char *comments);

/*
 * Checks a key, a token, or a name that goes into a header or a request. Returns NULL, or the mistake ("is
 * empty"), which never quotes the value.
 */
const char *value_mistake(const char *text);

enum { REGION_MAX = 64 }; /* bytes */

/* Whether the text is 1 to REGION_MAX lower-case letters, digits and '-'. */
bool value_is_region(const char *text);
/* Whether the text can be the name of a profile, which becomes a part of a file's name and of messages. */
bool value_is_profile(const char *text);

/*
 * Removes, in place, the byte order mark of a whole file. The text ends in a NUL that *len does not count.
 * Returns NULL, or the mistake: "is UTF-16: save it as UTF-8".
 */
const char *value_text(char *text, size_t *len);

#endif
