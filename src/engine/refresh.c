/*
 * refresh.c - the two phases of a refresh.
 *
 * A listing that was read whole once can be refreshed if the catalog says how its list call filters by
 * status and orders by time of change. PHASE_LIVE reads the resources in no terminal status, because a
 * running job changes without a new time of change. PHASE_NEWEST reads the newest changes, until a page has
 * no item that is new or changed since the reading before. A job that ends between the two phases was seen
 * running in the first. The total of the second phase shows whether a resource disappeared.
 *
 * Answers are checked as far as possible. A terminal item in PHASE_LIVE, or an item out of order in
 * PHASE_NEWEST, means that the cloud did not do what was requested. Then the list is read whole
 * (list_plan.c).
 */
#include "refresh.h"

bool refresh_takes(struct fetch_refresh *refresh, enum phase phase, int64_t changed_s,
	const struct listed *listed)
{
	int64_t last_s = refresh->last_s;

	if (changed_s > refresh->newest_s)
		refresh->newest_s = changed_s;
	refresh->n_news += listed->changed || changed_s > refresh->known_s;
	refresh->n_live += phase != PHASE_NEWEST && !listed->terminal;
	switch (phase) {
	case PHASE_NEWEST:
		refresh->last_s = changed_s;
		return changed_s && changed_s <= last_s;
	case PHASE_LIVE:
		return !listed->terminal;
	default:
		return true;
	}
}

enum refresh_verdict refresh_judge_page(struct fetch_refresh *refresh, enum phase phase,
	const struct refresh_page *page)
{
	bool has_news = refresh->n_news;

	refresh->n_news = 0;
	if (!page->is_trusted)
		return REFRESH_READ_WHOLE;
	if (phase == PHASE_LIVE)
		return page->more ? REFRESH_CONTINUE : REFRESH_NEXT_PHASE;
	if (!has_news || !page->more)
		return REFRESH_DONE;
	/* if half of the list is new, reading the rest costs little more */
	return page->offset * 2 > page->total ? REFRESH_READ_WHOLE : REFRESH_CONTINUE;
}
