/*
 * failure.h - why a source could not answer, for a person: what the cloud said, and what to do.
 */
#ifndef DESCRIBEFS_FAILURE_H
#define DESCRIBEFS_FAILURE_H

#include "source/source.h"

/*
 * ": CODE: MESSAGE (request ID); what to do".  `noted`: the failures that the source had noted before it was
 * asked; an older one is taken only if it has the same cause, and so still stands.
 */
void failure_add(struct buf *out, const struct source *source, enum error error, uint64_t noted);

#endif
