/*
 * front_mount.h - a FUSE session, mounted as the configuration says.
 *
 * front_fuse.c, front_reply.c and front_mount.c are the only files that know FUSE.
 */
#ifndef DESCRIBEFS_FRONT_MOUNT_H
#define DESCRIBEFS_FRONT_MOUNT_H

#define FUSE_USE_VERSION 314

#include "config/config.h"
#include "sys/mounting.h"

#include <fuse_lowlevel.h>

/* What a session belongs to. */
struct front_owner {
	void *userdata;
	struct mounting *mounting; /* filled in */
};

/* On `place`, as mounting_place gave it.  NULL: `why` is one line, and nothing is mounted. */
struct fuse_session *front_mount(const struct config *config, const char *place,
	const struct fuse_lowlevel_ops *operations, size_t size, const struct fuse_custom_io *io,
	struct front_owner owner, struct buf *why);

#endif
