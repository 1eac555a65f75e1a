/*
 * page.c - what a flight asks for and takes in: bodies, items, harvests.  Which page is next, paging.c says.
 *
 * A listing whose list call is gone is put together from the ids that other listings mention (harvest), and
 * says that it is not complete.
 */
#include "flight.h"

#include <stdlib.h>
#include <string.h>

enum {
	LISTING_MAX = 2000000,
	PAGE_ITEMS_MAX = 16384
};

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
static const char *fixed_members(const struct leg *leg)
{
	const struct action *action = leg->action;

	switch (leg->flight->phase) {
	case PHASE_NEWEST:
		return action->newest;
	case PHASE_LIVE:
		return action->live;
	case PHASE_PART:
		return node_filter(leg->flight->node);
	default:
		return action->params ? action->params : "{}";
	}
}

void flight_body(const struct leg *leg, struct buf *out)
{
	const struct flight *flight = leg->flight;
	const struct action *action = leg->action;
	const char *params = fixed_members(leg);
	size_t len = strlen(params);

	buf_putc(out, '{');
	if (len > 2)
		buf_add(out, params + 1, len - 2);
	add_text(out, action->parent, node_parent_id(flight->node), action->numbers);
	add_text(out, action->id, node_id(flight->node), action->numbers);
	if (action->paging == PAGING_OFFSET) {
		add_number(out, action->offset, leg->offset);
		add_number(out, action->limit, leg->limit);
	} else if (action->paging == PAGING_MARKER) {
		add_json(out, action->marker, flight->marker);
		add_number(out, action->limit, leg->limit);
	}
	buf_putc(out, '}');
}

/* ---- which call ---- */

static void choose(struct flight *flight, const struct action *action, const char *ids)
{
	flight->action = action;
	flight->ids = ids;
	flight->page_items = 0;
	flight->barren = 0;
	paging_begin(flight);
}

void flight_choose_list(struct flight *flight, enum phase phase)
{
	flight->phase = phase;
	if (phase != PHASE_NEWEST)
		flight->n_live = 0;
	if (phase == PHASE_WHOLE) {
		tree_list_begin(flight->node, flight->want == WANT_LIST);
		flight->reads = true;
		flight->n_seen = 0;
	}
	choose(flight, &node_kind(flight->node)->list, NULL);
}

static bool is_gone(struct flight *flight, const struct action *action)
{
	return engine_action(flight->engine, action)->unsupported_ms >
		engine_now_ms(flight->engine);
}

static bool exists(const struct action *action)
{
	return action->name || action->path;
}

/* The next harvest that can be asked; false: there is none. */
static bool choose_harvest(struct flight *flight)
{
	const struct kind *kind = node_kind(flight->node);

	flight->incomplete = true;
	while (flight->step < kind->n_harvests) {
		const struct harvest *harvest = &kind->harvests[flight->step++];
		if (is_gone(flight, &harvest->list))
			continue;
		choose(flight, &harvest->list, harvest->ids);
		return true;
	}
	return false;
}

static void end_list(struct flight *flight, const struct source_note *note)
{
	if (flight->lossy)
		tree_list_keep(flight->node);
	tree_list_end(flight->engine->options.tree, flight->node, !flight->incomplete, flight->newest_s,
		note);
}

/* Nobody (else) can be asked: what is pinned, was entered or was harvested is all there is. */
static void end_unasked(struct flight *flight)
{
	int64_t now_ms = engine_now_ms(flight->engine);
	struct source_note note = { .sent_ms = now_ms, .received_ms = now_ms,
		.received_s = engine_wall_s(flight->engine), .action = "" };

	end_list(flight, &note);
}

static enum fault begin_part(struct flight *flight)
{
	const struct action *list = &node_kind(flight->node)->list;

	if (is_gone(flight, list))
		return FAULT_UNSUPPORTED;
	flight->phase = PHASE_PART;
	flight->reads = true;
	tree_part_begin(flight->engine->options.tree, flight->node);
	choose(flight, list, NULL);
	return FAULT_NONE;
}

enum fault flight_begin(struct flight *flight)
{
	const struct kind *kind = node_kind(flight->node);

	if (flight->want == WANT_DESCRIBE) {
		choose(flight, &kind->describe, NULL);
		return is_gone(flight, flight->action) ? FAULT_UNSUPPORTED : FAULT_NONE;
	}
	if (flight->want == WANT_PART)
		return begin_part(flight);
	if (exists(&kind->list) && !is_gone(flight, &kind->list)) {
		flight_choose_list(flight, refresh_phase(flight));
		return FAULT_NONE;
	}
	if (!kind->partial)
		return FAULT_UNSUPPORTED;
	tree_list_begin(flight->node, true);
	flight->reads = true;
	if (choose_harvest(flight))
		return FAULT_NONE;
	end_unasked(flight);
	return FAULT_NONE;
}

bool flight_survives(struct flight *flight, enum fault *fault)
{
	bool gone = *fault == FAULT_UNSUPPORTED || *fault == FAULT_DENIED;

	if (flight->want == WANT_DESCRIBE || flight->want == WANT_PART)
		return false;
	if (!node_kind(flight->node)->partial || (!gone && !flight->ids))
		return false;
	/* one source of ids that fails does not hide the others, nor what it said before */
	flight->lossy |= !gone;
	if (choose_harvest(flight))
		return true;
	if (flight->lossy && !flight->n_seen)
		return false;
	end_unasked(flight);
	*fault = FAULT_NONE;
	return false;
}

bool flight_expects(const struct flight *flight, enum fault fault)
{
	return fault == FAULT_UNSUPPORTED && (flight->want == WANT_LIST || flight->want == WANT_WHOLE) &&
		node_kind(flight->node)->partial;
}

enum fault flight_judge(const struct flight *flight, enum fault fault)
{
	const struct node *node = flight->node;

	if (flight->want == WANT_DESCRIBE) {
		if (fault == FAULT_PARAMETER && !node_is_listed(node))
			return FAULT_NAME;
		return fault;
	}
	/* a list has no resource of its own that could be missing; its parent may be */
	if (fault == FAULT_NOT_FOUND && (!node_parent_id(node) || flight->ids))
		return FAULT_SERVER;
	if (fault == FAULT_PARAMETER && node_parent_id(node) && !flight->ids && !node_is_listed(node))
		return FAULT_NAME;
	return fault;
}

/* ---- harvest ---- */

/* Every text at `path` ("A[].B.C") below `value` is an id. */
static void harvest_ids(struct flight *flight, const struct json *value, const char *path)
{
	size_t len = strcspn(path, ".[");
	char name[128];

	if (!value)
		return;
	if (!len && path[0] == '[') {
		const char *rest = path + 2 + (path[2] == '.');
		for (const struct json *each = json_first(value); each; each = json_next(each))
			harvest_ids(flight, each, rest);
		return;
	}
	if (!*path) {
		enum json_type type = json_type(value);
		if ((type == JSON_STRING || type == JSON_NUMBER) && *json_text(value) &&
				kind_accepts_id(node_kind(flight->node), json_text(value)))
			flight->n_seen += tree_list_id(flight->engine->options.tree, flight->node,
				json_text(value));
		return;
	}
	if (len >= sizeof(name))
		return;
	memcpy(name, path, len);
	name[len] = '\0';
	harvest_ids(flight, json_get(value, name), path + len + (path[len] == '.'));
}

/* ---- pages ---- */

static void note_passed_over(struct flight *flight, const struct source_note *note)
{
	struct fault_note why = { 0 };

	fault_note_copy(why.message, sizeof(why.message), "an item without an id was passed over");
	fault_note_copy(why.request_id, sizeof(why.request_id), note->request_id);
	engine_note_failure(flight, FAULT_ANSWER, &why);
	flight->incomplete = true;
}

/* FAULT_ANSWER: it was passed over.  FAULT_UNSUPPORTED: it does not belong there. */
static enum fault take_item(struct flight *flight, const struct json *item, const struct source_note *note,
	struct listed *listed)
{
	struct tree *tree = flight->engine->options.tree;

	if (flight->phase == PHASE_PART)
		return tree_part_item(tree, flight->node, item, note, &listed->first);
	return tree_list_item(tree, flight->node, item, note, flight->phase == PHASE_WHOLE, listed);
}

/* False: this is no answer to what a refresh, or a filter, asked for. */
static bool take_items(struct flight *flight, const struct json *items, const struct source_note *note)
{
	flight->gap = false;
	if (flight->moving) /* the page begins again further up */
		flight->last_s = INT64_MAX;
	for (const struct json *item = json_first(items), *first = item; item; item = json_next(item)) {
		struct listed listed = { 0 };
		enum fault fault = take_item(flight, item, note, &listed);
		if (fault == FAULT_UNSUPPORTED)
			return false;
		if (fault) {
			note_passed_over(flight, note);
			continue;
		}
		flight->n_seen += listed.first;
		flight->gap |= item == first && listed.first;
		if (!refresh_takes(flight, item, &listed))
			return false;
	}
	return true;
}

static bool is_said(const struct json *result, const char *path)
{
	const struct json *value = path ? json_path(result, path) : NULL;

	return value && json_type(value) != JSON_NULL;
}

/* Neither items nor how many there are. Where the API says so much, null alone is no empty list. */
static bool says_nothing(const struct flight *flight, const struct json *result, const struct json *items)
{
	const struct action *action = flight->action;
	bool first = !flight->offset && !flight->marker;

	if (is_said(result, action->total) || is_said(result, action->more))
		return false;
	return !items || (first && (action->total || action->more));
}

/* Whether the answer is a page of the list at all: one that says nothing must never empty a listing. */
static bool is_page(const struct flight *flight, const struct json *result, const struct json *items)
{
	bool null = !items || json_type(items) == JSON_NULL;

	if (!null && json_type(items) != JSON_ARRAY)
		return false;
	if (null && says_nothing(flight, result, items))
		return flight->ids && !flight->action->items;
	/* nothing came: then nothing may be promised; an empty page further on only ends the list early */
	return (!null && json_first(items)) || flight->offset || !paging_promises(flight, result);
}

static bool refreshes(const struct flight *flight)
{
	return flight->phase == PHASE_NEWEST || flight->phase == PHASE_LIVE;
}

static enum fault judge_page(const struct flight *flight, const struct json *result, const struct json *items,
	size_t n_items)
{
	if (n_items > PAGE_ITEMS_MAX)
		return FAULT_TOO_BIG;
	return is_page(flight, result, items) ? FAULT_NONE : FAULT_ANSWER;
}

static enum fault take_page(struct flight *flight, const struct json *result, const struct source_note *note)
{
	const struct json *items = flight->action->items ? json_path(result, flight->action->items) : NULL;
	size_t before = flight->n_seen, n_items = items ? json_count(items) : 0;
	bool fits = true;

	enum fault fault = judge_page(flight, result, items, n_items);
	if (fault)
		return fault;
	if (flight->ids)
		harvest_ids(flight, result, flight->ids);
	else if (items)
		fits = take_items(flight, items, note);
	if (!fits && flight->phase == PHASE_PART)
		return FAULT_UNSUPPORTED;
	bool news = !n_items || flight->n_seen > before;
	flight->more = paging_next(flight, result, n_items, !refreshes(flight) && !news);
	if (flight->n_seen > LISTING_MAX || flight->offset > LISTING_MAX)
		return FAULT_TOO_BIG;
	if (paging_goes_round(flight) && !flight->ids)
		return FAULT_ANSWER;
	if (refreshes(flight))
		refresh_turn(flight, fits, note);
	return FAULT_NONE;
}

enum fault flight_take(struct flight *flight, const struct json *result, const struct source_note *note)
{
	if (flight->want == WANT_DESCRIBE) {
		const struct json *object = json_path(result, flight->action->items);
		return object ? tree_described(flight->engine->options.tree, flight->node, object, note) :
			FAULT_ANSWER;
	}
	bool refresh = refreshes(flight);
	enum fault fault = take_page(flight, result, note);
	if (fault || flight->more || refresh)
		return fault;
	if (flight->action->paging == PAGING_OFFSET && !flight->ids &&
			(int64_t)flight->n_seen < flight->said)
		flight->incomplete = true;
	if (flight->phase == PHASE_PART) {
		tree_part_end(flight->engine->options.tree, flight->node, !flight->incomplete,
			note);
		return FAULT_NONE;
	}
	flight->more = flight->ids && choose_harvest(flight);
	if (!flight->more)
		end_list(flight, note);
	return FAULT_NONE;
}
