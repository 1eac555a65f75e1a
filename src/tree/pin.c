/*
 * pin.c - ids that the user pins: a listing that cannot know them shows them.
 */
#include "cache.h"

#include <string.h>

#include "base/name.h"

/* Shows the id in the listing; NULL when it is none of this kind. */
static struct node *pin_id(struct tree *tree, struct node *listing, const char *name)
{
	struct node *node = NULL;
	struct buf id;

	buf_init_whole(&id, NAME_BYTES_MAX + 1);
	if (name_unescape(&id, name) && kind_accepts_id(listing->kind, id.data)) {
		node = node_find(tree, listing, name);
		if (!node)
			node = node_add_resource(tree, listing, name, id.data);
		if (!node_is_shown(node) && listing->kind->partial)
			node_show(tree, listing, node);
		node->resource.pinned = true;
		inode_idle(tree, &node->object);
	}
	buf_release(&id);
	return node;
}

bool tree_pin(struct tree *tree, const char *pin, struct buf *why)
{
	struct node *at = tree->root, *next = at;
	struct buf name;

	buf_init_whole(&name, NAME_BYTES_MAX + 1);
	for (const char *word = pin; next && *word;) {
		size_t len = strcspn(word, "/");
		buf_clear(&name);
		buf_add(&name, word, len);
		word += len + (word[len] == '/');
		next = at->sort == NODE_LISTING ? pin_id(tree, at, name.data) :
						  node_listing(tree, at, name.data);
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
