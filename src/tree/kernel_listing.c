/*
 * kernel_listing.c - whether the kernel has cached the listing of a directory, as far as its requests show.
 *
 * The kernel caches the names that READDIR returns. It serves them to other readers when one pass has reached
 * the end. When a pass begins and the directory's mtime is not the one that the cached names began with, the
 * kernel drops them. The end of a TTL moves no mtime. So the daemon then sends a notification that makes the
 * kernel drop what it has cached.
 *
 * A notification while the kernel still collects names does harm: the kernel would never again cache names of
 * that directory (fuse/notify.c). While it collects, it serves nothing from its cache, so the daemon notifies
 * it only if the cached listing may be complete. Both mistakes cost something: without the notification
 * readers get stale names, and a notification too many costs messages. So `whole` becomes false in two cases
 * alone: the daemon has notified the kernel, or the kernel has certainly begun anew. If a reader asks again
 * for a listing that was complete under the same mtime, that is not certain: the kernel may have dropped one
 * page, or this reader asked before another reader's pass ended.
 */
#include "cache.h"

void kernel_listing_see(struct kernel_listing *listing, uint32_t mtime)
{
	listing->mtime_seen = mtime;
}

static void kernel_listing_begin(struct kernel_listing *listing)
{
	if (listing->whole && listing->mtime_begun != listing->mtime_seen)
		listing->whole = listing->begun = false;
	if (!listing->begun)
		listing->mtime_begun = listing->mtime_seen;
	listing->begun = true;
}

bool kernel_listing_expire(struct kernel_listing *listing)
{
	bool whole = listing->whole;

	if (whole)
		listing->whole = listing->begun = false;
	return whole;
}

void tree_handed(struct tree *tree, uint64_t id, bool begins, bool ends)
{
	uint32_t index;
	struct inode *inode = tree_inode(tree, id, &index);

	if (!inode || inode->is_version)
		return;
	struct node *node = as_node(inode);
	if (node->sort != NODE_LISTING && node->sort != NODE_VIEW)
		return;
	struct kernel_listing *listing = node->sort == NODE_LISTING ? &as_listing(node)->kernel_listing :
								      &as_view(node)->kernel_listing;
	if (begins)
		kernel_listing_begin(listing);
	listing->whole |= ends;
}
