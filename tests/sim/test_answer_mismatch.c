/*
 * test_answer_mismatch.c - an answer about another resource than the requested one is refused.
 */
#include "cloud.h"

enum { LIVE_MS = 15000 };

static void enter(struct cloud_world *place, const char *catalog)
{
	struct setup setup = world_setup();

	setup.catalog = catalog;
	cloud_world_open(place, &setup, 0);
}

/* promise: 3 */
static void test_an_answer_about_another_resource_is_none_and_nothing_of_it_is_kept(void **state)
{
	static const char *const others[] = { "{\"Id\": \"train-2\", \"Status\": \"X\"}", "{\"Status\": \"X\"}",
		"{\"Id\": null, \"Status\": \"X\"}", "{\"Id\": \"TRAIN-1\"}", "{\"Id\": \"train-1 \"}",
		"{\"id\": \"train-1\"}", "{\"Id\": [\"train-1\"]}", "{\"Id\": \"train-1\\u0000\"}" };
	(void)state;

	for (size_t i = 0; i < COUNT(others); i++) {
		struct cloud_world place;
		struct ask ask = { 0 };
		enter(&place, "tione");
		place.cloud.latency_ms = -1;
		uint64_t id = world_find(place.world, "training");
		ask_put(&ask, place.world, ASK_LOOKUP, id, "train-1");
		exchange_tencent(world_only(place.world), "\"TrainingTaskDetail\": %s", others[i]);
		assert_error(&ask.reply, ERR_ANSWER);
		assert_int_equal(tree_stats(place.world->tree).versions, 1); /* README */
		ask_put(&ask, place.world, ASK_LOOKUP, id, "train-2");
		assert_int_equal(ask.answers, 0); /* it is asked for itself */
		exchange_tencent(world_only(place.world),
			"\"TrainingTaskDetail\": {\"Id\": \"train-2\", \"Status\": \"own\"}");
		assert_cat(place.world, "training/train-2/status", "own\n");
		cloud_world_close(&place);
	}
}

static void test_a_wrong_answer_does_not_replace_a_right_one(void **state)
{
	struct cloud_world place;
	struct ask ask = { 0 };
	(void)state;

	enter(&place, "tione");
	cloud_add_many(&place.cloud, "training", NULL, "train-", 2);
	uint64_t id = world_find(place.world, "training/train-0001");
	place.cloud.latency_ms = -1;
	script_advance(&place.world->script, LIVE_MS);
	ask_put(&ask, place.world, ASK_LOOKUP, id, "status");
	exchange_tencent(world_only(place.world),
		"\"TrainingTaskDetail\": {\"Id\": \"train-0002\", \"Status\": \"X\"}");
	assert_found(&ask.reply);
	assert_cat(place.world, "training/train-0001/status", "RUNNING\n");
	assert_xattr(place.world, id, "stale", "1");
	cloud_world_close(&place);
}

static void test_a_version_of_another_model_is_not_there(void **state)
{
	struct cloud_world place;
	(void)state;

	enter(&place, "tione");
	cloud_add(&place.cloud, "models", NULL, "m-1");
	cloud_add(&place.cloud, "models", NULL, "m-2");
	cloud_add(&place.cloud, "versions", "m-2", "mv-2");
	struct reply reply = world_lookup(place.world, "models/m-1/versions/mv-2");
	assert_absent(&reply);
	reply = world_lookup(place.world, "models/m-1/versions/mv-2/format");
	assert_absent(&reply);
	assert_ls(place.world, "models/m-1/versions", "");
	assert_cat(place.world, "models/m-2/versions/mv-2/model_id", "m-2\n");
	cloud_world_close(&place);
}

static void test_a_run_of_another_task_is_not_there(void **state)
{
	struct cloud_world place;
	(void)state;

	enter(&place, "qianfan");
	cloud_add(&place.cloud, "jobs", "2", "20");
	struct reply reply = world_lookup(place.world, "training/1/jobs/20");
	assert_absent(&reply);
	assert_ls(place.world, "training/1/jobs", "");
	assert_cat(place.world, "training/2/jobs/20/task_id", "2\n");
	cloud_world_close(&place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_answer_about_another_resource_is_none_and_nothing_of_it_is_kept),
		cmocka_unit_test(test_a_wrong_answer_does_not_replace_a_right_one),
		cmocka_unit_test(test_a_version_of_another_model_is_not_there),
		cmocka_unit_test(test_a_run_of_another_task_is_not_there),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
