/*
 * mount_answers.h - what mounts say of themselves, asked all at once.
 *
 * A mount may be dead, stopped, or served by another user's program: it is asked by a child, which opens
 * nothing but regular files of that very mount, follows no link, and is given up when the time is over.
 */
#ifndef DESCRIBEFS_MOUNT_ANSWERS_H
#define DESCRIBEFS_MOUNT_ANSWERS_H

#include "config/config.h"
#include "sys/mount_table.h"

enum { ASKED_MS = 5000 }; /* in which all are asked */

struct mount_answer {
	const char *source; /* one of several, by its directory; "": the mount has no other */
	const char *metrics;
};

struct mount_answers {
	/* 0; an errno, EXDEV: another mount covers it, EINVAL: what answers is no describefs; -1: silence */
	int error;
	struct mount_answer v[SOURCES_MAX];
	size_t n;
	char *bytes;
};

/* One for each of the mounts. */
void mount_answers_ask(const struct mount *const *mounts, size_t n, struct mount_answers *answers);
void mount_answers_release(struct mount_answers *answers);

#endif
