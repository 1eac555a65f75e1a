/*
 * test_table_replaced.c - tables that are replaced while the kernel holds them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud.h"

static void test_nothing_stays_of_tables_that_were_replaced(void **state)
{
	struct world *world;
	struct cloud cloud;
	(void)state;

	world = world_open(NULL);
	cloud_open(&cloud, world, 0);
	cloud_add_many(&cloud, "training", NULL, "train-", 40);
	uint64_t listing = world_find(world, "training"), held = 0;
	size_t before = 0, n_before = 0;

	for (int round = 0; round < 50; round++) {
		snprintf(cloud_thing(&cloud, "train-0001")->message, 64, "%02d", round);
		cloud_thing(&cloud, "train-0001")->revision++;
		script_advance(&world->script, 600 * 1000);
		struct ask ask = { 0 };
		ask_put(&ask, world, ASK_LOOKUP, listing, ".table.tsv");
		script_advance(&world->script, 1000);
		assert_found(&ask.reply);
		assert_true(ask.reply.entry.id != held);
		/* the new name is there; then the kernel lets go of the inode that it had before */
		if (held)
			tree_forget(world->tree, held, 1);
		held = ask.reply.entry.id;
		struct tree_stats stats = tree_stats(world->tree);
		if (round == 1) {
			before = stats.memory;
			n_before = stats.versions;
		}
		if (round == 1 || round == 49)
			printf("round %d: %zu versions, %zu bytes\n", round, stats.versions, stats.memory);
	}
	struct tree_stats stats = tree_stats(world->tree);
	assert_in_range(stats.versions, 0, n_before + 1);
	assert_in_range(stats.memory, 0, before + 10000);
	world_close(world);
	cloud_close(&cloud);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_stays_of_tables_that_were_replaced),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
