/*
 * fusermount.h - runs fusermount3, the setuid program that mounts and unmounts for unprivileged users.
 */
#ifndef DESCRIBEFS_FUSERMOUNT_H
#define DESCRIBEFS_FUSERMOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/*
 * Mounts with `options`, the argument of -o, and returns the descriptor of /dev/fuse. `keeper` not NULL:
 * fusermount3 keeps running and unmounts when the caller closes *keeper. On failure: -1, and `why` is its
 * message as one line, or that it did not answer within `ms`.
 */
int fusermount_mount(const char *place, const char *options, int64_t ms, int *keeper, struct buf *why);
/* Detaches (MNT_DETACH). `ms` 0: returns at once, without waiting for the end. */
bool fusermount_detach(const char *place, int64_t ms);

#endif
