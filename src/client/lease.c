/*
 * lease.c - the key to sign with: at hand, or asked for when somebody needs it.
 *
 * A key that was asked for lives by the monotonic clock: its end, as the cloud wrote it, is measured from the
 * Date of the same answer, so that a wrong or a stepping clock of ours ends no key early.  It is renewed in
 * the last five minutes, or in the second half of a shorter life.  A service that gives out the same key
 * again is asked again after half of what is left: there are far fewer questions than calls.
 *
 * What refuses to give a key says nothing about the resource that was asked for: no cause that means "it is
 * gone", "you may not see it" or "that does not exist" leaves this file, else what is kept would be dropped.
 */
#include "client/lease.h"

#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/redact.h"
#include "base/when.h"
#include "client/rate.h"

enum {
	WORTH_SENDING = 8, /* that part of the deadline has to be left for another try */
	RENEW_MS = 300 * 1000, /* before the end; the official tools do the same */
	LIFE_MAX_S = 366 * 86400,
	YOUNG_MS = 5000, /* a key as new as that is not asked for again when the cloud refuses it */
	HOLD_MS = 1000, /* how long a refusal answers for itself, doubled each time */
	HOLD_MAX_MS = 8000,
};

struct lease {
	struct lease_options options;
	struct origin origin;
	struct credentials key; /* that was asked for; without an id there is none */
	struct credentials before; /* the key before this one: an answer to it may still come */
	char signature[REQUEST_SIGNATURE]; /* of the last question */
	unsigned serial;
	int64_t given_ms, renew_ms, end_ms; /* when it came, may be renewed, ends */
	int64_t expires_s;
	struct lease_wait waits; /* a ring through all who wait, in order */

	/* while it is asked for */
	bool busy;
	struct errand errand;
	struct origin asked; /* what the errand looks at */
	struct exchange *exchange;
	struct timer *timer; /* until the next try */
	int64_t begun_ms, sent_ms, used_offset_s;
	unsigned tries;
	bool clock_learned;
	uint64_t chance;

	/* after a refusal */
	unsigned failures; /* in a row */
	enum fault held;
	int64_t held_ms;
};

static int64_t now_ms(const struct lease *lease)
{
	return lease->options.io.now_ms(lease->options.io.self);
}

static int64_t wall_s(const struct lease *lease)
{
	return lease->options.io.wall_s(lease->options.io.self);
}

struct lease *lease_new(const struct lease_options *options)
{
	struct lease *lease = xcalloc(1, sizeof(*lease));

	lease->options = *options;
	lease->chance = options->seed;
	lease->waits.next = lease->waits.prev = &lease->waits;
	if (options->origin)
		origin_copy(&lease->origin, options->origin);
	return lease;
}

/* Takes back what is on its way. */
static void stop_asking(struct lease *lease)
{
	const struct io *io = &lease->options.io;

	if (lease->exchange)
		io->cancel(io->self, lease->exchange);
	io->unset(io->self, lease->timer);
	lease->exchange = NULL;
	lease->timer = NULL;
	lease->busy = false;
	errand_release(&lease->errand);
	origin_release(&lease->asked);
}

void lease_free(struct lease *lease)
{
	if (!lease)
		return;
	stop_asking(lease);
	origin_release(&lease->origin);
	credentials_release(&lease->key);
	credentials_release(&lease->before);
	free(lease);
}

/* ---- who waits ---- */

static void join(struct lease *lease, struct lease_wait *wait)
{
	wait->next = &lease->waits;
	wait->prev = lease->waits.prev;
	wait->prev->next = wait->next->prev = wait;
}

void lease_leave(struct lease_wait *wait)
{
	wait->next->prev = wait->prev;
	wait->prev->next = wait->next;
	wait->next = wait->prev = wait;
}

/* All who wait now, each once: who has to wait again joins anew. */
static void tell(struct lease *lease, enum fault fault)
{
	struct lease_wait told, *all = &lease->waits;

	if (all->next == all)
		return;
	told = *all;
	told.next->prev = told.prev->next = &told;
	all->next = all->prev = all;
	while (told.next != &told) {
		struct lease_wait *wait = told.next;
		lease_leave(wait);
		wait->done(wait->arg, fault);
	}
}

/* ---- what came of it ---- */

/* What it means for somebody who only wanted to read a file. */
static enum fault fault_of_key(enum fault fault)
{
	switch (fault) {
	case FAULT_NOT_FOUND:
	case FAULT_DENIED:
	case FAULT_UNSUPPORTED:
	case FAULT_PARAMETER:
	case FAULT_NAME:
	case FAULT_TOKEN:
		return FAULT_KEY;
	default:
		return fault;
	}
}

static void fail(struct lease *lease, enum fault fault, const struct fault_note *note)
{
	int64_t hold_ms = HOLD_MS << (lease->failures < 3 ? lease->failures : 3);

	stop_asking(lease);
	lease->failures++;
	lease->held = fault_of_key(fault);
	lease->held_ms = now_ms(lease) + (hold_ms < HOLD_MAX_MS ? hold_ms : HOLD_MAX_MS);
	if (lease->options.failed)
		lease->options.failed(lease->options.arg, lease->held, note);
	tell(lease, lease->held);
}

static void fail_with(struct lease *lease, enum fault fault, const char *why)
{
	struct fault_note note = { 0 };

	fault_note_copy(note.message, sizeof(note.message), why);
	fail(lease, fault, &note);
}

static void redact_key(char *text, const struct credentials *key)
{
	redact(text, key->secret);
	redact(text, key->token);
	redact(text, key->id);
}

void lease_redact(const struct lease *lease, struct fault_note *note, const char *signature)
{
	char *texts[] = { note->code, note->message, note->request_id };

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		redact_key(texts[i], &lease->origin.key);
		redact_key(texts[i], &lease->key);
		redact_key(texts[i], &lease->before);
		redact_key(texts[i], &lease->errand.key);
		redact(texts[i], lease->origin.identity);
		redact(texts[i], lease->asked.identity);
		redact(texts[i], signature);
	}
}

/* What was signed with it may still be answered. */
static void keep_before(struct lease *lease)
{
	const struct credentials *key = lease->key.id ? &lease->key : &lease->origin.key;

	if (key->id)
		credentials_copy(&lease->before, key);
}

/* The key that was asked for ends now, if there is one. */
static void drop_key(struct lease *lease)
{
	keep_before(lease);
	credentials_release(&lease->key);
	lease->expires_s = 0;
	lease->serial++;
}

static void begin_again(void *arg);

/* Who waits already is not told in here: it may be he who asks. */
static void take_origin(struct lease *lease, struct origin *origin)
{
	const struct io *io = &lease->options.io;

	stop_asking(lease);
	drop_key(lease);
	origin_move(&lease->origin, origin);
	lease->failures = 0;
	lease->held_ms = 0;
	lease->busy = lease->waits.next != &lease->waits;
	if (lease->busy)
		lease->timer = io->after(io->self, 0, begin_again, lease);
}

/* FAULT_NONE: the errand's key is the key now. */
static enum fault take_key(struct lease *lease, const struct response *response, struct fault_note *note)
{
	struct errand *errand = &lease->errand;
	int64_t server_s = wall_s(lease) + *lease->options.clock_offset_s;

	when_parse_http(response->date, &server_s);
	int64_t life_s = errand->expires_s - server_s - 1; /* the Date's second may be nearly over */
	if (life_s <= 0) {
		fault_note_copy(note->message, sizeof(note->message), "the key that was given has expired");
		return FAULT_TOKEN;
	}
	if (life_s > LIFE_MAX_S)
		life_s = LIFE_MAX_S;
	keep_before(lease);
	credentials_copy(&lease->key, &errand->key);
	lease->serial++;
	lease->expires_s = errand->expires_s;
	lease->given_ms = now_ms(lease);
	lease->end_ms = lease->sent_ms + life_s * 1000;
	lease->renew_ms = lease->end_ms - (life_s * 500 < RENEW_MS ? life_s * 500 : RENEW_MS);
	lease->failures = 0;
	return FAULT_NONE;
}

static void trace(const struct lease *lease, const struct response *response, enum fault fault,
	const struct fault_note *note)
{
	struct buf line;

	if (!lease->options.trace)
		return;
	buf_init(&line, 1024);
	buf_printf(&line, "key status=%d ms=%lld try=%u fault=%s code=%s request=%s", response->status,
		(long long)(now_ms(lease) - lease->sent_ms), lease->tries, fault_name(fault),
		note->code, note->request_id);
	lease->options.trace(lease->options.arg, line.data);
	buf_release(&line);
}

static bool is_asked_for(const struct lease *lease)
{
	return lease->origin.kind != ORIGIN_KEY;
}

/* ---- asking ---- */

static void take_reply(void *arg, struct response *response);

static int64_t left_ms(const struct lease *lease)
{
	return lease->begun_ms + lease->options.deadline_ms - now_ms(lease);
}

static void send(struct lease *lease)
{
	const struct lease_options *options = &lease->options;
	struct request request;

	lease->used_offset_s = *options->clock_offset_s;
	options->provider->keys->ask(&request, &lease->errand, wall_s(lease) + lease->used_offset_s);
	if (request.timeout_ms > left_ms(lease))
		request.timeout_ms = left_ms(lease) > 1 ? (long)left_ms(lease) : 1;
	lease->tries++;
	lease->sent_ms = now_ms(lease);
	request_signature(&request, lease->signature);
	lease->exchange = options->io.send(options->io.self, &request, NULL, take_reply, lease);
	digest_wipe(request.body.data, request.body.len);
	request_release(&request);
}

static void wake_up(void *arg)
{
	struct lease *lease = arg;

	lease->timer = NULL;
	send(lease);
}

/* True: it is tried again, or will be. */
static bool try_again(struct lease *lease, enum fault fault, const struct response *response)
{
	const struct io *io = &lease->options.io;

	if (fault == FAULT_CLOCK && !lease->clock_learned &&
			when_learn_offset(response->date, wall_s(lease), lease->used_offset_s,
				lease->options.clock_offset_s)) {
		lease->clock_learned = true;
		send(lease);
		return true;
	}
	/* who has failed before is asked seldom enough, and once each time */
	if (!fault_retries(fault) || lease->failures)
		return false;
	lease->chance = lease->chance * 6364136223846793005ULL + 1442695040888963407ULL;
	int64_t sleep_ms = 1 + retry_sleep_ms(fault, lease->tries - 1, lease->chance >> 33);
	if (sleep_ms >= left_ms(lease) - lease->options.deadline_ms / WORTH_SENDING)
		return false;
	lease->timer = io->after(io->self, sleep_ms, wake_up, lease);
	return true;
}

static void take_reply(void *arg, struct response *response)
{
	struct lease *lease = arg;
	struct fault_note note = { 0 };

	lease->exchange = NULL;
	enum fault fault = lease->options.provider->keys->hear(&lease->errand, response, &note);
	lease_redact(lease, &note, lease->signature);
	digest_wipe(response->body.data, response->body.len);
	trace(lease, response, fault, &note);
	if (!fault && !lease->errand.key.id) {
		lease->tries = 0;
		send(lease);
		return;
	}
	if (!fault)
		fault = take_key(lease, response, &note);
	if (fault) {
		if (!try_again(lease, fault, response))
			fail(lease, fault, &note);
		return;
	}
	stop_asking(lease);
	tell(lease, FAULT_NONE);
}

/* Looks again where the key comes from first: what vouches for us may have been renewed. */
static void begin(struct lease *lease)
{
	const struct lease_options *options = &lease->options;
	struct origin origin = { 0 };
	struct buf why;

	lease->busy = true;
	buf_init(&why, 4096);
	bool found = !options->look || options->look(options->arg, &origin, &why);
	if (!found)
		fail_with(lease, FAULT_KEY, why.data);
	buf_release(&why);
	if (!found)
		return;
	if (options->look)
		origin_move(&lease->origin, &origin);
	if (lease->origin.kind == ORIGIN_KEY) {
		take_origin(lease, &lease->origin);
		return;
	}
	if (!options->provider->keys) {
		fail_with(lease, FAULT_KEY, "this cloud gives nobody a key");
		return;
	}
	origin_copy(&lease->asked, &lease->origin);
	lease->errand = (struct errand){ .origin = &lease->asked, .site = &options->site };
	lease->begun_ms = now_ms(lease);
	lease->tries = 0;
	lease->clock_learned = false;
	send(lease);
}

/* It comes from somewhere else by now. */
static void begin_again(void *arg)
{
	struct lease *lease = arg;

	lease->timer = NULL;
	lease->busy = false;
	if (is_asked_for(lease))
		begin(lease);
	else
		tell(lease, FAULT_NONE);
}

/* ---- the key ---- */

static bool has_key(const struct lease *lease)
{
	return lease->key.id && now_ms(lease) < lease->end_ms;
}

static void look_again(struct lease *lease)
{
	const struct lease_options *options = &lease->options;
	struct origin fresh = { 0 };

	if (options->renew && options->renew(options->arg, &fresh))
		take_origin(lease, &fresh);
}

enum fault lease_key(struct lease *lease, struct lease_wait *wait, const struct credentials **key)
{
	*key = NULL;
	look_again(lease);
	bool may_ask = !lease->busy && now_ms(lease) >= lease->held_ms;
	if (is_asked_for(lease) && may_ask && (!has_key(lease) || now_ms(lease) >= lease->renew_ms))
		begin(lease);
	if (!is_asked_for(lease))
		*key = &lease->origin.key;
	else if (has_key(lease))
		*key = &lease->key;
	else if (!lease->busy)
		return lease->held;
	else if (wait)
		join(lease, wait);
	return FAULT_NONE;
}

bool lease_refused(struct lease *lease, unsigned serial)
{
	const struct lease_options *options = &lease->options;
	struct origin origin = { 0 };
	struct buf why;

	if (serial != lease->serial)
		return true;
	if (is_asked_for(lease)) {
		if (!lease->busy && now_ms(lease) - lease->given_ms < YOUNG_MS)
			return false;
		drop_key(lease);
		return true;
	}
	if (!options->look)
		return false;
	buf_init(&why, 4096);
	bool found = options->look(options->arg, &origin, &why);
	if (found) {
		take_origin(lease, &origin);
	} else if (options->failed) {
		struct fault_note note = { 0 };
		fault_note_copy(note.message, sizeof(note.message), why.data);
		options->failed(options->arg, FAULT_TOKEN, &note);
	}
	buf_release(&why);
	return found;
}

unsigned lease_serial(const struct lease *lease)
{
	return lease->serial;
}

const char *lease_where(const struct lease *lease)
{
	return lease->origin.where ? lease->origin.where : "nowhere";
}

int64_t lease_expires_s(const struct lease *lease)
{
	return is_asked_for(lease) ? lease->expires_s : lease->origin.expires_s;
}
