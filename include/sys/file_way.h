/*
 * file_way.h - the way to a file, which never enters our own mount.
 *
 * The process that serves a mount must not ask that mount: it would wait for itself. So a path is walked
 * component by component. Where it meets our mount, it goes on in the directory that the mount covers.
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
	ino_t inode; /* of the directory */
	char name[FILE_NAME_ROOM];
};

/* A directory that our mount covers, or will cover.  All zero: there is none. */
struct file_cover {
	bool is_held; /* `directory` is open */
	int directory;
	dev_t device;
	ino_t inode;
	struct file_place places[FILE_PLACES_MAX]; /* that led to it before it was covered */
	unsigned n_places;
	struct mount_id mount; /* of ours; zero: it is not mounted yet */
	struct mount_id systems[FILE_SYSTEMS_MAX]; /* on a way before the mount: none shows ours */
	unsigned n_systems;
};

/* Before the mount: the directory at `path`.  False, with errno: it cannot be opened. */
bool file_cover_open(struct file_cover *cover, const char *path);
/* Before the mount: whether a path leads into the directory.  How it does is remembered. */
bool file_cover_meets(struct file_cover *cover, const char *path);
/* The directory is held no longer: then a path that meets our mount is EDEADLK. */
void file_cover_release(struct file_cover *cover);

struct file_way {
	int directory; /* O_PATH, where the file is; -1 */
	char name[FILE_NAME_ROOM]; /* in it: no link, but one of /proc if `follows` */
	bool follows;
	int link, link_directory; /* where the path's own last name is a link: it, and where it is; else -1 */
	uid_t owners[FILE_LINKS_MAX]; /* of each link on the way */
	unsigned n_owners;
};

/*
 * Follows every link but those of another user in a directory like /tmp.  False, with errno: the path leads
 * nowhere, or (EDEADLK) into our mount at a place that does not cover the directory, or into a later mount
 * that may show ours (mounts_shows_others).  file_way_release is due in both cases.
 */
bool file_way_find(struct file_way *way, const char *path, const struct file_cover *cover);
/* As openat(2) and fstatat(2). */
int file_way_open(const struct file_way *way, int flags);
bool file_way_stat(const struct file_way *way, struct stat *status);
void file_way_release(struct file_way *way);

#endif
