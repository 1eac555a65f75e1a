/*
 * schema.h - a JSON object read into a struct by a table, a row a member.
 *
 * A row says the member's name, how it is read, where it goes and where it may stand.  What no row
 * knows is refused with file, place and reason:
 * "FILE: kinds[2] (notebooks): lst: unknown member; did you mean list?".
 * Every reader returns false after it has said why; what it had read by then stays in the struct,
 * whose owner frees it (schema_release).
 */
#ifndef DESCRIBEFS_SCHEMA_H
#define DESCRIBEFS_SCHEMA_H

#include "base/buf.h"

struct json;
struct field;

struct schema_file {
	const char *name; /* as people know it */
	struct buf *why; /* takes the reason */
	void *context; /* the caller's, for readers of its own */
};

/* Where in the file we are: a chain on the stack, innermost first. */
struct json_path {
	const struct schema_file *file;
	const struct json_path *up; /* NULL: the whole file */
	const char *name; /* the member */
	long index; /* in a list; -1: none */
	const char *label; /* what people call this element; NULL: nothing */
};

struct json_path json_path_root(const struct schema_file *file);
struct json_path json_path_member(const struct json_path *up, const char *name);
/* Element `index` of the list that is the member `name` of `up`. */
struct json_path json_path_element(const struct json_path *up, const char *name, long index,
	const char *label);

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

typedef bool row_read_fn(const struct json_path *at, const struct json *value, void *field,
	const struct field *row);

struct field {
	const char *name;
	row_read_fn *read;
	size_t offset; /* of the field */
	const struct form *form; /* texts; NULL: one line of anything, or nothing */
	int min, max; /* numbers */
	unsigned in; /* bits of the places where it may stand; 0: everywhere */
	unsigned needed; /* bits of the places where it must stand */
	const char *only; /* "where paging is offset": said of one that may not stand here */
};

struct schema {
	const struct field *rows;
	size_t n; /* at most 64 */
};

/* `in`: the bits that hold here. */
bool schema_object(const struct json_path *at, const struct json *value, const struct schema *table,
	unsigned in, void *object);
/* Frees what schema_text and schema_json have put into a struct, and sets it to NULL. */
void schema_release(const struct schema *table, void *object);
/* Copies from `from` each of those texts that `object` lacks. */
void schema_inherit(const struct schema *table, void *object, const void *from);

/* The readers, and the fields they fill.  A char *: */
bool schema_text(const struct json_path *at, const struct json *value, void *field, const struct field *row);
/* A char *, the compact text of an object. */
bool schema_json(const struct json_path *at, const struct json *value, void *field, const struct field *row);
/* A bool. */
bool schema_flag(const struct json_path *at, const struct json *value, void *field, const struct field *row);
/* An int, from min to max. */
bool schema_count(const struct json_path *at, const struct json *value, void *field, const struct field *row);
/* A double, over min and to max. */
bool schema_rate(const struct json_path *at, const struct json *value, void *field, const struct field *row);
/* None: they only see that it is an array, an object, which is read elsewhere. */
bool schema_array(const struct json_path *at, const struct json *value, void *field, const struct field *row);
bool schema_members(const struct json_path *at, const struct json *value, void *field,
	const struct field *row);

/* Whether `text` has the form; says why not. */
bool schema_form(const struct json_path *at, const struct form *form, const char *text);
/* Whether `value` is a JSON string, which *text then is; says why not. */
bool schema_string(const struct json_path *at, const struct json *value, const char **text);
/* Writes file, place and reason; always false, for `return`. */
bool schema_refuse(const struct json_path *at, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same at a member of the place, with a fixed reason. */
bool schema_refuse_member(const struct json_path *at, const char *member, const char *reason);

/* Finds the name that somebody may have meant: offer all there are. */
struct suggestion {
	const char *wanted, *best;
	size_t distance;
};

void suggestion_init(struct suggestion *guess, const char *wanted);
void suggestion_offer(struct suggestion *guess, const char *name);
/* As schema_refuse with "REASON; did you mean BEST?". */
bool schema_refuse_guess(const struct json_path *at, const struct suggestion *guess, const char *reason);

#endif
