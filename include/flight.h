/*
 * flight.h - the inside of the engine, for engine.c, flight.c, page.c and status.c only.
 *
 * A flight is one thing that is being found out: a listing, page after page, or one resource.  It goes
 * BOOKED (its turn in the rate, or the sleep before another try, is waited for) -> SENT -> and round again,
 * until it lands.  Landing is always in this order: out of the node's slot, the tree is filled, the waiters
 * are answered; so an answer that asks again finds a tree that knows, and no flight that is half over.
 *
 * Layer 4.
 */
#ifndef DESCRIBEFS_FLIGHT_H
#define DESCRIBEFS_FLIGHT_H

#include "engine.h"
#include "rate.h"

struct wait {
	struct engine *engine;
	struct wait *next, *prev; /* among the flight's */
	struct flight *flight;
	struct timer *timer;
	enum question question;
	uint64_t id;
	char *name;
	int64_t since_ms, deadline_ms;
	unsigned rounds; /* calls that it has waited for */
	engine_done_fn *done;
	void *arg;
};

enum flight_state { FLIGHT_BOOKED, FLIGHT_SENT };

struct flight {
	struct engine *engine;
	struct flight *next, *prev; /* all of the engine's */
	struct node *node; /* pinned */
	enum want want;
	enum flight_state state;
	struct wait *first, *last;
	struct timer *timer;
	struct exchange *exchange;

	const struct action *action; /* the call that is being made */
	const char *ids; /* harvest: where ids are in its answers; NULL for the kind's own calls */
	size_t step; /* list: 0 the list call, n the n-th harvest */
	unsigned tries;
	bool clock_learned, key_reloaded; /* each at most once */
	int64_t deadline_ms; /* of the call under way, its tries included */
	int64_t sent_ms; /* of the last try */
	int64_t clock_offset_s; /* that the last try was signed with */
	enum fault too_late; /* what it lands with when its turn comes after the deadline */
	size_t bytes; /* of all answers */
	int64_t alone_ms; /* since when nobody waits; 0: somebody does */

	/* pages */
	int64_t offset, total;
	char *marker; /* NULL: the first page */
	unsigned barren; /* pages in a row that brought nothing new */
	unsigned setbacks; /* pages that were asked for again, because the list had become shorter */
	bool incomplete;
	bool lossy; /* a source of ids failed: who is not mentioned now may still be there */
};

/* What is remembered of an action between calls. */
struct action_state {
	const struct action *action;
	struct rate rate;
	int64_t unsupported_ms; /* until then nobody asks: the API said that there is no such action */
};

struct engine {
	struct engine_options options;
	struct credentials credentials;
	struct journal journal;
	struct flight *flights;
	struct action_state *actions;
	size_t n_actions;
	struct engine_stats stats;
	int64_t started_s;
	uint64_t chance;
};

/* engine.c */
void flight_land(struct flight *flight, enum fault fault);
void engine_note_failure(struct engine *engine, const struct node *node, enum fault fault,
	const struct fault_note *note);

/* flight.c */
struct action_state *engine_action(struct engine *engine, const struct action *action);
/* Books the next try of flight->action; lands at once with FAULT_QUEUE when its turn is too late. */
void flight_book(struct flight *flight);
void flight_drop(struct flight *flight); /* takes back what is on its way */

/* page.c */
/* The request's JSON of flight->action. */
void flight_body(const struct flight *flight, struct buf *out);
/* Chooses the first call; FAULT_NONE: book it, or, when there is no action, nobody has to be asked. */
enum fault flight_begin(struct flight *flight);
/* Takes in an answer; true: another page (or another call) is to be booked. */
bool flight_take(struct flight *flight, const struct json *result, const struct source_note *note,
	enum fault *fault);
/*
 * A call failed for good; true: another one was chosen instead (the list call is gone: harvest).  Where no
 * other call is left and what is known is shown all the same, *fault becomes FAULT_NONE.
 */
bool flight_survives(struct flight *flight, enum fault *fault);
/* Which of two causes a refused parameter or a missing resource is, seen from who asked. */
enum fault flight_judge(const struct flight *flight, enum fault fault);

/* status.c */
void engine_fill_texts(struct engine *engine, struct node *node);

#endif
