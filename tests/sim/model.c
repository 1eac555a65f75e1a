/*
 * model.c - the naive reference: which call answered what and when, and what the tree may show then.
 */
#include "model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	FAILURE_STANDS_MS = 5000, /* the longest that one answers for itself, but for "not found" */
	UNSUPPORTED_MS = 600 * 1000 /* a list call that the cloud does not support is not made again so soon */
};

unsigned model_chance(struct model *model, unsigned n)
{
	return (unsigned)rand_r(&model->seed) % n;
}

int64_t model_now(const struct model *model)
{
	return model->world->script.now_ms;
}

static int64_t ttl_ms(const struct model *model, int64_t of_catalog_s)
{
	int64_t ttl_s = model->world->setup.ttl_s;

	return (ttl_s >= 0 ? ttl_s : of_catalog_s) * 1000;
}

static int64_t miss_ms(const struct model *model, const struct kind *kind)
{
	int64_t of_all_ms = ttl_ms(model, kind->ttl.miss_s);

	return of_all_ms < kind->ttl.miss_s * 1000 ? of_all_ms : kind->ttl.miss_s * 1000;
}

/* ---- what there is ---- */

/* A text that no state had before; tasks of a job show it as their status, everything else as its message. */
static void say_new(struct model *model, struct subject *subject)
{
	static const char *const statuses[] = { "RUNNING", "SUCCEED", "FINISH" };
	struct thing *thing = subject->thing;

	if (model->n_states + 1 >= MODEL_STATES)
		return;
	subject->state = ++model->n_states;
	snprintf(thing->message, sizeof(thing->message), "v%u", subject->state);
	snprintf(thing->remark, sizeof(thing->remark), "v%u", subject->state);
	snprintf(thing->status, sizeof(thing->status), "%s", statuses[model_chance(model, COUNT(statuses))]);
	if (!strcmp(thing->kind, "tasks"))
		snprintf(thing->status, sizeof(thing->status), "v%u", subject->state);
	bool over = subject->kind->status.member && kind_is_terminal(subject->kind, thing->status);
	model->states[subject->state] = (struct state){ .sent_ms = -1, .received_ms = -1,
		.ttl_ms = ttl_ms(model, over ? subject->kind->ttl.terminal_s : subject->kind->ttl.live_s) };
}

static void turn(struct model *model, struct subject *subject)
{
	subject->thing->gone = !subject->thing->gone;
	subject->turned_ms[subject->turns++] = model_now(model);
}

void model_change(struct model *model, struct subject *subject)
{
	if (model_chance(model, 3) == 0 && subject->turns < MODEL_TURNS)
		turn(model, subject);
	else
		subject->thing->revision += model_chance(model, 2);
	say_new(model, subject);
}

static void add(struct model *model, const char *kind, const char *above, const char *parent, const char *id,
	const char *file, const char *second)
{
	const struct catalog *catalog = model->world->catalog;
	struct subject *subject = &model->subjects[model->n++];

	assert_true(model->n <= MODEL_THINGS);
	*subject = (struct subject){ .thing = cloud_add(&model->cloud, kind, parent, id),
		.kind = catalog_kind(catalog, above ? catalog_kind(catalog, NULL, above) : NULL, kind),
		.files = { file, second }, .refused_ms = -1, .lacked_sent_ms = -1, .lacked_received_ms = -1 };
	assert_non_null(subject->kind);
	subject->turns = 1; /* it came before everything */
	say_new(model, subject);
	if (model_chance(model, 4) == 0)
		turn(model, subject);
}

static void add_tione(struct model *model)
{
	char id[24];

	cloud_add(&model->cloud, "models", NULL, "m-1");
	for (size_t i = 0; i < 6; i++) {
		snprintf(id, sizeof(id), "train-%zu", i);
		add(model, "training", NULL, NULL, id, "message", "remark");
	}
	for (size_t i = 0; i < 3; i++) {
		snprintf(id, sizeof(id), "nb-%zu", i);
		add(model, "notebooks", NULL, NULL, id, "message", "remark");
	}
	for (size_t i = 0; i < 4; i++) {
		snprintf(id, sizeof(id), "mv-%zu", i);
		add(model, "versions", "models", "m-1", id, "error_msg", NULL);
	}
}

static void add_qianfan(struct model *model)
{
	char id[24];

	for (size_t i = 1; i < 5; i++) {
		snprintf(id, sizeof(id), "%zu", i);
		add(model, "jobs", "training", "7", id, "name", NULL);
		snprintf(id, sizeof(id), "job-%zu", i);
		add(model, "finetuning", NULL, NULL, id, "name", NULL);
		snprintf(id, sizeof(id), "task-%zu", i);
		add(model, "tasks", "finetuning", "job-9", id, "run_status", NULL);
	}
	cloud_add(&model->cloud, "finetuning", NULL, "job-9");
}

static const struct catalogs *built_in(void)
{
	static struct catalogs catalogs; /* constant, once read */

	if (!catalogs.n)
		catalogs_load_built_in(&catalogs);
	return &catalogs;
}

void model_open(struct model *model, const struct setup *setup, unsigned seed)
{
	struct setup shared = *setup;

	*model = (struct model){ .seed = seed, .failed_ms = -FAILURE_STANDS_MS,
		.unsupported_ms = -FAILURE_STANDS_MS };
	shared.catalogs = built_in();
	model->world = world_open(&shared);
	cloud_open(&model->cloud, model->world, -1);
	model->cloud.lists_models = model_chance(model, 2);
	model->refuses = model_chance(model, 4) == 0;
	if (!strcmp(setup->catalog, "tione"))
		add_tione(model);
	else
		add_qianfan(model);
}

void model_close(struct model *model)
{
	world_close(model->world);
	cloud_close(&model->cloud);
}

/* ---- which call says so ---- */

/* The engine counts a failure before anybody hears of it. */
static void look_at_failures(struct model *model)
{
	uint64_t failures = engine_stats(model->world->engine).failures;

	if (failures != model->failures)
		model->failed_ms = model_now(model);
	model->failures = failures;
}

static void note_states(struct model *model, const char *body)
{
	for (const char *at = body; (at = strstr(at, "\"v"));) {
		unsigned long state = strtoul(at += 2, NULL, 10);
		if (state < 1 || state > model->n_states)
			continue;
		struct state *said = &model->states[state];
		if (model->exchange->sent_ms > said->sent_ms)
			said->sent_ms = model->exchange->sent_ms;
		said->received_ms = model_now(model);
	}
}

static bool says(const char *body, const char *id)
{
	char quoted[64];

	snprintf(quoted, sizeof(quoted), "\"%s\"", id);
	return strstr(body, quoted);
}

static void note_list(struct model *model, const char *kind, const char *body)
{
	for (size_t i = 0; i < model->n; i++) {
		struct subject *subject = &model->subjects[i];
		if (strcmp(subject->thing->kind, kind) || says(body, subject->thing->id))
			continue;
		if (model->exchange->sent_ms > subject->lacked_sent_ms)
			subject->lacked_sent_ms = model->exchange->sent_ms;
		subject->lacked_received_ms = model_now(model);
	}
}

static void note_refusal(struct model *model)
{
	static const char *const members[] = { "Id", "TrainingModelVersionId", "jobId", "taskId" };

	for (size_t i = 0; i < COUNT(members); i++) {
		const char *id = exchange_text(model->exchange, members[i]);
		for (size_t j = 0; *id && j < model->n; j++)
			if (!strcmp(model->subjects[j].thing->id, id))
				model->subjects[j].refused_ms = model_now(model);
	}
}

/* Stands between the script and the engine. */
static void hand_on(void *arg, struct response *response)
{
	struct model *model = arg;
	const char *action = exchange_action(model->exchange);
	struct json *root;
	const struct json *result;
	struct error_note note;
	enum error error = provider_find(model->world->catalog->cloud)->parse(&root, &result, response, &note);

	if (!error)
		note_states(model, response->body.data);
	if (!error && !strcmp(action, "DescribeFineTuningJobs"))
		note_list(model, "finetuning", response->body.data);
	if (error == ERR_NOT_FOUND)
		note_refusal(model);
	if (error == ERR_UNSUPPORTED)
		model->unsupported_ms = model_now(model) + UNSUPPORTED_MS;
	json_free(root);
	model->done(model->done_arg, response);
}

static void answer_wrongly(struct model *model, struct exchange *exchange)
{
	static const char *const codes[] = { "InternalError", "RequestLimitExceeded", "AuthFailure.SignatureFailure",
		"UnauthorizedOperation", "AuthFailure.SignatureExpire", "AuthFailure.TokenFailure", "InvalidParameter",
		"UnsupportedOperation" };
	static const enum error errors[] = { ERR_LOST, ERR_REFUSED, ERR_NO_HOST, ERR_NO_NETWORK, ERR_TLS,
		ERR_TOO_BIG, ERR_TIMEOUT };

	switch (model_chance(model, 4)) {
	case 0:
		exchange_fail(exchange, errors[model_chance(model, COUNT(errors))]);
		break;
	case 1:
		exchange_say(exchange, model_chance(model, 2) ? 200 : 503, "<html>");
		break;
	default:
		if (!strcmp(model->world->setup.catalog, "tione"))
			exchange_error(exchange, codes[model_chance(model, (unsigned)COUNT(codes) - !model->refuses)]);
		else
			exchange_say(exchange, 500, "{\"requestId\": \"r\", \"code\": \"InternalError\"}");
	}
}

void model_answer(struct model *model, struct exchange *exchange, unsigned failing)
{
	model->exchange = exchange;
	model->done = exchange->done;
	model->done_arg = exchange->arg;
	exchange->done = hand_on;
	exchange->arg = model;
	if (model_chance(model, 100) < failing)
		answer_wrongly(model, exchange);
	else
		cloud_answer(&model->cloud, exchange);
	look_at_failures(model);
}

/* ---- what that allows ---- */

static bool failed_lately(struct model *model, int64_t asked_ms)
{
	look_at_failures(model);
	return model->failed_ms > asked_ms - FAILURE_STANDS_MS ||
		model->unsupported_ms > asked_ms - FAILURE_STANDS_MS;
}

/* A call that fails again and again: what has a last good answer shows it until the next try is answered. */
static bool is_failing(struct model *model, int64_t asked_ms)
{
	look_at_failures(model);
	return model->failed_ms > asked_ms - FAILURE_STANDS_MS - model->world->setup.deadline_ms;
}

/* Its own deadline came, while the call was still under way. */
static bool waited_in_vain(const struct model *model, const struct ask *ask)
{
	return ask->answered_ms - ask->asked_ms == model->world->setup.deadline_ms;
}

static bool is_marked_stale(struct model *model, uint64_t id)
{
	struct buf text;

	buf_init(&text, 8);
	assert_true(tree_xattr(model->world->tree, id, "user.describefs.stale", &text, world_now(model->world)));
	bool stale = !strcmp(text.data, "1");
	buf_release(&text);
	return stale;
}

/*
 * Un-stale: said by a call that was sent within the term before the question, or whose answer came since; and
 * the kernel is told to rely on it no longer than that. Else it is marked, something failed just now, and it is
 * young enough. In no case is it older than what was shown before.
 */
void model_check_value(struct model *model, const struct ask *ask, struct subject *subject,
	size_t file, const char *bytes)
{
	unsigned long number = bytes[0] == 'v' ? strtoul(bytes + 1, NULL, 10) : 0;
	const struct state *state = &model->states[number];
	int64_t now_ms = model_now(model), stale_ms = model->world->setup.stale_s * 1000;

	assert_true(number >= 1 && number <= model->n_states);
	assert_true(state->sent_ms >= 0); /* some answer said so */
	if (number < subject->shown[file])
		fail_msg("%s/%s shows v%lu after v%lu", subject->thing->id, subject->files[file], number,
			subject->shown[file]);
	subject->shown[file] = number;
	if (state->sent_ms + state->ttl_ms > ask->asked_ms || state->received_ms >= ask->asked_ms) {
		bool relies = ask->reply.entry.entry_ms > 0 &&
			now_ms + ask->reply.entry.entry_ms > state->sent_ms + state->ttl_ms;
		bool failed = failed_lately(model, ask->asked_ms) || waited_in_vain(model, ask);
		if (relies && !(failed && ask->reply.entry.entry_ms <= FAILURE_STANDS_MS))
			fail_msg("v%lu, sent for at %lld for %lld ms, is told at %lld for %lld ms more", number,
				(long long)state->sent_ms, (long long)state->ttl_ms, (long long)now_ms,
				(long long)ask->reply.entry.entry_ms);
		return;
	}
	assert_true(is_marked_stale(model, ask->reply.entry.id));
	assert_true(failed_lately(model, ask->asked_ms) || is_failing(model, ask->asked_ms) ||
		waited_in_vain(model, ask));
	assert_true(now_ms - state->received_ms < stale_ms);
	assert_true(ask->reply.entry.entry_ms <= FAILURE_STANDS_MS);
}

void model_check_absent(struct model *model, const struct ask *ask, const struct subject *subject)
{
	int64_t miss = miss_ms(model, subject->kind), list = ttl_ms(model, subject->kind->ttl.list_s);
	bool has_describe = subject->kind->describe.name || subject->kind->describe.path;
	int64_t said_ms = subject->refused_ms;

	if (said_ms >= 0 && (said_ms >= ask->asked_ms || ask->asked_ms - said_ms < miss))
		return;
	if (has_describe)
		fail_msg("%s is said to be absent, and nobody said so", subject->thing->id);
	/* what only a list knows is absent as long as that list stands */
	assert_true(subject->lacked_sent_ms >= 0);
	assert_true(subject->lacked_received_ms >= ask->asked_ms ||
		subject->lacked_sent_ms + list > ask->asked_ms);
}

void model_check_failed(struct model *model, const struct ask *ask)
{
	int error = error_errno(ask->reply.error);

	assert_true(error >= 1 && error <= 133);
	assert_int_not_equal(ask->reply.error, ERR_NOT_FOUND);
	assert_true(failed_lately(model, ask->asked_ms) || waited_in_vain(model, ask));
}

/* Whether it was there (or not) at some moment from then until now. */
static bool was(const struct model *model, const struct subject *subject, bool there, int64_t from_ms)
{
	for (size_t i = 0; i < subject->turns; i++) {
		int64_t until_ms = i + 1 < subject->turns ? subject->turned_ms[i + 1] : model_now(model);
		if ((i % 2 == 0) == there && until_ms >= from_ms)
			return true;
	}
	return false;
}

void model_check_shown(struct model *model, const struct subject *subject, bool shown, int64_t asked_ms)
{
	int64_t from_ms = asked_ms - ttl_ms(model, subject->kind->ttl.list_s);

	/* it may be an old one; or a refusal, which drops what is kept, came in the middle of the pass */
	if ((failed_lately(model, asked_ms) || is_failing(model, asked_ms)) && (model->world->setup.stale_s || model->failed_ms >= asked_ms))
		return;
	if (!was(model, subject, shown, from_ms))
		fail_msg("%s is %s, and was not so since %lld ms", subject->thing->id, shown ? "listed" : "not listed",
			(long long)(model_now(model) - from_ms));
}
