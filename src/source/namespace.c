/*
 * namespace.c - several sources as one namespace: finds the source of an id, and makes the directory above
 * them.
 *
 * The directory above several sources exists as soon as the mount does, never changes and needs no API call.
 * It has a .describefs that is in no listing; in it a link for each source leads to that source's
 * .describefs.
 */
#include "source/sources.h"

#include <string.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "base/map.h"

enum { ABOVE_MS = 3600 * 1000 }; /* how long the kernel may cache the directory above */

/*
 * Ids that no tree uses: .describefs in the directory above, then the links in it in the order of the
 * sources.
 */
enum { ABOVE_OWN = TREE_ROOT + 1, ABOVE_LINKS };

static const char OWN[] = ".describefs";

/* ---- which source ---- */

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

/* The root of a source's tree, as an entry of the directory above. */
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

/* ---- questions ---- */

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

	if (source) /* questions about the directory above are answered at once */
		engine_cancel(source->engine, wait);
}

static struct reply cached(struct reply reply)
{
	if (reply.outcome == RESULT_NEED_FETCH)
		return (struct reply){ .outcome = RESULT_FAILED, .error = ERR_LOCAL };
	return reply;
}

struct reply sources_ask_cached(struct sources *sources, enum question question, uint64_t id,
	const char *name)
{
	const struct source *source = sources_of(sources, id);
	const struct query_time query = { .now_ms = loop_now_ms(sources->setting.loop),
		.since_ms = TREE_KNOWN };

	if (!source)
		return answer_above(sources, question, id, name);
	return cached(question == ASK_LOOKUP ? tree_lookup(source->tree, id, name, query) :
					       tree_attr(source->tree, id, query));
}

struct reply sources_read_cached(struct sources *sources, uint64_t id, uint64_t cookie)
{
	const struct source *source = sources_of(sources, id);
	const struct query_time query = { .now_ms = loop_now_ms(sources->setting.loop),
		.since_ms = TREE_KNOWN };

	if (!source)
		return (struct reply){ .outcome = RESULT_FOUND, .cookie = cookie };
	return cached(tree_more(source->tree, id, cookie, query));
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

bool sources_xattr(struct sources *sources, uint64_t id, const char *name, struct buf *out)
{
	const struct source *source = sources_of(sources, id);

	return source && tree_xattr(source->tree, id, name, out, engine_now(source->engine));
}

void sources_xattr_names(struct sources *sources, uint64_t id, struct buf *out)
{
	const struct source *source = sources_of(sources, id);

	if (source)
		tree_xattr_names(source->tree, id, out, engine_now(source->engine));
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

void sources_path(const struct sources *sources, uint64_t id, struct buf *out)
{
	const struct source *source = sources_of(sources, id);

	if (source && source->number)
		buf_printf(out, "/%s", source->name->written);
	if (source)
		tree_path(source->tree, id, out);
}

uint64_t sources_id_of(const struct sources *sources, uint64_t directory, const char *name)
{
	const struct source *source = sources_of(sources, directory);

	if (source)
		return tree_id_of(source->tree, directory, name);
	for (size_t i = 0; i < sources->n; i++)
		if (!strcmp(sources->v[i].name->written, name))
			return tree_root(sources->v[i].tree);
	return 0;
}

bool sources_is_used(const struct sources *sources, uint64_t id)
{
	const struct source *source = sources_of(sources, id);

	return source && tree_is_used(source->tree, id);
}

void sources_tell_moved(struct sources *sources, void (*fn)(void *arg), void *arg)
{
	for (size_t i = 0; i < sources->n; i++)
		tree_tell_moved(sources->v[i].tree, fn, arg);
}

uint64_t sources_moved(struct sources *sources)
{
	uint64_t id = 0;

	for (size_t i = 0; !id && i < sources->n; i++)
		id = tree_moved(sources->v[i].tree);
	return id;
}
