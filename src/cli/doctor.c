/*
 * doctor.c - `describefs doctor`: checks what a mount needs.
 *
 * For each source: whether credentials are found, and when they expire; whether the endpoint answers an
 * unsigned request, whose Date shows the clock's error; and one signed call, the first page of a list.
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

enum {
	CHECK_MS = 5000,
	CLOCK_OK_S = 60,
	CLOCK_BAD_S = 300 /* the clouds accept an error of 300 s */
};

/*
 * Returns false if there are no credentials. If no source was named, that is no problem: the user does not
 * use this cloud.
 */
static bool check_key(struct doctor *doctor, const struct setting *setting, const struct catalog *catalog,
	const char *profile)
{
	bool is_named = setting->config->n_sources;
	struct credential_source key = { 0 };
	int64_t expires_s;
	struct buf text;

	buf_init(&text, 4096);
	enum lookup_result result = source_try_key(setting, catalog, profile, &key, &expires_s, &text);
	bool is_found = result == LOOKUP_FOUND, is_unused = result == LOOKUP_NONE && !is_named;
	if (is_found)
		buf_puts(&text, key.where);
	if (is_found && expires_s && buf_puts(&text, ", until "))
		timestamp_format(&text, expires_s);
	if (is_unused) {
		char *why = buf_take(&text);
		buf_printf(&text, "not set up: %s", why);
		free(why);
	}
	doctor_check(doctor, is_found || is_unused ? CHECK_OK : CHECK_PROBLEM, "key", text.data);
	doctor->set_up |= !is_unused;
	credential_source_release(&key);
	buf_release(&text);
	return is_found;
}

struct visit {
	struct loop *loop;
	enum error error;
	char detail[160];
	char date[40];
	int64_t server_s;
	bool dated;
};

static void visit_done(void *arg, struct response *response)
{
	struct visit *visit = arg;

	visit->error = response->error;
	memcpy(visit->detail, response->detail, sizeof(visit->detail));
	visit->dated = timestamp_parse_http(response->date, &visit->server_s);
	loop_stop(visit->loop, 0);
}

static void check_clock(struct doctor *doctor, const struct visit *visit)
{
	int64_t off_s = visit->server_s - (int64_t)time(NULL);
	char text[128];

	if (!visit->dated) {
		doctor_check(doctor, CHECK_WARNING, "clock",
			"the endpoint's answer has no Date to compare with");
		return;
	}
	snprintf(text, sizeof(text), "the server's is %+" PRId64 " s from ours%s", off_s,
		llabs(off_s) > CLOCK_BAD_S ? "; set the clock (a mount corrects the difference itself)" : "");
	doctor_check(doctor, llabs(off_s) <= CLOCK_OK_S ? CHECK_OK : CHECK_WARNING, "clock", text);
}

/* How long an endpoint, or all mounts together, may take to answer. Key and call have the whole deadline. */
static int64_t check_limit_ms(const struct config *config)
{
	return config->limits.deadline_ms < CHECK_MS ? config->limits.deadline_ms : CHECK_MS;
}

/* The result is in *visit once the loop has ended. */
static void visit_endpoint(struct visit *visit, const struct setting *setting, const char *endpoint)
{
	struct transport io = http_client_transport(setting->http_client);
	struct request request;

	request_init(&request);
	request.method = xstrdup("GET");
	request.base = xstrdup(endpoint);
	request.path = xstrdup("/");
	request.query = xstrdup("");
	request.timeout_ms = check_limit_ms(setting->config);
	io.send(io.self, &request, NULL, visit_done, visit);
	request_release(&request);
	loop_run(visit->loop);
}

static void check_endpoint(struct doctor *doctor, const struct setting *setting, const char *endpoint)
{
	struct visit visit = { .loop = setting->loop };
	struct buf text;

	buf_init(&text, 4096);
	visit_endpoint(&visit, setting, endpoint);
	if (visit.error) {
		buf_printf(&text, "%s: %s: %s", endpoint, strerror(error_errno(visit.error)), visit.detail);
		failure_advise(&text, visit.error);
	} else {
		buf_printf(&text, "%s answers", endpoint);
	}
	doctor_check(doctor, visit.error ? CHECK_PROBLEM : CHECK_OK, "endpoint", text.data);
	if (!visit.error)
		check_clock(doctor, &visit);
	buf_release(&text);
}

/* ---- one signed call ---- */

/* A kind at the top whose list needs one call. */
static const struct kind *listable(const struct catalog *catalog)
{
	for (size_t i = 0; i < catalog->n_kinds; i++) {
		const struct kind *kind = catalog->kinds[i];
		if (!kind->parent && !kind->partial && action_exists(&kind->list))
			return kind;
	}
	return NULL;
}

static void check_list(struct doctor *doctor, struct source *source, const struct kind *kind)
{
	uint64_t noted = source_journal(source)->count;
	const struct reply reply = source_try_list(source, kind);
	struct buf text;

	buf_init(&text, 4096);
	buf_puts(&text, action_name(&kind->list));
	if (reply.outcome == RESULT_FOUND) {
		buf_puts(&text, " succeeded");
	} else {
		buf_printf(&text, " failed: %s", strerror(error_errno(reply.error)));
		failure_add(&text, source, reply.error, noted);
	}
	doctor_check(doctor, reply.outcome == RESULT_FOUND ? CHECK_OK : CHECK_PROBLEM, "call", text.data);
	buf_release(&text);
}

static void check_call(struct doctor *doctor, struct setting *setting, const struct source_name *name,
	const struct catalog *catalog)
{
	const struct kind *kind = listable(catalog);
	struct source source;
	struct buf why;

	if (!kind) {
		doctor_check(doctor, CHECK_OK, "call", "skipped: this catalog has no list call");
		return;
	}
	buf_init(&why, 4096);
	source_init(&source, setting, name, 0);
	if (source_prepare(&source, &why) && source_start(&source, &why))
		check_list(doctor, &source, kind);
	else
		doctor_check(doctor, CHECK_PROBLEM, "call", why.data);
	source_release(&source);
	buf_release(&why);
}

/* ---- all checks ---- */

enum { STEPS = 3 }; /* of the progress bar, for each source */

/* The source as written, and the section of the config file that names it. */
static void report_source(struct doctor *doctor, const struct config *config, const char *written)
{
	struct buf text;

	buf_init(&text, 4096);
	buf_puts(&text, written);
	if (config->section)
		buf_printf(&text, " [%s]", config->section);
	doctor_check(doctor, CHECK_OK, "catalog", text.data);
	buf_release(&text);
}

static void refuse_source(struct doctor *doctor, const struct setting *setting, const char *written)
{
	struct buf why;

	buf_init(&why, 4096);
	catalogs_refuse(&setting->catalogs, written, &why);
	config_add_near_verb(written, &why);
	doctor_check(doctor, CHECK_PROBLEM, "catalog", why.data);
	buf_release(&why);
	doctor->done += STEPS;
}

static void begin_step(struct doctor *doctor, const char *what)
{
	progress_show(&doctor->progress, doctor->done++, doctor->total, what);
}

static void check_source(struct doctor *doctor, struct setting *setting, const struct source_name *name)
{
	const struct config *config = setting->config;
	const struct catalog *catalog = catalogs_find(&setting->catalogs, name->catalog);

	if (!catalog) {
		refuse_source(doctor, setting, name->written);
		return;
	}
	report_source(doctor, config, name->written);
	bool problem_before = doctor->problem;
	doctor->problem = false;
	begin_step(doctor, "key");
	bool has_key = check_key(doctor, setting, catalog, name->profile);
	begin_step(doctor, "endpoint");
	if (has_key || config->n_sources)
		check_endpoint(doctor, setting,
			config->network.endpoint ? config->network.endpoint : catalog->endpoint);
	begin_step(doctor, "a signed call");
	if (has_key && !doctor->problem)
		check_call(doctor, setting, name, catalog);
	doctor->problem |= problem_before;
}

static void report_mistakes(struct doctor *doctor, const char *what, const struct texts *mistakes)
{
	for (size_t i = 0; i < mistakes->n; i++)
		doctor_check(doctor, CHECK_PROBLEM, what, mistakes->v[i]);
}

/* The config files and catalogs that were read, and proxy variables that are ignored. */
static void check_files(struct doctor *doctor, const struct setting *setting, const struct texts *broken)
{
	const struct config *config = setting->config;
	const char *proxy = credential_chain_ignored_proxy(setting->credential_chain);
	struct buf text;

	buf_init(&text, 4096);
	report_mistakes(doctor, "config", &config->mistakes);
	if (!config->mistakes.n)
		doctor_check(doctor, CHECK_OK, "config", config->files ? config->files : "there is no file");
	report_mistakes(doctor, "catalogs", broken);
	for (size_t i = 0; i < setting->catalogs.n; i++)
		buf_printf(&text, "%s%s", i ? " " : "", setting->catalogs.v[i]->name);
	if (!broken->n)
		doctor_check(doctor, CHECK_OK, "catalogs", text.data);
	buf_clear(&text);
	if (proxy && !config->network.proxy.url) {
		buf_printf(&text, "%s is set and is not used: name the proxy with -o proxy=", proxy);
		doctor_check(doctor, CHECK_WARNING, "proxy", text.data);
	}
	buf_release(&text);
}

/* Checks the sources of one mount with its endpoint, proxy and certificates. */
static void check_mounts_sources(struct doctor *doctor, struct sources *sources, const struct config *config)
{
	struct buf why;

	sources->setting.config = config;
	buf_init(&why, 1024);
	if (!sources_connect(sources, &why)) {
		doctor_check(doctor, CHECK_PROBLEM, "network", why.data);
		doctor->done += STEPS * config->n_sources;
	}
	for (size_t i = 0; sources->setting.http_client && i < config->n_sources; i++)
		check_source(doctor, &sources->setting, &config->sources[i]);
	buf_release(&why);
}

static bool config_names(const struct config *config, const char *catalog)
{
	for (size_t i = 0; i < config->n_sources; i++)
		if (!strcmp(config->sources[i].catalog, catalog))
			return true;
	for (size_t i = 0; i < config->n_sections; i++)
		if (config_names(&config->sections[i], catalog))
			return true;
	return false;
}

static size_t doctor_count_steps(const struct config *config, const struct catalogs *catalogs)
{
	size_t n = config->n_sources;

	for (size_t i = 0; i < config->n_sections; i++)
		n += config->sections[i].n_sources;
	for (size_t i = 0; !config->n_sources && i < catalogs->n; i++)
		n += !config_names(config, catalogs->v[i]->name);
	return n * STEPS;
}

/* Checks the named sources, or those of the config's sections and then each catalog that no section names. */
static void check_sources(struct doctor *doctor, struct sources *sources)
{
	const struct config *config = sources->setting.config;
	const struct catalogs *catalogs = &sources->setting.catalogs;

	doctor->total = doctor_count_steps(config, catalogs);
	for (size_t i = 0; i < config->n_sections; i++)
		check_mounts_sources(doctor, sources, &config->sections[i]);
	check_mounts_sources(doctor, sources, config);
	for (size_t i = 0; sources->setting.http_client && !config->n_sources && i < catalogs->n; i++) {
		char *name = catalogs->v[i]->name;
		if (!config_names(config, name))
			check_source(doctor, &sources->setting,
				&(struct source_name){ .written = name, .catalog = name });
	}
	if (sources->setting.http_client && !config->n_sources && !doctor->set_up)
		doctor_check(doctor, CHECK_PROBLEM, "key",
			"no source has credentials: set up one of the sources above");
}

int doctor_run(struct sources *sources, const struct texts *broken)
{
	struct doctor doctor = { 0 };

	progress_begin(&doctor.progress);
	doctor_check_machine(&doctor, check_limit_ms(sources->setting.config));
	check_files(&doctor, &sources->setting, broken);
	check_sources(&doctor, sources);
	progress_hide(&doctor.progress);
	return output_end(&doctor.output, doctor.problem);
}
