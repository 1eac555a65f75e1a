/*
 * test_wait_woken.c - a reader of .wait learns of a terminal status from any call's answer, as soon as it comes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud.h"

enum { N_TASKS = 120, PAGE = 50, MANY = 1000, FEW = 5, LIVE_MS = 15000 };

#define TASK "train-0001"
#define WAIT "training/" TASK "/.wait"

/* A cloud that has the one task, and a reader of its .wait. */
struct sleeper {
	struct cloud_world place;
	struct ask ask;
};

static void open_with(struct cloud_world *place, size_t n_tasks)
{
	struct setup setup = world_setup();

	setup.rate = 10000;
	cloud_world_open(place, &setup, 0);
	cloud_add_many(&place->cloud, "training", NULL, "train-", n_tasks);
}

static int sleeper_open(void **state)
{
	struct sleeper *sleeper = xcalloc(1, sizeof(*sleeper));

	open_with(&sleeper->place, 1);
	*state = sleeper;
	return 0;
}

static int sleeper_close(void **state)
{
	struct sleeper *sleeper = *state;

	cloud_world_close(&sleeper->place);
	free(sleeper);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sleeper_open, sleeper_close)

/* The status is known and live, and the reader sleeps until that expires. */
static void sleep_for(struct ask *ask, struct cloud_world *place, const char *path)
{
	ask_put(ask, place->world, ASK_WAIT, world_find(place->world, path), NULL);
	assert_non_null(ask->wait);
	cloud_world_advance(place, 1000);
	world_calls(place->world);
}

static void assert_answered(const struct ask *ask, const char *status)
{
	size_t size = 0;

	assert_null(ask->wait);
	assert_int_equal(ask->answers, 1);
	assert_found(&ask->reply);
	const char *bytes = tree_read(ask->world->tree, ask->reply.entry.id, &size);
	assert_int_equal(size, strlen(status));
	assert_memory_equal(bytes, status, size);
}

static size_t n_watching(const struct cloud_world *place)
{
	return engine_stats(place->world->engine).watching;
}

/* The file `status` says the same from then on. */
static void test_a_listing_that_is_read_wakes_the_reader(void **state)
{
	struct sleeper *sleeper = *state;
	struct cloud_world *place = &sleeper->place;
	struct ask *ask = &sleeper->ask;

	sleep_for(ask, place, WAIT);
	assert_cat(place->world, "training/" TASK "/status", "RUNNING\n");
	cloud_set_status(&place->cloud, TASK, "SUCCEED");
	assert_ls(place->world, "training", TASK " ");
	assert_calls(place->world, 1);
	assert_answered(ask, "SUCCEED\n");
	assert_int_equal(n_watching(place), 0);
	assert_cat(place->world, "training/" TASK "/status", "SUCCEED\n");
	assert_calls(place->world, 0);
}

/* The status came with a list; another reader needs a member that only the describe call returns. */
static void test_a_describe_call_wakes_the_reader(void **state)
{
	struct sleeper *sleeper = *state;
	struct cloud_world *place = &sleeper->place;
	struct ask *ask = &sleeper->ask;

	snprintf(place->cloud.things[0]->remark, sizeof(place->cloud.things[0]->remark), "r");
	assert_ls(place->world, "training", TASK " ");
	sleep_for(ask, place, WAIT);
	cloud_set_status(&place->cloud, TASK, "FAILED");
	free(world_cat(place->world, "training/" TASK "/describe.json"));
	assert_calls(place->world, 1);
	assert_answered(ask, "FAILED\n");
}

static void test_a_view_that_is_read_wakes_the_reader(void **state)
{
	struct sleeper *sleeper = *state;
	struct cloud_world *place = &sleeper->place;
	struct ask *ask = &sleeper->ask;

	sleep_for(ask, place, WAIT);
	cloud_set_status(&place->cloud, TASK, "SUCCEED");
	assert_ls(place->world, "by-status/training/SUCCEED", TASK " ");
	assert_answered(ask, "SUCCEED\n");
}

/* Each page wakes the readers of its own resources, before the list has come to its end. */
static void test_the_page_that_has_it_wakes_the_reader(void **state)
{
	struct cloud_world place;
	struct ask asks[3] = { 0 }, list = { 0 };
	static const char *const paths[] = { "training/train-0001/.wait", "training/train-0051/.wait",
		"training/train-0101/.wait" };
	(void)state;

	open_with(&place, N_TASKS);
	for (size_t i = 0; i < COUNT(asks); i++)
		sleep_for(&asks[i], &place, paths[i]);
	for (size_t i = 0; i < COUNT(asks); i++)
		cloud_set_status(&place.cloud, place.cloud.things[i * PAGE]->id, "SUCCEED");
	place.cloud.latency_ms = -1; /* the test answers */
	ask_put(&list, place.world, ASK_OPEN, world_find(place.world, "training"), NULL);
	for (size_t i = 0; i < COUNT(asks); i++) {
		assert_non_null(asks[i].wait);
		cloud_answer(&place.cloud, script_waiting(&place.world->script, 0));
		cloud_world_advance(&place, 0);
		assert_answered(&asks[i], "SUCCEED\n");
	}
	assert_found(&list.reply);
	cloud_world_close(&place);
}

static void test_all_readers_of_the_resource_are_woken_and_no_others(void **state)
{
	struct cloud_world place;
	struct ask *asks = xcalloc(MANY, sizeof(*asks)), other = { 0 };
	(void)state;

	open_with(&place, 2);
	for (size_t i = 0; i < MANY; i++)
		ask_put(&asks[i], place.world, ASK_WAIT, world_find(place.world, WAIT), NULL);
	sleep_for(&other, &place, "training/train-0002/.wait");
	cloud_set_status(&place.cloud, TASK, "STOPPED");
	assert_ls(place.world, "training", TASK " train-0002 ");
	for (size_t i = 0; i < MANY; i++)
		assert_answered(&asks[i], "STOPPED\n");
	assert_non_null(other.wait);
	assert_int_equal(n_watching(&place), 1);
	ask_cancel(&other);
	cloud_world_close(&place);
	free(asks);
}

/* An answer without an end costs no call, and the reader's next one comes when that answer expires. */
static void test_a_live_answer_leaves_the_reader_asleep(void **state)
{
	struct sleeper *sleeper = *state;
	struct cloud_world *place = &sleeper->place;
	struct ask *ask = &sleeper->ask;

	sleep_for(ask, place, WAIT);
	cloud_world_advance(place, LIVE_MS / 2);
	assert_ls(place->world, "training", TASK " ");
	assert_calls(place->world, 1);
	assert_non_null(ask->wait);
	cloud_world_advance(place, LIVE_MS - 1);
	assert_calls(place->world, 0);
	cloud_world_advance(place, 1);
	assert_calls(place->world, 1);
	assert_non_null(ask->wait);
}

static void test_a_resource_that_is_gone_ends_the_wait(void **state)
{
	struct sleeper *sleeper = *state;
	struct cloud_world *place = &sleeper->place;
	struct ask *ask = &sleeper->ask;

	snprintf(place->cloud.things[0]->remark, sizeof(place->cloud.things[0]->remark), "r");
	assert_ls(place->world, "training", TASK " ");
	sleep_for(ask, place, WAIT);
	cloud_thing(&place->cloud, TASK)->gone = true;
	assert_null(world_cat(place->world, "training/" TASK "/describe.json"));
	assert_null(ask->wait);
	assert_error(&ask->reply, ERR_NOT_FOUND);
}

/* During an outage the reader sleeps longer and longer; an answer to another reader ends that. */
static void test_the_end_of_an_outage_wakes_the_reader(void **state)
{
	struct sleeper *sleeper = *state;
	struct cloud_world *place = &sleeper->place;
	struct ask *ask = &sleeper->ask;

	sleep_for(ask, place, WAIT);
	place->cloud.fail = ERR_REFUSED;
	cloud_world_advance(place, 20 * LIVE_MS);
	place->cloud.fail = ERR_NONE;
	cloud_set_status(&place->cloud, TASK, "SUCCEED");
	assert_non_null(ask->wait);
	for (int i = 0; i < 4 && ask->wait; i++) {
		cloud_world_advance(place, 500);
		free(world_ls(place->world, "training"));
	}
	assert_answered(ask, "SUCCEED\n");
}

/* If the TTL is shorter than the latency, an answer has expired when it comes. It ends the wait all the same. */
static void test_an_answer_that_has_expired_wakes_the_reader(void **state)
{
	struct setup setup = world_setup();
	struct cloud_world place;
	struct ask ask = { 0 };
	(void)state;

	setup.ttl_s = 0;
	cloud_world_open(&place, &setup, 20);
	cloud_add(&place.cloud, "training", NULL, TASK);
	ask_put(&ask, place.world, ASK_WAIT, world_find(place.world, WAIT), NULL);
	cloud_world_advance(&place, 100);
	assert_non_null(ask.wait);
	world_calls(place.world);
	cloud_set_status(&place.cloud, TASK, "SUCCEED");
	assert_ls(place.world, "training", TASK " ");
	assert_calls(place.world, 1);
	assert_null(ask.wait);
	assert_found(&ask.reply);
	cloud_world_close(&place);
}

/* One reader's answer makes its process give up the others'. */
static void cancel_rest(struct ask *ask)
{
	struct ask *asks = ask->arg;

	for (size_t i = 0; i < FEW; i++)
		if (asks[i].wait)
			ask_cancel(&asks[i]);
}

static void test_a_woken_reader_may_cancel_the_others(void **state)
{
	struct cloud_world place;
	struct ask asks[FEW] = { 0 };
	unsigned answers = 0;
	(void)state;

	open_with(&place, 1);
	for (size_t i = 0; i < COUNT(asks); i++) {
		asks[i].then = cancel_rest;
		asks[i].arg = asks;
		sleep_for(&asks[i], &place, WAIT);
	}
	cloud_set_status(&place.cloud, TASK, "SUCCEED");
	assert_ls(place.world, "training", TASK " ");
	for (size_t i = 0; i < COUNT(asks); i++)
		answers += asks[i].answers;
	assert_int_equal(answers, 1);
	assert_int_equal(n_watching(&place), 0);
	cloud_world_close(&place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_listing_that_is_read_wakes_the_reader),
		TEST(test_a_describe_call_wakes_the_reader),
		TEST(test_a_view_that_is_read_wakes_the_reader),
		cmocka_unit_test(test_the_page_that_has_it_wakes_the_reader),
		cmocka_unit_test(test_all_readers_of_the_resource_are_woken_and_no_others),
		TEST(test_a_live_answer_leaves_the_reader_asleep),
		TEST(test_a_resource_that_is_gone_ends_the_wait),
		TEST(test_the_end_of_an_outage_wakes_the_reader),
		cmocka_unit_test(test_an_answer_that_has_expired_wakes_the_reader),
		cmocka_unit_test(test_a_woken_reader_may_cancel_the_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
