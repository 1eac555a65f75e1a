/*
 * test_directory_times_stable.c - what moves no directory's times: another order, a kernel that forgot, memory that is short, a
 * refresh, an outage.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "place.h"

static const char *const directories[] = { "", "training", "training/train-0001", "training/train-0001/image_info",
	"by-name", "by-name/training", "by-status/training", "by-status/training/RUNNING", "by-tag/training",
	"by-tag/training/k", "by-tag/training/k/v" };

static void list_all(struct place *place)
{
	for (size_t i = 0; i < COUNT(directories); i++)
		ls(place, directories[i]);
}

/* The same things in another order, which the cloud's list and its pages show. */
static void rate_queue_order(struct place *place)
{
	struct cloud *cloud = &place->cloud;

	for (size_t i = 0, j = cloud->n - 1; i < j; i++, j--) {
		struct thing *other = cloud->things[i];
		cloud->things[i] = cloud->things[j];
		cloud->things[j] = other;
	}
}

static void test_no_time_moves_when_a_list_comes_in_another_order(void **state)
{
	struct place place;
	struct attr before[COUNT(directories)];
	(void)state;

	enter(&place, 60);
	list_all(&place);
	for (size_t i = 0; i < COUNT(directories); i++)
		before[i] = stat_of(&place, directories[i]);
	for (int round = 0; round < 3; round++) {
		rate_queue_order(&place);
		advance(&place, LIST_MS);
		list_all(&place);
		for (size_t i = 0; i < COUNT(directories); i++)
			assert_true(is_same(stat_of(&place, directories[i]), before[i]));
	}
	leave(&place);
}

/* One thing of everything has changed before, so that no time is as it was at first. */
static void change_all(struct place *place)
{
	struct thing *thing = cloud_thing(&place->cloud, "train-0001");

	list_all(place);
	snprintf(thing->remark, sizeof(thing->remark), "by hand");
	snprintf(thing->message, sizeof(thing->message), "by hand");
	cloud_add(&place->cloud, "training", NULL, "train-new");
	snprintf(cloud_thing(&place->cloud, "train-new")->tags, sizeof(thing->tags),
		"[{\"TagKey\": \"k\", \"TagValue\": \"v\"}, {\"TagKey\": \"l\", \"TagValue\": \"v\"}]");
	advance(place, LIST_MS);
	list_all(place);
	assert_int_equal(kernel_cat(&place->kernel, "training/train-0001/remark", NULL), 0);
	list_all(place); /* what was described moves a time */
}

static void look_at_many_values(struct place *place)
{
	char path[64];

	for (int i = 0; i < 100; i++) {
		snprintf(path, sizeof(path), "by-status/training/S%d", i);
		kernel_ls(&place->kernel, path, NULL);
	}
}

static void assert_stays(size_t max_memory, void (*happens)(struct place *place))
{
	struct place place;
	struct attr before[COUNT(directories)];

	enter_with(&place, 3, max_memory);
	change_all(&place);
	for (size_t i = 0; i < COUNT(directories); i++)
		before[i] = stat_of(&place, directories[i]);
	for (int round = 0; round < 2; round++) {
		happens(&place);
		for (size_t i = 0; i < COUNT(directories); i++) {
			assert_true(is_same(stat_of(&place, directories[i]), before[i]));
			ls(&place, directories[i]);
			assert_true(is_same(stat_of(&place, directories[i]), before[i]));
		}
	}
	leave(&place);
}

static void forget(struct place *place)
{
	kernel_drop(&place->kernel);
}

static void forget_and_look_elsewhere(struct place *place)
{
	kernel_drop(&place->kernel);
	look_at_many_values(place);
	ls(place, "training/train-0003");
	ls(place, "training/train-0002");
	kernel_drop(&place->kernel);
	advance(place, LIST_MS);
}

static void refresh_all(struct place *place)
{
	engine_refresh(place->world->engine, TREE_ROOT, NULL);
	advance(place, LIST_MS); /* the kernel's terms */
}

static void fail_for_a_while(struct place *place)
{
	place->cloud.fail_code = "InternalError";
	for (int i = 0; i < 3; i++) {
		advance(place, LIST_MS);
		for (size_t at = 0; at < COUNT(directories); at++)
			kernel_ls(&place->kernel, directories[at], NULL);
	}
	place->cloud.fail_code = NULL;
	advance(place, LIST_MS);
}

static void test_no_time_moves_when_the_kernel_has_forgotten(void **state)
{
	(void)state;
	assert_stays(SIZE_MAX, forget);
	assert_stays(SIZE_MAX, forget_and_look_elsewhere);
}

static void test_no_time_moves_when_memory_is_short(void **state)
{
	(void)state;
	assert_stays(1, forget);
	assert_stays(1, forget_and_look_elsewhere);
}

static void test_no_time_moves_at_a_refresh(void **state)
{
	(void)state;
	assert_stays(SIZE_MAX, refresh_all);
}

static void test_no_time_moves_in_an_outage(void **state)
{
	(void)state;
	assert_stays(SIZE_MAX, fail_for_a_while);
}

/* It is emptied once. */
static void test_a_listings_time_moves_once_when_it_is_refused(void **state)
{
	struct place place;
	struct attr refused;
	(void)state;

	enter(&place, 3);
	ls(&place, "training");
	place.cloud.fail_code = "UnauthorizedOperation";
	advance(&place, LIST_MS);
	assert_int_equal(kernel_ls(&place.kernel, "training", NULL), EACCES);
	refused = stat_of(&place, "training");
	for (int round = 0; round < 3; round++) {
		advance(&place, LIST_MS);
		assert_int_equal(kernel_ls(&place.kernel, "training", NULL), EACCES);
		assert_true(is_same(stat_of(&place, "training"), refused));
	}
	leave(&place);
}

static void test_the_times_of_describefs_stand(void **state)
{
	struct place place;
	struct attr before;
	(void)state;

	enter(&place, 3);
	before = stat_of(&place, ".describefs");
	for (int round = 0; round < 3; round++) {
		ls(&place, ".describefs");
		assert_true(is_same(stat_of(&place, ".describefs"), before));
		ls(&place, "training");
		advance(&place, LIST_MS);
	}
	leave(&place);
}

/* The list shows a change first, and the describe call's answer later. */
static void test_a_files_times_are_the_lists_and_the_descriptions(void **state)
{
	struct place place;
	struct attr listed;
	(void)state;

	enter(&place, 2);
	ls(&place, "training");
	assert_int_equal(kernel_cat(&place.kernel, "training/train-0001/message", NULL), 0);
	ls(&place, "training/train-0001");
	snprintf(cloud_thing(&place.cloud, "train-0001")->message, 64, "other");
	advance(&place, LIST_MS);
	ls(&place, "training");
	listed = stat_of(&place, "training/train-0001/message");
	assert_true(listed.changed_s > listed.mtime_s);
	advance(&place, 5000);
	ls(&place, "training/train-0001");
	assert_true(is_same(stat_of(&place, "training/train-0001/message"), listed));
	advance(&place, LIVE_MS);
	assert_true(is_same(stat_of(&place, "training/train-0001/message"), listed));
	advance(&place, LIST_MS);
	ls(&place, "training");
	assert_true(is_same(stat_of(&place, "training/train-0001/message"), listed));
	leave(&place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_time_moves_when_a_list_comes_in_another_order),
		cmocka_unit_test(test_no_time_moves_when_the_kernel_has_forgotten),
		cmocka_unit_test(test_no_time_moves_when_memory_is_short),
		cmocka_unit_test(test_no_time_moves_at_a_refresh),
		cmocka_unit_test(test_no_time_moves_in_an_outage),
		cmocka_unit_test(test_a_listings_time_moves_once_when_it_is_refused),
		cmocka_unit_test(test_the_times_of_describefs_stand),
		cmocka_unit_test(test_a_files_times_are_the_lists_and_the_descriptions),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
