/*
 * rows.h - a JSON object read into a struct by a table, a row a member.
 *
 * A row says the member's name, how it is read, where it goes and where it may stand.  What no row
 * knows is refused with file, place and reason:
 * "FILE: kinds[2] (notebooks): lst: unknown member; did you mean list?".
 * Every reader returns false after it has said why; what it had read by then stays in the struct,
 * whose owner frees it (rows_release).
 */
#ifndef DESCRIBEFS_ROWS_H
#define DESCRIBEFS_ROWS_H

#include "base/buf.h"

struct json;
struct row;

struct rows_file {
	const char *name; /* as people know it */
	struct buf *why; /* takes the reason */
	void *context; /* the caller's, for readers of its own */
};

/* Where in the file we are: a chain on the stack, innermost first. */
struct place {
	const struct rows_file *file;
	const struct place *up; /* NULL: the whole file */
	const char *name; /* the member */
	long index; /* in a list; -1: none */
	const char *label; /* what people call this element; NULL: nothing */
};

struct place place_root(const struct rows_file *file);
struct place place_member(const struct place *up, const char *name);
/* Element `index` of the list that is the member `name` of `up`. */
struct place place_element(const struct place *up, const char *name, long index, const char *label);

#define FORM_LOWER "abcdefghijklmnopqrstuvwxyz"
#define FORM_LETTERS FORM_LOWER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define FORM_DIGITS "0123456789"

/* What a text has to look like.  It is never empty, and at most NAME_BYTES_MAX bytes. */
struct form {
	const char *what; /* "a name of a-z, 0-9, _ and -" */
	const char *first; /* the bytes it may begin with; NULL: as the rest */
	const char *rest; /* the bytes it may consist of; NULL: all but control bytes */
	bool (*also)(const char *text); /* NULL: nothing more */
};

typedef bool row_read_fn(const struct place *at, const struct json *value, void *field,
	const struct row *row);

struct row {
	const char *name;
	row_read_fn *read;
	size_t offset; /* of the field */
	const struct form *form; /* texts; NULL: one line of anything, or nothing */
	int min, max; /* numbers */
	unsigned in; /* bits of the places where it may stand; 0: everywhere */
	unsigned needed; /* bits of the places where it must stand */
	const char *only; /* "where paging is offset": said of one that may not stand here */
};

struct table {
	const struct row *rows;
	size_t n; /* at most 64 */
};

/* `in`: the bits that hold here. */
bool rows_object(const struct place *at, const struct json *value, const struct table *table,
	unsigned in, void *object);
/* Frees what rows_text and rows_json have put into a struct, and sets it to NULL. */
void rows_release(const struct table *table, void *object);
/* Copies from `from` each of those texts that `object` lacks. */
void rows_inherit(const struct table *table, void *object, const void *from);

/* The readers, and the fields they fill.  A char *: */
bool rows_text(const struct place *at, const struct json *value, void *field,
	const struct row *row);
/* A char *, the compact text of an object. */
bool rows_json(const struct place *at, const struct json *value, void *field,
	const struct row *row);
/* A bool. */
bool rows_flag(const struct place *at, const struct json *value, void *field,
	const struct row *row);
/* An int, from min to max. */
bool rows_count(const struct place *at, const struct json *value, void *field,
	const struct row *row);
/* A double, over min and to max. */
bool rows_rate(const struct place *at, const struct json *value, void *field,
	const struct row *row);
/* None: they only see that it is an array, an object, which is read elsewhere. */
bool rows_array(const struct place *at, const struct json *value, void *field,
	const struct row *row);
bool rows_members(const struct place *at, const struct json *value, void *field,
	const struct row *row);

/* Whether `text` has the form; says why not. */
bool rows_form(const struct place *at, const struct form *form, const char *text);
/* Whether `value` is a JSON string, which *text then is; says why not. */
bool rows_string(const struct place *at, const struct json *value, const char **text);
/* Writes file, place and reason; always false, for `return`. */
bool rows_refuse(const struct place *at, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The same at a member of the place, with a fixed reason. */
bool rows_refuse_member(const struct place *at, const char *member, const char *reason);

/* Finds the name that somebody may have meant: offer all there are. */
struct guess {
	const char *wanted, *best;
	size_t distance;
};

void guess_init(struct guess *guess, const char *wanted);
void guess_offer(struct guess *guess, const char *name);
/* As rows_refuse with "REASON; did you mean BEST?". */
bool rows_refuse_guess(const struct place *at, const struct guess *guess, const char *reason);

#endif
