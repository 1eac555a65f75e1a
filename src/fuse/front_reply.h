/*
 * front_reply.h - the inside of the FUSE front end: what hangs from a mount, and the answers that are made
 * of the engine's.
 */
#ifndef DESCRIBEFS_FRONT_REPLY_H
#define DESCRIBEFS_FRONT_REPLY_H

#include "front_mount.h"
#include "fuse/front_fuse.h"
#include "heap_trim.h"

enum { NOTIFIERS_MAX = 64 };

/* A child that drops what the kernel keeps of a directory (front_notify.c). */
struct notifier {
	struct front *front;
	pid_t pid; /* 0: there is none */
	int fd; /* ends with the child; -1: it is not waited for */
	uint64_t id; /* of the directory */
	bool late; /* it took too long: its directory's times are answered without it */
	struct held_back *held_back; /* questions for these times */
};

struct front {
	struct fuse_session *session;
	struct loop *loop;
	struct sources *sources;
	struct heap_trim heap_trim;
	struct fuse_buf buffer;
	struct refreshing *refreshing; /* front_refresh.c's; the first is under way, the others wait for it */
	struct refreshing *walking; /* whose names a process goes through */
	struct walk *walks; /* those processes */
	size_t n_askers; /* requests that wait for these */
	struct mounting mounting;
	bool greeted; /* the kernel's first request was answered, or could not be */
	bool detached; /* it is out of the tree, or will be */
	front_ready_fn *ready;
	void *ready_arg;
	bool checks_modes; /* the kernel does, as other users may read */
	struct notifier notifiers[NOTIFIERS_MAX];
	struct timer *moved; /* times have moved that the kernel is still to be told of; NULL: none has */
	uid_t uid;
	gid_t gid;
	mode_t umask;
};

/* A request that waits for the engine. */
struct parked {
	struct front *front;
	fuse_req_t request;
	struct waiter *wait; /* NULL while engine_ask runs */
	struct timer *look; /* a signal has woken the reader: whether it, or the next, ends his wait */
	void (*reply)(struct parked *parked, const struct reply *reply);
	fuse_ino_t id;
	size_t size;
	off_t offset;
	bool plus;
	bool walk; /* for a process that goes through what is being refreshed */
	bool told; /* of a GETATTR: no notification is waited for */
};

/* Whether what FAILED is answered by reply_lookup. */
bool reply_leads_through(const struct parked *parked, const struct reply *reply);
/* Each answers the parked request out of what was FOUND, or of a lookup ABSENT, or FAILED with an entry. */
void reply_lookup(struct parked *parked, const struct reply *reply);
void reply_getattr(struct parked *parked, const struct reply *reply);
void reply_readdir(struct parked *parked, const struct reply *reply);
/* Answers the parked request one way or the other, and frees it. */
void reply_parked(void *parked, const struct reply *reply);
/* An attribute's value, or how long it is when that is what was asked for. */
void reply_sized(fuse_req_t request, const struct buf *value, size_t size);

#endif
