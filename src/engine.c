/*
 * engine.c - questions, and who waits for what.
 *
 * A question is put to the tree; if the tree needs a call, the asker joins the flight that makes it
 * (there is at most one for a node and a want) and the question is put again when that has landed.
 * Each waiter has its own timer, so that it is answered in time also when a long listing flies on
 * without it.
 */
#include "engine.h"

#include "flight.h"

#include <stdlib.h>
#include <string.h>

enum {
	PEOPLE_FIRST = 10, /* one call in so many is left for people while a scan fetches ahead */
	ROUNDS_MAX = 6, /* calls that one question may need, one after the other */
	HOLD_MS = 1000, /* how long a failure answers for itself */
	HOLD_REFUSED_MS = 5000 /* what somebody has to put right at the cloud */
};

struct engine *engine_new(const struct engine_options *options)
{
	struct engine *engine = xcalloc(1, sizeof(*engine));

	engine->options = *options;
	engine->chance = options->seed ? options->seed : 1;
	engine->started_s = options->io.wall_s(options->io.self);
	if (options->credentials)
		credentials_copy(&engine->credentials, options->credentials);
	return engine;
}

static int64_t now_ms(const struct engine *engine)
{
	return engine->options.io.now_ms(engine->options.io.self);
}

struct asked engine_now(const struct engine *engine)
{
	int64_t now = now_ms(engine);

	return (struct asked){ now, now };
}

struct engine_stats engine_stats(const struct engine *engine)
{
	return engine->stats;
}

static struct reply ask_tree(struct tree *tree, enum question question, uint64_t id,
	const char *name, struct asked asked)
{
	switch (question) {
	case ASK_LOOKUP:
		return tree_lookup(tree, id, name, asked);
	case ASK_ATTR:
		return tree_attr(tree, id, asked);
	default:
		return tree_open(tree, id, asked);
	}
}

static struct reply ask_again(const struct wait *wait)
{
	struct asked asked = { now_ms(wait->engine), wait->since_ms };

	return ask_tree(wait->engine->options.tree, wait->question, wait->id, wait->name, asked);
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
		flight->alone_ms = now_ms(wait->engine);
	wait->flight = NULL;
	wait->next = wait->prev = NULL;
	wait->engine->stats.waiting--;
}

static void wait_free(struct wait *wait)
{
	const struct io *io = &wait->engine->options.io;

	leave_flight(wait);
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
 * The waiter's own deadline: what there is, or ETIMEDOUT.  Others go on waiting for the flight.  A
 * cloud that has said nothing for so long is held to be silent for a moment, so that the next step
 * on the same path does not wait all over again; a long listing that comes page by page is not.
 */
static void give_up(void *arg)
{
	struct wait *wait = arg;
	struct engine *engine = wait->engine;
	struct flight *flight = wait->flight;
	bool sent = flight->state == FLIGHT_SENT;
	int64_t silent_ms = sent ? now_ms(engine) - flight->sent_ms : 0;
	enum fault fault = sent ? FAULT_TIMEOUT : flight->too_late; /* it is our own queue that is slow */

	wait->timer = NULL;
	tree_fail(engine->options.tree, flight->node, flight->want, fault,
		silent_ms * 2 >= engine->options.deadline_ms, now_ms(engine));
	struct reply reply = ask_again(wait);
	if (reply.outcome == OUTCOME_NEED)
		reply = (struct reply){ .outcome = OUTCOME_FAILED, .fault = fault };
	answer(wait, &reply);
}

static void join_flight(struct wait *wait, struct flight *flight)
{
	const struct io *io = &wait->engine->options.io;
	int64_t left_ms = wait->deadline_ms - now_ms(wait->engine);

	wait->flight = flight;
	wait->prev = flight->last;
	if (flight->last)
		flight->last->next = wait;
	else
		flight->first = wait;
	flight->last = wait;
	flight->alone_ms = 0;
	wait->engine->stats.waiting++;
	if (!wait->timer)
		wait->timer = io->after(io->self, left_ms > 0 ? left_ms : 0, give_up, wait);
}

/* ---- flights ---- */

static struct flight *flight_new(struct engine *engine, struct node *node, enum want want)
{
	struct flight *flight = xcalloc(1, sizeof(*flight));

	flight->engine = engine;
	flight->node = node;
	flight->want = want;
	flight->alone_ms = now_ms(engine);
	node_pin(node);
	*node_flight(node, want) = flight;
	flight->next = engine->flights;
	if (flight->next)
		flight->next->prev = flight;
	engine->flights = flight;
	engine->stats.in_flight++;
	return flight;
}

static void flight_free(struct flight *flight)
{
	struct engine *engine = flight->engine;

	if (flight->prev)
		flight->prev->next = flight->next;
	else
		engine->flights = flight->next;
	if (flight->next)
		flight->next->prev = flight->prev;
	engine->stats.in_flight--;
	node_unpin(engine->options.tree, flight->node);
	free(flight->marker);
	free(flight);
}

static int64_t hold_ms(enum fault fault)
{
	switch (fault) {
	case FAULT_UNSUPPORTED:
	case FAULT_DENIED:
		return HOLD_REFUSED_MS;
	default:
		return HOLD_MS;
	}
}

static bool put_question(struct wait *wait);

/* FAULT_NONE: the tree is already filled. */
void flight_land(struct flight *flight, enum fault fault)
{
	struct engine *engine = flight->engine;
	struct wait *wait;

	flight_drop(flight);
	*node_flight(flight->node, flight->want) = NULL;
	if (fault)
		tree_fail(engine->options.tree, flight->node, flight->want, fault, hold_ms(fault),
			now_ms(engine));
	if (flight->want == WANT_LIST)
		tree_list_leave(engine->options.tree, flight->node);
	/* nobody can join any more; an answer may cancel another waiter: the list is read anew each time */
	while ((wait = flight->first)) {
		leave_flight(wait);
		put_question(wait);
	}
	flight_free(flight);
}

/* The flight for what the tree needs; NULL: it landed at once, and the tree knows more. */
static struct flight *find_flight(struct engine *engine, struct node *node, enum want want)
{
	struct flight *flight = *node_flight(node, want);

	if (flight)
		return flight;
	node_pin(node);
	flight = flight_new(engine, node, want);
	enum fault fault = flight_begin(flight);
	if (fault || !flight->action)
		flight_land(flight, fault);
	else
		flight_book(flight);
	flight = *node_flight(node, want);
	node_unpin(engine->options.tree, node);
	return flight;
}

/* True: it waits.  False: it was answered and is gone. */
static bool put_question(struct wait *wait)
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
		struct flight *flight = find_flight(engine, reply.node, reply.want);
		if (flight) {
			join_flight(wait, flight);
			return true;
		}
	}
	if (reply.outcome == OUTCOME_NEED)
		reply = (struct reply){ .outcome = OUTCOME_FAILED, .fault = FAULT_SERVER };
	answer(wait, &reply);
	return false;
}

/*
 * Fetches ahead of a scan.  What people ask for goes first: a part of the rate is always left for
 * them, and nothing is booked ahead of its time.
 */
static void look_ahead(struct engine *engine)
{
	struct node *node;

	while ((node = tree_ahead(engine->options.tree, engine_now(engine)))) {
		const struct rate *rate = &engine_action(engine, &node_kind(node)->describe)->rate;
		if (rate_free(rate, now_ms(engine)) <= rate->size / PEOPLE_FIRST)
			return;
		find_flight(engine, node, WANT_DESCRIBE);
	}
}

struct wait *engine_ask(struct engine *engine, enum question question, uint64_t id, const char *name,
	engine_done_fn *done, void *arg)
{
	struct asked asked = engine_now(engine);
	struct reply reply = ask_tree(engine->options.tree, question, id, name, asked);

	engine->stats.questions++;
	if (reply.outcome != OUTCOME_NEED) { /* what is warm costs no memory */
		done(arg, &reply);
		look_ahead(engine);
		return NULL;
	}
	engine->stats.waited++;
	struct wait *wait = xcalloc(1, sizeof(*wait));
	wait->engine = engine;
	wait->question = question;
	wait->id = id;
	wait->name = name ? xstrdup(name) : NULL;
	wait->since_ms = asked.since_ms;
	wait->deadline_ms = asked.now_ms + engine->options.deadline_ms;
	wait->done = done;
	wait->arg = arg;
	bool waits = put_question(wait);
	look_ahead(engine);
	return waits ? wait : NULL;
}

void engine_cancel(struct engine *engine, struct wait *wait)
{
	(void)engine;
	wait_free(wait);
}

void engine_note_failure(struct engine *engine, const struct node *node, enum fault fault,
	const struct fault_note *note)
{
	struct buf path;

	engine->stats.failures++;
	buf_init(&path, JSON_BYTES_MAX);
	node_path(node, &path);
	journal_add(&engine->journal, engine->options.io.wall_s(engine->options.io.self), path.data,
		fault, note);
	buf_release(&path);
}

void engine_free(struct engine *engine)
{
	if (!engine)
		return;
	const struct reply lost = { .outcome = OUTCOME_FAILED, .fault = FAULT_LOST };

	while (engine->flights) {
		struct flight *flight = engine->flights;
		flight_drop(flight);
		*node_flight(flight->node, flight->want) = NULL;
		while (flight->first)
			answer(flight->first, &lost);
		flight_free(flight);
	}
	for (size_t i = 0; i < engine->n_actions; i++)
		rate_release(&engine->actions[i].rate);
	free(engine->actions);
	journal_release(&engine->journal);
	credentials_release(&engine->credentials);
	free(engine);
}
