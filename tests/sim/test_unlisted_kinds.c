/*
 * test_unlisted_kinds.c - kinds that no call lists: what is shown and what can be entered.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud.h"

enum { LIST_MS = 30000, LIVE_MS = 15000 };

static void enter(struct cloud_world *place, const char *catalog)
{
	struct setup setup = world_setup();

	setup.catalog = catalog;
	cloud_world_open(place, &setup, 0);
}

static void pin(struct cloud_world *place, const char *pin)
{
	struct buf why;

	buf_init(&why, SIZE_MAX);
	if (!tree_pin(place->world->tree, pin, &why))
		fail_msg("%s", why.data);
	buf_release(&why);
}

static void assert_actions(struct cloud_world *place, const char *actions)
{
	const struct script *script = &place->world->script;
	struct buf all;

	buf_init(&all, SIZE_MAX);
	for (size_t i = place->world->calls_before; i < script->n_sent; i++)
		buf_printf(&all, "%s ", exchange_action(script->sent[i]));
	place->world->calls_before = script->n_sent;
	assert_string_equal(all.data, actions);
	buf_release(&all);
}

/* ---- TI-ONE's models ---- */

static void test_models_are_put_together_from_services_and_accelerations(void **state)
{
	struct cloud_world place;
	(void)state;

	enter(&place, "tione");
	cloud_add(&place.cloud, "services", "m-1", "ms-1");
	cloud_add(&place.cloud, "services", "m-2", "ms-2");
	cloud_add(&place.cloud, "accelerations", "m-2", "acc-1");
	cloud_add(&place.cloud, "accelerations", "m-3", "acc-2");
	cloud_add(&place.cloud, "accelerations", "not/an-id", "acc-3");
	assert_ls(place.world, "models", "m-1 m-2 m-3 ");
	assert_actions(&place, "DescribeTrainingModels DescribeModelServiceGroups "
		"DescribeModelAccelerateVersions ");
	assert_xattr(place.world, world_find(place.world, "models"), "complete", "0");
	script_advance(&place.world->script, LIST_MS);
	assert_ls(place.world, "models", "m-1 m-2 m-3 ");
	/* the list call is known to be gone */
	assert_actions(&place, "DescribeModelServiceGroups DescribeModelAccelerateVersions ");
	cloud_world_close(&place);
}

static void test_harvests_are_paged_too(void **state)
{
	struct cloud_world place;
	char service[24], model[24];
	(void)state;

	enter(&place, "tione");
	for (int i = 1; i <= 250; i++) {
		snprintf(service, sizeof(service), "ms-%d", i);
		snprintf(model, sizeof(model), "m-%d", i % 240);
		cloud_add(&place.cloud, "services", model, service);
	}
	assert_int_equal(world_count(place.world, "models"), 240);
	assert_calls(place.world, 1 + 3 + 1);
	cloud_world_close(&place);
}

static void test_one_harvest_that_is_gone_too_leaves_the_other(void **state)
{
	struct cloud_world place;
	struct ask ask = { 0 };
	(void)state;

	enter(&place, "tione");
	place.cloud.latency_ms = -1;
	cloud_add(&place.cloud, "accelerations", "m-3", "acc-2");
	ask_put(&ask, place.world, ASK_OPEN, world_find(place.world, "models"), NULL);
	exchange_error(world_only(place.world), "InvalidAction");
	exchange_error(world_only(place.world), "ActionOffline");
	cloud_answer(&place.cloud, world_only(place.world));
	assert_found(&ask.reply);
	assert_ls(place.world, "models", "m-3 ");
	/* the catalog foresees it: it is no failure, and the status says it */
	assert_int_equal(engine_stats(place.world->engine).failures, 0);
	assert_cat(place.world, ".describefs/errors", "");
	char *status = world_cat(place.world, ".describefs/status");
	assert_non_null(strstr(status, "not offered     DescribeTrainingModels\n"));
	free(status);
	cloud_world_close(&place);
}

static void test_without_any_call_left_what_is_pinned_is_shown(void **state)
{
	struct cloud_world place;
	(void)state;

	enter(&place, "tione");
	pin(&place, "models/m-pinned");
	place.cloud.fail_code = "InvalidAction";
	assert_ls(place.world, "models", "m-pinned ");
	assert_xattr(place.world, world_find(place.world, "models"), "complete", "0");
	assert_calls(place.world, 3);
	script_advance(&place.world->script, LIST_MS);
	assert_ls(place.world, "models", "m-pinned ");
	assert_calls(place.world, 0); /* all are known to be gone, for ten minutes */
	script_advance(&place.world->script, 600000);
	assert_ls(place.world, "models", "m-pinned ");
	assert_calls(place.world, 3);
	cloud_world_close(&place);
}

static void test_a_harvest_that_fails_is_a_failure_and_the_old_listing_stays(void **state)
{
	struct cloud_world place;
	(void)state;

	enter(&place, "tione");
	uint64_t id = world_find(place.world, "models");
	cloud_add(&place.cloud, "services", "m-1", "ms-1");
	assert_ls(place.world, "models", "m-1 ");
	script_advance(&place.world->script, LIST_MS);
	place.cloud.fail = ERR_TLS;
	assert_ls(place.world, "models", "m-1 ");
	assert_xattr(place.world, id, "stale", "1");
	cloud_world_close(&place);
}

static void test_a_model_that_nothing_lists_is_entered_by_id_with_one_call(void **state)
{
	struct cloud_world place;
	(void)state;

	enter(&place, "tione");
	cloud_add(&place.cloud, "models", NULL, "m-608587242317024640");
	cloud_add_many(&place.cloud, "versions", "m-608587242317024640", "mv-", 3);
	assert_cat(place.world, "models/m-608587242317024640/versions/mv-0002/format", "TORCH_SCRIPT\n");
	assert_actions(&place, "DescribeTrainingModelVersions ");
	assert_string_equal(place.world->script.sent[0]->body,
		"{\"TrainingModelId\":\"m-608587242317024640\"}");
	assert_ls(place.world, "models/m-608587242317024640", "versions ");
	assert_ls(place.world, "models/m-608587242317024640/versions", "mv-0001 mv-0002 mv-0003 ");
	assert_calls(place.world, 0);
	assert_ls(place.world, "models", "m-608587242317024640 "); /* entered before */
	cloud_world_close(&place);
}

static void test_a_model_that_the_api_does_not_know_is_absent_for_five_seconds(void **state)
{
	struct cloud_world place;
	struct reply reply;
	(void)state;

	enter(&place, "tione");
	reply = world_lookup(place.world, "models/m-none");
	assert_absent(&reply);
	assert_int_equal(reply.absent_ms, 5000);
	reply = world_lookup(place.world, "models/m-none/versions");
	assert_absent(&reply);
	assert_calls(place.world, 1);
	assert_ls(place.world, "models", "");
	world_calls(place.world);
	script_advance(&place.world->script, 5000);
	reply = world_lookup(place.world, "models/m-none");
	assert_absent(&reply);
	assert_calls(place.world, 1);
	cloud_add(&place.cloud, "models", NULL, "m-none");
	script_advance(&place.world->script, 5000);
	world_find(place.world, "models/m-none");
	cloud_world_close(&place);
}

static void test_a_model_without_versions_is_there_and_empty(void **state)
{
	struct cloud_world place;
	(void)state;

	enter(&place, "tione");
	cloud_add(&place.cloud, "models", NULL, "m-1");
	assert_ls(place.world, "models/m-1/versions", "");
	assert_calls(place.world, 1);
	cloud_world_close(&place);
}

static void test_a_single_version_can_be_read_without_its_list(void **state)
{
	struct cloud_world place;
	(void)state;

	enter(&place, "tione");
	cloud_add(&place.cloud, "models", NULL, "m-1");
	cloud_add_many(&place.cloud, "versions", "m-1", "mv-", 2);
	assert_cat(place.world, "models/m-1/versions/mv-0001/model_id", "m-1\n");
	world_calls(place.world);
	script_advance(&place.world->script, LIVE_MS);
	assert_cat(place.world, "models/m-1/versions/mv-0001/model_id", "m-1\n");
	assert_in_range(world_calls(place.world), 1, 2);
	cloud_world_close(&place);
}

static void test_a_list_call_that_answers_makes_models_whole_and_readable(void **state)
{
	struct cloud_world place;
	(void)state;

	enter(&place, "tione");
	place.cloud.lists_models = true;
	cloud_add_many(&place.cloud, "models", NULL, "m-", 60);
	cloud_add(&place.cloud, "versions", "m-0007", "mv-1");
	snprintf(cloud_thing(&place.cloud, "m-0007")->message, 64, "seven");
	assert_int_equal(world_count(place.world, "models"), 60);
	assert_actions(&place, "DescribeTrainingModels DescribeTrainingModels ");
	assert_xattr(place.world, world_find(place.world, "models"), "complete", "1");
	assert_cat(place.world, "models/m-0007/name", "seven\n");
	assert_ls(place.world, "models/m-0007", "versions id name tags create_time describe.json ");
	assert_calls(place.world, 0);
	assert_ls(place.world, "models/m-0007/versions", "mv-1 ");
	assert_calls(place.world, 1);
	cloud_world_close(&place);
}

/* `ls` of it has what its list had, also after that expired: read again, or the last good answer. */
static void test_a_model_that_was_listed_never_loses_its_members(void **state)
{
	static const char all[] = "versions id name tags create_time describe.json ";
	struct cloud_world place;
	(void)state;

	enter(&place, "tione");
	place.cloud.lists_models = true;
	cloud_add_many(&place.cloud, "models", NULL, "m-", 3);
	assert_int_equal(world_count(place.world, "models"), 3);
	uint64_t model = world_find(place.world, "models/m-0001");
	world_calls(place.world);
	script_advance(&place.world->script, LIST_MS);
	char *names = world_names(place.world, model);
	assert_string_equal(names, all);
	free(names);
	assert_calls(place.world, 1);
	script_advance(&place.world->script, LIST_MS);
	place.cloud.fail = ERR_REFUSED;
	names = world_names(place.world, model);
	assert_string_equal(names, all);
	free(names);
	cloud_world_close(&place);
}

static void test_an_id_that_was_entered_is_listed_once_when_the_list_has_it_too(void **state)
{
	struct cloud_world place;
	struct ask list = { 0 }, visit = { 0 };
	uint64_t models;
	(void)state;

	enter(&place, "tione");
	place.cloud.lists_models = true;
	cloud_add_many(&place.cloud, "models", NULL, "m-", 60);
	place.cloud.latency_ms = -1;
	models = world_find(place.world, "models");
	ask_put(&list, place.world, ASK_OPEN, models, NULL);
	cloud_answer(&place.cloud, world_only(place.world)); /* the first page: m-0001 is known, not yet listed */
	ask_put(&visit, place.world, ASK_LOOKUP, models, "m-0001");
	if (!visit.answers)
		cloud_answer(&place.cloud, script_waiting(&place.world->script, 1));
	ask_put(&visit, place.world, ASK_LOOKUP, models, "m-0060");
	if (!visit.answers)
		cloud_answer(&place.cloud, script_waiting(&place.world->script, 1));
	cloud_answer(&place.cloud, script_waiting(&place.world->script, 0));
	assert_found(&list.reply);
	assert_int_equal(world_count(place.world, "models"), 60);
	cloud_world_close(&place);
}

/* The same through a harvest, which primes nothing: the visit is what shows the id first. */
static void test_an_id_entered_while_it_is_being_harvested_is_listed_once(void **state)
{
	struct cloud_world place;
	struct ask list = { 0 }, visit = { 0 };
	(void)state;

	enter(&place, "tione");
	cloud_add(&place.cloud, "models", NULL, "m-1");
	cloud_add(&place.cloud, "services", "m-1", "ms-1");
	place.cloud.latency_ms = -1;
	uint64_t models = world_find(place.world, "models");
	ask_put(&list, place.world, ASK_OPEN, models, NULL);
	cloud_answer(&place.cloud, world_only(place.world));
	cloud_answer(&place.cloud, world_only(place.world)); /* the services: m-1 is drafted */
	ask_put(&visit, place.world, ASK_LOOKUP, models, "m-1");
	assert_int_equal(place.world->script.n_waiting, 2);
	cloud_answer(&place.cloud, script_waiting(&place.world->script, 1)); /* its versions: it is entered */
	assert_found(&visit.reply);
	cloud_answer(&place.cloud, world_only(place.world));
	assert_found(&list.reply);
	assert_ls(place.world, "models", "m-1 ");
	script_advance(&place.world->script, LIST_MS);
	place.cloud.latency_ms = 0;
	assert_ls(place.world, "models", "m-1 ");
	cloud_world_close(&place);
}

static void test_only_the_last_thousand_visits_are_remembered(void **state)
{
	struct cloud_world place;
	char id[24];
	(void)state;

	enter(&place, "qianfan");
	uint64_t training = world_find(place.world, "training");
	pin(&place, "training/7777");
	for (int i = 1; i <= 1500; i++) {
		snprintf(id, sizeof(id), "%d", i);
		world_ask(place.world, ASK_LOOKUP, training, id);
	}
	assert_int_equal(world_count(place.world, "training"), 1001);
	char *names = world_ls(place.world, "training");
	assert_non_null(strstr(names, "7777 "));
	assert_non_null(strstr(names, " 501 "));
	assert_null(strstr(names, " 500 "));
	free(names);
	assert_calls(place.world, 0);
	cloud_world_close(&place);
}

/* ---- pins ---- */

static bool is_owner(void *arg, unsigned uid)
{
	(void)arg;
	return !uid;
}

static struct reply lookup_as(struct world *world, unsigned uid, uint64_t parent, const char *name)
{
	struct ask ask = { .uid = uid };

	ask_put(&ask, world, ASK_LOOKUP, parent, name);
	while (!ask.answers)
		assert_true(script_step(&world->script));
	return ask.reply;
}

static void test_what_another_user_enters_is_answered_and_not_listed(void **state)
{
	struct setup setup = world_setup();
	struct cloud_world place;
	char id[24];
	(void)state;

	setup.catalog = "qianfan";
	setup.is_owner = is_owner;
	cloud_world_open(&place, &setup, 0);
	uint64_t training = world_find(place.world, "training");
	lookup_as(place.world, 0, training, "7");
	assert_ls(place.world, "training", "7 ");
	for (int i = 1000; i < 3000; i++) {
		snprintf(id, sizeof(id), "%d", i);
		struct reply reply = lookup_as(place.world, 65534, training, id);
		assert_found(&reply);
		assert_int_equal(reply.entry.entry_ms, 0); /* the next user that looks it up may be the owner */
	}
	assert_ls(place.world, "training", "7 ");
	struct reply reply = lookup_as(place.world, 0, training, "2999");
	assert_true(reply.entry.entry_ms > 0);
	assert_ls(place.world, "training", "7 2999 ");
	cloud_world_close(&place);
}

/* The call is made once for both; whose question it answers decides. */
static void test_a_call_for_two_users_enters_for_the_one_who_mounted(void **state)
{
	struct setup setup = world_setup();
	struct ask other = { .uid = 65534 }, own = { .uid = 0 };
	struct cloud_world place;
	(void)state;

	setup.is_owner = is_owner;
	cloud_world_open(&place, &setup, -1);
	cloud_add(&place.cloud, "models", NULL, "m-1");
	cloud_add(&place.cloud, "models", NULL, "m-2");
	uint64_t models = world_find(place.world, "models");
	ask_put(&other, place.world, ASK_LOOKUP, models, "m-1");
	cloud_answer(&place.cloud, world_only(place.world));
	assert_found(&other.reply);
	ask_put(&other, place.world, ASK_LOOKUP, models, "m-2");
	ask_put(&own, place.world, ASK_LOOKUP, models, "m-2");
	cloud_answer(&place.cloud, world_only(place.world));
	assert_found(&other.reply);
	assert_found(&own.reply);
	place.cloud.latency_ms = 0;
	assert_ls(place.world, "models", "m-2 ");
	ask_put(&own, place.world, ASK_LOOKUP, models, "m-1"); /* what is known already is entered, too */
	assert_found(&own.reply);
	assert_ls(place.world, "models", "m-2 m-1 ");
	cloud_world_close(&place);
}

static void test_pins_are_shown_from_the_start_and_stay(void **state)
{
	struct cloud_world place;
	(void)state;

	enter(&place, "tione");
	pin(&place, "models/m-1");
	pin(&place, "models/m-2/versions/mv-1");
	pin(&place, "training/train-0001");
	cloud_add(&place.cloud, "services", "m-3", "ms-1");
	cloud_add(&place.cloud, "models", NULL, "m-1");
	for (int i = 0; i < 3; i++) {
		assert_ls(place.world, "models", "m-1 m-2 m-3 ");
		script_advance(&place.world->script, LIST_MS);
	}
	world_find(place.world, "models/m-1");
	cloud_world_close(&place);
}

static void test_a_pin_that_is_none_is_refused_with_a_reason(void **state)
{
	static const char *const bad[] = { "", "models", "models/", "models/x", "nothing/m-1",
		"models/m-1/versions", "models/m-1/nothing/mv-1", "training/train-1/jobs/1", "/models/m-1" };
	struct cloud_world place;
	(void)state;

	enter(&place, "tione");
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct buf why;
		buf_init(&why, SIZE_MAX);
		if (tree_pin(place.world->tree, bad[i], &why))
			fail_msg("%s is taken", bad[i]);
		assert_int_not_equal(why.len, 0);
		buf_release(&why);
	}
	cloud_world_close(&place);
}

/* ---- Qianfan V1 ---- */

static void test_a_v1_task_exists_by_its_form_alone(void **state)
{
	static const char *const wrong[] = { "0", "01", "-1", "x", "1x", "1.5", "12345678901234567890", " 1",
		"%31", "task-1" };
	struct cloud_world place;
	(void)state;

	enter(&place, "qianfan");
	world_find(place.world, "training/1");
	world_find(place.world, "training/9223372036854775807/jobs");
	for (size_t i = 0; i < COUNT(wrong); i++) {
		char path[64];
		snprintf(path, sizeof(path), "training/%s", wrong[i]);
		struct reply reply = world_lookup(place.world, path);
		assert_absent(&reply);
		snprintf(path, sizeof(path), "training/1/jobs/%s", wrong[i]);
		reply = world_lookup(place.world, path);
		assert_absent(&reply);
	}
	assert_ls(place.world, "training", "1 9223372036854775807 ");
	assert_xattr(place.world, world_find(place.world, "training"), "complete", "0");
	assert_ls(place.world, "training/1", "jobs ");
	assert_ls(place.world, "training/1/jobs", "");
	struct reply reply = world_lookup(place.world, "training/1/status"); /* no answer mentions a task */
	assert_absent(&reply);
	assert_int_equal(reply.absent_ms, 5000);
	assert_calls(place.world, 0);
	cloud_world_close(&place);
}

static void test_a_v1_run_is_asked_for_with_integers_and_listed_once_entered(void **state)
{
	struct cloud_world place;
	(void)state;

	enter(&place, "qianfan");
	cloud_add(&place.cloud, "jobs", "9007199254740993", "1000000000000000001");
	cloud_add(&place.cloud, "jobs", "9007199254740993", "7");
	assert_cat(place.world, "training/9007199254740993/jobs/1000000000000000001/status", "RUNNING\n");
	const struct exchange *exchange = place.world->script.sent[0];
	assert_string_equal(exchange->path, "/wenxinworkshop/finetune/jobDetail");
	assert_string_equal(exchange->query, "");
	assert_string_equal(exchange->body,
		"{\"taskId\":9007199254740993,\"jobId\":1000000000000000001}");
	assert_calls(place.world, 1);
	assert_ls(place.world, "training/9007199254740993/jobs", "1000000000000000001 ");
	assert_cat(place.world, "training/9007199254740993/jobs/7/id", "7\n");
	assert_ls(place.world, "training/9007199254740993/jobs", "1000000000000000001 7 ");
	assert_calls(place.world, 1);
	cloud_world_close(&place);
}

static void test_a_v1_run_that_is_not_there_is_absent_and_not_listed(void **state)
{
	struct cloud_world place;
	(void)state;

	enter(&place, "qianfan");
	struct reply reply = world_lookup(place.world, "training/1/jobs/5");
	assert_absent(&reply);
	reply = world_lookup(place.world, "training/1/jobs/5/status");
	assert_absent(&reply);
	assert_ls(place.world, "training/1/jobs", "");
	assert_calls(place.world, 1);
	cloud_world_close(&place);
}

static void test_an_entered_id_that_the_list_takes_up_goes_when_the_list_drops_it(void **state)
{
	struct cloud_world place;
	(void)state;

	enter(&place, "tione");
	place.cloud.lists_models = true;
	cloud_add_many(&place.cloud, "models", NULL, "m-", 2);
	world_find(place.world, "models/m-0001");
	assert_ls(place.world, "models", "m-0001 m-0002 ");
	cloud_thing(&place.cloud, "m-0001")->gone = true;
	script_advance(&place.world->script, LIST_MS);
	assert_ls(place.world, "models", "m-0002 ");
	cloud_world_close(&place);
}

/* A source of ids that says nothing at all is one that failed, not one that is empty. */
static void test_a_harvest_without_its_items_is_no_answer(void **state)
{
	struct cloud_world place;
	struct ask ask = { 0 };
	(void)state;

	enter(&place, "tione");
	place.cloud.latency_ms = -1;
	uint64_t id = world_find(place.world, "models");
	ask_put(&ask, place.world, ASK_OPEN, id, NULL);
	exchange_error(world_only(place.world), "InvalidAction");
	exchange_tencent(world_only(place.world), "\"Other\": 1");
	exchange_tencent(world_only(place.world), "\"Other\": 1");
	assert_error(&ask.reply, ERR_ANSWER);
	cloud_world_close(&place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_models_are_put_together_from_services_and_accelerations),
		cmocka_unit_test(test_harvests_are_paged_too),
		cmocka_unit_test(test_one_harvest_that_is_gone_too_leaves_the_other),
		cmocka_unit_test(test_without_any_call_left_what_is_pinned_is_shown),
		cmocka_unit_test(test_a_harvest_that_fails_is_a_failure_and_the_old_listing_stays),
		cmocka_unit_test(test_a_model_that_nothing_lists_is_entered_by_id_with_one_call),
		cmocka_unit_test(test_a_model_that_the_api_does_not_know_is_absent_for_five_seconds),
		cmocka_unit_test(test_a_model_without_versions_is_there_and_empty),
		cmocka_unit_test(test_a_single_version_can_be_read_without_its_list),
		cmocka_unit_test(test_a_list_call_that_answers_makes_models_whole_and_readable),
		cmocka_unit_test(test_a_model_that_was_listed_never_loses_its_members),
		cmocka_unit_test(test_an_id_that_was_entered_is_listed_once_when_the_list_has_it_too),
		cmocka_unit_test(test_an_id_entered_while_it_is_being_harvested_is_listed_once),
		cmocka_unit_test(test_only_the_last_thousand_visits_are_remembered),
		cmocka_unit_test(test_what_another_user_enters_is_answered_and_not_listed),
		cmocka_unit_test(test_a_call_for_two_users_enters_for_the_one_who_mounted),
		cmocka_unit_test(test_pins_are_shown_from_the_start_and_stay),
		cmocka_unit_test(test_a_pin_that_is_none_is_refused_with_a_reason),
		cmocka_unit_test(test_a_v1_task_exists_by_its_form_alone),
		cmocka_unit_test(test_a_v1_run_is_asked_for_with_integers_and_listed_once_entered),
		cmocka_unit_test(test_a_v1_run_that_is_not_there_is_absent_and_not_listed),
		cmocka_unit_test(test_an_entered_id_that_the_list_takes_up_goes_when_the_list_drops_it),
		cmocka_unit_test(test_a_harvest_without_its_items_is_no_answer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
