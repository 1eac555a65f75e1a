/*
 * waiter.h - a waiter: a question that waits for a fetch, or (ASK_WAIT) sleeps until the status may have
 * changed.
 */
#ifndef DESCRIBEFS_WAITER_H
#define DESCRIBEFS_WAITER_H

#include "state.h"

enum {
	WAITS_MAX = 8192, /* questions that wait at once, for calls and for a status */
	WAITS_OTHERS_MAX = 4096 /* the same, of users who did not mount the tree */
};

/* When a question must be answered. */
struct waiter_times {
	/* when it was put (at news: sleeper_since_ms); an answer to a call sent later is fresh for it */
	int64_t since_ms;
	int64_t deadline_ms;
	int64_t pause_ms; /* ASK_WAIT: length of the last sleep in an outage; 0: there is no outage */
	unsigned rounds; /* fetches that it has waited for */
};

/* What a sleeper was told before it fell asleep. Invariant: the resource is pinned. */
struct waiter_sleep {
	struct node *resource; /* NULL: the waiter does not sleep, or only its timer wakes it */
	const void *answer; /* the last one about the resource */
};

/*
 * Invariant: while `fetch` is set, the waiter is in that fetch's list. While it is in a list and `fetch` is
 * NULL, it is one of the engine's sleepers, or of those that sleepers_look is waking.
 */
struct waiter {
	struct engine *engine;
	struct list link;
	struct waiter **handle; /* is set to NULL when the waiter is freed; NULL: there is none */
	struct fetch *fetch;
	struct timer *timer; /* of its deadline, or of its sleep */
	enum question question;
	uint64_t id, cookie;
	char *name;
	unsigned uid; /* of the reader's process */
	bool by_other; /* the user did not mount the tree */
	struct waiter_times times;
	struct waiter_sleep sleep;
	engine_done_fn *done;
	void *arg;
};

/* What the tree answers to the question now. */
struct reply waiter_ask(const struct waiter *wait, struct query_time query);
/* Puts the question again. Answers and frees the waiter, or lets it join a fetch, or sleep. */
void waiter_retry(struct waiter *wait);
void waiter_answer(struct waiter *wait, const struct reply *reply);
void waiter_free(struct waiter *wait);
/* Answers all waiters of a list. */
void waiters_answer(struct list *waiters, const struct reply *reply);
/* The engine's listener: what the events of a fetch mean to its waiters. */
void waiter_listen(struct fetch *fetch, enum fetch_event event);

/* ---- crowd.c ---- */

/* The user did not mount the tree. */
bool crowd_is_other(const struct engine *engine, unsigned uid);
/* Whether the question may wait, because it got this reply. True: it counts until crowd_leave. */
bool crowd_admits(struct waiter *wait, const struct reply *reply);
void crowd_leave(const struct waiter *wait);

#endif
