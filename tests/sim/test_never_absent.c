/*
 * test_never_absent.c - a resource that exists is never reported as absent, whatever fails.
 *
 * In these lives nothing ever leaves the cloud and no answer says so. All else happens: a network that comes and
 * goes, answers that are none, calls that wait while others overtake them, values that change with and without
 * their time, little memory, a kernel that forgets, SIGHUP. Then every "not there", of an id or of a member, is a
 * lie, and so is a directory that lacks one of them. Two kinds have short pages, so that they are refreshed in two
 * steps (refresh.c), and one of these has no describe call. STANDING_SEED=n replays one life.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud.h"
#include "client/client_state.h"
#include "engine/waiter.h"

enum { LIVES = 400, EVENTS = 400, ASKS = 64, THINGS = 48 };

#define SHORT(name, kind, describe) "{'name':'" name "','list':{'action':'Describe" kind "s'," \
	"'params':{'OrderField':'CreateTime','Order':'ASC'},'newest':{'OrderField':'UpdateTime','Order':'DESC'}," \
	"'newest_by':'UpdateTime','live':{'Filters':[{'Name':'Status','Negative':true,'Values':['SUCCEED']}]}," \
	"'items':'" kind "Set','paging':'offset','page':3}," describe "'id':'Id','id_form':'[a-z]+-[0-9]+'," \
	"'status':'Status','terminal':['SUCCEED'],'times':['UpdateTime'],'type':'" kind "Detail'}"

static const char SHORT_PAGES[] = "{'catalog':'tione','kinds':[" SHORT("training", "TrainingTask",
	"'describe':{'action':'DescribeTrainingTask','id':'Id','item':'TrainingTaskDetail'},") "]}";
static const char NO_DESCRIBE[] = "{'catalog':'tione','kinds':[" SHORT("notebooks", "Notebook", "") "]}";

struct standing {
	struct thing *thing;
	const char *path, *files[3]; /* of its listing; in it */
	uint64_t listing, directory; /* held; the directory 0: not */
	unsigned held;
	bool known; /* a file of it was found, and nothing was refused since */
};

struct question_at {
	struct ask ask; /* first */
	struct life *life;
	struct standing *of;
	const char *file; /* NULL: the directory itself */
};

struct life {
	struct world *world;
	struct cloud cloud;
	struct standing things[THINGS];
	size_t n;
	struct question_at asks[ASKS];
	unsigned seed, failing, clock;
	bool down, silent;
};

static struct {
	size_t found, failed, passes;
} counts;
static unsigned current_seed;

static unsigned chance(struct life *life, unsigned n)
{
	return (unsigned)rand_r(&life->seed) % n;
}

/* ---- what there is ---- */

static void load(struct catalogs *catalogs, const char *quoted)
{
	char *text = xstrdup(quoted);
	struct buf why;

	buf_init(&why, SIZE_MAX);
	for (char *at = text; *at; at++)
		*at = *at == '\'' ? '"' : *at;
	if (!catalogs_load(catalogs, "test", text, strlen(text), &why))
		fail_msg("%s", why.data);
	buf_release(&why);
	free(text);
}

static const struct catalogs *catalogs(void)
{
	static struct catalogs all; /* constant, once read */

	if (!all.n) {
		catalogs_load_built_in(&all);
		load(&all, SHORT_PAGES);
		load(&all, NO_DESCRIBE);
	}
	return &all;
}

/* `listing` is looked up when all are there: that may take a call, whose answer is kept. */
static void add(struct life *life, const char *listing, const char *kind, const char *parent, const char *prefix,
	size_t n, const char *const files[3])
{
	char id[24];

	for (size_t i = 0; i < n; i++) {
		snprintf(id, sizeof(id), "%s-%zu", prefix, i);
		struct standing *standing = &life->things[life->n++];
		assert_true(life->n <= THINGS);
		*standing = (struct standing){ .thing = cloud_add(&life->cloud, kind, parent, id) };
		memcpy(standing->files, files, sizeof(standing->files));
		if (chance(life, 2))
			snprintf(standing->thing->status, sizeof(standing->thing->status), "SUCCEED");
		standing->path = listing;
	}
}

static void fill(struct life *life)
{
	static const char *const task[3] = { "status", "message", "image_info" }, *const model[3] = { "name" },
		*const version[3] = { "status", "error_msg", "format" }, *const job[3] = { "name" };

	life->cloud.latency_ms = 0;
	life->cloud.lists_models = true;
	if (!strcmp(life->world->setup.catalog, "tione")) {
		add(life, "training", "training", NULL, "train", 30, task);
		add(life, "notebooks", "notebooks", NULL, "nb", 10, task);
		add(life, "models", "models", NULL, "m", 2, model);
		add(life, "models/m-1/versions", "versions", "m-1", "mv", 4, version);
	} else {
		add(life, "finetuning", "finetuning", NULL, "job", 8, job);
	}
	for (size_t i = 0; i < life->n; i++)
		life->things[i].listing = world_find(life->world, life->things[i].path);
	life->cloud.latency_ms = -1;
}

/* ---- what answers say of it ---- */

static bool is_there(const struct ask *ask)
{
	return ask->reply.outcome != RESULT_ABSENT &&
		(ask->reply.outcome != RESULT_FAILED || ask->reply.error != ERR_NOT_FOUND);
}

static void forget(struct life *life, struct standing *standing)
{
	if (standing->held)
		tree_forget(life->world->tree, standing->directory, standing->held);
	standing->held = 0;
	standing->directory = 0;
}

static bool shows(struct life *life, uint64_t directory, const char *wanted)
{
	struct query_time query = { .now_ms = life->world->script.now_ms };
	uint64_t cookie = 0;
	struct entry entry;
	const char *name;

	while (tree_next(life->world->tree, directory, &cookie, &name, &entry, query))
		if (!strcmp(name, wanted))
			return true;
	return false;
}

/* Without the list call (not made, or refused) no answer mentions a model. */
static bool is_unknown(const struct standing *of)
{
	return !of->known && !strcmp(of->thing->kind, "models");
}

/* At the very moment at which it may be read. */
static void go_through(struct life *life, const struct question_at *question)
{
	const struct standing *of = question->of;

	if (is_unknown(of))
		return;
	if (question->file) { /* its listing */
		if (!shows(life, of->listing, of->thing->id))
			fail_msg("a listing lacks %s", of->thing->id);
	} else if (of->held) {
		for (size_t i = 0; i < COUNT(of->files) && of->files[i]; i++)
			if (!shows(life, of->directory, of->files[i]))
				fail_msg("%s lacks %s", of->thing->id, of->files[i]);
	}
	counts.passes++;
}

static void then_check(struct ask *ask)
{
	struct question_at *question = (struct question_at *)ask;
	struct standing *of = question->of;

	if (!is_there(ask) && question->file && is_unknown(of))
		return;
	if (!is_there(ask))
		fail_msg("%s/%s is said to be absent", of->thing->id, question->file ? question->file : "");
	if (ask->reply.outcome == RESULT_FAILED) {
		counts.failed++;
		return;
	}
	counts.found++;
	if (ask->question == ASK_OPEN) {
		go_through(question->life, question);
	} else if (ask->question == ASK_LOOKUP && question->file) {
		of->known = true;
		tree_forget(ask->world->tree, ask->reply.entry.id, 1);
	} else if (ask->question == ASK_LOOKUP) {
		of->directory = ask->reply.entry.id;
		of->held++;
	}
}

static void put_question(struct life *life)
{
	struct question_at *question = &life->asks[chance(life, ASKS)];
	struct standing *of = &life->things[chance(life, (unsigned)life->n)];

	if (question->ask.wait) {
		if (chance(life, 4) == 0)
			ask_cancel(&question->ask);
		return;
	}
	*question = (struct question_at){ .life = life, .of = of, .ask.then = then_check };
	size_t n = 0;
	while (n < COUNT(of->files) && of->files[n])
		n++;
	if (of->held && chance(life, 4)) {
		question->file = of->files[chance(life, (unsigned)n)];
		ask_put(&question->ask, life->world, ASK_LOOKUP, of->directory, question->file);
	} else if (of->held && chance(life, 2)) {
		ask_put(&question->ask, life->world, chance(life, 2) ? ASK_ATTR : ASK_OPEN, of->directory, NULL);
	} else if (chance(life, 4) == 0) {
		question->file = "in its listing";
		ask_put(&question->ask, life->world, ASK_OPEN, of->listing, NULL);
	} else {
		ask_put(&question->ask, life->world, ASK_LOOKUP, of->listing, of->thing->id);
	}
}

/* ---- what happens ---- */

/* What is refused is kept no longer. */
static void refuse(struct life *life, struct exchange *exchange)
{
	for (size_t i = 0; i < life->n; i++)
		life->things[i].known = false;
	exchange_error(exchange, "UnauthorizedOperation");
}

static void fail_one(struct life *life, struct exchange *exchange)
{
	static const enum error errors[] = { ERR_LOST, ERR_REFUSED, ERR_NO_HOST, ERR_NO_NETWORK, ERR_TLS,
		ERR_TOO_BIG, ERR_TIMEOUT, ERR_LOCAL };
	static const char *const codes[] = { "InternalError", "RequestLimitExceeded", "AuthFailure.SignatureFailure",
		"AuthFailure.TokenFailure", "InvalidParameter", "FailedOperation" };
	bool tione = !strcmp(life->world->setup.catalog, "tione");

	if (life->down)
		exchange_fail(exchange, ERR_REFUSED);
	else if (chance(life, 3) == 0)
		exchange_say(exchange, chance(life, 2) ? 200 : 503, "<html>");
	else if (tione && chance(life, 8) == 0)
		refuse(life, exchange);
	else if (tione && chance(life, 2))
		exchange_error(exchange, codes[chance(life, COUNT(codes))]);
	else
		exchange_fail(exchange, errors[chance(life, COUNT(errors))]);
}

/* One that runs is not among those that run, as if it had just ended; the list says again what it was. */
static void answer_of_live(struct life *life, struct exchange *exchange)
{
	struct thing *thing = life->things[chance(life, (unsigned)life->n)].thing;
	char status[sizeof(thing->status)];

	memcpy(status, thing->status, sizeof(status));
	snprintf(thing->status, sizeof(thing->status), "SUCCEED");
	cloud_answer(&life->cloud, exchange);
	memcpy(thing->status, status, sizeof(status));
}

static void answer_one(struct life *life)
{
	struct script *script = &life->world->script;

	if (!script->n_waiting || life->silent)
		return;
	struct exchange *exchange = script_waiting(script, chance(life, (unsigned)script->n_waiting));
	if (life->down || chance(life, 100) < life->failing)
		fail_one(life, exchange);
	else if (json_get(exchange->json, "Filters"))
		answer_of_live(life, exchange);
	else
		cloud_answer(&life->cloud, exchange);
}

static void change(struct life *life)
{
	struct thing *thing = life->things[chance(life, (unsigned)life->n)].thing;

	snprintf(thing->status, sizeof(thing->status), "%s", chance(life, 2) ? "RUNNING" : "SUCCEED");
	snprintf(thing->message, sizeof(thing->message), "%u", ++life->clock);
	if (chance(life, 3))
		thing->revision = life->clock;
}

static void rate_queue_clock(struct life *life)
{
	static const unsigned most_ms[] = { 20, 300, 300, 2000, 6000, 20000, 40000, 700000 };

	script_advance(&life->world->script, chance(life, most_ms[chance(life, COUNT(most_ms))]));
}

static void happen(struct life *life)
{
	switch (chance(life, 16)) {
	case 0:
		change(life);
		break;
	case 1:
	case 2:
		rate_queue_clock(life);
		break;
	case 3:
		forget(life, &life->things[chance(life, (unsigned)life->n)]);
		break;
	case 4:
		if (chance(life, 8) == 0)
			life->down = !life->down;
		else if (chance(life, 6) == 0)
			life->silent = !life->silent;
		else if (chance(life, 20) == 0)
			tree_refresh(life->world->tree, TREE_ROOT, NULL, NULL);
		break;
	case 5:
	case 6:
	case 7:
	case 8:
		for (unsigned n = 1 + chance(life, 3); n > 0; n--)
			answer_one(life);
		break;
	default:
		put_question(life);
	}
}

/* A rate queue that is not empty has a timer, or the cloud is silent, and an answer will run the queue. */
static void check_turns(const struct life *life)
{
	const struct client *client = life->world->engine->client;

	if (circuit_breaker_is_full(&client->breaker, life->world->script.now_ms))
		return;
	for (size_t i = 0; i < client->n_actions; i++)
		if (!list_is_empty(&client->actions[i]->queue.tickets) && !client->actions[i]->queue.timer)
			fail_msg("a call waits for its turn, and nothing will give it one");
}

static void live(unsigned seed)
{
	static const int64_t ttls_s[] = { -1, -1, 0, 1, 60 }, stales_s[] = { 3600, 3600, 0, 30 };
	static const double rates[] = { 10000, 2, 0.7 }; /* with the last, four pages are a long list */
	static const unsigned failing[] = { 0, 0, 10, 40, 90 };
	struct life *life = xcalloc(1, sizeof(*life));
	struct setup setup = world_setup();

	life->seed = seed;
	setup.catalogs = catalogs();
	setup.catalog = chance(life, 4) ? "tione" : "qianfan";
	setup.ttl_s = ttls_s[chance(life, COUNT(ttls_s))];
	setup.stale_s = stales_s[chance(life, COUNT(stales_s))];
	setup.max_memory = chance(life, 4) ? SIZE_MAX : 8000;
	setup.rate = rates[chance(life, COUNT(rates))];
	life->world = world_open(&setup);
	cloud_open(&life->cloud, life->world, 0);
	life->failing = failing[chance(life, COUNT(failing))];
	fill(life);
	for (int event = 0; event < EVENTS; event++) {
		happen(life);
		check_turns(life);
	}
	script_advance(&life->world->script, setup.deadline_ms);
	assert_int_equal(life->world->unanswered, 0);
	for (size_t i = 0; i < life->n; i++)
		forget(life, &life->things[i]);
	world_close(life->world);
	cloud_close(&life->cloud);
	free(life);
}

static unsigned number_of(const char *variable, unsigned otherwise)
{
	const char *text = getenv(variable);

	return text ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

/* promise: 3 */
static void test_what_stands_is_never_absent(void **state)
{
	unsigned only = number_of("STANDING_SEED", 0), lives = number_of("STANDING_LIVES", LIVES);

	*state = (void *)(uintptr_t)1;
	for (unsigned i = 0; i < (only ? 1 : lives); i++) {
		current_seed = only ? only : i + 1;
		live(current_seed);
	}
	*state = NULL;
	if (!only) /* all of it did happen */
		assert_true(counts.found > 10 * lives && counts.failed > lives && counts.passes > lives);
}

static int say_seed_of_a_failure(void **state)
{
	if (*state)
		print_error("it was life %u: STANDING_SEED=%u replays it\n", current_seed, current_seed);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_what_stands_is_never_absent, say_seed_of_a_failure),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
