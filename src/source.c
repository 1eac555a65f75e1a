/*
 * source.c - from a command line to a running engine.
 *
 * In two halves, because a daemon forks between them: what may fail with a message to the user
 * comes first, and what does not survive a fork (epoll, libcurl) after it.
 */
#include "source.h"

#include "guide.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

void source_init(struct source *source, const struct config *config)
{
	*source = (struct source){ .config = config };
	source->keyring = keyring_new();
	catalogs_init(&source->catalogs);
	buf_init(&source->region, 256);
	buf_init(&source->endpoint, 1024);
	buf_init(&source->readme, SIZE_MAX);
}

bool source_load_catalogs(struct source *source, struct buf *why)
{
	const char *home = keyring_home(source->keyring);
	struct buf directory;
	bool right;

	catalogs_load_built_in(&source->catalogs);
	right = config_load_catalogs(&source->catalogs, "/etc/describefs/catalog", why);
	buf_init(&directory, 4096);
	if (right && home && buf_printf(&directory, "%s/.config/describefs/catalog", home))
		right = config_load_catalogs(&source->catalogs, directory.data, why);
	buf_release(&directory);
	return right;
}

static bool find_catalog(struct source *source, struct buf *why)
{
	const struct source_name *name = &source->config->source;

	source->catalog = catalogs_find(&source->catalogs, name->catalog);
	if (!source->catalog) {
		buf_printf(why, "%s: no such catalog; there is", name->written);
		for (size_t i = 0; i < source->catalogs.n; i++)
			buf_printf(why, " %s", source->catalogs.v[i]->name);
		return false;
	}
	source->provider = provider_find(source->catalog->cloud);
	if (!source->provider)
		buf_printf(why, "%s: its cloud \"%s\" is not one that this program speaks to",
			source->catalog->name, source->catalog->cloud);
	return source->provider;
}

static bool find_region(struct source *source, struct buf *why)
{
	const struct source_name *name = &source->config->source;

	if (!source->catalog->region) {
		if (name->region)
			buf_printf(why, "%s: %s has no regions", name->written, name->catalog);
		return !name->region;
	}
	if (name->region)
		return buf_puts(&source->region, name->region);
	if (keyring_region(source->keyring, source->catalog->cloud, name->profile, &source->region))
		return true;
	return buf_puts(&source->region, source->catalog->region);
}

static bool look_for_key(void *arg, struct origin *out, struct buf *why)
{
	const struct source *source = arg;

	return keyring_load(source->keyring, source->catalog->cloud, source->config->source.profile, out,
		why);
}

/* A key that was named once and is gone leaves no room for the machine's role: that is another account. */
static bool look_again(void *arg, struct origin *out, struct buf *why)
{
	const struct source *source = arg;
	struct origin found = { 0 };
	bool good = look_for_key(arg, &found, why);

	if (good && found.looked_at && !source->origin.looked_at) {
		buf_printf(why, "no key any more: %s", found.looked_at);
		good = false;
	}
	if (good)
		origin_move(out, &found);
	origin_release(&found);
	return good;
}

/* A file that is being written is not the key yet: it is looked at again before the next call. */
static bool renew_key(void *arg, struct origin *out)
{
	struct source *source = arg;
	uint64_t mark = keyring_mark(source->keyring, source->catalog->cloud, source->config->source.profile);
	struct buf ignored;

	if (!mark || mark == source->key_mark)
		return false;
	buf_init(&ignored, 4096);
	bool found = look_again(source, out, &ignored);
	buf_release(&ignored);
	if (found)
		source->key_mark = mark;
	return found;
}

static bool plant_tree(struct source *source)
{
	const struct config *config = source->config;
	struct tree_options options = {
		.catalog = source->catalog,
		.api_names = config->api_names,
		.secrets = config->secrets,
		.ttl_s = config->ttl_s,
		.stale_s = config->stale_s,
		.max_memory = config->max_memory,
	};

	guide_readme(&source->readme, source->catalog);
	if (source->readme.full)
		return false;
	options.readme = source->readme.data; /* only now: filling it moves it */
	source->tree = tree_new(&options);
	return true;
}

bool source_prepare(struct source *source, struct buf *why)
{
	const struct config *config = source->config;

	if (!find_catalog(source, why) || !find_region(source, why))
		return false;
	struct buf reason;
	buf_init(&reason, 4096);
	bool found = look_for_key(source, &source->origin, &reason);
	if (!found)
		buf_printf(why, "%s: %s", config->source.written, reason.data);
	buf_release(&reason);
	if (!found)
		return false;
	source->key_mark = keyring_mark(source->keyring, source->catalog->cloud, config->source.profile);
	if (!buf_puts(&source->endpoint, config->endpoint ? config->endpoint : source->catalog->endpoint))
		return false;
	if (!plant_tree(source))
		return false;
	for (size_t i = 0; i < config->pins.n; i++)
		if (!tree_pin(source->tree, config->pins.v[i], why))
			return false;
	return true;
}

static void print_trace(void *arg, const char *line)
{
	(void)arg;
	fprintf(stderr, "describefs: %s\n", line);
}

static uint64_t random_seed(void)
{
	uint64_t seed = 0;

	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != (ssize_t)sizeof(seed))
		seed = (uint64_t)getpid(); /* only spreads retries: any number will do */
	return seed;
}

bool source_start(struct source *source, struct buf *why)
{
	const struct config *config = source->config;
	struct http_options http = { .cacert = config->cacert, .connect_timeout_ms = 3000 };

	source->loop = loop_new();
	if (!source->loop) {
		buf_puts(why, "cannot make an event loop: out of descriptors?");
		return false;
	}
	source->http = http_new(source->loop, &http, why);
	if (!source->http || !source_find_machine(source, why))
		return false;
	struct engine_options options = {
		.io = http_io(source->http),
		.tree = source->tree,
		.provider = source->provider,
		.site = { source->catalog, source->endpoint.data,
			source->catalog->region ? source->region.data : NULL },
		.origin = &source->origin,
		.key_site = { config->metadata, config->sts },
		.look = look_again,
		.renew = renew_key,
		.key_arg = source,
		.deadline_ms = config->deadline_ms,
		.rate = config->rate,
		.seed = random_seed(),
		.trace = config->debug ? print_trace : NULL,
	};
	source->engine = engine_new(&options);
	return true;
}

void source_release(struct source *source)
{
	engine_free(source->engine);
	http_free(source->http);
	loop_free(source->loop);
	tree_free(source->tree);
	origin_release(&source->origin);
	catalogs_release(&source->catalogs);
	keyring_free(source->keyring);
	buf_release(&source->region);
	buf_release(&source->endpoint);
	buf_release(&source->readme);
}
