/*
 * read_file.h - reads a small text file as a whole, never blocking on a FIFO or a device.
 */
#ifndef DESCRIBEFS_READ_FILE_H
#define DESCRIBEFS_READ_FILE_H

#include <dirent.h>
#include <stdint.h>

#include "base/buf.h"
#include "sys/file_way.h"

/*
 * Reads a regular file of at most `max` bytes, without a byte order mark. A NUL follows the bytes. The
 * result is one allocation, so that the caller can overwrite a secret; the caller frees it. On failure: NULL
 * with errno (EILSEQ: not text; ELOOP: a dangling link, or a cycle), and `why` is "PATH: reason" and what to
 * do.
 *
 * `cover`, here and below: the directory that our mount covers; a path through the mount then leads to the
 * covered file. NULL: no mount of ours.
 */
char *file_read(const struct file_cover *cover, const char *path, size_t max, size_t *len, struct buf *why);

enum file_care {
	FILE_DECIDES, /* configuration: no other user may write it */
	FILE_SECRET, /* a secret: and no other user may read it */
};

/* Trusted owners: the user and root; for root also the user that became root by sudo. */
struct file_trust {
	int64_t invoker; /* that user's uid; -1: none */
	enum file_care care;
};

/*
 * As file_read, but fails (EACCES; `why` says what to run) if another user owns the file, a link to it or its
 * directory, or can write to one of them, or can read a secret.
 */
char *file_read_trusted(const struct file_cover *cover, const char *path, size_t max, struct file_trust trust,
	size_t *len, struct buf *why);

/*
 * file_trust.c, for read_file.c: whether an open file is trusted; and what to do about a file that cannot be
 * read.
 */
bool file_is_trusted(int fd, const char *path, const struct file_way *way, struct file_trust trust,
	struct buf *why);
void file_advise(const struct file_way *way, const char *path, int error, struct buf *why);

/*
 * If `path` lies in `home` and another user owns that: adds to `why` who owns it and how to use another HOME.
 */
void file_advise_home(const struct file_cover *cover, const char *home, const char *path, struct buf *why);

/* A hash that changes when the file is modified or replaced; 0: no such file. */
uint64_t file_mark(const struct file_cover *cover, const char *path);
/* False with errno: no such file. */
bool file_is_there(const struct file_cover *cover, const char *path);
/* As opendir(3). */
DIR *file_list(const struct file_cover *cover, const char *path);

#endif
