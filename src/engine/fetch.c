/*
 * fetch.c - the life of a fetch: its calls, and the order in which their answers are taken in.
 *
 * One resource takes one call. A listing takes one for each page. When the first page has said how many
 * items there are, later pages are requested ahead (prefetch.c), and still taken in in order. If a page
 * differs from what was foreseen (the list became shorter, a page has fewer items), the calls behind it are
 * dropped, and the fetch continues at the right offset, one page at a time.
 *
 * An answer is parsed in the event in which it came. It stays unparsed while earlier answers are worked on,
 * or while parsed answers that wait have reached their ceiling. Large answers are parsed and taken in in
 * separate turns of the loop.
 *
 * No function here calls a waiter. Events are delivered at the end of the loop's event (completion.h), so a
 * fetch is freed in fetch_deliver, in fetch_let_go (a waiter has left) and with the engine, and nowhere
 * else.
 */
#include "fetch.h"

#include <stdlib.h>

#include "list_plan.h"
#include "page.h"

enum {
	BYTES_MAX = 512 << 20, /* of all pages of one list */
	FILTER_REFUSED_MS = 600 * 1000, /* after a refused filter the whole list is read instead */
	TURN_BYTES = 256 << 10, /* of answers in one turn of the loop; one answer may be larger */
	FAILURE_MS = 1000, /* how long a failure answers further questions */
	FAILURE_REFUSED_MS = 5000, /* the same, for one that only a change at the cloud can resolve */
	STALE_TRIES = 3, /* after so many failed tries readers get stale data, and the tries continue */
	ABANDONED_MAX = 3 /* deadlines: so long a list is read on without a waiter */
};

static void fetch_deliver(void *arg);
static void fetch_on_call(void *arg, struct call *call);

/* ---- the fetches of the engine ---- */

/* The call that a fetch begins with; NULL: there is none, because it needs no cloud. */
static const struct action *first_action(const struct reply *need)
{
	const struct kind *kind = node_kind(need->node);

	if (need->fetch_kind == FETCH_DESCRIBE)
		return &kind->describe;
	if (action_exists(&kind->list))
		return &kind->list;
	return kind->harvests.n ? &kind->harvests.v[0].list : NULL;
}

enum error fetch_why_hopeless(struct engine *engine, const struct reply *need, unsigned uid)
{
	const struct action *action = first_action(need);
	const struct fetch *fetch = fetch_under_way(engine, need->node, need->fetch_kind);
	const struct fetch_request *first = fetch ? fetch_first_request(fetch) : NULL;

	if (fetch && (!first || !call_is_untried(first->call)))
		return first ? first->failing : ERR_NONE;
	if (!action || client_wait_ms(engine->client, action, uid) < engine->options.deadline_ms)
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
	list_init(&fetch->waiters.list);
	list_init(&fetch->requests.list);
	fetch->waiters.abandoned_since_ms = engine_now_ms(engine);
	fetch->requests.changed = fetch_on_call;
	completion_init(&fetch->completion, fetch_deliver, fetch);
	node_pin(node);
	fetch_map_add(fetch);
	list_add_first(&engine->fetches, &fetch->link);
	client_add_demand(engine->client, 1);
	return fetch;
}

/* From now on another question for the same begins another fetch. */
static void fetch_unregister(struct fetch *fetch)
{
	if (!fetch->is_finished)
		fetch_map_remove(fetch);
	fetch->is_finished = true;
}

/* ---- its end ---- */

static void fetch_raise(struct fetch *fetch, enum fetch_event event)
{
	fetch->events |= event;
	completion_post(&fetch->engine->completions, &fetch->completion);
}

void fetch_free(struct fetch *fetch)
{
	struct engine *engine = fetch->engine;

	engine->options.io.timer_stop(engine->options.io.self, fetch->requests.rest);
	completion_withdraw(&fetch->completion);
	fetch_drop_requests(fetch);
	fetch_unregister(fetch);
	list_remove(&fetch->link);
	client_add_demand(engine->client, -1);
	node_unpin(engine->options.tree, fetch->node);
	free(fetch->paging.marker);
	free(fetch);
}

static bool fetch_is_list(const struct fetch *fetch)
{
	return fetch->fetch_kind == FETCH_LIST || fetch->fetch_kind == FETCH_WHOLE;
}

static int64_t failure_ms(enum error error)
{
	return error == ERR_UNSUPPORTED || error == ERR_DENIED ? FAILURE_REFUSED_MS : FAILURE_MS;
}

static void fetch_leave_reading(const struct fetch *fetch)
{
	if (fetch->reading.is_open && fetch->fetch_kind == FETCH_FILTERED)
		tree_filtered_leave(fetch->engine->options.tree, fetch->node);
	else if (fetch->reading.is_open)
		tree_list_leave(fetch->node, fetch->fetch_kind == FETCH_LIST);
}

/* ERR_NONE: the tree is filled already. The waiters are told at the end of the event. */
static void fetch_finish(struct fetch *fetch, enum error error)
{
	struct engine *engine = fetch->engine;
	struct node *node = fetch->node;

	fetch_drop_requests(fetch);
	fetch_unregister(fetch);
	tree_reading_end(node, engine_now_ms(engine));
	if (error) {
		engine_note_outage(engine, error);
		tree_fail(engine->options.tree, node, fetch->fetch_kind, error, failure_ms(error),
			fetch->requests.sent_ms, engine_now_ms(engine));
		fetch->refresh.read_again = false;
	}
	fetch_leave_reading(fetch);
	if (!error && fetch_is_list(fetch))
		list_plan_note_price(fetch);
	if (!error && fetch->invalidated_ms) /* only for questions from before the refresh */
		tree_invalidate_before(node, fetch->invalidated_ms);
	fetch_raise(fetch, FETCH_DONE);
}

/* The cloud refused the filter, or did not apply it. The waiters then need the whole list. */
static bool fetch_gives_up_filter(struct fetch *fetch, enum error error)
{
	struct engine *engine = fetch->engine;

	if (fetch->fetch_kind != FETCH_FILTERED ||
		(error != ERR_PARAMETER && error != ERR_NAME && error != ERR_UNSUPPORTED))
		return false;
	tree_filtered_refuse(engine->options.tree, fetch->node, error,
		engine_now_ms(engine) + FILTER_REFUSED_MS);
	return true;
}

/* ---- its beginning ---- */

static void fetch_begin(struct fetch *fetch)
{
	struct engine *engine = fetch->engine;

	tree_reading_begin(engine->options.tree, fetch->node, fetch->waiters.abandoned_since_ms,
		engine->options.deadline_ms / 2);
	enum error error = page_begin(fetch);
	if (fetch_gives_up_filter(fetch, error))
		fetch_finish(fetch, ERR_NONE);
	else if (error || !fetch->action)
		fetch_finish(fetch, error);
	else
		fetch_send(fetch, fetch->paging.offset);
}

struct fetch *fetch_find(struct engine *engine, struct node *node, enum fetch_kind fetch_kind, unsigned uid,
	bool polls)
{
	struct fetch *fetch = fetch_under_way(engine, node, fetch_kind);

	if (fetch)
		return fetch;
	fetch = fetch_new(engine, node, fetch_kind, uid);
	fetch->polls = polls;
	fetch_begin(fetch);
	return fetch;
}

void fetch_restart(struct fetch *fetch)
{
	const struct transport *io = &fetch->engine->options.io;
	const struct fetch_request *first = fetch_first_request(fetch);

	fetch->invalidated_ms = 0;
	if (!first || call_state(first->call) < CALL_SENT)
		return; /* its call is yet to be sent */
	io->timer_stop(io->self, fetch->requests.rest); /* an answer that came is not taken in */
	fetch->requests.rest = NULL;
	fetch_drop_requests(fetch);
	fetch_send(fetch, fetch->paging.offset);
}

void fetch_let_go(struct fetch *fetch)
{
	const struct fetch_request *first = fetch_first_request(fetch);

	if (fetch->is_finished || fetch->waiters.count || fetch->requests.count != 1 ||
		fetch->requests.total_bytes || !call_is_untried(first->call))
		return;
	fetch_leave_reading(fetch);
	tree_reading_end(fetch->node, engine_now_ms(fetch->engine));
	fetch_free(fetch);
}

/*
 * No reader needs the rest: none has waited for ABANDONED_MAX deadlines, or the whole list was read
 * meanwhile.
 */
static bool fetch_is_needless(const struct fetch *fetch)
{
	const struct engine *engine = fetch->engine;
	int64_t since_ms = fetch->waiters.abandoned_since_ms;

	if (fetch_is_for_readers(fetch) && since_ms &&
		engine_now_ms(engine) - since_ms > ABANDONED_MAX * engine->options.deadline_ms)
		return true;
	return fetch->fetch_kind == FETCH_FILTERED &&
		node_filtered_is_listed(fetch->node, engine_now(engine));
}

/* ---- answers ---- */

static const char TOO_BIG[] = "a resource is over 8,192 files or 8 MiB of them, a page over 16,384 items, "
			      "or a list over 2,000,000 items or 512 MiB: read it with the cloud's own tool";

/* True: the fetch goes on. */
static bool fetch_fail(struct fetch *fetch, enum error error)
{
	error = page_judge(fetch, error);
	if (page_ends_refresh(fetch, error))
		return true;
	if (fetch_gives_up_filter(fetch, error)) {
		fetch_finish(fetch, ERR_NONE);
		return false;
	}
	/* what one resource does not support says nothing of the next; a list call does */
	if (error == ERR_UNSUPPORTED && fetch->fetch_kind != FETCH_DESCRIBE)
		engine_note_unsupported(fetch->engine, fetch->action);
	if (page_survives(fetch, &error))
		return true;
	fetch_finish(fetch, error);
	return false;
}

/* The call failed after its last try. True: the fetch goes on. */
static bool fetch_fail_call(struct fetch *fetch, const struct fetch_request *request)
{
	const struct call_outcome *outcome = call_outcome(request->call);
	int limit = paging_smaller_limit(fetch, outcome, request->limit);

	if (!limit)
		return fetch_fail(fetch, outcome->error);
	fetch->paging.limit = limit;
	fetch_drop_requests(fetch); /* their limit would be refused, too */
	return true;
}

static bool fetch_refuse_answer(struct fetch *fetch, const struct error_note *note, enum error error)
{
	struct error_note why = *note;

	error_note_copy(why.message, sizeof(why.message),
		error == ERR_TOO_BIG ? TOO_BIG : "the answer is not what the API promises");
	engine_note_failure(fetch->engine, fetch->node, fetch->uid, error, &why);
	return fetch_fail(fetch, error);
}

/* True: the fetch goes on. */
static bool fetch_take(struct fetch *fetch, const struct fetch_request *request)
{
	const struct call_outcome *outcome = call_outcome(request->call);
	struct provenance_note source = {
		.sent_ms = outcome->sent_ms,
		.received_ms = outcome->received_ms,
		.received_s = engine_wall_s(fetch->engine),
		.action = action_name(call_action(request->call)),
		.request_id = outcome->note.request_id,
		.reading = tree_reading(fetch->node),
	};

	fetch->reading.more = false;
	enum error error = page_take(fetch, outcome->result, &source);
	fetch->requests.total_bytes += outcome->size;
	if (fetch->reading.more && fetch->requests.total_bytes > BYTES_MAX)
		error = ERR_TOO_BIG;
	if (error)
		return fetch_refuse_answer(fetch, &outcome->note, error);
	paging_note_limit(fetch);
	if (fetch->reading.more && !fetch_is_needless(fetch))
		return true;
	fetch_finish(fetch, ERR_NONE);
	return false;
}

/* The first call is done: takes its answer in. True: the fetch goes on. */
static bool fetch_take_first(struct fetch *fetch)
{
	struct fetch_request *request = fetch_pop(fetch);
	const struct call_outcome *outcome = call_outcome(request->call);

	fetch->requests.sent_ms = outcome->sent_ms;
	bool goes_on = outcome->error ? fetch_fail_call(fetch, request) : fetch_take(fetch, request);
	request_free(request);
	return goes_on;
}

static void fetch_take_rest(void *arg);

/* Continues in the next turn of the loop, so that other work is done before. */
static void fetch_rest_later(struct fetch *fetch)
{
	const struct transport *io = &fetch->engine->options.io;

	fetch->requests.rest = io->timer_start(io->self, 0, fetch_take_rest, fetch);
}

/* Takes in parsed answers, up to TURN_BYTES. False: the fetch is over. */
static bool fetch_take_in(struct fetch *fetch, size_t worked)
{
	struct fetch_request *request;

	while ((request = fetch_next_answer(fetch))) {
		const struct call_outcome *outcome = call_outcome(request->call);
		bool is_parsed = call_state(request->call) == CALL_DONE;
		bool is_too_much = !outcome->error && worked && worked + outcome->size > TURN_BYTES;
		if (!is_parsed || is_too_much) {
			fetch_rest_later(fetch);
			break;
		}
		worked += outcome->size;
		if (!fetch_take_first(fetch))
			return false;
		fetch_drop_mismatch(fetch);
	}
	return true;
}

/*
 * Takes in what has come, up to TURN_BYTES. `worked`: bytes of answers that were parsed in this turn
 * already.
 */
static void fetch_advance(struct fetch *fetch, size_t worked)
{
	if (fetch->is_finished || fetch->requests.rest || !fetch_next_answer(fetch))
		return; /* the timer continues, or an earlier page has not come */
	if (fetch->events & FETCH_FAILING)
		return; /* fetch_deliver serves readers stale data first, and continues */
	if (!fetch_take_in(fetch, worked))
		return;
	fetch_raise(fetch, FETCH_PROGRESS);
	if (fetch->requests.count)
		fetch_look_ahead(fetch);
	else
		fetch_send(fetch, fetch->paging.offset);
}

/* Parses the answer. A failure goes into the journal. */
static void request_read(struct fetch_request *request)
{
	struct fetch *fetch = request->fetch;
	struct call *call = request->call;
	const struct call_outcome *outcome = call_outcome(call);
	unsigned tries = call_tries(call);

	request_hold(request, 0);
	enum error error = call_read(call);
	if (!error) {
		if (request != fetch_first_request(fetch))
			request_hold(request, json_memory(outcome->root));
		return;
	}
	if (!page_expects(fetch, error))
		engine_note_failure(fetch->engine, fetch->node, fetch->uid, page_judge(fetch, error),
			&outcome->note);
	if (!error_retries(error) || tries < STALE_TRIES)
		return;
	request->failing = fetch->failing = error;
	fetch_raise(fetch, FETCH_FAILING);
}

static void request_receive(struct fetch_request *request)
{
	const struct fetch *fetch = request->fetch;
	bool is_first = request == fetch_first_request(fetch);

	if (!fetch->requests.rest && (is_first || !fetch_is_full(fetch))) {
		request_read(request);
		return;
	}
	request_hold(request, call_outcome(request->call)->size);
	call_postpone(request->call);
}

/* Timer: parses one answer, or takes in what is parsed; each in a turn of its own. */
static void fetch_take_rest(void *arg)
{
	struct fetch *fetch = arg;
	struct engine *engine = fetch->engine;
	struct fetch_request *request = fetch_next_answer(fetch);

	fetch->requests.rest = NULL;
	if (request && call_state(request->call) == CALL_ANSWERED) {
		fetch_rest_later(fetch);
		request_read(request);
	} else {
		fetch_advance(fetch, 0);
	}
	completion_deliver(&engine->completions);
}

static void fetch_on_call(void *arg, struct call *call)
{
	struct fetch_request *request = arg;
	struct fetch *fetch = request->fetch;
	const struct call_outcome *outcome = call_outcome(call);

	switch (call_state(call)) {
	case CALL_ANSWERED:
		request_receive(request);
		break;
	case CALL_DONE:
		if (outcome->error == ERR_QUEUE)
			engine_note_failure(fetch->engine, fetch->node, fetch->uid, ERR_QUEUE,
				&outcome->note);
		fetch_advance(fetch, outcome->error ? 0 : outcome->size);
		break;
	default: /* it was sent: a further page may be requested */
		fetch_look_ahead(fetch);
	}
}

/* Completion: tells the engine what has happened, and frees a finished fetch. */
static void fetch_deliver(void *arg)
{
	struct fetch *fetch = arg;
	struct engine *engine = fetch->engine;
	unsigned events = fetch->events;

	fetch->events = 0;
	if (events & FETCH_FAILING) {
		engine_note_outage(engine, fetch->failing);
		engine->listener(fetch, FETCH_FAILING);
		fetch_advance(fetch, 0);
	}
	if (!fetch->is_finished && (events & FETCH_PROGRESS))
		engine->listener(fetch, FETCH_PROGRESS);
	if (!(events & FETCH_DONE))
		return;
	engine->listener(fetch, FETCH_DONE);
	if (fetch->refresh.read_again)
		fetch_find(engine, fetch->node, FETCH_WHOLE, fetch->uid, false);
	fetch_free(fetch);
}
