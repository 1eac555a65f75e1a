/*
 * loop.c - an epoll loop over descriptors, timers and signals.
 *
 * A round: wait, deliver the events, call the due timers. Callbacks change the tables that a round iterates
 * over. So each event carries the generation of its descriptor's slot. loop_forget starts a new generation,
 * and events of an old one are dropped; epoll is level-triggered and reports again to a new owner. Timers
 * are in a binary heap, ordered by due time and then by creation; each knows its index, so stopping one needs
 * no search. A timer that a timer starts waits for the next round, so descriptors are never starved.
 *
 * Time is CLOCK_BOOTTIME in microseconds, so a TTL also passes while the machine sleeps; a timer never fires
 * early. The kernel does not wake a sleeping machine for a timer: it fires after the resume.
 * CLOCK_MONOTONIC stands still in sleep, so each round detects a sleep by the difference of the clocks. A
 * CLOCK_REALTIME timer that is cancelled when that clock is set, which a resume does, starts a round then.
 *
 * Signals stay blocked after loop_free, so that a second SIGTERM does not kill the program while it cleans
 * up.
 */
#include "net/loop.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"

enum { EVENTS_A_ROUND = 64, FIRST_ROOM = 16, READS = 5, SLEPT_MIN_US = 1000000 };

/* 100 years: sums of times do not overflow. */
static const int64_t FARTHEST_MS = INT64_C(100) * 366 * 24 * 3600 * 1000;

/* Invariant: loop->heap[at] is this timer. */
struct timer {
	int64_t due_us;
	uint64_t order;
	size_t at; /* the index in the heap */
	loop_tick_fn *fn;
	void *arg;
};

/* A descriptor's slot. Invariant: `fn` is NULL if the descriptor is not watched. */
struct watch {
	loop_ready_fn *fn;
	void *arg;
	int events;
	uint32_t generation;
};

struct handler {
	loop_signal_fn *fn;
	void *arg;
};

struct loop {
	int epoll_fd, signal_fd, set_fd;
	struct watch *watches; /* indexed by descriptor */
	size_t n_watches;
	struct timer **heap;
	size_t n_timers, room;
	uint64_t next_order;
	sigset_t signals;
	struct handler handlers[NSIG];
	struct handler resume; /* called after the machine slept; fn NULL: none */
	int64_t slept_us; /* sleep since boot that was reported to `resume` */
	bool busy; /* a request was served since the last epoll_wait */
	int64_t busy_until_us;
	bool stopped;
	int status;
};

struct loop *loop_new(void)
{
	int fd = epoll_create1(EPOLL_CLOEXEC);
	if (fd < 0)
		return NULL;
	struct loop *loop = xcalloc(1, sizeof *loop);
	loop->epoll_fd = fd;
	loop->signal_fd = loop->set_fd = -1;
	sigemptyset(&loop->signals);
	return loop;
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	for (size_t i = 0; i < loop->n_timers; i++)
		free(loop->heap[i]);
	free(loop->heap);
	free(loop->watches);
	if (loop->signal_fd >= 0)
		close(loop->signal_fd);
	if (loop->set_fd >= 0)
		close(loop->set_fd);
	close(loop->epoll_fd);
	free(loop);
}

static int64_t clock_us(clockid_t id)
{
	struct timespec now;
	clock_gettime(id, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t now_us(void)
{
	return clock_us(CLOCK_BOOTTIME);
}

int64_t loop_now_ms(const struct loop *loop)
{
	(void)loop;
	int64_t ms = now_us() / 1000;
	return ms > 0 ? ms : 1;
}

/* Descriptors */

static uint64_t event_tag(int fd, uint32_t generation)
{
	return (uint64_t)generation << 32 | (uint32_t)fd;
}

static struct watch *watch_slot(struct loop *loop, int fd)
{
	size_t needed = (size_t)fd + 1;
	if (needed > loop->n_watches) {
		size_t n = needed < FIRST_ROOM ? FIRST_ROOM : needed * 2;
		loop->watches = xrealloc(loop->watches, n * sizeof *loop->watches);
		for (size_t i = loop->n_watches; i < n; i++)
			loop->watches[i] = (struct watch){ 0 };
		loop->n_watches = n;
	}
	return &loop->watches[fd];
}

/*
 * The owner may have closed a descriptor and got its number again without loop_forget, or have closed it
 * before loop_forget while a duplicate keeps it in epoll. So if ADD or MOD fails, the other one is right.
 */
static int epoll_set(const struct loop *loop, int fd, const struct watch *watch, bool known)
{
	struct epoll_event event = { .data.u64 = event_tag(fd, watch->generation) };
	if (watch->events & LOOP_READ)
		event.events |= EPOLLIN;
	if (watch->events & LOOP_WRITE)
		event.events |= EPOLLOUT;
	int first = known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
	int second = known ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
	if (epoll_ctl(loop->epoll_fd, first, fd, &event) == 0)
		return 0;
	if (errno != ENOENT && errno != EEXIST)
		return -1;
	return epoll_ctl(loop->epoll_fd, second, fd, &event);
}

int loop_watch(struct loop *loop, int fd, int events, loop_ready_fn *fn, void *arg)
{
	if (fd < 0) {
		errno = EBADF;
		return -1;
	}
	struct watch *slot = watch_slot(loop, fd);
	struct watch watch = { fn, arg, events, slot->generation };
	if (epoll_set(loop, fd, &watch, slot->fn != NULL) < 0)
		return -1;
	*slot = watch;
	return 0;
}

void loop_forget(struct loop *loop, int fd)
{
	if (fd < 0 || (size_t)fd >= loop->n_watches || !loop->watches[fd].fn)
		return;
	uint32_t generation = loop->watches[fd].generation + 1;
	loop->watches[fd] = (struct watch){ .generation = generation };
	/* Fails if the owner closed it already, which removed it from epoll. */
	epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
}

void loop_renew(struct loop *loop, int fd)
{
	if (fd < 0 || (size_t)fd >= loop->n_watches || !loop->watches[fd].fn)
		return;
	struct watch watch = loop->watches[fd];
	watch.generation++; /* events of the old descriptor are dropped */
	loop->watches[fd].generation = watch.generation;
	if (epoll_set(loop, fd, &watch, false) < 0)
		loop->watches[fd].fn = NULL;
}

static void watch_deliver(struct loop *loop, const struct epoll_event *event)
{
	int fd = (int)(event->data.u64 & UINT32_MAX);
	/* A copy: the callback may reallocate the table. */
	struct watch watch = loop->watches[fd];
	if (!watch.fn || event_tag(fd, watch.generation) != event->data.u64)
		return;
	int ready = 0;
	if (event->events & EPOLLIN)
		ready |= LOOP_READ;
	if (event->events & EPOLLOUT)
		ready |= LOOP_WRITE;
	/* The watched events may have changed since epoll_wait. */
	ready &= watch.events;
	if (event->events & (EPOLLERR | EPOLLHUP))
		ready = LOOP_READ | LOOP_WRITE;
	if (ready)
		watch.fn(watch.arg, fd, ready);
}

/* Timers */

static bool timer_is_before(const struct timer *a, const struct timer *b)
{
	return a->due_us != b->due_us ? a->due_us < b->due_us : a->order < b->order;
}

static void heap_put(struct loop *loop, size_t at, struct timer *timer)
{
	loop->heap[at] = timer;
	timer->at = at;
}

static void sift_up(struct loop *loop, struct timer *timer)
{
	size_t at = timer->at;
	for (; at > 0; at = (at - 1) / 2) {
		struct timer *parent = loop->heap[(at - 1) / 2];
		if (!timer_is_before(timer, parent))
			break;
		heap_put(loop, at, parent);
	}
	heap_put(loop, at, timer);
}

static void sift_down(struct loop *loop, struct timer *timer)
{
	size_t at = timer->at;
	for (;;) {
		size_t child = at * 2 + 1;
		bool has_two = child + 1 < loop->n_timers;
		if (has_two && timer_is_before(loop->heap[child + 1], loop->heap[child]))
			child++;
		if (child >= loop->n_timers || !timer_is_before(loop->heap[child], timer))
			break;
		heap_put(loop, at, loop->heap[child]);
		at = child;
	}
	heap_put(loop, at, timer);
}

struct timer *loop_timer_start(struct loop *loop, int64_t ms, loop_tick_fn *fn, void *arg)
{
	if (ms < 0)
		ms = 0;
	if (ms > FARTHEST_MS)
		ms = FARTHEST_MS;
	if (loop->n_timers == loop->room) {
		loop->room = loop->room ? loop->room * 2 : FIRST_ROOM;
		loop->heap = xrealloc(loop->heap, loop->room * sizeof(struct timer *));
	}
	struct timer *timer = xmalloc(sizeof *timer);
	int64_t due_us = now_us() + ms * 1000;
	*timer = (struct timer){ due_us, loop->next_order++, 0, fn, arg };
	heap_put(loop, loop->n_timers++, timer);
	sift_up(loop, timer);
	return timer;
}

void loop_timer_stop(struct loop *loop, struct timer *timer)
{
	if (!timer)
		return;
	struct timer *last = loop->heap[--loop->n_timers];
	if (last != timer) {
		heap_put(loop, timer->at, last);
		sift_up(loop, last);
		sift_down(loop, last);
	}
	free(timer);
}

/* Calls the timers that are due now, but none that they start. */
static void call_due(struct loop *loop)
{
	if (loop->n_timers == 0)
		return;
	int64_t now = now_us();
	uint64_t limit = loop->next_order;
	while (loop->n_timers > 0 && !loop->stopped) {
		struct timer timer = *loop->heap[0];
		if (timer.due_us > now || timer.order >= limit)
			return;
		loop_timer_stop(loop, loop->heap[0]);
		timer.fn(timer.arg);
	}
}

/* Signals */

static void take_signals(void *arg, int fd, int events)
{
	struct loop *loop = arg;
	(void)events;
	struct signalfd_siginfo info;
	while (!loop->stopped && read(fd, &info, sizeof info) == (ssize_t)sizeof info) {
		struct handler *handler = &loop->handlers[info.ssi_signo % NSIG];
		if (handler->fn)
			handler->fn(handler->arg, (int)info.ssi_signo);
	}
}

int loop_signal(struct loop *loop, int signal, loop_signal_fn *fn, void *arg)
{
	if (signal <= 0 || signal >= NSIG) {
		errno = EINVAL;
		return -1;
	}
	sigset_t signals = loop->signals;
	sigaddset(&signals, signal);
	if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
		return -1;
	int fd = signalfd(loop->signal_fd, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
	if (fd < 0)
		return -1;
	loop->signal_fd = fd;
	loop->signals = signals;
	loop->handlers[signal] = (struct handler){ fn, arg };
	return loop_watch(loop, fd, LOOP_READ, take_signals, loop);
}

/* Sleep of the machine */

/* Time slept since boot. A pause between the two clock reads makes it look smaller, never larger. */
static int64_t count_slept_us(void)
{
	int64_t boot_us = now_us();
	return boot_us - clock_us(CLOCK_MONOTONIC);
}

static void notice_sleep(struct loop *loop)
{
	int64_t slept_us = loop->resume.fn ? count_slept_us() : 0;
	if (!loop->resume.fn || slept_us - loop->slept_us < SLEPT_MIN_US)
		return;
	loop->slept_us = slept_us;
	loop->resume.fn(loop->resume.arg, 0);
}

static void take_set(void *arg, int fd, int events)
{
	uint64_t ticks;
	(void)arg;
	(void)events;
	while (read(fd, &ticks, sizeof ticks) > 0)
		; /* fails once with ECANCELED */
}

void loop_resume(struct loop *loop, loop_signal_fn *fn, void *arg)
{
	static const struct itimerspec NEVER = { .it_value = { .tv_sec = (time_t)1 << 35 } };
	for (int i = 0; i < READS; i++) {
		int64_t slept_us = count_slept_us();
		loop->slept_us = i && slept_us < loop->slept_us ? loop->slept_us : slept_us;
	}
	loop->resume = (struct handler){ fn, arg };
	if (loop->set_fd < 0)
		loop->set_fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	/* without this timer a resume is detected at the next event */
	if (loop->set_fd >= 0 &&
		!timerfd_settime(loop->set_fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &NEVER, NULL))
		loop_watch(loop, loop->set_fd, LOOP_READ, take_set, loop);
}

/* Running */

void loop_busy(struct loop *loop)
{
	loop->busy = true;
}

void loop_stop(struct loop *loop, int status)
{
	loop->stopped = true;
	loop->status = status;
}

/* The timeout for epoll_wait: 0 while busy polling, else until the first timer; -1: none. */
static int sleep_ms(struct loop *loop)
{
	bool may_spin = loop->busy || loop->busy_until_us > 0;
	if (!may_spin && loop->n_timers == 0)
		return -1;
	int64_t now = now_us();
	if (loop->busy)
		loop->busy_until_us = now + LOOP_SPIN_US;
	loop->busy = false;
	if (now < loop->busy_until_us)
		return 0;
	loop->busy_until_us = 0;
	if (loop->n_timers == 0)
		return -1;
	int64_t left_us = loop->heap[0]->due_us - now;
	if (left_us <= 0)
		return 0;
	int64_t ms = (left_us + 999) / 1000;
	return ms > INT_MAX ? INT_MAX : (int)ms;
}

int loop_run(struct loop *loop)
{
	struct epoll_event events[EVENTS_A_ROUND];
	while (!loop->stopped) {
		int n = epoll_wait(loop->epoll_fd, events, EVENTS_A_ROUND, sleep_ms(loop));
		if (n < 0 && errno != EINTR)
			abort(); /* the epoll descriptor is invalid: the loop could never wake up */
		notice_sleep(loop); /* before any request is answered from expired data */
		for (int i = 0; i < n && !loop->stopped; i++)
			watch_deliver(loop, &events[i]);
		call_due(loop);
	}
	loop->stopped = false;
	return loop->status;
}
