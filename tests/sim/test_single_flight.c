/*
 * test_single_flight.c - many ask, one call is made, everyone is answered once; whatever comes in whatever order.
 */
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "cloud.h"

enum { MANY = 1000 };

struct place {
	struct world *world;
	struct cloud cloud;
	struct ask asks[MANY];
};

static struct place *enter(size_t n_tasks)
{
	struct place *place = xcalloc(1, sizeof(*place));

	place->world = world_open(NULL);
	cloud_open(&place->cloud, place->world, -1);
	cloud_add_many(&place->cloud, "training", NULL, "train-", n_tasks);
	return place;
}

static void leave(struct place *place)
{
	world_close(place->world);
	cloud_close(&place->cloud);
	free(place);
}

static uint64_t training(struct place *place)
{
	return world_find(place->world, "training");
}

static void answer(struct place *place)
{
	cloud_answer(&place->cloud, world_only(place->world));
}

/* All look up the same task's directory. */
static void ask_all(struct place *place)
{
	uint64_t id = training(place);

	for (size_t i = 0; i < MANY; i++)
		ask_put(&place->asks[i], place->world, ASK_LOOKUP, id, "train-0001");
}

static void test_a_thousand_askers_of_one_cold_thing_make_one_call(void **state)
{
	struct place *place = enter(1);
	(void)state;

	ask_all(place);
	assert_int_equal(engine_stats(place->world->engine).waiting, MANY);
	assert_int_equal(engine_stats(place->world->engine).in_flight, 1);
	script_advance(&place->world->script, 200);
	answer(place);
	assert_calls(place->world, 1);
	for (size_t i = 0; i < MANY; i++) {
		assert_int_equal(place->asks[i].answers, 1);
		assert_found(&place->asks[i].reply);
		assert_int_equal(place->asks[i].reply.entry.id, place->asks[0].reply.entry.id);
	}
	assert_int_equal(engine_stats(place->world->engine).waiting, 0);
	assert_int_equal(engine_stats(place->world->engine).in_flight, 0);
	leave(place);
}

static void test_askers_of_a_cold_file_on_the_whole_way_down_make_one_call(void **state)
{
	struct place *place = enter(1);
	uint64_t id;
	(void)state;

	ask_all(place);
	answer(place);
	id = place->asks[0].reply.entry.id;
	for (size_t i = 0; i < MANY; i++)
		ask_put(&place->asks[i], place->world, ASK_LOOKUP, id, "status");
	for (size_t i = 0; i < MANY; i++)
		assert_found(&place->asks[i].reply);
	assert_calls(place->world, 1);
	leave(place);
}

static void test_askers_of_different_questions_share_the_call(void **state)
{
	struct place *place = enter(1);
	struct ask status = { 0 }, open = { 0 }, attr = { 0 };
	uint64_t id;
	(void)state;

	ask_all(place);
	answer(place);
	id = place->asks[0].reply.entry.id;
	script_advance(&place->world->script, 15000);
	ask_put(&status, place->world, ASK_LOOKUP, id, "status");
	ask_put(&open, place->world, ASK_OPEN, id, NULL);
	ask_put(&attr, place->world, ASK_ATTR, id, NULL);
	answer(place);
	assert_found(&status.reply);
	assert_found(&open.reply);
	assert_found(&attr.reply);
	assert_calls(place->world, 2);
	leave(place);
}

static void test_a_failing_call_is_one_call_and_a_thousand_same_errors(void **state)
{
	struct place *place = enter(1);
	(void)state;

	ask_all(place);
	exchange_error(world_only(place->world), "AuthFailure.SecretIdNotFound");
	for (size_t i = 0; i < MANY; i++) {
		assert_int_equal(place->asks[i].answers, 1);
		assert_error(&place->asks[i].reply, ERR_KEY);
	}
	assert_calls(place->world, 1);
	leave(place);
}

static void test_a_thousand_waiters_time_out_together_and_once(void **state)
{
	struct place *place = enter(1);
	(void)state;

	ask_all(place);
	script_advance(&place->world->script, DEADLINE_MS - 1);
	assert_int_equal(place->world->unanswered, MANY);
	script_advance(&place->world->script, 1);
	assert_int_equal(place->world->unanswered, 0);
	for (size_t i = 0; i < MANY; i++)
		assert_error(&place->asks[i].reply, ERR_TIMEOUT);
	assert_calls(place->world, 1);
	leave(place);
}

static void test_the_others_are_answered_when_the_first_goes_away(void **state)
{
	static const size_t gone[] = { 0, MANY - 1, MANY / 2 };
	(void)state;

	for (size_t g = 0; g < COUNT(gone); g++) {
		struct place *place = enter(1);
		ask_all(place);
		ask_cancel(&place->asks[gone[g]]);
		answer(place);
		for (size_t i = 0; i < MANY; i++)
			assert_int_equal(place->asks[i].answers, i != gone[g]);
		assert_calls(place->world, 1);
		leave(place);
	}
}

static void test_the_call_goes_on_when_all_readers_left_and_serves_the_next(void **state)
{
	struct place *place = enter(1);
	struct ask back = { 0 };
	(void)state;

	ask_all(place);
	for (size_t i = 0; i < MANY; i++)
		ask_cancel(&place->asks[i]);
	assert_int_equal(engine_stats(place->world->engine).waiting, 0);
	ask_put(&back, place->world, ASK_LOOKUP, training(place), "train-0001");
	answer(place);
	assert_found(&back.reply);
	assert_calls(place->world, 1);
	leave(place);
}

static void test_answers_without_a_waiter_are_kept_all_the_same(void **state)
{
	struct place *place = enter(1);
	struct ask ask = { 0 };
	(void)state;

	ask_put(&ask, place->world, ASK_LOOKUP, training(place), "train-0001");
	ask_cancel(&ask);
	answer(place);
	ask_put(&ask, place->world, ASK_LOOKUP, training(place), "train-0001");
	assert_found(&ask.reply);
	assert_calls(place->world, 1);
	leave(place);
}

/* ---- callbacks that do something ---- */

static void then_cancel_next(struct ask *ask)
{
	ask_cancel(ask->arg);
}

static void test_an_answer_may_take_back_other_questions(void **state)
{
	struct place *place = enter(1);
	(void)state;

	/* each even one takes back the odd one after it; the first takes back the last */
	for (size_t i = 0; i < MANY; i += 2) {
		place->asks[i].then = then_cancel_next;
		place->asks[i].arg = &place->asks[i ? i + 1 : MANY - 1];
	}
	place->asks[MANY - 2].then = NULL;
	ask_all(place);
	answer(place);
	for (size_t i = 0; i < MANY; i++)
		assert_int_equal(place->asks[i].answers, i % 2 == 0 || i == 1);
	leave(place);
}

struct again {
	struct ask ask;
	enum question question;
	uint64_t id;
	const char *name;
};

static void then_ask_again(struct ask *ask)
{
	struct again *again = ask->arg;

	ask_put(&again->ask, ask->world, again->question, again->id, again->name);
}

static void test_an_answer_may_ask_the_same_again_and_is_answered_at_once(void **state)
{
	struct place *place = enter(1);
	struct again again = { .question = ASK_LOOKUP, .id = training(place), .name = "train-0001" };
	(void)state;

	place->asks[3].then = then_ask_again;
	place->asks[3].arg = &again;
	ask_all(place);
	answer(place);
	assert_int_equal(again.ask.answers, 1);
	assert_found(&again.ask.reply);
	assert_calls(place->world, 1);
	leave(place);
}

static void test_a_failure_asked_again_at_once_is_the_same_failure(void **state)
{
	struct place *place = enter(1);
	struct again again = { .question = ASK_LOOKUP, .id = training(place), .name = "train-0001" };
	(void)state;

	place->asks[0].then = then_ask_again;
	place->asks[0].arg = &again;
	ask_all(place);
	exchange_error(world_only(place->world), "AuthFailure.SignatureFailure");
	assert_error(&again.ask.reply, ERR_KEY);
	assert_calls(place->world, 1);
	leave(place);
}

static void test_an_answer_may_start_another_call_that_others_then_join(void **state)
{
	struct place *place = enter(2);
	struct again again = { .question = ASK_LOOKUP, .id = training(place), .name = "train-0002" };
	struct ask other = { 0 };
	(void)state;

	place->asks[0].then = then_ask_again;
	place->asks[0].arg = &again;
	ask_all(place);
	answer(place);
	assert_int_equal(place->world->unanswered, 1);
	ask_put(&other, place->world, ASK_LOOKUP, training(place), "train-0002");
	answer(place);
	assert_found(&again.ask.reply);
	assert_found(&other.reply);
	assert_calls(place->world, 2);
	leave(place);
}

static void test_a_waiter_is_answered_once_when_the_engine_ends(void **state)
{
	struct place *place = enter(2);
	struct ask list = { 0 };
	(void)state;

	ask_all(place);
	ask_put(&list, place->world, ASK_OPEN, training(place), NULL);
	assert_int_equal(place->world->script.n_waiting, 2);
	engine_free(place->world->engine);
	place->world->engine = NULL;
	for (size_t i = 0; i < MANY; i++)
		assert_error(&place->asks[i].reply, ERR_LOST);
	assert_error(&list.reply, ERR_LOST);
	assert_int_equal(place->world->script.n_waiting, 0);
	assert_true(place->world->script.sent[0]->cancelled);
	leave(place);
}

static void test_the_engine_ends_while_a_try_sleeps_and_another_queues(void **state)
{
	struct place *place = enter(2);
	struct ask ask = { 0 };
	(void)state;

	ask_put(&ask, place->world, ASK_LOOKUP, training(place), "train-0001");
	exchange_error(world_only(place->world), "RequestLimitExceeded");
	assert_int_equal(place->world->script.n_waiting, 0);
	assert_int_equal(ask.answers, 0);
	engine_free(place->world->engine);
	place->world->engine = NULL;
	assert_error(&ask.reply, ERR_LOST);
	leave(place);
}

static void test_five_thousand_different_cold_names_at_once_all_get_their_own_answer(void **state)
{
	enum { NAMES = 5000 };
	struct setup setup = world_setup();
	struct ask *asks = xcalloc(NAMES, sizeof(*asks));
	struct place *place = enter(0);
	char name[32];
	(void)state;

	world_close(place->world);
	setup.rate = 10001; /* none */
	place->world = world_open(&setup);
	place->cloud.script = &place->world->script;
	cloud_add_many(&place->cloud, "training", NULL, "train-", NAMES);
	uint64_t id = training(place);
	for (size_t i = 0; i < NAMES; i++) {
		snprintf(name, sizeof(name), "train-%04zu", i + 1);
		ask_put(&asks[i], place->world, ASK_LOOKUP, id, name);
	}
	assert_int_equal(place->world->script.n_waiting, NAMES);
	for (size_t i = 0; i < NAMES; i++)
		cloud_answer(&place->cloud, place->world->script.sent[(i + NAMES / 2) % NAMES]);
	for (size_t i = 0; i < NAMES; i++) {
		assert_found(&asks[i].reply);
		assert_int_equal(asks[i].reply.entry.id == asks[0].reply.entry.id, i == 0);
	}
	leave(place);
	free(asks);
}

/* ---- every order ---- */

enum { THINGS = 4, ORDERS = 24 };

static void order_of(size_t number, size_t order[THINGS])
{
	bool used[THINGS] = { false };

	for (size_t i = 0; i < THINGS; i++) {
		size_t rest = THINGS - i, nth = number % rest, at = 0;
		number /= rest;
		while (used[at] || nth-- > 0)
			at++;
		used[at] = true;
		order[i] = at;
	}
}

/* What can be seen of the tree once all is answered. */
static char *look(struct world *world)
{
	static const char *const files[] = { "status", "remark", "describe.json", "update_time",
		"image_info/image_url" };
	struct buf seen;
	char path[64];

	buf_init(&seen, SIZE_MAX);
	for (int task = 1; task <= 3; task++) {
		for (size_t i = 0; i < COUNT(files); i++) {
			snprintf(path, sizeof(path), "training/train-000%d/%s", task, files[i]);
			struct reply reply = world_lookup(world, path);
			char *text = world_cat(world, path);
			assert_non_null(text);
			buf_printf(&seen, "%s=%s %llu\n", path, text,
				(unsigned long long)reply.entry.attr.ino);
			free(text);
		}
	}
	char *names = world_ls(world, "training");
	buf_puts(&seen, names);
	free(names);
	return buf_take(&seen);
}

/* Three describe calls and the list, answered in one order: what is seen at the end. */
static char *play(size_t number)
{
	static const char *const names[] = { "train-0001", "train-0002", "train-0003" };
	struct place *place = enter(3);
	struct ask asks[THINGS] = { { 0 } };
	struct exchange *exchanges[THINGS];
	size_t order[THINGS];
	uint64_t id = training(place);

	for (size_t i = 0; i < 3; i++)
		ask_put(&asks[i], place->world, ASK_LOOKUP, id, names[i]);
	ask_put(&asks[3], place->world, ASK_OPEN, id, NULL);
	assert_int_equal(place->world->script.n_waiting, THINGS);
	for (size_t i = 0; i < THINGS; i++)
		exchanges[i] = script_waiting(&place->world->script, i);
	order_of(number, order);
	for (size_t i = 0; i < THINGS; i++) {
		script_advance(&place->world->script, 1);
		cloud_answer(&place->cloud, exchanges[order[i]]);
	}
	for (size_t i = 0; i < THINGS; i++)
		assert_found(&asks[i].reply);
	assert_calls(place->world, THINGS);
	char *seen = look(place->world);
	assert_calls(place->world, 0); /* the answer had all members */
	leave(place);
	return seen;
}

static void test_every_order_of_answers_ends_in_the_same_tree(void **state)
{
	char *first = play(0);
	(void)state;

	assert_non_null(strstr(first, "train-0003/status=RUNNING"));
	for (size_t number = 1; number < ORDERS; number++) {
		char *seen = play(number);
		assert_string_equal(seen, first);
		free(seen);
	}
	free(first);
}

/* One of them fails, each in its turn: the others are as they were. */
static void test_every_order_with_one_failure_harms_nothing_else(void **state)
{
	(void)state;

	for (size_t number = 0; number < ORDERS * 3; number++) {
		static const char *const names[] = { "train-0001", "train-0002", "train-0003" };
		struct place *place = enter(3);
		struct ask asks[3] = { { 0 } };
		struct exchange *exchanges[3];
		size_t order[THINGS], failing = number / ORDERS;
		for (size_t i = 0; i < 3; i++)
			ask_put(&asks[i], place->world, ASK_LOOKUP, training(place), names[i]);
		for (size_t i = 0; i < 3; i++)
			exchanges[i] = script_waiting(&place->world->script, i);
		order_of(number % ORDERS, order);
		for (size_t i = 0; i < THINGS; i++) {
			if (order[i] == failing)
				exchange_fail(exchanges[failing], ERR_TLS);
			else if (order[i] < 3)
				cloud_answer(&place->cloud, exchanges[order[i]]);
		}
		for (size_t i = 0; i < 3; i++) {
			if (i == failing)
				assert_error(&asks[i].reply, ERR_TLS);
			else
				assert_found(&asks[i].reply);
		}
		leave(place);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_thousand_askers_of_one_cold_thing_make_one_call),
		cmocka_unit_test(test_askers_of_a_cold_file_on_the_whole_way_down_make_one_call),
		cmocka_unit_test(test_askers_of_different_questions_share_the_call),
		cmocka_unit_test(test_a_failing_call_is_one_call_and_a_thousand_same_errors),
		cmocka_unit_test(test_a_thousand_waiters_time_out_together_and_once),
		cmocka_unit_test(test_the_others_are_answered_when_the_first_goes_away),
		cmocka_unit_test(test_the_call_goes_on_when_all_readers_left_and_serves_the_next),
		cmocka_unit_test(test_answers_without_a_waiter_are_kept_all_the_same),
		cmocka_unit_test(test_an_answer_may_take_back_other_questions),
		cmocka_unit_test(test_an_answer_may_ask_the_same_again_and_is_answered_at_once),
		cmocka_unit_test(test_a_failure_asked_again_at_once_is_the_same_failure),
		cmocka_unit_test(test_an_answer_may_start_another_call_that_others_then_join),
		cmocka_unit_test(test_a_waiter_is_answered_once_when_the_engine_ends),
		cmocka_unit_test(test_the_engine_ends_while_a_try_sleeps_and_another_queues),
		cmocka_unit_test(test_five_thousand_different_cold_names_at_once_all_get_their_own_answer),
		cmocka_unit_test(test_every_order_of_answers_ends_in_the_same_tree),
		cmocka_unit_test(test_every_order_with_one_failure_harms_nothing_else),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
