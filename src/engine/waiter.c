/*
 * waiter.c - who waits for a status, however long that takes.
 *
 * Between two looks a waiter sleeps: until what is known runs out, and during an outage ever longer, up to a
 * common term.  All who wait for one resource wake up together; the first of them makes the fetch that the
 * others join, so that a thousand cost one call a term.  A question that was slept over is a new one: what
 * came in before it is as old as it is.
 */
#include "fetch.h"

enum { PAUSE_LEAST_MS = 1000, PAUSE_MOST_MS = 15000 };

void wait_leave(struct waiter *wait)
{
	if (!wait->sleeps)
		return;
	if (wait->prev)
		wait->prev->next = wait->next;
	else
		wait->engine->sleepers = wait->next;
	if (wait->next)
		wait->next->prev = wait->prev;
	wait->next = wait->prev = NULL;
	wait->sleeps = false;
}

static void wake_up(void *arg)
{
	struct waiter *wait = arg;

	wait->timer = NULL;
	wait_leave(wait);
	wait->since_ms = engine_now_ms(wait->engine);
	wait->rounds = 0;
	waiter_retry(wait);
}

/* Twice as long each time, so that those who wait through an outage do not make it worse. */
static int64_t next_pause_ms(int64_t last_ms)
{
	if (!last_ms)
		return PAUSE_LEAST_MS;
	return last_ms < PAUSE_MOST_MS / 2 ? 2 * last_ms : PAUSE_MOST_MS;
}

void wait_sleep(struct waiter *wait, const struct reply *later)
{
	struct engine *engine = wait->engine;
	const struct transport *io = &engine->options.io;
	int64_t ms = later->later_ms;

	wait->pause_ms = later->outage ? next_pause_ms(wait->pause_ms) : 0;
	if (ms < PAUSE_LEAST_MS) /* a term of nothing is no reason to ask all the time */
		ms = PAUSE_LEAST_MS;
	if (ms < wait->pause_ms)
		ms = wait->pause_ms;
	wait->sleeps = true;
	wait->prev = NULL;
	wait->next = engine->sleepers;
	if (wait->next)
		wait->next->prev = wait;
	engine->sleepers = wait;
	wait->timer = io->timer_start(io->self, ms, wake_up, wait);
}
