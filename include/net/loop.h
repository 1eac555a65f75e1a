/*
 * loop.h - one epoll loop over descriptors, timers and signals.  loop.c is the only file that knows epoll.
 *
 * Created after the fork into the background (libcurl does not survive one).  Single-threaded;
 * nothing here blocks but loop_run itself.
 */
#ifndef DESCRIBEFS_LOOP_H
#define DESCRIBEFS_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct timer; /* as in transport.h */

enum { LOOP_READ = 1, LOOP_WRITE = 2 };

/* `events` is what of LOOP_READ | LOOP_WRITE is ready (an error or a hang-up counts as both). */
typedef void loop_ready_fn(void *arg, int fd, int events);
typedef void loop_tick_fn(void *arg);
typedef void loop_signal_fn(void *arg, int signal);

struct loop *loop_new(void); /* NULL with errno set when the machine is out of something */
void loop_free(struct loop *loop);

/* Watches a descriptor, or changes what is watched (a second call with the same fd). 0, or -1 with errno. */
int loop_watch(struct loop *loop, int fd, int events, loop_ready_fn *fn, void *arg);
/* Safe for a descriptor that is not watched, and from inside any callback. */
void loop_forget(struct loop *loop, int fd);
/*
 * The number stands for a new descriptor: the old one was closed and its owner does not say so.  If the old
 * one is watched, the new one is from now on, for the same events.
 */
void loop_renew(struct loop *loop, int fd);

/* Calls fn once in `ms`.  Never from inside loop_timer_start itself.  O(log n). */
struct timer *loop_timer_start(struct loop *loop, int64_t ms, loop_tick_fn *fn, void *arg);
void loop_timer_stop(struct loop *loop, struct timer *timer);

/* Blocks the signal and hands it to fn from the loop. */
int loop_signal(struct loop *loop, int signal, loop_signal_fn *fn, void *arg);

/* Calls fn, with 0, whenever the machine has slept for a second or more since it was last called. */
void loop_resume(struct loop *loop, loop_signal_fn *fn, void *arg);

/*
 * Says that a request was just served: for the next LOOP_SPIN_US microseconds the loop polls before it
 * sleeps (wake-ups cost more than the work).  Renewed by each call; never when idle.
 */
enum { LOOP_SPIN_US = 50 };
void loop_busy(struct loop *loop);

/* Runs until loop_stop, which may have come before; returns its status. */
int loop_run(struct loop *loop);
void loop_stop(struct loop *loop, int status);

int64_t loop_now_ms(const struct loop *loop); /* CLOCK_BOOTTIME, > 0 */

#endif
