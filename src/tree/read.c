/*
 * read.c - the bytes of a file: of a version's entry, of .wait or of .events.
 */
#include "cache.h"

enum watched tree_watched(const struct tree *tree, uint64_t id)
{
	uint32_t index = nodeid_decode(id).index;

	/* no version has so many entries: the index alone decides */
	(void)tree;
	return index == INDEX_WAIT ? WATCHED_STATUS : index == INDEX_EVENTS ? WATCHED_CHANGES : WATCHED_NOT;
}

static const char *read_watched(const struct tree *tree, const struct resource *resource, uint32_t index,
	size_t *size)
{
	const struct follow *follow = resource->detail ? resource->detail->follow : NULL;
	const struct buf *bytes = NULL;

	if (index == INDEX_WAIT && tree->wait_result.id == nodeid_encode(resource->node.inode.serial, index))
		bytes = &tree->wait_result.status;
	else if (index == INDEX_EVENTS && follow)
		bytes = &follow->lines;
	*size = bytes ? bytes->len : 0;
	if (index == INDEX_EVENTS && !follow) /* the log was dropped: it begins anew at the next lookup */
		return "";
	return bytes ? bytes->data : NULL;
}

const char *tree_read(struct tree *tree, uint64_t id, size_t *size)
{
	uint32_t index;

	tree_collect(tree);
	struct inode *inode = tree_inode(tree, id, &index);

	if (inode && !inode->is_version && index >= INDEX_EVENTS)
		return read_watched(tree, as_resource(as_node(inode)), index, size);
	if (!inode || !inode->is_version)
		return NULL;
	const struct snapshot *snapshot = version_look(tree, as_version(inode));
	if (index >= snapshot->n_entries || snapshot->entries[index].directory)
		return NULL;
	return snapshot_bytes(snapshot, index, size);
}
