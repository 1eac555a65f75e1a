/*
 * transport.h - the port to the network (ports and adapters): send, cancel, timers and clocks.
 *
 * These are the only asynchronous operations of the library. loop.c and http_client.c implement them; tests
 * implement them with a script and a clock that they set. All calls and callbacks are on one thread.
 */
#ifndef DESCRIBEFS_TRANSPORT_H
#define DESCRIBEFS_TRANSPORT_H

#include "http/message.h"

struct exchange; /* a request that was sent and not finished */
struct timer; /* a callback that is due later */

/* `response` is borrowed, but response_move may take it. The exchange does not exist any more. */
typedef void transport_reply_fn(void *arg, struct response *response);
/* The connection is established and the request is being sent. It must neither send nor cancel anything. */
typedef void transport_wire_fn(void *arg);
typedef void transport_tick_fn(void *arg);

struct transport {
	void *self;
	/*
	 * Sends a copy of `request`. Calls `done` exactly once: after send has returned, at most
	 * request->timeout_ms from now, with a complete response or an error. Calls `on_sent` at most once,
	 * before `done` and perhaps before send returns, and never if the peer was not reached.
	 */
	struct exchange *(*send)(void *self, const struct request *request, transport_wire_fn *on_sent,
		transport_reply_fn *done, void *arg);
	/* Ends an exchange. Neither callback is called. */
	void (*cancel)(void *self, struct exchange *exchange);
	/*
	 * Calls `fn` once, `ms` milliseconds from now (0: in the next round of the loop), unless it is
	 * stopped.
	 */
	struct timer *(*timer_start)(void *self, int64_t ms, transport_tick_fn *fn, void *arg);
	/* The timer must not have fired. NULL is allowed. */
	void (*timer_stop)(void *self, struct timer *timer);
	int64_t (*now_ms)(void *self); /* monotonic, never 0 */
	int64_t (*wall_s)(void *self); /* Unix seconds, may step */
};

#endif
