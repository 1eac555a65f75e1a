/*
 * daemon.h - hardens the process, and moves it into the background.
 */
#ifndef DESCRIBEFS_DAEMON_H
#define DESCRIBEFS_DAEMON_H

#include "base/buf.h"

/*
 * Disables core dumps and ptrace (not dumpable), and raises the soft limit of descriptors to the hard one.
 * Call it before any key is read.
 */
void daemon_harden(void);

/*
 * Forks.
 *
 * The parent does not return. It waits until the child calls daemon_ready and a stat of the mount succeeds,
 * and exits with 0; or until the child ends or takes too long, and exits with the status of daemon_fail, or
 * 1. Then nothing of ours is left mounted at `path`.
 *
 * The child returns the path that mounting_look found, which the caller frees. It has a new session, the
 * working directory /, stdin and stdout on /dev/null, stderr unchanged, and no other descriptors but *fd. On
 * failure: NULL, and `why` is one line. *fd: for daemon_ready or daemon_fail, also after a failure; -1: no
 * child.
 */
char *daemon_detach(const char *path, int *fd, struct buf *why);
/* The mount answers: stderr goes to /dev/null, and the parent exits with 0. Ignores fd -1. */
void daemon_ready(int fd);
/* The child failed and has printed why: the parent exits with `status`. Ignores fd -1. */
void daemon_fail(int fd, int status);

/*
 * Connects to the socket of a service manager (sd_notify(3)). Call it before the mount, which may cover the
 * socket. -1: there is none. `socket_name` may be NULL.
 */
int daemon_manager(const char *socket_name);
/* Sends "READY=1" and closes the socket. Ignores fd -1. */
void daemon_notify(int fd);

#endif
