/*
 * test_freshness.c - how long an answer stands, to the millisecond, and what ends it early.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud.h"

enum { LIVE_MS = 15000, TERMINAL_MS = 600000, LIST_MS = 30000, MISS_MS = 5000 };

static void enter_with(struct cloud_world *place, const struct setup *setup, size_t n_tasks)
{
	cloud_world_open(place, setup, 0);
	cloud_add_many(&place->cloud, "training", NULL, "train-", n_tasks);
}

static void enter(struct cloud_world *place, size_t n_tasks)
{
	enter_with(place, NULL, n_tasks);
}

static void enter_ttl(struct cloud_world *place, int64_t ttl_s, size_t n_tasks)
{
	struct setup setup = world_setup();

	setup.ttl_s = ttl_s;
	enter_with(place, &setup, n_tasks);
}

/* Reads the status just before and just when it expires: no call, then one. */
static void assert_expires(struct cloud_world *place, const char *path, int64_t ttl_ms)
{
	assert_cat(place->world, path, "RUNNING\n");
	world_calls(place->world);
	cloud_world_advance(place, ttl_ms - 1);
	assert_cat(place->world, path, "RUNNING\n");
	assert_calls(place->world, 0);
	cloud_world_advance(place, 1);
	assert_cat(place->world, path, "RUNNING\n");
	assert_calls(place->world, 1);
}

static void test_a_live_resource_stands_fifteen_seconds_to_the_millisecond(void **state)
{
	struct cloud_world place;
	(void)state;

	enter(&place, 1);
	assert_expires(&place, "training/train-0001/status", LIVE_MS);
	cloud_world_close(&place);
}

static void test_a_terminal_resource_stands_ten_minutes_to_the_millisecond(void **state)
{
	static const char *const terminal[] = { "STOPPED", "FAILED", "SUCCEED", "SUBMIT_FAILED" };
	(void)state;

	for (size_t i = 0; i < COUNT(terminal); i++) {
		struct cloud_world place;
		char line[32];
		enter(&place, 1);
		cloud_set_status(&place.cloud, "train-0001", terminal[i]);
		snprintf(line, sizeof(line), "%s\n", terminal[i]);
		assert_cat(place.world, "training/train-0001/status", line);
		cloud_world_advance(&place, TERMINAL_MS - 1);
		assert_cat(place.world, "training/train-0001/status", line);
		assert_calls(place.world, 1);
		cloud_world_advance(&place, 1);
		assert_cat(place.world, "training/train-0001/status", line);
		assert_calls(place.world, 1);
		cloud_world_close(&place);
	}
}

static void test_a_listing_stands_thirty_seconds_to_the_millisecond(void **state)
{
	struct cloud_world place;
	(void)state;

	enter(&place, 3);
	assert_int_equal(world_count(place.world, "training"), 3);
	cloud_world_advance(&place, LIST_MS - 1);
	cloud_add(&place.cloud, "training", NULL, "train-new");
	assert_int_equal(world_count(place.world, "training"), 3);
	assert_calls(place.world, 1);
	cloud_world_advance(&place, 1);
	assert_int_equal(world_count(place.world, "training"), 4);
	assert_calls(place.world, 1);
	cloud_world_close(&place);
}

static void test_a_miss_stands_five_seconds_to_the_millisecond(void **state)
{
	struct cloud_world place;
	struct reply reply;
	(void)state;

	enter(&place, 1);
	reply = world_lookup(place.world, "training/train-new");
	assert_absent(&reply);
	assert_int_equal(reply.absent_ms, MISS_MS);
	cloud_add(&place.cloud, "training", NULL, "train-new");
	cloud_world_advance(&place, MISS_MS - 1);
	reply = world_lookup(place.world, "training/train-new");
	assert_absent(&reply);
	assert_int_equal(reply.absent_ms, 1);
	assert_calls(place.world, 1);
	cloud_world_advance(&place, 1);
	world_find(place.world, "training/train-new");
	assert_calls(place.world, 1);
	cloud_world_close(&place);
}

static void test_a_new_listing_ends_a_miss_at_once(void **state)
{
	struct cloud_world place;
	struct reply reply;
	(void)state;

	enter(&place, 1);
	reply = world_lookup(place.world, "training/train-new");
	assert_absent(&reply);
	cloud_add(&place.cloud, "training", NULL, "train-new");
	assert_int_equal(world_count(place.world, "training"), 2);
	world_find(place.world, "training/train-new");
	cloud_world_close(&place);
}

static void test_timeouts_given_to_the_kernel_are_what_is_left(void **state)
{
	struct cloud_world place;
	struct reply reply;
	(void)state;

	enter(&place, 1);
	world_find(place.world, "training/train-0001");
	cloud_world_advance(&place, 4000);
	reply = world_lookup(place.world, "training/train-0001/status");
	assert_int_equal(reply.entry.entry_ms, LIVE_MS - 4000);
	assert_int_equal(reply.entry.attr_ms, TREE_FOR_EVER);
	reply = world_lookup(place.world, "training/train-0001");
	assert_int_equal(reply.entry.entry_ms, LIVE_MS - 4000);
	assert_int_equal(reply.entry.attr_ms, LIVE_MS - 4000);
	reply = world_lookup(place.world, "training/train-0001/image_info");
	assert_int_equal(reply.entry.entry_ms, LIVE_MS - 4000);
	reply = world_lookup(place.world, "training/train-0001/no_such_member");
	assert_absent(&reply);
	assert_int_equal(reply.absent_ms, MISS_MS);
	cloud_world_advance(&place, 10000);
	reply = world_lookup(place.world, "training/train-0001/no_such_member");
	assert_int_equal(reply.absent_ms, 1000);
	assert_calls(place.world, 1);
	cloud_world_close(&place);
}

/* An answer is as old as its request: what took long is kept for less. */
static void test_the_ttl_counts_from_the_request(void **state)
{
	struct cloud_world place;
	struct reply reply;
	(void)state;

	enter(&place, 1);
	place.cloud.latency_ms = 6000;
	reply = world_lookup(place.world, "training/train-0001/status");
	assert_int_equal(reply.entry.entry_ms, LIVE_MS - 6000);
	cloud_world_close(&place);
}

/* ---- ttl= ---- */

static void test_ttl_overrides_live_terminal_and_list(void **state)
{
	struct cloud_world place;
	(void)state;

	enter_ttl(&place, 3, 2);
	assert_expires(&place, "training/train-0001/status", 3000);
	cloud_set_status(&place.cloud, "train-0001", "SUCCEED");
	cloud_world_advance(&place, 3000);
	assert_cat(place.world, "training/train-0001/status", "SUCCEED\n");
	cloud_world_advance(&place, 2999);
	world_calls(place.world);
	assert_cat(place.world, "training/train-0001/status", "SUCCEED\n");
	assert_calls(place.world, 0);
	cloud_world_advance(&place, 1);
	assert_cat(place.world, "training/train-0001/status", "SUCCEED\n");
	assert_calls(place.world, 1);
	assert_int_equal(world_count(place.world, "training"), 2);
	cloud_world_advance(&place, 2999);
	world_calls(place.world);
	assert_int_equal(world_count(place.world, "training"), 2);
	assert_calls(place.world, 0);
	cloud_world_advance(&place, 1);
	assert_int_equal(world_count(place.world, "training"), 2);
	assert_calls(place.world, 1);
	cloud_world_close(&place);
}

static void test_a_long_ttl_does_not_make_a_miss_longer_and_a_short_one_shortens_it(void **state)
{
	static const struct {
		int64_t ttl_s, miss_ms;
	} rows[] = { { 3600, MISS_MS }, { 2, 2000 }, { 0, 0 } };
	(void)state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct cloud_world place;
		enter_ttl(&place, rows[i].ttl_s, 1);
		struct reply reply = world_lookup(place.world, "training/train-x");
		assert_absent(&reply);
		assert_int_equal(reply.absent_ms, rows[i].miss_ms);
		cloud_world_advance(&place, rows[i].miss_ms + (rows[i].miss_ms ? 0 : 1));
		world_calls(place.world);
		world_lookup(place.world, "training/train-x");
		assert_calls(place.world, 1);
		cloud_world_close(&place);
	}
}

static void test_ttl_0_asks_every_time_and_still_answers_each_question_with_one_call(void **state)
{
	struct cloud_world place;
	uint64_t id;
	(void)state;

	enter_ttl(&place, 0, 3);
	id = world_find(place.world, "training/train-0001");
	for (int i = 0; i < 5; i++) {
		place.cloud.latency_ms = i;
		cloud_world_advance(&place, 1);
		world_calls(place.world);
		struct reply reply = world_ask(place.world, ASK_LOOKUP, id, "status");
		assert_found(&reply);
		assert_int_equal(reply.entry.entry_ms, 0);
		assert_calls(place.world, 1);
		cloud_world_advance(&place, 1);
		reply = world_ask(place.world, ASK_OPEN, id, NULL);
		assert_found(&reply);
		assert_calls(place.world, 1);
		cloud_world_advance(&place, 1);
		assert_int_equal(world_count(place.world, "training"), 3);
		assert_calls(place.world, 1);
	}
	cloud_world_close(&place);
}

static void test_ttl_0_reads_what_was_written_before_it_asked(void **state)
{
	struct cloud_world place;
	struct ask first = { 0 }, later[100] = { { 0 } };
	(void)state;

	enter_ttl(&place, 0, 1);
	uint64_t id = world_find(place.world, "training/train-0001");
	place.cloud.latency_ms = -1;
	cloud_world_advance(&place, 1);
	world_calls(place.world);
	ask_put(&first, place.world, ASK_LOOKUP, id, "status");
	struct exchange *old = world_only(place.world);
	cloud_world_advance(&place, 1);
	for (size_t i = 0; i < COUNT(later); i++) /* the cloud took the old state, and then it changed */
		ask_put(&later[i], place.world, ASK_LOOKUP, id, "status");
	cloud_answer(&place.cloud, old);
	assert_found(&first.reply);
	cloud_set_status(&place.cloud, "train-0001", "FAILED");
	for (size_t i = 0; i < COUNT(later); i++)
		assert_int_equal(later[i].answers, 0);
	assert_calls(place.world, 2); /* one more, however many ask */
	cloud_answer(&place.cloud, world_only(place.world));
	for (size_t i = 0; i < COUNT(later); i++) {
		size_t size;
		assert_found(&later[i].reply);
		assert_memory_equal(tree_read(place.world->tree, later[i].reply.entry.id, &size), "FAILED\n", 7);
	}
	assert_calls(place.world, 0);
	cloud_world_close(&place);
}

static void test_ttl_0_lists_what_was_there_when_it_asked(void **state)
{
	struct cloud_world place;
	struct ask first = { 0 }, later = { 0 };
	(void)state;

	enter_ttl(&place, 0, 60);
	uint64_t training = world_find(place.world, "training");
	place.cloud.latency_ms = -1;
	ask_put(&first, place.world, ASK_OPEN, training, NULL);
	cloud_answer(&place.cloud, world_only(place.world)); /* a full page */
	cloud_world_advance(&place, 1);
	ask_put(&later, place.world, ASK_OPEN, training, NULL); /* as the second page is under way, or before it */
	cloud_world_advance(&place, 1);
	cloud_answer(&place.cloud, world_only(place.world));
	assert_found(&first.reply);
	assert_int_equal(later.answers, 0); /* its first page is older than the question */
	while (place.world->script.n_waiting)
		cloud_answer(&place.cloud, script_waiting(&place.world->script, 0));
	assert_found(&later.reply);
	cloud_world_close(&place);
}

/* Also that it was not there. */
static void test_ttl_0_finds_what_came_before_it_asked(void **state)
{
	struct cloud_world place;
	struct ask first = { 0 }, later = { 0 };
	(void)state;

	enter_ttl(&place, 0, 1);
	uint64_t training = world_find(place.world, "training");
	place.cloud.latency_ms = -1;
	ask_put(&first, place.world, ASK_LOOKUP, training, "train-0002");
	cloud_world_advance(&place, 1);
	ask_put(&later, place.world, ASK_LOOKUP, training, "train-0002");
	cloud_answer(&place.cloud, world_only(place.world));
	assert_absent(&first.reply);
	assert_int_equal(later.answers, 0);
	cloud_add(&place.cloud, "training", NULL, "train-0002");
	cloud_answer(&place.cloud, world_only(place.world));
	assert_found(&later.reply);
	cloud_world_close(&place);
}

/* A term that the answer is within makes no second call. */
static void test_who_joins_a_call_takes_its_answer_within_the_term(void **state)
{
	struct cloud_world place;
	struct ask first = { 0 }, later = { 0 };
	(void)state;

	enter_ttl(&place, 3, 1);
	uint64_t id = world_find(place.world, "training/train-0001");
	cloud_world_advance(&place, 3000);
	place.cloud.latency_ms = -1;
	world_calls(place.world);
	for (int wait_ms = 2999; wait_ms <= 3000; wait_ms++) {
		ask_put(&first, place.world, ASK_LOOKUP, id, "status");
		cloud_world_advance(&place, 1000);
		ask_put(&later, place.world, ASK_LOOKUP, id, "status");
		cloud_world_advance(&place, wait_ms - 1000);
		cloud_answer(&place.cloud, world_only(place.world));
		assert_found(&first.reply);
		assert_int_equal(later.answers, wait_ms < 3000);
		cloud_world_advance(&place, 10);
	}
	cloud_answer(&place.cloud, world_only(place.world));
	assert_found(&later.reply);
	assert_calls(place.world, 3);
	cloud_world_close(&place);
}

/* ---- what a newer list says ---- */

static void test_a_list_that_says_it_moved_on_has_the_rest_described_again(void **state)
{
	struct cloud_world place;
	(void)state;

	enter(&place, 1);
	cloud_set_status(&place.cloud, "train-0001", "SUCCEED"); /* ten minutes */
	assert_cat(place.world, "training/train-0001/remark", "");
	world_count(place.world, "training");
	snprintf(cloud_thing(&place.cloud, "train-0001")->remark, 64, "restarted");
	cloud_set_status(&place.cloud, "train-0001", "RUNNING");
	cloud_world_advance(&place, LIST_MS);
	world_count(place.world, "training");
	world_calls(place.world);
	assert_cat(place.world, "training/train-0001/status", "RUNNING\n");
	assert_cat(place.world, "training/train-0001/remark", "restarted\n");
	assert_calls(place.world, 1);
	cloud_world_close(&place);
}

/* Ten minutes were promised for what was over; a list that shows it alive takes that back. */
static void test_a_first_list_that_shows_it_alive_ends_the_long_ttl(void **state)
{
	struct cloud_world place;
	(void)state;

	enter(&place, 1);
	cloud_set_status(&place.cloud, "train-0001", "SUCCEED");
	assert_cat(place.world, "training/train-0001/status", "SUCCEED\n");
	cloud_set_status(&place.cloud, "train-0001", "RUNNING");
	cloud_world_advance(&place, 1000);
	world_count(place.world, "training");
	cloud_world_advance(&place, LIVE_MS);
	assert_cat(place.world, "training/train-0001/status", "RUNNING\n");
	cloud_world_close(&place);
}

static void test_what_a_whole_list_lacks_is_asked_for_again_before_it_is_believed(void **state)
{
	struct cloud_world place;
	struct reply reply;
	(void)state;

	enter(&place, 3);
	cloud_set_status(&place.cloud, "train-0002", "SUCCEED");
	assert_cat(place.world, "training/train-0002/remark", "");
	world_count(place.world, "training");
	cloud_thing(&place.cloud, "train-0002")->gone = true;
	cloud_world_advance(&place, LIST_MS);
	assert_ls(place.world, "training", "train-0001 train-0003 ");
	world_calls(place.world);
	reply = world_lookup(place.world, "training/train-0002");
	assert_absent(&reply);
	assert_calls(place.world, 1);
	cloud_world_close(&place);
}

/* Versions are whole in their list; a single one that was described before must not hide what a list says later. */
static void test_the_newer_of_two_whole_answers_is_shown(void **state)
{
	struct cloud_world place;
	(void)state;

	enter(&place, 0);
	cloud_add(&place.cloud, "models", NULL, "m-1");
	cloud_add(&place.cloud, "versions", "m-1", "mv-1");
	assert_cat(place.world, "models/m-1/versions/mv-1/error_msg", "");
	cloud_world_advance(&place, LIVE_MS); /* the list stands, the item does not: one is described */
	assert_cat(place.world, "models/m-1/versions/mv-1/error_msg", "");
	snprintf(cloud_thing(&place.cloud, "mv-1")->message, 64, "broken");
	cloud_world_advance(&place, LIST_MS);
	assert_int_equal(world_count(place.world, "models/m-1/versions"), 1);
	world_calls(place.world);
	assert_cat(place.world, "models/m-1/versions/mv-1/error_msg", "broken\n");
	uint64_t id = world_find(place.world, "models/m-1/versions/mv-1");
	struct query_time query = { .now_ms = place.world->script.now_ms };
	uint64_t cookie = 0;
	const char *name;
	struct entry entry;
	while (tree_next(place.world->tree, id, &cookie, &name, &entry, query)) {
		size_t size;
		if (!strcmp(name, "error_msg")) {
			assert_non_null(tree_read(place.world->tree, entry.id, &size));
			assert_int_equal(size, 7);
		}
	}
	assert_calls(place.world, 0);
	cloud_world_close(&place);
}

/* What a READDIRPLUS of the listing hands out. */
static struct entry first_entry(struct cloud_world *place)
{
	struct query_time query = { .now_ms = place->world->script.now_ms };
	uint64_t cookie = 0;
	const char *name;
	struct entry entry;

	assert_true(tree_next(place->world->tree, world_find(place->world, "training"), &cookie, &name,
		&entry, query));
	return entry;
}

static void test_entries_of_a_listing_stand_as_long_as_what_vouches_for_them(void **state)
{
	struct cloud_world place;
	(void)state;

	enter(&place, 1);
	cloud_set_status(&place.cloud, "train-0001", "SUCCEED");
	world_count(place.world, "training");
	cloud_world_advance(&place, 10000);
	struct entry entry = first_entry(&place);
	assert_int_equal(entry.entry_ms, TERMINAL_MS - 10000); /* nothing about it is expected to change */
	assert_int_equal(entry.attr_ms, TERMINAL_MS - 10000);
	struct reply reply = world_lookup(place.world, "training/train-0001");
	assert_int_equal(reply.entry.entry_ms, TERMINAL_MS - 10000);
	reply = world_lookup(place.world, "training");
	assert_int_equal(reply.entry.attr_ms, LIST_MS - 10000);
	/* after a failure: as long as that stands */
	cloud_set_status(&place.cloud, "train-0001", "RUNNING");
	cloud_world_advance(&place, LIST_MS);
	world_count(place.world, "training");
	cloud_world_advance(&place, LIST_MS);
	place.cloud.fail = ERR_TLS;
	world_count(place.world, "training");
	cloud_world_advance(&place, 400);
	entry = first_entry(&place);
	assert_int_equal(entry.entry_ms, 600);
	cloud_world_close(&place);
}

static void test_everything_is_asked_for_again_after_it_was_all_called_old(void **state)
{
	struct cloud_world place;
	struct reply reply;
	(void)state;

	enter(&place, 2);
	cloud_set_status(&place.cloud, "train-0001", "SUCCEED");
	world_count(place.world, "training");
	assert_cat(place.world, "training/train-0001/remark", "");
	reply = world_lookup(place.world, "training/train-none");
	assert_absent(&reply);
	place.cloud.fail = ERR_TLS;
	reply = world_lookup(place.world, "notebooks/nb-1");
	assert_error(&reply, ERR_TLS);
	place.cloud.fail = ERR_NONE;
	cloud_world_advance(&place, 1);
	world_calls(place.world);
	tree_refresh(place.world->tree, TREE_ROOT, NULL, NULL);
	assert_cat(place.world, "training/train-0001/status", "SUCCEED\n");
	assert_calls(place.world, 1);
	reply = world_lookup(place.world, "training/train-none");
	assert_absent(&reply);
	assert_calls(place.world, 1);
	reply = world_lookup(place.world, "notebooks/nb-1");
	assert_absent(&reply);
	assert_calls(place.world, 1);
	world_count(place.world, "notebooks");
	assert_calls(place.world, 1);
	assert_cat(place.world, "README", "read me\n");
	cloud_world_close(&place);
}

static void test_an_old_description_does_not_follow_a_newer_item(void **state)
{
	struct cloud_world place;
	(void)state;

	enter(&place, 1);
	struct thing *task = cloud_thing(&place.cloud, "train-0001");
	strcpy(task->message, "before");
	strcpy(task->remark, "described");
	assert_cat(place.world, "training/train-0001/remark", "described\n");
	script_advance(&place.world->script, 60000);
	strcpy(task->message, "after");
	assert_ls(place.world, "training", "train-0001 ");
	assert_cat(place.world, "training/train-0001/message", "after\n");
	script_advance(&place.world->script, 60000);
	place.cloud.fail = ERR_LOST;
	assert_cat(place.world, "training/train-0001/message", "after\n");
	/* members that only the describe call has are shown as it last returned them */
	assert_cat(place.world, "training/train-0001/remark", "described\n");
	cloud_world_close(&place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_live_resource_stands_fifteen_seconds_to_the_millisecond),
		cmocka_unit_test(test_a_terminal_resource_stands_ten_minutes_to_the_millisecond),
		cmocka_unit_test(test_a_listing_stands_thirty_seconds_to_the_millisecond),
		cmocka_unit_test(test_a_miss_stands_five_seconds_to_the_millisecond),
		cmocka_unit_test(test_a_new_listing_ends_a_miss_at_once),
		cmocka_unit_test(test_timeouts_given_to_the_kernel_are_what_is_left),
		cmocka_unit_test(test_the_ttl_counts_from_the_request),
		cmocka_unit_test(test_ttl_overrides_live_terminal_and_list),
		cmocka_unit_test(test_a_long_ttl_does_not_make_a_miss_longer_and_a_short_one_shortens_it),
		cmocka_unit_test(test_ttl_0_asks_every_time_and_still_answers_each_question_with_one_call),
		cmocka_unit_test(test_ttl_0_reads_what_was_written_before_it_asked),
		cmocka_unit_test(test_ttl_0_lists_what_was_there_when_it_asked),
		cmocka_unit_test(test_ttl_0_finds_what_came_before_it_asked),
		cmocka_unit_test(test_who_joins_a_call_takes_its_answer_within_the_term),
		cmocka_unit_test(test_a_list_that_says_it_moved_on_has_the_rest_described_again),
		cmocka_unit_test(test_a_first_list_that_shows_it_alive_ends_the_long_ttl),
		cmocka_unit_test(test_what_a_whole_list_lacks_is_asked_for_again_before_it_is_believed),
		cmocka_unit_test(test_the_newer_of_two_whole_answers_is_shown),
		cmocka_unit_test(test_entries_of_a_listing_stand_as_long_as_what_vouches_for_them),
		cmocka_unit_test(test_everything_is_asked_for_again_after_it_was_all_called_old),
		cmocka_unit_test(test_an_old_description_does_not_follow_a_newer_item),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
