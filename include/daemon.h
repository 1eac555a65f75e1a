/*
 * daemon.h - the process: hardening, the way into the background, a mount point to stand on.
 *
 * Layer 5.
 */
#ifndef DESCRIBEFS_DAEMON_H
#define DESCRIBEFS_DAEMON_H

#include <stdbool.h>

#include "buf.h"

/* No core dumps, not dumpable, soft limit of descriptors raised to the hard one. Before any key is read. */
void daemon_harden(void);

/*
 * Forks.  In the parent it never returns: it waits for the child's daemon_ready (then, after a stat
 * of `mountpoint` has answered, exit 0) or for its end (exit with the status that it gave to
 * daemon_fail, or 1). In the child, a new session in / with stdin and stdout on /dev/null, stderr
 * still the terminal's and every other descriptor closed, it returns the descriptor to report on,
 * -1 with errno on failure.
 */
int daemon_detach(const char *mountpoint);
/* The child says that the mount answers: stderr goes to /dev/null, the parent ends with 0. fd -1: nothing. */
void daemon_ready(int fd);
/* The child says that it failed with this exit status (its message is already on stderr). */
void daemon_fail(int fd, int status);

/* In the foreground: tells a service manager (sd_notify(3), "READY=1") at this socket; NULL: nobody. */
void daemon_notify(const char *socket_name);

/*
 * Looks whether `mountpoint` can be mounted on: a directory that we may enter; a dead mount of fstype
 * fuse.describefs ("Transport endpoint is not connected") is unmounted first, no other type ever.
 * A live describefs mount there is refused.  False: `why` is one line.
 */
bool daemon_mountpoint(const char *mountpoint, struct buf *why);

/*
 * Takes our own mount out of the tree: who has something open there keeps it. False: it cannot be done. True:
 * it is done, or under way; the kernel says so on /dev/fuse.
 */
bool daemon_detach_mount(const char *mountpoint);

/*
 * What a file in a mount holds, read by a child that is given up after two seconds: 0; an errno (ENOTCONN:
 * who served it is dead); -1: no answer.
 */
int daemon_ask_mount(const char *path, struct buf *out);

#endif
