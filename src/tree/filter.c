/*
 * filter.c - the part of a list that a filter lets through.
 *
 * "Which tasks are running" is one page in an account of a hundred thousand, if the cloud is asked for them
 * alone.  What such an answer says of a resource is kept as a list's item is; that the resource is in the
 * listing it does not say, nor that another is not.  Its members are pinned as long as it stands, and it goes
 * when the whole listing has come, which says the same and more.
 *
 * The cloud is not believed further than it can be checked: an item that the filter should have kept back
 * means that this cloud does not filter so, and the whole list is read instead.
 */
#include "views.h"

#include <stdlib.h>
#include <string.h>

#include "base/search.h"

/* ---- what is asked ---- */

struct blank {
	const char *word; /* as it stands in the template, quotes and all */
	const char *text;
};

/* The first place of any of the words; NULL: there is none. */
static const char *find_blank(const char *template, const struct blank *blanks, size_t n, size_t *which)
{
	const char *first = NULL;

	for (size_t i = 0; i < n; i++) {
		const char *found = strstr(template, blanks[i].word);
		if (!found || (first && first < found))
			continue;
		first = found;
		*which = i;
	}
	return first;
}

/* In one pass: what is filled in may look like a word itself. */
static char *fill_in(const char *template, const struct blank *blanks, size_t n)
{
	struct buf out;
	const char *found;
	size_t which = 0;

	buf_init(&out, JSON_BYTES_MAX);
	while ((found = find_blank(template, blanks, n, &which))) {
		buf_add(&out, template, (size_t)(found - template));
		json_quote(&out, blanks[which].text);
		template = found + strlen(blanks[which].word);
	}
	buf_puts(&out, template);
	return buf_take(&out);
}

static char *request_of(const struct node *view)
{
	const struct action *list = &view->kind->list;
	struct blank status = { "\"{status}\"", view->id };
	struct blank tag[] = { { "\"{key}\"", view->parent->id }, { "\"{value}\"", view->id } };

	if (view->view.sort == VIEW_STATUS)
		return fill_in(list->filter.by_status, &status, 1);
	return fill_in(list->filter.by_tag, tag, 2);
}

static bool can_be_asked(const struct node *view)
{
	const struct action *list = &view->kind->list;

	if (!view->id)
		return false;
	return view->view.sort == VIEW_STATUS ? list->filter.by_status != NULL :
						view->view.depth == 3 && list->filter.by_tag;
}

struct part *part_new(struct tree *tree, struct node *view)
{
	if (!can_be_asked(view))
		return NULL;
	struct part *part = xcalloc(1, sizeof(*part));

	part->request = request_of(view);
	map_init(&part->met, tree->options.seed);
	part->view = view;
	list_add_first(&tree->views.parts, &part->link);
	tree->memory += sizeof(*part) + strlen(part->request);
	return part;
}

const char *node_filter(const struct node *node)
{
	return node->view.part->request;
}

/* ---- members ---- */

static void let_go(struct tree *tree, struct node **members, size_t n)
{
	for (size_t i = 0; i < n; i++)
		node_unpin(tree, members[i]);
	tree->memory -= n * sizeof(*members);
	free(members);
}

void part_drop(struct tree *tree, struct node *view)
{
	struct part *part = view->view.part;
	struct node **members = part->members;
	size_t n = part->n_members;

	part->members = NULL;
	part->n_members = 0;
	provenance_put(part->stamp);
	part->stamp = NULL;
	part->changes++;
	let_go(tree, members, n);
}

void tree_part_leave(struct tree *tree, struct node *view)
{
	struct part *part = view->view.part;
	struct node **coming = part->coming;
	size_t n = part->n_coming;

	part->coming = NULL;
	part->n_coming = part->room = 0;
	map_release(&part->met);
	let_go(tree, coming, n);
}

void part_free(struct tree *tree, struct node *view)
{
	struct part *part = view->view.part;

	if (!part)
		return;
	tree_part_leave(tree, view);
	part_drop(tree, view);
	reading_put(part->reading);
	list_remove(&part->link);
	tree->memory -= sizeof(*part) + strlen(part->request);
	free(part->request);
	free(part);
	view->view.part = NULL;
}

void part_drop_all(struct tree *tree, const struct node *listing)
{
	const struct list *parts = &tree->views.parts;

	for (struct list *at = list_first(parts); at; at = list_next(parts, at)) {
		const struct part *part = LIST_OWNER(at, struct part, link);
		if (part->view->view.of == listing && part->stamp)
			part_drop(tree, part->view);
	}
}

struct member_search {
	const struct part *part;
	uint64_t serial;
};

static bool is_up_to_serial(const void *arg, size_t at)
{
	const struct member_search *search = arg;

	return search->part->members[at]->object.serial <= search->serial;
}

struct node *part_after(const struct part *part, uint64_t serial)
{
	struct member_search search = { part, serial };
	size_t at = search_lower_bound(0, part->n_members, is_up_to_serial, &search);

	return at < part->n_members ? part->members[at] : NULL;
}

bool part_is_fresh(const struct part *part, struct query_time query)
{
	return list_is_fresh(part->stamp, part->expires_ms, query);
}

/* ---- an answer ---- */

static bool is_same(const void *value, const void *key)
{
	return value == key;
}

/* False: it was met before. */
static bool meet(struct tree *tree, struct part *part, struct node *node)
{
	uint64_t serial = node->object.serial;

	if (map_get(&part->met, serial, is_same, node))
		return false;
	map_add(&part->met, serial, node);
	if (part->n_coming == part->room) {
		part->room = part->room ? part->room * 2 : 16;
		part->coming = xrealloc(part->coming, part->room * sizeof(struct node *));
	}
	part->coming[part->n_coming++] = node;
	tree->memory += sizeof(struct node *);
	node_pin(node);
	inode_idle(tree, &node->object);
	return true;
}

static bool says(const struct json *value, const char *text)
{
	return !strcmp(value ? json_text(value) : "", text);
}

/* Whether the filter would let it through. */
static bool passes(const struct node *view, const struct json *item)
{
	const struct kind *kind = view->kind;

	if (view->view.sort == VIEW_STATUS)
		return says(json_get(item, kind->status.member), view->id);
	const struct member_rule *rule = type_member(kind->type, kind->tags);
	const struct json *tags = rule && rule->map_key ? json_get(item, kind->tags) : NULL;
	for (const struct json *tag = tags ? json_first(tags) : NULL; tag; tag = json_next(tag))
		if (says(json_get(tag, rule->map_key), view->parent->id) &&
			says(json_get(tag, rule->map_value), view->id))
			return true;
	return false;
}

void tree_part_begin(struct tree *tree, struct node *view)
{
	tree_part_leave(tree, view);
}

enum error part_item(struct tree *tree, struct node *view, const struct json *item,
	const struct provenance_note *note, bool *first)
{
	struct listed listed;
	const char *id;

	*first = false;
	tree_end_outage(tree);
	if (!item_has_id(view->view.of, item, &id))
		return ERR_ANSWER;
	if (!passes(view, item))
		return ERR_UNSUPPORTED;
	struct node *node = list_find(tree, view->view.of, id);
	node->resource.missing = false;
	*first = meet(tree, view->view.part, node);
	node_prime(tree, node, item, note, &listed);
	return ERR_NONE;
}

static int order_by_serial(const void *a, const void *b)
{
	const struct node *one = *(struct node *const *)a, *other = *(struct node *const *)b;
	uint64_t first = one->object.serial, second = other->object.serial;

	return (first > second) - (first < second);
}

static bool is_as_before(const struct part *part)
{
	return part->stamp && part->n_coming == part->n_members &&
		(!part->n_coming ||
			!memcmp(part->coming, part->members, part->n_coming * sizeof(struct node *)));
}

void tree_part_end(struct tree *tree, struct node *view, bool complete, const struct provenance_note *note)
{
	struct part *part = view->view.part;
	struct node **before = part->members;
	size_t n_before = part->n_members;

	if (part->n_coming)
		qsort(part->coming, part->n_coming, sizeof(struct node *), order_by_serial);
	part->changes += !is_as_before(part);
	part->members = part->coming;
	part->n_members = part->n_coming;
	part->coming = NULL;
	part->n_coming = part->room = 0;
	provenance_put(part->stamp);
	part->stamp = provenance_new(note);
	part->expires_ms = note->sent_ms + tree_ttl_ms(tree, view->kind->ttl.list_s);
	part->failure = (struct failure){ 0 };
	part->complete = complete;
	let_go(tree, before, n_before);
}

/* ---- a cloud that does not filter ---- */

/* A value that came from a reader's path may be refused where others are accepted. */
static bool is_ours(const struct node *view)
{
	return view->view.sort == VIEW_STATUS && kind_has_status(view->kind, view->id);
}

void tree_part_refuse(struct tree *tree, struct node *view, enum error error, int64_t until_ms)
{
	view->view.part->refused_until_ms = until_ms;
	if (error == ERR_UNSUPPORTED || is_ours(view))
		listing_aspects(tree, view->view.of)->refused_until_ms[view->view.sort] = until_ms;
	part_drop(tree, view);
}

bool node_part_is_listed(const struct node *view, struct query_time query)
{
	return listing_is_fresh(view->view.of, query);
}

bool part_is_refused(const struct node *view, struct query_time query)
{
	const struct derived *derived = view->view.of->list.derived;

	if (view->view.part && view->view.part->refused_until_ms > query.now_ms)
		return true;
	return derived && derived->refused_until_ms[view->view.sort] > query.now_ms;
}
