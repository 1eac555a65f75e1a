/*
 * call_answer.c - what an answer means: the call is done, fails, or is tried again.
 *
 * After two errors the next try needs no sleep, once for each call: a wrong clock is corrected from the
 * answer's Date, and for a refused token the credential cache gets other credentials.
 *
 * An answer is parsed once, when the call's owner asks for it (call_read), because a parsed answer takes many
 * times the memory of its text.
 */
#include "call.h"

#include <string.h>

#include "base/timestamp.h"

enum {
	EXTENDED_MAX = 2, /* new deadlines of a patient call */
	RETRY_AFTER_MAX_S = 3600 /* a longer Retry-After is ignored */
};

static bool call_learn_clock(struct call *call)
{
	struct client *client = call->client;

	if (call->retries.clock_learned)
		return false;
	call->retries.clock_learned = true;
	return timestamp_learn_offset(call->response.date, client_wall_s(client),
		call->attempt.clock_offset_s, &client->stats.clock_offset_s);
}

static bool call_renew_credentials(struct call *call)
{
	if (call->retries.credentials_renewed)
		return false;
	call->retries.credentials_renewed = true;
	return credential_cache_refused(call->client->credential_cache, call->attempt.credential_serial);
}

/*
 * Full jitter, but not less than the answer's Retry-After. A random sleep that would leave no time for
 * another try is cut.
 */
static int64_t call_sleep_ms(const struct call *call, enum error error)
{
	struct client *client = call->client;
	int64_t sleep_ms = 1 + retry_sleep_ms(error, call->retries.tries - 1, random_next(&client->jitter));
	int64_t left_ms = call->deadline_ms - client_now_ms(client);
	int64_t last_ms = left_ms - client->options.deadline_ms / CALL_WORTH_SENDING - 1;
	long asked_s = call->response.retry_after_s;

	if (asked_s > 0 && asked_s < RETRY_AFTER_MAX_S && (int64_t)asked_s * 1000 > sleep_ms)
		return (int64_t)asked_s * 1000;
	return last_ms > 0 && sleep_ms > last_ms ? last_ms : sleep_ms;
}

/*
 * Whether there is time for another try. A single page that timed out must not end the reading of a list.
 * So a patient call gets a new deadline if its try had a short timeout, or if other calls were answered
 * meanwhile.
 */
static bool call_has_time(struct call *call, enum error error)
{
	const struct client *client = call->client;
	int64_t now_ms = client_now_ms(client);
	bool is_late = call_is_too_late(call, 0);

	if (error != ERR_TIMEOUT || !call->request.is_patient || call->retries.extensions >= EXTENDED_MAX)
		return !is_late;
	if (!call->attempt.is_hurried &&
		!(is_late &&
			circuit_breaker_answered_within(&client->breaker, now_ms - call->outcome.sent_ms,
				now_ms)))
		return !is_late;
	call->retries.extensions++;
	call->deadline_ms = INT64_MAX;
	return true;
}

/* True: the call is tried again, or has ended because that would be too late. */
static bool call_retry(struct call *call, enum error error)
{
	struct client *client = call->client;

	if ((error == ERR_CLOCK && call_learn_clock(call)) ||
		(error == ERR_TOKEN && call_renew_credentials(call))) {
		client->stats.retries++;
		call_queue_after(call, 0, error);
		return true;
	}
	if (!error_retries(error) || call->is_probe || !call_has_time(call, error) ||
		!circuit_breaker_take_token(&client->breaker, error))
		return false;
	client->stats.retries++;
	call_queue_after(call, call_sleep_ms(call, error), error);
	return true;
}

static void call_trace(const struct call *call, enum error error)
{
	const struct call_outcome *outcome = &call->outcome;
	struct buf line;

	if (!call->client->options.trace)
		return;
	buf_init(&line, 1024);
	buf_printf(&line, "%s status=%d ms=%lld try=%u cause=%s code=%s request=%s",
		action_name(call->request.action), call->response.status,
		(long long)(outcome->received_ms - outcome->sent_ms), call->retries.tries, error_name(error),
		outcome->note.code, outcome->note.request_id);
	client_trace(call->client, line.data);
	buf_release(&line);
}

static void call_record(const struct call *call, enum error error)
{
	const struct call_outcome *outcome = &call->outcome;
	struct client_action *action = call->action;
	int64_t took_ms = outcome->received_ms - outcome->sent_ms;

	circuit_breaker_record(&call->client->breaker, error, took_ms, outcome->received_ms);
	if (!error || error == ERR_TIMEOUT)
		concurrency_answered(&action->concurrency, call->attempt.concurrent, took_ms,
			error == ERR_TIMEOUT);
	else /* a refusal takes the cloud no time */
		concurrency_dropped(&action->concurrency);
	action->ended[error]++;
}

static enum error call_parse(struct call *call)
{
	struct client *client = call->client;
	struct call_outcome *outcome = &call->outcome;

	memset(&outcome->note, 0, sizeof(outcome->note));
	enum error error = client->options.provider->parse(&outcome->root, &outcome->result, &call->response,
		&outcome->note);
	credential_cache_redact(client->credential_cache, &outcome->note, call->attempt.signature);
	call_trace(call, error);
	call_record(call, error);
	if (!error_is_outage(error))
		call_trace_outage(client, false);
	return error;
}

enum error call_read(struct call *call)
{
	struct client *client = call->client;

	enum error error = call_parse(call);
	call->state = CALL_BACKOFF; /* not CALL_ANSWERED any more, whatever comes next */
	if (!error) {
		client->stats.last_ok_s = client_wall_s(client);
		client->stats.last_ok_ms = call->outcome.received_ms;
		call_end(call, ERR_NONE);
	} else if (!call_retry(call, error)) {
		call_fail(call, error);
	}
	response_release(&call->response);
	response_init(&call->response);
	client_run_queues(client); /* the cloud is no longer silent, or the breaker has opened */
	return error;
}

void call_postpone(struct call *call)
{
	circuit_breaker_came(&call->client->breaker, call->outcome.received_ms);
}
