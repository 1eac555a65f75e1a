/*
 * completion.h - deferred completions: callbacks that run at the end of an event.
 *
 * An event is one callback of the transport, or one call from a front end. Code that finishes something
 * posts its completion; the function through which the event came in calls completion_deliver as its last
 * step. So no callback runs below a function that still uses the objects which the callback may free.
 */
#ifndef DESCRIBEFS_COMPLETION_H
#define DESCRIBEFS_COMPLETION_H

#include <stdbool.h>

#include "base/list.h"

/* A member of the object that completes. Invariant: it is in a queue exactly while it is posted. */
struct completion {
	struct list link;
	void (*deliver)(void *arg);
	void *arg;
};

/* Invariant: between two events it is empty. */
struct completion_queue {
	struct list posted; /* of struct completion, in the order of posting */
	bool is_delivering;
};

void completion_queue_init(struct completion_queue *queue);
void completion_init(struct completion *completion, void (*deliver)(void *arg), void *arg);
/* Appends it. One that is posted already keeps its place. */
void completion_post(struct completion_queue *queue, struct completion *completion);
/* Must be called before the object is freed. Does nothing for one that is not posted. */
void completion_withdraw(struct completion *completion);
/*
 * Calls what is posted, in order, and what these calls post, until the queue is empty. A call from below
 * itself returns at once: the outer call delivers what was posted.
 */
void completion_deliver(struct completion_queue *queue);

#endif
