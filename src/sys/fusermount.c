/*
 * fusermount.c - runs fusermount3, the setuid program that mounts and unmounts for unprivileged users.
 *
 * An environment variable tells it which descriptor is its end of a socket; it sends /dev/fuse through the
 * socket.
 */
#include "fusermount.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/child.h"

enum { MESSAGES_MAX = 1024, SOCKET = STDERR_FILENO + 1, DETACH_MS = 20000 };

static const char NAME[] = "fusermount3", SOCKET_VARIABLE[] = "_FUSE_COMMFD=3";

/* Our environment and the socket's number. */
static char **environment(void)
{
	size_t n = 0;

	while (environ && environ[n])
		n++;
	char **whole = xcalloc(n + 2, sizeof(*whole));
	memcpy(whole, environ, n * sizeof(*whole));
	whole[n] = (char *)(uintptr_t)SOCKET_VARIABLE;
	return whole;
}

/* Tries PATH first; a service's PATH may lack it, or lead through a dead mount. */
static int fusermount_spawn(pid_t *child, const posix_spawn_file_actions_t *actions,
	const posix_spawnattr_t *attributes, char *const *arguments)
{
	static const char *const places[] = { NAME, "/usr/bin/fusermount3", "/bin/fusermount3",
		"/usr/local/bin/fusermount3" };
	char **words = environment();
	int error = ENOENT;

	for (size_t i = 0; error && i < sizeof(places) / sizeof(*places); i++)
		error = posix_spawnp(child, places[i], actions, attributes, arguments, words);
	free(words);
	return error;
}

/* `socket`: its descriptor 3; -1: none. `messages`: its stderr; -1: ours. 0, or an errno. */
static int fusermount_start(pid_t *child, char *const *arguments, int socket, int messages)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none;

	sigemptyset(&none); /* our signals are blocked; the child's must not be */
	if (posix_spawnattr_init(&attributes))
		return ENOMEM;
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	int error = posix_spawn_file_actions_init(&actions);
	if (!error) {
		if (messages >= 0)
			error = posix_spawn_file_actions_adddup2(&actions, messages, STDERR_FILENO);
		if (!error && socket >= 0)
			error = posix_spawn_file_actions_adddup2(&actions, socket, SOCKET);
		if (!error)
			error = fusermount_spawn(child, &actions, &attributes, arguments);
		posix_spawn_file_actions_destroy(&actions);
	}
	posix_spawnattr_destroy(&attributes);
	return error;
}

/* Receives a descriptor; -1: none within `ms` (ETIMEDOUT), or the socket closed. */
static int fusermount_receive(int socket, int64_t ms)
{
	struct pollfd ready = { .fd = socket, .events = POLLIN };
	char byte, room[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec part = { &byte, 1 };
	struct msghdr message = { .msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = room,
		.msg_controllen = sizeof(room) };
	int fd = -1;

	errno = 0;
	if (poll(&ready, 1, (int)ms) == 0)
		errno = ETIMEDOUT;
	else if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT) > 0) {
		struct cmsghdr *header = CMSG_FIRSTHDR(&message);
		if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS)
			memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	}
	return fd;
}

/* Adds its messages as one line. */
static void fusermount_quote(int messages, struct buf *why)
{
	char text[MESSAGES_MAX];
	ssize_t n = pread(messages, text, sizeof(text), 0);

	while (n > 0 && text[n - 1] == '\n')
		n--;
	for (ssize_t i = 0; i < n; i++)
		buf_puts(why, text[i] == '\n' ? "; " : (char[]){ text[i], '\0' });
	if (n <= 0)
		buf_printf(why, "%s gave no reason; run describefs doctor", NAME);
}

static int mount_with(const int ends[2], int messages, char *const *arguments, int64_t ms, bool stays,
	struct buf *why)
{
	pid_t child;
	int status, error = fusermount_start(&child, arguments, ends[1], messages);

	close(ends[1]); /* or its exit would not close the socket */
	if (error) {
		buf_printf(why, "cannot run %s: %s; it comes with the package fuse3", NAME, strerror(error));
		return -1;
	}
	int fd = fusermount_receive(ends[0], ms);
	if (fd < 0 && errno == ETIMEDOUT)
		buf_printf(why, "%s did not answer within %lld s", NAME, (long long)ms / 1000);
	if (fd < 0 && errno == ETIMEDOUT)
		child_kill(child);
	else if ((fd < 0 || !stays) && !child_wait(child, ms, &status))
		child_kill(child);
	if (fd < 0 && !why->len)
		fusermount_quote(messages, why);
	return fd;
}

int fusermount_mount(const char *place, const char *options, int64_t ms, int *keeper, struct buf *why)
{
	char *const arguments[] = { (char *)(uintptr_t)NAME, (char *)(uintptr_t) "-o",
		(char *)(uintptr_t)options, (char *)(uintptr_t) "--", (char *)(uintptr_t)place, NULL };
	int ends[2], messages = memfd_create("stderr", MFD_CLOEXEC);

	if (messages < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends)) {
		buf_puts(why, strerror(errno));
		if (messages >= 0)
			close(messages);
		return -1;
	}
	int fd = mount_with(ends, messages, arguments, ms, keeper != NULL, why);
	close(messages);
	if (fd >= 0 && keeper)
		*keeper = ends[0];
	else
		close(ends[0]);
	return fd;
}

static bool fusermount_run_detach(const char *place, int64_t ms)
{
	char *const arguments[] = { (char *)(uintptr_t)NAME, (char *)(uintptr_t) "-u",
		(char *)(uintptr_t) "-q", (char *)(uintptr_t) "-z", (char *)(uintptr_t) "--",
		(char *)(uintptr_t)place, NULL };
	pid_t child;
	int status;

	if (fusermount_start(&child, arguments, -1, -1))
		return false;
	if (!child_wait(child, ms, &status)) {
		child_kill(child);
		return false;
	}
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static int fusermount_child(void *arg, int out)
{
	(void)out;
	close_range(STDERR_FILENO + 1, ~0U, 0); /* also /dev/fuse, which must not stay open */
	return !fusermount_run_detach(arg, DETACH_MS);
}

/*
 * posix_spawn returns only when the program runs, and PATH may lead through the mount that this process
 * serves. So a child spawns it, and nothing waits for the child.
 */
bool fusermount_detach(const char *place, int64_t ms)
{
	struct child child;

	if (ms)
		return fusermount_run_detach(place, ms);
	if (!child_start(&child, fusermount_child, (void *)(uintptr_t)place, 1))
		return false;
	close(child.fd);
	buf_release(&child.output);
	return true;
}
