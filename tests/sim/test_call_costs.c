/*
 * test_call_costs.c - the contract's table of calls, row for row, as the kernel would ask.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud.h"
#include "kernel.h"

enum { LATENCY_MS = 20 };

struct place {
	struct world *world;
	struct cloud cloud;
	struct kernel kernel;
};

static void enter_with(struct place *place, const struct setup *setup)
{
	place->world = world_open(setup);
	cloud_open(&place->cloud, place->world, LATENCY_MS);
	kernel_open(&place->kernel, place->world);
}

static void enter(struct place *place, size_t n_tasks)
{
	enter_with(place, NULL);
	cloud_add_many(&place->cloud, "training", NULL, "train-", n_tasks);
}

static void leave(struct place *place)
{
	kernel_close(&place->kernel);
	world_close(place->world);
	cloud_close(&place->cloud);
}

static void assert_reads(struct place *place, const char *path, const char *text)
{
	struct buf out;

	buf_init(&out, SIZE_MAX);
	assert_int_equal(kernel_cat(&place->kernel, path, &out), 0);
	assert_string_equal(out.data, text);
	buf_release(&out);
}

static void test_a_mount_and_a_look_at_its_root_make_no_call(void **state)
{
	struct place place;
	struct buf names;
	struct attr attr;
	(void)state;

	enter(&place, 3);
	buf_init(&names, SIZE_MAX);
	assert_int_equal(kernel_ls(&place.kernel, "", &names), 0);
	assert_string_equal(names.data, "by-name by-status by-tag training models notebooks README ");
	assert_int_equal(kernel_ls_l(&place.kernel, ""), 0);
	assert_int_equal(kernel_stat(&place.kernel, "training", &attr), 0);
	assert_reads(&place, "README", "read me\n");
	assert_calls(place.world, 0);
	buf_release(&names);
	leave(&place);
}

static void test_one_status_is_one_describe_call(void **state)
{
	struct place place;
	(void)state;

	enter(&place, 3);
	assert_reads(&place, "training/train-0002/status", "RUNNING\n");
	assert_calls(place.world, 1);
	assert_string_equal(exchange_action(place.world->script.sent[0]), "DescribeTrainingTask");
	assert_string_equal(place.world->script.sent[0]->body, "{\"Id\":\"train-0002\"}");
	leave(&place);
}

static void test_every_field_and_ls_l_of_one_resource_is_one_call(void **state)
{
	struct place place;
	size_t files;
	(void)state;

	enter(&place, 3);
	assert_int_equal(kernel_ls_l(&place.kernel, "training/train-0001"), 0);
	assert_int_equal(kernel_grep_r(&place.kernel, "training/train-0001", &files), 0);
	assert_int_equal(files, 12); /* 8 scalars, 2 of the image, the tag, describe.json */
	assert_reads(&place, "training/train-0001/runtime_in_seconds", "9007199254740993\n");
	assert_reads(&place, "training/train-0001/image_info/image_type", "PRE_SET\n");
	assert_reads(&place, "training/train-0001/tags/k", "v\n");
	assert_calls(place.world, 1);
	leave(&place);
}

static size_t pages_of(size_t n)
{
	return n ? (n + 49) / 50 : 1;
}

static const size_t SIZES[] = { 0, 1, 49, 50, 51, 500 };

static void test_ls_is_one_call_for_each_fifty(void **state)
{
	(void)state;

	for (size_t i = 0; i < COUNT(SIZES); i++) {
		struct place place;
		size_t n = 0;
		struct buf names;
		enter(&place, SIZES[i]);
		buf_init(&names, SIZE_MAX);
		assert_int_equal(kernel_ls(&place.kernel, "training", &names), 0);
		for (const char *at = names.data; *at; at++)
			n += *at == ' ';
		assert_int_equal(n, SIZES[i]);
		assert_calls(place.world, pages_of(SIZES[i]));
		/* and the listing of a listing is the answer to it, also an empty one */
		assert_int_equal(kernel_ls(&place.kernel, "training", NULL), 0);
		kernel_drop(&place.kernel);
		assert_int_equal(kernel_ls(&place.kernel, "training", NULL), 0);
		assert_calls(place.world, 0);
		buf_release(&names);
		leave(&place);
	}
}

static void test_all_statuses_and_ls_lt_are_the_list_alone(void **state)
{
	(void)state;

	for (size_t i = 0; i < COUNT(SIZES); i++) {
		struct place place;
		size_t failed;
		enter(&place, SIZES[i]);
		assert_int_equal(kernel_cat_each(&place.kernel, "training", "status", &failed), 0);
		assert_int_equal(failed, 0);
		assert_int_equal(kernel_ls_l(&place.kernel, "training"), 0);
		assert_calls(place.world, pages_of(SIZES[i]));
		leave(&place);
	}
}

static void test_grep_r_is_the_list_and_one_call_a_resource(void **state)
{
	(void)state;

	for (size_t i = 0; i < COUNT(SIZES); i++) {
		struct place place;
		size_t files;
		enter(&place, SIZES[i]); /* 500 take longer than the ttl of what lives, at 20 a second */
		assert_int_equal(kernel_grep_r(&place.kernel, "training", &files), 0);
		assert_int_equal(files, 12 * SIZES[i]);
		assert_calls(place.world, pages_of(SIZES[i]) + SIZES[i]);
		leave(&place);
	}
}

static void test_a_field_that_only_describe_has_costs_one_call_once(void **state)
{
	struct place place;
	(void)state;

	enter(&place, 3);
	snprintf(cloud_thing(&place.cloud, "train-0001")->remark, 64, "hello");
	assert_int_equal(kernel_ls(&place.kernel, "training", NULL), 0);
	assert_calls(place.world, 1);
	assert_reads(&place, "training/train-0001/remark", "hello\n");
	assert_calls(place.world, 1);
	assert_reads(&place, "training/train-0001/remark", "hello\n");
	assert_reads(&place, "training/train-0001/runtime_in_seconds", "9007199254740993\n");
	assert_int_equal(kernel_cat(&place.kernel, "training/train-0001/envs", NULL), ENOENT);
	assert_calls(place.world, 0);
	leave(&place);
}

static void test_a_member_that_only_the_list_has_is_no_entry(void **state)
{
	struct place place;
	struct buf names;
	(void)state;

	enter(&place, 1);
	assert_int_equal(kernel_ls(&place.kernel, "training", NULL), 0);
	assert_int_equal(kernel_cat(&place.kernel, "training/train-0001/envs", NULL), ENOENT);
	buf_init(&names, SIZE_MAX);
	assert_int_equal(kernel_ls(&place.kernel, "training/train-0001", &names), 0);
	assert_string_equal(names.data, "id name status create_time update_time image_info message remark "
		"tags runtime_in_seconds describe.json ");
	buf_release(&names);
	leave(&place);
}

static void test_all_versions_of_one_model_are_one_call(void **state)
{
	struct place place;
	size_t failed;
	(void)state;

	enter_with(&place, NULL);
	cloud_add(&place.cloud, "models", NULL, "m-1");
	cloud_add_many(&place.cloud, "versions", "m-1", "mv-", 30);
	assert_int_equal(kernel_cat_each(&place.kernel, "models/m-1/versions", "format", &failed), 0);
	assert_int_equal(failed, 0);
	assert_int_equal(kernel_grep_r(&place.kernel, "models/m-1/versions", &failed), 0);
	assert_reads(&place, "models/m-1/versions/mv-0007/id", "mv-0007\n");
	assert_calls(place.world, 1);
	assert_string_equal(exchange_action(place.world->script.sent[0]),
		"DescribeTrainingModelVersions");
	leave(&place);
}

static void test_anything_again_within_the_ttl_makes_no_call(void **state)
{
	struct place place;
	size_t files;
	(void)state;

	enter(&place, 20);
	assert_int_equal(kernel_grep_r(&place.kernel, "training", &files), 0);
	world_calls(place.world);
	for (int again = 0; again < 3; again++) {
		if (again == 1)
			kernel_drop(&place.kernel); /* our own memory is as good as the kernel's */
		assert_int_equal(kernel_grep_r(&place.kernel, "training", &files), 0);
		assert_int_equal(kernel_ls_l(&place.kernel, "training"), 0);
		assert_int_equal(kernel_ls_l(&place.kernel, "training/train-0003"), 0);
		assert_reads(&place, "training/train-0003/status", "RUNNING\n");
	}
	assert_calls(place.world, 0);
	leave(&place);
}

/* promise: 1 */
static void test_what_is_warm_in_the_kernel_sends_no_message(void **state)
{
	struct place place;
	size_t files;
	(void)state;

	enter(&place, 20);
	for (int pass = 0; pass < 2; pass++) /* the first one also learns that the listing is fresh now */
		assert_int_equal(kernel_grep_r(&place.kernel, "training", &files), 0);
	size_t before = place.kernel.lookups + place.kernel.getattrs + place.kernel.readdirs;
	assert_int_equal(kernel_grep_r(&place.kernel, "training", &files), 0);
	assert_int_equal(place.kernel.lookups + place.kernel.getattrs + place.kernel.readdirs, before);
	leave(&place);
}

static void test_a_missing_name_is_one_call_in_five_seconds(void **state)
{
	struct place place;
	(void)state;

	enter(&place, 1);
	for (int i = 0; i < 50; i++) {
		if (i % 10 == 5)
			kernel_drop(&place.kernel);
		assert_int_equal(kernel_cat(&place.kernel, "training/train-9/status", NULL), ENOENT);
		script_advance(&place.world->script, 90);
	}
	assert_calls(place.world, 1);
	script_advance(&place.world->script, 600);
	assert_int_equal(kernel_cat(&place.kernel, "training/train-9/status", NULL), ENOENT);
	assert_calls(place.world, 1);
	leave(&place);
}

static void test_what_cannot_be_an_id_makes_no_call(void **state)
{
	static const char *const names[] = { ".git", ".Trash", ".hidden", "autorun.inf", "desktop.ini",
		"Thumbs.db", "train", "train-", "train-a b", "TRAIN-1", "nb-1", "train-%41", "train-a%2Fb",
		"README", "describe.json", "x" };
	struct place place;
	char path[64];
	(void)state;

	enter(&place, 2);
	for (size_t i = 0; i < COUNT(names); i++) {
		snprintf(path, sizeof(path), "training/%s", names[i]);
		assert_int_equal(kernel_cat(&place.kernel, path, NULL), ENOENT);
		snprintf(path, sizeof(path), "training/train-0001/%s", names[i]);
	}
	assert_int_equal(kernel_cat(&place.kernel, ".git", NULL), ENOENT);
	assert_int_equal(kernel_cat(&place.kernel, "nothing", NULL), ENOENT);
	assert_calls(place.world, 0);
	assert_reads(&place, "training/train-0001/id", "train-0001\n");
	assert_int_equal(kernel_cat(&place.kernel, "training/train-0001/.git", NULL), ENOENT);
	assert_int_equal(kernel_cat(&place.kernel, "training/train-0001/HEAD", NULL), ENOENT);
	assert_calls(place.world, 1);
	leave(&place);
}

static void test_a_probe_inside_a_cold_resource_makes_no_call_beyond_its_own(void **state)
{
	struct place place;
	(void)state;

	enter(&place, 2);
	assert_int_equal(kernel_ls(&place.kernel, "training", NULL), 0);
	world_calls(place.world);
	assert_int_equal(kernel_cat(&place.kernel, "training/train-0001/.git", NULL), ENOENT);
	assert_int_equal(kernel_cat(&place.kernel, "training/train-0002/HEAD", NULL), ENOENT);
	assert_calls(place.world, 0);
	leave(&place);
}

/* Between the ttl of a live resource and that of its listing: at most twice what is needed at best. */
static void test_all_again_after_the_live_ttl_costs_at_most_twice_the_list(void **state)
{
	(void)state;

	for (size_t i = 1; i < COUNT(SIZES); i++) {
		struct place place;
		enter(&place, SIZES[i]);
		assert_int_equal(kernel_ls_l(&place.kernel, "training"), 0);
		world_calls(place.world);
		script_advance(&place.world->script, 16000);
		assert_int_equal(kernel_ls_l(&place.kernel, "training"), 0);
		assert_in_range(world_calls(place.world), 0, 2 * pages_of(SIZES[i]));
		assert_int_equal(kernel_cat_each(&place.kernel, "training", "status", NULL), 0);
		assert_in_range(world_calls(place.world), 0, 2 * pages_of(SIZES[i]));
		script_advance(&place.world->script, 31000);
		assert_int_equal(kernel_cat_each(&place.kernel, "training", "status", NULL), 0);
		assert_in_range(world_calls(place.world), 1, 2 * pages_of(SIZES[i]));
		leave(&place);
	}
}

static void test_qianfan_jobs_and_tasks_are_a_call_a_page(void **state)
{
	struct place place;
	struct setup setup = world_setup();
	size_t failed;
	(void)state;

	setup.catalog = "qianfan";
	enter_with(&place, &setup);
	cloud_add_many(&place.cloud, "finetuning", NULL, "job-", 250);
	cloud_add_many(&place.cloud, "tasks", "job-0001", "task-", 3);
	assert_int_equal(kernel_cat_each(&place.kernel, "finetuning", "job_id", &failed), 0);
	assert_int_equal(failed, 0);
	assert_calls(place.world, 3);
	assert_int_equal(kernel_cat_each(&place.kernel, "finetuning/job-0001/tasks", "run_status", &failed),
		0);
	assert_int_equal(failed, 0);
	assert_calls(place.world, 1);
	leave(&place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_mount_and_a_look_at_its_root_make_no_call),
		cmocka_unit_test(test_one_status_is_one_describe_call),
		cmocka_unit_test(test_every_field_and_ls_l_of_one_resource_is_one_call),
		cmocka_unit_test(test_ls_is_one_call_for_each_fifty),
		cmocka_unit_test(test_all_statuses_and_ls_lt_are_the_list_alone),
		cmocka_unit_test(test_grep_r_is_the_list_and_one_call_a_resource),
		cmocka_unit_test(test_a_field_that_only_describe_has_costs_one_call_once),
		cmocka_unit_test(test_a_member_that_only_the_list_has_is_no_entry),
		cmocka_unit_test(test_all_versions_of_one_model_are_one_call),
		cmocka_unit_test(test_anything_again_within_the_ttl_makes_no_call),
		cmocka_unit_test(test_what_is_warm_in_the_kernel_sends_no_message),
		cmocka_unit_test(test_a_missing_name_is_one_call_in_five_seconds),
		cmocka_unit_test(test_what_cannot_be_an_id_makes_no_call),
		cmocka_unit_test(test_a_probe_inside_a_cold_resource_makes_no_call_beyond_its_own),
		cmocka_unit_test(test_all_again_after_the_live_ttl_costs_at_most_twice_the_list),
		cmocka_unit_test(test_qianfan_jobs_and_tasks_are_a_call_a_page),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
