/*
 * output.h - standard output and standard error of a verb.
 */
#ifndef DESCRIBEFS_OUTPUT_H
#define DESCRIBEFS_OUTPUT_H

#include "base/buf.h"

/* All zero: nothing was written. */
struct output {
	int error; /* errno of the first failed write */
};

/* Returns false if a write has failed; nothing is written after that. */
bool output_add(struct output *output, const char *bytes, size_t size);
bool output_puts(struct output *output, const char *text);
/* Writes the buffer and clears it. */
bool output_take(struct output *output, struct buf *text);
/*
 * Flushes, and returns the exit status: `status`, or 1 after a failed write, with a message. If the reader
 * of a pipe has gone, the process ends with SIGPIPE, as other programs do.
 */
int output_end(struct output *output, int status);
/* Prints "describefs: TEXT" as one line to standard error, control characters escaped. */
void output_complain(const char *text);

#endif
