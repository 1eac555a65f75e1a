/*
 * lru.c - two LRU lists of versions: those to fold to their text, which have a snapshot, and those to free,
 * which are folded or have no text to be folded to.
 *
 * If the oldest folded version is held by the kernel, it leaves its list. When the kernel forgets it, it
 * comes back as the oldest (collect.c).
 */
#include "cache.h"

void version_leave_lru(struct tree *tree, struct version *version)
{
	list_remove(&version->lru);
	tree->versions.n_rendered -= version->in_rendered;
	version->in_rendered = false;
}

static void join(struct tree *tree, struct version *version, struct list *lru, bool is_oldest)
{
	version_leave_lru(tree, version);
	if (is_oldest)
		list_add_first(lru, &version->lru);
	else
		list_add_last(lru, &version->lru);
	version->in_rendered = lru == &tree->versions.rendered;
	tree->versions.n_rendered += version->in_rendered;
}

static struct list *lru_of(struct tree *tree, const struct version *version)
{
	return version->snapshot ? &tree->versions.rendered : &tree->versions.folded;
}

void version_use(struct tree *tree, struct version *version)
{
	if (version && version->owner->node.sort == NODE_RESOURCE)
		join(tree, version, lru_of(tree, version), false);
}

void version_use_least(struct tree *tree, struct version *version)
{
	if (version->owner->node.sort == NODE_RESOURCE)
		join(tree, version, lru_of(tree, version), true);
}

void version_join_folded(struct tree *tree, struct version *version)
{
	join(tree, version, &tree->versions.folded, false);
}
