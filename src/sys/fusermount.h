/*
 * fusermount.h - the setuid program that mounts and unmounts for unprivileged users.
 */
#ifndef DESCRIBEFS_FUSERMOUNT_H
#define DESCRIBEFS_FUSERMOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/*
 * /dev/fuse of a new mount; `options` as after its -o.  With `keeper`, the program stays, and unmounts when
 * that socket, which is the caller's, is closed.  -1: `why` is what it said, as one line, or that it did not
 * answer.
 */
int fusermount_mount(const char *place, const char *options, int64_t ms, int *keeper, struct buf *why);
/* Lazily.  `ms` 0: it is begun, and nothing waits for its end. */
bool fusermount_detach(const char *place, int64_t ms);

#endif
