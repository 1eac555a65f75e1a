/* One epoll loop with timers. Everything in the emulator runs in its thread. */
#ifndef EMULATOR_LOOP_H
#define EMULATOR_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Embedded in what it belongs to; zeroed means not armed. */
struct timer {
	int64_t at; /* microseconds, CLOCK_MONOTONIC */
	void (*fire)(void *arg);
	void *arg;
	size_t place; /* in the heap, from 1; 0: not armed */
};

struct watch {
	int fd;
	bool on;
	void (*ready)(void *arg, uint32_t events);
	void *arg;
};

struct loop {
	int epoll;
	struct timer **heap; /* heap[0] is unused */
	size_t count, cap;
	bool quit;
};

int64_t loop_now(void); /* microseconds, CLOCK_MONOTONIC */

bool loop_init(struct loop *loop);
void loop_free(struct loop *loop);
void loop_arm(struct loop *loop, struct timer *timer, int64_t at);
void loop_disarm(struct loop *loop, struct timer *timer);
void loop_watch(struct loop *loop, struct watch *watch, uint32_t events);
void loop_unwatch(struct loop *loop, struct watch *watch);
/* Waits at most `limit_ms` (-1: no limit), then serves what is ready and due. */
void loop_step(struct loop *loop, int limit_ms);

#endif
