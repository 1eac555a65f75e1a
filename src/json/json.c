/*
 * json.c - a JSON tree with every digit kept, and its way back to text. The only file that includes cJSON.
 *
 * A `struct json` is a cJSON node under another name. cJSON parses only text that json_validate has checked
 * and rewritten, so it never meets a number (they are strings with a mark in front), a locale or an error.
 * All loops follow the nodes' links, because cJSON's calls by index would make them quadratic. Printing is
 * done here, because cJSON's printer would not restore the digits.
 */
#include "json/json.h"

#include <cJSON.h>
#include <string.h>

#include "base/shown.h"
#include "validate.h"

enum { GROWS_BY = 16 }; /* by this fraction the marks of numbers usually lengthen a text */

static const cJSON *node_of(const struct json *value)
{
	return (const cJSON *)(const void *)value;
}

static const struct json *value_of(const cJSON *node)
{
	return (const struct json *)(const void *)node;
}

enum error json_parse(struct json **out, const char *text, size_t len)
{
	struct buf rewritten;
	cJSON *root = NULL;

	*out = NULL;
	buf_init(&rewritten, JSON_VALIDATED_BYTES_MAX);
	buf_expect(&rewritten, len + len / GROWS_BY); /* gradual growth would fragment the heap */
	enum error error = json_validate(&rewritten, text, len);
	if (!error) {
		root = cJSON_ParseWithLength(rewritten.data, rewritten.len + 1);
		if (!root) /* the text is valid, so memory is out */
			error = ERR_LOCAL;
	}
	explicit_bzero(rewritten.data, rewritten.len); /* the text may contain a key */
	buf_release(&rewritten);
	*out = (struct json *)(void *)root;
	return error;
}

void json_free(struct json *root)
{
	cJSON_Delete((cJSON *)(void *)root);
}

/* The size with malloc's header and half of its average rounding. */
static size_t allocation(size_t size)
{
	return size + sizeof(size_t) + 8;
}

static size_t memory_of(const cJSON *node)
{
	size_t sum = 0;

	for (; node; node = node->next) {
		sum += allocation(sizeof(*node)) + memory_of(node->child); /* at most JSON_DEPTH_MAX levels */
		if (node->string)
			sum += allocation(strlen(node->string) + 1);
		if (node->valuestring)
			sum += allocation(strlen(node->valuestring) + 1);
	}
	return sum;
}

size_t json_memory(const struct json *root)
{
	return root ? memory_of(node_of(root)) : 0;
}

static void wipe(const cJSON *node)
{
	for (; node; node = node->next) {
		if (node->valuestring)
			explicit_bzero(node->valuestring, strlen(node->valuestring));
		wipe(node->child); /* at most JSON_DEPTH_MAX levels */
	}
}

void json_forget(struct json *root)
{
	wipe(node_of(root));
	json_free(root);
}

static bool is_marked(const cJSON *node)
{
	return (unsigned char)node->valuestring[0] == JSON_NUMBER_MARK;
}

enum json_type json_type(const struct json *value)
{
	const cJSON *node = node_of(value);

	switch (node->type & 0xff) {
	case cJSON_True:
	case cJSON_False:
		return JSON_BOOLEAN;
	case cJSON_String:
		return is_marked(node) ? JSON_NUMBER : JSON_STRING;
	case cJSON_Array:
		return JSON_ARRAY;
	case cJSON_Object:
		return JSON_OBJECT;
	default:
		return JSON_NULL;
	}
}

const char *json_type_name(enum json_type type)
{
	static const char *const names[] = {
		[JSON_NULL] = "null",
		[JSON_BOOLEAN] = "boolean",
		[JSON_NUMBER] = "number",
		[JSON_STRING] = "string",
		[JSON_ARRAY] = "array",
		[JSON_OBJECT] = "object",
	};

	return names[type];
}

const char *json_text(const struct json *value)
{
	const cJSON *node = node_of(value);

	switch (node->type & 0xff) {
	case cJSON_True:
		return "true";
	case cJSON_False:
		return "false";
	case cJSON_String:
		return node->valuestring + is_marked(node);
	default:
		return "";
	}
}

const char *json_key(const struct json *value)
{
	return node_of(value)->string;
}

const struct json *json_first(const struct json *container)
{
	return value_of(node_of(container)->child);
}

const struct json *json_next(const struct json *value)
{
	return value_of(node_of(value)->next);
}

const struct json *json_previous(const struct json *value)
{
	const cJSON *before = node_of(value)->prev;

	return before && before->next ? value_of(before) :
					NULL; /* the first node's `prev` is the last node */
}

size_t json_count(const struct json *container)
{
	size_t count = 0;

	for (const struct json *item = json_first(container); item; item = json_next(item))
		count++;
	return count;
}

/* json_get for a key that is not NUL-terminated. */
static const struct json *json_get_member(const struct json *object, const char *key, size_t len)
{
	const struct json *found = NULL;

	if (!object || json_type(object) != JSON_OBJECT)
		return NULL;
	for (const struct json *item = json_first(object); item; item = json_next(item)) {
		const char *name = json_key(item);

		if (*name == *key && strncmp(name, key, len) == 0 && name[len] == '\0')
			found = item;
	}
	return found;
}

const struct json *json_get(const struct json *object, const char *key)
{
	return json_get_member(object, key, strlen(key));
}

const struct json *json_get_path(const struct json *value, const char *path)
{
	while (value && *path) {
		size_t len = strcspn(path, ".");

		value = json_get_member(value, path, len);
		path += len;
		path += *path == '.';
	}
	return value;
}

/* The parts of a JSON number. Only its digits and the position of the point matter. */
struct digits {
	const char *whole, *fraction;
	size_t n_whole, n_fraction;
	int64_t exponent;
	bool negative;
};

enum { EXPONENT_MAX = 1 << 30 };

static const char *json_skip_digits(const char *text, size_t *n)
{
	*n = strspn(text, "0123456789");
	return text + *n;
}

/*
 * False: the text is no number. An exponent saturates at EXPONENT_MAX: no text has enough digits to offset
 * it.
 */
static bool json_read_digits(const char *text, struct digits *out)
{
	size_t n = 0;

	*out = (struct digits){ .negative = *text == '-' };
	out->whole = text + out->negative;
	text = out->fraction = json_skip_digits(out->whole, &out->n_whole);
	if (*text == '.') {
		text = json_skip_digits(++out->fraction, &out->n_fraction);
		if (!out->n_fraction)
			return false;
	}
	if (out->n_whole && (*text == 'e' || *text == 'E')) {
		bool down = *++text == '-';
		text += down || *text == '+';
		for (const char *at = text; *at >= '0' && *at <= '9'; at++, n++)
			if (out->exponent < EXPONENT_MAX)
				out->exponent = out->exponent * 10 + (*at - '0');
		text += n;
		if (down)
			out->exponent = -out->exponent;
		if (!n)
			return false;
	}
	return out->n_whole && !*text;
}

/* Adds a digit to a negative sum, so that INT64_MIN is reached too. */
static bool append_digit(int64_t *sum, char digit)
{
	return !__builtin_mul_overflow(*sum, 10, sum) && !__builtin_sub_overflow(*sum, digit - '0', sum);
}

int64_t json_integer(const struct json *value, int64_t otherwise)
{
	struct digits digits;
	int64_t sum = 0;

	if (!value || (json_type(value) != JSON_NUMBER && json_type(value) != JSON_STRING) ||
		!json_read_digits(json_text(value), &digits))
		return otherwise;

	int64_t n = (int64_t)(digits.n_whole + digits.n_fraction);
	int64_t before = (int64_t)digits.n_whole + digits.exponent; /* digits before the point */
	for (int64_t i = 0; i < n; i++) {
		size_t at = (size_t)i;
		char digit = at < digits.n_whole ? digits.whole[at] : digits.fraction[at - digits.n_whole];
		if (i < before ? !append_digit(&sum, digit) : digit != '0')
			return otherwise;
	}
	for (int64_t i = n; sum && i < before; i++)
		if (!append_digit(&sum, '0'))
			return otherwise;
	if (digits.negative)
		return sum;
	return sum == INT64_MIN ? otherwise : -sum;
}

/* The letter of the two-character escape; 0: there is none. */
static char escape_of(char byte)
{
	switch (byte) {
	case '"':
	case '\\':
		return byte;
	case '\b':
		return 'b';
	case '\f':
		return 'f';
	case '\n':
		return 'n';
	case '\r':
		return 'r';
	case '\t':
		return 't';
	default:
		return 0;
	}
}

/* Writes a character as \uXXXX; one above U+FFFF as two of those. Returns the length. */
static size_t write_escape(char *escape, uint32_t point)
{
	size_t n = 0;

	if (point > 0xffff) {
		n = write_escape(escape, 0xd800 + ((point - 0x10000) >> 10));
		point = 0xdc00 + ((point - 0x10000) & 0x3ff);
	}
	escape[n] = '\\';
	escape[n + 1] = 'u';
	for (size_t i = n + 5; i > n + 1; i--, point >>= 4)
		escape[i] = BUF_HEX_LOWER[point & 0xf];
	return n + 6;
}

/* Writes the escape of the character at `at` if JSON or a terminal needs one. Returns its length, 0: none. */
static size_t quote_character(char *escape, const char *text, const char *at, size_t *length)
{
	char letter = escape_of(*at);
	uint32_t point;

	*length = 1;
	if (letter) {
		escape[0] = '\\';
		escape[1] = letter;
		return 2;
	}
	if (!shown_unsafe(text, at, &point, length) || (*length == 1 && point >= 0x80))
		return 0;
	return write_escape(escape, point);
}

static bool is_verbatim(char byte)
{
	return shown_is_plain(byte) && byte != '"' && byte != '\\';
}

bool json_quote(struct buf *out, const char *text)
{
	const char *run = text, *at = text;
	char escape[12];
	size_t length, n;

	buf_putc(out, '"');
	for (;; at += length) {
		while (is_verbatim(*at))
			at++;
		if (!*at)
			break;
		n = quote_character(escape, text, at, &length);
		if (!n)
			continue;
		if (at > run)
			buf_add(out, run, (size_t)(at - run));
		if (!buf_add(out, escape, n))
			return false;
		run = at + length;
	}
	buf_add(out, run, (size_t)(at - run));
	return buf_putc(out, '"');
}

struct printer {
	struct buf *out;
	int indent, depth;
	json_instead_fn *instead;
};

static void break_line(const struct printer *p)
{
	if (p->indent == 0)
		return;
	buf_putc(p->out, '\n');
	for (int blanks = p->indent * p->depth; blanks > 0; blanks--)
		buf_putc(p->out, ' ');
}

static void print_value(struct printer *p, const struct json *value, const void *context);

static void print_member(struct printer *p, const struct json *member, const void *context)
{
	const char *instead = p->instead ? p->instead(member, &context) : NULL;

	break_line(p);
	if (json_key(member)) {
		json_quote(p->out, json_key(member));
		buf_puts(p->out, p->indent ? ": " : ":");
	}
	if (instead)
		json_quote(p->out, instead);
	else
		print_value(p, member, context);
	if (json_next(member))
		buf_putc(p->out, ',');
}

static void print_container(struct printer *p, const struct json *value, const void *context,
	const char *brackets)
{
	buf_putc(p->out, brackets[0]);
	p->depth++;
	for (const struct json *item = json_first(value); item; item = json_next(item))
		print_member(p, item, context);
	p->depth--;
	if (json_first(value))
		break_line(p);
	buf_putc(p->out, brackets[1]);
}

static void print_value(struct printer *p, const struct json *value, const void *context)
{
	switch (json_type(value)) {
	case JSON_OBJECT:
		print_container(p, value, context, "{}");
		break;
	case JSON_ARRAY:
		print_container(p, value, context, "[]");
		break;
	case JSON_STRING:
		json_quote(p->out, json_text(value));
		break;
	case JSON_NULL:
		buf_puts(p->out, "null");
		break;
	default:
		buf_puts(p->out, json_text(value));
	}
}

bool json_print_instead(struct buf *out, const struct json *value, int indent, json_instead_fn *instead,
	const void *context)
{
	struct printer p = { .out = out, .indent = indent, .instead = instead };

	print_value(&p, value, context);
	return !out->full;
}

bool json_print(struct buf *out, const struct json *value, int indent)
{
	return json_print_instead(out, value, indent, NULL, NULL);
}

const char *json_library(void)
{
	return cJSON_Version();
}
