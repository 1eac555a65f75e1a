/*
 * name.h - maps names and ids of the API to file names and back, and recognizes names of secrets.
 *
 * There are two pure steps. The first is snake_case. The second is a percent escape, which turns any text
 * into one safe path component. Its result is valid UTF-8 of 1 to 255 bytes and is neither "." nor "..". It
 * holds no '/', NUL, control character, bidi control or character without a width (utf8_may_show), no leading
 * '.', '-' or blank, and no trailing blank. It is no probe (name_is_probe).
 *
 * Each offending byte, each '%', and a probe's first byte become %XX in upper-case hex; the empty text
 * becomes "%". name_unescape is the exact inverse, with one exception: a text whose escape would exceed 255
 * bytes is cut between two characters and ends in "~" and 16 hex digits of its SHA-256. A text that already
 * looks like such a cut name gets its '~' escaped.
 *
 * Texts have json_text's encoding: C0 80 stands for U+0000 (escaped as %00).
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
/*
 * Appends the text whose escape is `name`. False: there is none (an invalid or needless %XX, a control, ...).
 */
bool name_unescape(struct buf *out, const char *name);
/* Appends an escaped name, then "~" and a hash of `text`, cut to 255 bytes: it tells equal names apart. */
void name_distinct(struct buf *out, const char *name, const char *text);
/*
 * Whether file managers, version control or desktops look for this name in every directory: all names with a
 * leading dot, autorun.inf, desktop.ini, Thumbs.db, ... No resource and no member gets such a name, so the
 * daemon answers ENOENT without a call.
 */
bool name_is_probe(const char *name);

/* Whether a member's name ends like a secret's: "NewSecretToken", "db_password". */
bool name_is_secret(const char *member);
/* Whether a member's name ends in "token". With a number as its value it is a count: "TotalTokens". */
bool name_is_token(const char *member);

#endif
