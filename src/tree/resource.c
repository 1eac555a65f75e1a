/*
 * resource.c - directories that stand (the root, listings, resources, .describefs): their names, their parts,
 * and the references to them.
 *
 * Names are unique below a listing, and below a directory of a view.  The listings inside a resource are made
 * at their first lookup.  A resource that no listing shows and nothing refers to is in the ring of
 * unlisted resources: collect.c frees the least recently used past UNLISTED_MAX.
 */
#include "cache.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

/* ---- names ---- */

struct name_key {
	const struct node *listing;
	const char *name;
};

static uint64_t name_hash(const struct tree *tree, const struct node *listing, const char *name)
{
	return map_hash_text(&tree->names, listing->object.serial, name);
}

static bool node_has_name(const void *value, const void *key)
{
	const struct node *node = value;
	const struct name_key *wanted = key;

	return node->parent == wanted->listing && !strcmp(node->name, wanted->name);
}

struct node *node_find(const struct tree *tree, const struct node *listing, const char *name)
{
	struct name_key key = { listing, name };

	return map_get(&tree->names, name_hash(tree, listing, name), node_has_name, &key);
}

void node_path(const struct node *node, struct buf *out)
{
	if (!node->parent)
		return;
	node_path(node->parent, out);
	if (!*node->name) /* it lies where its parent does */
		return;
	buf_putc(out, '/');
	buf_puts(out, node->name);
}

void node_add_name(struct tree *tree, struct node *node)
{
	map_add(&tree->names, name_hash(tree, node->parent, node->name), node);
}

void node_remove_name(struct tree *tree, struct node *node)
{
	map_remove(&tree->names, name_hash(tree, node->parent, node->name), node);
}

/* ---- unlisted resources (LRU) ---- */

void node_leave_unlisted(struct tree *tree, struct node *node)
{
	if (list_is_empty(&node->resource.unlisted))
		return;
	list_remove(&node->resource.unlisted);
	tree->unlisted.n--;
}

void node_join_unlisted(struct tree *tree, struct node *node)
{
	if (!list_is_empty(&node->resource.unlisted))
		return;
	list_add_last(&tree->unlisted.lru, &node->resource.unlisted);
	tree->unlisted.n++;
}

/* ---- making ---- */

/* A node of this sort, without its name. */
static size_t sort_size(enum node_sort sort)
{
	switch (sort) {
	case NODE_LISTING:
		return offsetof(struct node, list) + sizeof(struct listing);
	case NODE_VIEW:
		return offsetof(struct node, view) + sizeof(struct view_dir);
	default:
		return offsetof(struct node, resource) + sizeof(struct resource);
	}
}

/* The id stands behind the name, unless they are the same. */
static size_t node_size(enum node_sort sort, const char *name, const char *id)
{
	return sort_size(sort) + strlen(name) + 1 + (id && strcmp(id, name) ? strlen(id) + 1 : 0);
}

static void init_lists(struct node *node)
{
	if (node->sort == NODE_LISTING) {
		list_init(&node->list.below);
	} else if (node->sort == NODE_VIEW) {
		list_init(&node->view.children);
		list_init(&node->view.sibling);
		list_init(&node->view.unreferenced);
	} else {
		list_init(&node->resource.below);
		list_init(&node->resource.unlisted);
	}
}

struct node *node_new(struct tree *tree, enum node_sort sort, struct node *parent, const char *name,
	const char *id)
{
	size_t size = node_size(sort, name, id);
	struct node *node = xcalloc(1, size);
	struct buf path;

	node->sort = (unsigned char)sort;
	init_lists(node);
	node->parent = parent;
	node->name = (char *)node + sort_size(sort);
	memcpy(node->name, name, strlen(name));
	if (id) {
		node->id = strcmp(id, name) ? node->name + strlen(name) + 1 : node->name;
		memcpy(node->id, id, strlen(id));
	}
	tree->memory += size;
	inode_register(tree, &node->object);
	buf_init(&path, SIZE_MAX);
	node_path(node, &path);
	if (path.full)
		out_of_memory();
	node->ino = hash_bytes(0, path.data, path.len);
	if (node->ino <= TREE_ROOT)
		node->ino += 2;
	buf_release(&path);
	return node;
}

void node_release(struct tree *tree, struct node *node)
{
	inode_unregister(tree, &node->object);
	tree->memory -= node_size(node->sort, node->name, node->id);
	free(node);
}

static struct node *listing_new(struct tree *tree, struct node *parent, const struct kind *kind)
{
	struct node *node = node_new(tree, NODE_LISTING, parent, kind->name, NULL);

	node->kind = kind;
	node->list.members.next_seq = 1;
	return node;
}

void node_open(struct tree *tree, struct node *node)
{
	const struct catalog *catalog = tree->options.catalog;

	if (node->resource.n_listings || node->sort == NODE_TEXTS || (node->kind && !node->kind->children[0]))
		return;
	for (size_t i = 0; i < catalog->n_kinds; i++) {
		if (catalog->kinds[i]->parent != node->kind)
			continue;
		node->resource.listings = xrealloc(node->resource.listings,
			(node->resource.n_listings + 1) * sizeof(*node->resource.listings));
		node->resource.listings[node->resource.n_listings++] = listing_new(tree, node,
			catalog->kinds[i]);
	}
}

struct node *node_listing(struct tree *tree, struct node *node, const char *name)
{
	node_open(tree, node);
	for (size_t i = 0; i < node->resource.n_listings; i++)
		if (!strcmp(node->resource.listings[i]->name, name))
			return node->resource.listings[i];
	return NULL;
}

struct node *node_add_resource(struct tree *tree, struct node *listing, const char *name, const char *id)
{
	struct node *node = node_new(tree, NODE_RESOURCE, listing, name, id);

	node->kind = listing->kind;
	node_add_name(tree, node);
	list_add_first(&listing->list.below, &node->resource.below);
	node_join_unlisted(tree, node);
	return node;
}

void node_begin_others(struct tree *tree, struct node *node)
{
	node->resource.others = true;
	tree->unlisted.n_others++;
}

void node_end_others(struct tree *tree, struct node *node)
{
	tree->unlisted.n_others -= node->resource.others;
	node->resource.others = false;
}

/* ---- parts ---- */

static const struct record no_record;

static const struct failure no_failure;

const struct record *node_detail(const struct node *node)
{
	return node->resource.inside ? &node->resource.inside->detail : &no_record;
}

struct inside *node_inside(struct tree *tree, struct node *node)
{
	if (!node->resource.inside) {
		node->resource.inside = xcalloc(1, sizeof(*node->resource.inside));
		tree->memory += sizeof(*node->resource.inside);
	}
	return node->resource.inside;
}

const struct failure *node_failure(const struct node *node)
{
	if (node->sort == NODE_LISTING)
		return &node->list.state.failures[FETCH_LIST];
	return node->resource.failures ? &node->resource.failures->failure : &no_failure;
}

struct failures *node_trouble(struct tree *tree, struct node *node)
{
	if (!node->resource.failures) {
		node->resource.failures = xcalloc(1, sizeof(*node->resource.failures));
		tree->memory += sizeof(*node->resource.failures);
	}
	return node->resource.failures;
}

void node_drop_trouble(struct tree *tree, struct node *node)
{
	if (!node->resource.failures)
		return;
	tree->memory -= sizeof(*node->resource.failures);
	free(node->resource.failures);
	node->resource.failures = NULL;
	node->resource.missing = false;
}

const struct record *node_newest(const struct node *node)
{
	const struct record *detail = node_detail(node), *listed = &node->resource.cached;

	if (!listed->stamp)
		return detail->stamp ? detail : NULL;
	if (!detail->stamp || detail->stamp->received_ms < listed->stamp->received_ms)
		return listed;
	return detail;
}

const void *node_last_answer(const struct node *resource)
{
	const struct record *newest = node_newest(resource);

	return newest ? newest->stamp : NULL;
}

/* ---- references ---- */

void node_pin(struct node *node)
{
	node->pins++;
}

void node_unpin(struct tree *tree, struct node *node)
{
	node->pins--;
	inode_idle(tree, &node->object);
}

/* ---- what a call is to be about ---- */

const struct kind *node_kind(const struct node *node)
{
	return node->kind;
}

const char *node_id(const struct node *node)
{
	return node->sort == NODE_RESOURCE ? node->id : NULL;
}

const char *node_parent_id(const struct node *node)
{
	const struct node *listing = node->sort == NODE_RESOURCE ? node->parent : node;

	if (node->sort == NODE_VIEW) /* of the top's kinds alone */
		return NULL;
	return listing && listing->parent ? listing->parent->id : NULL;
}

bool node_is_listed(const struct node *node)
{
	if (node->sort == NODE_LISTING)
		node = node->parent;
	if (node->sort == NODE_VIEW)
		return false;
	return node->resource.membership.seq && !node->resource.entered && !node->resource.pinned;
}
