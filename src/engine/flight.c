/*
 * flight.c - the life of a flight: which of its calls are under way, and the order of their answers.
 *
 * One resource takes one call.  A listing takes as many as it has pages: once the first has said how many
 * there are, the next ones are asked for before it is their turn to be taken in, so that the cloud's rate
 * bounds a long list and not its latency.  Answers are taken in page by page in any case.  When one is not
 * what was foreseen (the list became shorter, a page held less) the calls behind it are dropped and the list
 * goes on where it really is, one page at a time.
 */
#include "flight.h"

#include <stdlib.h>

enum {
	AHEAD_MAX = 32, /* pages under way at once */
	AHEAD_MOVING_MAX = 4, /* of a list that moves, where they may have to be asked for again */
	HELD_MAX = 16 << 20, /* bytes of answers that wait for those before them, parsed or not */
	BYTES_MAX = 512 << 20, /* of all pages of one list */
	UNSUPPORTED_MS = 600 * 1000,
	TURN_BYTES = 256 << 10, /* of answers, parsed or taken in, in one turn of the loop; or one answer */
	HOLD_MS = 1000, /* how long a failure answers for itself */
	HOLD_REFUSED_MS = 5000, /* what somebody has to put right at the cloud */
	FORGOTTEN = 3 /* a listing flies on for so many deadlines when nobody waits for it */
};

void engine_note_failure(const struct flight *flight, enum fault fault, const struct fault_note *note)
{
	struct engine *engine = flight->engine;
	struct buf path;

	engine->stats.failures++;
	buf_init(&path, JSON_BYTES_MAX);
	node_path(flight->node, &path);
	journal_add(&engine->journal, engine_wall_s(engine), path.data, flight->uid, fault, note);
	buf_release(&path);
}

void engine_note_outage(struct engine *engine, enum fault fault)
{
	int64_t now_ms = engine_now_ms(engine), half_ms = engine->options.deadline_ms / 2;

	if (fault != FAULT_TIMEOUT || !breaker_heard_within(&engine->breaker, half_ms, now_ms))
		tree_note_outage(engine->options.tree, fault, now_ms);
}

/* Why a call would come too late, or fails again and again; FAULT_NONE: it is worth waiting for. */
enum fault flight_why_hopeless(const struct wait *wait, const struct reply *need)
{
	struct engine *engine = wait->engine;
	const struct kind *kind = node_kind(need->node);
	const struct action *action = need->want == WANT_DESCRIBE ? &kind->describe : &kind->list;
	const struct flight *flight = *node_flight(need->node, need->want);

	if (flight && (!flight->legs || !leg_is_yet_to_go(flight->legs)))
		return flight->legs ? flight->legs->failing : FAULT_NONE;
	if (turn_wait_ms(engine, action, wait->uid) < engine->options.deadline_ms)
		return FAULT_NONE;
	return FAULT_QUEUE;
}

static struct flight *flight_new(struct engine *engine, struct node *node, enum want want, unsigned uid)
{
	struct flight *flight = xcalloc(1, sizeof(*flight));

	flight->engine = engine;
	flight->node = node;
	flight->want = want;
	flight->uid = uid;
	flight->alone_ms = engine_now_ms(engine);
	node_pin(node);
	*node_flight(node, want) = flight;
	flight->next = engine->flights;
	if (flight->next)
		flight->next->prev = flight;
	engine->flights = flight;
	engine->stats.in_flight++;
	return flight;
}

void flight_free(struct flight *flight)
{
	struct engine *engine = flight->engine;

	engine->options.io.unset(engine->options.io.self, flight->rest);
	while (flight->legs)
		leg_free(flight->legs);
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

static void leave_reading(const struct flight *flight)
{
	if (flight->reads && flight->want == WANT_PART)
		tree_part_leave(flight->engine->options.tree, flight->node);
	else if (flight->reads)
		tree_list_leave(flight->node, flight->want == WANT_LIST);
}

/* FAULT_NONE: the tree is already filled. */
static void land(struct flight *flight, enum fault fault)
{
	struct engine *engine = flight->engine;
	struct node *node = flight->node;
	bool read_again = !fault && flight->read_again;
	unsigned uid = flight->uid;

	while (flight->legs)
		leg_free(flight->legs);
	*node_flight(node, flight->want) = NULL;
	tree_reading_end(node, engine_now_ms(engine));
	if (fault) {
		engine_note_outage(engine, fault);
		tree_fail(engine->options.tree, node, flight->want, fault, hold_ms(fault),
			flight->sent_ms, engine_now_ms(engine));
	}
	leave_reading(flight);
	if (!fault && (flight->want == WANT_LIST || flight->want == WANT_WHOLE))
		refresh_price(flight);
	if (!fault && flight->outdated_ms) /* it is for those who asked before somebody wanted it anew */
		tree_outdate(node, flight->outdated_ms);
	node_pin(node);
	engine_release(flight);
	flight_free(flight);
	if (read_again)
		flight_find(engine, node, WANT_WHOLE, uid, false);
	node_unpin(engine->options.tree, node);
}

/* The cloud does not filter so, or did not: who waits has the whole list read instead. */
static bool part_gives_up(struct flight *flight, enum fault fault)
{
	struct engine *engine = flight->engine;

	if (flight->want != WANT_PART || (fault != FAULT_PARAMETER && fault != FAULT_NAME &&
			fault != FAULT_UNSUPPORTED))
		return false;
	tree_part_refuse(engine->options.tree, flight->node, fault, engine_now_ms(engine) + UNSUPPORTED_MS);
	return true;
}

struct flight *flight_find(struct engine *engine, struct node *node, enum want want, unsigned uid,
	bool polls)
{
	struct flight *flight = *node_flight(node, want);

	if (flight)
		return flight;
	node_pin(node);
	flight = flight_new(engine, node, want, uid);
	flight->polls = polls;
	tree_reading_begin(engine->options.tree, node, flight->alone_ms, engine->options.deadline_ms / 2);
	enum fault fault = flight_begin(flight);
	if (part_gives_up(flight, fault))
		fault = FAULT_NONE;
	if (fault || !flight->action)
		land(flight, fault);
	else
		leg_book(leg_new(flight, flight->offset));
	flight = *node_flight(node, want);
	node_unpin(engine->options.tree, node);
	return flight;
}

void flight_begin_again(struct flight *flight)
{
	const struct io *io = &flight->engine->options.io;

	flight->outdated_ms = 0;
	if (!flight->legs || flight->legs->state < LEG_SENT)
		return; /* its call is yet to be made */
	io->unset(io->self, flight->rest); /* what came is not taken in */
	flight->rest = NULL;
	while (flight->legs)
		leg_free(flight->legs);
	leg_book(leg_new(flight, flight->offset));
}

void flight_let_go(struct flight *flight)
{
	const struct leg *leg = flight->legs;

	if (flight->first || !leg || leg->next || flight->bytes || !leg_is_yet_to_go(leg))
		return;
	*node_flight(flight->node, flight->want) = NULL;
	leave_reading(flight);
	tree_reading_end(flight->node, engine_now_ms(flight->engine));
	flight_free(flight);
}

/* A list, or a part of one, that somebody may read. */
static bool is_waited_for(const struct flight *flight)
{
	return flight->want == WANT_LIST || flight->want == WANT_PART;
}

/* Nobody has waited for far longer than anyone would have. */
static bool is_forgotten(const struct flight *flight)
{
	return is_waited_for(flight) && flight->alone_ms &&
		engine_now_ms(flight->engine) - flight->alone_ms >
			FORGOTTEN * flight->engine->options.deadline_ms;
}

/* Nobody needs the rest: the reading is over. */
static bool is_needless(const struct flight *flight)
{
	return is_forgotten(flight) || (flight->want == WANT_PART &&
		node_part_is_listed(flight->node, engine_now(flight->engine)));
}

/* ---- pages ahead ---- */

static const struct leg *last_leg(const struct flight *flight)
{
	const struct leg *leg = flight->legs;

	while (leg->next)
		leg = leg->next;
	return leg;
}

static bool is_full(const struct flight *flight)
{
	return flight->held_bytes >= HELD_MAX;
}

static bool has_room_ahead(const struct flight *flight)
{
	return flight->n_legs < (flight->moving ? AHEAD_MOVING_MAX : AHEAD_MAX) &&
		!is_full(flight) && turn_spares(flight);
}

void flight_look_ahead(struct flight *flight)
{
	int64_t step = flight->page_items - flight->moving;

	if (!is_waited_for(flight) || !flight->more || flight->astray || flight->ids || step <= 0)
		return;
	if (flight->phase == PHASE_NEWEST || flight->action->paging != PAGING_OFFSET || !flight->legs)
		return;
	/* a call that is sent at once looks ahead itself: the last one is another one each time */
	while (last_leg(flight)->offset + flight->page_items < flight->total && has_room_ahead(flight))
		leg_book(leg_new(flight, last_leg(flight)->offset + step));
}

/* ---- what came ---- */

static const char TOO_BIG[] = "a resource is over 8,192 files or 8 MiB of them, a page over 16,384 items, "
	"or a list over 2,000,000 items or 512 MiB: read it with the cloud's own tool";

/* True: the flight goes on.  `leg`: what brought it; NULL: an answer that was no good. */
static bool fail(struct flight *flight, enum fault fault, const struct leg *leg)
{
	struct engine *engine = flight->engine;

	if (leg && paging_asks_for_less(flight, fault, leg))
		return true;

	fault = flight_judge(flight, fault);
	if (refresh_gives_up(flight, fault))
		return true;
	if (part_gives_up(flight, fault)) {
		land(flight, FAULT_NONE);
		return false;
	}
	if (fault == FAULT_UNSUPPORTED && flight->want != WANT_DESCRIBE) {
		/* a listing can do without; what one resource does not support says nothing of the next */
		struct action_state *state = engine_action(engine, flight->action);
		state->unsupported_ms = engine_now_ms(engine) + UNSUPPORTED_MS;
	}
	if (flight_survives(flight, &fault))
		return true;
	land(flight, fault);
	return false;
}

static bool refuse(struct flight *flight, const struct fault_note *said, enum fault fault)
{
	struct fault_note note = *said;

	fault_note_copy(note.message, sizeof(note.message), fault == FAULT_TOO_BIG ? TOO_BIG :
		"the answer is not what the API promises");
	engine_note_failure(flight, fault, &note);
	return fail(flight, fault, NULL);
}

/* True: the flight goes on. */
static bool take(struct flight *flight, const struct leg *leg, const struct json *result)
{
	struct source_note source = {
		.sent_ms = leg->sent_ms,
		.received_ms = leg->received_ms,
		.received_s = engine_wall_s(flight->engine),
		.action = action_name(leg->action),
		.request_id = leg->note.request_id,
		.reading = tree_reading(flight->node),
	};

	flight->more = false;
	enum fault fault = flight_take(flight, result, &source);
	flight->bytes += leg->size;
	if (flight->more && flight->bytes > BYTES_MAX)
		fault = FAULT_TOO_BIG;
	if (fault)
		return refuse(flight, &leg->note, fault);
	paging_note_limit(flight);
	if (flight->more && !is_needless(flight))
		return true;
	land(flight, FAULT_NONE);
	return false;
}

/* Bytes of answers whose parsing, or whose taking in, was worked on in a turn of the loop. */
static bool is_too_much(size_t worked, const struct leg *next)
{
	return worked && worked + next->size > TURN_BYTES;
}

/* The first leg has ended, and is parsed: takes it in.  True: the flight goes on. */
static bool take_first(struct flight *flight)
{
	struct leg leg = *flight->legs; /* what it brought; it itself is over */
	bool on;

	flight->legs->root = NULL;
	flight->sent_ms = leg.sent_ms;
	leg_free(flight->legs);
	on = leg.fault ? fail(flight, leg.fault, &leg) : take(flight, &leg, leg.result);
	json_free(leg.root);
	return on;
}

static void drop_legs_not_wanted(struct flight *flight)
{
	const struct leg *first = flight->legs;

	if (!first || (first->offset == flight->offset && first->action == flight->action))
		return;
	flight->astray = true;
	while (flight->legs)
		leg_free(flight->legs);
}

bool flight_is_busy(const struct leg *leg)
{
	return leg->flight->rest || (leg != leg->flight->legs && is_full(leg->flight));
}

/* The answer to work on next: the first leg's, or one that may wait for it, parsed; NULL: none. */
static struct leg *next_answer(const struct flight *flight)
{
	struct leg *leg = flight->legs;

	if (!leg || leg->state >= LEG_CAME)
		return leg;
	while (leg && leg->state != LEG_CAME)
		leg = leg->next;
	return is_full(flight) ? NULL : leg;
}

static void rest_later(struct flight *flight);

/* An answer is parsed in a turn of its own; what comes of it is taken in in the next one. */
static void take_rest(void *arg)
{
	struct flight *flight = arg;
	struct leg *leg = next_answer(flight);

	flight->rest = NULL;
	if (!leg || leg->state != LEG_CAME) {
		flight_advance(flight, 0);
		return;
	}
	rest_later(flight);
	leg_read(leg);
}

/* Others are served before it goes on. */
static void rest_later(struct flight *flight)
{
	const struct io *io = &flight->engine->options.io;

	flight->rest = io->after(io->self, 0, take_rest, flight);
}

/* Takes in what there is, up to TURN_BYTES.  False: the flight is over. */
static bool take_in(struct flight *flight, size_t worked)
{
	struct leg *leg;

	while ((leg = next_answer(flight))) {
		if (leg->state == LEG_CAME || (!leg->fault && is_too_much(worked, leg))) {
			rest_later(flight);
			return true;
		}
		worked += leg->size;
		if (!take_first(flight))
			return false;
		drop_legs_not_wanted(flight);
	}
	return true;
}

void flight_advance(struct flight *flight, size_t worked)
{
	if (flight->rest || !next_answer(flight))
		return; /* it goes on by itself, or another page is awaited before what came */
	if (!take_in(flight, worked))
		return;
	engine_wake(flight);
	if (flight->legs)
		flight_look_ahead(flight);
	else
		leg_book(leg_new(flight, flight->offset));
}
