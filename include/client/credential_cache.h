/*
 * credential_cache.h - credential cache (single flight): returns the current credentials, or obtains new
 * ones on demand.
 *
 * Concurrent requests share one key exchange. In the last 5 minutes of a lifetime the next request starts a
 * renewal, and calls use the old credentials meanwhile; without requests nothing is renewed. A failed
 * exchange is a negative entry: it answers further requests for 1 s, doubled with each failure in a row up
 * to 8 s.
 *
 * The cache does I/O through http/transport.h alone.
 */
#ifndef DESCRIBEFS_CREDENTIAL_CACHE_H
#define DESCRIBEFS_CREDENTIAL_CACHE_H

#include "base/list.h"
#include "client/completion.h"
#include "http/transport.h"
#include "provider/provider.h"

struct credential_cache;

struct credential_cache_options {
	struct transport io;
	struct completion_queue *completions; /* delivered at the end of each event; NULL: there is none */
	const struct provider *provider;
	struct key_site site; /* borrowed, as is everything here */
	const struct credential_source *credential_source; /* copied; NULL: calls go unsigned */
	int64_t deadline_ms; /* of a key exchange with its retries */
	int64_t *clock_offset_s; /* added to the local clock when signing; learned here too */
	uint64_t seed; /* of the retry jitter */
	/* Reads the source again. False: `why` is one line that says what is wrong. May be NULL. */
	bool (*look)(void *arg, struct credential_source *out, struct buf *why);
	/*
	 * Called before each call: true, and *out is replaced, when the source has changed. May be NULL.
	 */
	bool (*renew)(void *arg, struct credential_source *out);
	void *source_arg; /* of look and renew */
	/* No credentials could be obtained, or no new ones. May be NULL. */
	void (*failed)(void *arg, enum error error, const struct error_note *note);
	void *failed_arg;
	/* One line for each exchange, without secrets. May be NULL. */
	void (*trace)(void *arg, const char *line);
	void *trace_arg;
};

typedef void credential_cache_done_fn(void *arg, enum error error);

/* A member of the object that waits for credentials. */
struct credential_cache_waiter {
	struct list link; /* in the cache's list while it waits */
	credential_cache_done_fn *done;
	void *arg;
};

void credential_cache_waiter_init(struct credential_cache_waiter *wait, credential_cache_done_fn *done,
	void *arg);

struct credential_cache *credential_cache_new(const struct credential_cache_options *options);
/* No waiter may be left. NULL is fine. */
void credential_cache_free(struct credential_cache *cache);

/*
 * Requests credentials. ERR_NONE with *found: these are current; borrowed until the next call. ERR_NONE
 * with *found NULL: an exchange is under way; wait->done is called once, not before this function returns,
 * and then the caller requests them again. Another error: none can be obtained. `wait` NULL: the caller
 * does not wait.
 */
enum error credential_cache_get(struct credential_cache *cache, struct credential_cache_waiter *wait,
	const struct credentials **found);
/* The waiter's callback is not called any more. */
void credential_cache_leave(struct credential_cache_waiter *wait);
/*
 * Removes from a note what the cloud may have quoted of a request: the current and the previous credentials,
 * the identity that obtained them, and the request's signature.
 */
void credential_cache_redact(const struct credential_cache *cache, struct error_note *note,
	const char *signature);
/* A number that changes whenever the credentials change. */
unsigned credential_cache_serial(const struct credential_cache *cache);
/*
 * The cloud refused the token of the credentials with that serial. True: the caller tries again, because
 * there are other credentials, or an exchange will bring them.
 */
bool credential_cache_refused(struct credential_cache *cache, unsigned serial);
/*
 * For people: where the credentials come from, and when they expire (Unix time; 0: never, or not known
 * yet).
 */
const char *credential_cache_origin(const struct credential_cache *cache);
int64_t credential_cache_expires_s(const struct credential_cache *cache);

#endif
