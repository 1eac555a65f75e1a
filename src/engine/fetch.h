/*
 * fetch.h - a fetch: the calls that read one listing, one resource, or a view's filtered list (single
 * flight).
 *
 * fetch.c sends the calls, takes their answers in in the order of the pages, and reports progress and the
 * end to the engine. page_body.c builds a call's body. page.c chooses the call and fills the tree with its
 * answer. paging.c finds the next page. refresh.c and list_plan.c decide how a list is read.
 */
#ifndef DESCRIBEFS_FETCH_H
#define DESCRIBEFS_FETCH_H

#include "paging.h"
#include "refresh.h"
#include "state.h"

/* One call of a fetch, for one page. Invariant: it is in the list of its fetch. */
struct fetch_request {
	struct fetch *fetch;
	struct list link;
	struct call *call;
	int64_t offset; /* of its page */
	int limit; /* items that the call asks for */
	size_t held_bytes; /* memory of its answer while that waits for earlier pages */
	enum error failing; /* why several tries have failed; ERR_NONE: they have not */
};

/*
 * The calls under way, and what came. Invariants: `held_bytes` is the sum over the requests. The answer to
 * the first request is the next one to be taken in.
 */
struct fetch_requests {
	struct list list; /* of struct fetch_request, in the order of pages */
	size_t count;
	size_t held_bytes;
	size_t total_bytes; /* of all answers taken in */
	int64_t sent_ms; /* when the call of the last answer taken in was sent; 0: there was none */
	void (*changed)(void *arg, struct call *call); /* callback of each call; arg is its fetch_request */
	struct timer *rest; /* the next turn of the loop takes in more; NULL: that is not needed */
};

/* The questions that wait for a fetch. Invariant: abandoned_since_ms is 0 exactly while count is not 0. */
struct fetch_waiters {
	struct list list; /* of struct waiter, in the order in which they joined */
	size_t count;
	int64_t abandoned_since_ms; /* since when no question waits; at first, when the fetch began */
};

/* How far a list's reading has come. */
struct fetch_reading {
	enum phase phase;
	const char *ids; /* harvest: the path of the ids in an answer; NULL: a call of the kind itself */
	size_t harvest; /* 0: the list call; n: the n-th harvest */
	size_t n_seen; /* resources in the answers so far, each counted once */
	bool is_open; /* tree_list_leave or tree_filtered_leave is due */
	bool more; /* another page is to be read */
	bool incomplete; /* the answers do not have all resources */
	bool lossy; /* a harvest failed: a resource that no answer mentions may still exist */
};

/*
 * Invariants: the node is pinned. Until is_finished, it is the only fetch that is not finished for (node,
 * fetch_kind), and fetch_under_way finds it.
 */
struct fetch {
	struct engine *engine;
	struct list link; /* in the engine's list */
	struct node *node;
	enum fetch_kind fetch_kind;
	unsigned uid; /* the user whose question began it */
	bool polls; /* only readers of .wait wait for it */
	bool is_finished;
	unsigned events; /* of enum fetch_event, yet to be delivered */
	enum error failing; /* the cause of FETCH_FAILING */
	/* a refresh was requested then, after its calls were sent; 0: none was */
	int64_t invalidated_ms;
	const struct action *action; /* of its calls */
	struct fetch_requests requests;
	struct fetch_waiters waiters;
	struct fetch_reading reading;
	struct fetch_paging paging;
	struct fetch_refresh refresh;
	struct completion completion;
};

/*
 * The same, or a new one. `polls`: a reader of .wait asks. A new one may be finished already; its waiters
 * are then told at the end of the event.
 */
struct fetch *fetch_find(struct engine *engine, struct node *node, enum fetch_kind fetch_kind, unsigned uid,
	bool polls);
/*
 * Why it makes no sense to wait for what the reply needs: the rate queue is longer than the deadline, or
 * several tries have failed. ERR_NONE: it makes sense.
 */
enum error fetch_why_hopeless(struct engine *engine, const struct reply *need, unsigned uid);
/* A reader of this user waits for it too: its call is queued in that user's turn if that comes sooner. */
void fetch_hand_over(struct fetch *fetch, unsigned uid);
/* A reader waits for it until then: its call is tried until then at least. */
void fetch_extend(struct fetch *fetch, int64_t deadline_ms);
/* A waiter has left. If it was the last one and no call was ever sent, the fetch is freed. */
void fetch_let_go(struct fetch *fetch);
/* Drops a call that was sent already, and makes it again. */
void fetch_restart(struct fetch *fetch);
/* Cancels its calls. No question may wait for it. */
void fetch_free(struct fetch *fetch);

/* ---- fetch_map.c ---- */

/* The fetch that reads this and is not finished; NULL: there is none. */
struct fetch *fetch_under_way(const struct engine *engine, const struct node *node,
	enum fetch_kind fetch_kind);
/* No other fetch of the same is in the map. */
void fetch_map_add(struct fetch *fetch);
void fetch_map_remove(struct fetch *fetch);

/* ---- fetch_request.c: its calls ---- */

/* Starts the call for the page at `offset`, as the last of its calls. */
void fetch_send(struct fetch *fetch, int64_t offset);
/* Sets request->held_bytes. */
void request_hold(struct fetch_request *request, size_t bytes);
/* NULL: no call is under way. */
struct fetch_request *fetch_first_request(const struct fetch *fetch);
struct fetch_request *fetch_last_request(const struct fetch *fetch);
/* Removes the first request from the list, which is not empty. */
struct fetch_request *fetch_pop(struct fetch *fetch);
void request_free(struct fetch_request *request);
void fetch_drop_requests(struct fetch *fetch);
/* The answers that wait for earlier pages have reached their ceiling. */
bool fetch_is_full(const struct fetch *fetch);
/*
 * If the first request is not for the page that is due, drops all requests, and asks for no page ahead from
 * then on.
 */
void fetch_drop_mismatch(struct fetch *fetch);
/*
 * The request whose answer is worked on next: the first one, if it is answered; else an answered one that is
 * not parsed yet. NULL: there is none, or memory for parsed answers is used up.
 */
struct fetch_request *fetch_next_answer(const struct fetch *fetch);

/* ---- prefetch.c ---- */

/* It reads a list, whole or filtered, for readers, and not in the background. */
bool fetch_is_for_readers(const struct fetch *fetch);
/* Starts calls for pages that are not due yet, as far as the rate has room. */
void fetch_look_ahead(struct fetch *fetch);

#endif
