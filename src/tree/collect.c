/*
 * collect.c - deferred collection, and max_memory.
 *
 * The files below this one free no directory and no version, so a pointer to one stays valid in them. A
 * function that drops the last reference to a directory or a version puts it on the idle list, and
 * tree_collect frees it here, by type. Lookups, attributes and reads collect before they begin. Answers and
 * tree_forget collect when they are done, so a mount that is not used keeps nothing.
 *
 * Three things are kept of a resource: the JSON of its list's item, with which `cat ID/status` costs no call;
 * the JSON of the describe call's answer; and a version of each that a reader has looked into, which is
 * rendered and takes about three times the memory. When max_memory is exceeded, they are evicted in this
 * order, each the least recently used first:
 *
 * 1. Snapshots. They can be rendered again from their text. A version that the kernel holds is only folded
 * (it keeps its ids and its text), so its ids stay valid.
 *
 * 2. Descriptions that the kernel does not hold. The next read of one costs a call.
 *
 * A list's items are dropped with their listing alone: the size of a listing never empties it.
 */
#include "views.h"

#include <stdlib.h>

enum { IDLE_ROOM = 4096 }; /* serials: room that the idle list keeps when it is empty */

/* ---- what goes with what it belongs to ---- */

/*
 * Frees a version at once if the kernel does not hold it. Its owner is being freed, so it must not wait on
 * the idle list.
 */
static void drop_version(struct tree *tree, struct version *version)
{
	if (version && !version->inode.nlookup)
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

static void drop_detail(struct tree *tree, struct resource *resource)
{
	if (!resource->detail)
		return;
	events_drop(tree, resource->detail);
	drop_record(tree, &resource->detail->described);
	tree->memory -= sizeof(*resource->detail);
	free(resource->detail->subdir_index);
	free(resource->detail);
	resource->detail = NULL;
}

/* Frees a table that no reader has open: the next lookup makes it again. */
static void drop_table(struct tree *tree, struct resource *table)
{
	drop_record(tree, &table->detail->described);
	if (!table->detail->n_versions)
		drop_detail(tree, table);
}

static void table_free(struct tree *tree, struct resource *table)
{
	if (!table)
		return;
	drop_detail(tree, table);
	node_release(tree, &table->node);
}

static void drop_derived(struct tree *tree, struct listing *listing)
{
	struct derived *derived = listing->derived;

	if (!derived)
		return;
	index_shrink(tree, listing);
	table_free(tree, derived->table);
	tree->memory -= sizeof(*derived);
	free(derived);
	listing->derived = NULL;
}

static void node_free(struct tree *tree, struct resource *resource);

static void leave_listing(struct tree *tree, struct resource *resource)
{
	struct listing *listing = listing_of(resource);

	node_remove_name(tree, &resource->node);
	list_remove(&resource->below);
	if (resource->counted_in_parent)
		listing->n_held--;
}

static void listing_free(struct tree *tree, struct listing *listing)
{
	if (tree->scanned == listing)
		tree->scanned = NULL;
	while (!list_is_empty(&listing->below))
		node_free(tree, LIST_OWNER(list_first(&listing->below), struct resource, below));
	provenance_put(listing->state.provenance);
	provenance_put(listing->pass.page_provenance);
	reading_put(listing->pass.reading);
	free(listing->members.v);
	drop_derived(tree, listing);
	node_release(tree, &listing->node);
}

static void free_listings(struct tree *tree, struct resource *resource)
{
	for (size_t i = 0; i < resource->n_listings; i++)
		listing_free(tree, resource->listings[i]);
	free(resource->listings);
	resource->listings = NULL;
	resource->n_listings = 0;
}

static void node_free(struct tree *tree, struct resource *resource)
{
	resource_end_others(tree, resource);
	free_listings(tree, resource);
	unlisted_leave(tree, resource);
	drop_record(tree, &resource->cached);
	drop_detail(tree, resource);
	resource_drop_failures(tree, resource);
	if (resource->node.sort == NODE_RESOURCE)
		leave_listing(tree, resource);
	node_release(tree, &resource->node);
}

/* ---- what is on the idle list ---- */

/* Whether the kernel, a call or a pin needs the resource or a directory below it. */
static bool resource_is_held(const struct resource *resource)
{
	const struct version *detail = resource_described(resource)->version,
			     *listed = resource->cached.version;
	unsigned current = (detail ? 1 : 0) + (listed ? 1 : 0);

	if (resource->node.inode.nlookup || resource->node.pins || resource->pinned)
		return true;
	if (resource->detail && resource->detail->n_versions > current)
		return true;
	for (size_t i = 0; i < resource->n_listings; i++) {
		const struct listing *listing = resource->listings[i];
		if (listing->node.inode.nlookup || listing->node.pins || listing->n_held ||
			table_is_held(listing))
			return true;
	}
	return version_is_held(detail) || version_is_held(listed);
}

/*
 * Frees what matters only while the kernel knows the resource, and listings below it that can be made again
 * without a call.
 */
static void shed(struct tree *tree, struct resource *resource)
{
	if (resource->detail && !resource->node.inode.nlookup)
		events_drop(tree, resource->detail);
	/* a detail with a mtime_salt stays: it is a part of the mtime */
	if (resource->detail && !resource->detail->described.provenance && !resource->detail->n_versions &&
		!resource->detail->mtime_salt)
		drop_detail(tree, resource);
	for (size_t i = 0; i < resource->n_listings; i++) {
		const struct listing *listing = resource->listings[i];
		if (!list_is_empty(&listing->below) || listing->state.provenance ||
			listing->state.failures[FETCH_LIST].error)
			return;
	}
	free_listings(tree, resource);
}

static void settle_resource(struct tree *tree, struct resource *resource)
{
	bool held = resource_is_held(resource);

	if (held != resource->counted_in_parent) {
		resource->counted_in_parent = held;
		listing_of(resource)->n_held += held ? 1U : -1U;
	}
	if (!held)
		shed(tree, resource);
	if (held || resource_is_shown(resource))
		unlisted_leave(tree, resource);
	else
		unlisted_join(tree, resource);
}

/*
 * Settles a resource, then each resource above it, because each listing counts its resources that are needed
 * (n_held).
 */
static void settle_node(struct tree *tree, struct node *node)
{
	if (node->sort == NODE_VIEW) {
		view_settle(tree, as_view(node));
		return;
	}
	if (node_is_table(node))
		node = node->parent;
	if (node->sort == NODE_LISTING)
		node = node->parent;
	for (; node->sort == NODE_RESOURCE; node = node->parent->parent)
		settle_resource(tree, as_resource(node));
}

static void settle_version(struct tree *tree, struct version *version)
{
	struct resource *owner = version->owner;

	if (version->inode.nlookup)
		;
	else if (!version->current)
		version_free(tree, version);
	else if (node_is_table(&owner->node))
		drop_table(tree, owner);
	else if (version_is_double(version) || (version == owner->cached.version && !version->snapshot))
		unrender(tree, &owner->cached);
	else if (list_is_empty(&version->lru))
		version_use_least(tree, version);
	settle_node(tree, &owner->node);
}

static void free_oldest_unlisted(struct tree *tree)
{
	struct resource *oldest = LIST_OWNER(list_first(&tree->unlisted.lru), struct resource, unlisted);

	if (resource_is_held(oldest) || resource_is_shown(oldest))
		unlisted_leave(tree, oldest); /* needed again: dropping its last reference settles it */
	else
		node_free(tree, oldest);
}

/*
 * Settling an inode may append others, so the loop reads n each time. An inode that was freed meanwhile is
 * not found by its serial.
 */
static void settle_idle(struct tree *tree)
{
	for (size_t i = 0; i < tree->inodes.idle.n; i++) {
		struct inode *inode = inode_take_idle(tree, i);
		if (inode && inode->is_version)
			settle_version(tree, as_version(inode));
		else if (inode)
			settle_node(tree, as_node(inode));
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

/*
 * Takes the least recently used version out of the list; NULL: the list is empty, or memory is below
 * max_memory.
 */
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
	struct resource *resource = version->owner;

	if (!version_is_held(version) && version == resource->cached.version) {
		unrender(tree, &resource->cached);
		return;
	}
	version_fold(tree, version); /* changes nothing if it has no text */
	if (!version_is_held(version))
		version_join_folded(tree, version);
}

static void let_go(struct tree *tree, struct version *version)
{
	struct resource *resource = version->owner;

	if (version_is_held(version) || version != resource_described(resource)->version)
		return;
	resource->item_superseded |= resource->cached.provenance &&
		resource_newest(resource) != &resource->cached;
	drop_record(tree, &resource->detail->described);
}

static void shrink(struct tree *tree)
{
	/*
	 * The newest version stays: the reader that waits for it has not read it yet, and would ask for it
	 * again and again. If a reader scans a listing, the versions that were fetched ahead stay too, among
	 * those of the scan itself.
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

	do { /* a removal moves other slots back, maybe past `at`: the next round finds those */
		size_t at = 0;
		freed = false;
		while ((inode = map_next(&tree->inodes.by_serial, &at))) {
			if (!inode->is_version || as_version(inode)->current)
				continue;
			version_free(tree, as_version(inode));
			freed = true;
		}
	} while (freed);
}

void tree_collect_all(struct tree *tree)
{
	size_t at = 0;
	struct inode *inode;

	/* the kernel is gone and holds nothing any more */
	while ((inode = map_next(&tree->inodes.by_serial, &at)))
		inode->nlookup = 0;
	free_replaced_versions(tree);
	views_free(tree);
	node_free(tree, tree->texts);
	node_free(tree, tree->root);
}
