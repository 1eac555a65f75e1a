/*
 * rate_limiter.h - at most so many calls in any second, and how long to sleep before another try.
 *
 * Pure; the time and the chance are given.
 */
#ifndef DESCRIBEFS_RATE_LIMITER_H
#define DESCRIBEFS_RATE_LIMITER_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/*
 * The calls of the last second, and a bit.  The server counts a call when it arrives, so ours counts from
 * when it went onto the wire; until then (a connection is being made) it counts as going just now.
 */
struct rate_limiter {
	int64_t *sent_ms; /* a ring of `size`: when the last `n` went onto the wire, oldest at `first` */
	size_t size, first, n;
	size_t pending; /* begun, and not yet on the wire */
	int64_t window_ms;
	int64_t paced_us; /* when the next of those that are spread evenly may go */
};

/* per_s <= 0, or more than 10,000: no limit.  Less than one: one call in 1/per_s seconds. */
void rate_limiter_init(struct rate_limiter *rate, double per_s);
void rate_limiter_release(struct rate_limiter *rate);
/* How many calls may begin now. */
size_t rate_limiter_free(struct rate_limiter *rate, int64_t now_ms);
/* How long, as far as can be foreseen, a call has to wait that has `before` others before it. */
int64_t rate_limiter_wait_ms(struct rate_limiter *rate, size_t before, int64_t now_ms);
/*
 * For background calls, when one is free: spread evenly over the window, so that a foreground call
 * finds the next place soon.  0: one goes now; else how long until it may.  Late ones are made up
 * for, a tenth of the rate at once.
 */
int64_t rate_limiter_pace_ms(struct rate_limiter *rate, int64_t now_ms);
/* A call begins; only when one is free. */
void rate_limiter_begin(struct rate_limiter *rate);
/* It went onto the wire; or it never will. */
void rate_limiter_sent(struct rate_limiter *rate, int64_t now_ms);
void rate_limiter_back(struct rate_limiter *rate);

/*
 * The sleep before try `tries` + 1, full jitter: uniform below a bound that doubles. `chance`: any number.
 */
int64_t retry_sleep_ms(enum error error, unsigned tries, uint64_t chance);
/* The bound that it stays below. */
int64_t retry_bound_ms(enum error error, unsigned tries);

#endif
