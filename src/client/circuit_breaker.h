/*
 * circuit_breaker.h - circuit breaker: while a cloud is down, which calls still go, and how many retries.
 *
 * Pure; the time is given.
 */
#ifndef DESCRIBEFS_CIRCUIT_BREAKER_H
#define DESCRIBEFS_CIRCUIT_BREAKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "client/client.h"

enum {
	CIRCUIT_BREAKER_FAILURES = 20, /* in a row, all the same, with others waiting, and it opens */
	CIRCUIT_BREAKER_WITHIN_MS = 10000,
	/* Calls wanted at once.  One reader that tries one thing after the other is no load, and gets each
	 * error. */
	CIRCUIT_BREAKER_PRESSURE = 8,
	CIRCUIT_BREAKER_PROBE_MS = CLIENT_PROBE_MS, /* while it is open, one call in so long finds out */
	CIRCUIT_BREAKER_SILENT_MS = 2000, /* no answer came for so long */
	CIRCUIT_BREAKER_SILENT_CALLS = 20, /* and so many calls wait for it: the next ones go */
	CIRCUIT_BREAKER_SILENT_APART_MS = 500, /* so far apart */
	CIRCUIT_BREAKER_SLOW_MS = 10000, /* how long an answer may take, before there was one */
	CIRCUIT_BREAKER_SILENT_MOST = 100, /* and at so many no more are sent */
	/* another try takes 5, 10 after silence; each good answer gives one back */
	CIRCUIT_BREAKER_TOKENS = 500,
	CIRCUIT_BREAKER_DOUBT = 30, /* tries in a row that failed, and calls go one at a time */
	CIRCUIT_BREAKER_DOUBT_MS = 200, /* apart, until one of them is answered well */
};

struct circuit_breaker {
	unsigned failures; /* in a row, all of them `last` */
	enum error last;
	int64_t since_ms; /* the first of them */
	enum error open; /* ERR_NONE: it is closed; else what everybody is told */
	int64_t probe_ms; /* when the next probe is due */
	bool probing;
	size_t under_way; /* calls without an answer yet */
	int64_t heard_ms; /* the last answer, or the first call after there was nothing to answer */
	int64_t slowest_ms; /* how long the slowest of the last answers took */
	int tokens;
	unsigned doubts; /* tries in a row that failed in a way that another try may mend */
	enum error doubt; /* the last of them */
	int64_t sent_ms; /* the last call */
};

void circuit_breaker_init(struct circuit_breaker *breaker);
/*
 * ERR_NONE: the call may go. `probe`: it is the one that finds out, and circuit_breaker_end_probe is due.
 */
enum error circuit_breaker_admit(struct circuit_breaker *breaker, bool *probe, int64_t now_ms);
/* The same, when it was asked before and no probe is wanted. */
enum error circuit_breaker_state(const struct circuit_breaker *breaker);
/* Many calls are under way, and none of them is answered. */
bool circuit_breaker_is_stalled(const struct circuit_breaker *breaker, int64_t now_ms);
/* So many that no more are to follow them. */
bool circuit_breaker_is_full(const struct circuit_breaker *breaker, int64_t now_ms);
/* An answer came in the last `ms`, or nothing was under way before. */
bool circuit_breaker_answered_within(const struct circuit_breaker *breaker, int64_t ms, int64_t now_ms);
void circuit_breaker_sent(struct circuit_breaker *breaker, int64_t now_ms);
/*
 * How long the next call has to wait because many tries in a row have failed, or because the cloud says
 * nothing for longer than its last answers took: 0 when the cloud is well.  Calls under way are not taken
 * back, so a burst may be larger.
 */
int64_t circuit_breaker_wait_ms(const struct circuit_breaker *breaker, int64_t now_ms);
/* What the last tries failed with; ERR_NONE: the cloud is well. */
enum error circuit_breaker_last_failure(const struct circuit_breaker *breaker);
/* A try that was sent so long ago came to its end, well or not. */
void circuit_breaker_record(struct circuit_breaker *breaker, enum error error, int64_t took_ms,
	int64_t now_ms);
/* An answer came that is not read yet: the cloud is not silent. */
void circuit_breaker_came(struct circuit_breaker *breaker, int64_t now_ms);
/* A call failed for good, all its tries included; `wanted`: how many calls are wanted now. */
void circuit_breaker_record_failure(struct circuit_breaker *breaker, enum error error, size_t wanted,
	int64_t now_ms);
/* A try was taken back. */
void circuit_breaker_cancel(struct circuit_breaker *breaker);
/* The probe is over, whatever came of it. */
void circuit_breaker_end_probe(struct circuit_breaker *breaker, int64_t now_ms);
/* Whether another try may be made; takes its tokens. */
bool circuit_breaker_take_token(struct circuit_breaker *breaker, enum error error);

#endif
