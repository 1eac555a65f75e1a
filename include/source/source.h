/*
 * source.h - one source brought to life: catalog, key, tree and engine, wired together.
 */
#ifndef DESCRIBEFS_SOURCE_H
#define DESCRIBEFS_SOURCE_H

#include "auth/credential_chain.h"
#include "config/config.h"
#include "engine/engine.h"
#include "net/http_client.h"
#include "net/loop.h"
#include "render/snapshot.h"

/* What all sources of the process share. */
struct setting {
	const struct config *config;
	struct credential_chain *credential_chain;
	struct catalogs catalogs;
	struct loop *loop;
	struct http *http;
	struct file_cover cover; /* of our mount; zero while, or where, there is none */
};

struct source {
	unsigned char hash_key[SNAPSHOT_KEY_BYTES]; /* of the hashes of secrets that other users see */
	struct setting *setting;
	const struct source_name *name;
	unsigned number; /* from 1; 0: it is the only one */
	const struct catalog *catalog;
	const struct provider *provider;
	struct credential_source origin; /* how the key is come by, when it was looked for first */
	uint64_t key_mark; /* of the files that were looked at */
	bool keyless; /* there was none when it began: any that comes is its own */
	struct buf region, endpoint, readme;
	struct tree *tree;
	struct engine *engine;
};

/* Zeroes. `setting` and `name` are borrowed. */
void source_init(struct source *source, struct setting *setting, const struct source_name *name,
	unsigned number);
/* What can fail before there is a mount: catalog, region, key.  Of several, one without a key is let be. */
bool source_prepare(struct source *source, struct buf *why);
/*
 * machine_role.c.  Where nothing named a key: whether this machine has a role, which takes a second at most
 * and gets no key.  False: `why` says everything that was looked at.
 */
bool source_find_machine(struct source *source, struct buf *why);
/*
 * For whoever wants to know before the first call does: looks for a catalog's key, and gets it, on a loop of
 * its own.  FOUND: *found is how it is come by, *expires_s its end (Unix; 0: none).  Else `why` is one line;
 * NOWHERE: nothing names a key, not even a wrong one.
 */
enum key_trial { KEY_FOUND, KEY_WRONG, KEY_NOWHERE };
enum key_trial source_try_key(const struct setting *setting, const struct catalog *catalog,
	const char *profile, struct credential_source *found, int64_t *expires_s, struct buf *why);
/* The engine, when the setting has its loop and network. */
bool source_start(struct source *source, struct buf *why);
void source_release(struct source *source);

#endif
