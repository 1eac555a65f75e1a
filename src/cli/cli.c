/*
 * cli.c - the verbs that show the tree without a mount, and cat.
 *
 * A second front end shows that the core does not depend on FUSE, and works without /dev/fuse.
 */
#include "cli.h"

#include <errno.h>
#include <sys/stat.h>

#include "cli.h"

static int cat_path(struct cli *cli, const char *path)
{
	struct entry entry;
	size_t size = 0;
	int error = cli_walk(cli, path, true, &entry);

	if (!error && S_ISDIR(entry.attr.mode))
		error = EISDIR;
	if (!error && sources_watched(cli->sources, entry.id) == WATCHED_STATUS) {
		struct reply reply = cli_ask(cli, ASK_WAIT, entry.id, NULL);
		error = cli_errno(&reply);
	}
	const char *bytes = error ? NULL : sources_bytes(cli->sources, entry.id, &size);
	if (bytes)
		output_add(&cli->output, bytes, size);
	return bytes ? 0 : cli_complain(cli, path, error ? error : EIO);
}

static int cat(struct cli *cli, const struct texts *paths)
{
	int status = 0;

	for (size_t i = 0; i < paths->n && !cli->output.error; i++)
		status |= cat_path(cli, paths->v[i]);
	return status;
}

int cli_run(struct sources *sources)
{
	const struct config *config = sources->setting.config;
	struct cli cli = { .sources = sources };
	struct texts paths = { 0 };
	int status = config->paths.n ? 0 : cli_expand(&cli, "/", &paths);

	for (size_t i = 0; i < config->paths.n; i++)
		status |= cli_expand(&cli, config->paths.v[i], &paths);
	if (config->verb == VERB_LS)
		status |= cli_list(&cli, &paths, config->is_long);
	else if (config->verb == VERB_TREE)
		status |= cli_tree(&cli, &paths, config->levels);
	else
		status |= cat(&cli, &paths);
	texts_release(&paths);
	return output_end(&cli.output, status);
}
