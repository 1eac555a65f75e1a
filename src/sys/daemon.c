/*
 * daemon.c - hardens the process, and moves it into the background.
 *
 * The fork comes before anything that a fork would break (epoll, curl). The parent waits for the start and
 * exits with the child's status, one byte on a socket: 0 if the mount answers, else the exit status. Before
 * that the child sends the path where it mounts, as soon as it has resolved it. If the socket closes without
 * a status, the child died. A child that sends no path for MOUNTING_LOOK_MS, or then no status for START_S,
 * is killed. If the parent exits with another status than 0, nothing is left mounted.
 */
#include "sys/daemon.h"

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

#include "sys/child.h"
#include "sys/mounting.h"
#include "sys/output.h"

/*
 * A start takes 20 ms. START_S allows for a busy machine, and is longer than each limit of the child, whose
 * message is more exact.
 */
enum { START_S = 45, ANSWER_MS = 10000, END_MS = 7000 };
enum { WORD_DIED = -1, WORD_LATE = -2, LATE = -1 };
static const char NO_BACKGROUND[] = "cannot go into the background";

/* Hardening */

/* If 0, 1 or 2 is closed, the next descriptor gets that number, and messages would be written to it. */
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

/* Receives the child's next message: its length; 0: the child died; LATE: no message within `ms`. */
static ssize_t daemon_receive(int fd, int ms, char *message, size_t room, int flags)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	ssize_t n;
	if (poll(&ready, 1, ms) == 0)
		return LATE;
	do
		n = recv(fd, message, room, flags);
	while (n < 0 && errno == EINTR);
	return n < 0 ? 0 : n;
}

/*
 * The child's status: 0, an exit status, WORD_DIED or WORD_LATE. MSG_PEEK leaves it in the socket for
 * ask_root.
 */
static int receive_word(int fd)
{
	char word;
	ssize_t n = daemon_receive(fd, START_S * 1000, &word, 1, MSG_PEEK);
	return n == LATE ? WORD_LATE : n == 1 ? (unsigned char)word : WORD_DIED;
}

/* A stat of the mount, after the daemon has sent its status. */
struct root_query {
	int fd;
	const char *place;
};

/* Runs in a child, because a mount may hang. 0, or an errno. */
static int ask_root(void *arg)
{
	const struct root_query *query = arg;
	struct stat root;
	char word = 1;
	if (recv(query->fd, &word, 1, MSG_PEEK) != 1 || word != 0)
		return ECANCELED;
	return stat(query->place, &root) == 0 ? 0 : errno;
}

/* The daemon's status. The child for the stat is started meanwhile, which saves 0.2 ms of each start. */
static int receive_answer(int fd, const char *place, struct child_stack *stack, int *error)
{
	struct root_query query = { fd, place };
	pid_t child = child_call(ask_root, &query, stack);
	int failure = errno, word = receive_word(fd);
	if (child < 0)
		*error = failure;
	else if (word == 0)
		*error = child_result(child, ANSWER_MS);
	else
		child_kill(child);
	return word;
}

/* Ends the child, if necessary with its helpers, and unmounts what it left at `place`. */
static void end_child(pid_t child, int word, int *status, const char *place)
{
	if (word == 0 || word == WORD_LATE)
		kill(child, SIGTERM);
	if (!child_wait(child, END_MS, status)) {
		kill(-child, SIGKILL); /* the process group of its session */
		child_kill(child);
		*status = 0;
	}
	if (place)
		mounting_heal(place);
}

/* Prints the failures that the child could not report itself. */
static void print_failure(int word, int error, int status, const char *mountpoint)
{
	struct buf why;
	buf_init(&why, SIZE_MAX);
	if (word == 0)
		buf_printf(&why, "%s: %s", mountpoint,
			error < 0 ? "the mount does not answer" : strerror(error));
	else if (word == WORD_LATE)
		buf_printf(&why,
			"cannot mount on %s: the daemon did not start within %d s and was stopped; "
			"run describefs doctor",
			mountpoint, START_S);
	else if (word == WORD_DIED && WIFSIGNALED(status))
		buf_printf(&why, "the daemon died at its start: %s", strsignal(WTERMSIG(status)));
	if (why.len)
		output_complain(why.data);
	buf_release(&why);
}

/* A child that blocks in the kernel ends later. A child that continued meanwhile may have mounted. */
static _Noreturn void give_up_look(int fd, pid_t child, const char *path)
{
	char place[PATH_MAX];
	struct buf why;
	child_kill(child);
	if (daemon_receive(fd, 0, place, sizeof(place), 0) > 1)
		mounting_heal(place);
	buf_init(&why, SIZE_MAX);
	mounting_miss_look(path, &why);
	output_complain(why.data);
	_exit(1);
}

/* The parent. _exit: buffers and exit handlers from before the fork belong to the child. */
static _Noreturn void wait_for_child(int fd, pid_t child, const char *path)
{
	char place[PATH_MAX];
	struct child_stack stack; /* this function never returns */
	int status = 0, error = 0;
	ssize_t n = daemon_receive(fd, MOUNTING_LOOK_MS, place, sizeof(place), 0);
	if (n == LATE)
		give_up_look(fd, child, path);
	bool looked = n > 1;
	int word = n == 1 ? (unsigned char)*place : WORD_DIED;
	if (looked)
		word = receive_answer(fd, place, &stack, &error);
	if (word == 0 && error == 0)
		_exit(0);
	end_child(child, word, &status, looked ? place : NULL);
	print_failure(word, error, status, looked ? place : path);
	_exit(word > 0 ? word : 1);
}

/*
 * Closes inherited descriptors: the reader of an inherited pipe would wait for our end. The status socket is
 * moved to the first number after stderr.
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
	/* A daemon must not keep the file system of its start directory busy. */
	if (chdir("/") < 0)
		return -1;
	return setsid() < 0 ? -1 : 0;
}

/* Resolves the path in the child, which the parent can give up, and before chdir changes its meaning. */
static char *look_in_child(const char *path, int fd, struct buf *why)
{
	char *place = mounting_look(path, why);
	size_t room = place ? strlen(place) + 1 : 0;
	if (!place || (room <= PATH_MAX && write(fd, place, room) == (ssize_t)room && leave_terminal() == 0))
		return place;
	free(place);
	buf_puts(why, NO_BACKGROUND);
	return NULL;
}

char *daemon_detach(const char *path, int *fd, struct buf *why)
{
	int ends[2];
	*fd = -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
		buf_puts(why, NO_BACKGROUND);
		return NULL;
	}
	fflush(NULL);
	pid_t child = fork();
	if (child > 0) {
		close(ends[1]);
		wait_for_child(ends[0], child, path);
	}
	close(ends[0]);
	if (child == 0)
		*fd = ends[1];
	else
		close(ends[1]);
	char *place = child == 0 ? look_in_child(path, ends[1], why) : NULL;
	int moved = place ? close_others(ends[1]) : -1;
	if (moved >= 0) {
		*fd = moved;
		return place;
	}
	if (!why->len)
		buf_puts(why, NO_BACKGROUND);
	free(place);
	return NULL;
}

static void send_word(int fd, unsigned char word)
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
	send_word(fd, 0);
}

void daemon_fail(int fd, int status)
{
	if (fd >= 0)
		send_word(fd, status > 0 && status < 256 ? (unsigned char)status : 1);
}

/* As in sd_notify(3): '@' stands for the zero byte of an abstract address. */
int daemon_manager(const char *socket_name)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t len = socket_name ? strlen(socket_name) : 0;
	if (len < 2 || len >= sizeof to.sun_path || !strchr("/@", socket_name[0]))
		return -1;
	memcpy(to.sun_path, socket_name, len);
	if (socket_name[0] == '@')
		to.sun_path[0] = '\0';
	socklen_t to_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&to, to_len) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* One datagram. If it fails, the manager's time limit reports it. */
void daemon_notify(int fd)
{
	static const char READY[] = "READY=1";
	if (fd < 0)
		return;
	send(fd, READY, sizeof READY - 1, MSG_NOSIGNAL);
	close(fd);
}
