/*
 * tree_memory.c - what is kept beside the names, what of it goes, and when.
 *
 * Three things are kept of a resource: the JSON of its list's item, thanks to which `cat ID/status` costs no
 * call; the JSON of the describe call's answer; and what somebody has looked into of the two, rendered, which
 * is a version and takes some three times as much.  Over max_memory, what is rendered goes first, the least
 * recently used before the others, and can be made again; of it, what the kernel holds is only folded, so
 * that its ids still stand for what they stood for.  Then the descriptions themselves go that the kernel does
 * not hold, and cost a call again.  A list's items go with their listing alone: it is never emptied by its
 * own size.
 *
 * So there are two rings: of what can be folded, and of what is folded and can be let go of.  What is held
 * when its turn comes in the second leaves it, and comes back at the old end when the kernel lets go.
 */
#include "tree_views.h"

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
	events_drop(tree, node->inside);
	record_drop(tree, &node->inside->detail);
	tree->memory -= sizeof(*node->inside);
	free(node->inside->subdir_index);
	free(node->inside);
	node->inside = NULL;
}

const struct failure *node_failure(const struct node *node)
{
	if (node->sort == NODE_LISTING)
		return &node->failures[FETCH_LIST];
	if (node->sort == NODE_VIEW)
		return node->part ? &node->part->failure : &no_failure;
	return node->trouble ? &node->trouble->failure : &no_failure;
}

struct failures *node_trouble(struct tree *tree, struct node *node)
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
	tree->n_lru -= version->in_lru;
	version->in_lru = false;
}

static void join_ring(struct tree *tree, struct version *version, struct version *ring, bool oldest)
{
	version_leave_lru(tree, version);

	struct version *next = oldest ? ring->lru_next : ring;
	version->lru_next = next;
	version->lru_prev = next->lru_prev;
	version->lru_prev->lru_next = version;
	next->lru_prev = version;
	version->in_lru = ring == &tree->lru;
	tree->n_lru += version->in_lru;
}

static struct version *ring_of(struct tree *tree, const struct version *version)
{
	return version->snapshot ? &tree->lru : &tree->folded;
}

void version_use(struct tree *tree, struct version *version)
{
	if (version && version->owner->sort == NODE_RESOURCE)
		join_ring(tree, version, ring_of(tree, version), false);
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
	if (node_is_table(node) && version->current)
		table_drop(tree, node);
	else if (is_double(version) || (version == node->listed.version && !version->snapshot))
		record_unrender(tree, &node->listed);
	else if (version->current && !version->lru_next && node->sort == NODE_RESOURCE)
		join_ring(tree, version, ring_of(tree, version), true);
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

/* The oldest in the ring; NULL when all the memory that may be had is enough. */
static struct version *oldest(struct tree *tree, const struct version *ring)
{
	struct version *version = ring->lru_next;

	if (version == ring || tree_bytes(tree) <= tree->options.max_memory)
		return NULL;
	version_leave_lru(tree, version);
	return version;
}

static void fold(struct tree *tree, struct version *version)
{
	struct node *node = version->owner;

	if (!version_is_held(version) && version == node->listed.version) {
		node_pin(node);
		record_unrender(tree, &node->listed);
		node_unpin(tree, node);
		return;
	}
	version_fold(tree, version); /* or not, when it has no text: then it can only go as a whole */
	if (!version_is_held(version))
		join_ring(tree, version, &tree->folded, false);
}

static void let_go(struct tree *tree, struct version *version)
{
	struct node *node = version->owner;

	if (version_is_held(version) || version != node_detail(node)->version)
		return;
	node_pin(node);
	node->outdone |= node->listed.stamp && node_newest(node) != &node->listed;
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
	struct version *version;

	views_fold(tree);
	while (tree->n_lru > spared && (version = oldest(tree, &tree->lru)))
		fold(tree, version);
	while ((version = oldest(tree, &tree->folded)))
		let_go(tree, version);
	views_shrink(tree);
}
