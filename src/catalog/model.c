/*
 * model.c - looks up kinds, types and members in a loaded catalog, and makes the file names of members.
 */
#include "catalog/catalog.h"

#include <errno.h>
#include <string.h>

#include "base/name.h"
#include "reader.h"

struct catalog *catalogs_find_mutable(const struct catalogs *catalogs, const char *name)
{
	for (size_t i = 0; i < catalogs->n; i++) {
		if (strcmp(catalogs->v[i]->name, name) == 0)
			return catalogs->v[i];
	}
	return NULL;
}

const struct catalog *catalogs_find(const struct catalogs *catalogs, const char *name)
{
	return catalogs_find_mutable(catalogs, name);
}

struct kind *catalog_find_kind(const struct catalog *catalog, const struct kind *parent, const char *name)
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
	return catalog_find_kind(catalog, parent, name);
}

struct type *catalog_type(const struct catalog *catalog, const char *name)
{
	for (size_t i = 0; catalog && i < catalog->n_types; i++) {
		if (strcmp(catalog->types[i]->name, name) == 0)
			return catalog->types[i];
	}
	return NULL;
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
	const char *const members[VIEW_SORTS] = { kind->label, kind->status.member, kind->tags };

	return kind->parent ? NULL : members[view];
}

bool kind_is_terminal(const struct kind *kind, const char *status)
{
	return texts_have(&kind->status.terminal, status);
}

bool kind_has_status(const struct kind *kind, const char *status)
{
	return texts_have(&kind->status.terminal, status) || texts_have(&kind->status.others, status);
}

/*
 * An id must fit a file name, and a probe is never an id. POSIX gives the leftmost of the longest matches, so
 * the match spans the whole id if any match does. The form cannot be put between anchors instead: regcomp
 * accepts "a)|b", and "^(a)|b)$" means something else.
 */
bool kind_accepts_id(const struct kind *kind, const char *id)
{
	size_t len = strlen(id);
	regmatch_t match;

	if (len == 0 || len > NAME_BYTES_MAX || name_is_probe(id))
		return false;
	errno = 0;
	if (regexec(&kind->id.regex, id, 1, &match, 0) == 0)
		return match.rm_so == 0 && (size_t)match.rm_eo == len;
	if (errno == ENOMEM) /* glibc reports "no match", as if the id had another form */
		out_of_memory();
	return false;
}

static const char *renamed(const struct kind *kind, const char *member)
{
	for (size_t i = 0; i < kind->names.n_renames; i++) {
		if (strcmp(kind->names.renames[i].member, member) == 0)
			return kind->names.renames[i].name;
	}
	return NULL;
}

/* Only a prefix before a whole word is removed: of TrainingModelFormat, not of TrainingModels. */
static const char *stripped(const struct kind *kind, const char *member)
{
	size_t len = kind->names.strip ? strlen(kind->names.strip) : 0;

	if (len == 0 || strncmp(member, kind->names.strip, len) != 0)
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

bool action_exists(const struct action *action)
{
	return action->name || action->path;
}

const char *action_name(const struct action *action)
{
	return action->name ? action->name : action->path;
}
