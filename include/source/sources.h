/*
 * sources.h - all sources of this process as one namespace: the only way in for the two front ends.
 *
 * One source: its tree is the whole namespace. Several: each source is a directory at the top, named as on
 * the command line, with its own tree, rate limit, credentials and failures; they share the loop and the
 * connections. An id contains the number of its tree (tree_number), so each function here finds the source
 * by the id.
 *
 * struct sources owns everything that lives as long as the process.
 */
#ifndef DESCRIBEFS_SOURCES_H
#define DESCRIBEFS_SOURCES_H

#include "source/source.h"

/* Invariant: `v` has n sources; links.n == n; v[i].number is i + 1, or 0 if n is 1. */
struct sources {
	struct setting setting;
	struct source *v;
	size_t n;
	struct texts links; /* in the top directory's .describefs: the target of each source's link */
};

/* Takes ownership of `chain`; `config` is borrowed. */
void sources_init(struct sources *sources, const struct config *config, struct credential_chain *chain);
/* Loads the built-in catalogs, those in /etc, and the user's. `mistakes`: as in config.h. */
void sources_load_catalogs(struct sources *sources, struct texts *mistakes);
/*
 * Checks all that can fail before the mount. On failure: false, and `why` is one line. Of several sources,
 * one without credentials only prints a warning.
 */
bool sources_prepare(struct sources *sources, struct buf *why);
/* Creates the loop and the HTTP client from the options in `setting`; a second call replaces both. */
bool sources_connect(struct sources *sources, struct buf *why);
/* sources_connect, and the engines. Call after the fork. */
bool sources_start(struct sources *sources, struct buf *why);
/* Answers all waiters with ERR_LOST; afterwards nothing can be asked. */
void sources_stop(struct sources *sources);
void sources_release(struct sources *sources);

/* ---- which source ---- */

/* The source of an id; NULL: the id is of the directory above several sources. */
struct source *sources_of(const struct sources *sources, uint64_t id);
/* XOR this with an inode number: inode numbers of different sources then differ, equally on every mount. */
uint64_t sources_salt(const struct sources *sources, uint64_t id);
/* A waiter exists, for an answer or for a terminal status. */
bool sources_are_waited_for(const struct sources *sources);
size_t sources_memory(const struct sources *sources); /* bytes used by all trees */
struct query_time sources_now(const struct sources *sources);

/* ---- questions: as in engine.h and tree.h ---- */

struct waiter *sources_ask(struct sources *sources, enum question question, uint64_t id, const char *name,
	unsigned uid, engine_done_fn *done, void *arg);
struct waiter *sources_read(struct sources *sources, uint64_t id, uint64_t cookie, unsigned uid,
	engine_done_fn *done, void *arg);
void sources_cancel(struct sources *sources, uint64_t id, struct waiter *wait);
/*
 * The same from the cache alone, fresh or not, without an API call: ASK_LOOKUP or ASK_ATTR, and a READDIR
 * from the cookie on. FAILED with ERR_LOCAL: not cached.
 */
struct reply sources_ask_cached(struct sources *sources, enum question question, uint64_t id,
	const char *name);
struct reply sources_read_cached(struct sources *sources, uint64_t id, uint64_t cookie);
bool sources_next(struct sources *sources, uint64_t id, uint64_t *cookie, const char **name,
	struct entry *entry, struct query_time query);
void sources_handed(struct sources *sources, uint64_t id, bool begins, bool ends);
const char *sources_bytes(struct sources *sources, uint64_t id, size_t *size);
const char *sources_link(struct sources *sources, uint64_t id);
bool sources_xattr(struct sources *sources, uint64_t id, const char *name, struct buf *out);
void sources_xattr_names(struct sources *sources, uint64_t id, struct buf *out);
enum watched sources_watched(const struct sources *sources, uint64_t id);
void sources_hold(struct sources *sources, uint64_t id, uint64_t count);
void sources_forget(struct sources *sources, uint64_t id, uint64_t count);
/* The path of an id from the mount point on, "" for the top. */
void sources_path(const struct sources *sources, uint64_t id, struct buf *out);
/* The id of a name in a directory of the catalog or of a listing; 0: the tree has none. */
uint64_t sources_id_of(const struct sources *sources, uint64_t directory, const char *name);
/* The id is a directory of a resource, and the kernel still holds something of it. */
bool sources_is_used(const struct sources *sources, uint64_t id);
/*
 * Calls `fn` once when answers move the mtime of directories that the kernel holds; `fn` NULL: no more.
 * sources_moved then returns each of them, and 0 at the end; after 0, `fn` is called again for the next.
 */
void sources_tell_moved(struct sources *sources, void (*fn)(void *arg), void *arg);
uint64_t sources_moved(struct sources *sources);

/* ---- refresh: sources_refresh.c ---- */

/*
 * The directory to refresh for an opened id and *name in it (NULL: none); *name becomes NULL if the directory
 * itself is meant. TREE_ROOT above several sources: all of them. 0: there is nothing to refresh.
 */
uint64_t sources_refresh_id(const struct sources *sources, uint64_t opened, const char **name);
/*
 * For a user other than the mount's owner: ms until the next refresh is allowed; 0: now, and it is counted.
 */
int64_t sources_refresh_left_ms(struct sources *sources, uint64_t id, int64_t now_ms);
/*
 * Starts the refresh in part number `n`, from 0: a source. Appends to `todo`, which sources_refresh_step
 * works off. *of_resource: the refresh is of one resource. Returns false if there is no such part.
 */
bool sources_refresh_begin(struct sources *sources, size_t n, uint64_t id, const char *name, struct ids *todo,
	bool *of_resource);
/*
 * Marks the next n_nodes nodes of `todo` stale; appends the directories that the kernel holds to `held`.
 * Call it until todo->n is 0.
 */
void sources_refresh_step(struct sources *sources, struct ids *todo, size_t n_nodes, struct ids *held);
/*
 * The names that the kernel has to forget with the refreshed `id`, each with a NUL, and as the result the
 * directory that they are in; 0: there are none.
 */
uint64_t sources_refresh_names(const struct sources *sources, uint64_t id, struct buf *names);

#endif
