/*
 * paging.h - which page of a list is next, and whether there is one.
 */
#ifndef DESCRIBEFS_PAGING_H
#define DESCRIBEFS_PAGING_H

#include "client/client.h"
#include "engine/engine.h"

struct fetch;

/*
 * Where a reading stands in its list.  Invariant: everything before `offset` was taken in, but for what
 * `moving` has read again.
 */
struct fetch_paging {
	int64_t offset; /* of the next page to be taken in */
	int64_t total; /* as the last page said; -1: it said none */
	int64_t last_total,
		least_total; /* the last one that could be read, -1: none; the least of this reading */
	int limit; /* items that a page is asked for; 0: what the action's pages are */
	int64_t page_items; /* that the last page held */
	char *marker; /* as JSON; NULL: the first page */
	unsigned empty_pages; /* pages in a row that brought nothing new */
	unsigned rewinds; /* pages that were asked for again, because the list moved */
	bool moving; /* the list moves: each page begins with the last item of the one before */
	bool contradicted; /* a page said that there is no more and named a marker */
	/* pages asked for ahead were not the next ones: one at a time from now on */
	bool prefetch_mismatch;
	bool gap; /* the page at hand began with an item that was not met yet */
};

/* The next call asks for the first page. */
void paging_begin(struct fetch *fetch);
/* Takes in what a page says of the next one; true: there is one.  `is_empty`: it brought nothing new. */
bool paging_next(struct fetch *fetch, const struct json *result, size_t n_items, bool is_empty);
/* Several pages in a row have brought nothing new. */
bool paging_is_looping(const struct fetch *fetch);
/* A first page without an item says that there are some, or says it in a way that cannot be read. */
bool paging_promises(const struct fetch *fetch, const struct json *result);
/* The items that a page of the action is asked for. */
int paging_limit(struct engine *engine, const struct action *action);
/* The cloud refused `limit` items a page: the smaller number to ask for; 0: that was not the reason. */
int paging_smaller_limit(const struct fetch *fetch, const struct call_outcome *outcome, int limit);
/* An answer came: the number that was asked for is remembered for the action. */
void paging_note_limit(struct fetch *fetch);

#endif
