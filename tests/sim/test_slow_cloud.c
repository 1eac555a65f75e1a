/*
 * test_slow_cloud.c - a cloud that is slow and answers: what a person reads gets on, whatever else is asked for.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud.h"

enum { TASKS = 4000, PAGES = TASKS / 50, CROWD = 80, POLLS = 400, LIVE_MS = 15000 };

struct place {
	struct world *world;
	struct cloud cloud;
	uint64_t training, running;
};

/* A pass over a directory, READDIR by READDIR, as `ls` makes it. */
struct pass {
	struct place *place;
	struct ask ask;
	uint64_t id, cookie;
	size_t n;
	bool over;
	enum error error;
	int64_t longest_ms, over_ms;
};

static void enter(struct place *place, int64_t latency_ms, size_t serves)
{
	memset(place, 0, sizeof(*place));
	place->world = world_open(NULL);
	cloud_open(&place->cloud, place->world, latency_ms);
	place->cloud.serves = serves;
	cloud_add_many(&place->cloud, "training", NULL, "train-", TASKS);
	place->training = world_find(place->world, "training");
	place->running = world_find(place->world, "by-status/training/RUNNING");
}

static void leave(struct place *place)
{
	world_close(place->world);
	cloud_close(&place->cloud);
}

static void advance(struct place *place, int64_t ms)
{
	script_advance(&place->world->script, ms);
}

static void go_on(struct ask *ask)
{
	struct pass *pass = ask->arg;
	struct world *world = pass->place->world;
	struct query_time query = { .now_ms = world->script.now_ms };
	struct entry entry;
	const char *name;
	size_t before = pass->n;

	if (ask->answered_ms - ask->asked_ms > pass->longest_ms)
		pass->longest_ms = ask->answered_ms - ask->asked_ms;
	pass->error = ask->reply.outcome == RESULT_FAILED ? ask->reply.error : ERR_NONE;
	if (!pass->error) {
		pass->cookie = ask->reply.cookie;
		while (tree_next(world->tree, pass->id, &pass->cookie, &name, &entry, query))
			pass->n++;
	}
	pass->over = pass->error || pass->n == before;
	pass->over_ms = world->script.now_ms;
	if (!pass->over)
		ask_read(&pass->ask, world, pass->id, pass->cookie);
}

static void begin(struct pass *pass, struct place *place, uint64_t id)
{
	*pass = (struct pass){ .place = place, .id = id, .ask = { .then = go_on, .arg = pass } };
	ask_read(&pass->ask, place->world, id, 0);
}

/* Has the view read again and again, as long as the listing's pass lasts and for some time after it. */
static void read_beside(struct pass *list, struct pass *view, int64_t most_ms)
{
	for (int64_t at = 0; at < most_ms && !(list->over && view->over && !view->error); at += 100) {
		if (view->over && view->error)
			begin(view, view->place, view->id);
		advance(list->place, 100);
	}
}

/* No call failed; only a view may have been refused for now. */
static void assert_healthy(const struct place *place)
{
	struct buf failures;

	buf_init(&failures, SIZE_MAX);
	journal_print(engine_journal(place->world->engine), &failures);
	assert_null(strstr(failures.data, "timeout"));
	assert_null(strstr(failures.data, "Z\t/training"));
	buf_release(&failures);
}

static void assert_listed(const struct pass *list)
{
	assert_true(list->over);
	assert_int_equal(list->error, ERR_NONE);
	assert_int_equal(list->n, TASKS);
	assert_in_range(list->longest_ms, 0, DEADLINE_MS - 1);
}

/* What is asked for ahead stops and goes on with the limit: each page is asked for once all the same. */
static void test_each_page_is_asked_for_once_however_the_limit_moves(void **state)
{
	static const struct {
		int64_t latency_ms;
		size_t serves;
	} clouds[] = { { 20, 0 }, { 300, 0 }, { 2000, 0 }, { 100, 1 }, { 250, 1 }, { 500, 2 }, { 1000, 4 }, { 50, 8 } };
	(void)state;

	for (size_t i = 0; i < COUNT(clouds); i++) {
		struct place place;
		struct pass list;
		enter(&place, clouds[i].latency_ms, clouds[i].serves);
		begin(&list, &place, place.training);
		while (!list.over)
			advance(&place, 10);
		assert_listed(&list);
		assert_int_equal(world_calls(place.world), PAGES);
		leave(&place);
	}
}

/* A cloud that answers one call after the other, or some at a time: pages ahead must not be its end. */
static void test_a_view_and_a_listing_on_a_cloud_that_serves_some_at_a_time(void **state)
{
	static const struct {
		int64_t latency_ms;
		size_t serves;
	} clouds[] = { { 250, 1 }, { 500, 2 }, { 1000, 4 }, { 2000, 4 }, { 1000, 8 } };
	(void)state;

	for (size_t i = 0; i < 2 * COUNT(clouds); i++) {
		int64_t latency_ms = clouds[i / 2].latency_ms;
		size_t serves = clouds[i / 2].serves;
		struct place place;
		struct pass list, view;
		struct ask ask = { 0 };
		enter(&place, latency_ms, serves);
		begin(i % 2 ? &view : &list, &place, i % 2 ? place.running : place.training);
		advance(&place, latency_ms * 3);
		int64_t began_ms = place.world->script.now_ms;
		begin(i % 2 ? &list : &view, &place, i % 2 ? place.training : place.running);
		advance(&place, 5000);
		ask_put(&ask, place.world, ASK_LOOKUP, place.training, "train-3999");
		read_beside(&list, &view, 400000);
		assert_listed(&list);
		assert_in_range(list.over_ms - began_ms, 0, PAGES * latency_ms / (int64_t)serves * 3 / 2 + 3000);
		assert_int_equal(view.error, ERR_NONE);
		assert_int_equal(view.n, TASKS);
		assert_found(&ask.reply);
		assert_in_range(ask.answered_ms - ask.asked_ms, 0, DEADLINE_MS * 3 / 4);
		assert_healthy(&place);
		advance(&place, 100000);
		assert_in_range(place.world->script.n_sent, PAGES, PAGES * 8 / 5); /* and nothing goes on alone */
		leave(&place);
	}
}

/* Each answer takes its time, however many there are: no call fails, and all that the rate allows are under way. */
static void test_a_cloud_that_is_only_slow_is_never_called_silent(void **state)
{
	static const int64_t latencies_ms[] = { 3000, 5000, 8000 };
	(void)state;

	for (size_t i = 0; i < COUNT(latencies_ms); i++) {
		struct place place;
		struct pass list, view;
		enter(&place, latencies_ms[i], 0);
		begin(&list, &place, place.training);
		advance(&place, 2 * latencies_ms[i]);
		begin(&view, &place, place.running);
		read_beside(&list, &view, 400000);
		assert_listed(&list);
		assert_in_range(list.over_ms, 0, START_MS + 9 * latencies_ms[i]);
		assert_int_equal(view.n, TASKS);
		assert_healthy(&place);
		leave(&place);
	}
}

static void test_a_crowd_of_readers_of_a_slow_cloud_is_served(void **state)
{
	static struct ask asks[CROWD];
	struct place place;
	(void)state;

	enter(&place, 6000, 0); /* the last of them are sent after three seconds */
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < CROWD; i++) {
			char id[32];
			snprintf(id, sizeof(id), "train-%04zu", 1 + i + (size_t)round * CROWD);
			ask_put(&asks[i], place.world, ASK_LOOKUP, place.training, id);
		}
		advance(&place, DEADLINE_MS);
		for (size_t i = 0; i < CROWD; i++)
			assert_found(&asks[i].reply);
	}
	leave(&place);
}

/* One page is never answered, and all others are: for the reader that follows there is another try. */
static void test_a_page_that_times_out_does_not_end_the_listing(void **state)
{
	struct place place;
	struct pass list;
	(void)state;

	enter(&place, -1, 0);
	begin(&list, &place, place.training);
	const struct exchange *swallowed = NULL;
	for (int i = 0; i < 3000 && !list.over; i++) {
		advance(&place, 100);
		for (size_t k = place.world->script.n_sent; k-- > 0;) {
			struct exchange *exchange = place.world->script.sent[k];
			if (!exchange->waits)
				continue;
			if (!swallowed && exchange_number(exchange, "Offset") == 1500)
				swallowed = exchange;
			if (exchange != swallowed && exchange->sent_ms < place.world->script.now_ms)
				cloud_answer(&place.cloud, exchange);
		}
	}
	assert_listed(&list);
	leave(&place);
}

/* What is asked of a view and never answered says nothing of the rest. */
static void test_a_view_that_times_out_leaves_the_others_their_answers(void **state)
{
	struct place place;
	struct ask ask = { 0 }, view = { 0 };
	(void)state;

	enter(&place, 100, 0);
	snprintf(cloud_thing(&place.cloud, "train-0001")->remark, 64, "old");
	assert_cat(place.world, "training/train-0001/remark", "old\n");
	snprintf(cloud_thing(&place.cloud, "train-0001")->remark, 64, "new");
	place.cloud.latency_ms = -1;
	ask_put(&view, place.world, ASK_OPEN, place.running, NULL);
	for (int64_t at_ms = 0; !view.answers; at_ms += 1000) {
		char id[32];
		snprintf(id, sizeof(id), "train-%04d", 100 + (int)(at_ms / 1000));
		ask = (struct ask){ 0 };
		ask_put(&ask, place.world, ASK_LOOKUP, place.training, id);
		cloud_answer(&place.cloud, script_waiting(&place.world->script, 1));
		assert_found(&ask.reply);
		advance(&place, 1000);
	}
	assert_error(&view.reply, ERR_TIMEOUT);
	place.cloud.latency_ms = 100;
	advance(&place, LIVE_MS - DEADLINE_MS);
	assert_cat(place.world, "training/train-0001/remark", "new\n"); /* and not the last good one */
	leave(&place);
}

/* Many wait for the end of tasks; what they ask for goes behind what a person reads. */
static void test_polls_are_in_no_readers_way(void **state)
{
	static struct ask polls[POLLS];
	struct place place;
	struct ask ask = { 0 };
	(void)state;

	enter(&place, 100, 0);
	for (size_t i = 0; i < POLLS; i++) {
		char path[48];
		snprintf(path, sizeof(path), "training/train-%04zu/.wait", i + 1);
		uint64_t id = world_find(place.world, path);
		polls[i] = (struct ask){ 0 };
		ask_put(&polls[i], place.world, ASK_WAIT, id, NULL);
	}
	advance(&place, 2 * LIVE_MS); /* all of them ask again and again */
	for (size_t i = 0; i < 10; i++) {
		char id[32];
		snprintf(id, sizeof(id), "train-%04zu", 3000 + i);
		ask_put(&ask, place.world, ASK_LOOKUP, place.training, id);
		advance(&place, 1300);
		assert_found(&ask.reply);
		advance(&place, 700);
		/* also what they ask for anyway */
		snprintf(id, sizeof(id), "train-%04zu", 1 + i * 37);
		ask_put(&ask, place.world, ASK_LOOKUP, place.training, id);
		advance(&place, 1300);
		assert_found(&ask.reply);
	}
	for (size_t i = 0; i < POLLS; i++)
		ask_cancel(&polls[i]);
	leave(&place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_page_is_asked_for_once_however_the_limit_moves),
		cmocka_unit_test(test_a_view_and_a_listing_on_a_cloud_that_serves_some_at_a_time),
		cmocka_unit_test(test_a_cloud_that_is_only_slow_is_never_called_silent),
		cmocka_unit_test(test_a_crowd_of_readers_of_a_slow_cloud_is_served),
		cmocka_unit_test(test_a_page_that_times_out_does_not_end_the_listing),
		cmocka_unit_test(test_a_view_that_times_out_leaves_the_others_their_answers),
		cmocka_unit_test(test_polls_are_in_no_readers_way),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
