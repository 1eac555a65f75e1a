/*
 * flight.c - one call: its turn in the rate, its tries, its answer.
 *
 * A call is tried at most TRIES_MAX times within its deadline, for the causes that another try may
 * mend, after a sleep with full jitter.  Two causes mend themselves without a sleep, once a flight:
 * a clock that is off is learned from the answer's Date, a refused token has the key read again.
 */
#include "flight.h"

#include "when.h"

#include <stdlib.h>
#include <string.h>

enum {
	TRIES_MAX = 3,
	BYTES_MAX = 512 << 20, /* of all pages of one list */
	CLOCK_SLACK_S = 60 /* a smaller difference does not explain an expired signature */
};

static int64_t now_ms(const struct flight *flight)
{
	return flight->engine->options.io.now_ms(flight->engine->options.io.self);
}

static int64_t wall_s(const struct flight *flight)
{
	return flight->engine->options.io.wall_s(flight->engine->options.io.self);
}

struct action_state *engine_action(struct engine *engine, const struct action *action)
{
	for (size_t i = 0; i < engine->n_actions; i++)
		if (engine->actions[i].action == action)
			return &engine->actions[i];

	double rate = engine->options.rate > 0 ? engine->options.rate : action->rate;
	engine->actions = xrealloc(engine->actions,
		(engine->n_actions + 1) * sizeof(*engine->actions));
	struct action_state *state = &engine->actions[engine->n_actions++];
	*state = (struct action_state){ .action = action };
	rate_init(&state->rate, rate > 0 ? rate : engine->options.site.catalog->rate);
	return state;
}

void flight_drop(struct flight *flight)
{
	const struct io *io = &flight->engine->options.io;

	if (flight->exchange)
		io->cancel(io->self, flight->exchange);
	io->unset(io->self, flight->timer);
	flight->exchange = NULL;
	flight->timer = NULL;
}

static const char *action_name(const struct action *action)
{
	return action->name ? action->name : action->path;
}

static void trace(const struct flight *flight, const struct response *response, enum fault fault,
	const struct fault_note *note)
{
	const struct engine_options *options = &flight->engine->options;
	struct buf line;

	if (!options->trace)
		return;
	buf_init(&line, 1024);
	buf_printf(&line, "%s status=%d ms=%lld try=%u/%d fault=%s code=%s request=%s",
		action_name(flight->action), response->status,
		(long long)(now_ms(flight) - flight->sent_ms), flight->tries, TRIES_MAX,
		fault_name(fault), note->code, note->request_id);
	options->trace(options->trace_arg, line.data);
	buf_release(&line);
}

/* ---- sending ---- */

static void take_reply(void *arg, struct response *response);

static void send_now(void *arg)
{
	struct flight *flight = arg;
	struct engine *engine = flight->engine;
	const struct engine_options *options = &engine->options;
	struct request request;
	struct buf body;
	int64_t left_ms = flight->deadline_ms - now_ms(flight);

	flight->timer = NULL;
	flight->state = FLIGHT_SENT;
	flight->tries++;
	flight->sent_ms = now_ms(flight);
	flight->clock_offset_s = engine->stats.clock_offset_s;
	engine->stats.calls++;
	buf_init(&body, MESSAGE_REQUEST_MAX);
	flight_body(flight, &body);
	struct call call = { flight->action, body.data };
	request_init(&request);
	options->provider->build(&request, &options->site, &call);
	options->provider->sign(&request, &options->site, &call, &engine->credentials,
		wall_s(flight) + flight->clock_offset_s);
	request.timeout_ms = left_ms > 1 ? (long)left_ms : 1;
	flight->exchange = options->io.send(options->io.self, &request, take_reply, flight);
	request_release(&request);
	buf_release(&body);
}

/* True: its turn, after so long a sleep, comes too late, and it has landed. */
static bool lands_too_late(struct flight *flight, int64_t sleep_ms)
{
	const struct rate *rate = &engine_action(flight->engine, flight->action)->rate;
	int64_t wake_ms = now_ms(flight) + sleep_ms;

	if (wake_ms + rate_wait_ms(rate, wake_ms) < flight->deadline_ms)
		return false;
	struct fault_note note = { 0 };
	fault_note_copy(note.message, sizeof(note.message), "the call's turn comes after the deadline");
	if (!sleep_ms)
		engine_note_failure(flight->engine, flight->node, flight->too_late, &note);
	flight_land(flight, flight->too_late);
	return true;
}

static void take_turn(void *arg)
{
	struct flight *flight = arg;
	const struct io *io = &flight->engine->options.io;
	struct rate *rate = &engine_action(flight->engine, flight->action)->rate;

	flight->timer = NULL;
	if (lands_too_late(flight, 0))
		return;
	int64_t wait_ms = rate_wait_ms(rate, now_ms(flight));
	rate_book(rate, now_ms(flight));
	if (wait_ms == 0)
		send_now(flight);
	else
		flight->timer = io->after(io->self, wait_ms, send_now, flight);
}

/*
 * Sleeps, waits for its turn, sends; or lands, when that would be too late.  The turn is taken
 * after the sleep: one that is booked ahead would stand in the way of everyone who comes meanwhile.
 */
static void book_after(struct flight *flight, int64_t sleep_ms, enum fault too_late)
{
	const struct io *io = &flight->engine->options.io;

	flight->too_late = too_late;
	flight->state = FLIGHT_BOOKED;
	if (sleep_ms == 0)
		take_turn(flight);
	else if (!lands_too_late(flight, sleep_ms))
		flight->timer = io->after(io->self, sleep_ms, take_turn, flight);
}

void flight_book(struct flight *flight)
{
	flight->tries = 0;
	flight->deadline_ms = now_ms(flight) + flight->engine->options.deadline_ms;
	book_after(flight, 0, FAULT_QUEUE);
}

/* ---- answers ---- */

static bool learn_clock(struct flight *flight, const struct response *response)
{
	int64_t server_s, offset_s, *known_s = &flight->engine->stats.clock_offset_s;

	if (flight->clock_learned || !when_parse_http(response->date, &server_s))
		return false;
	flight->clock_learned = true;
	offset_s = server_s - wall_s(flight);
	/* the offset that it was sent with explains nothing; one that another flight learned since does */
	if (llabs(offset_s - flight->clock_offset_s) < CLOCK_SLACK_S)
		return false;
	*known_s = offset_s;
	return true;
}

static bool reload_key(struct flight *flight)
{
	const struct engine_options *options = &flight->engine->options;

	if (flight->key_reloaded || !options->reload)
		return false;
	flight->key_reloaded = true;
	return options->reload(options->reload_arg, &flight->engine->credentials);
}

static uint64_t next_chance(struct engine *engine)
{
	engine->chance = engine->chance * 6364136223846793005ULL + 1442695040888963407ULL;
	return engine->chance >> 33;
}

/* True: another try is under way. */
static bool try_again(struct flight *flight, enum fault fault, const struct response *response)
{
	struct engine *engine = flight->engine;
	int64_t sleep_ms;

	if ((fault == FAULT_CLOCK && learn_clock(flight, response)) ||
			(fault == FAULT_TOKEN && reload_key(flight))) {
		engine->stats.retries++;
		book_after(flight, 0, fault);
		return true;
	}
	if (!fault_retries(fault) || flight->tries >= TRIES_MAX)
		return false;
	sleep_ms = 1 + retry_sleep_ms(fault, flight->tries - 1, next_chance(engine));
	if (response->retry_after_s > 0 && response->retry_after_s < 3600 &&
			response->retry_after_s * 1000 > sleep_ms)
		sleep_ms = response->retry_after_s * 1000;
	engine->stats.retries++;
	book_after(flight, sleep_ms, fault);
	return true;
}

/* Nobody has waited for as long as anyone would have. */
static bool is_forgotten(const struct flight *flight)
{
	return flight->alone_ms &&
		now_ms(flight) - flight->alone_ms > flight->engine->options.deadline_ms;
}

static void fail(struct flight *flight, enum fault fault, const struct fault_note *note,
	const struct response *response)
{
	struct engine *engine = flight->engine;

	engine_note_failure(engine, flight->node, fault, note);
	if (try_again(flight, fault, response))
		return;
	fault = flight_judge(flight, fault);
	if (fault == FAULT_UNSUPPORTED && flight->want == WANT_LIST) {
		/* a listing can do without; what one resource does not support says nothing of the next */
		struct action_state *state = engine_action(engine, flight->action);
		state->unsupported_ms = now_ms(flight) + 600 * 1000;
	}
	if (flight_survives(flight, &fault))
		flight_book(flight);
	else
		flight_land(flight, fault);
}

static void succeed(struct flight *flight, const struct json *result, const struct fault_note *note,
	const struct response *response)
{
	struct source_note source = {
		.sent_ms = flight->sent_ms,
		.received_ms = now_ms(flight),
		.received_s = wall_s(flight),
		.action = action_name(flight->action),
		.request_id = note->request_id,
	};
	enum fault fault = FAULT_NONE;

	flight->engine->stats.last_ok_s = source.received_s;
	bool more = flight_take(flight, result, &source, &fault);
	flight->bytes += response->body.len;
	if (more && flight->bytes > BYTES_MAX)
		fault = FAULT_TOO_BIG;
	if (fault) {
		struct fault_note why = *note;
		fault_note_copy(why.message, sizeof(why.message), "the answer is not what the API promises");
		fail(flight, fault, &why, response);
	} else if (more && !is_forgotten(flight)) {
		flight_book(flight);
	} else {
		flight_land(flight, FAULT_NONE);
	}
}

static void take_reply(void *arg, struct response *response)
{
	struct flight *flight = arg;
	struct json *root = NULL;
	const struct json *result = NULL;
	struct fault_note note = { 0 };

	flight->exchange = NULL;
	enum fault fault = flight->engine->options.provider->parse(&root, &result, response, &note);
	trace(flight, response, fault, &note);
	if (fault)
		fail(flight, fault, &note, response);
	else
		succeed(flight, result, &note, response);
	json_free(root);
}
