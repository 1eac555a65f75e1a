/*
 * catalog_help.c - texts about the kinds of a catalog.
 */
#include "catalog/catalog_help.h"

#include <limits.h>
#include <string.h>

#include "base/shown.h"

static void add_path(struct buf *out, const struct kind *kind)
{
	if (kind->parent)
		add_path(out, kind->parent);
	buf_printf(out, "/%s/<", kind->name);
	shown_add(out, kind->id.member, "");
	buf_putc(out, '>');
}

static const char *call_name(const struct action *action)
{
	const char *slash = action->path ? strrchr(action->path, '/') : NULL;

	if (action->name && *action->name)
		return action->name;
	return slash ? slash + 1 : "-";
}

/* Appends "by-name, by-status"; nothing if no view shows the kind. */
static void add_views(struct buf *out, const struct kind *kind)
{
	const char *between = "";

	for (int view = 0; view < VIEW_SORTS; view++) {
		if (!kind_view(kind, view))
			continue;
		buf_printf(out, "%s%s", between, view_name(view));
		between = ", ";
	}
}

/* The width of the longest path, so that the second column is aligned. */
static int path_width(const struct catalog *catalog)
{
	size_t width = 0;
	struct buf path;

	buf_init(&path, SIZE_MAX);
	for (size_t i = 0; i < catalog->n_kinds; i++) {
		buf_clear(&path);
		add_path(&path, catalog->kinds[i]);
		width = path.len > width ? path.len : width;
	}
	buf_release(&path);
	return width < INT_MAX ? (int)width : INT_MAX;
}

void catalog_help_kinds(struct buf *out, const struct catalog *catalog)
{
	int width = path_width(catalog);
	struct buf path;

	buf_init(&path, SIZE_MAX);
	buf_printf(out, "%s - ", catalog->name);
	shown_add(out, catalog->about, "");
	buf_putc(out, '\n');
	for (size_t i = 0; i < catalog->n_kinds; i++) {
		const struct kind *kind = catalog->kinds[i];
		buf_clear(&path);
		add_path(&path, kind);
		buf_printf(out, "  %-*s ", width, path.data);
		shown_add(out, kind->about, "");
		buf_puts(out, kind->partial ? " (partial list)\n" : "\n");
		buf_printf(out, "  %-*s list ", width, "");
		shown_add(out, call_name(&kind->list), "");
		buf_puts(out, ", describe ");
		shown_add(out, call_name(&kind->describe), "");
		buf_putc(out, '\n');
		buf_clear(&path);
		add_views(&path, kind);
		if (path.len)
			buf_printf(out, "  %-*s %s\n", width, "", path.data);
	}
	buf_release(&path);
}

void catalog_help_kinds_table(struct buf *out, const struct catalog *catalog)
{
	struct buf path;

	buf_init(&path, 4096);
	for (size_t i = 0; i < catalog->n_kinds; i++) {
		const struct kind *kind = catalog->kinds[i];
		buf_clear(&path);
		add_path(&path, kind);
		buf_printf(out, "| `%s` | `%s` | %s | %s | %s | ", catalog->name, path.data, kind->about,
			call_name(&kind->list), call_name(&kind->describe));
		add_views(out, kind);
		buf_puts(out,
			kind_view(kind, VIEW_NAME) || kind_view(kind, VIEW_STATUS) ||
					kind_view(kind, VIEW_TAG) ?
				" |\n" :
				"- |\n");
	}
	buf_release(&path);
}

struct way {
	const char *path, *what;
};

/* For each view: the kinds that it shows. */
static void add_ways(struct buf *out, const struct catalog *catalog)
{
	static const struct way ways[VIEW_SORTS] = {
		[VIEW_NAME] = { "KIND/NAME", "a link; NAME~ID where several have the name" },
		[VIEW_STATUS] = { "KIND/STATUS/ID", "a link; only that STATUS is asked for" },
		[VIEW_TAG] = { "KIND/KEY/VALUE/ID", "a link" },
	};
	struct buf path, kinds;

	buf_init(&path, 4096);
	buf_init(&kinds, SIZE_MAX);
	buf_puts(out, "\nOther ways to the same resources, for the kinds at the top:\n");
	for (int view = 0; view < VIEW_SORTS; view++) {
		buf_clear(&path);
		buf_clear(&kinds);
		buf_printf(&path, "%s/%s", view_name(view), ways[view].path);
		for (size_t i = 0; i < catalog->n_kinds; i++)
			if (kind_view(catalog->kinds[i], view))
				buf_printf(&kinds, "%s%s", kinds.len ? ", " : "", catalog->kinds[i]->name);
		if (kinds.len)
			buf_printf(out, "  %-28s %s (%s)\n", path.data, ways[view].what, kinds.data);
	}
	buf_puts(out, "  KIND/.table.tsv              the listing as a table; it is in no listing itself\n");
	buf_release(&path);
	buf_release(&kinds);
}

void catalog_help_readme(struct buf *out, const struct catalog *catalog)
{
	buf_printf(out,
		"This is %s as files: each field of each resource is a small file, fetched when it is read.\n"
		"Everything here is read-only.\n\n",
		catalog->about);
	catalog_help_kinds(out, catalog);
	buf_puts(out,
		"\n"
		"Look around:\n"
		"  ls KIND                      the resources of a kind\n"
		"  cat KIND/ID/status           one field; an empty file is an empty or null value\n"
		"  cat KIND/*/status            one field of all: comes from the listing alone\n"
		"  jq . KIND/ID/describe.json   the whole object, digit for digit\n"
		"  ls -lt KIND                  newest first; times are the cloud's\n"
		"  getfattr -d KIND/ID/status   where it comes from, how old it is, whether it is stale\n");
	add_ways(out, catalog);
	buf_puts(out,
		"\n"
		"In no listing, but there:\n"
		"  cat KIND/ID/.wait && ...     waits until the status is one that stays, and prints it\n"
		"  tail -f KIND/ID/.events      a line for each change seen: time, field, old, new\n"
		"  .describefs/                 status, errors, metrics (Prometheus), requests (under way)\n"
		"\n"
		"A listing that is partial cannot know every id: enter one by its name (cd KIND/ID), or\n"
		"pin it (-o pin=KIND/ID). Values are kept for their TTL (15 s, 10 min once finished).\n"
		"describefs refresh PATH... has the next read of these paths ask the cloud again.\n"
		"When the cloud does not answer, the last good value is served for a while and marked:\n"
		"user.describefs.stale is 1.\n");
}
