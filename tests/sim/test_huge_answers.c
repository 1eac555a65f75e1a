/*
 * test_huge_answers.c - a huge answer is taken in over several turns of the loop: others are served between them,
 * and nothing is shown that was taken in by half.
 */
#include <stdlib.h>
#include <string.h>

#include "cloud.h"

enum { HUGE_BYTES = 3 << 20, TURNS_MAX = 8 };

struct place {
	struct world *world;
	struct cloud cloud;
	struct ask huge;
	char *text;
};

/* A reader waits for train-0001, whose answer is huge; train-0002 is cached. */
static void enter(struct place *place)
{
	*place = (struct place){ .world = world_open(NULL), .text = xcalloc(HUGE_BYTES + 1, 1) };
	cloud_open(&place->cloud, place->world, -1);
	cloud_add_many(&place->cloud, "training", NULL, "train-", 2);
	struct ask known = { 0 };
	uint64_t training = world_find(place->world, "training");

	ask_put(&known, place->world, ASK_LOOKUP, training, "train-0002");
	cloud_answer(&place->cloud, world_only(place->world));
	assert_found(&known.reply);
	ask_put(&place->huge, place->world, ASK_LOOKUP, training, "train-0001");
	memset(place->text, 'x', HUGE_BYTES);
}

static void leave(struct place *place)
{
	world_close(place->world);
	cloud_close(&place->cloud);
	free(place->text);
}

static void say_huge(struct place *place)
{
	exchange_tencent(script_waiting(&place->world->script, 0),
		"\"TrainingTaskDetail\": {\"Id\": \"train-0001\", \"Name\": \"%s\"}", place->text);
}

static void others_are_served_between_the_turns_of_a_huge_answer(void **state)
{
	struct place place;
	struct ask other = { 0 }, same = { 0 };
	unsigned turns = 0;
	(void)state;

	enter(&place);
	say_huge(&place);
	assert_int_equal(place.huge.answers, 0);
	ask_put(&other, place.world, ASK_LOOKUP, world_find(place.world, "training"), "train-0002");
	assert_found(&other.reply);
	ask_put(&same, place.world, ASK_LOOKUP, world_find(place.world, "training"), "train-0001");
	assert_int_equal(same.answers, 0);
	while (!place.huge.answers && turns++ < TURNS_MAX)
		assert_true(script_step(&place.world->script));
	assert_in_range(turns, 1, TURNS_MAX);
	assert_found(&place.huge.reply);
	assert_found(&same.reply);
	assert_int_equal(place.huge.answered_ms, place.huge.asked_ms);
	assert_calls(place.world, 2);
	leave(&place);
}

static void a_reader_that_leaves_between_the_turns_is_not_answered(void **state)
{
	struct place place;
	struct ask back = { 0 };
	(void)state;

	enter(&place);
	say_huge(&place);
	ask_cancel(&place.huge);
	script_advance(&place.world->script, 0);
	assert_int_equal(place.huge.answers, 0);
	ask_put(&back, place.world, ASK_LOOKUP, world_find(place.world, "training"), "train-0001");
	assert_found(&back.reply);
	assert_calls(place.world, 2);
	leave(&place);
}

static void a_refresh_between_the_turns_has_the_call_made_again(void **state)
{
	struct place place;
	(void)state;

	enter(&place);
	say_huge(&place);
	script_advance(&place.world->script, 0);
	assert_int_equal(place.huge.answers, 1);
	script_advance(&place.world->script, 60000);
	struct ask again = { 0 };
	ask_put(&again, place.world, ASK_LOOKUP, world_find(place.world, "training"), "train-0001");
	say_huge(&place);
	assert_int_equal(again.answers, 0);
	assert_calls(place.world, 3);
	engine_refresh(place.world->engine, world_find(place.world, "training"), NULL);
	script_advance(&place.world->script, 0);
	assert_int_equal(again.answers, 0);
	assert_calls(place.world, 1);
	say_huge(&place);
	script_advance(&place.world->script, 0);
	assert_found(&again.reply);
	leave(&place);
}

static void an_engine_that_ends_between_the_turns_answers_its_readers(void **state)
{
	struct place place;
	(void)state;

	enter(&place);
	say_huge(&place);
	leave(&place);
	assert_int_equal(place.huge.answers, 1);
	assert_error(&place.huge.reply, ERR_LOST);
}

static void an_ordinary_answer_takes_no_turn_more(void **state)
{
	struct place place;
	(void)state;

	enter(&place);
	cloud_answer(&place.cloud, world_only(place.world));
	assert_found(&place.huge.reply);
	leave(&place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(others_are_served_between_the_turns_of_a_huge_answer),
		cmocka_unit_test(a_reader_that_leaves_between_the_turns_is_not_answered),
		cmocka_unit_test(a_refresh_between_the_turns_has_the_call_made_again),
		cmocka_unit_test(an_engine_that_ends_between_the_turns_answers_its_readers),
		cmocka_unit_test(an_ordinary_answer_takes_no_turn_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
