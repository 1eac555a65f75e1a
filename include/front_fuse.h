/*
 * front_fuse.h - the kernel's side: one FUSE operation, one engine call, one reply.
 *
 * front_fuse.c, front_reply.c and front_mount.c are the only files that know FUSE.  What it relies on
 * is written in src/README.md: opens are answered ENOSYS so that the kernel serves what is warm by itself,
 * the mount is read-only, a request that waits is parked and can be interrupted.
 *
 * Layer 6.
 */
#ifndef DESCRIBEFS_FRONT_FUSE_H
#define DESCRIBEFS_FRONT_FUSE_H

#include "config.h"
#include "engine.h"
#include "loop.h"

struct front;

/*
 * Mounts at the mount point.  NULL: `why` is one line and nothing is left mounted.  `ready` is
 * called once, when the kernel's first handshake was answered.
 */
struct front *front_new(const struct config *config, struct loop *loop, void (*ready)(void *arg),
	void *arg, struct buf *why);
/* From then on requests are served; before, they wait in the kernel. */
void front_serve(struct front *front, struct engine *engine, struct tree *tree);
/* It is not in the tree any more: front_free leaves alone what may be mounted there since. */
void front_detached(struct front *front);
/* Unmounts. NULL is fine. */
void front_free(struct front *front);

#endif
