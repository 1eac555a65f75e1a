/*
 * refresh_request.h - what `describefs refresh` says to a mount: an ioctl on something that it opened there.
 *
 * So the kernel has seen to it that who asks may read it.
 *
 * Layer 5.
 */
#ifndef DESCRIBEFS_REFRESH_REQUEST_H
#define DESCRIBEFS_REFRESH_REQUEST_H

#include <stdint.h>
#include <sys/ioctl.h>

#define REFRESH_MARK "describefs"

struct refresh_request {
	char name[256]; /* in the opened directory, and maybe not there; "": the opened thing itself */
	/* the answer */
	char mark[16]; /* REFRESH_MARK: it was us that answered */
	uint32_t names_kept; /* 1: this kernel relies on names until their time is over */
	uint32_t reserved;
};

#define REFRESH_IOCTL _IOWR('d', 0x52, struct refresh_request)

#endif
