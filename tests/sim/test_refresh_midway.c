/*
 * test_refresh_midway.c - where a refresh, the views and an outage meet: what is under way is old too, and no link is absent
 * because no call could be made.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud.h"

enum { LIST_MS = 30000 };

static void enter(struct cloud_world *place, const char *catalog, size_t n)
{
	struct setup setup = world_setup();

	setup.rate = 10000;
	setup.catalog = catalog;
	cloud_world_open(place, &setup, 0);
	if (n)
		cloud_add_many(&place->cloud, "training", NULL, "train-", n);
}

/* 1: the list of a view that is refreshed is under way */
static void test_a_view_is_refreshed_while_its_list_is_read(void **state)
{
	struct cloud_world place;
	struct ask ask = { 0 };
	(void)state;

	enter(&place, "tione", 3);
	place.cloud.latency_ms = -1;
	ask_put(&ask, place.world, ASK_OPEN, world_find(place.world, "training"), NULL);
	struct exchange *first = world_only(place.world);
	assert_non_null(engine_refresh(place.world->engine, world_find(place.world, "by-name/training"), NULL));
	cloud_answer(&place.cloud, first);
	assert_found(&ask.reply);
	place.cloud.latency_ms = 0;
	cloud_add(&place.cloud, "training", NULL, "train-new");
	cloud_world_advance(&place, 1);
	assert_int_equal(world_count(place.world, "by-name/training"), 4);
	cloud_world_close(&place);
}

/* 2: a part is under way; the view itself, its listing, or everything is refreshed */
static void test_a_part_is_refreshed_while_it_is_read(void **state)
{
	static const char *const paths[] = { "by-status/training/RUNNING", "training", "" };
	int wrong = 0;
	(void)state;

	for (size_t i = 0; i < COUNT(paths); i++) {
		struct cloud_world place;
		struct ask ask = { 0 };
		enter(&place, "tione", 3);
		uint64_t id = world_find(place.world, "by-status/training/RUNNING");
		uint64_t top = *paths[i] ? world_find(place.world, paths[i]) : TREE_ROOT;
		place.cloud.latency_ms = -1;
		ask_put(&ask, place.world, ASK_OPEN, id, NULL);
		struct exchange *first = world_only(place.world);
		assert_non_null(engine_refresh(place.world->engine, top, NULL));
		cloud_answer(&place.cloud, first);
		assert_found(&ask.reply);
		place.cloud.latency_ms = 0;
		cloud_add(&place.cloud, "training", NULL, "train-new");
		cloud_world_advance(&place, 1);
		size_t n = world_count(place.world, "by-status/training/RUNNING");
		if (n != 4) { wrong++; printf("refresh /%s: %zu\n", paths[i], n); }
		cloud_world_close(&place);
	}
	assert_int_equal(wrong, 0);
}

/* 3: .table.tsv is refreshed */
static void test_a_table_is_refreshed(void **state)
{
	struct cloud_world place;
	(void)state;

	enter(&place, "tione", 3);
	uint64_t id = world_find(place.world, "training/.table.tsv");
	cloud_world_advance(&place, 1);
	world_calls(place.world);
	assert_non_null(engine_refresh(place.world->engine, id, NULL));
	world_find(place.world, "training/.table.tsv");
	assert_calls(place.world, 1);
	cloud_world_close(&place);
}

/* 4a: an outage, and a link that the last good listing did not have */
static void test_in_an_outage_no_link_is_absent(void **state)
{
	static const char *const paths[] = { "by-name/training/new", "by-status/training/RUNNING/train-new",
		"by-tag/training/k/v/train-new", "by-status/training/ODD" };
	int wrong = 0;
	(void)state;

	for (size_t i = 0; i < COUNT(paths); i++) {
		struct cloud_world place;
		enter(&place, "tione", 3);
		snprintf(cloud_thing(&place.cloud, "train-0001")->tags, 200, "[{\"TagKey\": \"k\", \"TagValue\": \"v\"}]");
		world_count(place.world, "training");
		world_count(place.world, "by-status/training/RUNNING");
		struct thing *thing = cloud_add(&place.cloud, "training", NULL, "train-new");
		snprintf(thing->name, sizeof(thing->name), "new");
		snprintf(thing->tags, 200, "[{\"TagKey\": \"k\", \"TagValue\": \"v\"}]");
		cloud_world_advance(&place, LIST_MS);
		place.cloud.fail = ERR_REFUSED;
		struct reply plain = world_lookup(place.world, "training/train-new");
		assert_int_equal(plain.outcome, RESULT_FAILED); /* as promised */
		struct reply reply = world_lookup(place.world, paths[i]);
		if (reply.outcome == RESULT_ABSENT) { wrong++; printf("%s: ENOENT\n", paths[i]); }
		cloud_world_close(&place);
	}
	assert_int_equal(wrong, 0);
}

/* 4b: a listing that is not whole */
static void test_a_part_that_is_not_whole(void **state)
{
	struct cloud_world place;
	struct ask ask = { 0 };
	(void)state;

	enter(&place, "tione", 3);
	uint64_t id = world_find(place.world, "by-status/training/RUNNING");
	place.cloud.latency_ms = -1;
	ask_put(&ask, place.world, ASK_OPEN, id, NULL);
	exchange_tencent(world_only(place.world), "\"TotalCount\": 2, \"TrainingTaskSet\": [{\"Id\": \"train-0001\", "
		"\"Status\": \"RUNNING\"}, {\"Status\": \"RUNNING\"}]");
	assert_found(&ask.reply);
	place.cloud.latency_ms = 0;
	struct reply reply = world_lookup(place.world, "by-status/training/RUNNING/train-0002");
	printf("outcome %d\n", reply.outcome);
	assert_int_not_equal(reply.outcome, RESULT_ABSENT);
	cloud_world_close(&place);
}

/* 6: a reader that comes after the refresh joins a list reading that began before it */
static void test_a_resource_without_describe_is_refreshed_while_its_list_is_read(void **state)
{
	struct cloud_world place;
	struct ask ask = { 0 };
	(void)state;

	enter(&place, "qianfan", 0);
	struct thing *thing = cloud_add(&place.cloud, "finetuning", NULL, "job-1");
	snprintf(thing->message, sizeof(thing->message), "old");
	assert_int_equal(world_count(place.world, "finetuning"), 1);
	uint64_t id = world_find(place.world, "finetuning/job-1");
	cloud_world_advance(&place, 3600 * 1000);
	place.cloud.latency_ms = -1;
	ask_put(&ask, place.world, ASK_OPEN, world_find(place.world, "finetuning"), NULL);
	struct exchange *first = world_only(place.world);
	assert_non_null(engine_refresh(place.world->engine, id, NULL));
	cloud_answer(&place.cloud, first);
	assert_found(&ask.reply);
	place.cloud.latency_ms = 0;
	snprintf(thing->message, sizeof(thing->message), "new");
	cloud_world_advance(&place, 1);
	assert_cat(place.world, "finetuning/job-1/name", "new\n");
	cloud_world_close(&place);
}

static void test_who_comes_after_a_refresh_has_what_came_after_it(void **state)
{
	struct cloud_world place;
	struct ask before = { 0 }, after = { 0 };
	(void)state;

	enter(&place, "tione", 3);
	place.cloud.latency_ms = -1;
	uint64_t id = world_find(place.world, "training");
	ask_put(&before, place.world, ASK_OPEN, id, NULL);
	struct exchange *first = world_only(place.world);
	cloud_world_advance(&place, 10);
	engine_refresh(place.world->engine, id, NULL);
	cloud_world_advance(&place, 10);
	ask_put(&after, place.world, ASK_OPEN, id, NULL);
	cloud_world_advance(&place, 10);
	cloud_answer(&place.cloud, first);
	if (!after.answers)
		cloud_answer(&place.cloud, world_only(place.world));
	assert_found(&before.reply);
	assert_found(&after.reply);
	assert_calls(place.world, 2);
	cloud_world_close(&place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_comes_after_a_refresh_has_what_came_after_it),
		cmocka_unit_test(test_a_view_is_refreshed_while_its_list_is_read),
		cmocka_unit_test(test_a_part_is_refreshed_while_it_is_read),
		cmocka_unit_test(test_a_table_is_refreshed),
		cmocka_unit_test(test_in_an_outage_no_link_is_absent),
		cmocka_unit_test(test_a_part_that_is_not_whole),
		cmocka_unit_test(test_a_resource_without_describe_is_refreshed_while_its_list_is_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
