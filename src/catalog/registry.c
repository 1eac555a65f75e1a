/*
 * registry.c - the catalogs that are loaded: the built-in ones, and files that add a catalog or add to one.
 *
 * read_catalog.c makes a fresh catalog of a file's text. Here it is added to the others, or merged into the
 * catalog of its name. A kind or type that replaces another one swaps contents with it, so that pointers to
 * the old one stay valid; the old contents are freed with the fresh catalog.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/shown.h"
#include "reader.h"

enum { WHY_MAX = 4096 };

extern const char catalog_tione_json[], catalog_tione_json_end[];
extern const char catalog_qianfan_json[], catalog_qianfan_json_end[];

static const struct built_in {
	const char *name, *text, *end;
} BUILT_IN[] = {
	{ "tione", catalog_tione_json, catalog_tione_json_end },
	{ "qianfan", catalog_qianfan_json, catalog_qianfan_json_end },
};
enum { BUILT_IN_N = sizeof(BUILT_IN) / sizeof(*BUILT_IN) };

void catalogs_init(struct catalogs *catalogs)
{
	*catalogs = (struct catalogs){ .v = NULL };
}

void catalogs_release(struct catalogs *catalogs)
{
	for (size_t i = 0; i < catalogs->n; i++)
		catalog_free(catalogs->v[i]);
	free(catalogs->v);
	catalogs_init(catalogs);
}

void catalogs_refuse(const struct catalogs *catalogs, const char *name, struct buf *why)
{
	buf_printf(why, "%s: no such catalog; the catalogs are:", name);
	for (size_t i = 0; i < catalogs->n; i++)
		buf_printf(why, " %s", catalogs->v[i]->name);
}

/* Replaces the head. The fresh one has already inherited the members that its file lacks. */
static void merge_head(struct catalog *base, struct catalog *fresh)
{
	struct catalog was = *base;

	*base = *fresh;
	base->kinds = was.kinds;
	base->n_kinds = was.n_kinds;
	base->types = was.types;
	base->n_types = was.n_types;
	was.kinds = fresh->kinds;
	was.n_kinds = fresh->n_kinds;
	was.types = fresh->types;
	was.n_types = fresh->n_types;
	*fresh = was;
}

static void merge_types(struct catalog *base, struct catalog *fresh)
{
	base->types = xrealloc(base->types, (base->n_types + fresh->n_types) * sizeof *base->types);
	for (size_t i = 0; i < fresh->n_types; i++) {
		struct type *type = fresh->types[i], *old = catalog_type(base, type->name);

		if (old) {
			struct type was = *old;

			*old = *type;
			*type = was;
		} else {
			base->types[base->n_types++] = type;
			fresh->types[i] = NULL;
		}
	}
}

/* A regex_t may be moved: nothing that regcomp allocates points back to it. */
static void merge_kinds(struct catalog *base, struct catalog *fresh)
{
	base->kinds = xrealloc(base->kinds, (base->n_kinds + fresh->n_kinds) * sizeof *base->kinds);
	for (size_t i = 0; i < fresh->n_kinds; i++) {
		struct kind *kind = fresh->kinds[i];
		struct kind *old = catalog_find_kind(base, kind->parent, kind->name);

		if (old) {
			struct kind was = *old;

			*old = *kind;
			*kind = was;
		} else {
			base->kinds[base->n_kinds++] = kind;
			fresh->kinds[i] = NULL;
		}
	}
}

static void link_children(struct catalog *catalog)
{
	for (size_t i = 0; i < catalog->n_kinds; i++) {
		struct kind *parent = catalog->kinds[i];
		size_t n = 0;

		free(parent->children);
		parent->children = xcalloc(catalog->n_kinds + 1, sizeof *parent->children);
		for (size_t j = 0; j < catalog->n_kinds; j++) {
			if (catalog->kinds[j]->parent == parent)
				parent->children[n++] = catalog->kinds[j];
		}
	}
}

static void registry_add(struct catalogs *catalogs, struct catalog *fresh)
{
	catalogs->v = xrealloc(catalogs->v, (catalogs->n + 1) * sizeof *catalogs->v);
	catalogs->v[catalogs->n++] = fresh;
}

bool catalogs_load(struct catalogs *catalogs, const char *file, const char *text, size_t len, struct buf *why)
{
	struct catalog *fresh = catalog_read(catalogs, file, text, len, why);

	if (fresh == NULL)
		return false;

	struct catalog *base = catalogs_find_mutable(catalogs, fresh->name);

	if (base) {
		merge_head(base, fresh);
		merge_types(base, fresh);
		merge_kinds(base, fresh);
		catalog_free(fresh);
	} else {
		registry_add(catalogs, fresh);
	}
	link_children(base ? base : fresh);
	return true;
}

static void load_built_in(struct catalogs *catalogs, const struct built_in *one)
{
	struct buf why;

	if (catalogs_find_mutable(catalogs, one->name))
		return;
	buf_init(&why, WHY_MAX);
	if (!catalogs_load(catalogs, one->name, one->text, (size_t)(one->end - one->text), &why)) {
		char *line = shown_line(why.data);
		fprintf(stderr, "describefs: built-in %s\n", line);
		abort();
	}
	buf_release(&why);
}

void catalogs_load_built_in(struct catalogs *catalogs)
{
	for (size_t i = 0; i < BUILT_IN_N; i++)
		load_built_in(catalogs, &BUILT_IN[i]);
}

static const struct built_in *find_built_in(const char *name)
{
	for (size_t i = 0; i < BUILT_IN_N; i++)
		if (strcmp(BUILT_IN[i].name, name) == 0)
			return &BUILT_IN[i];
	return NULL;
}

bool catalogs_are_built_in(const char *name)
{
	return find_built_in(name);
}

void catalogs_load_one(struct catalogs *catalogs, const char *name)
{
	const struct built_in *one = find_built_in(name);

	if (one)
		load_built_in(catalogs, one);
}
