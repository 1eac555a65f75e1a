/*
 * refresh.c - a listing is read again for what changed, not for what exists.
 *
 * Where the catalog's row says how a list call filters by status and how it orders by the time of the
 * last change, a listing that was once read whole is refreshed in two steps.  First all that is not in a
 * terminal status, because a running job moves without being touched; then the newest pages, until one
 * holds nothing that is new or was touched since the last time.  In this order, because what ends between
 * the two was seen running in the first.  The total that the second names says whether anything left.
 *
 * The answers are not believed further than they can be checked.  A terminal item among the live ones or a
 * page in another order: this cloud does not do it, and the list is read whole for ten minutes.  A total that
 * does not fit, or a resource that ran and is nowhere any more: it is read whole this time, or, when that is
 * too long to be waited for, in the background.  So it is every WHOLE_MS too, because what left, or was
 * changed without its time being moved, is only missed by a whole reading.
 */
#include "fetch.h"

#include "base/timestamp.h"

enum {
	WHOLE_MS = 600 * 1000,
	CHEAP_PAGES = 2 /* a list so short is read whole: the two steps take as many calls */
};

static const struct action *list_of(const struct fetch *fetch)
{
	return &node_kind(fetch->node)->list;
}

static size_t pages_of(const struct fetch *fetch, size_t n)
{
	size_t page = (size_t)paging_limit(fetch->engine, list_of(fetch));

	return (n + page - 1) / page;
}

/* Whether somebody can wait for all of it: half the deadline's worth of the rate. */
static bool is_short(const struct fetch *fetch, size_t pages)
{
	const struct engine_options *options = &fetch->engine->options;
	const struct rate_limiter *rate = &engine_action(fetch->engine, list_of(fetch))->rate;

	return !rate->size ||
		(int64_t)pages * rate->window_ms < (int64_t)rate->size * options->deadline_ms / 2;
}

/* The catalog says how, and the cloud does it as far as we have seen. */
static bool is_offered(const struct fetch *fetch)
{
	const struct action *list = list_of(fetch);

	return list->refresh.newest && list->refresh.live && !node_kind(fetch->node)->partial &&
		engine_action(fetch->engine, list)->whole_until_ms <= engine_now_ms(fetch->engine);
}

void refresh_price(const struct fetch *fetch)
{
	struct tree_whole whole;

	if (!list_of(fetch)->paging.page_size)
		return;
	bool is_whole = tree_list_whole(fetch->node, &whole);
	size_t calls = pages_of(fetch, whole.n), in_steps = 1 + pages_of(fetch, fetch->n_live + 1);
	if (is_whole && is_offered(fetch) && in_steps < calls)
		calls = in_steps;
	tree_list_price(fetch->node, calls, is_short(fetch, calls));
}

enum phase refresh_phase(struct fetch *fetch)
{
	struct tree_whole whole;

	if (fetch->fetch_kind != FETCH_LIST || !is_offered(fetch) || !tree_list_whole(fetch->node, &whole))
		return PHASE_WHOLE;
	size_t pages = pages_of(fetch, whole.n);
	bool due = engine_now_ms(fetch->engine) - whole.read_ms >= WHOLE_MS;
	if (pages <= CHEAP_PAGES || whole.price >= pages || (due && is_short(fetch, pages)))
		return PHASE_WHOLE;
	fetch->read_again = due;
	fetch->begun_ms = engine_now_ms(fetch->engine);
	fetch->known_s = whole.newest_s;
	fetch->last_s = INT64_MAX;
	return PHASE_LIVE;
}

static void read_whole(struct fetch *fetch)
{
	fetch->read_again = false;
	fetch_choose_list(fetch, PHASE_WHOLE);
	fetch->more = true;
}

/* This cloud does not do it, or did not this time. */
static void distrust(struct fetch *fetch)
{
	engine_action(fetch->engine, list_of(fetch))->whole_until_ms = engine_now_ms(fetch->engine) +
		WHOLE_MS;
}

bool refresh_gives_up(struct fetch *fetch, enum error error)
{
	if (fetch->fetch_kind != FETCH_LIST || fetch->phase == PHASE_WHOLE ||
		(error != ERR_PARAMETER && error != ERR_NAME && error != ERR_UNSUPPORTED))
		return false;
	distrust(fetch);
	read_whole(fetch);
	return true;
}

/* Zero: the item does not say. */
static int64_t changed_s(const struct fetch *fetch, const struct json *item)
{
	const char *member = fetch->action->refresh.newest_by;
	const struct json *time = member ? json_get(item, member) : NULL;
	int64_t at_s = 0;

	if (time && !timestamp_parse(json_text(time), &at_s))
		at_s = 0;
	return at_s;
}

bool refresh_takes(struct fetch *fetch, const struct json *item, const struct listed *listed)
{
	int64_t at_s = changed_s(fetch, item), last_s = fetch->last_s;

	if (at_s > fetch->newest_s)
		fetch->newest_s = at_s;
	fetch->news += listed->changed || at_s > fetch->known_s;
	fetch->n_live += fetch->phase != PHASE_NEWEST && !listed->terminal;
	switch (fetch->phase) {
	case PHASE_NEWEST:
		fetch->last_s = at_s;
		return at_s && at_s <= last_s;
	case PHASE_LIVE:
		return !listed->terminal;
	default:
		return true;
	}
}

/* Whoever is nowhere any more can be asked for alone, and need not be looked for in all of the list. */
static bool can_be_asked(const struct kind *kind)
{
	return kind->describe.name || kind->describe.path;
}

/* Both steps are done. */
static void finish(struct fetch *fetch, const struct provenance_note *note)
{
	struct tree *tree = fetch->engine->options.tree;
	struct tree_whole whole;

	bool adds_up = tree_list_adds_up(fetch->node, fetch->begun_ms) &&
		tree_list_whole(fetch->node, &whole) && (int64_t)whole.n == fetch->total;
	if (!adds_up &&
		(!can_be_asked(node_kind(fetch->node)) ||
			is_short(fetch, pages_of(fetch, (size_t)fetch->total)))) {
		read_whole(fetch);
		return;
	}
	fetch->read_again |= !adds_up;
	tree_list_renew(tree, fetch->node, fetch->begun_ms, fetch->newest_s, note);
}

void refresh_turn(struct fetch *fetch, bool fits, const struct provenance_note *note)
{
	bool news = fetch->news;

	fetch->news = 0;
	if (!fits || fetch->total < 0 || fetch->incomplete) {
		distrust(fetch);
		read_whole(fetch);
	} else if (fetch->phase == PHASE_LIVE) {
		if (fetch->more)
			return;
		fetch_choose_list(fetch, PHASE_NEWEST);
		fetch->more = true;
	} else if (!news || !fetch->more) {
		fetch->more = false;
		finish(fetch, note);
	} else if (fetch->offset * 2 > fetch->total) {
		read_whole(fetch); /* most of it is new */
	}
}
