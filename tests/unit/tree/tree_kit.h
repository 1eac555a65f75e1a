/*
 * tree_kit.h - what the tests of the tree share: a tree of the catalog tione without an engine, and answers for it.
 */
#ifndef TESTS_UNIT_TREE_TREE_KIT_H
#define TESTS_UNIT_TREE_TREE_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tree/views.h"

/* TTLs of the kind training in the catalog. */
enum { LIVE_MS = 15000, LIST_MS = 30000, MISS_MS = 5000 };

struct kit {
	struct catalogs catalogs;
	struct tree *tree;
	struct listing *training;
};

static inline void kit_open_as(struct kit *kit, unsigned number, int64_t ttl_ms)
{
	catalogs_init(&kit->catalogs);
	catalogs_load_built_in(&kit->catalogs);
	struct tree_options options = { .catalog = catalogs_find(&kit->catalogs, "tione"),
		.readme = "read me\n",
		.ttl_ms = ttl_ms,
		.stale_ms = 3600 * 1000,
		.max_memory = SIZE_MAX,
		.seed = 5,
		.number = number };
	kit->tree = tree_new(&options);
	kit->training = resource_listing(kit->tree, kit->tree->root, "training");
	assert_non_null(kit->training);
}

static inline void kit_open(struct kit *kit)
{
	kit_open_as(kit, 0, -1);
}

static inline void kit_close(struct kit *kit)
{
	tree_free(kit->tree);
	catalogs_release(&kit->catalogs);
}

static inline struct provenance_note note_at(int64_t ms)
{
	return (struct provenance_note){ .sent_ms = ms,
		.received_ms = ms,
		.received_s = 1700000000 + ms / 1000,
		.action = "DescribeTrainingTasks" };
}

static inline struct query_time asked_at(int64_t ms)
{
	return (struct query_time){ .now_ms = ms, .since_ms = ms };
}

static inline struct json *task(const char *id, const char *status, const char *name)
{
	char text[512];
	struct json *json;

	snprintf(text, sizeof(text), "{\"Id\":\"%s\",\"Name\":\"%s\",\"Status\":\"%s\"}", id, name, status);
	assert_int_equal(json_parse(&json, text, strlen(text)), ERR_NONE);
	return json;
}

/* An item of a list's page. Returns its resource. */
static inline struct resource *list_task(struct kit *kit, const char *id, int64_t ms)
{
	struct provenance_note note = note_at(ms);
	struct json *item = task(id, "RUNNING", id);
	struct listed listed;

	assert_int_equal(tree_list_item(kit->tree, &kit->training->node, item, &note, true, &listed),
		ERR_NONE);
	json_free(item);
	return resource_find(kit->tree, kit->training, id);
}

/* The complete list, which has the ids up to the first NULL. */
static inline void read_list(struct kit *kit, const char *const ids[], int64_t ms)
{
	struct provenance_note note = note_at(ms);

	tree_list_begin(&kit->training->node, true);
	for (size_t i = 0; ids[i]; i++)
		list_task(kit, ids[i], ms);
	tree_list_end(kit->tree, &kit->training->node, true, 0, &note);
	tree_list_leave(&kit->training->node, true);
}

/* The describe call's answer. */
static inline void describe(struct kit *kit, struct resource *resource, const char *status, const char *name,
	int64_t ms)
{
	struct provenance_note note = note_at(ms);
	struct json *object = task(resource->node.id, status, name);

	assert_int_equal(tree_described(kit->tree, &resource->node, object, &note), ERR_NONE);
	json_free(object);
}

#endif
