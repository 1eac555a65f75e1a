/*
 * test_concurrency.c - how many calls go ahead to clouds that serve some at a time, or are only far away.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "client/concurrency.h"

enum { WANTED_MS = 2500, CALLS_MAX = 1000 };

/*
 * A cloud that serves so many calls at a time (0: all), each for so long, and somebody who always sends as many as
 * the limit allows; what the slowest of `calls` answers took.
 */
static int64_t play(struct concurrency *concurrency, size_t serves, int64_t each_ms, size_t calls)
{
	int64_t begun_ms[CALLS_MAX], ends_ms[CALLS_MAX], now_ms = 0, slowest_ms = 0;
	size_t beside[CALLS_MAX], sent = 0;

	for (size_t i = 0; i < calls; i++) {
		while (sent < CALLS_MAX && (sent == i || concurrency_has_room(concurrency, 1))) {
			int64_t free_ms = serves && sent >= serves ? ends_ms[sent - serves] : now_ms;
			begun_ms[sent] = now_ms;
			ends_ms[sent] = (free_ms > now_ms ? free_ms : now_ms) + each_ms;
			beside[sent++] = concurrency_sent(concurrency);
		}
		now_ms = ends_ms[i];
		concurrency_answered(concurrency, beside[i], now_ms - begun_ms[i], false);
		if (now_ms - begun_ms[i] > slowest_ms)
			slowest_ms = now_ms - begun_ms[i];
	}
	for (size_t i = calls; i < sent; i++)
		concurrency_dropped(concurrency);
	return slowest_ms;
}

static void test_a_cloud_that_serves_some_at_a_time_is_given_what_it_answers_in_time(void **state)
{
	static const int64_t each_ms[] = { 50, 250, 500, 1000, 2000 };
	(void)state;

	for (size_t serves = 1; serves <= 16; serves *= 2)
		for (size_t i = 0; i < sizeof(each_ms) / sizeof(*each_ms); i++) {
			struct concurrency concurrency;
			concurrency_init(&concurrency, WANTED_MS);
			/* also while it learns */
			assert_in_range(play(&concurrency, serves, each_ms[i], 500), each_ms[i], 3 * WANTED_MS);
			/* and as many as it serves are always under way */
			assert_true(concurrency.limit >= (double)serves * 0.7);
		}
}

static void test_a_cloud_that_is_far_away_is_given_as_many_as_there_may_be(void **state)
{
	static const int64_t latencies_ms[] = { 1, 100, 1000, 5000, 8000 };
	(void)state;

	for (size_t i = 0; i < sizeof(latencies_ms) / sizeof(*latencies_ms); i++) {
		struct concurrency concurrency;
		concurrency_init(&concurrency, WANTED_MS);
		play(&concurrency, 0, latencies_ms[i], 200);
		assert_true(concurrency.limit == CONCURRENCY_MOST);
	}
}

static void test_a_cloud_that_becomes_slow_for_all_is_known_again(void **state)
{
	struct concurrency concurrency;
	(void)state;

	concurrency_init(&concurrency, WANTED_MS);
	play(&concurrency, 0, 50, 200);
	play(&concurrency, 0, 4000, 400);
	assert_true(concurrency.limit > 16);
	play(&concurrency, 0, 50, 200);
	assert_true(concurrency.limit == CONCURRENCY_MOST);
}

static void test_time_outs_leave_the_least_and_answers_bring_it_back(void **state)
{
	struct concurrency concurrency;
	(void)state;

	concurrency_init(&concurrency, WANTED_MS);
	play(&concurrency, 0, 50, 200);
	for (int i = 0; i < 32; i++)
		concurrency_sent(&concurrency);
	assert_false(concurrency_has_room(&concurrency, 0.5));
	concurrency_dropped(&concurrency);
	for (int i = 0; i < 31; i++)
		concurrency_answered(&concurrency, 32, 10000, true);
	assert_int_equal(concurrency.under_way, 0);
	assert_true(concurrency.limit >= CONCURRENCY_LEAST && concurrency.limit < 8);
	play(&concurrency, 0, 50, 400);
	assert_true(concurrency.limit == CONCURRENCY_MOST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_cloud_that_serves_some_at_a_time_is_given_what_it_answers_in_time),
		cmocka_unit_test(test_a_cloud_that_is_far_away_is_given_as_many_as_there_may_be),
		cmocka_unit_test(test_a_cloud_that_becomes_slow_for_all_is_known_again),
		cmocka_unit_test(test_time_outs_leave_the_least_and_answers_bring_it_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
