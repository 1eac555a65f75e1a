/*
 * rate_limiter.c - the window, and the bounds of retry sleeps.
 *
 * The window is longer than a second by WINDOW_SLACK_MS: the server counts arrivals, and two calls do not
 * take equally long to arrive. Making a connection takes far longer than that, so a call gets its place in
 * the window only when it is on the wire.
 */
#include "rate_limiter.h"

#include "base/buf.h"

#include <stdlib.h>

enum {
	WINDOW_SLACK_MS = 35,
	CALLS_MAX = 10000, /* a second; a higher rate is no limit */
	CATCH_UP = 10 /* paced calls that are late go at once, up to one part in so many of the window */
};

void rate_limiter_init(struct rate_limiter *rate, double per_s)
{
	*rate = (struct rate_limiter){ 0 };
	if (!(per_s > 0) || per_s > CALLS_MAX)
		return;
	rate->size = per_s < 1 ? 1 : (size_t)per_s;
	rate->window_ms = per_s < 1 ? (int64_t)(1000 / per_s) : 1000;
	rate->window_ms += WINDOW_SLACK_MS;
	rate->sent_ms = xmalloc(rate->size * sizeof(*rate->sent_ms));
}

void rate_limiter_release(struct rate_limiter *rate)
{
	free(rate->sent_ms);
	*rate = (struct rate_limiter){ 0 };
}

/* When the call at this place of the window leaves it. */
static int64_t window_leaves_ms(const struct rate_limiter *rate, size_t place)
{
	return rate->sent_ms[(rate->first + place) % rate->size] + rate->window_ms;
}

/* Removes the calls that have left the window. */
static void window_expire(struct rate_limiter *rate, int64_t now_ms)
{
	while (rate->n && window_leaves_ms(rate, 0) <= now_ms) {
		rate->first = (rate->first + 1) % rate->size;
		rate->n--;
	}
}

size_t rate_limiter_room(struct rate_limiter *rate, int64_t now_ms)
{
	if (!rate->size)
		return SIZE_MAX;
	window_expire(rate, now_ms);
	size_t taken = rate->n + rate->pending;
	return taken < rate->size ? rate->size - taken : 0;
}

int64_t rate_limiter_wait_ms(struct rate_limiter *rate, size_t before, int64_t now_ms)
{
	size_t free_now = rate_limiter_room(rate, now_ms);

	if (before < free_now)
		return 0;
	/* places become free in this order: calls on the wire, calls that begin now, then the same again */
	size_t place = (before - free_now) % rate->size, rounds = (before - free_now) / rate->size;
	int64_t first_ms = place < rate->n ? window_leaves_ms(rate, place) - now_ms : rate->window_ms;
	return first_ms + (int64_t)rounds * rate->window_ms;
}

int64_t rate_limiter_pace_ms(struct rate_limiter *rate, int64_t now_ms)
{
	if (!rate->size)
		return 0;
	int64_t step_us = rate->window_ms * 1000 / (int64_t)rate->size;
	int64_t earliest_us = (now_ms - rate->window_ms / CATCH_UP) * 1000;
	if (rate->paced_us < earliest_us)
		rate->paced_us = earliest_us;
	if (rate->paced_us > now_ms * 1000)
		return (rate->paced_us - now_ms * 1000 + 999) / 1000;
	rate->paced_us += step_us;
	return 0;
}

void rate_limiter_begin(struct rate_limiter *rate)
{
	rate->pending += rate->size > 0;
}

void rate_limiter_sent(struct rate_limiter *rate, int64_t now_ms)
{
	if (!rate->size)
		return;
	rate->pending--;
	window_expire(rate, now_ms);
	rate->sent_ms[(rate->first + rate->n++) % rate->size] = now_ms;
}

void rate_limiter_return(struct rate_limiter *rate)
{
	rate->pending -= rate->size > 0;
}

int64_t retry_bound_ms(enum error error, unsigned tries)
{
	int64_t base_ms = error == ERR_THROTTLED ? 500 : 100;
	int64_t most_ms = error == ERR_THROTTLED ? 4000 : 2000;

	while (tries-- > 0 && base_ms < most_ms)
		base_ms *= 2;
	return base_ms < most_ms ? base_ms : most_ms;
}

int64_t retry_sleep_ms(enum error error, unsigned tries, uint64_t chance)
{
	return (int64_t)(chance % (uint64_t)(retry_bound_ms(error, tries) + 1));
}
