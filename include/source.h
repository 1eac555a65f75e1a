/*
 * source.h - one source brought to life: catalogs, key, tree, network and engine, wired together.
 *
 * Layer 6.  Everything the process owns hangs from here.
 */
#ifndef DESCRIBEFS_SOURCE_H
#define DESCRIBEFS_SOURCE_H

#include "config.h"
#include "engine.h"
#include "http.h"
#include "keyring.h"
#include "loop.h"

struct source {
	const struct config *config;
	struct keyring *keyring;
	struct catalogs catalogs;
	const struct catalog *catalog;
	const struct provider *provider;
	struct origin origin; /* how the key is come by, when it was looked for first */
	uint64_t key_mark; /* of the files that were looked at */
	struct buf region, endpoint, readme;
	struct loop *loop;
	struct http *http;
	struct tree *tree;
	struct engine *engine;
};

/* Zeroes, and reads the environment. */
void source_init(struct source *source, const struct config *config);
/* The built-in catalogs and the user's: what `kinds` needs. False: `why` is one line. */
bool source_load_catalogs(struct source *source, struct buf *why);
/* What else can fail before anything is mounted: catalog, region, key, pins. */
bool source_prepare(struct source *source, struct buf *why);
/*
 * source_key.c.  Where nothing named a key: whether this machine has a role, which takes a second at most and
 * gets no key.  False: `why` says everything that was looked at.
 */
bool source_find_machine(struct source *source, struct buf *why);
/*
 * For whoever wants to know before the first call does: looks for a catalog's key, and gets it, on a loop of
 * its own.  True: *found is how it is come by, *expires_s its end (Unix; 0: none).  False: `why` is one line.
 */
bool source_try_key(const struct source *source, const struct catalog *catalog, struct origin *found,
	int64_t *expires_s, struct buf *why);
/* Loop, network and engine: after the fork. */
bool source_start(struct source *source, struct buf *why);
void source_release(struct source *source);

#endif
