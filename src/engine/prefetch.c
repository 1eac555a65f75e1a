/*
 * prefetch.c - requests pages of a list before they are due, so that the time for a long list depends on the
 * rate limit and not on the cloud's latency.
 *
 * While readers wait for a listing, no page of a view on the same list is requested ahead.
 */
#include "fetch.h"

enum {
	AHEAD_MAX = 32, /* calls of a fetch under way at once */
	AHEAD_MOVING_MAX = 4 /* the same while the list moves, when pages may have to be requested again */
};

static const double VIEW_SHARE = 0.5; /* of the calls under way, for pages of a view */

bool fetch_is_for_readers(const struct fetch *fetch)
{
	return fetch->fetch_kind == FETCH_LIST || fetch->fetch_kind == FETCH_FILTERED;
}

/* A reader waits for a listing by the same action, or follows one that is being read. */
static bool fetch_gives_way(const struct fetch *fetch)
{
	const struct list *fetches = &fetch->engine->fetches;

	if (fetch->fetch_kind != FETCH_FILTERED)
		return false;
	for (struct list *at = list_first(fetches); at; at = list_next(fetches, at)) {
		const struct fetch *other = LIST_OWNER(at, struct fetch, link);
		if (other->fetch_kind == FETCH_LIST && other->action == fetch->action && !other->is_finished)
			return true;
	}
	return false;
}

static bool fetch_has_room_ahead(const struct fetch *fetch)
{
	double share = fetch->fetch_kind == FETCH_FILTERED ? VIEW_SHARE : 1;

	return fetch->requests.count < (fetch->paging.moving ? AHEAD_MOVING_MAX : AHEAD_MAX) &&
		!fetch_is_full(fetch) && !fetch_gives_way(fetch) &&
		client_has_room_ahead(fetch->engine->client, fetch->action, share);
}

void fetch_look_ahead(struct fetch *fetch)
{
	const struct fetch_paging *paging = &fetch->paging;
	int64_t step = paging->page_items - paging->moving;

	if (!fetch_is_for_readers(fetch) || !fetch->reading.more || paging->prefetch_mismatch ||
		fetch->reading.ids || step <= 0)
		return;
	if (fetch->reading.phase == PHASE_NEWEST || fetch->action->paging.style != PAGING_OFFSET ||
		!fetch->requests.count)
		return;
	while (fetch_last_request(fetch)->offset + paging->page_items < paging->total &&
		fetch_has_room_ahead(fetch))
		fetch_send(fetch, fetch_last_request(fetch)->offset + step);
}
