/*
 * concurrency.h - adaptive concurrency limit: how many calls of one action may be under way when one more is
 * sent ahead of its need.
 *
 * Pure: the caller gives the times.
 */
#ifndef DESCRIBEFS_CONCURRENCY_H
#define DESCRIBEFS_CONCURRENCY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	CONCURRENCY_LEAST = 1, /* the limit is never lower */
	CONCURRENCY_FIRST = 2, /* the limit before the first answer */
	CONCURRENCY_MOST = 64 /* the limit is never higher */
};

struct concurrency {
	size_t under_way; /* calls of any kind, ahead of their need or not */
	double limit; /* of `under_way`, with the call ahead; grows by fractions */
	double steady; /* where the limit was after it was lowered last: from there it grows slowly */
	int64_t alone_ms; /* how long an answer takes while no other call is under way; 0: not known */
	int64_t wanted_ms; /* calls ahead must not make an answer slower than this */
};

void concurrency_init(struct concurrency *concurrency, int64_t wanted_ms);
/* A call is sent. Returns how many are under way then, itself included, for concurrency_answered. */
size_t concurrency_sent(struct concurrency *concurrency);
/* That call was answered, or timed out. `beside`: what concurrency_sent returned for it. */
void concurrency_answered(struct concurrency *concurrency, size_t beside, int64_t took_ms, bool timed_out);
/* That call was cancelled, or ended in a way that says nothing of the load. */
void concurrency_dropped(struct concurrency *concurrency);
/* Whether a call may be sent ahead now. `share`: of the limit, 1 or less. */
bool concurrency_has_room(const struct concurrency *concurrency, double share);

#endif
