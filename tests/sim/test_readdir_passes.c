/*
 * test_readdir_passes.c - a pass over a directory while everything changes: what stands comes once, and one answer is shown.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud.h"

enum { TASKS = 120, PASSES = 150, LIST_MS = 30000, LIVE_MS = 15000 };

struct place {
	struct world *world;
	struct cloud cloud;
	unsigned seed;
};

static void enter(struct place *place, unsigned seed, size_t n_tasks)
{
	struct setup setup = world_setup();

	setup.rate = 1000;
	*place = (struct place){ .seed = seed };
	place->world = world_open(&setup);
	cloud_open(&place->cloud, place->world, 0);
	cloud_add_many(&place->cloud, "training", NULL, "train-", n_tasks);
}

static void leave(struct place *place)
{
	world_close(place->world);
	cloud_close(&place->cloud);
}

static unsigned chance(struct place *place, unsigned n)
{
	return (unsigned)rand_r(&place->seed) % n;
}

/* What the model knows of each task during one pass. */
struct seen {
	bool stood; /* in the listing all the time since the pass began */
	bool was_there; /* at some time since then */
	unsigned times;
};

/* The naive model of the listing: its members at the last refresh. */
static void refresh(struct place *place, struct seen seen[TASKS])
{
	script_advance(&place->world->script, LIST_MS);
	world_count(place->world, "training");
	for (size_t i = 0; i < TASKS; i++) {
		seen[i].stood &= !place->cloud.things[i]->gone;
		seen[i].was_there |= !place->cloud.things[i]->gone;
	}
}

static void change_some(struct place *place)
{
	for (unsigned n = chance(place, 12); n > 0; n--) {
		struct thing *thing = place->cloud.things[chance(place, TASKS)];
		thing->gone = !thing->gone;
		thing->revision++;
	}
}

/* Things that others do meanwhile. */
static void disturb(struct place *place)
{
	char path[64];
	unsigned task = chance(place, TASKS) + 1;

	snprintf(path, sizeof(path), "training/train-%04u/%s", task, chance(place, 2) ? "status" : "remark");
	struct reply reply = world_lookup(place->world, path);
	if (reply.outcome == RESULT_FOUND && chance(place, 2))
		tree_forget(place->world->tree, reply.entry.id, 1);
	if (chance(place, 8) == 0)
		world_lookup(place->world, "training/train-none");
}

static void take(struct place *place, const char *name, const struct entry *entry,
	struct seen seen[TASKS])
{
	size_t task = strtoul(name + strlen("train-"), NULL, 10) - 1;

	assert_true(task < TASKS);
	seen[task].times++;
	if (entry->id && chance(place, 2))
		tree_ref(place->world->tree, entry->id, 1);
}

static void walk_once(struct place *place, uint64_t id)
{
	struct seen seen[TASKS];
	struct query_time query = { .since_ms = 0 };
	uint64_t cookie = 0;
	struct entry entry;
	const char *name;

	world_count(place->world, "training");
	for (size_t i = 0; i < TASKS; i++)
		seen[i] = (struct seen){ .stood = true, .was_there = false };
	refresh(place, seen);
	for (size_t step = 0;; step++) {
		query.now_ms = place->world->script.now_ms;
		if (!tree_next(place->world->tree, id, &cookie, &name, &entry, query))
			break;
		assert_true(step < 20 * TASKS);
		take(place, name, &entry, seen);
		if (chance(place, 10) == 0) {
			change_some(place);
			refresh(place, seen);
		}
		if (chance(place, 4) == 0)
			disturb(place);
	}
	for (size_t i = 0; i < TASKS; i++) {
		if (seen[i].stood)
			assert_int_equal(seen[i].times, 1);
		if (!seen[i].was_there)
			assert_int_equal(seen[i].times, 0);
	}
}

static void test_every_standing_entry_comes_exactly_once_whatever_is_refreshed(void **state)
{
	struct place place;
	(void)state;

	enter(&place, 20251121, TASKS);
	uint64_t id = world_find(place.world, "training");
	for (int pass = 0; pass < PASSES; pass++)
		walk_once(&place, id);
	leave(&place);
}

/* Nothing is refreshed between the messages of one pass, but a clock goes on. */
static void test_a_pass_goes_on_after_its_listing_expired(void **state)
{
	struct place place;
	struct query_time query = { .since_ms = 0 };
	uint64_t cookie = 0;
	struct entry entry;
	const char *name;
	size_t n = 0;
	(void)state;

	enter(&place, 1, 100);
	uint64_t id = world_find(place.world, "training");
	world_count(place.world, "training");
	world_calls(place.world);
	for (; n <= 100; n++) {
		query.now_ms = place.world->script.now_ms;
		if (!tree_next(place.world->tree, id, &cookie, &name, &entry, query))
			break;
		script_advance(&place.world->script, 1000);
	}
	assert_int_equal(n, 100);
	assert_calls(place.world, 0);
	leave(&place);
}

static void test_a_cookie_leads_to_the_same_place_again(void **state)
{
	struct place place;
	uint64_t cookies[100], cookie = 0;
	char *names[100];
	struct entry entry;
	const char *name;
	(void)state;

	enter(&place, 1, 100);
	uint64_t id = world_find(place.world, "training");
	world_count(place.world, "training");
	struct query_time query = { .now_ms = place.world->script.now_ms, .since_ms = 0 };
	for (size_t i = 0; i < 100; i++) {
		assert_true(tree_next(place.world->tree, id, &cookie, &name, &entry, query));
		cookies[i] = cookie;
		names[i] = xstrdup(name);
	}
	for (size_t i = 99; i-- > 0;) { /* backwards, as after a seekdir */
		cookie = cookies[i];
		assert_true(tree_next(place.world->tree, id, &cookie, &name, &entry, query));
		assert_string_equal(name, names[i + 1]);
		assert_int_equal(cookie, cookies[i + 1]);
	}
	for (size_t i = 0; i < 100; i++)
		free(names[i]);
	leave(&place);
}

/* ---- inside a resource ---- */

/* Reads the directory entry by entry, with a refresh after `after` of them; as the fronts do, it holds what comes. */
static char *read_with_refresh(struct place *place, uint64_t id, int after)
{
	struct query_time query = { .since_ms = 0 };
	uint64_t cookie = 0;
	struct entry entry;
	const char *name;
	struct buf all;

	buf_init(&all, SIZE_MAX);
	for (int n = 0;; n++) {
		if (n == after) {
			struct thing *thing = cloud_thing(&place->cloud, "train-0001");
			thing->revision++;
			snprintf(thing->status, sizeof(thing->status), "R%u", thing->revision);
			script_advance(&place->world->script, LIVE_MS);
			struct reply reply = world_ask(place->world, ASK_OPEN, id, NULL);
			assert_found(&reply);
		}
		query.now_ms = place->world->script.now_ms;
		if (!tree_next(place->world->tree, id, &cookie, &name, &entry, query))
			break;
		tree_ref(place->world->tree, entry.id, 1);
		size_t size;
		const char *bytes = tree_read(place->world->tree, entry.id, &size);
		buf_printf(&all, "%s=%.*s\n", name, bytes ? (int)size : 0, bytes ? bytes : "");
	}
	return buf_take(&all);
}

static void test_one_pass_over_a_resource_is_one_answer(void **state)
{
	struct place place;
	char line[32];
	(void)state;

	enter(&place, 1, 1);
	uint64_t id = world_find(place.world, "training/train-0001");
	for (int after = 1; after < 11; after++) {
		struct reply reply = world_ask(place.world, ASK_OPEN, id, NULL);
		assert_found(&reply);
		const char *status = cloud_thing(&place.cloud, "train-0001")->status;
		snprintf(line, sizeof(line), "status=%s\n", status);
		char *before = xstrdup(line);
		char *all = read_with_refresh(&place, id, after);
		assert_non_null(strstr(all, before));
		const char *json = strstr(all, "describe.json={");
		assert_non_null(json); /* comes last, from the same answer */
		snprintf(line, sizeof(line), "\"Status\": \"%.*s\"", (int)strcspn(before + 7, "\n"), before + 7);
		assert_non_null(strstr(json, line));
		free(before);
		free(all);
	}
	leave(&place);
}

static void test_a_pass_that_holds_nothing_still_shows_each_name_once(void **state)
{
	struct place place;
	struct query_time query = { .since_ms = 0 };
	(void)state;

	enter(&place, 1, 1);
	uint64_t id = world_find(place.world, "training/train-0001");
	for (int after = 0; after < 11; after++) {
		uint64_t cookie = 0;
		struct entry entry;
		const char *name;
		int n = 0;
		world_ask(place.world, ASK_OPEN, id, NULL);
		for (;; n++) {
			if (n == after) {
				cloud_thing(&place.cloud, "train-0001")->revision++;
				script_advance(&place.world->script, LIVE_MS);
				world_ask(place.world, ASK_OPEN, id, NULL);
			}
			query.now_ms = place.world->script.now_ms;
			if (!tree_next(place.world->tree, id, &cookie, &name, &entry, query))
				break;
		}
		assert_int_equal(n, 11);
	}
	leave(&place);
}

static void test_a_directory_inside_that_vanished_is_gone_and_comes_back_as_itself(void **state)
{
	static const char with[] = "\"TrainingTaskDetail\": {\"Id\": \"train-1\", \"Extra\": {\"A\": \"1\"}}";
	static const char without[] = "\"TrainingTaskDetail\": {\"Id\": \"train-1\", \"A\": \"1\"}";
	struct place place;
	struct ask ask = { 0 };
	(void)state;

	enter(&place, 1, 0);
	place.cloud.latency_ms = -1;
	ask_put(&ask, place.world, ASK_LOOKUP, world_find(place.world, "training"), "train-1");
	exchange_tencent(world_only(place.world), "%s", with);
	uint64_t task = ask.reply.entry.id;
	uint64_t extra = world_ask(place.world, ASK_LOOKUP, task, "extra").entry.id;
	for (int round = 0; round < 3; round++) {
		script_advance(&place.world->script, LIVE_MS);
		ask_put(&ask, place.world, ASK_OPEN, extra, NULL);
		exchange_tencent(world_only(place.world), "%s", without);
		assert_error(&ask.reply, ERR_NOT_FOUND);
		struct reply reply = world_ask(place.world, ASK_ATTR, extra, NULL);
		assert_error(&reply, ERR_NOT_FOUND);
		reply = world_ask(place.world, ASK_LOOKUP, extra, "a");
		assert_absent(&reply);
		script_advance(&place.world->script, LIVE_MS);
		ask_put(&ask, place.world, ASK_LOOKUP, task, "extra");
		exchange_tencent(world_only(place.world), "%s", with);
		assert_int_equal(ask.reply.entry.id, extra);
		reply = world_ask(place.world, ASK_LOOKUP, extra, "a");
		assert_found(&reply);
	}
	leave(&place);
}

/* ---- where ids are entered ---- */

static void test_names_entered_during_a_pass_disturb_no_reader(void **state)
{
	struct place place;
	struct setup setup = world_setup();
	struct query_time query = { .since_ms = 0 };
	uint64_t cookie = 0;
	struct entry entry;
	const char *name;
	unsigned times[200] = { 0 };
	char id[24];
	(void)state;

	setup.catalog = "qianfan";
	place = (struct place){ .seed = 3 };
	place.world = world_open(&setup);
	cloud_open(&place.cloud, place.world, 0);
	uint64_t training = world_find(place.world, "training");
	for (int i = 1; i <= 100; i++) {
		snprintf(id, sizeof(id), "%d", i);
		world_ask(place.world, ASK_LOOKUP, training, id);
	}
	for (int n = 0;; n++) {
		query.now_ms = place.world->script.now_ms;
		if (!tree_next(place.world->tree, training, &cookie, &name, &entry, query))
			break;
		times[strtoul(name, NULL, 10)]++;
		if (n < 150 && n % 2) {
			snprintf(id, sizeof(id), "%d", 101 + n / 2 % 99);
			world_ask(place.world, ASK_LOOKUP, training, id);
		}
	}
	for (int i = 1; i <= 100; i++)
		assert_int_equal(times[i], 1);
	for (int i = 101; i < 200; i++)
		assert_in_range(times[i], 0, 1);
	assert_calls(place.world, 0);
	leave(&place);
}

static void test_what_is_no_directory_is_not_gone_through(void **state)
{
	struct place place;
	uint64_t cookie = 0;
	struct entry entry;
	const char *name;
	(void)state;

	enter(&place, 1, 1);
	uint64_t ids[] = { world_find(place.world, "training/train-0001/status"), 0, UINT64_MAX, 1 << 30 };
	for (size_t i = 0; i < COUNT(ids); i++) {
		assert_false(tree_next(place.world->tree, ids[i], &cookie, &name, &entry,
			world_now(place.world)));
		struct reply reply = world_ask(place.world, ASK_OPEN, ids[i], NULL);
		assert_error(&reply, ERR_NOT_FOUND);
		reply = world_ask(place.world, ASK_LOOKUP, ids[i], "status");
		assert_error(&reply, ERR_NOT_FOUND);
	}
	uint64_t id = world_find(place.world, "training/train-0001");
	for (cookie = 1; cookie && cookie < UINT64_MAX / 3; cookie *= 3) { /* nonsense, as after a bad seekdir */
		uint64_t at = cookie;
		for (int n = 0; tree_next(place.world->tree, id, &at, &name, &entry,
				world_now(place.world)); n++)
			assert_in_range(n, 0, 20);
	}
	leave(&place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_standing_entry_comes_exactly_once_whatever_is_refreshed),
		cmocka_unit_test(test_a_pass_goes_on_after_its_listing_expired),
		cmocka_unit_test(test_a_cookie_leads_to_the_same_place_again),
		cmocka_unit_test(test_one_pass_over_a_resource_is_one_answer),
		cmocka_unit_test(test_a_pass_that_holds_nothing_still_shows_each_name_once),
		cmocka_unit_test(test_a_directory_inside_that_vanished_is_gone_and_comes_back_as_itself),
		cmocka_unit_test(test_names_entered_during_a_pass_disturb_no_reader),
		cmocka_unit_test(test_what_is_no_directory_is_not_gone_through),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
