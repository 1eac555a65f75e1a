/*
 * journal.h - the last thousand failures, as lines for .describefs/errors.
 *
 * A line: RFC 3339 time, path, errno's name for people, the cloud's code, request id, message; fields
 * separated by tabs, "-" for none.  No line holds a control byte or a secret.
 *
 * Layer 1.
 */
#ifndef DESCRIBEFS_JOURNAL_H
#define DESCRIBEFS_JOURNAL_H

#include <stdint.h>

#include "buf.h"
#include "fault.h"

enum { JOURNAL_LINES = 1000 };

struct journal {
	char *lines[JOURNAL_LINES];
	uint64_t count; /* ever written */
	enum fault last_fault; /* of the newest line, FAULT_NONE before there is one */
	struct fault_note last;
};

void journal_add(struct journal *journal, int64_t now_s, const char *path, enum fault fault,
	const struct fault_note *note);
/* Oldest first, each with a newline. */
void journal_print(const struct journal *journal, struct buf *out);
void journal_release(struct journal *journal);

#endif
