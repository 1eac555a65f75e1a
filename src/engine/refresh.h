/*
 * refresh.h - refresh of a listing: which items and pages to believe, and what follows each page.
 *
 * Pure.
 */
#ifndef DESCRIBEFS_REFRESH_H
#define DESCRIBEFS_REFRESH_H

#include "tree/tree.h"

enum phase {
	PHASE_WHOLE, /* the whole list */
	PHASE_LIVE, /* a refresh's first phase: the resources in no terminal status */
	PHASE_NEWEST, /* its second phase: the newest changes first */
	PHASE_FILTERED /* a filtered list, for a view */
};

/* What follows a page of a refresh. */
enum refresh_verdict {
	REFRESH_CONTINUE, /* the next page */
	REFRESH_NEXT_PHASE, /* PHASE_NEWEST */
	REFRESH_READ_WHOLE,
	REFRESH_DONE /* both phases are done */
};

/* Times ending in _s are times of change in Unix seconds, as the items have them; 0: none. */
struct fetch_refresh {
	int64_t begun_ms; /* monotonic */
	int64_t known_s; /* the newest of the reading before */
	int64_t newest_s; /* the newest of this reading so far */
	int64_t last_s; /* of the item before, to check the order */
	size_t n_news; /* items of this page that are new or changed */
	size_t n_live; /* items of this reading in no terminal status */
	bool read_again; /* afterwards the listing is read whole in the background */
};

/* A page, after its last item. */
struct refresh_page {
	bool is_trusted; /* its items are what was requested, and it has a total */
	bool more; /* there is another page */
	int64_t offset, total; /* of the next page; of the list */
};

/* Counts an item. False: the cloud did not filter or order as the phase requested. */
bool refresh_takes(struct fetch_refresh *refresh, enum phase phase, int64_t changed_s,
	const struct listed *listed);
/* Called after each page of a refresh. */
enum refresh_verdict refresh_judge_page(struct fetch_refresh *refresh, enum phase phase,
	const struct refresh_page *page);

#endif
