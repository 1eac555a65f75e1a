/*
 * rate_queue.h - one action's queue in front of its sliding-window rate limiter.
 *
 * A ticket waits here until the rate has room.  The queue knows nothing of what the ticket is for.
 */
#ifndef DESCRIBEFS_RATE_QUEUE_H
#define DESCRIBEFS_RATE_QUEUE_H

#include "base/list.h"
#include "circuit_breaker.h"
#include "client/client.h"
#include "rate_limiter.h"

/*
 * A member of what waits.  Invariant: it is in the queue from rate_queue_join until `granted` is called or
 * until rate_queue_leave.
 */
struct rate_ticket {
	struct list link;
	unsigned uid;
	enum call_priority priority;
	uint64_t round; /* its place among other users' tickets */
	bool is_probe; /* it goes although the circuit breaker is open */
	/* ERR_NONE: send it now.  Else the breaker is open, and it is not sent.  It has left the queue. */
	void (*granted)(void *arg, enum error refusal);
	void *arg;
};

/*
 * Invariant: sorted by priority, foreground tickets by round; the timer is set while it waits for the rate.
 */
struct rate_queue {
	const struct transport *io;
	struct completion_queue *completions;
	const struct circuit_breaker *breaker; /* shared by the client's queues */
	struct rate_limiter rate;
	struct list tickets; /* of struct rate_ticket */
	uint64_t round; /* of the last foreground ticket that was granted */
	size_t n_queued, n_foreground; /* all; those that are not in the background */
	struct timer *timer;
	bool is_running;
};

/* `per_s`: as in rate_limiter_init.  All pointers are borrowed. */
void rate_queue_init(struct rate_queue *queue, const struct transport *io,
	struct completion_queue *completions, const struct circuit_breaker *breaker, double per_s);
void rate_queue_release(struct rate_queue *queue); /* no ticket is in it */
/* Of no priority yet. */
void rate_ticket_init(struct rate_ticket *ticket, unsigned uid,
	void (*granted)(void *arg, enum error refusal), void *arg);
/* May call `granted` before it returns. */
void rate_queue_join(struct rate_queue *queue, struct rate_ticket *ticket);
void rate_queue_leave(struct rate_queue *queue, struct rate_ticket *ticket);
/*
 * Another user, or a call of another priority, wants a ticket that is queued: it moves where that is
 * sooner.
 */
void rate_queue_hand_over(struct rate_queue *queue, struct rate_ticket *ticket, unsigned uid,
	enum call_priority priority);
/* Grants what may go now.  To be called when the breaker's state has changed. */
void rate_queue_run(struct rate_queue *queue);
/* What was granted will never go onto the wire: its place in the rate is free again. */
void rate_queue_return(struct rate_queue *queue);
/* How long another try would wait, ahead of the queue. */
int64_t rate_queue_retry_ms(struct rate_queue *queue);
/* How long, as far as can be foreseen, a foreground ticket of this user would wait. */
int64_t rate_queue_wait_ms(struct rate_queue *queue, unsigned uid);
/* No ticket waits, the rate has room, and the last tries did not fail. */
bool rate_queue_has_room(struct rate_queue *queue);
/* How long until a call ahead of a scan may look for room again; at least 20 ms. */
int64_t rate_queue_look_again_ms(struct rate_queue *queue);

#endif
