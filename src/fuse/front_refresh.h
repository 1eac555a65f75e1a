/*
 * front_refresh.h - has the kernel ask again for what it keeps.
 */
#ifndef DESCRIBEFS_FRONT_REFRESH_H
#define DESCRIBEFS_FRONT_REFRESH_H

#include "front_reply.h"

/* The ioctl of `describefs refresh`; every other one is ENOTTY. */
void refresh_op_ioctl(fuse_req_t request, fuse_ino_t id, unsigned int command, void *argument,
	struct fuse_file_info *info, unsigned int flags, const void *in, size_t in_size, size_t out_size);
/* Everything, because a signal said so. */
void refresh_all(struct front *front);
/* Those under way are answered. */
void refresh_release(struct front *front);

#endif
