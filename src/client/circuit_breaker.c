/*
 * circuit_breaker.c - counts failures and answers, and derives the three states from them.
 *
 * Only causes that concern the cloud, the way to it or the key count (breaker_counts). Any other
 * answer, even "no such resource", shows that the cloud works: it closes the breaker and ends the doubt.
 *
 * A stalled cloud may only be slow. So its calls are spaced out only when it has been silent for half as
 * long again as the slowest of its last answers took. The breaker opens when the first calls have timed
 * out.
 */
#include "circuit_breaker.h"

enum {
	SLOWEST_FADES = 16, /* each quicker answer takes one part in so many off slowest_ms */
	RETRY_TOKENS = 5,
	RETRY_TOKENS_AFTER_TIMEOUT = 10
};

void circuit_breaker_init(struct circuit_breaker *breaker)
{
	*breaker = (struct circuit_breaker){ .tokens = CIRCUIT_BREAKER_TOKENS,
		.slowest_ms = CIRCUIT_BREAKER_SLOW_MS };
}

/* Whether the cause concerns the cloud, the way to it or the key, and not only the resource of the call. */
static bool breaker_counts(enum error error)
{
	switch (error) {
	case ERR_KEY:
	case ERR_CLOCK:
	case ERR_TOKEN:
	case ERR_THROTTLED:
	case ERR_SERVER:
	case ERR_LOST:
	case ERR_ANSWER:
	case ERR_TIMEOUT:
	case ERR_NO_HOST:
	case ERR_NO_NETWORK:
	case ERR_REFUSED:
	case ERR_TLS:
	case ERR_PROXY:
		return true;
	default:
		return false;
	}
}

enum error circuit_breaker_admit(struct circuit_breaker *breaker, bool *probe, int64_t now_ms)
{
	*probe = breaker->open && !breaker->probing && now_ms >= breaker->probe_ms;
	breaker->probing |= *probe;
	return *probe ? ERR_NONE : breaker->open;
}

enum error circuit_breaker_state(const struct circuit_breaker *breaker)
{
	return breaker->open;
}

bool circuit_breaker_is_stalled(const struct circuit_breaker *breaker, int64_t now_ms)
{
	return breaker->under_way >= CIRCUIT_BREAKER_SILENT_CALLS &&
		now_ms - breaker->heard_ms > CIRCUIT_BREAKER_SILENT_MS;
}

bool circuit_breaker_is_full(const struct circuit_breaker *breaker, int64_t now_ms)
{
	return breaker->under_way >= CIRCUIT_BREAKER_SILENT_MOST &&
		circuit_breaker_is_stalled(breaker, now_ms);
}

bool circuit_breaker_answered_within(const struct circuit_breaker *breaker, int64_t ms, int64_t now_ms)
{
	return now_ms - breaker->heard_ms < ms;
}

void circuit_breaker_sent(struct circuit_breaker *breaker, int64_t now_ms)
{
	if (!breaker->under_way++)
		breaker->heard_ms = now_ms;
	breaker->sent_ms = now_ms;
}

enum error circuit_breaker_last_failure(const struct circuit_breaker *breaker)
{
	return breaker->doubts >= CIRCUIT_BREAKER_DOUBT ? breaker->doubt : ERR_NONE;
}

int64_t circuit_breaker_wait_ms(const struct circuit_breaker *breaker, int64_t now_ms)
{
	int64_t next_ms = INT64_MIN, usual_ms = breaker->slowest_ms * 3 / 2;

	if (circuit_breaker_last_failure(breaker))
		next_ms = breaker->sent_ms + CIRCUIT_BREAKER_DOUBT_MS;
	if (circuit_breaker_is_stalled(breaker, now_ms) &&
		!circuit_breaker_answered_within(breaker, usual_ms, now_ms))
		next_ms = breaker->sent_ms + CIRCUIT_BREAKER_SILENT_APART_MS;
	return next_ms > now_ms ? next_ms - now_ms : 0;
}

void circuit_breaker_cancel(struct circuit_breaker *breaker)
{
	breaker->under_way--;
}

static void breaker_note_answer(struct circuit_breaker *breaker, int64_t took_ms, int64_t now_ms)
{
	int64_t fading_ms = breaker->slowest_ms - breaker->slowest_ms / SLOWEST_FADES;

	breaker->heard_ms = now_ms;
	breaker->slowest_ms = took_ms > fading_ms ? took_ms : fading_ms;
}

void circuit_breaker_came(struct circuit_breaker *breaker, int64_t now_ms)
{
	breaker->heard_ms = now_ms;
}

void circuit_breaker_record(struct circuit_breaker *breaker, enum error error, int64_t took_ms,
	int64_t now_ms)
{
	breaker->under_way--;
	if (error != ERR_TIMEOUT)
		breaker_note_answer(breaker, took_ms, now_ms);
	if (breaker_counts(error)) {
		if (breaker->open)
			breaker->open = error; /* readers are told the latest cause */
		breaker->doubts += error_retries(error);
		breaker->doubt = error_retries(error) ? error : breaker->doubt;
		return;
	}
	breaker->doubts = 0;
	breaker->failures = 0;
	breaker->last = ERR_NONE;
	breaker->open = ERR_NONE;
	breaker->tokens += breaker->tokens < CIRCUIT_BREAKER_TOKENS;
}

void circuit_breaker_record_failure(struct circuit_breaker *breaker, enum error error, size_t wanted,
	int64_t now_ms)
{
	if (!breaker_counts(error) || breaker->open)
		return;
	/* a cloud that is down fails all calls in one way */
	if (error != breaker->last || now_ms - breaker->since_ms > CIRCUIT_BREAKER_WITHIN_MS) {
		breaker->failures = 0;
		breaker->last = error;
		breaker->since_ms = now_ms;
	}
	breaker->failures++;
	if (breaker->failures < CIRCUIT_BREAKER_FAILURES || wanted < CIRCUIT_BREAKER_PRESSURE)
		return;
	breaker->open = error;
	breaker->probe_ms = now_ms + CIRCUIT_BREAKER_PROBE_MS;
}

void circuit_breaker_end_probe(struct circuit_breaker *breaker, int64_t now_ms)
{
	breaker->probing = false;
	breaker->probe_ms = now_ms + CIRCUIT_BREAKER_PROBE_MS;
}

bool circuit_breaker_take_token(struct circuit_breaker *breaker, enum error error)
{
	int cost = error == ERR_TIMEOUT ? RETRY_TOKENS_AFTER_TIMEOUT : RETRY_TOKENS;

	if (breaker->open || breaker->tokens < cost)
		return false;
	breaker->tokens -= cost;
	return true;
}
