/*
 * buf.c - a byte buffer with a ceiling; allocation that aborts.
 *
 * A buffer starts on a shared empty string, so it costs nothing until the first add. Its room then doubles up
 * to the ceiling. An add that does not fit appends nothing, because a part of a piece would be worse than
 * none.
 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 64 };

/* What an unused buffer points to. It is never written: `room` is 0 then. */
static const char EMPTY[1] = "";

void out_of_memory(void)
{
	fputs("describefs: out of memory\n", stderr);
	abort();
}

static void *require(void *memory)
{
	if (memory == NULL)
		out_of_memory();
	return memory;
}

void *xmalloc(size_t size)
{
	return require(malloc(size ? size : 1));
}

void *xcalloc(size_t count, size_t size)
{
	return require(calloc(count ? count : 1, size ? size : 1));
}

void *xrealloc(void *old, size_t size)
{
	return require(realloc(old, size ? size : 1));
}

char *xstrdup(const char *text)
{
	return xstrndup(text, strlen(text));
}

char *xstrndup(const char *text, size_t len)
{
	len = strnlen(text, len);
	char *copy = xmalloc(len + 1);
	memcpy(copy, text, len);
	copy[len] = '\0';
	return copy;
}

/* The ceiling is limited so that `max + 1` does not overflow. */
void buf_init(struct buf *buf, size_t max)
{
	if (max > PTRDIFF_MAX - 1)
		max = PTRDIFF_MAX - 1;
	*buf = (struct buf){ .data = (char *)(uintptr_t)EMPTY, .max = max };
}

void buf_init_whole(struct buf *buf, size_t max)
{
	buf_init(buf, max);
	buf->data = xmalloc(max + 1);
	buf->data[0] = '\0';
	buf->room = max + 1;
}

void buf_expect(struct buf *buf, size_t len)
{
	if (len >= buf->max)
		len = buf->max;
	if (len < buf->room)
		return;
	char *data = realloc(buf->room > 0 ? buf->data : NULL, len + 1);
	if (data == NULL)
		return;
	if (buf->room == 0)
		data[0] = '\0';
	buf->data = data;
	buf->room = len + 1;
}

void buf_release(struct buf *buf)
{
	if (buf->room > 0)
		free(buf->data);
	buf_init(buf, buf->max);
}

void buf_clear(struct buf *buf)
{
	if (buf->room > 0)
		buf->data[0] = '\0';
	buf->len = 0;
	buf->full = false;
}

/* Makes room for `len` more bytes and the NUL. False: the buffer is marked full. */
static bool buf_reserve(struct buf *buf, size_t len)
{
	if (buf->full || len > buf->max - buf->len) {
		buf->full = true;
		return false;
	}
	size_t needed = buf->len + len + 1;
	if (needed <= buf->room)
		return true;
	size_t room = buf->room * 2;
	if (room < needed)
		room = needed;
	if (room < FIRST_ROOM)
		room = FIRST_ROOM;
	if (room > buf->max)
		room = buf->max + 1;
	char *data = realloc(buf->room > 0 ? buf->data : NULL, room);
	if (data == NULL) {
		buf->full = true;
		return false;
	}
	buf->data = data;
	buf->room = room;
	return true;
}

bool buf_add(struct buf *buf, const void *bytes, size_t len)
{
	bool fits = !buf->full && len < buf->room - buf->len;
	if (!fits && !buf_reserve(buf, len))
		return false;
	if (len > 0)
		memcpy(buf->data + buf->len, bytes, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
	return true;
}

bool buf_puts(struct buf *buf, const char *text)
{
	return buf_add(buf, text, strlen(text));
}

const char BUF_HEX_LOWER[17] = "0123456789abcdef", BUF_HEX_UPPER[17] = "0123456789ABCDEF";

bool buf_add_hex(struct buf *buf, const char *before, uint32_t value, unsigned n, const char *digits)
{
	char text[24];
	size_t len = 0;

	for (; len < sizeof text - 8 && before[len]; len++)
		text[len] = before[len];
	for (unsigned i = n; i-- > 0; value >>= 4)
		text[len + i] = digits[value & 0xf];
	return buf_add(buf, text, len + n);
}

bool buf_printf(struct buf *buf, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	va_list again;
	va_copy(again, args);
	int len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	bool fits = len >= 0 && buf_reserve(buf, (size_t)len);
	if (fits) {
		vsnprintf(buf->data + buf->len, (size_t)len + 1, format, again);
		buf->len += (size_t)len;
	}
	va_end(again);
	if (len < 0)
		buf->full = true;
	return fits;
}

char *buf_take(struct buf *buf)
{
	char *bytes = buf->room > 0 ? buf->data : xstrdup("");
	buf_init(buf, buf->max);
	return bytes;
}

/* The array, with its final NULL, is reallocated to twice its size whenever it fills a power of two. */
void texts_add(struct texts *texts, char *text)
{
	size_t room = texts->n + 1;

	if (!(room & (room - 1)))
		texts->v = xrealloc(texts->v, 2 * room * sizeof *texts->v);
	texts->v[texts->n++] = text;
	texts->v[texts->n] = NULL;
}

void texts_release(struct texts *texts)
{
	for (size_t i = 0; i < texts->n; i++)
		free(texts->v[i]);
	free(texts->v);
	*texts = (struct texts){ .v = NULL };
}

bool texts_have(const struct texts *texts, const char *text)
{
	for (size_t i = 0; i < texts->n; i++)
		if (strcmp(texts->v[i], text) == 0)
			return true;
	return false;
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void texts_sort(struct texts *texts)
{
	if (texts->n > 1)
		qsort(texts->v, texts->n, sizeof(*texts->v), compare_texts);
}
