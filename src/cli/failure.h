/*
 * failure.h - explains a failed question: the cloud's error, and what to do.
 */
#ifndef DESCRIBEFS_FAILURE_H
#define DESCRIBEFS_FAILURE_H

#include "source/source.h"

/*
 * Appends ": CODE: MESSAGE (request ID); what to do". `noted`: the number of failures in the source's
 * journal before the question; an older failure is shown only if it has the same cause.
 */
void failure_add(struct buf *out, const struct source *source, enum error error, uint64_t noted);
/* Appends "; what to do", if there is more to say than the cause. */
void failure_advise(struct buf *out, enum error error);

#endif
