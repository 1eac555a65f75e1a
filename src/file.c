/*
 * file.c - a small regular file as a whole.
 *
 * O_NONBLOCK makes open return at once whatever the path names; what was opened is then looked at
 * by its descriptor, so that nobody can swap it in between.  A link to a file is as good as the
 * file: people keep their settings in a repository of their own.
 */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* 0, or why it is not a file to read (an errno; -1: no file at all). */
static int check(int fd, size_t max)
{
	struct stat status;
	if (fstat(fd, &status) < 0)
		return errno;
	if (S_ISDIR(status.st_mode))
		return EISDIR;
	if (!S_ISREG(status.st_mode))
		return -1;
	return status.st_size > (off_t)max ? EFBIG : 0;
}

/* It may grow while we read: what is behind `max` bytes is a mistake, not a surprise. */
static int read_all(int fd, char *bytes, size_t max, size_t *len)
{
	*len = 0;
	while (*len <= max) {
		ssize_t n = read(fd, bytes + *len, max + 1 - *len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		if (n == 0)
			return 0;
		*len += (size_t)n;
	}
	return EFBIG;
}

/*
 * Whoever else can read the file has the secret too, and whoever else can write to it or beside it
 * chooses the account that we show; but in /tmp and the like each can only replace his own.  Root reads for
 * others: in a container, or with their HOME.
 */
static bool is_private(int fd, const char *path, struct buf *why)
{
	struct stat status;
	char *copy = xstrdup(path), *directory = dirname(copy);
	bool good = false;
	if (fstat(fd, &status) < 0)
		buf_printf(why, "%.1000s: %s", path, strerror(errno));
	else if (status.st_uid != geteuid() && status.st_uid != 0 && geteuid() != 0)
		buf_printf(why, "%.1000s: belongs to the user %u: it must be yours", path,
			(unsigned int)status.st_uid);
	else if (status.st_mode & (S_IRWXG | S_IRWXO))
		buf_printf(why, "%.1000s: others can get at it: chmod 600 %.1000s", path, path);
	else if (stat(directory, &status) == 0 && (status.st_mode & (S_IWOTH | S_ISVTX)) == S_IWOTH)
		buf_printf(why, "%.1000s: anybody can write to it: chmod 700 %.1000s", directory,
			directory);
	else
		good = true;
	free(copy);
	return good;
}

static char *read_file(const char *path, size_t max, size_t *len, bool secret, struct buf *why)
{
	char *bytes = NULL;
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	int error = fd < 0 ? errno : check(fd, max);
	if (error == 0 && secret && !is_private(fd, path, why)) {
		close(fd);
		errno = EACCES;
		return NULL;
	}
	if (error == 0) {
		bytes = xmalloc(max + 2);
		error = read_all(fd, bytes, max, len);
		bytes[*len] = '\0';
	}
	if (fd >= 0)
		close(fd);
	if (error == 0)
		return bytes;
	if (bytes)
		explicit_bzero(bytes, max + 2);
	free(bytes);
	buf_printf(why, "%.1000s: %s", path, error < 0 ? "not a regular file" : strerror(error));
	errno = error < 0 ? EINVAL : error;
	return NULL;
}

char *file_read(const char *path, size_t max, size_t *len, struct buf *why)
{
	return read_file(path, max, len, false, why);
}

char *file_read_secret(const char *path, size_t max, size_t *len, struct buf *why)
{
	return read_file(path, max, len, true, why);
}

uint64_t file_mark(const char *path)
{
	struct stat status;
	if (stat(path, &status) < 0)
		return 0;
	const uint64_t parts[] = { status.st_dev, status.st_ino, (uint64_t)status.st_size,
		(uint64_t)status.st_mtim.tv_sec, (uint64_t)status.st_mtim.tv_nsec,
		(uint64_t)status.st_ctim.tv_sec, (uint64_t)status.st_ctim.tv_nsec };
	uint64_t mark = 1;
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		mark = (mark ^ parts[i]) * 0x9e3779b97f4a7c15ULL;
	return mark ? mark : 1;
}
