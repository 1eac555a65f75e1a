/*
 * mount.h - creates a FUSE session and mounts it with the options of the configuration.
 */
#ifndef DESCRIBEFS_MOUNT_H
#define DESCRIBEFS_MOUNT_H

#define FUSE_USE_VERSION 314

#include "config/config.h"
#include "sys/mounting.h"

#include <fuse_lowlevel.h>

/* The owner of a session. */
struct front_owner {
	void *userdata; /* passed to each operation */
	struct mounting *mounting; /* written by front_mount */
};

/*
 * Mounts on `place`, a path that mounting_place returned. The caller owns the session. On failure: returns
 * NULL, `why` is one line, and nothing is mounted.
 */
struct fuse_session *front_mount(const struct config *config, const char *place,
	const struct fuse_lowlevel_ops *operations, size_t size, const struct fuse_custom_io *io,
	struct front_owner owner, struct buf *why);

#endif
