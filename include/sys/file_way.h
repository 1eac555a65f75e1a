/*
 * file_way.h - resolves a path component by component without entering our own mount.
 *
 * The process that serves a mount must not access it: it would wait for itself. Where a path meets our
 * mount, the resolution goes on in the directory that the mount covers.
 */
#ifndef DESCRIBEFS_FILE_WAY_H
#define DESCRIBEFS_FILE_WAY_H

#include <stdbool.h>
#include <sys/stat.h>

#include "sys/mount_table.h"

enum { FILE_PLACES_MAX = 16, FILE_SYSTEMS_MAX = 32, FILE_LINKS_MAX = 40, FILE_NAME_ROOM = 256 };

/* A name in a directory. */
struct file_place {
	dev_t device;
	ino_t inode; /* the directory */
	char name[FILE_NAME_ROOM];
};

/* The directory that our mount covers, or will cover. All zero: none. */
struct file_cover {
	bool is_held; /* `directory` is open */
	int directory;
	dev_t device;
	ino_t inode;
	struct file_place places[FILE_PLACES_MAX]; /* names that led to it before the mount */
	unsigned n_places;
	struct mount_id mount; /* our mount; zero: not mounted yet */
	struct mount_id
		systems[FILE_SYSTEMS_MAX]; /* file systems on paths before the mount: none shows our mount */
	unsigned n_systems;
};

/* Before the mount: opens the directory at `path`. False with errno: it cannot be opened. */
bool file_cover_open(struct file_cover *cover, const char *path);
/* Before the mount: whether `path` leads into the directory; remembers the place where it does. */
bool file_cover_meets(struct file_cover *cover, const char *path);
/* Closes the directory. Afterwards a path into our mount is EDEADLK. */
void file_cover_release(struct file_cover *cover);

struct file_way {
	int directory; /* O_PATH, the directory of the file; -1 */
	char name[FILE_NAME_ROOM]; /* in it; not a link, except one of /proc if `follows` */
	bool follows;
	/* if the last name of the path is a link: that link and its directory; else -1 */
	int link, link_directory;
	uid_t owners[FILE_LINKS_MAX]; /* of each link on the path */
	unsigned n_owners;
};

/*
 * Resolves `path`. Follows all links except those of another user in a sticky directory such as /tmp. On
 * failure: false with errno; EDEADLK: the path leads into our mount where it covers another directory, or
 * into a later mount that may show ours (mounts_shows_others). Call file_way_release in both cases.
 */
bool file_way_find(struct file_way *way, const char *path, const struct file_cover *cover);
/* As openat(2) and fstatat(2). */
int file_way_open(const struct file_way *way, int flags);
bool file_way_stat(const struct file_way *way, struct stat *status);
void file_way_release(struct file_way *way);

#endif
