/*
 * concurrency.c - learns the limit from how long answers take.
 *
 * A cloud that works on a few calls at a time queues the others. Each further call makes every answer later,
 * also those that readers wait for, until all calls time out. A cloud that is far away or slow takes equally
 * long for each call, however many are under way. alone_ms tells the two apart.
 *
 * How the limit moves:
 * - It begins with as many calls as fit one after the other into wanted_ms.
 * - An answer that is as quick as one alone, or takes at most half of the time allowed, raises it by one.
 * - An answer that is slower but within the time allowed raises it by one in a whole round of answers. So
 *   does any good answer from `steady` on.
 * - An answer that is too late lowers it to the number of calls that the cloud can answer in time. That
 *   number follows from the answer: the calls that were under way, times allowed time, by the time it took.
 */
#include "concurrency.h"

enum {
	TIMED_OUT_COSTS =
		2, /* a timeout lowers the limit as an answer does that took twice wanted_ms or more */
	ANSWER_COUNTS = 2 /* an answer raises the limit only if a half of it, or more, was under way */
};

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

/* How long an answer may take. A cloud whose answers take long without other calls is not overloaded. */
static double concurrency_allowed_ms(const struct concurrency *concurrency)
{
	double alone_ms = (double)concurrency->alone_ms * 3 / 2, wanted_ms = (double)concurrency->wanted_ms;

	return alone_ms > wanted_ms ? alone_ms : wanted_ms;
}

static double concurrency_first_limit(const struct concurrency *concurrency)
{
	if (!concurrency->alone_ms)
		return CONCURRENCY_FIRST;
	double fit = (double)concurrency->wanted_ms / (double)concurrency->alone_ms;
	return fit < CONCURRENCY_FIRST ? CONCURRENCY_FIRST : at_most(fit, CONCURRENCY_MOST);
}

size_t concurrency_sent(struct concurrency *concurrency)
{
	/* nothing was under way: what was learned of the load may be out of date */
	if (!concurrency->under_way) {
		concurrency->limit = at_most(concurrency->limit, concurrency_first_limit(concurrency));
		concurrency->steady = CONCURRENCY_MOST;
	}
	return ++concurrency->under_way;
}

void concurrency_dropped(struct concurrency *concurrency)
{
	concurrency->under_way--;
}

static void concurrency_learn_alone(struct concurrency *concurrency, size_t beside, int64_t took_ms)
{
	int64_t before_ms = concurrency->alone_ms;

	took_ms = took_ms > 0 ? took_ms : 1;
	if (!before_ms || took_ms < before_ms)
		concurrency->alone_ms = took_ms;
	else if (beside == 1)
		concurrency->alone_ms = (before_ms + took_ms + 1) / 2;
	/* the cloud has become slower by itself: its limit is learned anew */
	if (concurrency->alone_ms > before_ms)
		concurrency->steady = CONCURRENCY_MOST;
	if (!before_ms)
		concurrency->limit = concurrency_first_limit(concurrency);
}

static void concurrency_lower(struct concurrency *concurrency, double limit)
{
	if (limit >= concurrency->limit)
		return;
	concurrency->limit = limit < CONCURRENCY_LEAST ? CONCURRENCY_LEAST : limit;
	concurrency->steady = concurrency->limit;
}

static void concurrency_raise(struct concurrency *concurrency, bool soon)
{
	bool fast = soon && concurrency->limit < concurrency->steady;

	concurrency->limit += fast ? 1 : 1 / concurrency->limit;
	concurrency->limit = at_most(concurrency->limit, CONCURRENCY_MOST);
}

void concurrency_answered(struct concurrency *concurrency, size_t beside, int64_t took_ms, bool timed_out)
{
	concurrency->under_way--;
	if (!timed_out)
		concurrency_learn_alone(concurrency, beside, took_ms);
	double allowed = concurrency_allowed_ms(concurrency), took = (double)took_ms;
	if (timed_out)
		allowed = (double)concurrency->wanted_ms / TIMED_OUT_COSTS;
	if (timed_out || took > allowed)
		concurrency_lower(concurrency, (double)beside * allowed / (took > allowed ? took : allowed));
	/* fewer calls than that say nothing of whether the limit could be higher */
	else if ((double)beside * ANSWER_COUNTS >= concurrency->limit)
		concurrency_raise(concurrency,
			took * 4 <= (double)concurrency->alone_ms * 5 || took * 2 <= allowed);
}

bool concurrency_has_room(const struct concurrency *concurrency, double share)
{
	return (double)(concurrency->under_way + 1) <= concurrency->limit * share;
}
