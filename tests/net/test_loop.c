/*
 * test_loop.c - the loop: order of timers, changes made inside callbacks, signals, the spin.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "net/loop.h"

enum { MANY = 10000 };

/* The record of the callbacks, in the order in which they ran. */
struct trace {
	struct loop *loop;
	int order[MANY + 16];
	size_t n;
	struct timer *timers[MANY];
	int fds[4]; /* two socket pairs */
	int calls;
	int64_t provenance_ms;
};

struct mark {
	struct trace *trace;
	int number;
};

static int setup(void **state)
{
	struct trace *trace = calloc(1, sizeof *trace);
	trace->loop = loop_new();
	assert_non_null(trace->loop);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, trace->fds), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, trace->fds + 2), 0);
	*state = trace;
	return 0;
}

static int teardown(void **state)
{
	struct trace *trace = *state;
	loop_free(trace->loop);
	for (int i = 0; i < 4; i++)
		if (trace->fds[i] >= 0)
			close(trace->fds[i]);
	free(trace);
	return 0;
}

static void note(void *arg)
{
	struct mark *mark = arg;
	mark->trace->order[mark->trace->n++] = mark->number;
}

static void stop(void *arg)
{
	struct trace *trace = arg;
	loop_stop(trace->loop, 7);
}

static void run_for(struct trace *trace, int64_t ms)
{
	loop_timer_start(trace->loop, ms, stop, trace);
	assert_int_equal(loop_run(trace->loop), 7);
}

static void timers_fire_in_order_of_due_time_then_creation(void **state)
{
	struct trace *trace = *state;
	struct mark marks[6];
	static const int DELAYS[6] = { 30, 10, 0, 10, 0, 20 };
	for (int i = 0; i < 6; i++) {
		marks[i] = (struct mark){ trace, i };
		loop_timer_start(trace->loop, DELAYS[i], note, &marks[i]);
	}
	run_for(trace, 40);
	static const int EXPECTED[6] = { 2, 4, 1, 3, 5, 0 };
	assert_int_equal(trace->n, 6);
	assert_memory_equal(trace->order, EXPECTED, sizeof EXPECTED);
}

static void a_timer_is_never_early(void **state)
{
	struct trace *trace = *state;
	for (int ms = 1; ms <= 15; ms += 7) {
		struct timespec before, after;
		clock_gettime(CLOCK_BOOTTIME, &before);
		run_for(trace, ms);
		clock_gettime(CLOCK_BOOTTIME, &after);
		int64_t us = (after.tv_sec - before.tv_sec) * 1000000 + (after.tv_nsec - before.tv_nsec) / 1000;
		assert_true(us >= ms * 1000 - 1);
	}
}

static void now_is_positive_and_does_not_go_back(void **state)
{
	struct trace *trace = *state;
	int64_t before = loop_now_ms(trace->loop);
	assert_true(before > 0);
	run_for(trace, 5);
	assert_true(loop_now_ms(trace->loop) >= before + 5);
}

static void ten_thousand_timers_half_of_them_unset(void **state)
{
	struct trace *trace = *state;
	struct mark *marks = calloc(MANY, sizeof *marks);
	uint32_t random = 12345;
	int64_t start_ms = loop_now_ms(trace->loop);
	for (int i = 0; i < MANY; i++) {
		random = random * 1664525 + 1013904223;
		int ms = (int)(random >> 16) % 50;
		marks[i] = (struct mark){ trace, ms };
		trace->timers[i] = loop_timer_start(trace->loop, ms, note, &marks[i]);
	}
	for (int i = 0; i < MANY; i += 2)
		loop_timer_stop(trace->loop, trace->timers[i]);
	/* Starting all timers took some ms, so only timers that are further apart must fire in order. */
	int took_ms = (int)(loop_now_ms(trace->loop) - start_ms) + 1;
	run_for(trace, 120);
	assert_int_equal(trace->n, MANY / 2);
	int latest = 0;
	for (size_t i = 0; i < trace->n; i++) {
		assert_true(trace->order[i] + took_ms >= latest);
		latest = trace->order[i] > latest ? trace->order[i] : latest;
	}
	free(marks);
}

static void unset_the_others(void *arg)
{
	struct trace *trace = arg;
	trace->calls++;
	for (int i = 0; i < 3; i++) {
		loop_timer_stop(trace->loop, trace->timers[i]);
		trace->timers[i] = NULL;
	}
}

static void a_timer_unsets_others_that_are_due_too(void **state)
{
	struct trace *trace = *state;
	struct mark mark = { trace, 1 };
	loop_timer_start(trace->loop, 0, unset_the_others, trace);
	for (int i = 0; i < 3; i++)
		trace->timers[i] = loop_timer_start(trace->loop, 0, note, &mark);
	run_for(trace, 5);
	assert_int_equal(trace->calls, 1);
	assert_int_equal(trace->n, 0);
}

static void again_at_once(void *arg)
{
	struct trace *trace = arg;
	if (trace->calls++ == 100)
		loop_stop(trace->loop, 1);
	loop_timer_start(trace->loop, 0, again_at_once, trace);
}

static void drain(void *arg, int fd, int events)
{
	struct trace *trace = arg;
	char bytes[64];
	assert_int_equal(events, LOOP_READ);
	assert_true(read(fd, bytes, sizeof bytes) > 0);
	trace->order[trace->n++] = trace->calls;
}

static void timers_made_by_timers_do_not_starve_descriptors(void **state)
{
	struct trace *trace = *state;
	assert_int_equal(loop_watch(trace->loop, trace->fds[0], LOOP_READ, drain, trace), 0);
	assert_int_equal(write(trace->fds[1], "x", 1), 1);
	loop_timer_start(trace->loop, 0, again_at_once, trace);
	assert_int_equal(loop_run(trace->loop), 1);
	assert_int_equal(trace->n, 1);
	assert_true(trace->order[0] <= 1);
}

static void unset_of_nothing_is_fine(void **state)
{
	struct trace *trace = *state;
	loop_timer_stop(trace->loop, NULL);
	loop_forget(trace->loop, -1);
	loop_forget(trace->loop, 12345);
	errno = 0;
	assert_int_equal(loop_watch(trace->loop, -1, LOOP_READ, drain, trace), -1);
	assert_int_equal(errno, EBADF);
	assert_int_equal(loop_watch(trace->loop, 900, LOOP_READ, drain, trace), -1);
	assert_int_equal(loop_signal(trace->loop, 0, NULL, NULL), -1);
	loop_free(NULL);
}

/* Both descriptors are ready in one round; the first callback forgets and closes the other descriptor. */
static void kill_the_other(void *arg, int fd, int events)
{
	struct trace *trace = arg;
	(void)events;
	int other = fd == trace->fds[0] ? 2 : 0;
	trace->calls++;
	loop_forget(trace->loop, trace->fds[other]);
	close(trace->fds[other]);
	trace->fds[other] = -1;
	loop_forget(trace->loop, fd);
}

static void a_descriptor_forgotten_in_this_round_is_not_delivered(void **state)
{
	struct trace *trace = *state;
	loop_watch(trace->loop, trace->fds[0], LOOP_READ, kill_the_other, trace);
	loop_watch(trace->loop, trace->fds[2], LOOP_READ, kill_the_other, trace);
	assert_int_equal(write(trace->fds[1], "x", 1), 1);
	assert_int_equal(write(trace->fds[3], "x", 1), 1);
	run_for(trace, 5);
	assert_int_equal(trace->calls, 1);
}

static void never(void *arg, int fd, int events)
{
	(void)arg;
	(void)fd;
	(void)events;
	fail_msg("an event of a descriptor that is no more");
}

/* The number is used again at once by a descriptor that is not ready: its owner must not get the old event. */
static void replace_the_other(void *arg, int fd, int events)
{
	struct trace *trace = arg;
	(void)events;
	int other = fd == trace->fds[0] ? 2 : 0;
	int number = trace->fds[other];
	trace->calls++;
	loop_forget(trace->loop, number);
	close(number);
	int pair[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(pair[0], number);
	assert_int_equal(loop_watch(trace->loop, number, LOOP_READ, never, NULL), 0);
	loop_forget(trace->loop, fd);
	trace->timers[0] = NULL;
	close(trace->fds[other + 1]);
	trace->fds[other + 1] = pair[1];
}

static void a_number_used_again_in_this_round_gets_no_stale_event(void **state)
{
	struct trace *trace = *state;
	loop_watch(trace->loop, trace->fds[0], LOOP_READ, replace_the_other, trace);
	loop_watch(trace->loop, trace->fds[2], LOOP_READ, replace_the_other, trace);
	assert_int_equal(write(trace->fds[1], "x", 1), 1);
	assert_int_equal(write(trace->fds[3], "x", 1), 1);
	run_for(trace, 5);
	assert_int_equal(trace->calls, 1);
}

static void count_and_forget(void *arg, int fd, int events)
{
	struct trace *trace = arg;
	trace->order[trace->n++] = events;
	loop_forget(trace->loop, fd);
}

static void what_is_watched_can_change(void **state)
{
	struct trace *trace = *state;
	loop_watch(trace->loop, trace->fds[0], LOOP_READ, never, trace);
	loop_watch(trace->loop, trace->fds[0], LOOP_WRITE, count_and_forget, trace);
	assert_int_equal(write(trace->fds[1], "x", 1), 1);
	run_for(trace, 3);
	assert_int_equal(trace->n, 1);
	assert_int_equal(trace->order[0], LOOP_WRITE);
	/* A forgotten descriptor can be watched again. */
	loop_watch(trace->loop, trace->fds[0], LOOP_READ | LOOP_WRITE, count_and_forget, trace);
	run_for(trace, 3);
	assert_int_equal(trace->order[1], LOOP_READ | LOOP_WRITE);
}

static void a_hang_up_counts_as_both(void **state)
{
	struct trace *trace = *state;
	loop_watch(trace->loop, trace->fds[0], LOOP_READ, count_and_forget, trace);
	close(trace->fds[1]);
	trace->fds[1] = -1;
	run_for(trace, 3);
	assert_int_equal(trace->n, 1);
	assert_int_equal(trace->order[0], LOOP_READ | LOOP_WRITE);
}

static void closed_without_a_word_and_opened_again(void **state)
{
	struct trace *trace = *state;
	loop_watch(trace->loop, trace->fds[0], LOOP_READ, never, trace);
	close(trace->fds[0]);
	close(trace->fds[1]);
	int pair[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	trace->fds[0] = pair[0];
	trace->fds[1] = pair[1];
	assert_int_equal(loop_watch(trace->loop, pair[0], LOOP_READ, count_and_forget, trace), 0);
	assert_int_equal(write(pair[1], "x", 1), 1);
	run_for(trace, 3);
	assert_int_equal(trace->n, 1);
}

/* curl closes a socket and opens another one. If both have the same number, it calls no callback. */
static void a_number_that_stands_for_another_descriptor(void **state)
{
	struct trace *trace = *state;
	int number = trace->fds[0];
	loop_renew(trace->loop, number);
	run_for(trace, 1);
	loop_watch(trace->loop, number, LOOP_READ, count_and_forget, trace);
	close(number);
	assert_int_equal(fcntl(trace->fds[2], F_DUPFD_CLOEXEC, number), number);
	loop_renew(trace->loop, number);
	assert_int_equal(write(trace->fds[3], "x", 1), 1);
	run_for(trace, 5);
	assert_int_equal(trace->n, 1);
	assert_int_equal(trace->order[0], LOOP_READ);
}

static void a_thousand_descriptors(void **state)
{
	struct trace *trace = *state;
	struct rlimit limit;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max < 4096 ? limit.rlim_max : 4096;
	setrlimit(RLIMIT_NOFILE, &limit);
	int pairs[1000][2];
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pairs[i]), 0);
		assert_int_equal(loop_watch(trace->loop, pairs[i][0], LOOP_READ, count_and_forget, trace), 0);
		assert_int_equal(write(pairs[i][1], "x", 1), 1);
	}
	run_for(trace, 30);
	assert_int_equal(trace->n, 1000);
	for (int i = 0; i < 1000; i++) {
		close(pairs[i][0]);
		close(pairs[i][1]);
	}
}

static void note_signal(void *arg, int signal)
{
	struct trace *trace = arg;
	trace->order[trace->n++] = signal;
	if (trace->n == 2)
		loop_stop(trace->loop, 3);
}

static void signals_come_from_the_loop(void **state)
{
	struct trace *trace = *state;
	assert_int_equal(loop_signal(trace->loop, SIGUSR1, note_signal, trace), 0);
	assert_int_equal(loop_signal(trace->loop, SIGTERM, note_signal, trace), 0);
	kill(getpid(), SIGTERM);
	kill(getpid(), SIGUSR1);
	assert_int_equal(trace->n, 0);
	assert_int_equal(loop_run(trace->loop), 3);
	assert_true(trace->order[0] != trace->order[1]);
	assert_int_equal(trace->order[0] + trace->order[1], SIGTERM + SIGUSR1);
	/* A second signal after loop_free stays pending and does not kill. */
	kill(getpid(), SIGUSR1);
	sigset_t pending;
	sigpending(&pending);
	assert_true(sigismember(&pending, SIGUSR1));
}

static void stop_at_once(void *arg)
{
	struct trace *trace = arg;
	trace->calls++;
	loop_stop(trace->loop, 9);
}

static void stop_ends_the_round_and_counts_before_the_run_too(void **state)
{
	struct trace *trace = *state;
	loop_stop(trace->loop, 4);
	assert_int_equal(loop_run(trace->loop), 4);
	loop_timer_start(trace->loop, 0, stop_at_once, trace);
	loop_timer_start(trace->loop, 0, stop_at_once, trace);
	assert_int_equal(loop_run(trace->loop), 9);
	assert_int_equal(trace->calls, 1);
	/* The next run handles the rest. */
	assert_int_equal(loop_run(trace->loop), 9);
	assert_int_equal(trace->calls, 2);
}

static int64_t cpu_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void be_busy(void *arg)
{
	struct trace *trace = arg;
	loop_busy(trace->loop);
	if (++trace->calls < 20)
		loop_timer_start(trace->loop, 1, be_busy, trace);
}

static void it_spins_after_a_request_and_sleeps_when_idle(void **state)
{
	struct trace *trace = *state;
	int64_t before = cpu_us();
	run_for(trace, 100);
	int64_t idle = cpu_us() - before;
	assert_true(idle < 20000);
	loop_timer_start(trace->loop, 0, be_busy, trace);
	before = cpu_us();
	run_for(trace, 100);
	int64_t busy = cpu_us() - before;
	/* 20 busy polls of 50 us show in the CPU time and end soon. */
	assert_int_equal(trace->calls, 20);
	assert_true(busy >= 20 * LOOP_SPIN_US / 2);
	assert_true(busy < 60000);
}

static void timers_left_are_freed(void **state)
{
	struct trace *trace = *state;
	for (int i = 0; i < 50; i++)
		loop_timer_start(trace->loop, INT64_MAX, stop, trace);
	loop_timer_start(trace->loop, -5, stop, trace);
	assert_int_equal(loop_run(trace->loop), 7);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(timers_fire_in_order_of_due_time_then_creation),
		TEST(a_timer_is_never_early),
		TEST(now_is_positive_and_does_not_go_back),
		TEST(ten_thousand_timers_half_of_them_unset),
		TEST(a_timer_unsets_others_that_are_due_too),
		TEST(timers_made_by_timers_do_not_starve_descriptors),
		TEST(unset_of_nothing_is_fine),
		TEST(a_descriptor_forgotten_in_this_round_is_not_delivered),
		TEST(a_number_used_again_in_this_round_gets_no_stale_event),
		TEST(what_is_watched_can_change),
		TEST(a_hang_up_counts_as_both),
		TEST(closed_without_a_word_and_opened_again),
		TEST(a_number_that_stands_for_another_descriptor),
		TEST(a_thousand_descriptors),
		TEST(signals_come_from_the_loop),
		TEST(stop_ends_the_round_and_counts_before_the_run_too),
		TEST(it_spins_after_a_request_and_sleeps_when_idle),
		TEST(timers_left_are_freed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
