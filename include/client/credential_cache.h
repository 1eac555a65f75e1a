/*
 * credential_cache.h - the key to sign with: at hand, or asked for when somebody needs it.
 *
 * However many need it at once, it is asked for once.  One that ends is renewed by the first call that meets
 * it near its end, while the others go on with it; when nobody calls, nothing is asked.  A refusal answers
 * for itself for a moment, longer when it comes again.
 *
 * Its only way out is http/transport.h.
 */
#ifndef DESCRIBEFS_CREDENTIAL_CACHE_H
#define DESCRIBEFS_CREDENTIAL_CACHE_H

#include "http/transport.h"
#include "provider/provider.h"

struct credential_cache;

struct credential_cache_options {
	struct transport io;
	const struct provider *provider;
	struct key_site site; /* borrowed, as is all here */
	const struct credential_source *origin; /* copied; NULL: there is no key, and calls go unsigned */
	int64_t deadline_ms; /* nobody waits longer */
	int64_t *clock_offset_s; /* what is added to our clock when signing; learned here too */
	uint64_t seed; /* of the retry jitter */
	/* Looks again where the key comes from; false: `why` is one line. May be NULL. */
	bool (*look)(void *arg, struct credential_source *out, struct buf *why);
	/* Asked before each call: true, and *out is replaced, when it comes from elsewhere. May be NULL. */
	bool (*renew)(void *arg, struct credential_source *out);
	/* There is no key, or no new one. May be NULL. */
	void (*failed)(void *arg, enum error error, const struct error_note *note);
	/* One line for each exchange, without secrets. May be NULL. */
	void (*trace)(void *arg, const char *line);
	void *arg;
};

typedef void credential_cache_done_fn(void *arg, enum error error);

/* Somebody who waits for a key; lies in whatever waits. */
struct credential_cache_waiter {
	struct credential_cache_waiter *next, *prev;
	credential_cache_done_fn *done;
	void *arg;
};

struct credential_cache *credential_cache_new(const struct credential_cache_options *options);
/* Nobody may wait any more. NULL is fine. */
void credential_cache_free(struct credential_cache *cache);

/*
 * ERR_NONE and *key: sign with it now.  ERR_NONE and *key NULL: it is being asked for, and wait->done is
 * called once, never from in here; then ask again.  Else: there is none.  `wait` NULL: nobody waits.
 */
enum error credential_cache_get(struct credential_cache *cache, struct credential_cache_waiter *wait,
	const struct credentials **key);
void credential_cache_leave(struct credential_cache_waiter *wait);
/*
 * Takes out of a note what the cloud quoted of our request: the keys of now and before, what vouches for us,
 * and the signature that the request had.
 */
void credential_cache_redact(const struct credential_cache *cache, struct error_note *note,
	const char *signature);
/* Changes whenever the key does. */
unsigned credential_cache_serial(const struct credential_cache *cache);
/* The cloud refused the token of that serial. True: there is another one, or there will be; try again. */
bool credential_cache_refused(struct credential_cache *cache, unsigned serial);
/* For people: where the key comes from, and its end (Unix; 0: it has none, or nobody knows yet). */
const char *credential_cache_origin(const struct credential_cache *cache);
int64_t credential_cache_expires_s(const struct credential_cache *cache);

#endif
