/*
 * cli.h - the verbs that show the tree without a mount: ls, cat and tree.
 *
 * A path is resolved with the lookups that the kernel would send, and links are followed in the same way.
 * Entries on the way are counted in the tree, as the kernel would count them, until the program ends.
 */
#ifndef DESCRIBEFS_CLI_H
#define DESCRIBEFS_CLI_H

#include "source/sources.h"
#include "sys/output.h"

struct cli {
	struct sources *sources;
	struct output output;
	/* of the latest question: */
	enum error error; /* why it failed; ERR_NONE: the path itself is wrong */
	const struct source *asked; /* its source; NULL: the directory above several */
	uint64_t noted; /* failures in that source's journal before the question */
};

/*
 * Runs the verb of the configuration. The exit status: 1 if something could not be shown; stderr says why.
 */
int cli_run(struct sources *sources);

/* Asks a question and runs the loop until it is answered. */
struct reply cli_ask(struct cli *cli, enum question question, uint64_t id, const char *name);
/* The errno of a reply; 0: FOUND. */
int cli_errno(const struct reply *reply);
/* Resolves `path` as POSIX does; `follow`: also a link at its end. 0, or an errno. */
int cli_walk(struct cli *cli, const char *path, bool follow, struct entry *entry);
/* The names of a directory, sorted; the caller releases them. 0, or an errno. */
int cli_names(struct cli *cli, uint64_t id, struct texts *out);
/* Prints one line: why `path` could not be shown, and what to do. Returns 1, the exit status. */
int cli_complain(const struct cli *cli, const char *path, int error);
/*
 * Adds the paths that match `pattern`, or `pattern` itself if none matches, as a shell does. The exit
 * status.
 */
int cli_expand(struct cli *cli, const char *pattern, struct texts *out);

/* The verbs ls and tree (`levels` 0: all). The exit status. */
int cli_list(struct cli *cli, const struct texts *paths, bool is_long);
int cli_tree(struct cli *cli, const struct texts *paths, unsigned levels);

#endif
