/*
 * resource.c - directories: the root, listings, resources, .describefs; their names, what they are made of,
 * and the references to them.
 *
 * A name is unique in a listing, and in a directory of a view. The listings inside a resource are made at its
 * first lookup below it. A resource that no listing shows and nothing refers to is in the list of unlisted
 * resources. If that list has more than UNLISTED_MAX, collect.c frees the least recently used.
 */
#include "cache.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

/* ---- names ---- */

struct name_key {
	const struct node *parent;
	const char *name;
};

static uint64_t name_hash(const struct tree *tree, const struct node *parent, const char *name)
{
	return map_hash_text(&tree->names, parent->inode.serial, name);
}

static bool node_has_name(const void *value, const void *key)
{
	const struct node *node = value;
	const struct name_key *wanted = key;

	return node->parent == wanted->parent && !strcmp(node->name, wanted->name);
}

struct node *node_find(const struct tree *tree, const struct node *parent, const char *name)
{
	struct name_key key = { parent, name };

	return map_get(&tree->names, name_hash(tree, parent, name), node_has_name, &key);
}

struct resource *resource_find(const struct tree *tree, const struct listing *listing, const char *name)
{
	struct node *node = node_find(tree, &listing->node, name);

	return node ? as_resource(node) : NULL;
}

void node_path(const struct node *node, struct buf *out)
{
	if (!node->parent)
		return;
	node_path(node->parent, out);
	if (!*node->name) /* the directory of a .table.tsv has no name: its path is its parent's */
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

void unlisted_leave(struct tree *tree, struct resource *resource)
{
	if (list_is_empty(&resource->unlisted))
		return;
	list_remove(&resource->unlisted);
	tree->unlisted.n--;
}

void unlisted_join(struct tree *tree, struct resource *resource)
{
	if (!list_is_empty(&resource->unlisted))
		return;
	list_add_last(&tree->unlisted.lru, &resource->unlisted);
	tree->unlisted.n++;
}

/* ---- making ---- */

/* A listing may have a hundred thousand resources. README.md states this size. */
static_assert(sizeof(void *) != 8 || sizeof(struct resource) <= 200, "a resource has grown");

/* The size of the type that a node of this sort is a part of, without its name. */
static size_t sort_size(enum node_sort sort)
{
	switch (sort) {
	case NODE_LISTING:
		return sizeof(struct listing);
	case NODE_VIEW:
		return sizeof(struct view_dir);
	default:
		return sizeof(struct resource);
	}
}

/* The id is stored behind the name, unless the two are equal. */
static size_t node_size(enum node_sort sort, const char *name, const char *id)
{
	return sort_size(sort) + strlen(name) + 1 + (id && strcmp(id, name) ? strlen(id) + 1 : 0);
}

static void init_lists(struct node *node)
{
	if (node->sort == NODE_LISTING) {
		list_init(&as_listing(node)->below);
	} else if (node->sort == NODE_VIEW) {
		list_init(&as_view(node)->children);
		list_init(&as_view(node)->sibling);
		list_init(&as_view(node)->unreferenced);
	} else {
		list_init(&as_resource(node)->below);
		list_init(&as_resource(node)->unlisted);
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
	inode_register(tree, &node->inode);
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
	inode_unregister(tree, &node->inode);
	tree->memory -= node_size(node->sort, node->name, node->id);
	free(node);
}

static struct listing *listing_new(struct tree *tree, struct node *parent, const struct kind *kind)
{
	struct listing *listing = as_listing(node_new(tree, NODE_LISTING, parent, kind->name, NULL));

	listing->node.kind = kind;
	listing->members.next_seq = 1;
	return listing;
}

void resource_open(struct tree *tree, struct resource *resource)
{
	const struct catalog *catalog = tree->options.catalog;

	if (resource->n_listings || resource->node.sort == NODE_TEXTS ||
		(resource->node.kind && !resource->node.kind->children[0]))
		return;
	for (size_t i = 0; i < catalog->n_kinds; i++) {
		if (catalog->kinds[i]->parent != resource->node.kind)
			continue;
		resource->listings = xrealloc(resource->listings,
			(resource->n_listings + 1) * sizeof(*resource->listings));
		resource->listings[resource->n_listings++] = listing_new(tree, &resource->node,
			catalog->kinds[i]);
	}
}

struct listing *resource_find_listing(const struct resource *resource, const char *name)
{
	for (size_t i = 0; i < resource->n_listings; i++)
		if (!strcmp(resource->listings[i]->node.name, name))
			return resource->listings[i];
	return NULL;
}

struct listing *resource_listing(struct tree *tree, struct resource *resource, const char *name)
{
	resource_open(tree, resource);
	return resource_find_listing(resource, name);
}

struct resource *listing_add_resource(struct tree *tree, struct listing *listing, const char *name,
	const char *id)
{
	struct resource *resource = as_resource(node_new(tree, NODE_RESOURCE, &listing->node, name, id));

	resource->node.kind = listing->node.kind;
	node_add_name(tree, &resource->node);
	list_add_first(&listing->below, &resource->below);
	unlisted_join(tree, resource);
	return resource;
}

void resource_begin_others(struct tree *tree, struct resource *resource)
{
	resource->by_others_only = true;
	tree->unlisted.n_others++;
}

void resource_end_others(struct tree *tree, struct resource *resource)
{
	tree->unlisted.n_others -= resource->by_others_only;
	resource->by_others_only = false;
}

/* ---- members that are allocated when needed ---- */

static const struct record no_record;

static const struct failure no_failure;

const struct record *resource_described(const struct resource *resource)
{
	return resource->detail ? &resource->detail->described : &no_record;
}

struct detail *resource_detail(struct tree *tree, struct resource *resource)
{
	if (!resource->detail) {
		resource->detail = xcalloc(1, sizeof(*resource->detail));
		tree->memory += sizeof(*resource->detail);
	}
	return resource->detail;
}

struct node *refreshed_by(struct resource *resource)
{
	return kind_has_describe(resource->node.kind) ? &resource->node : resource->node.parent;
}

const struct failure *node_failure(const struct node *node)
{
	if (node->sort == NODE_LISTING)
		return &as_listing(node)->state.failures[FETCH_LIST];
	return as_resource(node)->failures ? &as_resource(node)->failures->failure : &no_failure;
}

struct failures *resource_failures(struct tree *tree, struct resource *resource)
{
	if (!resource->failures) {
		resource->failures = xcalloc(1, sizeof(*resource->failures));
		tree->memory += sizeof(*resource->failures);
	}
	return resource->failures;
}

void resource_drop_failures(struct tree *tree, struct resource *resource)
{
	if (!resource->failures)
		return;
	tree->memory -= sizeof(*resource->failures);
	free(resource->failures);
	resource->failures = NULL;
	resource->missing = false;
}

const struct record *resource_newest(const struct resource *resource)
{
	const struct record *detail = resource_described(resource), *listed = &resource->cached;

	if (!listed->provenance)
		return detail->provenance ? detail : NULL;
	if (!detail->provenance || detail->provenance->received_ms < listed->provenance->received_ms)
		return listed;
	return detail;
}

const void *node_last_answer(const struct node *node)
{
	const struct record *newest = resource_newest(as_resource(node));

	return newest ? newest->provenance : NULL;
}

int64_t node_last_sent_ms(const struct node *node)
{
	const struct record *newest = resource_newest(as_resource(node));

	return newest ? newest->provenance->sent_ms : 0;
}

/* ---- references ---- */

void node_pin(struct node *node)
{
	node->pins++;
}

void node_unpin(struct tree *tree, struct node *node)
{
	node->pins--;
	inode_idle(tree, &node->inode);
}

/* ---- what a call is about ---- */

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

	if (node->sort == NODE_VIEW) /* a view shows only kinds of the top level, which have no parent */
		return NULL;
	return listing && listing->parent ? listing->parent->id : NULL;
}

bool node_is_listed(const struct node *node)
{
	if (node->sort == NODE_LISTING)
		node = node->parent;
	if (node->sort == NODE_VIEW)
		return false;
	return as_resource(node)->membership.seq && !as_resource(node)->entered && !as_resource(node)->pinned;
}
