/*
 * test_chaos.c - thousands of random questions, answers, failures and changes, against what the contract promises.
 *
 * Each task's message is the moment (in ms) since which it reads so. Then of every answer can be told whether it
 * was true at some time within the ttl, which is all that a cache may promise:
 *
 *     a value that is not marked stale was the cloud's within the last 15 s,
 *     a name that is said to be absent was gone within the last 5 s,
 *     a failure is one that was met lately, and ENOENT never comes of a failure,
 *     everyone is answered once, within the deadline (world.c), and the cloud is never hurried.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud.h"

enum { TASKS = 12, ASKS = 300, STEPS = 3000, LIVE_MS = 15000, MISS_MS = 5000, RATE = 20 };

struct task {
	struct thing *thing;
	int64_t changed_ms[2]; /* when it became what it is, and what it was before that */
	int64_t gone_ms, back_ms; /* when it last went, and came back; -1: never */
};

struct chaos {
	struct world *world;
	struct cloud cloud;
	struct task tasks[TASKS];
	struct ask asks[ASKS];
	unsigned seed;
	bool met[ERR_COUNT]; /* faults that happened */
	size_t fresh, stale, absent, failed;
};

static unsigned chance(struct chaos *chaos, unsigned n)
{
	return (unsigned)rand_r(&chaos->seed) % n;
}

static int64_t now(const struct chaos *chaos)
{
	return chaos->world->script.now_ms;
}

static void say_when(struct chaos *chaos, struct task *task)
{
	task->changed_ms[1] = task->changed_ms[0];
	task->changed_ms[0] = now(chaos);
	snprintf(task->thing->message, sizeof(task->thing->message), "%lld", (long long)now(chaos));
}

static void enter(struct chaos *chaos, unsigned seed)
{
	char id[48];

	*chaos = (struct chaos){ .seed = seed };
	chaos->world = world_open(NULL);
	cloud_open(&chaos->cloud, chaos->world, -1);
	for (size_t i = 0; i < TASKS; i++) {
		snprintf(id, sizeof(id), "train-%zu", i);
		chaos->tasks[i].thing = cloud_add(&chaos->cloud, "training", NULL, id);
		chaos->tasks[i].gone_ms = chaos->tasks[i].back_ms = -1;
		say_when(chaos, &chaos->tasks[i]);
	}
	chaos->met[ERR_TIMEOUT] = true; /* of readers that wait too long */
}

static void leave(struct chaos *chaos)
{
	world_close(chaos->world);
	cloud_close(&chaos->cloud);
}

/* ---- what the contract promises ---- */

static struct task *task_of(struct chaos *chaos, const struct ask *ask)
{
	return &chaos->tasks[(size_t)(uintptr_t)ask->arg];
}

static void check_value(struct chaos *chaos, const struct ask *ask)
{
	const struct task *task = task_of(chaos, ask);
	struct buf stale;
	size_t size;
	const char *bytes = tree_read(chaos->world->tree, ask->reply.entry.id, &size);

	assert_non_null(bytes);
	buf_init(&stale, 8);
	assert_true(tree_xattr(chaos->world->tree, ask->reply.entry.id, "user.describefs.stale", &stale,
		world_now(chaos->world)));
	int64_t since_ms = strtoll(bytes, NULL, 10);
	if (!strcmp(stale.data, "1")) {
		chaos->stale++;
	} else if (since_ms != task->changed_ms[0]) {
		/* it reads otherwise since changed_ms[0]: that is no longer ago than the ttl */
		assert_int_equal(since_ms, task->changed_ms[1]);
		assert_true(now(chaos) - task->changed_ms[0] < LIVE_MS);
	}
	chaos->fresh++;
	buf_release(&stale);
}

static void check_absent(struct chaos *chaos, const struct ask *ask)
{
	const struct task *task = task_of(chaos, ask);

	chaos->absent++;
	if (!task->thing->gone) {
		assert_true(task->gone_ms >= 0);
		assert_true(now(chaos) - task->back_ms < MISS_MS);
	}
}

static void then_check(struct ask *ask)
{
	struct chaos *chaos = (struct chaos *)(void *)((char *)ask->world->script.on_send_arg -
		offsetof(struct chaos, cloud));

	if (ask->reply.outcome == RESULT_ABSENT || ask->reply.error == ERR_NOT_FOUND) {
		check_absent(chaos, ask);
	} else if (ask->reply.outcome == RESULT_FAILED) {
		chaos->failed++;
		if (!chaos->met[ask->reply.error])
			fail_msg("%s came of nothing", error_name(ask->reply.error));
	} else if (ask->question == ASK_LOOKUP && tree_read(ask->world->tree, ask->reply.entry.id,
			&(size_t){ 0 })) {
		check_value(chaos, ask);
	}
}

/* ---- what happens ---- */

static void put_question(struct chaos *chaos)
{
	struct ask *ask = &chaos->asks[chance(chaos, ASKS)];
	size_t task = chance(chaos, TASKS);
	char name[24];
	uint64_t training = (tree_lookup(chaos->world->tree, TREE_ROOT, "training",
		world_now(chaos->world))).entry.id;

	if (ask->wait) {
		if (chance(chaos, 4) == 0)
			ask_cancel(ask);
		return;
	}
	/* a directory that an earlier question found is asked for its file, which its own answer checks */
	bool down = ask->answers && ask->question == ASK_LOOKUP &&
		ask->reply.outcome == RESULT_FOUND &&
		!tree_read(chaos->world->tree, ask->reply.entry.id, &(size_t){ 0 });
	uint64_t id = ask->reply.entry.id;
	ask->then = then_check;
	if (down) {
		ask_put(ask, chaos->world, ASK_LOOKUP, id, "message");
	} else if (chance(chaos, 8) == 0) {
		ask_put(ask, chaos->world, ASK_OPEN, training, NULL);
	} else {
		ask->arg = (void *)(uintptr_t)task;
		snprintf(name, sizeof(name), "train-%zu", task);
		ask_put(ask, chaos->world, ASK_LOOKUP, training, name);
	}
}

static void change(struct chaos *chaos)
{
	struct task *task = &chaos->tasks[chance(chaos, TASKS)];

	/* slowly enough for two moments to be all that there is to remember */
	if (now(chaos) - task->changed_ms[0] < LIVE_MS + DEADLINE_MS)
		return;
	if (chance(chaos, 3)) {
		task->thing->revision += chance(chaos, 2);
		say_when(chaos, task);
		return;
	}
	task->thing->gone = !task->thing->gone;
	if (task->thing->gone)
		task->gone_ms = now(chaos);
	else
		task->back_ms = now(chaos);
	say_when(chaos, task);
}

static void fail_one(struct chaos *chaos, struct exchange *exchange)
{
	static const struct {
		const char *code;
		enum error error;
	} codes[] = { { "InternalError", ERR_SERVER }, { "RequestLimitExceeded", ERR_THROTTLED },
		{ "AuthFailure.SignatureFailure", ERR_KEY }, { "UnauthorizedOperation", ERR_DENIED },
		{ "AuthFailure.SignatureExpire", ERR_CLOCK } };
	static const enum error errors[] = { ERR_LOST, ERR_REFUSED, ERR_NO_HOST, ERR_TLS,
		ERR_TOO_BIG };
	size_t i;

	if (chance(chaos, 2)) {
		i = chance(chaos, COUNT(codes));
		chaos->met[codes[i].error] = true;
		exchange_error(exchange, codes[i].code);
	} else if (chance(chaos, 4)) {
		i = chance(chaos, COUNT(errors));
		chaos->met[errors[i]] = true;
		exchange_fail(exchange, errors[i]);
	} else {
		chaos->met[ERR_ANSWER] = true;
		exchange_say(exchange, 200, "<html>");
	}
}

static void answer_one(struct chaos *chaos, unsigned failing)
{
	size_t n = chaos->world->script.n_waiting;

	if (!n)
		return;
	struct exchange *exchange = script_waiting(&chaos->world->script, chance(chaos, (unsigned)n));
	if (chance(chaos, 100) < failing)
		fail_one(chaos, exchange);
	else
		cloud_answer(&chaos->cloud, exchange);
}

static void assert_polite(const struct world *world)
{
	const struct script *script = &world->script;

	for (size_t i = RATE; i < script->n_sent; i++) {
		size_t same = 0;
		for (size_t j = i; j-- > 0 && script->sent[i]->sent_ms - script->sent[j]->sent_ms <= 1000;)
			same += !strcmp(exchange_action(script->sent[i]), exchange_action(script->sent[j]));
		assert_true(same < RATE);
	}
}

static void play(struct chaos *chaos, unsigned failing)
{
	for (int step = 0; step < STEPS; step++) {
		switch (chance(chaos, 8)) {
		case 0:
			change(chaos);
			break;
		case 1:
		case 2:
			script_advance(&chaos->world->script, chance(chaos, chance(chaos, 20) ? 300 : 9000));
			break;
		case 3:
		case 4:
			answer_one(chaos, failing);
			break;
		default:
			put_question(chaos);
		}
	}
	script_advance(&chaos->world->script, 2 * DEADLINE_MS);
	assert_int_equal(chaos->world->unanswered, 0);
	assert_polite(chaos->world);
}

static void test_nothing_is_ever_older_or_other_than_promised(void **state)
{
	static const unsigned failing[] = { 0, 5, 40, 95 };
	size_t fresh = 0, stale = 0, absent = 0, failed = 0;
	(void)state;

	for (unsigned seed = 1; seed <= 40; seed++) {
		struct chaos *chaos = xcalloc(1, sizeof(*chaos));
		enter(chaos, seed);
		play(chaos, failing[seed % COUNT(failing)]);
		fresh += chaos->fresh;
		stale += chaos->stale;
		absent += chaos->absent;
		failed += chaos->failed;
		leave(chaos);
		free(chaos);
	}
	/* all of it did happen */
	assert_true(fresh > 1000);
	assert_true(stale > 100);
	assert_true(absent > 100);
	assert_true(failed > 100);
}

static void test_an_engine_may_end_in_the_middle_of_anything(void **state)
{
	(void)state;

	for (unsigned seed = 1; seed <= 30; seed++) {
		struct chaos *chaos = xcalloc(1, sizeof(*chaos));
		enter(chaos, seed);
		chaos->met[ERR_LOST] = chaos->met[ERR_QUEUE] = true;
		for (int step = 0; step < 200 + (int)seed; step++) {
			put_question(chaos);
			if (chance(chaos, 4) == 0)
				answer_one(chaos, 30);
			script_advance(&chaos->world->script, chance(chaos, 200));
		}
		leave(chaos);
		free(chaos);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_is_ever_older_or_other_than_promised),
		cmocka_unit_test(test_an_engine_may_end_in_the_middle_of_anything),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
