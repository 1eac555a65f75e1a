/*
 * mount_answers.c - reads the metrics of several mounts at once.
 *
 * For each source a child writes its name, a NUL, its metrics, and a NUL.
 */
#include "mount_answers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/child.h"
#include "sys/monotonic.h"

enum { ANSWER_MAX = 1 << 20 };

/* ---- in the child ---- */

/* Checks the type before it opens: opening a FIFO or a device could block or have effects. */
static int open_file(int top, const char *path)
{
	struct open_how how = { .flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV };
	char self[40];
	struct stat status;
	int place = (int)syscall(SYS_openat2, top, path, &how, sizeof(how)), fd = -1;

	if (place < 0)
		return -1;
	if (fstat(place, &status) == 0 && !S_ISREG(status.st_mode)) {
		errno = EINVAL;
	} else {
		snprintf(self, sizeof(self), "/proc/self/fd/%d", place);
		fd = open(self, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	}
	int error = errno;
	close(place);
	errno = error;
	return fd;
}

/* 0, or an errno. */
static int copy_file(int fd, const char *name, int out)
{
	char bytes[4096];
	struct buf text;
	ssize_t n;
	int error = 0;

	buf_init(&text, ANSWER_MAX);
	while ((n = read(fd, bytes, sizeof(bytes))) > 0 && buf_add(&text, bytes, strnlen(bytes, (size_t)n)))
		continue;
	if (n < 0)
		error = errno;
	else if (text.full)
		error = EFBIG;
	else if (dprintf(out, "%s%c%s%c", name, '\0', text.data, '\0') < 0)
		error = errno;
	buf_release(&text);
	return error;
}

/* One source. */
static int write_metrics(int top, const char *name, int out)
{
	struct buf path;

	buf_init(&path, SIZE_MAX);
	buf_printf(&path, "%s%s.describefs/metrics", name, *name ? "/" : "");
	int fd = open_file(top, path.data);
	int error = fd < 0 ? errno : copy_file(fd, name, out);
	if (fd >= 0)
		close(fd);
	buf_release(&path);
	return error;
}

/* Several sources are the names in the top directory. */
static int write_sources(int top, int out)
{
	int fd = openat(top, ".", O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC), error = 0;
	DIR *names = fd < 0 ? NULL : fdopendir(fd);

	if (!names)
		return errno;
	size_t n = 0;
	for (const struct dirent *entry; !error && n < SOURCES_MAX && (entry = readdir(names));)
		if (entry->d_name[0] != '.' && ++n)
			error = write_metrics(top, entry->d_name, out);
	closedir(names);
	return error;
}

/* O_PATH: no request to the daemon. Checks the id, because the table may be outdated. */
static int open_mount(const struct mount *mount)
{
	struct mount_id found;
	int top = open(mount->point, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (top < 0 || (mounts_opened(top, &found) && mounts_same(&found, &mount->id)))
		return top;
	close(top);
	errno = EXDEV;
	return -1;
}

static int answers_child(void *arg, int out)
{
	const struct mount *mount = arg;
	int top = open_mount(mount);
	int error = top < 0 ? errno : write_metrics(top, "", out);

	if (error == ENOENT && top >= 0)
		error = write_sources(top, out);
	return error == ELOOP || error == ENOTDIR || error == EFBIG ? EINVAL : error;
}

/* ---- in the parent ---- */

static void answers_take(struct mount_answers *answers, struct child *child)
{
	answers->error = child->status;
	size_t len = child->output.len;
	answers->bytes = buf_take(&child->output);
	const char *at = answers->bytes, *end = at + len;
	while (answers->error >= 0 && at < end && answers->n < SOURCES_MAX) {
		const char *metrics = at + strlen(at) + 1;
		if (metrics >= end)
			return;
		answers->v[answers->n++] = (struct mount_answer){ at, metrics };
		at = metrics + strlen(metrics) + 1;
	}
}

static void ask_some(const struct mount *const *mounts, size_t n, struct mount_answers *answers, int64_t ms)
{
	struct child children[CHILDREN_MAX];

	for (size_t i = 0; i < n; i++)
		if (!child_start(&children[i], answers_child, (void *)(uintptr_t)mounts[i],
			    SOURCES_MAX * (ANSWER_MAX + NAME_MAX + 2)))
			children[i].status = errno;
	children_read(children, n, ms);
	for (size_t i = 0; i < n; i++)
		answers_take(&answers[i], &children[i]);
}

void mount_answers_ask(const struct mount *const *mounts, size_t n, int64_t limit_ms,
	struct mount_answers *answers)
{
	int64_t end_ms = monotonic_ms() + limit_ms;

	for (size_t i = 0; i < n; i++)
		answers[i] = (struct mount_answers){ .error = -1 };
	for (size_t i = 0; i < n && monotonic_ms() < end_ms; i += CHILDREN_MAX)
		ask_some(mounts + i, n - i < CHILDREN_MAX ? n - i : CHILDREN_MAX, answers + i,
			end_ms - monotonic_ms());
}

void mount_answers_release(struct mount_answers *answers)
{
	free(answers->bytes);
	*answers = (struct mount_answers){ 0 };
}
