/*
 * call.c - the life of a call: its place in the rate queue, its credentials, its tries.
 *
 * A call is tried again up to its deadline, after a sleep with full jitter, where another try may help
 * (call_answer.c). The circuit breaker decides whether it may be made at all. A call without credentials
 * waits for them first, and then for the rate.
 */
#include "call.h"

#include <stdlib.h>
#include <string.h>

#include "json/json.h"

enum {
	CREDENTIALS_WAIT_MS = 200, /* at least, before credentials are requested again */
	TRY_TAKES_LONG =
		3 /* a patient call's first try ends after so many times the slowest of the last answers */
};

static void call_granted(void *arg, enum error refusal);
static void call_take_credentials(void *arg, enum error error);

static void call_deliver(void *arg)
{
	struct call *call = arg;

	call->request.changed(call->request.arg, call);
}

/* Its owner is told at the end of the event. */
static void call_change(struct call *call, enum call_state state)
{
	call->state = state;
	completion_post(call->client->options.completions, &call->completion);
}

struct call *call_new(struct client *client, const struct call_request *request)
{
	struct call *call = xcalloc(1, sizeof(*call));

	call->client = client;
	call->request = *request;
	call->action = client_action(client, request->action);
	call->begun_ms = client_now_ms(client);
	rate_ticket_init(&call->ticket, request->uid, call_granted, call);
	credential_cache_waiter_init(&call->waiter, call_take_credentials, call);
	response_init(&call->response);
	completion_init(&call->completion, call_deliver, call);
	return call;
}

/* The exchange is over or cancelled. If it never went onto the wire, its place in the rate is free again. */
static void call_end_exchange(struct call *call)
{
	call->attempt.exchange = NULL;
	if (call->attempt.is_unsent)
		rate_queue_return(&call->action->queue);
	call->attempt.is_unsent = false;
}

void call_free(struct call *call)
{
	struct client *client = call->client;
	const struct transport *io = &client->options.io;
	bool is_under_way = call->attempt.exchange || call->state == CALL_ANSWERED;

	if (call->state == CALL_QUEUED)
		rate_queue_leave(&call->action->queue, &call->ticket);
	if (call->state == CALL_AWAITING_CREDENTIALS)
		credential_cache_leave(&call->waiter);
	if (call->attempt.exchange)
		io->cancel(io->self, call->attempt.exchange);
	if (is_under_way) {
		circuit_breaker_cancel(&client->breaker);
		concurrency_dropped(&call->action->concurrency);
	}
	if (call->is_probe)
		circuit_breaker_end_probe(&client->breaker, client_now_ms(client));
	call_end_exchange(call);
	io->timer_stop(io->self, call->timer);
	completion_withdraw(&call->completion);
	response_release(&call->response);
	json_free(call->outcome.root);
	free(call->request.body);
	free(call);
}

void call_end(struct call *call, enum error error)
{
	call->outcome.error = error;
	call_change(call, CALL_DONE);
}

void call_trace_outage(struct client *client, bool is_offline)
{
	if (client->is_offline != is_offline)
		client_trace(client,
			is_offline ? "offline: the cloud cannot be reached" : "online: the cloud answers");
	client->is_offline = is_offline;
}

void call_fail(struct call *call, enum error error)
{
	struct client *client = call->client;

	if (error_is_outage(error))
		call_trace_outage(client, true);
	circuit_breaker_record_failure(&client->breaker, error, client->stats.demand, client_now_ms(client));
	call_end(call, error);
}

/* ---- sending ---- */

bool call_is_too_late(const struct call *call, int64_t wait_ms)
{
	wait_ms += call->client->options.deadline_ms / CALL_WORTH_SENDING;
	return client_now_ms(call->client) + wait_ms >= call->deadline_ms;
}

void call_note_queue(struct error_note *note)
{
	error_note_copy(note->message, sizeof(note->message),
		"rate limit: the request cannot be sent before its deadline: "
		"let fewer readers ask at once (xargs -P), or raise -o rate or -o deadline");
}

static void call_fail_too_late(struct call *call)
{
	if (call->too_late == ERR_QUEUE) {
		memset(&call->outcome.note, 0, sizeof(call->outcome.note));
		call_note_queue(&call->outcome.note);
	}
	call_fail(call, call->too_late);
}

static void call_refuse(struct call *call, enum error error)
{
	error_note_copy(call->outcome.note.message, sizeof(call->outcome.note.message),
		"the cloud is down: it is asked again in some seconds");
	call_end(call, error);
}

static enum call_priority call_priority(const struct call *call)
{
	bool is_retry = call->request.priority == PRIORITY_FOREGROUND && call->retries.tries;

	return is_retry ? PRIORITY_RETRY : call->request.priority;
}

static void call_join_queue(struct call *call)
{
	call->state = CALL_QUEUED;
	call->ticket.is_probe = call->is_probe;
	call->ticket.priority = call_priority(call);
	rate_queue_join(&call->action->queue, &call->ticket);
}

static void call_wake(void *arg)
{
	struct call *call = arg;
	struct completion_queue *completions = call->client->options.completions;

	call->timer = NULL;
	call_join_queue(call);
	completion_deliver(completions);
}

void call_queue_after(struct call *call, int64_t sleep_ms, enum error too_late)
{
	const struct transport *io = &call->client->options.io;
	int64_t wait_ms = call->retries.tries ? rate_queue_retry_ms(&call->action->queue) : 0;

	if (wait_ms < sleep_ms)
		wait_ms = sleep_ms;
	call->too_late = too_late;
	call->state = CALL_BACKOFF;
	if (call_is_too_late(call, wait_ms))
		call_fail_too_late(call);
	else if (sleep_ms)
		call->timer = io->timer_start(io->self, sleep_ms, call_wake, call);
	else
		call_join_queue(call);
}

void call_start(struct call *call)
{
	struct client *client = call->client;

	enum error error = circuit_breaker_admit(&client->breaker, &call->is_probe, client_now_ms(client));
	if (error) {
		call_refuse(call, error);
		return;
	}
	call->deadline_ms = call->request.is_patient ? INT64_MAX :
						       call->begun_ms + client->options.deadline_ms;
	call_queue_after(call, 0, ERR_QUEUE);
}

/*
 * True: the call requests credentials again after a sleep, or has ended because that would be too late. The
 * cache bounds how often the key service is asked.
 */
static bool call_await_credentials(struct call *call, enum error error)
{
	if (!error_retries(error))
		return false;
	int64_t sleep_ms = retry_sleep_ms(error, call->retries.credential_tries++,
		random_next(&call->client->jitter));
	call_queue_after(call, CREDENTIALS_WAIT_MS + sleep_ms, error);
	return true;
}

static void call_take_credentials(void *arg, enum error error)
{
	struct call *call = arg;

	if (!error)
		call_queue_after(call, 0, call->too_late);
	else if (!call_await_credentials(call, error))
		call_end(call, error);
}

/* NULL: the call waits for credentials, or has ended because there are none. */
static const struct credentials *call_find_credentials(struct call *call)
{
	const struct credentials *found;

	enum error error = credential_cache_get(call->client->credential_cache, &call->waiter, &found);
	if (!error && !found)
		call->state = CALL_AWAITING_CREDENTIALS;
	else if (error && !call_await_credentials(call, error))
		call_end(call, error);
	return found;
}

/*
 * The timeout of the next try. That of a patient call's first try is shorter than its deadline, so that a
 * lost request does not take the readers' whole time.
 */
static int64_t call_try_ms(struct call *call)
{
	const struct client *client = call->client;
	int64_t left_ms = call->deadline_ms - client_now_ms(client),
		half_ms = client->options.deadline_ms / 2;
	int64_t long_ms = client->breaker.slowest_ms * TRY_TAKES_LONG;

	if (long_ms < half_ms)
		long_ms = half_ms;
	call->attempt.is_hurried = call->request.is_patient && !call->retries.extensions && long_ms < left_ms;
	return call->attempt.is_hurried ? long_ms : left_ms;
}

static void call_on_sent(void *arg)
{
	struct call *call = arg;

	call->attempt.is_unsent = false;
	rate_limiter_sent(&call->action->queue.rate, client_now_ms(call->client));
}

static void call_receive(void *arg, struct response *response);

static void call_transmit(struct call *call, struct request *request)
{
	struct client *client = call->client;
	const struct transport *io = &client->options.io;

	call->attempt.is_unsent = true;
	rate_limiter_begin(&call->action->queue.rate);
	call->attempt.concurrent = concurrency_sent(&call->action->concurrency);
	circuit_breaker_sent(&client->breaker, call->outcome.sent_ms);
	client->stats.calls++;
	call->attempt.exchange = io->send(io->self, request, call_on_sent, call_receive, call);
	call_change(call, CALL_SENT);
}

static void call_sign_and_send(struct call *call, const struct credentials *credentials)
{
	struct client *client = call->client;
	const struct client_options *options = &client->options;
	struct api_call operation = { call->request.action, call->request.body };
	struct request request;

	if (call->deadline_ms == INT64_MAX)
		call->deadline_ms = client_now_ms(client) + options->deadline_ms;
	int64_t try_ms = call_try_ms(call);
	call->retries.tries++;
	call->outcome.sent_ms = client_now_ms(client);
	call->attempt.clock_offset_s = client->stats.clock_offset_s;
	call->attempt.credential_serial = credential_cache_serial(client->credential_cache);
	request_init(&request);
	options->provider->build(&request, &options->site, &operation);
	options->provider->sign(&request, &options->site, &operation, credentials,
		client_wall_s(client) + call->attempt.clock_offset_s);
	request_signature(&request, call->attempt.signature);
	request.timeout_ms = try_ms > 1 ? (long)try_ms : 1;
	call_transmit(call, &request);
	request_release(&request);
}

static void call_granted(void *arg, enum error refusal)
{
	struct call *call = arg;

	if (refusal) {
		call_refuse(call, refusal);
		return;
	}
	if (call_is_too_late(call, 0)) {
		call_fail_too_late(call);
		return;
	}
	const struct credentials *credentials = call_find_credentials(call);
	if (credentials)
		call_sign_and_send(call, credentials);
}

static void call_receive(void *arg, struct response *response)
{
	struct call *call = arg;
	struct completion_queue *completions = call->client->options.completions;

	call_end_exchange(call);
	call->outcome.received_ms = client_now_ms(call->client);
	call->outcome.size = response->body.len;
	response_move(&call->response, response);
	call_change(call, CALL_ANSWERED);
	completion_deliver(completions);
}

/* ---- its owner ---- */

void call_extend(struct call *call, int64_t deadline_ms)
{
	if (call->deadline_ms < deadline_ms)
		call->deadline_ms = deadline_ms;
}

void call_hand_over(struct call *call, unsigned uid, enum call_priority priority)
{
	call->request.priority = priority;
	if (call->state == CALL_QUEUED)
		rate_queue_hand_over(&call->action->queue, &call->ticket, uid, call_priority(call));
}

enum call_state call_state(const struct call *call)
{
	return call->state;
}

const struct call_outcome *call_outcome(const struct call *call)
{
	return &call->outcome;
}

const struct action *call_action(const struct call *call)
{
	return call->request.action;
}

unsigned call_tries(const struct call *call)
{
	return call->retries.tries;
}

int64_t call_begun_ms(const struct call *call)
{
	return call->begun_ms;
}

bool call_is_untried(const struct call *call)
{
	return call->state == CALL_QUEUED && !call->retries.tries && !call->request.is_patient;
}

enum error call_why_late(const struct call *call)
{
	const struct client *client = call->client;
	enum error doubt = circuit_breaker_last_failure(&client->breaker);

	if (call->state == CALL_SENT || call->state == CALL_AWAITING_CREDENTIALS ||
		call->state == CALL_ANSWERED || call->state == CALL_DONE ||
		circuit_breaker_is_stalled(&client->breaker, client_now_ms(client)))
		return ERR_TIMEOUT;
	return call->too_late == ERR_QUEUE && doubt ? doubt : call->too_late;
}
