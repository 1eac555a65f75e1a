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
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

#include "sys/child.h"

enum {
	LATE_MS = 1000, /* that a question for times waits for a notification; it takes 13 to 154 us */
	NOW_MS = 50, /* that the loop waits for one */
	MOVED_MS = 1000, /* after an answer the kernel is told of a time that it has moved */
	MOVED_ROUND = 512, /* directories that it is told of in a row */
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

/* ---- times that moved ---- */

static void tell_moved(void *arg)
{
	struct front *front = arg;
	size_t n = 0;
	uint64_t id;

	front->moved = NULL;
	for (size_t i = 0; i < front->sources->n; i++)
		for (; n < MOVED_ROUND && (id = tree_moved(front->sources->v[i].tree)); n++)
			notify_attributes(front, id);
	if (n == MOVED_ROUND)
		front->moved = loop_after(front->loop, 0, tell_moved, front);
}

/*
 * Not at once: who reads the directory may be why it was asked about, and tar takes a time that moves while
 * it reads for a change.
 */
static void note_moved(void *arg)
{
	struct front *front = arg;

	if (!front->moved)
		front->moved = loop_after(front->loop, MOVED_MS, tell_moved, front);
}

void notify_moved(struct front *front)
{
	for (size_t i = 0; i < front->sources->n; i++)
		tree_tell_moved(front->sources->v[i].tree, note_moved, front);
}

/* ---- what is kept of a listing ---- */

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

/* ---- children ---- */

struct held_back {
	struct held_back *next;
	struct notifier *notifier;
	struct parked parked;
	struct timer *timer;
};

/* Asked again, it is answered as the directory is by then, at once. */
static void put_again(struct held_back *held)
{
	struct front *front = held->parked.front;
	struct held_back **at = &held->notifier->held_back;
	struct parked *parked = xmalloc(sizeof(*parked));

	while (*at != held)
		at = &(*at)->next;
	*at = held->next;
	loop_unset(front->loop, held->timer);
	fuse_req_interrupt_func(held->parked.request, NULL, NULL);
	*parked = held->parked;
	parked->told = true;
	free(held);
	sources_ask(front->sources, ASK_ATTR, parked->id, NULL, fuse_req_ctx(parked->request)->uid,
		reply_parked, parked);
}

static void put_late(void *arg)
{
	struct held_back *held = arg;

	held->timer = NULL;
	held->notifier->late = true;
	put_again(held);
}

static void put_interrupted(void *arg)
{
	struct held_back *held = arg;

	held->timer = NULL;
	put_again(held);
}

/* libfuse holds the request's lock here: the answer is the next round's. */
static void interrupt_held_back(fuse_req_t request, void *arg)
{
	struct held_back *held = arg;
	struct loop *loop = held->parked.front->loop;

	(void)request;
	loop_unset(loop, held->timer);
	held->timer = loop_after(loop, 0, put_interrupted, held);
}

static struct notifier *find_notifier(struct front *front, uint64_t id)
{
	for (struct notifier *at = front->notifiers; at < front->notifiers + NOTIFIERS_MAX; at++)
		if (at->pid && at->id == id && at->fd >= 0 && !at->late)
			return at;
	return NULL;
}

bool notify_holds_back(const struct parked *parked)
{
	struct front *front = parked->front;
	struct notifier *notifier = parked->told ? NULL : find_notifier(front, parked->id);

	if (!notifier)
		return false;
	struct held_back *held = xcalloc(1, sizeof(*held));
	held->next = notifier->held_back;
	held->notifier = notifier;
	held->parked = *parked;
	held->parked.wait = NULL;
	held->parked.look = NULL;
	held->timer = loop_after(front->loop, LATE_MS, put_late, held);
	notifier->held_back = held;
	fuse_req_interrupt_func(parked->request, interrupt_held_back, held);
	return true;
}

/* The child has let go of its end. */
static void end(struct notifier *notifier)
{
	int status;

	loop_forget(notifier->front->loop, notifier->fd);
	close(notifier->fd);
	notifier->fd = -1;
	if (child_wait(notifier->pid, NOW_MS, &status))
		notifier->pid = 0;
	while (notifier->held_back)
		put_again(notifier->held_back);
}

static void take_end(void *arg, int fd, int events)
{
	(void)fd;
	(void)events;
	end(arg);
}

/* A place for one more; NULL: too many have not ended. */
static struct notifier *find_place(struct front *front)
{
	int status;

	for (struct notifier *at = front->notifiers; at < front->notifiers + NOTIFIERS_MAX; at++)
		if (!at->pid || (at->fd < 0 && child_wait(at->pid, 0, &status)))
			return at;
	return NULL;
}

/*
 * The kernel locks a page of a listing while it copies names out of it.  A reader whose memory is served by a
 * program of his own holds that lock as long as he likes, and a process that drops the page waits with him.
 * So where others than the owner may read, a child drops it.  Who reads the listing meanwhile waits for that
 * page too, behind the child; so does who would be told of another mtime.
 */
static struct notifier *send_apart(struct front *front, struct notification *sent)
{
	struct notifier *place = find_place(front);
	struct child child;

	if (!place || !child_start(&child, drop_page, sent, 1))
		return NULL;
	buf_release(&child.said);
	*place = (struct notifier){ .front = front, .pid = child.pid, .fd = child.fd, .id = sent->inode.ino };
	if (loop_watch(front->loop, child.fd, LOOP_READ, take_end, place))
		end(place);
	return place;
}

bool notify_directory(struct front *front, uint64_t id)
{
	struct notification sent = { front, { .ino = id, .off = 0, .len = PAGE_BYTES } };

	return front->checks_modes ? send_apart(front, &sent) != NULL : !drop_page(&sent, -1);
}

void notify_directory_now(struct front *front, uint64_t id)
{
	struct notifier *notifier = NULL;
	int status;

	if (notify_directory(front, id))
		notifier = find_notifier(front, id);
	if (notifier && child_wait(notifier->pid, NOW_MS, &status))
		end(notifier);
}

void notify_release(struct front *front)
{
	loop_unset(front->loop, front->moved);
	for (size_t i = 0; front->sources && i < front->sources->n; i++)
		tree_tell_moved(front->sources->v[i].tree, NULL, NULL);
	for (struct notifier *at = front->notifiers; at < front->notifiers + NOTIFIERS_MAX; at++) {
		struct held_back *held;
		while ((held = at->held_back)) {
			at->held_back = held->next;
			loop_unset(front->loop, held->timer);
			fuse_req_interrupt_func(held->parked.request, NULL, NULL);
			fuse_reply_err(held->parked.request, error_errno(ERR_LOST));
			free(held);
		}
		if (at->pid && at->fd >= 0) {
			loop_forget(front->loop, at->fd);
			close(at->fd);
		}
	}
}

/* ---- names ---- */

bool notify_names(const struct front *front)
{
	return notify(front, NOTIFY_INC_EPOCH, NULL, 0);
}
