/*
 * pin.c - ids that the user pins with -o pin: a listing shows them although no list call returns them.
 */
#include "cache.h"

#include <string.h>

#include "base/name.h"

/* Shows the id in the listing; NULL: it is no id of this kind. */
static struct resource *pin_id(struct tree *tree, struct listing *listing, const char *name)
{
	struct resource *resource = NULL;
	struct buf id;

	buf_init_whole(&id, NAME_BYTES_MAX + 1);
	if (name_unescape(&id, name) && kind_accepts_id(listing->node.kind, id.data)) {
		resource = resource_find(tree, listing, name);
		if (!resource)
			resource = listing_add_resource(tree, listing, name, id.data);
		if (!resource_is_shown(resource) && listing->node.kind->partial)
			listing_show(tree, listing, resource);
		resource->pinned = true;
		inode_idle(tree, &resource->node.inode);
	}
	buf_release(&id);
	return resource;
}

/* The directory of that name in `at`; NULL: there is none. */
static struct node *pin_step(struct tree *tree, struct node *at, const char *name)
{
	if (at->sort == NODE_LISTING) {
		struct resource *resource = pin_id(tree, as_listing(at), name);
		return resource ? &resource->node : NULL;
	}
	struct listing *listing = resource_listing(tree, as_resource(at), name);
	return listing ? &listing->node : NULL;
}

bool tree_pin(struct tree *tree, const char *pin, struct buf *why)
{
	struct node *at = &tree->root->node, *next = at;
	struct buf name;

	buf_init_whole(&name, NAME_BYTES_MAX + 1);
	for (const char *word = pin; next && *word;) {
		size_t len = strcspn(word, "/");
		buf_clear(&name);
		buf_add(&name, word, len);
		word += len + (word[len] == '/');
		next = pin_step(tree, at, name.data);
		at = next ? next : at;
	}
	buf_release(&name);
	if (next && at->sort == NODE_RESOURCE)
		return true;
	buf_printf(why, "pin=%s: %s", pin,
		next || at->sort != NODE_LISTING ? "no such kind; it is KIND/ID or KIND/ID/SUBKIND/ID" :
						   "not an id of this kind");
	return false;
}
