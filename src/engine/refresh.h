/*
 * refresh.h - reads again what changed in a listing, not what exists.  Pure: it judges what is given to it.
 */
#ifndef DESCRIBEFS_REFRESH_H
#define DESCRIBEFS_REFRESH_H

#include "tree/tree.h"

/* How a list is read: whole; a refresh's two steps; or only what a filter lets through. */
enum phase { PHASE_WHOLE, PHASE_LIVE, PHASE_NEWEST, PHASE_PART };

/* What comes after a page of a refresh. */
enum refresh_verdict {
	REFRESH_CONTINUE, /* the next page */
	REFRESH_NEXT_PHASE, /* PHASE_NEWEST */
	REFRESH_READ_WHOLE,
	REFRESH_DONE /* both steps are done */
};

/* Times are Unix seconds, as the items say them; 0: none. */
struct fetch_refresh {
	int64_t begun_ms; /* monotonic */
	int64_t known_s; /* the last change that the last reading saw */
	int64_t newest_s; /* the last change that this one has seen */
	int64_t last_s; /* of the last item: the order is checked */
	size_t n_news; /* changes on the page at hand */
	size_t n_live; /* items met in this reading, in no terminal status */
	bool read_again; /* the listing is to be read whole in the background afterwards */
};

/* What a page said, when all its items were judged. */
struct refresh_page {
	bool is_trusted; /* it is an answer to what was asked for */
	bool more; /* there is another page */
	int64_t offset, total; /* of the next page; of the list */
};

/* Takes an item in; false: it does not belong into the answer to this phase's question. */
bool refresh_takes(struct fetch_refresh *refresh, enum phase phase, int64_t changed_s,
	const struct listed *listed);
/* The page is over. */
enum refresh_verdict refresh_judge_page(struct fetch_refresh *refresh, enum phase phase,
	const struct refresh_page *page);

#endif
