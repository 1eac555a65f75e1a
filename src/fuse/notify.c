/*
 * notify.c - notifications to the kernel: invalidates cached attributes, listings and names.
 *
 * The kernel keeps a directory's listing in the directory's pages, from page 0 on. Only page 0 is dropped: a
 * pass that begins finds it missing and asks the daemon for the whole listing; a pass beyond page 0 continues
 * with the listing that it began with. The kernel appends to the last page of a listing only while that page
 * exists: if it were dropped, the kernel would cache no listing of the directory until it forgets the
 * directory. A listing longer than one page is safe; the tree avoids the others.
 */
#include "notify.h"

#include <linux/fuse.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

#include "sys/child.h"

enum {
	LATE_MS = 1000, /* a GETATTR waits at most this long for a notification, which takes 13 to 154 us */
	NOW_MS = 50, /* the loop waits at most this long for one */
	MOVED_MS = 1000, /* from a moved mtime to its notification */
	MOVED_ROUND = 512, /* moved directories notified in a row */
	NOTIFY_INC_EPOCH = 8, /* FUSE_NOTIFY_INC_EPOCH of newer headers */
	PAGE_BYTES = 4096 /* the smallest page size; a part of a larger page drops the whole page */
};

/* Returns false if the kernel does not know the code or the id. */
static bool notify_send(const struct front *front, int code, const void *bytes, size_t len)
{
	struct fuse_out_header header = { .len = (uint32_t)(sizeof(header) + len), .error = code };
	struct iovec parts[] = { { &header, sizeof(header) }, { (void *)(uintptr_t)bytes, len } };

	return writev(fuse_session_fd(front->session), parts, len ? 2 : 1) >= 0;
}

void notify_attributes(const struct front *front, uint64_t id)
{
	struct fuse_notify_inval_inode_out inode = { .ino = id, .off = -1 };

	notify_send(front, FUSE_NOTIFY_INVAL_INODE, &inode,
		sizeof(inode)); /* fails if the kernel forgot the id */
}

/* ---- moved mtimes ---- */

static void notify_all_moved(void *arg)
{
	struct front *front = arg;
	size_t n = 0;
	uint64_t id;

	front->notifications.moved = NULL;
	for (; n < MOVED_ROUND && (id = sources_moved(front->sources)); n++)
		notify_attributes(front, id);
	if (n == MOVED_ROUND)
		front->notifications.moved = loop_timer_start(front->loop, 0, notify_all_moved, front);
}

/*
 * Waits MOVED_MS: the answer may have come because a process reads the directory, and tar reports a change if
 * the mtime moves while it reads.
 */
static void note_moved(void *arg)
{
	struct front *front = arg;

	if (!front->notifications.moved)
		front->notifications.moved = loop_timer_start(front->loop, MOVED_MS, notify_all_moved, front);
}

void notify_moved(struct front *front)
{
	sources_tell_moved(front->sources, note_moved, front);
}

/* ---- cached listings ---- */

struct notification {
	const struct front *front;
	struct fuse_notify_inval_inode_out inode;
};

static int drop_page(void *arg, int fd)
{
	const struct notification *sent = arg;

	(void)fd;
	/* fails if the kernel forgot the id */
	notify_send(sent->front, FUSE_NOTIFY_INVAL_INODE, &sent->inode, sizeof(sent->inode));
	return 0;
}

/* ---- GETATTRs that wait for a child ---- */

/* Invariant: in its notifier's list; `timer` runs. */
struct delayed_getattr {
	struct list link;
	struct notifier *notifier;
	struct pending_request pending;
	engine_done_fn *done;
	struct timer *timer;
};

/* The notifier's first GETATTR; NULL: none waits. */
static struct delayed_getattr *delayed_first(const struct notifier *notifier)
{
	return LIST_FIRST(&notifier->delayed, struct delayed_getattr, link);
}

/* Ends the delay and returns the request, which the caller has to answer. */
static struct pending_request delayed_free(struct delayed_getattr *delayed)
{
	struct pending_request pending = delayed->pending;

	list_remove(&delayed->link);
	loop_timer_stop(pending.front->loop, delayed->timer);
	fuse_req_interrupt_func(pending.request, NULL, NULL);
	free(delayed);
	return pending;
}

/* Asks the sources again, which answer at once from the current state of the directory. */
static void delayed_ask(struct delayed_getattr *delayed)
{
	struct pending_request *pending = xmalloc(sizeof(*pending));
	engine_done_fn *done = delayed->done;

	*pending = delayed_free(delayed);
	pending->no_delay = true;
	sources_ask(pending->front->sources, ASK_ATTR, pending->id, NULL, fuse_req_ctx(pending->request)->uid,
		done, pending);
}

static void delayed_expire(void *arg)
{
	struct delayed_getattr *delayed = arg;

	delayed->timer = NULL;
	delayed->notifier->late = true;
	delayed_ask(delayed);
}

static void delayed_end(void *arg)
{
	struct delayed_getattr *delayed = arg;

	delayed->timer = NULL;
	delayed_ask(delayed);
}

/* libfuse holds the request's lock during this call, so the reply waits for the next round of the loop. */
static void delayed_interrupt(fuse_req_t request, void *arg)
{
	struct delayed_getattr *delayed = arg;
	struct loop *loop = delayed->pending.front->loop;

	(void)request;
	loop_timer_stop(loop, delayed->timer);
	delayed->timer = loop_timer_start(loop, 0, delayed_end, delayed);
}

static struct notifier *find_notifier(struct front *front, uint64_t id)
{
	for (struct notifier *at = front->notifications.notifiers;
		at < front->notifications.notifiers + NOTIFIERS_MAX; at++)
		if (at->pid && at->id == id && at->fd >= 0 && !at->late)
			return at;
	return NULL;
}

bool notify_delay(const struct pending_request *pending, engine_done_fn *done)
{
	struct front *front = pending->front;
	struct notifier *notifier = pending->no_delay ? NULL : find_notifier(front, pending->id);

	if (!notifier)
		return false;
	struct delayed_getattr *delayed = xcalloc(1, sizeof(*delayed));
	delayed->notifier = notifier;
	delayed->pending = *pending;
	delayed->pending.wait = NULL;
	delayed->pending.signal_check = NULL;
	delayed->done = done;
	delayed->timer = loop_timer_start(front->loop, LATE_MS, delayed_expire, delayed);
	list_add_first(&notifier->delayed, &delayed->link);
	fuse_req_interrupt_func(pending->request, delayed_interrupt, delayed);
	return true;
}

/* ---- children ---- */

/* The child has closed its end of the pipe. */
static void notifier_end(struct notifier *notifier)
{
	struct delayed_getattr *delayed;
	int status;

	loop_forget(notifier->front->loop, notifier->fd);
	/* with `fd` open, so that no new child takes this place */
	while ((delayed = delayed_first(notifier)))
		delayed_ask(delayed);
	close(notifier->fd);
	notifier->fd = -1;
	if (child_wait(notifier->pid, NOW_MS, &status))
		notifier->pid = 0;
}

static void notifier_ready(void *arg, int fd, int events)
{
	(void)fd;
	(void)events;
	notifier_end(arg);
}

/* A free notifier; NULL: NOTIFIERS_MAX children run. */
static struct notifier *find_free(struct front *front)
{
	int status;

	for (struct notifier *at = front->notifications.notifiers;
		at < front->notifications.notifiers + NOTIFIERS_MAX; at++)
		if (!at->pid || (at->fd < 0 && child_wait(at->pid, 0, &status)))
			return at;
	return NULL;
}

/*
 * The kernel locks a page of a listing while it copies names out of it. A reader whose memory is served by
 * another process (userfaultfd, FUSE) can hold that lock without limit, and dropping the page waits for the
 * lock. So where other users may read, a child drops the page. A READDIR that needs the page waits for the
 * child, and so would a kernel that is told another mtime.
 */
static struct notifier *notifier_start(struct front *front, struct notification *sent)
{
	struct notifier *notifier = find_free(front);
	struct child child;

	if (!notifier || !child_start(&child, drop_page, sent, 1))
		return NULL;
	buf_release(&child.output);
	*notifier = (struct notifier){ .front = front,
		.pid = child.pid,
		.fd = child.fd,
		.id = sent->inode.ino };
	list_init(&notifier->delayed);
	if (loop_watch(front->loop, child.fd, LOOP_READ, notifier_ready, notifier))
		notifier_end(notifier);
	return notifier;
}

bool notify_directory(struct front *front, uint64_t id)
{
	struct notification sent = { front, { .ino = id, .off = 0, .len = PAGE_BYTES } };

	return front->ownership.allow_other ? notifier_start(front, &sent) != NULL : !drop_page(&sent, -1);
}

void notify_directory_now(struct front *front, uint64_t id)
{
	struct notifier *notifier = NULL;
	int status;

	if (notify_directory(front, id))
		notifier = find_notifier(front, id);
	if (notifier && child_wait(notifier->pid, NOW_MS, &status))
		notifier_end(notifier);
}

void notify_release(struct front *front)
{
	loop_timer_stop(front->loop, front->notifications.moved);
	if (front->sources)
		sources_tell_moved(front->sources, NULL, NULL);
	for (struct notifier *at = front->notifications.notifiers;
		at < front->notifications.notifiers + NOTIFIERS_MAX; at++) {
		struct delayed_getattr *delayed;
		if (!at->pid || at->fd < 0)
			continue;
		while ((delayed = delayed_first(at)))
			fuse_reply_err(delayed_free(delayed).request, error_errno(ERR_LOST));
		loop_forget(front->loop, at->fd);
		close(at->fd);
	}
}

/* ---- names ---- */

bool notify_names(const struct front *front)
{
	return !mounts_have_inner(&front->mounting.id) && notify_send(front, NOTIFY_INC_EPOCH, NULL, 0);
}
