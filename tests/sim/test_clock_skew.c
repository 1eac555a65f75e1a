/*
 * test_clock_skew.c - a clock that is wrong, and a token that is refused: each mended once, by itself.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud.h"

struct place {
	struct world *world;
	struct cloud cloud;
	unsigned reloads;
	bool reload_fails;
};

static bool look(void *arg, struct credential_source *out, struct buf *why)
{
	struct place *place = arg;
	char id[] = "AKIDnew", secret[] = "new-secret", token[] = "new-token";
	struct credential_source fresh = { .kind = CREDENTIAL_SOURCE_KEY, .key = { id, secret, token } };

	place->reloads++;
	if (place->reload_fails)
		return !buf_puts(why, "no better key");
	credential_source_copy(out, &fresh);
	return true;
}

static void enter_with(struct place *place, struct setup setup)
{
	*place = (struct place){ 0 };
	setup.look = look;
	setup.key_arg = place;
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

static struct exchange *only(struct place *place)
{
	return world_only(place->world);
}

static int64_t timestamp(const struct exchange *exchange)
{
	return strtoll(exchange_header(exchange, "X-TC-Timestamp"), NULL, 10);
}

/* ---- the clock ---- */

/* promise: 6 */
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

/* promise: 6 */
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

static void test_an_expired_signature_with_a_right_clock_is_an_error_at_once(void **state)
{
	struct place place;
	struct ask ask = { 0 };
	(void)state;

	enter(&place);
	place.world->script.wall_step_s = 30; /* too little to explain it */
	put(&place, &ask, "train-0001");
	exchange_error(only(&place), "AuthFailure.SignatureExpire");
	assert_error(&ask.reply, ERR_CLOCK);
	assert_calls(place.world, 1);
	leave(&place);
}

static void test_a_clock_that_is_still_wrong_after_it_was_learned_is_an_error(void **state)
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
	assert_error(&ask.reply, ERR_CLOCK);
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
		assert_error(&ask.reply, ERR_CLOCK);
		assert_int_equal(engine_stats(place.world->engine).clock_offset_s, 0);
		assert_calls(place.world, 1);
		leave(&place);
	}
}

/* promise: 6 */
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

/* promise: 6 */
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

static void test_a_token_that_is_refused_again_is_an_error(void **state)
{
	struct place place;
	struct ask ask = { 0 };
	(void)state;

	enter(&place);
	put(&place, &ask, "train-0001");
	exchange_error(only(&place), "AuthFailure.TokenFailure");
	exchange_error(only(&place), "AuthFailure.TokenFailure");
	assert_error(&ask.reply, ERR_TOKEN);
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
	assert_error(&ask.reply, ERR_TOKEN);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_wrong_clock_is_learned_once_from_the_answers_date),
		cmocka_unit_test(test_calls_that_were_signed_before_the_clock_was_learned_are_all_repaired),
		cmocka_unit_test(test_an_expired_signature_with_a_right_clock_is_an_error_at_once),
		cmocka_unit_test(test_a_clock_that_is_still_wrong_after_it_was_learned_is_an_error),
		cmocka_unit_test(test_a_date_that_is_none_teaches_nothing),
		cmocka_unit_test(test_a_wall_clock_that_steps_changes_no_ttl_and_no_deadline),
		cmocka_unit_test(test_a_refused_token_has_the_key_read_again_once),
		cmocka_unit_test(test_a_token_that_is_refused_again_is_an_error),
		cmocka_unit_test(test_no_second_call_is_made_when_no_new_key_is_found),
		cmocka_unit_test(test_clock_and_token_may_both_be_wrong),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
