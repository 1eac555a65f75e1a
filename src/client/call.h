/*
 * call.h - the inside of a call, for call.c (its life) and call_answer.c (what an answer means).
 */
#ifndef DESCRIBEFS_CALL_H
#define DESCRIBEFS_CALL_H

#include "client_state.h"

/*
 * The last try. Invariant: between two events, `exchange` is not NULL exactly while the call is CALL_SENT.
 */
struct call_attempt {
	struct exchange *exchange;
	bool is_unsent; /* the transport has the request, and no byte of it has gone onto the wire */
	bool is_hurried; /* its timeout is shorter than the rest of the deadline */
	unsigned credential_serial; /* of the credentials that signed it */
	char signature[REQUEST_SIGNATURE];
	size_t concurrent; /* what concurrency_sent returned */
	int64_t clock_offset_s; /* was added to the local clock when it was signed */
};

/* What the call's tries have used up. No member ever decreases. */
struct call_retries {
	unsigned tries; /* tries that were sent */
	unsigned extensions; /* new deadlines after a timeout */
	unsigned credential_tries; /* waits for credentials that brought none */
	bool clock_learned, credentials_renewed; /* each happens at most once for a call */
};

/*
 * Invariants, between two events: the ticket is in the queue exactly while CALL_QUEUED, and the waiter in the
 * credential cache exactly while CALL_AWAITING_CREDENTIALS. `timer` is set only while CALL_BACKOFF, and
 * `response` holds a body only while CALL_ANSWERED.
 */
struct call {
	struct client *client;
	struct call_request request;
	struct client_action *action; /* what the client keeps of request.action */
	enum call_state state;
	bool is_probe; /* it is the circuit breaker's probe */
	int64_t begun_ms;
	int64_t deadline_ms; /* of all tries; INT64_MAX: it is set when the next try is sent */
	enum error too_late; /* the error that it ends with if its turn comes after the deadline */
	struct call_attempt attempt;
	struct call_retries retries;
	struct rate_ticket ticket;
	struct credential_cache_waiter waiter;
	struct timer *timer;
	struct response response;
	struct call_outcome outcome;
	struct completion completion;
};

/* The call is done: with an answer (ERR_NONE) or an error. Its owner is told at the end of the event. */
void call_end(struct call *call, enum error error);
/* The same, for an error that no further try will resolve: the circuit breaker counts it. */
void call_fail(struct call *call, enum error error);
/* Traces one line when the cloud can no longer be reached, and one when it can again. */
void call_trace_outage(struct client *client, bool is_offline);
/* A request that is sent in `wait_ms` would leave the cloud too little time to answer. */
bool call_is_too_late(const struct call *call, int64_t wait_ms);
/*
 * Sleeps, and then joins the rate queue; ends the call with `too_late` if the deadline does not allow that.
 * The ticket joins the queue after the sleep, because before it would hold up others. A first try waits in
 * the queue up to the deadline, however long the queue is, so that readers are paced.
 */
void call_queue_after(struct call *call, int64_t sleep_ms, enum error too_late);

/* When a request is sent, one part in so many of the deadline has to be left. */
enum { CALL_WORTH_SENDING = 8 };

#endif
