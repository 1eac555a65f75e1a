/*
 * credential_state.h - the inside of the credential cache, for credential_cache.c.
 */
#ifndef DESCRIBEFS_CREDENTIAL_STATE_H
#define DESCRIBEFS_CREDENTIAL_STATE_H

#include "base/random.h"
#include "client/credential_cache.h"

/* The lifetime of obtained credentials. */
struct credential_term {
	int64_t given_ms, renew_ms, end_ms; /* monotonic: they came, can be renewed, expire */
	int64_t expires_s; /* Unix time of their end; 0: there are none */
};

/* A key exchange under way. Invariant: while is_busy, either `exchange` or `timer` is set. */
struct credential_request {
	bool is_busy;
	struct key_exchange key_exchange;
	struct credential_source source; /* copy, for the exchange */
	struct exchange *exchange;
	struct timer *timer; /* until the next try */
	int64_t begun_ms, sent_ms, clock_offset_s; /* the last two: of the last try */
	unsigned tries;
	bool clock_learned;
	char signature[REQUEST_SIGNATURE]; /* of the last try */
};

/* The last failure, which answers further requests until held_until_ms. */
struct credential_failure {
	unsigned count; /* in a row */
	enum error error;
	int64_t held_until_ms;
};

/* Invariant: `waiters` is empty unless a request is busy. */
struct credential_cache {
	struct credential_cache_options options;
	struct credential_source credential_source;
	struct credentials current; /* obtained by an exchange; id NULL: there are none */
	struct credentials previous; /* an answer that quotes them may still come */
	unsigned serial; /* changes with the credentials */
	struct credential_term term;
	struct list waiters; /* of struct credential_cache_waiter, in the order of joining */
	struct credential_request request;
	struct credential_failure failure;
	struct random jitter;
};

#endif
