/*
 * tree.c - the tree as a whole: made from the catalog, counted, freed; and what the kernel holds of it.
 *
 * The root and its listings are made once from the catalog.  Resources come and go: a resource stands as
 * long as its listing shows it, the kernel holds an id of it, a call about it is under way, or something
 * below it stands.  One that merely was looked at (entered by name, found missing, failed) is kept in the
 * ring of unlisted resources, so that its answer is not asked for again at once, until UNLISTED_MAX newer
 * ones came.
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
	tree_texts(tree, tree->root, &name, &readme, 1, &note);
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
	list_init(&tree->views.parts);
	list_init(&tree->follows.lru);
	tree->root = node_new(tree, NODE_ROOT, NULL, "", NULL);
	tree->root->object.held = 1;
	add_readme(tree, options->readme);
	node_open(tree, tree->root);
	views_plant(tree);
	tree->texts = node_new(tree, NODE_TEXTS, tree->root, ".describefs", NULL);
	tree->texts->object.held = 1;
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
	struct inode *object = tree_inode(tree, id, &index);

	if (!object)
		return;
	object->held += count;
	struct node *node = object->is_version ? NULL : (struct node *)object;
	if (node && node->sort == NODE_RESOURCE && !index) /* its attributes go with its id */
		node->resource.moved = false;
	inode_idle(tree, object); /* it counts among what is held below the directory that it is in */
}

void tree_forget(struct tree *tree, uint64_t id, uint64_t count)
{
	uint32_t index;
	struct inode *object = tree_inode(tree, id, &index);

	if (!object)
		return;
	object->held -= count < object->held ? count : object->held;
	if (object == &tree->root->object || object == &tree->texts->object)
		object->held += !object->held; /* these two are the tree's own */
	else if (!object->is_version || !object->held)
		inode_idle(tree, object);
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
