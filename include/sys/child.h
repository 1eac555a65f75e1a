/*
 * child.h - a child process that does what may never end, and a limit in time for it.
 *
 * Whatever is served by another process (a mount, a helper program) can keep its caller in the kernel
 * for ever, also against SIGKILL.  So a child asks, and its parent waits for the child, for a limited time.
 */
#ifndef DESCRIBEFS_CHILD_H
#define DESCRIBEFS_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"

enum { CHILDREN_MAX = 64 }; /* that are heard at once */

/* In the child: what it writes to `out` reaches the parent; its result is the exit status, 0 to 254. */
typedef int child_run(void *arg, int out);

struct child {
	pid_t pid; /* 0: it has ended, or it was given up */
	int fd;
	int status; /* the exit status; -1: no answer in time, or it died */
	struct buf said;
};

/* False, with errno: no child.  `max`: bytes that it may say; one that says more is ended. */
bool child_start(struct child *child, child_run *run, void *arg, size_t max);
/* Until each of at most CHILDREN_MAX has ended, or for `ms`: then the others are killed and left behind. */
void child_hear(struct child *children, size_t n, int64_t ms);
/* One child from its start to its end: its status.  -1: no answer within `ms`. */
int child_ask(child_run *run, void *arg, int64_t ms, struct buf *said);

/*
 * A child for a system call that may never end.  -1 with errno: no child.  It shares our memory and
 * descriptors, as the copy that fork makes takes 0.5 ms.  So `call` allocates nothing and writes to its own
 * stack alone.  Nothing else may ever use that stack: a child that was given up may still write there.
 */
typedef int child_call_fn(void *arg);
struct child_stack {
	_Alignas(16) char bytes[16 << 10];
};
pid_t child_call(child_call_fn *call, void *arg, struct child_stack *stack);
/* What the call returns, 0 to 254.  -1: it does not within `ms`, and the child was killed. */
int child_result(pid_t pid, int64_t ms);

/* Of any child: false: it still runs after `ms`. */
bool child_wait(pid_t pid, int64_t ms, int *status);
/* Kills it and waits for a moment: one that the kernel holds goes when the kernel lets it. */
void child_kill(pid_t pid);

#endif
