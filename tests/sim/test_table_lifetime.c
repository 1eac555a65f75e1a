/*
 * test_table_lifetime.c - how long a table is kept: an older one alone keeps its listing, and one that was
 * replaced goes with the kernel's last reference.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud.h"

static void test_an_older_table_alone_keeps_its_listing(void **state)
{
	struct world *world;
	struct cloud cloud;
	struct setup setup = world_setup();
	size_t size;
	struct buf path;
	(void)state;

	setup.rate = 10000;
	world = world_open(&setup);
	cloud_open(&cloud, world, 0);
	cloud_add(&cloud, "models", NULL, "m-1");
	cloud_add(&cloud, "versions", "m-1", "mv-1");
	uint64_t old = world_find(world, "models/m-1/versions/.table.tsv");
	cloud_add(&cloud, "versions", "m-1", "mv-2");
	script_advance(&world->script, 700 * 1000);
	uint64_t new = world_find(world, "models/m-1/versions/.table.tsv");
	assert_true(old != new);
	tree_forget(world->tree, new, 1);
	for (int i = 0; i < 1002; i++) { /* m-1 is no longer among the last that were entered */
		char id[32], version[32], *way = NULL;
		snprintf(id, sizeof(id), "m-e%d", i);
		snprintf(version, sizeof(version), "mv-e%d", i);
		cloud_add(&cloud, "models", NULL, id);
		cloud_add(&cloud, "versions", id, version);
		buf_init(&path, SIZE_MAX);
		buf_printf(&path, "models/%s", id);
		way = path.data;
		world_find(world, way);
		buf_release(&path);
	}
	for (int i = 0; i < 8000; i++) {
		char name[64];
		snprintf(name, sizeof(name), "training/train-none%d", i);
		world_lookup(world, name);
		if (i % 100 == 0)
			script_advance(&world->script, 1);
	}
	assert_int_equal(world_lookup(world, "models/m-x1").outcome, RESULT_ABSENT);
	assert_int_equal(world_count(world, "models"), 1000);
	assert_non_null(tree_read(world->tree, old, &size));
	assert_int_equal(tree_stats(world->tree).versions > 0, 1);
	buf_init(&path, SIZE_MAX);
	tree_path(world->tree, old, &path);
	assert_string_equal(path.data, "/models/m-1/versions/.table.tsv");
	buf_release(&path);
	tree_forget(world->tree, old, 1);
	world_close(world);
	cloud_close(&cloud);
}

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
		cmocka_unit_test(test_an_older_table_alone_keeps_its_listing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
