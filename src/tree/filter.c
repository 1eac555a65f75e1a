/*
 * filter.c - filtered lists: the members of a list that the cloud returns for one status or tag.
 *
 * In an account of a hundred thousand tasks, the running ones may be one page, if the cloud is asked for them
 * alone. An item of such an answer primes its resource as an item of the whole list does. It does not say
 * that the listing shows the resource, nor that another resource is absent. The members are pinned while the
 * answer is kept. The answer is dropped when the whole list has been read, which says the same and more.
 *
 * The answer is checked: an item that the filter should have excluded means that this cloud does not filter,
 * and the whole list is read instead.
 */
#include "views.h"

#include <stdlib.h>
#include <string.h>

#include "base/search.h"

/* ---- what is asked ---- */

struct blank {
	const char *word; /* with its quotes, as in the template */
	const char *text;
};

/* The first of the blanks in the template, and which one it is; NULL: there is none. */
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

/* Fills in the blanks in one pass, because a text that is filled in may look like a blank itself. */
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

struct filtered *filtered_new(struct tree *tree, struct view_dir *view)
{
	if (!can_be_asked(view))
		return NULL;
	struct filtered *filtered = xcalloc(1, sizeof(*filtered));

	filtered->request = request_of(view);
	map_init(&filtered->met, tree->options.seed);
	filtered->view = view;
	list_add_first(&tree->views.filtered_lists, &filtered->link);
	tree->memory += sizeof(*filtered) + strlen(filtered->request);
	return filtered;
}

const char *node_filter(const struct node *node)
{
	return as_view(node)->filtered->request;
}

/* ---- members ---- */

static void let_go(struct tree *tree, struct resource **members, size_t n)
{
	for (size_t i = 0; i < n; i++)
		node_unpin(tree, &members[i]->node);
	tree->memory -= n * sizeof(*members);
	free(members);
}

void filtered_drop(struct tree *tree, struct view_dir *view)
{
	struct filtered *filtered = view->filtered;
	struct resource **members = filtered->members;
	size_t n = filtered->n_members;

	filtered->members = NULL;
	filtered->n_members = 0;
	provenance_put(filtered->provenance);
	filtered->provenance = NULL;
	filtered->changes++;
	let_go(tree, members, n);
}

void tree_filtered_leave(struct tree *tree, struct node *node)
{
	struct view_dir *view = as_view(node);
	struct filtered *filtered = view->filtered;
	struct resource **incoming = filtered->incoming;
	size_t n = filtered->n_incoming;

	filtered->incoming = NULL;
	filtered->n_incoming = filtered->room = 0;
	map_release(&filtered->met);
	let_go(tree, incoming, n);
}

void filtered_free(struct tree *tree, struct view_dir *view)
{
	struct filtered *filtered = view->filtered;

	if (!filtered)
		return;
	tree_filtered_leave(tree, &view->node);
	filtered_drop(tree, view);
	reading_put(filtered->reading);
	list_remove(&filtered->link);
	tree->memory -= sizeof(*filtered) + strlen(filtered->request);
	free(filtered->request);
	free(filtered);
	view->filtered = NULL;
}

void filtered_drop_all(struct tree *tree, const struct listing *listing)
{
	const struct list *filtered_lists = &tree->views.filtered_lists;

	for (struct list *at = list_first(filtered_lists); at; at = list_next(filtered_lists, at)) {
		const struct filtered *filtered = LIST_OWNER(at, struct filtered, link);
		if (filtered->view->of == listing && filtered->provenance)
			filtered_drop(tree, filtered->view);
	}
}

struct member_search {
	const struct filtered *filtered;
	uint64_t serial;
};

static bool is_up_to_serial(const void *arg, size_t at)
{
	const struct member_search *search = arg;

	return search->filtered->members[at]->node.inode.serial <= search->serial;
}

struct resource *filtered_after(const struct filtered *filtered, uint64_t serial)
{
	struct member_search search = { filtered, serial };
	size_t at = search_lower_bound(0, filtered->n_members, is_up_to_serial, &search);

	return at < filtered->n_members ? filtered->members[at] : NULL;
}

bool filtered_is_fresh(const struct filtered *filtered, struct query_time query)
{
	return list_is_fresh(filtered->provenance, filtered->expires_ms, query);
}

/* ---- an answer ---- */

static bool is_same(const void *value, const void *key)
{
	return value == key;
}

/* Adds the resource to the answer that is being read. False: the answer had it before. */
static bool meet(struct tree *tree, struct filtered *filtered, struct resource *resource)
{
	uint64_t serial = resource->node.inode.serial;

	if (map_get(&filtered->met, serial, is_same, resource))
		return false;
	map_add(&filtered->met, serial, resource);
	if (filtered->n_incoming == filtered->room) {
		filtered->room = filtered->room ? filtered->room * 2 : 16;
		filtered->incoming = xrealloc(filtered->incoming, filtered->room * sizeof(struct resource *));
	}
	filtered->incoming[filtered->n_incoming++] = resource;
	tree->memory += sizeof(struct resource *);
	node_pin(&resource->node);
	inode_idle(tree, &resource->node.inode);
	return true;
}

static bool says(const struct json *value, const char *text)
{
	return !strcmp(value ? json_text(value) : "", text);
}

/* Whether the item matches the filter. */
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

void tree_filtered_begin(struct tree *tree, struct node *node)
{
	struct view_dir *view = as_view(node);
	tree_filtered_leave(tree, &view->node);
}

enum error filtered_item(struct tree *tree, struct view_dir *view, const struct json *item,
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
	*first = meet(tree, view->filtered, resource);
	resource_prime(tree, resource, item, note, &listed);
	return ERR_NONE;
}

static int order_by_serial(const void *a, const void *b)
{
	const struct resource *one = *(struct resource *const *)a, *other = *(struct resource *const *)b;
	uint64_t first = one->node.inode.serial, second = other->node.inode.serial;

	return (first > second) - (first < second);
}

static bool is_as_before(const struct filtered *filtered)
{
	return filtered->provenance && filtered->n_incoming == filtered->n_members &&
		(!filtered->n_incoming ||
			!memcmp(filtered->incoming, filtered->members,
				filtered->n_incoming * sizeof(struct resource *)));
}

void tree_filtered_end(struct tree *tree, struct node *node, bool complete,
	const struct provenance_note *note)
{
	struct view_dir *view = as_view(node);
	struct filtered *filtered = view->filtered;
	struct resource **before = filtered->members;
	size_t n_before = filtered->n_members;

	if (filtered->n_incoming)
		qsort(filtered->incoming, filtered->n_incoming, sizeof(struct resource *), order_by_serial);
	filtered->changes += !is_as_before(filtered);
	filtered->members = filtered->incoming;
	filtered->n_members = filtered->n_incoming;
	filtered->incoming = NULL;
	filtered->n_incoming = filtered->room = 0;
	provenance_put(filtered->provenance);
	filtered->provenance = provenance_new(note);
	filtered->expires_ms = note->sent_ms + tree_ttl_ms(tree, view->node.kind->ttl.list_s);
	filtered->failure = (struct failure){ 0 };
	filtered->complete = complete;
	let_go(tree, before, n_before);
}

/* ---- a cloud that does not filter ---- */

/*
 * Whether the catalog names the status. Only then a refusal says something about all values: the cloud may
 * refuse a value that a reader typed and accept others.
 */
static bool is_ours(const struct view_dir *view)
{
	return view->view_sort == VIEW_STATUS && kind_has_status(view->node.kind, view->node.id);
}

void tree_filtered_refuse(struct tree *tree, struct node *node, enum error error, int64_t until_ms)
{
	struct view_dir *view = as_view(node);
	view->filtered->refused_until_ms = until_ms;
	if (error == ERR_UNSUPPORTED || is_ours(view))
		listing_derived(tree, view->of)->refused_until_ms[view->view_sort] = until_ms;
	filtered_drop(tree, view);
}

bool node_filtered_is_listed(const struct node *node, struct query_time query)
{
	const struct view_dir *view = as_view(node);
	return listing_is_fresh(view->of, query);
}

bool filtered_is_refused(const struct view_dir *view, struct query_time query)
{
	const struct derived *derived = view->of->derived;

	if (view->filtered && view->filtered->refused_until_ms > query.now_ms)
		return true;
	return derived && derived->refused_until_ms[view->view_sort] > query.now_ms;
}
