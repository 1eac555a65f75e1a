/*
 * test_identity_stable.c - what stays itself when an answer changes: node ids, inode numbers, times, what is open.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cloud.h"

enum { LIVE_MS = 15000, LIST_MS = 30000 };

static void enter(struct cloud_world *place, size_t n_tasks)
{
	cloud_world_open(place, NULL, 0);
	cloud_add_many(&place->cloud, "training", NULL, "train-", n_tasks);
}

/* ---- what stays itself ---- */

static void test_an_unchanged_answer_keeps_every_id_and_attribute(void **state)
{
	static const char *const paths[] = { "training/train-0001", "training/train-0001/status",
		"training/train-0001/describe.json", "training/train-0001/image_info",
		"training/train-0001/image_info/image_url", "training/train-0001/tags/k" };
	struct cloud_world place;
	struct entry before[COUNT(paths)];
	(void)state;

	enter(&place, 1);
	for (size_t i = 0; i < COUNT(paths); i++)
		before[i] = world_lookup(place.world, paths[i]).entry;
	for (int round = 0; round < 3; round++) {
		cloud_world_advance(&place, LIVE_MS);
		for (size_t i = 0; i < COUNT(paths); i++) {
			struct entry now = world_lookup(place.world, paths[i]).entry;
			assert_int_equal(now.id, before[i].id);
			assert_memory_equal(&now.attr, &before[i].attr, sizeof(now.attr));
		}
	}
	assert_calls(place.world, 4);
	cloud_world_close(&place);
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
	struct cloud_world place;
	struct entry before[COUNT(rows)];
	(void)state;

	enter(&place, 1);
	for (size_t i = 0; i < COUNT(rows); i++)
		before[i] = world_lookup(place.world, rows[i].path).entry;
	cloud_set_status(&place.cloud, "train-0001", "SUCCEED");
	cloud_world_advance(&place, LIVE_MS);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct entry now = world_lookup(place.world, rows[i].path).entry;
		assert_int_equal(now.id == before[i].id, rows[i].directory);
		if (rows[i].directory)
			assert_int_equal(now.attr.ino, before[i].attr.ino);
	}
	assert_cat(place.world, "training/train-0001/status", "SUCCEED\n");
	cloud_world_close(&place);
}

static void test_ino_follows_path_and_content(void **state)
{
	struct cloud_world place;
	struct attr status, url, now;
	(void)state;

	enter(&place, 2);
	status = world_lookup(place.world, "training/train-0001/status").entry.attr;
	url = world_lookup(place.world, "training/train-0001/image_info/image_url").entry.attr;
	cloud_set_status(&place.cloud, "train-0001", "STARTING");
	cloud_world_advance(&place, LIVE_MS);
	now = world_lookup(place.world, "training/train-0001/status").entry.attr;
	assert_int_not_equal(now.ino, status.ino);
	now = world_lookup(place.world, "training/train-0001/image_info/image_url").entry.attr;
	assert_int_equal(now.ino, url.ino); /* its own content did not change */
	cloud_set_status(&place.cloud, "train-0001", "RUNNING");
	cloud_world_advance(&place, LIVE_MS);
	now = world_lookup(place.world, "training/train-0001/status").entry.attr;
	assert_int_equal(now.ino, status.ino);
	now = world_lookup(place.world, "training/train-0002/status").entry.attr;
	assert_int_not_equal(now.ino, status.ino);
	cloud_world_close(&place);
}

static void test_ids_and_attributes_are_the_same_on_every_mount(void **state)
{
	static const char *const paths[] = { "training", "training/train-0001",
		"training/train-0001/status", "training/train-0001/tags", "README" };
	struct cloud_world here, there;
	(void)state;

	enter(&here, 1);
	enter(&there, 1);
	cloud_world_advance(&there, 77777);
	world_count(there.world, "training"); /* another way to come to know the same */
	for (size_t i = 0; i < COUNT(paths); i++) {
		struct attr one = world_lookup(here.world, paths[i]).entry.attr;
		struct attr other = world_lookup(there.world, paths[i]).entry.attr;
		assert_int_equal(one.ino, other.ino);
		assert_int_equal(one.mtime_s, other.mtime_s);
		if (i) /* the listing's own names are only known over there */
			assert_int_equal(one.mtime_ns, other.mtime_ns);
	}
	cloud_world_close(&here);
	cloud_world_close(&there);
}

static void test_mtime_is_the_last_update_and_changes_with_any_content(void **state)
{
	struct cloud_world place;
	struct attr first, second, third;
	uint64_t id;
	(void)state;

	enter(&place, 1);
	id = world_find(place.world, "training/train-0001");
	first = world_ask(place.world, ASK_ATTR, id, NULL).entry.attr;
	assert_int_equal(first.mtime_s, 1762041600); /* 2025-11-02T00:00:00Z */
	cloud_set_status(&place.cloud, "train-0001", "STARTING");
	cloud_world_advance(&place, LIVE_MS);
	second = world_ask(place.world, ASK_ATTR, id, NULL).entry.attr;
	assert_int_equal(second.mtime_s, 1762041601);
	/* something changed of which neither status nor times say anything */
	snprintf(cloud_thing(&place.cloud, "train-0001")->remark, 64, "by hand");
	cloud_world_advance(&place, LIVE_MS);
	third = world_ask(place.world, ASK_ATTR, id, NULL).entry.attr;
	assert_int_equal(third.mtime_s, second.mtime_s);
	assert_int_not_equal(third.mtime_ns, second.mtime_ns);
	cloud_world_close(&place);
}

static void test_a_described_resource_and_a_listed_one_have_the_same_mtime(void **state)
{
	struct cloud_world place;
	struct attr listed, described;
	(void)state;

	enter(&place, 1);
	world_count(place.world, "training");
	listed = world_lookup(place.world, "training/train-0001").entry.attr;
	assert_cat(place.world, "training/train-0001/remark", "");
	described = world_lookup(place.world, "training/train-0001").entry.attr;
	assert_memory_equal(&listed, &described, sizeof(listed));
	cloud_world_close(&place);
}

/* ---- what is open ---- */

/* promise: 3 */
static void test_an_open_file_is_read_whole_until_it_is_forgotten(void **state)
{
	struct cloud_world place;
	uint64_t old, current;
	size_t size;
	(void)state;

	enter(&place, 1);
	old = world_find(place.world, "training/train-0001/describe.json");
	const char *bytes = tree_read(place.world->tree, old, &size);
	char *copy = xstrndup(bytes, size);
	for (int i = 0; i < 10; i++) {
		cloud_set_status(&place.cloud, "train-0001", i % 2 ? "STARTING" : "STOPPING");
		cloud_world_advance(&place, LIVE_MS);
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
	assert_error(&reply, ERR_NOT_FOUND);
	free(copy);
	cloud_world_close(&place);
}

static void test_a_shell_in_a_directory_sees_what_is_new(void **state)
{
	struct cloud_world place;
	uint64_t task, image;
	(void)state;

	enter(&place, 1);
	task = world_find(place.world, "training/train-0001");
	image = world_ask(place.world, ASK_LOOKUP, task, "image_info").entry.id;
	cloud_set_status(&place.cloud, "train-0001", "FAILED");
	cloud_world_advance(&place, LIVE_MS);
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
	cloud_world_close(&place);
}

static int64_t changed_s(struct cloud_world *place, const char *path)
{
	struct reply reply = world_lookup(place->world, path);

	assert_found(&reply);
	return reply.entry.attr.changed_s;
}

/* For tools that go by ctime: only what was seen to change says when that was. */
static void test_a_file_that_was_seen_to_change_says_when(void **state)
{
	struct cloud_world place;
	(void)state;

	enter(&place, 1);
	assert_int_equal(changed_s(&place, "training/train-0001/status"), 0);
	cloud_set_status(&place.cloud, "train-0001", "STARTING");
	cloud_world_advance(&place, LIVE_MS);
	assert_int_equal(changed_s(&place, "training/train-0001/status"), WALL_S + 15);
	assert_int_equal(changed_s(&place, "training/train-0001/describe.json"), WALL_S + 15);
	assert_int_equal(changed_s(&place, "training/train-0001/name"), 0);
	assert_int_equal(changed_s(&place, "training/train-0001/image_info/image_url"), 0);
	snprintf(cloud_thing(&place.cloud, "train-0001")->remark, 64, "by hand");
	cloud_world_advance(&place, LIVE_MS);
	assert_int_equal(changed_s(&place, "training/train-0001/status"), WALL_S + 15);
	assert_int_equal(changed_s(&place, "training/train-0001/remark"), WALL_S + 30);
	cloud_world_close(&place);
}

/* An answer with `n` directories, from the first to the last or the other way round. */
static void say_directories(struct cloud_world *place, int n, bool backwards)
{
	struct buf object;

	buf_init(&object, SIZE_MAX);
	for (int i = 0; i < n; i++)
		buf_printf(&object, ", \"Dir%d\": {\"A\": \"%d\"}", backwards ? n - 1 - i : i,
			backwards ? n - 1 - i : i);
	exchange_tencent(world_only(place->world), "\"TrainingTaskDetail\": {\"Id\": \"train-1\"%s}",
		object.data);
	buf_release(&object);
}

static void test_directories_keep_their_ids_however_many_and_in_whatever_order(void **state)
{
	static const int numbers[] = { 3, 64, 65, 500 };
	(void)state;

	for (size_t k = 0; k < COUNT(numbers); k++) {
		struct cloud_world place;
		struct ask ask = { 0 };
		uint64_t ids[500];
		char name[16], text[16];
		enter(&place, 0);
		place.cloud.latency_ms = -1;
		ask_put(&ask, place.world, ASK_LOOKUP, world_find(place.world, "training"), "train-1");
		say_directories(&place, numbers[k], false);
		uint64_t task = ask.reply.entry.id;
		for (int round = 0; round < 4; round++) {
			for (int i = 0; i < numbers[k]; i++) {
				snprintf(name, sizeof(name), "dir%d", i);
				struct reply reply = world_ask(place.world, ASK_LOOKUP, task, name);
				assert_found(&reply);
				if (round)
					assert_int_equal(reply.entry.id, ids[i]);
				ids[i] = reply.entry.id;
				reply = world_ask(place.world, ASK_LOOKUP, ids[i], "a");
				assert_found(&reply);
				size_t size;
				const char *bytes = tree_read(place.world->tree, reply.entry.id, &size);
				snprintf(text, sizeof(text), "%d\n", i);
				assert_int_equal(size, strlen(text));
				assert_memory_equal(bytes, text, size);
			}
			cloud_world_advance(&place, LIVE_MS);
			ask_put(&ask, place.world, ASK_OPEN, task, NULL);
			say_directories(&place, numbers[k], round % 2 == 0);
		}
		cloud_world_close(&place);
	}
}

/* ---- listings ---- */

static struct attr listing_attr(struct cloud_world *place)
{
	return world_ask(place->world, ASK_ATTR, world_find(place->world, "training"), NULL).entry.attr;
}

/* Which drops the listing that the kernel keeps; an unchanged one it may keep. */
static void test_a_listing_has_another_mtime_when_a_name_came_or_went(void **state)
{
	struct cloud_world place;
	struct attr before, after;
	(void)state;

	enter(&place, 3);
	world_count(place.world, "training");
	before = listing_attr(&place);
	for (int what = 0; what < 3; what++) {
		if (what == 1)
			cloud_thing(&place.cloud, "train-0002")->gone = true;
		if (what == 2)
			cloud_add(&place.cloud, "training", NULL, "train-new");
		cloud_world_advance(&place, LIST_MS);
		world_count(place.world, "training"); /* no reader looked at it after it had expired */
		after = listing_attr(&place);
		assert_int_equal(after.mtime_ns != before.mtime_ns, what > 0);
		assert_int_equal(after.ino, before.ino);
		before = after;
	}
	cloud_world_close(&place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_unchanged_answer_keeps_every_id_and_attribute),
		cmocka_unit_test(test_a_changed_answer_gives_new_files_in_the_same_directories),
		cmocka_unit_test(test_ino_follows_path_and_content),
		cmocka_unit_test(test_ids_and_attributes_are_the_same_on_every_mount),
		cmocka_unit_test(test_mtime_is_the_last_update_and_changes_with_any_content),
		cmocka_unit_test(test_a_described_resource_and_a_listed_one_have_the_same_mtime),
		cmocka_unit_test(test_an_open_file_is_read_whole_until_it_is_forgotten),
		cmocka_unit_test(test_a_shell_in_a_directory_sees_what_is_new),
		cmocka_unit_test(test_a_file_that_was_seen_to_change_says_when),
		cmocka_unit_test(test_directories_keep_their_ids_however_many_and_in_whatever_order),
		cmocka_unit_test(test_a_listing_has_another_mtime_when_a_name_came_or_went),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
