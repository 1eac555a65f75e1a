/*
 * test_memory_bytes.c - what a resource costs, in bytes that are counted, and how it is given back.
 *
 * The tree counts what it keeps; the sanitizer that the tests are built with counts what is allocated. Both
 * are held against the bytes of JSON that came.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud.h"

enum { LIST_MS = 30000, WORDS = 1100, MANY = 400 };

size_t __sanitizer_get_current_allocated_bytes(void);

static size_t kept(const struct world *world)
{
	return tree_stats(world->tree).memory;
}

/* ---- a great list ---- */

struct account {
	size_t tasks, received;
};

static void answer_page(void *arg)
{
	struct exchange *exchange = arg;
	struct account *account = exchange->script->on_send_arg;
	size_t at = (size_t)exchange_number(exchange, "Offset"), end = at + 50;
	char words[WORDS + 1];
	struct buf items;

	memset(words, 'w', WORDS);
	words[WORDS] = '\0';
	buf_init(&items, SIZE_MAX);
	for (; at < end && at < account->tasks; at++)
		buf_printf(&items, "%s{\"Id\":\"train-%019zu\",\"Name\":\"task %zu\",\"Status\":\"RUNNING\","
			"\"UpdateTime\":\"2025-11-02T00:00:00Z\",\"Message\":\"%s\",\"ResourceConfigInfos\":"
			"[{\"Role\":\"WORKER\",\"Cpu\":8000,\"Memory\":32768}]}", items.len ? "," : "", at, at,
			words);
	account->received += items.len;
	exchange_tencent(exchange, "\"TrainingTaskSet\": [%s], \"TotalCount\": %zu", items.data,
		account->tasks);
	buf_release(&items);
}

static void answer_soon(void *arg, struct exchange *exchange)
{
	(void)arg;
	script_after(exchange->script, 1, answer_page, exchange);
}

/* Bytes beside the JSON that a task listed costs: as the tree counts them, and as they are allocated. */
static void list_tasks(size_t tasks, size_t *counted, size_t *allocated)
{
	struct account account = { tasks, 0 };
	struct setup setup = world_setup();

	setup.rate = 10001;
	struct world *world = world_open(&setup);
	world->script.on_send = answer_soon;
	world->script.on_send_arg = &account;
	uint64_t training = world_find(world, "training");
	size_t before = kept(world), before_all = __sanitizer_get_current_allocated_bytes();
	struct reply reply = world_ask(world, ASK_OPEN, training, NULL);
	assert_found(&reply);
	assert_int_equal(tree_stats(world->tree).nodes, tasks + 5 + 3 + 8); /* the views, and what they have of each kind */
	*counted = (kept(world) - before - account.received) / tasks;
	*allocated = (__sanitizer_get_current_allocated_bytes() - before_all - account.received) / tasks;
	world_close(world);
}

static void test_a_listed_resource_costs_its_json_and_a_quarter_at_most(void **state)
{
	static const size_t sizes[] = { 1000, 10000 };
	size_t json = WORDS + 200;
	(void)state;

	for (size_t i = 0; i < COUNT(sizes); i++) {
		size_t counted, allocated;
		list_tasks(sizes[i], &counted, &allocated);
		assert_true(counted < json / 4);
		/* the rest is the listing's own tables, and what the script keeps of each call */
		assert_true(allocated < counted + 200);
	}
}

/* ---- max_memory ---- */

static void enter(struct cloud_world *place, size_t max_memory, size_t n_tasks)
{
	struct setup setup = world_setup();

	setup.max_memory = max_memory;
	setup.rate = 10001;
	cloud_world_open(place, &setup, 0);
	cloud_add_many(&place->cloud, "training", NULL, "train-", n_tasks);
}

static uint64_t look_up(struct cloud_world *place, uint64_t parent, const char *name)
{
	struct reply reply = world_ask(place->world, ASK_LOOKUP, parent, name);

	assert_found(&reply);
	return reply.entry.id;
}

static void let_go(struct cloud_world *place, uint64_t id)
{
	tree_forget(place->world->tree, id, 1);
}

/* Reads one file of a task, and holds nothing of it afterwards. */
static void glance(struct cloud_world *place, size_t task, const char *file)
{
	char name[24];

	snprintf(name, sizeof(name), "train-%04zu", task);
	uint64_t training = look_up(place, TREE_ROOT, "training");
	uint64_t id = look_up(place, training, name);
	let_go(place, look_up(place, id, file));
	let_go(place, id);
	let_go(place, training);
}

static void read_listing(struct cloud_world *place)
{
	assert_true(world_count(place->world, "training") > 0);
	world_calls(place->world);
}

/* What is kept when all are listed, and the bytes of one item rendered. */
static size_t listed_bytes(size_t n_tasks, size_t *rendered)
{
	struct cloud_world place;

	enter(&place, SIZE_MAX, n_tasks);
	read_listing(&place);
	size_t before = kept(place.world);
	glance(&place, 1, "status");
	*rendered = kept(place.world) - before;
	cloud_world_close(&place);
	return before;
}

static void test_items_looked_into_go_and_come_again_without_a_call(void **state)
{
	struct cloud_world place;
	size_t rendered, room = listed_bytes(200, &rendered) + 10 * 4096;
	(void)state;

	assert_true(rendered < 4096);
	enter(&place, room, 200);
	read_listing(&place);
	for (size_t pass = 0; pass < 2; pass++)
		for (size_t task = 1; task <= 200; task++) {
			glance(&place, task, "status");
			assert_true(kept(place.world) <= room);
		}
	assert_calls(place.world, 0);
	cloud_world_close(&place);
}

/*
 * Descriptions do not fit; what the listing says stands all the same, and each costs its one call. A scan keeps
 * what was fetched ahead of it, which is 65 at most.
 */
static void test_a_pass_over_more_than_fits_asks_for_nothing_that_the_listing_says(void **state)
{
	struct cloud_world place;
	size_t rendered, room = listed_bytes(200, &rendered) + 70 * 2048;
	(void)state;

	enter(&place, room, 200);
	read_listing(&place);
	for (size_t task = 1; task <= 200; task++) {
		glance(&place, task, "remark");
		assert_true(kept(place.world) <= room);
	}
	assert_calls(place.world, 200);
	for (size_t task = 1; task <= 200; task++)
		glance(&place, task, "status");
	assert_calls(place.world, 0);
	cloud_world_close(&place);
}

/* Opens describe.json of each, as the kernel would keep it; what is kept then. */
static size_t hold_all(struct cloud_world *place, uint64_t files[MANY])
{
	char path[64];

	read_listing(place);
	for (int task = 1; task <= MANY; task++) {
		snprintf(path, sizeof(path), "training/train-%04d/describe.json", task);
		files[task - 1] = world_find(place->world, path);
	}
	world_calls(place->world);
	return kept(place->world);
}

/* The kernel may read a file for ever: what it holds is only kept as text, and rendered when it is read. */
static void test_what_the_kernel_holds_is_folded_and_reads_as_before(void **state)
{
	struct cloud_world whole, folded;
	size_t rendered, listed = listed_bytes(MANY, &rendered);
	uint64_t files[MANY], same[MANY];
	(void)state;

	enter(&whole, SIZE_MAX, MANY);
	enter(&folded, listed + 70 * 2048, MANY);
	size_t all = hold_all(&whole, files) - listed, less = hold_all(&folded, same) - listed;
	assert_true(all > 2 * less);
	for (size_t i = 0; i < MANY; i++) {
		size_t size, size_folded;
		const char *bytes = tree_read(whole.world->tree, files[i], &size);
		assert_memory_equal(tree_read(folded.world->tree, same[i], &size_folded), bytes, size);
		assert_int_equal(size_folded, size);
	}
	assert_calls(folded.world, 0);
	cloud_world_close(&whole);
	cloud_world_close(&folded);
}

static void test_forgetting_brings_memory_back_under_its_bound_at_once(void **state)
{
	struct cloud_world place;
	size_t rendered, room = listed_bytes(MANY, &rendered) + 70 * 4096;
	uint64_t files[MANY];
	(void)state;

	enter(&place, room, MANY);
	assert_true(hold_all(&place, files) > room);
	for (size_t i = 0; i < MANY; i++)
		let_go(&place, files[i]);
	assert_true(kept(place.world) <= room);
	cloud_world_close(&place);
}

static void test_a_resource_described_is_not_kept_rendered_twice(void **state)
{
	struct cloud_world place;
	size_t rendered, before = listed_bytes(10, &rendered);
	(void)state;

	enter(&place, SIZE_MAX, 10);
	read_listing(&place);
	glance(&place, 1, "remark");
	size_t described = kept(place.world) - before;
	glance(&place, 2, "status");
	glance(&place, 2, "remark");
	assert_int_equal(kept(place.world) - before, 2 * described);
	/* while the kernel has a file of the item, it stays */
	uint64_t status = world_find(place.world, "training/train-0003/status");
	glance(&place, 3, "remark");
	size_t both = kept(place.world) - before;
	assert_true(both > 3 * described && both < 3 * described + rendered);
	let_go(&place, status);
	assert_int_equal(kept(place.world) - before, 3 * described);
	cloud_world_close(&place);
}

/* The text of the item that was looked into is still there to be compared. */
static void test_a_change_says_when_though_the_item_was_let_go(void **state)
{
	struct cloud_world place;
	(void)state;

	enter(&place, 0, 10);
	read_listing(&place);
	glance(&place, 1, "status");
	glance(&place, 2, "status"); /* there is room for one */
	snprintf(cloud_thing(&place.cloud, "train-0001")->status, 24, "STOPPED");
	script_advance(&place.world->script, 2 * LIST_MS);
	read_listing(&place);
	struct reply reply = world_lookup(place.world, "training/train-0001/status");
	assert_found(&reply);
	assert_true(reply.entry.attr.changed_s >= WALL_S + 2 * LIST_MS / 1000);
	reply = world_lookup(place.world, "training/train-0001/message");
	assert_found(&reply);
	assert_int_equal(reply.entry.attr.changed_s, 0);
	cloud_world_close(&place);
}

/* ---- what is inside ---- */

static void test_listings_inside_cost_nothing_until_a_reader_looks(void **state)
{
	struct cloud_world place;
	char name[24];
	(void)state;

	enter(&place, SIZE_MAX, 0);
	for (int i = 1; i <= 100; i++) {
		snprintf(name, sizeof(name), "m-%d", i);
		cloud_add(&place.cloud, "models", NULL, name);
	}
	place.cloud.lists_models = true;
	size_t nodes = tree_stats(place.world->tree).nodes;
	assert_int_equal(world_count(place.world, "models"), 100);
	assert_int_equal(tree_stats(place.world->tree).nodes, nodes + 100);
	size_t before = kept(place.world);
	uint64_t models = look_up(&place, TREE_ROOT, "models"), model = look_up(&place, models, "m-1");
	uint64_t versions = look_up(&place, model, "versions");
	assert_int_equal(tree_stats(place.world->tree).nodes, nodes + 101);
	let_go(&place, versions);
	let_go(&place, model);
	assert_int_equal(tree_stats(place.world->tree).nodes, nodes + 100);
	assert_int_equal(kept(place.world), before);
	cloud_world_close(&place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_listed_resource_costs_its_json_and_a_quarter_at_most),
		cmocka_unit_test(test_items_looked_into_go_and_come_again_without_a_call),
		cmocka_unit_test(test_a_pass_over_more_than_fits_asks_for_nothing_that_the_listing_says),
		cmocka_unit_test(test_what_the_kernel_holds_is_folded_and_reads_as_before),
		cmocka_unit_test(test_forgetting_brings_memory_back_under_its_bound_at_once),
		cmocka_unit_test(test_a_resource_described_is_not_kept_rendered_twice),
		cmocka_unit_test(test_a_change_says_when_though_the_item_was_let_go),
		cmocka_unit_test(test_listings_inside_cost_nothing_until_a_reader_looks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
