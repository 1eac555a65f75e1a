/*
 * flight.h - the inside of the engine, for its own files only.
 *
 * A flight is one thing that is being found out: a listing, or one resource.  Each call that it takes is a
 * leg: leg.c makes it, its tries included, when turn.c says that its action's rate allows one.  A listing has
 * several legs under way at once; their answers are taken in by flight.c in the order of the pages, and
 * page.c and refresh.c say what they mean and which call is next.
 *
 * Landing is always in this order: out of the node's slot, the tree is filled, the waiters are answered; so
 * an answer that asks again finds a tree that knows, and no flight that is half over.
 */
#ifndef DESCRIBEFS_FLIGHT_H
#define DESCRIBEFS_FLIGHT_H

#include "client/breaker.h"
#include "client/concurrency.h"
#include "client/lease.h"
#include "client/rate.h"
#include "engine/engine.h"

enum {
	WAITS_MAX = 8192, /* questions that wait at once, for calls and for a status */
	WAITS_OTHERS_MAX = 4096 /* the same, of users who did not mount the tree */
};

struct wait {
	struct engine *engine;
	struct wait *next, *prev; /* among the flight's */
	struct flight *flight;
	struct timer *timer;
	enum question question;
	uint64_t id, cookie;
	char *name;
	int64_t since_ms, deadline_ms;
	int64_t pause_ms; /* ASK_WAIT: of the last sleep during an outage; 0: there is none */
	bool sleeps; /* ASK_WAIT: until its timer; it is among the engine's sleepers */
	unsigned rounds; /* flights that it has waited for */
	unsigned uid; /* the user who asks */
	bool by_other; /* who did not mount the tree */
	engine_done_fn *done;
	void *arg;
};

/* How soon a call goes, among those of its action. */
enum rank {
	RANK_AGAIN, /* a person's call that was made before: it has waited already */
	RANK_PERSON, /* somebody reads a listing or a resource */
	RANK_VIEW, /* a part of a list */
	RANK_BACKGROUND /* nobody reads it now: a list that is read again, what .wait asks for */
};

enum leg_state { LEG_SLEEPS, LEG_QUEUED, LEG_KEYLESS, LEG_SENT, LEG_CAME, LEG_ENDED };

/* One call. */
struct leg {
	struct flight *flight;
	struct leg *next; /* the flight's next page */
	struct leg *queue_next, *queue_prev; /* of its action, while LEG_QUEUED */
	const struct action *action;
	enum leg_state state;
	int64_t offset; /* of its page */
	int limit; /* items that its page is asked for */
	unsigned tries;
	unsigned uid; /* whose turn it takes */
	uint64_t round; /* its place among other users' calls, while LEG_QUEUED */
	enum rank rank; /* while LEG_QUEUED */
	bool wired; /* the last try went onto the wire */
	bool probe; /* it finds out whether a cloud that was down is there again */
	bool clock_learned, key_renewed; /* each at most once */
	struct timer *timer; /* the end of its sleep */
	struct lease_wait key; /* while LEG_KEYLESS */
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
	enum fault too_late; /* what it ends with when its turn comes after the deadline */
	enum fault failing; /* several tries failed so: a last good answer does not wait for the next */
	unsigned key_tries; /* keys that it waited for in vain */
	struct response response; /* LEG_CAME: the answer, which is yet to be parsed */
	size_t size; /* LEG_CAME, LEG_ENDED: of the answer's body */
	size_t held_bytes; /* that the answer takes while it waits for those before it */
	/* LEG_ENDED: the cause and what the cloud said, or an answer that waits for those before it */
	enum fault fault;
	struct fault_note note;
	struct json *root; /* the answer, parsed */
	const struct json *result; /* in it */
};

/* How a list is read: whole, or only what changed since (refresh.c), or what a filter lets through. */
enum phase { PHASE_WHOLE, PHASE_NEWEST, PHASE_LIVE, PHASE_PART };

struct flight {
	struct engine *engine;
	struct flight *next, *prev; /* all of the engine's */
	struct node *node; /* pinned */
	enum want want;
	struct wait *first, *last;
	size_t n_waits;
	unsigned uid; /* the user who asked first */
	bool polls; /* only .wait has asked for it */
	struct leg *legs; /* in the order of pages: the answer to the first is taken next */
	size_t n_legs, held_bytes; /* held: of answers that wait for those before them, parsed or not */
	size_t bytes; /* of all answers */
	int64_t sent_ms; /* the call whose answer was taken in last; 0: none was */
	struct timer *rest; /* what came is taken in when the loop comes round; NULL: nothing is due */
	int64_t alone_ms; /* since when nobody waits; 0: somebody does */

	const struct action *action; /* the call that is being made */
	const char *ids; /* harvest: where ids are in its answers; NULL for the kind's own calls */
	size_t step; /* list: 0 the list call, n the n-th harvest */

	/* pages */
	int64_t offset, total; /* of the next page to be taken; what the last one said, -1: nothing */
	int64_t said, least; /* the last total that could be read, -1: none; the least of this reading */
	int limit; /* items that a page is asked for; 0: what the action's pages are */
	int64_t page_items; /* that the last one held */
	char *marker; /* as JSON; NULL: the first page */
	unsigned barren; /* pages in a row that brought nothing new */
	bool belied; /* a page said that there is no more and named a marker */
	unsigned setbacks; /* pages that were asked for again, because the list moved */
	bool moving; /* it does: each page begins with the last item of the one before */
	bool astray; /* pages that were asked for ahead were not the next ones: it goes on one at a time */
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
	int64_t outdated_ms; /* when somebody wanted this to be asked for again; 0: nobody did */
};

/* What is remembered of an action between calls, and who waits for its rate. */
struct action_state {
	struct engine *engine;
	const struct action *action;
	struct rate rate;
	struct concurrency concurrency;
	struct leg *first, *last; /* in order; what nobody waits for comes after what somebody does */
	uint64_t round; /* of the last call that went */
	size_t n_people; /* of those that are not in the background */
	struct timer *timer;
	bool running;
	int64_t unsupported_ms; /* until then nobody asks: the API said that there is no such action */
	uint64_t ended[FAULT_COUNT]; /* calls, by what came of them */
	int limit; /* items a page that the cloud accepts; 0: as many as the catalog says */
	int64_t whole_until_ms; /* it was seen not to keep the order or the filter that a refresh needs */
};

struct engine {
	struct engine_options options;
	struct lease *lease;
	struct journal journal;
	struct flight *flights;
	struct wait *sleepers;
	struct action_state **actions;
	size_t n_actions;
	struct engine_stats stats;
	struct breaker breaker;
	struct timer *ahead; /* the next call ahead of a scan; NULL: none is foreseen */
	int64_t started_s, started_ms;
	int64_t last_ok_ms; /* 0: never */
	bool offline; /* it was told that the cloud cannot be reached */
	uint64_t chance;
};

/* engine.c */
int64_t engine_now_ms(const struct engine *engine);
int64_t engine_wall_s(const struct engine *engine);
void engine_note_failure(const struct flight *flight, enum fault fault, const struct fault_note *note);
/* Puts the question (again).  True: it waits.  False: it was answered and is gone. */
bool engine_put(struct wait *wait);
/* Answers those for whom it suffices now; the others go on waiting. */
void engine_wake(struct flight *flight);
/* Answers those who have a last good answer; the others go on waiting. */
void engine_stand_in(struct flight *flight, enum fault fault);
/* They ask again; the flight is in nobody's way any more. */
void engine_release(struct flight *flight);
/* Answers them all. */
void engine_dismiss(struct flight *flight, const struct reply *reply);

/* flight.c */
/* For a moment what has a last good answer is not asked for.  A cloud that answers others is only slow. */
void engine_note_outage(struct engine *engine, enum fault fault);
/* Why a call would come too late, or fails again and again; FAULT_NONE: it is worth waiting for. */
enum fault flight_why_hopeless(const struct wait *wait, const struct reply *need);
/* The flight for what the tree needs; NULL: it landed at once, and the tree knows more. */
struct flight *flight_find(struct engine *engine, struct node *node, enum want want, unsigned uid,
	bool polls);
/* The answer that came for the leg has to wait before it is parsed. */
bool flight_is_busy(const struct leg *leg);
/*
 * Takes in what has come, so much of it as one turn of the loop may take, and the rest in the next turns; may
 * land and free the flight.  `worked`: bytes of answers that were parsed in this turn already.
 */
void flight_advance(struct flight *flight, size_t worked);
/* Asks for more of its pages before those under way are answered, as far as the rate has room. */
void flight_look_ahead(struct flight *flight);
/* Whoever waited has left: a call that is still in the queue, and was never made, is not made. */
void flight_let_go(struct flight *flight);
/* Makes its call again, when it is on its way. */
void flight_begin_again(struct flight *flight);
/* Takes back what is on its way, and lets go of it; whoever waits has been answered. */
void flight_free(struct flight *flight);

/* leg.c */
struct leg *leg_new(struct flight *flight, int64_t offset); /* appended to the flight's */
/* Waits for its turn and is sent; the flight advances when it ends.  May end at once: FAULT_QUEUE. */
void leg_book(struct leg *leg);
void leg_send(struct leg *leg); /* by turn.c */
/* LEG_CAME, by flight.c while a rest is due: parses the answer.  The leg ends, or tries again. */
void leg_read(struct leg *leg);
/* Somebody waits for it until then. */
void leg_wanted_until(struct leg *leg, int64_t deadline_ms);
/* It is in the queue for the first time, and has an end of its own. */
bool leg_is_yet_to_go(const struct leg *leg);
/* Our own rate had no room for it within the deadline. */
void leg_note_queue(const struct leg *leg);
/* The cloud is down: it is not asked. */
void leg_refuse(struct leg *leg);
/* What it ends with when nothing more happens: our own queue is too long, or the cloud is silent. */
enum fault leg_fault(const struct leg *leg);
void leg_free(struct leg *leg);

/* turn.c */
struct action_state *engine_action(struct engine *engine, const struct action *action);
/* How long another try of the leg would wait for its turn now. */
int64_t turn_try_ms(const struct leg *leg);
/* How long, as far as can be foreseen, a call of this user would wait for its turn now. */
int64_t turn_wait_ms(struct engine *engine, const struct action *action, unsigned uid);
/* A user reads it now: it takes that user's turn where that comes sooner. */
void turn_hand_over(struct leg *leg, unsigned uid);
void turn_join(struct leg *leg);
void turn_leave(struct leg *leg);
/* It is being sent; it went onto the wire; its exchange is over (if it never went there, another may go). */
void turn_begin(struct leg *leg);
void turn_wired(struct leg *leg);
void turn_end(struct leg *leg);
/* Something has changed for all that wait. */
void turn_run_all(struct engine *engine);
/* Whether one more page could be asked for ahead now, behind all that wait. */
bool turn_spares(const struct flight *flight);
/* When the next one may go ahead of a scan, which uses up the rate evenly; 0: now, and it goes. */
int64_t turn_pace_ms(struct engine *engine, const struct action *action);
void engine_release_actions(struct engine *engine);

/* page.c */
/* The request's JSON of one of its calls. */
void flight_body(const struct leg *leg, struct buf *out);
/* Chooses the first call; FAULT_NONE: book it, or, when there is no action, nobody has to be asked. */
enum fault flight_begin(struct flight *flight);
/* Takes in an answer; flight->more: another page (or another call) is to be booked. */
enum fault flight_take(struct flight *flight, const struct json *result, const struct source_note *note);
/*
 * A call failed for good; true: another one was chosen instead (the list call is gone: harvest).  Where no
 * other call is left and what is known is shown all the same, *fault becomes FAULT_NONE.
 */
bool flight_survives(struct flight *flight, enum fault *fault);
/* The catalog foresees it: the list call of a partial kind may be gone.  That is no failure of the mount. */
bool flight_expects(const struct flight *flight, enum fault fault);
/* Which of two causes a refused parameter or a missing resource is, seen from who asked. */
enum fault flight_judge(const struct flight *flight, enum fault fault);
/* The list is read from its beginning, in that way. */
void flight_choose_list(struct flight *flight, enum phase phase);

/* paging.c */
/* The next call asks for the first page. */
void paging_begin(struct flight *flight);
/* Takes in what a page says of the next one; true: there is one.  `barren`: it brought nothing new. */
bool paging_next(struct flight *flight, const struct json *result, size_t n_items, bool barren);
bool paging_goes_round(const struct flight *flight); /* nothing new has come for some pages */
/* Whether a first page without an item says that there are some, or says it so that nobody can tell. */
bool paging_promises(const struct flight *flight, const struct json *result);
/* The items that a page of the action is asked for. */
int paging_limit(struct engine *engine, const struct action *action);
/* The cloud refused that number; true: the same page is to be asked for with less. */
bool paging_asks_for_less(struct flight *flight, enum fault fault, const struct leg *leg);
/* An answer came: the number that was asked for is remembered. */
void paging_note_limit(struct flight *flight);

/* refresh.c */
/* How the listing is best read now. */
enum phase refresh_phase(struct flight *flight);
/* The answer cannot be one to the refresh's question; the list is read whole instead. */
bool refresh_gives_up(struct flight *flight, enum fault fault);
/* An item of a page: whether it belongs there. */
bool refresh_takes(struct flight *flight, const struct json *item, const struct listed *listed);
/* Tells the tree what the next reading will take, when this one is over. */
void refresh_price(const struct flight *flight);
/* The page is over, and did or did not fit what was asked; chooses what comes next. */
void refresh_turn(struct flight *flight, bool fits, const struct source_note *note);

/* crowd.c */
/* The user did not mount the tree. */
bool crowd_is_other(const struct engine *engine, unsigned uid);
/* False: as many wait as may, and it cannot wait for the reply; else it is one of them until it leaves. */
bool crowd_admits(struct wait *wait, const struct reply *reply);
void crowd_leave(const struct wait *wait);

/* watch.c */
/* Has it ask again when there may be something new. */
void watch_sleep(struct wait *wait, const struct reply *later);
void watch_leave(struct wait *wait); /* also one that does not sleep */

/* metrics.c */
void metrics_print(const struct engine *engine, struct buf *out);
void requests_print(const struct engine *engine, struct buf *out);
/* Says on the trace what came of a call's last try. */
void answer_trace(const struct leg *leg, const struct response *response, enum fault fault);

/* status.c */
void engine_fill_texts(struct engine *engine, struct node *node);

#endif
