/*
 * concurrency.c - a limit for the calls that are sent ahead, learned from how long answers take.
 *
 * A cloud that serves some calls at a time lets the others wait: each call more makes every answer later, a
 * person's too, until all of them time out.  A cloud that is only far away or slow takes equally long
 * however many are under way.  The two are told apart by how long a call takes alone.
 *
 * The limit starts with as many calls as fit one after the other into the time that an answer may take.  It
 * grows by one with each answer that came as soon as an answer alone, or in half that time; by one in a
 * whole round where answers only came in time, or where it has fallen before; and falls to what the cloud
 * can answer in time with each that came later. (Calls under way are calls a second times seconds, so that
 * number follows from the late answer itself.)
 */
#include "concurrency.h"

enum { TIMED_OUT_COSTS = 2, SAYS_SOMETHING = 2 };

void concurrency_init(struct concurrency *concurrency, int64_t wanted_ms)
{
	*concurrency = (struct concurrency){ .limit = CONCURRENCY_FIRST,
		.steady = CONCURRENCY_MOST,
		.wanted_ms = wanted_ms };
}

static double at_most(double a, double b)
{
	return a < b ? a : b;
}

/* A cloud may be slower than it should be without being slower for us. */
static double allowed_ms(const struct concurrency *concurrency)
{
	double alone_ms = (double)concurrency->alone_ms * 3 / 2, wanted_ms = (double)concurrency->wanted_ms;

	return alone_ms > wanted_ms ? alone_ms : wanted_ms;
}

static double first_limit(const struct concurrency *concurrency)
{
	if (!concurrency->alone_ms)
		return CONCURRENCY_FIRST;
	double fit = (double)concurrency->wanted_ms / (double)concurrency->alone_ms;
	return fit < CONCURRENCY_FIRST ? CONCURRENCY_FIRST : at_most(fit, CONCURRENCY_MOST);
}

size_t concurrency_sent(struct concurrency *concurrency)
{
	/* after a rest the cloud may be another one */
	if (!concurrency->under_way) {
		concurrency->limit = at_most(concurrency->limit, first_limit(concurrency));
		concurrency->steady = CONCURRENCY_MOST;
	}
	return ++concurrency->under_way;
}

void concurrency_dropped(struct concurrency *concurrency)
{
	concurrency->under_way--;
}

static void learn_alone(struct concurrency *concurrency, size_t beside, int64_t took_ms)
{
	int64_t before_ms = concurrency->alone_ms;

	took_ms = took_ms > 0 ? took_ms : 1;
	if (!before_ms || took_ms < before_ms)
		concurrency->alone_ms = took_ms;
	else if (beside == 1)
		concurrency->alone_ms = (before_ms + took_ms + 1) / 2;
	/* it was not the number of calls that made it late */
	if (concurrency->alone_ms > before_ms)
		concurrency->steady = CONCURRENCY_MOST;
	if (!before_ms)
		concurrency->limit = first_limit(concurrency);
}

static void fall(struct concurrency *concurrency, double limit)
{
	if (limit >= concurrency->limit)
		return;
	concurrency->limit = limit < CONCURRENCY_LEAST ? CONCURRENCY_LEAST : limit;
	concurrency->steady = concurrency->limit;
}

static void grow(struct concurrency *concurrency, bool soon)
{
	bool fast = soon && concurrency->limit < concurrency->steady;

	concurrency->limit += fast ? 1 : 1 / concurrency->limit;
	concurrency->limit = at_most(concurrency->limit, CONCURRENCY_MOST);
}

void concurrency_heard(struct concurrency *concurrency, size_t beside, int64_t took_ms, bool timed_out)
{
	concurrency->under_way--;
	if (!timed_out)
		learn_alone(concurrency, beside, took_ms);
	double allowed = allowed_ms(concurrency), took = (double)took_ms;
	if (timed_out)
		allowed = (double)concurrency->wanted_ms / TIMED_OUT_COSTS;
	if (timed_out || took > allowed)
		fall(concurrency, (double)beside * allowed / (took > allowed ? took : allowed));
	/* else it says nothing of so many */
	else if ((double)beside * SAYS_SOMETHING >= concurrency->limit)
		grow(concurrency, took * 4 <= (double)concurrency->alone_ms * 5 || took * 2 <= allowed);
}

bool concurrency_has_room(const struct concurrency *concurrency, double share)
{
	return (double)(concurrency->under_way + 1) <= concurrency->limit * share;
}
