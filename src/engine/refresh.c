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
#include "flight.h"

#include "base/when.h"

enum {
	WHOLE_MS = 600 * 1000,
	CHEAP_PAGES = 2 /* a list so short is read whole: the two steps take as many calls */
};

static const struct action *list_of(const struct flight *flight)
{
	return &node_kind(flight->node)->list;
}

static size_t pages_of(const struct flight *flight, size_t n)
{
	size_t page = (size_t)paging_limit(flight->engine, list_of(flight));

	return (n + page - 1) / page;
}

/* Whether somebody can wait for all of it: half the deadline's worth of the rate. */
static bool is_short(const struct flight *flight, size_t pages)
{
	const struct engine_options *options = &flight->engine->options;
	const struct rate *rate = &engine_action(flight->engine, list_of(flight))->rate;

	return !rate->size || (int64_t)pages * rate->window_ms <
		(int64_t)rate->size * options->deadline_ms / 2;
}

/* The catalog says how, and the cloud does it as far as we have seen. */
static bool is_offered(const struct flight *flight)
{
	const struct action *list = list_of(flight);

	return list->newest && list->live && !node_kind(flight->node)->partial &&
		engine_action(flight->engine, list)->whole_until_ms <= engine_now_ms(flight->engine);
}

void refresh_price(const struct flight *flight)
{
	struct tree_whole whole;

	if (!list_of(flight)->page)
		return;
	bool is_whole = tree_list_whole(flight->node, &whole);
	size_t calls = pages_of(flight, whole.n), in_steps = 1 + pages_of(flight, flight->n_live + 1);
	if (is_whole && is_offered(flight) && in_steps < calls)
		calls = in_steps;
	tree_list_price(flight->node, calls, is_short(flight, calls));
}

enum phase refresh_phase(struct flight *flight)
{
	struct tree_whole whole;

	if (flight->want != WANT_LIST || !is_offered(flight) || !tree_list_whole(flight->node, &whole))
		return PHASE_WHOLE;
	size_t pages = pages_of(flight, whole.n);
	bool due = engine_now_ms(flight->engine) - whole.read_ms >= WHOLE_MS;
	if (pages <= CHEAP_PAGES || whole.price >= pages || (due && is_short(flight, pages)))
		return PHASE_WHOLE;
	flight->read_again = due;
	flight->begun_ms = engine_now_ms(flight->engine);
	flight->known_s = whole.newest_s;
	flight->last_s = INT64_MAX;
	return PHASE_LIVE;
}

static void read_whole(struct flight *flight)
{
	flight->read_again = false;
	flight_choose_list(flight, PHASE_WHOLE);
	flight->more = true;
}

/* This cloud does not do it, or did not this time. */
static void distrust(struct flight *flight)
{
	engine_action(flight->engine, list_of(flight))->whole_until_ms =
		engine_now_ms(flight->engine) + WHOLE_MS;
}

bool refresh_gives_up(struct flight *flight, enum fault fault)
{
	if (flight->want != WANT_LIST || flight->phase == PHASE_WHOLE ||
			(fault != FAULT_PARAMETER && fault != FAULT_NAME && fault != FAULT_UNSUPPORTED))
		return false;
	distrust(flight);
	read_whole(flight);
	return true;
}

/* Zero: the item does not say. */
static int64_t changed_s(const struct flight *flight, const struct json *item)
{
	const char *member = flight->action->newest_by;
	const struct json *time = member ? json_get(item, member) : NULL;
	int64_t at_s = 0;

	if (time && !when_parse(json_text(time), &at_s))
		at_s = 0;
	return at_s;
}

bool refresh_takes(struct flight *flight, const struct json *item, const struct listed *listed)
{
	int64_t at_s = changed_s(flight, item), last_s = flight->last_s;

	if (at_s > flight->newest_s)
		flight->newest_s = at_s;
	flight->news += listed->changed || at_s > flight->known_s;
	flight->n_live += flight->phase != PHASE_NEWEST && !listed->terminal;
	switch (flight->phase) {
	case PHASE_NEWEST:
		flight->last_s = at_s;
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
static void finish(struct flight *flight, const struct source_note *note)
{
	struct tree *tree = flight->engine->options.tree;
	struct tree_whole whole;

	bool adds_up = tree_list_adds_up(flight->node, flight->begun_ms) &&
		tree_list_whole(flight->node, &whole) && (int64_t)whole.n == flight->total;
	if (!adds_up && (!can_be_asked(node_kind(flight->node)) ||
			is_short(flight, pages_of(flight, (size_t)flight->total)))) {
		read_whole(flight);
		return;
	}
	flight->read_again |= !adds_up;
	tree_list_renew(tree, flight->node, flight->begun_ms, flight->newest_s, note);
}

void refresh_turn(struct flight *flight, bool fits, const struct source_note *note)
{
	bool news = flight->news;

	flight->news = 0;
	if (!fits || flight->total < 0 || flight->incomplete) {
		distrust(flight);
		read_whole(flight);
	} else if (flight->phase == PHASE_LIVE) {
		if (flight->more)
			return;
		flight_choose_list(flight, PHASE_NEWEST);
		flight->more = true;
	} else if (!news || !flight->more) {
		flight->more = false;
		finish(flight, note);
	} else if (flight->offset * 2 > flight->total) {
		read_whole(flight); /* most of it is new */
	}
}
