/*
 * cli.h - the inside of the verbs that show the tree without a mount: ls, cat and tree.
 *
 * A path is walked by the same lookups that the kernel would send, and links are followed as it would follow
 * them; what is entered stays held, as the kernel would hold it, until the program ends.
 */
#ifndef DESCRIBEFS_CLI_H
#define DESCRIBEFS_CLI_H

#include "source/sources.h"
#include "sys/output.h"

struct cli {
	struct sources *sources;
	struct output output;
	/* Of the newest question that failed; ERR_NONE: the path itself is wrong. */
	enum error error;
	const struct source *asked;
	uint64_t noted; /* failures that this source had noted before */
};

/* Asks and waits. */
struct reply cli_ask(struct cli *cli, enum question question, uint64_t id, const char *name);
/* Of a reply that is no FOUND; 0 of one that is. */
int cli_errno(const struct reply *reply);
/* The entry at a path with slashes, as POSIX resolves one; 0, or an errno.  `follow`: a link at its end. */
int cli_walk(struct cli *cli, const char *path, bool follow, struct entry *entry);
/* The names of a directory, sorted; 0, or an errno. */
int cli_names(struct cli *cli, uint64_t id, struct texts *out);
/* One line that says why `path` could not be shown, and what to do; 1, the exit status. */
int cli_complain(const struct cli *cli, const char *path, int error);

/*
 * What stands in for `pattern`, as a shell has it: the paths that match, or itself if it is none or nothing
 * matches.  The exit status so far.
 */
int cli_expand(struct cli *cli, const char *pattern, struct texts *out);

/* The exit status. */
int cli_list(struct cli *cli, const struct texts *paths, bool is_long);
int cli_tree(struct cli *cli, const struct texts *paths, unsigned levels);

#endif
