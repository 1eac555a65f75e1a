/*
 * schema.c - a JSON object read into a struct by a table, a row a member.
 *
 * The tables say everything, so this file is one loop over an object's members, a handful of
 * readers for the sorts of fields, and the care for the person whose file is refused: where in it
 * we are (a chain of places on the stack, printed outermost first) and which name was probably
 * meant (the nearest by edit distance).
 */
#include "json/schema.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/name.h"
#include "json/json.h"

enum { REASON_MAX = 512, QUOTE_MAX = 120, GUESS_MAX = 64 };

struct json_path json_path_root(const struct schema_file *file)
{
	return (struct json_path){ .file = file, .index = -1 };
}

struct json_path json_path_member(const struct json_path *up, const char *name)
{
	return (struct json_path){ .file = up->file, .up = up, .name = name, .index = -1 };
}

struct json_path json_path_element(const struct json_path *up, const char *name, long index,
	const char *label)
{
	return (struct json_path){ up->file, up, name, index, label };
}

/* "kinds[2] (notebooks): list.paging": a colon follows a labelled element, a dot all else. */
static void put_place(struct buf *out, const struct json_path *at)
{
	if (at->up == NULL)
		return;
	put_place(out, at->up);
	if (at->up->up)
		buf_puts(out, at->up->label ? ": " : ".");
	name_escape(out, at->name);
	if (at->index >= 0)
		buf_printf(out, "[%ld]", at->index);
	if (at->label) {
		buf_puts(out, " (");
		name_escape(out, at->label);
		buf_puts(out, ")");
	}
}

bool schema_refuse(const struct json_path *at, const char *format, ...)
{
	struct buf *why = at->file->why;
	char reason[REASON_MAX];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(reason, sizeof reason, format, arguments);
	va_end(arguments);
	buf_printf(why, "%s: ", at->file->name);
	put_place(why, at);
	buf_printf(why, "%s%s", at->up ? ": " : "", reason);
	return false;
}

bool schema_refuse_member(const struct json_path *at, const char *member, const char *reason)
{
	struct json_path here = json_path_member(at, member);

	return schema_refuse(&here, "%s", reason);
}

/* Nearer than this is a guess: a typing mistake or two, but not another word altogether. */
void suggestion_init(struct suggestion *guess, const char *wanted)
{
	size_t len = strlen(wanted), distance = 2 + len / 4;

	*guess = (struct suggestion){ .wanted = wanted, .distance = distance < len ? distance : len };
}

static size_t smallest(size_t a, size_t b, size_t c)
{
	size_t ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/* Levenshtein's distance, with one row of his matrix. */
static size_t edit_distance(const char *a, const char *b)
{
	size_t row[GUESS_MAX + 1], len = strlen(b);

	for (size_t j = 0; j <= len; j++)
		row[j] = j;
	for (size_t i = 0; a[i]; i++) {
		size_t corner = row[0];

		row[0] = i + 1;
		for (size_t j = 0; j < len; j++) {
			size_t changed = corner + (a[i] != b[j]);

			corner = row[j + 1];
			row[j + 1] = smallest(row[j] + 1, corner + 1, changed);
		}
	}
	return row[len];
}

void suggestion_offer(struct suggestion *guess, const char *name)
{
	if (strlen(guess->wanted) > GUESS_MAX || strlen(name) > GUESS_MAX)
		return;

	size_t distance = edit_distance(guess->wanted, name);

	if (distance < guess->distance) {
		guess->distance = distance;
		guess->best = name;
	}
}

bool schema_refuse_guess(const struct json_path *at, const struct suggestion *guess, const char *reason)
{
	if (guess->best == NULL)
		return schema_refuse(at, "%s", reason);
	return schema_refuse(at, "%s; did you mean %s?", reason, guess->best);
}

static bool is_allowed(const struct field *row, unsigned in)
{
	return row->in == 0 || (row->in & in) != 0;
}

/* The row of that name that may stand here, else one of that name that may not, else NULL. */
static const struct field *find_row(const struct schema *table, const char *name, unsigned in)
{
	const struct field *elsewhere = NULL;

	for (size_t i = 0; i < table->n; i++) {
		const struct field *row = &table->rows[i];

		if (strcmp(row->name, name) != 0)
			continue;
		if (is_allowed(row, in))
			return row;
		elsewhere = row;
	}
	return elsewhere;
}

static bool refuse_unknown(const struct json_path *at, const struct schema *table, unsigned in)
{
	struct suggestion guess;

	suggestion_init(&guess, at->name);
	for (size_t i = 0; i < table->n; i++) {
		if (is_allowed(&table->rows[i], in))
			suggestion_offer(&guess, table->rows[i].name);
	}
	return schema_refuse_guess(at, &guess, "unknown member");
}

static bool read_member(const struct json_path *at, const struct json *value, const struct schema *table,
	unsigned in, void *object, uint64_t *seen)
{
	const struct field *row = find_row(table, at->name, in);

	if (row == NULL)
		return refuse_unknown(at, table, in);
	if (!is_allowed(row, in))
		return schema_refuse(at, "only %s", row->only ? row->only : "elsewhere");

	uint64_t bit = UINT64_C(1) << (row - table->rows);

	if (*seen & bit)
		return schema_refuse(at, "comes twice");
	*seen |= bit;
	return row->read(at, value, (char *)object + row->offset, row);
}

static bool is_complete(const struct json_path *at, const struct schema *table, unsigned in, uint64_t seen)
{
	for (size_t i = 0; i < table->n; i++) {
		const struct field *row = &table->rows[i];

		if ((row->needed & in) && !(seen >> i & 1))
			return schema_refuse_member(at, row->name, "missing");
	}
	return true;
}

static bool is_of_type(const struct json_path *at, const struct json *value, enum json_type type)
{
	if (json_type(value) == type)
		return true;
	return schema_refuse(at, "must be of type %s, not %s", json_type_name(type),
		json_type_name(json_type(value)));
}

bool schema_object(const struct json_path *at, const struct json *value, const struct schema *table,
	unsigned in, void *object)
{
	uint64_t seen = 0;

	if (!is_of_type(at, value, JSON_OBJECT))
		return false;
	for (const struct json *member = json_first(value); member; member = json_next(member)) {
		struct json_path here = json_path_member(at, json_key(member));

		if (!read_member(&here, member, table, in, object, &seen))
			return false;
	}
	return is_complete(at, table, in, seen);
}

/* The field of a row that owns a text, else NULL. */
static char **text_field(const struct field *row, void *object)
{
	if (row->read != schema_text && row->read != schema_json)
		return NULL;
	return (char **)(void *)((char *)object + row->offset);
}

void schema_release(const struct schema *table, void *object)
{
	for (size_t i = 0; i < table->n; i++) {
		char **field = text_field(&table->rows[i], object);

		if (field) {
			free(*field);
			*field = NULL;
		}
	}
}

void schema_inherit(const struct schema *table, void *object, const void *from)
{
	for (size_t i = 0; i < table->n; i++) {
		const struct field *row = &table->rows[i];
		char **field = text_field(row, object);

		if (field == NULL || *field)
			continue;

		const char *text = *(char *const *)(const void *)((const char *)from + row->offset);

		*field = text ? xstrdup(text) : NULL;
	}
}

/* The text in JSON quotes, cut between two characters if it is long, and fit for a terminal. */
static void quote(char *out, size_t size, const char *text)
{
	static const char cut[] = "...";
	struct buf quoted;

	buf_init(&quoted, JSON_BYTES_MAX);
	json_quote(&quoted, text);
	bool fits = quoted.len < size;
	error_note_copy(out, fits ? size : size - (sizeof cut - 1), quoted.data);
	if (!fits)
		memcpy(out + strlen(out), cut, sizeof cut);
	buf_release(&quoted);
}

static bool is_line(const char *text)
{
	for (const char *at = text; *at; at++) {
		unsigned char byte = (unsigned char)*at;

		/* C0 is how json.h writes U+0000. */
		if (byte < 0x20 || byte == 0x7f || byte == 0xc0)
			return false;
	}
	return true;
}

static bool fits(const struct form *form, const char *text)
{
	if (text[0] == '\0' || strlen(text) > NAME_BYTES_MAX)
		return false;
	if (form->rest ? text[strspn(text, form->rest)] != '\0' : !is_line(text))
		return false;
	if (form->first && strchr(form->first, text[0]) == NULL)
		return false;
	return form->also == NULL || form->also(text);
}

bool schema_form(const struct json_path *at, const struct form *form, const char *text)
{
	char quoted[QUOTE_MAX];

	if (form ? fits(form, text) : is_line(text))
		return true;
	quote(quoted, sizeof quoted, text);
	return schema_refuse(at, "%s is not %s", quoted, form ? form->what : "one line of text");
}

bool schema_string(const struct json_path *at, const struct json *value, const char **text)
{
	if (!is_of_type(at, value, JSON_STRING))
		return false;
	*text = json_text(value);
	return true;
}

bool schema_text(const struct json_path *at, const struct json *value, void *field, const struct field *row)
{
	const char *text;

	if (!schema_string(at, value, &text) || !schema_form(at, row->form, text))
		return false;
	*(char **)field = xstrdup(text);
	return true;
}

bool schema_flag(const struct json_path *at, const struct json *value, void *field, const struct field *row)
{
	(void)row;
	if (!is_of_type(at, value, JSON_BOOLEAN))
		return false;
	*(bool *)field = strcmp(json_text(value), "true") == 0;
	return true;
}

bool schema_count(const struct json_path *at, const struct json *value, void *field, const struct field *row)
{
	if (!is_of_type(at, value, JSON_NUMBER))
		return false;

	int64_t count = json_integer(value, INT64_MIN);

	if (count < row->min || count > row->max)
		return schema_refuse(at, "must be a whole number from %d to %d", row->min, row->max);
	*(int *)field = (int)count;
	return true;
}

bool schema_rate(const struct json_path *at, const struct json *value, void *field, const struct field *row)
{
	if (!is_of_type(at, value, JSON_NUMBER))
		return false;

	double rate = strtod(json_text(value), NULL);

	if (!(rate > row->min && rate <= row->max))
		return schema_refuse(at, "must be over %d and at most %d", row->min, row->max);
	*(double *)field = rate;
	return true;
}

bool schema_json(const struct json_path *at, const struct json *value, void *field, const struct field *row)
{
	struct buf text;

	(void)row;
	if (!is_of_type(at, value, JSON_OBJECT))
		return false;
	buf_init(&text, JSON_BYTES_MAX);
	if (!json_print(&text, value, 0)) {
		buf_release(&text);
		return schema_refuse(at, "too big");
	}
	*(char **)field = buf_take(&text);
	return true;
}

bool schema_array(const struct json_path *at, const struct json *value, void *field, const struct field *row)
{
	(void)field;
	(void)row;
	return is_of_type(at, value, JSON_ARRAY);
}

bool schema_members(const struct json_path *at, const struct json *value, void *field,
	const struct field *row)
{
	(void)field;
	(void)row;
	return is_of_type(at, value, JSON_OBJECT);
}
