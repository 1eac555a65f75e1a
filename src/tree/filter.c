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

static char *request_of(const struct view_dir *view)
{
	const struct action *list = &view->node.kind->list;
	struct blank status = { "\"{status}\"", view->node.id };
	struct blank tag[] = { { "\"{key}\"", view->node.parent->id }, { "\"{value}\"", view->node.id } };

	if (view->view_sort == VIEW_STATUS)
		return fill_in(list->filter.by_status, &status, 1);
	return fill_in(list->filter.by_tag, tag, 2);
}

static bool can_be_asked(const struct view_dir *view)
{
	const struct action *list = &view->node.kind->list;

	if (!view->node.id)
		return false;
	return view->view_sort == VIEW_STATUS ? list->filter.by_status != NULL :
						view->depth == 3 && list->filter.by_tag;
}

struct part *part_new(struct tree *tree, struct view_dir *view)
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
	return as_view(node)->part->request;
}

/* ---- members ---- */

static void let_go(struct tree *tree, struct resource **members, size_t n)
{
	for (size_t i = 0; i < n; i++)
		node_unpin(tree, &members[i]->node);
	tree->memory -= n * sizeof(*members);
	free(members);
}

void part_drop(struct tree *tree, struct view_dir *view)
{
	struct part *part = view->part;
	struct resource **members = part->members;
	size_t n = part->n_members;

	part->members = NULL;
	part->n_members = 0;
	provenance_put(part->provenance);
	part->provenance = NULL;
	part->changes++;
	let_go(tree, members, n);
}

void tree_part_leave(struct tree *tree, struct node *node)
{
	struct view_dir *view = as_view(node);
	struct part *part = view->part;
	struct resource **incoming = part->incoming;
	size_t n = part->n_incoming;

	part->incoming = NULL;
	part->n_incoming = part->room = 0;
	map_release(&part->met);
	let_go(tree, incoming, n);
}

void part_free(struct tree *tree, struct view_dir *view)
{
	struct part *part = view->part;

	if (!part)
		return;
	tree_part_leave(tree, &view->node);
	part_drop(tree, view);
	reading_put(part->reading);
	list_remove(&part->link);
	tree->memory -= sizeof(*part) + strlen(part->request);
	free(part->request);
	free(part);
	view->part = NULL;
}

void part_drop_all(struct tree *tree, const struct listing *listing)
{
	const struct list *parts = &tree->views.parts;

	for (struct list *at = list_first(parts); at; at = list_next(parts, at)) {
		const struct part *part = LIST_OWNER(at, struct part, link);
		if (part->view->of == listing && part->provenance)
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

	return search->part->members[at]->node.inode.serial <= search->serial;
}

struct resource *part_after(const struct part *part, uint64_t serial)
{
	struct member_search search = { part, serial };
	size_t at = search_lower_bound(0, part->n_members, is_up_to_serial, &search);

	return at < part->n_members ? part->members[at] : NULL;
}

bool part_is_fresh(const struct part *part, struct query_time query)
{
	return list_is_fresh(part->provenance, part->expires_ms, query);
}

/* ---- an answer ---- */

static bool is_same(const void *value, const void *key)
{
	return value == key;
}

/* False: it was met before. */
static bool meet(struct tree *tree, struct part *part, struct resource *resource)
{
	uint64_t serial = resource->node.inode.serial;

	if (map_get(&part->met, serial, is_same, resource))
		return false;
	map_add(&part->met, serial, resource);
	if (part->n_incoming == part->room) {
		part->room = part->room ? part->room * 2 : 16;
		part->incoming = xrealloc(part->incoming, part->room * sizeof(struct resource *));
	}
	part->incoming[part->n_incoming++] = resource;
	tree->memory += sizeof(struct resource *);
	node_pin(&resource->node);
	inode_idle(tree, &resource->node.inode);
	return true;
}

static bool says(const struct json *value, const char *text)
{
	return !strcmp(value ? json_text(value) : "", text);
}

/* Whether the filter would let it through. */
static bool passes(const struct view_dir *view, const struct json *item)
{
	const struct kind *kind = view->node.kind;

	if (view->view_sort == VIEW_STATUS)
		return says(json_get(item, kind->status.member), view->node.id);
	const struct member_rule *rule = type_member(kind->type, kind->tags);
	const struct json *tags = rule && rule->map_key ? json_get(item, kind->tags) : NULL;
	for (const struct json *tag = tags ? json_first(tags) : NULL; tag; tag = json_next(tag))
		if (says(json_get(tag, rule->map_key), view->node.parent->id) &&
			says(json_get(tag, rule->map_value), view->node.id))
			return true;
	return false;
}

void tree_part_begin(struct tree *tree, struct node *node)
{
	struct view_dir *view = as_view(node);
	tree_part_leave(tree, &view->node);
}

enum error part_item(struct tree *tree, struct view_dir *view, const struct json *item,
	const struct provenance_note *note, bool *first)
{
	struct listed listed;
	const char *id;

	*first = false;
	tree_end_outage(tree);
	if (!item_has_id(view->of, item, &id))
		return ERR_ANSWER;
	if (!passes(view, item))
		return ERR_UNSUPPORTED;
	struct resource *resource = list_find(tree, view->of, id);
	resource->missing = false;
	*first = meet(tree, view->part, resource);
	resource_prime(tree, resource, item, note, &listed);
	return ERR_NONE;
}

static int order_by_serial(const void *a, const void *b)
{
	const struct resource *one = *(struct resource *const *)a, *other = *(struct resource *const *)b;
	uint64_t first = one->node.inode.serial, second = other->node.inode.serial;

	return (first > second) - (first < second);
}

static bool is_as_before(const struct part *part)
{
	return part->provenance && part->n_incoming == part->n_members &&
		(!part->n_incoming ||
			!memcmp(part->incoming, part->members, part->n_incoming * sizeof(struct resource *)));
}

void tree_part_end(struct tree *tree, struct node *node, bool complete, const struct provenance_note *note)
{
	struct view_dir *view = as_view(node);
	struct part *part = view->part;
	struct resource **before = part->members;
	size_t n_before = part->n_members;

	if (part->n_incoming)
		qsort(part->incoming, part->n_incoming, sizeof(struct resource *), order_by_serial);
	part->changes += !is_as_before(part);
	part->members = part->incoming;
	part->n_members = part->n_incoming;
	part->incoming = NULL;
	part->n_incoming = part->room = 0;
	provenance_put(part->provenance);
	part->provenance = provenance_new(note);
	part->expires_ms = note->sent_ms + tree_ttl_ms(tree, view->node.kind->ttl.list_s);
	part->failure = (struct failure){ 0 };
	part->complete = complete;
	let_go(tree, before, n_before);
}

/* ---- a cloud that does not filter ---- */

/* A value that came from a reader's path may be refused where others are accepted. */
static bool is_ours(const struct view_dir *view)
{
	return view->view_sort == VIEW_STATUS && kind_has_status(view->node.kind, view->node.id);
}

void tree_part_refuse(struct tree *tree, struct node *node, enum error error, int64_t until_ms)
{
	struct view_dir *view = as_view(node);
	view->part->refused_until_ms = until_ms;
	if (error == ERR_UNSUPPORTED || is_ours(view))
		listing_derived(tree, view->of)->refused_until_ms[view->view_sort] = until_ms;
	part_drop(tree, view);
}

bool node_part_is_listed(const struct node *node, struct query_time query)
{
	const struct view_dir *view = as_view(node);
	return listing_is_fresh(view->of, query);
}

bool part_is_refused(const struct view_dir *view, struct query_time query)
{
	const struct derived *derived = view->of->derived;

	if (view->part && view->part->refused_until_ms > query.now_ms)
		return true;
	return derived && derived->refused_until_ms[view->view_sort] > query.now_ms;
}
