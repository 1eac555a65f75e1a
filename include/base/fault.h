/*
 * fault.h - why something failed, before anyone thinks of an errno.
 *
 * Every layer hands the cause up unchanged; only the edge asks for an errno.  What a cause means (its
 * errno, whether another try may help, whether the last good answer may stand in) is one table in
 * fault.c, taken row for row from the contract's section "Errors".
 *
 * Includes nothing of ours.
 */
#ifndef DESCRIBEFS_FAULT_H
#define DESCRIBEFS_FAULT_H

#include <stdbool.h>

enum fault {
	FAULT_NONE = 0,
	FAULT_NOT_FOUND, /* the API says that this very resource does not exist */
	FAULT_KEY, /* bad key or signature, HTTP 401, IAM failure */
	FAULT_CLOCK, /* signature expired: our clock is off */
	FAULT_TOKEN, /* temporary key expired or refused */
	FAULT_DENIED, /* no permission, HTTP 403: what is kept must be dropped */
	FAULT_THROTTLED, /* the cloud's rate limit */
	FAULT_QUEUE, /* our own rate queue is longer than the deadline, or something else here is full */
	FAULT_UNSUPPORTED, /* no such action, version, region */
	FAULT_PARAMETER, /* the API refuses a parameter that we chose */
	FAULT_NAME, /* the API refuses a parameter that came from the user's path */
	FAULT_SERVER, /* internal error, 5xx */
	FAULT_LOST, /* the connection broke in the middle */
	FAULT_ANSWER, /* an answer that is not what the API promises */
	FAULT_TOO_BIG, /* an answer over its ceiling */
	FAULT_TIMEOUT, /* no answer within the deadline, HTTP 504 */
	FAULT_NO_HOST, /* DNS, no route to the host */
	FAULT_NO_NETWORK, /* no route at all */
	FAULT_REFUSED, /* connection refused */
	FAULT_TLS, /* TLS refused, or a redirect */
	FAULT_PROXY, /* the proxy that was named refuses to connect */
	FAULT_LOCAL, /* something of our own machine: out of descriptors, ... */
	FAULT_COUNT
};

/* What the peer said of a failure, for people.  Always printable ASCII/UTF-8, cut to fit. */
struct fault_note {
	char code[96]; /* the cloud's own code, "" if none */
	char message[256];
	char request_id[72];
};

/* All of these accept any value; one outside the table is FAULT_LOCAL. */
const char *fault_name(enum fault fault); /* "not-found", for logs */
int fault_errno(enum fault fault); /* positive, 1..133; 0 for FAULT_NONE */
bool fault_retries(enum fault fault); /* another try within the deadline may help */
bool fault_allows_stale(enum fault fault); /* the last good answer may be served instead */
bool fault_drops(enum fault fault); /* what is kept of the thing must go */
bool fault_lasts(enum fault fault); /* time alone does not mend it: who waits for something else is told */
/* Nobody was reached, whatever it was that we wanted to know. */
bool fault_is_outage(enum fault fault);

/* Copies text into a note's field: control bytes become '?', cut at `size` - 1 on a UTF-8 border. */
void fault_note_copy(char *field, unsigned long size, const char *text);

#endif
