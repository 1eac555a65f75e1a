/*
 * read_action.c - reads a kind's calls: "list", "describe" and "harvest".
 *
 * All three are a struct action and share one schema. Each field of the schema says for which of them, and
 * for which paging style, it is allowed. Members of a paging style that the file leaves out get defaults.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reader.h"
#include "json/json.h"

/* The contexts of a field: the call, its paging style, and whether the cloud's calls have URL paths. */
enum {
	IN_LIST = 1,
	IN_DESCRIBE = 2,
	IN_HARVEST = 4,
	IN_OFFSET = 8,
	IN_MARKER = 16,
	IN_PATHS = 32,
	IN_LISTS = IN_LIST | IN_HARVEST,
	IN_PAGES = IN_OFFSET | IN_MARKER,
};

enum { PAGE_MAX = 100000, RATE_MAX = 100000, HARVESTS_MAX = 100 };

static_assert(offsetof(struct harvest, list) == 0, "one schema reads an action and a harvest");

/* As path_is_dotted, but segments may end in "[]", and at least one does. */
static bool is_ids_path(const char *text)
{
	const char *at = text;

	if (!path_is_dotted(text) || strstr(text, "[]") == NULL)
		return false;
	while ((at = strpbrk(at, "[]"))) {
		if (at == text || at[-1] == '.' || strncmp(at, "[]", 2) != 0)
			return false;
		if (at[2] != '.' && at[2] != '\0')
			return false;
		at += 2;
	}
	return true;
}

static const struct text_rule rule_action = {
	.what = "the name of an action",
	.first = TEXT_LETTERS,
	.rest = TEXT_LETTERS TEXT_DIGITS "_",
};
static const struct text_rule rule_url_path = {
	.what = "a URL's path",
	.first = "/",
	.rest = TEXT_LETTERS TEXT_DIGITS "/_.-",
};
static const struct text_rule rule_ids = {
	.what = "a path to ids, A[].B.C",
	.rest = TEXT_LETTERS TEXT_DIGITS "_-.[]",
	.also = is_ids_path,
};

struct paging_name {
	const char *name;
	enum paging_style style;
	unsigned in;
};

/* clang-format off */
static const struct paging_name pagings[] = {
	{ "offset", PAGING_OFFSET, IN_OFFSET },
	{ "marker", PAGING_MARKER, IN_MARKER },
};
/* clang-format on */

enum { N_PAGINGS = sizeof pagings / sizeof pagings[0] };

static bool read_paging(const struct json_path *at, const struct json *value, void *out,
	const struct field *field)
{
	const char *name;
	struct suggestion suggestion;

	(void)field;
	if (!schema_string(at, value, &name))
		return false;
	suggestion_init(&suggestion, name);
	for (size_t i = 0; i < N_PAGINGS; i++) {
		if (strcmp(pagings[i].name, name) == 0) {
			*(enum paging_style *)out = pagings[i].style;
			return true;
		}
		suggestion_offer(&suggestion, pagings[i].name);
	}
	return schema_refuse_suggest(at, &suggestion, "must be offset or marker, or not be there");
}

/* "" is the result itself. */
static bool read_item(const struct json_path *at, const struct json *value, void *out,
	const struct field *field)
{
	if (json_type(value) == JSON_STRING && json_text(value)[0] == '\0') {
		*(char **)out = xstrdup("");
		return true;
	}
	return schema_text(at, value, out, field);
}

#define TEXT(member, field_, rule_) \
	.name = member, .read = schema_text, .offset = offsetof(struct action, field_), .rule = rule_

/* clang-format off */
static const struct field action_fields[] = {
	{ TEXT("action", name, &rule_action), .needed = IN_LISTS | IN_DESCRIBE },
	{ TEXT("path", path, &rule_url_path), .in = IN_PATHS, .needed = IN_PATHS,
		.only = "of a cloud whose calls have paths" },
	{ .name = "bare", .read = schema_flag, .offset = offsetof(struct action, bare),
		.in = IN_PATHS, .only = "of a cloud whose calls have paths" },
	{ .name = "params", .read = schema_json, .offset = offsetof(struct action, params) },
	{ TEXT("id", id, &rule_member), .in = IN_DESCRIBE, .needed = IN_DESCRIBE,
		.only = "where one resource is described" },
	{ TEXT("parent", parent, &rule_member), .in = IN_LIST | IN_DESCRIBE,
		.only = "where the parent is known: a harvest finds ids of all parents" },
	{ .name = "numbers", .read = schema_flag, .offset = offsetof(struct action, numbers),
		.in = IN_LIST | IN_DESCRIBE, .only = "where ids are sent" },
	{ TEXT("items", items, &rule_members), .in = IN_LISTS, .needed = IN_LIST,
		.only = "where something is listed; here it is item" },
	{ .name = "item", .read = read_item, .offset = offsetof(struct action, items),
		.rule = &rule_members, .in = IN_DESCRIBE,
		.only = "where one resource is described; here it is items" },
	{ .name = "paging", .read = read_paging, .offset = offsetof(struct action, paging.style),
		.in = IN_LISTS, .only = "where something is listed" },
	{ .name = "page", .read = schema_count, .offset = offsetof(struct action, paging.page_size), .min = 1,
		.max = PAGE_MAX, .in = IN_PAGES, .needed = IN_PAGES, .only = "with a paging" },
	{ TEXT("limit", paging.limit, &rule_member), .in = IN_PAGES, .only = "with a paging" },
	{ TEXT("offset", paging.offset, &rule_member), .in = IN_OFFSET, .only = "where paging is offset" },
	{ TEXT("total", paging.total, &rule_members), .in = IN_OFFSET, .only = "where paging is offset" },
	{ TEXT("marker", paging.marker, &rule_member), .in = IN_MARKER, .only = "where paging is marker" },
	{ TEXT("next", paging.next, &rule_members), .in = IN_MARKER, .only = "where paging is marker" },
	{ TEXT("more", paging.more, &rule_members), .in = IN_MARKER, .only = "where paging is marker" },
	{ .name = "newest", .read = schema_json, .offset = offsetof(struct action, refresh.newest),
		.in = IN_OFFSET, .only = "where paging is offset" },
	{ TEXT("newest_by", refresh.newest_by, &rule_member), .in = IN_OFFSET,
		.only = "where paging is offset" },
	{ .name = "live", .read = schema_json, .offset = offsetof(struct action, refresh.live),
		.in = IN_OFFSET, .only = "where paging is offset" },
	{ .name = "by_status", .read = schema_json, .offset = offsetof(struct action, filter.by_status),
		.in = IN_LIST, .only = "where resources are listed" },
	{ .name = "by_tag", .read = schema_json, .offset = offsetof(struct action, filter.by_tag),
		.in = IN_LIST, .only = "where resources are listed" },
	{ .name = "rate", .read = schema_rate, .offset = offsetof(struct action, rate),
		.max = RATE_MAX },
	{ .name = "ids", .read = schema_text, .offset = offsetof(struct harvest, ids),
		.rule = &rule_ids, .in = IN_HARVEST, .needed = IN_HARVEST, .only = "in a harvest" },
};
/* clang-format on */

enum { N_FIELDS = sizeof action_fields / sizeof action_fields[0] };

static const struct schema action_schema = { action_fields, N_FIELDS };
/* All fields but the last, which belongs to struct harvest. */
static const struct schema release_schema = { action_fields, N_FIELDS - 1 };

void action_release(struct action *action)
{
	schema_release(&release_schema, action);
}

void harvest_release(struct harvest *harvest)
{
	action_release(&harvest->list);
	free(harvest->ids);
}

/*
 * The context bits of the paging style. They are needed before the members are read, in any order.
 */
static unsigned paging_place(const struct json *value)
{
	const struct json *name = json_get(value, "paging");

	for (size_t i = 0; name && i < N_PAGINGS; i++) {
		if (strcmp(json_text(name), pagings[i].name) == 0)
			return pagings[i].in;
	}
	return 0;
}

static void fill_text(char **field, const char *text)
{
	if (*field == NULL)
		*field = xstrdup(text);
}

static void action_fill_defaults(struct action *action, unsigned in, double rate)
{
	fill_text(&action->params, "{}");
	if (in & IN_DESCRIBE)
		fill_text(&action->items, "");
	if (action->rate <= 0)
		action->rate = rate;
	if (action->paging.style == PAGING_OFFSET) {
		fill_text(&action->paging.offset, "Offset");
		fill_text(&action->paging.limit, "Limit");
		fill_text(&action->paging.total, "TotalCount");
	} else if (action->paging.style == PAGING_MARKER) {
		fill_text(&action->paging.marker, "marker");
		fill_text(&action->paging.limit, "maxKeys");
		fill_text(&action->paging.next, "pageInfo.nextMarker");
		fill_text(&action->paging.more, "pageInfo.isTruncated");
	}
}

/* The fixed parameters must not have a member that the program sets in each call. */
static bool check_params(const struct json_path *at, const struct json *value, const char *member,
	const struct action *action)
{
	const struct json *params = json_get(value, member);
	const char *const made[] = {
		action->id,
		action->parent,
		action->paging.offset,
		action->paging.limit,
		action->paging.marker,
	};
	struct json_path here = json_path_member(at, member);

	for (size_t i = 0; i < sizeof made / sizeof made[0]; i++) {
		if (made[i] && json_get(params, made[i]))
			return schema_refuse_member(&here, made[i], "set by every call itself");
	}
	return true;
}

/* The three members of a refresh need each other. */
static bool check_refresh(const struct json_path *at, const struct action *action)
{
	bool all = action->refresh.newest && action->refresh.newest_by && action->refresh.live;
	bool none = !action->refresh.newest && !action->refresh.newest_by && !action->refresh.live;

	return all || none || schema_refuse(at, "newest, newest_by and live go together");
}

/* The placeholder must be a whole string. */
static bool check_filter(const struct json_path *at, const char *member, const char *filter, const char *word)
{
	struct json_path here = json_path_member(at, member);
	char quoted[16];

	snprintf(quoted, sizeof quoted, "\"{%s}\"", word);
	return !filter || strstr(filter, quoted) || schema_refuse(&here, "holds no %s", quoted);
}

static bool check_filters(const struct json_path *at, const struct action *action)
{
	return check_filter(at, "by_status", action->filter.by_status, "status") &&
		check_filter(at, "by_tag", action->filter.by_tag, "key") &&
		check_filter(at, "by_tag", action->filter.by_tag, "value");
}

/* `action` may be the first member of a struct harvest. */
static bool read_action(const struct json_path *at, const struct json *value, struct action *action,
	unsigned in)
{
	const struct catalog *catalog = loading_of(at)->fresh;

	if (in & IN_LISTS)
		in |= paging_place(value);
	if (cloud_find(catalog->cloud)->has_paths)
		in |= IN_PATHS;
	if (!schema_object(at, value, &action_schema, in, action))
		return false;
	action_fill_defaults(action, in, catalog->rate);
	static const char *const fixed[] = { "params", "newest", "live", "by_status", "by_tag" };

	for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
		if (!check_params(at, value, fixed[i], action))
			return false;
	}
	return check_refresh(at, action) && check_filters(at, action);
}

bool action_read_list(const struct json_path *at, const struct json *value, void *out,
	const struct field *field)
{
	(void)field;
	return read_action(at, value, out, IN_LIST);
}

bool action_read_describe(const struct json_path *at, const struct json *value, void *out,
	const struct field *field)
{
	(void)field;
	return read_action(at, value, out, IN_DESCRIBE);
}

/* The default: the items are the elements of the first list in the path `ids`. */
static void fill_items(struct harvest *harvest)
{
	if (harvest->list.items == NULL)
		harvest->list.items = xstrndup(harvest->ids, strcspn(harvest->ids, "["));
}

bool action_read_harvests(const struct json_path *at, const struct json *value, void *out,
	const struct field *field)
{
	struct harvests *harvests = out;

	if (!schema_array(at, value, NULL, field))
		return false;
	if (json_count(value) > HARVESTS_MAX)
		return schema_refuse(at, "over %d calls", HARVESTS_MAX);
	harvests->v = xcalloc(json_count(value), sizeof *harvests->v);
	for (const struct json *call = json_first(value); call; call = json_next(call)) {
		struct harvest *harvest = &harvests->v[harvests->n];
		struct json_path here = json_path_element(at->up, at->name, (long)harvests->n++, NULL);

		if (!read_action(&here, call, &harvest->list, IN_HARVEST))
			return false;
		fill_items(harvest);
	}
	return true;
}
