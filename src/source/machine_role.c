/*
 * machine_role.c - tries a source's credentials before the first call needs them.
 *
 * A mount requests no key before a reader needs one.  But if no credentials are named, only the machine's
 * role is left, and most machines have none.  That must fail at the mount, so the metadata service is asked
 * whether it exists and has a role, and nothing else.
 */
#include "source/source.h"

#include "client/credential_cache.h"

#include <string.h>

enum { TRY_MS = 10000 };

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
		.key_exchange = { .source = &source->origin, .site = &site } };
	struct transport io = http_client_transport(source->setting->http_client);
	struct request request;

	if (!source->origin.looked_at)
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

struct attempt {
	struct loop *loop;
	bool done;
	struct error_note note;
};

static void attempt_done(void *arg, enum error error)
{
	struct attempt *attempt = arg;

	(void)error;
	attempt->done = true;
	loop_stop(attempt->loop, 0);
}

static void attempt_failed(void *arg, enum error error, const struct error_note *note)
{
	struct attempt *attempt = arg;

	(void)error;
	attempt->note = *note;
}

/* Runs the loop until the key is fetched, or fetching failed. */
static bool attempt_run(struct attempt *attempt, struct credential_cache_options *options, int64_t *expires_s)
{
	struct credential_cache_waiter wait;
	const struct credentials *key;

	credential_cache_waiter_init(&wait, attempt_done, attempt);
	options->failed_arg = attempt;
	options->failed = attempt_failed;
	struct credential_cache *cache = credential_cache_new(options);
	enum error error = credential_cache_get(cache, &wait, &key);
	while (!error && !key) {
		attempt->done = false;
		while (!attempt->done)
			loop_run(attempt->loop);
		error = credential_cache_get(cache, &wait, &key);
	}
	*expires_s = credential_cache_expires_s(cache);
	credential_cache_free(cache);
	return !error;
}

static bool try_origin(const struct setting *setting, const struct catalog *catalog,
	const struct credential_source *origin, int64_t *expires_s, struct buf *why)
{
	const struct config *config = setting->config;
	struct http_client_options http = { .proxy = &config->network.proxy,
		.cacert = config->network.cacert,
		.invoker = credential_chain_invoker(setting->credential_chain) };
	struct attempt attempt = { .loop = loop_new() };
	struct http_client *web = attempt.loop ? http_client_new(attempt.loop, &http, why) : NULL;
	int64_t clock_offset_s = 0;
	bool found = false;

	if (web) {
		struct credential_cache_options options = {
			.io = http_client_transport(web),
			.provider = provider_find(catalog->cloud),
			.site = { config->network.metadata, config->network.sts },
			.origin = origin,
			.deadline_ms = TRY_MS,
			.clock_offset_s = &clock_offset_s,
		};
		found = attempt_run(&attempt, &options, expires_s);
		const char *metadata = config->network.metadata ? config->network.metadata :
								  options.provider->keys->metadata;
		if (!found && origin->looked_at)
			buf_printf(why, "%s; looked at: %s, and this machine has no role (%s: %s)", NO_KEY,
				origin->looked_at, metadata, attempt.note.message);
		else if (!found)
			buf_printf(why, "%s: no key is given: %s%s%s", origin->where, attempt.note.code,
				*attempt.note.code ? ": " : "", attempt.note.message);
	}
	http_client_free(web);
	loop_free(attempt.loop);
	return found;
}

enum key_trial source_try_key(const struct setting *setting, const struct catalog *catalog,
	const char *profile, struct credential_source *found, int64_t *expires_s, struct buf *why)
{
	struct credential_source origin = { 0 };
	struct buf looked;

	buf_init(&looked, 4096);
	bool good = credential_chain_load(setting->credential_chain, catalog->cloud, profile, &origin,
		&looked, why);
	/* nothing names a key: only the machine's role is left, or the message begins so */
	bool nowhere = good ? origin.looked_at != NULL : !strncmp(why->data, "no key: ", strlen("no key: "));
	if (!good && looked.len)
		buf_printf(why, "; looked at: %s", looked.data);
	buf_release(&looked);
	*expires_s = origin.expires_s;
	if (good && origin.kind != CREDENTIAL_SOURCE_KEY)
		good = try_origin(setting, catalog, &origin, expires_s, why);
	if (good)
		credential_source_move(found, &origin);
	credential_source_release(&origin);
	return good ? KEY_FOUND : nowhere ? KEY_NOWHERE : KEY_WRONG;
}
