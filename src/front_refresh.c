/*
 * front_refresh.c - the kernel forgets what it keeps of a part of the mount.
 *
 * The tree has stopped believing what it has; now the kernel must come and ask.  Two things in it stand in
 * the way, the attributes of directories and the terms of names, and not every notification on /dev/fuse may
 * be sent from the loop: one that names an entry takes its directory's lock, which somebody may hold who
 * waits for us.  What is left is enough:
 *
 *     attributes    an inode's are called back, which takes no lock.  Who stands in a directory never comes
 *                   by its name, and what is kept of its listing stands or falls with its mtime.
 *     the names     of a resource end when the directory is read again: READDIRPLUS carries terms.  The
 *     of a few      process that asked for the refresh does that (refresh_verb.c); while it does, it is told
 *                   what is known, with terms that are over, and another mtime, so that it is really asked.
 *     all names     end with a new epoch, which is one notification without a lock (kernel 6.16).  For what
 *                   was not refreshed that costs messages and no call.
 *
 * No file's bytes are touched: a file's id stands for one content, and who has it open reads on.
 */
#include "front_refresh.h"

#include "front_notify.h"
#include "refresh_request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	SLICE = 512, /* directories in a row; then others have their turn */
	WALK_MS = 2000, /* who goes through names asks for the next within */
	WALKS_MAX = 100000000
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
		notify_attributes(front, refreshing->ids.v[refreshing->at++]);
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

static bool somebody_walks(const struct front *front)
{
	return front->refresher && loop_now_ms(front->loop) < front->refresher_until_ms;
}

bool refresh_is_walk(fuse_req_t request)
{
	struct front *front = fuse_req_userdata(request);

	if (!front->refresher || fuse_req_ctx(request)->pid != front->refresher || !somebody_walks(front))
		return false;
	front->refresher_until_ms = loop_now_ms(front->loop) + WALK_MS;
	return true;
}

static void let_walk(struct refreshing *refreshing, pid_t pid, fuse_ino_t id, const struct node *top)
{
	struct front *front = refreshing->front;
	struct buf path, above;

	buf_init(&path, SIZE_MAX);
	buf_init(&above, SIZE_MAX);
	tree_path(sources_of(front->sources, id)->tree, id, &path);
	node_path(top, &above);
	for (size_t i = above.len; i < path.len; i++)
		refreshing->answer.levels += path.data[i] == '/';
	buf_release(&path);
	buf_release(&above);
	refreshing->answer.walk = 1;
	front->walks = (front->walks + 1) % WALKS_MAX;
	front->refresher = pid;
	front->refresher_until_ms = loop_now_ms(front->loop) + WALK_MS;
}

/* Of the directory above several sources: each of them, or the one of that name. */
static void refresh_above(const struct sources *sources, const char *name, struct ids *held)
{
	for (size_t i = 0; i < sources->n; i++) {
		const struct source *source = &sources->v[i];
		if (!*name || !strcmp(name, source->name->written))
			node_held(source->tree,
				engine_refresh(source->engine, tree_root(source->tree), NULL), held);
	}
}

/* `pid`: of a process that can go through names; 0: there is none. */
static struct refreshing *begin(struct front *front, fuse_ino_t id, const char *name, pid_t pid, bool every)
{
	struct refreshing *refreshing = xcalloc(1, sizeof(*refreshing));
	const struct source *source = sources_of(front->sources, id);
	const struct node *top = source ? engine_refresh(source->engine, id, *name ? name : NULL) : NULL;
	bool can_walk = top && pid && !*name && !somebody_walks(front);

	refreshing->front = front;
	refreshing->next = front->refreshing;
	front->refreshing = refreshing;
	memcpy(refreshing->answer.mark, REFRESH_MARK, sizeof(REFRESH_MARK));
	if (can_walk && node_id(top) && !every)
		let_walk(refreshing, pid, id, top);
	else if (notify_names(front))
		refreshing->answer.walk = 0;
	else if (can_walk)
		let_walk(refreshing, pid, id, top);
	else
		refreshing->answer.names_kept = 1;
	if (top)
		node_held(source->tree, top, &refreshing->ids);
	if (!source)
		refresh_above(front->sources, name, &refreshing->ids);
	return refreshing;
}

static void end_walk(fuse_req_t request, struct refresh_request *asked)
{
	struct front *front = fuse_req_userdata(request);

	if (fuse_req_ctx(request)->pid == front->refresher)
		front->refresher = 0;
	memcpy(asked->mark, REFRESH_MARK, sizeof(REFRESH_MARK));
	fuse_reply_ioctl(request, 0, asked, sizeof(*asked));
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
	if (asked.step == REFRESH_DONE) {
		end_walk(request, &asked);
		return;
	}
	struct refreshing *refreshing = begin(front, id, asked.name, fuse_req_ctx(request)->pid,
		asked.step == REFRESH_EVERY_NAME);
	refreshing->request = request;
	if (refreshing->ids.n > SLICE)
		fuse_req_interrupt_func(request, interrupt, refreshing);
	go_on(refreshing);
}

void refresh_all(struct front *front)
{
	go_on(begin(front, TREE_ROOT, "", 0, true));
}

void refresh_release(struct front *front)
{
	while (front->refreshing) {
		loop_unset(front->loop, front->refreshing->timer);
		finish(front->refreshing);
	}
}
