/*
 * journal.h - the last 1,000 lines about failures, for .describefs/errors.
 *
 * A line has six fields, separated by tabs: time (RFC 3339), path, name of the errno, the cloud's code (or
 * the name of the cause, if the cloud sent no code), request id, message. An empty field is "-". No line
 * holds a control byte or a secret.
 *
 * Failures of one group have the same user, kind of resource, cause and code. A failure that comes at most
 * JOURNAL_FOLD_S after the last one of its group takes the place of that one's line. Its message is then
 * followed by the time and path of the group's first failure, and by the number of failures: "(first
 * 2026-01-02T03:04:05Z /training/train-1) x3". So names that one user makes up do not push out the lines of
 * other users.
 */
#ifndef DESCRIBEFS_JOURNAL_H
#define DESCRIBEFS_JOURNAL_H

#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

enum { JOURNAL_LINES = 1000, JOURNAL_FOLD_S = 60 };

/* Invariant: `first` is not NULL exactly if `count` is more than 1. */
struct journal_line {
	char *group; /* user, cause, code and kind, as text */
	char *text; /* of the last failure: the six fields */
	char *first; /* time and path of the first failure */
	unsigned count; /* failures */
	int64_t last_s; /* Unix time of the last failure */
};

/* All zero: an empty journal. */
struct journal {
	struct journal_line lines[JOURNAL_LINES]; /* in the order of their last failures */
	size_t n;
	uint64_t count; /* failures that were ever added */
	enum error last_error; /* of the last failure; ERR_NONE: there was none */
	struct error_note last; /* of the last failure */
};

/* `uid`: the user whose question failed. "" for `path`: the root. */
void journal_add(struct journal *journal, int64_t now_s, const char *path, unsigned uid, enum error error,
	const struct error_note *note);
/* Appends the lines, oldest first, each with a newline. */
void journal_print(const struct journal *journal, struct buf *out);
void journal_release(struct journal *journal);

#endif
