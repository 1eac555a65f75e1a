/*
 * refresh.c - makes the kernel drop what it has cached of a part of the mount.
 *
 * The sources mark their cached data stale; then the kernel has to ask again. It caches attributes of
 * directories and names until they expire. The loop cannot send every notification on /dev/fuse: one that
 * names an entry takes its directory's lock, which a reader that waits for the daemon may hold. These ways
 * take no lock:
 *
 *     attributes    are invalidated by inode; a process that stands in a directory never looks it up by name.
 *     the names     of one resource are dropped when the process that asked for the refresh walks them
 *     of a few      (walk.c).
 *     all names     are dropped by a new epoch, one notification (Linux 6.16). The kernel also looks up
 *                   names again that were not refreshed, which costs no API call. Before 6.16, or while
 *                   another file system is mounted inside, a process walks them.
 *
 * No file's pages are invalidated: a file's id stands for one content, and open files keep it.
 *
 * One refresh is worked on at a time, a part of it in each round of the loop. A request for a refresh that
 * is still queued joins it. A request never joins a refresh that has begun, because answers may have arrived
 * since.
 */
#include "refresh.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "notify.h"
#include "walk.h"

enum {
	SLICE = 512, /* directories invalidated in a row */
	STEP = 4096, /* nodes marked stale in a row */
	WALK_CHECK_MS = 500, /* how often the daemon checks that a process still walks */
	REFRESHES_MAX = 16, /* queued and walking */
	OTHERS_MAX = 8, /* the same, of users other than the mount's owner */
	ASKERS_MAX = 4096, /* requests that wait for a refresh */
	FORGET_ROUNDS = 2 /* rounds of the loop: then at least one reads all that the kernel sends */
};

/* An ioctl that waits. Invariant: `request` is NULL once it was answered. */
struct asker {
	struct list link; /* in refresh->askers */
	fuse_req_t request;
	pid_t pid;
	bool is_owner;
	uint64_t opened; /* the node that the ioctl was sent to */
};

/* What is to be refreshed, by name. */
struct refresh_target {
	uint64_t id; /* a directory; TREE_ROOT above several sources: all */
	char *name; /* in it, and maybe not there; NULL: the directory itself. Owned. */
};

/*
 * The ioctl that follows the last name. The kernel may send it before the FORGETs of the names that it has
 * just dropped; until they are read, resources that are no longer in use look used. So the answer waits.
 */
struct forgets {
	fuse_req_t request; /* NULL: not asked yet, or answered */
	struct timer *timer;
	unsigned rounds; /* that have passed */
};

/*
 * Invariant: in front->refreshes.queued, or, with all its nodes marked, in .walking. `begun` is set once work
 * on it has started.
 */
struct refresh {
	struct front *front;
	struct list link;
	struct refresh_target target;
	bool by_other; /* all askers are users other than the mount's owner */
	bool every_name; /* by a signal: there is no process to walk names */
	struct list askers; /* of struct asker: those of the mount's owner first; owned */
	bool begun;
	bool of_resource; /* one resource: few names */
	size_t n_begun; /* sources */
	struct ids todo; /* nodes to mark stale */
	size_t at; /* the next of walk.held to invalidate */
	struct walk walk;
	struct forgets forgets;
	struct timer *timer;
};

static void refresh_start_next(struct front *front);

/* NULL: the list is empty. */
static struct refresh *refresh_first(const struct list *refreshes)
{
	return LIST_FIRST(refreshes, struct refresh, link);
}

static size_t refresh_count(const struct list *list, bool by_other)
{
	size_t n = 0;

	for (struct list *at = list_first(list); at; at = list_next(list, at))
		n += LIST_OWNER(at, struct refresh, link)->by_other || !by_other;
	return n;
}

/* ---- replies ---- */

static void reply_ioctl(fuse_req_t request, struct refresh_request *with)
{
	memcpy(with->mark, REFRESH_MARK, sizeof(REFRESH_MARK));
	fuse_reply_ioctl(request, 0, with, sizeof(*with));
}

static void asker_reply(struct asker *asker, struct refresh_request *with)
{
	fuse_req_t request = asker->request;

	if (!request)
		return;
	fuse_req_interrupt_func(request, NULL, NULL);
	if (asker->request) /* clearing the interrupt function may have called it */
		reply_ioctl(request, with);
	asker->request = NULL;
}

/* Ends and frees the refresh, and answers its askers. */
static void refresh_finish(struct refresh *refresh, bool names_kept)
{
	struct front *front = refresh->front;
	struct refresh_request done = { .names_kept = names_kept };
	struct list *link;

	list_remove(&refresh->link);
	walk_leave(&refresh->walk);
	loop_timer_stop(front->loop, refresh->timer);
	loop_timer_stop(front->loop, refresh->forgets.timer);
	if (refresh->forgets.request)
		reply_ioctl(refresh->forgets.request, &done);
	while ((link = list_first(&refresh->askers))) {
		struct asker *asker = LIST_OWNER(link, struct asker, link);
		list_remove(link);
		asker_reply(asker, &done);
		free(asker);
		front->refreshes.n_askers--;
	}
	walk_release(&refresh->walk);
	free(refresh->todo.v);
	free(refresh->target.name);
	free(refresh);
}

/* ---- names ---- */

static void check_walk(void *arg);

/* The first asker that waits and has a pid; NULL: there is none. */
static struct asker *find_walker(const struct refresh *refresh)
{
	for (struct list *at = list_first(&refresh->askers); at; at = list_next(&refresh->askers, at)) {
		struct asker *asker = LIST_OWNER(at, struct asker, link);
		if (asker->request && asker->pid)
			return asker;
	}
	return NULL;
}

/* Lets an asker walk the names. Returns false if there is none that can. */
static bool start_walk(struct refresh *refresh)
{
	struct front *front = refresh->front;
	struct asker *asker = find_walker(refresh);

	if (!asker)
		return false;
	struct refresh_request task = { .levels = walk_levels(&refresh->walk, front, asker->opened) };
	walk_join(&refresh->walk, front, asker->pid);
	refresh->timer = loop_timer_start(front->loop, WALK_CHECK_MS, check_walk, refresh);
	walk_next(&refresh->walk, front, &task);
	asker_reply(asker, &task);
	return true;
}

static void check_walk(void *arg)
{
	struct refresh *refresh = arg;

	refresh->timer = NULL;
	if (walk_is_alive(&refresh->walk, refresh->front)) {
		refresh->timer = loop_timer_start(refresh->front->loop, WALK_CHECK_MS, check_walk, refresh);
		return;
	}
	walk_leave(&refresh->walk);
	if (!start_walk(refresh))
		refresh_finish(refresh, true);
}

static void drop_names(struct refresh *refresh)
{
	struct front *front = refresh->front;
	bool can_walk = !refresh->every_name && walk_is_needed(&refresh->walk);

	if (can_walk && refresh->of_resource && start_walk(refresh))
		return;
	if (notify_names(front))
		refresh_finish(refresh, false);
	else if (!can_walk || refresh->of_resource || !start_walk(refresh))
		refresh_finish(refresh, refresh->every_name || walk_is_needed(&refresh->walk));
}

/* ---- work ---- */

/* Begins the next source. Returns false if all have begun. */
static bool begin_next(struct refresh *refresh)
{
	struct front *front = refresh->front;
	bool of_resource;

	if (!sources_refresh_begin(front->sources, refresh->n_begun, refresh->target.id, refresh->target.name,
		    &refresh->todo, &of_resource))
		return false;
	if (!refresh->n_begun++)
		walk_aim(&refresh->walk, front, refresh->target.id);
	refresh->of_resource = of_resource;
	return true;
}

/* One piece of work. Returns false if none is left. */
static bool refresh_step(struct refresh *refresh)
{
	struct front *front = refresh->front;
	struct walk *walk = &refresh->walk;

	if (refresh->todo.n) {
		sources_refresh_step(front->sources, &refresh->todo, STEP, &walk->held);
		return true;
	}
	if (begin_next(refresh))
		return true;
	for (size_t i = 0; i < SLICE && refresh->at < walk->held.n; i++)
		notify_attributes(front, walk->held.v[refresh->at++]);
	return refresh->at < walk->held.n;
}

static void refresh_work(void *arg)
{
	struct refresh *refresh = arg;
	struct front *front = refresh->front;
	int64_t until_ms = loop_now_ms(front->loop) + 1;

	refresh->timer = NULL;
	refresh->begun = true;
	while (refresh_step(refresh))
		if (loop_now_ms(front->loop) > until_ms) { /* the loop serves requests in between */
			refresh->timer = loop_timer_start(front->loop, 0, refresh_work, refresh);
			return;
		}
	list_remove(&refresh->link);
	list_add_first(&front->refreshes.walking, &refresh->link);
	drop_names(refresh);
	refresh_start_next(front);
}

static void refresh_start_next(struct front *front)
{
	struct refresh *first = refresh_first(&front->refreshes.queued);

	if (first && !first->begun && !first->timer)
		first->timer = loop_timer_start(front->loop, 0, refresh_work, first);
}

/* ---- requests ---- */

static bool uid_is_owner(const struct front *front, uid_t uid)
{
	return config_is_owner(front->sources->setting.config, uid);
}

static bool is_target(const struct refresh_target *target, uint64_t id, const char *name)
{
	return target->id == id && !target->name == !name && (!name || strcmp(target->name, name) == 0);
}

/* The queued refresh of this target on which no work has begun; NULL: there is none. */
static struct refresh *find_waiting(const struct front *front, uint64_t id, const char *name, bool every_name)
{
	const struct list *queued = &front->refreshes.queued;

	for (struct list *at = list_first(queued); at; at = list_next(queued, at)) {
		struct refresh *refresh = LIST_OWNER(at, struct refresh, link);
		if (!refresh->begun && refresh->every_name == every_name &&
			is_target(&refresh->target, id, name))
			return refresh;
	}
	return NULL;
}

/* Adds a refresh at the queue's end. */
static struct refresh *refresh_add(struct front *front, uint64_t id, const char *name)
{
	struct refresh *refresh = xcalloc(1, sizeof(*refresh));

	refresh->front = front;
	refresh->target.id = id;
	refresh->target.name = name ? xstrdup(name) : NULL;
	refresh->by_other = true;
	list_init(&refresh->askers);
	walk_init(&refresh->walk);
	list_add_last(&front->refreshes.queued, &refresh->link);
	return refresh;
}

/* The asking process was interrupted; the refresh goes on. */
static void asker_interrupt(fuse_req_t request, void *arg)
{
	struct asker *asker = arg;

	asker->request = NULL;
	fuse_reply_err(request, EINTR);
}

/*
 * Adds an asker: the mount's owner at the front, so that its process walks the names; another user at the
 * end.
 */
static void refresh_join(struct refresh *refresh, fuse_req_t request, uint64_t opened)
{
	const struct fuse_ctx *context = fuse_req_ctx(request);
	struct front *front = refresh->front;
	struct asker *asker = xmalloc(sizeof(*asker));

	*asker = (struct asker){ .request = request,
		.pid = context->pid,
		.is_owner = uid_is_owner(front, context->uid),
		.opened = opened };
	if (asker->is_owner)
		list_add_first(&refresh->askers, &asker->link);
	else
		list_add_last(&refresh->askers, &asker->link);
	front->refreshes.n_askers++;
	refresh->by_other &= !asker->is_owner;
	fuse_req_interrupt_func(request, asker_interrupt, asker);
}

/* Rounded up to whole seconds. */
static uint32_t wait_s_of_other(const struct front *front, uint64_t id)
{
	int64_t left_ms = sources_refresh_left_ms(front->sources, id, loop_now_ms(front->loop));

	return (uint32_t)((left_ms + 999) / 1000);
}

static bool refreshes_are_full(const struct front *front, bool by_other)
{
	const struct refreshes *refreshes = &front->refreshes;
	size_t n = refresh_count(&refreshes->queued, false) + refresh_count(&refreshes->walking, false);
	size_t n_others = refresh_count(&refreshes->queued, true) + refresh_count(&refreshes->walking, true);

	return n >= REFRESHES_MAX || (by_other && n_others >= OTHERS_MAX);
}

static void ioctl_begin(struct front *front, fuse_req_t request, fuse_ino_t opened,
	const struct refresh_request *query)
{
	const char *name = *query->path ? query->path : NULL;
	uint64_t id = sources_refresh_id(front->sources, opened, &name);
	bool by_other = !uid_is_owner(front, fuse_req_ctx(request)->uid);
	struct refresh *refresh = find_waiting(front, id, name, false);
	struct refresh_request reply = { 0 };

	if (front->refreshes.n_askers >= ASKERS_MAX ||
		(id && !refresh && refreshes_are_full(front, by_other))) {
		fuse_reply_err(request, EBUSY);
		return;
	}
	if (id && !refresh && by_other)
		reply.wait_s = wait_s_of_other(front, id);
	if (!id || reply.wait_s) { /* id 0: files of .describefs are never cached */
		reply_ioctl(request, &reply);
		return;
	}
	if (!refresh)
		refresh = refresh_add(front, id, name);
	refresh_join(refresh, request, opened);
	refresh_start_next(front);
}

/* Gives the walking process its next task, or ends the refresh. */
static void answer_next(struct refresh *refresh, fuse_req_t request)
{
	struct refresh_request task = { 0 };

	if (!walk_next(&refresh->walk, refresh->front, &task)) {
		task = (struct refresh_request){ .names_kept = refresh->walk.names_kept };
		refresh_finish(refresh, task.names_kept);
	}
	reply_ioctl(request, &task);
}

static void await_forgets(void *arg)
{
	struct refresh *refresh = arg;
	struct forgets *forgets = &refresh->forgets;
	fuse_req_t request = forgets->request;

	forgets->timer = NULL;
	if (forgets->rounds++ < FORGET_ROUNDS) {
		forgets->timer = loop_timer_start(refresh->front->loop, 0, await_forgets, refresh);
		return;
	}
	forgets->request = NULL;
	answer_next(refresh, request);
}

/* A walking process has done or skipped its task, or cannot open the base. */
static void ioctl_next(struct front *front, fuse_req_t request, const struct refresh_request *query)
{
	struct walk *walk = walk_of(request);
	struct refresh *refresh = walk ? LIST_OWNER(walk, struct refresh, walk) : NULL;
	struct refresh_request given_up = { .names_kept = 1 }; /* the process was too slow */

	if (walk)
		walk->names_kept |= query->names_kept;
	if (!refresh || refresh->forgets.request) {
		reply_ioctl(request, &given_up);
	} else if (query->step == REFRESH_EVERY_NAME) {
		struct refresh_request done = { .names_kept = !notify_names(front) };
		refresh_finish(refresh, done.names_kept);
		reply_ioctl(request, &done);
	} else if (walk_is_at_last_name(walk)) {
		refresh->forgets.request = request;
		await_forgets(refresh);
	} else {
		answer_next(refresh, request);
	}
}

void refreshes_init(struct refreshes *refreshes)
{
	list_init(&refreshes->queued);
	list_init(&refreshes->walking);
	list_init(&refreshes->walks);
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
		ioctl_begin(front, request, id, &query);
	else
		ioctl_next(front, request, &query);
}

void refresh_all(struct front *front)
{
	if (!find_waiting(front, TREE_ROOT, NULL, true))
		refresh_add(front, TREE_ROOT, NULL)->every_name = true;
	refresh_start_next(front);
}

void refresh_release(struct front *front)
{
	struct refresh *refresh;

	while ((refresh = refresh_first(&front->refreshes.queued)))
		refresh_finish(refresh, true);
	while ((refresh = refresh_first(&front->refreshes.walking)))
		refresh_finish(refresh, true);
}
