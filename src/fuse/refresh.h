/*
 * refresh.h - makes the kernel drop what it has cached of a part of the mount.
 */
#ifndef DESCRIBEFS_REFRESH_H
#define DESCRIBEFS_REFRESH_H

#include "session.h"

void refreshes_init(struct refreshes *refreshes);
/* The ioctl of `describefs refresh`. Any other ioctl is ENOTTY. */
void refresh_op_ioctl(fuse_req_t request, fuse_ino_t id, unsigned int command, void *argument,
	struct fuse_file_info *info, unsigned int flags, const void *in, size_t in_size, size_t out_size);
/* Refreshes the whole mount. */
void refresh_all(struct front *front);
/* At the end of the session: answers the requests that wait for a refresh, and frees all refreshes. */
void refresh_release(struct front *front);

#endif
