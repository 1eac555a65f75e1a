/*
 * test_table.c - KIND/.table.tsv: a listing as a table.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud.h"

enum { LIST_MS = 30000 };

#define HEAD "id\tname\tstatus\tupdate_time\tend_time\tstart_time\tcreate_time\truntime_in_seconds\tframework_name\t" \
	"training_mode\tresource_group_name\tcharge_type\tcharge_status\tfailure_reason\n"
#define TIMES(second) "2025-11-02T00:00:" second "Z\t\t\t2025-11-01T00:00:00Z"

static void enter_with(struct cloud_world *place, size_t n_tasks, const struct setup *setup)
{
	cloud_world_open(place, setup, 0);
	cloud_add_many(&place->cloud, "training", NULL, "train-", n_tasks);
}

static void enter(struct cloud_world *place, size_t n_tasks)
{
	enter_with(place, n_tasks, NULL);
}

static void test_it_is_the_listing_and_costs_what_that_costs(void **state)
{
	struct cloud_world place;
	(void)state;

	enter(&place, 2);
	assert_cat(place.world, "training/.table.tsv", HEAD
		"train-0001\tname of train-0001\tRUNNING\t" TIMES("00") "\t\t\t\t\t\t\t\n"
		"train-0002\tname of train-0002\tRUNNING\t" TIMES("00") "\t\t\t\t\t\t\t\n");
	assert_calls(place.world, 1);
	assert_ls(place.world, "training", "train-0001 train-0002 "); /* it is in no listing */
	assert_calls(place.world, 0);
	cloud_world_close(&place);
}

static size_t count_lines(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static void test_many_pages_are_one_table(void **state)
{
	struct setup setup = world_setup();
	struct cloud_world place;
	(void)state;

	setup.rate = 10000;
	enter_with(&place, 10000, &setup);
	char *table = world_cat(place.world, "training/.table.tsv");
	assert_int_equal(count_lines(table), 10001);
	free(table);
	assert_calls(place.world, 200);
	cloud_world_close(&place);
}

static void test_what_would_end_a_cell_is_escaped(void **state)
{
	struct cloud_world place;
	(void)state;

	enter(&place, 3);
	snprintf(place.cloud.things[0]->name, 400, "a\\tb\\nc\\\\d\\u0000e\\u001bf\\u0085g\\u007f");
	snprintf(place.cloud.things[1]->name, 400, "null");
	snprintf(place.cloud.things[2]->name, 400, "\xe4\xb8\xad\xe6\x96\x87 \\\"x\\\"");
	assert_cat(place.world, "training/.table.tsv", HEAD
		"train-0001\ta\\tb\\nc\\\\d\\x00e\\x1bf\\xc2\\x85g\\x7f\tRUNNING\t" TIMES("00") "\t\t\t\t\t\t\t\n"
		"train-0002\t\tRUNNING\t" TIMES("00") "\t\t\t\t\t\t\t\n"
		"train-0003\t\xe4\xb8\xad\xe6\x96\x87 \"x\"\tRUNNING\t" TIMES("00") "\t\t\t\t\t\t\t\n");
	cloud_world_close(&place);
}

/* One that is open is one listing. */
static void test_a_new_listing_is_a_new_file(void **state)
{
	struct cloud_world place;
	(void)state;

	enter(&place, 1);
	struct entry first = world_lookup(place.world, "training/.table.tsv").entry;
	script_advance(&place.world->script, LIST_MS);
	struct entry same = world_lookup(place.world, "training/.table.tsv").entry;
	assert_int_equal(same.id, first.id);
	assert_memory_equal(&same.attr, &first.attr, sizeof(first.attr));
	assert_int_equal(first.attr_ms, TREE_FOR_EVER);
	place.cloud.things[0]->revision = 7;
	script_advance(&place.world->script, LIST_MS);
	struct entry now = world_lookup(place.world, "training/.table.tsv").entry;
	assert_true(now.id != first.id && now.attr.ino != first.attr.ino);
	assert_int_equal(now.attr.mtime_s, first.attr.mtime_s + 7);
	size_t size;
	assert_non_null(strstr(tree_read(place.world->tree, first.id, &size), TIMES("00")));
	assert_int_equal(size, first.attr.size);
	assert_non_null(strstr(tree_read(place.world->tree, now.id, &size), TIMES("07")));
	assert_xattr(place.world, now.id, "action", "DescribeTrainingTasks");
	assert_xattr(place.world, now.id, "stale", "0");
	assert_calls(place.world, 3);
	cloud_world_close(&place);
}

static void test_it_waits_and_fails_with_its_listing(void **state)
{
	struct cloud_world place;
	(void)state;

	enter(&place, 1);
	place.cloud.fail_code = "InternalError";
	struct reply reply = world_lookup(place.world, "training/.table.tsv");
	assert_error(&reply, ERR_SERVER);
	place.cloud.fail_code = NULL;
	script_advance(&place.world->script, LIST_MS);
	char *table = world_cat(place.world, "training/.table.tsv");
	assert_non_null(table);
	free(table);
	world_calls(place.world);
	reply = world_lookup(place.world, "training/.table.csv"); /* a name that no catalog knows costs no call */
	assert_absent(&reply);
	reply = world_lookup(place.world, ".table.tsv");
	assert_absent(&reply);
	reply = world_lookup(place.world, "training/train-0001/.table.tsv");
	assert_absent(&reply);
	assert_calls(place.world, 0);
	cloud_world_close(&place);
}

static void test_what_is_inside_a_resource_has_one_too(void **state)
{
	struct cloud_world place;
	(void)state;

	enter(&place, 0);
	cloud_add(&place.cloud, "models", NULL, "m-1");
	cloud_add(&place.cloud, "versions", "m-1", "mv-1");
	assert_cat(place.world, "models/m-1/versions/.table.tsv",
		"id\tstatus\tcreate_time\ttraining_model_create_time\tversion\tformat\t"
		"algorithm_framework\tsource\tcos_path/bucket\n"
		"mv-1\tRUNNING\t2025-11-02T00:00:00Z\t\t\tTORCH_SCRIPT\t\t\t\n");
	assert_calls(place.world, 1);
	cloud_world_close(&place);
}

static void test_the_apis_names_head_it_where_they_name_files(void **state)
{
	struct setup setup = world_setup();
	struct cloud_world place;
	(void)state;

	setup.api_names = true;
	enter_with(&place, 0, &setup);
	char *table = world_cat(place.world, "notebooks/.table.tsv");
	assert_string_equal(table, "id\tname\tstatus\tUpdateTime\tEndTime\tStartTime\tCreateTime\t"
		"RuntimeInSeconds\tResourceConf/GpuType\tResourceConf/Gpu\tResourceConf/InstanceType\tResourceGroupName\t"
		"ChargeType\tChargeStatus\tFailureReason\n");
	free(table);
	cloud_world_close(&place);
}

/* ---- a user's kind ---- */

static const char own_kind[] = "{\"catalog\": \"tione\", \"types\": {\"Own\": {\"Id\": \"string\", \"Name\": \"string\","
	" \"Token\": \"string secret\", \"Names\": \"[string]\", \"Inner\": \"Inside\", \"Tags\": \"{TagKey:TagValue}\","
	" \"Status\": \"string\"}, \"Inside\": {\"Gpu\": \"float\", \"Password\": \"string secret\"}},"
	" \"kinds\": [{\"name\": \"own\", \"id\": \"Id\", \"id_form\": \"o-[0-9]+\", \"label\": \"Name\","
	" \"status\": \"Status\", \"tags\": \"Tags\", \"type\": \"Own\","
	" \"columns\": [\"Token\", \"Names\", \"Inner.Gpu\", \"Inner.Password\"],"
	" \"list\": {\"action\": \"DescribeOwn\", \"items\": \"Set\"}}]}";

static void answer_own(void *arg, struct exchange *exchange)
{
	(void)arg;
	assert_string_equal(exchange_action(exchange), "DescribeOwn");
	exchange_tencent(exchange, "\"Set\": [{\"Id\": \"o-1\", \"Name\": \"mine\", \"Status\": \"Up\", "
		"\"Token\": \"very-secret\", \"Names\": [\"a\\tb\", 2, null], \"Inner\": {\"Gpu\": 0.10, "
		"\"Password\": \"very-secret\"}, \"Tags\": [{\"TagKey\": \"k\", \"TagValue\": \"v\"}]}, "
		"{\"Id\": \"o-2\", \"Name\": \"other\", \"Status\": \"Down\", \"Token\": \"\", \"Names\": {\"x\": 1}, "
		"\"Inner\": null, \"Tags\": null}]");
}

static void answer_soon(void *arg)
{
	answer_own(NULL, arg);
}

static void schedule(void *arg, struct exchange *exchange)
{
	script_after(arg, 1, answer_soon, exchange);
}

static struct world *open_own(struct catalogs *catalogs, bool secrets)
{
	struct setup setup = world_setup();
	struct buf why;

	buf_init(&why, 1000);
	catalogs_init(catalogs);
	catalogs_load_built_in(catalogs);
	if (!catalogs_load(catalogs, "own.json", own_kind, strlen(own_kind), &why))
		fail_msg("%s", why.data);
	buf_release(&why);
	setup.catalogs = catalogs;
	setup.secrets = secrets;
	struct world *world = world_open(&setup);
	world->script.on_send = schedule;
	world->script.on_send_arg = &world->script;
	return world;
}

static void test_a_users_kind_has_its_table_and_its_views(void **state)
{
	struct catalogs catalogs;
	struct world *world = open_own(&catalogs, false);
	(void)state;

	assert_cat(world, "own/.table.tsv", "id\tname\tstatus\ttoken\tnames\tinner/gpu\tinner/password\n"
		"o-1\tmine\tUp\t<hidden>\ta\\tb,2,\t0.10\t<hidden>\n"
		"o-2\tother\tDown\t\t\t\t\n");
	assert_link(world, "by-name/own/mine", "../../own/o-1");
	assert_ls(world, "by-status/own/Down", "o-2 ");
	assert_ls(world, "by-tag/own/k", "v ");
	assert_link(world, "by-tag/own/k/v/o-1", "../../../../own/o-1");
	assert_calls(world, 1);
	world_close(world);
	catalogs_release(&catalogs);
	world = open_own(&catalogs, true);
	assert_cat(world, "own/.table.tsv", "id\tname\tstatus\ttoken\tnames\tinner/gpu\tinner/password\n"
		"o-1\tmine\tUp\tvery-secret\ta\\tb,2,\t0.10\tvery-secret\n"
		"o-2\tother\tDown\t\t\t\t\n");
	world_close(world);
	catalogs_release(&catalogs);
}

/* ---- memory ---- */

static void test_a_table_is_freed_when_no_process_holds_it(void **state)
{
	struct setup setup = world_setup();
	struct cloud_world place;
	(void)state;

	setup.rate = 10000;
	enter_with(&place, 5000, &setup);
	world_count(place.world, "training");
	size_t before = tree_stats(place.world->tree).memory;
	uint64_t id = world_find(place.world, "training/.table.tsv");
	assert_true(tree_stats(place.world->tree).memory > before + 5000 * 80);
	tree_forget(place.world->tree, id, 1);
	assert_in_range(tree_stats(place.world->tree).memory, before, before + 1000);
	/* a listing of which the kernel holds the table alone */
	cloud_add(&place.cloud, "models", NULL, "m-1");
	cloud_add(&place.cloud, "versions", "m-1", "mv-1");
	id = world_find(place.world, "models/m-1/versions/.table.tsv");
	for (int i = 0; i < 5000; i++) {
		char path[64];
		snprintf(path, sizeof(path), "training/train-none%d", i);
		world_lookup(place.world, path);
	}
	size_t size;
	assert_non_null(tree_read(place.world->tree, id, &size));
	tree_forget(place.world->tree, id, 1);
	cloud_world_close(&place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_is_the_listing_and_costs_what_that_costs),
		cmocka_unit_test(test_many_pages_are_one_table),
		cmocka_unit_test(test_what_would_end_a_cell_is_escaped),
		cmocka_unit_test(test_a_new_listing_is_a_new_file),
		cmocka_unit_test(test_it_waits_and_fails_with_its_listing),
		cmocka_unit_test(test_what_is_inside_a_resource_has_one_too),
		cmocka_unit_test(test_the_apis_names_head_it_where_they_name_files),
		cmocka_unit_test(test_a_users_kind_has_its_table_and_its_views),
		cmocka_unit_test(test_a_table_is_freed_when_no_process_holds_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
