/*
 * buf.h - bytes with a ceiling, and the allocators that abort.
 *
 * Whatever a peer can size grows in a `struct buf`, which is born with a size that it may never
 * pass.  Once something did not fit, the buffer is "full": it keeps what fitted before, refuses
 * everything after, and every later call returns false, so a chain of adds needs one check at its end.
 *
 * Invariants: `data` is never NULL and always ends in a NUL that `len` does not count.
 *
 * Includes nothing of ours.
 */
#ifndef DESCRIBEFS_BUF_H
#define DESCRIBEFS_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Says so, and aborts. */
_Noreturn void out_of_memory(void);
/* Small allocations of our own: they abort when memory is out.  Remote data goes through buf. */
void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *old, size_t size);
char *xstrdup(const char *text);
char *xstrndup(const char *text, size_t len);

struct buf {
	char *data;
	size_t len;
	size_t room; /* allocated bytes, 0 while `data` is the shared empty string */
	size_t max; /* the ceiling for len */
	bool full; /* something did not fit */
};

/* Takes no memory yet. */
void buf_init(struct buf *buf, size_t max);
/*
 * Takes all its room now, and aborts when memory is out: for what is small and of our own, like a name, where
 * "full" is to mean that it was too long and nothing else.
 */
void buf_init_whole(struct buf *buf, size_t max);
/* So many bytes are expected in all: takes room for them at once, within the ceiling, if there is memory. */
void buf_expect(struct buf *buf, size_t len);
/* Frees the bytes; the buffer is empty and usable again. */
void buf_release(struct buf *buf);
/* Empty again (and no longer full), memory kept. */
void buf_clear(struct buf *buf);

bool buf_add(struct buf *buf, const void *bytes, size_t len);
bool buf_puts(struct buf *buf, const char *text);
/* One byte at a time is how most texts are made: it is inline. */
static inline bool buf_putc(struct buf *buf, char byte)
{
	if (buf->full || buf->len + 1 >= buf->room)
		return buf_add(buf, &byte, 1);
	buf->data[buf->len++] = byte;
	buf->data[buf->len] = '\0';
	return true;
}
/* `before`, and the lowest bits of `value` as `n` hexadecimal digits, at most 8. */
bool buf_add_hex(struct buf *buf, const char *before, uint32_t value, unsigned n, const char *digits);
extern const char BUF_HEX_LOWER[17], BUF_HEX_UPPER[17];
bool buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Hands the malloc'ed, NUL-terminated bytes to the caller, who frees them; the buffer is empty. */
char *buf_take(struct buf *buf);

/* A list of texts, all owned.  Zeroes: it is empty. */
struct texts {
	char **v; /* after texts_add, NULL stands behind the last */
	size_t n;
};

void texts_add(struct texts *texts, char *text); /* takes ownership of `text` */
void texts_release(struct texts *texts);

/*
 * A stable 64-bit hash of bytes (FNV-1a with a final mix): the same on every machine.  From HASH_LANES_MIN
 * bytes on it reads words of eight bytes in four lanes, because FNV-1a takes 11 ms for 8 MiB.
 */
enum { HASH_LANES_MIN = 64 << 10 };
uint64_t hash_bytes(uint64_t seed, const void *bytes, size_t len);
uint64_t hash_text(uint64_t seed, const char *text);
/* SipHash-2-4: without the key, a peer cannot make texts whose hashes collide. */
uint64_t hash_keyed(const uint64_t key[2], const void *bytes, size_t len);

#endif
