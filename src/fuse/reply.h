/*
 * reply.h - turns the answers of the sources into FUSE replies.
 */
#ifndef DESCRIBEFS_REPLY_H
#define DESCRIBEFS_REPLY_H

#include "session.h"

/*
 * Answers `pending` (a struct pending_request) with `reply` and frees it. An engine_done_fn. A FAILED reply
 * becomes an errno, except where reply_lookup handles it (see reply.c).
 */
void reply_pending(void *pending, const struct reply *reply);
/*
 * The `reply` function of a pending request: answers from a FOUND reply. reply_lookup also answers ABSENT,
 * and FAILED with an entry.
 */
void reply_lookup(struct pending_request *pending, const struct reply *reply);
void reply_getattr(struct pending_request *pending, const struct reply *reply);
void reply_readdir(struct pending_request *pending, const struct reply *reply);
/* Answers GETXATTR or LISTXATTR: the value, or its length when `size` is 0, or ERANGE. */
void reply_sized(fuse_req_t request, const struct buf *value, size_t size);

#endif
