/*
 * front_refresh.c - the kernel forgets what it keeps of a part of the mount.
 *
 * The tree stops believing what it has, and then the kernel must come and ask.  Two things in the kernel
 * stand in the way, the attributes of directories and the terms of names, and not every notification on
 * /dev/fuse may be sent from the loop: one that names an entry takes its directory's lock, which a reader
 * may hold who waits for the daemon.  What is left is enough:
 *
 *     attributes    of an inode are called back, which takes no lock.  A process that stands in a directory
 *                   never comes by its name.
 *     the names     of one resource end when the process that asked for the refresh goes through them
 *     of a few      (front_walk.c).
 *     all names     end with a new epoch, which is one notification without a lock (kernel 6.16).  For what
 *                   was not refreshed that costs messages and no call.  An older kernel is made to forget
 *                   names as those of one resource.
 *
 * No file's bytes are touched: a file's id stands for one content, and a process that has it open reads on.
 *
 * One refresh is worked on at a time, a part of it in each round of the loop.  A request for what still
 * waits to be refreshed joins it.  What is under way already is not joined: an answer may have come since
 * it began.
 */
#include "front_refresh.h"

#include "front_notify.h"
#include "front_walk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	SLICE = 512, /* directories that the kernel is told of in a row */
	STEP = 4096, /* nodes that are marked in a row */
	LOOK_MS = 500, /* so often the daemon looks whether a process still goes through names */
	REFRESHES_MAX = 16, /* that are under way or wait */
	OTHERS_MAX = 8, /* the same, of users who did not mount the tree */
	ASKERS_MAX = 4096 /* requests that wait for them */
};

struct asker {
	struct asker *next;
	fuse_req_t request; /* NULL: it was answered */
	pid_t pid;
	bool is_owner;
	uint64_t opened;
};

struct refreshing {
	struct front *front;
	struct refreshing *next;
	uint64_t id; /* a directory; TREE_ROOT above several sources */
	char *name; /* in it, which was not there; NULL: the directory itself */
	bool by_other; /* no user who mounted the tree wants it */
	bool every_name; /* no process can go through the names */
	struct asker *first, *last;
	/* the work */
	bool begun;
	bool of_resource; /* few names are concerned */
	size_t n_begun; /* sources, where it is above several */
	struct ids todo;
	size_t at; /* the next of walk.held that the kernel is told of */
	struct walk walk;
	struct timer *timer;
};

static void run(struct front *front);

static size_t count(const struct refreshing *at, bool by_other)
{
	size_t n = 0;

	for (; at; at = at->next)
		n += at->by_other || !by_other;
	return n;
}

static void unlink_from(struct refreshing **list, struct refreshing *refreshing)
{
	while (*list && *list != refreshing)
		list = &(*list)->next;
	if (*list)
		*list = refreshing->next;
}

/* ---- answers ---- */

static void answer(fuse_req_t request, struct refresh_request *with)
{
	memcpy(with->mark, REFRESH_MARK, sizeof(REFRESH_MARK));
	fuse_reply_ioctl(request, 0, with, sizeof(*with));
}

static void answer_asker(struct asker *asker, struct refresh_request *with)
{
	fuse_req_t request = asker->request;

	if (!request)
		return;
	fuse_req_interrupt_func(request, NULL, NULL);
	if (asker->request) /* it was not interrupted just now */
		answer(request, with);
	asker->request = NULL;
}

/* Ends it, and answers those who wait. */
static void finish(struct refreshing *refreshing, bool names_kept)
{
	struct front *front = refreshing->front;
	struct asker *asker;

	unlink_from(&front->refreshing, refreshing);
	unlink_from(&front->walking, refreshing);
	walk_leave(&refreshing->walk, front);
	loop_unset(front->loop, refreshing->timer);
	while ((asker = refreshing->first)) {
		struct refresh_request done = { .names_kept = names_kept };
		refreshing->first = asker->next;
		answer_asker(asker, &done);
		free(asker);
		front->n_askers--;
	}
	walk_release(&refreshing->walk);
	free(refreshing->todo.v);
	free(refreshing->name);
	free(refreshing);
}

/* ---- names ---- */

static void look(void *arg);

/* The first of those who wait that can, goes through the names. */
static bool send_walker(struct refreshing *refreshing)
{
	struct front *front = refreshing->front;
	struct asker *asker = refreshing->first;

	while (asker && (!asker->request || !asker->pid))
		asker = asker->next;
	if (!asker)
		return false;
	struct refresh_request task = { .levels = walk_levels(&refreshing->walk, front, asker->opened) };
	walk_join(&refreshing->walk, front, asker->pid);
	refreshing->timer = loop_after(front->loop, LOOK_MS, look, refreshing);
	walk_next(&refreshing->walk, front, &task);
	answer_asker(asker, &task);
	return true;
}

static void look(void *arg)
{
	struct refreshing *refreshing = arg;

	refreshing->timer = NULL;
	if (walk_is_alive(&refreshing->walk, refreshing->front)) {
		refreshing->timer = loop_after(refreshing->front->loop, LOOK_MS, look, refreshing);
		return;
	}
	walk_leave(&refreshing->walk, refreshing->front);
	if (!send_walker(refreshing))
		finish(refreshing, true);
}

static void end_names(struct refreshing *refreshing)
{
	struct front *front = refreshing->front;
	bool can_walk = !refreshing->every_name && walk_is_needed(&refreshing->walk);

	if (can_walk && refreshing->of_resource && send_walker(refreshing))
		return;
	if (notify_names(front))
		finish(refreshing, false);
	else if (!can_walk || refreshing->of_resource || !send_walker(refreshing))
		finish(refreshing, refreshing->every_name || walk_is_needed(&refreshing->walk));
}

/* ---- work ---- */

/* The next source above, or all there is.  False: all have begun. */
static bool begin_next(struct refreshing *refreshing)
{
	struct front *front = refreshing->front;
	const struct sources *sources = front->sources;
	const struct source *source = sources_of(sources, refreshing->id);

	if (refreshing->n_begun == (source ? 1 : sources->n))
		return false;
	const struct source *next = source ? source : &sources->v[refreshing->n_begun];
	uint64_t id = source ? refreshing->id : tree_root(next->tree);
	refreshing->n_begun++;
	const struct node *top = engine_refresh_begin(next->engine, id, refreshing->name, &refreshing->todo);
	refreshing->of_resource = source && top && !refreshing->name && node_id(top);
	if (source)
		walk_aim(&refreshing->walk, front, source, tree_refresh_top(source->tree, id, NULL));
	else if (refreshing->n_begun == sources->n)
		walk_aim(&refreshing->walk, front, NULL, NULL);
	return true;
}

/* False: nothing is left to be done. */
static bool work(struct refreshing *refreshing)
{
	const struct front *front = refreshing->front;
	struct walk *walk = &refreshing->walk;

	if (refreshing->todo.n) {
		const struct source *source = sources_of(front->sources, refreshing->todo.v[0]);
		tree_refresh_step(source->tree, &refreshing->todo, STEP, &walk->held);
		return true;
	}
	if (begin_next(refreshing))
		return true;
	for (size_t i = 0; i < SLICE && refreshing->at < walk->held.n; i++)
		notify_attributes(front, walk->held.v[refreshing->at++]);
	return refreshing->at < walk->held.n;
}

static void go_on(void *arg)
{
	struct refreshing *refreshing = arg;
	struct front *front = refreshing->front;
	int64_t until_ms = loop_now_ms(front->loop) + 1;

	refreshing->timer = NULL;
	refreshing->begun = true;
	while (work(refreshing))
		if (loop_now_ms(front->loop) > until_ms) { /* others have their turn */
			refreshing->timer = loop_after(front->loop, 0, go_on, refreshing);
			return;
		}
	unlink_from(&front->refreshing, refreshing);
	refreshing->next = front->walking;
	front->walking = refreshing;
	end_names(refreshing);
	run(front);
}

static void run(struct front *front)
{
	struct refreshing *first = front->refreshing;

	if (first && !first->begun && !first->timer)
		first->timer = loop_after(front->loop, 0, go_on, first);
}

/* ---- requests ---- */

static bool is_owner(const struct front *front, uid_t uid)
{
	return config_is_owner(front->sources->setting.config, uid);
}

static struct refreshing *find_waiting(const struct front *front, uint64_t id, const char *name)
{
	struct refreshing *at = front->refreshing;

	while (at &&
		(at->begun || at->every_name || at->id != id || !at->name != !name ||
			(name && strcmp(at->name, name) != 0)))
		at = at->next;
	return at;
}

/* Behind those that wait. */
static struct refreshing *add(struct front *front, uint64_t id, const char *name)
{
	struct refreshing *refreshing = xcalloc(1, sizeof(*refreshing)), **at = &front->refreshing;

	refreshing->front = front;
	refreshing->id = id;
	refreshing->name = name ? xstrdup(name) : NULL;
	refreshing->by_other = true;
	walk_init(&refreshing->walk);
	while (*at)
		at = &(*at)->next;
	*at = refreshing;
	return refreshing;
}

/* The process that asked has gone; what was begun is done. */
static void interrupt(fuse_req_t request, void *arg)
{
	struct asker *asker = arg;

	asker->request = NULL;
	fuse_reply_err(request, EINTR);
}

/* Behind those that wait; but a user who mounted the tree goes through names before the others. */
static void join(struct refreshing *refreshing, fuse_req_t request, uint64_t opened)
{
	const struct fuse_ctx *context = fuse_req_ctx(request);
	struct front *front = refreshing->front;
	struct asker *asker = xcalloc(1, sizeof(*asker)), **at = &refreshing->first;

	*asker = (struct asker){ .request = request,
		.pid = context->pid,
		.is_owner = is_owner(front, context->uid),
		.opened = opened };
	if (!asker->is_owner && refreshing->last)
		at = &refreshing->last->next;
	asker->next = *at;
	*at = asker;
	if (!asker->next)
		refreshing->last = asker;
	front->n_askers++;
	refreshing->by_other &= !asker->is_owner;
	fuse_req_interrupt_func(request, interrupt, asker);
}

/* In so many seconds another user's refresh is taken; 0: now, and it counts. */
static uint32_t others_wait_s(const struct front *front, uint64_t id)
{
	const struct sources *sources = front->sources;
	int64_t now_ms = loop_now_ms(front->loop), longest_ms = 0;

	for (size_t i = 0; i < sources->n; i++) {
		const struct source *source = sources_of(sources, id);
		struct tree *tree = source ? source->tree : sources->v[i].tree;
		struct node *top = tree_refresh_top(tree, source ? id : tree_root(tree), NULL);
		int64_t left_ms = top && (!source || source == &sources->v[i]) ?
			tree_refresh_left_ms(tree, top, now_ms) :
			0;
		longest_ms = left_ms > longest_ms ? left_ms : longest_ms;
	}
	return (uint32_t)((longest_ms + 999) / 1000);
}

static bool is_full(const struct front *front, bool by_other)
{
	return count(front->refreshing, false) + count(front->walking, false) >= REFRESHES_MAX ||
		(by_other && count(front->refreshing, true) + count(front->walking, true) >= OTHERS_MAX);
}

static void begin(struct front *front, fuse_req_t request, fuse_ino_t opened,
	const struct refresh_request *query)
{
	const struct source *source = sources_of(front->sources, opened);
	const char *name = *query->path ? query->path : NULL;
	uint64_t id = source ? tree_refresh_id(source->tree, opened, &name) : name ? 0 : TREE_ROOT;
	bool by_other = !is_owner(front, fuse_req_ctx(request)->uid);
	struct refreshing *refreshing = find_waiting(front, id, name);
	struct refresh_request reply = { 0 };

	if (front->n_askers >= ASKERS_MAX || (id && !refreshing && is_full(front, by_other))) {
		fuse_reply_err(request, EBUSY);
		return;
	}
	if (id && !refreshing && by_other)
		reply.wait_s = others_wait_s(front, id);
	if (!id || reply.wait_s) { /* the mount's own texts are always new */
		answer(request, &reply);
		return;
	}
	if (!refreshing)
		refreshing = add(front, id, name);
	join(refreshing, request, opened);
	run(front);
}

/* The process that goes through names has done a task, or cannot go there. */
static void next(struct front *front, fuse_req_t request, bool every_name)
{
	struct refreshing *refreshing = front->walking;
	struct refresh_request task = { 0 };

	while (refreshing && &refreshing->walk != walk_of(request))
		refreshing = refreshing->next;
	if (!refreshing) { /* it was too slow */
		task.names_kept = 1;
	} else if (every_name || !walk_next(&refreshing->walk, front, &task)) {
		task = (struct refresh_request){ .names_kept = every_name ? !notify_names(front) :
									    refreshing->walk.names_kept };
		finish(refreshing, task.names_kept);
	}
	answer(request, &task);
}

void refresh_op_ioctl(fuse_req_t request, fuse_ino_t id, unsigned int command, void *argument,
	struct fuse_file_info *info, unsigned int flags, const void *in, size_t in_size, size_t out_size)
{
	struct front *front = fuse_req_userdata(request);
	struct refresh_request query;

	(void)argument;
	(void)info;
	(void)flags;
	if (command != REFRESH_IOCTL || in_size != sizeof(query) || out_size != sizeof(query)) {
		fuse_reply_err(request, ENOTTY);
		return;
	}
	memcpy(&query, in, sizeof(query));
	query.path[sizeof(query.path) - 1] = '\0';
	if (query.step == REFRESH_BEGIN)
		begin(front, request, id, &query);
	else
		next(front, request, query.step == REFRESH_EVERY_NAME);
}

void refresh_all(struct front *front)
{
	struct refreshing *waiting = front->refreshing;

	while (waiting && (waiting->begun || !waiting->every_name))
		waiting = waiting->next;
	if (!waiting)
		add(front, TREE_ROOT, NULL)->every_name = true;
	run(front);
}

void refresh_release(struct front *front)
{
	while (front->refreshing)
		finish(front->refreshing, true);
	while (front->walking)
		finish(front->walking, true);
}
