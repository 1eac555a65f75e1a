/*
 * test_rate_queue.c - which call is granted next, and when.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "client/rate_queue.h"

/* One call leaves the window of a second (and its slack) after WINDOW_MS. */
enum { N = 32, START_MS = 100000, WINDOW_MS = 1035, ALICE = 1, BOB = 2, CAROL = 3 };

struct timer {
	int64_t due_ms;
	transport_tick_fn *fn; /* NULL: it is not set */
	void *arg;
};

struct kit;

struct waiting {
	struct rate_ticket ticket;
	struct kit *kit;
	char letter;
	void (*then)(struct waiting *waiting);
	enum error refusal;
};

/* A queue, and a transport with a clock that the test turns and the queue's one timer. */
struct kit {
	struct transport io;
	int64_t now_ms;
	struct timer timer;
	struct completion_queue completions;
	struct circuit_breaker breaker;
	struct rate_queue queue;
	struct waiting waiting[N]; /* `a`, `b` and so on, in the order of joining */
	size_t n;
	char granted[N + 1]; /* letters */
	bool is_slow; /* what is granted does not reach the wire by itself */
};

static int64_t kit_now_ms(void *self)
{
	return ((struct kit *)self)->now_ms;
}

static struct timer *kit_timer_start(void *self, int64_t ms, transport_tick_fn *fn, void *arg)
{
	struct kit *kit = self;

	assert_null(kit->timer.fn);
	assert_true(ms >= 0);
	kit->timer = (struct timer){ kit->now_ms + ms, fn, arg };
	return &kit->timer;
}

static void kit_timer_stop(void *self, struct timer *timer)
{
	(void)self;
	if (timer)
		timer->fn = NULL;
}

static void kit_open(struct kit *kit, double per_s)
{
	memset(kit, 0, sizeof(*kit));
	kit->io = (struct transport){ .self = kit,
		.now_ms = kit_now_ms,
		.timer_start = kit_timer_start,
		.timer_stop = kit_timer_stop };
	kit->now_ms = START_MS;
	completion_queue_init(&kit->completions);
	circuit_breaker_init(&kit->breaker);
	rate_queue_init(&kit->queue, &kit->io, &kit->completions, &kit->breaker, per_s);
}

static void kit_close(struct kit *kit)
{
	rate_queue_release(&kit->queue);
	assert_null(kit->timer.fn);
}

/* Turns the clock, and fires the timer each time that it is due. */
static void kit_advance(struct kit *kit, int64_t ms)
{
	int64_t until_ms = kit->now_ms + ms;

	while (kit->timer.fn && kit->timer.due_ms <= until_ms) {
		struct timer due = kit->timer;
		kit->now_ms = due.due_ms;
		kit->timer.fn = NULL;
		due.fn(due.arg);
	}
	kit->now_ms = until_ms;
}

static void waiting_granted(void *arg, enum error refusal)
{
	struct waiting *waiting = arg;
	struct kit *kit = waiting->kit;

	kit->granted[strlen(kit->granted)] = waiting->letter;
	waiting->refusal = refusal;
	if (!refusal) {
		rate_limiter_begin(&kit->queue.rate);
		circuit_breaker_sent(&kit->breaker, kit->now_ms);
		if (!kit->is_slow)
			rate_limiter_sent(&kit->queue.rate, kit->now_ms);
	}
	if (waiting->then)
		waiting->then(waiting);
}

static struct waiting *kit_make(struct kit *kit, unsigned uid, enum call_priority priority)
{
	struct waiting *waiting = &kit->waiting[kit->n];

	*waiting = (struct waiting){ .kit = kit, .letter = (char)('a' + kit->n++) };
	rate_ticket_init(&waiting->ticket, uid, waiting_granted, waiting);
	waiting->ticket.priority = priority;
	return waiting;
}

static struct waiting *kit_join(struct kit *kit, unsigned uid, enum call_priority priority)
{
	struct waiting *waiting = kit_make(kit, uid, priority);

	rate_queue_join(&kit->queue, &waiting->ticket);
	return waiting;
}

/* The rate has no room until WINDOW_MS are over. */
static void kit_fill(struct kit *kit)
{
	while (rate_limiter_room(&kit->queue.rate, kit->now_ms)) {
		rate_limiter_begin(&kit->queue.rate);
		rate_limiter_sent(&kit->queue.rate, kit->now_ms);
	}
}

static void assert_granted(const struct kit *kit, const char *letters)
{
	assert_string_equal(kit->granted, letters);
}

/* ---- the rate ---- */

static void test_what_the_rate_has_room_for_goes_at_once(void **state)
{
	struct kit kit;
	(void)state;

	kit_open(&kit, 2);
	for (int i = 0; i < 5; i++)
		kit_join(&kit, ALICE, PRIORITY_FOREGROUND);
	assert_granted(&kit, "ab");
	assert_int_equal(kit.queue.n_queued, 3);
	kit_advance(&kit, WINDOW_MS - 1);
	assert_granted(&kit, "ab");
	kit_advance(&kit, 1);
	assert_granted(&kit, "abcd");
	kit_advance(&kit, WINDOW_MS);
	assert_granted(&kit, "abcde");
	assert_int_equal(kit.queue.n_queued, 0);
	kit_close(&kit);
}

static void test_without_a_rate_none_waits(void **state)
{
	struct kit kit;
	(void)state;

	kit_open(&kit, 0);
	for (int i = 0; i < 10; i++)
		kit_join(&kit, ALICE, PRIORITY_BACKGROUND);
	assert_granted(&kit, "abcdefghij");
	kit_close(&kit);
}

/* A call that was granted holds its place until it is on the wire, and gives it back if it never gets there. */
static void test_a_place_that_is_returned_goes_to_the_next(void **state)
{
	struct kit kit;
	(void)state;

	kit_open(&kit, 1);
	kit.is_slow = true;
	kit_join(&kit, ALICE, PRIORITY_FOREGROUND);
	kit_join(&kit, ALICE, PRIORITY_FOREGROUND);
	kit_advance(&kit, 10 * WINDOW_MS);
	assert_granted(&kit, "a");
	rate_queue_return(&kit.queue);
	kit_advance(&kit, 0);
	assert_granted(&kit, "ab");
	rate_queue_return(&kit.queue);
	kit_close(&kit);
}

static void test_the_background_leaves_a_tenth_of_the_rate_free(void **state)
{
	struct kit kit;
	(void)state;

	kit_open(&kit, 10);
	for (int i = 0; i < 12; i++)
		kit_join(&kit, ALICE, PRIORITY_BACKGROUND);
	assert_granted(&kit, "abcdefghi");
	kit_join(&kit, BOB, PRIORITY_FOREGROUND); /* `m` */
	assert_granted(&kit, "abcdefghim");
	kit_advance(&kit, WINDOW_MS);
	assert_granted(&kit, "abcdefghimjkl");
	kit_close(&kit);
}

/* ---- the order ---- */

static void test_priorities_go_in_their_order(void **state)
{
	struct kit kit;
	(void)state;

	kit_open(&kit, 4);
	kit_fill(&kit);
	kit_join(&kit, ALICE, PRIORITY_BACKGROUND);
	kit_join(&kit, ALICE, PRIORITY_VIEW);
	kit_join(&kit, ALICE, PRIORITY_FOREGROUND);
	kit_join(&kit, ALICE, PRIORITY_RETRY);
	kit_advance(&kit, WINDOW_MS);
	assert_granted(&kit, "dcba");
	kit_close(&kit);
}

static void test_users_take_turns_and_each_keeps_its_order(void **state)
{
	struct kit kit;
	(void)state;

	kit_open(&kit, 10);
	kit_fill(&kit);
	for (int i = 0; i < 4; i++)
		kit_join(&kit, ALICE, PRIORITY_FOREGROUND); /* `a` to `d` */
	for (int i = 0; i < 2; i++)
		kit_join(&kit, BOB, PRIORITY_FOREGROUND); /* `e`, `f` */
	kit_join(&kit, CAROL, PRIORITY_FOREGROUND); /* `g` */
	kit_advance(&kit, WINDOW_MS);
	assert_granted(&kit, "aegbfcd");
	kit_close(&kit);
}

/* A user that has waited for its turns already does not wait for those of a user that comes later. */
static void test_a_user_that_comes_later_gets_no_more_than_its_turn(void **state)
{
	struct kit kit;
	(void)state;

	kit_open(&kit, 1);
	kit_fill(&kit);
	for (int i = 0; i < 3; i++)
		kit_join(&kit, ALICE, PRIORITY_FOREGROUND); /* `a`, `b`, `c` */
	kit_advance(&kit, 2 * WINDOW_MS);
	assert_granted(&kit, "ab");
	for (int i = 0; i < 2; i++)
		kit_join(&kit, BOB, PRIORITY_FOREGROUND); /* `d`, `e` */
	kit_advance(&kit, 3 * WINDOW_MS);
	assert_granted(&kit, "abcde");
	kit_close(&kit);
}

static void test_a_ticket_that_left_is_not_granted(void **state)
{
	struct kit kit;
	(void)state;

	for (size_t i = 0; i < 3; i++) {
		static const char *const rest[] = { "bc", "ac", "ab" };
		kit_open(&kit, 3);
		kit_fill(&kit);
		for (int k = 0; k < 3; k++)
			kit_join(&kit, ALICE, PRIORITY_FOREGROUND);
		rate_queue_leave(&kit.queue, &kit.waiting[i].ticket);
		assert_int_equal(kit.queue.n_queued, 2);
		assert_int_equal(kit.queue.n_foreground, 2);
		kit_advance(&kit, WINDOW_MS);
		assert_granted(&kit, rest[i]);
		kit_close(&kit);
	}
}

static void test_a_ticket_moves_where_another_user_has_it_sooner(void **state)
{
	struct kit kit;
	(void)state;

	kit_open(&kit, 5);
	kit_fill(&kit);
	for (int i = 0; i < 4; i++)
		kit_join(&kit, ALICE, PRIORITY_FOREGROUND);
	rate_queue_hand_over(&kit.queue, &kit.waiting[3].ticket, BOB, PRIORITY_FOREGROUND);
	assert_int_equal(kit.waiting[3].ticket.uid, BOB);
	rate_queue_hand_over(&kit.queue, &kit.waiting[0].ticket, CAROL, PRIORITY_FOREGROUND); /* no sooner */
	assert_int_equal(kit.waiting[0].ticket.uid, ALICE);
	kit_advance(&kit, WINDOW_MS);
	assert_granted(&kit, "adbc");
	kit_close(&kit);
}

static void test_a_ticket_moves_to_another_priority(void **state)
{
	struct kit kit;
	(void)state;

	kit_open(&kit, 20);
	kit_fill(&kit);
	for (int i = 0; i < 3; i++)
		kit_join(&kit, ALICE, PRIORITY_BACKGROUND);
	assert_int_equal(kit.queue.n_foreground, 0);
	rate_queue_hand_over(&kit.queue, &kit.waiting[2].ticket, ALICE, PRIORITY_FOREGROUND);
	rate_queue_hand_over(&kit.queue, &kit.waiting[1].ticket, ALICE, PRIORITY_VIEW);
	assert_int_equal(kit.queue.n_foreground, 2);
	kit_advance(&kit, WINDOW_MS);
	assert_granted(&kit, "cba");
	kit_close(&kit);
}

static void join_two_more(struct waiting *waiting)
{
	kit_join(waiting->kit, BOB, PRIORITY_FOREGROUND);
	kit_join(waiting->kit, CAROL, PRIORITY_RETRY);
	assert_int_equal(strlen(waiting->kit->granted), 1); /* neither was granted in here */
}

static void test_tickets_that_join_while_one_is_granted_take_their_places(void **state)
{
	struct kit kit;
	(void)state;

	kit_open(&kit, 4);
	kit_fill(&kit);
	kit_join(&kit, ALICE, PRIORITY_FOREGROUND)->then = join_two_more; /* `c`, `d` */
	kit_join(&kit, ALICE, PRIORITY_FOREGROUND); /* `b` */
	kit_advance(&kit, WINDOW_MS);
	assert_granted(&kit, "adbc"); /* `b` and `c` are of one round, and `b` joined first */
	kit_close(&kit);
}

/* ---- the circuit breaker ---- */

static void test_while_the_breaker_is_open_tickets_are_refused_but_the_probe(void **state)
{
	struct kit kit;
	(void)state;

	kit_open(&kit, 5);
	kit_fill(&kit);
	struct waiting *first = kit_join(&kit, ALICE, PRIORITY_FOREGROUND);
	struct waiting *probe = kit_make(&kit, ALICE, PRIORITY_FOREGROUND);
	probe->ticket.is_probe = true;
	rate_queue_join(&kit.queue, &probe->ticket);
	kit.breaker.open = ERR_REFUSED;
	struct waiting *last = kit_join(&kit, BOB, PRIORITY_BACKGROUND);
	assert_granted(&kit, "a");
	assert_int_equal(first->refusal, ERR_REFUSED);
	kit_advance(&kit, WINDOW_MS); /* the probe waits for the rate, and all behind it with it */
	assert_granted(&kit, "abc");
	assert_int_equal(probe->refusal, ERR_NONE);
	assert_int_equal(last->refusal, ERR_REFUSED);
	kit_close(&kit);
}

static void test_a_silent_cloud_gets_no_more_until_it_answers(void **state)
{
	struct kit kit;
	(void)state;

	kit_open(&kit, 0);
	for (int i = 0; i < CIRCUIT_BREAKER_SILENT_MOST; i++)
		circuit_breaker_sent(&kit.breaker, kit.now_ms);
	kit_advance(&kit, CIRCUIT_BREAKER_SILENT_MS + 1);
	kit_join(&kit, ALICE, PRIORITY_FOREGROUND);
	assert_granted(&kit, "");
	assert_null(kit.timer.fn); /* an answer is awaited, and no time */
	circuit_breaker_record(&kit.breaker, ERR_NONE, CIRCUIT_BREAKER_SILENT_MS, kit.now_ms);
	rate_queue_run(&kit.queue);
	assert_granted(&kit, "a");
	kit_close(&kit);
}

static void test_after_many_failures_calls_go_apart(void **state)
{
	struct kit kit;
	(void)state;

	kit_open(&kit, 0);
	for (int i = 0; i < CIRCUIT_BREAKER_DOUBT; i++) {
		circuit_breaker_sent(&kit.breaker, kit.now_ms);
		circuit_breaker_record(&kit.breaker, ERR_LOST, 0, kit.now_ms);
	}
	for (int i = 0; i < 3; i++)
		kit_join(&kit, ALICE, PRIORITY_FOREGROUND);
	assert_granted(&kit, "");
	kit_advance(&kit, CIRCUIT_BREAKER_DOUBT_MS);
	assert_granted(&kit, "a");
	kit_advance(&kit, CIRCUIT_BREAKER_DOUBT_MS - 1);
	assert_granted(&kit, "a");
	kit_advance(&kit, 1);
	assert_granted(&kit, "ab");
	assert_false(rate_queue_has_room(&kit.queue));
	kit_advance(&kit, CIRCUIT_BREAKER_DOUBT_MS);
	assert_granted(&kit, "abc");
	kit_close(&kit);
}

/* ---- what can be foreseen ---- */

static void test_the_wait_of_a_user_counts_what_goes_before(void **state)
{
	struct kit kit;
	(void)state;

	kit_open(&kit, 1);
	assert_int_equal(rate_queue_wait_ms(&kit.queue, ALICE), 0);
	kit_fill(&kit);
	assert_int_equal(rate_queue_wait_ms(&kit.queue, ALICE), WINDOW_MS);
	kit_join(&kit, ALICE, PRIORITY_FOREGROUND);
	kit_join(&kit, ALICE, PRIORITY_FOREGROUND);
	kit_join(&kit, BOB, PRIORITY_BACKGROUND); /* in the way of none */
	assert_int_equal(rate_queue_wait_ms(&kit.queue, ALICE), 3 * WINDOW_MS);
	assert_int_equal(rate_queue_wait_ms(&kit.queue, BOB), 2 * WINDOW_MS);
	assert_int_equal(rate_queue_retry_ms(&kit.queue), WINDOW_MS);
	for (size_t i = 0; i < kit.n; i++)
		rate_queue_leave(&kit.queue, &kit.waiting[i].ticket);
	kit_close(&kit);
}

static void test_a_call_ahead_has_room_only_where_no_call_waits(void **state)
{
	struct kit kit;
	(void)state;

	kit_open(&kit, 1);
	assert_true(rate_queue_has_room(&kit.queue));
	assert_int_equal(rate_queue_look_again_ms(&kit.queue), 20);
	kit_fill(&kit);
	assert_false(rate_queue_has_room(&kit.queue));
	assert_int_equal(rate_queue_look_again_ms(&kit.queue), WINDOW_MS);
	kit_join(&kit, ALICE, PRIORITY_FOREGROUND);
	assert_int_equal(rate_queue_look_again_ms(&kit.queue), 2 * WINDOW_MS);
	kit_advance(&kit, 2 * WINDOW_MS);
	assert_true(rate_queue_has_room(&kit.queue));
	kit_close(&kit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_the_rate_has_room_for_goes_at_once),
		cmocka_unit_test(test_without_a_rate_none_waits),
		cmocka_unit_test(test_a_place_that_is_returned_goes_to_the_next),
		cmocka_unit_test(test_the_background_leaves_a_tenth_of_the_rate_free),
		cmocka_unit_test(test_priorities_go_in_their_order),
		cmocka_unit_test(test_users_take_turns_and_each_keeps_its_order),
		cmocka_unit_test(test_a_user_that_comes_later_gets_no_more_than_its_turn),
		cmocka_unit_test(test_a_ticket_that_left_is_not_granted),
		cmocka_unit_test(test_a_ticket_moves_where_another_user_has_it_sooner),
		cmocka_unit_test(test_a_ticket_moves_to_another_priority),
		cmocka_unit_test(test_tickets_that_join_while_one_is_granted_take_their_places),
		cmocka_unit_test(test_while_the_breaker_is_open_tickets_are_refused_but_the_probe),
		cmocka_unit_test(test_a_silent_cloud_gets_no_more_until_it_answers),
		cmocka_unit_test(test_after_many_failures_calls_go_apart),
		cmocka_unit_test(test_the_wait_of_a_user_counts_what_goes_before),
		cmocka_unit_test(test_a_call_ahead_has_room_only_where_no_call_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
