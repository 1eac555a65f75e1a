/*
 * sources.c - all sources of this process, and the one tree that they are to whoever looks.
 *
 * The directory above several sources is the only thing that is made here: it is there as soon as the mount
 * is, never changes and costs no call.  In its .describefs, which is in no listing, a link for each source
 * leads to the source's own.  Entering a source is what wakes it.  Nothing that happens to one is
 * seen in another: what they share is the loop, the connections, and a part each of max_memory.
 */
#include "source/sources.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/map.h"

enum { ABOVE_MS = 3600 * 1000 }; /* the directory above never changes */

/* Ids of no tree: .describefs in the directory above, and from there on the links in it, in their order. */
enum { ABOVE_OWN = TREE_ROOT + 1, ABOVE_LINKS };

static const char OWN[] = ".describefs";

/* ---- the process's life ---- */

void sources_init(struct sources *sources, const struct config *config, struct credential_chain *chain)
{
	*sources = (struct sources){ .setting = { .config = config, .credential_chain = chain } };
	catalogs_init(&sources->setting.catalogs);
	sources->v = xcalloc(config->n_sources + 1, sizeof(*sources->v));
}

/* To read a catalog takes 0.2 ms of a start: where files add nothing, only those that are named are read. */
static void load_built_in(struct setting *setting)
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

	load_built_in(setting);
	config_load_catalogs(&setting->catalogs, &places, "/etc/describefs/catalog", mistakes);
	buf_init(&directory, 4096);
	if (credential_chain_config(setting->credential_chain, "catalog", &directory))
		config_load_catalogs(&setting->catalogs, &places, directory.data, mistakes);
	buf_release(&directory);
}

/* Every pin is for whichever sources have such a kind. */
static bool pin_all(struct sources *sources, struct buf *why)
{
	const struct texts *pins = &sources->setting.config->pins;

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
		buf_printf(&link, "../%s/%s", source->name->written, OWN);
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
	http_free(setting->http);
	loop_free(setting->loop);
	setting->http = NULL;
	setting->loop = NULL;
}

bool sources_connect(struct sources *sources, struct buf *why)
{
	struct setting *setting = &sources->setting;
	struct http_options http = { .proxy = &setting->config->proxy,
		.cacert = setting->config->cacert,
		.cover = &setting->cover,
		.invoker = credential_chain_invoker(setting->credential_chain) };

	disconnect(setting);
	credential_chain_lock(setting->credential_chain);
	setting->loop = loop_new();
	if (!setting->loop) {
		buf_puts(why, "cannot make an event loop: out of descriptors?");
		return false;
	}
	setting->http = http_new(setting->loop, &http, why);
	return setting->http;
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

/* ---- which one ---- */

struct source *sources_of(const struct sources *sources, uint64_t id)
{
	unsigned number = tree_number(id);

	if (sources->n == 1)
		return sources->v;
	return number && number <= sources->n ? &sources->v[number - 1] : NULL;
}

uint64_t sources_salt(const struct sources *sources, uint64_t id)
{
	const struct source *source = sources_of(sources, id);

	return source && source->number ? hash_text(1, source->name->written) : 0;
}

bool sources_are_waited_for(const struct sources *sources)
{
	for (size_t i = 0; i < sources->n; i++) {
		const struct engine_stats stats = engine_stats(sources->v[i].engine);
		if (stats.waiting || stats.watching)
			return true;
	}
	return false;
}

size_t sources_memory(const struct sources *sources)
{
	size_t sum = 0;

	for (size_t i = 0; i < sources->n; i++)
		sum += tree_stats(sources->v[i].tree).memory;
	return sum;
}

struct query_time sources_now(const struct sources *sources)
{
	return engine_now(sources->v[0].engine);
}

/* ---- the directory above ---- */

static struct attr attr_above(const struct sources *sources)
{
	int64_t newest_s = 0;

	for (size_t i = 0; i < sources->n; i++)
		if (sources->v[i].catalog->date_s > newest_s)
			newest_s = sources->v[i].catalog->date_s;
	return (struct attr){ .ino = TREE_ROOT, .mode = S_IFDIR | 0555, .mtime_s = newest_s };
}

static bool is_link_above(const struct sources *sources, uint64_t id)
{
	return sources->n > 1 && id >= ABOVE_LINKS && id - ABOVE_LINKS < sources->links.n;
}

/* The directory above, its .describefs, or a link in that. */
static struct entry entry_above(const struct sources *sources, uint64_t id)
{
	struct entry entry = { .id = id,
		.attr = attr_above(sources),
		.entry_ms = ABOVE_MS,
		.attr_ms = ABOVE_MS };

	if (is_link_above(sources, id)) {
		const char *link = sources->links.v[id - ABOVE_LINKS];
		entry.attr.mode = S_IFLNK | 0777;
		entry.attr.size = strlen(link);
		entry.attr.ino = hash_text(2, link);
	} else if (id == ABOVE_OWN) {
		entry.attr.ino = hash_text(2, OWN);
	}
	return entry;
}

/* A source's own top, as its tree has it. */
static struct entry entry_of(const struct sources *sources, const struct source *source)
{
	uint64_t id = tree_root(source->tree);
	struct reply top = tree_attr(source->tree, id, sources_now(sources));

	return (struct entry){ .id = id,
		.attr = top.entry.attr,
		.entry_ms = ABOVE_MS,
		.attr_ms = top.entry.attr_ms };
}

static struct reply lookup_above(const struct sources *sources, uint64_t id, const char *name)
{
	if (id == TREE_ROOT && !strcmp(name, OWN))
		return (struct reply){ .outcome = RESULT_FOUND, .entry = entry_above(sources, ABOVE_OWN) };
	for (size_t i = 0; i < sources->n; i++)
		if (!strcmp(sources->v[i].name->written, name))
			return (struct reply){ .outcome = RESULT_FOUND,
				.entry = id == TREE_ROOT ? entry_of(sources, &sources->v[i]) :
							   entry_above(sources, ABOVE_LINKS + i) };
	return (struct reply){ .outcome = RESULT_ABSENT, .absent_ms = ABOVE_MS };
}

static struct reply answer_above(const struct sources *sources, enum question question, uint64_t id,
	const char *name)
{
	bool is_directory = id == TREE_ROOT || id == ABOVE_OWN;

	if (!is_directory && !is_link_above(sources, id))
		return (struct reply){ .outcome = RESULT_FAILED, .error = ERR_NOT_FOUND };
	if (question == ASK_LOOKUP && is_directory)
		return lookup_above(sources, id, name);
	return (struct reply){ .outcome = RESULT_FOUND, .entry = entry_above(sources, id) };
}

/* ---- the questions ---- */

struct waiter *sources_ask(struct sources *sources, enum question question, uint64_t id, const char *name,
	unsigned uid, engine_done_fn *done, void *arg)
{
	struct source *source = sources_of(sources, id);

	if (source)
		return engine_ask(source->engine, question, id, name, uid, done, arg);
	const struct reply reply = answer_above(sources, question, id, name);
	done(arg, &reply);
	return NULL;
}

struct waiter *sources_read(struct sources *sources, uint64_t id, uint64_t cookie, unsigned uid,
	engine_done_fn *done, void *arg)
{
	struct source *source = sources_of(sources, id);

	if (source)
		return engine_read(source->engine, id, cookie, uid, done, arg);
	const struct reply reply = { .outcome = RESULT_FOUND, .cookie = cookie };
	done(arg, &reply);
	return NULL;
}

void sources_cancel(struct sources *sources, uint64_t id, struct waiter *wait)
{
	struct source *source = sources_of(sources, id);

	if (source) /* nobody waits for the directory above */
		engine_cancel(source->engine, wait);
}

bool sources_next(struct sources *sources, uint64_t id, uint64_t *cookie, const char **name,
	struct entry *entry, struct query_time query)
{
	struct source *source = sources_of(sources, id);

	if (source)
		return tree_next(source->tree, id, cookie, name, entry, query);
	if (*cookie >= sources->n)
		return false;
	size_t at = (size_t)(*cookie)++;
	*name = sources->v[at].name->written;
	*entry = id == ABOVE_OWN ? entry_above(sources, ABOVE_LINKS + at) :
				   entry_of(sources, &sources->v[at]);
	return true;
}

void sources_handed(struct sources *sources, uint64_t id, bool begins, bool ends)
{
	struct source *source = sources_of(sources, id);

	if (source)
		tree_handed(source->tree, id, begins, ends);
}

const char *sources_bytes(struct sources *sources, uint64_t id, size_t *size)
{
	struct source *source = sources_of(sources, id);

	return source ? tree_read(source->tree, id, size) : NULL;
}

const char *sources_link(struct sources *sources, uint64_t id)
{
	struct source *source = sources_of(sources, id);

	if (!source && is_link_above(sources, id))
		return sources->links.v[id - ABOVE_LINKS];
	return source ? tree_link(source->tree, id) : NULL;
}

enum watched sources_watched(const struct sources *sources, uint64_t id)
{
	const struct source *source = sources_of(sources, id);

	return source ? tree_watched(source->tree, id) : WATCHED_NOT;
}

void sources_hold(struct sources *sources, uint64_t id, uint64_t count)
{
	struct source *source = sources_of(sources, id);

	if (source)
		tree_ref(source->tree, id, count);
}

void sources_forget(struct sources *sources, uint64_t id, uint64_t count)
{
	struct source *source = sources_of(sources, id);

	if (source)
		tree_forget(source->tree, id, count);
}
