/*
 * mount_table.h - the kernel's table of mounts (/proc/self/mountinfo).
 *
 * Reading it does not access any mount, so a dead or hanging mount cannot block it.
 */
#ifndef DESCRIBEFS_MOUNT_TABLE_H
#define DESCRIBEFS_MOUNT_TABLE_H

#include "base/buf.h"

/*
 * Identifies a mount, whatever its path. The kernel does not reuse the numbers while its file system lives.
 */
struct mount_id {
	uint64_t mount; /* 0: none */
	uint32_t major, minor; /* the file system's device */
};

/* A describefs mount. All strings are owned. */
struct mount {
	struct mount_id id;
	char *point, *source; /* its path; the sources that it shows, joined by '+' */
	char *part; /* "/", or the directory that a bind mount shows */
	int64_t uid; /* the owner */
};

struct mounts {
	struct mount *v;
	unsigned n;
};

/* All describefs mounts, in the order in which they were mounted. */
void mounts_read(struct mounts *mounts);
void mounts_release(struct mounts *mounts);

/* The topmost mount at `path`, or the mount that `path` is in. False with errno: no such path. */
bool mounts_top(const char *path, struct mount_id *top);
/* The mount of an open descriptor. */
bool mounts_opened(int fd, struct mount_id *found);
bool mounts_same(const struct mount_id *one, const struct mount_id *other);
/* Both mounts show the same file system, or parts of it. */
bool mounts_share(const struct mount_id *one, const struct mount_id *other);
/* The mount's type may show files of another mount: an overlay, or a file system that a program serves. */
bool mounts_shows_others(const struct mount_id *id);
/* The topmost mount at exactly this path is a describefs mount; `found` is its id. */
bool mounts_are_ours(const char *path, struct mount_id *found);
/* Another mount lies on a directory of this one. True, too, if the table cannot be read. */
bool mounts_have_inner(const struct mount_id *id);
/*
 * A mount lies at `path`, which is absolute and without links, or below it. True, too, if the table cannot be
 * read.
 */
bool mounts_are_below(const char *path);
/* The current path of a mount, which the caller frees; NULL: unmounted. False: the table cannot be read. */
bool mounts_find(const struct mount_id *id, char **place);

#endif
