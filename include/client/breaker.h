/*
 * breaker.h - when a cloud is down: who still asks it, and how many times something is tried again.
 *
 * Pure; the time is given.
 */
#ifndef DESCRIBEFS_BREAKER_H
#define DESCRIBEFS_BREAKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"

enum {
	BREAKER_FAILURES = 20, /* in a row, all the same, with others waiting, and it opens */
	BREAKER_WITHIN_MS = 10000,
	/* Calls wanted at once.  One reader who tries one thing after the other is no load, and wants to be
	 * told what each of them says. */
	BREAKER_PRESSURE = 8,
	BREAKER_PROBE_MS = 5000, /* while it is open, one call in so long finds out */
	BREAKER_SILENT_MS = 2000, /* nobody has answered for so long */
	BREAKER_SILENT_CALLS = 20, /* and so many calls wait for it: the next ones go */
	BREAKER_SILENT_APART_MS = 500, /* so far apart */
	BREAKER_SLOW_MS = 10000, /* how long an answer may take, before there was one */
	BREAKER_SILENT_MOST = 100, /* and at so many no more are sent */
	BREAKER_TOKENS = 500, /* another try takes 5, 10 after silence; each good answer gives one back */
	BREAKER_DOUBT = 30, /* tries in a row that failed, and calls go one at a time */
	BREAKER_DOUBT_MS = 200, /* apart, until one of them is answered well */
};

struct breaker {
	unsigned failures; /* in a row, all of them `last` */
	enum fault last;
	int64_t since_ms; /* the first of them */
	enum fault open; /* FAULT_NONE: it is closed; else what everybody is told */
	int64_t probe_ms; /* when the next probe is due */
	bool probing;
	size_t under_way; /* calls that nobody has answered yet */
	int64_t heard_ms; /* the last answer, or the first call after there was nothing to answer */
	int64_t slowest_ms; /* how long the slowest of the last answers took */
	int tokens;
	unsigned doubts; /* tries in a row that failed in a way that another try may mend */
	enum fault doubt; /* the last of them */
	int64_t sent_ms; /* the last call */
};

void breaker_init(struct breaker *breaker);
/* FAULT_NONE: the call may go. `probe`: it is the one that finds out, and breaker_end is due. */
enum fault breaker_asks(struct breaker *breaker, bool *probe, int64_t now_ms);
/* The same, when it was asked before and no probe is wanted. */
enum fault breaker_says(const struct breaker *breaker);
/* Many calls are under way, and none of them is answered. */
bool breaker_is_silent(const struct breaker *breaker, int64_t now_ms);
/* So many that no more are to follow them. */
bool breaker_is_full(const struct breaker *breaker, int64_t now_ms);
/* An answer came in the last `ms`, or nothing was under way before. */
bool breaker_heard_within(const struct breaker *breaker, int64_t ms, int64_t now_ms);
void breaker_sent(struct breaker *breaker, int64_t now_ms);
/*
 * How long the next call has to wait because many tries in a row have failed, or because the cloud says
 * nothing for longer than its last answers took: 0 when the cloud is well.  Calls under way are not taken
 * back, so a burst may be larger.
 */
int64_t breaker_wait_ms(const struct breaker *breaker, int64_t now_ms);
/* What the last tries failed with; FAULT_NONE: the cloud is well. */
enum fault breaker_doubts(const struct breaker *breaker);
/* A try that was sent so long ago came to its end, well or not. */
void breaker_heard(struct breaker *breaker, enum fault fault, int64_t took_ms, int64_t now_ms);
/* An answer came that is not read yet: the cloud is not silent. */
void breaker_came(struct breaker *breaker, int64_t now_ms);
/* A call failed for good, all its tries included; `wanted`: how many calls are wanted now. */
void breaker_failed(struct breaker *breaker, enum fault fault, size_t wanted, int64_t now_ms);
/* A try was taken back. */
void breaker_dropped(struct breaker *breaker);
/* The probe is over, whatever came of it. */
void breaker_end(struct breaker *breaker, int64_t now_ms);
/* Whether another try may be made; takes its tokens. */
bool breaker_tries_again(struct breaker *breaker, enum fault fault);

#endif
