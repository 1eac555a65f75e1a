/*
 * test_outage.c - a cloud that is down, with a thousand readers: what they get, what it costs, how it ends.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud.h"

enum { READERS = 1000, MINUTES = 5, LATENCY_MS = 50 };

struct place {
	struct world *world;
	struct cloud cloud;
	uint64_t training;
	struct ask asks[READERS];
	unsigned seed;
};

static struct place *enter(double rate)
{
	struct place *place = xcalloc(1, sizeof(*place));
	struct setup setup = world_setup();

	setup.rate = rate;
	place->world = world_open(&setup);
	cloud_open(&place->cloud, place->world, LATENCY_MS);
	cloud_add_many(&place->cloud, "training", NULL, "train-", READERS);
	place->training = world_find(place->world, "training");
	place->seed = 1;
	return place;
}

static void leave(struct place *place)
{
	world_close(place->world);
	cloud_close(&place->cloud);
	free(place);
}

/* Each reader that has its answer asks for another thing, so all of them ask all the time. */
static void ask_all(struct place *place)
{
	char id[32];

	for (size_t i = 0; i < READERS; i++) {
		if (place->asks[i].wait)
			continue;
		snprintf(id, sizeof(id), "train-%04d", 1 + (int)(rand_r(&place->seed) % READERS));
		ask_put(&place->asks[i], place->world, ASK_LOOKUP, place->training, id);
	}
}

static void read_for(struct place *place, int64_t ms)
{
	for (int64_t at = 0; at < ms; at += 100) {
		ask_all(place);
		script_advance(&place->world->script, 100);
	}
}

/* promise: 5 */
static void test_five_minutes_of_outage_cost_a_hundred_and_fifty_calls(void **state)
{
	static const enum error errors[] = { ERR_REFUSED, ERR_TLS, ERR_NO_HOST, ERR_LOST, ERR_NONE };
	(void)state;

	for (size_t i = 0; i <= COUNT(errors); i++) {
		struct place *place = enter(0);
		if (i == COUNT(errors))
			place->cloud.latency_ms = -1; /* says nothing at all */
		else if (errors[i])
			place->cloud.fail = errors[i];
		else
			place->cloud.fail_code = "InternalError";
		read_for(place, MINUTES * 60 * 1000);
		assert_in_range(world_calls(place->world), 5, 150);
		/* and when it is there again: within the next probe, at the rate, and all are served */
		place->cloud.fail = ERR_NONE;
		place->cloud.fail_code = NULL;
		place->cloud.latency_ms = LATENCY_MS;
		size_t n = place->world->script.n_sent;
		read_for(place, i == COUNT(errors) ? 16000 : 6000);
		assert_true(place->world->script.n_sent > n + 10);
		read_for(place, 20000);
		for (size_t k = 20 + n; k < place->world->script.n_sent; k++)
			assert_true(place->world->script.sent[k]->sent_ms -
				place->world->script.sent[k - 20]->sent_ms > 1000);
		assert_in_range(place->world->script.n_sent - n, 20 * 15, 20 * 40);
		script_advance(&place->world->script, 11000);
		for (size_t k = 1; k < 20; k++) {
			char path[40];
			snprintf(path, sizeof(path), "training/train-%04zu/remark", k);
			assert_cat(place->world, path, "");
		}
		leave(place);
	}
}

/* Each reader is answered at once, and cached data is served. */
static void test_while_it_is_down_no_reader_waits(void **state)
{
	struct place *place = enter(10000);
	struct ask ask = { 0 };
	(void)state;

	uint64_t kept = world_find(place->world, "training/train-0001");
	script_advance(&place->world->script, 20000);
	place->cloud.fail = ERR_NO_HOST;
	read_for(place, 3000);
	ask_put(&ask, place->world, ASK_LOOKUP, place->training, "train-0999");
	assert_error(&ask.reply, ERR_NO_HOST);
	ask_put(&ask, place->world, ASK_LOOKUP, kept, "status");
	assert_found(&ask.reply);
	leave(place);
}

/* Retries hide a moment of bad answers from every reader, whatever the load. */
static void test_a_moment_of_failure_is_seen_by_no_reader(void **state)
{
	struct place *place = enter(10000);
	size_t failed = 0;
	(void)state;

	ask_all(place);
	for (size_t i = 0; i < 90; i++) /* as many as the bucket has tries for */
		exchange_error(place->world->script.sent[i], "InternalError");
	script_advance(&place->world->script, 5000);
	for (size_t i = 0; i < READERS; i++)
		failed += place->asks[i].reply.outcome != RESULT_FOUND;
	assert_int_equal(place->world->unanswered, 0);
	assert_int_equal(failed, 0);
	leave(place);
}

/* One thing that is broken among many that are not. */
static void test_one_broken_thing_hides_no_other(void **state)
{
	struct place *place = enter(10000);
	struct ask ask;
	(void)state;

	place->cloud.latency_ms = -1;
	for (int round = 0; round < 40; round++) {
		for (int i = 1; i <= 20; i++) {
			char id[32];
			snprintf(id, sizeof(id), "train-%04d", round * 20 + i);
			ask = (struct ask){ 0 };
			ask_put(&ask, place->world, ASK_LOOKUP, place->training, id);
			while (!ask.answers) {
				while (!place->world->script.n_waiting)
					assert_true(script_step(&place->world->script));
				struct exchange *exchange = script_waiting(&place->world->script, 0);
				if (i == 7)
					exchange_error(exchange, "InternalError");
				else
					cloud_answer(&place->cloud, exchange);
			}
			assert_int_equal(ask.reply.outcome, i == 7 ? RESULT_FAILED : RESULT_FOUND);
		}
	}
	leave(place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_five_minutes_of_outage_cost_a_hundred_and_fifty_calls),
		cmocka_unit_test(test_while_it_is_down_no_reader_waits),
		cmocka_unit_test(test_a_moment_of_failure_is_seen_by_no_reader),
		cmocka_unit_test(test_one_broken_thing_hides_no_other),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
