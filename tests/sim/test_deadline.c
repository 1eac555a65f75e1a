/*
 * test_deadline.c - readers of a list that takes longer than their deadline, and of a silent cloud.
 */
#include "cloud.h"

enum { LIVE_MS = 15000, LIST_MS = 30000 };

static void enter(struct cloud_world *place)
{
	cloud_world_open(place, NULL, -1);
	cloud_add_many(&place->cloud, "training", NULL, "train-", 120);
}

static void put(struct cloud_world *place, struct ask *ask, const char *id)
{
	ask_put(ask, place->world, ASK_LOOKUP, world_find(place->world, "training"), id);
}

static void put_list(struct cloud_world *place, struct ask *ask)
{
	ask_put(ask, place->world, ASK_OPEN, world_find(place->world, "training"), NULL);
}

/* The page that is taken in next; those after it may be asked for already. */
static struct exchange *head(struct cloud_world *place)
{
	return script_waiting(&place->world->script, 0);
}

/* ---- the deadline ---- */

static void answer_pages(struct cloud_world *place, int64_t each_ms, size_t pages)
{
	for (size_t i = 0; i < pages; i++) {
		cloud_world_advance(place, each_ms);
		cloud_answer(&place->cloud, head(place));
	}
}

static void test_a_list_longer_than_the_deadline_times_out_for_its_first_reader(void **state)
{
	struct cloud_world place;
	struct ask first = { 0 }, later = { 0 };
	(void)state;

	enter(&place);
	put_list(&place, &first);
	answer_pages(&place, 4000, 2);
	cloud_world_advance(&place, 1000);
	put_list(&place, &later); /* joins */
	cloud_world_advance(&place, 1000);
	assert_error(&first.reply, ERR_TIMEOUT);
	assert_int_equal(later.answers, 0);
	answer_pages(&place, 2000, 1);
	assert_found(&later.reply);
	assert_int_equal(world_count(place.world, "training"), 120);
	assert_calls(place.world, 3);
	cloud_world_close(&place);
}

static void test_who_comes_after_a_timeout_joins_the_list_that_goes_on(void **state)
{
	struct cloud_world place;
	struct ask first = { 0 }, later = { 0 };
	(void)state;

	enter(&place);
	put_list(&place, &first);
	answer_pages(&place, 4900, 2);
	cloud_world_advance(&place, 200);
	assert_error(&first.reply, ERR_TIMEOUT);
	cloud_world_advance(&place, 1);
	put_list(&place, &later);
	assert_int_equal(later.answers, 0);
	answer_pages(&place, 1000, 1);
	assert_found(&later.reply);
	assert_calls(place.world, 3);
	cloud_world_close(&place);
}

static void test_a_list_longer_than_the_deadline_shows_the_old_one_meanwhile(void **state)
{
	struct cloud_world place;
	struct ask first = { 0 };
	uint64_t id;
	(void)state;

	enter(&place);
	id = world_find(place.world, "training");
	put_list(&place, &first);
	answer_pages(&place, 10, 3);
	assert_found(&first.reply);
	cloud_thing(&place.cloud, "train-0001")->gone = true;
	cloud_world_advance(&place, LIST_MS);
	put_list(&place, &first);
	answer_pages(&place, 4900, 2);
	cloud_world_advance(&place, 200);
	assert_found(&first.reply);
	assert_int_equal(first.answered_ms - first.asked_ms, DEADLINE_MS);
	assert_xattr(place.world, id, "stale", "1");
	struct query_time query = { .now_ms = place.world->script.now_ms, .since_ms = 0 };
	uint64_t cookie = 0;
	const char *name;
	struct entry entry;
	size_t n = 0;
	while (tree_next(place.world->tree, id, &cookie, &name, &entry, query))
		n++;
	assert_int_equal(n, 120); /* whole and old, although two pages of the new one are there */
	place.cloud.latency_ms = 0;
	answer_pages(&place, 100, 1); /* it did not add up: the list is read whole */
	assert_int_equal(world_count(place.world, "training"), 119);
	assert_xattr(place.world, id, "stale", "0");
	cloud_world_close(&place);
}

static void test_each_page_has_a_deadline_of_its_own(void **state)
{
	struct cloud_world place;
	struct ask ask = { 0 }, again = { 0 };
	(void)state;

	enter(&place);
	put_list(&place, &ask);
	answer_pages(&place, 9000, 1);
	assert_int_equal(head(&place)->timeout_ms, DEADLINE_MS);
	cloud_world_advance(&place, 2000);
	put_list(&place, &again);
	answer_pages(&place, 3000, 2);
	assert_found(&again.reply);
	cloud_world_close(&place);
}

static void test_a_list_without_waiters_stops_after_three_deadlines_and_can_be_read_again(void **state)
{
	struct setup setup = world_setup();
	struct cloud_world place;
	struct ask ask = { 0 };
	(void)state;

	setup.rate = 0.5;
	cloud_world_open(&place, &setup, 10);
	cloud_add_many(&place.cloud, "training", NULL, "train-", 2000);
	put_list(&place, &ask);
	ask_cancel(&ask);
	cloud_world_advance(&place, 60000);
	assert_int_equal(engine_stats(place.world->engine).in_flight, 0);
	assert_in_range(place.world->script.n_sent, 14, 18); /* of 40 pages: no reader waited for three deadlines */
	put_list(&place, &ask);
	size_t last = place.world->script.n_sent - 1;
	assert_int_equal(exchange_number(place.world->script.sent[last], "Offset"), 0);
	cloud_world_close(&place);
}

/* promise: 1 */
static void test_silence_is_a_timeout_at_the_deadline_and_not_again_for_the_next_step(void **state)
{
	struct cloud_world place;
	struct ask ask = { 0 };
	(void)state;

	enter(&place);
	place.cloud.latency_ms = 0;
	uint64_t id = world_find(place.world, "training/train-0001");
	place.cloud.latency_ms = -1;
	cloud_world_advance(&place, LIVE_MS);
	put(&place, &ask, "train-0001");
	cloud_world_advance(&place, DEADLINE_MS);
	assert_found(&ask.reply); /* the last good one */
	assert_int_equal(ask.answered_ms - ask.asked_ms, DEADLINE_MS);
	ask_put(&ask, place.world, ASK_LOOKUP, id, "status");
	assert_found(&ask.reply); /* at once */
	assert_int_equal(ask.answered_ms, ask.asked_ms);
	cloud_world_close(&place);
}

/* The list says something, but takes long: each name of a path that needs it would wait for it anew. */
static void test_who_gave_up_does_not_wait_again_for_the_next_step(void **state)
{
	struct cloud_world place;
	struct setup setup = world_setup();
	struct ask ask = { 0 };
	(void)state;

	setup.catalog = "qianfan";
	cloud_world_open(&place, &setup, 0);
	cloud_add_many(&place.cloud, "finetuning", NULL, "job-", 350);
	assert_int_equal(world_count(place.world, "finetuning"), 350);
	uint64_t id = world_find(place.world, "finetuning/job-0340"), list = world_find(place.world, "finetuning");
	place.cloud.latency_ms = 6000; /* a page */
	cloud_world_advance(&place, LIST_MS + LIVE_MS);
	ask_put(&ask, place.world, ASK_LOOKUP, list, "job-0340");
	cloud_world_advance(&place, DEADLINE_MS);
	assert_found(&ask.reply); /* the last good one */
	assert_int_equal(ask.answered_ms - ask.asked_ms, DEADLINE_MS);
	cloud_world_advance(&place, 5);
	ask_put(&ask, place.world, ASK_LOOKUP, id, "job_id");
	assert_found(&ask.reply);
	assert_int_equal(ask.answered_ms, ask.asked_ms);
	/* when all pages are there it is fresh */
	cloud_world_advance(&place, 4 * 6000);
	ask_put(&ask, place.world, ASK_LOOKUP, list, "job-0340");
	assert_found(&ask.reply);
	assert_int_equal(ask.answered_ms, ask.asked_ms);
	cloud_world_close(&place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_list_longer_than_the_deadline_times_out_for_its_first_reader),
		cmocka_unit_test(test_who_comes_after_a_timeout_joins_the_list_that_goes_on),
		cmocka_unit_test(test_a_list_longer_than_the_deadline_shows_the_old_one_meanwhile),
		cmocka_unit_test(test_each_page_has_a_deadline_of_its_own),
		cmocka_unit_test(test_a_list_without_waiters_stops_after_three_deadlines_and_can_be_read_again),
		cmocka_unit_test(test_silence_is_a_timeout_at_the_deadline_and_not_again_for_the_next_step),
		cmocka_unit_test(test_who_gave_up_does_not_wait_again_for_the_next_step),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
