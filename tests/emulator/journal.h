/* What happened: counters, rate windows, and one JSON line a call. */
#ifndef EMULATOR_JOURNAL_H
#define EMULATOR_JOURNAL_H

#include "text.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct call;

/*
 * Moments in order, of the last WINDOW_KEPT. A call counts from when the kernel received it: on a busy machine the emulator
 * reads calls late and in bursts, which says nothing of their sender.
 */
struct window {
	int64_t *at;
	size_t head, n, cap, most;
};

struct tally {
	char *name;
	uint64_t count;
	struct window calls;   /* every call: for max_in_1s */
	struct window granted; /* those that were let through: for the rate limit */
};

struct tallies {
	struct tally *t;
	size_t n;
};

struct journal {
	FILE *file; /* or NULL */
	uint64_t total, last; /* `last` numbers the lines and is never reset */
	struct tallies actions, verdicts;
	size_t in_flight, max_concurrent;
	uint64_t connections, connection_last;
	size_t open_connections;
	char **line; /* kept for GET /log */
	uint64_t *line_n;
	size_t lines, lines_cap;
};

void journal_free(struct journal *j);
/* Numbers the call and counts it. */
void journal_arrive(struct journal *j, struct call *call);
/* False when the action has had `limit` calls within the second before this one arrived (0: never). */
bool journal_allow(struct journal *j, const struct call *call, int limit);
void journal_verdict(struct journal *j, const struct call *call);
void journal_finish(struct journal *j, const struct call *call);
void journal_reset(struct journal *j);
void journal_counts(const struct journal *j, struct text *out);
void journal_lines(const struct journal *j, struct text *out, uint64_t since);

#endif
