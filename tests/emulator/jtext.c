#include "jtext.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { JTEXT_DEPTH = 1000 };

static const char *skip_space(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
		p++;
	return p;
}

static const char *skip_string(const char *p, const char *end)
{
	for (p++; p < end; p++) {
		if (*p == '"')
			return p + 1;
		if ((unsigned char)*p < 0x20)
			return NULL;
		if (*p != '\\')
			continue;
		if (++p == end)
			return NULL;
		if (*p == 'u') {
			for (int i = 0; i < 4; i++)
				if (++p >= end || !isxdigit((unsigned char)*p))
					return NULL;
		} else if (*p == '\0' || !strchr("\"\\/bfnrt", *p)) {
			return NULL;
		}
	}
	return NULL;
}

static const char *skip_digits(const char *p, const char *end)
{
	const char *start = p;

	while (p < end && isdigit((unsigned char)*p))
		p++;
	return p == start ? NULL : p;
}

static const char *skip_number(const char *p, const char *end)
{
	if (p < end && *p == '-')
		p++;
	if (p < end && *p == '0')
		p++;
	else
		p = skip_digits(p, end);
	if (p && p < end && *p == '.')
		p = skip_digits(p + 1, end);
	if (p && p < end && (*p == 'e' || *p == 'E')) {
		p++;
		if (p < end && (*p == '+' || *p == '-'))
			p++;
		p = skip_digits(p, end);
	}
	return p;
}

static const char *skip_value(const char *p, const char *end, int depth);

static const char *skip_word(const char *p, const char *end, const char *word)
{
	size_t n = strlen(word);

	return (size_t)(end - p) >= n && !memcmp(p, word, n) ? p + n : NULL;
}

/* An object or an array: the same walk, with or without keys. */
static const char *skip_container(const char *p, const char *end, int depth)
{
	bool keys = *p == '{';
	char close = keys ? '}' : ']';

	p = skip_space(p + 1, end);
	if (p < end && *p == close)
		return p + 1;
	while (p && p < end) {
		if (keys) {
			if (*p != '"' || !(p = skip_string(p, end)))
				return NULL;
			p = skip_space(p, end);
			if (p == end || *p != ':')
				return NULL;
			p = skip_space(p + 1, end);
		}
		p = skip_value(p, end, depth + 1);
		if (!p)
			return NULL;
		p = skip_space(p, end);
		if (p == end)
			return NULL;
		if (*p == close)
			return p + 1;
		if (*p != ',')
			return NULL;
		p = skip_space(p + 1, end);
	}
	return NULL;
}

static const char *skip_value(const char *p, const char *end, int depth)
{
	if (p == end || depth > JTEXT_DEPTH)
		return NULL;
	switch (*p) {
	case '{':
	case '[':
		return skip_container(p, end, depth);
	case '"':
		return skip_string(p, end);
	case 't':
		return skip_word(p, end, "true");
	case 'f':
		return skip_word(p, end, "false");
	case 'n':
		return skip_word(p, end, "null");
	default:
		return skip_number(p, end);
	}
}

bool jtext_valid(const char *p, size_t n)
{
	const char *end = p + n;

	if (!p)
		return false;
	p = skip_value(skip_space(p, end), end, 0);
	return p && skip_space(p, end) == end;
}

char jtext_type(struct slice v)
{
	if (!v.p || !v.n)
		return 0;
	return strchr("{[\"tfn", v.p[0]) && v.p[0] ? v.p[0] : '0';
}

bool jtext_is(struct slice v, const char *raw)
{
	return v.p && strlen(raw) == v.n && !memcmp(v.p, raw, v.n);
}

bool jtext_int(struct slice v, int64_t *out)
{
	char digits[24];
	char *end;

	if (jtext_type(v) != '0' || v.n >= sizeof(digits))
		return false;
	memcpy(digits, v.p, v.n);
	digits[v.n] = '\0';
	errno = 0;
	*out = strtoll(digits, &end, 10);
	return errno == 0 && *end == '\0';
}

static unsigned hex4(const char *p)
{
	char four[5] = { p[0], p[1], p[2], p[3], 0 };

	return (unsigned)strtoul(four, NULL, 16);
}

static void add_utf8(struct text *t, unsigned c, bool whole)
{
	if (c == 0 && whole) {
		text_add_str(t, "\xc0\x80");
	} else if (c < 0x80) {
		text_add_char(t, (char)c);
	} else if (c < 0x800) {
		text_add_char(t, (char)(0xc0 | c >> 6));
		text_add_char(t, (char)(0x80 | (c & 63)));
	} else if (c < 0x10000) {
		text_add_char(t, (char)(0xe0 | c >> 12));
		text_add_char(t, (char)(0x80 | (c >> 6 & 63)));
		text_add_char(t, (char)(0x80 | (c & 63)));
	} else {
		text_add_char(t, (char)(0xf0 | c >> 18));
		text_add_char(t, (char)(0x80 | (c >> 12 & 63)));
		text_add_char(t, (char)(0x80 | (c >> 6 & 63)));
		text_add_char(t, (char)(0x80 | (c & 63)));
	}
}

/* p is at the letter after the backslash; returns the last byte that was used. */
static const char *add_escape(struct text *t, const char *p, const char *end, bool whole)
{
	static const char names[] = "bfnrt", bytes[] = "\b\f\n\r\t";
	const char *at = strchr(names, *p);
	unsigned c;

	if (*p != 'u') {
		text_add_char(t, at ? bytes[at - names] : *p);
		return p;
	}
	c = hex4(p + 1);
	p += 4;
	if (c >= 0xd800 && c < 0xdc00 && end - p > 6 && p[1] == '\\' && p[2] == 'u') {
		unsigned low = hex4(p + 3);

		if (low >= 0xdc00 && low < 0xe000) {
			c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
			p += 6;
		}
	}
	add_utf8(t, c >= 0xd800 && c < 0xe000 ? 0xfffd : c, whole);
	return p;
}

char *jtext_string(struct slice v, size_t *len)
{
	struct text t = { 0 };
	const char *end;

	if (jtext_type(v) != '"')
		return NULL;
	end = v.p + v.n - 1;
	for (const char *p = v.p + 1; p < end; p++) {
		if (*p == '\\')
			p = add_escape(&t, p + 1, end, !len);
		else
			text_add_char(&t, *p);
	}
	if (len)
		*len = t.len;
	return text_take(&t);
}

void jtext_minify(struct text *out, const char *p, size_t n)
{
	const char *end = p + n;

	if (!jtext_valid(p, n)) {
		text_add(out, p, n);
		return;
	}
	while (p < end) {
		const char *next = *p == '"' ? skip_string(p, end) : p + 1;

		if (skip_space(p, end) == p)
			text_add(out, p, (size_t)(next - p));
		p = next;
	}
}

bool jtext_next(struct slice array, size_t *pos, struct slice *item)
{
	const char *end, *p, *after;

	if (jtext_type(array) != '[')
		return false;
	end = array.p + array.n;
	p = skip_space(array.p + (*pos ? *pos : 1), end);
	if (p < end && *p == ',')
		p = skip_space(p + 1, end);
	if (p >= end || *p == ']' || !(after = skip_value(p, end, 0)))
		return false;
	*item = (struct slice){ p, (size_t)(after - p) };
	*pos = (size_t)(after - array.p);
	return true;
}

static void add_member(struct jobject *o, struct slice key, struct slice value)
{
	if (o->n % 32 == 0) {
		o->m = realloc(o->m, (o->n + 32) * sizeof(*o->m));
		if (!o->m)
			abort();
	}
	o->m[o->n++] = (struct jmember){ key, value };
}

bool jobject_parse(struct jobject *o, struct slice text)
{
	const char *end, *p, *after;

	*o = (struct jobject){ 0 };
	if (!jtext_valid(text.p, text.n))
		return false;
	end = text.p + text.n;
	p = skip_space(text.p, end);
	if (*p != '{')
		return false;
	for (p = skip_space(p + 1, end); *p != '}'; p = skip_space(p, end)) {
		struct slice key;

		if (*p == ',')
			p = skip_space(p + 1, end);
		after = skip_string(p, end);
		key = (struct slice){ p + 1, (size_t)(after - p) - 2 };
		p = skip_space(skip_space(after, end) + 1, end);
		after = skip_value(p, end, 0);
		add_member(o, key, (struct slice){ p, (size_t)(after - p) });
		p = after;
	}
	return true;
}

void jobject_free(struct jobject *o)
{
	free(o->m);
	*o = (struct jobject){ 0 };
}

struct slice jobject_get(const struct jobject *o, const char *key)
{
	for (size_t i = 0; i < o->n; i++)
		if (jtext_is(o->m[i].key, key))
			return o->m[i].value;
	return (struct slice){ 0 };
}

struct slice jtext_member(struct slice object, const char *key)
{
	struct jobject o;
	struct slice v = { 0 };

	if (object.p && jobject_parse(&o, object)) {
		v = jobject_get(&o, key);
		jobject_free(&o);
	}
	return v;
}

char *jtext_member_string(struct slice object, const char *key)
{
	return jtext_string(jtext_member(object, key), NULL);
}

int64_t jtext_member_int(struct slice object, const char *key, int64_t otherwise)
{
	int64_t n;

	return jtext_int(jtext_member(object, key), &n) ? n : otherwise;
}

struct slice jtext_slice(const char *s)
{
	return (struct slice){ s, s ? strlen(s) : 0 };
}
