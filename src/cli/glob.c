/*
 * glob.c - expands patterns in a path of the tree, as a shell does.
 *
 * A name with '*', '?' or '[' is matched against the names of its directory. Plain names after it are looked
 * up; a path that does not exist is no match.
 */
#include "cli.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool is_pattern(const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (strchr("*?[", name[i]))
			return true;
	return false;
}

/* path + name; the caller frees it. */
static char *glob_join(const char *path, const char *name)
{
	struct buf whole;

	buf_init(&whole, SIZE_MAX);
	buf_printf(&whole, "%s%s", path, name);
	return buf_take(&whole);
}

/* A missing path is no match; other errors are printed. */
static int glob_note(const struct cli *cli, const char *path, int error)
{
	bool is_absent = error == ENOENT || error == ENOTDIR;

	return error && !is_absent ? cli_complain(cli, path, error) : 0;
}

static int match_names(struct cli *cli, const char *before, const char *pattern, struct texts *out)
{
	struct entry entry;
	struct texts names = { 0 };
	int error = cli_walk(cli, *before ? before : "/", true, &entry);

	if (!error && !S_ISDIR(entry.attr.mode))
		error = ENOTDIR;
	if (!error)
		error = cli_names(cli, entry.id, &names);
	for (size_t i = 0; i < names.n; i++)
		if (fnmatch(pattern, names.v[i], FNM_PERIOD) == 0)
			texts_add(out, glob_join(before, names.v[i]));
	texts_release(&names);
	return glob_note(cli, before, error);
}

/* Adds `before` + `rest`, which has no pattern, if that path exists. */
static int match_rest(struct cli *cli, const char *before, const char *rest, struct texts *out)
{
	char *path = glob_join(before, rest);
	struct entry entry;
	int error = cli_walk(cli, path, false, &entry);
	bool is_absent = error == ENOENT || error == ENOTDIR;

	if (is_absent)
		free(path);
	else
		texts_add(out, path); /* also on an error, which is printed when the path is read */
	return 0;
}

/* Expands the first name of `pattern` that has wildcards, in `before`; then recursively the rest. */
static int glob_expand(struct cli *cli, const char *before, const char *pattern, struct texts *out)
{
	size_t plain = 0, len;

	for (;; plain += len) { /* skips plain names and their slashes */
		len = strcspn(pattern + plain, "/");
		if (is_pattern(pattern + plain, len) || !len)
			break;
		len += strspn(pattern + plain + len, "/");
	}
	if (!pattern[plain])
		return match_rest(cli, before, pattern, out);
	char *lead = xstrndup(pattern, plain), *name = xstrndup(pattern + plain, len);
	char *directory = glob_join(before, lead);
	const char *rest = pattern + plain + len;
	struct texts found = { 0 };
	int status = match_names(cli, directory, name, &found);

	for (size_t i = 0; i < found.n; i++) {
		size_t slashes = strspn(rest, "/");
		char *slash = xstrndup(rest, slashes), *path = glob_join(found.v[i], slash);
		if (*rest)
			status |= glob_expand(cli, path, rest + slashes, out);
		else
			texts_add(out, xstrdup(path));
		free(path);
		free(slash);
	}
	texts_release(&found);
	free(directory);
	free(name);
	free(lead);
	return status;
}

int cli_expand(struct cli *cli, const char *pattern, struct texts *out)
{
	size_t lead = strspn(pattern, "/"), before = out->n;
	int status = 0;

	if (is_pattern(pattern, strlen(pattern))) {
		char *root = xstrndup(pattern, lead);
		status = glob_expand(cli, root, pattern + lead, out);
		free(root);
	}
	if (out->n == before && !status)
		texts_add(out, xstrdup(pattern));
	return status;
}
