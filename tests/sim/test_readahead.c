/*
 * test_readahead.c - a scan is seen, and what it will want is fetched ahead; nothing else is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud.h"
#include "kernel.h"

enum { LATENCY_MS = 100 };

struct place {
	struct world *world;
	struct cloud cloud;
	struct kernel kernel;
};

static void enter(struct place *place, size_t n_tasks, double rate)
{
	struct setup setup = world_setup();

	setup.rate = rate;
	place->world = world_open(&setup);
	cloud_open(&place->cloud, place->world, LATENCY_MS);
	kernel_open(&place->kernel, place->world);
	cloud_add_many(&place->cloud, "training", NULL, "train-", n_tasks);
	assert_int_equal(kernel_ls(&place->kernel, "training", NULL), 0);
	world_calls(place->world);
}

static void leave(struct place *place)
{
	kernel_close(&place->kernel);
	world_close(place->world);
	cloud_close(&place->cloud);
}

/* A field that only the describe call knows, of the i-th task. */
static void read_remark(struct place *place, size_t i)
{
	char path[64];

	snprintf(path, sizeof(path), "training/train-%04zu/remark", i);
	assert_int_equal(kernel_cat(&place->kernel, path, NULL), 0);
}

/* Lets everything that is on its way arrive. */
static void settle(struct place *place)
{
	script_advance(&place->world->script, 10 * LATENCY_MS);
}

static void test_a_scan_leaves_no_round_trip_unused_and_makes_no_call_more(void **state)
{
	struct place place;
	size_t files;
	(void)state;

	enter(&place, 200, 100000);
	int64_t began_ms = place.world->script.now_ms;
	assert_int_equal(kernel_grep_r(&place.kernel, "training", &files), 0);
	int64_t took_ms = place.world->script.now_ms - began_ms;
	settle(&place);
	assert_calls(place.world, 200);
	/* one after the other would be 200 round trips */
	assert_in_range(took_ms, LATENCY_MS, 25 * LATENCY_MS);
	leave(&place);
}

static void test_one_read_and_two_neighbours_are_no_scan(void **state)
{
	struct place place;
	(void)state;

	enter(&place, 50, 100000);
	read_remark(&place, 5);
	settle(&place);
	assert_calls(place.world, 1);
	read_remark(&place, 6);
	settle(&place);
	assert_calls(place.world, 1);
	read_remark(&place, 6);
	read_remark(&place, 5);
	settle(&place);
	assert_calls(place.world, 0);
	leave(&place);
}

static void test_another_order_is_no_scan(void **state)
{
	struct place place;
	(void)state;

	enter(&place, 50, 100000);
	for (size_t i = 40; i > 1; i -= 3)
		read_remark(&place, i);
	settle(&place);
	assert_calls(place.world, 13);
	leave(&place);
}

static void test_a_scan_that_stops_has_a_small_window_ahead(void **state)
{
	struct place place;
	(void)state;

	enter(&place, 200, 100000);
	for (size_t i = 1; i <= 3; i++)
		read_remark(&place, i);
	settle(&place);
	assert_calls(place.world, 3 + 4); /* it has only begun */
	for (size_t i = 4; i <= 40; i++)
		read_remark(&place, i);
	settle(&place);
	assert_calls(place.world, 40 - 7 + 32);
	leave(&place);
}

static void test_what_is_fresh_is_not_fetched_ahead(void **state)
{
	struct place place;
	size_t files;
	(void)state;

	enter(&place, 60, 100000);
	assert_int_equal(kernel_grep_r(&place.kernel, "training", &files), 0);
	assert_calls(place.world, 60);
	kernel_drop(&place.kernel);
	assert_int_equal(kernel_grep_r(&place.kernel, "training", &files), 0);
	settle(&place);
	assert_calls(place.world, 0);
	leave(&place);
}

static void assert_rate_was_kept(const struct place *place, size_t rate)
{
	const struct script *script = &place->world->script;

	for (size_t i = 0; i + rate < script->n_sent; i++)
		assert_true(script->sent[i + rate]->sent_ms - script->sent[i]->sent_ms >= 1000);
}

/* No more than `rate` in any second, and what a person asks for waits for one of the calls ahead at most. */
static void test_the_rate_is_kept_and_people_go_first(void **state)
{
	struct place place;
	(void)state;

	enter(&place, 200, 20);
	script_advance(&place.world->script, 5000);
	for (size_t i = 1; i <= 60; i++) {
		read_remark(&place, i);
		if (i % 6)
			continue;
		int64_t began_ms = place.world->script.now_ms;
		read_remark(&place, 100 + i);
		for (size_t n = 1; n <= 3; n++) /* it is a scan again */
			read_remark(&place, i + n);
		assert_in_range(place.world->script.now_ms - began_ms, LATENCY_MS, 4 * LATENCY_MS);
	}
	assert_rate_was_kept(&place, 20);
	leave(&place);
}

/* What the latency is does not matter: the calls and the rate alone, and 3 in 100 for what the server sees later. */
static void test_a_scan_takes_what_the_rate_allows(void **state)
{
	static const struct {
		size_t tasks, rate;
	} CASES[] = { { 400, 20 }, { 2000, 200 } };
	(void)state;

	for (size_t i = 0; i < sizeof(CASES) / sizeof(*CASES); i++) {
		struct place place;
		size_t files;
		enter(&place, CASES[i].tasks, (double)CASES[i].rate);
		settle(&place); /* the listing's pages have a rate of their own */
		int64_t began_ms = place.world->script.now_ms;
		assert_int_equal(kernel_grep_r(&place.kernel, "training", &files), 0);
		int64_t took_ms = place.world->script.now_ms - began_ms;
		int64_t floor_ms = (int64_t)((CASES[i].tasks + CASES[i].tasks / 50) * 1000 / CASES[i].rate);
		assert_calls(place.world, CASES[i].tasks);
		assert_in_range(took_ms, floor_ms - 2000, floor_ms * 105 / 100);
		assert_rate_was_kept(&place, CASES[i].rate);
		leave(&place);
	}
}

static void test_nothing_is_fetched_ahead_of_a_dead_cloud(void **state)
{
	struct place place;
	(void)state;

	enter(&place, 200, 100000);
	for (size_t i = 1; i <= 3; i++)
		read_remark(&place, i);
	settle(&place);
	world_calls(place.world);
	place.cloud.fail = ERR_TLS;
	for (size_t i = 8; i <= 14; i++) {
		char path[64];
		snprintf(path, sizeof(path), "training/train-%04zu/remark", i);
		assert_int_not_equal(kernel_cat(&place.kernel, path, NULL), 0);
	}
	settle(&place);
	/* each is asked for once at the most, ahead or by its reader */
	assert_in_range(world_calls(place.world), 7, 7 + 32);
	leave(&place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_scan_leaves_no_round_trip_unused_and_makes_no_call_more),
		cmocka_unit_test(test_one_read_and_two_neighbours_are_no_scan),
		cmocka_unit_test(test_another_order_is_no_scan),
		cmocka_unit_test(test_a_scan_that_stops_has_a_small_window_ahead),
		cmocka_unit_test(test_what_is_fresh_is_not_fetched_ahead),
		cmocka_unit_test(test_the_rate_is_kept_and_people_go_first),
		cmocka_unit_test(test_a_scan_takes_what_the_rate_allows),
		cmocka_unit_test(test_nothing_is_fetched_ahead_of_a_dead_cloud),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
