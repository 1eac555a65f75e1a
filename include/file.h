/*
 * file.h - a small regular file as a whole, read without ever waiting for a FIFO or a device.
 *
 * Layer 5.
 */
#ifndef DESCRIBEFS_FILE_H
#define DESCRIBEFS_FILE_H

#include <stdint.h>

#include "buf.h"

/*
 * The bytes of a regular file of at most `max` bytes, and a NUL behind them, in one allocation (so
 * that who reads a secret can wipe it): the caller frees it.  NULL: errno is set, and `why` says
 * "PATH: reason".
 */
char *file_read(const char *path, size_t max, size_t *len, struct buf *why);
/* The same, refused (EACCES, and `why` says what to run) unless it is the user's own and nobody else's. */
char *file_read_secret(const char *path, size_t max, size_t *len, struct buf *why);

/* Changes when the file does, in content or by being replaced; 0: there is none. */
uint64_t file_mark(const char *path);

#endif
