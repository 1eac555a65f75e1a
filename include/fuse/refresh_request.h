/*
 * refresh_request.h - the protocol of `describefs refresh`: an ioctl on a file or directory of the mount.
 *
 * The caller must be able to open the file, so the kernel has checked its permission. The answer may contain
 * a task: the verb performs it, sends REFRESH_NEXT, and gets the next task, until there is none.
 */
#ifndef DESCRIBEFS_REFRESH_REQUEST_H
#define DESCRIBEFS_REFRESH_REQUEST_H

#include <stdint.h>
#include <sys/ioctl.h>

#define REFRESH_MARK "describefs"

/* REFRESH_EVERY_NAME: the verb cannot do its tasks; the daemon makes the kernel forget all names instead. */
enum refresh_step { REFRESH_BEGIN, REFRESH_NEXT, REFRESH_EVERY_NAME };

/*
 * TASK_FORGET: statx(2) the path, without following a link. The daemon makes the kernel look the name up
 * again and answers ENOENT once, so the kernel forgets all names below it (src/fuse/walk.c). If a mount lies
 * below the path, the kernel would unmount it: then the verb skips the task and sends names_kept = 1.
 * TASK_READ: read the directory, so that the kernel gets new expiry times for its names.
 */
enum refresh_task { TASK_NONE, TASK_FORGET, TASK_READ };

struct refresh_request {
	uint32_t step;
	/* answer: */
	uint32_t task;
	uint32_t levels; /* the path starts in the directory this many levels above the opened file */
	/* 1: the kernel keeps cached names until they expire. With REFRESH_NEXT: the verb skipped its task */
	uint32_t names_kept;
	uint32_t wait_s; /* not 0: nothing was refreshed; try again after this time */
	char mark[16]; /* REFRESH_MARK: a describefs daemon answered */
	/*
	 * request: a name in the opened directory, which may not exist; "": the opened file. Answer: the
	 * task's path
	 */
	char path[1024];
};

#define REFRESH_IOCTL _IOWR('d', 0x53, struct refresh_request)

#endif
