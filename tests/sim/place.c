/*
 * place.c - the cloud, the kernel, and what happens to them.
 */
#include "place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void enter_with(struct place *place, size_t n_tasks, size_t max_memory)
{
	struct setup setup = world_setup();

	setup.max_memory = max_memory;
	setup.rate = 10000;
	place->world = world_open(&setup);
	cloud_open(&place->cloud, place->world, 0);
	cloud_add_many(&place->cloud, "training", NULL, "train-", n_tasks);
	snprintf(place->cloud.things[0]->tags, sizeof(place->cloud.things[0]->tags),
		"[{\"TagKey\": \"k\", \"TagValue\": \"v\"}]");
	kernel_open(&place->kernel, place->world);
}

void enter(struct place *place, size_t n_tasks)
{
	enter_with(place, n_tasks, SIZE_MAX);
}

void leave(struct place *place)
{
	kernel_close(&place->kernel);
	world_close(place->world);
	cloud_close(&place->cloud);
}

void advance(struct place *place, int64_t ms)
{
	script_advance(&place->world->script, ms);
}

void rename_thing(struct place *place, const char *id, const char *name)
{
	struct thing *thing = cloud_thing(&place->cloud, id);

	snprintf(thing->name, sizeof(thing->name), "%s", name);
}

void ls(struct place *place, const char *path)
{
	assert_int_equal(kernel_ls(&place->kernel, path, NULL), 0);
}

struct attr stat_of(struct place *place, const char *path)
{
	struct attr attr = { 0 };

	assert_int_equal(kernel_stat(&place->kernel, path, &attr), 0);
	return attr;
}

bool is_same(struct attr one, struct attr other)
{
	return one.mtime_s == other.mtime_s && one.mtime_ns == other.mtime_ns && one.changed_s == other.changed_s;
}
