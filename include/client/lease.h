/*
 * lease.h - the key to sign with: at hand, or asked for when somebody needs it.
 *
 * However many need it at once, it is asked for once.  One that ends is renewed by the first call that meets
 * it near its end, while the others go on with it; when nobody calls, nothing is asked.  A refusal answers
 * for itself for a moment, longer when it comes again.
 *
 * Its only way out is http/io.h.
 */
#ifndef DESCRIBEFS_LEASE_H
#define DESCRIBEFS_LEASE_H

#include "http/io.h"
#include "provider/provider.h"

struct lease;

struct lease_options {
	struct io io;
	const struct provider *provider;
	struct key_site site; /* borrowed, as is all here */
	const struct origin *origin; /* copied; NULL: there is no key, and calls go unsigned */
	int64_t deadline_ms; /* nobody waits longer */
	int64_t *clock_offset_s; /* what is added to our clock when signing; learned here too */
	uint64_t seed; /* of the retry jitter */
	/* Looks again where the key comes from; false: `why` is one line. May be NULL. */
	bool (*look)(void *arg, struct origin *out, struct buf *why);
	/* Asked before each call: true, and *out is replaced, when it comes from elsewhere. May be NULL. */
	bool (*renew)(void *arg, struct origin *out);
	/* There is no key, or no new one. May be NULL. */
	void (*failed)(void *arg, enum fault fault, const struct fault_note *note);
	/* One line for each exchange, without secrets. May be NULL. */
	void (*trace)(void *arg, const char *line);
	void *arg;
};

typedef void lease_done_fn(void *arg, enum fault fault);

/* Somebody who waits for a key; lies in whatever waits. */
struct lease_wait {
	struct lease_wait *next, *prev;
	lease_done_fn *done;
	void *arg;
};

struct lease *lease_new(const struct lease_options *options);
/* Nobody may wait any more. NULL is fine. */
void lease_free(struct lease *lease);

/*
 * FAULT_NONE and *key: sign with it now.  FAULT_NONE and *key NULL: it is being asked for, and wait->done is
 * called once, never from in here; then ask again.  Else: there is none.  `wait` NULL: nobody waits.
 */
enum fault lease_key(struct lease *lease, struct lease_wait *wait, const struct credentials **key);
void lease_leave(struct lease_wait *wait);
/*
 * Takes out of a note what the cloud quoted of our request: the keys of now and before, what vouches for us,
 * and the signature that the request had.
 */
void lease_redact(const struct lease *lease, struct fault_note *note, const char *signature);
/* Changes whenever the key does. */
unsigned lease_serial(const struct lease *lease);
/* The cloud refused the token of that serial. True: there is another one, or there will be; try again. */
bool lease_refused(struct lease *lease, unsigned serial);
/* For people: where the key comes from, and its end (Unix; 0: it has none, or nobody knows yet). */
const char *lease_where(const struct lease *lease);
int64_t lease_expires_s(const struct lease *lease);

#endif
