#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *text_alloc(size_t size)
{
	void *p = calloc(1, size ? size : 1);

	if (!p)
		abort();
	return p;
}

char *text_dup_n(const char *s, size_t n)
{
	char *copy = text_alloc(n + 1);

	memcpy(copy, s, n);
	return copy;
}

char *text_dup(const char *s)
{
	return s ? text_dup_n(s, strlen(s)) : NULL;
}

static void text_room(struct text *t, size_t more)
{
	size_t need = t->len + more + 1;
	size_t cap = t->cap ? t->cap : 64;

	if (need <= t->cap)
		return;
	while (cap < need)
		cap *= 2;
	t->data = realloc(t->data, cap);
	if (!t->data)
		abort();
	t->cap = cap;
}

void text_free(struct text *t)
{
	free(t->data);
	*t = (struct text){ 0 };
}

void text_clear(struct text *t)
{
	t->len = 0;
	if (t->data)
		t->data[0] = '\0';
}

void text_add(struct text *t, const void *bytes, size_t n)
{
	text_room(t, n);
	if (n)
		memcpy(t->data + t->len, bytes, n);
	t->len += n;
	t->data[t->len] = '\0';
}

void text_fill(struct text *t, char c, size_t n)
{
	char *bytes = text_alloc(n);

	memset(bytes, c, n);
	text_add(t, bytes, n);
	free(bytes);
}

bool text_add_file(struct text *t, const char *path)
{
	FILE *f = path ? fopen(path, "rb") : NULL;
	char block[65536];
	size_t n;

	if (!f)
		return false;
	while ((n = fread(block, 1, sizeof(block), f)) > 0)
		text_add(t, block, n);
	fclose(f);
	return true;
}

char *text_file(const char *path)
{
	struct text t = { 0 };

	return text_add_file(&t, path) ? text_take(&t) : NULL;
}

void text_add_str(struct text *t, const char *s)
{
	text_add(t, s, strlen(s));
}

void text_add_char(struct text *t, char c)
{
	text_add(t, &c, 1);
}

void text_addf(struct text *t, const char *fmt, ...)
{
	va_list ap, again;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		abort();
	text_room(t, (size_t)n);
	vsnprintf(t->data + t->len, (size_t)n + 1, fmt, again);
	va_end(again);
	t->len += (size_t)n;
}

/* The length of the UTF-8 sequence at s, or 0 when the bytes are not UTF-8. */
static size_t utf8_length(const unsigned char *s, size_t n)
{
	size_t want = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 :
		s[0] < 0xf5 ? 4 : 0;

	if (want == 0 || want > n)
		return 0;
	for (size_t i = 1; i < want; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return want;
}

void text_add_json(struct text *t, const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;

	text_add_char(t, '"');
	for (size_t i = 0; i < n;) {
		size_t len = utf8_length(p + i, n - i);

		if (n - i >= 2 && p[i] == 0xc0 && p[i + 1] == 0x80) { /* a NUL in a C string */
			text_add_str(t, "\\u0000");
			i += 2;
		} else if (len == 0) {
			text_add_str(t, "\xef\xbf\xbd");
			i++;
		} else if (p[i] == '"' || p[i] == '\\') {
			text_addf(t, "\\%c", p[i++]);
		} else if (p[i] < 0x20 || p[i] == 0x7f) {
			text_addf(t, "\\u%04x", p[i++]);
		} else {
			text_add(t, p + i, len);
			i += len;
		}
	}
	text_add_char(t, '"');
}

void text_add_json_str(struct text *t, const char *s)
{
	text_add_json(t, s ? s : "", s ? strlen(s) : 0);
}

char *text_take(struct text *t)
{
	char *data = t->data ? t->data : text_alloc(1);

	*t = (struct text){ 0 };
	return data;
}
