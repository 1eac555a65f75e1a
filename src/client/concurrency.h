/*
 * concurrency.h - how many calls at once a cloud answers without being slowed down by their number.
 *
 * Pure; the times are given.
 */
#ifndef DESCRIBEFS_CONCURRENCY_H
#define DESCRIBEFS_CONCURRENCY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	CONCURRENCY_LEAST = 1, /* the limit never falls below */
	CONCURRENCY_FIRST = 2, /* calls at once while a slow cloud is not known any better */
	CONCURRENCY_MOST = 64
};

struct concurrency {
	size_t under_way;
	double limit; /* with a call ahead so many may be under way */
	double steady; /* what it fell to last: from there on it grows slowly */
	int64_t alone_ms; /* how long a call takes that no other is beside; 0: not known */
	int64_t wanted_ms; /* calls ahead must not make answers slower than this */
};

/* `wanted_ms`: a call ahead may make an answer that slow, and no slower. */
void concurrency_init(struct concurrency *concurrency, int64_t wanted_ms);
/* A call is sent; how many are under way then, itself included, which concurrency_heard is told. */
size_t concurrency_sent(struct concurrency *concurrency);
/* It was answered, or it timed out. */
void concurrency_heard(struct concurrency *concurrency, size_t beside, int64_t took_ms, bool timed_out);
/* It was taken back. */
void concurrency_dropped(struct concurrency *concurrency);
/* Whether a call may be sent ahead.  `share`: in which part of the limit, 1 or less. */
bool concurrency_has_room(const struct concurrency *concurrency, double share);

#endif
