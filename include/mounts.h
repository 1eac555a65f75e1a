/*
 * mounts.h - the kernel's table of what is mounted.
 *
 * It says so without asking whoever serves a mount, who may be dead or may not answer.
 *
 * Layer 5.
 */
#ifndef DESCRIBEFS_MOUNTS_H
#define DESCRIBEFS_MOUNTS_H

#include "buf.h"

/* A mount of ours.  All owned. */
struct mount {
	char *point, *source; /* where; what is shown there, several with '+' between */
	char *part; /* what of it, "/" for all: a bind mount may show a directory alone */
	char *device; /* "0:98": the same for all that show a part of one */
	int64_t uid; /* whose */
};

struct mounts {
	struct mount *v;
	unsigned n;
};

/* All of ours, in the order in which they were mounted. */
void mounts_read(struct mounts *mounts);
void mounts_release(struct mounts *mounts);
/* What is mounted at this very path, the topmost if there are several, is a describefs. */
bool mounts_are_ours(const char *path);

#endif
