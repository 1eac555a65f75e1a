/*
 * list_plan.c - the choice between reading a list whole and refreshing it.
 *
 * If a refresh does not add up (another total, a running resource that disappeared), the list is read whole:
 * at once if that is short, else in the background. It is also read whole every ten minutes, because only
 * that finds resources that disappeared, or that changed without a new time of change.
 */
#include "list_plan.h"

enum {
	WHOLE_MS = 600 * 1000, /* between two whole readings */
	CHEAP_PAGES = 2 /* a list of so many pages is read whole: a refresh takes as many calls */
};

static const struct action *plan_list(const struct fetch *fetch)
{
	return &node_kind(fetch->node)->list;
}

static size_t plan_pages(const struct fetch *fetch, size_t n)
{
	size_t page = (size_t)paging_limit(fetch->engine, plan_list(fetch));

	return (n + page - 1) / page;
}

static bool plan_can_wait(const struct fetch *fetch, size_t pages)
{
	const struct engine *engine = fetch->engine;

	return client_can_make(engine->client, plan_list(fetch), (int64_t)pages,
		engine->options.deadline_ms / 2);
}

bool list_plan_is_short(const struct fetch *fetch, size_t n)
{
	return plan_can_wait(fetch, plan_pages(fetch, n));
}

/* The catalog says how to refresh, and the cloud has not answered a refresh wrongly. */
static bool plan_can_refresh(const struct fetch *fetch)
{
	const struct action *list = plan_list(fetch);

	return list->refresh.newest && list->refresh.live && !node_kind(fetch->node)->partial &&
		engine_action_note(fetch->engine, list)->whole_until_ms <= engine_now_ms(fetch->engine);
}

void list_plan_note_price(const struct fetch *fetch)
{
	struct tree_whole whole;

	if (!plan_list(fetch)->paging.page_size)
		return;
	bool is_whole = tree_list_whole(fetch->node, &whole);
	size_t calls = plan_pages(fetch, whole.n),
	       in_steps = 1 + plan_pages(fetch, fetch->refresh.n_live + 1);
	if (is_whole && plan_can_refresh(fetch) && in_steps < calls)
		calls = in_steps;
	tree_list_price(fetch->node, calls, plan_can_wait(fetch, calls));
}

enum phase list_plan_begin(struct fetch *fetch)
{
	int64_t now_ms = engine_now_ms(fetch->engine);
	struct tree_whole whole;

	if (fetch->fetch_kind != FETCH_LIST || !plan_can_refresh(fetch) ||
		!tree_list_whole(fetch->node, &whole))
		return PHASE_WHOLE;
	size_t pages = plan_pages(fetch, whole.n);
	bool is_due = now_ms - whole.read_ms >= WHOLE_MS;
	if (pages <= CHEAP_PAGES || whole.price >= pages || (is_due && plan_can_wait(fetch, pages)))
		return PHASE_WHOLE;
	fetch->refresh.read_again = is_due;
	fetch->refresh.begun_ms = now_ms;
	fetch->refresh.known_s = whole.newest_s;
	fetch->refresh.last_s = INT64_MAX;
	return PHASE_LIVE;
}

void list_plan_distrust(struct fetch *fetch)
{
	engine_action_note(fetch->engine, plan_list(fetch))->whole_until_ms = engine_now_ms(fetch->engine) +
		WHOLE_MS;
}
