/*
 * leg.c - one call: its turn, its tries, its answer.
 *
 * A call is tried again up to its deadline, for the causes that another try may mend, after a sleep with
 * full jitter; breaker.c says whether another try may be made.  Two causes mend themselves without a sleep,
 * once a call: a clock that is off is learned from the answer's Date, a refused token has the key looked for
 * again.  A call whose turn it is and for which there is no key waits for one, and then for its turn again.
 * The deadline of a call is the latest of those who wait for it, so that each of them waits up to his own.
 *
 * An answer is parsed once.  One that comes while its flight works on those before it, or holds as much as it
 * may, stays the bytes that came until the flight has it read: parsed, it takes many times as much.  A good
 * one waits, parsed, for the pages before it.
 */
#include "flight.h"

#include "base/when.h"

#include <stdlib.h>
#include <string.h>

enum {
	KEY_WAIT_MS = 200,
	STAND_IN_TRIES = 3, /* so many tries failed: a last good answer is served, and the tries go on */
	EXTENDED_MAX = 2, /* times that a page is asked for after it timed out */
	TRY_TAKES_LONG = 3, /* times what the slowest of the last answers took: a page is asked for again */
	WORTH_SENDING = 8, /* that part of the deadline has to be left */
	RETRY_AFTER_MAX_S = 3600
};

static struct engine *engine_of(const struct leg *leg)
{
	return leg->flight->engine;
}

static uint64_t next_chance(struct engine *engine)
{
	engine->chance = engine->chance * 6364136223846793005ULL + 1442695040888963407ULL;
	return engine->chance >> 33;
}

struct leg *leg_new(struct flight *flight, int64_t offset)
{
	struct leg *leg = xcalloc(1, sizeof(*leg)), **last = &flight->legs;

	leg->flight = flight;
	leg->action = flight->action;
	leg->uid = flight->uid;
	leg->offset = offset;
	leg->limit = flight->limit ? flight->limit : paging_limit(flight->engine, flight->action);
	leg->begun_ms = engine_now_ms(flight->engine);
	leg->wired = true; /* nothing is on its way */
	response_init(&leg->response);
	while (*last)
		last = &(*last)->next;
	*last = leg;
	flight->n_legs++;
	return leg;
}

void leg_free(struct leg *leg)
{
	struct flight *flight = leg->flight;
	const struct io *io = &flight->engine->options.io;
	struct leg **at = &flight->legs;

	if (leg->state == LEG_QUEUED)
		turn_leave(leg);
	if (leg->state == LEG_KEYLESS)
		lease_leave(&leg->key);
	if (leg->exchange)
		io->cancel(io->self, leg->exchange);
	if (leg->exchange || leg->state == LEG_CAME) {
		breaker_dropped(&flight->engine->breaker);
		concurrency_dropped(&engine_action(flight->engine, leg->action)->concurrency);
	}
	if (leg->probe)
		breaker_end(&flight->engine->breaker, engine_now_ms(flight->engine));
	turn_end(leg);
	io->unset(io->self, leg->timer);
	while (*at != leg)
		at = &(*at)->next;
	*at = leg->next;
	flight->n_legs--;
	flight->held_bytes -= leg->held_bytes;
	response_release(&leg->response);
	json_free(leg->root);
	free(leg);
}

static void end(struct leg *leg, enum fault fault)
{
	leg->state = LEG_ENDED;
	leg->fault = fault;
	flight_advance(leg->flight, 0);
}

/* One line when the cloud cannot be reached any more, and one when it can. */
static void tell_outage(struct engine *engine, bool offline)
{
	const struct engine_options *options = &engine->options;

	if (engine->offline != offline && options->trace)
		options->trace(options->trace_arg, offline ? "offline: the cloud cannot be reached" :
			"online: the cloud answers");
	engine->offline = offline;
}

/* For good, all its tries included. */
static void fail(struct leg *leg, enum fault fault)
{
	struct engine *engine = leg->flight->engine;

	if (fault_is_outage(fault))
		tell_outage(engine, true);
	breaker_failed(&engine->breaker, fault, engine->stats.in_flight, engine_now_ms(engine));
	end(leg, fault);
}

/* ---- sending ---- */

/* The cloud must have some time to answer in; else it would look as if it were silent. */
static bool is_too_late(const struct leg *leg, int64_t wait_ms)
{
	const struct engine *engine = leg->flight->engine;

	wait_ms += engine->options.deadline_ms / WORTH_SENDING;
	return engine_now_ms(engine) + wait_ms >= leg->deadline_ms;
}

void leg_note_queue(const struct leg *leg)
{
	struct fault_note note = { 0 };

	fault_note_copy(note.message, sizeof(note.message), "the call's turn comes after the deadline: "
		"let fewer readers ask at once (xargs -P), or set a longer deadline when you mount");
	engine_note_failure(leg->flight, FAULT_QUEUE, &note);
}

static void end_too_late(struct leg *leg)
{
	if (leg->too_late == FAULT_QUEUE)
		leg_note_queue(leg);
	fail(leg, leg->too_late);
}

static void take_reply(void *arg, struct response *response);

static void wired(void *arg)
{
	turn_wired(arg);
}

static void book_after(struct leg *leg, int64_t sleep_ms, enum fault too_late);

/* True: the key is asked for again after a sleep.  The lease itself bounds how often it asks. */
static bool wait_for_key(struct leg *leg, enum fault fault)
{
	if (!fault_retries(fault))
		return false;
	int64_t sleep_ms = retry_sleep_ms(fault, leg->key_tries++, next_chance(engine_of(leg)));
	book_after(leg, KEY_WAIT_MS + sleep_ms, fault);
	return true;
}

static void take_key(void *arg, enum fault fault)
{
	struct leg *leg = arg;

	if (!fault)
		book_after(leg, 0, leg->too_late);
	else if (!wait_for_key(leg, fault))
		end(leg, fault);
}

/* NULL: it waits for one, or has ended because there is none. */
static const struct credentials *find_key(struct leg *leg)
{
	const struct credentials *key;

	leg->key.done = take_key;
	leg->key.arg = leg;
	enum fault fault = lease_key(engine_of(leg)->lease, &leg->key, &key);
	if (!fault && !key)
		leg->state = LEG_KEYLESS;
	else if (fault && !wait_for_key(leg, fault))
		end(leg, fault);
	return key;
}

/*
 * A page behind the first waits for its turn as long as that takes: who waits for it has a deadline of his
 * own, and a list must get on also where the rate gives less than a page a deadline.
 */
static bool is_patient(const struct leg *leg)
{
	const struct flight *flight = leg->flight;

	return flight->want == WANT_WHOLE ||
		(flight->want != WANT_DESCRIBE && (leg->offset || flight->marker));
}

/* The first try of a page is cut short, so that a reader who waits for the page sees another one. */
static int64_t time_for_try_ms(struct leg *leg)
{
	const struct engine *engine = engine_of(leg);
	int64_t left_ms = leg->deadline_ms - engine_now_ms(engine), half_ms = engine->options.deadline_ms / 2;
	int64_t long_ms = engine->breaker.slowest_ms * TRY_TAKES_LONG;

	if (long_ms < half_ms)
		long_ms = half_ms;
	leg->hurried = is_patient(leg) && !leg->extended && long_ms < left_ms;
	return leg->hurried ? long_ms : left_ms;
}

void leg_send(struct leg *leg)
{
	struct engine *engine = engine_of(leg);
	const struct engine_options *options = &engine->options;
	struct request request;
	struct buf body;

	if (is_too_late(leg, 0)) {
		end_too_late(leg);
		return;
	}
	const struct credentials *key = find_key(leg);
	if (!key)
		return;
	if (leg->deadline_ms == INT64_MAX) /* it may have waited long for its turn */
		leg->deadline_ms = engine_now_ms(engine) + options->deadline_ms;
	int64_t left_ms = time_for_try_ms(leg);
	leg->state = LEG_SENT;
	leg->tries++;
	leg->sent_ms = engine_now_ms(engine);
	leg->clock_offset_s = engine->stats.clock_offset_s;
	leg->key_serial = lease_serial(engine->lease);
	engine->stats.calls++;
	buf_init(&body, MESSAGE_REQUEST_MAX);
	flight_body(leg, &body);
	struct call call = { leg->action, body.data };
	request_init(&request);
	options->provider->build(&request, &options->site, &call);
	options->provider->sign(&request, &options->site, &call, key,
		engine_wall_s(engine) + leg->clock_offset_s);
	request_signature(&request, leg->signature);
	request.timeout_ms = left_ms > 1 ? (long)left_ms : 1;
	turn_begin(leg);
	breaker_sent(&engine->breaker, leg->sent_ms);
	leg->exchange = options->io.send(options->io.self, &request, wired, take_reply, leg);
	request_release(&request);
	buf_release(&body);
	flight_look_ahead(leg->flight);
}

enum fault leg_fault(const struct leg *leg)
{
	const struct engine *engine = leg->flight->engine;
	enum fault doubt = breaker_doubts(&engine->breaker);
	bool silent = leg->state == LEG_SENT || leg->state == LEG_KEYLESS || leg->state == LEG_CAME ||
		leg->state == LEG_ENDED || breaker_is_silent(&engine->breaker, engine_now_ms(engine));

	if (silent)
		return FAULT_TIMEOUT;
	return leg->too_late == FAULT_QUEUE && doubt ? doubt : leg->too_late;
}

void leg_wanted_until(struct leg *leg, int64_t deadline_ms)
{
	if (leg->deadline_ms < deadline_ms)
		leg->deadline_ms = deadline_ms;
}

void leg_refuse(struct leg *leg)
{
	fault_note_copy(leg->note.message, sizeof(leg->note.message),
		"the cloud is down: it is asked again in some seconds");
	end(leg, breaker_says(&engine_of(leg)->breaker));
}

static void wake_up(void *arg)
{
	struct leg *leg = arg;

	leg->timer = NULL;
	turn_join(leg);
}

/*
 * Sleeps, waits for its turn, is sent; or ends, when that would be too late.  The turn is asked for after
 * the sleep: it would stand in the way of everyone who comes meanwhile.  The first try waits for its turn up
 * to the deadline, however long the queue is, so that callers are paced.
 */
static void book_after(struct leg *leg, int64_t sleep_ms, enum fault too_late)
{
	const struct io *io = &engine_of(leg)->options.io;
	int64_t wait_ms = leg->tries ? turn_try_ms(leg) : 0;

	if (wait_ms < sleep_ms)
		wait_ms = sleep_ms;
	leg->too_late = too_late;
	leg->state = LEG_SLEEPS;
	if (is_too_late(leg, wait_ms))
		end_too_late(leg);
	else if (sleep_ms)
		leg->timer = io->after(io->self, sleep_ms, wake_up, leg);
	else
		turn_join(leg);
}

bool leg_is_yet_to_go(const struct leg *leg)
{
	return leg->state == LEG_QUEUED && !leg->tries && !is_patient(leg);
}

void leg_book(struct leg *leg)
{
	struct engine *engine = engine_of(leg);

	if (breaker_asks(&engine->breaker, &leg->probe, engine_now_ms(engine))) {
		leg_refuse(leg);
		return;
	}
	leg->tries = 0;
	leg->deadline_ms = is_patient(leg) ? INT64_MAX : engine_now_ms(engine) + engine->options.deadline_ms;
	book_after(leg, 0, FAULT_QUEUE);
}

/* ---- answers ---- */

static bool learn_clock(struct leg *leg, const struct response *response)
{
	struct engine *engine = engine_of(leg);

	if (leg->clock_learned)
		return false;
	leg->clock_learned = true;
	return when_learn_offset(response->date, engine_wall_s(engine), leg->clock_offset_s,
		&engine->stats.clock_offset_s);
}

static bool renew_key(struct leg *leg)
{
	if (leg->key_renewed)
		return false;
	leg->key_renewed = true;
	return lease_refused(engine_of(leg)->lease, leg->key_serial);
}

/*
 * Full jitter; what the cloud asks for with Retry-After is the least.  A sleep that only chance makes too
 * long ends while there is time for one more try.
 */
static int64_t sleep_before_try_ms(const struct leg *leg, enum fault fault, const struct response *response)
{
	struct engine *engine = engine_of(leg);
	int64_t sleep_ms = 1 + retry_sleep_ms(fault, leg->tries - 1, next_chance(engine));
	int64_t left_ms = leg->deadline_ms - engine_now_ms(engine);
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
static bool has_time(struct leg *leg, enum fault fault)
{
	const struct engine *engine = engine_of(leg);
	int64_t now_ms = engine_now_ms(engine);
	bool late = is_too_late(leg, 0);

	if (fault != FAULT_TIMEOUT || !is_patient(leg) || leg->extended >= EXTENDED_MAX)
		return !late;
	if (!leg->hurried && !(late && breaker_heard_within(&engine->breaker, now_ms - leg->sent_ms, now_ms)))
		return !late;
	leg->extended++;
	leg->deadline_ms = INT64_MAX;
	return true;
}

/* True: another try is under way, or it has ended and the flight, too, may be over. */
static bool try_again(struct leg *leg, enum fault fault, const struct response *response)
{
	struct engine *engine = engine_of(leg);

	if ((fault == FAULT_CLOCK && learn_clock(leg, response)) ||
			(fault == FAULT_TOKEN && renew_key(leg))) {
		engine->stats.retries++;
		book_after(leg, 0, fault);
		return true;
	}
	if (!fault_retries(fault) || leg->probe || !has_time(leg, fault) ||
			!breaker_tries_again(&engine->breaker, fault))
		return false;
	engine->stats.retries++;
	book_after(leg, sleep_before_try_ms(leg, fault, response), fault);
	return true;
}

static void stand_in(struct leg *leg, enum fault fault)
{
	if (!fault_retries(fault) || leg->tries < STAND_IN_TRIES)
		return;
	leg->state = LEG_SLEEPS; /* an answer that has something refreshed begins nothing anew here */
	leg->failing = fault;
	engine_stand_in(leg->flight, fault);
}

static void note_heard(const struct leg *leg, enum fault fault)
{
	struct action_state *state = engine_action(engine_of(leg), leg->action);
	int64_t took_ms = leg->received_ms - leg->sent_ms;

	breaker_heard(&state->engine->breaker, fault, took_ms, leg->received_ms);
	if (!fault || fault == FAULT_TIMEOUT)
		concurrency_heard(&state->concurrency, leg->beside, took_ms, fault == FAULT_TIMEOUT);
	else /* refusing takes no time */
		concurrency_dropped(&state->concurrency);
	state->ended[fault]++;
}

/* So many bytes of it wait for those before it. */
static void hold(struct leg *leg, size_t bytes)
{
	leg->flight->held_bytes += bytes - leg->held_bytes;
	leg->held_bytes = bytes;
}

static void take_answer(struct leg *leg, struct response *response)
{
	struct engine *engine = engine_of(leg);
	struct json *root = NULL;
	const struct json *result = NULL;

	memset(&leg->note, 0, sizeof(leg->note));
	enum fault fault = engine->options.provider->parse(&root, &result, response, &leg->note);
	lease_redact(engine->lease, &leg->note, leg->signature);
	answer_trace(leg, response, fault);
	note_heard(leg, fault);
	if (!fault_is_outage(fault))
		tell_outage(engine, false);
	if (fault) {
		if (!flight_expects(leg->flight, fault))
			engine_note_failure(leg->flight, flight_judge(leg->flight, fault), &leg->note);
		stand_in(leg, fault);
		if (!try_again(leg, fault, response))
			fail(leg, fault);
		return;
	}
	engine->stats.last_ok_s = engine_wall_s(engine);
	engine->last_ok_ms = leg->received_ms;
	leg->size = response->body.len;
	leg->root = root;
	leg->result = result;
	if (leg != leg->flight->legs)
		hold(leg, json_memory(root));
	leg->state = LEG_ENDED;
	leg->fault = FAULT_NONE;
	flight_advance(leg->flight, leg->size);
}

void leg_read(struct leg *leg)
{
	struct engine *engine = engine_of(leg);
	struct response response;

	response_move(&response, &leg->response);
	hold(leg, 0);
	take_answer(leg, &response);
	response_release(&response);
	turn_run_all(engine);
}

static void take_reply(void *arg, struct response *response)
{
	struct leg *leg = arg;
	struct engine *engine = engine_of(leg);

	leg->exchange = NULL;
	leg->received_ms = engine_now_ms(engine);
	turn_end(leg);
	if (flight_is_busy(leg)) {
		leg->state = LEG_CAME;
		leg->size = response->body.len;
		response_move(&leg->response, response);
		hold(leg, leg->size);
		breaker_came(&engine->breaker, leg->received_ms);
		return;
	}
	take_answer(leg, response); /* it is over, maybe its flight too */
	turn_run_all(engine); /* a cloud that was silent has said something, or is known to be down */
}
