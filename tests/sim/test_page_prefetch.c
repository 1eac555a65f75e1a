/*
 * test_page_prefetch.c - pages that are requested ahead, and readers that follow a list while it is read.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud.h"

enum { LATENCY_MS = 100, PAGE = 50, LIST_MS = 30000 };

struct place {
	struct world *world;
	struct cloud cloud;
	uint64_t training;
};

static void enter(struct place *place, size_t n_tasks, double rate)
{
	struct setup setup = world_setup();

	setup.rate = rate;
	place->world = world_open(&setup);
	cloud_open(&place->cloud, place->world, LATENCY_MS);
	cloud_add_many(&place->cloud, "training", NULL, "train-", n_tasks);
	place->training = world_find(place->world, "training");
}

static void leave(struct place *place)
{
	world_close(place->world);
	cloud_close(&place->cloud);
}

/* One READDIR: appends the names that there are, and moves the cookie. False: the end, or *fault. */
static bool read_some(struct place *place, uint64_t *cookie, size_t most, struct buf *names,
	enum error *error)
{
	struct reply reply = world_read(place->world, place->training, *cookie);
	struct query_time query = { .now_ms = place->world->script.now_ms, .since_ms = 0 };
	struct entry entry;
	const char *name;
	size_t n = 0;

	*error = reply.outcome == RESULT_FAILED ? reply.error : ERR_NONE;
	if (*error)
		return false;
	*cookie = reply.cookie;
	while (n < most &&
			tree_next(place->world->tree, place->training, cookie, &name, &entry, query)) {
		buf_printf(names, "%s ", name);
		n++;
	}
	return n;
}

/* Reads to the end; the number of names, each of which came once. */
static size_t read_all(struct place *place, struct buf *names)
{
	uint64_t cookie = 0;
	enum error error;
	size_t n = 0;

	while (read_some(place, &cookie, 7, names, &error))
		;
	assert_int_equal(error, ERR_NONE);
	for (const char *at = names->data; *at; at += strcspn(at, " ") + 1, n++) {
		char name[64];
		snprintf(name, sizeof(name), "%.*s ", (int)strcspn(at, " "), at);
		const char *again = strstr(at + strlen(name), name);
		assert_true(!again || again[-1] != ' ');
	}
	return n;
}

static void test_a_long_list_takes_what_the_rate_allows_and_not_a_round_trip_a_page(void **state)
{
	struct place place;
	(void)state;

	enter(&place, 2000, 200);
	int64_t began_ms = place.world->script.now_ms;
	assert_int_equal(world_count(place.world, "training"), 2000);
	assert_in_range(place.world->script.now_ms - began_ms, 2 * LATENCY_MS, 4 * LATENCY_MS);
	assert_calls(place.world, 40); /* and not one more */
	leave(&place);

	enter(&place, 2000, 20);
	began_ms = place.world->script.now_ms;
	assert_int_equal(world_count(place.world, "training"), 2000);
	assert_in_range(place.world->script.now_ms - began_ms, 1000, 1300);
	assert_calls(place.world, 40);
	leave(&place);
}

static void test_the_first_names_come_with_the_first_page(void **state)
{
	struct place place;
	struct buf names;
	uint64_t cookie = 0;
	enum error error;
	(void)state;

	enter(&place, 20000, 20);
	buf_init(&names, SIZE_MAX);
	int64_t began_ms = place.world->script.now_ms;
	assert_true(read_some(&place, &cookie, 10, &names, &error));
	assert_int_equal(place.world->script.now_ms - began_ms, LATENCY_MS);
	assert_memory_equal(names.data, "train-0001 train-0002 ", 22);
	buf_clear(&names);
	/* twice as long as a reader waits for one answer */
	assert_int_equal(read_all(&place, &names), 20000);
	assert_in_range(place.world->script.now_ms - began_ms, 19000, 21000);
	assert_calls(place.world, 400);
	buf_release(&names);
	leave(&place);
}

/* A reader that wants the whole list, or begins when it is complete, sees no half of it. */
static void test_a_reader_that_does_not_follow_sees_the_old_listing_until_the_new_one_is_whole(void **state)
{
	struct place place;
	struct ask follower = { 0 };
	struct buf names;
	uint64_t cookie = 0;
	enum error error;
	(void)state;

	enter(&place, 90, 1);
	assert_int_equal(world_count(place.world, "training"), 90);
	buf_init(&names, SIZE_MAX);
	assert_true(read_some(&place, &cookie, 10, &names, &error)); /* of the old one */
	cloud_add_many(&place.cloud, "training", NULL, "train-x", 10);
	cloud_thing(&place.cloud, "train-0040")->gone = true;
	script_advance(&place.world->script, LIST_MS);
	ask_read(&follower, place.world, place.training, 0);
	script_advance(&place.world->script, LATENCY_MS);
	assert_found(&follower.reply); /* with the first page */
	while (read_some(&place, &cookie, 10, &names, &error)) /* does not wait for the second */
		;
	assert_non_null(strstr(names.data, "train-0040 "));
	assert_non_null(strstr(names.data, "train-0090 "));
	assert_null(strstr(names.data, "train-x"));
	script_advance(&place.world->script, 1500);
	buf_clear(&names);
	assert_int_equal(read_all(&place, &names), 99);
	buf_release(&names);
	leave(&place);
}

static void test_a_follower_meets_what_this_reading_met_and_nothing_that_went(void **state)
{
	struct place place;
	struct buf names;
	(void)state;

	enter(&place, 90, 20);
	assert_int_equal(world_count(place.world, "training"), 90);
	for (int i = 10; i <= 90; i += 10) {
		char id[32];
		snprintf(id, sizeof(id), "train-%04d", i);
		cloud_thing(&place.cloud, id)->gone = true;
	}
	cloud_add_many(&place.cloud, "training", NULL, "train-x", 5);
	script_advance(&place.world->script, LIST_MS);
	buf_init(&names, SIZE_MAX);
	assert_int_equal(read_all(&place, &names), 86);
	assert_null(strstr(names.data, "0 "));
	assert_non_null(strstr(names.data, "train-x0005 "));
	buf_release(&names);
	leave(&place);
}

static void test_a_list_that_fails_in_the_middle_is_an_error_for_its_followers(void **state)
{
	struct place place;
	struct buf names;
	uint64_t cookie = 0;
	enum error error;
	(void)state;

	enter(&place, 500, 1);
	buf_init(&names, SIZE_MAX);
	assert_true(read_some(&place, &cookie, 10, &names, &error));
	place.cloud.fail = ERR_TLS;
	while (read_some(&place, &cookie, 10, &names, &error))
		;
	assert_int_equal(error, ERR_TLS);
	/* a reader that comes back to the same cookie continues there: no name comes twice */
	place.cloud.fail = ERR_NONE;
	script_advance(&place.world->script, 5000);
	assert_true(read_some(&place, &cookie, 500, &names, &error));
	while (read_some(&place, &cookie, 500, &names, &error))
		;
	assert_int_equal(error, ERR_NONE);
	size_t n = 0;
	for (const char *at = names.data; *at; at++)
		n += *at == ' ';
	assert_int_equal(n, 500);
	buf_release(&names);
	leave(&place);
}

/* Whatever comes and goes while pages come: what stands the whole time comes once. */
static void test_whatever_happens_meanwhile_what_stands_comes_once(void **state)
{
	unsigned seed = 7;
	(void)state;

	for (int round = 0; round < 60; round++) {
		struct place place;
		struct buf names;
		uint64_t cookie = 0;
		enum error error;
		char id[32];
		enter(&place, 300, rand_r(&seed) % 2 ? 20 : 2);
		if (rand_r(&seed) % 2) { /* half of them over a listing that stood before */
			world_count(place.world, "training");
			script_advance(&place.world->script, LIST_MS + 700 * 1000);
		}
		buf_init(&names, SIZE_MAX);
		for (int step = 0; read_some(&place, &cookie, 40, &names, &error); step++) {
			if (!step) { /* a first sign: from then on changes may make up for each other */
				cloud_add(&place.cloud, "training", NULL, "train-first");
			} else if (rand_r(&seed) % 3 == 0) {
				snprintf(id, sizeof(id), "train-%04d", 10 * (1 + (int)(rand_r(&seed) % 30)));
				cloud_thing(&place.cloud, id)->gone = true;
			} else {
				snprintf(id, sizeof(id), "train-y%d", step);
				cloud_add(&place.cloud, "training", NULL, id);
			}
			script_advance(&place.world->script, 150 + rand_r(&seed) % 300);
		}
		assert_int_equal(error, ERR_NONE);
		for (int i = 1; i <= 300; i++) {
			if (i % 10 == 0)
				continue;
			snprintf(id, sizeof(id), "train-%04d ", i);
			const char *at = strstr(names.data, id);
			if (!at || strstr(at + 1, id))
				fail_msg("round %d: %s came %s", round, id, at ? "twice" : "not at all");
		}
		buf_release(&names);
		leave(&place);
	}
}

/* ---- the rate, as the server counts it ---- */

static int64_t slow_at_first(const struct exchange *exchange)
{
	return exchange->number < 30 ? 100 + (int64_t)(exchange->number * 37 % 250) : 0;
}

/* promise: 5 */
static void test_connections_that_take_their_time_do_not_make_a_burst_of_two_seconds(void **state)
{
	struct place place;
	(void)state;

	enter(&place, 3000, 20);
	place.world->script.connect_ms = slow_at_first;
	world_count(place.world, "training");
	const struct script *script = &place.world->script;
	assert_int_equal(script->n_sent, 60);
	for (size_t i = 0; i < script->n_sent; i++) {
		size_t n = 0;
		int64_t from_ms = script->sent[i]->wire_ms;
		for (size_t j = 0; j < script->n_sent; j++)
			n += script->sent[j]->wire_ms >= from_ms && script->sent[j]->wire_ms < from_ms + 1000;
		assert_in_range(n, 1, 20);
	}
	leave(&place);
}

static void test_who_finds_no_room_in_the_rate_waits_for_it_up_to_the_deadline(void **state)
{
	static struct ask asks[400];
	struct place place;
	size_t busy = 0, found = 0;
	(void)state;

	enter(&place, 400, 20);
	memset(asks, 0, sizeof(asks));
	for (size_t i = 0; i < COUNT(asks); i++) {
		char id[32];
		snprintf(id, sizeof(id), "train-%04zu", i + 1);
		ask_put(&asks[i], place.world, ASK_LOOKUP, place.training, id);
		assert_int_equal(asks[i].answers, 0);
	}
	script_advance(&place.world->script, 10000);
	for (size_t i = 0; i < COUNT(asks); i++)
		busy += asks[i].answers && asks[i].reply.outcome == RESULT_FAILED &&
			asks[i].reply.error == ERR_QUEUE && asks[i].answered_ms - asks[i].asked_ms >= 8750;
	assert_in_range(busy, 190, 230); /* 20 a second, for 10 s */
	for (size_t i = 0; i < COUNT(asks); i++)
		found += asks[i].answers && asks[i].reply.outcome == RESULT_FOUND;
	assert_in_range(found, 175, 210);
	assert_int_equal(place.world->unanswered, 0);
	leave(&place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_long_list_takes_what_the_rate_allows_and_not_a_round_trip_a_page),
		cmocka_unit_test(test_the_first_names_come_with_the_first_page),
		cmocka_unit_test(test_a_reader_that_does_not_follow_sees_the_old_listing_until_the_new_one_is_whole),
		cmocka_unit_test(test_a_follower_meets_what_this_reading_met_and_nothing_that_went),
		cmocka_unit_test(test_a_list_that_fails_in_the_middle_is_an_error_for_its_followers),
		cmocka_unit_test(test_whatever_happens_meanwhile_what_stands_comes_once),
		cmocka_unit_test(test_connections_that_take_their_time_do_not_make_a_burst_of_two_seconds),
		cmocka_unit_test(test_who_finds_no_room_in_the_rate_waits_for_it_up_to_the_deadline),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
