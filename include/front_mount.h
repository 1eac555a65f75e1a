/*
 * front_mount.h - a FUSE session, mounted as the configuration says.
 *
 * front_fuse.c, front_reply.c and front_mount.c are the only files that know FUSE.
 *
 * Layer 6.
 */
#ifndef DESCRIBEFS_FRONT_MOUNT_H
#define DESCRIBEFS_FRONT_MOUNT_H

#define FUSE_USE_VERSION 314

#include "config.h"

#include <fuse_lowlevel.h>

/* NULL: `why` is one line, with what libfuse and fusermount3 said, and nothing is mounted. */
struct fuse_session *front_mount(const struct config *config, const struct fuse_lowlevel_ops *operations,
	size_t size, const struct fuse_custom_io *io, void *userdata, struct buf *why);

/* Cuts the connection, so that fuse_session_unmount does not touch what else is mounted at its path. */
void front_sever(struct fuse_session *session);

#endif
