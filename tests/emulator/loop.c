#include "loop.h"
#include "text.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

int64_t loop_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

bool loop_init(struct loop *loop)
{
	*loop = (struct loop){ .epoll = epoll_create1(EPOLL_CLOEXEC) };
	return loop->epoll >= 0;
}

void loop_free(struct loop *loop)
{
	close(loop->epoll);
	free(loop->heap);
}

static void place(struct loop *loop, size_t at, struct timer *timer)
{
	loop->heap[at] = timer;
	timer->place = at;
}

/* Moves a timer to where the heap is in order again. */
static void settle(struct loop *loop, size_t at, struct timer *timer)
{
	while (at > 1 && loop->heap[at / 2]->at > timer->at) {
		place(loop, at, loop->heap[at / 2]);
		at /= 2;
	}
	for (size_t child = at * 2; child <= loop->count; child = at * 2) {
		if (child < loop->count && loop->heap[child + 1]->at < loop->heap[child]->at)
			child++;
		if (loop->heap[child]->at >= timer->at)
			break;
		place(loop, at, loop->heap[child]);
		at = child;
	}
	place(loop, at, timer);
}

void loop_arm(struct loop *loop, struct timer *timer, int64_t at)
{
	loop_disarm(loop, timer);
	if (loop->count + 2 > loop->cap) {
		loop->cap = loop->cap ? loop->cap * 2 : 64;
		loop->heap = realloc(loop->heap, loop->cap * sizeof(struct timer *));
		if (!loop->heap)
			abort();
	}
	timer->at = at;
	settle(loop, ++loop->count, timer);
}

void loop_disarm(struct loop *loop, struct timer *timer)
{
	size_t at = timer->place;
	struct timer *last;

	if (!at)
		return;
	timer->place = 0;
	last = loop->heap[loop->count--];
	if (last != timer)
		settle(loop, at, last);
}

void loop_watch(struct loop *loop, struct watch *watch, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = watch };

	epoll_ctl(loop->epoll, watch->on ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, watch->fd, &event);
	watch->on = true;
}

void loop_unwatch(struct loop *loop, struct watch *watch)
{
	if (watch->on)
		epoll_ctl(loop->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
	watch->on = false;
}

static int wait_ms(const struct loop *loop, int limit_ms)
{
	int64_t left;

	if (!loop->count)
		return limit_ms;
	left = (loop->heap[1]->at - loop_now() + 999) / 1000;
	if (left < 0)
		left = 0;
	return limit_ms >= 0 && limit_ms < left ? limit_ms : (int)left;
}

void loop_step(struct loop *loop, int limit_ms)
{
	struct epoll_event events[256];
	int n = epoll_wait(loop->epoll, events, 256, wait_ms(loop, limit_ms));
	int64_t now;

	for (int i = 0; i < n; i++) {
		struct watch *watch = events[i].data.ptr;

		if (watch->on)
			watch->ready(watch->arg, events[i].events);
	}
	now = loop_now();
	while (loop->count && loop->heap[1]->at <= now) {
		struct timer *timer = loop->heap[1];

		loop_disarm(loop, timer);
		timer->fire(timer->arg);
	}
}
