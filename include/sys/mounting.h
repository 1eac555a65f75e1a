/*
 * mounting.h - mounts and unmounts /dev/fuse: with mount(2) if allowed, otherwise with fusermount3.
 *
 * A mount is found by its id, because another mount may be at its path by now.
 */
#ifndef DESCRIBEFS_MOUNTING_H
#define DESCRIBEFS_MOUNTING_H

#include <stdbool.h>

#include "base/buf.h"
#include "sys/mount_table.h"

enum {
	MOUNTING_S = 20, /* limit for fusermount3, and for the kernel's first request */
	MOUNTING_LOOK_MS = 10000 /* limit for mounting_look */
};

/*
 * Checks that `path` can be mounted on: a directory that we may enter. Unmounts a dead describefs mount
 * there ("Transport endpoint is not connected"), but no other type. Refuses a live describefs mount. May
 * block without limit if a mount on the path hangs. Returns the path without links, "." and "..", which the
 * caller frees; NULL: `why` is one line.
 */
char *mounting_look(const char *path, struct buf *why);
/* The same in a child, for at most MOUNTING_LOOK_MS. */
char *mounting_place(const char *path, struct buf *why);
/* Adds the message for a mounting_look that took too long. */
void mounting_miss_look(const char *path, struct buf *why);
/* Unmounts a dead describefs mount at `path`, if there is one. */
void mounting_heal(const char *path);

/* A mount. Invariant: `keeper` is -1, or the socket on whose close fusermount3 unmounts. */
struct mounting {
	const char *place; /* borrowed */
	struct mount_id id;
	int keeper;
};

struct mounting_options {
	const char *source; /* shown in the kernel's table */
	bool allow_other, default_permissions, noatime, auto_unmount;
};

/* What to do if opening /dev/fuse failed with errno `error`; constant text. */
const char *mounting_mend(int error);

/*
 * Mounts on `place`, a path that mounting_place returned, within MOUNTING_S. Returns the descriptor of
 * /dev/fuse. On failure: -1, `why` is one line, and nothing is mounted.
 */
int mounting_make(struct mounting *mounting, const char *place, const struct mounting_options *options,
	struct buf *why);
/*
 * Detaches the mount, wherever it is now; `place`: where it was. Processes that have a file open keep it.
 * `waits`: wait for fusermount3, if only that may unmount; it may access the mount point, so the process that
 * serves the mount must not wait. Returns false if the mount is still there, for example below another
 * mount.
 */
bool mounting_detach(const struct mount_id *id, const char *place, bool waits);
void mounting_release(struct mounting *mounting);

#endif
