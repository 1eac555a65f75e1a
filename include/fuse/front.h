/*
 * front.h - the FUSE front end: each request of the kernel becomes one question to the sources and
 * one reply.
 *
 * src/fuse/README.md has the reasons: OPEN is answered ENOSYS so that the kernel serves cached data itself;
 * the mount is read-only; a request that needs the network becomes a struct pending_request, which can be
 * interrupted. Only src/fuse includes libfuse.
 */
#ifndef DESCRIBEFS_FRONT_H
#define DESCRIBEFS_FRONT_H

#include "source/sources.h"

struct front;

/*
 * The kernel's INIT request is done. `error`: 0 or an errno; after an errno the kernel sends no more
 * requests.
 */
typedef void front_ready_fn(void *arg, int error);

/*
 * Mounts on `place`, a path that mounting_place returned. Calls `ready` once. On failure: returns NULL,
 * `why` is one line, and nothing is left mounted.
 */
struct front *front_new(const struct config *config, const char *place, struct loop *loop,
	front_ready_fn *ready, void *arg, struct buf *why);
struct mount_id front_mounted(const struct front *front);
/* Starts serving requests; before this call they wait in the kernel. `sources` is borrowed. */
void front_serve(struct front *front, struct sources *sources);
/* Makes the kernel drop all cached names and attributes. */
void front_refresh(struct front *front);
/*
 * Detaches the mount (MNT_DETACH): processes that have a file open keep it. Returns true if the mount is
 * detached or will be; the kernel reports the end on /dev/fuse.
 */
bool front_detach(struct front *front);
/* Unmounts. Accepts NULL. */
void front_free(struct front *front);
/* libfuse's version, for messages; constant. */
const char *front_library(void);

#endif
