/*
 * test_kinds_without_list.c - kinds of a user's catalog that have no list call: harvested, and entered by name alone.
 */
#include "script.h"
#include "world.h"

#include <stdlib.h>
#include <string.h>

static const char OWN[] =
	"{\"catalog\": \"tione\", \"kinds\": ["
	"{\"name\": \"images\", \"partial\": true, \"id\": \"Id\", \"id_form\": \"i-[0-9]+\","
	" \"harvest\": [{\"action\": \"DescribeAll\", \"items\": \"Set\", \"ids\": \"Set[].Id\"}],"
	" \"describe\": {\"action\": \"DescribeImage\", \"id\": \"Id\", \"item\": \"Image\"}},"
	"{\"name\": \"memories\", \"partial\": true, \"id\": \"Id\", \"id_form\": \"m-[0-9]+\","
	" \"describe\": {\"action\": \"DescribeMemory\", \"id\": \"Id\", \"item\": \"Memory\"}}]}";

static void answer_soon(void *arg)
{
	struct exchange *exchange = arg;

	assert_string_equal(exchange_action(exchange), "DescribeAll");
	exchange_tencent(exchange, "\"Set\": [{\"Id\": \"i-1\"}, {\"Id\": \"i-2\"}]");
}

static void schedule(void *arg, struct exchange *exchange)
{
	script_after(arg, 1, answer_soon, exchange);
}

/* The metrics and the rate of an action are asked for by its name, which an absent call does not have. */
static void test_a_kind_without_a_list_call_is_listed_and_counted(void **state)
{
	struct setup setup = world_setup();
	struct catalogs catalogs;
	struct buf why;
	(void)state;

	buf_init(&why, 1000);
	catalogs_init(&catalogs);
	catalogs_load_built_in(&catalogs);
	if (!catalogs_load(&catalogs, "own.json", OWN, strlen(OWN), &why))
		fail_msg("%s", why.data);
	buf_release(&why);
	setup.catalogs = &catalogs;
	struct world *world = world_open(&setup);
	world->script.on_send = schedule;
	world->script.on_send_arg = &world->script;
	assert_ls(world, "images", "i-1 i-2 ");
	assert_ls(world, "memories", "");
	assert_calls(world, 1);
	char *metrics = world_cat(world, ".describefs/metrics");
	assert_non_null(strstr(metrics, "{action=\"DescribeAll\"}"));
	assert_null(strstr(metrics, "{action=\"\"}"));
	free(metrics);
	world_close(world);
	catalogs_release(&catalogs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_kind_without_a_list_call_is_listed_and_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
