/*
 * catalog.c - the kinds of resources as data: what is asked of them, and how files come together.
 *
 * The catalog_*.c beside this one turn a file's text into a fresh catalog, whole or not at all.
 * Here it becomes one more catalog, or is merged into the one of its name.  A kind or type that
 * replaces another takes over its place in memory, so nobody's pointer goes stale; the old contents
 * leave with the rest of the fresh catalog.
 */
#include "catalog/catalog.h"

#include <stdio.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/name.h"
#include "base/shown.h"
#include "catalog_load.h"

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

static struct catalog *find(const struct catalogs *catalogs, const char *name)
{
	for (size_t i = 0; i < catalogs->n; i++) {
		if (strcmp(catalogs->v[i]->name, name) == 0)
			return catalogs->v[i];
	}
	return NULL;
}

const struct catalog *catalogs_find(const struct catalogs *catalogs, const char *name)
{
	return find(catalogs, name);
}

void catalogs_refuse(const struct catalogs *catalogs, const char *name, struct buf *why)
{
	buf_printf(why, "%s: no such catalog; there is", name);
	for (size_t i = 0; i < catalogs->n; i++)
		buf_printf(why, " %s", catalogs->v[i]->name);
}

static struct kind *find_kind(const struct catalog *catalog, const struct kind *parent, const char *name)
{
	for (size_t i = 0; i < catalog->n_kinds; i++) {
		struct kind *kind = catalog->kinds[i];

		if (kind->parent == parent && strcmp(kind->name, name) == 0)
			return kind;
	}
	return NULL;
}

const struct kind *catalog_kind(const struct catalog *catalog, const struct kind *parent, const char *name)
{
	return find_kind(catalog, parent, name);
}

/* The head is replaced as a whole: the fresh one has taken over what it did not say itself. */
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

/* A compiled expression moves with its kind: nothing that regcomp makes points to the regex_t. */
static void merge_kinds(struct catalog *base, struct catalog *fresh)
{
	base->kinds = xrealloc(base->kinds, (base->n_kinds + fresh->n_kinds) * sizeof *base->kinds);
	for (size_t i = 0; i < fresh->n_kinds; i++) {
		struct kind *kind = fresh->kinds[i];
		struct kind *old = find_kind(base, kind->parent, kind->name);

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

static void add(struct catalogs *catalogs, struct catalog *fresh)
{
	catalogs->v = xrealloc(catalogs->v, (catalogs->n + 1) * sizeof *catalogs->v);
	catalogs->v[catalogs->n++] = fresh;
}

bool catalogs_load(struct catalogs *catalogs, const char *file, const char *text, size_t len, struct buf *why)
{
	struct catalog *fresh = catalog_read(catalogs, file, text, len, why);

	if (fresh == NULL)
		return false;

	struct catalog *base = find(catalogs, fresh->name);

	if (base) {
		merge_head(base, fresh);
		merge_types(base, fresh);
		merge_kinds(base, fresh);
		catalog_free(fresh);
	} else {
		add(catalogs, fresh);
	}
	link_children(base ? base : fresh);
	return true;
}

static void load_built_in(struct catalogs *catalogs, const struct built_in *one)
{
	struct buf why;

	if (find(catalogs, one->name))
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

const struct member_rule *type_member(const struct type *type, const char *member)
{
	for (size_t i = 0; type && i < type->n_members; i++) {
		const char *name = type->members[i].name;

		if (*name == *member && strcmp(name, member) == 0)
			return &type->members[i];
	}
	return NULL;
}

bool member_is_secret(const struct member_rule *rule, const char *name, enum json_type type)
{
	if (rule)
		return rule->secret;
	return type != JSON_BOOLEAN && name_is_secret(name) && (type != JSON_NUMBER || !name_is_token(name));
}

const char *view_name(enum view_sort view)
{
	static const char *const names[VIEW_SORTS] = { "by-name", "by-status", "by-tag" };

	return names[view];
}

const char *kind_view(const struct kind *kind, enum view_sort view)
{
	const char *const members[VIEW_SORTS] = { kind->label, kind->status, kind->tags };

	return kind->parent ? NULL : members[view];
}

static bool holds_text(const struct texts *texts, const char *text)
{
	for (size_t i = 0; i < texts->n; i++) {
		if (strcmp(texts->v[i], text) == 0)
			return true;
	}
	return false;
}

bool kind_is_terminal(const struct kind *kind, const char *status)
{
	return holds_text(&kind->terminal, status);
}

bool kind_has_status(const struct kind *kind, const char *status)
{
	return holds_text(&kind->terminal, status) || holds_text(&kind->statuses, status);
}

/*
 * Over 255 bytes a file name cannot say which id it is; a probe is no id whatever the form says.  A
 * match is the leftmost and then the longest, so this one spans the whole id if any does.  (Anchors
 * around the form would not do: to regcomp "a)|b" is right, and "^(a)|b)$" something else.)
 */
bool kind_accepts_id(const struct kind *kind, const char *id)
{
	size_t len = strlen(id);
	regmatch_t match;

	if (len == 0 || len > NAME_BYTES_MAX || name_is_probe(id))
		return false;
	errno = 0;
	if (regexec(&kind->id_regex, id, 1, &match, 0) == 0)
		return match.rm_so == 0 && (size_t)match.rm_eo == len;
	if (errno == ENOMEM) /* glibc says "no match", and that would be a word about the id */
		out_of_memory();
	return false;
}

static const char *renamed(const struct kind *kind, const char *member)
{
	for (size_t i = 0; i < kind->n_renames; i++) {
		if (strcmp(kind->renames[i].member, member) == 0)
			return kind->renames[i].name;
	}
	return NULL;
}

/* The prefix goes only where a whole word is left: TrainingModelFormat, not TrainingModels. */
static const char *stripped(const struct kind *kind, const char *member)
{
	size_t len = kind->strip ? strlen(kind->strip) : 0;

	if (len == 0 || strncmp(member, kind->strip, len) != 0)
		return member;
	return member[len] >= 'A' && member[len] <= 'Z' ? member + len : member;
}

bool kind_alters_name(const struct kind *kind, const char *member)
{
	return renamed(kind, member) || stripped(kind, member) != member;
}

void kind_member_name(const struct kind *kind, const char *member, bool api_names, struct buf *out)
{
	const char *name = renamed(kind, member);

	if (api_names)
		buf_puts(out, member);
	else if (name)
		buf_puts(out, name);
	else
		name_snake(out, stripped(kind, member));
}

const char *action_name(const struct action *action)
{
	return action->name ? action->name : action->path;
}
