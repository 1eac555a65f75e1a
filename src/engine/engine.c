/*
 * engine.c - questions, and who waits for what.
 *
 * A question is put to the tree; if the tree needs a call, the asker joins the fetch that makes it
 * (there is at most one for a node and a want) and the question is put again when that has landed.
 * Each waiter has its own timer, so that it is answered in time also when a long listing flies on
 * without it.
 */
#include "engine/engine.h"

#include "fetch.h"

#include <stdlib.h>
#include <string.h>

enum {
	ROUNDS_MAX = 6, /* fetches that one question may need, one after the other */
	GIVEN_UP_MS = 1000 /* how long nobody waits again for what somebody gave up waiting for */
};

struct engine *engine_new(const struct engine_options *options)
{
	struct engine *engine = xcalloc(1, sizeof(*engine));

	engine->options = *options;
	engine->chance = options->seed ? options->seed : 1;
	circuit_breaker_init(&engine->breaker);
	engine->started_s = options->io.wall_s(options->io.self);
	engine->started_ms = options->io.now_ms(options->io.self);
	engine->credential_cache = engine_credentials_new(engine);
	return engine;
}

int64_t engine_now_ms(const struct engine *engine)
{
	return engine->options.io.now_ms(engine->options.io.self);
}

int64_t engine_wall_s(const struct engine *engine)
{
	return engine->options.io.wall_s(engine->options.io.self);
}

struct query_time engine_now(const struct engine *engine)
{
	int64_t now = engine_now_ms(engine);

	return (struct query_time){ .now_ms = now, .since_ms = now };
}

struct engine_stats engine_stats(const struct engine *engine)
{
	return engine->stats;
}

static struct reply put_to_tree(const struct waiter *wait, struct query_time query)
{
	struct tree *tree = wait->engine->options.tree;

	query.by_other = crowd_is_other(wait->engine, wait->uid);

	switch (wait->question) {
	case ASK_LOOKUP:
		return tree_lookup(tree, wait->id, wait->name, query);
	case ASK_ATTR:
		return tree_attr(tree, wait->id, query);
	case ASK_READ:
		return tree_more(tree, wait->id, wait->cookie, query);
	case ASK_WAIT:
		return tree_wait(tree, wait->id, query);
	default:
		return tree_open(tree, wait->id, query);
	}
}

static struct reply ask_again(const struct waiter *wait)
{
	return put_to_tree(wait,
		(struct query_time){ .now_ms = engine_now_ms(wait->engine), .since_ms = wait->since_ms });
}

/* ---- waiters ---- */

static void leave_fetch(struct waiter *wait)
{
	struct fetch *fetch = wait->fetch;

	if (!fetch)
		return;
	if (wait->prev)
		wait->prev->next = wait->next;
	else
		fetch->first = wait->next;
	if (wait->next)
		wait->next->prev = wait->prev;
	else
		fetch->last = wait->prev;
	if (!fetch->first)
		fetch->abandoned_since_ms = engine_now_ms(wait->engine);
	fetch->n_waiters--;
	wait->fetch = NULL;
	wait->next = wait->prev = NULL;
	wait->engine->stats.waiting--;
}

static void waiter_free(struct waiter *wait)
{
	const struct transport *io = &wait->engine->options.io;

	leave_fetch(wait);
	wait_leave(wait);
	crowd_leave(wait);
	wait->engine->stats.watching -= wait->question == ASK_WAIT;
	io->timer_stop(io->self, wait->timer);
	free(wait->name);
	free(wait);
}

static void answer(struct waiter *wait, const struct reply *reply)
{
	engine_done_fn *done = wait->done;
	void *arg = wait->arg;

	waiter_free(wait);
	done(arg, reply);
}

/*
 * The waiter's own deadline: what there is, or ETIMEDOUT.  Others go on waiting for the fetch.  For a
 * moment nobody waits for the same thing, so that the next step on the same path does not wait all over
 * again; nor for anything else that there is a last good answer of, when the cloud has said nothing for so
 * long.  A long listing, which comes page by page, may be waited for again.
 */
static void give_up(void *arg)
{
	struct waiter *wait = arg;
	struct engine *engine = wait->engine;
	struct fetch *fetch = wait->fetch;
	const struct call *call = fetch->calls;
	int64_t silent_ms = call->state == CALL_SENT ? engine_now_ms(engine) - call->sent_ms : 0;
	enum error error = call_error(call);

	bool silent = silent_ms * 2 >= engine->options.deadline_ms;

	wait->timer = NULL;
	if (error == ERR_QUEUE)
		call_note_queue(call);
	if (silent)
		engine_note_outage(engine, error);
	tree_fail(engine->options.tree, fetch->node, fetch->fetch_kind, error, silent, 0,
		engine_now_ms(engine));
	tree_give_up(engine->options.tree, wait->id, wait->name, error, GIVEN_UP_MS, engine_now_ms(engine));
	struct reply reply = ask_again(wait);
	if (reply.outcome == RESULT_NEED_FETCH) /* as who asks now, and is told that somebody gave up */
		reply = put_to_tree(wait, engine_now(engine));
	if (reply.outcome == RESULT_NEED_FETCH)
		reply = (struct reply){ .outcome = RESULT_FAILED, .error = error };
	leave_fetch(wait);
	fetch_let_go(fetch);
	answer(wait, &reply);
}

static void join_fetch(struct waiter *wait, struct fetch *fetch)
{
	const struct transport *io = &wait->engine->options.io;
	int64_t left_ms = wait->deadline_ms - engine_now_ms(wait->engine);

	wait->fetch = fetch;
	wait->prev = fetch->last;
	if (fetch->last)
		fetch->last->next = wait;
	else
		fetch->first = wait;
	fetch->last = wait;
	fetch->n_waiters++;
	fetch->abandoned_since_ms = 0;
	wait->engine->stats.waiting++;
	if (wait->question != ASK_WAIT)
		fetch->polls = false;
	if (fetch->calls)
		rate_queue_hand_over(fetch->calls, wait->uid);
	if (wait->question == ASK_WAIT) /* whose fetch has a deadline, and it has none */
		return;
	if (fetch->calls)
		call_wanted_until(fetch->calls, wait->deadline_ms);
	if (!wait->timer)
		wait->timer = io->timer_start(io->self, left_ms > 0 ? left_ms : 0, give_up, wait);
}

/* ---- what a fetch says to those who wait for it ---- */

/* What has a last good answer is answered with that; what has none waits. */
static bool stands_in(const struct waiter *wait, enum error error, struct reply *reply)
{
	struct tree *tree = wait->engine->options.tree;

	if (!error)
		return false;
	tree_crowd(tree, error);
	struct reply known = ask_again(wait);
	tree_crowd(tree, ERR_NONE);
	if (known.outcome == RESULT_FOUND)
		*reply = known;
	return known.outcome == RESULT_FOUND;
}

/* Those who go on waiting go to the end of the line. */
void fetch_serve_stale(struct fetch *fetch, enum error error)
{
	engine_note_outage(fetch->engine, error);
	for (size_t n = fetch->n_waiters; n > 0 && fetch->first; n--) {
		struct waiter *wait = fetch->first;
		struct reply reply;
		bool known = wait->question != ASK_WAIT && stands_in(wait, error, &reply);
		leave_fetch(wait);
		if (known)
			answer(wait, &reply);
		else
			join_fetch(wait, fetch);
	}
}

void fetch_requeue_waiters(struct fetch *fetch)
{
	struct waiter *wait;

	/* an answer may cancel another waiter: the list is read anew each time */
	while ((wait = fetch->first)) {
		leave_fetch(wait);
		waiter_retry(wait);
	}
}

void fetch_answer_waiters(struct fetch *fetch, const struct reply *reply)
{
	while (fetch->first)
		answer(fetch->first, reply);
}

void fetch_wake_waiters(struct fetch *fetch)
{
	/* each at most once: who goes on waiting goes to the end of the line */
	for (size_t n = fetch->n_waiters; n > 0 && fetch->first; n--) {
		struct waiter *wait = fetch->first;
		struct reply reply = ask_again(wait);
		if (reply.outcome == RESULT_NEED_FETCH) {
			leave_fetch(wait);
			join_fetch(wait, fetch);
		} else if (reply.outcome == RESULT_RETRY_LATER) {
			leave_fetch(wait);
			wait_sleep(wait, &reply);
		} else {
			answer(wait, &reply);
		}
	}
}

bool waiter_retry(struct waiter *wait)
{
	struct engine *engine = wait->engine;
	struct reply reply = { .outcome = RESULT_NEED_FETCH }; /* also when no round is left */

	while (wait->rounds++ < ROUNDS_MAX) {
		reply = ask_again(wait);
		if (reply.outcome != RESULT_NEED_FETCH)
			break;
		if (reply.fetch_kind == FETCH_TEXTS) {
			engine_fill_texts(engine, reply.node);
			continue;
		}
		if (stands_in(wait, fetch_why_hopeless(wait, &reply), &reply))
			break;
		struct fetch *fetch = fetch_find(engine, reply.node, reply.fetch_kind, wait->uid,
			wait->question == ASK_WAIT);
		if (fetch) {
			join_fetch(wait, fetch);
			return true;
		}
	}
	if (wait->question == ASK_WAIT && reply.outcome == RESULT_NEED_FETCH)
		reply = (struct reply){ .outcome = RESULT_RETRY_LATER, .outage = true };
	if (reply.outcome == RESULT_RETRY_LATER) {
		wait_sleep(wait, &reply);
		return true;
	}
	if (reply.outcome == RESULT_NEED_FETCH)
		reply = (struct reply){ .outcome = RESULT_FAILED, .error = ERR_SERVER };
	answer(wait, &reply);
	return false;
}

static void tick_ahead(void *arg);

/* Fetches ahead of a scan, when nobody waits for a turn. */
static void look_ahead(struct engine *engine)
{
	const struct transport *io = &engine->options.io;
	struct node *node;

	while (!engine->ahead && (node = tree_ahead(engine->options.tree, engine_now(engine)))) {
		int64_t wait_ms = rate_queue_pace_ms(engine, &node_kind(node)->describe);
		if (wait_ms)
			engine->ahead = io->timer_start(io->self, wait_ms, tick_ahead, engine);
		else
			fetch_find(engine, node, FETCH_DESCRIBE, 0, false);
	}
}

static void tick_ahead(void *arg)
{
	struct engine *engine = arg;

	engine->ahead = NULL;
	look_ahead(engine);
}

/* Who goes through a list that is being read does not wait for it, but wants it. */
static void note_follower(const struct reply *reply, int64_t now_ms)
{
	struct fetch *fetch = reply->node ? *node_fetch(reply->node, FETCH_LIST) : NULL;

	if (fetch && fetch->abandoned_since_ms)
		fetch->abandoned_since_ms = now_ms;
}

static struct waiter *put(struct waiter *asking)
{
	struct engine *engine = asking->engine;
	struct query_time query = engine_now(engine);
	struct reply reply = put_to_tree(asking, query);

	engine->stats.questions++;
	bool waits = reply.outcome == RESULT_NEED_FETCH || reply.outcome == RESULT_RETRY_LATER;
	if (waits && !crowd_admits(asking, &reply)) {
		reply = (struct reply){ .outcome = RESULT_FAILED, .error = ERR_QUEUE };
		waits = false;
	}
	if (!waits) { /* what is warm costs no memory */
		if (asking->question == ASK_READ)
			note_follower(&reply, query.now_ms);
		asking->done(asking->arg, &reply);
		look_ahead(engine);
		return NULL;
	}
	engine->stats.waited += reply.outcome == RESULT_NEED_FETCH;
	engine->stats.watching += asking->question == ASK_WAIT;
	struct waiter *wait = xmalloc(sizeof(*wait));
	*wait = *asking;
	wait->name = asking->name ? xstrdup(asking->name) : NULL;
	wait->since_ms = query.since_ms;
	wait->deadline_ms = query.now_ms + engine->options.deadline_ms;
	waits = waiter_retry(wait);
	look_ahead(engine);
	return waits ? wait : NULL;
}

struct waiter *engine_ask(struct engine *engine, enum question question, uint64_t id, const char *name,
	unsigned uid, engine_done_fn *done, void *arg)
{
	return put(&(struct waiter){ .engine = engine,
		.question = question,
		.id = id,
		.uid = uid,
		.name = (char *)name,
		.done = done,
		.arg = arg }); /* the name is copied by who keeps it */
}

struct waiter *engine_read(struct engine *engine, uint64_t id, uint64_t cookie, unsigned uid,
	engine_done_fn *done, void *arg)
{
	return put(&(struct waiter){ .engine = engine,
		.question = ASK_READ,
		.id = id,
		.cookie = cookie,
		.uid = uid,
		.done = done,
		.arg = arg });
}

/* What is under way about it was sent too early. */
static void outdate_fetchs(struct engine *engine, const struct node *top)
{
	struct fetch *fetch;

	for (fetch = engine->fetches; fetch; fetch = fetch->next)
		if (node_is_affected_by(fetch->node, top))
			fetch->invalidated_ms = engine_now_ms(engine);
	/* one that begins again may end at once, and others with it */
	do {
		for (fetch = engine->fetches; fetch; fetch = fetch->next)
			if (fetch->invalidated_ms && fetch->fetch_kind == FETCH_DESCRIBE)
				break;
		if (fetch)
			fetch_begin_again(fetch);
	} while (fetch);
}

const struct node *engine_refresh_begin(struct engine *engine, uint64_t id, const char *name,
	struct ids *todo)
{
	const struct node *top = tree_refresh_begin(engine->options.tree, id, name, todo);

	if (top)
		outdate_fetchs(engine, top);
	return top;
}

const struct node *engine_refresh(struct engine *engine, uint64_t id, const char *name)
{
	const struct node *top = tree_refresh(engine->options.tree, id, name, NULL);

	if (top)
		outdate_fetchs(engine, top);
	return top;
}

void engine_cancel(struct engine *engine, struct waiter *wait)
{
	struct fetch *fetch = wait->fetch;

	(void)engine;
	waiter_free(wait);
	if (fetch)
		fetch_let_go(fetch);
}

void engine_free(struct engine *engine)
{
	if (!engine)
		return;
	const struct reply lost = { .outcome = RESULT_FAILED, .error = ERR_LOST };

	while (engine->sleepers)
		answer(engine->sleepers, &lost);
	while (engine->fetches) {
		struct fetch *fetch = engine->fetches;
		*node_fetch(fetch->node, fetch->fetch_kind) = NULL;
		fetch_answer_waiters(fetch, &lost);
		fetch_free(fetch);
	}
	engine->options.io.timer_stop(engine->options.io.self, engine->ahead);
	engine_release_actions(engine);
	journal_release(&engine->journal);
	credential_cache_free(engine->credential_cache);
	free(engine);
}

const struct journal *engine_journal(const struct engine *engine)
{
	return &engine->journal;
}

const char *engine_key_where(const struct engine *engine)
{
	return credential_cache_origin(engine->credential_cache);
}
