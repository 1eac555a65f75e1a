/*
 * test_self_description.c - what the tree says about itself: user.describefs.* and .describefs.
 */
#include <stdlib.h>
#include <string.h>

#include "cloud.h"

enum { LIVE_MS = 15000, LIST_MS = 30000 };

static void enter(struct cloud_world *place)
{
	cloud_world_open(place, NULL, 0);
	cloud_add_many(&place->cloud, "training", NULL, "train-", 2);
}

struct field {
	const char *path, *key, *type, *action;
};

static void assert_row(struct cloud_world *place, const struct field *row)
{
	uint64_t id = world_find(place->world, row->path);

	assert_xattr(place->world, id, "key", row->key);
	assert_xattr(place->world, id, "type", row->type);
	assert_xattr(place->world, id, "action", row->action);
}

static void test_keys_types_and_actions_are_the_apis(void **state)
{
	static const struct field rows[] = {
		{ "training/train-0001/status", "Status", "string", "DescribeTrainingTask" },
		{ "training/train-0001/runtime_in_seconds", "RuntimeInSeconds", "number",
			"DescribeTrainingTask" },
		{ "training/train-0001/tags", "Tags", "array", "DescribeTrainingTask" },
		{ "training/train-0001/tags/k", "k", "string", "DescribeTrainingTask" },
		{ "training/train-0001/image_info", "ImageInfo", "object", "DescribeTrainingTask" },
		{ "training/train-0001/image_info/image_url", "ImageUrl", "string",
			"DescribeTrainingTask" },
		{ "training/train-0001", "train-0001", "object", "DescribeTrainingTask" },
	};
	struct cloud_world place;
	(void)state;

	enter(&place);
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_row(&place, &rows[i]);
	cloud_world_close(&place);
}

/* A directory inside stays itself when the newest answer is a list's. */
static void test_a_directory_inside_keeps_its_key_when_a_list_came_later(void **state)
{
	static const struct field row = { "training/train-0001/image_info", "ImageInfo", "object",
		"DescribeTrainingTasks" };
	struct cloud_world place;
	(void)state;

	enter(&place);
	uint64_t id = world_find(place.world, row.path);
	script_advance(&place.world->script, 1000);
	world_count(place.world, "training");
	assert_xattr(place.world, id, "key", row.key);
	assert_xattr(place.world, id, "type", row.type);
	cloud_world_close(&place);
}

static void test_times_are_those_of_the_answer(void **state)
{
	struct cloud_world place;
	(void)state;

	enter(&place);
	place.cloud.latency_ms = 5000;
	uint64_t id = world_find(place.world, "training/train-0001/status");
	assert_xattr(place.world, id, "fetched", "2025-11-24T16:00:05Z");
	assert_xattr(place.world, id, "expires", "2025-11-24T16:00:15Z");
	assert_xattr(place.world, id, "request_id", "req-0");
	assert_xattr(place.world, id, "stale", "0");
	assert_xattr(place.world, id, "complete", NULL);
	assert_xattr(place.world, id, "nonsense", NULL);
	cloud_world_close(&place);
}

static void test_an_unchanged_answer_renews_what_an_open_file_says_of_itself(void **state)
{
	struct cloud_world place;
	(void)state;

	enter(&place);
	uint64_t id = world_find(place.world, "training/train-0001/status");
	script_advance(&place.world->script, LIVE_MS);
	assert_int_equal(world_find(place.world, "training/train-0001/status"), id);
	assert_xattr(place.world, id, "fetched", "2025-11-24T16:00:15Z");
	assert_xattr(place.world, id, "request_id", "req-1");
	cloud_world_close(&place);
}

static void test_a_listing_says_whether_it_is_complete_and_where_it_is_from(void **state)
{
	struct cloud_world place;
	(void)state;

	enter(&place);
	uint64_t id = world_find(place.world, "training");
	assert_xattr(place.world, id, "action", NULL);
	assert_xattr(place.world, id, "stale", NULL);
	assert_xattr(place.world, id, "complete", "1"); /* as it will be: a copy made now and one later are the same */
	assert_xattr(place.world, world_find(place.world, "models"), "complete", "0");
	world_count(place.world, "training");
	assert_xattr(place.world, id, "action", "DescribeTrainingTasks");
	assert_xattr(place.world, id, "type", "array");
	assert_xattr(place.world, id, "complete", "1");
	assert_xattr(place.world, id, "stale", "0");
	assert_xattr(place.world, id, "expires", "2025-11-24T16:00:30Z");
	script_advance(&place.world->script, LIST_MS);
	assert_xattr(place.world, id, "stale", "1");
	assert_calls(place.world, 1); /* an xattr never makes a call */
	cloud_world_close(&place);
}

static void test_the_names_listed_are_those_that_answer(void **state)
{
	static const char *const paths[] = { "", "README", ".describefs", "training", "models",
		"training/train-0001", "training/train-0001/status", "training/train-0001/image_info" };
	static const char *const all[] = { "key", "type", "action", "complete" };
	static const char *const fetch[] = { "request_id", "fetched", "expires", "stale" };
	struct cloud_world place;
	(void)state;

	enter(&place);
	for (size_t i = 0; i < COUNT(paths); i++) {
		uint64_t id = world_find(place.world, paths[i]);
		struct buf names, value, full;
		size_t listed = 0, answered = 0;
		buf_init(&names, SIZE_MAX);
		buf_init(&value, SIZE_MAX);
		buf_init(&full, SIZE_MAX);
		tree_xattr_names(place.world->tree, id, &names, world_now(place.world));
		for (size_t at = 0; at < names.len; at += strlen(names.data + at) + 1, listed++)
			assert_true(tree_xattr(place.world->tree, id, names.data + at, &value,
				world_now(place.world)));
		for (size_t k = 0; k < COUNT(all); k++) {
			if (!strcmp(all[k], "action") && i < 5) /* not of a listing, nor of the mount's own */
				continue;
			buf_clear(&full);
			buf_printf(&full, "user.describefs.%s", all[k]);
			answered += tree_xattr(place.world->tree, id, full.data, &value,
				world_now(place.world));
		}
		assert_int_equal(listed, answered);
		for (size_t k = 0; k < COUNT(fetch); k++)
			for (size_t at = 0; at < names.len; at += strlen(names.data + at) + 1)
				assert_string_not_equal(names.data + at + strlen("user.describefs."), fetch[k]);
		assert_false(tree_xattr(place.world->tree, id, "security.selinux", &value,
			world_now(place.world)));
		assert_false(tree_xattr(place.world->tree, id, "user.describefs", &value,
			world_now(place.world)));
		buf_release(&names);
		buf_release(&value);
		buf_release(&full);
	}
	cloud_world_close(&place);
}

static void test_status_is_made_anew_for_each_reader_without_a_call(void **state)
{
	struct cloud_world place;
	(void)state;

	enter(&place);
	char *before = world_cat(place.world, ".describefs/status");
	assert_non_null(strstr(before, "last answer     never\n"));
	assert_non_null(strstr(before, "calls           0\n"));
	free(before);
	assert_cat(place.world, "training/train-0001/status", "RUNNING\n");
	script_advance(&place.world->script, 1);
	char *after = world_cat(place.world, ".describefs/status");
	assert_non_null(strstr(after, "last answer     2025-11-24T16:00:00Z\n"));
	assert_non_null(strstr(after, "calls           1\n"));
	assert_non_null(strstr(after, "catalog         tione\n"));
	assert_non_null(strstr(after, "region          ap-guangzhou\n"));
	assert_null(strstr(after, "script-secret"));
	free(after);
	assert_cat(place.world, ".describefs/errors", "");
	assert_calls(place.world, 1);
	cloud_world_close(&place);
}

static void test_describefs_can_be_entered_and_is_not_listed(void **state)
{
	struct cloud_world place;
	(void)state;

	enter(&place);
	char *names = world_names(place.world, TREE_ROOT);
	assert_null(strstr(names, ".describefs"));
	free(names);
	names = world_ls(place.world, ".describefs");
	assert_non_null(strstr(names, "status "));
	assert_non_null(strstr(names, "errors "));
	free(names);
	struct reply reply = world_lookup(place.world, ".describefs/nothing");
	assert_absent(&reply);
	assert_calls(place.world, 0);
	cloud_world_close(&place);
}

/* A slow reader reads one state of it. */
static void test_an_open_status_file_stays_what_it_was(void **state)
{
	struct cloud_world place;
	size_t size;
	(void)state;

	enter(&place);
	uint64_t id = world_find(place.world, ".describefs/status");
	const char *bytes = tree_read(place.world->tree, id, &size);
	char *copy = xstrndup(bytes, size);
	assert_cat(place.world, "training/train-0001/status", "RUNNING\n");
	for (int i = 0; i < 5; i++) {
		script_advance(&place.world->script, 1000);
		assert_int_not_equal(world_find(place.world, ".describefs/status"), id);
	}
	bytes = tree_read(place.world->tree, id, &size);
	assert_int_equal(size, strlen(copy));
	assert_memory_equal(bytes, copy, size);
	free(copy);
	cloud_world_close(&place);
}

static void test_a_failure_is_a_line_in_errors(void **state)
{
	struct cloud_world place;
	(void)state;

	enter(&place);
	place.cloud.fail_code = "UnauthorizedOperation";
	struct reply reply = world_lookup(place.world, "training/train-0001");
	assert_error(&reply, ERR_DENIED);
	assert_cat(place.world, ".describefs/errors", "2025-11-24T16:00:00Z\t/training/train-0001\tEACCES\t"
		"UnauthorizedOperation\treq-0\tscripted\n");
	cloud_world_close(&place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys_types_and_actions_are_the_apis),
		cmocka_unit_test(test_a_directory_inside_keeps_its_key_when_a_list_came_later),
		cmocka_unit_test(test_times_are_those_of_the_answer),
		cmocka_unit_test(test_an_unchanged_answer_renews_what_an_open_file_says_of_itself),
		cmocka_unit_test(test_a_listing_says_whether_it_is_complete_and_where_it_is_from),
		cmocka_unit_test(test_the_names_listed_are_those_that_answer),
		cmocka_unit_test(test_status_is_made_anew_for_each_reader_without_a_call),
		cmocka_unit_test(test_describefs_can_be_entered_and_is_not_listed),
		cmocka_unit_test(test_an_open_status_file_stays_what_it_was),
		cmocka_unit_test(test_a_failure_is_a_line_in_errors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
