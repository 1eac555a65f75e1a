/*
 * call.c - one call: its turn, its tries, its answer.
 *
 * A call is tried again up to its deadline, after a sleep with full jitter, where another try may help.
 * circuit_breaker.c decides whether it may be made.  Two causes need no sleep, once a call: a wrong clock is
 * learned from the answer's Date, and a refused token has the credentials looked up again.  A call without
 * credentials waits for them, and then for the rate.  Its deadline is the latest of its waiters'.
 *
 * An answer is parsed once.  While its fetch works on earlier answers, or holds as much as it may, a new one
 * stays raw, because a parsed one takes many times the memory.  A good one waits, parsed, for earlier pages.
 */
#include "fetch.h"

#include <stdlib.h>
#include <string.h>

#include "base/timestamp.h"

enum {
	KEY_WAIT_MS = 200,
	STAND_IN_TRIES = 3, /* so many tries failed: a last good answer is served, and the tries go on */
	EXTENDED_MAX = 2, /* times that a page is asked for after it timed out */
	TRY_TAKES_LONG = 3, /* times what the slowest of the last answers took: a page is asked for again */
	WORTH_SENDING = 8, /* that part of the deadline has to be left */
	RETRY_AFTER_MAX_S = 3600
};

static struct engine *engine_of(const struct call *call)
{
	return call->fetch->engine;
}

static uint64_t next_chance(struct engine *engine)
{
	engine->chance = engine->chance * 6364136223846793005ULL + 1442695040888963407ULL;
	return engine->chance >> 33;
}

struct call *call_new(struct fetch *fetch, int64_t offset)
{
	struct call *call = xcalloc(1, sizeof(*call)), **last = &fetch->calls;

	call->fetch = fetch;
	call->action = fetch->action;
	call->uid = fetch->uid;
	call->offset = offset;
	call->limit = fetch->limit ? fetch->limit : paging_limit(fetch->engine, fetch->action);
	call->begun_ms = engine_now_ms(fetch->engine);
	call->is_on_wire = true; /* nothing is on its way */
	response_init(&call->response);
	while (*last)
		last = &(*last)->next;
	*last = call;
	fetch->n_calls++;
	return call;
}

void call_free(struct call *call)
{
	struct fetch *fetch = call->fetch;
	const struct transport *io = &fetch->engine->options.io;
	struct call **at = &fetch->calls;

	if (call->state == CALL_QUEUED)
		rate_queue_leave(call);
	if (call->state == CALL_AWAITING_CREDENTIALS)
		credential_cache_leave(&call->key);
	if (call->exchange)
		io->cancel(io->self, call->exchange);
	if (call->exchange || call->state == LEG_CAME) {
		circuit_breaker_cancel(&fetch->engine->breaker);
		concurrency_dropped(&engine_action(fetch->engine, call->action)->concurrency);
	}
	if (call->probe)
		circuit_breaker_end_probe(&fetch->engine->breaker, engine_now_ms(fetch->engine));
	rate_queue_end(call);
	io->timer_stop(io->self, call->timer);
	while (*at != call)
		at = &(*at)->next;
	*at = call->next;
	fetch->n_calls--;
	fetch->held_bytes -= call->held_bytes;
	response_release(&call->response);
	json_free(call->root);
	free(call);
}

static void end(struct call *call, enum error error)
{
	call->state = CALL_DONE;
	call->error = error;
	fetch_advance(call->fetch, 0);
}

/* One line when the cloud cannot be reached any more, and one when it can. */
static void tell_outage(struct engine *engine, bool offline)
{
	const struct engine_options *options = &engine->options;

	if (engine->offline != offline && options->trace)
		options->trace(options->trace_arg,
			offline ? "offline: the cloud cannot be reached" : "online: the cloud answers");
	engine->offline = offline;
}

/* For good, all its tries included. */
static void fail(struct call *call, enum error error)
{
	struct engine *engine = call->fetch->engine;

	if (error_is_outage(error))
		tell_outage(engine, true);
	circuit_breaker_record_failure(&engine->breaker, error, engine->stats.in_flight,
		engine_now_ms(engine));
	end(call, error);
}

/* ---- sending ---- */

/* The cloud must have some time to answer in; else it would look as if it were silent. */
static bool is_too_late(const struct call *call, int64_t wait_ms)
{
	const struct engine *engine = call->fetch->engine;

	wait_ms += engine->options.deadline_ms / WORTH_SENDING;
	return engine_now_ms(engine) + wait_ms >= call->deadline_ms;
}

void call_note_queue(const struct call *call)
{
	struct error_note note = { 0 };

	error_note_copy(note.message, sizeof(note.message),
		"the call's turn comes after the deadline: "
		"let fewer readers ask at once (xargs -P), or set a longer deadline when you mount");
	engine_note_failure(call->fetch, ERR_QUEUE, &note);
}

static void end_too_late(struct call *call)
{
	if (call->too_late == ERR_QUEUE)
		call_note_queue(call);
	fail(call, call->too_late);
}

static void take_reply(void *arg, struct response *response);

static void on_sent(void *arg)
{
	rate_queue_wired(arg);
}

static void book_after(struct call *call, int64_t sleep_ms, enum error too_late);

/* True: the key is asked for again after a sleep.  The lease itself bounds how often it asks. */
static bool wait_for_key(struct call *call, enum error error)
{
	if (!error_retries(error))
		return false;
	int64_t sleep_ms = retry_sleep_ms(error, call->key_tries++, next_chance(engine_of(call)));
	book_after(call, KEY_WAIT_MS + sleep_ms, error);
	return true;
}

static void take_key(void *arg, enum error error)
{
	struct call *call = arg;

	if (!error)
		book_after(call, 0, call->too_late);
	else if (!wait_for_key(call, error))
		end(call, error);
}

/* NULL: it waits for one, or has ended because there is none. */
static const struct credentials *find_key(struct call *call)
{
	const struct credentials *key;

	call->key.done = take_key;
	call->key.arg = call;
	enum error error = credential_cache_get(engine_of(call)->credential_cache, &call->key, &key);
	if (!error && !key)
		call->state = CALL_AWAITING_CREDENTIALS;
	else if (error && !wait_for_key(call, error))
		end(call, error);
	return key;
}

/*
 * A page behind the first waits for its turn as long as that takes: who waits for it has a deadline of his
 * own, and a list must get on also where the rate gives less than a page a deadline.
 */
static bool is_patient(const struct call *call)
{
	const struct fetch *fetch = call->fetch;

	return fetch->fetch_kind == FETCH_WHOLE ||
		(fetch->fetch_kind != FETCH_DESCRIBE && (call->offset || fetch->marker));
}

/* The first try of a page is cut short, so that a reader who waits for the page sees another one. */
static int64_t time_for_try_ms(struct call *call)
{
	const struct engine *engine = engine_of(call);
	int64_t left_ms = call->deadline_ms - engine_now_ms(engine),
		half_ms = engine->options.deadline_ms / 2;
	int64_t long_ms = engine->breaker.slowest_ms * TRY_TAKES_LONG;

	if (long_ms < half_ms)
		long_ms = half_ms;
	call->hurried = is_patient(call) && !call->extended && long_ms < left_ms;
	return call->hurried ? long_ms : left_ms;
}

void call_send(struct call *call)
{
	struct engine *engine = engine_of(call);
	const struct engine_options *options = &engine->options;
	struct request request;
	struct buf body;

	if (is_too_late(call, 0)) {
		end_too_late(call);
		return;
	}
	const struct credentials *key = find_key(call);
	if (!key)
		return;
	if (call->deadline_ms == INT64_MAX) /* it may have waited long for its turn */
		call->deadline_ms = engine_now_ms(engine) + options->deadline_ms;
	int64_t left_ms = time_for_try_ms(call);
	call->state = CALL_SENT;
	call->tries++;
	call->sent_ms = engine_now_ms(engine);
	call->clock_offset_s = engine->stats.clock_offset_s;
	call->key_serial = credential_cache_serial(engine->credential_cache);
	engine->stats.calls++;
	buf_init(&body, MESSAGE_REQUEST_MAX);
	fetch_body(call, &body);
	struct api_call operation = { call->action, body.data };
	request_init(&request);
	options->provider->build(&request, &options->site, &operation);
	options->provider->sign(&request, &options->site, &operation, key,
		engine_wall_s(engine) + call->clock_offset_s);
	request_signature(&request, call->signature);
	request.timeout_ms = left_ms > 1 ? (long)left_ms : 1;
	rate_queue_begin(call);
	circuit_breaker_sent(&engine->breaker, call->sent_ms);
	call->exchange = options->io.send(options->io.self, &request, on_sent, take_reply, call);
	request_release(&request);
	buf_release(&body);
	fetch_look_ahead(call->fetch);
}

enum error call_error(const struct call *call)
{
	const struct engine *engine = call->fetch->engine;
	enum error doubt = circuit_breaker_last_failure(&engine->breaker);
	bool silent = call->state == CALL_SENT || call->state == CALL_AWAITING_CREDENTIALS ||
		call->state == LEG_CAME || call->state == CALL_DONE ||
		circuit_breaker_is_stalled(&engine->breaker, engine_now_ms(engine));

	if (silent)
		return ERR_TIMEOUT;
	return call->too_late == ERR_QUEUE && doubt ? doubt : call->too_late;
}

void call_wanted_until(struct call *call, int64_t deadline_ms)
{
	if (call->deadline_ms < deadline_ms)
		call->deadline_ms = deadline_ms;
}

void call_refuse(struct call *call)
{
	error_note_copy(call->note.message, sizeof(call->note.message),
		"the cloud is down: it is asked again in some seconds");
	end(call, circuit_breaker_state(&engine_of(call)->breaker));
}

static void wake_up(void *arg)
{
	struct call *call = arg;

	call->timer = NULL;
	rate_queue_join(call);
}

/*
 * Sleeps, waits for its turn, is sent; or ends, when that would be too late.  The turn is asked for after
 * the sleep: it would stand in the way of everyone who comes meanwhile.  The first try waits for its turn up
 * to the deadline, however long the queue is, so that callers are paced.
 */
static void book_after(struct call *call, int64_t sleep_ms, enum error too_late)
{
	const struct transport *io = &engine_of(call)->options.io;
	int64_t wait_ms = call->tries ? rate_queue_try_ms(call) : 0;

	if (wait_ms < sleep_ms)
		wait_ms = sleep_ms;
	call->too_late = too_late;
	call->state = CALL_BACKOFF;
	if (is_too_late(call, wait_ms))
		end_too_late(call);
	else if (sleep_ms)
		call->timer = io->timer_start(io->self, sleep_ms, wake_up, call);
	else
		rate_queue_join(call);
}

bool call_is_yet_to_go(const struct call *call)
{
	return call->state == CALL_QUEUED && !call->tries && !is_patient(call);
}

void call_book(struct call *call)
{
	struct engine *engine = engine_of(call);

	if (circuit_breaker_admit(&engine->breaker, &call->probe, engine_now_ms(engine))) {
		call_refuse(call);
		return;
	}
	call->tries = 0;
	call->deadline_ms = is_patient(call) ? INT64_MAX :
					       engine_now_ms(engine) + engine->options.deadline_ms;
	book_after(call, 0, ERR_QUEUE);
}

/* ---- answers ---- */

static bool learn_clock(struct call *call, const struct response *response)
{
	struct engine *engine = engine_of(call);

	if (call->clock_learned)
		return false;
	call->clock_learned = true;
	return timestamp_learn_offset(response->date, engine_wall_s(engine), call->clock_offset_s,
		&engine->stats.clock_offset_s);
}

static bool renew_key(struct call *call)
{
	if (call->key_renewed)
		return false;
	call->key_renewed = true;
	return credential_cache_refused(engine_of(call)->credential_cache, call->key_serial);
}

/*
 * Full jitter; what the cloud asks for with Retry-After is the least.  A sleep that only chance makes too
 * long ends while there is time for one more try.
 */
static int64_t sleep_before_try_ms(const struct call *call, enum error error, const struct response *response)
{
	struct engine *engine = engine_of(call);
	int64_t sleep_ms = 1 + retry_sleep_ms(error, call->tries - 1, next_chance(engine));
	int64_t left_ms = call->deadline_ms - engine_now_ms(engine);
	int64_t last_ms = left_ms - engine->options.deadline_ms / WORTH_SENDING - 1;
	int64_t asked_ms = response->retry_after_s * 1000;

	if (response->retry_after_s > 0 && response->retry_after_s < RETRY_AFTER_MAX_S && asked_ms > sleep_ms)
		return asked_ms;
	return last_ms > 0 && sleep_ms > last_ms ? last_ms : sleep_ms;
}

/*
 * One page that timed out must not end a list that gets on.  It is asked for again with a deadline of its own
 * where its try was cut short, or others were answered meanwhile.
 */
static bool has_time(struct call *call, enum error error)
{
	const struct engine *engine = engine_of(call);
	int64_t now_ms = engine_now_ms(engine);
	bool late = is_too_late(call, 0);

	if (error != ERR_TIMEOUT || !is_patient(call) || call->extended >= EXTENDED_MAX)
		return !late;
	if (!call->hurried &&
		!(late && circuit_breaker_answered_within(&engine->breaker, now_ms - call->sent_ms, now_ms)))
		return !late;
	call->extended++;
	call->deadline_ms = INT64_MAX;
	return true;
}

/* True: another try is under way, or it has ended and the fetch, too, may be over. */
static bool try_again(struct call *call, enum error error, const struct response *response)
{
	struct engine *engine = engine_of(call);

	if ((error == ERR_CLOCK && learn_clock(call, response)) || (error == ERR_TOKEN && renew_key(call))) {
		engine->stats.retries++;
		book_after(call, 0, error);
		return true;
	}
	if (!error_retries(error) || call->probe || !has_time(call, error) ||
		!circuit_breaker_take_token(&engine->breaker, error))
		return false;
	engine->stats.retries++;
	book_after(call, sleep_before_try_ms(call, error, response), error);
	return true;
}

static void serve_stale(struct call *call, enum error error)
{
	if (!error_retries(error) || call->tries < STAND_IN_TRIES)
		return;
	call->state = CALL_BACKOFF; /* an answer that has something refreshed begins nothing anew here */
	call->failing = error;
	fetch_serve_stale(call->fetch, error);
}

static void note_heard(const struct call *call, enum error error)
{
	struct action_state *state = engine_action(engine_of(call), call->action);
	int64_t took_ms = call->received_ms - call->sent_ms;

	circuit_breaker_record(&state->engine->breaker, error, took_ms, call->received_ms);
	if (!error || error == ERR_TIMEOUT)
		concurrency_heard(&state->concurrency, call->beside, took_ms, error == ERR_TIMEOUT);
	else /* refusing takes no time */
		concurrency_dropped(&state->concurrency);
	state->ended[error]++;
}

/* So many bytes of it wait for those before it. */
static void hold(struct call *call, size_t bytes)
{
	call->fetch->held_bytes += bytes - call->held_bytes;
	call->held_bytes = bytes;
}

static void take_answer(struct call *call, struct response *response)
{
	struct engine *engine = engine_of(call);
	struct json *root = NULL;
	const struct json *result = NULL;

	memset(&call->note, 0, sizeof(call->note));
	enum error error = engine->options.provider->parse(&root, &result, response, &call->note);
	credential_cache_redact(engine->credential_cache, &call->note, call->signature);
	answer_trace(call, response, error);
	note_heard(call, error);
	if (!error_is_outage(error))
		tell_outage(engine, false);
	if (error) {
		if (!fetch_expects(call->fetch, error))
			engine_note_failure(call->fetch, fetch_judge(call->fetch, error), &call->note);
		serve_stale(call, error);
		if (!try_again(call, error, response))
			fail(call, error);
		return;
	}
	engine->stats.last_ok_s = engine_wall_s(engine);
	engine->last_ok_ms = call->received_ms;
	call->size = response->body.len;
	call->root = root;
	call->result = result;
	if (call != call->fetch->calls)
		hold(call, json_memory(root));
	call->state = CALL_DONE;
	call->error = ERR_NONE;
	fetch_advance(call->fetch, call->size);
}

void call_read(struct call *call)
{
	struct engine *engine = engine_of(call);
	struct response response;

	response_move(&response, &call->response);
	hold(call, 0);
	take_answer(call, &response);
	response_release(&response);
	rate_queue_run_all(engine);
}

static void take_reply(void *arg, struct response *response)
{
	struct call *call = arg;
	struct engine *engine = engine_of(call);

	call->exchange = NULL;
	call->received_ms = engine_now_ms(engine);
	rate_queue_end(call);
	if (fetch_is_busy(call)) {
		call->state = LEG_CAME;
		call->size = response->body.len;
		response_move(&call->response, response);
		hold(call, call->size);
		circuit_breaker_came(&engine->breaker, call->received_ms);
		return;
	}
	take_answer(call, response); /* it is over, maybe its fetch too */
	rate_queue_run_all(engine); /* a cloud that was silent has said something, or is known to be down */
}
