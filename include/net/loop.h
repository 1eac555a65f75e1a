/*
 * loop.h - an epoll loop over descriptors, timers and signals. Only loop.c includes epoll.
 *
 * Create it after the fork into the background, which libcurl does not survive. One thread uses it; only
 * loop_run blocks.
 */
#ifndef DESCRIBEFS_LOOP_H
#define DESCRIBEFS_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct timer; /* as in transport.h */

enum { LOOP_READ = 1, LOOP_WRITE = 2 };

/* `events`: which of LOOP_READ | LOOP_WRITE are ready; an error or a hang-up sets both. */
typedef void loop_ready_fn(void *arg, int fd, int events);
typedef void loop_tick_fn(void *arg);
typedef void loop_signal_fn(void *arg, int signal);

struct loop *loop_new(void); /* NULL with errno: out of descriptors or memory */
void loop_free(struct loop *loop);

/* Watches a descriptor; a second call for the fd replaces the first. 0, or -1 with errno. */
int loop_watch(struct loop *loop, int fd, int events, loop_ready_fn *fn, void *arg);
/* Stops watching. Safe for a descriptor that is not watched, and from any callback. */
void loop_forget(struct loop *loop, int fd);
/*
 * The fd is a new descriptor with the number of a closed one whose watch was not removed. If the old one was
 * watched, the new one is watched for the same events.
 */
void loop_renew(struct loop *loop, int fd);

/* Calls `fn` once, `ms` from now, never before loop_timer_start returned. O(log n). */
struct timer *loop_timer_start(struct loop *loop, int64_t ms, loop_tick_fn *fn, void *arg);
/* Frees a timer that has not fired. Accepts NULL. */
void loop_timer_stop(struct loop *loop, struct timer *timer);

/* Blocks the signal; the loop calls `fn` for it. 0, or -1 with errno. */
int loop_signal(struct loop *loop, int signal, loop_signal_fn *fn, void *arg);

/* Calls `fn`, with 0, after the machine slept for 1 s or more since the last call. */
void loop_resume(struct loop *loop, loop_signal_fn *fn, void *arg);

/*
 * Busy polling: a request was just served, so for the next LOOP_SPIN_US the loop polls before it sleeps (a
 * wake-up costs more than the work). Each call renews the time.
 */
enum { LOOP_SPIN_US = 50 };
void loop_busy(struct loop *loop);

/* Runs until loop_stop, which may have been called before; returns its status. */
int loop_run(struct loop *loop);
void loop_stop(struct loop *loop, int status);

int64_t loop_now_ms(const struct loop *loop); /* CLOCK_BOOTTIME, > 0 */

#endif
