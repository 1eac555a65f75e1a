/*
 * source.h - one source: catalog, credentials, tree and engine, wired together.
 */
#ifndef DESCRIBEFS_SOURCE_H
#define DESCRIBEFS_SOURCE_H

#include "auth/credential_chain.h"
#include "config/config.h"
#include "engine/engine.h"
#include "net/http_client.h"
#include "net/loop.h"
#include "render/snapshot.h"

/* What all sources of the process share. Invariant: http_client != NULL only if loop != NULL. */
struct setting {
	const struct config *config;
	struct credential_chain *credential_chain;
	struct catalogs catalogs;
	struct loop *loop;
	struct http_client *http_client;
	struct file_cover cover; /* the directory that our mount covers; zero: none */
};

/* Invariant: `catalog` to `tree` are set after source_prepare, `engine` after source_start. */
struct source {
	unsigned char hash_key[SNAPSHOT_KEY_BYTES]; /* for the hashes that replace secret values */
	struct setting *setting;
	const struct source_name *name;
	unsigned number; /* from 1; 0: the only source */
	const struct catalog *catalog;
	const struct provider *provider;
	struct credential_source credential_source; /* where the credentials were found first */
	uint64_t key_mark; /* file_mark of the credential files when they were read last */
	bool keyless; /* no credentials at the start: accept any that are found later */
	struct buf region, endpoint, readme;
	struct tree *tree;
	struct engine *engine;
};

/* Sets all members to zero. `setting` and `name` are borrowed. */
void source_init(struct source *source, struct setting *setting, const struct source_name *name,
	unsigned number);
/*
 * Does what can fail before the mount: finds the catalog, the region and the credentials. On failure: false,
 * and `why` is one line. One of several sources may lack credentials.
 */
bool source_prepare(struct source *source, struct buf *why);
/* Creates the engine; the setting's loop and HTTP client exist. On failure: false, and `why` is one line. */
bool source_start(struct source *source, struct buf *why);
void source_release(struct source *source);

/* Lists the first page of a kind with one API call; runs the loop until it is answered. For the doctor. */
struct reply source_try_list(struct source *source, const struct kind *kind);
/* The failures so far; borrowed. source_start succeeded. */
const struct journal *source_journal(const struct source *source);
/* Where the credentials come from, for messages; borrowed until the next question. */
const char *source_key_where(const struct source *source);

/* ---- machine_role.c ---- */

/*
 * If no credentials are named: asks the metadata service whether this machine has a role, for 1 s at most,
 * without fetching a key. On failure: false, and `why` lists all places that were searched.
 */
bool source_find_machine(struct source *source, struct buf *why);
/*
 * Finds the credentials for a catalog, and fetches a key if they are temporary, within the deadline.
 * LOOKUP_FOUND: *found is where they come from, *expires_s their end (Unix; 0: none). Otherwise `why` is one
 * line; LOOKUP_NONE: nothing names credentials; LOOKUP_INVALID: they are named and cannot be used.
 */
enum lookup_result source_try_key(const struct setting *setting, const struct catalog *catalog,
	const char *profile, struct credential_source *found, int64_t *expires_s, struct buf *why);

#endif
