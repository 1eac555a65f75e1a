/*
 * mount_table.h - the kernel's table of what is mounted.
 *
 * It says so without asking whoever serves a mount, who may be dead or may not answer.
 */
#ifndef DESCRIBEFS_MOUNT_TABLE_H
#define DESCRIBEFS_MOUNT_TABLE_H

#include "base/buf.h"

/*
 * Which mount it is, whatever its path is now.  The kernel gives neither number to another mount as long as
 * this one's file system lives.
 */
struct mount_id {
	uint64_t mount; /* 0: none */
	uint32_t major, minor; /* its file system's device */
};

/* A mount of ours.  All owned. */
struct mount {
	struct mount_id id;
	char *point, *source; /* where; what is shown there, several with '+' between */
	char *part; /* what of it, "/" for all: a bind mount may show a directory alone */
	int64_t uid; /* whose */
};

struct mounts {
	struct mount *v;
	unsigned n;
};

/* All of ours, in the order in which they were mounted. */
void mounts_read(struct mounts *mounts);
void mounts_release(struct mounts *mounts);

/* The topmost mount at this path, or that the path is in.  False, with errno: the path leads nowhere. */
bool mounts_top(const char *path, struct mount_id *top);
/* The mount that an open descriptor is in. */
bool mounts_opened(int fd, struct mount_id *found);
bool mounts_same(const struct mount_id *one, const struct mount_id *other);
/* Both show one file system, maybe a part of it. */
bool mounts_share(const struct mount_id *one, const struct mount_id *other);
/* Its type is one that may show what is in another mount: an overlay, or any that a program serves. */
bool mounts_shows_others(const struct mount_id *id);
/* What is mounted at this very path, the topmost if there are several, is a describefs; `found` is which. */
bool mounts_are_ours(const char *path, struct mount_id *found);
/*
 * Where a mount is in the tree now; the caller frees it.  NULL: nowhere any more.  False: the table cannot be
 * read.
 */
bool mounts_find(const struct mount_id *id, char **place);

#endif
