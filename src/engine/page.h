/*
 * page.h - one page of a fetch: the body of its call, and what its answer means. A describe call has one
 * page.
 */
#ifndef DESCRIBEFS_PAGE_H
#define DESCRIBEFS_PAGE_H

#include "fetch.h"

/* page_body.c: the body of a call for the page at `offset`, a JSON object's text; the caller frees it. */
char *page_body(const struct fetch *fetch, int64_t offset, int limit);
/* Chooses the first call: fetch->action, or NULL if none is needed. Not ERR_NONE: the fetch cannot begin. */
enum error page_begin(struct fetch *fetch);
/* Fills the tree with an answer. Sets fetch->reading.more if another call must follow. */
enum error page_take(struct fetch *fetch, const struct json *result, const struct provenance_note *note);
/*
 * A call of a partial kind's listing failed after its last try. True: another call was chosen (a harvest).
 * False: the fetch ends, with *error; that becomes ERR_NONE if the listing shows what is known.
 */
bool page_survives(struct fetch *fetch, enum error *error);
/* The cloud refused a call of a refresh. True: the list is read whole instead. */
bool page_ends_refresh(struct fetch *fetch, enum error error);
/*
 * The catalog foresees this error: a partial kind's list call may not exist. It does not go into the
 * journal.
 */
bool page_expects(const struct fetch *fetch, enum error error);
/*
 * The error for the reader: depends, for a refused parameter or a missing resource, on where the id came
 * from.
 */
enum error page_judge(const struct fetch *fetch, enum error error);

#endif
