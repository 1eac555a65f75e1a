/*
 * error.h - why something failed, before anyone thinks of an errno.
 *
 * Every layer hands the cause up unchanged; only the edge asks for an errno.  What a cause means (its
 * errno, whether another try may help, whether the last good answer may stand in) is one table in
 * error.c, taken row for row from the contract's section "Errors".
 *
 * Includes nothing of ours.
 */
#ifndef DESCRIBEFS_ERROR_H
#define DESCRIBEFS_ERROR_H

#include <stdbool.h>

enum error {
	ERR_NONE = 0,
	ERR_NOT_FOUND, /* the API says that this very resource does not exist */
	ERR_KEY, /* bad key or signature, HTTP 401, IAM failure */
	ERR_CLOCK, /* signature expired: our clock is off */
	ERR_TOKEN, /* temporary key expired or refused */
	ERR_DENIED, /* no permission, HTTP 403: what is kept must be dropped */
	ERR_THROTTLED, /* the cloud's rate limit */
	ERR_QUEUE, /* our own rate queue is longer than the deadline, or something else here is full */
	ERR_UNSUPPORTED, /* no such action, version, region */
	ERR_PARAMETER, /* the API refuses a parameter that we chose */
	ERR_NAME, /* the API refuses a parameter that came from the user's path */
	ERR_SERVER, /* internal error, 5xx */
	ERR_LOST, /* the connection broke in the middle */
	ERR_ANSWER, /* an answer that is not what the API promises */
	ERR_TOO_BIG, /* an answer over its ceiling */
	ERR_TIMEOUT, /* no answer within the deadline, HTTP 504 */
	ERR_NO_HOST, /* DNS, no route to the host */
	ERR_NO_NETWORK, /* no route at all */
	ERR_REFUSED, /* connection refused */
	ERR_TLS, /* TLS refused, or a redirect */
	ERR_PROXY, /* the proxy that was named refuses to connect */
	ERR_LOCAL, /* something of our own machine: out of descriptors, ... */
	ERR_COUNT
};

/* What the peer said of a failure, for people.  Always printable ASCII/UTF-8, cut to fit. */
struct error_note {
	char code[96]; /* the cloud's own code, "" if none */
	char message[256];
	char request_id[72];
};

/* All of these accept any value; one outside the table is ERR_LOCAL. */
const char *error_name(enum error error); /* "not-found", for logs */
int error_errno(enum error error); /* positive, 1..133; 0 for ERR_NONE */
bool error_retries(enum error error); /* another try within the deadline may help */
bool error_allows_stale(enum error error); /* the last good answer may be served instead */
bool error_drops(enum error error); /* what is kept of the thing must go */
bool error_lasts(enum error error); /* time alone does not mend it: who waits for something else is told */
/* Nobody was reached, whatever it was that we wanted to know. */
bool error_is_outage(enum error error);

/* Copies text into a note's field: control bytes become '?', cut at `size` - 1 on a UTF-8 border. */
void error_note_copy(char *field, unsigned long size, const char *text);

#endif
