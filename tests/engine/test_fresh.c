/*
 * test_fresh.c - how long an answer stands, to the millisecond, and what stays itself when it changes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cloud.h"

enum { LIVE_MS = 15000, TERMINAL_MS = 600000, LIST_MS = 30000, MISS_MS = 5000 };

struct place {
	struct world *world;
	struct cloud cloud;
};

static void enter_with(struct place *place, const struct setup *setup, size_t n_tasks)
{
	place->world = world_open(setup);
	cloud_open(&place->cloud, place->world, 0);
	cloud_add_many(&place->cloud, "training", NULL, "train-", n_tasks);
}

static void enter(struct place *place, size_t n_tasks)
{
	enter_with(place, NULL, n_tasks);
}

static void enter_ttl(struct place *place, int64_t ttl_s, size_t n_tasks)
{
	struct setup setup = world_setup();

	setup.ttl_s = ttl_s;
	enter_with(place, &setup, n_tasks);
}

static void leave(struct place *place)
{
	world_close(place->world);
	cloud_close(&place->cloud);
}

static void advance(struct place *place, int64_t ms)
{
	script_advance(&place->world->script, ms);
}

static void set_status(struct place *place, const char *id, const char *status)
{
	struct thing *thing = cloud_thing(&place->cloud, id);

	snprintf(thing->status, sizeof(thing->status), "%s", status);
	thing->revision++;
}

/* Reads the status just before and just when it expires: no call, then one. */
static void assert_expires(struct place *place, const char *path, int64_t ttl_ms)
{
	assert_cat(place->world, path, "RUNNING\n");
	world_calls(place->world);
	advance(place, ttl_ms - 1);
	assert_cat(place->world, path, "RUNNING\n");
	assert_calls(place->world, 0);
	advance(place, 1);
	assert_cat(place->world, path, "RUNNING\n");
	assert_calls(place->world, 1);
}

static void test_a_live_resource_stands_fifteen_seconds_to_the_millisecond(void **state)
{
	struct place place;
	(void)state;

	enter(&place, 1);
	assert_expires(&place, "training/train-0001/status", LIVE_MS);
	leave(&place);
}

static void test_a_terminal_resource_stands_ten_minutes_to_the_millisecond(void **state)
{
	static const char *const terminal[] = { "STOPPED", "FAILED", "SUCCEED", "SUBMIT_FAILED" };
	(void)state;

	for (size_t i = 0; i < COUNT(terminal); i++) {
		struct place place;
		char line[32];
		enter(&place, 1);
		set_status(&place, "train-0001", terminal[i]);
		snprintf(line, sizeof(line), "%s\n", terminal[i]);
		assert_cat(place.world, "training/train-0001/status", line);
		advance(&place, TERMINAL_MS - 1);
		assert_cat(place.world, "training/train-0001/status", line);
		assert_calls(place.world, 1);
		advance(&place, 1);
		assert_cat(place.world, "training/train-0001/status", line);
		assert_calls(place.world, 1);
		leave(&place);
	}
}

static void test_a_listing_stands_thirty_seconds_to_the_millisecond(void **state)
{
	struct place place;
	(void)state;

	enter(&place, 3);
	assert_int_equal(world_count(place.world, "training"), 3);
	advance(&place, LIST_MS - 1);
	cloud_add(&place.cloud, "training", NULL, "train-new");
	assert_int_equal(world_count(place.world, "training"), 3);
	assert_calls(place.world, 1);
	advance(&place, 1);
	assert_int_equal(world_count(place.world, "training"), 4);
	assert_calls(place.world, 1);
	leave(&place);
}

static void test_a_miss_stands_five_seconds_to_the_millisecond(void **state)
{
	struct place place;
	struct reply reply;
	(void)state;

	enter(&place, 1);
	reply = world_lookup(place.world, "training/train-new");
	assert_absent(&reply);
	assert_int_equal(reply.absent_ms, MISS_MS);
	cloud_add(&place.cloud, "training", NULL, "train-new");
	advance(&place, MISS_MS - 1);
	reply = world_lookup(place.world, "training/train-new");
	assert_absent(&reply);
	assert_int_equal(reply.absent_ms, 1);
	assert_calls(place.world, 1);
	advance(&place, 1);
	world_find(place.world, "training/train-new");
	assert_calls(place.world, 1);
	leave(&place);
}

static void test_a_new_listing_ends_a_miss_at_once(void **state)
{
	struct place place;
	struct reply reply;
	(void)state;

	enter(&place, 1);
	reply = world_lookup(place.world, "training/train-new");
	assert_absent(&reply);
	cloud_add(&place.cloud, "training", NULL, "train-new");
	assert_int_equal(world_count(place.world, "training"), 2);
	world_find(place.world, "training/train-new");
	leave(&place);
}

static void test_timeouts_given_to_the_kernel_are_what_is_left(void **state)
{
	struct place place;
	struct reply reply;
	(void)state;

	enter(&place, 1);
	world_find(place.world, "training/train-0001");
	advance(&place, 4000);
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
	advance(&place, 10000);
	reply = world_lookup(place.world, "training/train-0001/no_such_member");
	assert_int_equal(reply.absent_ms, 1000);
	assert_calls(place.world, 1);
	leave(&place);
}

/* An answer is as old as its request: what took long is kept for less. */
static void test_the_ttl_counts_from_the_request(void **state)
{
	struct place place;
	struct reply reply;
	(void)state;

	enter(&place, 1);
	place.cloud.latency_ms = 6000;
	reply = world_lookup(place.world, "training/train-0001/status");
	assert_int_equal(reply.entry.entry_ms, LIVE_MS - 6000);
	leave(&place);
}

/* ---- ttl= ---- */

static void test_ttl_overrides_live_terminal_and_list(void **state)
{
	struct place place;
	(void)state;

	enter_ttl(&place, 3, 2);
	assert_expires(&place, "training/train-0001/status", 3000);
	set_status(&place, "train-0001", "SUCCEED");
	advance(&place, 3000);
	assert_cat(place.world, "training/train-0001/status", "SUCCEED\n");
	advance(&place, 2999);
	world_calls(place.world);
	assert_cat(place.world, "training/train-0001/status", "SUCCEED\n");
	assert_calls(place.world, 0);
	advance(&place, 1);
	assert_cat(place.world, "training/train-0001/status", "SUCCEED\n");
	assert_calls(place.world, 1);
	assert_int_equal(world_count(place.world, "training"), 2);
	advance(&place, 2999);
	world_calls(place.world);
	assert_int_equal(world_count(place.world, "training"), 2);
	assert_calls(place.world, 0);
	advance(&place, 1);
	assert_int_equal(world_count(place.world, "training"), 2);
	assert_calls(place.world, 1);
	leave(&place);
}

static void test_a_long_ttl_does_not_make_a_miss_longer_and_a_short_one_shortens_it(void **state)
{
	static const struct {
		int64_t ttl_s, miss_ms;
	} rows[] = { { 3600, MISS_MS }, { 2, 2000 }, { 0, 0 } };
	(void)state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct place place;
		enter_ttl(&place, rows[i].ttl_s, 1);
		struct reply reply = world_lookup(place.world, "training/train-x");
		assert_absent(&reply);
		assert_int_equal(reply.absent_ms, rows[i].miss_ms);
		advance(&place, rows[i].miss_ms + (rows[i].miss_ms ? 0 : 1));
		world_calls(place.world);
		world_lookup(place.world, "training/train-x");
		assert_calls(place.world, 1);
		leave(&place);
	}
}

static void test_ttl_0_asks_every_time_and_still_answers_each_question_with_one_call(void **state)
{
	struct place place;
	uint64_t id;
	(void)state;

	enter_ttl(&place, 0, 3);
	id = world_find(place.world, "training/train-0001");
	for (int i = 0; i < 5; i++) {
		place.cloud.latency_ms = i;
		advance(&place, 1);
		world_calls(place.world);
		struct reply reply = world_ask(place.world, ASK_LOOKUP, id, "status");
		assert_found(&reply);
		assert_int_equal(reply.entry.entry_ms, 0);
		assert_calls(place.world, 1);
		advance(&place, 1);
		reply = world_ask(place.world, ASK_OPEN, id, NULL);
		assert_found(&reply);
		assert_calls(place.world, 1);
		advance(&place, 1);
		assert_int_equal(world_count(place.world, "training"), 3);
		assert_calls(place.world, 1);
	}
	leave(&place);
}

/* ---- what stays itself ---- */

static void test_an_unchanged_answer_keeps_every_id_and_attribute(void **state)
{
	static const char *const paths[] = { "training/train-0001", "training/train-0001/status",
		"training/train-0001/describe.json", "training/train-0001/image_info",
		"training/train-0001/image_info/image_url", "training/train-0001/tags/k" };
	struct place place;
	struct entry before[COUNT(paths)];
	(void)state;

	enter(&place, 1);
	for (size_t i = 0; i < COUNT(paths); i++)
		before[i] = world_lookup(place.world, paths[i]).entry;
	for (int round = 0; round < 3; round++) {
		advance(&place, LIVE_MS);
		for (size_t i = 0; i < COUNT(paths); i++) {
			struct entry now = world_lookup(place.world, paths[i]).entry;
			assert_int_equal(now.id, before[i].id);
			assert_memory_equal(&now.attr, &before[i].attr, sizeof(now.attr));
		}
	}
	assert_calls(place.world, 4);
	leave(&place);
}

static void test_a_changed_answer_gives_new_files_in_the_same_directories(void **state)
{
	static const struct {
		const char *path;
		bool directory;
	} rows[] = { { "training/train-0001", true }, { "training/train-0001/image_info", true },
		{ "training/train-0001/tags", true }, { "training/train-0001/status", false },
		{ "training/train-0001/image_info/image_url", false },
		{ "training/train-0001/describe.json", false } };
	struct place place;
	struct entry before[COUNT(rows)];
	(void)state;

	enter(&place, 1);
	for (size_t i = 0; i < COUNT(rows); i++)
		before[i] = world_lookup(place.world, rows[i].path).entry;
	set_status(&place, "train-0001", "SUCCEED");
	advance(&place, LIVE_MS);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct entry now = world_lookup(place.world, rows[i].path).entry;
		assert_int_equal(now.id == before[i].id, rows[i].directory);
		if (rows[i].directory)
			assert_int_equal(now.attr.ino, before[i].attr.ino);
	}
	assert_cat(place.world, "training/train-0001/status", "SUCCEED\n");
	leave(&place);
}

static void test_ino_follows_path_and_content(void **state)
{
	struct place place;
	struct attr status, url, now;
	(void)state;

	enter(&place, 2);
	status = world_lookup(place.world, "training/train-0001/status").entry.attr;
	url = world_lookup(place.world, "training/train-0001/image_info/image_url").entry.attr;
	set_status(&place, "train-0001", "STARTING");
	advance(&place, LIVE_MS);
	now = world_lookup(place.world, "training/train-0001/status").entry.attr;
	assert_int_not_equal(now.ino, status.ino);
	now = world_lookup(place.world, "training/train-0001/image_info/image_url").entry.attr;
	assert_int_equal(now.ino, url.ino); /* its own content did not change */
	set_status(&place, "train-0001", "RUNNING");
	advance(&place, LIVE_MS);
	now = world_lookup(place.world, "training/train-0001/status").entry.attr;
	assert_int_equal(now.ino, status.ino);
	now = world_lookup(place.world, "training/train-0002/status").entry.attr;
	assert_int_not_equal(now.ino, status.ino);
	leave(&place);
}

static void test_ids_and_attributes_are_the_same_on_every_mount(void **state)
{
	static const char *const paths[] = { "training", "training/train-0001",
		"training/train-0001/status", "training/train-0001/tags", "README" };
	struct place here, there;
	(void)state;

	enter(&here, 1);
	enter(&there, 1);
	advance(&there, 77777);
	world_count(there.world, "training"); /* another way to come to know the same */
	for (size_t i = 0; i < COUNT(paths); i++) {
		struct attr one = world_lookup(here.world, paths[i]).entry.attr;
		struct attr other = world_lookup(there.world, paths[i]).entry.attr;
		assert_int_equal(one.ino, other.ino);
		assert_int_equal(one.mtime_s, other.mtime_s);
		if (i) /* the listing's own names are only known over there */
			assert_int_equal(one.mtime_ns, other.mtime_ns);
	}
	leave(&here);
	leave(&there);
}

static void test_mtime_is_the_last_update_and_changes_with_any_content(void **state)
{
	struct place place;
	struct attr first, second, third;
	uint64_t id;
	(void)state;

	enter(&place, 1);
	id = world_find(place.world, "training/train-0001");
	first = world_ask(place.world, ASK_ATTR, id, NULL).entry.attr;
	assert_int_equal(first.mtime_s, 1762041600); /* 2025-11-02T00:00:00Z */
	set_status(&place, "train-0001", "STARTING");
	advance(&place, LIVE_MS);
	second = world_ask(place.world, ASK_ATTR, id, NULL).entry.attr;
	assert_int_equal(second.mtime_s, 1762041601);
	/* something changed of which neither status nor times say anything */
	snprintf(cloud_thing(&place.cloud, "train-0001")->remark, 64, "by hand");
	advance(&place, LIVE_MS);
	third = world_ask(place.world, ASK_ATTR, id, NULL).entry.attr;
	assert_int_equal(third.mtime_s, second.mtime_s);
	assert_int_not_equal(third.mtime_ns, second.mtime_ns);
	leave(&place);
}

static void test_a_described_resource_and_a_listed_one_have_the_same_mtime(void **state)
{
	struct place place;
	struct attr listed, described;
	(void)state;

	enter(&place, 1);
	world_count(place.world, "training");
	listed = world_lookup(place.world, "training/train-0001").entry.attr;
	assert_cat(place.world, "training/train-0001/remark", "");
	described = world_lookup(place.world, "training/train-0001").entry.attr;
	assert_memory_equal(&listed, &described, sizeof(listed));
	leave(&place);
}

/* ---- what is open ---- */

static void test_an_open_file_is_read_whole_until_it_is_forgotten(void **state)
{
	struct place place;
	uint64_t old, current;
	size_t size;
	(void)state;

	enter(&place, 1);
	old = world_find(place.world, "training/train-0001/describe.json");
	const char *bytes = tree_read(place.world->tree, old, &size);
	char *copy = xstrndup(bytes, size);
	for (int i = 0; i < 10; i++) {
		set_status(&place, "train-0001", i % 2 ? "STARTING" : "STOPPING");
		advance(&place, LIVE_MS);
		current = world_find(place.world, "training/train-0001/describe.json");
		assert_int_not_equal(current, old);
		bytes = tree_read(place.world->tree, old, &size);
		assert_int_equal(size, strlen(copy));
		assert_memory_equal(bytes, copy, size);
		struct reply reply = world_ask(place.world, ASK_ATTR, old, NULL);
		assert_int_equal(reply.entry.attr.size, size);
		tree_forget(place.world->tree, current, 1);
	}
	tree_forget(place.world->tree, old, 1);
	assert_null(tree_read(place.world->tree, old, &size));
	struct reply reply = world_ask(place.world, ASK_ATTR, old, NULL);
	assert_fault(&reply, FAULT_NOT_FOUND);
	free(copy);
	leave(&place);
}

static void test_a_shell_in_a_directory_sees_what_is_new(void **state)
{
	struct place place;
	uint64_t task, image;
	(void)state;

	enter(&place, 1);
	task = world_find(place.world, "training/train-0001");
	image = world_ask(place.world, ASK_LOOKUP, task, "image_info").entry.id;
	set_status(&place, "train-0001", "FAILED");
	advance(&place, LIVE_MS);
	struct reply reply = world_ask(place.world, ASK_LOOKUP, task, "status");
	size_t size;
	const char *bytes = tree_read(place.world->tree, reply.entry.id, &size);
	assert_int_equal(size, 7);
	assert_memory_equal(bytes, "FAILED\n", 7);
	reply = world_ask(place.world, ASK_LOOKUP, image, "image_type");
	assert_found(&reply);
	reply = world_ask(place.world, ASK_ATTR, image, NULL);
	assert_found(&reply);
	assert_true(S_ISDIR(reply.entry.attr.mode));
	leave(&place);
}

/* ---- what a newer list says ---- */

static void test_a_list_that_says_it_moved_on_has_the_rest_described_again(void **state)
{
	struct place place;
	(void)state;

	enter(&place, 1);
	set_status(&place, "train-0001", "SUCCEED"); /* ten minutes */
	assert_cat(place.world, "training/train-0001/remark", "");
	world_count(place.world, "training");
	snprintf(cloud_thing(&place.cloud, "train-0001")->remark, 64, "restarted");
	set_status(&place, "train-0001", "RUNNING");
	advance(&place, LIST_MS);
	world_count(place.world, "training");
	world_calls(place.world);
	assert_cat(place.world, "training/train-0001/status", "RUNNING\n");
	assert_cat(place.world, "training/train-0001/remark", "restarted\n");
	assert_calls(place.world, 1);
	leave(&place);
}

static void test_what_a_whole_list_lacks_is_asked_for_again_before_it_is_believed(void **state)
{
	struct place place;
	struct reply reply;
	(void)state;

	enter(&place, 3);
	set_status(&place, "train-0002", "SUCCEED");
	assert_cat(place.world, "training/train-0002/remark", "");
	world_count(place.world, "training");
	cloud_thing(&place.cloud, "train-0002")->gone = true;
	advance(&place, LIST_MS);
	assert_ls(place.world, "training", "train-0001 train-0003 ");
	world_calls(place.world);
	reply = world_lookup(place.world, "training/train-0002");
	assert_absent(&reply);
	assert_calls(place.world, 1);
	leave(&place);
}

/* Versions are whole in their list; a single one that was described before must not hide what a list says later. */
static void test_the_newer_of_two_whole_answers_is_shown(void **state)
{
	struct place place;
	(void)state;

	enter(&place, 0);
	cloud_add(&place.cloud, "models", NULL, "m-1");
	cloud_add(&place.cloud, "versions", "m-1", "mv-1");
	assert_cat(place.world, "models/m-1/versions/mv-1/error_msg", "");
	advance(&place, LIVE_MS); /* the list stands, the item does not: one is described */
	assert_cat(place.world, "models/m-1/versions/mv-1/error_msg", "");
	snprintf(cloud_thing(&place.cloud, "mv-1")->message, 64, "broken");
	advance(&place, LIST_MS);
	assert_int_equal(world_count(place.world, "models/m-1/versions"), 1);
	world_calls(place.world);
	assert_cat(place.world, "models/m-1/versions/mv-1/error_msg", "broken\n");
	uint64_t id = world_find(place.world, "models/m-1/versions/mv-1");
	struct asked asked = { place.world->script.now_ms, 0 };
	uint64_t cookie = 0;
	const char *name;
	struct entry entry;
	while (tree_next(place.world->tree, id, &cookie, &name, &entry, asked)) {
		size_t size;
		if (!strcmp(name, "error_msg")) {
			assert_non_null(tree_read(place.world->tree, entry.id, &size));
			assert_int_equal(size, 7);
		}
	}
	assert_calls(place.world, 0);
	leave(&place);
}

static void test_a_listing_tells_the_kernel_once_that_its_names_are_old(void **state)
{
	struct place place;
	struct attr fresh, old, older;
	uint64_t id;
	(void)state;

	enter(&place, 2);
	id = world_find(place.world, "training");
	world_count(place.world, "training");
	fresh = world_ask(place.world, ASK_ATTR, id, NULL).entry.attr;
	advance(&place, LIST_MS);
	world_calls(place.world);
	old = world_ask(place.world, ASK_ATTR, id, NULL).entry.attr;
	assert_int_not_equal(old.mtime_ns, fresh.mtime_ns);
	advance(&place, 1000);
	older = world_ask(place.world, ASK_ATTR, id, NULL).entry.attr;
	assert_int_equal(older.mtime_ns, old.mtime_ns);
	assert_calls(place.world, 0);
	leave(&place);
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
		cmocka_unit_test(test_an_unchanged_answer_keeps_every_id_and_attribute),
		cmocka_unit_test(test_a_changed_answer_gives_new_files_in_the_same_directories),
		cmocka_unit_test(test_ino_follows_path_and_content),
		cmocka_unit_test(test_ids_and_attributes_are_the_same_on_every_mount),
		cmocka_unit_test(test_mtime_is_the_last_update_and_changes_with_any_content),
		cmocka_unit_test(test_a_described_resource_and_a_listed_one_have_the_same_mtime),
		cmocka_unit_test(test_an_open_file_is_read_whole_until_it_is_forgotten),
		cmocka_unit_test(test_a_shell_in_a_directory_sees_what_is_new),
		cmocka_unit_test(test_a_list_that_says_it_moved_on_has_the_rest_described_again),
		cmocka_unit_test(test_what_a_whole_list_lacks_is_asked_for_again_before_it_is_believed),
		cmocka_unit_test(test_the_newer_of_two_whole_answers_is_shown),
		cmocka_unit_test(test_a_listing_tells_the_kernel_once_that_its_names_are_old),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
