/*
 * rate.c - politeness: the sliding window, and full-jitter backoff.
 *
 * The window is a second and WINDOW_SLACK_MS, because the server counts arrivals and not departures.
 *
 * NEEDSWORK: a first burst arrives later than it was sent by the time that its connections take to
 * be made, and the next one does not; so for one second the server may count more than the rate.
 * The cure is to count from when a request went onto the wire (curl's PRETRANSFER time), which
 * means that turns can't be booked ahead: a queue of flights for each action instead.  Due with
 * issue 3, section 2.
 */
#include "rate.h"

#include "buf.h"

#include <stdlib.h>

enum { WINDOW_SLACK_MS = 20, CALLS_MAX = 10000 };

void rate_init(struct rate *rate, double per_s)
{
	*rate = (struct rate){ 0 };
	if (!(per_s > 0) || per_s > CALLS_MAX)
		return;
	rate->size = per_s < 1 ? 1 : (size_t)per_s;
	rate->window_ms = per_s < 1 ? (int64_t)(1000 / per_s) : 1000;
	rate->window_ms += WINDOW_SLACK_MS;
	rate->sent_ms = xmalloc(rate->size * sizeof(*rate->sent_ms));
	for (size_t i = 0; i < rate->size; i++)
		rate->sent_ms[i] = INT64_MIN / 2;
}

void rate_release(struct rate *rate)
{
	free(rate->sent_ms);
	*rate = (struct rate){ 0 };
}

int64_t rate_wait_ms(const struct rate *rate, int64_t now_ms)
{
	if (!rate->size)
		return 0;
	int64_t free_ms = rate->sent_ms[rate->next] + rate->window_ms;
	return free_ms > now_ms ? free_ms - now_ms : 0;
}

size_t rate_free(const struct rate *rate, int64_t now_ms)
{
	size_t n = 0;

	if (!rate->size)
		return SIZE_MAX;
	while (n < rate->size && rate->sent_ms[(rate->next + n) % rate->size] + rate->window_ms <= now_ms)
		n++;
	return n;
}

void rate_book(struct rate *rate, int64_t now_ms)
{
	if (!rate->size)
		return;
	rate->sent_ms[rate->next] = now_ms + rate_wait_ms(rate, now_ms);
	rate->next = (rate->next + 1) % rate->size;
}

int64_t retry_bound_ms(enum fault fault, unsigned tries)
{
	int64_t base_ms = fault == FAULT_THROTTLED ? 500 : 100;
	int64_t most_ms = fault == FAULT_THROTTLED ? 4000 : 2000;

	while (tries-- > 0 && base_ms < most_ms)
		base_ms *= 2;
	return base_ms < most_ms ? base_ms : most_ms;
}

int64_t retry_sleep_ms(enum fault fault, unsigned tries, uint64_t chance)
{
	return (int64_t)(chance % (uint64_t)(retry_bound_ms(fault, tries) + 1));
}
