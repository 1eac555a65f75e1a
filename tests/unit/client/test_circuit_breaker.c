/*
 * test_circuit_breaker.c - when a cloud counts as down, who finds out, and what trying again costs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "client/circuit_breaker.h"

enum { MANY = 1000 };

static void fail_calls(struct circuit_breaker *breaker, enum error error, int n, size_t wanted, int64_t now_ms)
{
	for (int i = 0; i < n; i++) {
		circuit_breaker_sent(breaker, now_ms);
		circuit_breaker_record(breaker, error, 0, now_ms);
		circuit_breaker_record_failure(breaker, error, wanted, now_ms);
	}
}

static enum error ask(struct circuit_breaker *breaker, int64_t now_ms, bool *probe)
{
	return circuit_breaker_admit(breaker, probe, now_ms);
}

static void test_twenty_in_a_row_under_load_open_it(void **state)
{
	static const enum error all[] = { ERR_KEY, ERR_CLOCK, ERR_TOKEN, ERR_THROTTLED, ERR_SERVER,
		ERR_LOST, ERR_ANSWER, ERR_TIMEOUT, ERR_NO_HOST, ERR_NO_NETWORK, ERR_REFUSED, ERR_TLS };
	bool probe;
	(void)state;

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		struct circuit_breaker breaker;
		circuit_breaker_init(&breaker);
		fail_calls(&breaker, all[i], CIRCUIT_BREAKER_FAILURES - 1, MANY, 1000);
		assert_int_equal(ask(&breaker, 1000, &probe), ERR_NONE);
		assert_false(probe);
		fail_calls(&breaker, all[i], 1, MANY, 1000);
		assert_int_equal(ask(&breaker, 1000, &probe), all[i]);
	}
}

static void test_what_speaks_of_one_thing_never_opens_it(void **state)
{
	static const enum error one[] = { ERR_NONE, ERR_NOT_FOUND, ERR_DENIED, ERR_PARAMETER, ERR_NAME,
		ERR_UNSUPPORTED, ERR_TOO_BIG, ERR_LOCAL };
	struct circuit_breaker breaker;
	(void)state;

	for (size_t i = 0; i < sizeof(one) / sizeof(*one); i++) {
		circuit_breaker_init(&breaker);
		fail_calls(&breaker, one[i], 100, MANY, 1000);
		assert_int_equal(circuit_breaker_state(&breaker), ERR_NONE);
		/* and it shows that the cloud is there */
		fail_calls(&breaker, ERR_LOST, CIRCUIT_BREAKER_FAILURES - 1, MANY, 1000);
		fail_calls(&breaker, one[i], 1, MANY, 1000);
		fail_calls(&breaker, ERR_LOST, CIRCUIT_BREAKER_FAILURES - 1, MANY, 1000);
		assert_int_equal(circuit_breaker_state(&breaker), ERR_NONE);
	}
}

static void test_one_reader_after_the_other_and_a_slow_trickle_open_nothing(void **state)
{
	struct circuit_breaker breaker;
	(void)state;

	circuit_breaker_init(&breaker);
	fail_calls(&breaker, ERR_SERVER, 100, CIRCUIT_BREAKER_PRESSURE - 1, 1000);
	assert_int_equal(circuit_breaker_state(&breaker), ERR_NONE);
	circuit_breaker_init(&breaker);
	for (int i = 0; i < 100; i++)
		fail_calls(&breaker, ERR_SERVER, 1, MANY, 1000 + i * (CIRCUIT_BREAKER_WITHIN_MS / 15));
	assert_int_equal(circuit_breaker_state(&breaker), ERR_NONE);
}

static void test_one_call_in_five_seconds_finds_out(void **state)
{
	struct circuit_breaker breaker;
	bool probe;
	(void)state;

	circuit_breaker_init(&breaker);
	fail_calls(&breaker, ERR_REFUSED, CIRCUIT_BREAKER_FAILURES, MANY, 1000);
	assert_int_equal(ask(&breaker, 1000 + CIRCUIT_BREAKER_PROBE_MS - 1, &probe), ERR_REFUSED);
	assert_int_equal(ask(&breaker, 1000 + CIRCUIT_BREAKER_PROBE_MS, &probe), ERR_NONE);
	assert_true(probe);
	for (int i = 0; i < 1000; i++) /* the others go on being told */
		assert_int_equal(ask(&breaker, 100000 + i, &probe), ERR_REFUSED);
	fail_calls(&breaker, ERR_SERVER, 1, MANY, 200000);
	circuit_breaker_end_probe(&breaker, 200000);
	assert_int_equal(ask(&breaker, 200001, &probe), ERR_SERVER); /* what it is now */
	assert_int_equal(ask(&breaker, 200000 + CIRCUIT_BREAKER_PROBE_MS, &probe), ERR_NONE);
	assert_true(probe);
	fail_calls(&breaker, ERR_NOT_FOUND, 1, MANY, 300000);
	circuit_breaker_end_probe(&breaker, 300000);
	assert_int_equal(ask(&breaker, 300000, &probe), ERR_NONE);
	assert_false(probe);
}

static void test_failures_of_many_sorts_open_nothing(void **state)
{
	static const enum error errors[] = { ERR_SERVER, ERR_ANSWER, ERR_THROTTLED };
	struct circuit_breaker breaker;
	(void)state;

	circuit_breaker_init(&breaker);
	for (int i = 0; i < 100; i++)
		fail_calls(&breaker, errors[i % 3], CIRCUIT_BREAKER_FAILURES - 1, MANY, 1000);
	assert_int_equal(circuit_breaker_state(&breaker), ERR_NONE);
}

/* A probe that is taken back is not the last one. */
static void test_a_lost_probe_is_followed_by_another(void **state)
{
	struct circuit_breaker breaker;
	bool probe;
	(void)state;

	circuit_breaker_init(&breaker);
	fail_calls(&breaker, ERR_REFUSED, CIRCUIT_BREAKER_FAILURES, MANY, 1000);
	assert_int_equal(ask(&breaker, 10000, &probe), ERR_NONE);
	circuit_breaker_end_probe(&breaker, 10000);
	assert_int_equal(ask(&breaker, 10000 + CIRCUIT_BREAKER_PROBE_MS, &probe), ERR_NONE);
	assert_true(probe);
}

static void test_many_calls_and_no_answer_for_two_seconds_are_silence(void **state)
{
	struct circuit_breaker breaker;
	(void)state;

	circuit_breaker_init(&breaker);
	for (int i = 0; i < CIRCUIT_BREAKER_SILENT_CALLS - 1; i++)
		circuit_breaker_sent(&breaker, 1000);
	assert_false(circuit_breaker_is_stalled(&breaker, 1000000)); /* a few slow ones hide nobody */
	circuit_breaker_sent(&breaker, 1000);
	assert_false(circuit_breaker_is_stalled(&breaker, 1000 + CIRCUIT_BREAKER_SILENT_MS));
	assert_true(circuit_breaker_is_stalled(&breaker, 1001 + CIRCUIT_BREAKER_SILENT_MS));
	circuit_breaker_record(&breaker, ERR_NONE, 4000, 5000);
	circuit_breaker_sent(&breaker, 5000);
	assert_false(circuit_breaker_is_stalled(&breaker, 5001));
	circuit_breaker_record(&breaker, ERR_TIMEOUT, 4000, 9000); /* says nothing */
	circuit_breaker_sent(&breaker, 9000);
	assert_true(circuit_breaker_is_stalled(&breaker, 9001));
	circuit_breaker_cancel(&breaker);
	assert_false(circuit_breaker_is_stalled(&breaker, 9001));
}

static void test_a_cloud_that_takes_long_is_not_called_silent(void **state)
{
	struct circuit_breaker breaker;
	(void)state;

	circuit_breaker_init(&breaker);
	for (int i = 0; i < 50; i++)
		circuit_breaker_sent(&breaker, 1000);
	assert_int_equal(circuit_breaker_wait_ms(&breaker, 9000), 0); /* nobody knows how long it takes */
	circuit_breaker_record(&breaker, ERR_NONE, 8000, 9000);
	assert_int_equal(circuit_breaker_wait_ms(&breaker, 16000), 0);
	for (int i = 0; i < 50; i++) { /* it has become quick */
		circuit_breaker_record(&breaker, ERR_NONE, 100, 17000);
		circuit_breaker_sent(&breaker, 17000);
	}
	assert_int_equal(circuit_breaker_wait_ms(&breaker, 17000 + CIRCUIT_BREAKER_SILENT_MS), 0);
	circuit_breaker_sent(&breaker, 20000);
	assert_int_equal(circuit_breaker_wait_ms(&breaker, 20000), CIRCUIT_BREAKER_SILENT_APART_MS);
	assert_int_equal(circuit_breaker_wait_ms(&breaker, 20000 + CIRCUIT_BREAKER_SILENT_APART_MS), 0);
	assert_false(circuit_breaker_is_full(&breaker, 20000));
	while (breaker.under_way < CIRCUIT_BREAKER_SILENT_MOST)
		circuit_breaker_sent(&breaker, 20000);
	assert_true(circuit_breaker_is_full(&breaker, 20000));
}

static void test_tries_again_run_out_and_good_answers_bring_them_back(void **state)
{
	struct circuit_breaker breaker;
	int tries = 0;
	(void)state;

	circuit_breaker_init(&breaker);
	while (circuit_breaker_take_token(&breaker, ERR_SERVER))
		tries++;
	assert_int_equal(tries, CIRCUIT_BREAKER_TOKENS / 5);
	fail_calls(&breaker, ERR_NONE, 5, 1, 1000);
	assert_true(circuit_breaker_take_token(&breaker, ERR_SERVER));
	assert_false(circuit_breaker_take_token(&breaker, ERR_SERVER));
	fail_calls(&breaker, ERR_NONE, 10000, 1, 1000);
	for (tries = 0; circuit_breaker_take_token(&breaker, ERR_TIMEOUT); tries++)
		;
	assert_int_equal(tries, CIRCUIT_BREAKER_TOKENS / 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_twenty_in_a_row_under_load_open_it),
		cmocka_unit_test(test_what_speaks_of_one_thing_never_opens_it),
		cmocka_unit_test(test_one_reader_after_the_other_and_a_slow_trickle_open_nothing),
		cmocka_unit_test(test_one_call_in_five_seconds_finds_out),
		cmocka_unit_test(test_failures_of_many_sorts_open_nothing),
		cmocka_unit_test(test_a_lost_probe_is_followed_by_another),
		cmocka_unit_test(test_many_calls_and_no_answer_for_two_seconds_are_silence),
		cmocka_unit_test(test_a_cloud_that_takes_long_is_not_called_silent),
		cmocka_unit_test(test_tries_again_run_out_and_good_answers_bring_them_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
