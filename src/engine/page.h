/*
 * page.h - what a fetch asks for, and what an answer means.
 */
#ifndef DESCRIBEFS_PAGE_H
#define DESCRIBEFS_PAGE_H

#include "fetch.h"

/* The body of a call for the page at `offset`: a JSON object's text, for the caller to free. */
char *page_body(const struct fetch *fetch, int64_t offset, int limit);
/* Chooses the first call.  ERR_NONE: make it; without an action there is no call to be made. */
enum error page_begin(struct fetch *fetch);
/* Takes in an answer; fetch->reading.more: another call is to be made. */
enum error page_take(struct fetch *fetch, const struct json *result, const struct provenance_note *note);
/*
 * A call failed for good.  True: another one was chosen instead (the list call is gone: harvest).  Where
 * there is no other call, and what is known is shown all the same, *error becomes ERR_NONE.
 */
bool page_survives(struct fetch *fetch, enum error *error);
/* The answer cannot be one to a refresh's question; true: the list is read whole instead. */
bool page_ends_refresh(struct fetch *fetch, enum error error);
/*
 * The catalog foresees it: the list call of a partial kind may not exist.  That is no failure of the mount.
 */
bool page_expects(const struct fetch *fetch, enum error error);
/* What a refused parameter or a missing resource means to the reader. */
enum error page_judge(const struct fetch *fetch, enum error error);

#endif
