/*
 * front_notify.c - what the kernel is told without having asked.
 *
 * The listing of a directory that the kernel keeps lies in the directory's pages, from page 0 on. Page 0
 * alone is dropped: a pass that begins finds it missing and asks the daemon for all of the listing, and a
 * pass that is past it goes on with the listing that it began with. The kernel appends to the last page of
 * a listing only while that page is there. Were that page dropped, the kernel would keep no listing of the
 * directory until it forgets the directory. A listing longer than one page is safe, and tree_kept.c sees
 * to the others.
 */
#include "front_notify.h"

#include <linux/fuse.h>
#include <sys/uio.h>

enum {
	NOTIFY_INC_EPOCH = 8, /* FUSE_NOTIFY_INC_EPOCH of newer headers */
	PAGE_BYTES = 4096 /* the smallest page: of a larger one this is a part, and it is dropped whole */
};

/* False: the kernel does not know the code, or the id. */
static bool notify(const struct front *front, int code, const void *bytes, size_t len)
{
	struct fuse_out_header header = { .len = (uint32_t)(sizeof(header) + len), .error = code };
	struct iovec parts[] = { { &header, sizeof(header) }, { (void *)(uintptr_t)bytes, len } };

	return writev(fuse_session_fd(front->session), parts, len ? 2 : 1) >= 0;
}

void notify_attributes(const struct front *front, uint64_t id)
{
	struct fuse_notify_inval_inode_out inode = { .ino = id, .off = -1 };

	notify(front, FUSE_NOTIFY_INVAL_INODE, &inode, sizeof(inode)); /* the id may be forgotten */
}

void notify_directory(const struct front *front, uint64_t id)
{
	struct fuse_notify_inval_inode_out inode = { .ino = id, .off = 0, .len = PAGE_BYTES };

	notify(front, FUSE_NOTIFY_INVAL_INODE, &inode, sizeof(inode)); /* the id may be forgotten */
}

bool notify_names(const struct front *front)
{
	return notify(front, NOTIFY_INC_EPOCH, NULL, 0);
}
