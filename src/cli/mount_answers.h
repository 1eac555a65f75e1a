/*
 * mount_answers.h - reads the metrics of several mounts at once.
 *
 * A mount may be dead, stopped, or served by another user's program. So a child reads it, opens only regular
 * files of that mount, follows no link, and is given up after a time limit.
 */
#ifndef DESCRIBEFS_MOUNT_ANSWERS_H
#define DESCRIBEFS_MOUNT_ANSWERS_H

#include "config/config.h"
#include "sys/mount_table.h"

struct mount_answer {
	const char *source; /* its directory; "": the only source */
	const char *metrics;
};

/* Invariant: `v` points into `bytes`. */
struct mount_answers {
	/* 0; -1: no answer in time; an errno: EXDEV: another mount covers it; EINVAL: it is no describefs */
	int error;
	struct mount_answer v[SOURCES_MAX];
	size_t n;
	char *bytes; /* owned */
};

/* Fills in answers[i] for mounts[i] within `limit_ms`, all together; release each. */
void mount_answers_ask(const struct mount *const *mounts, size_t n, int64_t limit_ms,
	struct mount_answers *answers);
void mount_answers_release(struct mount_answers *answers);

#endif
