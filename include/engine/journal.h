/*
 * journal.h - the last thousand sorts of failures, as lines for .describefs/errors.
 *
 * A line: RFC 3339 time, path, errno's name for people, the cloud's code, request id, message; fields
 * separated by tabs, "-" for none.  No line holds a control byte or a secret.
 *
 * Failures of one sort (one user, one kind, one code) that follow each other within JOURNAL_FOLD_S are one
 * line, the last one's, with "xN" behind its message: so no user's made-up names push out what other users
 * met.
 */
#ifndef DESCRIBEFS_JOURNAL_H
#define DESCRIBEFS_JOURNAL_H

#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

enum { JOURNAL_LINES = 1000, JOURNAL_FOLD_S = 60 };

struct journal_line {
	char *sort; /* what makes it the same as another */
	char *text; /* without its count */
	unsigned count;
	int64_t last_s;
};

struct journal {
	struct journal_line lines[JOURNAL_LINES]; /* oldest first */
	size_t n;
	uint64_t count; /* failures ever noted */
	enum error last_error; /* of the newest line, ERR_NONE before there is one */
	struct error_note last;
};

void journal_add(struct journal *journal, int64_t now_s, const char *path, unsigned uid, enum error error,
	const struct error_note *note);
/* Oldest first, each with a newline. */
void journal_print(const struct journal *journal, struct buf *out);
void journal_release(struct journal *journal);

#endif
