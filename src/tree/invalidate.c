/*
 * invalidate.c - invalidation: `describefs refresh`, SIGHUP and a suspend make cached data stale.
 *
 * Nothing is thrown away: should the cloud not answer, the last good answer still stands in.  A resource is
 * the smallest thing that can be asked about, so a field stands for its resource.
 *
 * A listing may hold a hundred thousand resources.  So a refresh is a list of nodes that are still to be
 * done, of which the caller has so many done at a time.
 */
#include "views.h"

#include <stdlib.h>
#include <string.h>

enum { TERM_S = 30 }; /* of what is made of several kinds */

static void refresh_part(struct part *part)
{
	part->expires_ms = part->refused_until_ms = 0;
	part->failure = (struct failure){ 0 };
}

/* Its membership, not the members' content. */
static void refresh_names(struct tree *tree, struct node *listing)
{
	const struct list *parts = &tree->views.parts;

	listing->list.state.expires_ms = listing->list.state.whole_ms = 0; /* and to be read whole */
	memset(listing->list.state.failures, 0, sizeof(listing->list.state.failures));
	if (listing->list.derived)
		memset(listing->list.derived->refused_until_ms, 0,
			sizeof(listing->list.derived->refused_until_ms));
	for (struct list *at = list_first(parts); at; at = list_next(parts, at)) {
		struct part *part = LIST_OWNER(at, struct part, link);
		if (part->view->view.of == listing)
			refresh_part(part);
	}
}

static void add_node(struct ids *todo, const struct node *node)
{
	ids_add(todo, nodeid_encode(node->object.serial, 0));
}

/* What is below it comes after it. */
static void refresh_node(struct tree *tree, struct node *node, struct ids *todo)
{
	if (node->sort == NODE_VIEW) {
		const struct list *children = &node->view.children;
		for (struct list *at = list_first(children); at; at = list_next(children, at))
			add_node(todo, LIST_OWNER(at, struct node, view.sibling));
		return;
	}
	if (node->sort == NODE_LISTING) {
		refresh_names(tree, node);
		const struct list *below = &node->list.below;
		for (struct list *at = list_first(below); at; at = list_next(below, at))
			add_node(todo, LIST_OWNER(at, struct node, resource.below));
		return;
	}
	if (node->sort == NODE_RESOURCE) {
		outlive_not(&node->resource.cached, 0);
		if (node->resource.inside)
			outlive_not(&node->resource.inside->detail, 0);
		node_drop_trouble(tree, node);
	}
	for (size_t i = 0; i < node->resource.n_listings; i++)
		add_node(todo, node->resource.listings[i]);
}

/* A view holds names alone: those of its listing, or of all. */
static void refresh_view(struct tree *tree, struct node *view)
{
	for (size_t i = 0; i < tree->root->resource.n_listings; i++)
		if (!view->view.of || view->view.of == tree->root->resource.listings[i])
			refresh_names(tree, tree->root->resource.listings[i]);
}

struct node *tree_refresh_top(const struct tree *tree, uint64_t id, const char *name)
{
	uint32_t index;
	struct inode *object = tree_inode(tree, id, &index);

	if (!object)
		return NULL;
	struct node *node = object->is_version ? ((struct version *)object)->owner : (struct node *)object;
	if (node == tree->texts || (node == tree->root && (object->is_version || name)))
		return NULL;
	if (node_is_table(node))
		return node->parent;
	return node->sort == NODE_LISTING && name ? node_find(tree, node, name) : node;
}

uint64_t tree_refresh_id(const struct tree *tree, uint64_t id, const char **name)
{
	const struct node *node = tree_refresh_top(tree, id, NULL);

	if (!node || (node == tree->root && *name))
		return 0;
	if (node->sort != NODE_LISTING)
		*name = NULL;
	return nodeid_encode(node->object.serial, 0);
}

struct node *tree_refresh_begin(struct tree *tree, uint64_t id, const char *name, struct ids *todo)
{
	struct node *node = tree_refresh_top(tree, id, name);

	if (!node)
		return NULL;
	if (node->sort == NODE_VIEW)
		refresh_view(tree, node);
	add_node(todo, node);
	for (int i = 0; node == tree->root && i < VIEW_SORTS; i++)
		if (tree->views.tops[i])
			add_node(todo, tree->views.tops[i]);
	if (node->sort == NODE_RESOURCE && kind_has_describe(node->kind)) {
		node->resource.must_revalidate = true;
	} else if (node->sort == NODE_RESOURCE) { /* its list alone speaks of it */
		node->parent->list.state.expires_ms = 0;
		node->parent->list.state.failures[FETCH_LIST] = (struct failure){ 0 };
	}
	tree->availability.outage = (struct failure){ 0 };
	return node;
}

/* The kernel may keep something of the directory, and of those inside it. */
static void add_held(const struct node *node, struct ids *held)
{
	bool is_plain = node->sort != NODE_VIEW && node->sort != NODE_LISTING;
	uint32_t n_subdirs = is_plain && node->resource.inside ? node->resource.inside->n_subdirs : 0;

	for (uint32_t i = 0; node->object.held && i <= n_subdirs; i++)
		ids_add(held, nodeid_encode(node->object.serial, i));
}

bool tree_refresh_step(struct tree *tree, struct ids *todo, size_t n, struct ids *held)
{
	uint32_t index;

	for (; n > 0 && todo->n > 0; n--) {
		struct node *node = (struct node *)tree_inode(tree, todo->v[--todo->n], &index);
		if (!node) /* it went meanwhile */
			continue;
		refresh_node(tree, node, todo);
		if (held)
			add_held(node, held);
	}
	return todo->n > 0;
}

struct node *tree_refresh(struct tree *tree, uint64_t id, const char *name, struct ids *held)
{
	struct ids todo = { 0 };
	struct node *node = tree_refresh_begin(tree, id, name, &todo);

	tree_refresh_step(tree, &todo, SIZE_MAX, held);
	free(todo.v);
	return node;
}

/* A query made before that time may still use it; for later ones it has expired. */
static void outdate_stamp(struct provenance *stamp, int64_t at_ms)
{
	if (stamp && stamp->received_ms > at_ms)
		stamp->received_ms = at_ms;
}

void tree_invalidate_before(struct node *listing, int64_t at_ms)
{
	if (listing->sort == NODE_VIEW && listing->view.part) {
		listing->view.part->expires_ms = 0;
		outdate_stamp(listing->view.part->stamp, at_ms);
	}
	if (listing->sort != NODE_LISTING)
		return;
	listing->list.state.expires_ms = 0;
	outdate_stamp(listing->list.state.stamp, at_ms);
	const struct list *below = &listing->list.below;
	for (struct list *at = list_first(below); at; at = list_next(below, at)) {
		struct node *node = LIST_OWNER(at, struct node, resource.below);
		outlive_not(&node->resource.cached, 0);
		outdate_stamp(node->resource.cached.stamp, at_ms);
	}
}

static bool is_below(const struct node *node, const struct node *top)
{
	for (; node; node = node->parent)
		if (node == top)
			return true;
	return false;
}

bool node_is_affected_by(const struct node *node, const struct node *top)
{
	const struct node *listing = node->sort == NODE_VIEW ? node->view.of : node;

	if (is_below(node, top) || (listing && is_below(listing, top)))
		return true;
	if (top->sort == NODE_VIEW) /* which is made of its listing, or of all */
		return listing && listing->sort == NODE_LISTING && (!top->view.of || top->view.of == listing);
	return top->sort == NODE_RESOURCE && !kind_has_describe(top->kind) && node == top->parent;
}

/* ---- the names that the kernel keeps ---- */

static void add_name(const struct node *node, struct buf *names)
{
	if (!node->object.held) /* the kernel has none */
		return;
	buf_puts(names, node->name);
	buf_putc(names, '\0');
}

static void add_views(const struct tree *tree, struct buf *names)
{
	for (int i = 0; i < VIEW_SORTS; i++)
		if (tree->views.tops[i])
			add_name(tree->views.tops[i], names);
}

uint64_t tree_names_of(const struct tree *tree, const struct node *top, struct buf *names)
{
	const struct node *above = top->parent;

	if (top == tree->root) {
		for (size_t i = 0; i < top->resource.n_listings; i++)
			add_name(top->resource.listings[i], names);
		add_views(tree, names);
		return tree_root(tree);
	}
	add_name(top, names);
	if (top->sort == NODE_LISTING && above == tree->root)
		add_views(tree, names);
	return nodeid_encode(above->object.serial, 0);
}

uint64_t tree_id_of(const struct tree *tree, uint64_t directory, const char *name)
{
	uint32_t index;
	const struct node *node = (const struct node *)tree_inode(tree, directory, &index), *found = NULL;

	if (!node || node->object.is_version)
		return 0;
	if (node->sort == NODE_VIEW) {
		found = view_find_child(node, name);
	} else if (node->sort == NODE_LISTING) {
		found = node_find(tree, node, name);
	} else {
		for (size_t i = 0; i < node->resource.n_listings; i++)
			found = strcmp(node->resource.listings[i]->name, name) ? found :
										 node->resource.listings[i];
		for (int i = 0; node == tree->root && i < VIEW_SORTS; i++)
			if (tree->views.tops[i] && !strcmp(tree->views.tops[i]->name, name))
				found = tree->views.tops[i];
	}
	return found ? nodeid_encode(found->object.serial, 0) : 0;
}

bool tree_is_used(const struct tree *tree, uint64_t id)
{
	uint32_t index;
	const struct inode *object = tree_inode(tree, id, &index);

	return object && object->held && !object->is_version &&
		((const struct node *)object)->sort == NODE_RESOURCE;
}

/* ---- which users, how often ---- */

static int64_t term_ms(const struct tree *tree, const struct node *node)
{
	const struct record *newest = node->sort == NODE_RESOURCE ? node_newest(node) : NULL;

	if (node->sort == NODE_RESOURCE)
		return tree_ttl_ms(tree,
			newest && newest->terminal ? node->kind->ttl.terminal_s : node->kind->ttl.live_s);
	return tree_ttl_ms(tree, node->kind ? node->kind->ttl.list_s : TERM_S);
}

static int64_t *others_at(struct tree *tree, struct node *node)
{
	if (node->sort == NODE_LISTING)
		return &node->list.others_ms;
	if (node->sort == NODE_VIEW)
		return node->view.of ? &node->view.of->list.others_ms :
				       &node_inside(tree, tree->root)->others_ms;
	return &node_inside(tree, node)->others_ms;
}

int64_t tree_refresh_left_ms(struct tree *tree, struct node *top, int64_t now_ms)
{
	int64_t longest_ms = 0;

	for (struct node *node = top; node; node = node->parent) {
		int64_t at_ms = *others_at(tree, node), left_ms = at_ms + term_ms(tree, node) - now_ms;
		if (at_ms && left_ms > longest_ms)
			longest_ms = left_ms;
	}
	if (!longest_ms)
		*others_at(tree, top) = now_ms > 0 ? now_ms : 1;
	return longest_ms;
}
