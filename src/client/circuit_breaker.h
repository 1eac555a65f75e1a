/*
 * circuit_breaker.h - circuit breaker: which calls are sent while the cloud is down, silent or failing, and
 * how many retries are allowed.
 *
 * Three states of the cloud are told apart:
 *
 * down      Calls have failed for good, all with one cause. The breaker is open: calls are refused with
 *           that cause, and one call every 5 s, the probe, finds out whether the cloud is back.
 * stalled   The cloud accepts calls and answers none. Further calls are sent 500 ms apart, up to a ceiling.
 * doubtful  Attempts fail one after the other. Further calls are sent 200 ms apart.
 *
 * Pure: the caller gives the time.
 */
#ifndef DESCRIBEFS_CIRCUIT_BREAKER_H
#define DESCRIBEFS_CIRCUIT_BREAKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "client/client.h"

enum {
	/* The breaker opens after so many failures in a row, with one cause, within that time. */
	CIRCUIT_BREAKER_FAILURES = 20,
	CIRCUIT_BREAKER_WITHIN_MS = 10000,
	/* So many calls have to be wanted then. One reader that makes call after call gets each error. */
	CIRCUIT_BREAKER_PRESSURE = 8,
	CIRCUIT_BREAKER_PROBE_MS = CLIENT_PROBE_MS, /* while it is open: from one probe to the next */
	/* The cloud is stalled while so many calls wait and no answer has come for that time. */
	CIRCUIT_BREAKER_SILENT_CALLS = 20,
	CIRCUIT_BREAKER_SILENT_MS = 2000,
	CIRCUIT_BREAKER_SILENT_APART_MS = 500, /* while it is stalled: from one call to the next */
	CIRCUIT_BREAKER_SILENT_MOST = 100, /* while it is stalled: calls that wait; then no more are sent */
	CIRCUIT_BREAKER_SLOW_MS =
		10000, /* how long the slowest answer is taken to need before there was one */
	CIRCUIT_BREAKER_TOKENS =
		500, /* for retries: one costs 5, or 10 after a timeout; a good answer gives 1 */
	/* The cloud is doubtful after so many failed attempts in a row, until a good answer. */
	CIRCUIT_BREAKER_DOUBT = 30,
	CIRCUIT_BREAKER_DOUBT_MS = 200, /* while it is doubtful: from one call to the next */
};

struct circuit_breaker {
	unsigned failures; /* calls in a row that failed for good, all with the cause `last` */
	enum error last;
	int64_t since_ms; /* when the first of them failed */
	enum error open; /* the cause that calls are refused with; ERR_NONE: the breaker is closed */
	int64_t probe_ms; /* when the next probe is due */
	bool probing; /* a probe is under way */
	size_t under_way; /* attempts that were sent and not answered */
	int64_t heard_ms; /* when the last answer came, or later the first attempt after a time without any */
	int64_t slowest_ms; /* what the slowest of the last answers took, slowly forgotten */
	int tokens; /* for retries */
	unsigned doubts; /* attempts in a row that failed with a cause that a retry may resolve */
	enum error doubt; /* the last of these causes */
	int64_t sent_ms; /* when the last attempt was sent */
};

void circuit_breaker_init(struct circuit_breaker *breaker);
/*
 * Whether a new call may be made: ERR_NONE, or the cause to refuse it with. *probe: the call is the probe,
 * and circuit_breaker_end_probe must be called when it is over.
 */
enum error circuit_breaker_admit(struct circuit_breaker *breaker, bool *probe, int64_t now_ms);
/* The cause that the breaker is open with; ERR_NONE: it is closed. */
enum error circuit_breaker_state(const struct circuit_breaker *breaker);
/* Many attempts are under way, and none is answered. */
bool circuit_breaker_is_stalled(const struct circuit_breaker *breaker, int64_t now_ms);
/* The cloud is stalled, and so many attempts are under way that no more are sent. */
bool circuit_breaker_is_full(const struct circuit_breaker *breaker, int64_t now_ms);
/* An answer came in the last `ms`, or nothing was under way before that. */
bool circuit_breaker_answered_within(const struct circuit_breaker *breaker, int64_t ms, int64_t now_ms);
/* An attempt is sent. */
void circuit_breaker_sent(struct circuit_breaker *breaker, int64_t now_ms);
/*
 * How long the next attempt has to wait because the cloud is doubtful, or is stalled for longer than its last
 * answers took; else 0. Attempts under way are not taken back, so a burst may be larger than that.
 */
int64_t circuit_breaker_wait_ms(const struct circuit_breaker *breaker, int64_t now_ms);
/* Why the cloud is doubtful: the cause of the last failed attempt; ERR_NONE: it is not. */
enum error circuit_breaker_last_failure(const struct circuit_breaker *breaker);
/* An attempt has ended, `took_ms` after it was sent: well (ERR_NONE) or with that cause. */
void circuit_breaker_record(struct circuit_breaker *breaker, enum error error, int64_t took_ms,
	int64_t now_ms);
/* An answer came and is parsed later: the cloud is not stalled. */
void circuit_breaker_came(struct circuit_breaker *breaker, int64_t now_ms);
/* A call has failed for good, after its last attempt. `wanted`: how many calls are wanted now. */
void circuit_breaker_record_failure(struct circuit_breaker *breaker, enum error error, size_t wanted,
	int64_t now_ms);
/* An attempt was cancelled. */
void circuit_breaker_cancel(struct circuit_breaker *breaker);
/* The probe is over, well or not. */
void circuit_breaker_end_probe(struct circuit_breaker *breaker, int64_t now_ms);
/* Whether a retry after this cause is allowed; takes its tokens. */
bool circuit_breaker_take_token(struct circuit_breaker *breaker, enum error error);

#endif
