/*
 * rate_queue.c - whose turn it is: the queue before each action's rate.
 *
 * A call joins its action's queue and is sent as soon as the rate has room.  Users take turns: each call has
 * a round, one more than the last call that its user has in the queue, and a lower round goes first; so a
 * user who has no call in the queue gets the next place, however many others have.  Calls of one user go in
 * the order of joining.  A person's that tries again goes before all others: it has waited already, and says
 * soonest whether the cloud is down.  Calls for views go behind those for listings and resources.  One that
 * nobody reads (a listing that is read again in the background, what .wait asks for) goes behind all others
 * and leaves a tenth of the rate to people.  What is fetched ahead of a scan takes no turn: it goes when
 * nobody waits, evenly spread, so that people find the next place soon.
 *
 * What is asked for ahead, of a list or of a scan, goes as far as the cloud is not slowed down by it
 * (concurrency.h), and half as far for what nobody reads yet or what is a view.  While a listing is read, no
 * page of a view is asked for ahead.
 *
 * No turn is booked ahead: a call that takes long to reach the wire holds its place until it is there
 * (rate_limiter.h), and what comes free meanwhile is the next one's.  While the cloud is down
 * (circuit_breaker.h) nobody waits here, while it says nothing no more is sent, and while all tries fail one
 * goes at a time.
 */
#include "fetch.h"

#include <stdlib.h>

enum {
	BACKGROUND_RESERVE = 10, /* that part of the rate is theirs */
	IN_TIME = 4, /* calls ahead must not make an answer later than that part of the deadline */
	LOOK_AGAIN_MS = 20
};

static const double LESS = 0.5; /* share of the calls at once, for what is asked for ahead of nobody */

struct action_state *engine_action(struct engine *engine, const struct action *action)
{
	for (size_t i = 0; i < engine->n_actions; i++)
		if (engine->actions[i]->action == action)
			return engine->actions[i];

	double rate = engine->options.rate > 0 ? engine->options.rate : action->rate;
	struct action_state *state = xcalloc(1, sizeof(*state));
	state->engine = engine;
	state->action = action;
	rate_limiter_init(&state->rate, rate > 0 ? rate : engine->options.site.catalog->rate);
	concurrency_init(&state->concurrency, engine->options.deadline_ms / IN_TIME);
	engine->actions = xrealloc(engine->actions, (engine->n_actions + 1) * sizeof(struct action_state *));
	engine->actions[engine->n_actions++] = state;
	return state;
}

void engine_release_actions(struct engine *engine)
{
	const struct transport *io = &engine->options.io;

	for (size_t i = 0; i < engine->n_actions; i++) {
		struct action_state *state = engine->actions[i];
		io->timer_stop(io->self, state->timer);
		rate_limiter_release(&state->rate);
		free(state);
	}
	free(engine->actions);
}

static enum priority rank_of(const struct call *call)
{
	const struct fetch *fetch = call->fetch;

	if (fetch->fetch_kind == FETCH_WHOLE || fetch->polls)
		return PRIORITY_BACKGROUND;
	if (fetch->fetch_kind == FETCH_PART)
		return PRIORITY_VIEW;
	return call->tries ? PRIORITY_RETRY : PRIORITY_FOREGROUND;
}

static bool is_in_background(const struct call *call)
{
	return call->rank == PRIORITY_BACKGROUND;
}

static size_t share_of_people(const struct action_state *state)
{
	return state->rate.size / BACKGROUND_RESERVE;
}

static void run(struct action_state *state);

static void tick(void *arg)
{
	struct action_state *state = arg;

	state->timer = NULL;
	run(state);
}

static void arm(struct action_state *state)
{
	const struct transport *io = &state->engine->options.io;

	io->timer_stop(io->self, state->timer);
	state->timer = NULL;
	/* what ends a silence, ends with rate_queue_run_all */
	if (!state->first || circuit_breaker_is_full(&state->engine->breaker, engine_now_ms(state->engine)))
		return;
	int64_t now_ms = engine_now_ms(state->engine);
	int64_t doubt_ms = circuit_breaker_wait_ms(&state->engine->breaker, now_ms);
	size_t before = is_in_background(state->first) ? share_of_people(state) : 0;
	int64_t wait_ms = rate_limiter_wait_ms(&state->rate, before, now_ms);
	state->timer = io->timer_start(io->self, wait_ms > doubt_ms ? wait_ms : doubt_ms, tick, state);
}

/* Sends those whose turn it is. */
static void run(struct action_state *state)
{
	struct call *call;

	if (state->running) /* a call that ended in here joined another: it is met below */
		return;
	state->running = true;
	while ((call = state->first)) {
		if (!call->probe && circuit_breaker_state(&state->engine->breaker)) {
			rate_queue_leave(call);
			call_refuse(call);
			continue;
		}
		if (circuit_breaker_is_full(&state->engine->breaker, engine_now_ms(state->engine)))
			break; /* until one of those under way comes to its end */
		if (circuit_breaker_wait_ms(&state->engine->breaker, engine_now_ms(state->engine)))
			break;
		size_t room = rate_limiter_free(&state->rate, engine_now_ms(state->engine));
		if (room <= (is_in_background(call) ? share_of_people(state) : 0))
			break;
		rate_queue_leave(call);
		if (call->rank == PRIORITY_FOREGROUND)
			state->round = call->round;
		call_send(call);
	}
	state->running = false;
	arm(state);
}

void rate_queue_run_all(struct engine *engine)
{
	for (size_t i = 0; i < engine->n_actions; i++)
		run(engine->actions[i]);
}

/* The round of the user's next call: after the user's calls in the queue, and after those that went. */
static uint64_t next_round(const struct action_state *state, unsigned uid)
{
	for (const struct call *call = state->last; call; call = call->queue_prev)
		if (call->uid == uid && call->rank == PRIORITY_FOREGROUND)
			return call->round + 1;
	return state->round + 1;
}

static bool goes_before(const struct call *call, const struct call *other)
{
	if (call->rank != other->rank)
		return call->rank < other->rank;
	return call->rank == PRIORITY_FOREGROUND && call->round < other->round;
}

int64_t rate_queue_try_ms(const struct call *call)
{
	struct action_state *state = engine_action(call->fetch->engine, call->action);

	return rate_limiter_wait_ms(&state->rate, 0, engine_now_ms(state->engine));
}

int64_t rate_queue_wait_ms(struct engine *engine, const struct action *action, unsigned uid)
{
	struct action_state *state = engine_action(engine, action);
	uint64_t round = next_round(state, uid);
	size_t before = 0;

	for (const struct call *call = state->first; call; call = call->queue_next)
		before += call->rank == PRIORITY_RETRY ||
			(call->rank == PRIORITY_FOREGROUND && call->round <= round);
	return rate_limiter_wait_ms(&state->rate, before, engine_now_ms(engine));
}

void rate_queue_hand_over(struct call *call, unsigned uid)
{
	struct action_state *state = engine_action(call->fetch->engine, call->action);

	if (call->state != CALL_QUEUED)
		return;
	bool sooner = call->rank == PRIORITY_FOREGROUND && call->uid != uid &&
		next_round(state, uid) < call->round;
	if (!sooner && rank_of(call) == call->rank)
		return;
	rate_queue_leave(call);
	call->uid = uid;
	rate_queue_join(call);
}

void rate_queue_join(struct call *call)
{
	struct action_state *state = engine_action(call->fetch->engine, call->action);
	struct call *after = state->last;

	call->round = next_round(state, call->uid);
	call->rank = rank_of(call);
	while (after && goes_before(call, after))
		after = after->queue_prev;
	call->state = CALL_QUEUED;
	call->queue_prev = after;
	call->queue_next = after ? after->queue_next : state->first;
	*(call->queue_next ? &call->queue_next->queue_prev : &state->last) = call;
	*(after ? &after->queue_next : &state->first) = call;
	state->n_foreground += !is_in_background(call);
	run(state);
}

void rate_queue_leave(struct call *call)
{
	struct action_state *state = engine_action(call->fetch->engine, call->action);

	*(call->queue_next ? &call->queue_next->queue_prev : &state->last) = call->queue_prev;
	*(call->queue_prev ? &call->queue_prev->queue_next : &state->first) = call->queue_next;
	call->queue_next = call->queue_prev = NULL;
	state->n_foreground -= !is_in_background(call);
}

void rate_queue_begin(struct call *call)
{
	call->is_on_wire = false;
	struct action_state *state = engine_action(call->fetch->engine, call->action);

	rate_limiter_begin(&state->rate);
	call->beside = concurrency_sent(&state->concurrency);
}

void rate_queue_wired(struct call *call)
{
	struct action_state *state = engine_action(call->fetch->engine, call->action);

	call->is_on_wire = true;
	rate_limiter_sent(&state->rate, engine_now_ms(state->engine));
}

void rate_queue_end(struct call *call)
{
	struct action_state *state = engine_action(call->fetch->engine, call->action);

	if (call->is_on_wire)
		return;
	call->is_on_wire = true;
	rate_limiter_back(&state->rate);
	arm(state);
}

/* A person reads a listing by the same calls, or goes through one that is being read. */
static bool gives_way(const struct fetch *fetch)
{
	const struct fetch *other = fetch->fetch_kind == FETCH_PART ? fetch->engine->fetches : NULL;

	while (other && (other->fetch_kind != FETCH_LIST || other->action != fetch->action))
		other = other->next;
	return other;
}

bool rate_queue_spares(const struct fetch *fetch)
{
	struct engine *engine = fetch->engine;
	struct action_state *state = engine_action(engine, fetch->action);

	/* whoever waits goes first, whatever it is that he waits for */
	if (state->first || circuit_breaker_last_failure(&engine->breaker) || gives_way(fetch))
		return false;
	return concurrency_has_room(&state->concurrency, fetch->fetch_kind == FETCH_PART ? LESS : 1) &&
		rate_limiter_free(&state->rate, engine_now_ms(engine));
}

int64_t rate_queue_pace_ms(struct engine *engine, const struct action *action)
{
	struct action_state *state = engine_action(engine, action);
	int64_t now_ms = engine_now_ms(engine);

	if (state->first || !rate_limiter_free(&state->rate, now_ms) ||
		circuit_breaker_last_failure(&engine->breaker) ||
		!concurrency_has_room(&state->concurrency, 1)) {
		int64_t wait_ms = rate_limiter_wait_ms(&state->rate, state->n_foreground, now_ms);
		return wait_ms > LOOK_AGAIN_MS ? wait_ms : LOOK_AGAIN_MS;
	}
	return rate_limiter_pace_ms(&state->rate, now_ms);
}
