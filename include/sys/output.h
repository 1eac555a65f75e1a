/*
 * output.h - standard output, and the lines on standard error, of a verb that prints.
 */
#ifndef DESCRIBEFS_OUTPUT_H
#define DESCRIBEFS_OUTPUT_H

#include "base/buf.h"

/* Zeroes: nothing was written yet. */
struct output {
	int error; /* of the first write that failed */
};

/* False: a write has failed, and nothing more is written. */
bool output_add(struct output *output, const char *bytes, size_t size);
bool output_puts(struct output *output, const char *text);
/* What is in the buffer, which is empty then. */
bool output_take(struct output *output, struct buf *text);
/*
 * The exit status, `status` if all was written.  Where the reader of a pipe has gone, the process ends by
 * SIGPIPE without a word, as others do.
 */
int output_end(struct output *output, int status);
/* "describefs: TEXT", as one line that a terminal does not obey. */
void output_complain(const char *text);

#endif
