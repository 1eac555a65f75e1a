/*
 * transport.h - the port between the engine and the world: the only two asynchronous primitives, and the
 * clocks.
 *
 * loop.c and http_client.c implement it; tests implement it with a script and a clock turned by hand.
 * Everything is called from, and calls back on, the one thread.
 *
 * An interface only.
 */
#ifndef DESCRIBEFS_TRANSPORT_H
#define DESCRIBEFS_TRANSPORT_H

#include "http/message.h"

struct exchange; /* a request on its way */
struct timer; /* a call to be made later */

/*
 * `response` is borrowed for the call; its body may be taken by leaving an initialised one (response_move).
 * The exchange is gone when this is called.
 */
typedef void transport_reply_fn(void *arg, struct response *response);
/* The connection stands and the request goes onto the wire now. Nothing may be sent or cancelled in here. */
typedef void transport_wire_fn(void *arg);
typedef void transport_tick_fn(void *arg);

struct transport {
	void *self;
	/*
	 * Sends a copy of `request` and calls `done` exactly once, never before send has returned, at the
	 * latest request->timeout_ms from now, with a whole answer or a fault.  `wired` is called at most
	 * once, before `done`, maybe before send has returned; never when the peer was not reached.
	 */
	struct exchange *(*send)(void *self, const struct request *request, transport_wire_fn *on_sent,
		transport_reply_fn *done, void *arg);
	/* Takes it back: neither is called. */
	void (*cancel)(void *self, struct exchange *exchange);
	/* Calls `fn` once, `ms` from now (0: as soon as the loop comes round), unless unset before. */
	struct timer *(*timer_start)(void *self, int64_t ms, transport_tick_fn *fn, void *arg);
	/* Not after the timer has fired; NULL is fine. */
	void (*timer_stop)(void *self, struct timer *timer);
	int64_t (*now_ms)(void *self); /* monotonic, never 0 */
	int64_t (*wall_s)(void *self); /* Unix seconds, may step */
};

#endif
