/*
 * lru.c - two rings of versions, the least recently used first: those that can be folded to their text, and
 * those that are folded and can be dropped.
 *
 * What the kernel holds when its turn comes in the second leaves it, and comes back at the old end when the
 * kernel lets go (collect.c).
 */
#include "cache.h"

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

void version_use(struct tree *tree, struct version *version)
{
	if (version && version->owner->sort == NODE_RESOURCE)
		join_ring(tree, version, version->snapshot ? &tree->lru : &tree->folded, false);
}

void version_use_least(struct tree *tree, struct version *version)
{
	if (version->owner->sort == NODE_RESOURCE)
		join_ring(tree, version, version->snapshot ? &tree->lru : &tree->folded, true);
}

void version_join_folded(struct tree *tree, struct version *version)
{
	join_ring(tree, version, &tree->folded, false);
}
