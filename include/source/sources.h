/*
 * sources.h - all sources of this process, and the one tree that they are to whoever looks.
 *
 * One source: its tree is the whole.  Several: each is a directory at the top, named as it was written, with
 * a tree, a rate, a key and failures of its own; they share the loop and the connections.  An id says which
 * tree it is of (tree_number), so that the questions of tree.h and engine.h can be put here for the whole.
 *
 * Everything the process owns hangs from here.
 */
#ifndef DESCRIBEFS_SOURCES_H
#define DESCRIBEFS_SOURCES_H

#include "source/source.h"

struct sources {
	struct setting setting;
	struct source *v;
	size_t n;
	struct texts links; /* from the .describefs above several to each source's own */
};

/* Takes the keyring. */
void sources_init(struct sources *sources, const struct config *config, struct credential_chain *chain);
/* The built-in catalogs, the machine's and the user's.  `mistakes`: as in config.h. */
void sources_load_catalogs(struct sources *sources, struct texts *mistakes);
/* What else can fail before anything is mounted.  Of several, one without a key is only complained of. */
bool sources_prepare(struct sources *sources, struct buf *why);
/* Loop and network alone, with the options of `setting`; another call makes both anew. */
bool sources_connect(struct sources *sources, struct buf *why);
/* Loop, network and engines: after the fork. */
bool sources_start(struct sources *sources, struct buf *why);
/* Whoever still waits is answered; nothing can be asked any more. */
void sources_stop(struct sources *sources);
void sources_release(struct sources *sources);

/* The source that an id is of; NULL: it is the directory above several. */
struct source *sources_of(const struct sources *sources, uint64_t id);
/* Makes inode numbers of different sources differ, on every mount in the same way: to be XORed. */
uint64_t sources_salt(const struct sources *sources, uint64_t id);
/* Somebody waits for an answer, or for a status. */
bool sources_are_waited_for(const struct sources *sources);
size_t sources_memory(const struct sources *sources); /* bytes: of all that is kept */
struct query_time sources_now(const struct sources *sources);

/* As in engine.h. */
struct waiter *sources_ask(struct sources *sources, enum question question, uint64_t id, const char *name,
	unsigned uid, engine_done_fn *done, void *arg);
struct waiter *sources_read(struct sources *sources, uint64_t id, uint64_t cookie, unsigned uid,
	engine_done_fn *done, void *arg);
void sources_cancel(struct sources *sources, uint64_t id, struct waiter *wait);
/* As in tree.h. */
bool sources_next(struct sources *sources, uint64_t id, uint64_t *cookie, const char **name,
	struct entry *entry, struct query_time query);
void sources_handed(struct sources *sources, uint64_t id, bool begins, bool ends);
const char *sources_bytes(struct sources *sources, uint64_t id, size_t *size);
const char *sources_link(struct sources *sources, uint64_t id);
enum watched sources_watched(const struct sources *sources, uint64_t id);
void sources_hold(struct sources *sources, uint64_t id, uint64_t count);
void sources_forget(struct sources *sources, uint64_t id, uint64_t count);

#endif
