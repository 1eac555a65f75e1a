/*
 * read_kind.c - reads "kinds", the rows that the tree is made of.
 *
 * A kind is read by its schema. Then its members are checked together: the calls are complete, they send the
 * parent's id if there is a parent, and the type has each member that the kind names.
 */
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "reader.h"
#include "json/json.h"

enum { KINDS_MAX = 1000, TEXTS_MAX = 1000, REGEX_ERROR_MAX = 120 };

static const struct text_rule rule_kind_path = {
	"a kind's name, or its path: models/versions",
	TEXT_LOWER,
	TEXT_LOWER TEXT_DIGITS "_-/",
	NULL,
};
static const struct text_rule rule_snake = {
	"a file name of a-z, 0-9 and _ that begins with a letter",
	TEXT_LOWER,
	TEXT_LOWER TEXT_DIGITS "_",
	NULL,
};
static const struct text_rule rule_text = { "one line of text", NULL, NULL, NULL };
static bool read_texts(const struct json_path *at, const struct json *value, void *out,
	const struct field *field)
{
	struct texts *texts = out;

	if (!schema_array(at, value, NULL, field))
		return false;
	if (json_count(value) > TEXTS_MAX)
		return schema_refuse(at, "over %d texts", TEXTS_MAX);
	texts->v = xcalloc(json_count(value) + 1, sizeof *texts->v);
	for (const struct json *text = json_first(value); text; text = json_next(text)) {
		struct json_path here = json_path_element(at->up, at->name, (long)texts->n, NULL);

		if (!schema_text(&here, text, &texts->v[texts->n], field))
			return false;
		texts->n++;
	}
	return true;
}

static bool read_renames(const struct json_path *at, const struct json *value, void *out,
	const struct field *field)
{
	struct naming *names = out;

	if (!schema_members(at, value, NULL, field))
		return false;
	if (json_count(value) > TEXTS_MAX)
		return schema_refuse(at, "over %d members", TEXTS_MAX);
	names->renames = xcalloc(json_count(value), sizeof *names->renames);
	for (const struct json *name = json_first(value); name; name = json_next(name)) {
		struct rename *rename = &names->renames[names->n_renames];
		struct json_path here = json_path_member(at, json_key(name));

		if (!schema_check_text(&here, &rule_member, here.name))
			return false;
		if (json_get(value, here.name) != name)
			return schema_refuse(&here, "occurs twice: remove one");
		if (!schema_text(&here, name, &rename->name, field))
			return false;
		rename->member = xstrdup(here.name);
		names->n_renames++;
	}
	return true;
}

/* The search for a parent among the kinds of the base and those before the row. */
struct parent_search {
	const char *wanted; /* a name or a path */
	const struct kind *found;
	size_t n_named; /* kinds of that name */
	bool exact; /* found by the whole path */
	struct suggestion suggestion;
};

static void put_path(struct buf *out, const struct kind *kind)
{
	if (kind->parent) {
		put_path(out, kind->parent);
		buf_putc(out, '/');
	}
	buf_puts(out, kind->name);
}

static void search_kind(struct parent_search *search, const struct kind *kind)
{
	struct buf path;

	buf_init(&path, 1 << 16);
	put_path(&path, kind);
	suggestion_offer(&search->suggestion, kind->name);
	if (strcmp(path.data, search->wanted) == 0) {
		search->found = kind;
		search->exact = true;
	} else if (strcmp(kind->name, search->wanted) == 0) {
		search->n_named++;
		search->found = search->exact ? search->found : kind;
	}
	buf_release(&path);
}

static void search_all(struct parent_search *search, const struct loading *loading)
{
	const struct catalog *base = loading->base, *fresh = loading->fresh;

	for (size_t i = 0; base && i < base->n_kinds; i++)
		search_kind(search, base->kinds[i]);
	for (size_t i = 0; i < fresh->n_kinds; i++) {
		const struct kind *kind = fresh->kinds[i];

		/* A kind that replaces one of the base was searched there. */
		if (base == NULL || catalog_kind(base, kind->parent, kind->name) == NULL)
			search_kind(search, kind);
	}
}

static bool read_parent(const struct json_path *at, const struct json *value, void *out,
	const struct field *field)
{
	struct parent_search search = { .wanted = NULL };

	if (!schema_string(at, value, &search.wanted) || !schema_check_text(at, field->rule, search.wanted))
		return false;
	suggestion_init(&search.suggestion, search.wanted);
	search_all(&search, loading_of(at));
	if (search.found == NULL)
		return schema_refuse_suggest(at, &search.suggestion, "no such kind before this one");
	if (!search.exact && search.n_named > 1)
		return schema_refuse(at, "%zu kinds have this name: write the path", search.n_named);
	*(const struct kind **)out = search.found;
	return true;
}

#define FIELD(member, read_, field) .name = member, .read = read_, .offset = offsetof(struct kind, field)

/* clang-format off */
static const struct field kind_fields[] = {
	{ FIELD("name", schema_text, name), .rule = &rule_name, .needed = 1 },
	{ FIELD("parent", read_parent, parent), .rule = &rule_kind_path },
	{ FIELD("about", schema_text, about) },
	{ FIELD("list", action_read_list, list) },
	{ FIELD("describe", action_read_describe, describe) },
	{ FIELD("partial", schema_flag, partial) },
	{ FIELD("list_is_detail", schema_flag, list_is_detail) },
	{ FIELD("harvest", action_read_harvests, harvests) },
	{ FIELD("id", schema_text, id.member), .rule = &rule_member, .needed = 1 },
	{ FIELD("parent_id", schema_text, id.parent), .rule = &rule_member },
	{ FIELD("id_form", schema_text, id.form), .rule = &rule_text, .needed = 1 },
	{ FIELD("status", schema_text, status.member), .rule = &rule_member },
	{ FIELD("terminal", read_texts, status.terminal), .rule = &rule_text },
	{ FIELD("statuses", read_texts, status.others), .rule = &rule_text },
	{ FIELD("times", read_texts, times), .rule = &rule_member },
	{ FIELD("label", schema_text, label), .rule = &rule_member },
	{ FIELD("tags", schema_text, tags), .rule = &rule_member },
	{ FIELD("columns", read_texts, columns), .rule = &rule_members },
	{ FIELD("strip", schema_text, names.strip), .rule = &rule_member },
	{ FIELD("rename", read_renames, names), .rule = &rule_snake },
	{ FIELD("type", type_read_name, type), .rule = &rule_member },
	{ FIELD("ttl", ttl_read, ttl) },
};
/* clang-format on */
static const struct schema kind_schema = SCHEMA(kind_fields);

void kind_free(struct kind *kind)
{
	if (kind == NULL)
		return;
	schema_release(&kind_schema, kind);
	action_release(&kind->list);
	action_release(&kind->describe);
	for (size_t i = 0; i < kind->harvests.n; i++)
		harvest_release(&kind->harvests.v[i]);
	free(kind->harvests.v);
	texts_release(&kind->status.terminal);
	texts_release(&kind->status.others);
	texts_release(&kind->columns);
	texts_release(&kind->times);
	for (size_t i = 0; i < kind->names.n_renames; i++) {
		free(kind->names.renames[i].member);
		free(kind->names.renames[i].name);
	}
	free(kind->names.renames);
	free(kind->children);
	if (kind->catalog) /* set last: the expression is compiled */
		regfree(&kind->id.regex);
	free(kind);
}

static bool check_name(const struct json_path *at, const struct kind *kind)
{
	const struct catalog *fresh = loading_of(at)->fresh;

	for (int i = 0; kind->parent == NULL && i < VIEW_SORTS; i++) {
		if (strcmp(kind->name, view_name(i)) == 0)
			return schema_refuse_member(at, "name", "the name of a view");
	}
	if (catalog_kind(fresh, kind->parent, kind->name))
		return schema_refuse_member(at, "name", "the file has this kind already");
	return true;
}

static bool check_calls(const struct json_path *at, const struct kind *kind)
{
	if (kind->list.name == NULL && !kind->partial)
		return schema_refuse_member(at, "list",
			"missing (a kind without one says \"partial\": true)");
	if (kind->list.name == NULL && kind->list_is_detail)
		return schema_refuse_member(at, "list_is_detail", "only with a list");
	if (kind->harvests.n > 0 && !kind->partial)
		return schema_refuse_member(at, "harvest", "only of a kind that is partial");
	return true;
}

static bool check_parent(const struct json_path *at, const struct kind *kind)
{
	const struct action *list = &kind->list, *describe = &kind->describe;
	static const char reason[] = "only of a kind with a parent";

	if (kind->parent == NULL && list->parent)
		return schema_refuse_member(at, "list.parent", reason);
	if (kind->parent == NULL && describe->parent)
		return schema_refuse_member(at, "describe.parent", reason);
	if (kind->parent == NULL)
		return kind->id.parent == NULL || schema_refuse_member(at, "parent_id", reason);
	if (list->name && list->parent == NULL)
		return schema_refuse_member(at, "list.parent",
			"missing: the member that takes the parent's id");
	if (describe->name && describe->parent == NULL && kind->id.parent == NULL)
		return schema_refuse_member(at, "parent_id",
			"missing: the member of a described resource that has its parent's id");
	return true;
}

static bool expect_texts(const struct json_path *at, const struct kind *kind, const char *member,
	const struct texts *texts)
{
	for (size_t i = 0; i < texts->n; i++) {
		struct json_path here = json_path_element(at, member, (long)i, NULL);

		if (!type_expect(&here, kind->type, texts->v[i]))
			return false;
	}
	return true;
}

static bool expect_renames(const struct json_path *at, const struct kind *kind)
{
	struct json_path here = json_path_member(at, "rename");

	for (size_t i = 0; i < kind->names.n_renames; i++) {
		struct json_path member = json_path_member(&here, kind->names.renames[i].member);

		if (!type_expect(&member, kind->type, kind->names.renames[i].member))
			return false;
	}
	return true;
}

/* Checks that the type has the members that the kind names. */
static bool check_members(const struct json_path *at, const struct kind *kind)
{
	const struct {
		const char *name, *member;
	} named[] = {
		{ "id", kind->id.member },
		{ "parent_id", kind->id.parent },
		{ "status", kind->status.member },
		{ "label", kind->label },
	};

	for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
		struct json_path here = json_path_member(at, named[i].name);

		if (named[i].member && !type_expect(&here, kind->type, named[i].member))
			return false;
	}
	if (kind->status.terminal.n > 0 && kind->status.member == NULL)
		return schema_refuse_member(at, "terminal", "only of a kind with a status");
	if (kind->status.others.n > 0 && kind->status.member == NULL)
		return schema_refuse_member(at, "statuses", "only of a kind with a status");
	return expect_texts(at, kind, "times", &kind->times) && expect_renames(at, kind);
}

/* Checks the members that views and tables use. */
static bool check_views(const struct json_path *at, const struct kind *kind)
{
	struct json_path tags = json_path_member(at, "tags");

	if (kind->tags && !type_expect_map(&tags, kind->type, kind->tags))
		return false;
	for (size_t i = 0; i < kind->columns.n; i++) {
		struct json_path here = json_path_element(at, "columns", (long)i, NULL);

		if (!type_expect_cell(&here, kind->type, kind->columns.v[i]))
			return false;
	}
	if (kind->list.filter.by_status && kind->status.member == NULL)
		return schema_refuse_member(at, "list.by_status", "only of a kind with a status");
	if (kind->list.filter.by_tag && kind->tags == NULL)
		return schema_refuse_member(at, "list.by_tag", "only of a kind with tags");
	return true;
}

static bool compile_form(const struct json_path *at, struct kind *kind)
{
	struct json_path here = json_path_member(at, "id_form");
	char reason[REGEX_ERROR_MAX];

	if (form_is_too_large(kind->id.form))
		return schema_refuse(&here,
			"too large: over %d steps once its bounds are written out, or over "
			"%d parentheses deep",
			FORM_STEPS_MAX, FORM_DEPTH_MAX);
	int failure = regcomp(&kind->id.regex, kind->id.form, REG_EXTENDED);

	if (failure == 0)
		return true;
	regerror(failure, &kind->id.regex, reason, sizeof reason);
	return schema_refuse(&here, "not a regular expression: %s", reason);
}

static void end_texts(struct texts *texts)
{
	if (texts->v == NULL)
		texts->v = xcalloc(1, sizeof *texts->v);
}

static void kind_fill_defaults(struct kind *kind, const struct catalog *fresh)
{
	if (kind->about == NULL)
		kind->about = xstrdup("");
	if (kind->describe.name == NULL && kind->list.name)
		kind->list_is_detail = true;
	ttl_default(&kind->ttl, &fresh->ttl);
	end_texts(&kind->status.terminal);
	end_texts(&kind->status.others);
	end_texts(&kind->columns);
	end_texts(&kind->times);
}

static bool read_kind(const struct json_path *at, const struct json *value, struct kind *kind)
{
	const struct loading *loading = loading_of(at);

	kind->ttl = TTL_UNSET;
	if (!schema_object(at, value, &kind_schema, 1, kind))
		return false;
	if (!check_name(at, kind) || !check_calls(at, kind) || !check_parent(at, kind))
		return false;
	if (!check_members(at, kind) || !check_views(at, kind) || !compile_form(at, kind))
		return false;
	kind_fill_defaults(kind, loading->fresh);
	kind->catalog = loading->base ? loading->base : loading->fresh;
	return true;
}

bool kinds_read(const struct json_path *at, const struct json *kinds, struct catalog *fresh)
{
	struct json_path here = json_path_member(at, "kinds");

	if (json_count(kinds) > KINDS_MAX)
		return schema_refuse(&here, "over %d kinds", KINDS_MAX);
	fresh->kinds = xcalloc(json_count(kinds), sizeof(struct kind *));
	for (const struct json *value = json_first(kinds); value; value = json_next(value)) {
		const struct json *name = json_get(value, "name");
		const char *label = name && *json_text(name) ? json_text(name) : NULL;
		struct json_path row = json_path_element(at, "kinds", (long)fresh->n_kinds, label);
		struct kind *kind = xcalloc(1, sizeof *kind);

		/* A kind is added only after it was read, so none can be its own parent. */
		if (!read_kind(&row, value, kind)) {
			kind_free(kind);
			return false;
		}
		fresh->kinds[fresh->n_kinds++] = kind;
	}
	return true;
}
