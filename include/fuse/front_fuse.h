/*
 * front_fuse.h - the kernel's side: one FUSE operation, one engine call, one reply.
 *
 * The front_*.c but front_cli.c are the only files that know FUSE.  What they rely on is written in
 * src/README.md: opens are answered ENOSYS so that the kernel serves what is warm by itself, the
 * mount is read-only, a request that waits is parked and can be interrupted.
 */
#ifndef DESCRIBEFS_FRONT_FUSE_H
#define DESCRIBEFS_FRONT_FUSE_H

#include "source/sources.h"

struct front;

/* The kernel's first request is over.  `error` 0: it was answered; else an errno, and no other will be. */
typedef void front_ready_fn(void *arg, int error);

/*
 * Mounts on `place`, as mounting_place gave it.  NULL: `why` is one line and nothing is left mounted.
 * `ready` is called once.
 */
struct front *front_new(const struct config *config, const char *place, struct loop *loop,
	front_ready_fn *ready, void *arg, struct buf *why);
/* Which mount it is. */
struct mount_id front_mounted(const struct front *front);
/* From then on requests are served; before, they wait in the kernel. */
void front_serve(struct front *front, struct sources *sources);
/* The kernel, too, asks again for everything. */
void front_refresh(struct front *front);
/*
 * Takes the mount out of the tree: whoever has something open there keeps it.  True: that is done, or under
 * way; the kernel says so on /dev/fuse.
 */
bool front_detach(struct front *front);
/* Unmounts. NULL is fine. */
void front_free(struct front *front);
/* The version of libfuse, for people. */
const char *front_library(void);

#endif
