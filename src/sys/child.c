/*
 * child.c - runs a function that may block for ever in a child process, with a time limit.
 */
#include "sys/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/monotonic.h"

enum { NO_ANSWER = 255, KILLED_MS = 500, STEP_MS = 10 };

static int time_left_ms(int64_t end_ms)
{
	int64_t left = end_ms - monotonic_ms();

	return left < 0 ? 0 : (int)left;
}

/* Returns false if the child still runs. */
static bool has_ended(pid_t pid, int *status)
{
	pid_t got;

	do
		got = waitpid(pid, status, WNOHANG);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		*status = NO_ANSWER << 8; /* no longer our child */
	return got != 0;
}

/* A pidfd becomes readable when the process ends; without pidfd_open (seccomp) it polls every STEP_MS. */
bool child_wait(pid_t pid, int64_t ms, int *status)
{
	int64_t end_ms = monotonic_ms() + ms;
	struct pollfd end = { .fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN };
	bool ended;

	while (!(ended = has_ended(pid, status)) && time_left_ms(end_ms))
		poll(&end, 1, end.fd >= 0 || time_left_ms(end_ms) < STEP_MS ? time_left_ms(end_ms) : STEP_MS);
	if (end.fd >= 0)
		close(end.fd);
	return ended;
}

void child_kill(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	child_wait(pid, KILLED_MS, &status);
}

bool child_start(struct child *child, child_run *run, void *arg, size_t max)
{
	int ends[2];

	*child = (struct child){ .fd = -1, .status = -1 };
	buf_init(&child->output, max);
	if (pipe2(ends, O_CLOEXEC))
		return false;
	fflush(NULL);
	child->pid = fork();
	if (child->pid == 0) {
		close(ends[0]);
		_exit(run(arg, ends[1]));
	}
	int error = errno;
	close(ends[1]);
	if (child->pid > 0) {
		child->fd = ends[0];
		return true;
	}
	close(ends[0]);
	child->pid = 0;
	errno = error;
	return false;
}

/* The output has ended, or is too long (`whole` false): waits for the status. */
static void child_finish(struct child *child, int64_t end_ms, bool whole)
{
	close(child->fd);
	child->fd = -1;
	if (whole)
		child->status = child_result(child->pid, time_left_ms(end_ms));
	else
		child_kill(child->pid);
	child->pid = 0;
}

static void child_read(struct child *child, int64_t end_ms)
{
	char bytes[4096];
	ssize_t n = read(child->fd, bytes, sizeof(bytes));

	if (n < 0 && errno == EINTR)
		return;
	if (n <= 0)
		child_finish(child, end_ms, true);
	else if (!buf_add(&child->output, bytes, (size_t)n))
		child_finish(child, end_ms, false);
}

/* Kills all at once, because each may block in the kernel for the whole KILLED_MS. */
static void children_give_up(struct child *children, size_t n)
{
	int64_t end_ms = monotonic_ms() + KILLED_MS;
	int status;

	for (size_t i = 0; i < n; i++)
		if (children[i].fd >= 0)
			kill(children[i].pid, SIGKILL);
	for (size_t i = 0; i < n; i++) {
		if (children[i].fd < 0)
			continue;
		child_wait(children[i].pid, time_left_ms(end_ms), &status);
		close(children[i].fd);
		children[i].fd = -1;
		children[i].pid = 0;
	}
}

void children_read(struct child *children, size_t n, int64_t ms)
{
	int64_t end_ms = monotonic_ms() + ms;
	struct pollfd ready[CHILDREN_MAX];
	size_t open = n;

	while (open && time_left_ms(end_ms)) {
		open = 0;
		for (size_t i = 0; i < n; i++) {
			ready[i] = (struct pollfd){ .fd = children[i].fd, .events = POLLIN };
			open += children[i].fd >= 0;
		}
		if (open && poll(ready, n, time_left_ms(end_ms)) <= 0)
			continue;
		for (size_t i = 0; i < n; i++)
			if (ready[i].fd >= 0 && ready[i].revents)
				child_read(&children[i], end_ms);
	}
	children_give_up(children, n);
}

int child_output(child_run *run, void *arg, int64_t ms, struct buf *output)
{
	struct child child;

	if (!child_start(&child, run, arg, output->max))
		return errno;
	children_read(&child, 1, ms);
	buf_add(output, child.output.data, child.output.len);
	buf_release(&child.output);
	return child.status;
}

pid_t child_call(child_call_fn *call, void *arg, struct child_stack *stack)
{
	return clone(call, stack->bytes + sizeof(stack->bytes), CLONE_VM | CLONE_FS | CLONE_FILES | SIGCHLD,
		arg);
}

int child_result(pid_t pid, int64_t ms)
{
	int status;

	if (!child_wait(pid, ms, &status))
		child_kill(pid);
	else if (WIFEXITED(status) && WEXITSTATUS(status) != NO_ANSWER)
		return WEXITSTATUS(status);
	return -1;
}
