/*
 * refresh_request.h - what `describefs refresh` says to a mount: an ioctl on something that it opened there.
 *
 * So the kernel has seen to it that who asks may read it.  For a resource it is told which directory that is,
 * goes through it once, so that the kernel's names of it end, and says when that is done.
 *
 * Layer 5.
 */
#ifndef DESCRIBEFS_REFRESH_REQUEST_H
#define DESCRIBEFS_REFRESH_REQUEST_H

#include <stdint.h>
#include <sys/ioctl.h>

#define REFRESH_MARK "describefs"

enum refresh_step { REFRESH_BEGIN, REFRESH_DONE, REFRESH_EVERY_NAME };

struct refresh_request {
	uint32_t step;
	char name[256]; /* in the opened directory, and maybe not there; "": the opened thing itself */
	/* the answer */
	char mark[16]; /* REFRESH_MARK: it was us that answered */
	uint32_t walk; /* 1: go through the directory now; 0: the kernel has forgotten all names */
	uint32_t levels; /* so far above what was opened it is */
	uint32_t names_kept; /* 1: this kernel relies on names until their time is over */
};

#define REFRESH_IOCTL _IOWR('d', 0x52, struct refresh_request)

#endif
