/*
 * test_rate_limiter.c - the window, fractions of a call a second, and the sleep between two tries.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "client/rate_limiter.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum { CALLS = 5000, ON_THE_WAY = 10000 };

/* A call that begins, and is on the wire `connect_ms` later. */
static int64_t pass(struct rate_limiter *rate, int64_t now_ms, int64_t connect_ms)
{
	rate_limiter_begin(rate);
	rate_limiter_sent(rate, now_ms + connect_ms);
	return now_ms + connect_ms;
}

struct on_the_way {
	int64_t due_ms[ON_THE_WAY];
	size_t n;
};

/* What is due goes onto the wire, in any order of beginning; gives when, and counts. */
static size_t arrive(struct rate_limiter *rate, struct on_the_way *way, int64_t now_ms, int64_t wire_ms[])
{
	size_t n = 0, kept = 0;

	for (size_t i = 0; i < way->n; i++) {
		if (way->due_ms[i] > now_ms) {
			way->due_ms[kept++] = way->due_ms[i];
			continue;
		}
		if (way->due_ms[i] % 11 == 0) { /* its connection was refused */
			rate_limiter_return(rate);
			continue;
		}
		rate_limiter_sent(rate, now_ms);
		wire_ms[n++] = now_ms;
	}
	way->n = kept;
	return n;
}

/* Takes what is free at random moments, over connections that take their time. */
static size_t send_at_random(double per_s, unsigned seed, int64_t wire_ms[])
{
	static struct on_the_way way;
	struct rate_limiter rate;
	int64_t now_ms = 1000000;
	size_t n = 0;

	way.n = 0;
	rate_limiter_init(&rate, per_s);
	while (n < CALLS) {
		now_ms += rand_r(&seed) % 50 ? 1 + rand_r(&seed) % 7 : rand_r(&seed) % 3000;
		n += arrive(&rate, &way, now_ms, wire_ms + n);
		bool greedy = rand_r(&seed) % 4;
		while (rate_limiter_room(&rate, now_ms) && greedy && way.n < ON_THE_WAY) {
			rate_limiter_begin(&rate);
			way.due_ms[way.n++] = now_ms + (rand_r(&seed) % 3 ? 0 : rand_r(&seed) % 900);
		}
		assert_true(rate_limiter_wait_ms(&rate, 0, now_ms) >= 0);
		assert_true(rate_limiter_wait_ms(&rate, 5, now_ms) >= rate_limiter_wait_ms(&rate, 4, now_ms));
	}
	rate_limiter_release(&rate);
	return n;
}

/* promise: 5 */
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
	static int64_t wire_ms[CALLS + ON_THE_WAY];
	(void)state;

	for (size_t r = 0; r < COUNT(rows); r++) {
		size_t n = send_at_random(rows[r].per_s, (unsigned)r + 1, wire_ms);
		for (size_t i = rows[r].calls; i < n; i++)
			assert_true(wire_ms[i] - wire_ms[i - rows[r].calls] > rows[r].window_ms);
	}
}

/* Polite, but not lazy: in the long run hardly slower than what is allowed. */
static void test_the_rate_is_used(void **state)
{
	static const double rates[] = { 20, 7, 1, 0.5 };
	(void)state;

	for (size_t r = 0; r < COUNT(rates); r++) {
		struct rate_limiter rate;
		int64_t now_ms = 5;
		rate_limiter_init(&rate, rates[r]);
		for (int i = 0; i < 200; i++) {
			now_ms += rate_limiter_wait_ms(&rate, 0, now_ms);
			pass(&rate, now_ms, 0);
		}
		assert_true((double)now_ms < 200 / rates[r] * 1000 * 1.05);
		rate_limiter_release(&rate);
	}
}

static void test_calls_begun_beyond_the_rate_leave_none_free(void **state)
{
	struct rate_limiter rate;
	(void)state;

	rate_limiter_init(&rate, 2);
	for (int i = 0; i < 3; i++)
		rate_limiter_begin(&rate);
	assert_int_equal(rate_limiter_room(&rate, 1), 0);
	rate_limiter_release(&rate);
}

static void test_the_first_calls_do_not_wait(void **state)
{
	struct rate_limiter rate;
	(void)state;

	rate_limiter_init(&rate, 20);
	for (size_t i = 20; i > 0; i--) {
		assert_int_equal(rate_limiter_room(&rate, 1), i);
		assert_int_equal(rate_limiter_wait_ms(&rate, i - 1, 1), 0);
		pass(&rate, 1, 0);
	}
	assert_int_equal(rate_limiter_room(&rate, 1), 0);
	assert_in_range(rate_limiter_wait_ms(&rate, 0, 1), 1000, 1100);
	assert_in_range(rate_limiter_wait_ms(&rate, 19, 1), 1000, 1100);
	assert_in_range(rate_limiter_wait_ms(&rate, 20, 1), 2000, 2200); /* they come free all over again */
	rate_limiter_release(&rate);
}

/* A call that makes its connection has its place only when it is there: until then it goes just now. */
static void test_what_is_not_on_the_wire_yet_holds_its_place(void **state)
{
	struct rate_limiter rate;
	(void)state;

	rate_limiter_init(&rate, 2);
	rate_limiter_begin(&rate);
	rate_limiter_begin(&rate);
	assert_int_equal(rate_limiter_room(&rate, 100000), 0);
	rate_limiter_sent(&rate, 100000);
	assert_int_equal(rate_limiter_room(&rate, 100999), 0);
	assert_int_equal(rate_limiter_room(&rate, 101050), 1);
	rate_limiter_return(&rate); /* it never got there */
	assert_int_equal(rate_limiter_room(&rate, 101050), 2);
	rate_limiter_release(&rate);
}

static void test_no_rate_is_no_limit(void **state)
{
	static const double rates[] = { 0, -1, 10000.5, 1e300, NAN };
	(void)state;

	for (size_t r = 0; r < COUNT(rates); r++) {
		struct rate_limiter rate;
		rate_limiter_init(&rate, rates[r]);
		for (int i = 0; i < 20000; i++) {
			assert_true(rate_limiter_room(&rate, 1) > 1000000);
			assert_int_equal(rate_limiter_wait_ms(&rate, 100000, 1), 0);
			rate_limiter_begin(&rate);
			if (i % 2)
				rate_limiter_sent(&rate, 1);
			else
				rate_limiter_return(&rate);
		}
		rate_limiter_release(&rate);
	}
}

static void test_the_smallest_rate_of_a_catalog_is_no_overflow(void **state)
{
	struct rate_limiter rate;
	(void)state;

	rate_limiter_init(&rate, 1e-6);
	pass(&rate, 1, 0);
	assert_true(rate_limiter_wait_ms(&rate, 0, 1) >= 1000000000);
	assert_true(rate_limiter_wait_ms(&rate, 1000000, 1) >= 1000000000);
	rate_limiter_release(&rate);
}

/* ---- sleeps ---- */

static void test_bounds_double_up_to_their_most(void **state)
{
	static const int64_t throttled[] = { 500, 1000, 2000, 4000, 4000, 4000 };
	static const int64_t others[] = { 100, 200, 400, 800, 1600, 2000, 2000 };
	(void)state;

	for (unsigned i = 0; i < COUNT(throttled); i++)
		assert_int_equal(retry_bound_ms(ERR_THROTTLED, i), throttled[i]);
	for (unsigned i = 0; i < COUNT(others); i++) {
		assert_int_equal(retry_bound_ms(ERR_SERVER, i), others[i]);
		assert_int_equal(retry_bound_ms(ERR_LOST, i), others[i]);
	}
	assert_int_equal(retry_bound_ms(ERR_THROTTLED, 1000000000), 4000);
}

/* Full jitter: each tenth of the range is hit about as often. */
static void test_sleeps_are_spread_over_the_whole_range(void **state)
{
	static const enum error errors[] = { ERR_THROTTLED, ERR_SERVER };
	uint64_t chance = 42;
	(void)state;

	for (size_t f = 0; f < COUNT(errors); f++) {
		for (unsigned tries = 0; tries < 4; tries++) {
			int64_t bound_ms = retry_bound_ms(errors[f], tries);
			unsigned tenths[10] = { 0 };
			for (int i = 0; i < 10000; i++) {
				chance = chance * 6364136223846793005ULL + 1442695040888963407ULL;
				int64_t sleep_ms = retry_sleep_ms(errors[f], tries, chance >> 33);
				assert_in_range(sleep_ms, 0, bound_ms);
				tenths[sleep_ms * 10 / (bound_ms + 1)]++;
			}
			for (size_t i = 0; i < COUNT(tenths); i++)
				assert_in_range(tenths[i], 800, 1200);
		}
	}
	assert_int_equal(retry_sleep_ms(ERR_SERVER, 0, 100), 100);
	assert_int_equal(retry_sleep_ms(ERR_SERVER, 0, 101), 0);
	assert_in_range(retry_sleep_ms(ERR_SERVER, 0, UINT64_MAX), 0, 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_window_of_a_second_holds_more_than_the_rate),
		cmocka_unit_test(test_the_rate_is_used),
		cmocka_unit_test(test_calls_begun_beyond_the_rate_leave_none_free),
		cmocka_unit_test(test_the_first_calls_do_not_wait),
		cmocka_unit_test(test_what_is_not_on_the_wire_yet_holds_its_place),
		cmocka_unit_test(test_no_rate_is_no_limit),
		cmocka_unit_test(test_the_smallest_rate_of_a_catalog_is_no_overflow),
		cmocka_unit_test(test_bounds_double_up_to_their_most),
		cmocka_unit_test(test_sleeps_are_spread_over_the_whole_range),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
