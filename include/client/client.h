/*
 * client.h - makes API calls: rate limit, circuit breaker, credentials, retries, deadline.
 *
 * A struct call is one API call with a finished body. It waits in the rate queue of its action, is signed
 * and sent, and is tried again until its deadline if a retry may succeed. The client knows neither tree nor
 * pages, and links without them. It does I/O through http/transport.h alone.
 *
 * A ticket is a call's place in the rate queue. A patient call waits there without a deadline; its deadline
 * begins when it is sent. A prefetch call is one that is sent before a reader asks for its answer.
 */
#ifndef DESCRIBEFS_CLIENT_H
#define DESCRIBEFS_CLIENT_H

#include "client/completion.h"
#include "http/transport.h"
#include "provider/provider.h"

enum { CLIENT_PROBE_MS = 5000 }; /* while the circuit breaker is open: from one probe to the next */

struct client;
struct call;
struct json;

/* Everything is borrowed and outlives the client; `credential_source` is copied. */
struct client_options {
	struct transport io;
	struct completion_queue *completions; /* for the callbacks of calls */
	const struct provider *provider;
	struct site site;
	const struct credential_source *credential_source; /* how credentials are obtained */
	struct key_site key_site;
	/* As in credential_cache.h. */
	bool (*look)(void *arg, struct credential_source *out, struct buf *why);
	bool (*renew)(void *arg, struct credential_source *out);
	void *key_arg; /* of look and renew */
	int64_t deadline_ms; /* of a call, its retries included */
	double rate; /* calls a second for each action; 0: the catalog's */
	uint64_t seed; /* of the retry jitter */
	/* One line for each exchange, without secrets. May be NULL. */
	void (*trace)(void *arg, const char *line);
	void *trace_arg;
	/* No credentials could be obtained, or no new ones. May be NULL. */
	void (*credentials_failed)(void *arg, enum error error, const struct error_note *note);
	void *credentials_arg;
};

struct client_stats {
	size_t demand; /* fetches under way, also those that no reader waits for (client_add_demand) */
	uint64_t calls; /* tries that were sent */
	uint64_t retries; /* those of them that were not the first of their call */
	int64_t clock_offset_s; /* added to the local clock when signing */
	int64_t last_ok_s; /* Unix time of the last good answer; 0: there was none */
	int64_t last_ok_ms; /* the same, monotonic */
};

struct client *client_new(const struct client_options *options);
/* All its calls have been freed. NULL is fine. */
void client_free(struct client *client);
struct client_stats client_stats(const struct client *client);
/*
 * For people: where the credentials come from (borrowed until the next call), and their end (Unix time; 0:
 * none).
 */
const char *client_credentials_origin(const struct client *client);
int64_t client_credentials_expires_s(const struct client *client);

/* ---- the cloud's state ---- */

/* The cause that the circuit breaker is open with; ERR_NONE: it is closed. */
enum error client_outage(const struct client *client);
/*
 * The cloud has answered a call in the last `ms` milliseconds, or no call was waiting for an answer before.
 */
bool client_was_answered_within(const struct client *client, int64_t ms);
/*
 * Adds to the number of fetches under way, of which those that no reader waits for count too. The circuit
 * breaker opens only if it is high.
 */
void client_add_demand(struct client *client, int change);

/* ---- one action's rate ---- */

/* A forecast: how long a new call of this user would wait in the rate queue. */
int64_t client_wait_ms(struct client *client, const struct action *action, unsigned uid);
/*
 * Whether a prefetch call may be sent now: no call waits in the queue, the rate has room, and the
 * concurrency limit is not reached. `share`: of that limit, 1 or less.
 */
bool client_has_room_ahead(struct client *client, const struct action *action, double share);
/*
 * In how long the next prefetch call of a scan may be sent, so that these calls spread evenly over the rate.
 * 0: now, and it is counted.
 */
int64_t client_pace_ms(struct client *client, const struct action *action);
/* Whether the rate limit allows so many calls in that time. */
bool client_can_make(struct client *client, const struct action *action, int64_t calls, int64_t within_ms);

/* What is counted of one action. */
struct client_action_stats {
	const struct action *action;
	const uint64_t *ended; /* tries that ended, by cause (ERR_NONE: a good answer): ERR_COUNT numbers */
	size_t n_queued; /* calls that wait in the rate queue */
};
/* Each action that was used, in the order of first use: start with *at = 0; false at the end. */
bool client_next_action(const struct client *client, size_t *at, struct client_action_stats *out);

/* ---- one call ---- */

/* How soon a call is sent, among those of its action. */
enum call_priority {
	PRIORITY_RETRY, /* a retry of a foreground call; only the client sets it */
	PRIORITY_FOREGROUND, /* a reader waits for a listing or a resource */
	PRIORITY_VIEW, /* a reader waits for a view's part of a list */
	PRIORITY_BACKGROUND /* no reader waits; a tenth of the rate is left to the others */
};

/*
 * CALL_BACKOFF: sleeps before a retry; also the state of a new call.
 * CALL_QUEUED: waits in the rate queue.
 * CALL_AWAITING_CREDENTIALS: its turn came, and a key exchange is under way.
 * CALL_SENT: waits for an answer.
 * CALL_ANSWERED: an answer came, and call_read parses it.
 * CALL_DONE: has ended, with an error or with a parsed answer.
 */
enum call_state { CALL_BACKOFF, CALL_QUEUED, CALL_AWAITING_CREDENTIALS, CALL_SENT, CALL_ANSWERED, CALL_DONE };

struct call_request {
	const struct action *action;
	char *body; /* the JSON object's text; taken over by the call */
	unsigned uid; /* of the reader; calls of several users take turns */
	enum call_priority priority;
	bool is_patient; /* see above */
	/*
	 * Delivered at the end of an event after which the call is CALL_SENT, CALL_ANSWERED or CALL_DONE.
	 * The callback may free the call.
	 */
	void (*changed)(void *arg, struct call *call);
	void *arg;
};

/* The result of a call so far. */
struct call_outcome {
	enum error error; /* CALL_DONE: why it failed; ERR_NONE: it succeeded */
	struct error_note note; /* of the last answer: the cloud's code, message and request id */
	struct json *root; /* CALL_DONE without an error: the parsed answer, owned by the call */
	const struct json *result; /* the content inside it */
	size_t size; /* CALL_ANSWERED and CALL_DONE: bytes of the answer's body */
	int64_t sent_ms, received_ms; /* of the last try */
};

struct call *call_new(struct client *client, const struct call_request *request);
/* Cancels the call in any state; its callback is not called any more. */
void call_free(struct call *call);
/* Puts it into the rate queue. It may end at once with the cause that the circuit breaker is open with. */
void call_start(struct call *call);
/*
 * CALL_ANSWERED: parses the answer. ERR_NONE: the call is done. Else the error of this try, of which the
 * outcome has the note; the call is done or is tried again.
 */
enum error call_read(struct call *call);
/*
 * CALL_ANSWERED: the owner calls call_read in a later event. Until then the answer only shows that the
 * cloud is not silent.
 */
void call_postpone(struct call *call);
/* If the call's deadline is earlier than that time, moves it there: a further reader waits until then. */
void call_extend(struct call *call, int64_t deadline_ms);
/*
 * A reader of this user waits for it, too, with this priority. If the user's turn comes sooner, the ticket
 * moves there.
 */
void call_hand_over(struct call *call, unsigned uid, enum call_priority priority);

enum call_state call_state(const struct call *call);
const struct call_outcome *call_outcome(const struct call *call);
const struct action *call_action(const struct call *call);
unsigned call_tries(const struct call *call);
int64_t call_begun_ms(const struct call *call);
/* It waits in the rate queue for its first try, and is not patient. */
bool call_is_untried(const struct call *call);
/* The error for a reader whose deadline is over: the rate queue is too long, or the cloud is silent. */
enum error call_why_late(const struct call *call);
/* Fills the note of ERR_QUEUE. */
void call_note_queue(struct error_note *note);

#endif
