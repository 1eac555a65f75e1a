/*
 * fetch.h - a fetch: one thing that is being read from the cloud, a listing or one resource (single
 * flight).
 *
 * fetch.c sends its calls, takes their answers in in the order of the pages, and tells the engine of
 * progress and of its end.  page.c says what is asked for and what an answer means, paging.c which page is
 * next, refresh.c and list_plan.c how a list is read.
 */
#ifndef DESCRIBEFS_FETCH_H
#define DESCRIBEFS_FETCH_H

#include "paging.h"
#include "refresh.h"
#include "state.h"

/* One call of a fetch, for one page.  Invariant: it is in the list of its fetch. */
struct fetch_request {
	struct fetch *fetch;
	struct list link;
	struct call *call;
	int64_t offset; /* of its page */
	int limit; /* items that its page is asked for */
	size_t held_bytes; /* that its answer takes while it waits for earlier ones */
	enum error failing; /* several tries failed so; ERR_NONE: they did not */
};

/*
 * The calls under way, and what came.  Invariants: `held_bytes` is the sum over the requests.  The answer to the
 * first request is the next one to be taken in.
 */
struct fetch_requests {
	struct list list; /* of struct fetch_request, in the order of pages */
	size_t count;
	size_t held_bytes; /* of answers that wait for earlier ones, parsed or not */
	size_t total_bytes; /* of all answers so far */
	int64_t sent_ms; /* when the call was sent whose answer was taken in last; 0: none was */
	void (*changed)(void *arg, struct call *call); /* of each call; arg is its fetch_request */
	struct timer *rest; /* what came is taken in in the loop's next turn; NULL: nothing is due */
};

/* Its waiters.  Invariant: abandoned_since_ms is 0 exactly while there is a waiter, once there was one. */
struct fetch_waiters {
	struct list list; /* of struct waiter, in the order in which they joined */
	size_t count;
	int64_t abandoned_since_ms; /* since when no waiter is left */
};

/* How far a list's reading has come. */
struct fetch_reading {
	enum phase phase;
	const char *ids; /* harvest: where ids are in its answers; NULL for the kind's own calls */
	size_t harvest; /* 0: the list call; n: the n-th harvest */
	size_t n_seen; /* resources met in this reading */
	bool is_open; /* tree_list_leave or tree_part_leave is due */
	bool more; /* the answers so far say that there is another page */
	bool incomplete; /* what was read is not all that there is */
	bool lossy; /* a source of ids failed: a resource that it does not mention may still exist */
};

/*
 * Invariant: the node is pinned; until is_finished, it is the fetch that fetch_under_way finds for (node,
 * fetch_kind), and there is at most one.
 */
struct fetch {
	struct engine *engine;
	struct list link; /* in the engine's list */
	struct node *node;
	enum fetch_kind fetch_kind;
	unsigned uid; /* the user whose question began it */
	bool polls; /* only readers of .wait have asked for it */
	bool is_finished;
	unsigned events; /* of enum fetch_event, yet to be delivered */
	enum error failing; /* FETCH_FAILING */
	/* since when what it reads is too old, as it is to be read anew; 0: it is not */
	int64_t invalidated_ms;
	const struct action *action; /* that is called */
	struct fetch_requests requests;
	struct fetch_waiters waiters;
	struct fetch_reading reading;
	struct fetch_paging paging;
	struct fetch_refresh refresh;
	struct completion completion;
};

/*
 * The same, or a new one.  `polls`: for a reader of .wait.  It may be finished already: its end is
 * delivered.
 */
struct fetch *fetch_find(struct engine *engine, struct node *node, enum fetch_kind fetch_kind, unsigned uid,
	bool polls);
/* Why a new call would come too late, or fails again and again; ERR_NONE: it is worth waiting for. */
enum error fetch_why_hopeless(struct engine *engine, const struct reply *need, unsigned uid);
/* A reader of this user waits for it too: its call is queued in that user's turn if that comes sooner. */
void fetch_hand_over(struct fetch *fetch, unsigned uid);
/* A reader waits for it until then: its call is tried until then at least. */
void fetch_extend(struct fetch *fetch, int64_t deadline_ms);
/* The last waiter has left: a first call that is still in the rate queue is not made. */
void fetch_let_go(struct fetch *fetch);
/* Sends its call again, if it was sent already. */
void fetch_restart(struct fetch *fetch);
/* Cancels what is under way.  It has no waiter. */
void fetch_free(struct fetch *fetch);

/* ---- fetch_map.c ---- */

/* The fetch that reads this; NULL: none does. */
struct fetch *fetch_under_way(const struct engine *engine, const struct node *node,
	enum fetch_kind fetch_kind);
/* No other fetch of the same is in the map. */
void fetch_map_add(struct fetch *fetch);
void fetch_map_remove(struct fetch *fetch);

/* ---- fetch_request.c: its calls ---- */

/* Asks for the page at `offset`, behind those that are asked for already. */
void fetch_send(struct fetch *fetch, int64_t offset);
/* So many bytes of its answer wait for earlier ones. */
void request_hold(struct fetch_request *request, size_t bytes);
/* NULL: no call is under way. */
struct fetch_request *fetch_first_request(const struct fetch *fetch);
struct fetch_request *fetch_last_request(const struct fetch *fetch);
/* Takes the first one out of the list. */
struct fetch_request *fetch_pop(struct fetch *fetch);
void request_free(struct fetch_request *request);
void fetch_drop_requests(struct fetch *fetch);
/* Answers that wait for earlier ones take as much memory as they may. */
bool fetch_is_full(const struct fetch *fetch);
/* Pages that were asked for ahead are dropped when the next one is not among them. */
void fetch_drop_mismatch(struct fetch *fetch);
/*
 * The answer to work on next: the first call's, or one that is yet to be parsed and waits for it; NULL:
 * none.
 */
struct fetch_request *fetch_next_answer(const struct fetch *fetch);

/* ---- prefetch.c ---- */

/* It reads a list, or a part of one, that readers wait for. */
bool fetch_is_for_readers(const struct fetch *fetch);
/* Asks for more of its pages before those under way are answered, as far as the rate has room. */
void fetch_look_ahead(struct fetch *fetch);

#endif
