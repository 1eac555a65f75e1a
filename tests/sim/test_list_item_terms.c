/*
 * test_list_item_terms.c - what came with a long list stands while that is read, and read from.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cloud.h"
#include "kernel.h"

enum { LATENCY_MS = 20, TASKS = 20000, PAGES = TASKS / 50, LIVE_MS = 15000 };

struct place {
	struct world *world;
	struct cloud cloud;
	struct kernel kernel;
};

static void enter(struct place *place, size_t n_tasks)
{
	place->world = world_open(NULL);
	cloud_open(&place->cloud, place->world, LATENCY_MS);
	kernel_open(&place->kernel, place->world);
	cloud_add_many(&place->cloud, "training", NULL, "train-", n_tasks);
}

static void leave(struct place *place)
{
	kernel_close(&place->kernel);
	world_close(place->world);
	cloud_close(&place->cloud);
}

/* Begins a reading of the list, and comes back when it is over. */
static void read_list(struct place *place)
{
	struct buf names;

	buf_init(&names, SIZE_MAX);
	assert_int_equal(kernel_ls(&place->kernel, "training", &names), 0);
	buf_release(&names);
}

static void assert_status(struct place *place, size_t n, const char *status)
{
	char path[64];
	struct buf out;

	snprintf(path, sizeof(path), "training/train-%04zu/status", n);
	buf_init(&out, 64);
	assert_int_equal(kernel_cat(&place->kernel, path, &out), 0);
	assert_string_equal(out.data, status);
	buf_release(&out);
}

/* One pass over all of them, at so many ms each. */
static void pass(struct place *place, int64_t each_ms)
{
	for (size_t i = 1; i <= TASKS; i++) {
		assert_status(place, i, "RUNNING\n");
		if (each_ms)
			script_advance(&place->world->script, each_ms);
	}
}

/* Listing takes 20.7 s at 20 calls a second, a live value stands 15 s. */
static void test_a_pass_over_20000_statuses_costs_the_lists_calls_alone(void **state)
{
	static const int64_t each_ms[] = { 0, 4 }; /* the last one takes 80 s */
	(void)state;

	for (size_t i = 0; i < COUNT(each_ms); i++) {
		struct place place;
		enter(&place, TASKS);
		read_list(&place);
		pass(&place, each_ms[i]);
		assert_calls(place.world, PAGES);
		leave(&place);
	}
}

static void test_readers_beside_the_reading_cost_nothing_either(void **state)
{
	struct place place;
	struct ask ask = { 0 };
	(void)state;

	enter(&place, TASKS);
	uint64_t training = world_find(place.world, "training");
	ask_put(&ask, place.world, ASK_OPEN, training, NULL);
	for (int s = 0; s < PAGES / 20 + 3; s++) { /* he gives up after 10 s; the reading goes on */
		script_advance(&place.world->script, 1000);
		assert_status(&place, 1, "RUNNING\n");
		assert_status(&place, 20, "RUNNING\n");
	}
	assert_int_equal(ask.answers, 1);
	assert_calls(place.world, PAGES);
	leave(&place);
}

/* All that a filter lets through is a list too. Read backwards, because its first pages are the oldest. */
static void test_a_pass_over_a_long_view_costs_its_calls_alone(void **state)
{
	struct place place;
	struct buf names;
	enum { RUNNING = 9000 };
	(void)state;

	enter(&place, RUNNING);
	buf_init(&names, SIZE_MAX);
	assert_int_equal(kernel_ls(&place.kernel, "by-status/training/RUNNING", &names), 0);
	for (size_t i = RUNNING; i > 0; i--) {
		assert_status(&place, i, "RUNNING\n");
		script_advance(&place.world->script, 1);
	}
	assert_calls(place.world, RUNNING / 50);
	buf_release(&names);
	leave(&place);
}

/* A reader that polls one of them sees a change at the latest after as long as the reading took. */
static void test_one_value_of_a_long_list_does_not_live_for_ever(void **state)
{
	struct place place;
	(void)state;

	enter(&place, TASKS);
	read_list(&place);
	snprintf(cloud_thing(&place.cloud, "train-0007")->status, 24, "STOPPED");
	assert_calls(place.world, PAGES);
	int64_t most_ms = PAGES * 1035 / 20 + LIVE_MS;
	for (int64_t ms = 0; ms < most_ms; ms += 5000) {
		struct buf out;
		buf_init(&out, 64);
		assert_int_equal(kernel_cat(&place.kernel, "training/train-0007/status", &out), 0);
		buf_release(&out);
		script_advance(&place.world->script, 5000);
	}
	assert_status(&place, 7, "STOPPED\n");
	assert_in_range(world_calls(place.world), 1, 2);
	leave(&place);
}

/* An item that a slow pass looks into past its time gets the TTL once more, not again. */
static void test_a_slow_pass_has_each_value_once(void **state)
{
	struct place place;
	(void)state;

	enter(&place, TASKS);
	read_list(&place);
	world_calls(place.world);
	for (size_t i = 1; i <= 1000; i++) {
		assert_status(&place, i, "RUNNING\n");
		script_advance(&place.world->script, 60);
	}
	assert_calls(place.world, 0);
	size_t was = 1;
	for (size_t i = 0; i < 600; i++) { /* on, with one that is looked at all the time */
		assert_status(&place, 1001 + i, "RUNNING\n");
		assert_status(&place, was, "RUNNING\n");
		script_advance(&place.world->script, 60);
	}
	assert_in_range(world_calls(place.world), 1, 3);
	leave(&place);
}

static void test_nobody_goes_on_and_it_is_over(void **state)
{
	struct place place;
	(void)state;

	enter(&place, TASKS);
	read_list(&place);
	world_calls(place.world);
	script_advance(&place.world->script, PAGES * 1035 / 20 + LIVE_MS + 1000);
	assert_status(&place, 7, "RUNNING\n");
	assert_calls(place.world, 1);
	leave(&place);
}

static void test_a_refresh_ends_it_at_once(void **state)
{
	struct place place;
	(void)state;

	enter(&place, TASKS);
	read_list(&place);
	world_calls(place.world);
	script_advance(&place.world->script, 1000);
	engine_refresh(place.world->engine, world_find(place.world, "training/train-0007"), NULL);
	kernel_drop(&place.kernel);
	assert_status(&place, 7, "RUNNING\n");
	assert_calls(place.world, 1);
	leave(&place);
}

/* Of a list that anyone waits for, an item stands as long as its TTL says. */
static void test_a_short_list_is_as_it_was(void **state)
{
	struct place place;
	(void)state;

	enter(&place, 300);
	read_list(&place);
	assert_calls(place.world, 6);
	snprintf(cloud_thing(&place.cloud, "train-0007")->status, 24, "STOPPED");
	script_advance(&place.world->script, LIVE_MS - 1000);
	assert_status(&place, 7, "RUNNING\n");
	assert_status(&place, 8, "RUNNING\n");
	script_advance(&place.world->script, 1000);
	assert_status(&place, 7, "STOPPED\n");
	assert_calls(place.world, 1);
	leave(&place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_pass_over_20000_statuses_costs_the_lists_calls_alone),
		cmocka_unit_test(test_readers_beside_the_reading_cost_nothing_either),
		cmocka_unit_test(test_a_pass_over_a_long_view_costs_its_calls_alone),
		cmocka_unit_test(test_one_value_of_a_long_list_does_not_live_for_ever),
		cmocka_unit_test(test_a_slow_pass_has_each_value_once),
		cmocka_unit_test(test_nobody_goes_on_and_it_is_over),
		cmocka_unit_test(test_a_refresh_ends_it_at_once),
		cmocka_unit_test(test_a_short_list_is_as_it_was),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
