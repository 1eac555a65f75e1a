/*
 * test_memory_eviction.c - what is kept, what goes, and that all of it goes in the end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud.h"
#include "kernel.h"

enum { LIVE_MS = 15000, LIST_MS = 30000, LOOSE = 4096 };

static void enter(struct cloud_world *place, size_t max_memory, size_t n_tasks)
{
	struct setup setup = world_setup();

	setup.max_memory = max_memory;
	setup.rate = 10001;
	cloud_world_open(place, &setup, 0);
	cloud_add_many(&place->cloud, "training", NULL, "train-", n_tasks);
}

static size_t memory(const struct cloud_world *place)
{
	return tree_stats(place->world->tree).answers;
}

static uint64_t look_up(struct cloud_world *place, uint64_t parent, const char *name)
{
	struct reply reply = world_ask(place->world, ASK_LOOKUP, parent, name);

	assert_found(&reply);
	return reply.entry.id;
}

/* Describes the task as a cat would, and lets go of it again when `hold` is false. */
static void visit(struct cloud_world *place, int task, bool hold)
{
	char name[24];

	snprintf(name, sizeof(name), "train-%04d", task);
	uint64_t training = world_find(place->world, "training");
	uint64_t id = look_up(place, training, name);
	uint64_t file = look_up(place, id, "describe.json");
	if (!hold) {
		tree_forget(place->world->tree, file, 1);
		tree_forget(place->world->tree, id, 1);
	}
}

/* All that is kept after visits to tasks that nothing lists. */
static size_t after_visits(size_t max_memory, int tasks)
{
	struct cloud_world place;

	enter(&place, max_memory, (size_t)tasks);
	for (int task = 1; task <= tasks; task++)
		visit(&place, task, false);
	size_t all = tree_stats(place.world->tree).memory;
	cloud_world_close(&place);
	return all;
}

/* The max_memory at which of so many visits the last n are kept, and half a one. */
static size_t room_for(size_t n, int tasks)
{
	size_t one = after_visits(0, tasks), all = after_visits(SIZE_MAX, tasks);
	size_t each = (all - one) / (size_t)(tasks - 1);

	return one + (n - 1) * each + each / 2;
}

static void test_described_resources_go_oldest_first_beyond_max_memory(void **state)
{
	struct cloud_world place;
	(void)state;

	size_t room = room_for(10, 100);
	enter(&place, room, 100);
	for (int task = 1; task <= 100; task++) {
		visit(&place, task, false);
		assert_true(tree_stats(place.world->tree).memory <= room);
	}
	world_calls(place.world);
	for (int task = 100; task > 90; task--)
		visit(&place, task, false);
	assert_calls(place.world, 0); /* the ten newest */
	visit(&place, 1, false);
	assert_calls(place.world, 1);
	cloud_world_close(&place);
}

/* What was used lately stays, though it was described before others. */
static void test_use_keeps_a_resource(void **state)
{
	struct cloud_world place;
	(void)state;

	enter(&place, room_for(5, 30), 30);
	for (int task = 1; task <= 30; task++) {
		visit(&place, task, false);
		visit(&place, 1, false);
	}
	assert_calls(place.world, 30);
	cloud_world_close(&place);
}

static void test_what_is_held_is_never_evicted(void **state)
{
	struct cloud_world place;
	uint64_t files[50];
	char path[64];
	(void)state;

	enter(&place, 1, 50);
	for (int task = 1; task <= 50; task++) {
		snprintf(path, sizeof(path), "training/train-%04d/describe.json", task);
		files[task - 1] = world_find(place.world, path);
	}
	assert_calls(place.world, 50); /* and each was asked for once, however little room there is */
	for (size_t i = 0; i < 50; i++) {
		size_t size;
		const char *bytes = tree_read(place.world->tree, files[i], &size);
		assert_non_null(bytes);
		snprintf(path, sizeof(path), "\"Id\": \"train-%04zu\"", i + 1);
		assert_non_null(memmem(bytes, size, path, strlen(path)));
	}
	cloud_world_close(&place);
}

static void test_no_room_at_all_still_answers_each_question_with_one_call(void **state)
{
	struct cloud_world place;
	struct kernel kernel;
	size_t files;
	(void)state;

	enter(&place, 0, 60);
	kernel_open(&kernel, place.world);
	assert_int_equal(kernel_grep_r(&kernel, "training", &files), 0);
	assert_int_equal(files, 60 * 12);
	assert_calls(place.world, 62);
	kernel_close(&kernel);
	cloud_world_close(&place);
}

/* A list is not evicted by its own growth, nor by what is described. */
static void test_listed_items_stay_when_there_is_no_room(void **state)
{
	struct cloud_world place;
	(void)state;

	enter(&place, 1000, 200);
	assert_int_equal(world_count(place.world, "training"), 200);
	world_calls(place.world);
	for (int task = 1; task <= 200; task += 20) {
		char path[64];
		snprintf(path, sizeof(path), "training/train-%04d/status", task);
		assert_cat(place.world, path, "RUNNING\n");
	}
	assert_calls(place.world, 0);
	cloud_world_close(&place);
}

static void test_names_that_are_not_held_are_bounded(void **state)
{
	struct cloud_world place;
	char name[24];
	(void)state;

	enter(&place, SIZE_MAX, 0);
	uint64_t training = world_find(place.world, "training");
	size_t before = tree_stats(place.world->tree).nodes;
	for (int i = 1; i <= 3 * LOOSE; i++) {
		snprintf(name, sizeof(name), "train-x%d", i);
		struct reply reply = world_ask(place.world, ASK_LOOKUP, training, name);
		assert_absent(&reply);
		assert_true(tree_stats(place.world->tree).nodes <= before + LOOSE + 2);
	}
	assert_int_equal(tree_stats(place.world->tree).versions, 1);
	/* the latest misses are still known, the first are not */
	world_calls(place.world);
	snprintf(name, sizeof(name), "train-x%d", 3 * LOOSE);
	world_ask(place.world, ASK_LOOKUP, training, name);
	assert_calls(place.world, 0);
	world_ask(place.world, ASK_LOOKUP, training, "train-x1");
	assert_calls(place.world, 1);
	cloud_world_close(&place);
}

static void test_described_names_that_are_neither_held_nor_listed_are_bounded_with_their_answers(void **state)
{
	struct cloud_world place;
	(void)state;

	enter(&place, SIZE_MAX, LOOSE + 500);
	for (int task = 1; task <= LOOSE + 500; task++)
		visit(&place, task, false);
	assert_true(tree_stats(place.world->tree).nodes <= LOOSE + 16);
	assert_true(tree_stats(place.world->tree).versions <= LOOSE + 2);
	cloud_world_close(&place);
}

/* A child is as good as a hand on its parents. */
static void test_what_is_below_keeps_what_is_above(void **state)
{
	struct setup setup = world_setup();
	struct cloud_world place;
	char name[24];
	(void)state;

	setup.catalog = "qianfan";
	cloud_world_open(&place, &setup, 0);
	cloud_add(&place.cloud, "jobs", "1", "10");
	uint64_t training = world_find(place.world, "training");
	uint64_t task = look_up(&place, training, "1");
	uint64_t jobs = look_up(&place, task, "jobs");
	uint64_t job = look_up(&place, jobs, "10");
	uint64_t file = look_up(&place, job, "status");
	tree_forget(place.world->tree, job, 1);
	tree_forget(place.world->tree, jobs, 1);
	tree_forget(place.world->tree, task, 1);
	for (int i = 2; i < 2 * LOOSE + 2000; i++) { /* more visits than a listing remembers, and then some */
		snprintf(name, sizeof(name), "%d", i);
		uint64_t other = look_up(&place, training, name);
		tree_forget(place.world->tree, other, 1);
	}
	size_t size;
	assert_memory_equal(tree_read(place.world->tree, file, &size), "RUNNING\n", 8);
	struct buf path;
	buf_init(&path, SIZE_MAX);
	tree_path(place.world->tree, file, &path);
	assert_string_equal(path.data, "/training/1/jobs/10/status");
	buf_release(&path);
	cloud_world_close(&place);
}

static void test_a_model_that_nothing_holds_goes_with_its_versions(void **state)
{
	struct cloud_world place;
	char model[24], version[24], path[80];
	(void)state;

	enter(&place, SIZE_MAX, 0);
	for (int i = 1; i <= LOOSE / 2; i++) {
		snprintf(model, sizeof(model), "m-%d", i);
		snprintf(version, sizeof(version), "mv-%d", i);
		cloud_add(&place.cloud, "models", NULL, model);
		cloud_add(&place.cloud, "versions", model, version);
	}
	uint64_t models = world_find(place.world, "models");
	for (int i = 1; i <= LOOSE / 2; i++) {
		snprintf(model, sizeof(model), "m-%d", i);
		uint64_t id = look_up(&place, models, model);
		uint64_t versions = look_up(&place, id, "versions");
		snprintf(version, sizeof(version), "mv-%d", i);
		uint64_t one = look_up(&place, versions, version);
		uint64_t file = look_up(&place, one, "format");
		tree_forget(place.world->tree, file, 1);
		tree_forget(place.world->tree, one, 1);
		tree_forget(place.world->tree, versions, 1);
		tree_forget(place.world->tree, id, 1);
	}
	/* all but the thousand that the listing remembers can go: others push them out */
	for (int i = 1; i <= LOOSE + 10; i++) {
		snprintf(path, sizeof(path), "training/train-x%d", i);
		world_lookup(place.world, path);
	}
	assert_true(tree_stats(place.world->tree).nodes <= LOOSE + 3 * 1000 + 20);
	cloud_world_close(&place);
}

/* All resources have disappeared, and new ones take the memory of those that no reader holds. */
static void empty_world(struct cloud_world *place)
{
	char path[64];

	place->cloud.fail_code = NULL;
	for (size_t i = 0; i < place->cloud.n; i++)
		place->cloud.things[i]->gone = true;
	script_advance(&place->world->script, 10 * LIST_MS);
	assert_int_equal(world_count(place->world, "training"), 0);
	for (int i = 1; i <= LOOSE + 200; i++) {
		snprintf(path, sizeof(path), "training/train-x%d", i);
		world_lookup(place->world, path);
	}
}

static void test_all_is_given_back_after_forgetting_and_shrinking(void **state)
{
	struct cloud_world place;
	struct kernel kernel;
	size_t files;
	(void)state;

	enter(&place, SIZE_MAX, 100);
	size_t before = memory(&place);
	kernel_open(&kernel, place.world);
	assert_int_equal(kernel_grep_r(&kernel, "training", &files), 0);
	assert_true(memory(&place) > before + 100 * 500);
	empty_world(&place);
	assert_true(memory(&place) > before); /* the kernel still reads */
	kernel_close(&kernel);
	empty_world(&place);
	assert_int_equal(memory(&place), before);
	assert_int_equal(tree_stats(place.world->tree).versions, 1);
	cloud_world_close(&place);
}

/* ---- random holding and forgetting ---- */

enum { HANDS = 400, STEPS = 20000 };

struct hand {
	uint64_t id;
	char *bytes; /* NULL: a directory */
	size_t size;
};

static void take_hand(struct cloud_world *place, struct hand *hand, unsigned *seed)
{
	static const char *const names[] = { "", "/status", "/remark", "/describe.json", "/image_info",
		"/image_info/image_url", "/tags", "/update_time", "/none" };
	char path[80];

	snprintf(path, sizeof(path), "training/train-%04d%s", rand_r(seed) % 45 + 1,
		names[(unsigned)rand_r(seed) % COUNT(names)]);
	struct reply reply = world_lookup(place->world, path);
	if (reply.outcome != RESULT_FOUND)
		return;
	const char *bytes = tree_read(place->world->tree, reply.entry.id, &hand->size);
	hand->id = reply.entry.id;
	hand->bytes = bytes ? xstrndup(bytes, hand->size) : NULL;
}

static void check_hand(struct cloud_world *place, const struct hand *hand)
{
	size_t size;
	const char *bytes = tree_read(place->world->tree, hand->id, &size);
	struct buf path;

	assert_int_equal(bytes != NULL, hand->bytes != NULL);
	if (bytes) {
		assert_int_equal(size, hand->size);
		assert_memory_equal(bytes, hand->bytes, size);
	}
	buf_init(&path, SIZE_MAX);
	tree_path(place->world->tree, hand->id, &path);
	assert_memory_equal(path.data, "/training/train-", 16);
	buf_release(&path);
}

static void change_world(struct cloud_world *place, unsigned *seed)
{
	struct thing *thing = place->cloud.things[(unsigned)rand_r(seed) % place->cloud.n];

	switch (rand_r(seed) % 6) {
	case 0:
		thing->gone = !thing->gone;
		break;
	case 1:
		thing->revision++;
		break;
	case 2:
		snprintf(thing->remark, sizeof(thing->remark), "%d", rand_r(seed) % 5);
		break;
	case 3:
		place->cloud.fail_code = rand_r(seed) % 2 ? NULL : rand_r(seed) % 2 ?
			"UnauthorizedOperation" : "AuthFailure.SignatureFailure";
		break;
	default:
		world_ask(place->world, ASK_OPEN, world_find(place->world, "training"), NULL);
	}
	script_advance(&place->world->script, rand_r(seed) % 20000);
}

static void test_whatever_is_held_is_what_it_was_and_nothing_else_stays(void **state)
{
	struct cloud_world place;
	struct hand *hands = xcalloc(HANDS, sizeof(*hands));
	unsigned seed = 11;
	(void)state;

	enter(&place, 40000, 40);
	size_t before = memory(&place);
	for (int step = 0; step < STEPS; step++) {
		struct hand *hand = &hands[(unsigned)rand_r(&seed) % HANDS];
		if (hand->id) {
			check_hand(&place, hand);
			tree_forget(place.world->tree, hand->id, 1);
			free(hand->bytes);
			*hand = (struct hand){ 0 };
		} else {
			take_hand(&place, hand, &seed);
		}
		if (rand_r(&seed) % 20 == 0)
			change_world(&place, &seed);
	}
	for (size_t i = 0; i < HANDS; i++) {
		if (!hands[i].id)
			continue;
		check_hand(&place, &hands[i]);
		tree_forget(place.world->tree, hands[i].id, 1);
		free(hands[i].bytes);
	}
	free(hands);
	empty_world(&place);
	assert_int_equal(memory(&place), before);
	assert_int_equal(tree_stats(place.world->tree).versions, 1);
	cloud_world_close(&place);
}

static void test_forgetting_more_than_was_held_or_what_never_was_does_no_harm(void **state)
{
	struct cloud_world place;
	(void)state;

	enter(&place, SIZE_MAX, 1);
	uint64_t file = world_find(place.world, "training/train-0001/status");
	tree_forget(place.world->tree, file, 1000000);
	tree_forget(place.world->tree, file, 1);
	tree_forget(place.world->tree, 0, 1);
	tree_forget(place.world->tree, UINT64_MAX, 1);
	tree_forget(place.world->tree, TREE_ROOT, 1000);
	tree_forget(place.world->tree, world_find(place.world, ".describefs"), 1000);
	tree_forget(place.world->tree, world_find(place.world, "training"), 1000);
	tree_ref(place.world->tree, UINT64_MAX, 1);
	assert_cat(place.world, "training/train-0001/status", "RUNNING\n");
	assert_cat(place.world, "README", "read me\n");
	cloud_world_close(&place);
}

/* Memory that cannot be bounded is reported. */
static void test_a_listing_beyond_max_memory_is_reported_in_status(void **state)
{
	(void)state;

	for (int small = 0; small <= 1; small++) {
		struct cloud_world place;
		enter(&place, small ? 10000 : SIZE_MAX, 100);
		assert_int_equal(world_count(place.world, "training"), 100);
		char *status = world_cat(place.world, ".describefs/status");
		assert_true(!strstr(status, "bytes over: listings") == !small);
		free(status);
		cloud_world_close(&place);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_described_resources_go_oldest_first_beyond_max_memory),
		cmocka_unit_test(test_a_listing_beyond_max_memory_is_reported_in_status),
		cmocka_unit_test(test_use_keeps_a_resource),
		cmocka_unit_test(test_what_is_held_is_never_evicted),
		cmocka_unit_test(test_no_room_at_all_still_answers_each_question_with_one_call),
		cmocka_unit_test(test_listed_items_stay_when_there_is_no_room),
		cmocka_unit_test(test_names_that_are_not_held_are_bounded),
		cmocka_unit_test(test_described_names_that_are_neither_held_nor_listed_are_bounded_with_their_answers),
		cmocka_unit_test(test_what_is_below_keeps_what_is_above),
		cmocka_unit_test(test_a_model_that_nothing_holds_goes_with_its_versions),
		cmocka_unit_test(test_all_is_given_back_after_forgetting_and_shrinking),
		cmocka_unit_test(test_whatever_is_held_is_what_it_was_and_nothing_else_stays),
		cmocka_unit_test(test_forgetting_more_than_was_held_or_what_never_was_does_no_harm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
