/*
 * refresh_request.h - what `describefs refresh` says to a mount: an ioctl on something that it opened
 * there.
 *
 * So the kernel has seen to it that who asks may read it.  The answer may name a task: the verb does it,
 * says so with REFRESH_NEXT, and is given the next one, until there is none.
 */
#ifndef DESCRIBEFS_REFRESH_REQUEST_H
#define DESCRIBEFS_REFRESH_REQUEST_H

#include <stdint.h>
#include <sys/ioctl.h>

#define REFRESH_MARK "describefs"

enum refresh_step { REFRESH_BEGIN, REFRESH_NEXT, REFRESH_EVERY_NAME };

/*
 * TASK_FORGET: ask for the attributes of the path, without following a link.  The daemon has the kernel
 * look it up again meanwhile, and says once that it is not there: the kernel forgets all names below it.
 * TASK_READ: read the directory and those in it.  The kernel is told that the terms of their names are
 * over.
 */
enum refresh_task { TASK_NONE, TASK_FORGET, TASK_READ };

struct refresh_request {
	uint32_t step;
	/* the answer */
	uint32_t task;
	uint32_t levels; /* so far above what was opened is the directory that the path begins in */
	uint32_t names_kept; /* 1: the kernel relies on names that it knows until their time is over */
	uint32_t wait_s; /* not 0: nothing was refreshed; another user's is, in so many seconds */
	char mark[16]; /* REFRESH_MARK: it was us that answered */
	/*
	 * The question: a name in the opened directory, and maybe not there; "": the opened thing itself.
	 * The answer: the task's path.
	 */
	char path[1024];
};

#define REFRESH_IOCTL _IOWR('d', 0x53, struct refresh_request)

#endif
