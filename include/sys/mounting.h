/*
 * mounting.h - our mount: a directory for it, made, and taken away again.
 *
 * By mount(2) where that is allowed, else by fusermount3.  What acts on a mount finds it by its id: at the
 * path of one another may stand by now.
 */
#ifndef DESCRIBEFS_MOUNTING_H
#define DESCRIBEFS_MOUNTING_H

#include <stdbool.h>

#include "base/buf.h"
#include "sys/mount_table.h"

enum {
	MOUNTING_S = 20, /* how long a helper, or the kernel, is waited for */
	MOUNTING_LOOK_MS = 10000 /* how long a look is */
};

/*
 * Looks whether `path` can be mounted on: a directory that we may enter; a dead mount of fstype
 * fuse.describefs ("Transport endpoint is not connected") is unmounted first, no other type ever.
 * A live describefs mount there is refused.  What is there may not answer, and then this does not return.
 * The path without links, ".", ".."; the caller frees it.  NULL: `why` is one line.
 */
char *mounting_look(const char *path, struct buf *why);
/* The same in a child, which is waited for as long as MOUNTING_LOOK_MS. */
char *mounting_place(const char *path, struct buf *why);
/* Says that a look took longer. */
void mounting_miss_look(const char *path, struct buf *why);
/* Takes away a dead mount of ours at this path, if there is one. */
void mounting_heal(const char *path);

struct mounting {
	const char *place; /* borrowed */
	struct mount_id id;
	int keeper; /* the socket of a fusermount3 that unmounts when it is closed; -1 */
};

struct mounting_options {
	const char *source; /* what the kernel's table has as its source */
	bool allow_other, default_permissions, noatime, auto_unmount;
};

/* What to do where /dev/fuse cannot be opened: `error`, an errno. */
const char *mounting_mend(int error);

/*
 * Mounts on `place`, as mounting_place gave it: /dev/fuse, to be served.  Nothing is waited for longer than
 * MOUNTING_S.  -1: `why` is one line, and nothing is mounted.
 */
int mounting_make(struct mounting *mounting, const char *place, const struct mounting_options *options,
	struct buf *why);
/*
 * Takes it out of the tree, wherever it is by now (`place`: where it was).  A process that has something open
 * there keeps it.  `waits`: until fusermount3 has done it, where only that can.  That may ask us about the
 * mount point, so a process that serves it must not wait.  False: it is still there, another mount may cover
 * it.
 */
bool mounting_detach(const struct mount_id *id, const char *place, bool waits);
void mounting_release(struct mounting *mounting);

#endif
