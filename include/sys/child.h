/*
 * child.h - runs a function that may block for ever in a child process, with a time limit.
 *
 * A system call that another process serves (a mount, a helper program) can block its caller in the kernel
 * without limit, even against SIGKILL. So a child makes the call, and the parent waits for the child for a
 * limited time.
 */
#ifndef DESCRIBEFS_CHILD_H
#define DESCRIBEFS_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"

enum { CHILDREN_MAX = 64 }; /* for one children_read */

/* Runs in the child: bytes written to `out` reach the parent. The result is the exit status, 0 to 254. */
typedef int child_run(void *arg, int out);

/* Invariant: `fd` is the read end of the child's pipe while `pid` is not 0. */
struct child {
	pid_t pid; /* 0: ended, or given up */
	int fd;
	int status; /* the exit status; -1: it did not end in time, or a signal killed it */
	struct buf output;
};

/*
 * Starts a child that may write at most `max` bytes; one that writes more is killed. False with errno: no
 * child.
 */
bool child_start(struct child *child, child_run *run, void *arg, size_t max);
/* Reads the outputs of at most CHILDREN_MAX children until all have ended; after `ms` kills the others. */
void children_read(struct child *children, size_t n, int64_t ms);
/* Runs one child and appends its output. Returns its status; -1: it did not end within `ms`. */
int child_output(child_run *run, void *arg, int64_t ms, struct buf *output);

/*
 * Runs one system call in a child that shares our memory and descriptors, because the copy that fork(2) makes
 * takes 0.5 ms. `call` allocates nothing and writes to its own stack only. Nothing may use `stack`
 * afterwards: a child that was given up may still write there. -1 with errno: no child.
 */
typedef int child_call_fn(void *arg);
struct child_stack {
	_Alignas(16) char bytes[16 << 10];
};
pid_t child_call(child_call_fn *call, void *arg, struct child_stack *stack);
/* The result of the call, 0 to 254. -1: it did not return within `ms`, and the child was killed. */
int child_result(pid_t pid, int64_t ms);

/* Waits for any child. Returns false if it still runs after `ms`. */
bool child_wait(pid_t pid, int64_t ms, int *status);
/* Kills the child and waits at most 500 ms for its end; a child that blocks in the kernel ends later. */
void child_kill(pid_t pid);

#endif
