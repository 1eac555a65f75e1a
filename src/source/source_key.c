/*
 * source_key.c - a source's key, looked at before a call needs it.
 *
 * A mount asks for no key before somebody reads.  But where nothing names one, the machine's own role is all
 * that is left, and on every machine that is not in the cloud there is none: that has to be said when the
 * mount is made, so the metadata service is asked whether it is there and knows of a role, and nothing else.
 */
#include "source/source.h"

#include "client/lease.h"

#include <string.h>

enum { TRY_MS = 10000 };

static const char NO_KEY[] = "no key: set TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, or run "
	"`tccli configure`";

struct visit {
	struct source *source;
	struct errand errand;
	struct fault_note note;
	enum fault fault;
};

static void note_visit(void *arg, struct response *response)
{
	struct visit *visit = arg;

	visit->fault = visit->source->provider->keys->hear(&visit->errand, response, &visit->note);
	loop_stop(visit->source->setting->loop, 0);
}

bool source_find_machine(struct source *source, struct buf *why)
{
	const struct key_site site = { source->setting->config->metadata, source->setting->config->sts };
	struct visit visit = { .source = source, .errand = { .origin = &source->origin, .site = &site } };
	struct io io = http_io(source->setting->http);
	struct request request;

	if (!source->origin.looked_at)
		return true;
	source->provider->keys->ask(&request, &visit.errand, io.wall_s(io.self));
	io.send(io.self, &request, NULL, note_visit, &visit);
	loop_run(source->setting->loop);
	if (visit.fault) {
		buf_printf(why, "%s: %s (describefs doctor %s says where keys are looked for)",
			source->name->written, NO_KEY, source->name->written);
	}
	request_release(&request);
	errand_release(&visit.errand);
	return !visit.fault;
}

struct attempt {
	struct loop *loop;
	bool done;
	struct fault_note note;
};

static void note_end(void *arg, enum fault fault)
{
	struct attempt *attempt = arg;

	(void)fault;
	attempt->done = true;
	loop_stop(attempt->loop, 0);
}

static void note_failure(void *arg, enum fault fault, const struct fault_note *note)
{
	struct attempt *attempt = arg;

	(void)fault;
	attempt->note = *note;
}

/* Until the key is there, or nobody gives one. */
static bool fetch(struct attempt *attempt, struct lease_options *options, int64_t *expires_s)
{
	struct lease_wait wait = { .done = note_end, .arg = attempt };
	const struct credentials *key;

	options->arg = attempt;
	options->failed = note_failure;
	struct lease *lease = lease_new(options);
	enum fault fault = lease_key(lease, &wait, &key);
	while (!fault && !key) {
		attempt->done = false;
		while (!attempt->done)
			loop_run(attempt->loop);
		fault = lease_key(lease, &wait, &key);
	}
	*expires_s = lease_expires_s(lease);
	lease_free(lease);
	return !fault;
}

static bool try_origin(const struct setting *setting, const struct catalog *catalog,
	const struct origin *origin, int64_t *expires_s, struct buf *why)
{
	const struct config *config = setting->config;
	struct http_options http = { .proxy = &config->proxy, .cacert = config->cacert,
		.invoker = keyring_invoker(setting->keyring) };
	struct attempt attempt = { .loop = loop_new() };
	struct http *web = attempt.loop ? http_new(attempt.loop, &http, why) : NULL;
	int64_t clock_offset_s = 0;
	bool found = false;

	if (web) {
		struct lease_options options = {
			.io = http_io(web),
			.provider = provider_find(catalog->cloud),
			.site = { config->metadata, config->sts },
			.origin = origin,
			.deadline_ms = TRY_MS,
			.clock_offset_s = &clock_offset_s,
		};
		found = fetch(&attempt, &options, expires_s);
		const char *metadata = config->metadata ? config->metadata : options.provider->keys->metadata;
		if (!found && origin->looked_at)
			buf_printf(why, "%s; looked at: %s, and this machine has no role (%s: %s)", NO_KEY,
				origin->looked_at, metadata, attempt.note.message);
		else if (!found)
			buf_printf(why, "%s: no key is given: %s%s%s", origin->where, attempt.note.code,
				*attempt.note.code ? ": " : "", attempt.note.message);
	}
	http_free(web);
	loop_free(attempt.loop);
	return found;
}

enum key_trial source_try_key(const struct setting *setting, const struct catalog *catalog,
	const char *profile, struct origin *found, int64_t *expires_s, struct buf *why)
{
	struct origin origin = { 0 };
	struct buf looked;

	buf_init(&looked, 4096);
	bool good = keyring_load(setting->keyring, catalog->cloud, profile, &origin, &looked, why);
	/* where nothing names a key, the machine's role alone is left, or the line begins so */
	bool nowhere = good ? origin.looked_at != NULL : !strncmp(why->data, "no key: ", strlen("no key: "));
	if (!good && looked.len)
		buf_printf(why, "; looked at: %s", looked.data);
	buf_release(&looked);
	*expires_s = origin.expires_s;
	if (good && origin.kind != ORIGIN_KEY)
		good = try_origin(setting, catalog, &origin, expires_s, why);
	if (good)
		origin_move(found, &origin);
	origin_release(&origin);
	return good ? KEY_FOUND : nowhere ? KEY_NOWHERE : KEY_WRONG;
}
