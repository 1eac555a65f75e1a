/*
 * notify.h - notifications to the kernel: invalidates cached attributes, listings and names.
 *
 * None of these functions takes a lock that a reader holds while it waits for the daemon, so the loop may
 * call them. A notification that names a directory entry takes that directory's lock; it is not used.
 */
#ifndef DESCRIBEFS_NOTIFY_H
#define DESCRIBEFS_NOTIFY_H

#include "session.h"

/* Invalidates the cached attributes of `id`. */
void notify_attributes(const struct front *front, uint64_t id);
/*
 * Subscribes to directories whose mtime moves: 1 s after an answer moved it, their cached attributes are
 * invalidated.
 */
void notify_moved(struct front *front);
/*
 * Invalidates the directory's attributes and cached listing: the next READDIR pass asks the daemon. Where
 * other users may read, a child sends the notification, because a reader can hold the page's lock;
 * notify_delay waits for it. Returns false if no child could be started: then reply a different mtime.
 */
bool notify_directory(struct front *front, uint64_t id);
/* The same, and waits for the child, at most 50 ms. */
void notify_directory_now(struct front *front, uint64_t id);
/*
 * Takes over the request, a GETATTR, while a child notifies the kernel about its directory: returns true, and
 * the caller frees `pending` without a reply. When the child ends, or after 1 s, the sources are asked
 * again, and `done` gets their answer and a new struct pending_request.
 */
bool notify_delay(const struct pending_request *pending, engine_done_fn *done);
/* At the end of the session: answers the delayed requests, and sends no further notification. */
void notify_release(struct front *front);
/*
 * Invalidates all cached names (FUSE_NOTIFY_INC_EPOCH). Returns false if the kernel, before 6.16, lacks it,
 * or if another file system is mounted inside: the kernel would unmount it with the names above it.
 */
bool notify_names(const struct front *front);

#endif
