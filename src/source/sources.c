/*
 * sources.c - all sources of this process: from the configuration to running engines, and the end of them.
 *
 * Sources share the loop and the connections, and each gets an equal part of max_memory. A failure of one
 * source does not affect another.
 */
#include "source/sources.h"

#include <stdlib.h>

/* ---- the process's life ---- */

void sources_init(struct sources *sources, const struct config *config, struct credential_chain *chain)
{
	*sources = (struct sources){ .setting = { .config = config, .credential_chain = chain } };
	catalogs_init(&sources->setting.catalogs);
	sources->v = xcalloc(config->n_sources + 1, sizeof(*sources->v));
}

/* Parsing a catalog takes 0.2 ms: if all sources are of built-in catalogs, only those are parsed. */
static void sources_load_built_in(struct setting *setting)
{
	const struct config *config = setting->config;
	bool all = config->verb == VERB_DOCTOR || config->n_sources == 0;

	for (size_t i = 0; i < config->n_sources; i++)
		all |= !catalogs_are_built_in(config->sources[i].catalog);
	for (size_t i = 0; !all && i < config->n_sources; i++)
		catalogs_load_one(&setting->catalogs, config->sources[i].catalog);
	if (all)
		catalogs_load_built_in(&setting->catalogs);
}

void sources_load_catalogs(struct sources *sources, struct texts *mistakes)
{
	struct setting *setting = &sources->setting;
	const struct config_places places = { .home = credential_chain_home(setting->credential_chain),
		.invoker = credential_chain_invoker(setting->credential_chain) };
	struct buf directory;

	sources_load_built_in(setting);
	config_load_catalogs(&setting->catalogs, &places, "/etc/describefs/catalog", mistakes);
	buf_init(&directory, 4096);
	if (credential_chain_config(setting->credential_chain, "catalog", &directory))
		config_load_catalogs(&setting->catalogs, &places, directory.data, mistakes);
	buf_release(&directory);
}

/* Each pin applies to all sources that have its kind. */
static bool pin_all(struct sources *sources, struct buf *why)
{
	const struct texts *pins = &sources->setting.config->tree.pins;

	for (size_t i = 0; i < pins->n; i++) {
		bool pinned = false;
		for (size_t n = 0; n < sources->n; n++) {
			buf_clear(why);
			pinned |= tree_pin(sources->v[n].tree, pins->v[i], why);
		}
		if (!pinned)
			return false;
	}
	buf_clear(why);
	return true;
}

bool sources_prepare(struct sources *sources, struct buf *why)
{
	const struct config *config = sources->setting.config;
	size_t keyless = 0;
	struct buf link;

	for (size_t i = 0; i < config->n_sources; i++) {
		struct source *source = &sources->v[sources->n++];
		source_init(source, &sources->setting, &config->sources[i],
			config->n_sources > 1 ? (unsigned)i + 1 : 0);
		if (!source_prepare(source, why))
			return false;
		keyless += source->keyless;
		buf_init(&link, SIZE_MAX);
		buf_printf(&link, "../%s/.describefs", source->name->written);
		texts_add(&sources->links, buf_take(&link));
	}
	if (keyless && keyless == sources->n) {
		buf_puts(why, "none of the sources has a key");
		return false;
	}
	return pin_all(sources, why);
}

static void disconnect(struct setting *setting)
{
	http_client_free(setting->http_client);
	loop_free(setting->loop);
	setting->http_client = NULL;
	setting->loop = NULL;
}

bool sources_connect(struct sources *sources, struct buf *why)
{
	struct setting *setting = &sources->setting;
	struct http_client_options http = { .proxy = &setting->config->network.proxy,
		.cacert = setting->config->network.cacert,
		.cover = &setting->cover,
		.invoker = credential_chain_invoker(setting->credential_chain) };

	disconnect(setting);
	credential_chain_lock(setting->credential_chain);
	setting->loop = loop_new();
	if (!setting->loop) {
		buf_puts(why, "cannot make an event loop: out of descriptors?");
		return false;
	}
	setting->http_client = http_client_new(setting->loop, &http, why);
	return setting->http_client;
}

bool sources_start(struct sources *sources, struct buf *why)
{
	if (!sources_connect(sources, why))
		return false;
	for (size_t i = 0; i < sources->n; i++)
		if (!source_start(&sources->v[i], why))
			return false;
	return true;
}

void sources_stop(struct sources *sources)
{
	for (size_t i = 0; i < sources->n; i++) {
		engine_free(sources->v[i].engine);
		sources->v[i].engine = NULL;
	}
}

void sources_release(struct sources *sources)
{
	struct setting *setting = &sources->setting;

	sources_stop(sources);
	disconnect(setting);
	for (size_t i = 0; i < sources->n; i++)
		source_release(&sources->v[i]);
	free(sources->v);
	texts_release(&sources->links);
	catalogs_release(&setting->catalogs);
	credential_chain_free(setting->credential_chain);
	file_cover_release(&setting->cover);
}
