/*
 * script.h - a transport under the test's control: a network that it answers, and a clock that it sets.
 *
 * A request that was sent waits until the test answers it; the order is the test's. Time stands still until
 * the test moves the clock, which fires the timers that are due, in order of time. A struct world (world.h)
 * is a tree and an engine on such a transport, with the real catalogs and providers. cloud.h emulates a
 * cloud, kernel.h the kernel.
 */
#ifndef TESTS_SIM_SCRIPT_H
#define TESTS_SIM_SCRIPT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "catalog/catalog.h"
#include "engine/engine.h"
#include "json/json.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum { WALL_S = 1764000000, START_MS = 5000, DEADLINE_MS = 10000 };

/* A request that was sent; kept until the script is released. */
struct exchange {
	struct script *script;
	size_t number; /* in order of sending, from 0 */
	int64_t sent_ms;
	char *method, *base, *path, *query, *body;
	struct header headers[MESSAGE_HEADERS_MAX];
	size_t n_headers;
	struct json *json; /* the body */
	long timeout_ms;
	bool waits, cancelled;
	transport_wire_fn *on_sent;
	transport_reply_fn *done;
	void *arg;
	struct timer *timeout, *connecting;
	int64_t connect_ms, wire_ms; /* how long it takes, and when it went onto the wire; 0: it did not yet */
};

struct timer {
	struct timer *next, *prev;
	int64_t due_ms;
	transport_tick_fn *fn;
	void *arg;
};

struct script {
	struct exchange **sent;
	size_t n_sent, room;
	size_t n_waiting;
	struct timer *first, *last; /* by due_ms, equal ones in the order in which they were set */
	int64_t now_ms;
	int64_t wall_step_s; /* error of the local clock */
	/* How long a request takes to go onto the wire; NULL: no time. */
	int64_t (*connect_ms)(const struct exchange *exchange);
	void (*on_send)(void *arg, struct exchange *exchange); /* NULL: only the test answers */
	void *on_send_arg;
};

void script_init(struct script *script);
void script_release(struct script *script);
struct transport script_io(struct script *script);
void script_advance(struct script *script, int64_t ms);
/* Moves the clock to the next timer and fires it. False: there is none. */
bool script_step(struct script *script);
struct timer *script_after(struct script *script, int64_t ms, transport_tick_fn *fn, void *arg);
void script_unset(struct script *script, struct timer *timer);
int64_t script_server_s(const struct script *script); /* the true time */

/* The k-th request that waits for an answer, in order of sending. Fails the test if there is none. */
struct exchange *script_waiting(struct script *script, size_t k);
const char *exchange_header(const struct exchange *exchange, const char *name); /* NULL: none */
/* "DescribeTrainingTask"; V1's "jobDetail". */
const char *exchange_action(const struct exchange *exchange);
/* A member of the body, as text; "" if there is none. */
const char *exchange_text(const struct exchange *exchange, const char *member);
int64_t exchange_number(const struct exchange *exchange, const char *member);

/* Answers with this response, and releases its body. */
void exchange_answer(struct exchange *exchange, struct response *response);
void exchange_fail(struct exchange *exchange, enum error error);
void exchange_say(struct exchange *exchange, int status, const char *body);
/* {"Response": {`format`..., "RequestId": "req-N"}} with HTTP 200. */
void exchange_tencent(struct exchange *exchange, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void exchange_error(struct exchange *exchange, const char *code);
/* {"requestId": "req-N", "result": `format`} */
void exchange_baidu(struct exchange *exchange, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
