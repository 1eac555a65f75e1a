/*
 * config.h - the command line and the config files as one value.
 *
 * A file is INI.  A section is a named mount: its sources ("source", several with blanks between, or more
 * than once), its "mountpoint", and options by the names that they have after -o.  What stands before the
 * first section is for all mounts.  The command line takes precedence over the user's file, and that over the
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
	char *catalog, *region, *profile; /* the last two NULL when not given */
};

enum { SOURCES_MAX = 16 };

/* Where the cloud's services are.  NULL: where the catalog, or the provider, has it. */
struct config_network {
	char *endpoint; /* of the API */
	char *metadata, *sts; /* of the services that issue keys */
	char *cacert; /* absolute path; NULL: the system's certificates */
	struct proxy proxy;
};

struct config_limits {
	int64_t deadline_ms; /* longest wait of a reader; 10,000 by default */
	int64_t ttl_ms; /* -1: the catalog's */
	int64_t stale_ms; /* an hour by default */
	double rate; /* calls a second of an action; 0: the catalog's */
	size_t max_memory; /* bytes; 256 MiB by default */
};

/* What the tree shows. */
struct config_tree {
	bool api_names, secrets;
	struct texts pins; /* KIND/ID[/SUBKIND/ID] */
};

/* What only a mount has. */
struct config_mount {
	char *point; /* absolute, links not resolved */
	bool allow_other;
	int64_t uid, gid; /* -1: the mounting user's */
	int64_t umask; /* -1: none */
	struct texts options; /* for libfuse's mount, "auto_unmount", "fsname=x" */
};

/* All texts are owned. */
struct config {
	enum verb verb;
	enum verb help; /* VERB_HELP: the verb that it is about; VERB_HELP for all */
	bool foreground, debug;
	bool is_long; /* ls -l */
	unsigned levels; /* tree -L; 0: all */
	struct source_name *sources; /* in the order of the command line */
	size_t n_sources; /* at least one, but for kinds and doctor */
	struct texts paths; /* of ls, cat, tree, refresh */
	struct config_network network;
	struct config_limits limits;
	struct config_tree tree;
	struct config_mount mount;
	char *files; /* the config files that were read, with a blank between; NULL: none */
	struct texts mistakes; /* of doctor alone, which reports mistakes in the files and goes on */
	struct config *sections; /* if no source is given: each mount of the files, with its own options */
	size_t n_sections;
	char *section; /* of one of these, its name; else NULL */
};

/* The config files, and what is needed to read them. */
struct config_places {
	const char *machine, *user; /* the two files; NULL: none. One that is not there is fine */
	const char *home; /* for ~/ in them; NULL: unknown */
	int64_t invoker; /* the user whose files root trusts, too (read_file.h); -1: none */
};

/*
 * Reads argv.  0: *config is filled (the caller releases it in every case).  2: wrong usage, `why`
 * is for output_complain, with the nearest known word for an unknown option.  1: the same for a cacert or a
 * file that cannot be read.
 */
int config_parse(struct config *config, int argc, char *const argv[], const struct config_places *places,
	struct buf *why);
void config_release(struct config *config);
/* Whether the user mounted the tree, is named by -o uid, or is root. */
bool config_is_owner(const struct config *config, unsigned uid);
/* Appends what `verb` does and which options it takes; VERB_HELP: the whole of --help. */
void config_help(enum verb verb, struct buf *out);
/* Appends "; did you mean describefs VERB?" if the word may be a mistyped verb. */
void config_add_near_verb(const char *word, struct buf *why);

/* False: a word for `kinds` that means nothing. */
bool config_check_kinds(const struct config *config, struct buf *why);
/*
 * Adds the catalogs of DIR/NAME.json in the order of their names; a missing DIR is no mistake.  Each file
 * that cannot be loaded is left out and adds one line to `mistakes`.
 */
void config_load_catalogs(struct catalogs *catalogs, const struct config_places *places,
	const char *directory, struct texts *mistakes);

#endif
