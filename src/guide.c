/*
 * guide.c - the catalog explained to people.
 */
#include "guide.h"

#include <string.h>

static void add_path(struct buf *out, const struct kind *kind)
{
	if (kind->parent)
		add_path(out, kind->parent);
	buf_printf(out, "/%s/<%s>", kind->name, kind->id);
}

static const char *call_name(const struct action *action)
{
	const char *slash = action->path ? strrchr(action->path, '/') : NULL;

	if (action->name && *action->name)
		return action->name;
	return slash ? slash + 1 : "-";
}

void guide_kinds(struct buf *out, const struct catalog *catalog)
{
	struct buf path;

	buf_init(&path, 4096);
	buf_printf(out, "%s - %s\n", catalog->name, catalog->about);
	for (size_t i = 0; i < catalog->n_kinds; i++) {
		const struct kind *kind = catalog->kinds[i];
		buf_clear(&path);
		add_path(&path, kind);
		buf_printf(out, "  %-52s %s%s\n", path.data, kind->about,
			kind->partial ? " (listing is partial: enter an id by its name)" : "");
		buf_printf(out, "  %-52s list %s, describe %s\n", "", call_name(&kind->list),
			call_name(&kind->describe));
	}
	buf_release(&path);
}

void guide_kinds_table(struct buf *out, const struct catalog *catalog)
{
	struct buf path;

	buf_init(&path, 4096);
	for (size_t i = 0; i < catalog->n_kinds; i++) {
		const struct kind *kind = catalog->kinds[i];
		buf_clear(&path);
		add_path(&path, kind);
		buf_printf(out, "| `%s` | `%s` | %s | %s | %s |\n", catalog->name, path.data, kind->about,
			call_name(&kind->list), call_name(&kind->describe));
	}
	buf_release(&path);
}

void guide_readme(struct buf *out, const struct catalog *catalog)
{
	buf_printf(out,
		"This is %s as files: each field of each resource is a small file, fetched when it is read.\n"
		"Everything here is read-only.\n\n", catalog->about);
	guide_kinds(out, catalog);
	buf_puts(out,
		"\n"
		"Look around:\n"
		"  ls KIND                      the resources of a kind\n"
		"  cat KIND/ID/status           one field; an empty file is an empty or null value\n"
		"  cat KIND/*/status            one field of all: comes from the listing alone\n"
		"  jq . KIND/ID/describe.json   the whole object, digit for digit\n"
		"  ls -lt KIND                  newest first; times are the cloud's\n"
		"  getfattr -d KIND/ID/status   where it comes from, how old it is, whether it is stale\n"
		"\n"
		"In no listing, but there:\n"
		"  cat KIND/ID/.wait && ...     waits until the status is one that stays, and prints it\n"
		"  tail -f KIND/ID/.events      a line for each change seen: time, field, old, new\n"
		"  .describefs/                 status, errors, metrics (Prometheus), requests (under way)\n"
		"\n"
		"A listing that is partial cannot know every id: enter one by its name (cd KIND/ID), or\n"
		"pin it (-o pin=KIND/ID).  Values are kept for their TTL (15 s, 10 min once finished).\n"
		"describefs refresh PATH... has the next read of these paths ask the cloud again.\n"
		"When the cloud does not answer, the last good value is served for a while and marked:\n"
		"user.describefs.stale is 1.\n");
}
