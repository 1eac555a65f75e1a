/*
 * rate.h - at most so many calls in any second, and how long to sleep before another try.
 *
 * Layer 1: pure; the time and the chance are given.
 */
#ifndef DESCRIBEFS_RATE_H
#define DESCRIBEFS_RATE_H

#include <stddef.h>
#include <stdint.h>

#include "fault.h"

/* When the last calls were (or will be) sent: no window of a second, and a bit, holds more than `size`. */
struct rate {
	int64_t *sent_ms; /* a ring, oldest at `next` */
	size_t size, next;
	int64_t window_ms;
};

/* per_s <= 0, or more than 10,000: no limit.  Less than one: one call in 1/per_s seconds. */
void rate_init(struct rate *rate, double per_s);
void rate_release(struct rate *rate);
/* How long a call asked for now would have to wait. */
int64_t rate_wait_ms(const struct rate *rate, int64_t now_ms);
/* How many calls could be sent now, one after the other, without waiting. */
size_t rate_free(const struct rate *rate, int64_t now_ms);
/* Books that call: to be sent rate_wait_ms from now. */
void rate_book(struct rate *rate, int64_t now_ms);

/* The sleep before try `tries` + 1, full jitter: uniform below a bound that doubles. `chance`: any number. */
int64_t retry_sleep_ms(enum fault fault, unsigned tries, uint64_t chance);
/* The bound that it stays below. */
int64_t retry_bound_ms(enum fault fault, unsigned tries);

#endif
