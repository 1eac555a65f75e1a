/*
 * read_file.c - reads a small text file as a whole, never blocking on a FIFO or a device.
 *
 * O_NONBLOCK makes open return at once for any file type. Type and owner are checked on the open descriptor,
 * so the file cannot be swapped in between. Links are followed, because users keep their configuration in
 * repositories.
 */
#include "sys/read_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/value.h"

/* 0, an errno, or -1: not a regular file. */
static int check_regular(int fd, size_t max)
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

/* The file may grow while it is read: more than `max` bytes are EFBIG. */
static int read_bytes(int fd, char *bytes, size_t max, size_t *len)
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

static int read_text(int fd, char *bytes, size_t max, size_t *len, const char **mistake)
{
	int error = read_bytes(fd, bytes, max, len);
	bytes[*len] = '\0';
	if (error == 0)
		*mistake = value_text(bytes, len);
	return error == 0 && *mistake ? EILSEQ : error;
}

static void add_reason(const char *path, const struct file_way *way, int error, const char *mistake,
	struct buf *why)
{
	if (mistake)
		buf_printf(why, "%.1000s %s", path, mistake);
	else if (error == EDEADLK)
		buf_printf(why,
			"%.1000s: it lies in this mount, or in a later mount that may lead "
			"back into it, which its own process cannot read: put it elsewhere",
			path);
	else
		buf_printf(why, "%.1000s: %s", path, error < 0 ? "not a regular file" : strerror(error));
	file_advise(way, path, error, why);
}

/*
 * The last name of the path is a dangling link. That is an error: treated as a missing file, another source
 * of configuration would be used silently.
 */
static bool is_dangling(const struct file_way *way, int error)
{
	return way->link >= 0 && (error == ENOENT || error == ENOTDIR);
}

static void add_dangling(const char *path, const struct file_way *way, struct buf *why)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(way->link, "", target, sizeof target - 1);
	target[n > 0 ? n : 0] = '\0';
	buf_printf(why, "%.1000s: a link to %.1000s, which does not exist: correct the link, or remove it",
		path, target);
}

/* `trust` NULL: any owner. 0, an errno, or -1: not a regular file. */
static int file_read_way(const struct file_way *way, const char *path, size_t max,
	const struct file_trust *trust, char **bytes, size_t *len, struct buf *why)
{
	const char *mistake = NULL;
	int fd = way->directory < 0 ? -1 : file_way_open(way, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	int error = fd < 0 ? errno : check_regular(fd, max);
	if (error == 0 && trust && !file_is_trusted(fd, path, way, *trust, why)) {
		close(fd);
		return EACCES;
	}
	if (error == 0) {
		*bytes = xmalloc(max + 2);
		error = read_text(fd, *bytes, max, len, &mistake);
	}
	if (fd >= 0)
		close(fd);
	if (is_dangling(way, error)) {
		add_dangling(path, way, why);
		return ELOOP;
	}
	if (error)
		add_reason(path, way, error, mistake, why);
	return error;
}

static char *find_and_read(const struct file_cover *cover, const char *path, size_t max,
	const struct file_trust *trust, size_t *len, struct buf *why)
{
	char *bytes = NULL;
	struct file_way way;
	if (!file_way_find(&way, path, cover) && way.directory >= 0) {
		int error = errno; /* close may change it */
		close(way.directory);
		way.directory = -1; /* `name` is not the file's name */
		errno = error;
	}
	int error = file_read_way(&way, path, max, trust, &bytes, len, why);
	file_way_release(&way);
	if (error == 0)
		return bytes;
	if (bytes)
		explicit_bzero(bytes, max + 2);
	free(bytes);
	errno = error < 0 ? EINVAL : error;
	return NULL;
}

char *file_read(const struct file_cover *cover, const char *path, size_t max, size_t *len, struct buf *why)
{
	return find_and_read(cover, path, max, NULL, len, why);
}

char *file_read_trusted(const struct file_cover *cover, const char *path, size_t max, struct file_trust trust,
	size_t *len, struct buf *why)
{
	return find_and_read(cover, path, max, &trust, len, why);
}

static bool file_stat(const struct file_cover *cover, const char *path, struct stat *status)
{
	struct file_way way;
	bool found = file_way_find(&way, path, cover) && file_way_stat(&way, status);
	int error = !found && is_dangling(&way, errno) ? ELOOP : errno;
	file_way_release(&way);
	errno = error;
	return found;
}

bool file_is_there(const struct file_cover *cover, const char *path)
{
	struct stat status;
	return file_stat(cover, path, &status);
}

DIR *file_list(const struct file_cover *cover, const char *path)
{
	struct file_way way;
	int fd = file_way_find(&way, path, cover) ? file_way_open(&way, O_RDONLY | O_DIRECTORY | O_NONBLOCK) :
						    -1;
	file_way_release(&way);
	DIR *listed = fd < 0 ? NULL : fdopendir(fd);
	if (fd >= 0 && !listed)
		close(fd);
	return listed;
}

uint64_t file_mark(const struct file_cover *cover, const char *path)
{
	struct stat status;
	if (!file_stat(cover, path, &status))
		return 0;
	const uint64_t parts[] = { status.st_dev, status.st_ino, (uint64_t)status.st_size,
		(uint64_t)status.st_mtim.tv_sec, (uint64_t)status.st_mtim.tv_nsec,
		(uint64_t)status.st_ctim.tv_sec, (uint64_t)status.st_ctim.tv_nsec };
	uint64_t mark = 1;
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		mark = (mark ^ parts[i]) * 0x9e3779b97f4a7c15ULL;
	return mark ? mark : 1;
}

void file_advise_home(const struct file_cover *cover, const char *home, const char *path, struct buf *why)
{
	struct stat status;
	size_t len = home ? strlen(home) : 0;
	if (!len || strncmp(path, home, len) != 0 || path[len] != '/' || !file_stat(cover, home, &status) ||
		status.st_uid == geteuid())
		return;
	buf_printf(why,
		"; HOME is %.1000s, which belongs to the user %u: run sudo -H, or set HOME to your "
		"own",
		home, (unsigned int)status.st_uid);
}
