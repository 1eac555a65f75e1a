/*
 * waiter.c - the life of a waiter: joins a fetch, puts its question again, sleeps, is answered.
 *
 * If the tree needs a fetch to answer a question, the waiter joins that fetch (single flight), and puts the
 * question again when the fetch is finished. Each waiter has a timer of its own, so that it is answered by
 * its deadline also if the fetch takes longer.
 *
 * ASK_WAIT has no deadline. Its waiter sleeps until the answer that the tree has expires, and longer each
 * time during an outage (exponential backoff, at most 15 s). All waiters of one resource wake at the same
 * time. The first begins the fetch that the others join, so that a thousand of them cost one call in each
 * TTL. When it wakes, a waiter puts a new question: only an answer that is fresh then counts.
 *
 * Another fetch may bring an answer about the resource earlier: a listing, a view, a describe call for a
 * reader of another member. Then the waiters of that resource put their question at once. That makes no
 * call.
 */
#include "waiter.h"

#include <stdlib.h>

#include "fetch.h"

enum {
	ROUNDS_MAX = 6, /* fetches that one question may wait for, one after the other */
	GIVEN_UP_MS = 1000, /* after a missed deadline: how long further questions of the kind do not wait */
	PAUSE_LEAST_MS = 1000, /* of a sleep, also with a TTL of 0 */
	PAUSE_MOST_MS = 15000 /* of a sleep during an outage */
};

static void waiter_give_up(void *arg);

struct reply waiter_ask(const struct waiter *wait, struct query_time query)
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

static struct reply waiter_ask_again(const struct waiter *wait)
{
	return waiter_ask(wait,
		(struct query_time){ .now_ms = engine_now_ms(wait->engine),
			.since_ms = wait->times.since_ms });
}

/* ---- lists of waiters ---- */

/* NULL: the list is empty. */
static struct waiter *waiters_first(const struct list *waiters)
{
	return LIST_FIRST(waiters, struct waiter, link);
}

/* Takes the waiter out of the list that it is in, if it is in one. */
static void waiter_leave(struct waiter *wait)
{
	struct fetch *fetch = wait->fetch;

	list_remove(&wait->link);
	if (wait->sleep.resource)
		node_unpin(wait->engine->options.tree, wait->sleep.resource);
	wait->sleep = (struct waiter_sleep){ 0 };
	if (!fetch)
		return;
	wait->fetch = NULL;
	wait->engine->stats.waiting--;
	if (!--fetch->waiters.count)
		fetch->waiters.abandoned_since_ms = engine_now_ms(wait->engine);
}

static void waiter_join_fetch(struct waiter *wait, struct fetch *fetch)
{
	const struct transport *io = &wait->engine->options.io;
	int64_t left_ms = wait->times.deadline_ms - engine_now_ms(wait->engine);

	wait->fetch = fetch;
	list_add_last(&fetch->waiters.list, &wait->link);
	fetch->waiters.count++;
	fetch->waiters.abandoned_since_ms = 0;
	wait->engine->stats.waiting++;
	if (wait->question != ASK_WAIT)
		fetch->polls = false;
	fetch_hand_over(fetch, wait->uid);
	if (wait->question == ASK_WAIT) /* the call has a deadline, this waiter has none */
		return;
	fetch_extend(fetch, wait->times.deadline_ms);
	if (!wait->timer)
		wait->timer = io->timer_start(io->self, left_ms > 0 ? left_ms : 0, waiter_give_up, wait);
}

void waiter_free(struct waiter *wait)
{
	const struct transport *io = &wait->engine->options.io;

	waiter_leave(wait);
	crowd_leave(wait);
	wait->engine->stats.watching -= wait->question == ASK_WAIT;
	io->timer_stop(io->self, wait->timer);
	if (wait->handle)
		*wait->handle = NULL;
	free(wait->name);
	free(wait);
}

void waiter_answer(struct waiter *wait, const struct reply *reply)
{
	engine_done_fn *done = wait->done;
	void *arg = wait->arg;

	waiter_free(wait);
	done(arg, reply);
}

void waiters_answer(struct list *waiters, const struct reply *reply)
{
	struct waiter *wait;

	while ((wait = waiters_first(waiters)))
		waiter_answer(wait, reply);
}

/* ---- sleep ---- */

static void waiter_wake(void *arg)
{
	struct waiter *wait = arg;
	struct engine *engine = wait->engine;

	wait->timer = NULL;
	waiter_leave(wait);
	wait->times.since_ms = engine_now_ms(engine);
	wait->times.rounds = 0;
	waiter_retry(wait);
	completion_deliver(&engine->completions);
}

/* Twice as long each time, so that waiters do not make an outage worse. */
static int64_t waiter_next_pause_ms(int64_t last_ms)
{
	if (!last_ms)
		return PAUSE_LEAST_MS;
	return last_ms < PAUSE_MOST_MS / 2 ? 2 * last_ms : PAUSE_MOST_MS;
}

/* A newer answer about the resource wakes the waiter. */
static void waiter_note_answer(struct waiter *wait, struct node *resource)
{
	if (!resource)
		return;
	node_pin(resource);
	wait->sleep.resource = resource;
	wait->sleep.answer = node_last_answer(resource);
}

/* Puts the question again when the tree may have something new. */
static void waiter_sleep(struct waiter *wait, const struct reply *later)
{
	struct engine *engine = wait->engine;
	const struct transport *io = &engine->options.io;
	int64_t ms = later->later_ms;

	wait->times.pause_ms = later->outage ? waiter_next_pause_ms(wait->times.pause_ms) : 0;
	if (ms < PAUSE_LEAST_MS)
		ms = PAUSE_LEAST_MS;
	if (ms < wait->times.pause_ms)
		ms = wait->times.pause_ms;
	list_add_last(&engine->sleepers, &wait->link);
	waiter_note_answer(wait, later->node);
	wait->timer = io->timer_start(io->self, ms, waiter_wake, wait);
}

/* ---- the question ---- */

/* True: `reply` is an answer with stale data, which this error allows. */
static bool waiter_find_stale(const struct waiter *wait, enum error error, struct reply *reply)
{
	struct tree *tree = wait->engine->options.tree;

	if (!error)
		return false;
	tree_crowd(tree, error);
	struct reply known = waiter_ask_again(wait);
	tree_crowd(tree, ERR_NONE);
	if (known.outcome == RESULT_FOUND)
		*reply = known;
	return known.outcome == RESULT_FOUND;
}

/* True: the waiter waits for a fetch, or sleeps. False: `reply` is its answer. */
static bool waiter_resume(struct waiter *wait, struct reply *reply)
{
	struct engine *engine = wait->engine;

	while (wait->times.rounds++ < ROUNDS_MAX) {
		*reply = waiter_ask_again(wait);
		if (reply->outcome != RESULT_NEED_FETCH)
			break;
		if (reply->fetch_kind == FETCH_TEXTS) {
			engine_fill_texts(engine, reply->node);
			continue;
		}
		if (waiter_find_stale(wait, fetch_why_hopeless(engine, reply, wait->uid), reply))
			break;
		waiter_join_fetch(wait,
			fetch_find(engine, reply->node, reply->fetch_kind, wait->uid,
				wait->question == ASK_WAIT));
		return true;
	}
	if (wait->question == ASK_WAIT && reply->outcome == RESULT_NEED_FETCH)
		*reply = (struct reply){ .outcome = RESULT_RETRY_LATER, .outage = true };
	if (reply->outcome == RESULT_NEED_FETCH)
		*reply = (struct reply){ .outcome = RESULT_FAILED, .error = ERR_SERVER };
	if (reply->outcome != RESULT_RETRY_LATER)
		return false;
	waiter_sleep(wait, reply);
	return true;
}

void waiter_retry(struct waiter *wait)
{
	struct reply reply = { .outcome = RESULT_NEED_FETCH }; /* also when no round is left */

	if (!waiter_resume(wait, &reply))
		waiter_answer(wait, &reply);
}

/*
 * The answer at the waiter's deadline: stale data, or an error. The fetch goes on for its other waiters.
 *
 * For GIVEN_UP_MS no question waits for the same resource, so that the next step on the same path does not
 * wait for a deadline again. If the cloud was silent for half a deadline, readers of other resources with
 * stale data get that, too. A list that is read page by page may be waited for again.
 */
static struct reply waiter_last_answer(struct waiter *wait)
{
	struct engine *engine = wait->engine;
	struct fetch *fetch = wait->fetch;
	const struct call *call = fetch_first_request(fetch)->call;
	int64_t now_ms = engine_now_ms(engine);
	int64_t silent_ms = call_state(call) == CALL_SENT ? now_ms - call_outcome(call)->sent_ms : 0;
	bool is_silent = silent_ms * 2 >= engine->options.deadline_ms;
	enum error error = call_why_late(call);

	if (error == ERR_QUEUE) {
		struct error_note note = { 0 };
		call_note_queue(&note);
		engine_note_failure(engine, fetch->node, fetch->uid, ERR_QUEUE, &note);
	}
	if (is_silent)
		engine_note_outage(engine, error);
	tree_fail(engine->options.tree, fetch->node, fetch->fetch_kind, error, is_silent, 0, now_ms);
	tree_give_up(engine->options.tree, wait->id, wait->name, error, GIVEN_UP_MS, now_ms);
	struct reply reply = waiter_ask_again(wait);
	if (reply.outcome == RESULT_NEED_FETCH) /* a question that is put now gets the failure */
		reply = waiter_ask(wait, engine_now(engine));
	if (reply.outcome == RESULT_NEED_FETCH)
		reply = (struct reply){ .outcome = RESULT_FAILED, .error = error };
	return reply;
}

static void waiter_give_up(void *arg)
{
	struct waiter *wait = arg;
	struct engine *engine = wait->engine;
	struct fetch *fetch = wait->fetch;

	wait->timer = NULL;
	struct reply reply = waiter_last_answer(wait);
	waiter_leave(wait);
	fetch_let_go(fetch);
	waiter_answer(wait, &reply);
	completion_deliver(&engine->completions);
}

/* ---- events of a fetch ---- */

/* Answers the waiters for whom there is stale data. The others join the list again, at its end. */
static void waiters_serve_stale(struct fetch *fetch)
{
	struct waiter *wait;

	for (size_t n = fetch->waiters.count; n > 0 && (wait = waiters_first(&fetch->waiters.list)); n--) {
		struct reply reply;
		bool is_known = wait->question != ASK_WAIT && waiter_find_stale(wait, fetch->failing, &reply);
		waiter_leave(wait);
		if (is_known)
			waiter_answer(wait, &reply);
		else
			waiter_join_fetch(wait, fetch);
	}
}

/* Answers the waiters that the tree can answer now. */
static void waiters_ask_again(struct fetch *fetch)
{
	struct waiter *wait;

	for (size_t n = fetch->waiters.count; n > 0 && (wait = waiters_first(&fetch->waiters.list)); n--) {
		struct reply reply = waiter_ask_again(wait);
		waiter_leave(wait);
		if (reply.outcome == RESULT_NEED_FETCH)
			waiter_join_fetch(wait, fetch);
		else if (reply.outcome == RESULT_RETRY_LATER)
			waiter_sleep(wait, &reply);
		else
			waiter_answer(wait, &reply);
	}
}

/* Something is known about its resource that was not known when it fell asleep. */
static bool waiter_has_news(const struct waiter *wait, const struct fetch *fetch)
{
	const struct waiter_sleep *sleep = &wait->sleep;

	return sleep->resource &&
		(sleep->resource == fetch->node || node_last_answer(sleep->resource) != sleep->answer);
}

/* Takes the sleepers that have news out of the engine's list. */
static void sleepers_take(struct fetch *fetch, struct list *woken)
{
	struct list *sleepers = &fetch->engine->sleepers, *next;

	for (struct list *at = list_first(sleepers); at; at = next) {
		struct waiter *wait = LIST_OWNER(at, struct waiter, link);
		next = list_next(sleepers, at);
		if (!waiter_has_news(wait, fetch))
			continue;
		list_remove(at);
		list_add_last(woken, at);
	}
}

/* It goes on sleeping as long as it would have. */
static void sleeper_put_back(struct waiter *wait)
{
	list_remove(&wait->link);
	list_add_last(&wait->engine->sleepers, &wait->link);
	wait->sleep.answer = node_last_answer(wait->sleep.resource);
}

/*
 * The question that a sleeper puts at news counts from when the call of the newer answer was sent. If there
 * is none (the news is a failure), it counts from now.
 */
static int64_t sleeper_since_ms(const struct waiter *wait)
{
	const struct node *resource = wait->sleep.resource;
	const void *answer = node_last_answer(resource);

	if (!answer || answer == wait->sleep.answer)
		return engine_now_ms(wait->engine);
	return node_last_sent_ms(resource);
}

/* Answers the sleepers whose wait is over by what the fetch brought. No call is made for the others. */
static void sleepers_look(struct fetch *fetch)
{
	const struct transport *io = &fetch->engine->options.io;
	struct list woken;
	struct waiter *wait;

	list_init(&woken);
	sleepers_take(fetch, &woken);
	while ((wait = waiters_first(&woken))) { /* an answer may cancel another of them */
		wait->times.since_ms = sleeper_since_ms(wait);
		struct reply reply = waiter_ask_again(wait);
		bool is_later = reply.outcome == RESULT_RETRY_LATER;
		if (reply.outcome == RESULT_NEED_FETCH || (is_later && reply.outage)) {
			sleeper_put_back(wait);
		} else if (is_later) {
			waiter_leave(wait);
			io->timer_stop(io->self, wait->timer);
			waiter_sleep(wait, &reply);
		} else {
			waiter_answer(wait, &reply);
		}
	}
}

void waiter_listen(struct fetch *fetch, enum fetch_event event)
{
	struct waiter *wait;

	switch (event) {
	case FETCH_FAILING:
		waiters_serve_stale(fetch);
		break;
	case FETCH_PROGRESS:
		sleepers_look(fetch);
		waiters_ask_again(fetch);
		break;
	case FETCH_DONE:
		sleepers_look(fetch);
		/* an answer may cancel another waiter, so each step begins with the list's first */
		while ((wait = waiters_first(&fetch->waiters.list))) {
			waiter_leave(wait);
			waiter_retry(wait);
		}
		break;
	}
}
