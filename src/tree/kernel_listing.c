/*
 * kernel_listing.c - whether the kernel keeps the listing of a directory, as far as its messages show it.
 *
 * The kernel collects a listing part by part, and serves it to others once a pass has come to its end. It
 * drops the listing when a pass begins and the directory has another mtime than when the listing was
 * begun. A term that is over moves no mtime: the kernel is told instead, by a notification that drops what
 * it keeps.
 *
 * The notification does harm while the kernel collects: it would then keep no listing of that directory
 * any more (notify.c). The kernel serves no listing that it still collects, so it is told only when there
 * may be a listing that is whole. "May be" decides: a listing that stays when its term is over breaks a
 * promise, and a directory of which no listing is kept costs messages. So `whole` ends only by the
 * notification, or when it is certain that the kernel has begun anew. It is not certain when a listing
 * that was whole is asked for again under the same mtime: the kernel may have lost a page of it, or the
 * reader asked before another one's pass ended.
 */
#include "cache.h"

void kernel_listing_see(struct kernel_listing *kept, uint32_t moved)
{
	kept->mtime_seen = moved;
}

static void kernel_listing_begin(struct kernel_listing *kept)
{
	if (kept->whole && kept->mtime_begun != kept->mtime_seen)
		kept->whole = kept->begun = false;
	if (!kept->begun)
		kept->mtime_begun = kept->mtime_seen;
	kept->begun = true;
}

bool kernel_listing_expire(struct kernel_listing *kept)
{
	bool whole = kept->whole;

	if (whole)
		kept->whole = kept->begun = false;
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
	struct kernel_listing *kept = node->sort == NODE_LISTING ? &as_listing(node)->kernel_listing :
								   &as_view(node)->kernel_listing;
	if (begins)
		kernel_listing_begin(kept);
	kept->whole |= ends;
}
