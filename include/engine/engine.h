/*
 * engine.h - answers questions put to the tree, and makes the fetches that the tree needs for that.
 *
 * Any number of questions that need the same thing share one fetch (single flight). A question is answered
 * exactly once, at the latest `deadline_ms` after it was put, with RESULT_FOUND, RESULT_ABSENT or
 * RESULT_FAILED; one that is cancelled before is not answered. The answer may come before the function
 * that puts the question returns.
 *
 * The engine does I/O through http/transport.h alone.
 */
#ifndef DESCRIBEFS_ENGINE_H
#define DESCRIBEFS_ENGINE_H

#include "engine/journal.h"
#include "http/transport.h"
#include "provider/provider.h"
#include "tree/tree.h"

struct engine;
struct waiter; /* a question that waits for its answer */

/* Everything is borrowed and outlives the engine; `credential_source` is copied. */
struct engine_options {
	struct transport io;
	struct tree *tree;
	const struct provider *provider;
	struct site site;
	const struct credential_source *credential_source; /* how credentials are obtained */
	struct key_site key_site;
	/* As in credential_cache.h. */
	bool (*look)(void *arg, struct credential_source *out, struct buf *why);
	bool (*renew)(void *arg, struct credential_source *out);
	void *key_arg;
	/* Whether the user mounted the tree; `arg` is key_arg. NULL: every user counts as that one. */
	bool (*is_owner)(void *arg, unsigned uid);
	int64_t deadline_ms; /* of a question, and of a call with its retries */
	double rate; /* calls a second for each action; 0: the catalog's */
	uint64_t seed; /* of the retry jitter */
	/* One line for each exchange, without secrets; NULL: no trace. */
	void (*trace)(void *arg, const char *line);
	void *trace_arg;
};

/* The answer. `reply` is valid during the call. */
typedef void engine_done_fn(void *arg, const struct reply *reply);

struct engine *engine_new(const struct engine_options *options);
/* Answers all waiters with ERR_LOST first. NULL is fine. */
void engine_free(struct engine *engine);

enum question { ASK_LOOKUP, ASK_ATTR, ASK_OPEN, ASK_READ, ASK_WAIT };
/*
 * Puts tree_lookup, tree_attr, tree_open or tree_wait; `name` is for tree_lookup alone. `uid`: the user
 * that the reader's process belongs to; calls of several users take turns. NULL: `done` has already been
 * called.
 *
 * ASK_WAIT has no deadline. It is answered when the resource has a terminal status, or when waiting cannot
 * help (tree_wait).
 */
struct waiter *engine_ask(struct engine *engine, enum question question, uint64_t id, const char *name,
	unsigned uid, engine_done_fn *done, void *arg);
/* Puts tree_more: whether tree_next has entries from the cookie on. Continue at reply->cookie. */
struct waiter *engine_read(struct engine *engine, uint64_t id, uint64_t cookie, unsigned uid,
	engine_done_fn *done, void *arg);
/* `done` is not called. The fetch continues, because an interrupted reader often asks again. */
void engine_cancel(struct engine *engine, struct waiter *wait);
/*
 * tree_refresh, which also concerns fetches under way: a describe call that was sent already is made again
 * for its waiters, and a list that is being read is read again afterwards.
 */
const struct node *engine_refresh(struct engine *engine, uint64_t id, const char *name);
/* The same with tree_refresh_begin. The caller does the steps. */
const struct node *engine_refresh_begin(struct engine *engine, uint64_t id, const char *name,
	struct ids *todo);
/* A question that is put now, for functions of tree.h. */
struct query_time engine_now(const struct engine *engine);

/* Counters since the start, and current numbers. */
struct engine_stats {
	uint64_t questions; /* put */
	uint64_t waited; /* of these, not answered from the cache */
	uint64_t turned_away; /* of these, refused because too many waited (crowd.c) */
	uint64_t calls; /* tries that were sent */
	uint64_t retries; /* of these, not the first of their call */
	uint64_t failures; /* in the journal */
	size_t in_flight; /* fetches now */
	size_t waiting; /* questions that wait for a fetch now */
	size_t watching; /* questions ASK_WAIT now */
	size_t parked; /* all questions that wait now */
	size_t parked_others; /* of these, by users who did not mount the tree */
	int64_t clock_offset_s; /* added to the local clock when signing */
	int64_t last_ok_s; /* Unix time of the last good answer; 0: there was none */
};
struct engine_stats engine_stats(const struct engine *engine);

/* The last failures, as .describefs/errors shows them; borrowed. */
const struct journal *engine_journal(const struct engine *engine);
/* Where the credentials come from, for people; borrowed until the next question. */
const char *engine_key_where(const struct engine *engine);

#endif
