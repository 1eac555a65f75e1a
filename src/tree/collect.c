/*
 * collect.c - deferred collection, and max_memory.
 *
 * Below this file nothing is freed that another function may still hold a pointer to.  Dropping the last
 * reference to a directory or a version puts it on the idle list, and tree_collect frees it here, by type.
 * Lookups, attributes and reads collect before they begin.  Answers and tree_forget collect when they are
 * done, so that a mount that is not used keeps nothing.
 *
 * Three things are kept of a resource: the JSON of its list's item, thanks to which `cat ID/status` costs no
 * call; the JSON of the describe call's answer; and what a reader has looked into of the two, rendered, which
 * is a version and takes some three times as much.  Over max_memory, what is rendered goes first, the least
 * recently used before the others, and can be made again; of it, what the kernel holds is only folded, so
 * that its ids still stand for what they stood for.  Then the descriptions themselves go that the kernel does
 * not hold, and cost a call again.  A list's items go with their listing alone: a listing is never emptied by
 * its own size.
 */
#include "views.h"

#include <stdlib.h>

enum { IDLE_ROOM = 4096 }; /* of the idle list, kept when it is empty */

/* ---- what goes with what it belongs to ---- */

/* Its versions have no owner any more: they go with it, and do not wait on the idle list. */
static void drop_version(struct tree *tree, struct version *version)
{
	if (version && !version->object.held)
		version_free(tree, version);
}

static void unrender(struct tree *tree, struct record *record)
{
	struct version *version = record->version;

	record_unrender(tree, record);
	drop_version(tree, version);
}

static void drop_record(struct tree *tree, struct record *record)
{
	struct version *version = record->version;

	record_drop(tree, record);
	drop_version(tree, version);
}

static void drop_inside(struct tree *tree, struct node *node)
{
	if (!node->resource.inside)
		return;
	events_drop(tree, node->resource.inside);
	drop_record(tree, &node->resource.inside->detail);
	tree->memory -= sizeof(*node->resource.inside);
	free(node->resource.inside->subdir_index);
	free(node->resource.inside);
	node->resource.inside = NULL;
}

/* A table that no reader has open is made again when one looks it up. */
static void drop_table(struct tree *tree, struct node *table)
{
	drop_record(tree, &table->resource.inside->detail);
	if (!table->resource.inside->n_versions)
		drop_inside(tree, table);
}

static void table_free(struct tree *tree, struct node *table)
{
	if (!table)
		return;
	drop_inside(tree, table);
	node_release(tree, table);
}

static void drop_derived(struct tree *tree, struct node *listing)
{
	struct derived *derived = listing->list.derived;

	if (!derived)
		return;
	index_shrink(tree, listing);
	table_free(tree, derived->table);
	tree->memory -= sizeof(*derived);
	free(derived);
	listing->list.derived = NULL;
}

static void node_free(struct tree *tree, struct node *node);

static void leave_listing(struct tree *tree, struct node *node)
{
	struct node *listing = node->parent;

	node_remove_name(tree, node);
	list_remove(&node->resource.below);
	if (node->resource.counted_in_parent)
		listing->list.n_held--;
}

static void listing_free(struct tree *tree, struct node *listing)
{
	if (tree->scanned == listing)
		tree->scanned = NULL;
	while (!list_is_empty(&listing->list.below))
		node_free(tree, LIST_OWNER(list_first(&listing->list.below), struct node, resource.below));
	provenance_put(listing->list.state.stamp);
	provenance_put(listing->list.pass.page_stamp);
	reading_put(listing->list.pass.reading);
	free(listing->list.members.v);
	drop_derived(tree, listing);
	node_release(tree, listing);
}

static void free_listings(struct tree *tree, struct node *node)
{
	for (size_t i = 0; i < node->resource.n_listings; i++)
		listing_free(tree, node->resource.listings[i]);
	free(node->resource.listings);
	node->resource.listings = NULL;
	node->resource.n_listings = 0;
}

static void node_free(struct tree *tree, struct node *node)
{
	node_end_others(tree, node);
	free_listings(tree, node);
	node_leave_unlisted(tree, node);
	drop_record(tree, &node->resource.cached);
	drop_inside(tree, node);
	node_drop_trouble(tree, node);
	if (node->sort == NODE_RESOURCE)
		leave_listing(tree, node);
	node_release(tree, node);
}

/* ---- what is on the idle list ---- */

/* Whether the kernel, a call or a pin needs the node or something below it. */
static bool node_is_held(const struct node *node)
{
	const struct version *detail = node_detail(node)->version, *listed = node->resource.cached.version;
	unsigned current = (detail ? 1 : 0) + (listed ? 1 : 0);

	if (node->object.held || node->pins || node->resource.pinned)
		return true;
	if (node->resource.inside && node->resource.inside->n_versions > current)
		return true;
	for (size_t i = 0; i < node->resource.n_listings; i++) {
		const struct node *listing = node->resource.listings[i];
		if (listing->object.held || listing->pins || listing->list.n_held || table_is_held(listing))
			return true;
	}
	return version_is_held(detail) || version_is_held(listed);
}

/* Lets go of what only matters while the kernel knows the resource, or can be made again for nothing. */
static void shed(struct tree *tree, struct node *node)
{
	if (node->resource.inside && !node->object.held)
		events_drop(tree, node->resource.inside);
	/* what dates the directory stays */
	if (node->resource.inside && !node->resource.inside->detail.stamp &&
		!node->resource.inside->n_versions && !node->resource.inside->mtime_salt)
		drop_inside(tree, node);
	for (size_t i = 0; i < node->resource.n_listings; i++) {
		const struct node *listing = node->resource.listings[i];
		if (!list_is_empty(&listing->list.below) || listing->list.state.stamp ||
			listing->list.state.failures[FETCH_LIST].error)
			return;
	}
	free_listings(tree, node);
}

static void settle_resource(struct tree *tree, struct node *node)
{
	bool held = node_is_held(node);

	if (held != node->resource.counted_in_parent) {
		node->resource.counted_in_parent = held;
		node->parent->list.n_held += held ? 1U : -1U;
	}
	if (!held)
		shed(tree, node);
	if (held || node_is_shown(node))
		node_leave_unlisted(tree, node);
	else
		node_join_unlisted(tree, node);
}

/* A resource, and those that it is in: each counts what is held below it. */
static void settle_node(struct tree *tree, struct node *node)
{
	if (node->sort == NODE_VIEW) {
		view_settle(tree, node);
		return;
	}
	if (node_is_table(node))
		node = node->parent;
	if (node->sort == NODE_LISTING)
		node = node->parent;
	for (; node->sort == NODE_RESOURCE; node = node->parent->parent)
		settle_resource(tree, node);
}

static void settle_version(struct tree *tree, struct version *version)
{
	struct node *owner = version->owner;

	if (version->object.held)
		;
	else if (!version->current)
		version_free(tree, version);
	else if (node_is_table(owner))
		drop_table(tree, owner);
	else if (version_is_double(version) ||
		(version == owner->resource.cached.version && !version->snapshot))
		unrender(tree, &owner->resource.cached);
	else if (list_is_empty(&version->lru))
		version_use_least(tree, version);
	settle_node(tree, owner);
}

static void free_oldest_unlisted(struct tree *tree)
{
	struct node *oldest = LIST_OWNER(list_first(&tree->unlisted.lru), struct node, resource.unlisted);

	if (node_is_held(oldest) || node_is_shown(oldest))
		node_leave_unlisted(tree,
			oldest); /* came to be needed since: its last reference settles it */
	else
		node_free(tree, oldest);
}

/* The list grows while it is gone through; what was freed meanwhile is not found. */
static void settle_idle(struct tree *tree)
{
	for (size_t i = 0; i < tree->inodes.idle.n; i++) {
		struct inode *inode = inode_take_idle(tree, i);
		if (inode && inode->is_version)
			settle_version(tree, (struct version *)inode);
		else if (inode)
			settle_node(tree, (struct node *)inode);
	}
	tree->inodes.idle.n = 0;
	if (tree->inodes.idle.room > IDLE_ROOM) {
		free(tree->inodes.idle.v);
		tree->inodes.idle = (struct ids){ 0 };
	}
	while (tree->unlisted.n > UNLISTED_MAX)
		free_oldest_unlisted(tree);
}

/* ---- max_memory ---- */

/* Takes the oldest out of the list; NULL: it is empty, or nothing exceeds max_memory. */
static struct version *take_oldest(struct tree *tree, const struct list *lru)
{
	struct list *first = list_first(lru);

	if (!first || tree_bytes(tree) <= tree->options.max_memory)
		return NULL;
	struct version *version = LIST_OWNER(first, struct version, lru);
	version_leave_lru(tree, version);
	return version;
}

static void fold(struct tree *tree, struct version *version)
{
	struct node *node = version->owner;

	if (!version_is_held(version) && version == node->resource.cached.version) {
		unrender(tree, &node->resource.cached);
		return;
	}
	version_fold(tree, version); /* or not, when it has no text: then it can only go as a whole */
	if (!version_is_held(version))
		version_join_folded(tree, version);
}

static void let_go(struct tree *tree, struct version *version)
{
	struct node *node = version->owner;

	if (version_is_held(version) || version != node_detail(node)->version)
		return;
	node->resource.outdone |= node->resource.cached.stamp && node_newest(node) != &node->resource.cached;
	drop_record(tree, &node->resource.inside->detail);
}

static void shrink(struct tree *tree)
{
	/*
	 * The newest stays: a reader that waits for it has not taken it yet, and would ask for it again and
	 * again.  So does what was fetched ahead of a scan, among what the scan itself uses.
	 */
	size_t spared = tree->scanned ? 2 * SCAN_AHEAD_MAX + 1 : 1;
	struct version *version;

	views_fold(tree);
	while (tree->versions.n_rendered > spared && (version = take_oldest(tree, &tree->versions.rendered)))
		fold(tree, version);
	while ((version = take_oldest(tree, &tree->versions.folded)))
		let_go(tree, version);
	views_shrink(tree);
}

void tree_collect(struct tree *tree)
{
	settle_idle(tree);
	shrink(tree);
	if (tree->inodes.idle.n)
		settle_idle(tree);
}

static void free_replaced_versions(struct tree *tree)
{
	struct inode *inode;
	bool freed;

	do { /* a removal moves others back, maybe past us: they are met when we come round again */
		size_t at = 0;
		freed = false;
		while ((inode = map_next(&tree->inodes.by_serial, &at))) {
			if (!inode->is_version || ((struct version *)inode)->current)
				continue;
			version_free(tree, (struct version *)inode);
			freed = true;
		}
	} while (freed);
}

void tree_collect_all(struct tree *tree)
{
	size_t at = 0;
	struct inode *inode;

	/* the kernel is gone: nothing is held any more */
	while ((inode = map_next(&tree->inodes.by_serial, &at)))
		inode->held = 0;
	free_replaced_versions(tree);
	views_free(tree);
	node_free(tree, tree->texts);
	node_free(tree, tree->root);
}
