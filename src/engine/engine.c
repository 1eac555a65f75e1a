/*
 * engine.c - the public functions: questions, refreshes, cancellation; and fetches ahead of a scan.
 */
#include "engine/engine.h"

#include <stdlib.h>

#include "fetch.h"
#include "waiter.h"

/* In the journal "(key)" stands for the path, because no directory has failed. */
static void engine_note_credentials(void *arg, enum error error, const struct error_note *note)
{
	struct engine *engine = arg;

	journal_add(&engine->journal, engine_wall_s(engine), "(key)", 0, error, note);
}

static struct client *engine_client_new(struct engine *engine)
{
	const struct engine_options *options = &engine->options;
	struct client_options client = {
		.io = options->io,
		.completions = &engine->completions,
		.provider = options->provider,
		.site = options->site,
		.credential_source = options->credential_source,
		.key_site = options->key_site,
		.look = options->look,
		.renew = options->renew,
		.key_arg = options->key_arg,
		.deadline_ms = options->deadline_ms,
		.rate = options->rate,
		.seed = options->seed,
		.trace = options->trace,
		.trace_arg = options->trace_arg,
		.credentials_failed = engine_note_credentials,
		.credentials_arg = engine,
	};

	return client_new(&client);
}

struct engine *engine_new(const struct engine_options *options)
{
	struct engine *engine = xcalloc(1, sizeof(*engine));

	engine->options = *options;
	engine->started_s = engine_wall_s(engine);
	engine->started_ms = engine_now_ms(engine);
	map_init(&engine->fetch_map, options->seed);
	engine->listener = waiter_listen;
	list_init(&engine->fetches);
	list_init(&engine->sleepers);
	completion_queue_init(&engine->completions);
	engine->client = engine_client_new(engine);
	return engine;
}

static void engine_tick_ahead(void *arg);

static bool engine_describes(const void *engine, const struct node *resource)
{
	return fetch_under_way(engine, resource, FETCH_DESCRIBE);
}

/* The resource to describe next ahead of a scan; NULL: there is none. */
static struct node *engine_next_ahead(const struct engine *engine)
{
	return tree_ahead(engine->options.tree, engine_now(engine), engine_describes, engine);
}

/* Fetches ahead of a scan, when no call waits in the rate queue. */
static void engine_look_ahead(struct engine *engine)
{
	const struct transport *io = &engine->options.io;
	struct node *node;

	while (!engine->ahead && (node = engine_next_ahead(engine))) {
		int64_t wait_ms = client_pace_ms(engine->client, &node_kind(node)->describe);
		if (wait_ms)
			engine->ahead = io->timer_start(io->self, wait_ms, engine_tick_ahead, engine);
		else
			fetch_find(engine, node, FETCH_DESCRIBE, 0, false);
	}
}

static void engine_tick_ahead(void *arg)
{
	struct engine *engine = arg;

	engine->ahead = NULL;
	engine_look_ahead(engine);
	completion_deliver(&engine->completions);
}

/*
 * A reader that follows a list while it is read does not wait for the fetch, but needs it: the fetch is not
 * abandoned.
 */
static void engine_note_follower(const struct engine *engine, const struct reply *reply)
{
	struct fetch *fetch = reply->node ? fetch_under_way(engine, reply->node, FETCH_LIST) : NULL;

	if (fetch && fetch->waiters.abandoned_since_ms)
		fetch->waiters.abandoned_since_ms = engine_now_ms(engine);
}

/*
 * The waiter must not write through its handle, which goes out of scope. NULL: the waiter was freed
 * already.
 */
static void engine_drop_handle(struct waiter *wait)
{
	if (wait)
		wait->handle = NULL;
}

/* Makes the question a waiter. NULL: it was answered already. */
static struct waiter *engine_wait(const struct waiter *asking, struct query_time query)
{
	struct engine *engine = asking->engine;
	struct waiter *wait = xmalloc(sizeof(*wait)), *pending = wait;

	*wait = *asking;
	list_init(&wait->link);
	wait->name = asking->name ? xstrdup(asking->name) : NULL;
	wait->handle = &pending;
	wait->times.since_ms = query.since_ms;
	wait->times.deadline_ms = query.now_ms + engine->options.deadline_ms;
	waiter_retry(wait);
	engine_look_ahead(engine);
	completion_deliver(&engine->completions);
	engine_drop_handle(pending);
	return pending;
}

/* Puts the question to the tree. A cache hit is answered at once, and allocates nothing. */
static struct waiter *engine_put(struct waiter *asking)
{
	struct engine *engine = asking->engine;
	struct query_time query = engine_now(engine);
	struct reply reply = waiter_ask(asking, query);

	engine->stats.questions++;
	bool waits = reply.outcome == RESULT_NEED_FETCH || reply.outcome == RESULT_RETRY_LATER;
	if (waits && crowd_admits(asking, &reply)) {
		engine->stats.waited += reply.outcome == RESULT_NEED_FETCH;
		engine->stats.watching += asking->question == ASK_WAIT;
		return engine_wait(asking, query);
	}
	if (waits)
		reply = (struct reply){ .outcome = RESULT_FAILED, .error = ERR_QUEUE };
	if (asking->question == ASK_READ)
		engine_note_follower(engine, &reply);
	asking->done(asking->arg, &reply);
	engine_look_ahead(engine);
	completion_deliver(&engine->completions);
	return NULL;
}

struct waiter *engine_ask(struct engine *engine, enum question question, uint64_t id, const char *name,
	unsigned uid, engine_done_fn *done, void *arg)
{
	return engine_put(&(struct waiter){ .engine = engine,
		.question = question,
		.id = id,
		.uid = uid,
		.name = (char *)name,
		.done = done,
		.arg = arg }); /* a waiting question keeps a copy of the name */
}

struct waiter *engine_read(struct engine *engine, uint64_t id, uint64_t cookie, unsigned uid,
	engine_done_fn *done, void *arg)
{
	return engine_put(&(struct waiter){ .engine = engine,
		.question = ASK_READ,
		.id = id,
		.cookie = cookie,
		.uid = uid,
		.done = done,
		.arg = arg });
}

/* Fetches under way about it, or about what is in it, are too old for a refresh. */
static void engine_invalidate(struct engine *engine, const struct node *top)
{
	for (struct list *at = list_first(&engine->fetches); at; at = list_next(&engine->fetches, at)) {
		struct fetch *fetch = LIST_OWNER(at, struct fetch, link);
		if (!node_is_affected_by(fetch->node, top))
			continue;
		fetch->invalidated_ms = engine_now_ms(engine);
		if (fetch->fetch_kind == FETCH_DESCRIBE)
			fetch_restart(fetch);
	}
	completion_deliver(&engine->completions);
}

const struct node *engine_refresh_begin(struct engine *engine, uint64_t id, const char *name,
	struct ids *todo)
{
	const struct node *top = tree_refresh_begin(engine->options.tree, id, name, todo);

	if (top)
		engine_invalidate(engine, top);
	return top;
}

const struct node *engine_refresh(struct engine *engine, uint64_t id, const char *name)
{
	const struct node *top = tree_refresh(engine->options.tree, id, name, NULL);

	if (top)
		engine_invalidate(engine, top);
	return top;
}

void engine_cancel(struct engine *engine, struct waiter *wait)
{
	struct fetch *fetch = wait->fetch;

	(void)engine;
	waiter_free(wait);
	if (fetch)
		fetch_let_go(fetch);
}

void engine_free(struct engine *engine)
{
	if (!engine)
		return;
	const struct reply lost = { .outcome = RESULT_FAILED, .error = ERR_LOST };

	waiters_answer(&engine->sleepers, &lost);
	while (!list_is_empty(&engine->fetches)) {
		struct fetch *fetch = LIST_OWNER(list_first(&engine->fetches), struct fetch, link);
		waiters_answer(&fetch->waiters.list, &lost);
		fetch_free(fetch);
	}
	engine->options.io.timer_stop(engine->options.io.self, engine->ahead);
	client_free(engine->client);
	map_release(&engine->fetch_map);
	free(engine->actions);
	journal_release(&engine->journal);
	free(engine);
}

const struct journal *engine_journal(const struct engine *engine)
{
	return &engine->journal;
}

const char *engine_key_where(const struct engine *engine)
{
	return client_credentials_origin(engine->client);
}
