/*
 * test_table_lifetime.c - an older table alone keeps what it is of.
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
	struct reply r = world_lookup(world, "models/m-x1"); printf("m-x1 %d %s nodes %zu shown %zu\n", r.outcome, error_name(r.error), tree_stats(world->tree).nodes, world_count(world, "models")); fflush(stdout);
	assert_non_null(tree_read(world->tree, old, &size));
	assert_int_equal(tree_stats(world->tree).versions > 0, 1);
	buf_init(&path, SIZE_MAX);
	tree_path(world->tree, old, &path);
	printf("%s\n", path.data);
	buf_release(&path);
	tree_forget(world->tree, old, 1);
	world_close(world);
	cloud_close(&cloud);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_older_table_alone_keeps_its_listing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
