/*
 * test_ceilings.c - what a reader can start many of has a ceiling, and another user's leaves room for the owner.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud.h"
#include "engine/waiter.h"
#include "render/snapshot.h"
#include "tree/node.h"

enum { OWNER = 0, OTHER = 65534, LIST_MS = 30000 };

static bool is_owner(void *arg, unsigned uid)
{
	(void)arg;
	return uid == OWNER;
}

static void enter(struct cloud_world *place, const char *catalog)
{
	struct setup setup = world_setup();

	setup.catalog = catalog;
	setup.is_owner = is_owner;
	setup.rate = 10000;
	cloud_world_open(place, &setup, 0);
}

static struct reply ask_as(struct cloud_world *place, unsigned uid, enum question question, uint64_t id,
	const char *name)
{
	struct ask ask = { .uid = uid };

	ask_put(&ask, place->world, question, id, name);
	while (!ask.answers)
		assert_true(script_step(&place->world->script));
	return ask.reply;
}

static void assert_text_has(struct cloud_world *place, const char *path, const char *part)
{
	char *text = world_cat(place->world, path);

	assert_non_null(text);
	if (!strstr(text, part))
		fail_msg("%s has no %s: %s", path, part, text);
	free(text);
}

/* The ceiling of .wait readers: further ones are refused at once, and other questions do not wait behind them. */
static void test_so_many_questions_wait_and_the_owner_has_room(void **state)
{
	struct cloud_world place;
	static struct ask asks[WAITS_MAX + 2];
	size_t n = 0;
	(void)state;

	enter(&place, "tione");
	cloud_add_many(&place.cloud, "training", NULL, "train-", 2);
	uint64_t id = world_find(place.world, "training/train-0001/.wait");
	for (; n < WAITS_OTHERS_MAX; n++) {
		asks[n] = (struct ask){ .uid = OTHER };
		ask_put(&asks[n], place.world, ASK_WAIT, id, NULL);
		assert_non_null(asks[n].wait);
	}
	struct reply reply = ask_as(&place, OTHER, ASK_WAIT, id, NULL);
	assert_error(&reply, ERR_QUEUE);
	for (; n < WAITS_MAX; n++) {
		asks[n] = (struct ask){ .uid = OWNER };
		ask_put(&asks[n], place.world, ASK_WAIT, id, NULL);
		assert_non_null(asks[n].wait);
	}
	reply = ask_as(&place, OWNER, ASK_WAIT, id, NULL);
	assert_error(&reply, ERR_QUEUE);
	assert_int_equal(engine_stats(place.world->engine).watching, WAITS_MAX);
	assert_text_has(&place, ".describefs/status", "turned away     2 questions");
	assert_text_has(&place, ".describefs/errors", "too many questions wait already");
	ask_cancel(&asks[0]); /* room for one more of the same */
	asks[0] = (struct ask){ .uid = OTHER };
	ask_put(&asks[0], place.world, ASK_WAIT, id, NULL);
	assert_non_null(asks[0].wait);
	snprintf(cloud_thing(&place.cloud, "train-0001")->status, 24, "SUCCEED");
	script_advance(&place.world->script, 16000);
	for (size_t i = 0; i < n; i++)
		assert_found(&asks[i].reply);
	assert_int_equal(engine_stats(place.world->engine).parked, 0);
	cloud_world_close(&place);
}

static void test_so_many_made_up_ids_are_known_for_other_users(void **state)
{
	struct cloud_world place;
	char name[24];
	size_t refused = 0;
	(void)state;

	enter(&place, "qianfan");
	uint64_t training = world_find(place.world, "training");
	uint64_t *ids = xcalloc(20000, sizeof(*ids));
	for (int i = 0; i < 20000; i++) { /* each exists by its form, and the kernel holds it */
		snprintf(name, sizeof(name), "%d", 100000 + i);
		struct reply reply = ask_as(&place, OTHER, ASK_LOOKUP, training, name);
		refused += reply.outcome == RESULT_FAILED && reply.error == ERR_QUEUE;
		ids[i] = reply.outcome == RESULT_FOUND ? reply.entry.id : 0;
	}
	assert_int_equal(refused, 20000 - OTHERS_MAX);
	assert_true(tree_stats(place.world->tree).nodes < 2 * OTHERS_MAX + 100); /* with a directory of runs each */
	assert_int_equal(tree_stats(place.world->tree).others, OTHERS_MAX);
	struct reply reply = ask_as(&place, OWNER, ASK_LOOKUP, training, "7");
	assert_found(&reply);
	reply = ask_as(&place, OWNER, ASK_LOOKUP, training, "100000"); /* which is the owner's from now on */
	assert_int_equal(tree_stats(place.world->tree).others, OTHERS_MAX - 1);
	assert_text_has(&place, ".describefs/status", "of other users  8191 ids that are not listed\n");
	for (int i = 0; i < 20000; i++)
		tree_forget(place.world->tree, ids[i], 1);
	reply = ask_as(&place, OTHER, ASK_LOOKUP, training, "999"); /* the kernel let go of them */
	assert_found(&reply);
	assert_true(tree_stats(place.world->tree).others <= UNLISTED_MAX + 1);
	free(ids);
	cloud_world_close(&place);
}

/* Names that the cloud says are not there are kept for a moment, and no more of them than fit. */
static void test_misses_of_made_up_names_do_not_pile_up(void **state)
{
	struct cloud_world place;
	char name[24];
	(void)state;

	enter(&place, "tione");
	uint64_t training = world_find(place.world, "training");
	size_t before = tree_stats(place.world->tree).memory;
	for (int i = 0; i < 20000; i++) {
		snprintf(name, sizeof(name), "train-none%d", i);
		struct reply reply = ask_as(&place, OTHER, ASK_LOOKUP, training, name);
		assert_absent(&reply);
	}
	assert_true(tree_stats(place.world->tree).nodes < UNLISTED_MAX + 100);
	assert_true(tree_stats(place.world->tree).memory < before + UNLISTED_MAX * 600);
	cloud_world_close(&place);
}

static void test_other_users_events_leave_the_owners(void **state)
{
	struct cloud_world place;
	struct ask ask = { .uid = OWNER };
	char path[64];
	(void)state;

	enter(&place, "tione");
	cloud_add_many(&place.cloud, "training", NULL, "train-", 1000);
	uint64_t events = world_find(place.world, "training/train-0001/.events");
	ask_put(&ask, place.world, ASK_ATTR, events, NULL);
	for (int i = 2; i <= 1000; i++) {
		snprintf(path, sizeof(path), "training/train-%04d", i);
		uint64_t id = world_find(place.world, path);
		struct reply reply = ask_as(&place, OTHER, ASK_LOOKUP, id, ".events");
		assert_found(&reply);
		assert_true(tree_stats(place.world->tree).followed <= FOLLOWS_OTHERS_MAX + 1);
	}
	assert_text_has(&place, ".describefs/status", "followed        257\n");
	snprintf(cloud_thing(&place.cloud, "train-0001")->status, 24, "FAILED");
	script_advance(&place.world->script, 16000);
	struct reply reply = ask_as(&place, OWNER, ASK_ATTR, events, NULL);
	assert_true(reply.entry.attr.size > 0);
	/* one that began anew is empty until the next change, and no errnum */
	size_t size = 1;
	uint64_t oldest = world_find(place.world, "training/train-0002");
	assert_non_null(tree_read(place.world->tree, oldest + INDEX_EVENTS, &size));
	assert_int_equal(size, 0);
	cloud_world_close(&place);
}

static void test_so_many_tables_are_kept_open(void **state)
{
	struct cloud_world place;
	struct reply reply;
	(void)state;

	enter(&place, "tione");
	struct thing *thing = cloud_add(&place.cloud, "training", NULL, "train-0001");
	uint64_t training = world_find(place.world, "training");
	for (int i = 0; i <= TABLES_MAX; i++) {
		reply = ask_as(&place, OTHER, ASK_LOOKUP, training, ".table.tsv");
		if (i < TABLES_OTHERS_MAX)
			assert_found(&reply);
		else
			assert_error(&reply, ERR_QUEUE);
		reply = ask_as(&place, OWNER, ASK_LOOKUP, training, ".table.tsv");
		if (i < TABLES_MAX)
			assert_found(&reply);
		else
			assert_error(&reply, ERR_QUEUE);
		snprintf(thing->name, sizeof(thing->name), "name %d", i);
		thing->revision++;
		script_advance(&place.world->script, LIST_MS + 1);
	}
	cloud_world_close(&place);
}

/* An answer of one resource with `n` members beside its Id, or of a page of `n` items: the reply's fault. */
static enum error answer_members(struct cloud_world *place, size_t n)
{
	struct ask ask = { .uid = OWNER };
	struct buf body;

	buf_init(&body, JSON_BYTES_MAX);
	for (size_t i = 0; i < n; i++)
		buf_printf(&body, ",\"Member%zu\":1", i);
	ask_put(&ask, place->world, ASK_LOOKUP, world_find(place->world, "training"), "train-1");
	exchange_tencent(world_only(place->world), "\"TrainingTaskDetail\":{\"Id\":\"train-1\"%s}", body.data);
	while (!ask.answers)
		assert_true(script_step(&place->world->script));
	buf_release(&body);
	return ask.reply.outcome == RESULT_FAILED ? ask.reply.error : ERR_NONE;
}

static enum error answer_page(struct cloud_world *place, size_t n)
{
	struct ask ask = { .uid = OWNER };
	struct buf body;

	buf_init(&body, JSON_BYTES_MAX);
	for (size_t i = 0; i < n; i++)
		buf_printf(&body, "%s{\"Id\":\"train-%zu\"}", i ? "," : "", i);
	ask_put(&ask, place->world, ASK_OPEN, world_find(place->world, "training"), NULL);
	exchange_tencent(world_only(place->world), "\"TotalCount\":%zu,\"TrainingTaskSet\":[%s]", n, body.data);
	while (!ask.answers)
		assert_true(script_step(&place->world->script));
	buf_release(&body);
	return ask.reply.outcome == RESULT_FAILED ? ask.reply.error : ERR_NONE;
}

static void assert_answers(enum error answer(struct cloud_world *place, size_t n), size_t n, enum error error,
	const char *errnum)
{
	struct cloud_world place;

	enter(&place, "tione");
	place.cloud.latency_ms = -1;
	assert_int_equal(answer(&place, n), error);
	assert_text_has(&place, ".describefs/errors", errnum);
	cloud_world_close(&place);
}

static void test_an_answer_is_so_large(void **state)
{
	(void)state;
	assert_answers(answer_members, SNAPSHOT_ENTRIES_MAX - 1, ERR_NONE, "");
	assert_answers(answer_members, SNAPSHOT_ENTRIES_MAX, ERR_TOO_BIG, "a resource is over 8,192 files");
	assert_answers(answer_members, JSON_VALUES_MAX - 8, ERR_TOO_BIG, "a resource is over 8,192 files");
	assert_answers(answer_members, JSON_VALUES_MAX, ERR_TOO_BIG, "80,000 values");
	assert_answers(answer_page, 16384, ERR_NONE, "");
	assert_answers(answer_page, 16385, ERR_TOO_BIG, "a page over 16,384 items");
}

/* A list's item that is too large for one stands in the listing, and is described by a call of its own. */
static void test_a_listed_item_is_so_large(void **state)
{
	struct cloud_world place;
	char *text = xcalloc((2 << 20) + 1, 1);
	struct ask ask = { .uid = OWNER };
	(void)state;

	enter(&place, "tione");
	place.cloud.latency_ms = -1;
	memset(text, 'x', 2 << 20);
	ask_put(&ask, place.world, ASK_OPEN, world_find(place.world, "training"), NULL);
	exchange_tencent(world_only(place.world), "\"TotalCount\":1,\"TrainingTaskSet\":[{\"Id\":\"train-1\","
		"\"Name\":\"%s\"}]", text);
	while (!ask.answers)
		assert_true(script_step(&place.world->script));
	assert_found(&ask.reply);
	ask = (struct ask){ .uid = OWNER };
	ask_put(&ask, place.world, ASK_LOOKUP, world_find(place.world, "training/train-1"), "status");
	exchange_tencent(world_only(place.world), "\"TrainingTaskDetail\":{\"Id\":\"train-1\",\"Status\":\"RUNNING\"}");
	assert_found(&ask.reply);
	assert_cat(place.world, "training/train-1/status", "RUNNING\n");
	free(text);
	cloud_world_close(&place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_so_many_questions_wait_and_the_owner_has_room),
		cmocka_unit_test(test_so_many_made_up_ids_are_known_for_other_users),
		cmocka_unit_test(test_misses_of_made_up_names_do_not_pile_up),
		cmocka_unit_test(test_other_users_events_leave_the_owners),
		cmocka_unit_test(test_so_many_tables_are_kept_open),
		cmocka_unit_test(test_an_answer_is_so_large),
		cmocka_unit_test(test_a_listed_item_is_so_large),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
