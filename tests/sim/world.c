/*
 * world.c - setting up, asking, and looking at what came.
 */
#include "world.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct setup world_setup(void)
{
	return (struct setup){ .catalog = "tione", .ttl_s = -1, .stale_s = 3600,
		.deadline_ms = DEADLINE_MS, .max_memory = SIZE_MAX };
}

static void make_tree(struct world *world)
{
	struct tree_options options = {
		.catalog = world->catalog,
		.readme = "read me\n",
		.api_names = world->setup.api_names,
		.secrets = world->setup.secrets,
		.ttl_ms = world->setup.ttl_s < 0 ? -1 : world->setup.ttl_s * 1000,
		.stale_ms = world->setup.stale_s * 1000,
		.max_memory = world->setup.max_memory,
	};

	world->tree = tree_new(&options);
}

static void make_engine(struct world *world)
{
	char id[] = "AKIDscript", secret[] = "script-secret";
	struct credential_source at_hand = { .kind = CREDENTIAL_SOURCE_KEY, .key = { .id = id, .secret = secret } };
	struct engine_options options = {
		.io = script_io(&world->script),
		.tree = world->tree,
		.provider = world->setup.provider ? world->setup.provider : provider_find(world->catalog->cloud),
		.site = { world->catalog, world->catalog->endpoint, world->catalog->region },
		.credential_source = world->setup.credential_source ? world->setup.credential_source : &at_hand,
		.look = world->setup.look,
		.renew = world->setup.renew,
		.key_arg = world->setup.key_arg,
		.is_owner = world->setup.is_owner,
		.deadline_ms = world->setup.deadline_ms,
		.rate = world->setup.rate,
		.seed = 7,
	};

	world->engine = engine_new(&options);
}

struct world *world_open(const struct setup *setup)
{
	struct world *world = xcalloc(1, sizeof(*world));

	world->setup = setup ? *setup : world_setup();
	script_init(&world->script);
	catalogs_init(&world->catalogs);
	if (!world->setup.catalogs)
		catalogs_load_built_in(&world->catalogs);
	world->catalog = catalogs_find(world->setup.catalogs ? world->setup.catalogs : &world->catalogs,
		world->setup.catalog);
	make_tree(world);
	make_engine(world);
	return world;
}

void world_close(struct world *world)
{
	engine_free(world->engine);
	assert_int_equal(world->unanswered, 0); /* everyone was answered, or took it back */
	tree_free(world->tree);
	script_release(&world->script);
	catalogs_release(&world->catalogs);
	free(world);
}

struct query_time world_now(struct world *world)
{
	return engine_now(world->engine);
}

/* ---- asking ---- */

static void take_answer(void *arg, const struct reply *reply)
{
	struct ask *ask = arg;
	struct world *world = ask->world;

	assert_int_equal(ask->answers, 0); /* exactly once */
	assert_true(reply->outcome == RESULT_FOUND || reply->outcome == RESULT_ABSENT ||
		reply->outcome == RESULT_FAILED);
	ask->answers = 1;
	ask->wait = NULL;
	ask->reply = *reply;
	ask->answered_ms = world->script.now_ms;
	assert_true(ask->question == ASK_WAIT ||
		ask->answered_ms - ask->asked_ms <= world->setup.deadline_ms);
	world->unanswered--;
	if (ask->question == ASK_LOOKUP && reply->outcome == RESULT_FOUND)
		tree_ref(world->tree, reply->entry.id, 1);
	if (ask->then)
		ask->then(ask);
}

static void begin_ask(struct ask *ask, struct world *world, enum question question)
{
	void (*then)(struct ask *) = ask->then;
	void *arg = ask->arg;
	unsigned uid = ask->uid;

	*ask = (struct ask){ .world = world, .question = question, .then = then, .arg = arg, .uid = uid,
		.asked_ms = world->script.now_ms };
	world->unanswered++;
}

static void note_wait(struct ask *ask, struct waiter *wait)
{
	if (!ask->answers)
		assert_non_null(wait); /* answered, or waiting, but not both */
	else
		assert_null(wait);
	ask->wait = wait;
}

void ask_put(struct ask *ask, struct world *world, enum question question, uint64_t id,
	const char *name)
{
	begin_ask(ask, world, question);
	note_wait(ask, engine_ask(world->engine, question, id, name, ask->uid, take_answer, ask));
}

void ask_read(struct ask *ask, struct world *world, uint64_t id, uint64_t cookie)
{
	begin_ask(ask, world, ASK_READ);
	note_wait(ask, engine_read(world->engine, id, cookie, ask->uid, take_answer, ask));
}

struct reply world_read(struct world *world, uint64_t id, uint64_t cookie)
{
	struct ask ask = { 0 };

	ask_read(&ask, world, id, cookie);
	while (!ask.answers)
		assert_true(script_step(&world->script));
	return ask.reply;
}

void ask_cancel(struct ask *ask)
{
	assert_non_null(ask->wait);
	engine_cancel(ask->world->engine, ask->wait);
	ask->wait = NULL;
	ask->world->unanswered--;
}

struct reply world_ask(struct world *world, enum question question, uint64_t id, const char *name)
{
	struct ask ask = { 0 };

	ask_put(&ask, world, question, id, name);
	while (!ask.answers)
		assert_true(script_step(&world->script));
	return ask.reply;
}

/* What is passed on the way is let go of again at once. */
struct reply world_lookup(struct world *world, const char *path)
{
	struct reply reply = { .outcome = RESULT_FOUND, .entry = { .id = TREE_ROOT } };
	char *copy = xstrdup(path), *rest = NULL;

	for (char *name = strtok_r(copy, "/", &rest); name && reply.outcome == RESULT_FOUND;
			name = strtok_r(NULL, "/", &rest)) {
		uint64_t above = reply.entry.id;
		reply = world_ask(world, ASK_LOOKUP, above, name);
		tree_forget(world->tree, above, 1);
	}
	free(copy);
	return reply;
}

uint64_t world_find(struct world *world, const char *path)
{
	struct reply reply = world_lookup(world, path);

	if (reply.outcome != RESULT_FOUND)
		fail_msg("%s is not found: outcome %d, %s", path, reply.outcome,
			error_name(reply.error));
	return reply.entry.id;
}

char *world_cat(struct world *world, const char *path)
{
	struct reply reply = world_lookup(world, path);
	size_t size;
	const char *bytes = reply.outcome == RESULT_FOUND ?
		tree_read(world->tree, reply.entry.id, &size) : NULL;

	if (bytes)
		assert_int_equal(reply.entry.attr.size, size);
	char *copy = bytes ? xstrndup(bytes, size) : NULL;
	if (reply.outcome == RESULT_FOUND)
		tree_forget(world->tree, reply.entry.id, 1);
	return copy;
}

void assert_cat(struct world *world, const char *path, const char *text)
{
	char *bytes = world_cat(world, path);

	if (!bytes || strcmp(bytes, text) != 0)
		fail_msg("%s holds %s, should hold %s", path, bytes ? bytes : "nothing", text);
	free(bytes);
}

char *world_names(struct world *world, uint64_t id)
{
	struct reply reply = world_ask(world, ASK_OPEN, id, NULL);
	struct query_time query = { .now_ms = world->script.now_ms }; /* as the fronts do: what was opened stays open */
	uint64_t cookie = 0;
	struct entry entry;
	const char *name;
	struct buf names;

	if (reply.outcome != RESULT_FOUND)
		return NULL;
	buf_init(&names, SIZE_MAX);
	while (tree_next(world->tree, id, &cookie, &name, &entry, query))
		buf_printf(&names, "%s ", name);
	return buf_take(&names);
}

char *world_ls(struct world *world, const char *path)
{
	uint64_t id = world_find(world, path);
	char *names = world_names(world, id);

	tree_forget(world->tree, id, 1);
	return names;
}

void assert_ls(struct world *world, const char *path, const char *expected)
{
	char *names = world_ls(world, path);

	if (!names || strcmp(names, expected) != 0)
		fail_msg("%s holds %s, should hold %s", path, names ? names : "nothing", expected);
	free(names);
}

void assert_link(struct world *world, const char *path, const char *target)
{
	struct reply reply = world_lookup(world, path);

	assert_found(&reply);
	const char *leads = tree_link(world->tree, reply.entry.id);
	if (!leads || strcmp(leads, target) != 0)
		fail_msg("%s leads to %s, should lead to %s", path, leads ? leads : "nothing", target);
	assert_int_equal(reply.entry.attr.size, strlen(target));
	assert_true(S_ISLNK(reply.entry.attr.mode));
	tree_forget(world->tree, reply.entry.id, 1);
}

size_t world_count(struct world *world, const char *path)
{
	uint64_t id = world_find(world, path), cookie = 0;
	struct reply reply = world_ask(world, ASK_OPEN, id, NULL);
	struct query_time query = { .now_ms = world->script.now_ms };
	struct entry entry;
	const char *name;
	size_t n = 0;

	if (reply.outcome != RESULT_FOUND)
		fail_msg("%s can't be read", path);
	while (tree_next(world->tree, id, &cookie, &name, &entry, query))
		n++;
	tree_forget(world->tree, id, 1);
	return n;
}

/* ---- looking ---- */

struct exchange *world_only(struct world *world)
{
	assert_int_equal(world->script.n_waiting, 1);
	return script_waiting(&world->script, 0);
}

size_t world_calls(struct world *world)
{
	size_t calls = world->script.n_sent - world->calls_before;

	world->calls_before = world->script.n_sent;
	return calls;
}

void assert_error(const struct reply *reply, enum error error)
{
	if (reply->outcome != RESULT_FAILED || reply->error != error)
		fail_msg("outcome %d with %s, should fail with %s", reply->outcome,
			error_name(reply->error), error_name(error));
}

void assert_found(const struct reply *reply)
{
	if (reply->outcome != RESULT_FOUND)
		fail_msg("outcome %d with %s, should be found", reply->outcome, error_name(reply->error));
}

void assert_absent(const struct reply *reply)
{
	if (reply->outcome != RESULT_ABSENT)
		fail_msg("outcome %d with %s, should be absent", reply->outcome,
			error_name(reply->error));
}

void assert_xattr(struct world *world, uint64_t id, const char *name, const char *text)
{
	struct buf value, full;

	buf_init(&value, SIZE_MAX);
	buf_init(&full, SIZE_MAX);
	buf_printf(&full, "user.describefs.%s", name);
	bool is_there = tree_xattr(world->tree, id, full.data, &value, world_now(world));
	if (is_there != (text != NULL) || (text && strcmp(value.data, text) != 0))
		fail_msg("%s is %s, should be %s", name, is_there ? value.data : "not there",
			text ? text : "not there");
	buf_release(&full);
	buf_release(&value);
}
