/*
 * test_wait_and_events.c - readers of .wait and .events, and refreshes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud.h"

enum { LIVE_MS = 15000, TERMINAL_MS = 600000, MANY = 1000 };

#define TASK "train-0001"
#define WAIT "training/" TASK "/.wait"
#define EVENTS "training/" TASK "/.events"

static void enter_with(struct cloud_world *place, const struct setup *setup, size_t n_tasks)
{
	cloud_world_open(place, setup, 0);
	cloud_add_many(&place->cloud, "training", NULL, "train-", n_tasks);
}

static void enter(struct cloud_world *place)
{
	enter_with(place, NULL, 3);
}

static size_t watching(const struct cloud_world *place)
{
	return engine_stats(place->world->engine).watching;
}

/* The waiter was answered, and reads the status. */
static void assert_said(const struct ask *ask, uint64_t id, const char *expected)
{
	size_t size = 0;

	assert_found(&ask->reply);
	const char *bytes = tree_read(ask->world->tree, id, &size);
	assert_int_equal(ask->reply.entry.attr.size, size);
	assert_int_equal(size, strlen(expected));
	assert_memory_equal(bytes, expected, size);
}

/* ---- .wait ---- */

static void test_a_status_that_is_terminal_is_answered_at_once(void **state)
{
	struct cloud_world place;
	struct ask ask = { 0 };
	(void)state;

	enter(&place);
	cloud_set_status(&place.cloud, TASK, "SUBMIT_FAILED");
	assert_cat(place.world, "training/" TASK "/status", "SUBMIT_FAILED\n");
	uint64_t id = world_find(place.world, WAIT);
	assert_calls(place.world, 1);
	ask_put(&ask, place.world, ASK_WAIT, id, NULL);
	assert_said(&ask, id, "SUBMIT_FAILED\n");
	assert_calls(place.world, 0);
	cloud_world_close(&place);
}

static void test_a_stat_does_not_wait_and_its_size_is_not_too_small(void **state)
{
	struct cloud_world place;
	struct reply reply;
	(void)state;

	enter(&place);
	uint64_t id = world_find(place.world, WAIT);
	cloud_world_advance(&place, LIVE_MS + 1);
	world_calls(place.world);
	reply = world_ask(place.world, ASK_ATTR, id, NULL);
	assert_found(&reply);
	assert_int_equal(reply.entry.attr.size, strlen("SUBMIT_FAILED\n"));
	assert_int_equal(reply.entry.attr_ms, 0);
	assert_calls(place.world, 0);
	cloud_world_close(&place);
}

static void assert_stat(struct cloud_world *place, uint64_t id, const char *content)
{
	struct reply reply = world_ask(place->world, ASK_ATTR, id, NULL);

	assert_found(&reply);
	assert_int_equal(reply.entry.attr.size, strlen(content));
}

static void test_a_stat_is_exact_while_a_read_would_not_wait(void **state)
{
	struct cloud_world place;
	struct ask ask = { 0 };
	(void)state;

	enter(&place);
	cloud_set_status(&place.cloud, TASK, "FAILED");
	uint64_t id = world_find(place.world, WAIT);
	assert_stat(&place, id, "FAILED\n");
	cloud_world_advance(&place, TERMINAL_MS + 1); /* it has expired, so a read would call the cloud */
	assert_stat(&place, id, "SUBMIT_FAILED\n");
	ask_put(&ask, place.world, ASK_WAIT, id, NULL);
	cloud_world_advance(&place, 1000);
	assert_said(&ask, id, "FAILED\n");
	assert_stat(&place, id, "FAILED\n");
	cloud_world_close(&place);
}

static void test_a_waiter_is_answered_within_a_ttl_of_the_end(void **state)
{
	struct cloud_world place;
	struct ask ask = { 0 };
	(void)state;

	enter(&place);
	uint64_t id = world_find(place.world, WAIT);
	world_calls(place.world);
	ask_put(&ask, place.world, ASK_WAIT, id, NULL);
	assert_non_null(ask.wait);
	for (int i = 1; i <= 20; i++) { /* far longer than any deadline */
		cloud_world_advance(&place, LIVE_MS - 1);
		assert_calls(place.world, 0);
		cloud_world_advance(&place, 1);
		assert_calls(place.world, 1);
	}
	cloud_set_status(&place.cloud, TASK, "FAILED");
	cloud_world_advance(&place, LIVE_MS);
	assert_calls(place.world, 1);
	assert_said(&ask, id, "FAILED\n");
	assert_int_equal(watching(&place), 0);
	cloud_world_advance(&place, 10 * LIVE_MS);
	assert_calls(place.world, 0); /* no reader asks any more */
	cloud_world_close(&place);
}

static void test_a_thousand_waiters_cost_one_call_a_term(void **state)
{
	struct cloud_world place;
	struct ask *asks = xcalloc(MANY, sizeof(*asks));
	(void)state;

	enter(&place);
	uint64_t id = world_find(place.world, WAIT);
	world_calls(place.world);
	for (size_t i = 0; i < MANY; i++)
		ask_put(&asks[i], place.world, ASK_WAIT, id, NULL);
	assert_int_equal(watching(&place), MANY);
	cloud_world_advance(&place, 10 * LIVE_MS);
	assert_calls(place.world, 10);
	cloud_set_status(&place.cloud, TASK, "STOPPED");
	cloud_world_advance(&place, LIVE_MS);
	assert_calls(place.world, 1);
	for (size_t i = 0; i < MANY; i++)
		assert_said(&asks[i], id, "STOPPED\n");
	cloud_world_close(&place);
	free(asks);
}

/* They begin at any time, and what one of them asked for is what the others know. */
static void test_waiters_that_come_at_different_times_share_their_calls(void **state)
{
	struct cloud_world place;
	struct ask asks[14] = { 0 };
	(void)state;

	enter(&place);
	uint64_t id = world_find(place.world, WAIT);
	world_calls(place.world);
	for (size_t i = 0; i < COUNT(asks); i++) {
		ask_put(&asks[i], place.world, ASK_WAIT, id, NULL);
		cloud_world_advance(&place, 1000);
	}
	cloud_world_advance(&place, 4 * LIVE_MS);
	assert_in_range(world_calls(place.world), 4, 5);
	for (size_t i = 0; i < COUNT(asks); i++)
		ask_cancel(&asks[i]);
	cloud_world_close(&place);
}

static void test_many_resources_are_asked_about_through_their_list(void **state)
{
	struct cloud_world place;
	struct ask asks[50] = { 0 };
	(void)state;

	enter_with(&place, NULL, COUNT(asks));
	assert_int_equal(world_count(place.world, "training"), COUNT(asks));
	for (size_t i = 0; i < COUNT(asks); i++) {
		char path[40];
		snprintf(path, sizeof(path), "training/train-%04zu/.wait", i + 1);
		ask_put(&asks[i], place.world, ASK_WAIT, world_find(place.world, path), NULL);
	}
	world_calls(place.world);
	cloud_world_advance(&place, 4 * LIVE_MS);
	assert_in_range(world_calls(place.world), 1, 12); /* and not fifty a term */
	for (size_t i = 0; i < COUNT(asks); i++)
		ask_cancel(&asks[i]);
	cloud_world_close(&place);
}

static void test_an_outage_ends_no_waiter_and_costs_few_calls(void **state)
{
	static const enum error errors[] = { ERR_REFUSED, ERR_NO_HOST, ERR_LOST, ERR_TLS, ERR_NONE };
	(void)state;

	for (size_t i = 0; i <= COUNT(errors); i++) {
		struct cloud_world place;
		struct ask asks[3] = { 0 };
		enter(&place);
		uint64_t id = world_find(place.world, WAIT);
		for (size_t k = 0; k < COUNT(asks); k++)
			ask_put(&asks[k], place.world, ASK_WAIT, id, NULL);
		world_calls(place.world);
		if (i == COUNT(errors))
			place.cloud.latency_ms = -1; /* says nothing at all */
		else if (errors[i])
			place.cloud.fail = errors[i];
		else
			place.cloud.fail_code = "InternalError";
		cloud_world_advance(&place, 300000);
		assert_int_equal(watching(&place), COUNT(asks));
		assert_in_range(world_calls(place.world), 10, 150);
		place.cloud.fail = ERR_NONE;
		place.cloud.fail_code = NULL;
		place.cloud.latency_ms = 0;
		cloud_set_status(&place.cloud, TASK, "SUCCEED");
		cloud_world_advance(&place, LIVE_MS + DEADLINE_MS);
		for (size_t k = 0; k < COUNT(asks); k++)
			assert_said(&asks[k], id, "SUCCEED\n");
		cloud_world_close(&place);
	}
}

/* Stale data does not end a wait. */
static void test_a_stale_terminal_status_ends_no_wait_during_an_outage(void **state)
{
	struct cloud_world place;
	struct ask ask = { 0 };
	(void)state;

	enter(&place);
	cloud_set_status(&place.cloud, TASK, "SUCCEED");
	assert_cat(place.world, "training/" TASK "/status", "SUCCEED\n");
	uint64_t id = world_find(place.world, WAIT);
	cloud_world_advance(&place, TERMINAL_MS + 1);
	place.cloud.fail = ERR_REFUSED;
	assert_cat(place.world, "training/" TASK "/status", "SUCCEED\n");
	ask_put(&ask, place.world, ASK_WAIT, id, NULL);
	cloud_world_advance(&place, 60000);
	assert_non_null(ask.wait);
	place.cloud.fail = ERR_NONE;
	cloud_world_advance(&place, LIVE_MS + DEADLINE_MS);
	assert_said(&ask, id, "SUCCEED\n");
	cloud_world_close(&place);
}

static void assert_ended(struct cloud_world *place, const struct ask *ask, enum error error)
{
	cloud_world_advance(place, LIVE_MS);
	assert_error(&ask->reply, error);
	assert_int_equal(watching(place), 0);
}

static void test_what_time_does_not_mend_ends_a_waiter(void **state)
{
	static const struct {
		const char *code;
		enum error error;
	} rows[] = { { "UnauthorizedOperation", ERR_DENIED }, { "AuthFailure.SecretIdNotFound", ERR_KEY },
		{ "UnsupportedOperation", ERR_UNSUPPORTED }, { NULL, ERR_NOT_FOUND } };
	(void)state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct cloud_world place;
		struct ask ask = { 0 };
		enter(&place);
		ask_put(&ask, place.world, ASK_WAIT, world_find(place.world, WAIT), NULL);
		cloud_world_advance(&place, 5 * LIVE_MS);
		place.cloud.fail_code = rows[i].code;
		cloud_thing(&place.cloud, TASK)->gone = !rows[i].code;
		assert_ended(&place, &ask, rows[i].error);
		cloud_world_close(&place);
	}
}

static void test_who_gives_up_leaves_nothing_behind(void **state)
{
	struct cloud_world place;
	struct ask sleeping = { 0 }, flying = { 0 };
	(void)state;

	enter(&place);
	uint64_t id = world_find(place.world, WAIT);
	ask_put(&sleeping, place.world, ASK_WAIT, id, NULL);
	ask_cancel(&sleeping);
	assert_int_equal(watching(&place), 0);
	world_calls(place.world);
	cloud_world_advance(&place, 10 * LIVE_MS);
	assert_calls(place.world, 0);
	place.cloud.latency_ms = 500;
	ask_put(&flying, place.world, ASK_WAIT, id, NULL);
	assert_calls(place.world, 1);
	cloud_world_advance(&place, 100);
	ask_cancel(&flying);
	assert_int_equal(watching(&place), 0);
	cloud_world_advance(&place, 10 * LIVE_MS);
	assert_calls(place.world, 0);
	cloud_world_close(&place);
}

static void test_the_end_of_the_mount_answers_all_waiters(void **state)
{
	struct cloud_world place;
	struct ask asks[2] = { 0 };
	(void)state;

	enter(&place);
	uint64_t id = world_find(place.world, WAIT);
	ask_put(&asks[0], place.world, ASK_WAIT, id, NULL);
	ask_put(&asks[1], place.world, ASK_WAIT, id, NULL);
	cloud_world_close(&place);
	assert_error(&asks[0].reply, ERR_LOST);
	assert_error(&asks[1].reply, ERR_LOST);
}

static void test_a_term_of_nothing_is_asked_once_a_second(void **state)
{
	struct setup setup = world_setup();
	struct cloud_world place;
	struct ask ask = { 0 };
	(void)state;

	setup.ttl_s = 0;
	enter_with(&place, &setup, 1);
	ask_put(&ask, place.world, ASK_WAIT, world_find(place.world, WAIT), NULL);
	world_calls(place.world);
	cloud_world_advance(&place, 30000);
	assert_in_range(world_calls(place.world), 25, 31);
	ask_cancel(&ask);
	cloud_world_close(&place);
}

static void test_only_kinds_with_an_end_have_a_wait(void **state)
{
	struct cloud_world place;
	struct reply reply;
	(void)state;

	enter(&place);
	cloud_add(&place.cloud, "models", NULL, "m-1");
	cloud_add(&place.cloud, "versions", "m-1", "mv-1");
	world_find(place.world, "models/m-1/versions/mv-1/.wait");
	world_find(place.world, "models/m-1/versions/mv-1/.events");
	world_find(place.world, "models/m-1/.events");
	const char *const none[] = { "models/m-1/.wait", "models/m-1/versions/.wait", "training/.wait", ".wait",
		".events", "training/.events", "training/" TASK "/image_info/.wait",
		"training/" TASK "/image_info/.events", "training/" TASK "/.waits" };
	for (size_t i = 0; i < COUNT(none); i++) {
		reply = world_lookup(place.world, none[i]);
		assert_absent(&reply);
	}
	cloud_world_close(&place);
}

static void test_no_listing_shows_them(void **state)
{
	struct cloud_world place;
	(void)state;

	enter(&place);
	world_find(place.world, WAIT);
	world_find(place.world, EVENTS);
	char *names = world_ls(place.world, "training/" TASK);
	assert_null(strstr(names, ".wait"));
	assert_null(strstr(names, ".events"));
	free(names);
	cloud_world_close(&place);
}

/* ---- .events ---- */

/* As tail does it: asks for the size, and reads. */
static const char *poll_events(struct cloud_world *place, uint64_t id, size_t *size)
{
	struct reply reply = world_ask(place->world, ASK_ATTR, id, NULL);

	assert_found(&reply);
	assert_int_equal(reply.entry.attr_ms, 0);
	const char *bytes = tree_read(place->world->tree, id, size);
	assert_int_equal(reply.entry.attr.size, *size);
	return bytes;
}

/* What is behind the times of the lines. */
static void assert_events(struct cloud_world *place, uint64_t id, const char *expected)
{
	struct buf rest;
	size_t size;
	const char *bytes = poll_events(place, id, &size), *end = bytes + size;

	buf_init(&rest, SIZE_MAX);
	while (bytes < end) {
		const char *tab = memchr(bytes, '\t', (size_t)(end - bytes));
		const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
		assert_non_null(tab);
		assert_non_null(newline);
		assert_int_equal(tab - bytes, strlen("2025-11-24T16:00:00Z"));
		buf_add(&rest, tab + 1, (size_t)(newline - tab));
		bytes = newline + 1;
	}
	assert_string_equal(rest.data, expected);
	buf_release(&rest);
}

static void test_each_change_is_a_line(void **state)
{
	struct cloud_world place;
	struct thing *thing;
	(void)state;

	enter(&place);
	uint64_t id = world_find(place.world, EVENTS);
	assert_events(&place, id, "");
	thing = cloud_thing(&place.cloud, TASK);
	cloud_set_status(&place.cloud, TASK, "STOPPING");
	snprintf(thing->message, sizeof(thing->message), "a\\tb\\nc\\\\d");
	cloud_world_advance(&place, LIVE_MS);
	assert_events(&place, id, "message\t\ta\\tb\\nc\\\\d\nstatus\tRUNNING\tSTOPPING\n"
		"update_time\t2025-11-02T00:00:00Z\t2025-11-02T00:00:01Z\n");
	cloud_set_status(&place.cloud, TASK, "STOPPED");
	cloud_world_advance(&place, LIVE_MS);
	assert_events(&place, id, "message\t\ta\\tb\\nc\\\\d\nstatus\tRUNNING\tSTOPPING\n"
		"update_time\t2025-11-02T00:00:00Z\t2025-11-02T00:00:01Z\n"
		"status\tSTOPPING\tSTOPPED\n"
		"update_time\t2025-11-02T00:00:01Z\t2025-11-02T00:00:02Z\n");
	cloud_world_close(&place);
}

static void test_it_is_read_again_at_its_ttl_and_only_while_a_reader_polls(void **state)
{
	struct cloud_world place;
	size_t size;
	(void)state;

	enter(&place);
	uint64_t id = world_find(place.world, EVENTS);
	poll_events(&place, id, &size);
	world_calls(place.world);
	for (int i = 0; i < 60; i++) { /* two readers that follow, each once a second */
		cloud_world_advance(&place, 1000);
		poll_events(&place, id, &size);
		poll_events(&place, id, &size);
	}
	assert_calls(place.world, 4);
	cloud_world_advance(&place, 20 * LIVE_MS);
	assert_calls(place.world, 0);
	cloud_world_close(&place);
}

static void test_an_outage_is_no_error_to_followers(void **state)
{
	struct cloud_world place;
	size_t size;
	(void)state;

	enter(&place);
	uint64_t id = world_find(place.world, EVENTS);
	poll_events(&place, id, &size);
	for (int silent = 0; silent < 2; silent++) {
		if (silent)
			place.cloud.latency_ms = -1;
		else
			place.cloud.fail = ERR_REFUSED;
		for (int i = 0; i < 40; i++) {
			cloud_world_advance(&place, 1000);
			poll_events(&place, id, &size);
		}
		place.cloud.latency_ms = 0;
		place.cloud.fail = ERR_NONE;
		cloud_world_advance(&place, LIVE_MS);
		poll_events(&place, id, &size);
	}
	place.cloud.fail_code = "UnauthorizedOperation";
	cloud_world_advance(&place, LIVE_MS);
	poll_events(&place, id, &size);
	place.cloud.fail_code = NULL;
	cloud_set_status(&place.cloud, TASK, "FAILED");
	cloud_world_advance(&place, LIVE_MS);
	poll_events(&place, id, &size);
	assert_true(size > 0);
	cloud_world_close(&place);
}

static void test_what_goes_and_comes_back_is_a_line_each(void **state)
{
	struct cloud_world place;
	(void)state;

	enter(&place);
	uint64_t id = world_find(place.world, EVENTS);
	assert_events(&place, id, "");
	cloud_thing(&place.cloud, TASK)->gone = true;
	cloud_world_advance(&place, LIVE_MS);
	assert_events(&place, id, ".\tthere\tgone\n");
	cloud_world_advance(&place, LIVE_MS);
	assert_events(&place, id, ".\tthere\tgone\n");
	cloud_thing(&place.cloud, TASK)->gone = false;
	cloud_world_advance(&place, LIVE_MS);
	assert_events(&place, id, ".\tthere\tgone\n.\tgone\tthere\n");
	cloud_world_close(&place);
}

/* A change that another reader's question brought is seen, too. */
static void test_any_answer_is_looked_at(void **state)
{
	struct cloud_world place;
	(void)state;

	enter(&place);
	uint64_t id = world_find(place.world, EVENTS);
	assert_events(&place, id, "");
	for (int i = 0; i < 2; i++) {
		snprintf(cloud_thing(&place.cloud, TASK)->remark, 64, "%d", i);
		cloud_world_advance(&place, LIVE_MS);
		char *names = world_ls(place.world, "training/" TASK);
		free(names);
	}
	world_calls(place.world);
	assert_events(&place, id, "remark\t\t0\nremark\t0\t1\n");
	assert_calls(place.world, 0);
	cloud_world_close(&place);
}

static void test_the_file_has_a_ceiling_and_begins_anew(void **state)
{
	struct cloud_world place;
	size_t size = 0, last = 0, cuts = 0;
	(void)state;

	enter(&place);
	uint64_t id = world_find(place.world, EVENTS);
	poll_events(&place, id, &size);
	for (int i = 0; i < 3000; i++) {
		struct thing *thing = cloud_thing(&place.cloud, TASK);
		memset(thing->message, i % 2 ? 'x' : 'y', sizeof(thing->message) - 1);
		cloud_world_advance(&place, LIVE_MS);
		const char *bytes = poll_events(&place, id, &size);
		assert_in_range(size, 1, 64 << 10);
		assert_int_equal(bytes[size - 1], '\n');
		cuts += size < last;
		last = size;
	}
	assert_in_range(cuts, 3, 12);
	cloud_world_close(&place);
}

static void test_what_the_kernel_forgets_is_not_followed(void **state)
{
	struct cloud_world place;
	size_t size;
	(void)state;

	enter(&place);
	uint64_t id = world_find(place.world, EVENTS);
	poll_events(&place, id, &size);
	snprintf(cloud_thing(&place.cloud, TASK)->remark, 64, "new");
	cloud_world_advance(&place, LIVE_MS);
	poll_events(&place, id, &size);
	assert_true(size > 0);
	tree_forget(place.world->tree, id, 1);
	id = world_find(place.world, EVENTS);
	poll_events(&place, id, &size);
	assert_int_equal(size, 0);
	cloud_world_close(&place);
}

static void say_notebook(struct exchange *exchange, const char *status, const char *secret)
{
	exchange_tencent(exchange, "\"NotebookDetail\": {\"Id\": \"nb-1\", \"Status\": \"%s\", "
		"\"SSHConfig\": {\"LoginCommand\": \"%s\"}}", status, secret);
}

static void test_secrets_are_hidden_in_it(void **state)
{
	struct setup setup = world_setup();
	struct cloud_world place;
	(void)state;

	for (int shown = 0; shown < 2; shown++) {
		setup.secrets = shown;
		enter_with(&place, &setup, 0);
		place.cloud.latency_ms = -1;
		struct ask ask = { 0 };
		uint64_t listing = world_find(place.world, "notebooks");
		ask_put(&ask, place.world, ASK_LOOKUP, listing, "nb-1");
		say_notebook(world_only(place.world), "Running", "one");
		uint64_t id = world_ask(place.world, ASK_LOOKUP, ask.reply.entry.id, ".events").entry.id;
		cloud_world_advance(&place, LIVE_MS);
		struct ask poll = { 0 };
		ask_put(&poll, place.world, ASK_ATTR, id, NULL);
		say_notebook(world_only(place.world), "Stopping", "other");
		size_t size;
		const char *bytes = tree_read(place.world->tree, id, &size);
		char *text = xstrndup(bytes, size);
		assert_non_null(strstr(text, "status\tRunning\tStopping\n"));
		assert_null(strstr(text, "\tone"));
		assert_null(strstr(text, "\tother"));
		assert_int_equal(strstr(text, "<hidden>\t<hidden>\n") != NULL, shown);
		free(text);
		cloud_world_close(&place);
	}
}

/* ---- refresh ---- */

static void refresh(struct cloud_world *place, const char *path)
{
	uint64_t id = *path ? world_find(place->world, path) : TREE_ROOT;

	cloud_world_advance(place, 1); /* an answer is fresh for questions of the same millisecond */
	world_calls(place->world);
	assert_non_null(engine_refresh(place->world->engine, id, NULL));
	assert_calls(place->world, 0); /* that is for the next reader */
}

static void test_a_refreshed_path_is_asked_for_and_no_other(void **state)
{
	static const char *const paths[] = { "training/" TASK, "training/" TASK "/status",
		"training/" TASK "/image_info", "training/" TASK "/image_info/image_type", WAIT, EVENTS };
	(void)state;

	for (size_t i = 0; i < COUNT(paths); i++) {
		struct cloud_world place;
		enter(&place);
		assert_cat(place.world, "training/" TASK "/remark", "");
		assert_cat(place.world, "training/train-0002/remark", "");
		snprintf(cloud_thing(&place.cloud, TASK)->remark, 64, "new");
		refresh(&place, paths[i]);
		assert_cat(place.world, "training/" TASK "/remark", "new\n");
		assert_calls(place.world, 1);
		assert_cat(place.world, "training/train-0002/remark", "");
		assert_cat(place.world, "training/" TASK "/remark", "new\n");
		assert_calls(place.world, 0);
		cloud_world_close(&place);
	}
}

static void test_a_refreshed_listing_is_read_again_with_what_is_in_it(void **state)
{
	static const char *const paths[] = { "training", "" };
	(void)state;

	for (size_t i = 0; i < COUNT(paths); i++) {
		struct cloud_world place;
		enter(&place);
		assert_int_equal(world_count(place.world, "training"), 3);
		struct reply reply = world_lookup(place.world, "training/train-new");
		assert_absent(&reply);
		cloud_add(&place.cloud, "training", NULL, "train-new");
		cloud_set_status(&place.cloud, TASK, "FAILED");
		refresh(&place, paths[i]);
		assert_int_equal(world_count(place.world, "training"), 4);
		assert_calls(place.world, 1);
		assert_cat(place.world, "training/" TASK "/status", "FAILED\n");
		world_find(place.world, "training/train-new");
		assert_calls(place.world, 0);
		cloud_world_close(&place);
	}
}

static void test_a_name_that_was_missing_can_be_refreshed(void **state)
{
	struct cloud_world place;
	(void)state;

	enter(&place);
	struct reply reply = world_lookup(place.world, "training/train-new");
	assert_absent(&reply);
	cloud_add(&place.cloud, "training", NULL, "train-new");
	engine_refresh(place.world->engine, world_find(place.world, "training"), "train-new");
	world_find(place.world, "training/train-new");
	cloud_world_close(&place);
}

/* Its listing may still show it: that is not asked about, and does not vouch for it. */
static void test_a_refreshed_resource_that_is_gone_is_gone(void **state)
{
	struct cloud_world place;
	(void)state;

	enter(&place);
	assert_int_equal(world_count(place.world, "training"), 3);
	cloud_thing(&place.cloud, TASK)->gone = true;
	refresh(&place, "training/" TASK);
	struct reply reply = world_lookup(place.world, "training/" TASK);
	assert_absent(&reply);
	assert_in_range(world_calls(place.world), 1, 2); /* its list may be asked first */
	cloud_world_close(&place);
}

/* Nothing is thrown away before there is something better. */
static void test_a_refresh_during_an_outage_leaves_the_last_good_answer(void **state)
{
	struct cloud_world place;
	(void)state;

	enter(&place);
	assert_cat(place.world, "training/" TASK "/status", "RUNNING\n");
	place.cloud.fail = ERR_REFUSED;
	refresh(&place, "training/" TASK);
	assert_cat(place.world, "training/" TASK "/status", "RUNNING\n");
	assert_xattr(place.world, world_find(place.world, "training/" TASK "/status"), "stale", "1");
	cloud_world_close(&place);
}

static void test_a_call_that_is_under_way_is_made_again(void **state)
{
	struct cloud_world place;
	struct ask before = { 0 }, after = { 0 };
	(void)state;

	enter(&place);
	uint64_t id = world_find(place.world, "training/" TASK);
	place.cloud.latency_ms = -1;
	cloud_world_advance(&place, LIVE_MS);
	ask_put(&before, place.world, ASK_LOOKUP, id, "status");
	struct exchange *first = world_only(place.world);
	engine_refresh(place.world->engine, id, NULL);
	assert_true(first->cancelled);
	ask_put(&after, place.world, ASK_LOOKUP, id, "status");
	cloud_set_status(&place.cloud, TASK, "FAILED");
	cloud_answer(&place.cloud, world_only(place.world));
	assert_found(&before.reply);
	assert_found(&after.reply);
	assert_cat(place.world, "training/" TASK "/status", "FAILED\n");
	cloud_world_close(&place);
}

static void test_a_list_that_is_being_read_is_read_again(void **state)
{
	struct cloud_world place;
	struct ask ask = { 0 };
	(void)state;

	enter(&place);
	place.cloud.latency_ms = -1;
	uint64_t id = world_find(place.world, "training");
	ask_put(&ask, place.world, ASK_OPEN, id, NULL);
	struct exchange *first = world_only(place.world);
	engine_refresh(place.world->engine, id, NULL);
	cloud_answer(&place.cloud, first);
	assert_found(&ask.reply);
	place.cloud.latency_ms = 0;
	cloud_add(&place.cloud, "training", NULL, "train-new");
	cloud_world_advance(&place, 1);
	assert_int_equal(world_count(place.world, "training"), 4);
	cloud_world_close(&place);
}

static void test_what_the_kernel_holds_is_named(void **state)
{
	struct cloud_world place;
	struct ids ids = { 0 };
	(void)state;

	enter(&place);
	uint64_t id = world_find(place.world, "training/" TASK);
	world_find(place.world, "training/" TASK "/image_info/image_type");
	uint64_t inner = world_find(place.world, "training/" TASK "/image_info");
	assert_non_null(tree_refresh(place.world->tree, world_find(place.world, "training"), NULL, &ids));
	size_t found = 0;
	for (size_t i = 0; i < ids.n; i++)
		found += ids.v[i] == id || ids.v[i] == inner;
	assert_int_equal(found, 2);
	free(ids.v);
	cloud_world_close(&place);
}

/* ---- the mount's own texts ---- */

static char *own_text(struct cloud_world *place, const char *name)
{
	char path[40];

	snprintf(path, sizeof(path), ".describefs/%s", name);
	char *text = world_cat(place->world, path);
	assert_non_null(text);
	return text;
}

static void assert_line(const char *text, const char *line)
{
	const char *at = strstr(text, line);

	if (!at || (at != text && at[-1] != '\n') || at[strlen(line)] != '\n')
		fail_msg("no line \"%s\" in:\n%s", line, text);
}

static void test_metrics_count_what_happened(void **state)
{
	struct cloud_world place;
	struct ask ask = { 0 }, gone = { 0 };
	(void)state;

	enter(&place);
	assert_cat(place.world, "training/" TASK "/status", "RUNNING\n");
	assert_cat(place.world, "training/" TASK "/status", "RUNNING\n");
	place.cloud.fail_code = "InternalError";
	ask_put(&gone, place.world, ASK_LOOKUP, world_find(place.world, "notebooks"), "nb-1");
	while (engine_stats(place.world->engine).retries < 3)
		assert_true(script_step(&place.world->script));
	assert_int_equal(gone.answers, 0);
	ask_cancel(&gone); /* its call goes on, and sleeps before the next try */
	ask_put(&ask, place.world, ASK_WAIT, world_find(place.world, WAIT), NULL);
	char *text = own_text(&place, "metrics");
	assert_line(text, "describefs_calls_total{action=\"DescribeTrainingTask\",cause=\"none\"} 1");
	assert_line(text, "describefs_calls_total{action=\"DescribeNotebook\",cause=\"server\"} 3");
	assert_line(text, "describefs_retries_total 3");
	assert_line(text, "describefs_watching 1");
	assert_line(text, "describefs_breaker_open 0");
	assert_line(text, "describefs_rate_waiting{action=\"DescribeNotebook\"} 0");
	assert_line(text, "# TYPE describefs_uptime_seconds gauge");
	free(text);
	ask_cancel(&ask);
	cloud_world_close(&place);
}

static void test_requests_are_a_line_each(void **state)
{
	struct cloud_world place;
	struct ask ask = { 0 };
	(void)state;

	enter(&place);
	char *text = own_text(&place, "requests");
	assert_string_equal(text, "");
	free(text);
	place.cloud.latency_ms = -1;
	ask_put(&ask, place.world, ASK_LOOKUP, world_find(place.world, "training"), TASK);
	cloud_world_advance(&place, 1234);
	text = own_text(&place, "requests");
	assert_string_equal(text, "1.234\tDescribeTrainingTask\t/training/" TASK "\t1\tsent\n");
	free(text);
	cloud_world_close(&place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_status_that_is_terminal_is_answered_at_once),
		cmocka_unit_test(test_a_stat_does_not_wait_and_its_size_is_not_too_small),
		cmocka_unit_test(test_a_stat_is_exact_while_a_read_would_not_wait),
		cmocka_unit_test(test_a_waiter_is_answered_within_a_ttl_of_the_end),
		cmocka_unit_test(test_a_thousand_waiters_cost_one_call_a_term),
		cmocka_unit_test(test_waiters_that_come_at_different_times_share_their_calls),
		cmocka_unit_test(test_many_resources_are_asked_about_through_their_list),
		cmocka_unit_test(test_an_outage_ends_no_waiter_and_costs_few_calls),
		cmocka_unit_test(test_a_stale_terminal_status_ends_no_wait_during_an_outage),
		cmocka_unit_test(test_what_time_does_not_mend_ends_a_waiter),
		cmocka_unit_test(test_who_gives_up_leaves_nothing_behind),
		cmocka_unit_test(test_the_end_of_the_mount_answers_all_waiters),
		cmocka_unit_test(test_a_term_of_nothing_is_asked_once_a_second),
		cmocka_unit_test(test_only_kinds_with_an_end_have_a_wait),
		cmocka_unit_test(test_no_listing_shows_them),
		cmocka_unit_test(test_each_change_is_a_line),
		cmocka_unit_test(test_it_is_read_again_at_its_ttl_and_only_while_a_reader_polls),
		cmocka_unit_test(test_an_outage_is_no_error_to_followers),
		cmocka_unit_test(test_what_goes_and_comes_back_is_a_line_each),
		cmocka_unit_test(test_any_answer_is_looked_at),
		cmocka_unit_test(test_the_file_has_a_ceiling_and_begins_anew),
		cmocka_unit_test(test_what_the_kernel_forgets_is_not_followed),
		cmocka_unit_test(test_secrets_are_hidden_in_it),
		cmocka_unit_test(test_a_refreshed_path_is_asked_for_and_no_other),
		cmocka_unit_test(test_a_refreshed_listing_is_read_again_with_what_is_in_it),
		cmocka_unit_test(test_a_name_that_was_missing_can_be_refreshed),
		cmocka_unit_test(test_a_refreshed_resource_that_is_gone_is_gone),
		cmocka_unit_test(test_a_refresh_during_an_outage_leaves_the_last_good_answer),
		cmocka_unit_test(test_a_call_that_is_under_way_is_made_again),
		cmocka_unit_test(test_a_list_that_is_being_read_is_read_again),
		cmocka_unit_test(test_what_the_kernel_holds_is_named),
		cmocka_unit_test(test_metrics_count_what_happened),
		cmocka_unit_test(test_requests_are_a_line_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
