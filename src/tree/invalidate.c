/*
 * invalidate.c - invalidation: `describefs refresh`, SIGHUP and a suspend make cached data stale.
 *
 * Nothing is freed: if the cloud does not answer, the last good answer is still served. The smallest unit is
 * a resource, because a call returns a whole resource: to refresh a field is to refresh its resource.
 *
 * A listing may have a hundred thousand resources. So a refresh is a list of directories to do, and the
 * caller does n of them at a time.
 */
#include "views.h"

#include <stdlib.h>
#include <string.h>

enum { TERM_S = 30 }; /* between refreshes of a directory that shows several kinds, by other users */

static void refresh_filtered(struct filtered *filtered)
{
	filtered->expires_ms = filtered->refused_until_ms = 0;
	filtered->failure = (struct failure){ 0 };
}

/* Makes the listing's names stale, not the content of its members. */
static void refresh_names(struct tree *tree, struct listing *listing)
{
	const struct list *filtered_lists = &tree->views.filtered_lists;

	listing->state.expires_ms = listing->state.whole_ms = 0; /* whole_ms 0: read the whole list */
	memset(listing->state.failures, 0, sizeof(listing->state.failures));
	if (listing->derived)
		memset(listing->derived->refused_until_ms, 0, sizeof(listing->derived->refused_until_ms));
	for (struct list *at = list_first(filtered_lists); at; at = list_next(filtered_lists, at)) {
		struct filtered *filtered = LIST_OWNER(at, struct filtered, link);
		if (filtered->view->of == listing)
			refresh_filtered(filtered);
	}
}

static void add_node(struct ids *todo, const struct node *node)
{
	ids_add(todo, nodeid_encode(node->inode.serial, 0));
}

/* Makes one directory stale, and adds the directories inside it to `todo`. */
static void refresh_node(struct tree *tree, struct node *node, struct ids *todo)
{
	if (node->sort == NODE_VIEW) {
		const struct list *children = &as_view(node)->children;
		for (struct list *at = list_first(children); at; at = list_next(children, at))
			add_node(todo, &LIST_OWNER(at, struct view_dir, sibling)->node);
		return;
	}
	if (node->sort == NODE_LISTING) {
		refresh_names(tree, as_listing(node));
		const struct list *below = &as_listing(node)->below;
		for (struct list *at = list_first(below); at; at = list_next(below, at))
			add_node(todo, &LIST_OWNER(at, struct resource, below)->node);
		return;
	}
	if (node->sort == NODE_RESOURCE) {
		record_expire_by(&as_resource(node)->cached, 0);
		if (as_resource(node)->detail)
			record_expire_by(&as_resource(node)->detail->described, 0);
		resource_drop_failures(tree, as_resource(node));
	}
	for (size_t i = 0; i < as_resource(node)->n_listings; i++)
		add_node(todo, &as_resource(node)->listings[i]->node);
}

/* A view contains only names: those of its listing, or, at the view's top, of all listings. */
static void refresh_view(struct tree *tree, struct view_dir *view)
{
	for (size_t i = 0; i < tree->root->n_listings; i++)
		if (!view->of || view->of == tree->root->listings[i])
			refresh_names(tree, tree->root->listings[i]);
}

struct node *tree_refresh_top(const struct tree *tree, uint64_t id, const char *name)
{
	uint32_t index;
	struct inode *inode = tree_inode(tree, id, &index);

	if (!inode)
		return NULL;
	struct node *node = inode_node(inode);
	if (node == &tree->texts->node || (node == &tree->root->node && (inode->is_version || name)))
		return NULL;
	if (node_is_table(node))
		return node->parent;
	return node->sort == NODE_LISTING && name ? node_find(tree, node, name) : node;
}

uint64_t tree_refresh_id(const struct tree *tree, uint64_t id, const char **name)
{
	const struct node *node = tree_refresh_top(tree, id, NULL);

	if (!node || (node == &tree->root->node && *name))
		return 0;
	if (node->sort != NODE_LISTING)
		*name = NULL;
	return nodeid_encode(node->inode.serial, 0);
}

struct node *tree_refresh_begin(struct tree *tree, uint64_t id, const char *name, struct ids *todo)
{
	struct node *node = tree_refresh_top(tree, id, name);

	if (!node)
		return NULL;
	if (node->sort == NODE_VIEW)
		refresh_view(tree, as_view(node));
	add_node(todo, node);
	for (int i = 0; node == &tree->root->node && i < VIEW_SORTS; i++)
		if (tree->views.tops[i])
			add_node(todo, &tree->views.tops[i]->node);
	if (node->sort == NODE_RESOURCE && kind_has_describe(node->kind)) {
		as_resource(node)->must_revalidate = true;
	} else if (node->sort == NODE_RESOURCE) { /* only its list returns it */
		struct list_state *state = &as_listing(node->parent)->state;
		state->expires_ms = 0;
		state->failures[FETCH_LIST] = (struct failure){ 0 };
	}
	tree_end_outage(tree);
	return node;
}

/* Adds the ids by which the kernel may have cached the directory and the directories inside its answers. */
static void add_held(const struct node *node, struct ids *held)
{
	const struct detail *detail = sort_is_resource(node->sort) ? as_resource(node)->detail : NULL;
	uint32_t n_subdirs = detail ? detail->n_subdirs : 0;

	for (uint32_t i = 0; node->inode.nlookup && i <= n_subdirs; i++)
		ids_add(held, nodeid_encode(node->inode.serial, i));
}

bool tree_refresh_step(struct tree *tree, struct ids *todo, size_t n, struct ids *held)
{
	uint32_t index;

	for (; n > 0 && todo->n > 0; n--) {
		struct node *node = (struct node *)tree_inode(tree, todo->v[--todo->n], &index);
		if (!node) /* freed meanwhile */
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

/* For queries made before that time the answer is still fresh; for later ones it has expired. */
static void provenance_invalidate(struct provenance *provenance, int64_t at_ms)
{
	if (provenance && provenance->received_ms > at_ms)
		provenance->received_ms = at_ms;
}

static void invalidate_listing(struct listing *listing, int64_t at_ms)
{
	listing->state.expires_ms = 0;
	provenance_invalidate(listing->state.provenance, at_ms);
	const struct list *below = &listing->below;
	for (struct list *at = list_first(below); at; at = list_next(below, at)) {
		struct resource *resource = LIST_OWNER(at, struct resource, below);
		record_expire_by(&resource->cached, 0);
		provenance_invalidate(resource->cached.provenance, at_ms);
	}
}

void tree_invalidate_before(struct node *node, int64_t at_ms)
{
	struct filtered *filtered = node->sort == NODE_VIEW ? as_view(node)->filtered : NULL;

	if (node->sort == NODE_LISTING)
		invalidate_listing(as_listing(node), at_ms);
	if (!filtered)
		return;
	filtered->expires_ms = 0;
	provenance_invalidate(filtered->provenance, at_ms);
}

static bool is_below(const struct node *node, const struct node *top)
{
	for (; node; node = node->parent)
		if (node == top)
			return true;
	return false;
}

/* The listing that a fetch about the node reads, or reads a part of; NULL: it reads no list. */
static const struct listing *listing_read_for(const struct node *node)
{
	if (node->sort == NODE_VIEW)
		return as_view(node)->of;
	return node->sort == NODE_LISTING ? as_listing(node) : NULL;
}

bool node_is_affected_by(const struct node *node, const struct node *top)
{
	const struct listing *listing = listing_read_for(node);

	if (is_below(node, top) || (listing && is_below(&listing->node, top)))
		return true;
	if (top->sort == NODE_VIEW) /* a view's names come from its listing, or from all listings */
		return listing && (!as_view(top)->of || as_view(top)->of == listing);
	return top->sort == NODE_RESOURCE && !kind_has_describe(top->kind) && node == top->parent;
}

/* ---- the names that the kernel keeps ---- */

static void add_name(const struct node *node, struct buf *names)
{
	if (!node->inode.nlookup) /* the kernel does not know the name */
		return;
	buf_puts(names, node->name);
	buf_putc(names, '\0');
}

static void add_views(const struct tree *tree, struct buf *names)
{
	for (int i = 0; i < VIEW_SORTS; i++)
		if (tree->views.tops[i])
			add_name(&tree->views.tops[i]->node, names);
}

uint64_t tree_names_of(const struct tree *tree, const struct node *top, struct buf *names)
{
	const struct node *above = top->parent;

	if (top == &tree->root->node) {
		for (size_t i = 0; i < as_resource(top)->n_listings; i++)
			add_name(&as_resource(top)->listings[i]->node, names);
		add_views(tree, names);
		return tree_root(tree);
	}
	add_name(top, names);
	if (top->sort == NODE_LISTING && above == &tree->root->node)
		add_views(tree, names);
	return nodeid_encode(above->inode.serial, 0);
}

uint64_t tree_id_of(const struct tree *tree, uint64_t directory, const char *name)
{
	uint32_t index;
	const struct inode *inode = tree_inode(tree, directory, &index);

	if (!inode || inode->is_version)
		return 0;
	const struct node *node = as_node(inode), *found;
	if (node->sort == NODE_VIEW) {
		const struct view_dir *child = view_find_child(as_view(node), name);
		found = child ? &child->node : NULL;
	} else if (node->sort == NODE_LISTING) {
		found = node_find(tree, node, name);
	} else {
		const struct listing *listing = resource_find_listing(as_resource(node), name);
		const struct view_dir *top = node == &tree->root->node ? view_find_top(tree, name) : NULL;
		found = listing ? &listing->node : top ? &top->node : NULL;
	}
	return found ? nodeid_encode(found->inode.serial, 0) : 0;
}

bool tree_is_used(const struct tree *tree, uint64_t id)
{
	uint32_t index;
	const struct inode *inode = tree_inode(tree, id, &index);

	return inode && inode->nlookup && !inode->is_version && as_node(inode)->sort == NODE_RESOURCE;
}

/* ---- how often users who did not mount the tree may refresh ---- */

static int64_t term_ms(const struct tree *tree, const struct node *node)
{
	const struct record *newest = node->sort == NODE_RESOURCE ? resource_newest(as_resource(node)) : NULL;

	if (node->sort == NODE_RESOURCE)
		return tree_ttl_ms(tree,
			newest && newest->terminal ? node->kind->ttl.terminal_s : node->kind->ttl.live_s);
	return tree_ttl_ms(tree, node->kind ? node->kind->ttl.list_s : TERM_S);
}

static int64_t *others_refresh_at(struct tree *tree, struct node *node)
{
	if (node->sort == NODE_LISTING)
		return &as_listing(node)->others_refresh_ms;
	if (node->sort == NODE_VIEW) {
		struct listing *of = as_view(node)->of;
		return of ? &of->others_refresh_ms : &resource_detail(tree, tree->root)->others_refresh_ms;
	}
	return &resource_detail(tree, as_resource(node))->others_refresh_ms;
}

int64_t tree_refresh_left_ms(struct tree *tree, struct node *top, int64_t now_ms)
{
	int64_t longest_ms = 0;

	for (struct node *node = top; node; node = node->parent) {
		int64_t at_ms = *others_refresh_at(tree, node),
			left_ms = at_ms + term_ms(tree, node) - now_ms;
		if (at_ms && left_ms > longest_ms)
			longest_ms = left_ms;
	}
	if (!longest_ms)
		*others_refresh_at(tree, top) = now_ms > 0 ? now_ms : 1;
	return longest_ms;
}
