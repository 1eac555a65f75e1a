/*
 * test_retry.c - tries, sleeps, the clock, the token, the queue and the deadline.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud.h"

enum { LIVE_MS = 15000, LIST_MS = 30000 };

struct place {
	struct world *world;
	struct cloud cloud;
	unsigned reloads;
	bool reload_fails;
};

static bool reload(void *arg, struct credentials *out)
{
	struct place *place = arg;
	char id[] = "AKIDnew", secret[] = "new-secret", token[] = "new-token";
	struct credentials fresh = { id, secret, token };

	place->reloads++;
	if (place->reload_fails)
		return false;
	credentials_copy(out, &fresh);
	return true;
}

static void enter_with(struct place *place, struct setup setup)
{
	*place = (struct place){ 0 };
	setup.reload = reload;
	setup.reload_arg = place;
	place->world = world_open(&setup);
	cloud_open(&place->cloud, place->world, -1);
	cloud_add_many(&place->cloud, "training", NULL, "train-", 120);
}

static void enter(struct place *place)
{
	enter_with(place, world_setup());
}

static void leave(struct place *place)
{
	world_close(place->world);
	cloud_close(&place->cloud);
}

static void advance(struct place *place, int64_t ms)
{
	script_advance(&place->world->script, ms);
}

static void put(struct place *place, struct ask *ask, const char *id)
{
	ask_put(ask, place->world, ASK_LOOKUP, world_find(place->world, "training"), id);
}

static void put_list(struct place *place, struct ask *ask)
{
	ask_put(ask, place->world, ASK_OPEN, world_find(place->world, "training"), NULL);
}

static struct exchange *only(struct place *place)
{
	return world_only(place->world);
}

static int64_t timestamp(const struct exchange *exchange)
{
	return strtoll(exchange_header(exchange, "X-TC-Timestamp"), NULL, 10);
}

/* Turns the clock to the next try; how long that was. */
static int64_t wait_for_try(struct place *place)
{
	int64_t from_ms = place->world->script.now_ms;

	while (!place->world->script.n_waiting)
		assert_true(script_step(&place->world->script));
	return place->world->script.now_ms - from_ms;
}

/* ---- sleeps ---- */

static void test_a_passing_failure_is_tried_three_times_with_short_sleeps(void **state)
{
	static const struct {
		const char *code;
		int64_t first_ms, second_ms; /* bounds */
		enum fault fault;
	} rows[] = { { "InternalError", 100, 200, FAULT_SERVER },
		{ "RequestLimitExceeded", 500, 1000, FAULT_THROTTLED } };
	(void)state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct place place;
		struct ask ask = { 0 };
		enter(&place);
		put(&place, &ask, "train-0001");
		exchange_error(only(&place), rows[i].code);
		assert_in_range(wait_for_try(&place), 1, rows[i].first_ms + 1);
		exchange_error(only(&place), rows[i].code);
		assert_in_range(wait_for_try(&place), 1, rows[i].second_ms + 1);
		assert_int_equal(ask.answers, 0);
		exchange_error(only(&place), rows[i].code);
		assert_fault(&ask.reply, rows[i].fault);
		assert_calls(place.world, 3);
		assert_int_equal(engine_stats(place.world->engine).retries, 2);
		leave(&place);
	}
}

static void test_a_second_try_that_succeeds_is_all_that_is_seen(void **state)
{
	struct place place;
	struct ask ask = { 0 };
	(void)state;

	enter(&place);
	put(&place, &ask, "train-0001");
	exchange_fail(only(&place), FAULT_LOST);
	wait_for_try(&place);
	cloud_answer(&place.cloud, only(&place));
	assert_found(&ask.reply);
	assert_calls(place.world, 2);
	leave(&place);
}

static void test_sleeps_differ_so_that_a_herd_does_not_come_back_together(void **state)
{
	struct place place;
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
	advance(&place, 3000);
	assert_int_equal(place.world->script.n_sent, 2 * COUNT(asks));
	for (size_t i = 0; i < COUNT(asks); i++)
		at_ms[i] = place.world->script.sent[COUNT(asks) + i]->sent_ms;
	for (size_t i = 1; i < COUNT(asks); i++)
		together += at_ms[i] == at_ms[i - 1];
	assert_in_range(together, 0, COUNT(asks) / 4);
	leave(&place);
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
	struct place place;
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
	leave(&place);
}

static void test_retry_after_beyond_the_deadline_is_a_failure_at_once(void **state)
{
	struct place place;
	struct ask ask = { 0 };
	(void)state;

	enter(&place);
	put(&place, &ask, "train-0001");
	advance(&place, 500);
	say_throttled(only(&place), 10);
	assert_fault(&ask.reply, FAULT_THROTTLED);
	assert_int_equal(ask.answered_ms - ask.asked_ms, 500);
	assert_calls(place.world, 1);
	leave(&place);
}

static void test_a_retry_after_of_nonsense_is_not_waited_for(void **state)
{
	static const long nonsense[] = { -1, 0, 1000000000 };
	(void)state;

	for (size_t i = 0; i < COUNT(nonsense); i++) {
		struct place place;
		struct ask ask = { 0 };
		enter(&place);
		put(&place, &ask, "train-0001");
		say_throttled(only(&place), nonsense[i]);
		assert_in_range(wait_for_try(&place), 1, 501);
		cloud_answer(&place.cloud, only(&place));
		assert_found(&ask.reply);
		leave(&place);
	}
}

static void test_no_try_begins_after_the_deadline(void **state)
{
	struct place place;
	struct ask ask = { 0 };
	(void)state;

	enter(&place);
	put(&place, &ask, "train-0001");
	assert_int_equal(only(&place)->timeout_ms, DEADLINE_MS);
	advance(&place, DEADLINE_MS - 1);
	exchange_error(only(&place), "InternalError");
	assert_fault(&ask.reply, FAULT_SERVER);
	advance(&place, DEADLINE_MS);
	assert_calls(place.world, 1);
	leave(&place);
}

static void test_a_later_try_gets_what_is_left_of_the_deadline(void **state)
{
	struct place place;
	struct ask ask = { 0 };
	(void)state;

	enter(&place);
	put(&place, &ask, "train-0001");
	advance(&place, 6000);
	exchange_fail(only(&place), FAULT_LOST);
	int64_t slept_ms = wait_for_try(&place);
	assert_int_equal(only(&place)->timeout_ms, DEADLINE_MS - 6000 - slept_ms);
	advance(&place, only(&place)->timeout_ms);
	assert_fault(&ask.reply, FAULT_TIMEOUT);
	assert_int_equal(ask.answered_ms - ask.asked_ms, DEADLINE_MS);
	leave(&place);
}

/* A try that sleeps has no claim on the rate until it wakes. */
static void test_a_sleeping_try_does_not_hold_up_others(void **state)
{
	struct place place;
	struct ask sleeper = { 0 }, others[60] = { { 0 } };
	char id[16];
	(void)state;

	enter(&place);
	put(&place, &sleeper, "train-0100");
	say_throttled(only(&place), 8);
	advance(&place, 2000); /* nothing of the last second is left */
	place.cloud.latency_ms = 1;
	for (size_t i = 0; i < COUNT(others); i++) {
		snprintf(id, sizeof(id), "train-%04zu", i + 1);
		put(&place, &others[i], id);
	}
	advance(&place, 2500); /* 60 at 20 a second */
	for (size_t i = 0; i < COUNT(others); i++)
		assert_int_equal(others[i].answers, 1);
	assert_int_equal(sleeper.answers, 0);
	advance(&place, 5000);
	assert_found(&sleeper.reply);
	leave(&place);
}

/* ---- the clock ---- */

static void test_a_wrong_clock_is_learned_once_from_the_answers_date(void **state)
{
	static const int64_t steps_s[] = { 3600, -3600, 90000, -90000, 400 };
	(void)state;

	for (size_t i = 0; i < COUNT(steps_s); i++) {
		struct place place;
		struct ask ask = { 0 }, next = { 0 };
		enter(&place);
		place.world->script.wall_step_s = steps_s[i];
		put(&place, &ask, "train-0001");
		assert_int_equal(timestamp(only(&place)), WALL_S + steps_s[i]);
		exchange_error(only(&place), "AuthFailure.SignatureExpire");
		assert_int_equal(timestamp(only(&place)), script_server_s(&place.world->script));
		cloud_answer(&place.cloud, only(&place));
		assert_found(&ask.reply);
		assert_int_equal(engine_stats(place.world->engine).clock_offset_s, -steps_s[i]);
		advance(&place, 5000);
		put(&place, &next, "train-0002");
		assert_int_equal(timestamp(only(&place)), script_server_s(&place.world->script));
		cloud_answer(&place.cloud, only(&place));
		assert_calls(place.world, 3); /* one more than the work, for the whole process */
		leave(&place);
	}
}

static void test_calls_that_were_signed_before_the_clock_was_learned_are_all_repaired(void **state)
{
	struct place place;
	struct ask asks[5] = { { 0 } };
	char id[16];
	(void)state;

	enter(&place);
	place.world->script.wall_step_s = 7200;
	for (size_t i = 0; i < COUNT(asks); i++) {
		snprintf(id, sizeof(id), "train-%04zu", i + 1);
		put(&place, &asks[i], id);
	}
	for (size_t i = 0; i < COUNT(asks); i++)
		exchange_error(place.world->script.sent[i], "AuthFailure.SignatureExpire");
	assert_int_equal(place.world->script.n_waiting, COUNT(asks));
	while (place.world->script.n_waiting)
		cloud_answer(&place.cloud, script_waiting(&place.world->script, 0));
	for (size_t i = 0; i < COUNT(asks); i++)
		assert_found(&asks[i].reply);
	leave(&place);
}

static void test_an_expired_signature_with_a_right_clock_is_told_at_once(void **state)
{
	struct place place;
	struct ask ask = { 0 };
	(void)state;

	enter(&place);
	place.world->script.wall_step_s = 30; /* too little to explain it */
	put(&place, &ask, "train-0001");
	exchange_error(only(&place), "AuthFailure.SignatureExpire");
	assert_fault(&ask.reply, FAULT_CLOCK);
	assert_calls(place.world, 1);
	leave(&place);
}

static void test_a_clock_that_is_still_wrong_after_it_was_learned_is_told(void **state)
{
	struct place place;
	struct ask ask = { 0 };
	(void)state;

	enter(&place);
	place.world->script.wall_step_s = 3600;
	put(&place, &ask, "train-0001");
	exchange_error(only(&place), "AuthFailure.SignatureExpire");
	place.world->script.wall_step_s = 90000; /* and it stepped again */
	exchange_error(only(&place), "AuthFailure.SignatureExpire");
	assert_fault(&ask.reply, FAULT_CLOCK);
	assert_calls(place.world, 2);
	leave(&place);
}

static void test_a_date_that_is_none_teaches_nothing(void **state)
{
	static const char *const dates[] = { "yesterday", "Thu, 99 Jan 1970 00:00:00 GMT", "0" };
	(void)state;

	for (size_t i = 0; i < COUNT(dates); i++) {
		struct place place;
		struct ask ask = { 0 };
		struct response response;
		enter(&place);
		place.world->script.wall_step_s = 7200;
		put(&place, &ask, "train-0001");
		response_init(&response);
		response.status = 200;
		snprintf(response.date, sizeof(response.date), "%s", dates[i]);
		buf_puts(&response.body, "{\"Response\": {\"Error\": {\"Code\": "
			"\"AuthFailure.SignatureExpire\", \"Message\": \"\"}, \"RequestId\": \"r\"}}");
		exchange_answer(only(&place), &response);
		assert_fault(&ask.reply, FAULT_CLOCK);
		assert_int_equal(engine_stats(place.world->engine).clock_offset_s, 0);
		assert_calls(place.world, 1);
		leave(&place);
	}
}

static void test_a_wall_clock_that_steps_changes_no_ttl_and_no_deadline(void **state)
{
	struct place place;
	struct ask ask = { 0 };
	(void)state;

	enter(&place);
	place.cloud.latency_ms = 0;
	put(&place, &ask, "train-0001");
	advance(&place, 0);
	assert_found(&ask.reply);
	for (int step = -1; step <= 1; step += 2) {
		place.world->script.wall_step_s = step * 365 * 86400;
		assert_cat(place.world, "training/train-0001/status", "RUNNING\n");
	}
	assert_calls(place.world, 1);
	leave(&place);
}

/* ---- the token ---- */

static void test_a_refused_token_has_the_key_read_again_once(void **state)
{
	struct place place;
	struct ask ask = { 0 };
	(void)state;

	enter(&place);
	put(&place, &ask, "train-0001");
	assert_null(exchange_header(only(&place), "X-TC-Token"));
	exchange_error(only(&place), "AuthFailure.TokenFailure");
	assert_string_equal(exchange_header(only(&place), "X-TC-Token"), "new-token");
	assert_non_null(strstr(exchange_header(only(&place), "Authorization"), "AKIDnew"));
	cloud_answer(&place.cloud, only(&place));
	assert_found(&ask.reply);
	assert_int_equal(place.reloads, 1);
	assert_calls(place.world, 2);
	leave(&place);
}

static void test_a_token_that_is_refused_again_is_told(void **state)
{
	struct place place;
	struct ask ask = { 0 };
	(void)state;

	enter(&place);
	put(&place, &ask, "train-0001");
	exchange_error(only(&place), "AuthFailure.TokenFailure");
	exchange_error(only(&place), "AuthFailure.TokenFailure");
	assert_fault(&ask.reply, FAULT_TOKEN);
	assert_int_equal(place.reloads, 1);
	assert_calls(place.world, 2);
	leave(&place);
}

static void test_no_second_call_is_made_when_no_new_key_is_found(void **state)
{
	struct place place;
	struct ask ask = { 0 };
	(void)state;

	enter(&place);
	place.reload_fails = true;
	put(&place, &ask, "train-0001");
	exchange_error(only(&place), "AuthFailure.TokenFailure");
	assert_fault(&ask.reply, FAULT_TOKEN);
	assert_int_equal(place.reloads, 1);
	assert_calls(place.world, 1);
	leave(&place);
}

static void test_clock_and_token_may_both_be_wrong(void **state)
{
	struct place place;
	struct ask ask = { 0 };
	(void)state;

	enter(&place);
	place.world->script.wall_step_s = 3600;
	put(&place, &ask, "train-0001");
	exchange_error(only(&place), "AuthFailure.SignatureExpire");
	exchange_error(only(&place), "AuthFailure.TokenFailure");
	cloud_answer(&place.cloud, only(&place));
	assert_found(&ask.reply);
	assert_calls(place.world, 3);
	leave(&place);
}

/* ---- the queue ---- */

static void test_a_queue_longer_than_the_deadline_is_told_at_once(void **state)
{
	struct place place;
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
		if (asks[i].answers) {
			assert_fault(&asks[i].reply, FAULT_QUEUE);
			assert_int_equal(fault_errno(asks[i].reply.fault), 16); /* EBUSY */
			refused++;
		}
	}
	assert_int_equal(refused, 2); /* one a second, and ten seconds */
	advance(&place, DEADLINE_MS);
	for (size_t i = 0; i < COUNT(asks) - refused; i++)
		assert_found(&asks[i].reply);
	assert_calls(place.world, COUNT(asks) - refused);
	leave(&place);
}

static void test_a_full_queue_serves_the_last_good_answer(void **state)
{
	struct place place;
	struct setup setup = world_setup();
	struct ask asks[40] = { { 0 } };
	char id[16];
	(void)state;

	setup.rate = 1;
	enter_with(&place, setup);
	place.cloud.latency_ms = 0;
	assert_cat(place.world, "training/train-0001/status", "RUNNING\n");
	advance(&place, LIVE_MS);
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
	leave(&place);
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

static void test_no_second_holds_more_calls_than_the_rate(void **state)
{
	static const double rates[] = { 20, 7, 2.5, 1 };
	unsigned seed = 1;
	(void)state;

	for (size_t r = 0; r < COUNT(rates); r++) {
		struct place place;
		struct setup setup = world_setup();
		struct ask *asks = xcalloc(400, sizeof(*asks));
		char id[16];
		setup.rate = rates[r];
		enter_with(&place, setup);
		for (size_t i = 0; i < 400; i++) {
			snprintf(id, sizeof(id), "train-%04d", rand_r(&seed) % 120 + 1);
			put(&place, &asks[i], id);
			advance(&place, rand_r(&seed) % 120);
			while (place.world->script.n_waiting) {
				struct exchange *exchange = script_waiting(&place.world->script, 0);
				if (rand_r(&seed) % 4 == 0)
					say_throttled(exchange, rand_r(&seed) % 3);
				else
					cloud_answer(&place.cloud, exchange);
			}
		}
		advance(&place, 3 * DEADLINE_MS);
		assert_true(place.world->script.n_sent > 25);
		assert_polite(place.world, (size_t)rates[r]);
		leave(&place);
		free(asks);
	}
}

/* ---- the deadline ---- */

static void answer_pages(struct place *place, int64_t each_ms, size_t pages)
{
	for (size_t i = 0; i < pages; i++) {
		advance(place, each_ms);
		cloud_answer(&place->cloud, only(place));
	}
}

static void test_a_list_longer_than_the_deadline_times_out_for_who_asked_first(void **state)
{
	struct place place;
	struct ask first = { 0 }, later = { 0 };
	(void)state;

	enter(&place);
	put_list(&place, &first);
	answer_pages(&place, 4000, 2);
	advance(&place, 1000);
	put_list(&place, &later); /* joins */
	advance(&place, 1000);
	assert_fault(&first.reply, FAULT_TIMEOUT);
	assert_int_equal(later.answers, 0);
	answer_pages(&place, 2000, 1);
	assert_found(&later.reply);
	assert_int_equal(world_count(place.world, "training"), 120);
	assert_calls(place.world, 3);
	leave(&place);
}

static void test_who_comes_after_a_timeout_joins_the_list_that_goes_on(void **state)
{
	struct place place;
	struct ask first = { 0 }, later = { 0 };
	(void)state;

	enter(&place);
	put_list(&place, &first);
	answer_pages(&place, 4900, 2);
	advance(&place, 200);
	assert_fault(&first.reply, FAULT_TIMEOUT);
	advance(&place, 1);
	put_list(&place, &later);
	assert_int_equal(later.answers, 0);
	answer_pages(&place, 1000, 1);
	assert_found(&later.reply);
	assert_calls(place.world, 3);
	leave(&place);
}

static void test_a_list_longer_than_the_deadline_shows_the_old_one_meanwhile(void **state)
{
	struct place place;
	struct ask first = { 0 };
	uint64_t id;
	(void)state;

	enter(&place);
	id = world_find(place.world, "training");
	put_list(&place, &first);
	answer_pages(&place, 10, 3);
	assert_found(&first.reply);
	cloud_thing(&place.cloud, "train-0001")->gone = true;
	advance(&place, LIST_MS);
	put_list(&place, &first);
	answer_pages(&place, 4900, 2);
	advance(&place, 200);
	assert_found(&first.reply);
	assert_int_equal(first.answered_ms - first.asked_ms, DEADLINE_MS);
	assert_xattr(place.world, id, "stale", "1");
	struct asked asked = { place.world->script.now_ms, 0 };
	uint64_t cookie = 0;
	const char *name;
	struct entry entry;
	size_t n = 0;
	while (tree_next(place.world->tree, id, &cookie, &name, &entry, asked))
		n++;
	assert_int_equal(n, 120); /* whole and old, although two pages of the new one are there */
	answer_pages(&place, 100, 1);
	assert_int_equal(world_count(place.world, "training"), 119);
	assert_xattr(place.world, id, "stale", "0");
	leave(&place);
}

static void test_each_page_has_a_deadline_of_its_own(void **state)
{
	struct place place;
	struct ask ask = { 0 }, again = { 0 };
	(void)state;

	enter(&place);
	put_list(&place, &ask);
	answer_pages(&place, 9000, 1);
	assert_int_equal(only(&place)->timeout_ms, DEADLINE_MS);
	advance(&place, 2000);
	put_list(&place, &again);
	answer_pages(&place, 4000, 2);
	assert_found(&again.reply);
	leave(&place);
}

static void test_a_list_that_nobody_waits_for_stops_after_a_while_and_can_be_asked_again(void **state)
{
	struct place place;
	struct ask ask = { 0 };
	(void)state;

	enter(&place);
	put_list(&place, &ask);
	ask_cancel(&ask);
	answer_pages(&place, 9000, 1);
	advance(&place, 2000);
	cloud_answer(&place.cloud, only(&place)); /* the second page: for over ten seconds nobody cared */
	assert_int_equal(place.world->script.n_waiting, 0);
	assert_int_equal(engine_stats(place.world->engine).in_flight, 0);
	put_list(&place, &ask);
	assert_int_equal(exchange_number(only(&place), "Offset"), 0);
	answer_pages(&place, 10, 3);
	assert_found(&ask.reply);
	assert_int_equal(world_count(place.world, "training"), 120);
	leave(&place);
}

static void test_silence_is_a_timeout_at_the_deadline_and_not_again_for_the_next_step(void **state)
{
	struct place place;
	struct ask ask = { 0 };
	(void)state;

	enter(&place);
	place.cloud.latency_ms = 0;
	uint64_t id = world_find(place.world, "training/train-0001");
	place.cloud.latency_ms = -1;
	advance(&place, LIVE_MS);
	put(&place, &ask, "train-0001");
	advance(&place, DEADLINE_MS);
	assert_found(&ask.reply); /* the last good one */
	assert_int_equal(ask.answered_ms - ask.asked_ms, DEADLINE_MS);
	ask_put(&ask, place.world, ASK_LOOKUP, id, "status");
	assert_found(&ask.reply); /* at once */
	assert_int_equal(ask.answered_ms, ask.asked_ms);
	leave(&place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_passing_failure_is_tried_three_times_with_short_sleeps),
		cmocka_unit_test(test_a_second_try_that_succeeds_is_all_that_is_seen),
		cmocka_unit_test(test_sleeps_differ_so_that_a_herd_does_not_come_back_together),
		cmocka_unit_test(test_retry_after_is_waited_for),
		cmocka_unit_test(test_retry_after_beyond_the_deadline_is_a_failure_at_once),
		cmocka_unit_test(test_a_retry_after_of_nonsense_is_not_waited_for),
		cmocka_unit_test(test_no_try_begins_after_the_deadline),
		cmocka_unit_test(test_a_later_try_gets_what_is_left_of_the_deadline),
		cmocka_unit_test(test_a_sleeping_try_does_not_hold_up_others),
		cmocka_unit_test(test_a_wrong_clock_is_learned_once_from_the_answers_date),
		cmocka_unit_test(test_calls_that_were_signed_before_the_clock_was_learned_are_all_repaired),
		cmocka_unit_test(test_an_expired_signature_with_a_right_clock_is_told_at_once),
		cmocka_unit_test(test_a_clock_that_is_still_wrong_after_it_was_learned_is_told),
		cmocka_unit_test(test_a_date_that_is_none_teaches_nothing),
		cmocka_unit_test(test_a_wall_clock_that_steps_changes_no_ttl_and_no_deadline),
		cmocka_unit_test(test_a_refused_token_has_the_key_read_again_once),
		cmocka_unit_test(test_a_token_that_is_refused_again_is_told),
		cmocka_unit_test(test_no_second_call_is_made_when_no_new_key_is_found),
		cmocka_unit_test(test_clock_and_token_may_both_be_wrong),
		cmocka_unit_test(test_a_queue_longer_than_the_deadline_is_told_at_once),
		cmocka_unit_test(test_a_full_queue_serves_the_last_good_answer),
		cmocka_unit_test(test_no_second_holds_more_calls_than_the_rate),
		cmocka_unit_test(test_a_list_longer_than_the_deadline_times_out_for_who_asked_first),
		cmocka_unit_test(test_who_comes_after_a_timeout_joins_the_list_that_goes_on),
		cmocka_unit_test(test_a_list_longer_than_the_deadline_shows_the_old_one_meanwhile),
		cmocka_unit_test(test_each_page_has_a_deadline_of_its_own),
		cmocka_unit_test(test_a_list_that_nobody_waits_for_stops_after_a_while_and_can_be_asked_again),
		cmocka_unit_test(test_silence_is_a_timeout_at_the_deadline_and_not_again_for_the_next_step),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
