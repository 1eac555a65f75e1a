/*
 * test_readers_interrupted.c - readers that gave up waiting, and others that go on; ids of directories and links.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cloud.h"

enum { LAST = 32 }; /* the last of so many answers has the directory with the first index of a link */

/* 5: directories that come and go reach the indexes of links */
static void test_no_directory_has_the_index_of_a_link(void **state)
{
	struct world *world = world_open(NULL);
	struct ask ask = { 0 };
	struct buf body;
	(void)state;
	uint64_t listing = world_find(world, "training"), id = 0;
	const size_t each = 8000;

	for (int round = 0; round <= LAST; round++) {
		buf_init(&body, 16 << 20);
		buf_puts(&body, "{\"Id\": \"train-0001\", \"Status\": \"RUNNING\", \"Envs2\": {");
		size_t n = round == LAST ? 6150 : each;
		for (size_t i = 0; i < n; i++)
			buf_printf(&body, "%s\"d%d_%zu\": {}", i ? "," : "", round, i);
		buf_puts(&body, "}}");
		ask = (struct ask){ 0 };
		ask_put(&ask, world, round ? ASK_OPEN : ASK_LOOKUP, round ? id : listing, round ? NULL : "train-0001");
		exchange_tencent(script_waiting(&world->script, 0), "\"TrainingTaskDetail\": %s", body.data);
		buf_release(&body);
		script_advance(&world->script, 0); /* a huge answer is taken in over several turns */
		assert_found(&ask.reply);
		if (!round)
			id = ask.reply.entry.id;
		if (round < LAST)
			script_advance(&world->script, 15000);
	}
	char *names = NULL;
	(void)names;
	int links = 0;
	for (size_t i = 6100; i < 6150; i++) {
		char name[64];
		snprintf(name, sizeof(name), "d%d_%zu", LAST, i);
		struct reply top = world_ask(world, ASK_LOOKUP, id, "envs2");
		assert_found(&top);
		struct reply reply = world_ask(world, ASK_LOOKUP, top.entry.id, name);
		if (reply.outcome != RESULT_FOUND || !reply.entry.id)
			continue;
		struct reply attr = world_ask(world, ASK_ATTR, reply.entry.id, NULL);
		if (S_ISLNK(attr.entry.attr.mode)) /* a directory by LOOKUP, a link by GETATTR */
			links++;
	}
	world_close(world);
	assert_int_equal(links, 0);
}

/* 8: a reader that asks for the same resource a moment later is answered before its own deadline */
static void test_others_go_on_waiting(void **state)
{
	struct setup setup = world_setup();
	struct world *world;
	struct cloud cloud;
	struct ask first = { 0 }, second = { 0 };
	(void)state;

	setup.rate = 10000;
	setup.stale_s = 0;
	world = world_open(&setup);
	cloud_open(&cloud, world, 0);
	cloud_add_many(&cloud, "training", NULL, "train-", 120);
	for (size_t i = 0; i < cloud.n; i++)
		snprintf(cloud.things[i]->status, 24, "RUNNING");
	assert_int_equal(world_count(world, "training"), 120);
	char path[64];
	uint64_t id = world_find(world, "training/train-0118");
	script_advance(&world->script, 30000);
	(void)id;
	for (int i = 10; i < 12; i++) { /* singles, until the listing pays */
		snprintf(path, sizeof(path), "training/train-00%02d/status", i);
		free(world_cat(world, path));
	}
	cloud.latency_ms = -1;
	ask_put(&first, world, ASK_LOOKUP, id, "status");
	script_advance(&world->script, 5000);
	ask_put(&second, world, ASK_LOOKUP, id, "status");
	cloud_answer(&cloud, script_waiting(&world->script, 0));
	script_advance(&world->script, 4900);
	assert_int_equal(first.answers, 0);
	script_advance(&world->script, 200);
	assert_int_equal(first.answers, 1);
	assert_int_equal(first.reply.error, ERR_TIMEOUT);
	assert_int_equal(second.answers, 0);
	if (world->script.n_waiting)
		cloud_answer(&cloud, script_waiting(&world->script, 0));
	while (world->script.n_waiting)
		cloud_answer(&cloud, script_waiting(&world->script, 0));
	assert_int_equal(second.answers, 1);
	assert_int_equal(second.reply.outcome, RESULT_FOUND);
	world_close(world);
	cloud_close(&cloud);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_others_go_on_waiting),
		cmocka_unit_test(test_no_directory_has_the_index_of_a_link),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
