/*
 * page.c - items, harvests, and the choice of the next call.
 *
 * If the cloud does not have a kind's list call, the listing is made of the ids that other lists mention
 * (harvest), and is marked as not complete.
 */
#include "page.h"

#include "list_plan.h"

#include <string.h>

#include "base/timestamp.h"

enum {
	LISTING_MAX = 2000000, /* resources in a listing */
	PAGE_ITEMS_MAX = 16384
};

/* ---- which call ---- */

static void page_choose(struct fetch *fetch, const struct action *action, const char *ids)
{
	fetch->action = action;
	fetch->reading.ids = ids;
	fetch->paging.page_items = 0;
	fetch->paging.empty_pages = 0;
	paging_begin(fetch);
}

static void page_choose_list(struct fetch *fetch, enum phase phase)
{
	fetch->reading.phase = phase;
	if (phase != PHASE_NEWEST)
		fetch->refresh.n_live = 0;
	if (phase == PHASE_WHOLE) {
		tree_list_begin(fetch->node, fetch->fetch_kind == FETCH_LIST);
		fetch->reading.is_open = true;
		fetch->reading.n_seen = 0;
	}
	page_choose(fetch, &node_kind(fetch->node)->list, NULL);
}

/* Chooses the next harvest. False: there is none that the cloud supports. */
static bool page_choose_harvest(struct fetch *fetch)
{
	const struct kind *kind = node_kind(fetch->node);

	fetch->reading.incomplete = true;
	while (fetch->reading.harvest < kind->harvests.n) {
		const struct harvest *harvest = &kind->harvests.v[fetch->reading.harvest++];
		if (engine_is_unsupported(fetch->engine, &harvest->list))
			continue;
		page_choose(fetch, &harvest->list, harvest->ids);
		return true;
	}
	return false;
}

static void page_end_list(struct fetch *fetch, const struct provenance_note *note)
{
	if (fetch->reading.lossy)
		tree_list_keep(fetch->node);
	tree_list_end(fetch->engine->options.tree, fetch->node, !fetch->reading.incomplete,
		fetch->refresh.newest_s, note);
}

/*
 * No further call can be made: the listing has what is pinned, what was entered by name, and what was
 * harvested.
 */
static void page_end_without_call(struct fetch *fetch)
{
	int64_t now_ms = engine_now_ms(fetch->engine);
	struct provenance_note note = { .sent_ms = now_ms,
		.received_ms = now_ms,
		.received_s = engine_wall_s(fetch->engine),
		.action = "" };

	page_end_list(fetch, &note);
}

static enum error page_begin_filtered(struct fetch *fetch)
{
	const struct action *list = &node_kind(fetch->node)->list;

	if (engine_is_unsupported(fetch->engine, list))
		return ERR_UNSUPPORTED;
	fetch->reading.phase = PHASE_FILTERED;
	fetch->reading.is_open = true;
	tree_filtered_begin(fetch->engine->options.tree, fetch->node);
	page_choose(fetch, list, NULL);
	return ERR_NONE;
}

enum error page_begin(struct fetch *fetch)
{
	const struct kind *kind = node_kind(fetch->node);

	if (fetch->fetch_kind == FETCH_DESCRIBE) {
		page_choose(fetch, &kind->describe, NULL);
		return engine_is_unsupported(fetch->engine, fetch->action) ? ERR_UNSUPPORTED : ERR_NONE;
	}
	if (fetch->fetch_kind == FETCH_FILTERED)
		return page_begin_filtered(fetch);
	if (action_exists(&kind->list) && !engine_is_unsupported(fetch->engine, &kind->list)) {
		page_choose_list(fetch, list_plan_begin(fetch));
		return ERR_NONE;
	}
	if (!kind->partial)
		return ERR_UNSUPPORTED;
	tree_list_begin(fetch->node, true);
	fetch->reading.is_open = true;
	if (page_choose_harvest(fetch))
		return ERR_NONE;
	page_end_without_call(fetch);
	return ERR_NONE;
}

bool page_survives(struct fetch *fetch, enum error *error)
{
	bool gone = *error == ERR_UNSUPPORTED || *error == ERR_DENIED;

	if (fetch->fetch_kind == FETCH_DESCRIBE || fetch->fetch_kind == FETCH_FILTERED)
		return false;
	if (!node_kind(fetch->node)->partial || (!gone && !fetch->reading.ids))
		return false;
	/* a harvest that fails hides neither the ids of others nor those that it gave earlier */
	fetch->reading.lossy |= !gone;
	if (page_choose_harvest(fetch))
		return true;
	if (fetch->reading.lossy && !fetch->reading.n_seen)
		return false;
	page_end_without_call(fetch);
	*error = ERR_NONE;
	return false;
}

bool page_expects(const struct fetch *fetch, enum error error)
{
	return error == ERR_UNSUPPORTED &&
		(fetch->fetch_kind == FETCH_LIST || fetch->fetch_kind == FETCH_WHOLE) &&
		node_kind(fetch->node)->partial;
}

enum error page_judge(const struct fetch *fetch, enum error error)
{
	const struct node *node = fetch->node;

	if (fetch->fetch_kind == FETCH_DESCRIBE) {
		if (error == ERR_PARAMETER && !node_is_listed(node))
			return ERR_NAME;
		return error;
	}
	/* a list call names no resource that could be missing, except the parent */
	if (error == ERR_NOT_FOUND && (!node_parent_id(node) || fetch->reading.ids))
		return ERR_SERVER;
	if (error == ERR_PARAMETER && node_parent_id(node) && !fetch->reading.ids && !node_is_listed(node))
		return ERR_NAME;
	return error;
}

/* ---- harvest ---- */

/* Lists every id at `path` ("A[].B.C") below `value`. */
static void page_take_harvest(struct fetch *fetch, const struct json *value, const char *path)
{
	size_t len = strcspn(path, ".[");
	char name[128];

	if (!value)
		return;
	if (!len && path[0] == '[') {
		const char *rest = path + 2 + (path[2] == '.');
		for (const struct json *each = json_first(value); each; each = json_next(each))
			page_take_harvest(fetch, each, rest);
		return;
	}
	if (!*path) {
		enum json_type type = json_type(value);
		if ((type == JSON_STRING || type == JSON_NUMBER) && *json_text(value) &&
			kind_accepts_id(node_kind(fetch->node), json_text(value)))
			fetch->reading.n_seen += tree_list_id(fetch->engine->options.tree, fetch->node,
				json_text(value));
		return;
	}
	if (len >= sizeof(name))
		return;
	memcpy(name, path, len);
	name[len] = '\0';
	page_take_harvest(fetch, json_get(value, name), path + len + (path[len] == '.'));
}

/* ---- pages ---- */

static void page_note_passed_over(struct fetch *fetch, const struct provenance_note *note)
{
	struct error_note why = { 0 };

	error_note_copy(why.message, sizeof(why.message), "an item without an id was passed over");
	error_note_copy(why.request_id, sizeof(why.request_id), note->request_id);
	engine_note_failure(fetch->engine, fetch->node, fetch->uid, ERR_ANSWER, &why);
	fetch->reading.incomplete = true;
}

/* Unix time of the item's last change; 0: it has none. */
static int64_t item_changed_s(const struct fetch *fetch, const struct json *item)
{
	const char *member = fetch->action->refresh.newest_by;
	const struct json *time = member ? json_get(item, member) : NULL;
	int64_t at_s = 0;

	if (time && !timestamp_parse(json_text(time), &at_s))
		at_s = 0;
	return at_s;
}

/* ERR_ANSWER: the item was passed over. ERR_UNSUPPORTED: the filter should not have let it through. */
static enum error page_take_item(struct fetch *fetch, const struct json *item,
	const struct provenance_note *note, struct listed *listed)
{
	struct tree *tree = fetch->engine->options.tree;

	if (fetch->reading.phase == PHASE_FILTERED)
		return tree_filtered_item(tree, fetch->node, item, note, &listed->first);
	return tree_list_item(tree, fetch->node, item, note, fetch->reading.phase == PHASE_WHOLE, listed);
}

/* False: the cloud did not filter or order as the call asked. */
static bool page_take_items(struct fetch *fetch, const struct json *items, const struct provenance_note *note)
{
	fetch->paging.gap = false;
	if (fetch->paging.moving) /* the page repeats items, so the order begins anew */
		fetch->refresh.last_s = INT64_MAX;
	for (const struct json *item = json_first(items), *first = item; item; item = json_next(item)) {
		struct listed listed = { 0 };
		enum error error = page_take_item(fetch, item, note, &listed);
		if (error == ERR_UNSUPPORTED)
			return false;
		if (error) {
			page_note_passed_over(fetch, note);
			continue;
		}
		fetch->reading.n_seen += listed.first;
		fetch->paging.gap |= item == first && listed.first;
		if (!refresh_takes(&fetch->refresh, fetch->reading.phase, item_changed_s(fetch, item),
			    &listed))
			return false;
	}
	return true;
}

static bool result_has(const struct json *result, const char *path)
{
	const struct json *value = path ? json_get_path(result, path) : NULL;

	return value && json_type(value) != JSON_NULL;
}

/*
 * The answer has neither items nor a total or flag. If the catalog names such a member, null as the items
 * of the first page is not an empty list.
 */
static bool page_says_nothing(const struct fetch *fetch, const struct json *result, const struct json *items)
{
	const struct action *action = fetch->action;
	bool first = !fetch->paging.offset && !fetch->paging.marker;

	if (result_has(result, action->paging.total) || result_has(result, action->paging.more))
		return false;
	return !items || (first && (action->paging.total || action->paging.more));
}

/* Whether the answer is a page of the list: one without any content must never empty a listing. */
static bool page_is_of_list(const struct fetch *fetch, const struct json *result, const struct json *items)
{
	bool null = !items || json_type(items) == JSON_NULL;

	if (!null && json_type(items) != JSON_ARRAY)
		return false;
	if (null && page_says_nothing(fetch, result, items))
		return fetch->reading.ids && !fetch->action->items;
	/* a first page without items must not announce any; a later one just ends the list */
	return (!null && json_first(items)) || fetch->paging.offset || !paging_promises(fetch, result);
}

static bool page_refreshes(const struct fetch *fetch)
{
	return fetch->reading.phase == PHASE_NEWEST || fetch->reading.phase == PHASE_LIVE;
}

static enum error page_check(const struct fetch *fetch, const struct json *result, const struct json *items,
	size_t n_items)
{
	if (n_items > PAGE_ITEMS_MAX)
		return ERR_TOO_BIG;
	return page_is_of_list(fetch, result, items) ? ERR_NONE : ERR_ANSWER;
}

static void page_read_whole(struct fetch *fetch)
{
	fetch->refresh.read_again = false;
	page_choose_list(fetch, PHASE_WHOLE);
	fetch->reading.more = true;
}

bool page_ends_refresh(struct fetch *fetch, enum error error)
{
	if (fetch->fetch_kind != FETCH_LIST || fetch->reading.phase == PHASE_WHOLE ||
		(error != ERR_PARAMETER && error != ERR_NAME && error != ERR_UNSUPPORTED))
		return false;
	list_plan_distrust(fetch);
	page_read_whole(fetch);
	return true;
}

/* Both phases are done. If the totals add up, resources that no page had have not changed. */
static void page_end_refresh(struct fetch *fetch, const struct provenance_note *note)
{
	struct fetch_refresh *refresh = &fetch->refresh;
	int64_t total = fetch->paging.total;
	struct tree_whole whole;

	bool adds_up = tree_list_adds_up(fetch->node, refresh->begun_ms) &&
		tree_list_whole(fetch->node, &whole) && (int64_t)whole.n == total;
	/* where there is a describe call, it finds out about a resource that disappeared */
	bool can_describe = action_exists(&node_kind(fetch->node)->describe);
	if (!adds_up && (!can_describe || list_plan_is_short(fetch, (size_t)total))) {
		page_read_whole(fetch);
		return;
	}
	refresh->read_again |= !adds_up;
	tree_list_renew(fetch->engine->options.tree, fetch->node, refresh->begun_ms, refresh->newest_s, note);
}

/* Chooses what follows a page of a refresh. `fits`: all its items belong to what was asked for. */
static void page_refresh(struct fetch *fetch, bool fits, const struct provenance_note *note)
{
	struct fetch_reading *reading = &fetch->reading;
	struct refresh_page page = { .is_trusted = fits && fetch->paging.total >= 0 && !reading->incomplete,
		.more = reading->more,
		.offset = fetch->paging.offset,
		.total = fetch->paging.total };

	if (!page.is_trusted)
		list_plan_distrust(fetch);
	switch (refresh_judge_page(&fetch->refresh, reading->phase, &page)) {
	case REFRESH_CONTINUE:
		break;
	case REFRESH_NEXT_PHASE:
		page_choose_list(fetch, PHASE_NEWEST);
		reading->more = true;
		break;
	case REFRESH_READ_WHOLE:
		page_read_whole(fetch);
		break;
	case REFRESH_DONE:
		reading->more = false;
		page_end_refresh(fetch, note);
		break;
	}
}

static enum error page_take_list(struct fetch *fetch, const struct json *result,
	const struct provenance_note *note)
{
	const struct json *items = fetch->action->items ? json_get_path(result, fetch->action->items) : NULL;
	size_t before = fetch->reading.n_seen, n_items = items ? json_count(items) : 0;
	bool fits = true;

	enum error error = page_check(fetch, result, items, n_items);
	if (error)
		return error;
	if (fetch->reading.ids)
		page_take_harvest(fetch, result, fetch->reading.ids);
	else if (items)
		fits = page_take_items(fetch, items, note);
	if (!fits && fetch->reading.phase == PHASE_FILTERED)
		return ERR_UNSUPPORTED;
	bool news = !n_items || fetch->reading.n_seen > before;
	fetch->reading.more = paging_next(fetch, result, n_items, !page_refreshes(fetch) && !news);
	if (fetch->reading.n_seen > LISTING_MAX || fetch->paging.offset > LISTING_MAX)
		return ERR_TOO_BIG;
	if (paging_is_looping(fetch) && !fetch->reading.ids)
		return ERR_ANSWER;
	if (page_refreshes(fetch))
		page_refresh(fetch, fits, note);
	return ERR_NONE;
}

enum error page_take(struct fetch *fetch, const struct json *result, const struct provenance_note *note)
{
	if (fetch->fetch_kind == FETCH_DESCRIBE) {
		const struct json *object = json_get_path(result, fetch->action->items);
		return object ? tree_described(fetch->engine->options.tree, fetch->node, object, note) :
				ERR_ANSWER;
	}
	bool refresh = page_refreshes(fetch);
	enum error error = page_take_list(fetch, result, note);
	if (error || fetch->reading.more || refresh)
		return error;
	if (fetch->action->paging.style == PAGING_OFFSET && !fetch->reading.ids &&
		(int64_t)fetch->reading.n_seen < fetch->paging.last_total)
		fetch->reading.incomplete = true;
	if (fetch->reading.phase == PHASE_FILTERED) {
		tree_filtered_end(fetch->engine->options.tree, fetch->node, !fetch->reading.incomplete, note);
		return ERR_NONE;
	}
	fetch->reading.more = fetch->reading.ids && page_choose_harvest(fetch);
	if (!fetch->reading.more)
		page_end_list(fetch, note);
	return ERR_NONE;
}
