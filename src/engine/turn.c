/*
 * turn.c - whose turn it is: the queue before each action's rate.
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
 * (rate.h), and what comes free meanwhile is the next one's.  While the cloud is down (breaker.h) nobody
 * waits here, while it says nothing no more is sent, and while all tries fail one goes at a time.
 */
#include "flight.h"

#include <stdlib.h>

enum {
	PEOPLE_FIRST = 10, /* that part of the rate is theirs */
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
	rate_init(&state->rate, rate > 0 ? rate : engine->options.site.catalog->rate);
	concurrency_init(&state->concurrency, engine->options.deadline_ms / IN_TIME);
	engine->actions = xrealloc(engine->actions, (engine->n_actions + 1) * sizeof(struct action_state *));
	engine->actions[engine->n_actions++] = state;
	return state;
}

void engine_release_actions(struct engine *engine)
{
	const struct io *io = &engine->options.io;

	for (size_t i = 0; i < engine->n_actions; i++) {
		struct action_state *state = engine->actions[i];
		io->unset(io->self, state->timer);
		rate_release(&state->rate);
		free(state);
	}
	free(engine->actions);
}

static enum rank rank_of(const struct leg *leg)
{
	const struct flight *flight = leg->flight;

	if (flight->want == WANT_WHOLE || flight->polls)
		return RANK_BACKGROUND;
	if (flight->want == WANT_PART)
		return RANK_VIEW;
	return leg->tries ? RANK_AGAIN : RANK_PERSON;
}

static bool is_in_background(const struct leg *leg)
{
	return leg->rank == RANK_BACKGROUND;
}

static size_t share_of_people(const struct action_state *state)
{
	return state->rate.size / PEOPLE_FIRST;
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
	const struct io *io = &state->engine->options.io;

	io->unset(io->self, state->timer);
	state->timer = NULL;
	/* what ends a silence, ends with turn_run_all */
	if (!state->first || breaker_is_full(&state->engine->breaker, engine_now_ms(state->engine)))
		return;
	int64_t now_ms = engine_now_ms(state->engine);
	int64_t doubt_ms = breaker_wait_ms(&state->engine->breaker, now_ms);
	size_t before = is_in_background(state->first) ? share_of_people(state) : 0;
	int64_t wait_ms = rate_wait_ms(&state->rate, before, now_ms);
	state->timer = io->after(io->self, wait_ms > doubt_ms ? wait_ms : doubt_ms, tick, state);
}

/* Sends those whose turn it is. */
static void run(struct action_state *state)
{
	struct leg *leg;

	if (state->running) /* a call that ended in here joined another: it is met below */
		return;
	state->running = true;
	while ((leg = state->first)) {
		if (!leg->probe && breaker_says(&state->engine->breaker)) {
			turn_leave(leg);
			leg_refuse(leg);
			continue;
		}
		if (breaker_is_full(&state->engine->breaker, engine_now_ms(state->engine)))
			break; /* until one of those under way comes to its end */
		if (breaker_wait_ms(&state->engine->breaker, engine_now_ms(state->engine)))
			break;
		size_t room = rate_free(&state->rate, engine_now_ms(state->engine));
		if (room <= (is_in_background(leg) ? share_of_people(state) : 0))
			break;
		turn_leave(leg);
		if (leg->rank == RANK_PERSON)
			state->round = leg->round;
		leg_send(leg);
	}
	state->running = false;
	arm(state);
}

void turn_run_all(struct engine *engine)
{
	for (size_t i = 0; i < engine->n_actions; i++)
		run(engine->actions[i]);
}

/* The round of the user's next call: after the user's calls in the queue, and after those that went. */
static uint64_t next_round(const struct action_state *state, unsigned uid)
{
	for (const struct leg *leg = state->last; leg; leg = leg->queue_prev)
		if (leg->uid == uid && leg->rank == RANK_PERSON)
			return leg->round + 1;
	return state->round + 1;
}

static bool goes_before(const struct leg *leg, const struct leg *other)
{
	if (leg->rank != other->rank)
		return leg->rank < other->rank;
	return leg->rank == RANK_PERSON && leg->round < other->round;
}

int64_t turn_try_ms(const struct leg *leg)
{
	struct action_state *state = engine_action(leg->flight->engine, leg->action);

	return rate_wait_ms(&state->rate, 0, engine_now_ms(state->engine));
}

int64_t turn_wait_ms(struct engine *engine, const struct action *action, unsigned uid)
{
	struct action_state *state = engine_action(engine, action);
	uint64_t round = next_round(state, uid);
	size_t before = 0;

	for (const struct leg *leg = state->first; leg; leg = leg->queue_next)
		before += leg->rank == RANK_AGAIN || (leg->rank == RANK_PERSON && leg->round <= round);
	return rate_wait_ms(&state->rate, before, engine_now_ms(engine));
}

void turn_hand_over(struct leg *leg, unsigned uid)
{
	struct action_state *state = engine_action(leg->flight->engine, leg->action);

	if (leg->state != LEG_QUEUED)
		return;
	bool sooner = leg->rank == RANK_PERSON && leg->uid != uid && next_round(state, uid) < leg->round;
	if (!sooner && rank_of(leg) == leg->rank)
		return;
	turn_leave(leg);
	leg->uid = uid;
	turn_join(leg);
}

void turn_join(struct leg *leg)
{
	struct action_state *state = engine_action(leg->flight->engine, leg->action);
	struct leg *after = state->last;

	leg->round = next_round(state, leg->uid);
	leg->rank = rank_of(leg);
	while (after && goes_before(leg, after))
		after = after->queue_prev;
	leg->state = LEG_QUEUED;
	leg->queue_prev = after;
	leg->queue_next = after ? after->queue_next : state->first;
	*(leg->queue_next ? &leg->queue_next->queue_prev : &state->last) = leg;
	*(after ? &after->queue_next : &state->first) = leg;
	state->n_people += !is_in_background(leg);
	run(state);
}

void turn_leave(struct leg *leg)
{
	struct action_state *state = engine_action(leg->flight->engine, leg->action);

	*(leg->queue_next ? &leg->queue_next->queue_prev : &state->last) = leg->queue_prev;
	*(leg->queue_prev ? &leg->queue_prev->queue_next : &state->first) = leg->queue_next;
	leg->queue_next = leg->queue_prev = NULL;
	state->n_people -= !is_in_background(leg);
}

void turn_begin(struct leg *leg)
{
	leg->wired = false;
	struct action_state *state = engine_action(leg->flight->engine, leg->action);

	rate_begin(&state->rate);
	leg->beside = concurrency_sent(&state->concurrency);
}

void turn_wired(struct leg *leg)
{
	struct action_state *state = engine_action(leg->flight->engine, leg->action);

	leg->wired = true;
	rate_sent(&state->rate, engine_now_ms(state->engine));
}

void turn_end(struct leg *leg)
{
	struct action_state *state = engine_action(leg->flight->engine, leg->action);

	if (leg->wired)
		return;
	leg->wired = true;
	rate_back(&state->rate);
	arm(state);
}

/* A person reads a listing by the same calls, or goes through one that is being read. */
static bool gives_way(const struct flight *flight)
{
	const struct flight *other = flight->want == WANT_PART ? flight->engine->flights : NULL;

	while (other && (other->want != WANT_LIST || other->action != flight->action))
		other = other->next;
	return other;
}

bool turn_spares(const struct flight *flight)
{
	struct engine *engine = flight->engine;
	struct action_state *state = engine_action(engine, flight->action);

	/* whoever waits goes first, whatever it is that he waits for */
	if (state->first || breaker_doubts(&engine->breaker) || gives_way(flight))
		return false;
	return concurrency_has_room(&state->concurrency, flight->want == WANT_PART ? LESS : 1) &&
		rate_free(&state->rate, engine_now_ms(engine));
}

int64_t turn_pace_ms(struct engine *engine, const struct action *action)
{
	struct action_state *state = engine_action(engine, action);
	int64_t now_ms = engine_now_ms(engine);

	if (state->first || !rate_free(&state->rate, now_ms) || breaker_doubts(&engine->breaker) ||
			!concurrency_has_room(&state->concurrency, 1)) {
		int64_t wait_ms = rate_wait_ms(&state->rate, state->n_people, now_ms);
		return wait_ms > LOOK_AGAIN_MS ? wait_ms : LOOK_AGAIN_MS;
	}
	return rate_pace_ms(&state->rate, now_ms);
}
