/*
 * test_list_refresh.c - a long listing is read again for what changed: how many calls that takes, and that nothing is
 * missed, whatever the cloud does.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud.h"

enum { LATENCY_MS = 20, PAGE = 50, LIST_MS = 30000, LIVE_MS = 15000, WHOLE_MS = 600000 };

struct place {
	struct world *world;
	struct cloud cloud;
	unsigned clock; /* the cloud's, in seconds: what changes now gets this as the time of its update */
};

static struct thing *nth(struct place *place, size_t i)
{
	return place->cloud.things[i];
}

/* All of them over, the i-th changed in second i; then read whole. */
static void enter(struct place *place, size_t n_tasks, double rate)
{
	struct setup setup = world_setup();

	setup.rate = rate;
	place->world = world_open(&setup);
	cloud_open(&place->cloud, place->world, LATENCY_MS);
	cloud_add_many(&place->cloud, "training", NULL, "train-", n_tasks);
	for (size_t i = 0; i < n_tasks; i++) {
		snprintf(nth(place, i)->status, sizeof(nth(place, i)->status), "SUCCEED");
		nth(place, i)->revision = (unsigned)i + 1;
	}
	place->clock = (unsigned)n_tasks + 1;
	assert_int_equal(world_count(place->world, "training"), n_tasks);
	assert_calls(place->world, (n_tasks + PAGE - 1) / PAGE);
}

static void leave(struct place *place)
{
	world_close(place->world);
	cloud_close(&place->cloud);
}

static void touch(struct place *place, struct thing *thing, const char *status)
{
	snprintf(thing->status, sizeof(thing->status), "%s", status);
	thing->revision = ++place->clock;
}

/* The listing is as the cloud has it. */
static void assert_true_to_the_cloud(struct place *place)
{
	char *names = world_ls(place->world, "training"), path[80], name[64], line[40];
	size_t n = 0;

	assert_non_null(names);
	for (const char *at = names; *at; at++)
		n += *at == ' ';
	const char *from = names; /* mostly they are in the same order */
	for (size_t i = 0; i < place->cloud.n; i++) {
		struct thing *thing = nth(place, i);
		snprintf(name, sizeof(name), "%s ", thing->id);
		const char *at = strncmp(from, name, strlen(name)) ? strstr(names, name) : from;
		from = at ? at + strlen(name) : from;
		if (thing->gone == (at != NULL))
			fail_msg("%s is %s", thing->id, at ? "still there" : "missing");
		n -= !thing->gone;
		if (thing->gone)
			continue;
		snprintf(path, sizeof(path), "training/%s/status", thing->id);
		snprintf(line, sizeof(line), "%s\n", thing->status);
		assert_cat(place->world, path, line);
	}
	assert_int_equal(n, 0);
	free(names);
}

static void expire(struct place *place)
{
	world_calls(place->world);
	script_advance(&place->world->script, LIST_MS);
}

static void test_nothing_changed_is_two_calls(void **state)
{
	struct place place;
	(void)state;

	enter(&place, 2000, 10000);
	for (int i = 0; i < 6; i++) {
		expire(&place);
		assert_int_equal(world_count(place.world, "training"), 2000);
		assert_calls(place.world, 2);
		/* and all that the items say stands anew */
		assert_cat(place.world, "training/train-1500/status", "SUCCEED\n");
		assert_calls(place.world, 0);
	}
	leave(&place);
}

static void test_what_is_asked(void **state)
{
	struct place place;
	(void)state;

	enter(&place, 150, 10000);
	expire(&place);
	size_t n = place.world->script.n_sent;
	world_count(place.world, "training");
	assert_int_equal(place.world->script.n_sent, n + 2);
	assert_string_equal(place.world->script.sent[n]->body,
		"{\"OrderField\":\"CreateTime\",\"Order\":\"ASC\",\"Filters\":[{\"Name\":\"Status\","
		"\"Negative\":true,\"Values\":[\"STOPPED\",\"FAILED\",\"SUCCEED\",\"SUBMIT_FAILED\"]}],"
		"\"Offset\":0,\"Limit\":50}");
	assert_string_equal(place.world->script.sent[n + 1]->body,
		"{\"OrderField\":\"UpdateTime\",\"Order\":\"DESC\",\"Offset\":0,\"Limit\":50}");
	leave(&place);
}

/* k changes and r that run: 2 + ceil(k/50) + ceil(r/50). */
static void test_the_cost_is_that_of_what_changed(void **state)
{
	static const size_t rows[][2] = { /* k, r */
		{ 1, 0 }, { 0, 1 }, { 49, 0 }, { 50, 0 }, { 51, 0 }, { 0, 50 }, { 0, 51 }, { 170, 60 }, { 3, 120 },
	};
	(void)state;

	for (size_t row = 0; row < COUNT(rows); row++) {
		struct place place;
		size_t k = rows[row][0], r = rows[row][1];
		enter(&place, 1000, 10000);
		for (size_t i = 0; i < r; i++) /* from the oldest on */
			touch(&place, nth(&place, i), "RUNNING");
		expire(&place);
		world_count(place.world, "training");
		for (size_t i = 0; i < k; i++)
			touch(&place, nth(&place, 999 - i), i % 2 ? "FAILED" : "STOPPED");
		expire(&place);
		assert_int_equal(world_count(place.world, "training"), 1000);
		assert_in_range(world_calls(place.world), 2, 2 + (k + PAGE - 1) / PAGE + (r + PAGE - 1) / PAGE);
		assert_true_to_the_cloud(&place);
		assert_calls(place.world, 0);
		leave(&place);
	}
}

static void test_new_ones_are_shown_and_cost_no_more(void **state)
{
	struct place place;
	(void)state;

	enter(&place, 1000, 10000);
	cloud_add_many(&place.cloud, "training", NULL, "train-new", 3);
	for (size_t i = 0; i < 3; i++)
		touch(&place, nth(&place, 1000 + i), i ? "SUCCEED" : "RUNNING");
	expire(&place);
	assert_int_equal(world_count(place.world, "training"), 1003);
	assert_in_range(world_calls(place.world), 2, 4);
	assert_true_to_the_cloud(&place);
	leave(&place);
}

/* The busiest are the newest: what ended behind them must not hide there. */
static void test_what_ends_behind_many_that_run_is_seen(void **state)
{
	struct place place;
	(void)state;

	enter(&place, 1000, 10000);
	for (size_t i = 0; i < 120; i++)
		touch(&place, nth(&place, i), "RUNNING");
	expire(&place);
	world_count(place.world, "training");
	touch(&place, nth(&place, 700), "FAILED");
	for (size_t i = 0; i < 120; i++)
		touch(&place, nth(&place, i), "RUNNING");
	expire(&place);
	assert_true_to_the_cloud(&place);
	leave(&place);
}

static void test_one_that_left_has_the_list_read_whole(void **state)
{
	struct place place;
	(void)state;

	for (int runs = 0; runs <= 1; runs++) {
		enter(&place, 1000, 10000);
		if (runs) {
			touch(&place, nth(&place, 3), "RUNNING");
			expire(&place);
			world_count(place.world, "training");
		}
		nth(&place, 3)->gone = true;
		expire(&place);
		assert_true_to_the_cloud(&place);
		assert_calls(place.world, 2 + 20);
		leave(&place);
	}
}

/* One left and one with an old time came: only a whole reading sees it, and there is one every ten minutes. */
static void test_what_no_refresh_can_see_is_seen_after_ten_minutes(void **state)
{
	struct place place;
	(void)state;

	enter(&place, 1000, 10000);
	nth(&place, 3)->gone = true;
	struct thing *thing = cloud_add(&place.cloud, "training", NULL, "train-old");
	thing->revision = 1;
	snprintf(thing->status, sizeof(thing->status), "SUCCEED");
	expire(&place);
	world_count(place.world, "training");
	script_advance(&place.world->script, WHOLE_MS);
	assert_true_to_the_cloud(&place);
	leave(&place);
}

/* At 20 calls a second 9,000 take 9 s: no reader waits for them twice. */
/* A whole list, however long, page by page. */
static void read_along(struct place *place)
{
	uint64_t id = world_find(place->world, "training");
	struct reply reply = { .cookie = 0 };

	for (bool more = true; more;) {
		struct query_time query = { .since_ms = 0 };
		struct entry entry;
		const char *name;
		reply = world_read(place->world, id, reply.cookie);
		assert_found(&reply);
		query.now_ms = place->world->script.now_ms;
		for (more = false; tree_next(place->world->tree, id, &reply.cookie, &name, &entry, query);)
			more = true;
	}
}

/* The status of each of the first n, one after the other; the longest that one of them took. */
static int64_t cat_each_of(struct place *place, size_t n)
{
	int64_t longest_ms = 0;
	char path[80], line[40];

	for (size_t i = 0; i < n; i++) {
		int64_t began_ms = place->world->script.now_ms;
		snprintf(path, sizeof(path), "training/%s/status", nth(place, i)->id);
		snprintf(line, sizeof(line), "%s\n", nth(place, i)->status);
		assert_cat(place->world, path, line);
		if (place->world->script.now_ms - began_ms > longest_ms)
			longest_ms = place->world->script.now_ms - began_ms;
	}
	return longest_ms;
}

static void test_nobody_is_sent_to_a_list_too_long_to_wait_for(void **state)
{
	struct place place = { 0 };
	(void)state;

	place.world = world_open(NULL);
	cloud_open(&place.cloud, place.world, LATENCY_MS);
	cloud_add_many(&place.cloud, "training", NULL, "train-", 6000); /* 120 pages, 100 within half a deadline */
	for (size_t i = 0; i < 6000; i++)
		touch(&place, nth(&place, i), "RUNNING");
	read_along(&place);
	script_advance(&place.world->script, 60000);
	world_calls(place.world);
	assert_in_range(cat_each_of(&place, 150), 1, 2000);
	assert_calls(place.world, 150);
	leave(&place);
}

/* Sixty run: they are two pages, whatever else there is. */
static void test_what_runs_is_read_again_for_what_that_costs(void **state)
{
	struct place place;
	(void)state;

	enter(&place, 3000, 1000);
	for (size_t i = 0; i < 60; i++)
		touch(&place, nth(&place, i), "RUNNING");
	script_advance(&place.world->script, LIST_MS);
	assert_int_equal(world_count(place.world, "training"), 3000);
	script_advance(&place.world->script, LIVE_MS);
	world_calls(place.world);
	cat_each_of(&place, 60);
	assert_in_range(world_calls(place.world), 3, 7);
	leave(&place);
}

static void test_a_list_too_long_to_wait_for_is_read_again_behind_everybody(void **state)
{
	struct setup setup = world_setup();
	struct place place = { 0 };
	(void)state;

	place.world = world_open(&setup);
	cloud_open(&place.cloud, place.world, LATENCY_MS);
	cloud_add_many(&place.cloud, "training", NULL, "train-", 9000);
	for (size_t i = 0; i < 9000; i++)
		touch(&place, nth(&place, i), "SUCCEED");
	read_along(&place);
	nth(&place, 3)->gone = true;
	expire(&place);
	int64_t began_ms = place.world->script.now_ms;
	assert_int_equal(world_count(place.world, "training"), 9000); /* it still stands there */
	assert_in_range(place.world->script.now_ms - began_ms, 0, 10 * LATENCY_MS);
	script_advance(&place.world->script, 1000);
	size_t sent = world_calls(place.world);
	assert_in_range(sent, 2 + 15, 2 + 20); /* a part of the rate is left */
	began_ms = place.world->script.now_ms;
	struct ask ask = { 0 };
	ask_put(&ask, place.world, ASK_LOOKUP, world_find(place.world, "training"), "train-0077");
	script_advance(&place.world->script, 12000);
	assert_found(&ask.reply);
	assert_int_equal(world_count(place.world, "training"), 8999);
	leave(&place);
}

static void test_a_cloud_that_does_not_do_it_has_the_list_read_whole(void **state)
{
	(void)state;

	for (int which = 0; which < 3; which++) {
		struct place place;
		enter(&place, 400, 10000);
		place.cloud.ignores_filters = which == 0;
		place.cloud.ignores_order = which == 1;
		place.cloud.refuses_filters = which == 2;
		touch(&place, nth(&place, 200), "FAILED");
		for (int round = 0; round < 4; round++) {
			nth(&place, 10 + (size_t)round)->gone = true;
			expire(&place);
			assert_true_to_the_cloud(&place);
			assert_in_range(world_calls(place.world), 8, round ? 8 : 11);
		}
		leave(&place);
	}
}

/* ---- thousands of changes ---- */

static void change_something(struct place *place, unsigned *seed)
{
	static const char *const statuses[] = { "RUNNING", "STARTING", "SUCCEED", "FAILED", "NEVER_SEEN_BEFORE" };
	struct thing *thing = nth(place, (size_t)rand_r(seed) % place->cloud.n);
	char id[40];

	place->clock += (unsigned)rand_r(seed) % 2; /* several in one second, too */
	switch (rand_r(seed) % 8) {
	case 0:
		thing->gone = true;
		break;
	case 1:
	case 2:
		snprintf(id, sizeof(id), "train-n%zu", place->cloud.n);
		thing = cloud_add(&place->cloud, "training", NULL, id);
		thing->revision = place->clock;
		break;
	default:
		snprintf(thing->status, sizeof(thing->status), "%s",
			statuses[(size_t)rand_r(seed) % COUNT(statuses)]);
		thing->revision = place->clock;
	}
}

/* Changes at any moment, also between the calls of one refresh; when it is quiet, the tree has it all. */
static void test_after_thousands_of_changes_the_tree_is_true_to_the_cloud(void **state)
{
	unsigned seed = 20251122;
	(void)state;

	for (int world = 0; world < 5; world++) {
		struct place place;
		enter(&place, 120 + (size_t)rand_r(&seed) % 200, world % 3 ? 10000 : 20);
		for (int round = 0; round < 40; round++) {
			struct ask ask = { 0 };
			script_advance(&place.world->script, LIST_MS);
			ask_put(&ask, place.world, ASK_OPEN, world_find(place.world, "training"), NULL);
			while (!ask.answers) {
				if (rand_r(&seed) % 3 == 0)
					change_something(&place, &seed);
				assert_true(script_step(&place.world->script));
			}
			for (unsigned n = (unsigned)rand_r(&seed) % 12; n; n--)
				change_something(&place, &seed);
		}
		/* twice: what a refresh saw in the middle of a change it sees whole the next time */
		expire(&place);
		world_count(place.world, "training");
		expire(&place);
		world_count(place.world, "training");
		script_advance(&place.world->script, WHOLE_MS);
		assert_true_to_the_cloud(&place);
		leave(&place);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_changed_is_two_calls),
		cmocka_unit_test(test_what_is_asked),
		cmocka_unit_test(test_the_cost_is_that_of_what_changed),
		cmocka_unit_test(test_new_ones_are_shown_and_cost_no_more),
		cmocka_unit_test(test_what_ends_behind_many_that_run_is_seen),
		cmocka_unit_test(test_one_that_left_has_the_list_read_whole),
		cmocka_unit_test(test_what_no_refresh_can_see_is_seen_after_ten_minutes),
		cmocka_unit_test(test_a_list_too_long_to_wait_for_is_read_again_behind_everybody),
		cmocka_unit_test(test_nobody_is_sent_to_a_list_too_long_to_wait_for),
		cmocka_unit_test(test_what_runs_is_read_again_for_what_that_costs),
		cmocka_unit_test(test_a_cloud_that_does_not_do_it_has_the_list_read_whole),
		cmocka_unit_test(test_after_thousands_of_changes_the_tree_is_true_to_the_cloud),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
