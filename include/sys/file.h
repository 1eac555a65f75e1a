/*
 * file.h - a small text file as a whole, read without ever waiting for a FIFO or a device.
 */
#ifndef DESCRIBEFS_FILE_H
#define DESCRIBEFS_FILE_H

#include <dirent.h>
#include <stdint.h>

#include "base/buf.h"
#include "sys/file_way.h"

/*
 * The bytes of a regular file of at most `max` bytes, without a byte order mark, and a NUL behind them, in
 * one allocation (so that who reads a secret can wipe it): the caller frees it. NULL: errno is set (EILSEQ:
 * it is no text; ELOOP: a link that leads nowhere, or round), and `why` says "PATH: reason" and what to do.
 *
 * `cover`, here and below: what our mount covers, so that a path that meets the mount is read where it was
 * before; NULL: there is no mount of ours.
 */
char *file_read(const struct file_cover *cover, const char *path, size_t max, size_t *len, struct buf *why);

enum file_care {
	FILE_DECIDES, /* what the program does: nobody else may have written it */
	FILE_SECRET, /* and nobody else may read it */
};

/*
 * Whose files are believed: the user's own and root's; where we are root, also those of the user who became
 * root by sudo, and of nobody else.
 */
struct file_trust {
	int64_t invoker; /* that user; -1: there is none */
	enum file_care care;
};

/*
 * The same, refused (EACCES, and `why` says what to run) where another user owns the file, a link to it or
 * its directory, or can write to one of them; of a secret, where another user can read it.
 */
char *file_read_trusted(const struct file_cover *cover, const char *path, size_t max, struct file_trust trust,
	size_t *len, struct buf *why);

/*
 * file_trust.c, for file.c: whether an open file may be believed, and how one that cannot be read is made
 * readable.
 */
bool file_is_trusted(int fd, const char *path, const struct file_way *way, struct file_trust trust,
	struct buf *why);
void file_advise(const struct file_way *way, const char *path, int error, struct buf *why);

/*
 * Adds to `why`, where `path` lies in `home` and that belongs to another user: which user's it is, and how to
 * get at one's own.  `home` NULL: unknown.
 */
void file_advise_home(const struct file_cover *cover, const char *home, const char *path, struct buf *why);

/* Changes when the file does, in content or by being replaced; 0: there is none. */
uint64_t file_mark(const struct file_cover *cover, const char *path);
/* False, with errno: there is none. */
bool file_is_there(const struct file_cover *cover, const char *path);
/* As opendir(3). */
DIR *file_list(const struct file_cover *cover, const char *path);

#endif
