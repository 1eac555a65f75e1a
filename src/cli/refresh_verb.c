/*
 * refresh_verb.c - `describefs refresh PATH...`: refreshes a part of a mount by an ioctl on it.
 *
 * A path is checked before it is opened, because opening a pipe or a device could block or have effects. A
 * missing path may have been created in the cloud just now, and the kernel may hold a negative entry: then
 * its directory gets the ioctl.
 */
#include "refresh_verb.h"

#include "fuse/refresh_request.h"
#include "sys/mount_table.h"
#include "sys/output.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

/* Prints an error. Returns 1, the exit status. */
static int refresh_complain(const char *path, const char *what)
{
	struct buf line;

	buf_init(&line, SIZE_MAX);
	buf_printf(&line, "%s: %s", *path ? path : "\"\"", what);
	output_complain(line.data);
	buf_release(&line);
	return 1;
}

static const char NOT_OURS[] = "not in a describefs mount";

/* Opens for reading. -1 with errno; errno 0: not a FUSE file system. */
static int open_in_mount(const char *path)
{
	char self[40];
	struct statfs mount;
	int fd = -1, place = open(path, O_PATH | O_CLOEXEC);

	if (place < 0)
		return -1;
	if (fstatfs(place, &mount) == 0 && mount.f_type != FUSE_SUPER_MAGIC) {
		errno = 0;
	} else {
		snprintf(self, sizeof(self), "/proc/self/fd/%d", place);
		fd = open(self, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		if (fd < 0 && errno == ENOENT) /* no /proc here */
			fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	}
	int error = errno;
	close(place);
	errno = error;
	return fd;
}

/* ---- tasks ---- */

/* Without a request to the daemon. */
static bool is_same_mount(int a, int b)
{
	const int flags = AT_EMPTY_PATH | AT_STATX_DONT_SYNC;
	struct statx one, other;

	return statx(a, "", flags, 0, &one) == 0 && statx(b, "", flags, 0, &other) == 0 &&
		one.stx_dev_major == other.stx_dev_major && one.stx_dev_minor == other.stx_dev_minor;
}

/* The path of an open directory as the kernel has it. Returns false if it is not visible. */
static bool path_of(int fd, char path[PATH_MAX])
{
	char self[40];

	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	ssize_t len = readlink(self, path, PATH_MAX - 1);
	if (len <= 0 || path[0] != '/')
		return false;
	path[len] = '\0';
	return true;
}

/* Opens the directory `levels` above `fd`; -1: it is not in this mount, or not visible. */
static int open_above(int fd, uint32_t levels)
{
	char path[PATH_MAX];

	if (!path_of(fd, path))
		return -1;
	for (; levels > 0; levels--) {
		char *slash = strrchr(path, '/');
		if (!slash || slash == path)
			return -1;
		*slash = '\0';
	}
	int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0 || is_same_mount(fd, directory))
		return directory;
	close(directory);
	return -1;
}

static void read_all_names(int base, const char *path)
{
	int fd = openat(base, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *directory = fd >= 0 && is_same_mount(base, fd) ? fdopendir(fd) : NULL;

	if (!directory && fd >= 0)
		close(fd);
	if (!directory)
		return;
	while (readdir(directory))
		continue;
	closedir(directory);
}

/* If the kernel forgot such a name, it would unmount what lies below. True, too, if that is not known. */
static bool has_mounts_below(int base, const char *name)
{
	char path[PATH_MAX];
	struct buf whole;

	if (!path_of(base, path))
		return true;
	buf_init(&whole, SIZE_MAX);
	buf_printf(&whole, "%s/%s", path, name);
	bool has = mounts_are_below(whole.data);
	buf_release(&whole);
	return has;
}

/*
 * Returns false if the task was skipped. An error of statx(2) means that the path does not exist, and so the
 * kernel has no name of it.
 */
static bool perform_task(int base, const struct refresh_request *request)
{
	struct statx fresh;

	if (request->task == TASK_FORGET && has_mounts_below(base, request->path))
		return false;
	if (request->task == TASK_FORGET)
		statx(base, request->path, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_FORCE_SYNC,
			STATX_MTIME, &fresh);
	else if (request->task == TASK_READ && *request->path)
		read_all_names(base, request->path);
	return true;
}

/* ---- asking ---- */

static bool is_answered(int fd, struct refresh_request *request)
{
	return ioctl(fd, REFRESH_IOCTL, request) >= 0 && strcmp(request->mark, REFRESH_MARK) == 0;
}

/* Performs the daemon's tasks until none is left. Closes fd. Returns false if an answer is missing. */
static bool perform_tasks(int fd, struct refresh_request *request)
{
	int base = open_above(fd, request->levels);
	bool answered = true;

	if (base < 0) { /* the walk is impossible: make the kernel forget all names */
		*request = (struct refresh_request){ .step = REFRESH_EVERY_NAME };
		answered = is_answered(fd, request);
	} else { /* an open file would be in use, and keep its name */
		close(fd);
		fd = base;
	}
	while (answered && request->task != TASK_NONE) {
		request->names_kept = !perform_task(fd, request);
		request->step = REFRESH_NEXT;
		answered = is_answered(fd, request);
	}
	close(fd);
	return answered;
}

/* Refreshes `name` in the directory `fd`; "": fd itself. `path`, as the user wrote it, is for messages. */
static int refresh_ask(int fd, const char *name, const char *path)
{
	struct refresh_request request = { .step = REFRESH_BEGIN };

	snprintf(request.path, sizeof(request.path), "%s", name);
	errno = 0;
	bool answered = is_answered(fd, &request);
	int error = errno;
	if (answered && request.task != TASK_NONE)
		answered = perform_tasks(fd, &request);
	else
		close(fd);
	bool is_unknown = error == ENOTTY || error == EINVAL || error == ENOSYS || error == EOPNOTSUPP;
	if (!answered)
		return refresh_complain(path, error && !is_unknown ? strerror(error) : NOT_OURS);
	if (request.wait_s) {
		char text[128];
		snprintf(text, sizeof(text),
			"refreshed less than one TTL ago: try again in %u s "
			"(the user who mounted it may refresh it at any time)",
			request.wait_s);
		return refresh_complain(path, text);
	}
	if (request.names_kept)
		refresh_complain(path,
			"cached names stay visible until they expire: Linux before 6.16 cannot drop them, "
			"and no Linux can while another file system is mounted inside");
	return 0;
}

/* After the refresh a lookup asks the cloud: a name that is still missing does not exist. */
static int check_is_there(const char *path)
{
	struct stat there;
	char text[128];

	if (lstat(path, &there) == 0)
		return 0;
	if (errno == ENOENT || errno == ENOTDIR)
		return refresh_complain(path, "No such file or directory, also after a refresh");
	snprintf(text, sizeof(text), "cannot check whether it exists: %s", strerror(errno));
	return refresh_complain(path, text);
}

/* Refreshes a missing path through its parent directory. Returns false if that cannot be opened. */
static bool refresh_parent(const char *path, int *status)
{
	char *head = xstrdup(path), *tail = xstrdup(path);
	const char *name = basename(tail);
	int fd = open_in_mount(dirname(head));
	bool asked = fd >= 0 && strlen(name) < sizeof(((struct refresh_request *)0)->path);

	if (asked)
		*status = refresh_ask(fd, name, path) || check_is_there(path);
	else if (fd >= 0)
		close(fd);
	free(head);
	free(tail);
	return asked;
}

static int refresh_path(const char *path)
{
	int status, fd = open_in_mount(path), error = errno;

	if (fd >= 0)
		return refresh_ask(fd, "", path);
	if (error == ENOENT && refresh_parent(path, &status))
		return status;
	return refresh_complain(path, error ? strerror(error) : NOT_OURS);
}

int refresh_verb_run(const struct texts *paths)
{
	int status = 0;

	for (size_t i = 0; i < paths->n; i++)
		status |= refresh_path(paths->v[i]);
	return status;
}
