/*
 * tree_look.c - what a node or an id is, for those who only pass it on: the engine's calls, logs.
 */
#include "tree_node.h"

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
	return node->seq && !node->entered && !node->pinned;
}

void **node_fetch(struct node *node, enum fetch_kind fetch_kind)
{
	/* of a listing two things may be asked at once, of anything else there is one */
	return fetch_kind == FETCH_WHOLE ? &node->whole : &node->fetch;
}

void tree_path(struct tree *tree, uint64_t id, struct buf *out)
{
	uint32_t index;
	struct inode *object = tree_inode(tree, id, &index);

	if (!object)
		return;
	if (!object->is_version) {
		const struct node *node = (struct node *)object;
		node_path(node, out);
		if (index == INDEX_WAIT || index == INDEX_EVENTS)
			buf_puts(out, index == INDEX_WAIT ? "/.wait" : "/.events");
		else if (node->sort != NODE_LISTING && node->sort != NODE_VIEW) /* no files are inside */
			version_slot_path(tree, node, index, out);
		return;
	}
	struct version *version = (struct version *)object;
	node_path(version->owner, out);
	version_path(tree, version, index, out);
}
