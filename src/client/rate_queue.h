/*
 * rate_queue.h - the queue of one action in front of its sliding-window rate limiter.
 *
 * A ticket waits here until the rate has room. The queue does not know what a ticket is for.
 */
#ifndef DESCRIBEFS_RATE_QUEUE_H
#define DESCRIBEFS_RATE_QUEUE_H

#include "base/list.h"
#include "circuit_breaker.h"
#include "client/client.h"
#include "rate_limiter.h"

/*
 * A member of what waits. Invariant: it is in the queue from rate_queue_join until `granted` is called or
 * until rate_queue_leave.
 */
struct rate_ticket {
	struct list link;
	unsigned uid;
	enum call_priority priority;
	uint64_t round; /* foreground tickets: their order among several users */
	bool is_probe; /* granted also while the circuit breaker is open */
	/*
	 * Called once, after the ticket has left the queue. ERR_NONE: send the call now. Else the cause
	 * that the circuit breaker is open with.
	 */
	void (*granted)(void *arg, enum error refusal);
	void *arg;
};

/*
 * Invariants: tickets are sorted by priority, and foreground tickets by round. While there is a ticket, the
 * timer is set, unless the cloud is stalled and no more calls are sent: then an answer leads to
 * rate_queue_run.
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
	bool is_running; /* in rate_queue_run */
};

/* `per_s`: as in rate_limiter_init. All pointers are borrowed. */
void rate_queue_init(struct rate_queue *queue, const struct transport *io,
	struct completion_queue *completions, const struct circuit_breaker *breaker, double per_s);
void rate_queue_release(struct rate_queue *queue); /* no ticket is in it */
/* Sets no priority. */
void rate_ticket_init(struct rate_ticket *ticket, unsigned uid,
	void (*granted)(void *arg, enum error refusal), void *arg);
/* May call `granted` before it returns. */
void rate_queue_join(struct rate_queue *queue, struct rate_ticket *ticket);
void rate_queue_leave(struct rate_queue *queue, struct rate_ticket *ticket);
/*
 * Gives a ticket in the queue another priority, or moves it to another user's turn if that comes sooner.
 */
void rate_queue_hand_over(struct rate_queue *queue, struct rate_ticket *ticket, unsigned uid,
	enum call_priority priority);
/* Grants what may be sent now. Must be called after the circuit breaker's state has changed. */
void rate_queue_run(struct rate_queue *queue);
/* A granted call will never go onto the wire: its place in the rate is free again. */
void rate_queue_return(struct rate_queue *queue);
/* How long a retry would wait for the rate, ahead of the queue. */
int64_t rate_queue_retry_ms(struct rate_queue *queue);
/* A forecast: how long a new foreground ticket of this user would wait. */
int64_t rate_queue_wait_ms(struct rate_queue *queue, unsigned uid);
/* No ticket waits, the rate has room, and the cloud is not doubtful. */
bool rate_queue_has_room(struct rate_queue *queue);
/* In how long a call ahead of a scan may look for room again; at least 20 ms. */
int64_t rate_queue_look_again_ms(struct rate_queue *queue);

#endif
