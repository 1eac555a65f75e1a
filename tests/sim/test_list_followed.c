/*
 * test_list_followed.c - readers that follow a list while it is read: slow ones, several, and past deleted resources.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud.h"

enum { LATENCY_MS = 100 };

struct place {
	struct world *world;
	struct cloud cloud;
	uint64_t training;
};

static void enter(struct place *place, size_t n, double rate)
{
	struct setup setup = world_setup();

	setup.rate = rate;
	place->world = world_open(&setup);
	cloud_open(&place->cloud, place->world, LATENCY_MS);
	cloud_add_many(&place->cloud, "training", NULL, "train-", n);
	for (size_t i = 0; i < n; i++) {
		snprintf(place->cloud.things[i]->status, sizeof(place->cloud.things[i]->status), "SUCCEED");
		place->cloud.things[i]->revision = (unsigned)i + 1;
	}
	place->training = world_find(place->world, "training");
}

static void leave(struct place *place)
{
	world_close(place->world);
	cloud_close(&place->cloud);
}

struct pass {
	uint64_t cookie;
	size_t got;
	enum error error;
};

/* One READDIR of at most so many names; false: the end, or pass->fault. */
static bool go_on(struct place *place, struct pass *pass, size_t most)
{
	struct reply reply = world_read(place->world, place->training, pass->cookie);
	struct query_time query = { .now_ms = place->world->script.now_ms, .since_ms = 0 };
	struct entry entry;
	const char *name;
	size_t n = 0;

	pass->error = reply.outcome == RESULT_FAILED ? reply.error : ERR_NONE;
	if (pass->error)
		return false;
	pass->cookie = reply.cookie;
	while (n < most && tree_next(place->world->tree, place->training, &pass->cookie, &name, &entry, query))
		n++;
	pass->got += n;
	return n;
}

/* grep -r takes 20 names a second, where the pages bring a thousand. */
static void test_a_reader_slower_than_the_pages_is_no_reason_to_begin_again(void **state)
{
	struct place place;
	struct pass pass = { 0 };
	(void)state;

	enter(&place, 10000, 20);
	while (go_on(&place, &pass, 250))
		script_advance(&place.world->script, 5000);
	assert_int_equal(pass.error, ERR_NONE);
	assert_int_equal(pass.got, 10000);
	assert_calls(place.world, 200);
	leave(&place);
}

static void test_a_pass_over_a_finished_reading_is_not_caught_by_the_next(void **state)
{
	struct place place;
	struct pass one = { 0 }, other = { 0 };
	(void)state;

	enter(&place, 12000, 20);
	place.cloud.ignores_order = true; /* so that it is read whole each time */
	while (one.got < 11900)
		assert_true(go_on(&place, &one, 100));
	script_advance(&place.world->script, 40000);
	assert_true(go_on(&place, &other, 10));
	int64_t began_ms = place.world->script.now_ms;
	while (go_on(&place, &one, 10))
		;
	assert_int_equal(one.error, ERR_NONE);
	assert_int_equal(one.got, 12000);
	assert_int_equal(place.world->script.now_ms, began_ms);
	leave(&place);
}

static void test_a_resource_that_disappeared_stops_no_reader(void **state)
{
	struct place place;
	struct pass pass = { 0 };
	(void)state;

	enter(&place, 12000, 10);
	place.cloud.ignores_order = true;
	while (go_on(&place, &pass, 1000))
		;
	cloud_thing(&place.cloud, "train-0005")->gone = true;
	for (int i = 0; i < 3; i++) {
		script_advance(&place.world->script, 31000);
		pass = (struct pass){ 0 };
		while (go_on(&place, &pass, 1000))
			;
		assert_int_equal(pass.error, ERR_NONE);
		assert_in_range(pass.got, 11999, 12000);
	}
	leave(&place);
}

static void test_after_everything_was_called_old_a_list_is_read_whole(void **state)
{
	struct place place;
	(void)state;

	enter(&place, 200, 10000);
	world_count(place.world, "training");
	script_advance(&place.world->script, 1000);
	snprintf(cloud_thing(&place.cloud, "train-0007")->message, 16, "new"); /* its time did not move */
	cloud_thing(&place.cloud, "train-0008")->gone = true;
	cloud_add(&place.cloud, "training", NULL, "train-old")->revision = 5;
	tree_refresh(place.world->tree, TREE_ROOT, NULL, NULL);
	world_calls(place.world);
	char *names = world_ls(place.world, "training");
	assert_null(strstr(names, "train-0008 "));
	assert_non_null(strstr(names, "train-old "));
	free(names);
	assert_cat(place.world, "training/train-0007/message", "new\n");
	assert_calls(place.world, 4);
	leave(&place);
}

static void test_pages_that_come_short_cost_no_calls_without_end(void **state)
{
	struct place place;
	struct ask ask = { 0 };
	size_t page = 0;
	(void)state;

	enter(&place, 0, 10000);
	place.cloud.latency_ms = -1;
	ask_put(&ask, place.world, ASK_OPEN, place.training, NULL);
	for (int at = 0; at < 2000; page++) { /* every second page holds one less than was asked for */
		struct buf items;
		int n = page % 2 ? 49 : 50;
		buf_init(&items, SIZE_MAX);
		for (int i = at; i < at + n && i < 2000; i++)
			buf_printf(&items, "%s{\"Id\": \"train-%d\"}", i > at ? "," : "", i);
		exchange_tencent(script_waiting(&place.world->script, 0),
			"\"TrainingTaskSet\": [%s], \"TotalCount\": 2000", items.data);
		buf_release(&items);
		at += n;
	}
	assert_found(&ask.reply);
	assert_in_range(place.world->script.n_sent, page, page + 64);
	leave(&place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_reader_slower_than_the_pages_is_no_reason_to_begin_again),
		cmocka_unit_test(test_a_pass_over_a_finished_reading_is_not_caught_by_the_next),
		cmocka_unit_test(test_a_resource_that_disappeared_stops_no_reader),
		cmocka_unit_test(test_after_everything_was_called_old_a_list_is_read_whole),
		cmocka_unit_test(test_pages_that_come_short_cost_no_calls_without_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
