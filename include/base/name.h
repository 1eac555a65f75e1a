/*
 * name.h - from the API's names to file names.
 *
 * Two pure steps: snake_case (the contract's section "Names"), then an escape that makes any text from
 * the cloud one safe path component: never empty, never "." or "..", no '/', no NUL, no control
 * characters, no bidi marks, nothing without a width (utf8_may_show), valid UTF-8, no leading '.', '-' or
 * blank, no trailing blank, no probe (see below), at most 255 bytes.  Every offending byte, '%'
 * itself, and a probe's first byte become %XX (upper-case hex); the empty text is "%".  name_unescape is its
 * exact inverse, except for a text whose escape would pass 255 bytes: that one is cut on a character border
 * and ends in "~" and 16 hex digits of its SHA-256.  (A text that itself looks like such a name has that '~'
 * escaped.)
 *
 * Texts are encoded as json_text gives them: C0 80 stands for U+0000 (and comes out as %00).
 *
 * Pure.
 */
#ifndef DESCRIBEFS_NAME_H
#define DESCRIBEFS_NAME_H

#include "base/buf.h"

enum { NAME_BYTES_MAX = 255 };

/* RuntimeInSeconds -> runtime_in_seconds, GPUType -> gpu_type, GooseFSSource -> goose_fs_source. */
void name_snake(struct buf *out, const char *member);
/* Adds the escaped text to `out`. */
void name_escape(struct buf *out, const char *text);
/* False if no text escapes to this name (a control byte, a bad or needless %XX, over-long, ...). */
bool name_unescape(struct buf *out, const char *name);
/* An escaped name with "~" and a hash of `text` behind it, still <= 255 bytes: tells two apart. */
void name_distinct(struct buf *out, const char *name, const char *text);
/*
 * Names that file managers, version control and desktops look for everywhere and that no resource and
 * no member can have: whatever begins with a dot, autorun.inf, desktop.ini, Thumbs.db, ...
 */
bool name_is_probe(const char *name);

/* The API's name of a member that ends as the names of secrets do: "NewSecretToken", "db_password". */
bool name_is_secret(const char *member);
/* It counts something, if its value is a number: "TotalTokens". */
bool name_is_token(const char *member);

#endif
