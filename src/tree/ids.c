/*
 * ids.c - node ids: (serial, index) packed, and the table of inodes by serial.
 *
 * A serial is never used again. A function that drops a reference to an inode puts the inode's serial on the
 * idle list. tree_collect takes it from there and frees the inode if nothing needs it. If the inode was freed
 * before that, its serial is not found.
 */
#include "cache.h"

/*
 * The first tree's root has serial 0 and index 0, and FUSE's root id is 1. Other trees have higher serials.
 */
uint64_t nodeid_encode(uint64_t serial, uint32_t index)
{
	return (serial << ID_INDEX_BITS | index) + TREE_ROOT;
}

struct nodeid nodeid_decode(uint64_t id)
{
	uint64_t packed = id - TREE_ROOT;

	return (struct nodeid){ packed >> ID_INDEX_BITS, (uint32_t)(packed & ID_INDEX_MASK) };
}

unsigned tree_number(uint64_t id)
{
	return id < TREE_ROOT ? 0 : (unsigned)(nodeid_decode(id).serial >> ID_SERIAL_BITS);
}

uint64_t tree_root(const struct tree *tree)
{
	return nodeid_encode(tree->root->node.inode.serial, 0);
}

bool index_is_link(uint32_t index)
{
	return index >= ID_LINK && index < ID_LINK + VIEW_SORTS;
}

size_t tree_bytes(const struct tree *tree)
{
	return tree->memory + (tree->inodes.by_serial.room + tree->names.room) * sizeof(struct map_slot);
}

void ids_add(struct ids *ids, uint64_t id)
{
	if (ids->n == ids->room) {
		ids->room = ids->room ? ids->room * 2 : 64;
		ids->v = xrealloc(ids->v, ids->room * sizeof(*ids->v));
	}
	ids->v[ids->n++] = id;
}

/* ---- inodes ---- */

static bool inode_has_serial(const void *value, const void *key)
{
	return ((const struct inode *)value)->serial == *(const uint64_t *)key;
}

struct inode *tree_inode(const struct tree *tree, uint64_t id, uint32_t *index)
{
	if (id < TREE_ROOT)
		return NULL;
	struct nodeid nodeid = nodeid_decode(id);

	*index = nodeid.index;
	return map_get(&tree->inodes.by_serial, nodeid.serial, inode_has_serial, &nodeid.serial);
}

void inode_register(struct tree *tree, struct inode *inode)
{
	inode->serial = tree->inodes.next_serial++ & (UINT64_MAX >> 1);
	map_add(&tree->inodes.by_serial, inode->serial, inode);
	if (inode->is_version)
		tree->inodes.n_versions++;
	else
		tree->inodes.n_nodes++;
}

void inode_unregister(struct tree *tree, struct inode *inode)
{
	map_remove(&tree->inodes.by_serial, inode->serial, inode);
	if (inode->is_version)
		tree->inodes.n_versions--;
	else
		tree->inodes.n_nodes--;
}

void inode_idle(struct tree *tree, struct inode *inode)
{
	if (inode->idle)
		return;
	inode->idle = true;
	ids_add(&tree->inodes.idle, inode->serial);
}

struct inode *inode_take_idle(struct tree *tree, size_t at)
{
	uint64_t serial = tree->inodes.idle.v[at];
	struct inode *inode = map_get(&tree->inodes.by_serial, serial, inode_has_serial, &serial);

	if (inode)
		inode->idle = false;
	return inode;
}
