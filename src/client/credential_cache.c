/*
 * credential_cache.c - the key to sign with: at hand, or asked for when somebody needs it.
 *
 * A key that was asked for lives by the monotonic clock: its end, as the cloud wrote it, is measured from the
 * Date of the same answer, so that a wrong or a stepping clock of ours ends no key early.  It is renewed in
 * the last five minutes, or in the second half of a shorter life.  A service that gives out the same key
 * again is asked again after half of what is left: there are far fewer questions than calls.
 *
 * What refuses to give a key says nothing about the resource that was asked for: no cause that means "it is
 * gone", "you may not see it" or "that does not exist" leaves this file, else what is kept would be dropped.
 */
#include "client/credential_cache.h"

#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/random.h"
#include "base/redact.h"
#include "base/timestamp.h"
#include "client/rate_limiter.h"

enum {
	WORTH_SENDING = 8, /* that part of the deadline has to be left for another try */
	RENEW_MS = 300 * 1000, /* before the end; the official tools do the same */
	LIFE_MAX_S = 366 * 86400,
	YOUNG_MS = 5000, /* a key as new as that is not asked for again when the cloud refuses it */
	HOLD_MS = 1000, /* how long a refusal answers for itself, doubled each time */
	HOLD_MAX_MS = 8000,
};

struct credential_cache {
	struct credential_cache_options options;
	struct credential_source origin;
	struct credentials key; /* that was asked for; without an id there is none */
	struct credentials before; /* the key before this one: an answer to it may still come */
	char signature[REQUEST_SIGNATURE]; /* of the last question */
	unsigned serial;
	int64_t given_ms, renew_ms, end_ms; /* when it came, may be renewed, ends */
	int64_t expires_s;
	struct credential_cache_waiter waits; /* a ring through all who wait, in order */

	/* while it is asked for */
	bool busy;
	struct key_exchange key_exchange;
	struct credential_source query; /* what the errand looks at */
	struct exchange *exchange;
	struct timer *timer; /* until the next try */
	int64_t begun_ms, sent_ms, used_offset_s;
	unsigned tries;
	bool clock_learned;
	struct random jitter;

	/* after a refusal */
	unsigned failures; /* in a row */
	enum error held;
	int64_t held_ms;
};

static int64_t now_ms(const struct credential_cache *cache)
{
	return cache->options.io.now_ms(cache->options.io.self);
}

static int64_t wall_s(const struct credential_cache *cache)
{
	return cache->options.io.wall_s(cache->options.io.self);
}

struct credential_cache *credential_cache_new(const struct credential_cache_options *options)
{
	struct credential_cache *cache = xcalloc(1, sizeof(*cache));

	cache->options = *options;
	cache->jitter = (struct random){ options->seed };
	cache->waits.next = cache->waits.prev = &cache->waits;
	if (options->origin)
		credential_source_copy(&cache->origin, options->origin);
	return cache;
}

/* Takes back what is on its way. */
static void stop_asking(struct credential_cache *cache)
{
	const struct transport *io = &cache->options.io;

	if (cache->exchange)
		io->cancel(io->self, cache->exchange);
	io->timer_stop(io->self, cache->timer);
	cache->exchange = NULL;
	cache->timer = NULL;
	cache->busy = false;
	key_exchange_release(&cache->key_exchange);
	credential_source_release(&cache->query);
}

void credential_cache_free(struct credential_cache *cache)
{
	if (!cache)
		return;
	stop_asking(cache);
	credential_source_release(&cache->origin);
	credentials_release(&cache->key);
	credentials_release(&cache->before);
	free(cache);
}

/* ---- who waits ---- */

static void join(struct credential_cache *cache, struct credential_cache_waiter *wait)
{
	wait->next = &cache->waits;
	wait->prev = cache->waits.prev;
	wait->prev->next = wait->next->prev = wait;
}

void credential_cache_leave(struct credential_cache_waiter *wait)
{
	wait->next->prev = wait->prev;
	wait->prev->next = wait->next;
	wait->next = wait->prev = wait;
}

/* All who wait now, each once: who has to wait again joins anew. */
static void tell(struct credential_cache *cache, enum error error)
{
	struct credential_cache_waiter told, *all = &cache->waits;

	if (all->next == all)
		return;
	told = *all;
	told.next->prev = told.prev->next = &told;
	all->next = all->prev = all;
	while (told.next != &told) {
		struct credential_cache_waiter *wait = told.next;
		credential_cache_leave(wait);
		wait->done(wait->arg, error);
	}
}

/* ---- what came of it ---- */

/* What it means for somebody who only wanted to read a file. */
static enum error error_of_key(enum error error)
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

static void fail(struct credential_cache *cache, enum error error, const struct error_note *note)
{
	int64_t hold_ms = HOLD_MS << (cache->failures < 3 ? cache->failures : 3);

	stop_asking(cache);
	cache->failures++;
	cache->held = error_of_key(error);
	cache->held_ms = now_ms(cache) + (hold_ms < HOLD_MAX_MS ? hold_ms : HOLD_MAX_MS);
	if (cache->options.failed)
		cache->options.failed(cache->options.arg, cache->held, note);
	tell(cache, cache->held);
}

static void fail_with(struct credential_cache *cache, enum error error, const char *why)
{
	struct error_note note = { 0 };

	error_note_copy(note.message, sizeof(note.message), why);
	fail(cache, error, &note);
}

static void redact_key(char *text, const struct credentials *key)
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
		redact_key(texts[i], &cache->origin.key);
		redact_key(texts[i], &cache->key);
		redact_key(texts[i], &cache->before);
		redact_key(texts[i], &cache->key_exchange.key);
		redact(texts[i], cache->origin.identity);
		redact(texts[i], cache->query.identity);
		redact(texts[i], signature);
	}
}

/* What was signed with it may still be answered. */
static void keep_before(struct credential_cache *cache)
{
	const struct credentials *key = cache->key.id ? &cache->key : &cache->origin.key;

	if (key->id)
		credentials_copy(&cache->before, key);
}

/* The key that was asked for ends now, if there is one. */
static void drop_key(struct credential_cache *cache)
{
	keep_before(cache);
	credentials_release(&cache->key);
	cache->expires_s = 0;
	cache->serial++;
}

static void begin_again(void *arg);

/* Who waits already is not told in here: it may be he who asks. */
static void take_origin(struct credential_cache *cache, struct credential_source *origin)
{
	const struct transport *io = &cache->options.io;

	stop_asking(cache);
	drop_key(cache);
	credential_source_move(&cache->origin, origin);
	cache->failures = 0;
	cache->held_ms = 0;
	cache->busy = cache->waits.next != &cache->waits;
	if (cache->busy)
		cache->timer = io->timer_start(io->self, 0, begin_again, cache);
}

/* ERR_NONE: the errand's key is the key now. */
static enum error take_key(struct credential_cache *cache, const struct response *response,
	struct error_note *note)
{
	struct key_exchange *key_exchange = &cache->key_exchange;
	int64_t server_s = wall_s(cache) + *cache->options.clock_offset_s;

	timestamp_parse_http(response->date, &server_s);
	int64_t life_s = key_exchange->expires_s - server_s - 1; /* the Date's second may be nearly over */
	if (life_s <= 0) {
		error_note_copy(note->message, sizeof(note->message), "the key that was given has expired");
		return ERR_TOKEN;
	}
	if (life_s > LIFE_MAX_S)
		life_s = LIFE_MAX_S;
	keep_before(cache);
	credentials_copy(&cache->key, &key_exchange->key);
	cache->serial++;
	cache->expires_s = key_exchange->expires_s;
	cache->given_ms = now_ms(cache);
	cache->end_ms = cache->sent_ms + life_s * 1000;
	cache->renew_ms = cache->end_ms - (life_s * 500 < RENEW_MS ? life_s * 500 : RENEW_MS);
	cache->failures = 0;
	return ERR_NONE;
}

static void trace(const struct credential_cache *cache, const struct response *response, enum error error,
	const struct error_note *note)
{
	struct buf line;

	if (!cache->options.trace)
		return;
	buf_init(&line, 1024);
	buf_printf(&line, "key status=%d ms=%lld try=%u fault=%s code=%s request=%s", response->status,
		(long long)(now_ms(cache) - cache->sent_ms), cache->tries, error_name(error), note->code,
		note->request_id);
	cache->options.trace(cache->options.arg, line.data);
	buf_release(&line);
}

static bool is_asked_for(const struct credential_cache *cache)
{
	return cache->origin.kind != CREDENTIAL_SOURCE_KEY;
}

/* ---- asking ---- */

static void take_reply(void *arg, struct response *response);

static int64_t left_ms(const struct credential_cache *cache)
{
	return cache->begun_ms + cache->options.deadline_ms - now_ms(cache);
}

static void send(struct credential_cache *cache)
{
	const struct credential_cache_options *options = &cache->options;
	struct request request;

	cache->used_offset_s = *options->clock_offset_s;
	options->provider->keys->request(&request, &cache->key_exchange,
		wall_s(cache) + cache->used_offset_s);
	if (request.timeout_ms > left_ms(cache))
		request.timeout_ms = left_ms(cache) > 1 ? (long)left_ms(cache) : 1;
	cache->tries++;
	cache->sent_ms = now_ms(cache);
	request_signature(&request, cache->signature);
	cache->exchange = options->io.send(options->io.self, &request, NULL, take_reply, cache);
	digest_wipe(request.body.data, request.body.len);
	request_release(&request);
}

static void wake_up(void *arg)
{
	struct credential_cache *cache = arg;

	cache->timer = NULL;
	send(cache);
}

/* True: it is tried again, or will be. */
static bool try_again(struct credential_cache *cache, enum error error, const struct response *response)
{
	const struct transport *io = &cache->options.io;

	if (error == ERR_CLOCK && !cache->clock_learned &&
		timestamp_learn_offset(response->date, wall_s(cache), cache->used_offset_s,
			cache->options.clock_offset_s)) {
		cache->clock_learned = true;
		send(cache);
		return true;
	}
	/* who has failed before is asked seldom enough, and once each time */
	if (!error_retries(error) || cache->failures)
		return false;
	int64_t sleep_ms = 1 + retry_sleep_ms(error, cache->tries - 1, random_next(&cache->jitter));
	if (sleep_ms >= left_ms(cache) - cache->options.deadline_ms / WORTH_SENDING)
		return false;
	cache->timer = io->timer_start(io->self, sleep_ms, wake_up, cache);
	return true;
}

static void take_reply(void *arg, struct response *response)
{
	struct credential_cache *cache = arg;
	struct error_note note = { 0 };

	cache->exchange = NULL;
	enum error error = cache->options.provider->keys->response(&cache->key_exchange, response, &note);
	credential_cache_redact(cache, &note, cache->signature);
	digest_wipe(response->body.data, response->body.len);
	trace(cache, response, error, &note);
	if (!error && !cache->key_exchange.key.id) {
		cache->tries = 0;
		send(cache);
		return;
	}
	if (!error)
		error = take_key(cache, response, &note);
	if (error) {
		if (!try_again(cache, error, response))
			fail(cache, error, &note);
		return;
	}
	stop_asking(cache);
	tell(cache, ERR_NONE);
}

/* Looks again where the key comes from first: what vouches for us may have been renewed. */
static void begin(struct credential_cache *cache)
{
	const struct credential_cache_options *options = &cache->options;
	struct credential_source origin = { 0 };
	struct buf why;

	cache->busy = true;
	buf_init(&why, 4096);
	bool found = !options->look || options->look(options->arg, &origin, &why);
	if (!found)
		fail_with(cache, ERR_KEY, why.data);
	buf_release(&why);
	if (!found)
		return;
	if (options->look)
		credential_source_move(&cache->origin, &origin);
	if (cache->origin.kind == CREDENTIAL_SOURCE_KEY) {
		take_origin(cache, &cache->origin);
		return;
	}
	if (!options->provider->keys) {
		fail_with(cache, ERR_KEY, "this cloud gives nobody a key");
		return;
	}
	credential_source_copy(&cache->query, &cache->origin);
	cache->key_exchange = (struct key_exchange){ .source = &cache->query, .site = &options->site };
	cache->begun_ms = now_ms(cache);
	cache->tries = 0;
	cache->clock_learned = false;
	send(cache);
}

/* It comes from somewhere else by now. */
static void begin_again(void *arg)
{
	struct credential_cache *cache = arg;

	cache->timer = NULL;
	cache->busy = false;
	if (is_asked_for(cache))
		begin(cache);
	else
		tell(cache, ERR_NONE);
}

/* ---- the key ---- */

static bool has_key(const struct credential_cache *cache)
{
	return cache->key.id && now_ms(cache) < cache->end_ms;
}

static void look_again(struct credential_cache *cache)
{
	const struct credential_cache_options *options = &cache->options;
	struct credential_source fresh = { 0 };

	if (options->renew && options->renew(options->arg, &fresh))
		take_origin(cache, &fresh);
}

enum error credential_cache_get(struct credential_cache *cache, struct credential_cache_waiter *wait,
	const struct credentials **key)
{
	*key = NULL;
	look_again(cache);
	bool may_ask = !cache->busy && now_ms(cache) >= cache->held_ms;
	if (is_asked_for(cache) && may_ask && (!has_key(cache) || now_ms(cache) >= cache->renew_ms))
		begin(cache);
	if (!is_asked_for(cache))
		*key = &cache->origin.key;
	else if (has_key(cache))
		*key = &cache->key;
	else if (!cache->busy)
		return cache->held;
	else if (wait)
		join(cache, wait);
	return ERR_NONE;
}

bool credential_cache_refused(struct credential_cache *cache, unsigned serial)
{
	const struct credential_cache_options *options = &cache->options;
	struct credential_source origin = { 0 };
	struct buf why;

	if (serial != cache->serial)
		return true;
	if (is_asked_for(cache)) {
		if (!cache->busy && now_ms(cache) - cache->given_ms < YOUNG_MS)
			return false;
		drop_key(cache);
		return true;
	}
	if (!options->look)
		return false;
	buf_init(&why, 4096);
	bool found = options->look(options->arg, &origin, &why);
	if (found) {
		take_origin(cache, &origin);
	} else if (options->failed) {
		struct error_note note = { 0 };
		error_note_copy(note.message, sizeof(note.message), why.data);
		options->failed(options->arg, ERR_TOKEN, &note);
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
	return cache->origin.where ? cache->origin.where : "nowhere";
}

int64_t credential_cache_expires_s(const struct credential_cache *cache)
{
	return is_asked_for(cache) ? cache->expires_s : cache->origin.expires_s;
}
