/*
 * engine.h - answers questions put to the tree, with the fetches that it needs.
 *
 * However many ask for the same thing at once, one call is under way for it (single flight).  Every
 * question is answered exactly once, at the latest `deadline_ms` after it was asked, with a reply
 * that is FOUND, ABSENT or FAILED, unless it is cancelled before.  The answer may come before the
 * asking call returns.
 *
 * Its only way out is http/transport.h.
 */
#ifndef DESCRIBEFS_ENGINE_H
#define DESCRIBEFS_ENGINE_H

#include "engine/journal.h"
#include "http/transport.h"
#include "provider/provider.h"
#include "tree/tree.h"

struct engine;
struct waiter; /* a question that waits for its answer */

struct engine_options {
	struct transport io;
	struct tree *tree; /* not owned, as everything here; outlives the engine */
	const struct provider *provider;
	struct site site;
	const struct credential_source *origin; /* how the key is come by; copied */
	struct key_site key_site;
	/* As in credential_cache.h. */
	bool (*look)(void *arg, struct credential_source *out, struct buf *why);
	bool (*renew)(void *arg, struct credential_source *out);
	void *key_arg;
	/* NULL: all users are. `arg` is key_arg. */
	bool (*is_owner)(void *arg, unsigned uid);
	int64_t deadline_ms;
	double rate; /* calls a second an action; 0: the catalog's */
	uint64_t seed; /* of the retry jitter */
	/* One line for each exchange, without secrets; NULL: no trace. */
	void (*trace)(void *arg, const char *line);
	void *trace_arg;
};

/* `reply` is borrowed for the call. */
typedef void engine_done_fn(void *arg, const struct reply *reply);

struct engine *engine_new(const struct engine_options *options);
/* Waiters are answered with ERR_LOST first. NULL is fine. */
void engine_free(struct engine *engine);

enum question { ASK_LOOKUP, ASK_ATTR, ASK_OPEN, ASK_READ, ASK_WAIT };
/*
 * tree_lookup, tree_attr, tree_open or tree_wait (`name` only for the first).  `uid`: the reader's;
 * users take turns.  NULL: `done` has already been called.  The last one has no deadline: it is answered
 * when the status is a terminal one, or not to be had.
 */
struct waiter *engine_ask(struct engine *engine, enum question question, uint64_t id, const char *name,
	unsigned uid, engine_done_fn *done, void *arg);
/* tree_more: whether tree_next has more from the cookie on; it goes on at reply->cookie. */
struct waiter *engine_read(struct engine *engine, uint64_t id, uint64_t cookie, unsigned uid,
	engine_done_fn *done, void *arg);
/* `done` is not called. The call under way goes on: an interrupted reader mostly comes back for it. */
void engine_cancel(struct engine *engine, struct waiter *wait);
/*
 * tree_refresh, also for what is under way: a describe call that was sent before is made again for its
 * waiters, and a list that is being read is read again after that.
 */
const struct node *engine_refresh(struct engine *engine, uint64_t id, const char *name);
/* The same, with tree_refresh_begin: its steps are left to the caller. */
const struct node *engine_refresh_begin(struct engine *engine, uint64_t id, const char *name,
	struct ids *todo);
/* The moment, as tree.h wants it. */
struct query_time engine_now(const struct engine *engine);

struct engine_stats {
	uint64_t questions, waited, calls, failures, retries;
	size_t in_flight, waiting;
	size_t watching; /* that wait for a status, however long it takes */
	size_t parked, parked_others; /* both; those of users who did not mount the tree */
	uint64_t turned_away; /* questions for which no more could wait */
	int64_t clock_offset_s; /* what is added to our clock when signing */
	int64_t last_ok_s; /* Unix, 0: never */
};
struct engine_stats engine_stats(const struct engine *engine);

/* The failures so far, of which .describefs/errors has the last; borrowed. */
const struct journal *engine_journal(const struct engine *engine);
/* Where the key is from, for people; borrowed until the next question. */
const char *engine_key_where(const struct engine *engine);

#endif
