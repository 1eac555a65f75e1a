/*
 * state.h - struct engine and the services at the bottom of the module: clocks, notes of failures.
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
 * What a fetch tells the engine, at the end of the event in which it happened.
 * FETCH_FAILING: several tries of a call failed; readers with stale data need not wait for the next one.
 * FETCH_PROGRESS: the tree knows more than before, and the fetch goes on.
 * FETCH_DONE: the fetch is over, the tree is filled; the fetch is freed afterwards.
 */
enum fetch_event { FETCH_FAILING = 1, FETCH_PROGRESS = 2, FETCH_DONE = 4 };

struct engine {
	struct engine_options options;
	struct client *client;
	struct completion_queue completions; /* of the calls and of the fetches */
	struct journal journal;
	struct list fetches; /* of struct fetch, the newest first; also those that are finished */
	struct map fetch_map; /* those that are not finished, by what they read (fetch_map.c) */
	void (*listener)(struct fetch *fetch, enum fetch_event event); /* the waiters' */
	struct list sleepers; /* of struct waiter: readers of .wait between two looks */
	struct action_note *actions; /* in the order of first use */
	size_t n_actions;
	struct engine_stats stats; /* without what the client and the journal count */
	struct timer *ahead; /* the next call ahead of a scan; NULL: none is due */
	int64_t started_s, started_ms;
};

/* ---- clock.c ---- */

int64_t engine_now_ms(const struct engine *engine);
int64_t engine_wall_s(const struct engine *engine);

/* ---- failure_notes.c ---- */

/* One more failure, for .describefs/errors.  `uid`: the user whose question it was. */
void engine_note_failure(struct engine *engine, const struct node *node, unsigned uid, enum error error,
	const struct error_note *note);
/*
 * For a moment the cloud is not asked for what has a last good answer.  A timeout while other calls are
 * answered is no outage: the cloud is only slow.
 */
void engine_note_outage(struct engine *engine, enum error error);

/* ---- action_notes.c ---- */

/* What this cloud was seen to do with one action. */
struct action_note {
	const struct action *action;
	int64_t unsupported_until_ms; /* the cloud has no such action: it is not called before */
	/* it does not order or filter as a refresh needs: lists are read whole before */
	int64_t whole_until_ms;
	int page_limit; /* items a page that the cloud accepts; 0: as many as the catalog says */
};

/* Borrowed until the next call of it. */
struct action_note *engine_action_note(struct engine *engine, const struct action *action);
bool engine_is_unsupported(struct engine *engine, const struct action *action);
/* For ten minutes. */
void engine_note_unsupported(struct engine *engine, const struct action *action);

/* ---- metrics.c ---- */

void metrics_print(const struct engine *engine, struct buf *out);
void requests_print(const struct engine *engine, struct buf *out);

/* ---- status.c ---- */

void engine_fill_texts(struct engine *engine, struct node *node);

#endif
