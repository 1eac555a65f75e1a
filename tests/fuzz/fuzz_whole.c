/*
 * fuzz_whole.c - a whole mount before a cloud that says anything: from an answer's bytes to names, bytes and errnos.
 *
 * The input is a play, an act a byte and what it needs behind it: somebody asks, a call is answered rightly, wrongly
 * or not at all, the clock is turned, something changes at the cloud.  Whatever is played:
 *
 *     every question is answered once, in time, with FOUND, ABSENT or FAILED (world.c), and an errno of 1 to 133,
 *     what is said not to be there, some answer said not to be there,
 *     every name that a directory shows is a safe one, comes once, and can be looked up,
 *     a file holds as many bytes as it says, and the same ones until it is forgotten, and a link leads somewhere,
 *     nothing is left behind (world.c, the sanitizer).
 */
#include <errno.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "sim/cloud.h"

#undef COUNT
#include "fuzz.h"

enum { ACTS = 300, QUERIES = 24, HELD = 64, NAMES = 32, LOOKED_UP = 48 };

struct query {
	struct ask ask; /* first: then_check gets back here */
	struct play *play;
	uint64_t id;
	char *name;
	bool waited;
};

struct held {
	uint64_t id, hash; /* the hash: of a file's bytes */
	bool file;
};

struct play {
	struct feed feed;
	struct world *world;
	struct cloud cloud;
	const struct provider *provider;
	struct query queries[QUERIES];
	struct held held[HELD];
	size_t n_held;
	char *names[NAMES]; /* that a directory showed */
	size_t n_names;
	uint64_t training; /* TI-ONE's listing of tasks, which a describe call vouches for */
	size_t good, not_found; /* answers */
	bool within; /* a directory is being read: its lookups read no other */
};

static const char *const WORDS[] = { "training", "models", "notebooks", "versions", "finetuning", "tasks", "jobs",
	"train-1", "train-2", "train-404", "m-1", "mv-1", "nb-1", "job-1", "task-1", "1", "2", "status", "message",
	"describe.json", "image_info", "tags", "k", "0", ".git", "README", ".describefs", "errors", "autorun.inf",
	"remark", "envs", "Status", "by-name", "by-status", "by-tag", "RUNNING", "PAUSED", "team", "red",
	"name of train-1", "name of train-1~train-1", ".table.tsv" };

static const char *const CODES[] = { "ResourceNotFound", "FailedOperation.RecordNotFound", "InternalError",
	"RequestLimitExceeded", "AuthFailure.SignatureExpire", "AuthFailure.TokenFailure", "UnauthorizedOperation",
	"InvalidAction", "InvalidParameterValue", "InvalidParameterValue.IdNotFound", "FailedOperation.Timedout",
	"ResponseSizeLimitExceeded", "Nonsense" };

static const char *const NASTY[] = { "null", "[]", "{}", "\"\"", "\"..\"", "\"a/b\"", "{\"A\":{\"a\":[{\"Thumbs.db\":1}]}}",
	"9007199254740993", "[{},null]", "\"\\u0000\"", "\"autorun.inf\"", "-1", "true", "\"Id\"", "\"train-2\"" };

/* ---- what is promised of an answer ---- */

static void check_errno(enum error error)
{
	int errnum = error_errno(error);

	CHECK(error != ERR_NONE && errnum >= 1 && errnum <= 133 && errnum != EAGAIN);
}

/* Nobody says ENOENT who was not told so. */
static void check_absence(const struct query *query)
{
	const struct play *play = query->play;

	if (query->waited)
		CHECK(play->good || play->not_found);
	if (query->id == play->training && play->training &&
			kind_accepts_id(catalog_kind(play->world->catalog, NULL, "training"), query->name) &&
			strspn(query->name, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(query->name))
		CHECK(play->not_found);
}

static uint64_t hash_file(const struct play *play, uint64_t id, size_t *size)
{
	const char *bytes = tree_read(play->world->tree, id, size);

	CHECK(bytes);
	return hash_bytes(0, bytes, *size);
}

static void let_go(struct play *play, size_t at)
{
	struct held held = play->held[at];
	size_t size;

	if (held.file)
		CHECK(hash_file(play, held.id, &size) == held.hash);
	tree_forget(play->world->tree, held.id, 1);
	play->held[at] = play->held[--play->n_held];
}

/* What a lookup found is held already. */
static void keep(struct play *play, const struct entry *entry)
{
	struct held held = { .id = entry->id, .file = S_ISREG(entry->attr.mode) };
	size_t size;

	const char *target = S_ISLNK(entry->attr.mode) ? tree_link(play->world->tree, entry->id) : NULL;
	CHECK(held.file || target || S_ISDIR(entry->attr.mode));
	CHECK(!target || (strlen(target) == entry->attr.size && !strncmp(target, "../", 3)));
	CHECK((target || !(entry->attr.mode & 0222)) && entry->attr.ino > 1);
	CHECK(entry->entry_ms >= 0 && (entry->attr_ms >= 0 || entry->attr_ms == TREE_FOR_EVER));
	if (held.file) {
		held.hash = hash_file(play, held.id, &size);
		CHECK(size == entry->attr.size);
	}
	if (play->n_held == HELD)
		let_go(play, 1 + held.id % (HELD - 1));
	play->held[play->n_held++] = held;
}

/* ---- asking ---- */

static void put(struct play *play, struct query *query, enum question question, uint64_t id, const char *name);

/* A name that the kernel may rely on is there; of any other a lookup decides, and may have to ask. */
static void look_up_again(struct play *play, uint64_t id, const char *name, bool certain)
{
	struct query *query = &play->queries[0];

	put(play, query, ASK_LOOKUP, id, name);
	if (certain && (!query->ask.answers || query->ask.reply.outcome != RESULT_FOUND))
		fprintf(stderr, "%s: %u answers, outcome %d, %s\n", name, query->ask.answers,
			(int)query->ask.reply.outcome, error_name(query->ask.reply.error));
	CHECK(!certain || (query->ask.answers && query->ask.reply.outcome == RESULT_FOUND));
	if (query->ask.wait)
		ask_cancel(&query->ask);
}

static void read_directory(struct play *play, uint64_t id)
{
	struct query_time query = { .now_ms = play->world->script.now_ms, .since_ms = 0 };
	bool certain[LOOKED_UP];
	char *names[LOOKED_UP];
	uint64_t cookie = 0;
	struct entry entry;
	const char *name;
	size_t n = 0;

	while (n < LOOKED_UP && tree_next(play->world->tree, id, &cookie, &name, &entry, query)) {
		CHECK(fuzz_is_name(name) || (id == TREE_ROOT && *name == '.'));
		for (size_t i = 0; i < n; i++)
			CHECK(strcmp(names[i], name) != 0);
		/* a model's id may stand in its listing because somebody was there, and have to be asked for again */
		certain[n] = entry.id && entry.entry_ms > 0 && strncmp(name, "m-", 2) != 0 &&
			name[strspn(name, "0123456789")] != '\0';
		names[n++] = xstrdup(name);
	}
	play->within = true;
	for (size_t i = 0; i < n; i++) {
		look_up_again(play, id, names[i], certain[i]);
		char **slot = &play->names[play->n_names++ % NAMES];
		free(*slot);
		*slot = names[i];
	}
	play->within = false;
}

static void then_check(struct ask *ask)
{
	struct query *query = (struct query *)ask;
	struct play *play = query->play;

	if (ask->reply.outcome == RESULT_FAILED)
		check_errno(ask->reply.error);
	if (ask->reply.outcome == RESULT_ABSENT || ask->reply.error == ERR_NOT_FOUND)
		check_absence(query);
	else if (ask->reply.outcome == RESULT_FOUND && ask->question == ASK_LOOKUP)
		keep(play, &ask->reply.entry);
	else if (ask->reply.outcome == RESULT_FOUND && ask->question == ASK_OPEN && !play->within)
		read_directory(play, query->id);
}

static void put(struct play *play, struct query *query, enum question question, uint64_t id, const char *name)
{
	free(query->name);
	*query = (struct query){ .play = play, .id = id, .name = name ? xstrdup(name) : NULL };
	query->ask.then = then_check;
	ask_put(&query->ask, play->world, question, id, query->name);
	query->waited = query->ask.wait != NULL; /* for when it is answered */
}

static struct query *pick_query(struct play *play)
{
	return &play->queries[1 + feed_below(&play->feed, QUERIES - 1)]; /* the first is read_directory's */
}

static uint64_t pick_id(struct play *play)
{
	return play->held[feed_below(&play->feed, play->n_held)].id;
}

static void act_ask(struct play *play, enum question question)
{
	struct query *query = pick_query(play);
	uint64_t id = pick_id(play);
	size_t word = feed_byte(&play->feed);
	char *name = NULL;

	if (query->ask.wait)
		ask_cancel(&query->ask);
	if (question != ASK_LOOKUP)
		name = NULL;
	else if (word == 255)
		name = feed_text(&play->feed);
	else if (word >= 128 && play->names[word % NAMES])
		name = xstrdup(play->names[word % NAMES]);
	else
		name = xstrdup(WORDS[word % COUNT(WORDS)]);
	put(play, query, question, id, name);
	free(name);
}

/* ---- answering ---- */

struct wrong {
	struct play *play;
	transport_reply_fn *done;
	void *arg;
	bool spoil;
};

/* A right answer with something else in it. */
static void spoil(struct play *play, struct response *response)
{
	for (size_t edits = 1 + feed_below(&play->feed, 3); edits > 0; edits--) {
		size_t at = (size_t)feed_byte(&play->feed) << 8 | feed_byte(&play->feed);
		size_t out = feed_below(&play->feed, 32), nasty = feed_byte(&play->feed);
		char *text = nasty < 128 ? feed_text(&play->feed) : xstrdup(NASTY[nasty % COUNT(NASTY)]);
		struct buf body;

		at %= response->body.len + 1;
		if (out > response->body.len - at)
			out = response->body.len - at;
		buf_init(&body, MESSAGE_BODY_MAX);
		buf_add(&body, response->body.data, at);
		buf_puts(&body, text);
		buf_add(&body, response->body.data + at + out, response->body.len - at - out);
		buf_release(&response->body);
		response->body = body;
		free(text);
	}
}

/* Stands between the script and the engine: every answer is judged before it is handed on. */
static void hand_on(void *arg, struct response *response)
{
	struct wrong *wrong = arg;
	struct json *root;
	const struct json *result;
	struct error_note note;

	if (wrong->spoil)
		spoil(wrong->play, response);
	enum error error = wrong->play->provider->parse(&root, &result, response, &note);
	wrong->play->good += error == ERR_NONE;
	wrong->play->not_found += error == ERR_NOT_FOUND;
	json_free(root);
	wrong->done(wrong->arg, response);
}

static void act_answer(struct play *play)
{
	static const int statuses[] = { 200, 200, 200, 404, 400, 500, 503, 429, 403, 401, 301, 504 };
	struct script *script = &play->world->script;
	size_t which = feed_byte(&play->feed), how = feed_below(&play->feed, 8);
	char *text = NULL;

	if (!script->n_waiting)
		return;
	struct exchange *exchange = script_waiting(script, which % script->n_waiting);
	struct wrong wrong = { play, exchange->done, exchange->arg, how >= 6 };
	exchange->done = hand_on;
	exchange->arg = &wrong;
	switch (how) {
	case 0:
		exchange_error(exchange, CODES[feed_below(&play->feed, COUNT(CODES))]);
		break;
	case 1:
		which = feed_below(&play->feed, COUNT(statuses));
		text = feed_text(&play->feed);
		exchange_say(exchange, statuses[which], text);
		break;
	case 2:
		exchange_fail(exchange, (enum error)(1 + feed_below(&play->feed, ERR_COUNT - 1)));
		break;
	default:
		cloud_answer(&play->cloud, exchange);
	}
	free(text);
}

/* ---- the other acts ---- */

static void act_change(struct play *play)
{
	struct thing *thing = play->cloud.things[feed_below(&play->feed, play->cloud.n)];
	char *text;

	switch (feed_below(&play->feed, 4)) {
	case 0:
		thing->gone = !thing->gone;
		break;
	case 1:
		thing->revision++;
		break;
	case 2:
		snprintf(thing->status, sizeof(thing->status), "%s", thing->revision % 2 ? "SUCCEED" : "RUNNING");
		break;
	default: /* a message that may end its own quotes */
		text = feed_text(&play->feed);
		snprintf(thing->message, sizeof(thing->message), "%s", text);
		free(text);
	}
}

static void act_look(struct play *play)
{
	uint64_t id = pick_id(play);
	struct buf names, value, path;

	buf_init(&names, SIZE_MAX);
	buf_init(&value, SIZE_MAX);
	buf_init(&path, SIZE_MAX);
	tree_xattr_names(play->world->tree, id, &names, world_now(play->world));
	for (const char *name = names.data; name < names.data + names.len; name += strlen(name) + 1) {
		buf_clear(&value);
		CHECK(tree_xattr(play->world->tree, id, name, &value, world_now(play->world)));
	}
	tree_path(play->world->tree, id, &path);
	CHECK(id == TREE_ROOT ? !path.len : path.data[0] == '/');
	buf_release(&names);
	buf_release(&value);
	buf_release(&path);
}

static void act_time(struct play *play)
{
	static const int64_t steps_ms[] = { 0, 1, 50, 300, 1000, 1000, 2500, 5000, 9999, 15000, 31000, 601000, 3600000 };

	script_advance(&play->world->script, steps_ms[feed_below(&play->feed, COUNT(steps_ms))]);
}

static void act_pin(struct play *play)
{
	char *text = feed_text(&play->feed);
	struct buf why;

	buf_init(&why, 4096);
	CHECK(tree_pin(play->world->tree, text, &why) == (why.len == 0));
	buf_release(&why);
	free(text);
}

static void act(struct play *play)
{
	struct query *query;

	switch (feed_below(&play->feed, 24)) {
	case 0: case 1: case 2: case 3: case 4: case 5: case 6:
		act_ask(play, ASK_LOOKUP);
		break;
	case 7:
		act_ask(play, ASK_ATTR);
		break;
	case 8: case 9: case 10:
		act_ask(play, ASK_OPEN);
		break;
	case 11: case 12:
		act_time(play);
		break;
	case 13:
		query = pick_query(play);
		if (query->ask.wait)
			ask_cancel(&query->ask);
		break;
	case 14:
		if (play->n_held > 1)
			let_go(play, 1 + feed_below(&play->feed, play->n_held - 1));
		break;
	case 15:
		act_look(play);
		break;
	case 16:
		act_change(play);
		break;
	case 17:
		if (feed_below(&play->feed, 8) == 0)
			tree_refresh(play->world->tree, TREE_ROOT, NULL, NULL);
		else if (feed_below(&play->feed, 4) == 0)
			act_pin(play);
		break;
	default:
		act_answer(play);
	}
}

/* ---- the stage ---- */

static const struct catalogs *built_in(void)
{
	static struct catalogs catalogs;

	if (!catalogs.n)
		catalogs_load_built_in(&catalogs);
	return &catalogs;
}

static void add_things(struct play *play, bool many)
{
	static const struct {
		const char *kind, *parent, *id;
	} things[] = { { "training", NULL, "train-1" }, { "training", NULL, "train-2" }, { "models", NULL, "m-1" },
		{ "versions", "m-1", "mv-1" }, { "services", "m-1", "s-1" }, { "notebooks", NULL, "nb-1" },
		{ "finetuning", NULL, "job-1" }, { "tasks", "job-1", "task-1" }, { "jobs", "1", "2" } };

	for (size_t i = 0; i < COUNT(things); i++)
		cloud_add(&play->cloud, things[i].kind, things[i].parent, things[i].id);
	if (many)
		cloud_add_many(&play->cloud, "training", NULL, "train-9", 60);
}

static void raise_curtain(struct play *play)
{
	static const int64_t ttls_s[] = { -1, -1, 0, 1, 3600 };
	struct setup setup = world_setup();
	uint8_t style = feed_byte(&play->feed);

	setup.catalogs = built_in();
	setup.catalog = style & 1 ? "qianfan" : "tione";
	setup.api_names = style & 2;
	setup.secrets = style & 4;
	setup.stale_s = style & 8 ? 0 : 3600;
	setup.max_memory = style & 16 ? 4096 : SIZE_MAX;
	setup.ttl_s = ttls_s[feed_below(&play->feed, COUNT(ttls_s))];
	play->world = world_open(&setup);
	play->provider = provider_find(play->world->catalog->cloud);
	cloud_open(&play->cloud, play->world, -1);
	play->cloud.lists_models = style & 32;
	add_things(play, style & 64);
	play->held[play->n_held++] = (struct held){ .id = TREE_ROOT };
	tree_ref(play->world->tree, TREE_ROOT, 1);
	put(play, &play->queries[0], ASK_LOOKUP, TREE_ROOT, "training");
	play->training = style & 1 ? 0 : play->queries[0].ask.reply.entry.id;
}

static void fall_curtain(struct play *play)
{
	script_advance(&play->world->script, DEADLINE_MS);
	CHECK(play->world->unanswered == 0);
	while (play->n_held)
		let_go(play, 0);
	world_close(play->world);
	cloud_close(&play->cloud);
	for (size_t i = 0; i < QUERIES; i++)
		free(play->queries[i].name);
	for (size_t i = 0; i < NAMES; i++)
		free(play->names[i]);
	free(play);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct play *play = xcalloc(1, sizeof(*play));

	play->feed = (struct feed){ data, size };
	raise_curtain(play);
	for (int acts = 0; play->feed.left && acts < ACTS; acts++)
		act(play);
	fall_curtain(play);
	return 0;
}
