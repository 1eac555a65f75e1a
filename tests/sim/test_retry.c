/*
 * test_retry.c - tries, the sleeps between them, and the turn in the rate.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud.h"

enum { LIVE_MS = 15000 };

static void enter_with(struct cloud_world *place, struct setup setup)
{
	cloud_world_open(place, &setup, -1);
	cloud_add_many(&place->cloud, "training", NULL, "train-", 120);
}

static void enter(struct cloud_world *place)
{
	enter_with(place, world_setup());
}

static void put(struct cloud_world *place, struct ask *ask, const char *id)
{
	ask_put(ask, place->world, ASK_LOOKUP, world_find(place->world, "training"), id);
}

static struct exchange *only(struct cloud_world *place)
{
	return world_only(place->world);
}

/* Turns the clock to the next try; how long that was. */
static int64_t wait_for_try(struct cloud_world *place)
{
	int64_t from_ms = place->world->script.now_ms;

	while (!place->world->script.n_waiting)
		assert_true(script_step(&place->world->script));
	return place->world->script.now_ms - from_ms;
}

/* ---- sleeps ---- */

static void test_a_failure_is_tried_again_up_to_the_deadline_with_growing_sleeps(void **state)
{
	static const struct {
		const char *code;
		int64_t first_ms, most_ms; /* bounds of a sleep */
		enum error error;
	} rows[] = { { "InternalError", 100, 2000, ERR_SERVER }, { "FailedOperation.Timedout", 100, 2000, ERR_TIMEOUT },
		{ "RequestLimitExceeded", 500, 4000, ERR_THROTTLED } };
	(void)state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct cloud_world place;
		struct ask ask = { 0 };
		enter(&place);
		put(&place, &ask, "train-0001");
		int64_t bound_ms = rows[i].first_ms;
		while (true) {
			exchange_error(only(&place), rows[i].code);
			if (ask.answers)
				break;
			assert_in_range(wait_for_try(&place), 1, bound_ms + 1);
			bound_ms = bound_ms * 2 < rows[i].most_ms ? bound_ms * 2 : rows[i].most_ms;
		}
		assert_error(&ask.reply, rows[i].error);
		/* the last try had what is worth sending for */
		assert_in_range(ask.answered_ms - ask.asked_ms, DEADLINE_MS * 3 / 4, DEADLINE_MS);
		assert_in_range(world_calls(place.world), 5, 20);
		cloud_world_close(&place);
	}
}

/* Whatever passes within the deadline is seen by no reader: alone, and among others. */
static void test_seconds_of_failures_are_seen_by_no_reader(void **state)
{
	static const char *const codes[] = { "InternalError", "RequestLimitExceeded", "ServiceUnavailable", NULL };
	static const size_t readers[] = { 1, 5, 20, 60 };
	(void)state;

	for (size_t i = 0; i < COUNT(codes) * COUNT(readers); i++) {
		struct cloud_world place;
		struct ask asks[60] = { { 0 } };
		char id[32];
		size_t n = readers[i / COUNT(codes)];
		enter(&place);
		place.cloud.latency_ms = 20;
		place.cloud.fail_code = codes[i % COUNT(codes)];
		place.cloud.fail = codes[i % COUNT(codes)] ? ERR_NONE : ERR_LOST;
		for (size_t k = 0; k < n; k++) {
			snprintf(id, sizeof(id), "train-%04zu", k + 1);
			put(&place, &asks[k], id);
		}
		cloud_world_advance(&place, 4000);
		place.cloud.fail_code = NULL;
		place.cloud.fail = ERR_NONE;
		assert_in_range(world_calls(place.world), n < 5 ? 3 : 10, 60);
		cloud_world_advance(&place, DEADLINE_MS);
		for (size_t k = 0; k < n; k++)
			assert_found(&asks[k].reply);
		cloud_world_close(&place);
	}
}

/* A reader that joins a call which fails again and again waits up to its own deadline. */
static void test_who_comes_later_waits_longer(void **state)
{
	struct cloud_world place;
	struct ask first = { 0 }, later = { 0 };
	(void)state;

	enter(&place);
	place.cloud.latency_ms = 20;
	place.cloud.fail = ERR_REFUSED;
	put(&place, &first, "train-0001");
	cloud_world_advance(&place, 7000);
	put(&place, &later, "train-0001");
	cloud_world_advance(&place, 5000);
	assert_error(&first.reply, ERR_REFUSED);
	assert_int_equal(later.answers, 0);
	place.cloud.fail = ERR_NONE;
	cloud_world_advance(&place, 3000);
	assert_found(&later.reply);
	cloud_world_close(&place);
}

/* What has a last good answer shows it after some tries; the tries go on, and the next reader has a new one. */
static void test_a_last_good_answer_is_not_waited_for(void **state)
{
	struct cloud_world place;
	struct ask ask = { 0 }, next = { 0 };
	(void)state;

	enter(&place);
	place.cloud.latency_ms = 20;
	uint64_t id = world_find(place.world, "training/train-0001");
	cloud_world_advance(&place, LIVE_MS);
	place.cloud.fail_code = "InternalError";
	ask_put(&ask, place.world, ASK_LOOKUP, id, "status");
	cloud_world_advance(&place, 1000);
	assert_found(&ask.reply);
	assert_xattr(place.world, ask.reply.entry.id, "stale", "1");
	ask_put(&next, place.world, ASK_LOOKUP, id, "status");
	assert_found(&next.reply);
	assert_int_equal(next.answered_ms, next.asked_ms);
	place.cloud.fail_code = NULL;
	cloud_world_advance(&place, 3000);
	next = (struct ask){ 0 };
	ask_put(&next, place.world, ASK_LOOKUP, id, "status");
	assert_found(&next.reply);
	assert_xattr(place.world, next.reply.entry.id, "stale", "0");
	cloud_world_close(&place);
}

static void test_a_second_try_that_succeeds_is_all_that_is_seen(void **state)
{
	struct cloud_world place;
	struct ask ask = { 0 };
	(void)state;

	enter(&place);
	put(&place, &ask, "train-0001");
	exchange_fail(only(&place), ERR_LOST);
	wait_for_try(&place);
	cloud_answer(&place.cloud, only(&place));
	assert_found(&ask.reply);
	assert_calls(place.world, 2);
	cloud_world_close(&place);
}

static void test_sleeps_differ_so_that_a_herd_does_not_come_back_together(void **state)
{
	struct cloud_world place;
	struct setup setup = world_setup();
	struct ask asks[20] = { { 0 } };
	int64_t at_ms[20];
	size_t together = 0;
	char id[16];
	(void)state;

	setup.rate = 1000; /* else the rate would have them all wait for the same moment */
	enter_with(&place, setup);
	for (size_t i = 0; i < COUNT(asks); i++) {
		snprintf(id, sizeof(id), "train-%04zu", i + 1);
		put(&place, &asks[i], id);
	}
	for (size_t i = 0; i < COUNT(asks); i++)
		exchange_error(place.world->script.sent[i], "RequestLimitExceeded");
	cloud_world_advance(&place, 3000);
	assert_int_equal(place.world->script.n_sent, 2 * COUNT(asks));
	for (size_t i = 0; i < COUNT(asks); i++)
		at_ms[i] = place.world->script.sent[COUNT(asks) + i]->sent_ms;
	for (size_t i = 1; i < COUNT(asks); i++)
		together += at_ms[i] == at_ms[i - 1];
	assert_in_range(together, 0, COUNT(asks) / 4);
	cloud_world_close(&place);
}

static void say_throttled(struct exchange *exchange, long retry_after_s)
{
	struct response response;

	response_init(&response);
	response.status = 429;
	response.retry_after_s = retry_after_s;
	exchange_answer(exchange, &response);
}

static void test_retry_after_is_waited_for(void **state)
{
	struct cloud_world place;
	struct ask ask = { 0 };
	(void)state;

	enter(&place);
	put(&place, &ask, "train-0001");
	say_throttled(only(&place), 2);
	assert_int_equal(wait_for_try(&place), 2000);
	say_throttled(only(&place), 3);
	assert_int_equal(wait_for_try(&place), 3000);
	cloud_answer(&place.cloud, only(&place));
	assert_found(&ask.reply);
	cloud_world_close(&place);
}

static void test_retry_after_beyond_the_deadline_is_a_failure_at_once(void **state)
{
	struct cloud_world place;
	struct ask ask = { 0 };
	(void)state;

	enter(&place);
	put(&place, &ask, "train-0001");
	cloud_world_advance(&place, 500);
	say_throttled(only(&place), 10);
	assert_error(&ask.reply, ERR_THROTTLED);
	assert_int_equal(ask.answered_ms - ask.asked_ms, 500);
	assert_calls(place.world, 1);
	cloud_world_close(&place);
}

static void test_a_retry_after_of_nonsense_is_not_waited_for(void **state)
{
	static const long nonsense[] = { -1, 0, 1000000000 };
	(void)state;

	for (size_t i = 0; i < COUNT(nonsense); i++) {
		struct cloud_world place;
		struct ask ask = { 0 };
		enter(&place);
		put(&place, &ask, "train-0001");
		say_throttled(only(&place), nonsense[i]);
		assert_in_range(wait_for_try(&place), 1, 501);
		cloud_answer(&place.cloud, only(&place));
		assert_found(&ask.reply);
		cloud_world_close(&place);
	}
}

static void test_no_try_begins_after_the_deadline(void **state)
{
	struct cloud_world place;
	struct ask ask = { 0 };
	(void)state;

	enter(&place);
	put(&place, &ask, "train-0001");
	assert_int_equal(only(&place)->timeout_ms, DEADLINE_MS);
	cloud_world_advance(&place, DEADLINE_MS - 1);
	exchange_error(only(&place), "InternalError");
	assert_error(&ask.reply, ERR_SERVER);
	cloud_world_advance(&place, DEADLINE_MS);
	assert_calls(place.world, 1);
	cloud_world_close(&place);
}

static void test_a_later_try_gets_what_is_left_of_the_deadline(void **state)
{
	struct cloud_world place;
	struct ask ask = { 0 };
	(void)state;

	enter(&place);
	put(&place, &ask, "train-0001");
	cloud_world_advance(&place, 6000);
	exchange_fail(only(&place), ERR_LOST);
	int64_t slept_ms = wait_for_try(&place);
	assert_int_equal(only(&place)->timeout_ms, DEADLINE_MS - 6000 - slept_ms);
	cloud_world_advance(&place, only(&place)->timeout_ms);
	assert_error(&ask.reply, ERR_TIMEOUT);
	assert_int_equal(ask.answered_ms - ask.asked_ms, DEADLINE_MS);
	cloud_world_close(&place);
}

/* A try that sleeps has no claim on the rate until it wakes. */
static void test_a_sleeping_try_does_not_hold_up_others(void **state)
{
	struct cloud_world place;
	struct ask sleeper = { 0 }, others[60] = { { 0 } };
	char id[16];
	(void)state;

	enter(&place);
	put(&place, &sleeper, "train-0100");
	say_throttled(only(&place), 8);
	cloud_world_advance(&place, 2000); /* nothing of the last second is left */
	place.cloud.latency_ms = 1;
	for (size_t i = 0; i < COUNT(others); i++) {
		snprintf(id, sizeof(id), "train-%04zu", i + 1);
		put(&place, &others[i], id);
	}
	cloud_world_advance(&place, 2500); /* 60 at 20 a second */
	for (size_t i = 0; i < COUNT(others); i++)
		assert_int_equal(others[i].answers, 1);
	assert_int_equal(sleeper.answers, 0);
	cloud_world_advance(&place, 5000);
	assert_found(&sleeper.reply);
	cloud_world_close(&place);
}

/* ---- the queue ---- */

static void test_a_queue_longer_than_the_deadline_is_waited_in_up_to_it(void **state)
{
	struct cloud_world place;
	struct setup setup = world_setup();
	struct ask asks[12] = { { 0 } };
	size_t refused = 0;
	char id[16];
	(void)state;

	setup.rate = 1;
	enter_with(&place, setup);
	place.cloud.latency_ms = 0;
	for (size_t i = 0; i < COUNT(asks); i++) {
		snprintf(id, sizeof(id), "train-%04zu", i + 1);
		put(&place, &asks[i], id);
		assert_true(i == 0 || !asks[i].answers);
	}
	cloud_world_advance(&place, DEADLINE_MS);
	for (size_t i = 0; i < COUNT(asks); i++) {
		if (asks[i].reply.outcome == RESULT_FOUND)
			continue;
		assert_error(&asks[i].reply, ERR_QUEUE);
		assert_int_equal(error_errno(asks[i].reply.error), 16); /* EBUSY */
		assert_in_range(asks[i].answered_ms - asks[i].asked_ms, DEADLINE_MS * 7 / 8, DEADLINE_MS);
		refused++;
	}
	assert_int_equal(refused, 3); /* one a second, and ten seconds, of which the last is for the answer */
	assert_calls(place.world, COUNT(asks) - refused);
	char *errors = world_cat(place.world, ".describefs/errors");
	assert_non_null(strstr(errors, "xargs -P"));
	assert_non_null(strstr(errors, "raise -o rate or -o deadline"));
	free(errors);
	cloud_world_close(&place);
}

/* Each reader asks for the next thing as soon as he has an answer, good or not: as xargs -P does. */
static void test_more_readers_than_the_rate_has_room_for_are_paced(void **state)
{
	enum { READERS = 260, THINGS = 800 };
	static struct ask asks[READERS];
	struct setup setup = world_setup();
	struct cloud_world place;
	size_t next = 0, found = 0, busy = 0, waiting;
	char id[16];
	(void)state;

	setup.deadline_ms = 15000;
	cloud_world_open(&place, &setup, 20);
	cloud_add_many(&place.cloud, "training", NULL, "train-", THINGS);
	memset(asks, 0, sizeof(asks));
	do {
		waiting = 0;
		for (size_t i = 0; i < READERS; i++) {
			if (asks[i].answers) {
				found += asks[i].reply.outcome == RESULT_FOUND;
				busy += asks[i].reply.outcome == RESULT_FAILED;
				asks[i] = (struct ask){ 0 };
			}
			if (!asks[i].world && next < THINGS) {
				snprintf(id, sizeof(id), "train-%04zu", ++next);
				put(&place, &asks[i], id);
			}
			waiting += asks[i].world != NULL;
		}
		cloud_world_advance(&place, 10);
	} while (waiting);
	assert_int_equal(found + busy, THINGS);
	assert_in_range(found, THINGS * 95 / 100, THINGS);
	cloud_world_close(&place);
}

/* Another user's thousand names take the other user's share of the rate, and no more. */
static void test_users_take_turns(void **state)
{
	enum { OTHERS = 1000 };
	static struct ask others[OTHERS];
	struct cloud_world place;
	struct ask ask = { .uid = 1000 }, joined = { .uid = 1000 };
	char id[24];
	(void)state;

	enter(&place);
	place.cloud.latency_ms = 20;
	memset(others, 0, sizeof(others));
	for (size_t i = 0; i < OTHERS; i++) {
		others[i].uid = 1001;
		snprintf(id, sizeof(id), "train-9%04zu", i);
		put(&place, &others[i], id);
	}
	cloud_world_advance(&place, 500);
	put(&place, &ask, "train-0001");
	cloud_world_advance(&place, 700);
	assert_found(&ask.reply);
	/* also for what the other user has put far behind in the queue */
	put(&place, &joined, "train-90900");
	cloud_world_advance(&place, 1200);
	assert_absent(&joined.reply);
	/* two users have half the rate each */
	struct ask mine[40] = { { 0 } };
	for (size_t i = 0; i < COUNT(mine); i++) {
		mine[i].uid = 1000;
		snprintf(id, sizeof(id), "train-%04zu", i + 2);
		put(&place, &mine[i], id);
	}
	cloud_world_advance(&place, 5000);
	for (size_t i = 0; i < COUNT(mine); i++)
		assert_found(&mine[i].reply);
	/* and what the other user's names failed with leaves room for other lines */
	char *errors = world_cat(place.world, ".describefs/errors");
	size_t lines = 0;
	for (const char *at = errors; (at = strchr(at, '\n')); at++)
		lines++;
	assert_in_range(lines, 1, 4);
	free(errors);
	for (size_t i = 0; i < OTHERS; i++)
		if (others[i].wait)
			ask_cancel(&others[i]);
	cloud_world_advance(&place, 100);
	assert_in_range(engine_stats(place.world->engine).in_flight, 0, 25); /* calls without a reader are not queued */
	cloud_world_close(&place);
}

static void test_a_full_queue_serves_the_last_good_answer(void **state)
{
	struct cloud_world place;
	struct setup setup = world_setup();
	struct ask asks[40] = { { 0 } };
	char id[16];
	(void)state;

	setup.rate = 1;
	enter_with(&place, setup);
	place.cloud.latency_ms = 0;
	assert_cat(place.world, "training/train-0001/status", "RUNNING\n");
	cloud_world_advance(&place, LIVE_MS);
	for (size_t i = 0; i < COUNT(asks); i++) {
		snprintf(id, sizeof(id), "train-%04zu", i + 2);
		put(&place, &asks[i], id);
	}
	world_calls(place.world);
	struct reply reply = world_ask(place.world, ASK_LOOKUP,
		world_find(place.world, "training/train-0001"), "status");
	assert_found(&reply);
	assert_xattr(place.world, reply.entry.id, "stale", "1");
	assert_calls(place.world, 0);
	cloud_world_close(&place);
}

/* Over any second no more than the rate, whatever is asked and fails. */
static void assert_polite(const struct world *world, size_t rate)
{
	const struct script *script = &world->script;

	for (size_t i = rate; i < script->n_sent; i++) {
		int64_t apart_ms = script->sent[i]->sent_ms - script->sent[i - rate]->sent_ms;
		if (apart_ms <= 1000)
			fail_msg("calls %zu to %zu came within %lld ms", i - rate, i, (long long)apart_ms);
	}
}

/* promise: 5 */
static void test_no_second_holds_more_calls_than_the_rate(void **state)
{
	static const double rates[] = { 20, 7, 2.5, 1 };
	unsigned seed = 1;
	(void)state;

	for (size_t r = 0; r < COUNT(rates); r++) {
		struct cloud_world place;
		struct setup setup = world_setup();
		struct ask *asks = xcalloc(400, sizeof(*asks));
		char id[16];
		setup.rate = rates[r];
		enter_with(&place, setup);
		for (size_t i = 0; i < 400; i++) {
			snprintf(id, sizeof(id), "train-%04d", rand_r(&seed) % 120 + 1);
			put(&place, &asks[i], id);
			cloud_world_advance(&place, rand_r(&seed) % 120);
			while (place.world->script.n_waiting) {
				struct exchange *exchange = script_waiting(&place.world->script, 0);
				if (rand_r(&seed) % 4 == 0)
					say_throttled(exchange, rand_r(&seed) % 3);
				else
					cloud_answer(&place.cloud, exchange);
			}
		}
		cloud_world_advance(&place, 3 * DEADLINE_MS);
		assert_true(place.world->script.n_sent > 25);
		assert_polite(place.world, (size_t)rates[r]);
		cloud_world_close(&place);
		free(asks);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_failure_is_tried_again_up_to_the_deadline_with_growing_sleeps),
		cmocka_unit_test(test_seconds_of_failures_are_seen_by_no_reader),
		cmocka_unit_test(test_who_comes_later_waits_longer),
		cmocka_unit_test(test_a_last_good_answer_is_not_waited_for),
		cmocka_unit_test(test_a_second_try_that_succeeds_is_all_that_is_seen),
		cmocka_unit_test(test_sleeps_differ_so_that_a_herd_does_not_come_back_together),
		cmocka_unit_test(test_retry_after_is_waited_for),
		cmocka_unit_test(test_retry_after_beyond_the_deadline_is_a_failure_at_once),
		cmocka_unit_test(test_a_retry_after_of_nonsense_is_not_waited_for),
		cmocka_unit_test(test_no_try_begins_after_the_deadline),
		cmocka_unit_test(test_a_later_try_gets_what_is_left_of_the_deadline),
		cmocka_unit_test(test_a_sleeping_try_does_not_hold_up_others),
		cmocka_unit_test(test_a_queue_longer_than_the_deadline_is_waited_in_up_to_it),
		cmocka_unit_test(test_more_readers_than_the_rate_has_room_for_are_paced),
		cmocka_unit_test(test_users_take_turns),
		cmocka_unit_test(test_a_full_queue_serves_the_last_good_answer),
		cmocka_unit_test(test_no_second_holds_more_calls_than_the_rate),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
