/*
 * walk.c - one process walks names of the mount so that the kernel forgets them.
 *
 * Before Linux 6.16 every notification that invalidates names takes their directory's lock, which a reader
 * that waits for the daemon may hold. But the kernel itself drops a name, and all names below it, when it
 * looks the name up again and gets ENOENT. It looks up again, even before the name expires, when a step of a
 * system call fails with ESTALE. So the process that asked for the refresh calls statx(2) on the name, and
 * the daemon answers
 *
 *     GETATTR of it     ESTALE, once
 *     LOOKUP of it      ENOENT, once: the kernel drops all names below it, negative entries too
 *     LOOKUP, GETATTR   from the cache, already expired (of a resource ENOENT once more)
 *
 * Requests of other processes are answered as always. Six messages are enough for any number of names. The
 * kernel keeps names in use: of open files, and of directories that a process stands in. The process reads
 * the directories of those resources afterwards: READDIRPLUS renews the expiry of their names.
 */
#include "walk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "notify.h"
#include "reply.h"

enum {
	SILENCE_MS = 2000, /* a walk is given up when its process sends no request for so long */
	WALK_MS = 10 * 1000, /* and after this time in any case */
	LOOKS_MAX = 20000 /* directories examined for one ioctl */
};

/* ---- paths ---- */

static size_t path_depth(const struct front *front, uint64_t id)
{
	struct buf path;
	size_t n = 0;

	buf_init(&path, SIZE_MAX);
	sources_path(front->sources, id, &path);
	for (size_t i = 0; i < path.len; i++)
		n += path.data[i] == '/';
	buf_release(&path);
	return n;
}

uint32_t walk_levels(const struct walk *walk, const struct front *front, uint64_t opened)
{
	return (uint32_t)(path_depth(front, opened) - path_depth(front, walk->base));
}

/* The path of `id` from the base on. Returns false if it does not fit. */
static bool add_path_below(const struct walk *walk, const struct front *front, uint64_t id, char *out,
	size_t size)
{
	struct buf path, base;

	buf_init(&path, SIZE_MAX);
	buf_init(&base, SIZE_MAX);
	sources_path(front->sources, id, &path);
	sources_path(front->sources, walk->base, &base);
	bool fits = path.len > base.len + 1 && path.len - base.len <= size;
	if (fits)
		memcpy(out, path.data + base.len + 1, path.len - base.len);
	buf_release(&path);
	buf_release(&base);
	return fits;
}

/* ---- life ---- */

void walk_init(struct walk *walk)
{
	*walk = (struct walk){ 0 };
	list_init(&walk->link);
	buf_init(&walk->names, SIZE_MAX);
}

void walk_release(struct walk *walk)
{
	buf_release(&walk->names);
	free(walk->held.v);
}

void walk_aim(struct walk *walk, const struct front *front, uint64_t id)
{
	walk->base = sources_refresh_names(front->sources, id, &walk->names);
}

bool walk_is_needed(const struct walk *walk)
{
	return walk->at < walk->names.len;
}

bool walk_is_at_last_name(const struct walk *walk)
{
	return walk_is_needed(walk) && walk->at + strlen(walk->names.data + walk->at) + 1 >= walk->names.len;
}

void walk_join(struct walk *walk, struct front *front, pid_t pid)
{
	walk->pid = pid;
	walk->begun_ms = loop_now_ms(front->loop);
	walk->until_ms = walk->begun_ms + SILENCE_MS;
	walk->state = WALK_IDLE;
	list_add_first(&front->refreshes.walks, &walk->link);
}

void walk_leave(struct walk *walk)
{
	list_remove(&walk->link);
}

bool walk_is_alive(const struct walk *walk, const struct front *front)
{
	int64_t now_ms = loop_now_ms(front->loop);

	return now_ms < walk->until_ms && now_ms < walk->begun_ms + WALK_MS;
}

/* ---- tasks ---- */

/* The next directory of a resource that is in use. */
static bool next_used(struct walk *walk, struct front *front, struct refresh_request *answer)
{
	for (size_t looks = 0; looks < LOOKS_MAX && walk->held_at < walk->held.n; looks++) {
		uint64_t id = walk->held.v[walk->held_at++];
		if (!sources_is_used(front->sources, id) ||
			!add_path_below(walk, front, id, answer->path, sizeof(answer->path)))
			continue;
		answer->task = TASK_READ;
		notify_directory_now(front, id); /* or readdir(3) would get the cached listing */
		return true;
	}
	answer->task = TASK_READ; /* an empty path: no work in this round */
	answer->path[0] = '\0';
	return walk->held_at < walk->held.n;
}

bool walk_next(struct walk *walk, struct front *front, struct refresh_request *answer)
{
	if (walk->state != WALK_IDLE) {
		walk->names_kept |= walk->state == WALK_STALE;
		walk->at += strlen(walk->names.data + walk->at) + 1;
		walk->state = WALK_IDLE;
	}
	if (walk->at >= walk->names.len)
		return next_used(walk, front, answer);
	answer->task = TASK_FORGET;
	snprintf(answer->path, sizeof(answer->path), "%s", walk->names.data + walk->at);
	walk->state = WALK_ASKED;
	walk->id = sources_id_of(front->sources, walk->base, walk->names.data + walk->at);
	walk->is_resource = sources_is_used(front->sources, walk->id);
	return true;
}

/* ---- replies to the process ---- */

struct walk *walk_of(fuse_req_t request)
{
	struct front *front = fuse_req_userdata(request);
	const struct list *walks = &front->refreshes.walks;

	for (struct list *at = list_first(walks); at; at = list_next(walks, at)) {
		struct walk *walk = LIST_OWNER(at, struct walk, link);
		if (walk->pid != fuse_req_ctx(request)->pid || !walk_is_alive(walk, front))
			continue;
		walk->until_ms = loop_now_ms(front->loop) + SILENCE_MS;
		return walk;
	}
	return NULL;
}

/* The errno for a GETATTR (`name` NULL) or LOOKUP of the current name; 0: answer from the cache. */
static int walk_errno(struct walk *walk, const struct pending_request *pending, const char *name)
{
	if (!name && walk->state == WALK_ASKED && pending->id == walk->id) {
		walk->state = WALK_STALE;
		return ESTALE;
	}
	if (!name || pending->id != walk->base || walk->at >= walk->names.len ||
		strcmp(name, walk->names.data + walk->at) != 0)
		return 0;
	/* a resource in use comes back when its directory is read; other names need not come back */
	if (walk->state != WALK_STALE && !(walk->state == WALK_FORGOTTEN && walk->is_resource))
		return 0;
	walk->state = WALK_FORGOTTEN;
	return ENOENT;
}

bool walk_answers(struct pending_request *pending, enum question question, const char *name)
{
	struct walk *walk = question == ASK_LOOKUP || question == ASK_ATTR ? walk_of(pending->request) : NULL;

	if (!walk)
		return false;
	int error = walk_errno(walk, pending, name);
	if (error) {
		fuse_reply_err(pending->request, error);
		free(pending);
		return true;
	}
	const struct reply reply = sources_ask_cached(pending->front->sources, question, pending->id, name);
	reply_pending(pending, &reply);
	return true;
}

bool walk_reads(struct pending_request *pending, uint64_t cookie)
{
	pending->from_cache = walk_of(pending->request);
	if (!pending->from_cache)
		return false;
	const struct reply reply = sources_read_cached(pending->front->sources, pending->id, cookie);
	reply_pending(pending, &reply);
	return true;
}
