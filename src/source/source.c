/*
 * source.c - one source: from a name on the command line to a running engine.
 *
 * In two steps, because the daemon forks between them: first all that can fail with a message to the user,
 * then what does not survive a fork (epoll, libcurl).
 */
#include "source/source.h"

#include "net/address.h"
#include "sys/output.h"
#include "catalog/catalog_help.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

void source_init(struct source *source, struct setting *setting, const struct source_name *name,
	unsigned number)
{
	*source = (struct source){ .setting = setting, .name = name, .number = number };
	buf_init(&source->region, 256);
	buf_init(&source->endpoint, 1024);
	buf_init(&source->readme, SIZE_MAX);
}

static bool source_find_catalog(struct source *source, struct buf *why)
{
	const struct source_name *name = source->name;

	source->catalog = catalogs_find(&source->setting->catalogs, name->catalog);
	if (!source->catalog) {
		catalogs_refuse(&source->setting->catalogs, name->written, why);
		config_add_near_verb(name->catalog, why);
		return false;
	}
	source->provider = provider_find(source->catalog->cloud);
	if (!source->provider)
		buf_printf(why, "%s: its cloud \"%s\" is not supported", source->catalog->name,
			source->catalog->cloud);
	return source->provider;
}

static bool source_find_region(struct source *source, struct buf *why)
{
	const struct source_name *name = source->name;
	struct buf reason;

	if (!source->catalog->region) {
		if (name->region)
			buf_printf(why, "%s: %s has no regions", name->written, name->catalog);
		return !name->region;
	}
	if (name->region)
		return buf_puts(&source->region, name->region);
	buf_init(&reason, 4096);
	bool good = credential_chain_region(source->setting->credential_chain, source->catalog->cloud,
		name->profile, &source->region, &reason);
	if (!good)
		buf_printf(why, "%s: %s", name->written, reason.data);
	buf_release(&reason);
	return good && (source->region.len || buf_puts(&source->region, source->catalog->region));
}

static bool source_load_key(void *arg, struct credential_source *out, struct buf *why)
{
	const struct source *source = arg;

	return credential_chain_load(source->setting->credential_chain, source->catalog->cloud,
		       source->name->profile, out, NULL, why) == LOOKUP_FOUND;
}

/* If named credentials are removed, the machine's role must not replace them: it is another account. */
static bool source_reload_key(void *arg, struct credential_source *out, struct buf *why)
{
	const struct source *source = arg;
	struct credential_source found = { 0 };
	bool good = source_load_key(arg, &found, why);

	if (good && found.looked_at && !source->credential_source.looked_at && !source->keyless) {
		buf_printf(why, "the key has disappeared; looked at: %s", found.looked_at);
		good = false;
	}
	if (good)
		credential_source_move(out, &found);
	credential_source_release(&found);
	return good;
}

/* Reads changed credential files again. If a file is half-written, the next call tries again. */
static bool source_renew_key(void *arg, struct credential_source *out)
{
	struct source *source = arg;
	uint64_t mark = credential_chain_mark(source->setting->credential_chain, source->catalog->cloud,
		source->name->profile);
	struct buf ignored;

	if (!mark || mark == source->key_mark)
		return false;
	buf_init(&ignored, 4096);
	bool found = source_reload_key(source, out, &ignored);
	buf_release(&ignored);
	if (found)
		source->key_mark = mark;
	return found;
}

static uint64_t random_seed(void)
{
	uint64_t seed = 0;

	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != (ssize_t)sizeof(seed))
		seed = (uint64_t)getpid(); /* only before the kernel's generator is seeded */
	return seed;
}

/* Without -o secrets no value is hashed, and no key is needed. */
static bool make_hash_key(struct source *source, struct buf *why)
{
	if (!source->setting->config->tree.secrets ||
		getrandom(source->hash_key, SNAPSHOT_KEY_BYTES, 0) == SNAPSHOT_KEY_BYTES)
		return true;
	buf_printf(why, "secrets: no random bytes: %s", strerror(errno));
	return false;
}

static bool plant_tree(struct source *source)
{
	const struct config *config = source->setting->config;
	struct tree_options options = {
		.catalog = source->catalog,
		.api_names = config->tree.api_names,
		.secrets = config->tree.secrets,
		.key = source->hash_key,
		.ttl_ms = config->limits.ttl_ms,
		.stale_ms = config->limits.stale_ms,
		.max_memory = config->limits.max_memory / (source->number ? config->n_sources : 1),
		.seed = random_seed(),
		.number = source->number,
	};

	catalog_help_readme(&source->readme, source->catalog);
	if (source->readme.full)
		return false;
	options.readme = source->readme.data; /* appending to the buffer moves it */
	source->tree = tree_new(&options);
	return true;
}

/* Each call looks for credentials again; this is their source until some are found. */
static void source_do_without_key(struct source *source)
{
	source->credential_source = (struct credential_source){ .kind = CREDENTIAL_SOURCE_MACHINE,
		.where = xstrdup("nowhere") };
	source->keyless = true;
}

static void source_warn(const struct source *source, const struct buf *reason)
{
	struct buf line;

	buf_init(&line, SIZE_MAX);
	buf_printf(&line, "%s: %s", source->name->written, reason->data);
	output_complain(line.data);
	buf_release(&line);
}

static bool source_find_key(struct source *source, struct buf *why)
{
	struct buf reason;

	buf_init(&reason, 4096);
	bool found = source_load_key(source, &source->credential_source, &reason);
	if (!found && source->number)
		source_warn(source, &reason);
	else if (!found)
		buf_printf(why, "%s: %s", source->name->written, reason.data);
	buf_release(&reason);
	source->key_mark = credential_chain_mark(source->setting->credential_chain, source->catalog->cloud,
		source->name->profile);
	if (!found && source->number)
		source_do_without_key(source);
	return found || source->number;
}

bool source_prepare(struct source *source, struct buf *why)
{
	const struct config *config = source->setting->config;

	if (!source_find_catalog(source, why) || !source_find_region(source, why) ||
		!source_find_key(source, why))
		return false;
	const char *endpoint = config->network.endpoint ? config->network.endpoint :
							  source->catalog->endpoint;
	if (!address_normal(&source->endpoint, endpoint, REACH_SELF)) {
		buf_printf(why, "%s: the catalog's endpoint %s is not https://HOST[:PORT]",
			source->name->written, endpoint);
		return false;
	}
	return make_hash_key(source, why) && plant_tree(source);
}

static bool source_is_owner(void *arg, unsigned uid)
{
	return config_is_owner(((const struct source *)arg)->setting->config, uid);
}

static void print_trace(void *arg, const char *line)
{
	(void)arg;
	output_complain(line);
}

/* If nothing names credentials; one of several sources may have none. */
static bool try_machine(struct source *source, struct buf *why)
{
	if (source_find_machine(source, why))
		return true;
	if (!source->number)
		return false;
	output_complain(why->data);
	buf_clear(why);
	return true;
}

bool source_start(struct source *source, struct buf *why)
{
	const struct config *config = source->setting->config;

	if (!try_machine(source, why))
		return false;
	struct engine_options options = {
		.io = http_client_transport(source->setting->http_client),
		.tree = source->tree,
		.provider = source->provider,
		.site = { source->catalog, source->endpoint.data,
			source->catalog->region ? source->region.data : NULL },
		.credential_source = &source->credential_source,
		.key_site = { config->network.metadata, config->network.sts },
		.look = source_reload_key,
		.renew = source_renew_key,
		.key_arg = source,
		.is_owner = source_is_owner,
		.deadline_ms = config->limits.deadline_ms,
		.rate = config->limits.rate,
		.seed = random_seed(),
		.trace = config->debug ? print_trace : NULL,
	};
	source->engine = engine_new(&options);
	return true;
}

struct list_trial {
	struct loop *loop;
	struct reply reply;
};

static void list_trial_done(void *arg, const struct reply *reply)
{
	struct list_trial *trial = arg;

	trial->reply = *reply;
	loop_stop(trial->loop, 0);
}

struct reply source_try_list(struct source *source, const struct kind *kind)
{
	struct list_trial trial = { .loop = source->setting->loop };

	engine_ask(source->engine, ASK_LOOKUP, tree_root(source->tree), kind->name, 0, list_trial_done,
		&trial);
	loop_run(trial.loop);
	uint64_t id = trial.reply.entry.id;
	tree_ref(source->tree, id, 1);
	engine_read(source->engine, id, 0, 0, list_trial_done, &trial);
	loop_run(trial.loop);
	return trial.reply;
}

const struct journal *source_journal(const struct source *source)
{
	return engine_journal(source->engine);
}

const char *source_key_where(const struct source *source)
{
	return engine_key_where(source->engine);
}

void source_release(struct source *source)
{
	engine_free(source->engine);
	tree_free(source->tree);
	credential_source_release(&source->credential_source);
	buf_release(&source->region);
	buf_release(&source->endpoint);
	buf_release(&source->readme);
}
