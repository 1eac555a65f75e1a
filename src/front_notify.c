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
#include <unistd.h>

#include "child.h"

enum {
	APART_MS = 50, /* that the loop waits for a notification; it takes 13 to 154 us */
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

struct notification {
	const struct front *front;
	struct fuse_notify_inval_inode_out inode;
};

static int drop_page(void *arg, int fd)
{
	const struct notification *sent = arg;

	(void)fd;
	/* the kernel may have forgotten the id */
	notify(sent->front, FUSE_NOTIFY_INVAL_INODE, &sent->inode, sizeof(sent->inode));
	return 0;
}

/* A place for one more; NULL: too many have not ended. */
static pid_t *find_place(struct front *front)
{
	pid_t *place = NULL;
	int status;

	for (size_t i = 0; i < NOTIFIERS_MAX; i++) {
		if (front->notifiers[i] && child_wait(front->notifiers[i], 0, &status))
			front->notifiers[i] = 0;
		if (!front->notifiers[i])
			place = &front->notifiers[i];
	}
	return place;
}

/*
 * The kernel locks a page of a listing while it copies names out of it.  A reader whose memory is served by a
 * program of his own holds that lock as long as he likes, and a process that drops the page waits with him.
 * So where others than the owner may read, a child drops it.
 */
static bool send_apart(struct front *front, struct notification *sent)
{
	pid_t *place = find_place(front);
	struct child child;
	int status;

	if (!place || !child_start(&child, drop_page, sent, 1))
		return false;
	close(child.fd);
	buf_release(&child.said);
	if (child_wait(child.pid, APART_MS, &status))
		return true;
	*place = child.pid;
	return false;
}

bool notify_directory(struct front *front, uint64_t id)
{
	struct notification sent = { front, { .ino = id, .off = 0, .len = PAGE_BYTES } };

	return front->checks_modes ? send_apart(front, &sent) : !drop_page(&sent, -1);
}

bool notify_names(const struct front *front)
{
	return notify(front, NOTIFY_INC_EPOCH, NULL, 0);
}
