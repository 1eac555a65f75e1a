/*
 * test_breaker.c - when a cloud counts as down, who finds out, and what trying again costs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "client/breaker.h"

enum { MANY = 1000 };

static void fail_calls(struct breaker *breaker, enum fault fault, int n, size_t wanted, int64_t now_ms)
{
	for (int i = 0; i < n; i++) {
		breaker_sent(breaker, now_ms);
		breaker_heard(breaker, fault, 0, now_ms);
		breaker_failed(breaker, fault, wanted, now_ms);
	}
}

static enum fault ask(struct breaker *breaker, int64_t now_ms, bool *probe)
{
	return breaker_asks(breaker, probe, now_ms);
}

static void test_twenty_in_a_row_under_load_open_it(void **state)
{
	static const enum fault all[] = { FAULT_KEY, FAULT_CLOCK, FAULT_TOKEN, FAULT_THROTTLED, FAULT_SERVER,
		FAULT_LOST, FAULT_ANSWER, FAULT_TIMEOUT, FAULT_NO_HOST, FAULT_NO_NETWORK, FAULT_REFUSED, FAULT_TLS };
	bool probe;
	(void)state;

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		struct breaker breaker;
		breaker_init(&breaker);
		fail_calls(&breaker, all[i], BREAKER_FAILURES - 1, MANY, 1000);
		assert_int_equal(ask(&breaker, 1000, &probe), FAULT_NONE);
		assert_false(probe);
		fail_calls(&breaker, all[i], 1, MANY, 1000);
		assert_int_equal(ask(&breaker, 1000, &probe), all[i]);
	}
}

static void test_what_speaks_of_one_thing_never_opens_it(void **state)
{
	static const enum fault one[] = { FAULT_NONE, FAULT_NOT_FOUND, FAULT_DENIED, FAULT_PARAMETER, FAULT_NAME,
		FAULT_UNSUPPORTED, FAULT_TOO_BIG, FAULT_LOCAL };
	struct breaker breaker;
	(void)state;

	for (size_t i = 0; i < sizeof(one) / sizeof(*one); i++) {
		breaker_init(&breaker);
		fail_calls(&breaker, one[i], 100, MANY, 1000);
		assert_int_equal(breaker_says(&breaker), FAULT_NONE);
		/* and it shows that the cloud is there */
		fail_calls(&breaker, FAULT_LOST, BREAKER_FAILURES - 1, MANY, 1000);
		fail_calls(&breaker, one[i], 1, MANY, 1000);
		fail_calls(&breaker, FAULT_LOST, BREAKER_FAILURES - 1, MANY, 1000);
		assert_int_equal(breaker_says(&breaker), FAULT_NONE);
	}
}

static void test_one_reader_after_the_other_and_a_slow_trickle_open_nothing(void **state)
{
	struct breaker breaker;
	(void)state;

	breaker_init(&breaker);
	fail_calls(&breaker, FAULT_SERVER, 100, BREAKER_PRESSURE - 1, 1000);
	assert_int_equal(breaker_says(&breaker), FAULT_NONE);
	breaker_init(&breaker);
	for (int i = 0; i < 100; i++)
		fail_calls(&breaker, FAULT_SERVER, 1, MANY, 1000 + i * (BREAKER_WITHIN_MS / 15));
	assert_int_equal(breaker_says(&breaker), FAULT_NONE);
}

static void test_one_call_in_five_seconds_finds_out(void **state)
{
	struct breaker breaker;
	bool probe;
	(void)state;

	breaker_init(&breaker);
	fail_calls(&breaker, FAULT_REFUSED, BREAKER_FAILURES, MANY, 1000);
	assert_int_equal(ask(&breaker, 1000 + BREAKER_PROBE_MS - 1, &probe), FAULT_REFUSED);
	assert_int_equal(ask(&breaker, 1000 + BREAKER_PROBE_MS, &probe), FAULT_NONE);
	assert_true(probe);
	for (int i = 0; i < 1000; i++) /* the others go on being told */
		assert_int_equal(ask(&breaker, 100000 + i, &probe), FAULT_REFUSED);
	fail_calls(&breaker, FAULT_SERVER, 1, MANY, 200000);
	breaker_end(&breaker, 200000);
	assert_int_equal(ask(&breaker, 200001, &probe), FAULT_SERVER); /* what it is now */
	assert_int_equal(ask(&breaker, 200000 + BREAKER_PROBE_MS, &probe), FAULT_NONE);
	assert_true(probe);
	fail_calls(&breaker, FAULT_NOT_FOUND, 1, MANY, 300000);
	breaker_end(&breaker, 300000);
	assert_int_equal(ask(&breaker, 300000, &probe), FAULT_NONE);
	assert_false(probe);
}

static void test_failures_of_many_sorts_open_nothing(void **state)
{
	static const enum fault faults[] = { FAULT_SERVER, FAULT_ANSWER, FAULT_THROTTLED };
	struct breaker breaker;
	(void)state;

	breaker_init(&breaker);
	for (int i = 0; i < 100; i++)
		fail_calls(&breaker, faults[i % 3], BREAKER_FAILURES - 1, MANY, 1000);
	assert_int_equal(breaker_says(&breaker), FAULT_NONE);
}

/* A probe that is taken back is not the last one. */
static void test_a_lost_probe_is_followed_by_another(void **state)
{
	struct breaker breaker;
	bool probe;
	(void)state;

	breaker_init(&breaker);
	fail_calls(&breaker, FAULT_REFUSED, BREAKER_FAILURES, MANY, 1000);
	assert_int_equal(ask(&breaker, 10000, &probe), FAULT_NONE);
	breaker_end(&breaker, 10000);
	assert_int_equal(ask(&breaker, 10000 + BREAKER_PROBE_MS, &probe), FAULT_NONE);
	assert_true(probe);
}

static void test_many_calls_and_no_answer_for_two_seconds_are_silence(void **state)
{
	struct breaker breaker;
	(void)state;

	breaker_init(&breaker);
	for (int i = 0; i < BREAKER_SILENT_CALLS - 1; i++)
		breaker_sent(&breaker, 1000);
	assert_false(breaker_is_silent(&breaker, 1000000)); /* a few slow ones hide nobody */
	breaker_sent(&breaker, 1000);
	assert_false(breaker_is_silent(&breaker, 1000 + BREAKER_SILENT_MS));
	assert_true(breaker_is_silent(&breaker, 1001 + BREAKER_SILENT_MS));
	breaker_heard(&breaker, FAULT_NONE, 4000, 5000);
	breaker_sent(&breaker, 5000);
	assert_false(breaker_is_silent(&breaker, 5001));
	breaker_heard(&breaker, FAULT_TIMEOUT, 4000, 9000); /* says nothing */
	breaker_sent(&breaker, 9000);
	assert_true(breaker_is_silent(&breaker, 9001));
	breaker_dropped(&breaker);
	assert_false(breaker_is_silent(&breaker, 9001));
}

static void test_a_cloud_that_takes_long_is_not_called_silent(void **state)
{
	struct breaker breaker;
	(void)state;

	breaker_init(&breaker);
	for (int i = 0; i < 50; i++)
		breaker_sent(&breaker, 1000);
	assert_int_equal(breaker_wait_ms(&breaker, 9000), 0); /* nobody knows how long it takes */
	breaker_heard(&breaker, FAULT_NONE, 8000, 9000);
	assert_int_equal(breaker_wait_ms(&breaker, 16000), 0);
	for (int i = 0; i < 50; i++) { /* it has become quick */
		breaker_heard(&breaker, FAULT_NONE, 100, 17000);
		breaker_sent(&breaker, 17000);
	}
	assert_int_equal(breaker_wait_ms(&breaker, 17000 + BREAKER_SILENT_MS), 0);
	breaker_sent(&breaker, 20000);
	assert_int_equal(breaker_wait_ms(&breaker, 20000), BREAKER_SILENT_APART_MS);
	assert_int_equal(breaker_wait_ms(&breaker, 20000 + BREAKER_SILENT_APART_MS), 0);
	assert_false(breaker_is_full(&breaker, 20000));
	while (breaker.under_way < BREAKER_SILENT_MOST)
		breaker_sent(&breaker, 20000);
	assert_true(breaker_is_full(&breaker, 20000));
}

static void test_tries_again_run_out_and_good_answers_bring_them_back(void **state)
{
	struct breaker breaker;
	int tries = 0;
	(void)state;

	breaker_init(&breaker);
	while (breaker_tries_again(&breaker, FAULT_SERVER))
		tries++;
	assert_int_equal(tries, BREAKER_TOKENS / 5);
	fail_calls(&breaker, FAULT_NONE, 5, 1, 1000);
	assert_true(breaker_tries_again(&breaker, FAULT_SERVER));
	assert_false(breaker_tries_again(&breaker, FAULT_SERVER));
	fail_calls(&breaker, FAULT_NONE, 10000, 1, 1000);
	for (tries = 0; breaker_tries_again(&breaker, FAULT_TIMEOUT); tries++)
		;
	assert_int_equal(tries, BREAKER_TOKENS / 10);
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
