/*
 * fetch.h - the inside of the engine, for its own files only.
 *
 * A fetch is one thing that is being found out: a listing, or one resource.  Each call that it takes is a
 * call: call.c makes it, its tries included, when rate_queue.c says that its action's rate allows one.  A
 * listing has several calls under way at once; their answers are taken in by fetch.c in the order of the
 * pages, and page.c and refresh.c say what they mean and which call is next.
 *
 * Landing is always in this order: out of the node's slot, the tree is filled, the waiters are answered; so
 * an answer that asks again finds a tree that knows, and no fetch that is half over.
 */
#ifndef DESCRIBEFS_FETCH_H
#define DESCRIBEFS_FETCH_H

#include "client/circuit_breaker.h"
#include "client/concurrency.h"
#include "client/credential_cache.h"
#include "client/rate_limiter.h"
#include "engine/engine.h"

enum {
	WAITS_MAX = 8192, /* questions that wait at once, for calls and for a status */
	WAITS_OTHERS_MAX = 4096 /* the same, of users who did not mount the tree */
};

struct waiter {
	struct engine *engine;
	struct waiter *next, *prev; /* among the fetch's */
	struct fetch *fetch;
	struct timer *timer;
	enum question question;
	uint64_t id, cookie;
	char *name;
	int64_t since_ms, deadline_ms;
	int64_t pause_ms; /* ASK_WAIT: of the last sleep during an outage; 0: there is none */
	bool sleeps; /* ASK_WAIT: until its timer; it is among the engine's sleepers */
	unsigned rounds; /* fetches that it has waited for */
	unsigned uid; /* the user who asks */
	bool by_other; /* who did not mount the tree */
	engine_done_fn *done;
	void *arg;
};

/* How soon a call goes, among those of its action. */
enum priority {
	PRIORITY_RETRY, /* a person's call that was made before: it has waited already */
	PRIORITY_FOREGROUND, /* somebody reads a listing or a resource */
	PRIORITY_VIEW, /* a part of a list */
	PRIORITY_BACKGROUND /* nobody reads it now: a list that is read again, what .wait asks for */
};

enum call_state { CALL_BACKOFF, CALL_QUEUED, CALL_AWAITING_CREDENTIALS, CALL_SENT, LEG_CAME, CALL_DONE };

/* One call. */
struct call {
	struct fetch *fetch;
	struct call *next; /* the fetch's next page */
	struct call *queue_next, *queue_prev; /* of its action, while CALL_QUEUED */
	const struct action *action;
	enum call_state state;
	int64_t offset; /* of its page */
	int limit; /* items that its page is asked for */
	unsigned tries;
	unsigned uid; /* whose turn it takes */
	uint64_t round; /* its place among other users' calls, while CALL_QUEUED */
	enum priority rank; /* while CALL_QUEUED */
	bool is_on_wire; /* the last try went onto the wire */
	bool probe; /* it finds out whether a cloud that was down is there again */
	bool clock_learned, key_renewed; /* each at most once */
	struct timer *timer; /* the end of its sleep */
	struct credential_cache_waiter key; /* while CALL_AWAITING_CREDENTIALS */
	unsigned key_serial; /* of the key that signed the last try */
	char signature[REQUEST_SIGNATURE]; /* of the last try */
	struct exchange *exchange;
	size_t beside; /* calls of its action that were under way with the last try, itself included */
	unsigned extended; /* deadlines that it was given after it had timed out */
	bool hurried; /* the last try has less time than the deadline would allow */
	int64_t deadline_ms; /* its tries included: the latest of those who wait for it */
	int64_t begun_ms;
	int64_t sent_ms, received_ms; /* of the last try */
	int64_t clock_offset_s; /* that the last try was signed with */
	enum error too_late; /* what it ends with when its turn comes after the deadline */
	enum error failing; /* several tries failed so: a last good answer does not wait for the next */
	unsigned key_tries; /* keys that it waited for in vain */
	struct response response; /* LEG_CAME: the answer, which is yet to be parsed */
	size_t size; /* LEG_CAME, CALL_DONE: of the answer's body */
	size_t held_bytes; /* that the answer takes while it waits for those before it */
	/* CALL_DONE: the cause and what the cloud said, or an answer that waits for those before it */
	enum error error;
	struct error_note note;
	struct json *root; /* the answer, parsed */
	const struct json *result; /* in it */
};

/* How a list is read: whole, or only what changed since (refresh.c), or what a filter lets through. */
enum phase { PHASE_WHOLE, PHASE_NEWEST, PHASE_LIVE, PHASE_PART };

struct fetch {
	struct engine *engine;
	struct fetch *next, *prev; /* all of the engine's */
	struct node *node; /* pinned */
	enum fetch_kind fetch_kind;
	struct waiter *first, *last;
	size_t n_waiters;
	unsigned uid; /* the user who asked first */
	bool polls; /* only .wait has asked for it */
	struct call *calls; /* in the order of pages: the answer to the first is taken next */
	size_t n_calls, held_bytes; /* held: of answers that wait for those before them, parsed or not */
	size_t bytes; /* of all answers */
	int64_t sent_ms; /* the call whose answer was taken in last; 0: none was */
	struct timer *rest; /* what came is taken in when the loop comes round; NULL: nothing is due */
	int64_t abandoned_since_ms; /* since when nobody waits; 0: somebody does */

	const struct action *action; /* the call that is being made */
	const char *ids; /* harvest: where ids are in its answers; NULL for the kind's own calls */
	size_t step; /* list: 0 the list call, n the n-th harvest */

	/* pages */
	int64_t offset, total; /* of the next page to be taken; what the last one said, -1: nothing */
	int64_t said, least; /* the last total that could be read, -1: none; the least of this reading */
	int limit; /* items that a page is asked for; 0: what the action's pages are */
	int64_t page_items; /* that the last one held */
	char *marker; /* as JSON; NULL: the first page */
	unsigned empty_pages; /* pages in a row that brought nothing new */
	bool belied; /* a page said that there is no more and named a marker */
	unsigned rewinds; /* pages that were asked for again, because the list moved */
	bool moving; /* it does: each page begins with the last item of the one before */
	/* pages that were asked for ahead were not the next ones: it goes on one at a time */
	bool prefetch_mismatch;
	bool gap; /* the page at hand began with one that was not met yet */
	bool incomplete;
	bool lossy; /* a source of ids failed: who is not mentioned now may still be there */
	bool more; /* the answers so far say that another page is there */

	/* a listing's round, and its refresh */
	size_t n_seen; /* resources of this round */
	enum phase phase;
	bool reads; /* tree_list_leave or tree_part_leave is due */
	int64_t begun_ms; /* of the refresh */
	int64_t known_s, newest_s; /* the last change that the last reading saw; and this one */
	int64_t last_s; /* of the last item: the order is checked */
	size_t news; /* on the page at hand */
	size_t n_live; /* met in this reading, in no terminal status */
	bool read_again; /* the listing is to be read whole, when there is time */
	int64_t invalidated_ms; /* when somebody wanted this to be asked for again; 0: nobody did */
};

/* What is remembered of an action between calls, and who waits for its rate. */
struct action_state {
	struct engine *engine;
	const struct action *action;
	struct rate_limiter rate;
	struct concurrency concurrency;
	struct call *first, *last; /* in order; what nobody waits for comes after what somebody does */
	uint64_t round; /* of the last call that went */
	size_t n_foreground; /* of those that are not in the background */
	struct timer *timer;
	bool running;
	int64_t unsupported_ms; /* until then nobody asks: the API said that there is no such action */
	uint64_t ended[ERR_COUNT]; /* calls, by what came of them */
	int limit; /* items a page that the cloud accepts; 0: as many as the catalog says */
	int64_t whole_until_ms; /* it was seen not to keep the order or the filter that a refresh needs */
};

struct engine {
	struct engine_options options;
	struct credential_cache *credential_cache;
	struct journal journal;
	struct fetch *fetches;
	struct waiter *sleepers;
	struct action_state **actions;
	size_t n_actions;
	struct engine_stats stats;
	struct circuit_breaker breaker;
	struct timer *ahead; /* the next call ahead of a scan; NULL: none is foreseen */
	int64_t started_s, started_ms;
	int64_t last_ok_ms; /* 0: never */
	bool offline; /* it was told that the cloud cannot be reached */
	uint64_t chance;
};

/* engine.c */
int64_t engine_now_ms(const struct engine *engine);
int64_t engine_wall_s(const struct engine *engine);
void engine_note_failure(const struct fetch *fetch, enum error error, const struct error_note *note);
/* Puts the question (again).  True: it waits.  False: it was answered and is gone. */
bool waiter_retry(struct waiter *wait);
/* Answers those for whom it suffices now; the others go on waiting. */
void fetch_wake_waiters(struct fetch *fetch);
/* Answers those who have a last good answer; the others go on waiting. */
void fetch_serve_stale(struct fetch *fetch, enum error error);
/* They ask again; the fetch is in nobody's way any more. */
void fetch_requeue_waiters(struct fetch *fetch);
/* Answers them all. */
void fetch_answer_waiters(struct fetch *fetch, const struct reply *reply);

/* engine_credentials.c: the cache of its credentials, which calls back into the engine */
struct credential_cache *engine_credentials_new(struct engine *engine);

/* fetch.c */
/* For a moment what has a last good answer is not asked for.  A cloud that answers others is only slow. */
void engine_note_outage(struct engine *engine, enum error error);
/* Why a call would come too late, or fails again and again; ERR_NONE: it is worth waiting for. */
enum error fetch_why_hopeless(const struct waiter *wait, const struct reply *need);
/* The fetch for what the tree needs; NULL: it landed at once, and the tree knows more. */
struct fetch *fetch_find(struct engine *engine, struct node *node, enum fetch_kind fetch_kind, unsigned uid,
	bool polls);
/* The answer that came for the call has to wait before it is parsed. */
bool fetch_is_busy(const struct call *call);
/*
 * Takes in what has come, so much of it as one turn of the loop may take, and the rest in the next turns; may
 * land and free the fetch.  `worked`: bytes of answers that were parsed in this turn already.
 */
void fetch_advance(struct fetch *fetch, size_t worked);
/* Asks for more of its pages before those under way are answered, as far as the rate has room. */
void fetch_look_ahead(struct fetch *fetch);
/* Whoever waited has left: a call that is still in the queue, and was never made, is not made. */
void fetch_let_go(struct fetch *fetch);
/* Makes its call again, when it is on its way. */
void fetch_begin_again(struct fetch *fetch);
/* Takes back what is on its way, and lets go of it; whoever waits has been answered. */
void fetch_free(struct fetch *fetch);

/* call.c */
struct call *call_new(struct fetch *fetch, int64_t offset); /* appended to the fetch's */
/* Waits for its turn and is sent; the fetch advances when it ends.  May end at once: ERR_QUEUE. */
void call_book(struct call *call);
void call_send(struct call *call); /* by rate_queue.c */
/* LEG_CAME, by fetch.c while a rest is due: parses the answer.  The call ends, or tries again. */
void call_read(struct call *call);
/* Somebody waits for it until then. */
void call_wanted_until(struct call *call, int64_t deadline_ms);
/* It is in the queue for the first time, and has an end of its own. */
bool call_is_yet_to_go(const struct call *call);
/* Our own rate had no room for it within the deadline. */
void call_note_queue(const struct call *call);
/* The cloud is down: it is not asked. */
void call_refuse(struct call *call);
/* What it ends with when nothing more happens: our own queue is too long, or the cloud is silent. */
enum error call_error(const struct call *call);
void call_free(struct call *call);

/* rate_queue.c */
struct action_state *engine_action(struct engine *engine, const struct action *action);
/* How long another try of the call would wait for its turn now. */
int64_t rate_queue_try_ms(const struct call *call);
/* How long, as far as can be foreseen, a call of this user would wait for its turn now. */
int64_t rate_queue_wait_ms(struct engine *engine, const struct action *action, unsigned uid);
/* A user reads it now: it takes that user's turn where that comes sooner. */
void rate_queue_hand_over(struct call *call, unsigned uid);
void rate_queue_join(struct call *call);
void rate_queue_leave(struct call *call);
/* It is being sent; it went onto the wire; its exchange is over (if it never went there, another may go). */
void rate_queue_begin(struct call *call);
void rate_queue_wired(struct call *call);
void rate_queue_end(struct call *call);
/* Something has changed for all that wait. */
void rate_queue_run_all(struct engine *engine);
/* Whether one more page could be asked for ahead now, behind all that wait. */
bool rate_queue_spares(const struct fetch *fetch);
/* When the next one may go ahead of a scan, which uses up the rate evenly; 0: now, and it goes. */
int64_t rate_queue_pace_ms(struct engine *engine, const struct action *action);
void engine_release_actions(struct engine *engine);

/* page.c */
/* The request's JSON of one of its calls. */
void fetch_body(const struct call *call, struct buf *out);
/* Chooses the first call; ERR_NONE: book it, or, when there is no action, nobody has to be asked. */
enum error fetch_begin(struct fetch *fetch);
/* Takes in an answer; fetch->more: another page (or another call) is to be booked. */
enum error fetch_take(struct fetch *fetch, const struct json *result, const struct provenance_note *note);
/*
 * A call failed for good; true: another one was chosen instead (the list call is gone: harvest).  Where no
 * other call is left and what is known is shown all the same, *fault becomes ERR_NONE.
 */
bool fetch_survives(struct fetch *fetch, enum error *error);
/* The catalog foresees it: the list call of a partial kind may be gone.  That is no failure of the mount. */
bool fetch_expects(const struct fetch *fetch, enum error error);
/* Which of two causes a refused parameter or a missing resource is, seen from who asked. */
enum error fetch_judge(const struct fetch *fetch, enum error error);
/* The list is read from its beginning, in that way. */
void fetch_choose_list(struct fetch *fetch, enum phase phase);

/* paging.c */
/* The next call asks for the first page. */
void paging_begin(struct fetch *fetch);
/* Takes in what a page says of the next one; true: there is one.  `barren`: it brought nothing new. */
bool paging_next(struct fetch *fetch, const struct json *result, size_t n_items, bool empty_pages);
bool paging_goes_round(const struct fetch *fetch); /* nothing new has come for some pages */
/* Whether a first page without an item says that there are some, or says it so that nobody can tell. */
bool paging_promises(const struct fetch *fetch, const struct json *result);
/* The items that a page of the action is asked for. */
int paging_limit(struct engine *engine, const struct action *action);
/* The cloud refused that number; true: the same page is to be asked for with less. */
bool paging_asks_for_less(struct fetch *fetch, enum error error, const struct call *call);
/* An answer came: the number that was asked for is remembered. */
void paging_note_limit(struct fetch *fetch);

/* refresh.c */
/* How the listing is best read now. */
enum phase refresh_phase(struct fetch *fetch);
/* The answer cannot be one to the refresh's question; the list is read whole instead. */
bool refresh_gives_up(struct fetch *fetch, enum error error);
/* An item of a page: whether it belongs there. */
bool refresh_takes(struct fetch *fetch, const struct json *item, const struct listed *listed);
/* Tells the tree what the next reading will take, when this one is over. */
void refresh_price(const struct fetch *fetch);
/* The page is over, and did or did not fit what was asked; chooses what comes next. */
void refresh_turn(struct fetch *fetch, bool fits, const struct provenance_note *note);

/* crowd.c */
/* The user did not mount the tree. */
bool crowd_is_other(const struct engine *engine, unsigned uid);
/* False: as many wait as may, and it cannot wait for the reply; else it is one of them until it leaves. */
bool crowd_admits(struct waiter *wait, const struct reply *reply);
void crowd_leave(const struct waiter *wait);

/* waiter.c */
/* Has it ask again when there may be something new. */
void wait_sleep(struct waiter *wait, const struct reply *later);
void wait_leave(struct waiter *wait); /* also one that does not sleep */

/* metrics.c */
void metrics_print(const struct engine *engine, struct buf *out);
void requests_print(const struct engine *engine, struct buf *out);
/* Says on the trace what came of a call's last try. */
void answer_trace(const struct call *call, const struct response *response, enum error error);

/* status.c */
void engine_fill_texts(struct engine *engine, struct node *node);

#endif
