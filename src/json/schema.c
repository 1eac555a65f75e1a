/*
 * schema.c - reads a JSON object into a struct by a table of fields.
 *
 * The tables hold all the knowledge, so this file is one loop over an object's members and a few readers, one
 * for each type of field. An error names its place in the file (a chain on the stack, printed outermost
 * first) and suggests the name with the smallest edit distance.
 */
#include "json/schema.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/edit_distance.h"
#include "base/name.h"
#include "json/json.h"

enum { REASON_MAX = 512, QUOTE_MAX = 120 };

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

/* "kinds[2] (notebooks): list.paging": a colon follows a labelled element, a dot any other. */
static void put_path(struct buf *out, const struct json_path *at)
{
	if (at->up == NULL)
		return;
	put_path(out, at->up);
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
	put_path(why, at);
	buf_printf(why, "%s%s", at->up ? ": " : "", reason);
	return false;
}

bool schema_refuse_member(const struct json_path *at, const char *member, const char *reason)
{
	struct json_path here = json_path_member(at, member);

	return schema_refuse(&here, "%s", reason);
}

/* Names at this distance or more are another word, not a typing mistake. */
void suggestion_init(struct suggestion *suggestion, const char *wanted)
{
	size_t len = strlen(wanted), distance = 2 + len / 4;

	*suggestion = (struct suggestion){ .wanted = wanted, .distance = distance < len ? distance : len };
}

void suggestion_offer(struct suggestion *suggestion, const char *name)
{
	size_t distance = edit_distance(suggestion->wanted, name);

	if (distance < suggestion->distance) {
		suggestion->distance = distance;
		suggestion->best = name;
	}
}

bool schema_refuse_suggest(const struct json_path *at, const struct suggestion *suggestion,
	const char *reason)
{
	if (suggestion->best == NULL)
		return schema_refuse(at, "%s", reason);
	return schema_refuse(at, "%s; did you mean %s?", reason, suggestion->best);
}

static bool is_allowed(const struct field *field, unsigned in)
{
	return field->in == 0 || (field->in & in) != 0;
}

/* The field of that name that is allowed here, else one that is not, else NULL. */
static const struct field *find_field(const struct schema *schema, const char *name, unsigned in)
{
	const struct field *elsewhere = NULL;

	for (size_t i = 0; i < schema->n; i++) {
		const struct field *field = &schema->fields[i];

		if (strcmp(field->name, name) != 0)
			continue;
		if (is_allowed(field, in))
			return field;
		elsewhere = field;
	}
	return elsewhere;
}

static bool refuse_unknown(const struct json_path *at, const struct schema *schema, unsigned in)
{
	struct suggestion suggestion;

	suggestion_init(&suggestion, at->name);
	for (size_t i = 0; i < schema->n; i++) {
		if (is_allowed(&schema->fields[i], in))
			suggestion_offer(&suggestion, schema->fields[i].name);
	}
	return schema_refuse_suggest(at, &suggestion, "unknown member");
}

static bool read_member(const struct json_path *at, const struct json *value, const struct schema *schema,
	unsigned in, void *object, uint64_t *seen)
{
	const struct field *field = find_field(schema, at->name, in);

	if (field == NULL)
		return refuse_unknown(at, schema, in);
	if (!is_allowed(field, in))
		return schema_refuse(at, "only %s", field->only ? field->only : "elsewhere");

	uint64_t bit = UINT64_C(1) << (field - schema->fields);

	if (*seen & bit)
		return schema_refuse(at, "occurs twice: remove one");
	*seen |= bit;
	return field->read(at, value, (char *)object + field->offset, field);
}

static bool is_complete(const struct json_path *at, const struct schema *schema, unsigned in, uint64_t seen)
{
	for (size_t i = 0; i < schema->n; i++) {
		const struct field *field = &schema->fields[i];

		if ((field->needed & in) && !(seen >> i & 1))
			return schema_refuse_member(at, field->name, "missing");
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

bool schema_object(const struct json_path *at, const struct json *value, const struct schema *schema,
	unsigned in, void *object)
{
	uint64_t seen = 0;

	if (!is_of_type(at, value, JSON_OBJECT))
		return false;
	for (const struct json *member = json_first(value); member; member = json_next(member)) {
		struct json_path here = json_path_member(at, json_key(member));

		if (!read_member(&here, member, schema, in, object, &seen))
			return false;
	}
	return is_complete(at, schema, in, seen);
}

/* Where the field's text is, if it owns one; else NULL. */
static char **text_field(const struct field *field, void *object)
{
	if (field->read != schema_text && field->read != schema_json)
		return NULL;
	return (char **)(void *)((char *)object + field->offset);
}

void schema_release(const struct schema *schema, void *object)
{
	for (size_t i = 0; i < schema->n; i++) {
		char **text = text_field(&schema->fields[i], object);

		if (text) {
			free(*text);
			*text = NULL;
		}
	}
}

void schema_inherit(const struct schema *schema, void *object, const void *from)
{
	for (size_t i = 0; i < schema->n; i++) {
		const struct field *field = &schema->fields[i];
		char **text = text_field(field, object);

		if (text == NULL || *text)
			continue;

		const char *other = *(char *const *)(const void *)((const char *)from + field->offset);

		*text = other ? xstrdup(other) : NULL;
	}
}

/* Writes the text in JSON quotes, safe for a terminal, and cut between two characters if it is long. */
static void quote_text(char *out, size_t size, const char *text)
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

		/* C0 80 encodes U+0000 (json.h). */
		if (byte < 0x20 || byte == 0x7f || byte == 0xc0)
			return false;
	}
	return true;
}

static bool fits_rule(const struct text_rule *rule, const char *text)
{
	if (text[0] == '\0' || strlen(text) > NAME_BYTES_MAX)
		return false;
	if (rule->rest ? text[strspn(text, rule->rest)] != '\0' : !is_line(text))
		return false;
	if (rule->first && strchr(rule->first, text[0]) == NULL)
		return false;
	return rule->also == NULL || rule->also(text);
}

bool schema_check_text(const struct json_path *at, const struct text_rule *rule, const char *text)
{
	char quoted[QUOTE_MAX];

	if (rule ? fits_rule(rule, text) : is_line(text))
		return true;
	quote_text(quoted, sizeof quoted, text);
	return schema_refuse(at, "%s is not %s", quoted, rule ? rule->what : "one line of text");
}

bool schema_string(const struct json_path *at, const struct json *value, const char **text)
{
	if (!is_of_type(at, value, JSON_STRING))
		return false;
	*text = json_text(value);
	return true;
}

bool schema_text(const struct json_path *at, const struct json *value, void *out, const struct field *field)
{
	const char *text;

	if (!schema_string(at, value, &text) || !schema_check_text(at, field->rule, text))
		return false;
	*(char **)out = xstrdup(text);
	return true;
}

bool schema_flag(const struct json_path *at, const struct json *value, void *out, const struct field *field)
{
	(void)field;
	if (!is_of_type(at, value, JSON_BOOLEAN))
		return false;
	*(bool *)out = strcmp(json_text(value), "true") == 0;
	return true;
}

bool schema_count(const struct json_path *at, const struct json *value, void *out, const struct field *field)
{
	if (!is_of_type(at, value, JSON_NUMBER))
		return false;

	int64_t count = json_integer(value, INT64_MIN);

	if (count < field->min || count > field->max)
		return schema_refuse(at, "must be a whole number from %d to %d", field->min, field->max);
	*(int *)out = (int)count;
	return true;
}

bool schema_rate(const struct json_path *at, const struct json *value, void *out, const struct field *field)
{
	if (!is_of_type(at, value, JSON_NUMBER))
		return false;

	double rate = strtod(json_text(value), NULL);

	if (!(rate > field->min && rate <= field->max))
		return schema_refuse(at, "must be over %d and at most %d", field->min, field->max);
	*(double *)out = rate;
	return true;
}

bool schema_json(const struct json_path *at, const struct json *value, void *out, const struct field *field)
{
	struct buf text;

	(void)field;
	if (!is_of_type(at, value, JSON_OBJECT))
		return false;
	buf_init(&text, JSON_BYTES_MAX);
	if (!json_print(&text, value, 0)) {
		buf_release(&text);
		return schema_refuse(at, "too big");
	}
	*(char **)out = buf_take(&text);
	return true;
}

bool schema_array(const struct json_path *at, const struct json *value, void *out, const struct field *field)
{
	(void)out;
	(void)field;
	return is_of_type(at, value, JSON_ARRAY);
}

bool schema_members(const struct json_path *at, const struct json *value, void *out,
	const struct field *field)
{
	(void)out;
	(void)field;
	return is_of_type(at, value, JSON_OBJECT);
}
