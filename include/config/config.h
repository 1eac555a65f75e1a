/*
 * config.h - the command line and the config files as one value.
 *
 * A file is INI. Each section describes a named mount: its sources (one or more lines "source", each with
 * one or more names), its "mountpoint", and options with the names that they have after -o. Lines before
 * the first section apply to all mounts. The command line overrides the user's file, which overrides the
 * machine's.
 */
#ifndef DESCRIBEFS_CONFIG_H
#define DESCRIBEFS_CONFIG_H

#include "base/buf.h"
#include "catalog/catalog.h"
#include "net/proxy.h"

enum verb {
	VERB_MOUNT,
	VERB_LS,
	VERB_CAT,
	VERB_TREE,
	VERB_KINDS,
	VERB_DOCTOR,
	VERB_REFRESH,
	VERB_STATUS,
	VERB_HELP,
	VERB_VERSION
};

/* CATALOG[:REGION][@PROFILE] */
struct source_name {
	char *written; /* as it was typed */
	char *catalog, *region, *profile; /* region and profile are NULL when not given */
};

enum { SOURCES_MAX = 16 };

/* The addresses of the cloud's services. NULL: the address that the catalog or the provider has. */
struct config_network {
	char *endpoint; /* of the API */
	char *metadata, *sts; /* of the services that issue keys */
	char *cacert; /* absolute path; NULL: the system's certificates */
	struct proxy proxy;
};

struct config_limits {
	int64_t deadline_ms; /* how long a reader waits at most; by default 10,000 */
	int64_t ttl_ms; /* -1: the catalog's */
	int64_t stale_ms; /* an hour by default */
	double rate; /* calls a second for each action; 0: the catalog's */
	size_t max_memory; /* bytes; 256 MiB by default */
};

/* What the tree shows. */
struct config_tree {
	bool api_names, secrets;
	struct texts pins; /* KIND/ID[/SUBKIND/ID] */
};

/* Options that only a mount uses. */
struct config_mount {
	char *point; /* absolute, links not resolved */
	bool allow_other;
	int64_t uid, gid; /* -1: the mounting user's */
	int64_t umask; /* -1: none */
	struct texts options; /* passed on to libfuse: "auto_unmount", "fsname=x" */
};

/* All texts are owned. */
struct config {
	enum verb verb;
	enum verb help; /* of VERB_HELP: the verb that is explained; VERB_HELP: all verbs */
	bool foreground, debug;
	bool is_long; /* ls -l */
	unsigned levels; /* tree -L; 0: all */
	struct source_name *sources; /* in the order of the command line */
	/* 0 for refresh, status, help, version, and for kinds and doctor without a SOURCE; else at least 1 */
	size_t n_sources;
	struct texts paths; /* of ls, cat, tree, refresh */
	struct config_network network;
	struct config_limits limits;
	struct config_tree tree;
	struct config_mount mount;
	char *files; /* paths of the config files that were read, separated by blanks; NULL: none */
	struct texts mistakes; /* doctor only: mistakes in the files, which it reports before it goes on */
	struct config *sections; /* doctor without a source: the mounts that the files name */
	size_t n_sections;
	char *section; /* the name of this mount in the files, if it is one of `sections`; else NULL */
};

/* The config files, and what is needed to read them. */
struct config_places {
	const char *machine, *user; /* paths of the two files; NULL: none. A missing file is no error */
	const char *home; /* replaces ~ in the files; NULL: unknown */
	int64_t invoker; /* root trusts this user's files too (read_file.h); -1: none */
};

/*
 * Reads argv and the config files. Returns 0, or the exit status of an error: 2 for wrong usage, 1 for a
 * cacert that cannot be used. `why` is then one line for output_complain. The caller releases *config in
 * every case.
 */
int config_parse(struct config *config, int argc, char *const argv[], const struct config_places *places,
	struct buf *why);
void config_release(struct config *config);
/* The user mounted the tree, is named by -o uid, or is root. */
bool config_is_owner(const struct config *config, unsigned uid);
/* Appends what `verb` does and which options it takes; VERB_HELP: the whole of --help. */
void config_help(enum verb verb, struct buf *out);
/* True: the word may be a mistyped verb, and "; did you mean describefs VERB?" was appended. */
bool config_add_near_verb(const char *word, struct buf *why);

/* False: the source of `kinds` names a profile, on which kinds do not depend; `why` is one line. */
bool config_check_kinds(const struct config *config, struct buf *why);
/*
 * Adds the catalogs of DIR/NAME.json in the order of their names; a missing DIR is no mistake. A file
 * that cannot be loaded is skipped and adds one line to `mistakes`.
 */
void config_load_catalogs(struct catalogs *catalogs, const struct config_places *places,
	const char *directory, struct texts *mistakes);

#endif
