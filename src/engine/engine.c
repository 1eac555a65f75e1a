/*
 * engine.c - questions, and who waits for what.
 *
 * A question is put to the tree; if the tree needs a call, the asker joins the flight that makes it
 * (there is at most one for a node and a want) and the question is put again when that has landed.
 * Each waiter has its own timer, so that it is answered in time also when a long listing flies on
 * without it.
 */
#include "engine/engine.h"

#include "flight.h"

#include <stdlib.h>
#include <string.h>

enum {
	ROUNDS_MAX = 6, /* flights that one question may need, one after the other */
	GIVEN_UP_MS = 1000 /* how long nobody waits again for what somebody gave up waiting for */
};

/* ---- the key ---- */

/* It is in no directory's way: the journal's path says whose it is. */
static void note_key_failure(void *arg, enum fault fault, const struct fault_note *note)
{
	struct engine *engine = arg;

	engine->stats.failures++;
	journal_add(&engine->journal, engine_wall_s(engine), "(key)", 0, fault, note);
}

static bool look_for_key(void *arg, struct origin *out, struct buf *why)
{
	const struct engine_options *options = &((const struct engine *)arg)->options;

	return options->look(options->key_arg, out, why);
}

static bool renew_key(void *arg, struct origin *out)
{
	const struct engine_options *options = &((const struct engine *)arg)->options;

	return options->renew(options->key_arg, out);
}

static void trace_key(void *arg, const char *line)
{
	const struct engine_options *options = &((const struct engine *)arg)->options;

	options->trace(options->trace_arg, line);
}

static struct lease *new_lease(struct engine *engine)
{
	const struct engine_options *options = &engine->options;
	struct lease_options lease = {
		.io = options->io,
		.provider = options->provider,
		.site = options->key_site,
		.origin = options->origin,
		.deadline_ms = options->deadline_ms,
		.clock_offset_s = &engine->stats.clock_offset_s,
		.seed = options->seed,
		.look = options->look ? look_for_key : NULL,
		.renew = options->renew ? renew_key : NULL,
		.failed = note_key_failure,
		.trace = options->trace ? trace_key : NULL,
		.arg = engine,
	};

	return lease_new(&lease);
}

struct engine *engine_new(const struct engine_options *options)
{
	struct engine *engine = xcalloc(1, sizeof(*engine));

	engine->options = *options;
	engine->chance = options->seed ? options->seed : 1;
	breaker_init(&engine->breaker);
	engine->started_s = options->io.wall_s(options->io.self);
	engine->started_ms = options->io.now_ms(options->io.self);
	engine->lease = new_lease(engine);
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

struct asked engine_now(const struct engine *engine)
{
	int64_t now = engine_now_ms(engine);

	return (struct asked){ .now_ms = now, .since_ms = now };
}

struct engine_stats engine_stats(const struct engine *engine)
{
	return engine->stats;
}

static struct reply put_to_tree(const struct wait *wait, struct asked asked)
{
	struct tree *tree = wait->engine->options.tree;

	asked.by_other = crowd_is_other(wait->engine, wait->uid);

	switch (wait->question) {
	case ASK_LOOKUP:
		return tree_lookup(tree, wait->id, wait->name, asked);
	case ASK_ATTR:
		return tree_attr(tree, wait->id, asked);
	case ASK_READ:
		return tree_more(tree, wait->id, wait->cookie, asked);
	case ASK_WAIT:
		return tree_wait(tree, wait->id, asked);
	default:
		return tree_open(tree, wait->id, asked);
	}
}

static struct reply ask_again(const struct wait *wait)
{
	return put_to_tree(wait, (struct asked){ .now_ms = engine_now_ms(wait->engine),
		.since_ms = wait->since_ms });
}

/* ---- waiters ---- */

static void leave_flight(struct wait *wait)
{
	struct flight *flight = wait->flight;

	if (!flight)
		return;
	if (wait->prev)
		wait->prev->next = wait->next;
	else
		flight->first = wait->next;
	if (wait->next)
		wait->next->prev = wait->prev;
	else
		flight->last = wait->prev;
	if (!flight->first)
		flight->alone_ms = engine_now_ms(wait->engine);
	flight->n_waits--;
	wait->flight = NULL;
	wait->next = wait->prev = NULL;
	wait->engine->stats.waiting--;
}

static void wait_free(struct wait *wait)
{
	const struct io *io = &wait->engine->options.io;

	leave_flight(wait);
	watch_leave(wait);
	crowd_leave(wait);
	wait->engine->stats.watching -= wait->question == ASK_WAIT;
	io->unset(io->self, wait->timer);
	free(wait->name);
	free(wait);
}

static void answer(struct wait *wait, const struct reply *reply)
{
	engine_done_fn *done = wait->done;
	void *arg = wait->arg;

	wait_free(wait);
	done(arg, reply);
}

/*
 * The waiter's own deadline: what there is, or ETIMEDOUT.  Others go on waiting for the flight.  For a
 * moment nobody waits for the same thing, so that the next step on the same path does not wait all over
 * again; nor for anything else that there is a last good answer of, when the cloud has said nothing for so
 * long.  A long listing, which comes page by page, may be waited for again.
 */
static void give_up(void *arg)
{
	struct wait *wait = arg;
	struct engine *engine = wait->engine;
	struct flight *flight = wait->flight;
	const struct leg *leg = flight->legs;
	int64_t silent_ms = leg->state == LEG_SENT ? engine_now_ms(engine) - leg->sent_ms : 0;
	enum fault fault = leg_fault(leg);

	bool silent = silent_ms * 2 >= engine->options.deadline_ms;

	wait->timer = NULL;
	if (fault == FAULT_QUEUE)
		leg_note_queue(leg);
	if (silent)
		engine_note_outage(engine, fault);
	tree_fail(engine->options.tree, flight->node, flight->want, fault, silent, 0, engine_now_ms(engine));
	tree_give_up(engine->options.tree, wait->id, wait->name, fault, GIVEN_UP_MS, engine_now_ms(engine));
	struct reply reply = ask_again(wait);
	if (reply.outcome == OUTCOME_NEED) /* as who asks now, and is told that somebody gave up */
		reply = put_to_tree(wait, engine_now(engine));
	if (reply.outcome == OUTCOME_NEED)
		reply = (struct reply){ .outcome = OUTCOME_FAILED, .fault = fault };
	leave_flight(wait);
	flight_let_go(flight);
	answer(wait, &reply);
}

static void join_flight(struct wait *wait, struct flight *flight)
{
	const struct io *io = &wait->engine->options.io;
	int64_t left_ms = wait->deadline_ms - engine_now_ms(wait->engine);

	wait->flight = flight;
	wait->prev = flight->last;
	if (flight->last)
		flight->last->next = wait;
	else
		flight->first = wait;
	flight->last = wait;
	flight->n_waits++;
	flight->alone_ms = 0;
	wait->engine->stats.waiting++;
	if (wait->question != ASK_WAIT)
		flight->polls = false;
	if (flight->legs)
		turn_hand_over(flight->legs, wait->uid);
	if (wait->question == ASK_WAIT) /* whose flight has a deadline, and it has none */
		return;
	if (flight->legs)
		leg_wanted_until(flight->legs, wait->deadline_ms);
	if (!wait->timer)
		wait->timer = io->after(io->self, left_ms > 0 ? left_ms : 0, give_up, wait);
}

/* ---- what a flight says to those who wait for it ---- */

/* What has a last good answer is answered with that; what has none waits. */
static bool stands_in(const struct wait *wait, enum fault fault, struct reply *reply)
{
	struct tree *tree = wait->engine->options.tree;

	if (!fault)
		return false;
	tree_crowd(tree, fault);
	struct reply known = ask_again(wait);
	tree_crowd(tree, FAULT_NONE);
	if (known.outcome == OUTCOME_FOUND)
		*reply = known;
	return known.outcome == OUTCOME_FOUND;
}

/* Those who go on waiting go to the end of the line. */
void engine_stand_in(struct flight *flight, enum fault fault)
{
	engine_note_outage(flight->engine, fault);
	for (size_t n = flight->n_waits; n > 0 && flight->first; n--) {
		struct wait *wait = flight->first;
		struct reply reply;
		bool known = wait->question != ASK_WAIT && stands_in(wait, fault, &reply);
		leave_flight(wait);
		if (known)
			answer(wait, &reply);
		else
			join_flight(wait, flight);
	}
}

void engine_release(struct flight *flight)
{
	struct wait *wait;

	/* an answer may cancel another waiter: the list is read anew each time */
	while ((wait = flight->first)) {
		leave_flight(wait);
		engine_put(wait);
	}
}

void engine_dismiss(struct flight *flight, const struct reply *reply)
{
	while (flight->first)
		answer(flight->first, reply);
}

void engine_wake(struct flight *flight)
{
	/* each at most once: who goes on waiting goes to the end of the line */
	for (size_t n = flight->n_waits; n > 0 && flight->first; n--) {
		struct wait *wait = flight->first;
		struct reply reply = ask_again(wait);
		if (reply.outcome == OUTCOME_NEED) {
			leave_flight(wait);
			join_flight(wait, flight);
		} else if (reply.outcome == OUTCOME_LATER) {
			leave_flight(wait);
			watch_sleep(wait, &reply);
		} else {
			answer(wait, &reply);
		}
	}
}

bool engine_put(struct wait *wait)
{
	struct engine *engine = wait->engine;
	struct reply reply = { .outcome = OUTCOME_NEED }; /* also when no round is left */

	while (wait->rounds++ < ROUNDS_MAX) {
		reply = ask_again(wait);
		if (reply.outcome != OUTCOME_NEED)
			break;
		if (reply.want == WANT_TEXTS) {
			engine_fill_texts(engine, reply.node);
			continue;
		}
		if (stands_in(wait, flight_why_hopeless(wait, &reply), &reply))
			break;
		struct flight *flight = flight_find(engine, reply.node, reply.want, wait->uid,
			wait->question == ASK_WAIT);
		if (flight) {
			join_flight(wait, flight);
			return true;
		}
	}
	if (wait->question == ASK_WAIT && reply.outcome == OUTCOME_NEED)
		reply = (struct reply){ .outcome = OUTCOME_LATER, .outage = true };
	if (reply.outcome == OUTCOME_LATER) {
		watch_sleep(wait, &reply);
		return true;
	}
	if (reply.outcome == OUTCOME_NEED)
		reply = (struct reply){ .outcome = OUTCOME_FAILED, .fault = FAULT_SERVER };
	answer(wait, &reply);
	return false;
}

static void tick_ahead(void *arg);

/* Fetches ahead of a scan, when nobody waits for a turn. */
static void look_ahead(struct engine *engine)
{
	const struct io *io = &engine->options.io;
	struct node *node;

	while (!engine->ahead && (node = tree_ahead(engine->options.tree, engine_now(engine)))) {
		int64_t wait_ms = turn_pace_ms(engine, &node_kind(node)->describe);
		if (wait_ms)
			engine->ahead = io->after(io->self, wait_ms, tick_ahead, engine);
		else
			flight_find(engine, node, WANT_DESCRIBE, 0, false);
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
	struct flight *flight = reply->node ? *node_flight(reply->node, WANT_LIST) : NULL;

	if (flight && flight->alone_ms)
		flight->alone_ms = now_ms;
}

static struct wait *put(struct wait *asking)
{
	struct engine *engine = asking->engine;
	struct asked asked = engine_now(engine);
	struct reply reply = put_to_tree(asking, asked);

	engine->stats.questions++;
	bool waits = reply.outcome == OUTCOME_NEED || reply.outcome == OUTCOME_LATER;
	if (waits && !crowd_admits(asking, &reply)) {
		reply = (struct reply){ .outcome = OUTCOME_FAILED, .fault = FAULT_QUEUE };
		waits = false;
	}
	if (!waits) { /* what is warm costs no memory */
		if (asking->question == ASK_READ)
			note_follower(&reply, asked.now_ms);
		asking->done(asking->arg, &reply);
		look_ahead(engine);
		return NULL;
	}
	engine->stats.waited += reply.outcome == OUTCOME_NEED;
	engine->stats.watching += asking->question == ASK_WAIT;
	struct wait *wait = xmalloc(sizeof(*wait));
	*wait = *asking;
	wait->name = asking->name ? xstrdup(asking->name) : NULL;
	wait->since_ms = asked.since_ms;
	wait->deadline_ms = asked.now_ms + engine->options.deadline_ms;
	waits = engine_put(wait);
	look_ahead(engine);
	return waits ? wait : NULL;
}

struct wait *engine_ask(struct engine *engine, enum question question, uint64_t id, const char *name,
	unsigned uid, engine_done_fn *done, void *arg)
{
	return put(&(struct wait){ .engine = engine, .question = question, .id = id, .uid = uid,
		.name = (char *)name, .done = done, .arg = arg }); /* the name is copied by who keeps it */
}

struct wait *engine_read(struct engine *engine, uint64_t id, uint64_t cookie, unsigned uid,
	engine_done_fn *done, void *arg)
{
	return put(&(struct wait){ .engine = engine, .question = ASK_READ, .id = id, .cookie = cookie,
		.uid = uid, .done = done, .arg = arg });
}

/* What is under way about it was sent too early. */
static void outdate_flights(struct engine *engine, const struct node *top)
{
	struct flight *flight;

	for (flight = engine->flights; flight; flight = flight->next)
		if (node_concerns(flight->node, top))
			flight->outdated_ms = engine_now_ms(engine);
	/* one that begins again may end at once, and others with it */
	do {
		for (flight = engine->flights; flight; flight = flight->next)
			if (flight->outdated_ms && flight->want == WANT_DESCRIBE)
				break;
		if (flight)
			flight_begin_again(flight);
	} while (flight);
}

const struct node *engine_refresh_begin(struct engine *engine, uint64_t id, const char *name,
	struct ids *todo)
{
	const struct node *top = tree_refresh_begin(engine->options.tree, id, name, todo);

	if (top)
		outdate_flights(engine, top);
	return top;
}

const struct node *engine_refresh(struct engine *engine, uint64_t id, const char *name)
{
	const struct node *top = tree_refresh(engine->options.tree, id, name, NULL);

	if (top)
		outdate_flights(engine, top);
	return top;
}

void engine_cancel(struct engine *engine, struct wait *wait)
{
	struct flight *flight = wait->flight;

	(void)engine;
	wait_free(wait);
	if (flight)
		flight_let_go(flight);
}

void engine_free(struct engine *engine)
{
	if (!engine)
		return;
	const struct reply lost = { .outcome = OUTCOME_FAILED, .fault = FAULT_LOST };

	while (engine->sleepers)
		answer(engine->sleepers, &lost);
	while (engine->flights) {
		struct flight *flight = engine->flights;
		*node_flight(flight->node, flight->want) = NULL;
		engine_dismiss(flight, &lost);
		flight_free(flight);
	}
	engine->options.io.unset(engine->options.io.self, engine->ahead);
	engine_release_actions(engine);
	journal_release(&engine->journal);
	lease_free(engine->lease);
	free(engine);
}

const struct journal *engine_journal(const struct engine *engine)
{
	return &engine->journal;
}

const char *engine_key_where(const struct engine *engine)
{
	return lease_where(engine->lease);
}
