/*
 * refresh.c - what a refresh makes of its pages.
 *
 * Where the catalog's row says how a list call filters by status, and how it orders by the time of the last
 * change, a listing that was read whole once is refreshed in two steps.  PHASE_LIVE reads what is in no
 * terminal status, because a running job moves without being touched.  PHASE_NEWEST reads the newest
 * changes, until a page holds nothing that is new or was touched since the last time.  In this order,
 * because what ends between the two steps was seen running in the first.  The total that the second step
 * names says whether anything left.
 *
 * Answers are not believed further than they can be checked.  A terminal item among the live ones, or a
 * page in another order: this cloud does not do it, and the list is read whole (list_plan.c: for ten
 * minutes).
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
	/* when most of the list is new, the rest costs less than it saves */
	return page->offset * 2 > page->total ? REFRESH_READ_WHOLE : REFRESH_CONTINUE;
}
