/*
 * test_model.c - ten thousand short lives of a mount, each against a naive model of what the cloud had when.
 *
 * A life is a random cloud, random options, and some eighty random events: questions, answers right and wrong,
 * changes at the cloud, passes over directories with other things between two steps of them, readers that leave, a
 * kernel that forgets, a clock that is turned. Of every answer the model says whether it may be (model.h).
 * MODEL_SEED=n replays one life; MODEL_LIVES=n plays so many, from MODEL_FIRST on.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <sanitizer/common_interface_defs.h>

#include "base/hash.h"
#include "model.h"

enum { LIVES = 10000, EVENTS = 80, QUESTIONS = 12, PASSES = 3, HELD = 24, NAMES_MAX = 64 };

struct question_at {
	struct ask ask; /* first */
	struct life *life;
	struct subject *subject; /* whose directory, or file, was asked for */
	bool of_file;
	size_t file;
};

struct file {
	uint64_t id, hash;
};

/* A process reads a directory, a few names at a time. */
struct pass {
	bool open;
	uint64_t directory, cookie;
	const struct subject *of; /* the directory of this one; NULL: a listing */
	int64_t asked_ms;
	char *names[NAMES_MAX];
	size_t n_names;
	uint64_t held[NAMES_MAX];
	size_t n_held;
	unsigned long state; /* that its files showed; 0: none yet */
};

struct life {
	struct model model;
	struct question_at questions[QUESTIONS];
	struct pass passes[PASSES];
	struct file files[HELD];
	size_t n_files;
	unsigned failing;
};

struct counts {
	size_t values, absent, failed, passes;
};

static unsigned current_seed;
static struct counts counts;

static void print_seed(void)
{
	print_error("it was life %u: MODEL_SEED=%u replays it\n", current_seed, current_seed);
}

static int say_seed_of_a_failure(void **state)
{
	if (*state)
		print_seed();
	return 0;
}

/* ---- what the kernel holds ---- */

static uint64_t hash_file(const struct life *life, uint64_t id)
{
	size_t size;
	const char *bytes = tree_read(life->model.world->tree, id, &size);

	assert_non_null(bytes);
	return hash_bytes(0, bytes, size);
}

/* Its bytes have never changed. */
static void forget_file(struct life *life, size_t at)
{
	assert_true(hash_file(life, life->files[at].id) == life->files[at].hash);
	tree_forget(life->model.world->tree, life->files[at].id, 1);
	life->files[at] = life->files[--life->n_files];
}

static void forget_directory(struct life *life, struct subject *subject)
{
	if (subject->held)
		tree_forget(life->model.world->tree, subject->directory, subject->held);
	subject->held = 0;
	subject->directory = 0;
}

static void keep_directory(struct subject *subject, const struct entry *entry)
{
	assert_true(S_ISDIR(entry->attr.mode));
	if (subject->held)
		assert_true(subject->directory == entry->id); /* a shell may stand in it */
	subject->directory = entry->id;
	subject->held++;
}

static void keep_file(struct life *life, const struct ask *ask, struct subject *subject, size_t file)
{
	uint64_t id = ask->reply.entry.id;
	size_t size;
	const char *bytes = tree_read(life->model.world->tree, id, &size);

	assert_non_null(bytes);
	assert_int_equal(size, ask->reply.entry.attr.size);
	model_check_value(&life->model, ask, subject, file, bytes);
	if (life->n_files == HELD)
		forget_file(life, model_chance(&life->model, HELD));
	life->files[life->n_files++] = (struct file){ id, hash_file(life, id) };
	counts.values++;
}

/* ---- questions ---- */

static void then_check(struct ask *ask)
{
	struct question_at *question = (struct question_at *)ask;
	struct life *life = question->life;

	if (ask->reply.outcome == RESULT_ABSENT || ask->reply.error == ERR_NOT_FOUND) {
		model_check_absent(&life->model, ask, question->subject);
		counts.absent++;
	} else if (ask->reply.outcome == RESULT_FAILED) {
		model_check_failed(&life->model, ask);
		counts.failed++;
	} else if (question->of_file) {
		keep_file(life, ask, question->subject, question->file);
	} else if (ask->question == ASK_LOOKUP) {
		keep_directory(question->subject, &ask->reply.entry);
	}
}

static struct subject *pick(struct life *life)
{
	return &life->model.subjects[model_chance(&life->model, (unsigned)life->model.n)];
}

static void put_question(struct life *life)
{
	struct question_at *question = &life->questions[model_chance(&life->model, QUESTIONS)];
	struct subject *subject = pick(life);
	struct world *world = life->model.world;

	if (question->ask.wait) {
		if (model_chance(&life->model, 3) == 0)
			ask_cancel(&question->ask);
		return;
	}
	*question = (struct question_at){ .life = life, .subject = subject, .ask.then = then_check };
	question->of_file = subject->held && model_chance(&life->model, 4);
	question->file = subject->files[1] ? model_chance(&life->model, 2) : 0;
	if (question->of_file)
		ask_put(&question->ask, world, ASK_LOOKUP, subject->directory, subject->files[question->file]);
	else if (subject->held && model_chance(&life->model, 3) == 0)
		ask_put(&question->ask, world, ASK_ATTR, subject->directory, NULL);
	else
		ask_put(&question->ask, world, ASK_LOOKUP, subject->listing, subject->thing->id);
}

/* ---- passes ---- */

static void end_pass(struct life *life, struct pass *pass)
{
	for (size_t i = 0; i < pass->n_held; i++)
		tree_forget(life->model.world->tree, pass->held[i], 1);
	for (size_t i = 0; i < pass->n_names; i++)
		free(pass->names[i]);
	*pass = (struct pass){ .open = false };
}

static bool has_name(const struct pass *pass, const char *name)
{
	for (size_t i = 0; i < pass->n_names; i++)
		if (!strcmp(pass->names[i], name))
			return true;
	return false;
}

/* All that it met was of one answer; of a listing, what stood the whole time was met. */
static void check_pass(struct life *life, const struct pass *pass)
{
	for (size_t i = 0; i < life->model.n && !pass->of; i++) {
		const struct subject *subject = &life->model.subjects[i];
		if (subject->listing == pass->directory && strcmp(subject->thing->kind, "jobs") != 0)
			model_check_shown(&life->model, subject, has_name(pass, subject->thing->id),
				pass->asked_ms);
	}
	counts.passes++;
}

/* Only what went in between, and came back, is met again: in a listing, at its end. */
static void check_twice(struct life *life, const struct pass *pass, const char *name)
{
	assert_null(pass->of);
	for (size_t i = 0; i < life->model.n; i++)
		if (life->model.subjects[i].listing == pass->directory &&
				!strcmp(life->model.subjects[i].thing->id, name))
			model_check_shown(&life->model, &life->model.subjects[i], false, pass->asked_ms);
}

static void meet(struct life *life, struct pass *pass, const char *name, const struct entry *entry)
{
	struct tree *tree = life->model.world->tree;
	size_t size;

	if (has_name(pass, name))
		check_twice(life, pass, name);
	if (pass->n_names == NAMES_MAX)
		fail_msg("a pass over %zu names has no end", pass->n_names);
	pass->names[pass->n_names++] = xstrdup(name);
	if (!entry->id)
		return;
	tree_ref(tree, entry->id, 1);
	pass->held[pass->n_held++] = entry->id;
	const char *bytes = tree_read(tree, entry->id, &size);
	if (bytes)
		assert_int_equal(size, entry->attr.size);
	for (size_t i = 0; pass->of && i < 2; i++) {
		if (!bytes || !pass->of->files[i] || strcmp(pass->of->files[i], name) != 0)
			continue;
		unsigned long state = strtoul(bytes + 1, NULL, 10);
		assert_true(!pass->state || pass->state == state); /* never half old and half new */
		pass->state = state;
	}
}

static void step_pass(struct life *life, struct pass *pass)
{
	struct query_time query = { .now_ms = model_now(&life->model) };
	struct entry entry;
	const char *name;

	for (unsigned left = 1 + model_chance(&life->model, pass->of ? 4 : 12); left > 0; left--) {
		if (!tree_next(life->model.world->tree, pass->directory, &pass->cookie, &name, &entry, query)) {
			check_pass(life, pass);
			end_pass(life, pass);
			return;
		}
		meet(life, pass, name, &entry);
	}
}

static void go_through(struct life *life)
{
	struct pass *pass = &life->passes[model_chance(&life->model, PASSES)];
	struct subject *subject = pick(life);
	struct ask ask = { .world = NULL };

	if (pass->open) {
		step_pass(life, pass);
		return;
	}
	bool inside = subject->held && model_chance(&life->model, 2);
	pass->directory = inside ? subject->directory : subject->listing;
	ask_put(&ask, life->model.world, ASK_OPEN, pass->directory, NULL);
	/* the first answers there are, so that the pass begins at once */
	for (int tries = 0; ask.wait && tries < 20; tries++) {
		if (life->model.world->script.n_waiting)
			model_answer(&life->model, script_waiting(&life->model.world->script, 0), life->failing);
		else
			script_step(&life->model.world->script);
	}
	if (ask.wait)
		ask_cancel(&ask);
	if (!ask.answers || ask.reply.outcome != RESULT_FOUND)
		return;
	*pass = (struct pass){ .open = true, .directory = pass->directory, .of = inside ? subject : NULL,
		.asked_ms = ask.asked_ms };
	if (inside) { /* held as long as it is open */
		tree_ref(life->model.world->tree, pass->directory, 1);
		pass->held[pass->n_held++] = pass->directory;
	}
	step_pass(life, pass);
}

/* ---- everything else ---- */

static void forget_something(struct life *life)
{
	if (life->n_files && model_chance(&life->model, 2))
		forget_file(life, model_chance(&life->model, (unsigned)life->n_files));
	else
		forget_directory(life, pick(life));
}

static void answer_one(struct life *life)
{
	struct script *script = &life->model.world->script;

	if (script->n_waiting)
		model_answer(&life->model, script_waiting(script,
			model_chance(&life->model, (unsigned)script->n_waiting)), life->failing);
}

static void rate_queue_clock(struct life *life)
{
	static const unsigned most_ms[] = { 20, 300, 300, 2000, 6000, 20000, 40000, 700000 };

	script_advance(&life->model.world->script,
		model_chance(&life->model, most_ms[model_chance(&life->model, COUNT(most_ms))]));
}

/* One fetch at a time for the same thing. */
static void check_single(const struct life *life)
{
	const struct script *script = &life->model.world->script;
	const struct exchange *waiting[64];
	size_t n = 0;

	for (size_t i = 0; i < script->n_sent && n < COUNT(waiting); i++) {
		if (!script->sent[i]->waits)
			continue;
		for (size_t j = 0; j < n; j++)
			assert_true(strcmp(waiting[j]->body, script->sent[i]->body) != 0 ||
				strcmp(exchange_action(waiting[j]), exchange_action(script->sent[i])) != 0);
		waiting[n++] = script->sent[i];
	}
}

static void happen(struct life *life)
{
	switch (model_chance(&life->model, 16)) {
	case 0:
		model_change(&life->model, pick(life));
		break;
	case 1:
	case 2:
		rate_queue_clock(life);
		break;
	case 3:
		forget_something(life);
		break;
	case 4:
	case 5:
		go_through(life);
		break;
	case 6:
		if (model_chance(&life->model, 20) == 0)
			tree_refresh(life->model.world->tree, TREE_ROOT, NULL, NULL);
		break;
	case 7:
	case 8:
	case 9:
	case 10:
		answer_one(life);
		break;
	default:
		put_question(life);
	}
}

/* The listing of each, held for the whole life. */
static void find_listings(struct life *life)
{
	for (size_t i = 0; i < life->model.n; i++) {
		struct subject *subject = &life->model.subjects[i];
		const struct kind *above = subject->kind->parent;
		uint64_t id = TREE_ROOT;
		const char *const names[] = { above ? above->name : NULL, above ? subject->thing->parent : NULL,
			subject->kind->name };

		for (size_t j = 0; j < COUNT(names); j++) {
			struct ask ask = { .world = NULL };
			if (!names[j])
				continue;
			ask_put(&ask, life->model.world, ASK_LOOKUP, id, names[j]);
			while (!ask.answers)
				if (life->model.world->script.n_waiting)
					model_answer(&life->model, script_waiting(&life->model.world->script, 0), 0);
				else
					assert_true(script_step(&life->model.world->script));
			assert_found(&ask.reply);
			id = ask.reply.entry.id;
		}
		subject->listing = id;
	}
}

static struct setup random_setup(unsigned *seed)
{
	static const int64_t ttls_s[] = { -1, -1, -1, 0, 1, 60 }, stales_s[] = { 3600, 3600, 0, 30 };
	struct setup setup = world_setup();

	setup.catalog = rand_r(seed) % 3 ? "tione" : "qianfan";
	setup.ttl_s = ttls_s[(size_t)rand_r(seed) % COUNT(ttls_s)];
	setup.stale_s = stales_s[(size_t)rand_r(seed) % COUNT(stales_s)];
	setup.max_memory = rand_r(seed) % 4 ? SIZE_MAX : 8000;
	setup.rate = rand_r(seed) % 4 ? 0 : 2;
	return setup;
}

static void live(unsigned seed)
{
	static const unsigned failing[] = { 0, 0, 10, 40, 90 };
	struct life *life = xcalloc(1, sizeof(*life));
	struct setup setup = random_setup(&seed);

	model_open(&life->model, &setup, seed);
	find_listings(life);
	life->failing = failing[model_chance(&life->model, COUNT(failing))];
	for (int event = 0; event < EVENTS; event++) {
		happen(life);
		check_single(life);
	}
	script_advance(&life->model.world->script, setup.deadline_ms);
	assert_int_equal(life->model.world->unanswered, 0);
	for (size_t i = 0; i < PASSES; i++)
		end_pass(life, &life->passes[i]);
	while (life->n_files)
		forget_file(life, 0);
	for (size_t i = 0; i < life->model.n; i++)
		forget_directory(life, &life->model.subjects[i]);
	model_close(&life->model);
	free(life);
}

static unsigned number_of(const char *variable, unsigned otherwise)
{
	const char *text = getenv(variable);

	return text ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

static void test_no_answer_is_other_than_the_model_allows(void **state)
{
	unsigned first = number_of("MODEL_FIRST", 1), lives = number_of("MODEL_LIVES", LIVES);
	unsigned only = number_of("MODEL_SEED", 0);

	*state = (void *)(uintptr_t)1;
	for (unsigned i = 0; i < (only ? 1 : lives); i++) {
		current_seed = only ? only : first + i;
		live(current_seed);
	}
	*state = NULL;
	if (only || lives < LIVES)
		return;
	/* all of it did happen */
	assert_true(counts.values > lives && counts.absent > lives && counts.failed > lives &&
		counts.passes > lives);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_no_answer_is_other_than_the_model_allows, say_seed_of_a_failure),
	};

	__sanitizer_set_death_callback(print_seed);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
