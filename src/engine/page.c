/*
 * page.c - what a fetch asks for and takes in: bodies, items, harvests.  Which page is next, paging.c says.
 *
 * A listing whose list call is gone is put together from the ids that other listings mention (harvest), and
 * says that it is not complete.
 */
#include "fetch.h"

#include <stdlib.h>
#include <string.h>

enum { LISTING_MAX = 2000000, PAGE_ITEMS_MAX = 16384 };

/* ---- bodies ---- */

static bool is_digits(const char *text)
{
	return *text && text[strspn(text, "0123456789")] == '\0' && strlen(text) <= 19 &&
		(*text != '0' || !text[1]);
}

static void add_member(struct buf *out, const char *name)
{
	if (out->len > 1)
		buf_putc(out, ',');
	json_quote(out, name);
	buf_putc(out, ':');
}

static void add_text(struct buf *out, const char *name, const char *value, bool number)
{
	if (!name || !value)
		return;
	add_member(out, name);
	if (number && is_digits(value))
		buf_puts(out, value);
	else
		json_quote(out, value);
}

static void add_number(struct buf *out, const char *name, int64_t value)
{
	if (!name)
		return;
	add_member(out, name);
	buf_printf(out, "%lld", (long long)value);
}

static void add_json(struct buf *out, const char *name, const char *json)
{
	if (!name || !json)
		return;
	add_member(out, name);
	buf_puts(out, json);
}

/* The fixed members: a refresh orders or filters in another way than a whole reading. */
static const char *fixed_members(const struct call *call)
{
	const struct action *action = call->action;

	switch (call->fetch->phase) {
	case PHASE_NEWEST:
		return action->refresh.newest;
	case PHASE_LIVE:
		return action->refresh.live;
	case PHASE_PART:
		return node_filter(call->fetch->node);
	default:
		return action->params ? action->params : "{}";
	}
}

void fetch_body(const struct call *call, struct buf *out)
{
	const struct fetch *fetch = call->fetch;
	const struct action *action = call->action;
	const char *params = fixed_members(call);
	size_t len = strlen(params);

	buf_putc(out, '{');
	if (len > 2)
		buf_add(out, params + 1, len - 2);
	add_text(out, action->parent, node_parent_id(fetch->node), action->numbers);
	add_text(out, action->id, node_id(fetch->node), action->numbers);
	if (action->paging.style == PAGING_OFFSET) {
		add_number(out, action->paging.offset, call->offset);
		add_number(out, action->paging.limit, call->limit);
	} else if (action->paging.style == PAGING_MARKER) {
		add_json(out, action->paging.marker, fetch->marker);
		add_number(out, action->paging.limit, call->limit);
	}
	buf_putc(out, '}');
}

/* ---- which call ---- */

static void choose(struct fetch *fetch, const struct action *action, const char *ids)
{
	fetch->action = action;
	fetch->ids = ids;
	fetch->page_items = 0;
	fetch->empty_pages = 0;
	paging_begin(fetch);
}

void fetch_choose_list(struct fetch *fetch, enum phase phase)
{
	fetch->phase = phase;
	if (phase != PHASE_NEWEST)
		fetch->n_live = 0;
	if (phase == PHASE_WHOLE) {
		tree_list_begin(fetch->node, fetch->fetch_kind == FETCH_LIST);
		fetch->reads = true;
		fetch->n_seen = 0;
	}
	choose(fetch, &node_kind(fetch->node)->list, NULL);
}

static bool is_gone(struct fetch *fetch, const struct action *action)
{
	return engine_action(fetch->engine, action)->unsupported_ms > engine_now_ms(fetch->engine);
}

static bool exists(const struct action *action)
{
	return action->name || action->path;
}

/* The next harvest that can be asked; false: there is none. */
static bool choose_harvest(struct fetch *fetch)
{
	const struct kind *kind = node_kind(fetch->node);

	fetch->incomplete = true;
	while (fetch->step < kind->harvests.n) {
		const struct harvest *harvest = &kind->harvests.v[fetch->step++];
		if (is_gone(fetch, &harvest->list))
			continue;
		choose(fetch, &harvest->list, harvest->ids);
		return true;
	}
	return false;
}

static void end_list(struct fetch *fetch, const struct provenance_note *note)
{
	if (fetch->lossy)
		tree_list_keep(fetch->node);
	tree_list_end(fetch->engine->options.tree, fetch->node, !fetch->incomplete, fetch->newest_s, note);
}

/* Nobody (else) can be asked: what is pinned, was entered or was harvested is all there is. */
static void end_unasked(struct fetch *fetch)
{
	int64_t now_ms = engine_now_ms(fetch->engine);
	struct provenance_note note = { .sent_ms = now_ms,
		.received_ms = now_ms,
		.received_s = engine_wall_s(fetch->engine),
		.action = "" };

	end_list(fetch, &note);
}

static enum error begin_part(struct fetch *fetch)
{
	const struct action *list = &node_kind(fetch->node)->list;

	if (is_gone(fetch, list))
		return ERR_UNSUPPORTED;
	fetch->phase = PHASE_PART;
	fetch->reads = true;
	tree_part_begin(fetch->engine->options.tree, fetch->node);
	choose(fetch, list, NULL);
	return ERR_NONE;
}

enum error fetch_begin(struct fetch *fetch)
{
	const struct kind *kind = node_kind(fetch->node);

	if (fetch->fetch_kind == FETCH_DESCRIBE) {
		choose(fetch, &kind->describe, NULL);
		return is_gone(fetch, fetch->action) ? ERR_UNSUPPORTED : ERR_NONE;
	}
	if (fetch->fetch_kind == FETCH_PART)
		return begin_part(fetch);
	if (exists(&kind->list) && !is_gone(fetch, &kind->list)) {
		fetch_choose_list(fetch, refresh_phase(fetch));
		return ERR_NONE;
	}
	if (!kind->partial)
		return ERR_UNSUPPORTED;
	tree_list_begin(fetch->node, true);
	fetch->reads = true;
	if (choose_harvest(fetch))
		return ERR_NONE;
	end_unasked(fetch);
	return ERR_NONE;
}

bool fetch_survives(struct fetch *fetch, enum error *error)
{
	bool gone = *error == ERR_UNSUPPORTED || *error == ERR_DENIED;

	if (fetch->fetch_kind == FETCH_DESCRIBE || fetch->fetch_kind == FETCH_PART)
		return false;
	if (!node_kind(fetch->node)->partial || (!gone && !fetch->ids))
		return false;
	/* one source of ids that fails does not hide the others, nor what it said before */
	fetch->lossy |= !gone;
	if (choose_harvest(fetch))
		return true;
	if (fetch->lossy && !fetch->n_seen)
		return false;
	end_unasked(fetch);
	*error = ERR_NONE;
	return false;
}

bool fetch_expects(const struct fetch *fetch, enum error error)
{
	return error == ERR_UNSUPPORTED &&
		(fetch->fetch_kind == FETCH_LIST || fetch->fetch_kind == FETCH_WHOLE) &&
		node_kind(fetch->node)->partial;
}

enum error fetch_judge(const struct fetch *fetch, enum error error)
{
	const struct node *node = fetch->node;

	if (fetch->fetch_kind == FETCH_DESCRIBE) {
		if (error == ERR_PARAMETER && !node_is_listed(node))
			return ERR_NAME;
		return error;
	}
	/* a list has no resource of its own that could be missing; its parent may be */
	if (error == ERR_NOT_FOUND && (!node_parent_id(node) || fetch->ids))
		return ERR_SERVER;
	if (error == ERR_PARAMETER && node_parent_id(node) && !fetch->ids && !node_is_listed(node))
		return ERR_NAME;
	return error;
}

/* ---- harvest ---- */

/* Every text at `path` ("A[].B.C") below `value` is an id. */
static void harvest_ids(struct fetch *fetch, const struct json *value, const char *path)
{
	size_t len = strcspn(path, ".[");
	char name[128];

	if (!value)
		return;
	if (!len && path[0] == '[') {
		const char *rest = path + 2 + (path[2] == '.');
		for (const struct json *each = json_first(value); each; each = json_next(each))
			harvest_ids(fetch, each, rest);
		return;
	}
	if (!*path) {
		enum json_type type = json_type(value);
		if ((type == JSON_STRING || type == JSON_NUMBER) && *json_text(value) &&
			kind_accepts_id(node_kind(fetch->node), json_text(value)))
			fetch->n_seen += tree_list_id(fetch->engine->options.tree, fetch->node,
				json_text(value));
		return;
	}
	if (len >= sizeof(name))
		return;
	memcpy(name, path, len);
	name[len] = '\0';
	harvest_ids(fetch, json_get(value, name), path + len + (path[len] == '.'));
}

/* ---- pages ---- */

static void note_passed_over(struct fetch *fetch, const struct provenance_note *note)
{
	struct error_note why = { 0 };

	error_note_copy(why.message, sizeof(why.message), "an item without an id was passed over");
	error_note_copy(why.request_id, sizeof(why.request_id), note->request_id);
	engine_note_failure(fetch, ERR_ANSWER, &why);
	fetch->incomplete = true;
}

/* ERR_ANSWER: it was passed over.  ERR_UNSUPPORTED: it does not belong there. */
static enum error take_item(struct fetch *fetch, const struct json *item, const struct provenance_note *note,
	struct listed *listed)
{
	struct tree *tree = fetch->engine->options.tree;

	if (fetch->phase == PHASE_PART)
		return tree_part_item(tree, fetch->node, item, note, &listed->first);
	return tree_list_item(tree, fetch->node, item, note, fetch->phase == PHASE_WHOLE, listed);
}

/* False: this is no answer to what a refresh, or a filter, asked for. */
static bool take_items(struct fetch *fetch, const struct json *items, const struct provenance_note *note)
{
	fetch->gap = false;
	if (fetch->moving) /* the page begins again further up */
		fetch->last_s = INT64_MAX;
	for (const struct json *item = json_first(items), *first = item; item; item = json_next(item)) {
		struct listed listed = { 0 };
		enum error error = take_item(fetch, item, note, &listed);
		if (error == ERR_UNSUPPORTED)
			return false;
		if (error) {
			note_passed_over(fetch, note);
			continue;
		}
		fetch->n_seen += listed.first;
		fetch->gap |= item == first && listed.first;
		if (!refresh_takes(fetch, item, &listed))
			return false;
	}
	return true;
}

static bool is_said(const struct json *result, const char *path)
{
	const struct json *value = path ? json_get_path(result, path) : NULL;

	return value && json_type(value) != JSON_NULL;
}

/* Neither items nor how many there are. Where the API says so much, null alone is no empty list. */
static bool says_nothing(const struct fetch *fetch, const struct json *result, const struct json *items)
{
	const struct action *action = fetch->action;
	bool first = !fetch->offset && !fetch->marker;

	if (is_said(result, action->paging.total) || is_said(result, action->paging.more))
		return false;
	return !items || (first && (action->paging.total || action->paging.more));
}

/* Whether the answer is a page of the list at all: one that says nothing must never empty a listing. */
static bool is_page(const struct fetch *fetch, const struct json *result, const struct json *items)
{
	bool null = !items || json_type(items) == JSON_NULL;

	if (!null && json_type(items) != JSON_ARRAY)
		return false;
	if (null && says_nothing(fetch, result, items))
		return fetch->ids && !fetch->action->items;
	/* nothing came: then nothing may be promised; an empty page further on only ends the list early */
	return (!null && json_first(items)) || fetch->offset || !paging_promises(fetch, result);
}

static bool refreshes(const struct fetch *fetch)
{
	return fetch->phase == PHASE_NEWEST || fetch->phase == PHASE_LIVE;
}

static enum error judge_page(const struct fetch *fetch, const struct json *result, const struct json *items,
	size_t n_items)
{
	if (n_items > PAGE_ITEMS_MAX)
		return ERR_TOO_BIG;
	return is_page(fetch, result, items) ? ERR_NONE : ERR_ANSWER;
}

static enum error take_page(struct fetch *fetch, const struct json *result,
	const struct provenance_note *note)
{
	const struct json *items = fetch->action->items ? json_get_path(result, fetch->action->items) : NULL;
	size_t before = fetch->n_seen, n_items = items ? json_count(items) : 0;
	bool fits = true;

	enum error error = judge_page(fetch, result, items, n_items);
	if (error)
		return error;
	if (fetch->ids)
		harvest_ids(fetch, result, fetch->ids);
	else if (items)
		fits = take_items(fetch, items, note);
	if (!fits && fetch->phase == PHASE_PART)
		return ERR_UNSUPPORTED;
	bool news = !n_items || fetch->n_seen > before;
	fetch->more = paging_next(fetch, result, n_items, !refreshes(fetch) && !news);
	if (fetch->n_seen > LISTING_MAX || fetch->offset > LISTING_MAX)
		return ERR_TOO_BIG;
	if (paging_goes_round(fetch) && !fetch->ids)
		return ERR_ANSWER;
	if (refreshes(fetch))
		refresh_turn(fetch, fits, note);
	return ERR_NONE;
}

enum error fetch_take(struct fetch *fetch, const struct json *result, const struct provenance_note *note)
{
	if (fetch->fetch_kind == FETCH_DESCRIBE) {
		const struct json *object = json_get_path(result, fetch->action->items);
		return object ? tree_described(fetch->engine->options.tree, fetch->node, object, note) :
				ERR_ANSWER;
	}
	bool refresh = refreshes(fetch);
	enum error error = take_page(fetch, result, note);
	if (error || fetch->more || refresh)
		return error;
	if (fetch->action->paging.style == PAGING_OFFSET && !fetch->ids &&
		(int64_t)fetch->n_seen < fetch->said)
		fetch->incomplete = true;
	if (fetch->phase == PHASE_PART) {
		tree_part_end(fetch->engine->options.tree, fetch->node, !fetch->incomplete, note);
		return ERR_NONE;
	}
	fetch->more = fetch->ids && choose_harvest(fetch);
	if (!fetch->more)
		end_list(fetch, note);
	return ERR_NONE;
}
