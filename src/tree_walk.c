/*
 * tree_walk.c - going through a directory, and reading a file.
 *
 * A listing's cookie is its member's seq, which no other member ever gets; a resource's is made of
 * the version and the place in its directory.  So a pass that goes on after a refresh meets
 * everything that stands exactly once.
 */
#include "tree_node.h"

static bool next_resource(const struct tree *tree, const struct node *listing, uint64_t *cookie,
	const char **name, struct entry *entry, struct asked asked)
{
	size_t low = 0, high = listing->n_entries;

	while (low < high) { /* the first one past the cookie */
		size_t middle = low + (high - low) / 2;
		if (listing->entries[middle]->seq <= *cookie)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == listing->n_entries)
		return false;
	const struct node *node = listing->entries[low];
	*cookie = node->seq;
	*name = node->name;
	*entry = resource_entry(tree, node, listing_left_ms(tree, listing, asked), asked);
	if (node->missing || (!node->listed.stamp && kind_has_describe(node->kind)))
		entry->id = 0; /* let a lookup decide */
	return true;
}

/* The version that a cookie was made of, while it lives; else the one that is current now. */
static struct version *cookie_version(const struct tree *tree, uint64_t cookie, struct node *node,
	struct version *current)
{
	uint32_t index;
	struct object *object = tree_object(tree, cookie + TREE_ROOT, &index);

	if (object && object->is_version && ((struct version *)object)->owner == node)
		return (struct version *)object;
	return current;
}

/*
 * Cookies: 1.. for the listings inside, then (version, how many of its entries have been met)
 * packed like an id.  A place, because it also means something in the next version, should nobody
 * have kept this one.
 */
static bool next_inner(struct tree *tree, struct node *node, uint32_t slot, uint64_t *cookie,
	const char **name, struct entry *entry, struct asked asked)
{
	node_open(tree, node);
	size_t n_listings = slot ? 0 : node->n_listings;

	if (*cookie < n_listings) {
		struct node *listing = node->listings[(*cookie)++];
		*name = listing->name;
		*entry = listing_entry(tree, listing, asked);
		return true;
	}
	struct view view = view_of(tree, node, slot, NULL, asked);
	uint32_t after = *cookie > ID_INDEX_MASK ? (uint32_t)(*cookie & ID_INDEX_MASK) : 0;
	struct version *version = view.found ? view.version : NULL;
	if (after)
		version = cookie_version(tree, *cookie, node, version);
	uint32_t directory = version ? version_directory(version, slot) : UINT32_MAX;
	if (directory == UINT32_MAX)
		return false;
	const struct snapshot *snapshot = version_look(tree, version);
	const struct snapshot_entry *top = &snapshot->entries[directory];
	if (after >= top->count)
		return false;
	uint32_t next = top->first + after;
	*cookie = version->object.serial << ID_INDEX_BITS | (after + 1);
	*name = snapshot_name(snapshot, next);
	*entry = inner_entry(tree, version, next, version->current && view.found ? view.left_ms : 0);
	return true;
}

bool tree_next(struct tree *tree, uint64_t id, uint64_t *cookie, const char **name,
	struct entry *entry, struct asked asked)
{
	uint32_t index;

	tree_shrink(tree);
	struct object *object = tree_object(tree, id, &index);

	if (!object || object->is_version)
		return false;
	struct node *node = (struct node *)object;
	if (node->sort == NODE_LISTING)
		return next_resource(tree, node, cookie, name, entry, asked);
	return next_inner(tree, node, index, cookie, name, entry, asked);
}

const char *tree_read(struct tree *tree, uint64_t id, size_t *size)
{
	uint32_t index;

	tree_shrink(tree);
	struct object *object = tree_object(tree, id, &index);

	if (!object || !object->is_version)
		return NULL;
	const struct snapshot *snapshot = version_look(tree, (struct version *)object);
	if (index >= snapshot->n_entries || snapshot->entries[index].directory)
		return NULL;
	return snapshot_bytes(snapshot, index, size);
}
