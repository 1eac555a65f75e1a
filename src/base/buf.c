/*
 * buf.c - bytes with a ceiling, and the allocators that abort.
 *
 * A buffer starts on a shared empty string, so it costs nothing until something is added; then it
 * doubles up to its ceiling.  An add that would pass the ceiling, or for which memory is out,
 * marks the buffer full and adds nothing: a half-written piece would be worse than a missing one.
 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 64 };

/* What an unused buffer points to.  Nobody may write to it: room is 0 wherever it is in use. */
static const char EMPTY[1] = "";

void out_of_memory(void)
{
	fputs("describefs: out of memory\n", stderr);
	abort();
}

static void *need(void *memory)
{
	if (memory == NULL)
		out_of_memory();
	return memory;
}

void *xmalloc(size_t size)
{
	return need(malloc(size ? size : 1));
}

void *xcalloc(size_t count, size_t size)
{
	return need(calloc(count ? count : 1, size ? size : 1));
}

void *xrealloc(void *old, size_t size)
{
	return need(realloc(old, size ? size : 1));
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

/* A ceiling near SIZE_MAX would make `max + 1` wrap; nothing can be that long anyway. */
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

/* Makes room for `len` more bytes and the NUL; false, and the buffer full, if that may not be. */
static bool reserve(struct buf *buf, size_t len)
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
	if (!fits && !reserve(buf, len))
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
	bool fits = len >= 0 && reserve(buf, (size_t)len);
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

/* The room, one for the NULL included, doubles whenever it is a power of two that is full. */
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

/* The finaliser of MurmurHash3: FNV-1a alone leaves the high bits of short texts nearly alike. */
static uint64_t mix(uint64_t hash)
{
	hash ^= hash >> 33;
	hash *= UINT64_C(0xff51afd7ed558ccd);
	hash ^= hash >> 33;
	hash *= UINT64_C(0xc4ceb9fe1a85ec53);
	return hash ^ hash >> 33;
}

static uint64_t read_word(const unsigned char *at)
{
	uint64_t word = 0;
	for (size_t i = 0; i < 8; i++) /* the compiler makes one load of it */
		word |= (uint64_t)at[i] << (8 * i);
	return word;
}

enum { LANES = 4, STRIDE = 8 * LANES };

/* Folds all whole strides of a long text into one number. */
static uint64_t hash_lanes(uint64_t seed, const unsigned char *at, size_t strides)
{
	uint64_t lanes[LANES], hash = seed;
	for (size_t lane = 0; lane < LANES; lane++)
		lanes[lane] = mix(seed + lane);
	for (; strides > 0; strides--)
		for (size_t lane = 0; lane < LANES; lane++, at += 8) {
			uint64_t word = (lanes[lane] ^ read_word(at)) * UINT64_C(0xff51afd7ed558ccd);
			lanes[lane] = word ^ word >> 32;
		}
	for (size_t lane = 0; lane < LANES; lane++)
		hash = mix(hash ^ lanes[lane]);
	return hash;
}

uint64_t hash_bytes(uint64_t seed, const void *bytes, size_t len)
{
	const unsigned char *at = bytes, *end = at + len;
	uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ mix(seed);
	if (len >= HASH_LANES_MIN) {
		hash = hash_lanes(hash, at, len / STRIDE);
		at += len / STRIDE * STRIDE;
	}
	for (; at < end; at++)
		hash = (hash ^ *at) * UINT64_C(0x100000001b3);
	return mix(hash);
}

uint64_t hash_text(uint64_t seed, const char *text)
{
	return hash_bytes(seed, text, strlen(text));
}

/* SipHash-2-4, as Aumasson and Bernstein have it. */

static uint64_t rate_queue_left(uint64_t word, int bits)
{
	return word << bits | word >> (64 - bits);
}

static void sip_rounds(uint64_t v[4], int n)
{
	for (; n > 0; n--) {
		v[0] += v[1];
		v[1] = rate_queue_left(v[1], 13) ^ v[0];
		v[0] = rate_queue_left(v[0], 32);
		v[2] += v[3];
		v[3] = rate_queue_left(v[3], 16) ^ v[2];
		v[0] += v[3];
		v[3] = rate_queue_left(v[3], 21) ^ v[0];
		v[2] += v[1];
		v[1] = rate_queue_left(v[1], 17) ^ v[2];
		v[2] = rate_queue_left(v[2], 32);
	}
}

/* At most eight bytes, the lowest first. */
static uint64_t sip_word(const unsigned char *at, size_t len)
{
	uint64_t word = 0;
	for (size_t i = 0; i < len && i < 8; i++)
		word |= (uint64_t)at[i] << (8 * i);
	return word;
}

uint64_t hash_keyed(const uint64_t key[2], const void *bytes, size_t len)
{
	const unsigned char *at = bytes;
	uint64_t v[4] = { key[0] ^ UINT64_C(0x736f6d6570736575), key[1] ^ UINT64_C(0x646f72616e646f6d),
		key[0] ^ UINT64_C(0x6c7967656e657261), key[1] ^ UINT64_C(0x7465646279746573) };
	for (size_t left = len;; left -= 8, at += 8) {
		uint64_t word = left < 8 ? sip_word(at, left) | (uint64_t)len << 56 : sip_word(at, 8);
		v[3] ^= word;
		sip_rounds(v, 2);
		v[0] ^= word;
		if (left < 8)
			break;
	}
	v[2] ^= 0xff;
	sip_rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
