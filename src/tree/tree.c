/*
 * tree.c - the tree as a whole: making, counting and freeing it, and the references of the kernel.
 *
 * The root and its listings are made once, from the catalog. A resource is kept while its listing shows it,
 * the kernel holds an id of it, a call about it is under way, or something below it is kept. A resource that
 * was only looked at (entered by name, found missing, failed) goes to the list of unlisted resources, so that
 * a second question needs no call, until UNLISTED_MAX newer ones came.
 */
#include "views.h"

#include <stdlib.h>

static void add_readme(struct tree *tree, const char *text)
{
	const char *name = "README";
	struct provenance_note note = { .received_ms = 1,
		.received_s = tree->options.catalog->date_s,
		.action = "" };
	struct buf readme;

	buf_init(&readme, SIZE_MAX);
	buf_puts(&readme, text);
	tree_texts(tree, &tree->root->node, &name, &readme, 1, &note);
	buf_release(&readme);
}

struct tree *tree_new(const struct tree_options *options)
{
	struct tree *tree = xcalloc(1, sizeof(*tree));

	tree->options = *options;
	map_init(&tree->inodes.by_serial, options->seed);
	map_init(&tree->names, options->seed);
	buf_init(&tree->item, JSON_BYTES_MAX);
	buf_init(&tree->wait_result.status, SNAPSHOT_BYTES_MAX);
	tree->inodes.next_serial = (uint64_t)options->number << ID_SERIAL_BITS;
	buf_init(&tree->link, SIZE_MAX);
	list_init(&tree->unlisted.lru);
	list_init(&tree->versions.rendered);
	list_init(&tree->versions.folded);
	list_init(&tree->views.unreferenced);
	list_init(&tree->views.filtered_lists);
	list_init(&tree->follows.lru);
	tree->root = as_resource(node_new(tree, NODE_ROOT, NULL, "", NULL));
	tree->root->node.inode.nlookup = 1;
	add_readme(tree, options->readme);
	resource_open(tree, tree->root);
	views_plant(tree);
	tree->texts = as_resource(node_new(tree, NODE_TEXTS, &tree->root->node, ".describefs", NULL));
	tree->texts->node.inode.nlookup = 1;
	return tree;
}

void tree_free(struct tree *tree)
{
	if (!tree)
		return;
	tree_collect_all(tree);
	free(tree->views.marks);
	free(tree->moved.directories.v);
	free(tree->inodes.idle.v);
	map_release(&tree->inodes.by_serial);
	map_release(&tree->names);
	buf_release(&tree->item);
	buf_release(&tree->wait_result.status);
	buf_release(&tree->link);
	free(tree);
}

void tree_ref(struct tree *tree, uint64_t id, uint64_t count)
{
	uint32_t index;
	struct inode *inode = tree_inode(tree, id, &index);

	if (!inode)
		return;
	inode->nlookup += count;
	struct node *node = inode->is_version ? NULL : as_node(inode);
	if (node && node->sort == NODE_RESOURCE && !index) /* new attributes come with the id */
		as_resource(node)->moved = false;
	inode_idle(tree, inode); /* the listing above it counts it as needed */
}

void tree_forget(struct tree *tree, uint64_t id, uint64_t count)
{
	uint32_t index;
	struct inode *inode = tree_inode(tree, id, &index);

	if (!inode)
		return;
	inode->nlookup -= count < inode->nlookup ? count : inode->nlookup;
	if (inode == &tree->root->node.inode || inode == &tree->texts->node.inode)
		inode->nlookup +=
			!inode->nlookup; /* the tree itself keeps one reference to each of these two */
	else if (!inode->is_version || !inode->nlookup)
		inode_idle(tree, inode);
	tree_collect(tree);
}

struct tree_stats tree_stats(struct tree *tree)
{
	tree_collect(tree);
	return (struct tree_stats){ .nodes = tree->inodes.n_nodes,
		.versions = tree->inodes.n_versions,
		.followed = tree->follows.n,
		.others = tree->unlisted.n_others,
		.max_memory = tree->options.max_memory,
		.memory = tree_bytes(tree),
		.answers = tree->answers };
}

void tree_path(struct tree *tree, uint64_t id, struct buf *out)
{
	uint32_t index;
	struct inode *inode = tree_inode(tree, id, &index);

	if (!inode)
		return;
	if (!inode->is_version) {
		const struct node *node = as_node(inode);
		node_path(node, out);
		if (index == INDEX_WAIT || index == INDEX_EVENTS)
			buf_puts(out, index == INDEX_WAIT ? "/.wait" : "/.events");
		else if (node->sort != NODE_LISTING && node->sort != NODE_VIEW) /* has no answers */
			version_slot_path(tree, as_resource(node), index, out);
		return;
	}
	struct version *version = as_version(inode);
	node_path(&version->owner->node, out);
	version_path(tree, version, index, out);
}
