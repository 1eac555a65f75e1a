/*
 * completion.h - deferred completions: callbacks that run at the end of an event.
 *
 * An event is one callback of the transport, or one call from a front end.  Code that finishes something
 * posts its completion; the function that the event entered through calls completion_deliver() as its last
 * step.  So no callback runs below a function that still uses the objects which the callback may free.
 */
#ifndef DESCRIBEFS_COMPLETION_H
#define DESCRIBEFS_COMPLETION_H

#include <stdbool.h>

/*
 * Lies in the object that completes.  Invariant: `queue` is not NULL exactly while the completion is
 * posted.
 */
struct completion {
	struct completion *next, *prev;
	struct completion_queue *queue;
	void (*deliver)(void *arg);
	void *arg;
};

/* Invariant: outside of completion_deliver the queue is empty between two events. */
struct completion_queue {
	struct completion *first, *last; /* in the order of posting */
	bool is_delivering;
};

void completion_init(struct completion *completion, void (*deliver)(void *arg), void *arg);
/* Appends it; a completion that is posted already stays where it is. */
void completion_post(struct completion_queue *queue, struct completion *completion);
/* Must be called before the object is freed; does nothing when it is not posted. */
void completion_withdraw(struct completion *completion);
/*
 * Calls what is posted, in order, and what these calls post, until the queue is empty.  A nested call
 * returns at once: the outer one goes on with what was posted.
 */
void completion_deliver(struct completion_queue *queue);

#endif
