/*
 * test_rate.c - the window, fractions of a call a second, and the sleep between two tries.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "buf.h"
#include "rate.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum { CALLS = 5000 };

/* Asks at random moments; gives when each call is sent. */
static size_t send_at_random(double per_s, unsigned seed, int64_t sent_ms[CALLS])
{
	struct rate rate;
	int64_t now_ms = 1000000;

	rate_init(&rate, per_s);
	for (size_t i = 0; i < CALLS; i++) {
		if (rand_r(&seed) % 8 == 0) /* a pause, then a burst */
			now_ms += rand_r(&seed) % 3000;
		else
			now_ms += rand_r(&seed) % 7;
		int64_t wait_ms = rate_wait_ms(&rate, now_ms);
		assert_true(wait_ms >= 0);
		sent_ms[i] = now_ms + wait_ms;
		rate_book(&rate, now_ms);
	}
	rate_release(&rate);
	return CALLS;
}

static void test_no_window_of_a_second_holds_more_than_the_rate(void **state)
{
	static const struct {
		double per_s;
		size_t calls;
		int64_t window_ms;
	} rows[] = {
		{ 20, 20, 1000 }, { 1, 1, 1000 }, { 7, 7, 1000 }, { 10000, 10000, 1000 },
		{ 2.5, 2, 1000 }, { 19.99, 19, 1000 }, { 0.5, 1, 2000 }, { 0.1, 1, 10000 }, { 0.3, 1, 3333 },
	};
	static int64_t sent_ms[CALLS];
	(void)state;

	for (size_t r = 0; r < COUNT(rows); r++) {
		size_t n = send_at_random(rows[r].per_s, (unsigned)r + 1, sent_ms);
		for (size_t i = rows[r].calls; i < n; i++)
			assert_true(sent_ms[i] - sent_ms[i - rows[r].calls] > rows[r].window_ms);
	}
}

/* Polite, but not lazy: in the long run hardly slower than what is allowed. */
static void test_the_rate_is_used(void **state)
{
	static const double rates[] = { 20, 7, 1, 0.5 };
	(void)state;

	for (size_t r = 0; r < COUNT(rates); r++) {
		struct rate rate;
		int64_t now_ms = 5;
		rate_init(&rate, rates[r]);
		for (int i = 0; i < 200; i++) {
			int64_t wait_ms = rate_wait_ms(&rate, now_ms);
			rate_book(&rate, now_ms);
			now_ms += wait_ms;
		}
		assert_true((double)now_ms < 200 / rates[r] * 1000 * 1.05);
		rate_release(&rate);
	}
}

static void test_the_first_calls_do_not_wait(void **state)
{
	struct rate rate;
	(void)state;

	rate_init(&rate, 20);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(rate_wait_ms(&rate, 1), 0);
		rate_book(&rate, 1);
	}
	assert_true(rate_wait_ms(&rate, 1) > 1000);
	assert_true(rate_wait_ms(&rate, 1) < 1100);
	rate_release(&rate);
}

static void test_asking_how_long_books_nothing(void **state)
{
	struct rate rate;
	(void)state;

	rate_init(&rate, 1);
	for (int i = 0; i < 10; i++)
		assert_int_equal(rate_wait_ms(&rate, 1), 0);
	rate_book(&rate, 1);
	int64_t wait_ms = rate_wait_ms(&rate, 1);
	for (int i = 0; i < 10; i++)
		assert_int_equal(rate_wait_ms(&rate, 1), wait_ms);
	rate_release(&rate);
}

static void test_no_rate_is_no_limit(void **state)
{
	static const double rates[] = { 0, -1, 10000.5, 1e300, NAN };
	(void)state;

	for (size_t r = 0; r < COUNT(rates); r++) {
		struct rate rate;
		rate_init(&rate, rates[r]);
		for (int i = 0; i < 20000; i++) {
			assert_int_equal(rate_wait_ms(&rate, 1), 0);
			rate_book(&rate, 1);
		}
		rate_release(&rate);
	}
}

static void test_the_smallest_rate_of_a_catalog_is_no_overflow(void **state)
{
	struct rate rate;
	(void)state;

	rate_init(&rate, 1e-6);
	rate_book(&rate, 1);
	assert_true(rate_wait_ms(&rate, 1) >= 1000000000);
	rate_release(&rate);
}

/* ---- sleeps ---- */

static void test_bounds_double_up_to_their_most(void **state)
{
	static const int64_t throttled[] = { 500, 1000, 2000, 4000, 4000, 4000 };
	static const int64_t others[] = { 100, 200, 400, 800, 1600, 2000, 2000 };
	(void)state;

	for (unsigned i = 0; i < COUNT(throttled); i++)
		assert_int_equal(retry_bound_ms(FAULT_THROTTLED, i), throttled[i]);
	for (unsigned i = 0; i < COUNT(others); i++) {
		assert_int_equal(retry_bound_ms(FAULT_SERVER, i), others[i]);
		assert_int_equal(retry_bound_ms(FAULT_LOST, i), others[i]);
	}
	assert_int_equal(retry_bound_ms(FAULT_THROTTLED, 1000000000), 4000);
}

/* Full jitter: each tenth of the range is hit about as often. */
static void test_sleeps_are_spread_over_the_whole_range(void **state)
{
	static const enum fault faults[] = { FAULT_THROTTLED, FAULT_SERVER };
	uint64_t chance = 42;
	(void)state;

	for (size_t f = 0; f < COUNT(faults); f++) {
		for (unsigned tries = 0; tries < 4; tries++) {
			int64_t bound_ms = retry_bound_ms(faults[f], tries);
			unsigned tenths[10] = { 0 };
			for (int i = 0; i < 10000; i++) {
				chance = chance * 6364136223846793005ULL + 1442695040888963407ULL;
				int64_t sleep_ms = retry_sleep_ms(faults[f], tries, chance >> 33);
				assert_in_range(sleep_ms, 0, bound_ms);
				tenths[sleep_ms * 10 / (bound_ms + 1)]++;
			}
			for (size_t i = 0; i < COUNT(tenths); i++)
				assert_in_range(tenths[i], 800, 1200);
		}
	}
	assert_int_equal(retry_sleep_ms(FAULT_SERVER, 0, 100), 100);
	assert_int_equal(retry_sleep_ms(FAULT_SERVER, 0, 101), 0);
	assert_in_range(retry_sleep_ms(FAULT_SERVER, 0, UINT64_MAX), 0, 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_window_of_a_second_holds_more_than_the_rate),
		cmocka_unit_test(test_the_rate_is_used),
		cmocka_unit_test(test_the_first_calls_do_not_wait),
		cmocka_unit_test(test_asking_how_long_books_nothing),
		cmocka_unit_test(test_no_rate_is_no_limit),
		cmocka_unit_test(test_the_smallest_rate_of_a_catalog_is_no_overflow),
		cmocka_unit_test(test_bounds_double_up_to_their_most),
		cmocka_unit_test(test_sleeps_are_spread_over_the_whole_range),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
