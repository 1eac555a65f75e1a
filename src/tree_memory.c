/*
 * tree_memory.c - what is kept beside the names, what of it goes, and when.
 *
 * Three things are kept of a resource.  Its list item's text goes with the listing only: thanks to it `cat
 * ID/status` costs no call, and a listing is never emptied by its own size.  The item rendered can be made
 * again from the text; the describe call's answer has to be asked for again.  These two are versions, and
 * those stand in one ring in the order of their last use.  Over max_memory the oldest go, as long as the
 * kernel holds none of their files.
 *
 * A version that is held when its turn comes leaves the ring, so that nobody meets it twice, and comes back
 * at the old end when the kernel lets go of it.
 */
#include "tree_node.h"

#include <stdlib.h>

/* ---- a node's parts ---- */

static const struct record no_record;
static const struct failure no_failure;

const struct record *node_detail(const struct node *node)
{
	return node->inside ? &node->inside->detail : &no_record;
}

struct inside *node_inside(struct tree *tree, struct node *node)
{
	if (!node->inside) {
		node->inside = xcalloc(1, sizeof(*node->inside));
		tree->memory += sizeof(*node->inside);
	}
	return node->inside;
}

void node_drop_inside(struct tree *tree, struct node *node)
{
	if (!node->inside)
		return;
	record_drop(tree, &node->inside->detail);
	tree->memory -= sizeof(*node->inside);
	free(node->inside->slots);
	free(node->inside);
	node->inside = NULL;
}

const struct failure *node_failure(const struct node *node)
{
	if (node->sort == NODE_LISTING)
		return &node->failures[WANT_LIST];
	return node->trouble ? &node->trouble->failure : &no_failure;
}

struct trouble *node_trouble(struct tree *tree, struct node *node)
{
	if (!node->trouble) {
		node->trouble = xcalloc(1, sizeof(*node->trouble));
		tree->memory += sizeof(*node->trouble);
	}
	return node->trouble;
}

void node_drop_trouble(struct tree *tree, struct node *node)
{
	if (!node->trouble)
		return;
	tree->memory -= sizeof(*node->trouble);
	free(node->trouble);
	node->trouble = NULL;
	node->missing = false;
}

/* ---- the ring of versions ---- */

void version_leave_lru(struct tree *tree, struct version *version)
{
	if (!version->lru_next)
		return;
	version->lru_next->lru_prev = version->lru_prev;
	version->lru_prev->lru_next = version->lru_next;
	version->lru_next = version->lru_prev = NULL;
	tree->n_lru--;
}

static void join_lru(struct tree *tree, struct version *version, struct version *before)
{
	version_leave_lru(tree, version);
	version->lru_next = before;
	version->lru_prev = before->lru_prev;
	version->lru_prev->lru_next = version;
	before->lru_prev = version;
	tree->n_lru++;
}

void version_use(struct tree *tree, struct version *version)
{
	if (version && version->owner->sort == NODE_RESOURCE)
		join_lru(tree, version, &tree->lru);
}

/* A list's item that is rendered beside the description that is looked into. */
static bool is_double(const struct version *version)
{
	const struct node *node = version->owner;

	return version == node->listed.version && node_detail(node)->version && !version->changed_s;
}

void node_shed_double(struct tree *tree, struct node *node)
{
	struct version *version = node->listed.version;

	if (version && !version_is_held(version) && is_double(version))
		record_unrender(tree, &node->listed);
}

void version_let_go(struct tree *tree, struct version *version)
{
	struct node *node = version->owner;

	node_pin(node);
	if (is_double(version))
		record_unrender(tree, &node->listed);
	else if (version->current && !version->lru_next && node->sort == NODE_RESOURCE)
		join_lru(tree, version, tree->lru.lru_next);
	else
		version_settle(tree, version);
	node_unpin(tree, node);
	tree_shrink(tree);
}

/* ---- max_memory ---- */

size_t tree_bytes(const struct tree *tree)
{
	return tree->memory + (tree->objects.room + tree->names.room) * sizeof(struct map_slot);
}

static void evict(struct tree *tree, struct version *version)
{
	struct node *node = version->owner;

	node_pin(node);
	if (version == node->listed.version)
		record_unrender(tree, &node->listed);
	else
		record_drop(tree, &node->inside->detail);
	node_unpin(tree, node);
}

void tree_shrink(struct tree *tree)
{
	/*
	 * The newest stays: who waits for it has not taken it yet, and would ask for it again and again.  So
	 * does what was fetched ahead of a scan, among what the scan itself uses.
	 */
	size_t spared = tree->scanned ? 2 * SCAN_AHEAD_MAX + 1 : 1;

	while (tree_bytes(tree) > tree->options.max_memory && tree->n_lru > spared) {
		struct version *oldest = tree->lru.lru_next;
		version_leave_lru(tree, oldest);
		if (!version_is_held(oldest))
			evict(tree, oldest);
	}
}
