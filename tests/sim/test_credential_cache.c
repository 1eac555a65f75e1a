/*
 * test_credential_cache.c - keys from a key exchange: one exchange for all waiting calls, renewed before they expire,
 * and none requested while no reader needs one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud.h"

enum { READERS = 1000, LIFE_S = 7200 };

struct place {
	struct world *world;
	struct cloud cloud;
	struct credential_source credential_source; /* what looking for it finds */
	unsigned looks, renewals;
	bool look_fails, changed;
	unsigned given; /* keys, so far */
};

static bool look(void *arg, struct credential_source *out, struct buf *why)
{
	struct place *place = arg;

	place->looks++;
	if (place->look_fails)
		return !buf_puts(why, "somewhere: not there any more");
	credential_source_copy(out, &place->credential_source);
	return true;
}

static bool renew(void *arg, struct credential_source *out)
{
	struct place *place = arg;

	if (!place->changed)
		return false;
	place->changed = false;
	credential_source_copy(out, &place->credential_source);
	return true;
}

static struct credential_source role(void)
{
	return (struct credential_source){ .kind = CREDENTIAL_SOURCE_ROLE, .key = { (char *)"AKIDbase", (char *)"base-secret", NULL },
		.role = (char *)"qcs::cam::uin/1:roleName/r", .session = (char *)"me", .where = (char *)"the test" };
}

static struct credential_source machine(void)
{
	return (struct credential_source){ .kind = CREDENTIAL_SOURCE_MACHINE, .where = (char *)"this machine" };
}

static struct credential_source identity(void)
{
	return (struct credential_source){ .kind = CREDENTIAL_SOURCE_IDENTITY, .role = (char *)"qcs::r", .session = (char *)"describefs",
		.provider = (char *)"cls-1", .identity = (char *)"vouched", .region = (char *)"ap-shanghai",
		.where = (char *)"a cluster" };
}

static void enter_at_rate(struct place *place, struct credential_source source, double rate)
{
	struct setup setup = world_setup();

	*place = (struct place){ .credential_source = source };
	setup.credential_source = &place->credential_source;
	setup.look = look;
	setup.renew = renew;
	setup.key_arg = place;
	setup.rate = rate;
	place->world = world_open(&setup);
	cloud_open(&place->cloud, place->world, -1);
	cloud_add_many(&place->cloud, "training", NULL, "train-", 1200);
}

static void enter(struct place *place, struct credential_source source)
{
	enter_at_rate(place, source, 100000);
}

static void leave(struct place *place)
{
	world_close(place->world);
	cloud_close(&place->cloud);
}

static struct script *script_of(struct place *place)
{
	return &place->world->script;
}

static void advance(struct place *place, int64_t ms)
{
	script_advance(script_of(place), ms);
}

static void put(struct place *place, struct ask *ask, unsigned n)
{
	char id[16];

	snprintf(id, sizeof(id), "train-%04u", n);
	ask_put(ask, place->world, ASK_LOOKUP, world_find(place->world, "training"), id);
}

static struct exchange *only(struct place *place)
{
	return world_only(place->world);
}

/* The newest of those that wait. */
static struct exchange *newest(struct place *place)
{
	return script_waiting(script_of(place), script_of(place)->n_waiting - 1);
}

static bool asks_for_key(const struct exchange *exchange)
{
	return !strncmp(exchange_action(exchange), "AssumeRole", 10) || !exchange_header(exchange, "X-TC-Action");
}

static size_t key_calls(struct place *place)
{
	size_t n = 0;

	for (size_t i = 0; i < script_of(place)->n_sent; i++)
		n += asks_for_key(script_of(place)->sent[i]);
	return n;
}

/* AKIDlent1, lent-token1, ... */
static void give_until(struct place *place, struct exchange *exchange, int64_t expires_s)
{
	assert_true(asks_for_key(exchange));
	place->given++;
	exchange_tencent(exchange, "\"Credentials\": {\"TmpSecretId\": \"AKIDlent%u\", \"TmpSecretKey\": \"lent-secret\", "
		"\"Token\": \"lent-token%u\"}, \"ExpiredTime\": %lld", place->given, place->given, (long long)expires_s);
}

static void give(struct place *place, struct exchange *exchange)
{
	give_until(place, exchange, script_server_s(script_of(place)) + LIFE_S);
}

static void assert_signed_with(const struct exchange *exchange, unsigned n)
{
	char id[32], token[32];

	snprintf(id, sizeof(id), "Credential=AKIDlent%u/", n);
	snprintf(token, sizeof(token), "lent-token%u", n);
	assert_non_null(strstr(exchange_header(exchange, "Authorization"), id));
	assert_string_equal(exchange_header(exchange, "X-TC-Token"), token);
}

/* One read that is answered at once: the key that it was signed with. */
static void read_one(struct place *place, unsigned n, unsigned key)
{
	struct ask ask = { 0 };

	put(place, &ask, n);
	for (size_t i = 0; !ask.answers; i++) {
		struct exchange *exchange = script_waiting(script_of(place), i);
		if (asks_for_key(exchange))
			continue;
		assert_signed_with(exchange, key);
		cloud_answer(&place->cloud, exchange);
	}
	assert_found(&ask.reply);
}

/* ---- asking */

static void test_the_first_call_takes_the_role_and_nothing_before(void **state)
{
	struct place place;
	struct ask ask = { 0 };
	(void)state;

	enter(&place, role());
	world_find(place.world, "training");
	advance(&place, 3600 * 1000);
	assert_int_equal(script_of(&place)->n_sent, 0);
	put(&place, &ask, 1);
	const struct exchange *sts = only(&place);
	assert_string_equal(sts->base, "https://sts.tencentcloudapi.com");
	assert_string_equal(sts->method, "POST");
	assert_string_equal(exchange_action(sts), "AssumeRole");
	assert_string_equal(exchange_header(sts, "X-TC-Version"), "2018-08-13");
	assert_string_equal(exchange_header(sts, "X-TC-Region"), "ap-guangzhou");
	assert_non_null(strstr(exchange_header(sts, "Authorization"), "Credential=AKIDbase/"));
	assert_non_null(strstr(exchange_header(sts, "Authorization"), "/sts/tc3_request"));
	assert_string_equal(exchange_text(sts, "RoleArn"), "qcs::cam::uin/1:roleName/r");
	assert_string_equal(exchange_text(sts, "RoleSessionName"), "me");
	assert_int_equal(exchange_number(sts, "DurationSeconds"), 7200);
	give(&place, only(&place));
	assert_signed_with(only(&place), 1);
	cloud_answer(&place.cloud, only(&place));
	assert_found(&ask.reply);
	assert_int_equal(place.looks, 1);
	leave(&place);
}

static void test_a_thousand_readers_make_one_question(void **state)
{
	struct place place;
	struct ask *asks = xcalloc(READERS, sizeof(*asks));
	(void)state;

	enter(&place, role());
	for (unsigned i = 0; i < READERS; i++)
		put(&place, &asks[i], i + 1);
	assert_int_equal(script_of(&place)->n_sent, 1);
	give(&place, only(&place));
	while (script_of(&place)->n_waiting) {
		assert_signed_with(script_waiting(script_of(&place), 0), 1);
		cloud_answer(&place.cloud, script_waiting(script_of(&place), 0));
	}
	for (unsigned i = 0; i < READERS; i++)
		assert_found(&asks[i].reply);
	assert_int_equal(key_calls(&place), 1);
	leave(&place);
	free(asks);
}

static void test_the_machine_is_asked_for_its_roles_name_first(void **state)
{
	struct place place;
	struct ask ask = { 0 };
	char body[256];
	(void)state;

	enter(&place, machine());
	put(&place, &ask, 1);
	struct exchange *exchange = only(&place);
	assert_string_equal(exchange->method, "GET");
	assert_string_equal(exchange->base, "http://metadata.tencentyun.com");
	assert_string_equal(exchange->path, "/latest/meta-data/cam/security-credentials/");
	assert_int_equal(exchange->n_headers, 0);
	assert_int_equal(exchange->timeout_ms, 1000);
	exchange_say(exchange, 200, "my-role_1\n");
	exchange = only(&place);
	assert_string_equal(exchange->path, "/latest/meta-data/cam/security-credentials/my-role_1");
	snprintf(body, sizeof(body), "{\"TmpSecretId\": \"AKIDlent1\", \"TmpSecretKey\": \"s\", \"Token\": "
		"\"lent-token1\", \"ExpiredTime\": %lld, \"Code\": \"Success\"}", (long long)WALL_S + LIFE_S);
	exchange_say(exchange, 200, body);
	assert_signed_with(only(&place), 1);
	cloud_answer(&place.cloud, only(&place));
	assert_found(&ask.reply);
	leave(&place);
}

static void test_who_is_vouched_for_signs_nothing(void **state)
{
	struct place place;
	struct ask ask = { 0 };
	(void)state;

	enter(&place, identity());
	put(&place, &ask, 1);
	const struct exchange *sts = only(&place);
	assert_string_equal(exchange_action(sts), "AssumeRoleWithWebIdentity");
	assert_string_equal(exchange_header(sts, "Authorization"), "SKIP");
	assert_string_equal(exchange_header(sts, "X-TC-Region"), "ap-shanghai");
	assert_string_equal(exchange_text(sts, "ProviderId"), "cls-1");
	assert_string_equal(exchange_text(sts, "WebIdentityToken"), "vouched");
	assert_string_equal(exchange_text(sts, "RoleArn"), "qcs::r");
	assert_string_equal(exchange_text(sts, "RoleSessionName"), "describefs");
	give(&place, only(&place));
	cloud_answer(&place.cloud, only(&place));
	assert_found(&ask.reply);
	leave(&place);
}

/* ---- renewing */

static void test_a_key_is_renewed_beside_the_calls_before_it_ends(void **state)
{
	struct place place;
	struct ask ask = { 0 };
	(void)state;

	enter(&place, role());
	put(&place, &ask, 1);
	give(&place, only(&place));
	cloud_answer(&place.cloud, only(&place));
	advance(&place, (LIFE_S - 302) * 1000);
	read_one(&place, 2, 1);
	assert_int_equal(key_calls(&place), 1);
	advance(&place, 2000);
	read_one(&place, 3, 1); /* it does not wait for the new one */
	assert_int_equal(key_calls(&place), 2);
	read_one(&place, 4, 1);
	assert_int_equal(key_calls(&place), 2);
	give(&place, only(&place));
	read_one(&place, 5, 2);
	advance(&place, (LIFE_S - 302) * 1000);
	read_one(&place, 6, 2);
	assert_int_equal(key_calls(&place), 2);
	leave(&place);
}

static void test_nothing_is_requested_while_no_reader_asks(void **state)
{
	struct place place;
	struct ask ask = { 0 };
	(void)state;

	enter(&place, role());
	put(&place, &ask, 1);
	give(&place, only(&place));
	cloud_answer(&place.cloud, only(&place));
	advance(&place, 3 * LIFE_S * 1000);
	assert_int_equal(script_of(&place)->n_sent, 2);
	put(&place, &ask, 2); /* it has ended: this one waits */
	give(&place, only(&place));
	assert_signed_with(only(&place), 2);
	cloud_answer(&place.cloud, only(&place));
	assert_found(&ask.reply);
	leave(&place);
}

static void test_the_same_key_again_is_asked_for_ever_more_seldom(void **state)
{
	struct place place;
	struct ask ask = { 0 };
	(void)state;

	enter(&place, role());
	put(&place, &ask, 1);
	int64_t end_s = script_server_s(script_of(&place)) + LIFE_S;
	give_until(&place, only(&place), end_s);
	cloud_answer(&place.cloud, only(&place));
	advance(&place, (LIFE_S - 300) * 1000);
	for (unsigned i = 0; i < 290; i++) { /* a reader a second, to ten seconds before the end */
		read_one(&place, 2 + i, 1);
		while (script_of(&place)->n_waiting) {
			place.given = 0;
			give_until(&place, only(&place), end_s);
		}
		advance(&place, 1000);
	}
	assert_in_range(key_calls(&place), 3, 8);
	leave(&place);
}

static void test_a_short_life_is_renewed_in_its_second_half(void **state)
{
	struct place place;
	struct ask ask = { 0 };
	(void)state;

	enter(&place, role());
	put(&place, &ask, 1);
	give_until(&place, only(&place), script_server_s(script_of(&place)) + 60);
	cloud_answer(&place.cloud, only(&place));
	advance(&place, 29000);
	read_one(&place, 2, 1);
	assert_int_equal(key_calls(&place), 1);
	advance(&place, 2000);
	read_one(&place, 3, 1);
	assert_int_equal(key_calls(&place), 2);
	give(&place, only(&place));
	leave(&place);
}

static void test_a_wrong_clock_of_ours_ends_no_key(void **state)
{
	static const int64_t steps_s[] = { 90000, -90000 };
	(void)state;

	for (size_t i = 0; i < COUNT(steps_s); i++) {
		struct place place;
		struct ask ask = { 0 };
		enter(&place, role());
		script_of(&place)->wall_step_s = steps_s[i];
		put(&place, &ask, 1);
		exchange_error(only(&place), "AuthFailure.SignatureExpire");
		assert_int_equal(strtoll(exchange_header(only(&place), "X-TC-Timestamp"), NULL, 10),
			script_server_s(script_of(&place)));
		give(&place, only(&place));
		/* what was learned there holds here */
		assert_int_equal(strtoll(exchange_header(only(&place), "X-TC-Timestamp"), NULL, 10),
			script_server_s(script_of(&place)));
		cloud_answer(&place.cloud, only(&place));
		assert_found(&ask.reply);
		script_of(&place)->wall_step_s = -steps_s[i];
		advance(&place, 3600 * 1000);
		put(&place, &ask, 2);
		assert_signed_with(only(&place), 1);
		cloud_answer(&place.cloud, only(&place));
		assert_int_equal(key_calls(&place), 2);
		leave(&place);
	}
}

static void test_a_machine_whose_clock_is_wrong_takes_its_key_all_the_same(void **state)
{
	static const int64_t steps_s[] = { 90000, -90000 };
	(void)state;

	for (size_t i = 0; i < COUNT(steps_s); i++) { /* a metadata service teaches no clock */
		struct place place;
		struct ask ask = { 0 };
		char body[256];
		enter(&place, machine());
		script_of(&place)->wall_step_s = steps_s[i];
		put(&place, &ask, 1);
		exchange_say(only(&place), 200, "r");
		snprintf(body, sizeof(body), "{\"TmpSecretId\": \"AKIDlent1\", \"TmpSecretKey\": \"s\", \"Token\": "
			"\"lent-token1\", \"ExpiredTime\": %lld, \"Code\": \"Success\"}", (long long)WALL_S + LIFE_S);
		exchange_say(only(&place), 200, body);
		cloud_answer(&place.cloud, only(&place));
		assert_found(&ask.reply);
		advance(&place, (LIFE_S - 302) * 1000);
		read_one(&place, 2, 1);
		assert_int_equal(key_calls(&place), 2);
		leave(&place);
	}
}

/* ---- failing */

static void assert_journal(struct place *place, const char *words)
{
	char *text = world_cat(place->world, ".describefs/errors");

	assert_non_null(text);
	if (!strstr(text, words))
		fail_msg("\"%s\" is not in \"%s\"", words, text);
	free(text);
}

static void test_who_gives_no_key_says_nothing_of_the_resource(void **state)
{
	static const struct {
		const char *code;
		enum error error;
	} ROWS[] = {
		{ "ResourceNotFound.RoleNotFound", ERR_KEY },
		{ "UnauthorizedOperation", ERR_KEY },
		{ "AuthFailure.UnauthorizedOperation", ERR_KEY },
		{ "AuthFailure.SecretIdNotFound", ERR_KEY },
		{ "AuthFailure.TokenFailure", ERR_KEY },
		{ "InvalidParameter.ParamError", ERR_KEY },
		{ "UnsupportedRegion", ERR_KEY },
	};
	(void)state;

	for (size_t i = 0; i < COUNT(ROWS); i++) {
		struct place place;
		struct ask ask = { 0 };
		enter(&place, role());
		put(&place, &ask, 1);
		exchange_error(only(&place), ROWS[i].code);
		assert_error(&ask.reply, ROWS[i].error);
		assert_int_equal(script_of(&place)->n_sent, 1);
		assert_journal(&place, ROWS[i].code);
		assert_journal(&place, "(key)");
		leave(&place);
	}
}

static void test_the_networks_causes_are_reported_and_tried_again(void **state)
{
	static const struct {
		enum error error;
		bool again;
	} ROWS[] = { { ERR_NO_HOST, true }, { ERR_REFUSED, true }, { ERR_LOST, true }, { ERR_TLS, false },
		{ ERR_TIMEOUT, true } };
	(void)state;

	for (size_t i = 0; i < COUNT(ROWS); i++) {
		struct place place;
		struct ask ask = { 0 };
		enter(&place, role());
		put(&place, &ask, 1);
		while (!ask.answers) {
			if (script_of(&place)->n_waiting)
				exchange_fail(only(&place), ROWS[i].error);
			else
				assert_true(script_step(script_of(&place)));
		}
		assert_error(&ask.reply, ROWS[i].error);
		assert_in_range(key_calls(&place), ROWS[i].again ? 5 : 1, ROWS[i].again ? 20 : 1);
		leave(&place);
	}
}

/* A metadata service that is restarted, or an STS that throttles, is seen by no reader. */
static void test_seconds_without_a_key_are_seen_by_no_reader(void **state)
{
	struct place place;
	struct ask asks[2] = { { 0 } };
	(void)state;

	enter(&place, role());
	put(&place, &asks[0], 1);
	int64_t from_ms = script_of(&place)->now_ms;
	while (script_of(&place)->now_ms < from_ms + 6000) {
		if (script_of(&place)->n_waiting)
			exchange_fail(only(&place), ERR_LOST);
		advance(&place, 100);
	}
	put(&place, &asks[1], 2);
	while (!script_of(&place)->n_waiting)
		assert_true(script_step(script_of(&place)));
	give(&place, only(&place));
	while (script_of(&place)->n_waiting)
		cloud_answer(&place.cloud, script_waiting(script_of(&place), 0));
	assert_found(&asks[0].reply);
	assert_found(&asks[1].reply);
	leave(&place);
}

static void test_one_lost_answer_is_noticed_by_no_reader(void **state)
{
	struct place place;
	struct ask ask = { 0 };
	(void)state;

	enter(&place, role());
	put(&place, &ask, 1);
	exchange_fail(only(&place), ERR_LOST);
	while (!script_of(&place)->n_waiting)
		assert_true(script_step(script_of(&place)));
	give(&place, only(&place));
	cloud_answer(&place.cloud, only(&place));
	assert_found(&ask.reply);
	leave(&place);
}

static void test_a_refusal_answers_for_itself_ever_longer(void **state)
{
	struct place place;
	struct ask asks[700] = { { 0 } };
	unsigned n = 0;
	(void)state;

	enter(&place, role());
	for (int64_t from_ms = script_of(&place)->now_ms; script_of(&place)->now_ms < from_ms + 300000;) {
		put(&place, &asks[n], n + 1);
		n++;
		if (script_of(&place)->n_waiting)
			exchange_fail(only(&place), ERR_REFUSED);
		advance(&place, 500);
	}
	for (unsigned i = 0; i < n; i++)
		if (asks[i].answers)
			assert_error(&asks[i].reply, ERR_REFUSED);
	assert_in_range(key_calls(&place), 30, 50); /* every 8 s */
	advance(&place, 10000);
	put(&place, &asks[n], n + 1);
	give(&place, only(&place));
	cloud_answer(&place.cloud, only(&place));
	assert_found(&asks[n].reply);
	leave(&place);
}

static void test_a_renewal_that_fails_harms_no_call_before_the_old_key_expires(void **state)
{
	struct place place;
	struct ask ask = { 0 };
	(void)state;

	enter(&place, role());
	put(&place, &ask, 1);
	give(&place, only(&place));
	cloud_answer(&place.cloud, only(&place));
	advance(&place, (LIFE_S - 299) * 1000);
	for (unsigned i = 0; i < 29; i++) { /* to nine seconds before the end */
		read_one(&place, 2 + i, 1);
		if (script_of(&place)->n_waiting)
			exchange_error(only(&place), "InternalError.SystemError");
		advance(&place, 10000);
	}
	assert_journal(&place, "InternalError.SystemError");
	advance(&place, 10000);
	put(&place, &ask, 100);
	while (!ask.answers) {
		if (script_of(&place)->n_waiting)
			exchange_error(only(&place), "InternalError.SystemError");
		advance(&place, 100);
	}
	assert_error(&ask.reply, ERR_SERVER);
	leave(&place);
}

static void test_an_answer_without_a_key_is_an_error(void **state)
{
	static const char *const ROWS[] = {
		"\"Credentials\": {\"TmpSecretId\": \"a\", \"TmpSecretKey\": \"b\"}, \"ExpiredTime\": 4000000000",
		"\"Credentials\": {\"TmpSecretId\": \"a\", \"TmpSecretKey\": \"\", \"Token\": \"c\"}, \"ExpiredTime\": 4000000000",
		"\"Credentials\": {\"TmpSecretId\": \"a\", \"TmpSecretKey\": \"b\", \"Token\": \"c\\r\\nX: 1\"}, \"ExpiredTime\": 4000000000",
		"\"Credentials\": {\"TmpSecretId\": \"a\", \"TmpSecretKey\": \"b\", \"Token\": \"c\"}, \"ExpiredTime\": \"soon\"",
		"\"Credentials\": {\"TmpSecretId\": \"a\", \"TmpSecretKey\": \"b\", \"Token\": \"c\"}, \"ExpiredTime\": 0",
		"\"Credentials\": {\"TmpSecretId\": \"a\", \"TmpSecretKey\": \"b\", \"Token\": \"c\"}, \"ExpiredTime\": 86400",
		"\"Credentials\": {\"TmpSecretId\": \"a\", \"TmpSecretKey\": \"b\", \"Token\": \"c\"}",
		"\"Credentials\": []",
	};
	(void)state;

	for (size_t i = 0; i < COUNT(ROWS); i++) {
		struct place place;
		struct ask ask = { 0 };
		enter(&place, role());
		put(&place, &ask, 1);
		exchange_tencent(only(&place), "%s", ROWS[i]);
		assert_error(&ask.reply, ERR_ANSWER);
		leave(&place);
	}
}

static void test_a_key_that_has_ended_when_it_comes_is_none(void **state)
{
	struct place place;
	struct ask ask = { 0 };
	(void)state;

	enter(&place, role());
	put(&place, &ask, 1);
	give_until(&place, only(&place), script_server_s(script_of(&place)));
	assert_error(&ask.reply, ERR_KEY);
	assert_journal(&place, "has expired");
	leave(&place);
}

static void test_what_the_metadata_service_may_say_instead(void **state)
{
	static const struct {
		int status;
		const char *body;
		enum error error;
	} ROWS[] = {
		{ 404, "<html>", ERR_KEY }, { 200, "", ERR_KEY }, { 200, "<html>Sign in</html>", ERR_ANSWER },
		{ 200, "../../x", ERR_ANSWER }, { 200, "\n", ERR_ANSWER },
		{ 200, "rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr"
			"rrrrrrrrrrrrrrrrr", ERR_ANSWER }, { 302, "", ERR_TLS }, { 500, "", ERR_SERVER }, { 403, "", ERR_KEY },
	};
	(void)state;

	for (size_t i = 0; i < COUNT(ROWS); i++) {
		struct place place;
		struct ask ask = { 0 };
		enter(&place, machine());
		put(&place, &ask, 1);
		while (!ask.answers) {
			if (script_of(&place)->n_waiting)
				exchange_say(only(&place), ROWS[i].status, ROWS[i].body);
			else
				assert_true(script_step(script_of(&place)));
		}
		assert_error(&ask.reply, ROWS[i].error);
		if (ROWS[i].error == ERR_SERVER)
			assert_in_range(key_calls(&place), 5, 20);
		else
			assert_int_equal(key_calls(&place), 1); /* no key of no role */
		leave(&place);
	}
	struct place place;
	struct ask ask = { 0 };
	enter(&place, machine());
	put(&place, &ask, 1);
	exchange_say(only(&place), 200, "r");
	exchange_say(only(&place), 200, "{\"Code\": \"Failed\"}");
	assert_error(&ask.reply, ERR_KEY);
	assert_journal(&place, "Failed");
	leave(&place);
}

static void test_where_it_comes_from_is_looked_at_before_each_question(void **state)
{
	struct place place;
	struct ask ask = { 0 };
	(void)state;

	enter(&place, identity());
	place.credential_source.identity = (char *)"renewed";
	put(&place, &ask, 1);
	assert_string_equal(exchange_text(only(&place), "WebIdentityToken"), "renewed");
	exchange_error(only(&place), "InvalidParameter.WebIdentityTokenError");
	assert_error(&ask.reply, ERR_KEY);
	advance(&place, 2000);
	place.look_fails = true;
	put(&place, &ask, 2);
	assert_error(&ask.reply, ERR_KEY);
	assert_int_equal(script_of(&place)->n_sent, 1);
	assert_journal(&place, "somewhere: not there any more");
	leave(&place);
}

/* ---- in time */

static void test_a_silent_service_keeps_no_reader_beyond_the_deadline(void **state)
{
	struct place place;
	struct ask asks[3] = { { 0 } };
	(void)state;

	enter(&place, role());
	for (unsigned i = 0; i < COUNT(asks); i++)
		put(&place, &asks[i], i + 1);
	while (!asks[2].answers)
		assert_true(script_step(script_of(&place)));
	for (unsigned i = 0; i < COUNT(asks); i++)
		assert_error(&asks[i].reply, ERR_TIMEOUT);
	assert_in_range(key_calls(&place), 1, 2);
	leave(&place);
}

static void test_a_second_try_that_is_silent_keeps_no_reader_either(void **state)
{
	struct place place;
	struct ask ask = { 0 };
	(void)state;

	enter(&place, role());
	put(&place, &ask, 1);
	advance(&place, 4999);
	exchange_fail(only(&place), ERR_LOST);
	while (!ask.answers)
		assert_true(script_step(script_of(&place)));
	assert_error(&ask.reply, ERR_TIMEOUT); /* the rate queue was not too long */
	leave(&place);
}

static void test_who_waits_for_a_key_may_leave_and_the_engine_may_end(void **state)
{
	struct place place;
	struct ask asks[3] = { { 0 } };
	(void)state;

	enter(&place, role());
	for (unsigned i = 0; i < COUNT(asks); i++)
		put(&place, &asks[i], i + 1);
	ask_cancel(&asks[1]);
	leave(&place);
	assert_error(&asks[0].reply, ERR_LOST);
	assert_int_equal(asks[1].answers, 0);
}

static void test_pages_that_wait_for_a_key_fail_together(void **state)
{
	struct place place;
	struct ask ask = { 0 };
	(void)state;

	enter(&place, role());
	uint64_t id = world_find(place.world, "training");
	ask_read(&ask, place.world, id, 0);
	give_until(&place, only(&place), script_server_s(script_of(&place)) + 10);
	struct exchange *first = only(&place);
	advance(&place, 10500); /* the key ends while the first page comes: those behind it wait */
	if (first->waits)
		cloud_answer(&place.cloud, first);
	while (script_of(&place)->n_waiting)
		exchange_error(newest(&place), "AuthFailure.SecretIdNotFound");
	assert_true(ask.answers);
	leave(&place);
}

static void test_pages_that_are_dropped_wait_for_no_key_any_more(void **state)
{
	struct place place;
	struct ask ask = { 0 };
	(void)state;

	enter_at_rate(&place, role(), 3);
	ask_read(&ask, place.world, world_find(place.world, "training"), 0);
	give_until(&place, only(&place), script_server_s(script_of(&place)) + 2);
	cloud_answer(&place.cloud, only(&place));
	assert_int_equal(script_of(&place)->n_waiting, 2); /* two pages more in this second */
	advance(&place, 1200);
	cloud_answer(&place.cloud, script_waiting(script_of(&place), 0));
	assert_true(asks_for_key(newest(&place))); /* the next ones wait, as the key has ended */
	exchange_error(script_waiting(script_of(&place), 0), "AuthFailure.SecretIdNotFound");
	assert_true(ask.answers);
	give(&place, only(&place)); /* and are not there any more */
	assert_int_equal(script_of(&place)->n_waiting, 0);
	leave(&place);
}

/* ---- refused, and changed */

static void test_a_token_that_is_refused_is_asked_for_again_once(void **state)
{
	struct place place;
	struct ask asks[5] = { { 0 } };
	(void)state;

	enter(&place, role());
	put(&place, &asks[0], 1);
	give(&place, only(&place));
	cloud_answer(&place.cloud, only(&place));
	advance(&place, 60000);
	for (unsigned i = 0; i < COUNT(asks); i++)
		put(&place, &asks[i], 10 + i);
	for (unsigned i = 0; i < COUNT(asks); i++) /* revoked: all that are on their way */
		exchange_error(script_waiting(script_of(&place), 0), "AuthFailure.TokenFailure");
	assert_int_equal(key_calls(&place), 2);
	give(&place, only(&place));
	while (script_of(&place)->n_waiting) {
		assert_signed_with(newest(&place), 2);
		cloud_answer(&place.cloud, newest(&place));
	}
	for (unsigned i = 0; i < COUNT(asks); i++)
		assert_found(&asks[i].reply);
	/* one that is as new as this would be refused as well */
	put(&place, &asks[0], 50);
	exchange_error(only(&place), "AuthFailure.TokenFailure");
	assert_error(&asks[0].reply, ERR_TOKEN);
	assert_int_equal(key_calls(&place), 2);
	leave(&place);
}

static void test_a_refusal_that_comes_late_is_of_the_old_key(void **state)
{
	struct place place;
	struct ask asks[2] = { { 0 } };
	(void)state;

	enter(&place, role());
	put(&place, &asks[0], 1);
	give(&place, only(&place));
	cloud_answer(&place.cloud, only(&place));
	advance(&place, 60000);
	put(&place, &asks[0], 2);
	put(&place, &asks[1], 3);
	struct exchange *late = script_waiting(script_of(&place), 1);
	exchange_error(script_waiting(script_of(&place), 0), "AuthFailure.TokenFailure");
	give(&place, newest(&place));
	exchange_error(late, "AuthFailure.TokenFailure"); /* though the new one is as young as can be */
	while (script_of(&place)->n_waiting) {
		assert_signed_with(newest(&place), 2);
		cloud_answer(&place.cloud, newest(&place));
	}
	assert_found(&asks[0].reply);
	assert_found(&asks[1].reply);
	assert_int_equal(key_calls(&place), 2);
	leave(&place);
}

static void test_another_key_in_the_file_takes_the_role_anew(void **state)
{
	struct place place;
	struct ask asks[2] = { { 0 } };
	(void)state;

	enter(&place, role());
	put(&place, &asks[0], 1); /* waits */
	place.credential_source.role = (char *)"qcs::other";
	place.changed = true;
	put(&place, &asks[1], 2);
	advance(&place, 1);
	assert_string_equal(exchange_text(only(&place), "RoleArn"), "qcs::other");
	give(&place, only(&place));
	while (script_of(&place)->n_waiting)
		cloud_answer(&place.cloud, newest(&place));
	assert_found(&asks[0].reply);
	assert_found(&asks[1].reply);
	/* and a key that needs no asking ends all that */
	place.credential_source = (struct credential_source){ .kind = CREDENTIAL_SOURCE_KEY, .key = { (char *)"AKIDplain", (char *)"s", NULL } };
	place.changed = true;
	put(&place, &asks[0], 3);
	assert_non_null(strstr(exchange_header(only(&place), "Authorization"), "AKIDplain"));
	assert_null(exchange_header(only(&place), "X-TC-Token"));
	cloud_answer(&place.cloud, only(&place));
	leave(&place);
}

static void test_a_key_that_needs_no_exchange_frees_the_waiting_calls(void **state)
{
	struct place place;
	struct ask asks[2] = { { 0 } };
	(void)state;

	enter(&place, role());
	put(&place, &asks[0], 1);
	place.credential_source = (struct credential_source){ .kind = CREDENTIAL_SOURCE_KEY, .key = { (char *)"AKIDplain", (char *)"s", NULL } };
	place.changed = true;
	put(&place, &asks[1], 2);
	advance(&place, 1);
	assert_int_equal(script_of(&place)->n_waiting, 2);
	while (script_of(&place)->n_waiting)
		cloud_answer(&place.cloud, newest(&place));
	assert_found(&asks[0].reply);
	assert_found(&asks[1].reply);
	leave(&place);
}

static void test_the_status_says_where_it_is_from_and_until_when(void **state)
{
	struct place place;
	struct ask ask = { 0 };
	(void)state;

	enter(&place, role());
	char *text = world_cat(place.world, ".describefs/status");
	assert_non_null(strstr(text, "key from        the test\n"));
	assert_null(strstr(text, "key until"));
	free(text);
	put(&place, &ask, 1);
	give_until(&place, only(&place), 4000000000);
	cloud_answer(&place.cloud, only(&place));
	advance(&place, 20000);
	text = world_cat(place.world, ".describefs/status");
	assert_non_null(strstr(text, "key until       2096-10-02T07:06:40Z\n"));
	assert_null(strstr(text, "lent-"));
	free(text);
	leave(&place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_first_call_takes_the_role_and_nothing_before),
		cmocka_unit_test(test_a_thousand_readers_make_one_question),
		cmocka_unit_test(test_the_machine_is_asked_for_its_roles_name_first),
		cmocka_unit_test(test_who_is_vouched_for_signs_nothing),
		cmocka_unit_test(test_a_key_is_renewed_beside_the_calls_before_it_ends),
		cmocka_unit_test(test_nothing_is_requested_while_no_reader_asks),
		cmocka_unit_test(test_the_same_key_again_is_asked_for_ever_more_seldom),
		cmocka_unit_test(test_a_short_life_is_renewed_in_its_second_half),
		cmocka_unit_test(test_a_wrong_clock_of_ours_ends_no_key),
		cmocka_unit_test(test_a_machine_whose_clock_is_wrong_takes_its_key_all_the_same),
		cmocka_unit_test(test_who_gives_no_key_says_nothing_of_the_resource),
		cmocka_unit_test(test_the_networks_causes_are_reported_and_tried_again),
		cmocka_unit_test(test_seconds_without_a_key_are_seen_by_no_reader),
		cmocka_unit_test(test_one_lost_answer_is_noticed_by_no_reader),
		cmocka_unit_test(test_a_refusal_answers_for_itself_ever_longer),
		cmocka_unit_test(test_a_renewal_that_fails_harms_no_call_before_the_old_key_expires),
		cmocka_unit_test(test_an_answer_without_a_key_is_an_error),
		cmocka_unit_test(test_a_key_that_has_ended_when_it_comes_is_none),
		cmocka_unit_test(test_what_the_metadata_service_may_say_instead),
		cmocka_unit_test(test_where_it_comes_from_is_looked_at_before_each_question),
		cmocka_unit_test(test_a_silent_service_keeps_no_reader_beyond_the_deadline),
		cmocka_unit_test(test_a_second_try_that_is_silent_keeps_no_reader_either),
		cmocka_unit_test(test_who_waits_for_a_key_may_leave_and_the_engine_may_end),
		cmocka_unit_test(test_pages_that_wait_for_a_key_fail_together),
		cmocka_unit_test(test_pages_that_are_dropped_wait_for_no_key_any_more),
		cmocka_unit_test(test_a_refusal_that_comes_late_is_of_the_old_key),
		cmocka_unit_test(test_a_token_that_is_refused_is_asked_for_again_once),
		cmocka_unit_test(test_another_key_in_the_file_takes_the_role_anew),
		cmocka_unit_test(test_a_key_that_needs_no_exchange_frees_the_waiting_calls),
		cmocka_unit_test(test_the_status_says_where_it_is_from_and_until_when),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
