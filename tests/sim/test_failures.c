/*
 * test_failures.c - what a reader gets after a failure: the cause or the last good answer, and for how long.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud.h"

enum { LIVE_MS = 15000, LIST_MS = 30000 };

static void enter_stale(struct cloud_world *place, int64_t stale_s)
{
	struct setup setup = world_setup();

	setup.stale_s = stale_s;
	cloud_world_open(place, &setup, 0);
	cloud_add_many(&place->cloud, "training", NULL, "train-", 2);
}

static void enter(struct cloud_world *place)
{
	enter_stale(place, 3600);
}

enum { AGAIN = 3 };

/* One way of failing, and what the contract's section 4 says of it. */
struct field {
	const char *code; /* in an Error, with HTTP 200 */
	int status; /* HTTP, with a body that is none */
	enum error network;
	const char *body; /* with HTTP 200 */
	enum error error;
	int errnum;
	bool stale; /* the last good answer is served instead */
	bool drops; /* what is kept of it goes */
	unsigned tries; /* AGAIN: up to the deadline, or until a last good answer is served */
};

static const struct field ROWS[] = {
	{ .code = "ResourceNotFound", .error = ERR_NOT_FOUND, .errnum = ENOENT, .drops = true, .tries = 1 },
	{ .code = "FailedOperation.RecordNotFound", .error = ERR_NOT_FOUND, .errnum = ENOENT,
		.drops = true, .tries = 1 },
	{ .code = "AuthFailure.SignatureFailure", .error = ERR_KEY, .errnum = EACCES, .stale = true,
		.tries = 1 },
	{ .code = "AuthFailure.TokenFailure", .error = ERR_TOKEN, .errnum = EACCES, .stale = true,
		.tries = 1 },
	{ .status = 401, .error = ERR_KEY, .errnum = EACCES, .stale = true, .tries = 1 },
	{ .code = "UnauthorizedOperation", .error = ERR_DENIED, .errnum = EACCES, .drops = true,
		.tries = 1 },
	{ .code = "FailedOperation.NoPermission", .error = ERR_DENIED, .errnum = EACCES, .drops = true,
		.tries = 1 },
	{ .status = 403, .error = ERR_DENIED, .errnum = EACCES, .drops = true, .tries = 1 },
	{ .code = "RequestLimitExceeded.UinLimitExceeded", .error = ERR_THROTTLED, .errnum = EBUSY,
		.stale = true, .tries = AGAIN },
	{ .status = 429, .error = ERR_THROTTLED, .errnum = EBUSY, .stale = true, .tries = AGAIN },
	{ .code = "InvalidAction", .error = ERR_UNSUPPORTED, .errnum = EOPNOTSUPP, .stale = true,
		.tries = 1 },
	{ .code = "UnsupportedRegion", .error = ERR_UNSUPPORTED, .errnum = EOPNOTSUPP, .stale = true,
		.tries = 1 },
	{ .code = "InvalidParameterValue", .error = ERR_NAME, .errnum = EINVAL, .stale = true,
		.tries = 1 },
	{ .code = "InternalError", .error = ERR_SERVER, .errnum = EIO, .stale = true, .tries = AGAIN },
	{ .code = "FailedOperation", .error = ERR_SERVER, .errnum = EIO, .stale = true, .tries = AGAIN },
	{ .status = 503, .error = ERR_SERVER, .errnum = EIO, .stale = true, .tries = AGAIN },
	{ .status = 504, .error = ERR_TIMEOUT, .errnum = ETIMEDOUT, .stale = true, .tries = AGAIN },
	{ .status = 302, .error = ERR_TLS, .errnum = EPROTO, .stale = true, .tries = 1 },
	{ .network = ERR_LOST, .error = ERR_LOST, .errnum = EIO, .stale = true, .tries = AGAIN },
	{ .network = ERR_TIMEOUT, .error = ERR_TIMEOUT, .errnum = ETIMEDOUT, .stale = true,
		.tries = AGAIN },
	{ .network = ERR_NO_HOST, .error = ERR_NO_HOST, .errnum = EHOSTUNREACH, .stale = true,
		.tries = AGAIN },
	{ .network = ERR_NO_NETWORK, .error = ERR_NO_NETWORK, .errnum = ENETUNREACH, .stale = true,
		.tries = AGAIN },
	{ .network = ERR_REFUSED, .error = ERR_REFUSED, .errnum = ECONNREFUSED, .stale = true,
		.tries = AGAIN },
	{ .network = ERR_TLS, .error = ERR_TLS, .errnum = EPROTO, .stale = true, .tries = 1 },
	{ .network = ERR_TOO_BIG, .error = ERR_TOO_BIG, .errnum = EFBIG, .stale = true, .tries = 1 },
	{ .network = ERR_LOCAL, .error = ERR_LOCAL, .errnum = EIO, .stale = true, .tries = 1 },
	{ .body = "<html>", .error = ERR_ANSWER, .errnum = EBADMSG, .stale = true, .tries = 1 },
	{ .body = "", .error = ERR_ANSWER, .errnum = EBADMSG, .stale = true, .tries = 1 },
	{ .body = "{\"Response\": {\"TrainingTaskDetail\": {\"Id\": \"train-0001\"", .error = ERR_ANSWER,
		.errnum = EBADMSG, .stale = true, .tries = 1 },
	{ .body = "{\"Response\": {\"TrainingTaskDetail\": {\"Id\": \"train-0001\"}}}",
		.error = ERR_ANSWER, .errnum = EBADMSG, .stale = true, .tries = 1 },
	{ .body = "{\"Response\": {\"RequestId\": \"r\"}}", .error = ERR_ANSWER, .errnum = EBADMSG,
		.stale = true, .tries = 1 },
	{ .body = "{\"Response\": {\"TrainingTaskDetail\": null, \"RequestId\": \"r\"}}",
		.error = ERR_ANSWER, .errnum = EBADMSG, .stale = true, .tries = 1 },
	{ .body = "{\"Response\": {\"TrainingTaskDetail\": [], \"RequestId\": \"r\"}}",
		.error = ERR_ANSWER, .errnum = EBADMSG, .stale = true, .tries = 1 },
	{ .body = "{\"Response\": {\"TrainingTaskDetail\": {\"Id\": \"train-0002\"}, "
		"\"RequestId\": \"r\"}}", .error = ERR_ANSWER, .errnum = EBADMSG, .stale = true, .tries = 1 },
};

static void fail_exchange(struct exchange *exchange, const struct field *row)
{
	if (row->code)
		exchange_error(exchange, row->code);
	else if (row->status)
		exchange_say(exchange, row->status, "not JSON");
	else if (row->network)
		exchange_fail(exchange, row->network);
	else
		exchange_say(exchange, 200, row->body);
}

/* Puts the question and fails every try; the test's cloud is out of the way meanwhile. */
static struct reply ask_failing(struct cloud_world *place, enum question question, uint64_t id,
	const char *name, const struct field *row)
{
	struct world *world = place->world;
	struct ask ask = { 0 };

	world_calls(world);
	place->cloud.latency_ms = -1;
	ask_put(&ask, world, question, id, name);
	while (!ask.answers) {
		if (world->script.n_waiting)
			fail_exchange(script_waiting(&world->script, 0), row);
		else
			assert_true(script_step(&world->script));
	}
	place->cloud.latency_ms = 0;
	return ask.reply;
}

static void test_every_cause_has_its_errno_when_nothing_is_cached(void **state)
{
	(void)state;

	for (size_t i = 0; i < COUNT(ROWS); i++) {
		struct cloud_world place;
		enter(&place);
		uint64_t id = world_find(place.world, "training");
		struct reply reply = ask_failing(&place, ASK_LOOKUP, id, "train-0001", &ROWS[i]);
		if (ROWS[i].error == ERR_NOT_FOUND)
			assert_absent(&reply);
		else
			assert_error(&reply, ROWS[i].error);
		assert_int_equal(error_errno(ROWS[i].error), ROWS[i].errnum);
		if (ROWS[i].tries == AGAIN)
			assert_in_range(world_calls(place.world), 5, 20);
		else
			assert_calls(place.world, ROWS[i].tries);
		cloud_world_close(&place);
	}
}

/* promise: 2 */
static void test_every_cause_shows_the_last_good_answer_or_not_as_the_contract_says(void **state)
{
	(void)state;

	for (size_t i = 0; i < COUNT(ROWS); i++) {
		struct cloud_world place;
		size_t size;
		enter(&place);
		uint64_t id = world_find(place.world, "training/train-0001");
		script_advance(&place.world->script, LIVE_MS);
		struct reply reply = ask_failing(&place, ASK_LOOKUP, id, "status", &ROWS[i]);
		assert_calls(place.world, ROWS[i].tries);
		if (!ROWS[i].stale) {
			assert_error(&reply, ROWS[i].error);
			cloud_world_close(&place);
			continue;
		}
		assert_found(&reply);
		assert_memory_equal(tree_read(place.world->tree, reply.entry.id, &size), "RUNNING\n", 8);
		assert_xattr(place.world, reply.entry.id, "stale", "1");
		reply = world_ask(place.world, ASK_OPEN, id, NULL);
		assert_found(&reply);
		char *names = world_names(place.world, id);
		assert_non_null(strstr(names, "describe.json"));
		free(names);
		reply = world_ask(place.world, ASK_ATTR, id, NULL);
		assert_found(&reply);
		assert_xattr(place.world, id, "stale", "1");
		assert_calls(place.world, 0);
		cloud_world_close(&place);
	}
}

/* What was dropped does not come back as a stale answer to the next failure. */
/* promise: 2 */
static void test_what_is_denied_or_gone_is_dropped(void **state)
{
	static const struct field later = { .network = ERR_TLS };
	(void)state;

	for (size_t i = 0; i < COUNT(ROWS); i++) {
		struct cloud_world place;
		enter(&place);
		world_count(place.world, "training");
		uint64_t id = world_find(place.world, "training/train-0001");
		assert_cat(place.world, "training/train-0001/remark", "");
		script_advance(&place.world->script, LIVE_MS);
		ask_failing(&place, ASK_OPEN, id, NULL, &ROWS[i]);
		script_advance(&place.world->script, 700000);
		struct reply reply = ask_failing(&place, ASK_OPEN, id, NULL, &later);
		if (ROWS[i].drops)
			assert_error(&reply, ERR_TLS);
		else
			assert_found(&reply);
		cloud_world_close(&place);
	}
}

/* An open file outlives everything. */
static void test_an_open_file_is_read_on_after_access_was_denied(void **state)
{
	static const struct field denied = { .code = "UnauthorizedOperation" };
	struct cloud_world place;
	size_t size;
	(void)state;

	enter(&place);
	uint64_t file = world_find(place.world, "training/train-0001/status");
	uint64_t id = world_find(place.world, "training/train-0001");
	script_advance(&place.world->script, LIVE_MS);
	ask_failing(&place, ASK_OPEN, id, NULL, &denied);
	assert_memory_equal(tree_read(place.world->tree, file, &size), "RUNNING\n", 8);
	tree_forget(place.world->tree, file, 1);
	assert_null(tree_read(place.world->tree, file, &size));
	cloud_world_close(&place);
}

static void test_without_stale_every_failure_is_one(void **state)
{
	(void)state;

	for (size_t i = 0; i < COUNT(ROWS); i++) {
		struct cloud_world place;
		enter_stale(&place, 0);
		uint64_t id = world_find(place.world, "training/train-0001");
		uint64_t training = world_find(place.world, "training");
		script_advance(&place.world->script, LIVE_MS);
		struct reply reply = ask_failing(&place, ASK_LOOKUP, id, "status", &ROWS[i]);
		assert_error(&reply, ROWS[i].error);
		reply = world_ask(place.world, ASK_LOOKUP, training, "train-0001");
		if (ROWS[i].error == ERR_NOT_FOUND)
			assert_absent(&reply);
		else
			assert_error(&reply, ROWS[i].error);
		cloud_world_close(&place);
	}
}

/* promise: 2 */
static void test_a_last_good_answer_is_served_while_it_is_younger_than_stale(void **state)
{
	static const struct field down = { .network = ERR_TLS };
	struct cloud_world place;
	(void)state;

	enter_stale(&place, 100);
	uint64_t id = world_find(place.world, "training/train-0001");
	script_advance(&place.world->script, 99999);
	struct reply reply = ask_failing(&place, ASK_LOOKUP, id, "status", &down);
	assert_found(&reply);
	script_advance(&place.world->script, 1);
	reply = world_ask(place.world, ASK_LOOKUP, id, "status");
	assert_error(&reply, ERR_TLS);
	cloud_world_close(&place);
}

/* ---- listings ---- */

/* promise: 2 */
static void test_a_listing_that_can_not_be_refreshed_is_the_old_one_marked_stale(void **state)
{
	(void)state;

	for (size_t i = 0; i < COUNT(ROWS); i++) {
		struct cloud_world place;
		enter(&place);
		uint64_t id = world_find(place.world, "training");
		assert_int_equal(world_count(place.world, "training"), 2);
		assert_xattr(place.world, id, "stale", "0");
		script_advance(&place.world->script, LIST_MS);
		cloud_add(&place.cloud, "training", NULL, "train-new");
		struct reply reply = ask_failing(&place, ASK_OPEN, id, NULL, &ROWS[i]);
		if (ROWS[i].drops && ROWS[i].error == ERR_DENIED) {
			assert_error(&reply, ERR_DENIED);
			assert_null(world_names(place.world, id));
		} else {
			/* a list has no resource of its own that could be missing */
			assert_found(&reply);
			assert_xattr(place.world, id, "stale", "1");
			assert_ls(place.world, "training", "train-0001 train-0002 ");
			struct reply one = world_ask(place.world, ASK_LOOKUP, id, "train-0002");
			assert_found(&one);
		}
		cloud_world_close(&place);
	}
}

static void test_without_stale_an_old_listing_vouches_for_no_name(void **state)
{
	static const struct field down = { .code = "InternalError" };
	struct cloud_world place;
	(void)state;

	enter_stale(&place, 0);
	uint64_t id = world_find(place.world, "training");
	world_count(place.world, "training");
	script_advance(&place.world->script, LIST_MS);
	struct reply reply = ask_failing(&place, ASK_OPEN, id, NULL, &down);
	assert_error(&reply, ERR_SERVER);
	reply = ask_failing(&place, ASK_LOOKUP, id, "train-0001", &down);
	assert_error(&reply, ERR_SERVER);
	cloud_world_close(&place);
}

static void test_a_cold_listing_tells_the_cause(void **state)
{
	(void)state;

	for (size_t i = 0; i < COUNT(ROWS); i++) {
		struct cloud_world place;
		enter(&place);
		enum error error = ROWS[i].error;
		/* no name in the call is a user's: a refused parameter is the program's, and no resource is missing */
		if (error == ERR_NAME)
			error = ERR_PARAMETER;
		if (error == ERR_NOT_FOUND)
			error = ERR_SERVER;
		struct reply reply = ask_failing(&place, ASK_OPEN, world_find(place.world, "training"), NULL,
			&ROWS[i]);
		assert_error(&reply, error);
		cloud_world_close(&place);
	}
}

static void test_a_denied_listing_forgets_its_names_and_comes_back_with_the_right(void **state)
{
	static const struct field denied = { .code = "UnauthorizedOperation" };
	struct cloud_world place;
	(void)state;

	enter(&place);
	uint64_t id = world_find(place.world, "training");
	world_count(place.world, "training");
	script_advance(&place.world->script, LIST_MS);
	ask_failing(&place, ASK_OPEN, id, NULL, &denied);
	script_advance(&place.world->script, 6000);
	place.cloud.fail_code = "InternalError";
	struct reply reply = world_ask(place.world, ASK_OPEN, id, NULL);
	assert_error(&reply, ERR_SERVER); /* nothing is left that could be stale */
	script_advance(&place.world->script, 6000);
	place.cloud.fail_code = NULL;
	assert_ls(place.world, "training", "train-0001 train-0002 ");
	cloud_world_close(&place);
}

static void test_a_parameter_refused_for_a_listed_resource_is_not_the_users_error(void **state)
{
	static const struct field refused = { .code = "InvalidParameterValue" };
	struct cloud_world place;
	(void)state;

	enter(&place);
	world_count(place.world, "training");
	uint64_t id = world_find(place.world, "training/train-0001");
	struct reply reply = ask_failing(&place, ASK_OPEN, id, NULL, &refused);
	assert_error(&reply, ERR_PARAMETER);
	assert_int_equal(error_errno(reply.error), EIO);
	cloud_world_close(&place);
}

static void test_a_refused_model_id_is_the_users_unless_another_listing_named_it(void **state)
{
	static const struct field refused = { .code = "InvalidParameterValue" };
	struct cloud_world place;
	(void)state;

	enter(&place);
	cloud_add(&place.cloud, "services", "m-known", "ms-1");
	assert_ls(place.world, "models", "m-known ");
	uint64_t models = world_find(place.world, "models");
	struct reply reply = ask_failing(&place, ASK_LOOKUP, models, "m-typed", &refused);
	assert_error(&reply, ERR_NAME);
	uint64_t versions = world_find(place.world, "models/m-known/versions");
	reply = ask_failing(&place, ASK_OPEN, versions, NULL, &refused);
	assert_error(&reply, ERR_PARAMETER);
	cloud_world_close(&place);
}

/* ---- how long it stands ---- */

static void test_no_second_call_is_made_while_a_failure_stands(void **state)
{
	static const struct {
		struct field row;
		int64_t hold_ms;
	} holds[] = {
		{ { .network = ERR_TLS }, 1000 }, { { .code = "AuthFailure.SignatureFailure" }, 1000 },
		{ { .code = "UnauthorizedOperation" }, 5000 }, { { .code = "ResourceNotFound" }, 5000 },
		{ { .body = "<html>" }, 1000 }, { { .code = "UnsupportedRegion" }, 5000 },
	};
	(void)state;

	for (size_t i = 0; i < COUNT(holds); i++) {
		struct cloud_world place;
		enter(&place);
		uint64_t id = world_find(place.world, "training");
		ask_failing(&place, ASK_LOOKUP, id, "train-0001", &holds[i].row);
		world_calls(place.world);
		script_advance(&place.world->script, holds[i].hold_ms - 1);
		struct reply reply = world_ask(place.world, ASK_LOOKUP, id, "train-0001");
		assert_int_not_equal(reply.outcome, RESULT_FOUND);
		assert_calls(place.world, 0);
		script_advance(&place.world->script, 1);
		reply = world_ask(place.world, ASK_LOOKUP, id, "train-0001");
		assert_found(&reply);
		assert_calls(place.world, 1);
		cloud_world_close(&place);
	}
}

static void test_a_good_answer_ends_a_failure_and_the_stale_mark(void **state)
{
	static const struct field down = { .network = ERR_TLS };
	struct cloud_world place;
	(void)state;

	enter(&place);
	uint64_t id = world_find(place.world, "training/train-0001");
	script_advance(&place.world->script, LIVE_MS);
	ask_failing(&place, ASK_OPEN, id, NULL, &down);
	assert_xattr(place.world, id, "stale", "1");
	script_advance(&place.world->script, 1000);
	assert_cat(place.world, "training/train-0001/status", "RUNNING\n");
	assert_xattr(place.world, id, "stale", "0");
	cloud_world_close(&place);
}

/* At the very millisecond of its end an answer is old, and says so. */
/* promise: 2 */
static void test_stale_is_1_from_the_millisecond_of_expiry(void **state)
{
	struct cloud_world place;
	(void)state;

	enter(&place);
	uint64_t file = world_find(place.world, "training/train-0001/status");
	script_advance(&place.world->script, LIVE_MS - 1);
	assert_xattr(place.world, file, "stale", "0");
	script_advance(&place.world->script, 1);
	assert_xattr(place.world, file, "stale", "1");
	cloud_world_close(&place);
}

/* promise: 3 */
static void test_nothing_but_the_api_saying_so_is_ever_enoent(void **state)
{
	(void)state;

	for (int error = 0; error < ERR_COUNT; error++) {
		assert_int_equal(error_errno((enum error)error) == ENOENT, error == ERR_NOT_FOUND);
		assert_int_not_equal(error_errno((enum error)error), EAGAIN);
		assert_in_range(error_errno((enum error)error), 0, 133);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_cause_has_its_errno_when_nothing_is_cached),
		cmocka_unit_test(test_every_cause_shows_the_last_good_answer_or_not_as_the_contract_says),
		cmocka_unit_test(test_what_is_denied_or_gone_is_dropped),
		cmocka_unit_test(test_an_open_file_is_read_on_after_access_was_denied),
		cmocka_unit_test(test_without_stale_every_failure_is_one),
		cmocka_unit_test(test_a_last_good_answer_is_served_while_it_is_younger_than_stale),
		cmocka_unit_test(test_a_listing_that_can_not_be_refreshed_is_the_old_one_marked_stale),
		cmocka_unit_test(test_without_stale_an_old_listing_vouches_for_no_name),
		cmocka_unit_test(test_a_cold_listing_tells_the_cause),
		cmocka_unit_test(test_a_denied_listing_forgets_its_names_and_comes_back_with_the_right),
		cmocka_unit_test(test_a_parameter_refused_for_a_listed_resource_is_not_the_users_error),
		cmocka_unit_test(test_a_refused_model_id_is_the_users_unless_another_listing_named_it),
		cmocka_unit_test(test_no_second_call_is_made_while_a_failure_stands),
		cmocka_unit_test(test_a_good_answer_ends_a_failure_and_the_stale_mark),
		cmocka_unit_test(test_stale_is_1_from_the_millisecond_of_expiry),
		cmocka_unit_test(test_nothing_but_the_api_saying_so_is_ever_enoent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
