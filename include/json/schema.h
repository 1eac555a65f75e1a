/*
 * schema.h - reads a JSON object into a struct by a table of fields, one for each member.
 *
 * A field gives the member's name, its reader, its offset in the struct, and where it is allowed or required.
 * An unknown member is an error. Every reader returns false after it has written the file, the place and the
 * reason: "FILE: kinds[2] (notebooks): lst: unknown member; did you mean list?".
 *
 * Ownership: what was read before an error stays in the struct. Its owner frees it with schema_release.
 */
#ifndef DESCRIBEFS_SCHEMA_H
#define DESCRIBEFS_SCHEMA_H

#include "base/buf.h"

struct json;
struct field;

struct schema_file {
	const char *name; /* for messages */
	struct buf *why; /* gets the error */
	void *context; /* for the caller's own readers */
};

/* A place in the file, as a chain on the stack, innermost first. */
struct json_path {
	const struct schema_file *file;
	const struct json_path *up; /* NULL: this is the whole file */
	const char *name; /* of the member */
	long index; /* of an array's element; -1: it is none */
	const char *label; /* the element's name, for messages; NULL: it has none */
};

struct json_path json_path_root(const struct schema_file *file);
struct json_path json_path_member(const struct json_path *up, const char *name);
/* Element `index` of the array in the member `name` of `up`. */
struct json_path json_path_element(const struct json_path *up, const char *name, long index,
	const char *label);

#define TEXT_LOWER "abcdefghijklmnopqrstuvwxyz"
#define TEXT_LETTERS TEXT_LOWER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define TEXT_DIGITS "0123456789"

/* The form of a text. It is never empty and has at most NAME_BYTES_MAX bytes. */
struct text_rule {
	const char *what; /* "a name of a-z, 0-9, _ and -" */
	const char *first; /* the bytes allowed as the first one; NULL: the same as `rest` */
	const char *rest; /* the bytes allowed; NULL: all but control bytes */
	bool (*also)(const char *text); /* one more condition; NULL: none */
};

/* Reads `value`, at the place `at`, into *out. False: the error is written. */
typedef bool field_read_fn(const struct json_path *at, const struct json *value, void *out,
	const struct field *field);

struct field {
	const char *name;
	field_read_fn *read;
	size_t offset; /* in the struct */
	const struct text_rule *rule; /* of texts; NULL: any one line, which may be empty */
	int min, max; /* of numbers */
	unsigned in; /* bits of the contexts that allow the member; 0: all */
	unsigned needed; /* bits of the contexts that require the member */
	const char *only; /* the allowed contexts, for the error: "where paging is offset" */
};

struct schema {
	const struct field *fields;
	size_t n; /* at most 64 */
};

/* Reads all members. `in` has the bits of the contexts that apply. */
bool schema_object(const struct json_path *at, const struct json *value, const struct schema *schema,
	unsigned in, void *object);
/* Frees all texts that schema_text and schema_json have stored in a struct, and sets them to NULL. */
void schema_release(const struct schema *schema, void *object);
/* Copies from `from` each such text that is NULL in `object`. */
void schema_inherit(const struct schema *schema, void *object, const void *from);

/* The readers, by the type that each stores. A char *, owned: */
bool schema_text(const struct json_path *at, const struct json *value, void *out, const struct field *field);
/* A char *, owned: the compact JSON of an object. */
bool schema_json(const struct json_path *at, const struct json *value, void *out, const struct field *field);
/* A bool. */
bool schema_flag(const struct json_path *at, const struct json *value, void *out, const struct field *field);
/* An int from min to max. */
bool schema_count(const struct json_path *at, const struct json *value, void *out, const struct field *field);
/* A double, greater than min and at most max. */
bool schema_rate(const struct json_path *at, const struct json *value, void *out, const struct field *field);
/* Nothing: these only check that the value is an array or an object, which the caller reads itself. */
bool schema_array(const struct json_path *at, const struct json *value, void *out, const struct field *field);
bool schema_members(const struct json_path *at, const struct json *value, void *out,
	const struct field *field);

/* Checks a text. A NULL rule allows any one line. */
bool schema_check_text(const struct json_path *at, const struct text_rule *rule, const char *text);
/* Checks that `value` is a JSON string, and stores it in *text, borrowed. */
bool schema_string(const struct json_path *at, const struct json *value, const char **text);
/* Writes file, place and reason. Always returns false. */
bool schema_refuse(const struct json_path *at, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same for a member of the place, with a fixed reason. */
bool schema_refuse_member(const struct json_path *at, const char *member, const char *reason);

/* The best of the names offered so far, by edit distance to the name that was written. */
struct suggestion {
	const char *wanted, *best; /* best: NULL while no name is near enough */
	size_t distance; /* of `best` */
};

void suggestion_init(struct suggestion *suggestion, const char *wanted);
void suggestion_offer(struct suggestion *suggestion, const char *name);
/* schema_refuse with "REASON; did you mean BEST?". */
bool schema_refuse_suggest(const struct json_path *at, const struct suggestion *suggestion,
	const char *reason);

#endif
