/*
 * cursor.c - walks compact JSON text that json_print wrote.
 *
 * The text is valid, so quotes and brackets alone show where a value ends. Each step still stops at the end
 * of the text.
 */
#include "json/cursor.h"

#include <string.h>

#include "json/json.h"

/* The end of the string whose opening quote is at `at`. */
static const char *skip_string(const char *at, const char *end)
{
	for (at++; at < end && *at != '"'; at++)
		at += *at == '\\';
	return at < end ? at + 1 : end;
}

static const char *skip_container(const char *at, const char *end)
{
	int depth = 0;

	while (at < end) {
		if (*at == '"') {
			at = skip_string(at, end);
			continue;
		}
		depth += (*at == '{' || *at == '[') - (*at == '}' || *at == ']');
		at++;
		if (!depth)
			return at;
	}
	return end;
}

static const char *skip_value(const char *at, const char *end)
{
	if (at < end && *at == '"')
		return skip_string(at, end);
	if (at < end && (*at == '{' || *at == '['))
		return skip_container(at, end);
	while (at < end && *at != ',' && *at != '}' && *at != ']')
		at++;
	return at;
}

struct json_cursor json_cursor_open(struct json_slice value)
{
	bool object = value.len && *value.text == '{', list = value.len && *value.text == '[';
	const char *end = value.text + value.len;

	return (struct json_cursor){ object || list ? value.text + 1 : end, end, object };
}

bool json_cursor_next(struct json_cursor *cursor, struct json_slice *name, struct json_slice *value)
{
	const char *at = cursor->at, *end = cursor->end;

	at += at < end && *at == ',';
	if (at >= end || *at == '}' || *at == ']')
		return false;
	*name = (struct json_slice){ at, 0 };
	if (cursor->named) {
		const char *after = skip_string(at, end);
		size_t quoted = (size_t)(after - at);
		*name = (struct json_slice){ at + 1, quoted < 2 ? 0 : quoted - 2 };
		at = after + (after < end); /* the colon */
	}
	cursor->at = skip_value(at, end);
	*value = (struct json_slice){ at, (size_t)(cursor->at - at) };
	return true;
}

/* `member` contains no character that JSON escapes, so its bytes are compared. */
static struct json_slice cursor_get_member(struct json_slice object, const char *member, size_t len)
{
	struct json_cursor cursor = json_cursor_open(object);
	struct json_slice found = { object.text, 0 }, name, value;

	while (cursor.named && json_cursor_next(&cursor, &name, &value))
		if (name.len == len && !memcmp(name.text, member, len))
			found = value;
	return found;
}

struct json_slice json_cursor_get(struct json_slice value, const char *path)
{
	while (value.len && *path) {
		size_t len = strcspn(path, ".");
		value = cursor_get_member(value, path, len);
		path += len + (path[len] == '.');
	}
	return value;
}

static bool add_unescaped(struct buf *out, struct json_slice value)
{
	struct json *root;

	if (json_parse(&root, value.text, value.len))
		return false;
	bool added = buf_puts(out, json_text(root));
	json_free(root);
	return added;
}

bool json_cursor_text(struct buf *out, struct json_slice value)
{
	if (!value.len || *value.text == '{' || *value.text == '[' || *value.text == 'n')
		return false;
	if (*value.text != '"')
		return buf_add(out, value.text, value.len);
	if (memchr(value.text, '\\', value.len))
		return add_unescaped(out, value);
	return value.len >= 2 && buf_add(out, value.text + 1, value.len - 2);
}
