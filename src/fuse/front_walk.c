/*
 * front_walk.c - a process goes through names, so that the kernel forgets what it keeps of them.
 *
 * Before Linux 6.16 no notification ends names without taking their directory's lock, which a reader who
 * waits for the daemon may hold.  But the kernel itself drops a name, and all names below it, when it looks
 * the name up again and is told that it is not there.  It looks up again, whatever the name's term, when a
 * step of a system call ends with ESTALE.  So the process that asked for the refresh asks for the
 * attributes of the name, and the daemon answers
 *
 *     GETATTR of it     ESTALE, once
 *     LOOKUP of it      ENOENT, once: the kernel drops all names below it, also those that were not there
 *     LOOKUP, GETATTR   what is known, with a term that is over (of a resource ENOENT once more)
 *
 * No other process meets these answers, and it takes six messages for any number of names.  The kernel
 * keeps the names that are in use: of open files, and of directories that a process stands in.  Their
 * resources are read after that: READDIRPLUS carries the new terms.
 */
#include "front_walk.h"

#include "front_notify.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	SILENCE_MS = 2000, /* a process that goes through names asks for the next one within */
	WALK_MS = 10 * 1000, /* and is done within */
	LOOKS_MAX = 20000 /* directories looked at for one answer */
};

/* ---- paths ---- */

static void put_path(const struct front *front, uint64_t id, struct buf *out)
{
	const struct source *source = sources_of(front->sources, id);

	if (source && source->number)
		buf_printf(out, "/%s", source->name->written);
	if (source)
		tree_path(source->tree, id, out);
}

static size_t count_steps(const struct front *front, uint64_t id)
{
	struct buf path;
	size_t n = 0;

	buf_init(&path, SIZE_MAX);
	put_path(front, id, &path);
	for (size_t i = 0; i < path.len; i++)
		n += path.data[i] == '/';
	buf_release(&path);
	return n;
}

uint32_t walk_levels(const struct walk *walk, const struct front *front, uint64_t opened)
{
	return (uint32_t)(count_steps(front, opened) - count_steps(front, walk->base));
}

/* From the base on; false: it is too long for an answer. */
static bool put_path_below(const struct walk *walk, const struct front *front, uint64_t id, char *out,
	size_t size)
{
	struct buf path, base;

	buf_init(&path, SIZE_MAX);
	buf_init(&base, SIZE_MAX);
	put_path(front, id, &path);
	put_path(front, walk->base, &base);
	bool fits = path.len > base.len + 1 && path.len - base.len <= size;
	if (fits)
		memcpy(out, path.data + base.len + 1, path.len - base.len);
	buf_release(&path);
	buf_release(&base);
	return fits;
}

/* ---- its life ---- */

void walk_init(struct walk *walk)
{
	*walk = (struct walk){ 0 };
	buf_init(&walk->names, SIZE_MAX);
}

void walk_release(struct walk *walk)
{
	buf_release(&walk->names);
	free(walk->held.v);
}

void walk_aim(struct walk *walk, const struct front *front, const struct source *source,
	const struct node *target)
{
	const struct sources *sources = front->sources;

	if (source && target)
		walk->base = tree_names_of(source->tree, target, &walk->names);
	if (source)
		return;
	walk->base = TREE_ROOT;
	for (size_t i = 0; i < sources->n; i++) {
		buf_puts(&walk->names, sources->v[i].name->written);
		buf_putc(&walk->names, '\0');
	}
}

bool walk_is_needed(const struct walk *walk)
{
	return walk->at < walk->names.len;
}

void walk_join(struct walk *walk, struct front *front, pid_t pid)
{
	walk->pid = pid;
	walk->begun_ms = loop_now_ms(front->loop);
	walk->until_ms = walk->begun_ms + SILENCE_MS;
	walk->state = WALK_IDLE;
	walk->next = front->walks;
	front->walks = walk;
}

void walk_leave(struct walk *walk, struct front *front)
{
	struct walk **at = &front->walks;

	while (*at && *at != walk)
		at = &(*at)->next;
	if (*at)
		*at = walk->next;
}

bool walk_is_alive(const struct walk *walk, const struct front *front)
{
	int64_t now_ms = loop_now_ms(front->loop);

	return now_ms < walk->until_ms && now_ms < walk->begun_ms + WALK_MS;
}

/* ---- tasks ---- */

/* A directory of a resource that is still in use. */
static bool next_used(struct walk *walk, struct front *front, struct refresh_request *answer)
{
	for (size_t looks = 0; looks < LOOKS_MAX && walk->held_at < walk->held.n; looks++) {
		uint64_t id = walk->held.v[walk->held_at++];
		const struct source *source = sources_of(front->sources, id);
		if (!tree_is_used(source->tree, id) ||
			!put_path_below(walk, front, id, answer->path, sizeof(answer->path)))
			continue;
		answer->task = TASK_READ;
		notify_directory_now(front, id); /* or the kernel reads what it keeps */
		return true;
	}
	answer->task = TASK_READ; /* nothing for this time */
	answer->path[0] = '\0';
	return walk->held_at < walk->held.n;
}

static uint64_t id_of_name(const struct walk *walk, const struct front *front)
{
	const struct sources *sources = front->sources;
	const struct source *source = sources_of(sources, walk->base);
	const char *name = walk->names.data + walk->at;

	if (source)
		return tree_id_of(source->tree, walk->base, name);
	for (size_t i = 0; i < sources->n; i++)
		if (!strcmp(sources->v[i].name->written, name))
			return tree_root(sources->v[i].tree);
	return 0;
}

bool walk_next(struct walk *walk, struct front *front, struct refresh_request *answer)
{
	if (walk->state != WALK_IDLE) {
		walk->names_kept |= walk->state == WALK_DOUBTED;
		walk->at += strlen(walk->names.data + walk->at) + 1;
		walk->state = WALK_IDLE;
	}
	if (walk->at >= walk->names.len)
		return next_used(walk, front, answer);
	answer->task = TASK_FORGET;
	snprintf(answer->path, sizeof(answer->path), "%s", walk->names.data + walk->at);
	walk->state = WALK_ASKED;
	walk->id = id_of_name(walk, front);
	const struct source *source = sources_of(front->sources, walk->id);
	walk->is_resource = source && tree_is_used(source->tree, walk->id);
	return true;
}

/* ---- what the process is told ---- */

struct walk *walk_of(fuse_req_t request)
{
	struct front *front = fuse_req_userdata(request);
	struct walk *walk = front->walks;

	while (walk && (walk->pid != fuse_req_ctx(request)->pid || !walk_is_alive(walk, front)))
		walk = walk->next;
	if (walk)
		walk->until_ms = loop_now_ms(front->loop) + SILENCE_MS;
	return walk;
}

static void answer_known(struct parked *parked, struct reply reply)
{
	if (reply.outcome == RESULT_NEED_FETCH)
		reply = (struct reply){ .outcome = RESULT_FAILED, .error = ERR_LOCAL };
	reply_parked(parked, &reply);
}

/* It is asked what the name leads to, or whether it is there. */
static int doubt(struct walk *walk, const struct parked *parked, const char *name)
{
	if (!name && walk->state == WALK_ASKED && parked->id == walk->id) {
		walk->state = WALK_DOUBTED;
		return ESTALE;
	}
	if (!name || parked->id != walk->base || walk->at >= walk->names.len ||
		strcmp(name, walk->names.data + walk->at) != 0)
		return 0;
	/*
	 * a resource that is in use comes back when it is read; any other need not be known to the kernel
	 * again
	 */
	if (walk->state != WALK_DOUBTED && !(walk->state == WALK_FORGOTTEN && walk->is_resource))
		return 0;
	walk->state = WALK_FORGOTTEN;
	return ENOENT;
}

bool walk_answers(struct parked *parked, enum question question, const char *name)
{
	const struct source *source = sources_of(parked->front->sources, parked->id);
	struct walk *walk = question == ASK_LOOKUP || question == ASK_ATTR ? walk_of(parked->request) : NULL;

	if (!walk)
		return false;
	int error = doubt(walk, parked, name);
	if (error) {
		fuse_reply_err(parked->request, error);
		free(parked);
		return true;
	}
	if (!source)
		return false;
	struct query_time query = { .now_ms = loop_now_ms(parked->front->loop), .since_ms = TREE_KNOWN };
	answer_known(parked,
		question == ASK_LOOKUP ? tree_lookup(source->tree, parked->id, name, query) :
					 tree_attr(source->tree, parked->id, query));
	return true;
}

bool walk_reads(struct parked *parked, uint64_t cookie)
{
	const struct source *source = sources_of(parked->front->sources, parked->id);

	parked->walk = source && walk_of(parked->request);
	if (!parked->walk)
		return false;
	struct query_time query = { .now_ms = loop_now_ms(parked->front->loop), .since_ms = TREE_KNOWN };
	answer_known(parked, tree_more(source->tree, parked->id, cookie, query));
	return true;
}
