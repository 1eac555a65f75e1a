/*
 * state.h - struct engine, and the services that the module's other files use: clocks, notes of failures and
 * of actions, the texts of .describefs.
 */
#ifndef DESCRIBEFS_STATE_H
#define DESCRIBEFS_STATE_H

#include "base/list.h"
#include "base/map.h"
#include "client/client.h"
#include "client/completion.h"
#include "engine/engine.h"

struct action_note;
struct fetch;

/*
 * What a fetch reports to the engine's listener, at the end of the event in which it happened.
 *
 * FETCH_FAILING: several tries of a call have failed. Readers for whom there is stale data get that now.
 * FETCH_PROGRESS: the tree has been filled with an answer, and the fetch continues.
 * FETCH_DONE: the fetch is finished, and the tree is filled. The fetch is freed after the report.
 */
enum fetch_event { FETCH_FAILING = 1, FETCH_PROGRESS = 2, FETCH_DONE = 4 };

struct engine {
	struct engine_options options;
	struct client *client;
	struct completion_queue completions; /* of calls and fetches */
	struct journal journal;
	struct list fetches; /* of struct fetch, the newest first; also those that are finished */
	struct map fetch_map; /* those that are not finished, by what they read (fetch_map.c) */
	void (*listener)(struct fetch *fetch, enum fetch_event event); /* waiter_listen */
	struct list sleepers; /* of struct waiter: readers of .wait between two looks */
	struct action_note *actions; /* in the order of first use */
	size_t n_actions;
	struct engine_stats stats; /* without what the client and the journal count */
	struct timer *ahead; /* starts the next call ahead of a scan; NULL: none is needed */
	int64_t started_s, started_ms;
};

/* ---- clock.c ---- */

int64_t engine_now_ms(const struct engine *engine);
int64_t engine_wall_s(const struct engine *engine);

/* ---- failure_notes.c ---- */

/* Adds a failure to the journal. `uid`: the user whose question began the fetch. */
void engine_note_failure(struct engine *engine, const struct node *node, unsigned uid, enum error error,
	const struct error_note *note);
/*
 * For a short time readers get the last good answer, where there is one, without a call (tree_note_outage).
 * A timeout does not count as an outage while other calls are answered: then the cloud is only slow.
 */
void engine_note_outage(struct engine *engine, enum error error);

/* ---- action_notes.c ---- */

/* What the cloud was seen to do with one action. */
struct action_note {
	const struct action *action;
	int64_t unsupported_until_ms; /* the cloud does not have the action; it is not called until then */
	/* the cloud does not order or filter as a refresh needs; the list is read whole until then */
	int64_t whole_until_ms;
	int page_limit; /* largest number of items in a page that the cloud accepts; 0: the catalog's */
};

/* A new note is empty. Borrowed until the next call of this function. */
struct action_note *engine_action_note(struct engine *engine, const struct action *action);
bool engine_is_unsupported(struct engine *engine, const struct action *action);
/* The cloud answered that it does not have the action; that stands for ten minutes. */
void engine_note_unsupported(struct engine *engine, const struct action *action);

/* ---- metrics.c ---- */

/* The texts of .describefs/metrics and .describefs/requests. */
void metrics_print(const struct engine *engine, struct buf *out);
void requests_print(const struct engine *engine, struct buf *out);

/* ---- status.c ---- */

/* Fills the directory .describefs with the texts of this moment. */
void engine_fill_texts(struct engine *engine, struct node *node);

#endif
