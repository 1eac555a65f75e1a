/*
 * engine_credentials.c - the engine's credential cache: where it looks, and what it does with a failure.
 */
#include "fetch.h"

/* It is in no directory's way: the journal's path says whose it is. */
static void note_key_failure(void *arg, enum error error, const struct error_note *note)
{
	struct engine *engine = arg;

	engine->stats.failures++;
	journal_add(&engine->journal, engine_wall_s(engine), "(key)", 0, error, note);
}

static bool look_for_key(void *arg, struct credential_source *out, struct buf *why)
{
	const struct engine_options *options = &((const struct engine *)arg)->options;

	return options->look(options->key_arg, out, why);
}

static bool renew_key(void *arg, struct credential_source *out)
{
	const struct engine_options *options = &((const struct engine *)arg)->options;

	return options->renew(options->key_arg, out);
}

static void trace_key(void *arg, const char *line)
{
	const struct engine_options *options = &((const struct engine *)arg)->options;

	options->trace(options->trace_arg, line);
}

struct credential_cache *engine_credentials_new(struct engine *engine)
{
	const struct engine_options *options = &engine->options;
	struct credential_cache_options cache = {
		.io = options->io,
		.provider = options->provider,
		.site = options->key_site,
		.origin = options->origin,
		.deadline_ms = options->deadline_ms,
		.clock_offset_s = &engine->stats.clock_offset_s,
		.seed = options->seed,
		.look = options->look ? look_for_key : NULL,
		.renew = options->renew ? renew_key : NULL,
		.failed = note_key_failure,
		.trace = options->trace ? trace_key : NULL,
		.arg = engine,
	};

	return credential_cache_new(&cache);
}
