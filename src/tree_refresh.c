/*
 * tree_refresh.c - what is kept is not believed any more, because somebody said so.
 *
 * Nothing is thrown away: should the cloud not answer, the last good answer still stands in.  A resource is
 * the smallest thing that can be asked about, so a field stands for its resource.
 */
#include "tree_views.h"

#include <stdlib.h>
#include <string.h>

static void refresh_node(struct tree *tree, struct node *node);

static void refresh_part(struct part *part)
{
	part->expires_ms = part->refused_until_ms = 0;
	part->failure = (struct failure){ 0 };
}

/* Who belongs to it, not what they are. */
static void refresh_names(struct tree *tree, struct node *listing)
{
	listing->list_expires_ms = listing->whole_ms = 0; /* and to be read whole */
	memset(listing->failures, 0, sizeof(listing->failures));
	if (listing->aspects)
		memset(listing->aspects->refused_until_ms, 0, sizeof(listing->aspects->refused_until_ms));
	for (struct node *view = tree->parts; view; view = view->part->next)
		if (view->of == listing)
			refresh_part(view->part);
}

static void refresh_listing(struct tree *tree, struct node *listing)
{
	refresh_names(tree, listing);
	for (struct node *node = listing->first_below; node; node = node->below_next)
		refresh_node(tree, node);
}

static void refresh_node(struct tree *tree, struct node *node)
{
	if (node->sort == NODE_RESOURCE) {
		outlive_not(&node->listed, 0);
		if (node->inside)
			outlive_not(&node->inside->detail, 0);
		node_drop_trouble(tree, node);
	}
	for (size_t i = 0; i < node->n_listings; i++)
		refresh_listing(tree, node->listings[i]);
}

/* A view holds names alone: those of its listing, or of all. */
static void refresh_view(struct tree *tree, struct node *view)
{
	for (size_t i = 0; i < tree->root->n_listings; i++)
		if (!view->of || view->of == tree->root->listings[i])
			refresh_names(tree, tree->root->listings[i]);
}

/* What the id is a part of, and can be asked about; NULL: the mount's own texts. */
static struct node *node_to_refresh(const struct tree *tree, uint64_t id, const char *name)
{
	uint32_t index;
	struct object *object = tree_object(tree, id, &index);

	if (!object)
		return NULL;
	struct node *node = object->is_version ? ((struct version *)object)->owner : (struct node *)object;
	if (node == tree->texts || (node == tree->root && (object->is_version || name)))
		return NULL;
	if (node_is_table(node))
		return node->parent;
	return node->sort == NODE_LISTING && name ? node_find(tree, node, name) : node;
}

struct node *tree_refresh(struct tree *tree, uint64_t id, const char *name)
{
	struct node *node = node_to_refresh(tree, id, name);

	if (!node)
		return NULL;
	if (node->sort == NODE_VIEW)
		refresh_view(tree, node);
	else if (node->sort == NODE_LISTING)
		refresh_listing(tree, node);
	else
		refresh_node(tree, node);
	if (node->sort == NODE_RESOURCE && kind_has_describe(node->kind)) {
		node->doubted = true;
	} else if (node->sort == NODE_RESOURCE) { /* its list alone speaks of it */
		node->parent->list_expires_ms = 0;
		node->parent->failures[WANT_LIST] = (struct failure){ 0 };
	}
	tree->outage = (struct failure){ 0 };
	return node;
}

/* Whoever asked before that may take it; for all others it is over. */
static void outdate_stamp(struct stamp *stamp, int64_t at_ms)
{
	if (stamp && stamp->received_ms > at_ms)
		stamp->received_ms = at_ms;
}

void tree_outdate(struct node *listing, int64_t at_ms)
{
	if (listing->sort == NODE_VIEW && listing->part) {
		listing->part->expires_ms = 0;
		outdate_stamp(listing->part->stamp, at_ms);
	}
	if (listing->sort != NODE_LISTING)
		return;
	listing->list_expires_ms = 0;
	outdate_stamp(listing->list_stamp, at_ms);
	for (struct node *node = listing->first_below; node; node = node->below_next) {
		outlive_not(&node->listed, 0);
		outdate_stamp(node->listed.stamp, at_ms);
	}
}

static bool is_below(const struct node *node, const struct node *top)
{
	for (; node; node = node->parent)
		if (node == top)
			return true;
	return false;
}

bool node_concerns(const struct node *node, const struct node *top)
{
	const struct node *listing = node->sort == NODE_VIEW ? node->of : node;

	if (is_below(node, top) || (listing && is_below(listing, top)))
		return true;
	if (top->sort == NODE_VIEW) /* which is made of its listing, or of all */
		return listing && listing->sort == NODE_LISTING && (!top->of || top->of == listing);
	return top->sort == NODE_RESOURCE && !kind_has_describe(top->kind) && node == top->parent;
}

/* ---- what the kernel keeps of it ---- */

static void add_id(struct ids *ids, uint64_t id)
{
	if (ids->n == ids->room) {
		ids->room = ids->room ? ids->room * 2 : 64;
		ids->v = xrealloc(ids->v, ids->room * sizeof(*ids->v));
	}
	ids->v[ids->n++] = id;
}

static void add_held(const struct node *node, struct ids *out)
{
	bool is_view = node->sort == NODE_VIEW, is_listing = node->sort == NODE_LISTING;

	if (node->object.held) {
		uint32_t n_slots = !is_view && !is_listing && node->inside ? node->inside->n_slots : 0;
		for (uint32_t i = 0; i <= n_slots; i++)
			add_id(out, id_pack(node->object.serial, i));
	}
	if (is_view) {
		for (const struct node *child = node->first_child; child; child = child->child_next)
			add_held(child, out);
	} else if (is_listing) {
		for (const struct node *below = node->first_below; below; below = below->below_next)
			add_held(below, out);
	} else {
		for (size_t i = 0; i < node->n_listings; i++)
			add_held(node->listings[i], out);
	}
}

void node_held(const struct tree *tree, const struct node *node, struct ids *out)
{
	add_held(node, out);
	for (int i = 0; node == tree->root && i < VIEW_SORTS; i++)
		if (tree->views[i])
			add_held(tree->views[i], out);
}
