/*
 * breaker.c - a cloud that is down is left alone.
 *
 * When calls fail for good one after the other, and all in one way, while others wait, it is the cloud and
 * not the thing that was asked for: the breaker opens, everybody is told so at once (and served the last
 * good answer where there is one), and every BREAKER_PROBE_MS one call goes to find out.  A good answer, or
 * one that only speaks of the thing that was asked for, closes it.  A cloud that takes calls and says
 * nothing opens no breaker before its first calls have timed out, and may only be slow.  Meanwhile the calls
 * that go are BREAKER_SILENT_APART_MS apart, if the last answers were quicker than that; and not more than
 * BREAKER_SILENT_MOST in any case.
 *
 * Before calls fail for good they are tried again up to their deadline.  When BREAKER_DOUBT tries in a row
 * have failed, calls go BREAKER_DOUBT_MS apart, so that an outage costs few calls while readers wait; the
 * first good answer ends that.
 */
#include "client/breaker.h"

enum { SLOWEST_FADES = 16 }; /* an answer that is quicker takes that part off */

enum { TRY_COSTS = 5, TRY_AFTER_SILENCE_COSTS = 10 };

void breaker_init(struct breaker *breaker)
{
	*breaker = (struct breaker){ .tokens = BREAKER_TOKENS, .slowest_ms = BREAKER_SLOW_MS };
}

/* It speaks of the cloud, the way to it or the key, and not of the one thing that was asked for. */
static bool is_of_all(enum fault fault)
{
	switch (fault) {
	case FAULT_KEY:
	case FAULT_CLOCK:
	case FAULT_TOKEN:
	case FAULT_THROTTLED:
	case FAULT_SERVER:
	case FAULT_LOST:
	case FAULT_ANSWER:
	case FAULT_TIMEOUT:
	case FAULT_NO_HOST:
	case FAULT_NO_NETWORK:
	case FAULT_REFUSED:
	case FAULT_TLS:
	case FAULT_PROXY:
		return true;
	default:
		return false;
	}
}

enum fault breaker_asks(struct breaker *breaker, bool *probe, int64_t now_ms)
{
	*probe = breaker->open && !breaker->probing && now_ms >= breaker->probe_ms;
	breaker->probing |= *probe;
	return *probe ? FAULT_NONE : breaker->open;
}

enum fault breaker_says(const struct breaker *breaker)
{
	return breaker->open;
}

bool breaker_is_silent(const struct breaker *breaker, int64_t now_ms)
{
	return breaker->under_way >= BREAKER_SILENT_CALLS && now_ms - breaker->heard_ms > BREAKER_SILENT_MS;
}

bool breaker_is_full(const struct breaker *breaker, int64_t now_ms)
{
	return breaker->under_way >= BREAKER_SILENT_MOST && breaker_is_silent(breaker, now_ms);
}

bool breaker_heard_within(const struct breaker *breaker, int64_t ms, int64_t now_ms)
{
	return now_ms - breaker->heard_ms < ms;
}

void breaker_sent(struct breaker *breaker, int64_t now_ms)
{
	if (!breaker->under_way++)
		breaker->heard_ms = now_ms;
	breaker->sent_ms = now_ms;
}

enum fault breaker_doubts(const struct breaker *breaker)
{
	return breaker->doubts >= BREAKER_DOUBT ? breaker->doubt : FAULT_NONE;
}

int64_t breaker_wait_ms(const struct breaker *breaker, int64_t now_ms)
{
	int64_t next_ms = INT64_MIN, usual_ms = breaker->slowest_ms * 3 / 2;

	if (breaker_doubts(breaker))
		next_ms = breaker->sent_ms + BREAKER_DOUBT_MS;
	if (breaker_is_silent(breaker, now_ms) && !breaker_heard_within(breaker, usual_ms, now_ms))
		next_ms = breaker->sent_ms + BREAKER_SILENT_APART_MS;
	return next_ms > now_ms ? next_ms - now_ms : 0;
}

void breaker_dropped(struct breaker *breaker)
{
	breaker->under_way--;
}

static void note_answer(struct breaker *breaker, int64_t took_ms, int64_t now_ms)
{
	int64_t fading_ms = breaker->slowest_ms - breaker->slowest_ms / SLOWEST_FADES;

	breaker->heard_ms = now_ms;
	breaker->slowest_ms = took_ms > fading_ms ? took_ms : fading_ms;
}

void breaker_came(struct breaker *breaker, int64_t now_ms)
{
	breaker->heard_ms = now_ms;
}

void breaker_heard(struct breaker *breaker, enum fault fault, int64_t took_ms, int64_t now_ms)
{
	breaker->under_way--;
	if (fault != FAULT_TIMEOUT)
		note_answer(breaker, took_ms, now_ms);
	if (is_of_all(fault)) {
		breaker->open = breaker->open ? fault : FAULT_NONE; /* what it is now */
		breaker->doubts += fault_retries(fault);
		breaker->doubt = fault_retries(fault) ? fault : breaker->doubt;
		return;
	}
	breaker->doubts = 0;
	breaker->failures = 0;
	breaker->last = FAULT_NONE;
	breaker->open = FAULT_NONE;
	breaker->tokens += breaker->tokens < BREAKER_TOKENS;
}

void breaker_failed(struct breaker *breaker, enum fault fault, size_t wanted, int64_t now_ms)
{
	if (!is_of_all(fault) || breaker->open)
		return;
	/* things that each fail in a way of their own are no cloud that is down */
	if (fault != breaker->last || now_ms - breaker->since_ms > BREAKER_WITHIN_MS) {
		breaker->failures = 0;
		breaker->last = fault;
		breaker->since_ms = now_ms;
	}
	breaker->failures++;
	if (breaker->failures < BREAKER_FAILURES || wanted < BREAKER_PRESSURE)
		return;
	breaker->open = fault;
	breaker->probe_ms = now_ms + BREAKER_PROBE_MS;
}

void breaker_end(struct breaker *breaker, int64_t now_ms)
{
	breaker->probing = false;
	breaker->probe_ms = now_ms + BREAKER_PROBE_MS;
}

bool breaker_tries_again(struct breaker *breaker, enum fault fault)
{
	int cost = fault == FAULT_TIMEOUT ? TRY_AFTER_SILENCE_COSTS : TRY_COSTS;

	if (breaker->open || breaker->tokens < cost)
		return false;
	breaker->tokens -= cost;
	return true;
}
