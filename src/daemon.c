/*
 * daemon.c - the process: hardening, the way into the background, a mount point to stand on.
 *
 * Into the background before anything that a fork would break (epoll, curl): the parent stays as
 * long as the start takes and ends with the child's word, one byte through a pipe: 0 for "the mount
 * answers", else the exit status.  A pipe that closes without a word is a child that died.
 *
 * A daemon that was killed leaves a mount behind on which everything fails with ENOTCONN.  It is
 * taken away before the new mount, but only where the kernel's table says that it is one of ours;
 * asking the path itself would reach whoever serves it.
 */
#include "daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mounts.h"
#include "shown.h"

/* QUOTED_MAX: of a path in a message, so that the rest of the line has room too. */
enum { DEAD_MOUNTS_MAX = 16, PATIENCE_MS = 2000, PATH_ROOM = 1 << 20, QUOTED_MAX = 1000 };

/* Hardening */

/*
 * Started with 0, 1 or 2 closed, the next descriptor would take its number: messages would go into
 * it.
 */
static void fill_standard_descriptors(void)
{
	int fd;
	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

void daemon_harden(void)
{
	struct rlimit limit = { 0, 0 };
	fill_standard_descriptors();
	setrlimit(RLIMIT_CORE, &limit);
	prctl(PR_SET_DUMPABLE, 0);
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/* Into the background */

/* The child's word: 0, or an exit status; -1 if it died without one. */
static int hear(int fd)
{
	unsigned char word;
	ssize_t n;
	do
		n = read(fd, &word, 1);
	while (n < 0 && errno == EINTR);
	return n == 1 ? word : -1;
}

/* The parent's end.  _exit: what was buffered and registered before the fork is the child's. */
static _Noreturn void wait_for_child(int fd, pid_t child, const char *mountpoint)
{
	int status = 0, word = hear(fd);
	struct stat root;
	if (word == 0) {
		if (stat(mountpoint, &root) == 0)
			_exit(0);
		int error = errno;
		char *path = shown_line(mountpoint);
		fprintf(stderr, "describefs: %s: %s\n", path, strerror(error));
		_exit(1);
	}
	/* Until it has ended: then nothing is left mounted either. */
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (word < 0 && WIFSIGNALED(status))
		fprintf(stderr, "describefs: died at the start: %s\n", strsignal(WTERMSIG(status)));
	_exit(word > 0 ? word : 1);
}

/*
 * A pipe that we inherited must not keep its reader waiting for the end of us.  The word's
 * pipe, which stays, is moved to the first number after stderr's.
 */
static int close_others(int word)
{
	int first = STDERR_FILENO + 1;
	if (word != first && dup3(word, first, O_CLOEXEC) < 0)
		return -1;
	close_range((unsigned int)first + 1, ~0U, 0);
	return first;
}

static int leave_terminal(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0)
		return -1;
	close(null);
	/* A daemon must not keep the filesystem busy that it happened to be started in. */
	if (chdir("/") < 0)
		return -1;
	return setsid() < 0 ? -1 : 0;
}

int daemon_detach(const char *mountpoint)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	fflush(NULL);
	pid_t child = fork();
	if (child > 0) {
		close(ends[1]);
		wait_for_child(ends[0], child, mountpoint);
	}
	close(ends[0]);
	if (child == 0 && leave_terminal() == 0)
		return close_others(ends[1]);
	int error = errno;
	if (child == 0)
		daemon_fail(ends[1], 1);
	else
		close(ends[1]);
	errno = error;
	return -1;
}

static void tell(int fd, unsigned char word)
{
	ssize_t n;
	do
		n = write(fd, &word, 1);
	while (n < 0 && errno == EINTR);
	close(fd);
}

void daemon_ready(int fd)
{
	if (fd < 0)
		return;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null >= 0) {
		dup2(null, STDERR_FILENO);
		close(null);
	}
	tell(fd, 0);
}

void daemon_fail(int fd, int status)
{
	if (fd >= 0)
		tell(fd, status > 0 && status < 256 ? (unsigned char)status : 1);
}

/*
 * One datagram, as sd_notify(3) describes it: '@' stands for the zero byte of an abstract address.  Nobody
 * could be told of a failure: the manager's own time limit says it.
 */
void daemon_notify(const char *socket_name)
{
	static const char READY[] = "READY=1";
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t len = socket_name ? strlen(socket_name) : 0;
	if (len < 2 || len >= sizeof to.sun_path || !strchr("/@", socket_name[0]))
		return;
	memcpy(to.sun_path, socket_name, len);
	if (socket_name[0] == '@')
		to.sun_path[0] = '\0';
	socklen_t to_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	sendto(fd, READY, sizeof READY - 1, MSG_NOSIGNAL, (const struct sockaddr *)&to, to_len);
	close(fd);
}

/* The mount point */

/* As the kernel's table has it; the caller frees it.  NULL with errno. */
static char *resolve(const char *path)
{
	char *whole = realpath(path, NULL);
	if (whole || errno != ENOTCONN)
		return whole;
	/* A dead mount cannot be asked; the directory that it is in can. */
	char *head = xstrdup(path), *tail = xstrdup(path);
	char *parent = realpath(dirname(head), NULL);
	if (parent) {
		struct buf joined;
		buf_init(&joined, PATH_ROOM);
		const char *before = strcmp(parent, "/") == 0 ? "" : parent;
		buf_printf(&joined, "%s/%s", before, basename(tail));
		whole = buf_take(&joined);
	}
	free(parent);
	free(head);
	free(tail);
	return whole;
}

/* Root may detach it itself; for everyone else fusermount3 can. */
static bool unmount(const char *path)
{
	if (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
		return true;
	char *const arguments[] = { (char *)(uintptr_t)"fusermount3", (char *)(uintptr_t)"-u",
		(char *)(uintptr_t)"-z", (char *)(uintptr_t)path, NULL };
	pid_t child;
	int status;
	if (posix_spawnp(&child, arguments[0], NULL, NULL, arguments, environ) != 0)
		return false;
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return false;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/*
 * Only begins it where fusermount3 is needed, which may ask us about the mount point: whoever waited
 * for its end here could not answer.
 */
bool daemon_detach_mount(const char *path)
{
	char *const arguments[] = { (char *)(uintptr_t)"fusermount3", (char *)(uintptr_t)"-u",
		(char *)(uintptr_t)"-z", (char *)(uintptr_t)path, NULL };
	pid_t child;

	if (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
		return true;
	return errno == EPERM && posix_spawnp(&child, arguments[0], NULL, NULL, arguments, environ) == 0;
}

/* stat may be answered out of the kernel's cache for as long as we let it; statvfs never is. */
static bool is_dead(const char *path)
{
	struct statvfs status;
	return statvfs(path, &status) < 0 && errno == ENOTCONN;
}

/* Takes away dead mounts of ours, which may lie one on another. */
static bool heal(const char *path, struct buf *why)
{
	for (int i = 0; i < DEAD_MOUNTS_MAX; i++) {
		if (!is_dead(path))
			return true;
		if (!mounts_are_ours(path)) {
			buf_printf(why, "%.*s: a dead mount, not ours, is there: unmount it first "
				"(fusermount3 -u)", QUOTED_MAX, path);
			return false;
		}
		if (!unmount(path))
			break;
	}
	buf_printf(why, "%.*s: a dead mount cannot be taken away: try fusermount3 -u -z",
		QUOTED_MAX, path);
	return false;
}

static bool check_directory(const char *path, struct buf *why)
{
	struct stat status;
	const char *wrong = NULL;
	if (mounts_are_ours(path))
		wrong = "describefs is already mounted there";
	else if (stat(path, &status) < 0)
		wrong = strerror(errno);
	else if (!S_ISDIR(status.st_mode))
		wrong = "not a directory";
	else if (access(path, X_OK) < 0)
		wrong = strerror(errno);
	if (wrong)
		buf_printf(why, "%.*s: %s", QUOTED_MAX, path, wrong);
	return !wrong;
}

bool daemon_mountpoint(const char *mountpoint, struct buf *why)
{
	char *path = resolve(mountpoint);
	if (!path) {
		buf_printf(why, "%.*s: %s", QUOTED_MAX, mountpoint, strerror(errno));
		return false;
	}
	bool good = heal(path, why) && check_directory(path, why);
	free(path);
	return good;
}

/* Asking a mount, which may be dead, or stopped */

/* The child: what the file holds, down the pipe; its exit status says why it could not. */
static _Noreturn void read_file(const char *path, int out)
{
	char bytes[4096];
	ssize_t n = 0;
	int in = open(path, O_RDONLY | O_CLOEXEC);

	while (in >= 0 && (n = read(in, bytes, sizeof(bytes))) > 0)
		if (write(out, bytes, (size_t)n) != n)
			_exit(EIO);
	_exit(in < 0 || n < 0 ? errno : 0);
}

int daemon_ask_mount(const char *path, struct buf *out)
{
	char bytes[4096];
	int ends[2], status = 0;

	if (pipe2(ends, O_CLOEXEC))
		return errno;
	fflush(NULL);
	pid_t child = fork();
	if (child == 0)
		read_file(path, ends[1]);
	close(ends[1]);
	struct pollfd ready = { .fd = ends[0], .events = POLLIN };
	bool answers = false;
	while (child > 0 && (answers = poll(&ready, 1, PATIENCE_MS) > 0)) {
		ssize_t n = read(ends[0], bytes, sizeof(bytes));
		if (n <= 0 || !buf_add(out, bytes, (size_t)n))
			break;
	}
	close(ends[0]);
	if (child < 0)
		return errno;
	if (!answers)
		kill(child, SIGKILL);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return answers && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
