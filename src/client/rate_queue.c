/*
 * rate_queue.c - the order of tickets, and when they are granted.
 *
 * Order. First retries of foreground calls, because they have waited already and soonest show whether the
 * cloud is down; then foreground calls, views, background calls. Users take turns (round robin). A
 * foreground ticket's round is one more than that of its user's last ticket in the queue, or of the last
 * ticket granted; lower rounds go first. So a user without tickets gets the next place, however many tickets
 * other users have. Tickets of one user keep the order in which they joined. Background calls leave a
 * tenth of the rate free.
 *
 * No place is booked ahead. A granted call holds its place until it is on the wire (rate_limiter.h). A
 * place that becomes free meanwhile goes to the next ticket.
 *
 * While the circuit breaker is open, tickets are refused. While the cloud is stalled or doubtful
 * (circuit_breaker.h), they are granted with pauses, or not at all.
 */
#include "rate_queue.h"

#include <stddef.h>

enum {
	BACKGROUND_RESERVE = 10, /* the background leaves one part in so many free */
	LOOK_AGAIN_MS = 20 /* the shortest time until a call ahead of a scan looks for room again */
};

void rate_queue_init(struct rate_queue *queue, const struct transport *io,
	struct completion_queue *completions, const struct circuit_breaker *breaker, double per_s)
{
	*queue = (struct rate_queue){ .io = io, .completions = completions, .breaker = breaker };
	list_init(&queue->tickets);
	rate_limiter_init(&queue->rate, per_s);
}

void rate_queue_release(struct rate_queue *queue)
{
	queue->io->timer_stop(queue->io->self, queue->timer);
	rate_limiter_release(&queue->rate);
}

void rate_ticket_init(struct rate_ticket *ticket, unsigned uid,
	void (*granted)(void *arg, enum error refusal), void *arg)
{
	*ticket = (struct rate_ticket){ .uid = uid, .granted = granted, .arg = arg };
	list_init(&ticket->link);
}

static struct rate_ticket *ticket_of(struct list *link)
{
	return LIST_OWNER(link, struct rate_ticket, link);
}

static struct rate_ticket *queue_first(const struct rate_queue *queue)
{
	return LIST_FIRST(&queue->tickets, struct rate_ticket, link);
}

static int64_t queue_now_ms(const struct rate_queue *queue)
{
	return queue->io->now_ms(queue->io->self);
}

/* Places of the rate that have to stay free behind this ticket. */
static size_t ticket_reserve(const struct rate_queue *queue, const struct rate_ticket *ticket)
{
	return ticket->priority == PRIORITY_BACKGROUND ? queue->rate.size / BACKGROUND_RESERVE : 0;
}

static void queue_tick(void *arg)
{
	struct rate_queue *queue = arg;

	queue->timer = NULL;
	rate_queue_run(queue);
	completion_deliver(queue->completions);
}

static void queue_arm(struct rate_queue *queue)
{
	const struct transport *io = queue->io;
	const struct rate_ticket *first = queue_first(queue);
	int64_t now_ms = queue_now_ms(queue);

	io->timer_stop(io->self, queue->timer);
	queue->timer = NULL;
	/* an answer ends a silence, and then the client runs all queues */
	if (!first || circuit_breaker_is_full(queue->breaker, now_ms))
		return;
	int64_t apart_ms = circuit_breaker_wait_ms(queue->breaker, now_ms);
	int64_t wait_ms = rate_limiter_wait_ms(&queue->rate, ticket_reserve(queue, first), now_ms);
	queue->timer = io->timer_start(io->self, wait_ms > apart_ms ? wait_ms : apart_ms, queue_tick, queue);
}

static bool queue_may_grant(struct rate_queue *queue, const struct rate_ticket *ticket)
{
	int64_t now_ms = queue_now_ms(queue);

	if (circuit_breaker_is_full(queue->breaker, now_ms) ||
		circuit_breaker_wait_ms(queue->breaker, now_ms))
		return false;
	return rate_limiter_room(&queue->rate, now_ms) > ticket_reserve(queue, ticket);
}

void rate_queue_run(struct rate_queue *queue)
{
	struct rate_ticket *ticket;

	if (queue->is_running) /* called from `granted`: the outer call's loop continues */
		return;
	queue->is_running = true;
	while ((ticket = queue_first(queue))) {
		enum error refusal = ticket->is_probe ? ERR_NONE : circuit_breaker_state(queue->breaker);
		if (!refusal && !queue_may_grant(queue, ticket))
			break;
		rate_queue_leave(queue, ticket);
		if (!refusal && ticket->priority == PRIORITY_FOREGROUND)
			queue->round = ticket->round;
		ticket->granted(ticket->arg, refusal);
	}
	queue->is_running = false;
	queue_arm(queue);
}

/*
 * The round of the user's next ticket: after the user's tickets in the queue, and after those that were
 * granted.
 */
static uint64_t queue_next_round(const struct rate_queue *queue, unsigned uid)
{
	for (struct list *at = list_last(&queue->tickets); at; at = list_prev(&queue->tickets, at)) {
		const struct rate_ticket *ticket = ticket_of(at);
		if (ticket->uid == uid && ticket->priority == PRIORITY_FOREGROUND)
			return ticket->round + 1;
	}
	return queue->round + 1;
}

static bool ticket_precedes(const struct rate_ticket *ticket, const struct rate_ticket *other)
{
	if (ticket->priority != other->priority)
		return ticket->priority < other->priority;
	return ticket->priority == PRIORITY_FOREGROUND && ticket->round < other->round;
}

void rate_queue_join(struct rate_queue *queue, struct rate_ticket *ticket)
{
	struct list *place = &queue->tickets, *before; /* the ticket is put between them */

	ticket->round = queue_next_round(queue, ticket->uid);
	while ((before = list_prev(&queue->tickets, place)) && ticket_precedes(ticket, ticket_of(before)))
		place = before;
	list_add_before(place, &ticket->link);
	queue->n_queued++;
	queue->n_foreground += ticket->priority != PRIORITY_BACKGROUND;
	rate_queue_run(queue);
}

void rate_queue_leave(struct rate_queue *queue, struct rate_ticket *ticket)
{
	list_remove(&ticket->link);
	queue->n_queued--;
	queue->n_foreground -= ticket->priority != PRIORITY_BACKGROUND;
}

void rate_queue_hand_over(struct rate_queue *queue, struct rate_ticket *ticket, unsigned uid,
	enum call_priority priority)
{
	bool is_sooner = ticket->priority == PRIORITY_FOREGROUND && ticket->uid != uid &&
		queue_next_round(queue, uid) < ticket->round;

	if (!is_sooner && priority == ticket->priority)
		return;
	rate_queue_leave(queue, ticket);
	ticket->uid = uid;
	ticket->priority = priority;
	rate_queue_join(queue, ticket);
}

void rate_queue_return(struct rate_queue *queue)
{
	rate_limiter_return(&queue->rate);
	queue_arm(queue);
}

int64_t rate_queue_retry_ms(struct rate_queue *queue)
{
	return rate_limiter_wait_ms(&queue->rate, 0, queue_now_ms(queue));
}

int64_t rate_queue_wait_ms(struct rate_queue *queue, unsigned uid)
{
	uint64_t round = queue_next_round(queue, uid);
	size_t before = 0;

	for (struct list *at = list_first(&queue->tickets); at; at = list_next(&queue->tickets, at)) {
		const struct rate_ticket *ticket = ticket_of(at);
		before += ticket->priority == PRIORITY_RETRY ||
			(ticket->priority == PRIORITY_FOREGROUND && ticket->round <= round);
	}
	return rate_limiter_wait_ms(&queue->rate, before, queue_now_ms(queue));
}

bool rate_queue_has_room(struct rate_queue *queue)
{
	return list_is_empty(&queue->tickets) && !circuit_breaker_last_failure(queue->breaker) &&
		rate_limiter_room(&queue->rate, queue_now_ms(queue));
}

int64_t rate_queue_look_again_ms(struct rate_queue *queue)
{
	int64_t wait_ms = rate_limiter_wait_ms(&queue->rate, queue->n_foreground, queue_now_ms(queue));

	return wait_ms > LOOK_AGAIN_MS ? wait_ms : LOOK_AGAIN_MS;
}
