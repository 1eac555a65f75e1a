/*
 * machine_role.c - tries a source's credentials before the first call needs them.
 *
 * A mount requests no key before a reader needs one. But if no credentials are named, only the machine's
 * role is left, and most machines have none. That must fail at the mount, so the metadata service is asked
 * whether it exists and has a role, and nothing else.
 */
#include "source/source.h"

#include "client/credential_cache.h"

#include <string.h>

static const char NO_KEY[] = "no key: set TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, or run "
			     "`tccli configure`";

struct role_request {
	struct source *source;
	struct key_exchange key_exchange;
	struct error_note note;
	enum error error;
};

static void role_answered(void *arg, struct response *response)
{
	struct role_request *role = arg;

	role->error = role->source->provider->keys->response(&role->key_exchange, response, &role->note);
	loop_stop(role->source->setting->loop, 0);
}

bool source_find_machine(struct source *source, struct buf *why)
{
	const struct key_site site = { source->setting->config->network.metadata,
		source->setting->config->network.sts };
	struct role_request role = { .source = source,
		.key_exchange = { .source = &source->credential_source, .site = &site } };
	struct transport io = http_client_transport(source->setting->http_client);
	struct request request;

	if (!source->credential_source.looked_at)
		return true;
	source->provider->keys->request(&request, &role.key_exchange, io.wall_s(io.self));
	io.send(io.self, &request, NULL, role_answered, &role);
	loop_run(source->setting->loop);
	if (role.error) {
		buf_printf(why, "%s: %s (describefs doctor %s says where keys are looked for)",
			source->name->written, NO_KEY, source->name->written);
	}
	request_release(&request);
	key_exchange_release(&role.key_exchange);
	return !role.error;
}

struct key_trial {
	struct loop *loop;
	bool done;
	struct error_note note;
};

static void key_trial_done(void *arg, enum error error)
{
	struct key_trial *trial = arg;

	(void)error;
	trial->done = true;
	loop_stop(trial->loop, 0);
}

static void key_trial_failed(void *arg, enum error error, const struct error_note *note)
{
	struct key_trial *trial = arg;

	(void)error;
	trial->note = *note;
}

/* Runs the loop until the key is fetched, or fetching failed. */
static bool key_trial_run(struct key_trial *trial, struct credential_cache_options *options,
	int64_t *expires_s)
{
	struct credential_cache_waiter wait;
	const struct credentials *key;

	credential_cache_waiter_init(&wait, key_trial_done, trial);
	options->failed_arg = trial;
	options->failed = key_trial_failed;
	struct credential_cache *cache = credential_cache_new(options);
	enum error error = credential_cache_get(cache, &wait, &key);
	while (!error && !key) {
		trial->done = false;
		while (!trial->done)
			loop_run(trial->loop);
		error = credential_cache_get(cache, &wait, &key);
	}
	*expires_s = credential_cache_expires_s(cache);
	credential_cache_free(cache);
	return !error;
}

/* Fetches the key of a source that names none itself. */
static bool fetch_key(const struct setting *setting, const struct catalog *catalog,
	const struct credential_source *source, int64_t *expires_s, struct buf *why)
{
	const struct config *config = setting->config;
	struct key_trial trial = { .loop = setting->loop };
	int64_t clock_offset_s = 0;
	struct credential_cache_options options = {
		.io = http_client_transport(setting->http_client),
		.provider = provider_find(catalog->cloud),
		.site = { config->network.metadata, config->network.sts },
		.credential_source = source,
		.deadline_ms = config->limits.deadline_ms,
		.clock_offset_s = &clock_offset_s,
	};
	const char *metadata = config->network.metadata ? config->network.metadata :
							  options.provider->keys->metadata;

	if (key_trial_run(&trial, &options, expires_s))
		return true;
	if (source->looked_at)
		buf_printf(why, "%s; looked at: %s, and this machine has no role (%s: %s)", NO_KEY,
			source->looked_at, metadata, trial.note.message);
	else
		buf_printf(why, "%s: the key cannot be fetched: %s%s%s", source->where, trial.note.code,
			*trial.note.code ? ": " : "", trial.note.message);
	return false;
}

enum lookup_result source_try_key(const struct setting *setting, const struct catalog *catalog,
	const char *profile, struct credential_source *found, int64_t *expires_s, struct buf *why)
{
	struct credential_source source = { 0 };
	struct buf looked;

	buf_init(&looked, 4096);
	enum lookup_result result = credential_chain_load(setting->credential_chain, catalog->cloud, profile,
		&source, &looked, why);
	bool is_found = result == LOOKUP_FOUND;
	if (!is_found && looked.len)
		buf_printf(why, "; looked at: %s", looked.data);
	buf_release(&looked);
	bool is_named = result == LOOKUP_INVALID || (is_found && !source.looked_at);
	*expires_s = source.expires_s;
	if (is_found && source.kind != CREDENTIAL_SOURCE_KEY)
		is_found = fetch_key(setting, catalog, &source, expires_s, why);
	if (is_found)
		credential_source_move(found, &source);
	credential_source_release(&source);
	return is_found ? LOOKUP_FOUND : is_named ? LOOKUP_INVALID : LOOKUP_NONE;
}
