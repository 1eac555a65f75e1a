/*
 * fuzz_json.c - any bytes as JSON: refused, or every value of them there and back, digit for digit.
 *
 * What json.c reads is held against a reading of our own of the same bytes, which knows nothing but where tokens
 * begin and end (the text is known to be JSON by then).
 */
#include "fuzz.h"

struct seen {
	struct buf tokens; /* numbers and plain strings in the text's order, each on a line */
	size_t values;
};

/* ---- our own reading ---- */

static const uint8_t *own_string(struct seen *seen, const uint8_t *at)
{
	const uint8_t *from = ++at;
	bool plain = true;

	for (; *at != '"'; at++) {
		plain = plain && *at != '\\' && *at < 0x7f;
		at += *at == '\\';
	}
	if (plain)
		buf_add(&seen->tokens, from, (size_t)(at - from));
	buf_puts(&seen->tokens, plain ? "\n" : "?\n");
	return at + 1;
}

static void own_reading(struct seen *seen, const uint8_t *at)
{
	while (*at) {
		size_t digits = strspn((const char *)at, "+-.0123456789eE");
		if (*at == '"') {
			at = own_string(seen, at);
		} else if (*at == '-' || (*at >= '0' && *at <= '9')) {
			buf_add(&seen->tokens, at, digits);
			buf_putc(&seen->tokens, '\n');
			at += digits;
		} else { /* true, null, false, or a mark */
			at += *at == 't' || *at == 'n' ? 4 : *at == 'f' ? 5 : 1;
		}
	}
}

/* ---- its reading ---- */

static bool is_plain(const char *text)
{
	for (; *text; text++)
		if (*text == '"' || *text == '\\' || *text < ' ' || *text == 0x7f)
			return false;
	return true;
}

static void put_string(struct seen *seen, const char *text)
{
	CHECK(fuzz_is_utf8(text));
	if (is_plain(text))
		buf_puts(&seen->tokens, text);
	buf_puts(&seen->tokens, is_plain(text) ? "\n" : "?\n");
}

static void walk(struct seen *seen, const struct json *value, unsigned depth)
{
	enum json_type type = json_type(value);
	size_t n = 0;

	CHECK(++seen->values <= JSON_VALUES_MAX);
	if (json_key(value))
		put_string(seen, json_key(value));
	CHECK(json_type_name(type)[0]);
	if (type == JSON_STRING) {
		put_string(seen, json_text(value));
	} else if (type == JSON_NUMBER) {
		buf_printf(&seen->tokens, "%s\n", json_text(value));
		json_integer(value, -1);
	} else if (type == JSON_ARRAY || type == JSON_OBJECT) {
		CHECK(depth < JSON_DEPTH_MAX);
		for (const struct json *item = json_first(value); item; item = json_next(item), n++) {
			CHECK(!json_key(item) == (type == JSON_ARRAY));
			walk(seen, item, depth + 1);
		}
	}
	if (type == JSON_ARRAY || type == JSON_OBJECT)
		CHECK(json_count(value) == n && json_text(value)[0] == '\0');
	else
		CHECK(!json_first(value));
}

/* Where our own reading says "?", the other may say anything. */
static void check_same(const char *own, const char *its)
{
	while (*own && *its) {
		size_t own_len = strcspn(own, "\n"), its_len = strcspn(its, "\n");
		if (own_len != 1 || *own != '?')
			CHECK(own_len == its_len && !memcmp(own, its, own_len));
		own += own_len + 1;
		its += its_len + 1;
	}
	CHECK(!*own && !*its);
}

static void check_members(const struct json *value, unsigned *budget)
{
	for (const struct json *item = json_first(value); item && *budget; item = json_next(item)) {
		const struct json *last = item;
		--*budget;
		check_members(item, budget);
		if (!json_key(item))
			continue;
		for (const struct json *other = item; other; other = json_next(other))
			if (!strcmp(json_key(other), json_key(item)))
				last = other;
		CHECK(json_get(value, json_key(item)) == last);
		if (json_key(item)[0] && !strchr(json_key(item), '.'))
			CHECK(json_get_path(value, json_key(item)) == last);
	}
}

/* ---- printing ---- */

static void print(struct buf *out, const struct json *value, int indent)
{
	buf_init(out, SIZE_MAX);
	CHECK(json_print(out, value, indent));
}

/* Printed, read and printed again, it is the same; so it is when it was indented. */
static void check_round(const struct json *root)
{
	struct json *again, *indented;
	struct buf compact, wide, second, third;

	print(&compact, root, 0);
	print(&wide, root, 2);
	if (compact.len <= JSON_BYTES_MAX && wide.len <= JSON_BYTES_MAX) {
		CHECK(json_parse(&again, compact.data, compact.len) == ERR_NONE);
		CHECK(json_parse(&indented, wide.data, wide.len) == ERR_NONE);
		print(&second, again, 0);
		print(&third, indented, 0);
		CHECK(!strcmp(compact.data, second.data) && !strcmp(compact.data, third.data));
		buf_release(&second);
		buf_release(&third);
		json_free(again);
		json_free(indented);
	}
	CHECK(compact.len == strlen(compact.data) && fuzz_is_utf8(compact.data));
	buf_release(&wide);
	buf_init(&wide, compact.len - 1);
	CHECK(!json_print(&wide, root, 0) && wide.len < compact.len); /* one byte too few */
	buf_release(&wide);
	buf_release(&compact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct json *root = (struct json *)(uintptr_t)1;
	struct seen own = { .values = 0 }, its = { .values = 0 };
	unsigned budget = 300;
	enum error error = json_parse(&root, (const char *)data, size);

	CHECK(error == ERR_NONE || error == ERR_ANSWER || error == ERR_TOO_BIG);
	CHECK((root != NULL) == (error == ERR_NONE));
	if (error)
		return 0;
	char *text = fuzz_text(data, size); /* JSON holds no NUL byte */
	CHECK(strlen(text) == size);
	buf_init(&own.tokens, SIZE_MAX);
	buf_init(&its.tokens, SIZE_MAX);
	own_reading(&own, (const uint8_t *)text);
	walk(&its, root, 0);
	check_same(own.tokens.data, its.tokens.data);
	check_members(root, &budget);
	check_round(root);
	buf_release(&own.tokens);
	buf_release(&its.tokens);
	free(text);
	json_free(root);
	return 0;
}
