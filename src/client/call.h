/*
 * call.h - the inside of a call, for call.c (its life) and call_answer.c (what an answer means).
 */
#ifndef DESCRIBEFS_CALL_H
#define DESCRIBEFS_CALL_H

#include "client_state.h"

/* The last try.  Invariant: `exchange` is not NULL exactly while the call is CALL_SENT. */
struct call_attempt {
	struct exchange *exchange;
	bool is_unsent; /* the transport has the request, and no byte of it has gone onto the wire */
	bool is_hurried; /* it has less time than the deadline would allow */
	unsigned credential_serial; /* of the credentials that signed it */
	char signature[REQUEST_SIGNATURE];
	size_t concurrent; /* calls of its action that were under way then, itself included */
	int64_t clock_offset_s; /* that it was signed with */
};

/* What the call's tries have used up.  Nothing in it ever goes back. */
struct call_retries {
	unsigned tries; /* that were sent */
	unsigned extensions; /* deadlines that it was given after it had timed out */
	unsigned credential_tries; /* credentials that it waited for in vain */
	bool clock_learned, credentials_renewed; /* each at most once */
};

/*
 * Invariant: the ticket is in the queue exactly while CALL_QUEUED, the timer is set exactly while
 * CALL_BACKOFF, the waiter is in the credential cache exactly while CALL_AWAITING_CREDENTIALS, `response`
 * holds a body only while
 * CALL_ANSWERED.
 */
struct call {
	struct client *client;
	struct call_request request;
	struct client_action *action; /* of its action */
	enum call_state state;
	bool is_probe; /* it finds out whether a cloud that was down answers again */
	int64_t begun_ms;
	int64_t deadline_ms; /* its tries included; INT64_MAX: it begins with the next try */
	enum error too_late; /* what it ends with when its turn comes after the deadline */
	struct call_attempt attempt;
	struct call_retries retries;
	struct rate_ticket ticket;
	struct credential_cache_waiter waiter;
	struct timer *timer;
	struct response response;
	struct call_outcome outcome;
	struct completion completion;
};

/* It is done.  Its owner is told at the end of the event. */
void call_end(struct call *call, enum error error);
/* For good: no other try will help. */
void call_fail(struct call *call, enum error error);
/* One line when the cloud cannot be reached any more, and one when it can. */
void call_trace_outage(struct client *client, bool is_offline);
/* The cloud must have some time to answer in; else it would look as if it were silent. */
bool call_is_too_late(const struct call *call, int64_t wait_ms);
/*
 * Sleeps, joins the rate queue, is sent; or ends with `too_late`, when that would be too late.  It joins
 * the queue after the sleep: it would be in the way of calls that come meanwhile.  The first try waits in
 * the queue up to the deadline, however long the queue is, so that readers are paced.
 */
void call_queue_after(struct call *call, int64_t sleep_ms, enum error too_late);

/* That part of the deadline has to be left when a request is sent. */
enum { CALL_WORTH_SENDING = 8 };

#endif
