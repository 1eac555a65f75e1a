/*
 * buf.h - a byte buffer with a ceiling; allocation that aborts.
 *
 * Data whose size a peer chooses goes into a `struct buf`. Its ceiling is set once and never exceeded. An add
 * that does not fit marks the buffer full and appends nothing. A full buffer keeps its earlier bytes, refuses
 * every later add and returns false each time. So a chain of adds needs one check, at its end.
 *
 * Ownership: the buffer owns its bytes until buf_release or buf_take.
 * Invariants: `data` is never NULL and always ends in a NUL that `len` does not count.
 */
#ifndef DESCRIBEFS_BUF_H
#define DESCRIBEFS_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Writes a line to stderr and aborts. */
_Noreturn void out_of_memory(void);
/* For small allocations whose size no peer chooses. They abort when memory is out and never return NULL. */
void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *old, size_t size);
char *xstrdup(const char *text);
char *xstrndup(const char *text, size_t len);

struct buf {
	char *data;
	size_t len;
	size_t room; /* allocated bytes, 0 while `data` is the shared empty string */
	size_t max; /* ceiling of len, in bytes */
	bool full; /* an add did not fit */
};

/* An empty buffer. It allocates at the first add. */
void buf_init(struct buf *buf, size_t max);
/*
 * An empty buffer whose whole room is allocated now; aborts when memory is out. For small texts such as file
 * names: `full` then means that the text was too long, and nothing else.
 */
void buf_init_whole(struct buf *buf, size_t max);
/* A hint: allocates room for `len` bytes in all, at most the ceiling. Does nothing when memory is out. */
void buf_expect(struct buf *buf, size_t len);
/* Frees the bytes. The buffer is empty, not full, and usable again. */
void buf_release(struct buf *buf);
/* Empties the buffer but keeps its memory. It is no longer full. */
void buf_clear(struct buf *buf);

/* Each appends and returns true, or marks the buffer full and returns false. */
bool buf_add(struct buf *buf, const void *bytes, size_t len);
bool buf_puts(struct buf *buf, const char *text);
/* Inline, because most texts are written byte by byte. */
static inline bool buf_putc(struct buf *buf, char byte)
{
	if (buf->full || buf->len + 1 >= buf->room)
		return buf_add(buf, &byte, 1);
	buf->data[buf->len++] = byte;
	buf->data[buf->len] = '\0';
	return true;
}
/* Appends `before` and the lowest 4 * `n` bits of `value` as `n` (at most 8) of the hexadecimal `digits`. */
bool buf_add_hex(struct buf *buf, const char *before, uint32_t value, unsigned n, const char *digits);
extern const char BUF_HEX_LOWER[17], BUF_HEX_UPPER[17];
bool buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
/*
 * Gives the malloc'ed, NUL-terminated bytes to the caller, which frees them. The buffer is empty afterwards.
 */
char *buf_take(struct buf *buf);

/* A growing array of texts. It owns them. All zeroes: it is empty. */
struct texts {
	char **v; /* after the first texts_add, v[n] is NULL */
	size_t n;
};

void texts_add(struct texts *texts, char *text); /* takes ownership of `text` */
void texts_release(struct texts *texts);
bool texts_have(const struct texts *texts, const char *text);
void texts_sort(struct texts *texts); /* in the order of strcmp */

#endif
