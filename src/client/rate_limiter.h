/*
 * rate_limiter.h - sliding-window rate limiter (at most so many calls in any second), and the sleep before a
 * retry (exponential backoff with full jitter).
 *
 * Pure: the caller gives the time and the random numbers.
 */
#ifndef DESCRIBEFS_RATE_LIMITER_H
#define DESCRIBEFS_RATE_LIMITER_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/*
 * The calls of the last window. The server counts a call when it arrives, so a call counts from when it went
 * onto the wire. Until then (a connection is being made) it holds a place as if it went now.
 */
struct rate_limiter {
	int64_t *sent_ms; /* a ring: when the last `n` calls went onto the wire, the oldest at `first` */
	size_t size; /* places: calls in a window; 0: no limit */
	size_t first, n;
	size_t pending; /* calls that began and are not on the wire */
	int64_t window_ms; /* a second and some slack */
	int64_t paced_us; /* when the next call of rate_limiter_pace_ms may go */
};

/* per_s <= 0, or more than 10,000: no limit. Less than one: one call in 1/per_s seconds. */
void rate_limiter_init(struct rate_limiter *rate, double per_s);
void rate_limiter_release(struct rate_limiter *rate);
/* How many calls may begin now; SIZE_MAX: there is no limit. */
size_t rate_limiter_room(struct rate_limiter *rate, int64_t now_ms);
/* A forecast: how long a call waits that has `before` others before it. */
int64_t rate_limiter_wait_ms(struct rate_limiter *rate, size_t before, int64_t now_ms);
/*
 * For calls ahead of their need, while there is room: spreads them evenly over the window, so that a call for
 * a reader soon finds a place. 0: one may go now, and is counted; else how long until it may. Calls that
 * are late may go at once, up to a tenth of the window.
 */
int64_t rate_limiter_pace_ms(struct rate_limiter *rate, int64_t now_ms);
/* A call begins. There must be room. */
void rate_limiter_begin(struct rate_limiter *rate);
/* A call that began went onto the wire. */
void rate_limiter_sent(struct rate_limiter *rate, int64_t now_ms);
/* A call that began will never go onto the wire: its place is free again. */
void rate_limiter_return(struct rate_limiter *rate);

/*
 * The sleep before attempt `tries` + 1: uniform up to retry_bound_ms. `chance`: any number, made at random.
 */
int64_t retry_sleep_ms(enum error error, unsigned tries, uint64_t chance);
/* Doubles with each try, up to a bound that depends on the cause. */
int64_t retry_bound_ms(enum error error, unsigned tries);

#endif
