/* A growing byte buffer. It is always followed by a NUL byte that is not counted, so that
 * `data` can be handed to functions that want a C string. Running out of memory aborts:
 * this is a test tool. */
#ifndef EMULATOR_TEXT_H
#define EMULATOR_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct text {
	char *data;
	size_t len;
	size_t cap;
};

void *text_alloc(size_t size); /* zeroed */
char *text_dup(const char *s); /* NULL stays NULL */
char *text_dup_n(const char *s, size_t n);

void text_free(struct text *t);
void text_clear(struct text *t);
void text_add(struct text *t, const void *bytes, size_t n);
void text_fill(struct text *t, char c, size_t n);
void text_add_str(struct text *t, const char *s);
void text_add_char(struct text *t, char c);
void text_addf(struct text *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3), nonnull(2)));

/* A file's bytes; false, NULL when it cannot be opened. */
bool text_add_file(struct text *t, const char *path);
char *text_file(const char *path);

/* Adds `n` bytes as a JSON string, quotes included. Bytes that are not UTF-8 become U+FFFD. */
void text_add_json(struct text *t, const char *s, size_t n);
void text_add_json_str(struct text *t, const char *s);

/* Hands over the bytes; the buffer is empty afterwards. Never NULL. */
char *text_take(struct text *t);

#endif
