/*
 * paging.h - finds the next page of a list, and its end.
 */
#ifndef DESCRIBEFS_PAGING_H
#define DESCRIBEFS_PAGING_H

#include "client/client.h"
#include "engine/engine.h"

struct fetch;

/*
 * The position of a reading in its list. Invariant: all pages before `offset` were taken in. While
 * `moving`, the page at `offset` repeats the last item of the one before.
 */
struct fetch_paging {
	int64_t offset; /* of the next page to be taken in */
	int64_t total; /* of the last page; -1: it has none */
	int64_t last_total; /* of the last page that has one; -1: there was none */
	int64_t least_total; /* the smallest of this reading */
	int limit; /* items to request for each page; 0: the action's page_limit */
	int64_t page_items; /* items in the last page */
	char *marker; /* of the next page, as JSON; NULL: the first page */
	unsigned empty_pages; /* pages in a row without a new item */
	unsigned rewinds; /* pages that were requested again because the list moved */
	bool moving; /* the total changed while the list was read: pages overlap from now on */
	bool contradicted; /* a page said that it is the last one, and named a marker */
	/* a page that was requested ahead was not the next one: one page at a time from now on */
	bool prefetch_mismatch;
	bool gap; /* the first item of this page is new: it does not overlap with the page before */
};

/* The next call asks for the first page. */
void paging_begin(struct fetch *fetch);
/*
 * Moves to the next page, by what this one says. False: this is the last one. `is_empty`: it has no new
 * item.
 */
bool paging_next(struct fetch *fetch, const struct json *result, size_t n_items, bool is_empty);
/* Several pages in a row had no new item. */
bool paging_is_looping(const struct fetch *fetch);
/* The total of a page without items is not 0, or is no number: there may be items. */
bool paging_promises(const struct fetch *fetch, const struct json *result);
/* How many items to request for a page of the action. */
int paging_limit(struct engine *engine, const struct action *action);
/* A call for `limit` items was refused. The smaller number to request; 0: the limit was not the reason. */
int paging_smaller_limit(const struct fetch *fetch, const struct call_outcome *outcome, int limit);
/* A good answer came: remembers for the action how many items were requested. */
void paging_note_limit(struct fetch *fetch);

#endif
