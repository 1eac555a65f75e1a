/*
 * front_refresh.c - the kernel forgets what it keeps of a part of the mount.
 *
 * The tree has stopped believing what it has; now the kernel must come and ask.  It is told so on /dev/fuse,
 * from the loop.  That is not safe with every notification: one that takes a directory's lock, as those do
 * that name an entry, waits for whoever reads that directory, who may wait for us.  Two take no lock that
 * anybody holds while he waits, and they are all that is needed:
 *
 *     a new epoch   (kernel 6.16) each name of the mount is asked for again before it is used.  For what was
 *                   not refreshed that is a message out of our memory and no call.
 *     an inode's attributes, for the directories that were refreshed: who stands in one never comes by its
 *                   name, and what is kept of its listing stands or falls with its mtime.
 *
 * No file's bytes are touched: a file's id stands for one content, and who has it open reads on.  An older
 * kernel relies on names for as long as it was told to; who asks is told that.
 */
#include "front_refresh.h"

#include "refresh_request.h"

#include <errno.h>
#include <linux/fuse.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
	NOTIFY_INC_EPOCH = 8, /* FUSE_NOTIFY_INC_EPOCH of newer headers */
	SLICE = 512 /* directories in a row; then others have their turn */
};

/* The directories of which the kernel is being told. */
struct refreshing {
	struct front *front;
	struct refreshing *next;
	fuse_req_t request; /* NULL: nobody waits (any more) */
	struct refresh_request answer;
	struct ids ids;
	size_t at;
	struct timer *timer;
};

/* False: the kernel does not know the code, or what it is about. */
static bool notify(const struct front *front, int code, const void *bytes, size_t len)
{
	struct fuse_out_header header = { .len = (uint32_t)(sizeof(header) + len), .error = code };
	struct iovec parts[] = { { &header, sizeof(header) }, { (void *)(uintptr_t)bytes, len } };

	return writev(fuse_session_fd(front->session), parts, len ? 2 : 1) >= 0;
}

static void forget_attributes(const struct front *front, uint64_t id)
{
	struct fuse_notify_inval_inode_out inode = { .ino = id, .off = -1 };

	notify(front, FUSE_NOTIFY_INVAL_INODE, &inode, sizeof(inode)); /* it may not know the id any more */
}

static void finish(struct refreshing *refreshing)
{
	struct refreshing **at = &refreshing->front->refreshing;

	while (*at != refreshing)
		at = &(*at)->next;
	*at = refreshing->next;
	if (refreshing->request) {
		fuse_req_interrupt_func(refreshing->request, NULL, NULL);
		fuse_reply_ioctl(refreshing->request, 0, &refreshing->answer, sizeof(refreshing->answer));
	}
	free(refreshing->ids.v);
	free(refreshing);
}

static void go_on(void *arg)
{
	struct refreshing *refreshing = arg;
	struct front *front = refreshing->front;

	refreshing->timer = NULL;
	for (size_t i = 0; i < SLICE && refreshing->at < refreshing->ids.n; i++)
		forget_attributes(front, refreshing->ids.v[refreshing->at++]);
	if (refreshing->at < refreshing->ids.n)
		refreshing->timer = loop_after(front->loop, 0, go_on, refreshing);
	else
		finish(refreshing);
}

/* Who asked has gone; what was begun is done. */
static void interrupt(fuse_req_t request, void *arg)
{
	struct refreshing *refreshing = arg;

	refreshing->request = NULL;
	fuse_reply_err(request, EINTR);
}

/* Adds the directories that the kernel knows of what is refreshed. */
static void refresh_below(const struct source *source, uint64_t id, const char *name, struct ids *out)
{
	const struct node *top = engine_refresh(source->engine, id, *name ? name : NULL);

	if (top)
		node_held(top, out);
}

static struct refreshing *begin(struct front *front, fuse_ino_t id, const char *name)
{
	struct refreshing *refreshing = xcalloc(1, sizeof(*refreshing));
	const struct sources *sources = front->sources;
	const struct source *one = sources_of(sources, id);

	refreshing->front = front;
	refreshing->next = front->refreshing;
	front->refreshing = refreshing;
	memcpy(refreshing->answer.mark, REFRESH_MARK, sizeof(REFRESH_MARK));
	refreshing->answer.names_kept = !notify(front, NOTIFY_INC_EPOCH, NULL, 0);
	if (one)
		refresh_below(one, id, name, &refreshing->ids);
	for (size_t i = 0; !one && i < sources->n; i++)
		if (!*name || !strcmp(name, sources->v[i].name->written))
			refresh_below(&sources->v[i], tree_root(sources->v[i].tree), "", &refreshing->ids);
	return refreshing;
}

void refresh_op_ioctl(fuse_req_t request, fuse_ino_t id, unsigned int command, void *argument,
	struct fuse_file_info *info, unsigned int flags, const void *in, size_t in_size, size_t out_size)
{
	struct front *front = fuse_req_userdata(request);
	struct refresh_request asked;

	(void)argument;
	(void)info;
	(void)flags;
	if (command != REFRESH_IOCTL || in_size != sizeof(asked) || out_size != sizeof(asked)) {
		fuse_reply_err(request, ENOTTY);
		return;
	}
	memcpy(&asked, in, sizeof(asked));
	asked.name[sizeof(asked.name) - 1] = '\0';
	struct refreshing *refreshing = begin(front, id, asked.name);
	refreshing->request = request;
	if (refreshing->ids.n > SLICE)
		fuse_req_interrupt_func(request, interrupt, refreshing);
	go_on(refreshing);
}

void refresh_all(struct front *front)
{
	go_on(begin(front, TREE_ROOT, ""));
}

void refresh_release(struct front *front)
{
	while (front->refreshing) {
		loop_unset(front->loop, front->refreshing->timer);
		finish(front->refreshing);
	}
}
