/*
 * credential_cache.c - key exchanges, and the lifetime of credentials.
 *
 * Credentials expire by the monotonic clock. Their lifetime is the expiry that the cloud sent, less the
 * Date of the same answer, so a local clock that is wrong or steps does not shorten it. They are renewed in
 * the last 5 minutes of their lifetime, or in the second half of one shorter than 10 minutes. If the
 * service returns the same credentials again, the next exchange comes after half of the rest, so there are
 * far fewer exchanges than calls.
 *
 * A failed exchange says nothing about the resource that a reader wanted. So errors that mean "does not
 * exist" or "access denied" become ERR_KEY here: with them the tree would drop cached data of the resource.
 */
#include "client/credential_cache.h"

#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/redact.h"
#include "base/timestamp.h"
#include "credential_state.h"
#include "rate_limiter.h"

enum {
	WORTH_SENDING = 8, /* one part in so many of the deadline has to be left for another try */
	RENEW_MS = 300 * 1000, /* renewal begins so long before the end; the official tools do the same */
	LIFE_MAX_S = 366 * 86400, /* a longer lifetime is cut */
	YOUNG_MS = 5000, /* credentials younger than this are kept when the cloud refuses them */
	HOLD_MS = 1000, /* how long a failure answers further requests; doubled each time */
	HOLD_MAX_MS = 8000,
};

static int64_t cache_now_ms(const struct credential_cache *cache)
{
	return cache->options.io.now_ms(cache->options.io.self);
}

static int64_t cache_wall_s(const struct credential_cache *cache)
{
	return cache->options.io.wall_s(cache->options.io.self);
}

struct credential_cache *credential_cache_new(const struct credential_cache_options *options)
{
	struct credential_cache *cache = xcalloc(1, sizeof(*cache));

	cache->options = *options;
	cache->jitter = (struct random){ options->seed };
	list_init(&cache->waiters);
	if (options->credential_source)
		credential_source_copy(&cache->credential_source, options->credential_source);
	return cache;
}

/* The last step of each callback of the transport. */
static void cache_end_event(const struct credential_cache *cache)
{
	if (cache->options.completions)
		completion_deliver(cache->options.completions);
}

/* Cancels the key exchange that is under way. */
static void cache_cancel(struct credential_cache *cache)
{
	const struct transport *io = &cache->options.io;

	if (cache->request.exchange)
		io->cancel(io->self, cache->request.exchange);
	io->timer_stop(io->self, cache->request.timer);
	cache->request.exchange = NULL;
	cache->request.timer = NULL;
	cache->request.is_busy = false;
	key_exchange_release(&cache->request.key_exchange);
	credential_source_release(&cache->request.source);
}

void credential_cache_free(struct credential_cache *cache)
{
	if (!cache)
		return;
	cache_cancel(cache);
	credential_source_release(&cache->credential_source);
	credentials_release(&cache->current);
	credentials_release(&cache->previous);
	free(cache);
}

/* ---- waiters ---- */

void credential_cache_waiter_init(struct credential_cache_waiter *wait, credential_cache_done_fn *done,
	void *arg)
{
	list_init(&wait->link);
	wait->done = done;
	wait->arg = arg;
}

void credential_cache_leave(struct credential_cache_waiter *wait)
{
	list_remove(&wait->link);
}

/* Calls each waiter once. One that joins again meanwhile is not called again. */
static void cache_wake_waiters(struct credential_cache *cache, enum error error)
{
	struct list called, *link;

	list_init(&called);
	while ((link = list_first(&cache->waiters))) {
		list_remove(link);
		list_add_last(&called, link);
	}
	while ((link = list_first(&called))) {
		struct credential_cache_waiter *wait = LIST_OWNER(link, struct credential_cache_waiter, link);
		list_remove(link);
		wait->done(wait->arg, error);
	}
}

/* ---- results ---- */

/* The error for the readers: see the top of this file. */
static enum error error_of_credentials(enum error error)
{
	switch (error) {
	case ERR_NOT_FOUND:
	case ERR_DENIED:
	case ERR_UNSUPPORTED:
	case ERR_PARAMETER:
	case ERR_NAME:
	case ERR_TOKEN:
		return ERR_KEY;
	default:
		return error;
	}
}

static void cache_fail(struct credential_cache *cache, enum error error, const struct error_note *note)
{
	int64_t hold_ms = HOLD_MS << (cache->failure.count < 3 ? cache->failure.count : 3);

	cache_cancel(cache);
	cache->failure.count++;
	cache->failure.error = error_of_credentials(error);
	cache->failure.held_until_ms = cache_now_ms(cache) + (hold_ms < HOLD_MAX_MS ? hold_ms : HOLD_MAX_MS);
	if (cache->options.failed)
		cache->options.failed(cache->options.failed_arg, cache->failure.error, note);
	cache_wake_waiters(cache, cache->failure.error);
}

static void cache_fail_with(struct credential_cache *cache, enum error error, const char *why)
{
	struct error_note note = { 0 };

	error_note_copy(note.message, sizeof(note.message), why);
	cache_fail(cache, error, &note);
}

static void redact_credentials(char *text, const struct credentials *key)
{
	redact(text, key->secret);
	redact(text, key->token);
	redact(text, key->id);
}

void credential_cache_redact(const struct credential_cache *cache, struct error_note *note,
	const char *signature)
{
	char *texts[] = { note->code, note->message, note->request_id };

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		redact_credentials(texts[i], &cache->credential_source.key);
		redact_credentials(texts[i], &cache->current);
		redact_credentials(texts[i], &cache->previous);
		redact_credentials(texts[i], &cache->request.key_exchange.key);
		redact(texts[i], cache->credential_source.identity);
		redact(texts[i], cache->request.source.identity);
		redact(texts[i], signature);
	}
}

/*
 * Keeps the credentials for redaction: an answer to a request that they signed may still come, and quote
 * them.
 */
static void cache_keep_previous(struct credential_cache *cache)
{
	const struct credentials *key = cache->current.id ? &cache->current : &cache->credential_source.key;

	if (key->id)
		credentials_copy(&cache->previous, key);
}

/* Ends the lifetime of obtained credentials. */
static void cache_expire(struct credential_cache *cache)
{
	cache_keep_previous(cache);
	credentials_release(&cache->current);
	cache->term.expires_s = 0;
	cache->serial++;
}

static void cache_begin_again(void *arg);

/*
 * Changes to another source. Waiters are called in an event of their own, because the caller may be one of
 * them.
 */
static void cache_take_source(struct credential_cache *cache, struct credential_source *source)
{
	const struct transport *io = &cache->options.io;

	cache_cancel(cache);
	cache_expire(cache);
	credential_source_move(&cache->credential_source, source);
	cache->failure.count = 0;
	cache->failure.held_until_ms = 0;
	cache->request.is_busy = !list_is_empty(&cache->waiters);
	if (cache->request.is_busy)
		cache->request.timer = io->timer_start(io->self, 0, cache_begin_again, cache);
}

/* ERR_NONE: the credentials that the exchange returned are current now. */
static enum error cache_take_credentials(struct credential_cache *cache, const struct response *response,
	struct error_note *note)
{
	struct key_exchange *key_exchange = &cache->request.key_exchange;
	int64_t server_s = cache_wall_s(cache) + *cache->options.clock_offset_s;

	timestamp_parse_http(response->date, &server_s);
	/* less a second, because that of the Date may be nearly over */
	int64_t life_s = key_exchange->expires_s - server_s - 1;
	if (life_s <= 0) {
		error_note_copy(note->message, sizeof(note->message), "the key that was given has expired");
		return ERR_TOKEN;
	}
	if (life_s > LIFE_MAX_S)
		life_s = LIFE_MAX_S;
	cache_keep_previous(cache);
	credentials_copy(&cache->current, &key_exchange->key);
	cache->serial++;
	cache->term.expires_s = key_exchange->expires_s;
	cache->term.given_ms = cache_now_ms(cache);
	cache->term.end_ms = cache->request.sent_ms + life_s * 1000;
	cache->term.renew_ms = cache->term.end_ms - (life_s * 500 < RENEW_MS ? life_s * 500 : RENEW_MS);
	cache->failure.count = 0;
	return ERR_NONE;
}

static void cache_trace(const struct credential_cache *cache, const struct response *response,
	enum error error, const struct error_note *note)
{
	struct buf line;

	if (!cache->options.trace)
		return;
	buf_init(&line, 1024);
	buf_printf(&line, "key status=%d ms=%lld try=%u cause=%s code=%s request=%s", response->status,
		(long long)(cache_now_ms(cache) - cache->request.sent_ms), cache->request.tries,
		error_name(error), note->code, note->request_id);
	cache->options.trace(cache->options.trace_arg, line.data);
	buf_release(&line);
}

static bool cache_needs_exchange(const struct credential_cache *cache)
{
	return cache->credential_source.kind != CREDENTIAL_SOURCE_KEY;
}

/* ---- key exchange ---- */

static void cache_receive(void *arg, struct response *response);

static int64_t cache_left_ms(const struct credential_cache *cache)
{
	return cache->request.begun_ms + cache->options.deadline_ms - cache_now_ms(cache);
}

static void cache_send(struct credential_cache *cache)
{
	const struct credential_cache_options *options = &cache->options;
	struct request request;

	cache->request.clock_offset_s = *options->clock_offset_s;
	options->provider->keys->request(&request, &cache->request.key_exchange,
		cache_wall_s(cache) + cache->request.clock_offset_s);
	if (request.timeout_ms > cache_left_ms(cache))
		request.timeout_ms = cache_left_ms(cache) > 1 ? (long)cache_left_ms(cache) : 1;
	cache->request.tries++;
	cache->request.sent_ms = cache_now_ms(cache);
	request_signature(&request, cache->request.signature);
	cache->request.exchange = options->io.send(options->io.self, &request, NULL, cache_receive, cache);
	digest_wipe(request.body.data, request.body.len);
	request_release(&request);
}

static void cache_wake(void *arg)
{
	struct credential_cache *cache = arg;

	cache->request.timer = NULL;
	cache_send(cache);
	cache_end_event(cache);
}

/* True: another try was sent, or will be. */
static bool cache_retry(struct credential_cache *cache, enum error error, const struct response *response)
{
	const struct transport *io = &cache->options.io;

	if (error == ERR_CLOCK && !cache->request.clock_learned &&
		timestamp_learn_offset(response->date, cache_wall_s(cache), cache->request.clock_offset_s,
			cache->options.clock_offset_s)) {
		cache->request.clock_learned = true;
		cache_send(cache);
		return true;
	}
	/* after a failure each exchange has one try: the hold time spaces them */
	if (!error_retries(error) || cache->failure.count)
		return false;
	int64_t sleep_ms = 1 + retry_sleep_ms(error, cache->request.tries - 1, random_next(&cache->jitter));
	if (sleep_ms >= cache_left_ms(cache) - cache->options.deadline_ms / WORTH_SENDING)
		return false;
	cache->request.timer = io->timer_start(io->self, sleep_ms, cache_wake, cache);
	return true;
}

static void cache_take_answer(struct credential_cache *cache, struct response *response)
{
	struct error_note note = { 0 };

	enum error error = cache->options.provider->keys->response(&cache->request.key_exchange, response,
		&note);
	credential_cache_redact(cache, &note, cache->request.signature);
	digest_wipe(response->body.data, response->body.len);
	cache_trace(cache, response, error, &note);
	if (!error && !cache->request.key_exchange.key.id) { /* the exchange takes another request */
		cache->request.tries = 0;
		cache_send(cache);
		return;
	}
	if (!error)
		error = cache_take_credentials(cache, response, &note);
	if (!error) {
		cache_cancel(cache);
		cache_wake_waiters(cache, ERR_NONE);
	} else if (!cache_retry(cache, error, response)) {
		cache_fail(cache, error, &note);
	}
}

static void cache_receive(void *arg, struct response *response)
{
	struct credential_cache *cache = arg;

	cache->request.exchange = NULL;
	cache_take_answer(cache, response);
	cache_end_event(cache);
}

/* Starts an exchange. Reads the source again first, because the identity in it may have been renewed. */
static void cache_begin(struct credential_cache *cache)
{
	const struct credential_cache_options *options = &cache->options;
	struct credential_source fresh = { 0 };
	struct buf why;

	cache->request.is_busy = true;
	buf_init(&why, 4096);
	bool found = !options->look || options->look(options->source_arg, &fresh, &why);
	if (!found)
		cache_fail_with(cache, ERR_KEY, why.data);
	buf_release(&why);
	if (!found)
		return;
	if (options->look)
		credential_source_move(&cache->credential_source, &fresh);
	if (cache->credential_source.kind == CREDENTIAL_SOURCE_KEY) {
		cache_take_source(cache, &cache->credential_source);
		return;
	}
	if (!options->provider->keys) {
		cache_fail_with(cache, ERR_KEY,
			"this cloud has no key exchange: configure a secret id and key");
		return;
	}
	credential_source_copy(&cache->request.source, &cache->credential_source);
	cache->request.key_exchange = (struct key_exchange){ .source = &cache->request.source,
		.site = &options->site };
	cache->request.begun_ms = cache_now_ms(cache);
	cache->request.tries = 0;
	cache->request.clock_learned = false;
	cache_send(cache);
}

/* Timer: the source has changed, and waiters are left. */
static void cache_begin_again(void *arg)
{
	struct credential_cache *cache = arg;

	cache->request.timer = NULL;
	cache->request.is_busy = false;
	if (cache_needs_exchange(cache))
		cache_begin(cache);
	else
		cache_wake_waiters(cache, ERR_NONE);
	cache_end_event(cache);
}

/* ---- the cache ---- */

static bool cache_is_current(const struct credential_cache *cache)
{
	return cache->current.id && cache_now_ms(cache) < cache->term.end_ms;
}

static void cache_look_again(struct credential_cache *cache)
{
	const struct credential_cache_options *options = &cache->options;
	struct credential_source fresh = { 0 };

	if (options->renew && options->renew(options->source_arg, &fresh))
		cache_take_source(cache, &fresh);
}

enum error credential_cache_get(struct credential_cache *cache, struct credential_cache_waiter *wait,
	const struct credentials **found)
{
	*found = NULL;
	cache_look_again(cache);
	bool may_ask = !cache->request.is_busy && cache_now_ms(cache) >= cache->failure.held_until_ms;
	if (cache_needs_exchange(cache) && may_ask &&
		(!cache_is_current(cache) || cache_now_ms(cache) >= cache->term.renew_ms))
		cache_begin(cache);
	if (!cache_needs_exchange(cache))
		*found = &cache->credential_source.key;
	else if (cache_is_current(cache))
		*found = &cache->current;
	else if (!cache->request.is_busy)
		return cache->failure.error;
	else if (wait)
		list_add_last(&cache->waiters, &wait->link);
	return ERR_NONE;
}

bool credential_cache_refused(struct credential_cache *cache, unsigned serial)
{
	const struct credential_cache_options *options = &cache->options;
	struct credential_source fresh = { 0 };
	struct buf why;

	if (serial != cache->serial)
		return true;
	if (cache_needs_exchange(cache)) {
		if (!cache->request.is_busy && cache_now_ms(cache) - cache->term.given_ms < YOUNG_MS)
			return false;
		cache_expire(cache);
		return true;
	}
	if (!options->look)
		return false;
	buf_init(&why, 4096);
	bool found = options->look(options->source_arg, &fresh, &why);
	if (found) {
		cache_take_source(cache, &fresh);
	} else if (options->failed) {
		struct error_note note = { 0 };
		error_note_copy(note.message, sizeof(note.message), why.data);
		options->failed(options->failed_arg, ERR_TOKEN, &note);
	}
	buf_release(&why);
	return found;
}

unsigned credential_cache_serial(const struct credential_cache *cache)
{
	return cache->serial;
}

const char *credential_cache_origin(const struct credential_cache *cache)
{
	return cache->credential_source.where ? cache->credential_source.where : "nowhere";
}

int64_t credential_cache_expires_s(const struct credential_cache *cache)
{
	return cache_needs_exchange(cache) ? cache->term.expires_s : cache->credential_source.expires_s;
}
