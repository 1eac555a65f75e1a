/*
 * doctor.c - the questions that a bug report would begin with, answered beforehand.
 *
 * For each source: whether a key is found, and until when it is good; whether the endpoint answers (a bare
 * question, whose Date shows how far our clock is off); and one signed call, the first page of a list, which
 * is what reading anything will need.
 */
#include "doctor.h"

#include "base/timestamp.h"
#include "failure.h"
#include "doctor_check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CLOCK_OK_S = 60, CLOCK_BAD_S = 300 }; /* the clouds allow five minutes */

/*
 * False: there is none.  Where the source was not named, a cloud that has no key is one that the user does
 * not use, and no problem.
 */
static bool look_at_key(struct doctor_checks *findings, const struct setting *setting,
	const struct catalog *catalog, const char *profile)
{
	bool is_named = setting->config->n_sources;
	struct credential_source key = { 0 };
	int64_t expires_s;
	struct buf text;

	buf_init(&text, 4096);
	enum key_trial trial = source_try_key(setting, catalog, profile, &key, &expires_s, &text);
	bool is_unused = trial == KEY_NOWHERE && !is_named;
	if (trial == KEY_FOUND)
		buf_puts(&text, key.where);
	if (trial == KEY_FOUND && expires_s && buf_puts(&text, ", until "))
		timestamp_format(&text, expires_s);
	if (is_unused) {
		char *why = buf_take(&text);
		buf_printf(&text, "not set up: %s", why);
		free(why);
	}
	finding_say(findings, trial == KEY_FOUND || is_unused ? FINDING_OK : FINDING_PROBLEM, "key",
		text.data);
	findings->set_up |= !is_unused;
	credential_source_release(&key);
	buf_release(&text);
	return trial == KEY_FOUND;
}

struct visit {
	struct loop *loop;
	enum error error;
	char detail[160];
	char date[40];
	int64_t server_s;
	bool dated;
};

static void note_visit(void *arg, struct response *response)
{
	struct visit *visit = arg;

	visit->error = response->error;
	memcpy(visit->detail, response->detail, sizeof(visit->detail));
	visit->dated = timestamp_parse_http(response->date, &visit->server_s);
	loop_stop(visit->loop, 0);
}

static void look_at_clock(struct doctor_checks *findings, const struct visit *visit)
{
	int64_t off_s = visit->server_s - (int64_t)time(NULL);
	char text[128];

	if (!visit->dated) {
		finding_say(findings, FINDING_WARNING, "clock", "the answer had no Date to compare with");
		return;
	}
	snprintf(text, sizeof(text), "the server's is %+" PRId64 " s from ours%s", off_s,
		llabs(off_s) > CLOCK_BAD_S ?
			"; signatures expire: set the clock (the mount corrects for it)" :
			"");
	finding_say(findings, llabs(off_s) <= CLOCK_OK_S ? FINDING_OK : FINDING_WARNING, "clock", text);
}

static void look_at_endpoint(struct doctor_checks *findings, const struct setting *setting,
	const char *endpoint)
{
	struct http_options options = { .proxy = &setting->config->proxy, .cacert = setting->config->cacert };
	struct visit visit = { .loop = loop_new() };
	struct request request;
	struct buf why;

	buf_init(&why, 1024);
	struct http *http = visit.loop ? http_new(visit.loop, &options, &why) : NULL;
	if (!http) {
		finding_say(findings, FINDING_PROBLEM, "network", why.data);
	} else {
		struct transport io = http_io(http);
		request_init(&request);
		request.method = xstrdup("GET");
		request.base = xstrdup(endpoint);
		request.path = xstrdup("/");
		request.query = xstrdup("");
		request.timeout_ms = 5000;
		io.send(io.self, &request, NULL, note_visit, &visit);
		request_release(&request);
		loop_run(visit.loop);
		buf_printf(&why, "%s %s", endpoint, visit.error ? visit.detail : "answers");
		finding_say(findings, visit.error ? FINDING_PROBLEM : FINDING_OK, "endpoint", why.data);
		if (!visit.error)
			look_at_clock(findings, &visit);
	}
	http_free(http);
	loop_free(visit.loop);
	buf_release(&why);
}

/* ---- one signed call ---- */

/* The list that costs least to ask: one of the top that is there for sure. */
static const struct kind *listable(const struct catalog *catalog)
{
	for (size_t i = 0; i < catalog->n_kinds; i++) {
		const struct kind *kind = catalog->kinds[i];
		if (!kind->parent && !kind->partial && (kind->list.name || kind->list.path))
			return kind;
	}
	return NULL;
}

struct attempt {
	struct loop *loop;
	struct reply reply;
};

static void note_reply(void *arg, const struct reply *reply)
{
	struct attempt *attempt = arg;

	attempt->reply = *reply;
	loop_stop(attempt->loop, 0);
}

static void ask_for_list(struct doctor_checks *findings, struct source *source, const struct kind *kind)
{
	struct attempt attempt = { .loop = source->setting->loop };
	uint64_t noted = engine_journal(source->engine)->count;
	struct buf text;

	engine_ask(source->engine, ASK_LOOKUP, tree_root(source->tree), kind->name, 0, note_reply, &attempt);
	loop_run(attempt.loop);
	uint64_t id = attempt.reply.entry.id;
	tree_ref(source->tree, id, 1);
	engine_read(source->engine, id, 0, 0, note_reply, &attempt);
	loop_run(attempt.loop);
	buf_init(&text, 4096);
	buf_puts(&text, kind->list.name ? kind->list.name : kind->list.path);
	if (attempt.reply.outcome == RESULT_FOUND) {
		buf_puts(&text, " was answered");
	} else {
		buf_printf(&text, " failed: %s", strerror(error_errno(attempt.reply.error)));
		failure_add(&text, source, attempt.reply.error, noted);
	}
	finding_say(findings, attempt.reply.outcome == RESULT_FOUND ? FINDING_OK : FINDING_PROBLEM, "call",
		text.data);
	buf_release(&text);
}

static void look_at_call(struct doctor_checks *findings, struct setting *setting,
	const struct source_name *name, const struct catalog *catalog)
{
	const struct kind *kind = listable(catalog);
	struct source source;
	struct buf why;

	if (!kind) {
		finding_say(findings, FINDING_OK, "call", "there is no list to be asked for");
		return;
	}
	buf_init(&why, 4096);
	source_init(&source, setting, name, 0);
	if (source_prepare(&source, &why) && source_start(&source, &why))
		ask_for_list(findings, &source, kind);
	else
		finding_say(findings, FINDING_PROBLEM, "call", why.data);
	source_release(&source);
	buf_release(&why);
}

/* ---- all of it ---- */

enum { STEPS = 3 }; /* of the progress bar, for each source */

/* The source as it was written, and the section of the config file that names it. */
static void say_source(struct doctor_checks *findings, const struct config *config, const char *written)
{
	struct buf text;

	buf_init(&text, 4096);
	buf_puts(&text, written);
	if (config->section)
		buf_printf(&text, " [%s]", config->section);
	finding_say(findings, FINDING_OK, "catalog", text.data);
	buf_release(&text);
}

static void refuse_source(struct doctor_checks *findings, const struct setting *setting, const char *written)
{
	struct buf why;

	buf_init(&why, 4096);
	catalogs_refuse(&setting->catalogs, written, &why);
	config_add_near_verb(written, &why);
	finding_say(findings, FINDING_PROBLEM, "catalog", why.data);
	buf_release(&why);
	findings->done += STEPS;
}

static void begin_step(struct doctor_checks *findings, const char *what)
{
	progress_show(&findings->progress, findings->done++, findings->total, what);
}

static void look_at_source(struct doctor_checks *findings, struct setting *setting,
	const struct source_name *name)
{
	const struct config *config = setting->config;
	const struct catalog *catalog = catalogs_find(&setting->catalogs, name->catalog);

	if (!catalog) {
		refuse_source(findings, setting, name->written);
		return;
	}
	say_source(findings, config, name->written);
	bool problem_before = findings->problem;
	findings->problem = false;
	begin_step(findings, "key");
	bool has_key = look_at_key(findings, setting, catalog, name->profile);
	begin_step(findings, "endpoint");
	if (has_key || config->n_sources)
		look_at_endpoint(findings, setting, config->endpoint ? config->endpoint : catalog->endpoint);
	begin_step(findings, "a signed call");
	if (has_key && !findings->problem)
		look_at_call(findings, setting, name, catalog);
	findings->problem |= problem_before;
}

static void say_mistakes(struct doctor_checks *findings, const char *what, const struct texts *mistakes)
{
	for (size_t i = 0; i < mistakes->n; i++)
		finding_say(findings, FINDING_PROBLEM, what, mistakes->v[i]);
}

/* The files of the user and of the machine that were read, and the variables that are not used. */
static void look_at_files(struct doctor_checks *findings, const struct setting *setting,
	const struct texts *broken)
{
	const struct config *config = setting->config;
	const char *proxy = credential_chain_ignored_proxy(setting->credential_chain);
	struct buf text;

	buf_init(&text, 4096);
	say_mistakes(findings, "config", &config->mistakes);
	if (!config->mistakes.n)
		finding_say(findings, FINDING_OK, "config",
			config->files ? config->files : "there is no file");
	say_mistakes(findings, "catalogs", broken);
	for (size_t i = 0; i < setting->catalogs.n; i++)
		buf_printf(&text, "%s%s", i ? " " : "", setting->catalogs.v[i]->name);
	if (!broken->n)
		finding_say(findings, FINDING_OK, "catalogs", text.data);
	buf_clear(&text);
	if (proxy && !config->proxy.url) {
		buf_printf(&text, "%s is set and is not used: name the proxy with -o proxy=", proxy);
		finding_say(findings, FINDING_WARNING, "proxy", text.data);
	}
	buf_release(&text);
}

/* With the options of one mount: its address, proxy and certificates. */
static void look_at_mounts_sources(struct doctor_checks *findings, struct sources *sources,
	const struct config *config)
{
	struct buf why;

	sources->setting.config = config;
	buf_init(&why, 1024);
	if (!sources_connect(sources, &why)) {
		finding_say(findings, FINDING_PROBLEM, "network", why.data);
		findings->done += STEPS * config->n_sources;
	}
	for (size_t i = 0; sources->setting.http && i < config->n_sources; i++)
		look_at_source(findings, &sources->setting, &config->sources[i]);
	buf_release(&why);
}

static bool is_named(const struct config *config, const char *catalog)
{
	for (size_t i = 0; i < config->n_sources; i++)
		if (!strcmp(config->sources[i].catalog, catalog))
			return true;
	for (size_t i = 0; i < config->n_sections; i++)
		if (is_named(&config->sections[i], catalog))
			return true;
	return false;
}

static size_t count_steps(const struct config *config, const struct catalogs *catalogs)
{
	size_t n = config->n_sources;

	for (size_t i = 0; i < config->n_sections; i++)
		n += config->sections[i].n_sources;
	for (size_t i = 0; !config->n_sources && i < catalogs->n; i++)
		n += !is_named(config, catalogs->v[i]->name);
	return n * STEPS;
}

/* The source, or the sections' and then each catalog that none of them names. */
static void look_at_sources(struct doctor_checks *findings, struct sources *sources)
{
	const struct config *config = sources->setting.config;
	const struct catalogs *catalogs = &sources->setting.catalogs;

	findings->total = count_steps(config, catalogs);
	for (size_t i = 0; i < config->n_sections; i++)
		look_at_mounts_sources(findings, sources, &config->sections[i]);
	look_at_mounts_sources(findings, sources, config);
	for (size_t i = 0; sources->setting.http && !config->n_sources && i < catalogs->n; i++) {
		char *name = catalogs->v[i]->name;
		if (!is_named(config, name))
			look_at_source(findings, &sources->setting,
				&(struct source_name){ .written = name, .catalog = name });
	}
	if (sources->setting.http && !findings->set_up)
		finding_say(findings, FINDING_PROBLEM, "key", "no source has one: set up one of those above");
}

int doctor_run(struct sources *sources, const struct texts *broken)
{
	struct doctor_checks findings = { 0 };

	progress_begin(&findings.progress);
	doctor_look_at_machine(&findings);
	look_at_files(&findings, &sources->setting, broken);
	look_at_sources(&findings, sources);
	progress_hide(&findings.progress);
	return output_end(&findings.output, findings.problem);
}
