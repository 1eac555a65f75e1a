/*
 * daemon.h - the process: hardening, and the way into the background.
 */
#ifndef DESCRIBEFS_DAEMON_H
#define DESCRIBEFS_DAEMON_H

#include "base/buf.h"

/* No core dumps, not dumpable, soft limit of descriptors raised to the hard one. Before any key is read. */
void daemon_harden(void);

/*
 * Forks.  In the parent it never returns: it waits for the child's daemon_ready (then, after a stat
 * of the mount has answered, exit 0) or for its end (exit with the status that it gave to
 * daemon_fail, or 1).  A child that takes too long is ended; with any status but 0, nothing of ours is
 * left mounted there.  In the child, a new session in / with stdin and stdout on /dev/null, stderr
 * still the terminal's and every other descriptor closed, it returns what mounting_look says of `path`;
 * the caller frees it.  NULL: `why` is one line.  `fd`: what to report on, also a failure; -1: no child.
 */
char *daemon_detach(const char *path, int *fd, struct buf *why);
/* The child says that the mount answers: stderr goes to /dev/null, the parent ends with 0. fd -1: nothing. */
void daemon_ready(int fd);
/* The child says that it failed with this exit status (its message is already on stderr). */
void daemon_fail(int fd, int status);

/*
 * In the foreground, before the mount, which may cover the socket: the way to a service manager that waits
 * there (sd_notify(3)).  -1: there is none (`socket_name` may be NULL).
 */
int daemon_manager(const char *socket_name);
/* Tells it "READY=1", and closes the way; -1: nothing. */
void daemon_notify(int fd);

#endif
