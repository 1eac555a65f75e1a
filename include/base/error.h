/*
 * error.h - the causes of failures: one enum and one table.
 *
 * Every layer passes a cause up unchanged. The front ends turn it into an errno, and the journal prints the
 * errno's name. error.c has one row for each cause: its name, its errno, and whether the call is retried,
 * whether stale data may be served, whether cached data is dropped, and whether the cause lasts. The rows are
 * those of ERRORS in describefs(1).
 *
 * Pure.
 */
#ifndef DESCRIBEFS_ERROR_H
#define DESCRIBEFS_ERROR_H

#include <stdbool.h>

enum error {
	ERR_NONE = 0,
	ERR_NOT_FOUND, /* the API says that this resource does not exist */
	ERR_KEY, /* invalid key or signature, HTTP 401, IAM failure */
	ERR_CLOCK, /* the signature has expired: the local clock is wrong */
	ERR_TOKEN, /* a temporary key has expired or is refused */
	ERR_DENIED, /* no permission, HTTP 403: cached data is dropped */
	ERR_THROTTLED, /* the cloud's rate limit */
	ERR_QUEUE, /* the local rate queue is longer than the deadline, or another local limit is reached */
	ERR_UNSUPPORTED, /* no such action, version, region */
	ERR_PARAMETER, /* the API refuses a parameter that the program chose */
	ERR_NAME, /* the API refuses a parameter that came from the user's path */
	ERR_SERVER, /* internal error, 5xx */
	ERR_LOST, /* the connection broke before the response was complete */
	ERR_ANSWER, /* the response breaks the API's or HTTP's rules */
	ERR_TOO_BIG, /* the response is over a ceiling */
	ERR_TIMEOUT, /* no response within the deadline, HTTP 504 */
	ERR_NO_HOST, /* DNS failure, no route to the host */
	ERR_NO_NETWORK, /* no route to any network */
	ERR_REFUSED, /* connection refused */
	ERR_TLS, /* TLS handshake failed, or a redirect */
	ERR_PROXY, /* the configured proxy refuses to connect */
	ERR_LOCAL, /* a failure of this machine: out of memory, descriptors, ... */
	ERR_COUNT
};

/* What the peer reported about a failure, for people. Always printable UTF-8, cut to fit. */
struct error_note {
	char code[96]; /* the cloud's error code, "" if none */
	char message[256];
	char request_id[72];
};

/* The columns of the table. Each accepts any value; one outside the table is treated as ERR_LOCAL. */
const char *error_name(enum error error); /* "not-found", for logs */
int error_errno(enum error error); /* positive, 1 to 133; 0 for ERR_NONE */
bool error_retries(enum error error); /* a retry within the deadline may succeed */
bool error_allows_stale(enum error error); /* the last good answer may be served instead */
bool error_drops(enum error error); /* cached data about the resource must be dropped */
bool error_lasts(enum error error); /* waiting does not help: the daemon answers a waiting reader at once */
/* No peer was reached, so the failure says nothing about the request. */
bool error_is_outage(enum error error);

/*
 * Copies `text` into a field of `size` bytes, NUL included. Characters unfit for a terminal become '?'. A
 * text that is too long is cut between two characters.
 */
void error_note_copy(char *field, unsigned long size, const char *text);

#endif
