/*
 * read_type.c - reads "types": the members of each of the API's objects.
 *
 * A member is one short text: "string", "[CodeRepo]", "{TagKey:TagValue}", "[EnvVar] secret". The names of
 * all types are read before their members, so that types can refer to each other in any order.
 */
#include <stdlib.h>
#include <string.h>

#include "reader.h"
#include "json/json.h"

static const char *const scalars[] = { "string", "int", "float", "bool" };
static const char *const flags[] = { "secret", "list-only" };

enum { N_SCALARS = sizeof scalars / sizeof scalars[0] };

/* Ceilings so low that look-ups may be linear. */
enum { TYPES_MAX = 1000, MEMBERS_MAX = 1000 };

void type_free(struct type *type)
{
	if (type == NULL)
		return;
	for (size_t i = 0; i < type->n_members; i++) {
		free(type->members[i].name);
		free(type->members[i].map_key);
		free(type->members[i].map_value);
	}
	free(type->members);
	free(type->name);
	free(type);
}

static bool is_scalar(const char *name)
{
	for (size_t i = 0; i < N_SCALARS; i++) {
		if (strcmp(name, scalars[i]) == 0)
			return true;
	}
	return false;
}

static void offer_types(struct suggestion *suggestion, const struct catalog *catalog)
{
	for (size_t i = 0; catalog && i < catalog->n_types; i++)
		suggestion_offer(suggestion, catalog->types[i]->name);
}

/* `words`: the error also offers "string" and the other scalars. */
static const struct type *find_type(const struct json_path *at, const char *name, bool words)
{
	const struct loading *loading = loading_of(at);
	const struct type *type = catalog_type(loading->base, name);
	struct suggestion suggestion;

	if (type == NULL)
		type = catalog_type(loading->fresh, name);
	if (type)
		return type;
	suggestion_init(&suggestion, name);
	offer_types(&suggestion, loading->base);
	offer_types(&suggestion, loading->fresh);
	for (size_t i = 0; words && i < N_SCALARS; i++)
		suggestion_offer(&suggestion, scalars[i]);
	schema_refuse_suggest(at, &suggestion, "no such type");
	return NULL;
}

bool type_read_name(const struct json_path *at, const struct json *value, void *out,
	const struct field *field)
{
	const char *name;

	if (!schema_string(at, value, &name) || !schema_check_text(at, field->rule, name))
		return false;
	*(const struct type **)out = find_type(at, name, false);
	return *(const struct type **)out != NULL;
}

/* The type after the merge: the file's own type of that name, if it has one. */
static const struct type *latest(const struct json_path *at, const struct type *type)
{
	const struct type *fresh = type ? catalog_type(loading_of(at)->fresh, type->name) : NULL;

	return fresh ? fresh : type;
}

bool type_expect(const struct json_path *at, const struct type *type, const char *member)
{
	struct suggestion suggestion;

	if (type == NULL)
		return true;
	type = latest(at, type);
	if (type_member(type, member))
		return true;
	suggestion_init(&suggestion, member);
	for (size_t i = 0; i < type->n_members; i++)
		suggestion_offer(&suggestion, type->members[i].name);
	return schema_refuse_suggest(at, &suggestion, "the kind's type has no such member");
}

bool type_expect_map(const struct json_path *at, const struct type *type, const char *member)
{
	if (type == NULL)
		return schema_refuse(at, "only of a kind with a type, which says that it is a map");
	if (!type_expect(at, type, member))
		return false;
	return type_member(latest(at, type), member)->shape == MEMBER_MAP ||
		schema_refuse(at, "is no map in the kind's type");
}

bool type_expect_cell(const struct json_path *at, const struct type *type, const char *path)
{
	while (type) {
		size_t len = strcspn(path, ".");
		char *member = xstrndup(path, len);
		bool known = type_expect(at, type, member);
		const struct member_rule *rule = known ? type_member(latest(at, type), member) : NULL;

		free(member);
		if (!known)
			return false;
		if (path[len] == '\0')
			return rule->shape == MEMBER_SCALAR || rule->shape == MEMBER_LIST ||
				schema_refuse(at, "is neither a value nor a list of values");
		if (rule->shape != MEMBER_OBJECT)
			return schema_refuse(at, "%s has no members", rule->name);
		path += len + 1;
		type = rule->of;
	}
	return true;
}

/* Reads the text between the braces, "TagKey:TagValue". */
static bool read_map(const struct json_path *at, struct member_rule *rule, char *inside)
{
	char *colon = strchr(inside, ':');

	if (colon == NULL)
		return schema_refuse(at, "a map is written {KEY:VALUE}");
	*colon = '\0';
	if (!schema_check_text(at, &rule_member, inside) || !schema_check_text(at, &rule_member, colon + 1))
		return false;
	rule->shape = MEMBER_MAP;
	rule->map_key = xstrdup(inside);
	rule->map_value = xstrdup(colon + 1);
	return true;
}

/* Reads "string", "object" or the name of a type. `list`: the member is a list of them. */
static bool read_named(const struct json_path *at, struct member_rule *rule, const char *name, bool list)
{
	rule->shape = list ? MEMBER_OBJECTS : MEMBER_OBJECT;
	if (is_scalar(name))
		rule->shape = list ? MEMBER_LIST : MEMBER_SCALAR;
	else if (strcmp(name, "object") != 0)
		rule->of = find_type(at, name, true);
	return is_scalar(name) || strcmp(name, "object") == 0 || rule->of;
}

static bool read_shape(const struct json_path *at, struct member_rule *rule, char *word)
{
	char first = word[0], *last = word + strlen(word) - 1;
	bool map = first == '{' && *last == '}', list = first == '[' && *last == ']';

	if (!map && !list)
		return read_named(at, rule, word, false);
	*last = '\0';
	return map ? read_map(at, rule, word + 1) : read_named(at, rule, word + 1, true);
}

static bool type_read_flag(const struct json_path *at, struct member_rule *rule, const char *word)
{
	bool *const fields[] = { &rule->secret, &rule->list_only };
	struct suggestion suggestion;

	suggestion_init(&suggestion, word);
	for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
		if (strcmp(word, flags[i]) == 0)
			return *fields[i] = true;
		suggestion_offer(&suggestion, flags[i]);
	}
	return schema_refuse_suggest(at, &suggestion, "only secret and list-only may follow the type");
}

static bool read_words(const struct json_path *at, struct member_rule *rule, char *words)
{
	char *rest, *word = strtok_r(words, " ", &rest);

	if (word == NULL)
		return schema_refuse(at, "names no type");
	if (!read_shape(at, rule, word))
		return false;
	while ((word = strtok_r(NULL, " ", &rest))) {
		if (!type_read_flag(at, rule, word))
			return false;
	}
	return true;
}

static bool read_rule(const struct json_path *at, const struct json *value, struct type *type)
{
	const char *text;

	if (!schema_check_text(at, &rule_member, at->name) || !schema_string(at, value, &text))
		return false;
	if (type_member(type, at->name))
		return schema_refuse(at, "occurs twice: remove one");

	struct member_rule *rule = &type->members[type->n_members++];
	char *words = xstrdup(text);

	rule->name = xstrdup(at->name);

	bool read = read_words(at, rule, words);

	free(words);
	return read;
}

static bool read_members(const struct json_path *at, const struct json *members, struct type *type)
{
	if (!schema_members(at, members, NULL, NULL))
		return false;
	if (json_count(members) > MEMBERS_MAX)
		return schema_refuse(at, "over %d members", MEMBERS_MAX);
	type->members = xcalloc(json_count(members), sizeof *type->members);
	for (const struct json *value = json_first(members); value; value = json_next(value)) {
		struct json_path here = json_path_member(at, json_key(value));

		if (!read_rule(&here, value, type))
			return false;
	}
	return true;
}

static bool take_name(const struct json_path *at, struct catalog *fresh)
{
	if (!schema_check_text(at, &rule_member, at->name))
		return false;
	if (is_scalar(at->name) || strcmp(at->name, "object") == 0)
		return schema_refuse(at, "is the name of a built-in type: choose another");
	if (catalog_type(fresh, at->name))
		return schema_refuse(at, "occurs twice: remove one");

	struct type *type = xcalloc(1, sizeof *type);

	type->name = xstrdup(at->name);
	fresh->types[fresh->n_types++] = type;
	return true;
}

bool types_read(const struct json_path *at, const struct json *types, struct catalog *fresh)
{
	size_t i = 0;

	if (json_count(types) > TYPES_MAX)
		return schema_refuse(at, "over %d types", TYPES_MAX);
	fresh->types = xcalloc(json_count(types), sizeof(struct type *));
	for (const struct json *type = json_first(types); type; type = json_next(type)) {
		struct json_path here = json_path_member(at, json_key(type));

		if (!take_name(&here, fresh))
			return false;
	}
	for (const struct json *type = json_first(types); type; type = json_next(type)) {
		struct json_path here = json_path_member(at, json_key(type));

		if (!read_members(&here, type, fresh->types[i++]))
			return false;
	}
	return true;
}
