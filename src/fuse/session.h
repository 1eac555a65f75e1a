/*
 * session.h - the private types of the FUSE front end: what one mount owns, and a request that waits.
 */
#ifndef DESCRIBEFS_SESSION_H
#define DESCRIBEFS_SESSION_H

#include "base/list.h"
#include "fuse/front.h"
#include "heap_trim.h"
#include "mount.h"

enum { NOTIFIERS_MAX = 64 };

/*
 * A child process that drops the kernel's cached page of one directory (notify.c).
 * Invariant: `pid` is 0, and nothing else is set, or a child not yet reaped; `fd` is -1 or the open pipe of
 * that child.
 */
struct notifier {
	struct front *front;
	pid_t pid;
	int fd; /* readable when the child has ended */
	uint64_t id; /* the directory */
	bool late; /* the child took longer than LATE_MS: GETATTR of the directory no longer waits for it */
	struct list delayed; /* of struct delayed_getattr: GETATTRs that wait for the child; owned */
};

/* Notifications to the kernel; written by notify.c alone. */
struct notifications {
	struct notifier notifiers[NOTIFIERS_MAX];
	struct timer
		*moved; /* runs while a directory's mtime has moved and the kernel was not told; else NULL */
};

/*
 * Refreshes; written by refresh.c, and `walks` by walk.c.
 * Invariant: a refresh is in exactly one of the two lists; only the first of `queued` is being worked on.
 */
struct refreshes {
	struct list queued; /* of struct refresh: to mark cached data stale, oldest first; owned */
	struct list walking; /* of struct refresh: marked; a process walks its names; owned */
	struct list walks; /* of struct walk: one for each such process; owned by its refresh */
	size_t n_askers; /* requests that wait for any refresh */
};

/* How the tree's attributes are shown; constant after front_new. */
struct ownership {
	uid_t uid;
	gid_t gid;
	mode_t umask;
	bool allow_other; /* other users may read, so the kernel checks modes */
};

struct front {
	struct fuse_session *session;
	struct loop *loop;
	struct sources *sources; /* NULL before front_serve; borrowed */
	struct heap_trim heap_trim;
	struct fuse_buf buffer; /* the request being received */
	struct refreshes refreshes;
	struct notifications notifications;
	struct ownership ownership;
	struct mounting mounting;
	bool greeted; /* INIT was answered, or its answer failed */
	bool detached; /* the mount is detached, or will be */
	front_ready_fn *ready;
	void *ready_arg;
};

/*
 * A request that the kernel waits for.
 * Invariant: it is answered and freed exactly once: by reply_pending, by its interrupt, or by the walk.
 */
struct pending_request {
	struct front *front;
	fuse_req_t request;
	struct waiter *wait; /* NULL: sources_ask has not returned */
	struct timer *
		signal_check; /* a signal arrived for the reader: interrupt.h decides whether the wait ends */
	void (*reply)(struct pending_request *pending, const struct reply *reply);
	fuse_ino_t id;
	size_t size;
	off_t offset;
	bool plus; /* READDIRPLUS */
	bool from_cache; /* answer from the cache: the reader walks a directory that is being refreshed */
	bool no_delay; /* GETATTR: was delayed once, do not wait for a notifier again */
};

#endif
