/*
 * fetch.c - the life of a fetch: which of its calls are under way, and the order of their answers.
 *
 * One resource takes one call.  A listing takes as many as it has pages: once the first has said how many
 * there are, the next ones are asked for before it is their turn to be taken in, so that the cloud's rate
 * bounds a long list and not its latency.  Answers are taken in page by page in any case.  When one is not
 * what was foreseen (the list became shorter, a page held less) the calls behind it are dropped and the list
 * goes on where it really is, one page at a time.
 */
#include "fetch.h"

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

void engine_note_failure(const struct fetch *fetch, enum error error, const struct error_note *note)
{
	struct engine *engine = fetch->engine;
	struct buf path;

	engine->stats.failures++;
	buf_init(&path, JSON_BYTES_MAX);
	node_path(fetch->node, &path);
	journal_add(&engine->journal, engine_wall_s(engine), path.data, fetch->uid, error, note);
	buf_release(&path);
}

void engine_note_outage(struct engine *engine, enum error error)
{
	int64_t now_ms = engine_now_ms(engine), half_ms = engine->options.deadline_ms / 2;

	if (error != ERR_TIMEOUT || !circuit_breaker_answered_within(&engine->breaker, half_ms, now_ms))
		tree_note_outage(engine->options.tree, error, now_ms);
}

/* Why a call would come too late, or fails again and again; ERR_NONE: it is worth waiting for. */
enum error fetch_why_hopeless(const struct waiter *wait, const struct reply *need)
{
	struct engine *engine = wait->engine;
	const struct kind *kind = node_kind(need->node);
	const struct action *action = need->fetch_kind == FETCH_DESCRIBE ? &kind->describe : &kind->list;
	const struct fetch *fetch = *node_fetch(need->node, need->fetch_kind);

	if (fetch && (!fetch->calls || !call_is_yet_to_go(fetch->calls)))
		return fetch->calls ? fetch->calls->failing : ERR_NONE;
	if (rate_queue_wait_ms(engine, action, wait->uid) < engine->options.deadline_ms)
		return ERR_NONE;
	return ERR_QUEUE;
}

static struct fetch *fetch_new(struct engine *engine, struct node *node, enum fetch_kind fetch_kind,
	unsigned uid)
{
	struct fetch *fetch = xcalloc(1, sizeof(*fetch));

	fetch->engine = engine;
	fetch->node = node;
	fetch->fetch_kind = fetch_kind;
	fetch->uid = uid;
	fetch->abandoned_since_ms = engine_now_ms(engine);
	node_pin(node);
	*node_fetch(node, fetch_kind) = fetch;
	fetch->next = engine->fetches;
	if (fetch->next)
		fetch->next->prev = fetch;
	engine->fetches = fetch;
	engine->stats.in_flight++;
	return fetch;
}

void fetch_free(struct fetch *fetch)
{
	struct engine *engine = fetch->engine;

	engine->options.io.timer_stop(engine->options.io.self, fetch->rest);
	while (fetch->calls)
		call_free(fetch->calls);
	if (fetch->prev)
		fetch->prev->next = fetch->next;
	else
		engine->fetches = fetch->next;
	if (fetch->next)
		fetch->next->prev = fetch->prev;
	engine->stats.in_flight--;
	node_unpin(engine->options.tree, fetch->node);
	free(fetch->marker);
	free(fetch);
}

static int64_t hold_ms(enum error error)
{
	switch (error) {
	case ERR_UNSUPPORTED:
	case ERR_DENIED:
		return HOLD_REFUSED_MS;
	default:
		return HOLD_MS;
	}
}

static void leave_reading(const struct fetch *fetch)
{
	if (fetch->reads && fetch->fetch_kind == FETCH_PART)
		tree_part_leave(fetch->engine->options.tree, fetch->node);
	else if (fetch->reads)
		tree_list_leave(fetch->node, fetch->fetch_kind == FETCH_LIST);
}

/* ERR_NONE: the tree is already filled. */
static void land(struct fetch *fetch, enum error error)
{
	struct engine *engine = fetch->engine;
	struct node *node = fetch->node;
	bool read_again = !error && fetch->read_again;
	unsigned uid = fetch->uid;

	while (fetch->calls)
		call_free(fetch->calls);
	*node_fetch(node, fetch->fetch_kind) = NULL;
	tree_reading_end(node, engine_now_ms(engine));
	if (error) {
		engine_note_outage(engine, error);
		tree_fail(engine->options.tree, node, fetch->fetch_kind, error, hold_ms(error),
			fetch->sent_ms, engine_now_ms(engine));
	}
	leave_reading(fetch);
	if (!error && (fetch->fetch_kind == FETCH_LIST || fetch->fetch_kind == FETCH_WHOLE))
		refresh_price(fetch);
	if (!error && fetch->invalidated_ms) /* it is for those who asked before somebody wanted it anew */
		tree_invalidate_before(node, fetch->invalidated_ms);
	node_pin(node);
	fetch_requeue_waiters(fetch);
	fetch_free(fetch);
	if (read_again)
		fetch_find(engine, node, FETCH_WHOLE, uid, false);
	node_unpin(engine->options.tree, node);
}

/* The cloud does not filter so, or did not: who waits has the whole list read instead. */
static bool part_gives_up(struct fetch *fetch, enum error error)
{
	struct engine *engine = fetch->engine;

	if (fetch->fetch_kind != FETCH_PART ||
		(error != ERR_PARAMETER && error != ERR_NAME && error != ERR_UNSUPPORTED))
		return false;
	tree_part_refuse(engine->options.tree, fetch->node, error, engine_now_ms(engine) + UNSUPPORTED_MS);
	return true;
}

struct fetch *fetch_find(struct engine *engine, struct node *node, enum fetch_kind fetch_kind, unsigned uid,
	bool polls)
{
	struct fetch *fetch = *node_fetch(node, fetch_kind);

	if (fetch)
		return fetch;
	node_pin(node);
	fetch = fetch_new(engine, node, fetch_kind, uid);
	fetch->polls = polls;
	tree_reading_begin(engine->options.tree, node, fetch->abandoned_since_ms,
		engine->options.deadline_ms / 2);
	enum error error = fetch_begin(fetch);
	if (part_gives_up(fetch, error))
		error = ERR_NONE;
	if (error || !fetch->action)
		land(fetch, error);
	else
		call_book(call_new(fetch, fetch->offset));
	fetch = *node_fetch(node, fetch_kind);
	node_unpin(engine->options.tree, node);
	return fetch;
}

void fetch_begin_again(struct fetch *fetch)
{
	const struct transport *io = &fetch->engine->options.io;

	fetch->invalidated_ms = 0;
	if (!fetch->calls || fetch->calls->state < CALL_SENT)
		return; /* its call is yet to be made */
	io->timer_stop(io->self, fetch->rest); /* what came is not taken in */
	fetch->rest = NULL;
	while (fetch->calls)
		call_free(fetch->calls);
	call_book(call_new(fetch, fetch->offset));
}

void fetch_let_go(struct fetch *fetch)
{
	const struct call *call = fetch->calls;

	if (fetch->first || !call || call->next || fetch->bytes || !call_is_yet_to_go(call))
		return;
	*node_fetch(fetch->node, fetch->fetch_kind) = NULL;
	leave_reading(fetch);
	tree_reading_end(fetch->node, engine_now_ms(fetch->engine));
	fetch_free(fetch);
}

/* A list, or a part of one, that somebody may read. */
static bool is_waited_for(const struct fetch *fetch)
{
	return fetch->fetch_kind == FETCH_LIST || fetch->fetch_kind == FETCH_PART;
}

/* Nobody has waited for far longer than anyone would have. */
static bool is_forgotten(const struct fetch *fetch)
{
	return is_waited_for(fetch) && fetch->abandoned_since_ms &&
		engine_now_ms(fetch->engine) - fetch->abandoned_since_ms >
		FORGOTTEN * fetch->engine->options.deadline_ms;
}

/* Nobody needs the rest: the reading is over. */
static bool is_needless(const struct fetch *fetch)
{
	return is_forgotten(fetch) ||
		(fetch->fetch_kind == FETCH_PART &&
			node_part_is_listed(fetch->node, engine_now(fetch->engine)));
}

/* ---- pages ahead ---- */

static const struct call *last_call(const struct fetch *fetch)
{
	const struct call *call = fetch->calls;

	while (call->next)
		call = call->next;
	return call;
}

static bool is_full(const struct fetch *fetch)
{
	return fetch->held_bytes >= HELD_MAX;
}

static bool has_room_ahead(const struct fetch *fetch)
{
	return fetch->n_calls < (fetch->moving ? AHEAD_MOVING_MAX : AHEAD_MAX) && !is_full(fetch) &&
		rate_queue_spares(fetch);
}

void fetch_look_ahead(struct fetch *fetch)
{
	int64_t step = fetch->page_items - fetch->moving;

	if (!is_waited_for(fetch) || !fetch->more || fetch->prefetch_mismatch || fetch->ids || step <= 0)
		return;
	if (fetch->phase == PHASE_NEWEST || fetch->action->paging.style != PAGING_OFFSET || !fetch->calls)
		return;
	/* a call that is sent at once looks ahead itself: the last one is another one each time */
	while (last_call(fetch)->offset + fetch->page_items < fetch->total && has_room_ahead(fetch))
		call_book(call_new(fetch, last_call(fetch)->offset + step));
}

/* ---- what came ---- */

static const char TOO_BIG[] = "a resource is over 8,192 files or 8 MiB of them, a page over 16,384 items, "
			      "or a list over 2,000,000 items or 512 MiB: read it with the cloud's own tool";

/* True: the fetch goes on.  `call`: what brought it; NULL: an answer that was no good. */
static bool fail(struct fetch *fetch, enum error error, const struct call *call)
{
	struct engine *engine = fetch->engine;

	if (call && paging_asks_for_less(fetch, error, call))
		return true;

	error = fetch_judge(fetch, error);
	if (refresh_gives_up(fetch, error))
		return true;
	if (part_gives_up(fetch, error)) {
		land(fetch, ERR_NONE);
		return false;
	}
	if (error == ERR_UNSUPPORTED && fetch->fetch_kind != FETCH_DESCRIBE) {
		/* a listing can do without; what one resource does not support says nothing of the next */
		struct action_state *state = engine_action(engine, fetch->action);
		state->unsupported_ms = engine_now_ms(engine) + UNSUPPORTED_MS;
	}
	if (fetch_survives(fetch, &error))
		return true;
	land(fetch, error);
	return false;
}

static bool refuse(struct fetch *fetch, const struct error_note *said, enum error error)
{
	struct error_note note = *said;

	error_note_copy(note.message, sizeof(note.message),
		error == ERR_TOO_BIG ? TOO_BIG : "the answer is not what the API promises");
	engine_note_failure(fetch, error, &note);
	return fail(fetch, error, NULL);
}

/* True: the fetch goes on. */
static bool take(struct fetch *fetch, const struct call *call, const struct json *result)
{
	struct provenance_note source = {
		.sent_ms = call->sent_ms,
		.received_ms = call->received_ms,
		.received_s = engine_wall_s(fetch->engine),
		.action = action_name(call->action),
		.request_id = call->note.request_id,
		.reading = tree_reading(fetch->node),
	};

	fetch->more = false;
	enum error error = fetch_take(fetch, result, &source);
	fetch->bytes += call->size;
	if (fetch->more && fetch->bytes > BYTES_MAX)
		error = ERR_TOO_BIG;
	if (error)
		return refuse(fetch, &call->note, error);
	paging_note_limit(fetch);
	if (fetch->more && !is_needless(fetch))
		return true;
	land(fetch, ERR_NONE);
	return false;
}

/* Bytes of answers whose parsing, or whose taking in, was worked on in a turn of the loop. */
static bool is_too_much(size_t worked, const struct call *next)
{
	return worked && worked + next->size > TURN_BYTES;
}

/* The first call has ended, and is parsed: takes it in.  True: the fetch goes on. */
static bool take_first(struct fetch *fetch)
{
	struct call call = *fetch->calls; /* what it brought; it itself is over */
	bool on;

	fetch->calls->root = NULL;
	fetch->sent_ms = call.sent_ms;
	call_free(fetch->calls);
	on = call.error ? fail(fetch, call.error, &call) : take(fetch, &call, call.result);
	json_free(call.root);
	return on;
}

static void drop_legs_not_wanted(struct fetch *fetch)
{
	const struct call *first = fetch->calls;

	if (!first || (first->offset == fetch->offset && first->action == fetch->action))
		return;
	fetch->prefetch_mismatch = true;
	while (fetch->calls)
		call_free(fetch->calls);
}

bool fetch_is_busy(const struct call *call)
{
	return call->fetch->rest || (call != call->fetch->calls && is_full(call->fetch));
}

/* The answer to work on next: the first call's, or one that may wait for it, parsed; NULL: none. */
static struct call *next_answer(const struct fetch *fetch)
{
	struct call *call = fetch->calls;

	if (!call || call->state >= LEG_CAME)
		return call;
	while (call && call->state != LEG_CAME)
		call = call->next;
	return is_full(fetch) ? NULL : call;
}

static void rest_later(struct fetch *fetch);

/* An answer is parsed in a turn of its own; what comes of it is taken in in the next one. */
static void take_rest(void *arg)
{
	struct fetch *fetch = arg;
	struct call *call = next_answer(fetch);

	fetch->rest = NULL;
	if (!call || call->state != LEG_CAME) {
		fetch_advance(fetch, 0);
		return;
	}
	rest_later(fetch);
	call_read(call);
}

/* Others are served before it goes on. */
static void rest_later(struct fetch *fetch)
{
	const struct transport *io = &fetch->engine->options.io;

	fetch->rest = io->timer_start(io->self, 0, take_rest, fetch);
}

/* Takes in what there is, up to TURN_BYTES.  False: the fetch is over. */
static bool take_in(struct fetch *fetch, size_t worked)
{
	struct call *call;

	while ((call = next_answer(fetch))) {
		if (call->state == LEG_CAME || (!call->error && is_too_much(worked, call))) {
			rest_later(fetch);
			return true;
		}
		worked += call->size;
		if (!take_first(fetch))
			return false;
		drop_legs_not_wanted(fetch);
	}
	return true;
}

void fetch_advance(struct fetch *fetch, size_t worked)
{
	if (fetch->rest || !next_answer(fetch))
		return; /* it goes on by itself, or another page is awaited before what came */
	if (!take_in(fetch, worked))
		return;
	fetch_wake_waiters(fetch);
	if (fetch->calls)
		fetch_look_ahead(fetch);
	else
		call_book(call_new(fetch, fetch->offset));
}
