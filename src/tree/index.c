/*
 * index.c - a listing's resources by name, by status, by tag.
 *
 * The first read of a view makes the index in one pass over the texts of the list's items. It is valid until
 * the listing changes. A resource that no view shows costs nothing. Groups (the resources of one name) are
 * distinguished by their texts and not by a hash, because a user that names resources could make two names
 * with one hash.
 */
#include "views.h"

#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/name.h"
#include "base/search.h"

/* ---- where it hangs ---- */

struct derived *listing_derived(struct tree *tree, struct listing *listing)
{
	if (!listing->derived) {
		listing->derived = xcalloc(1, sizeof(*listing->derived));
		tree->memory += sizeof(*listing->derived);
	}
	return listing->derived;
}

static void index_free(struct tree *tree, struct index *index)
{
	if (!index)
		return;
	tree->memory -= index->memory;
	buf_release(&index->names);
	buf_release(&index->groups);
	buf_release(&index->rows);
	map_release(&index->by_name);
	free(index->by_cookie);
	free(index);
}

void index_shrink(struct tree *tree, struct listing *listing)
{
	for (int i = 0; listing->derived && i < VIEW_SORTS; i++) {
		index_free(tree, listing->derived->indexes[i]);
		listing->derived->indexes[i] = NULL;
	}
}

struct json_slice resource_json(const struct resource *resource)
{
	const struct version *detail = resource_described(resource)->version;
	const struct text *text = resource->cached.text ? resource->cached.text :
		detail                                  ? detail->text :
							  NULL;

	return (struct json_slice){ text ? text->bytes : "", text ? text->len : 0 };
}

/* ---- looking ---- */

const struct index_group *index_group(const struct index *index, uint32_t group)
{
	return (const struct index_group *)(const void *)index->groups.data + group - 1;
}

const char *index_name(const struct index *index, const struct index_group *group)
{
	return index->names.data + group->name;
}

static uint32_t count_groups(const struct index *index)
{
	return (uint32_t)(index->groups.len / sizeof(struct index_group));
}

static uint32_t count_rows(const struct index *index)
{
	return (uint32_t)(index->rows.len / sizeof(struct index_row));
}

struct group_key {
	const struct index *index;
	uint32_t above;
	const char *name;
};

static bool is_group(const void *value, const void *key)
{
	const struct group_key *wanted = key;
	const struct index_group *group = index_group(wanted->index, (uint32_t)(uintptr_t)value);

	return group->above == wanted->above && !strcmp(index_name(wanted->index, group), wanted->name);
}

uint32_t index_find(const struct index *index, uint32_t above, const char *name)
{
	struct group_key key = { index, above, name };
	uint64_t hash = map_hash_text(&index->by_name, above, name);

	return (uint32_t)(uintptr_t)map_get(&index->by_name, hash, is_group, &key);
}

struct group_search {
	const struct index *index;
	uint32_t above;
	uint64_t cookie;
};

static bool is_group_before(const void *arg, size_t at)
{
	const struct group_search *search = arg;
	const struct index_group *group = index_group(search->index, search->index->by_cookie[at]);

	return group->above < search->above ||
		(group->above == search->above && group->cookie <= search->cookie);
}

const struct index_group *index_after(const struct index *index, uint32_t above, uint64_t cookie)
{
	struct group_search search = { index, above, cookie };
	size_t n = count_groups(index), low = search_lower_bound(0, n, is_group_before, &search);

	const struct index_group *found = low < n ? index_group(index, index->by_cookie[low]) : NULL;
	return found && found->above == above ? found : NULL;
}

struct row_search {
	const struct index_row *rows;
	uint64_t serial;
};

static bool is_row_before(const void *arg, size_t at)
{
	const struct row_search *search = arg;

	return search->rows[at].resource->node.inode.serial <= search->serial;
}

const struct index_row *index_row_after(const struct index *index, uint32_t group, uint64_t serial)
{
	struct row_search search = { (const void *)index->rows.data, serial };
	size_t first = group ? index_group(index, group)->first : 0;
	size_t end = group ? first + index_group(index, group)->count : count_rows(index);
	size_t at = search_lower_bound(first, end, is_row_before, &search);

	return at < end ? &search.rows[at] : NULL;
}

struct resource *index_first(const struct index *index, uint32_t group)
{
	const struct index_row *rows = (const void *)index->rows.data;

	return rows[index_group(index, group)->first].resource;
}

/* ---- making ---- */

/*
 * A cookie made of a cryptographic hash. If two directories had one cookie, one would hide the other, so a
 * user must not be able to choose names that collide.
 */
static uint64_t make_cookie(const char *name)
{
	unsigned char digest[DIGEST_BYTES];
	uint64_t cookie = 0;

	digest_sha256(digest, name, strlen(name));
	for (int i = 0; i < 8; i++)
		cookie = cookie << 8 | digest[i];
	return (cookie >> 3) + 1;
}

/* 1 + the group of that name, which is made if there is none. 0: the index is full. */
static uint32_t take_group(struct index *index, uint32_t above, const char *name)
{
	uint32_t found = index_find(index, above, name);
	struct index_group group = { .name = (uint32_t)index->names.len, .above = above };

	if (found)
		return found;
	if (index->view != VIEW_NAME)
		group.cookie = make_cookie(name);
	if (!buf_add(&index->names, name, strlen(name) + 1) ||
		!buf_add(&index->groups, &group, sizeof(group)))
		return 0;
	found = count_groups(index);
	map_add(&index->by_name, map_hash_text(&index->by_name, above, name), (void *)(uintptr_t)found);
	return found;
}

static void add_row(struct index *index, struct resource *resource, uint32_t group)
{
	struct index_row row = { resource, group };

	if (group)
		buf_add(&index->rows, &row, sizeof(row));
}

/* The file name of a value. A value that is null, absent or no text gives the name of the empty text. */
static const char *name_value(struct buf *raw, struct buf *name, struct json_slice value)
{
	buf_clear(raw);
	buf_clear(name);
	json_cursor_text(raw, value);
	name_escape(name, raw->data);
	return name->data;
}

static void add_tags(struct index *index, struct resource *resource, struct json_slice tags, struct buf *raw,
	struct buf *name)
{
	const struct member_rule *rule = type_member(resource->node.kind->type, resource->node.kind->tags);
	struct json_cursor cursor = json_cursor_open(tags);
	struct json_slice none, tag;

	while (rule && rule->map_key && json_cursor_next(&cursor, &none, &tag)) {
		struct json_slice key = json_cursor_get(tag, rule->map_key);
		if (!key.len)
			continue;
		uint32_t above = take_group(index, 0, name_value(raw, name, key));
		if (above)
			add_row(index, resource,
				take_group(index, above,
					name_value(raw, name, json_cursor_get(tag, rule->map_value))));
	}
}

static void add_resource(struct index *index, struct resource *resource, struct buf *raw, struct buf *name)
{
	const struct kind *kind = resource->node.kind;
	struct json_slice json = resource_json(resource);

	if (!json.len)
		return;
	if (index->view == VIEW_TAG) {
		add_tags(index, resource, json_cursor_get(json, kind->tags), raw, name);
		return;
	}
	const char *member = index->view == VIEW_NAME ? kind->label : kind->status.member;
	add_row(index, resource, take_group(index, 0, name_value(raw, name, json_cursor_get(json, member))));
}

static int order(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int order_by_serial(const void *a, const void *b)
{
	const struct index_row *one = a, *other = b;

	return order(one->resource->node.inode.serial, other->resource->node.inode.serial);
}

static int order_by_group(const void *a, const void *b)
{
	const struct index_row *one = a, *other = b;

	return one->group != other->group ? order(one->group, other->group) : order_by_serial(a, b);
}

static int order_by_cookie(const void *a, const void *b, void *index)
{
	const struct index_group *one = index_group(index, *(const uint32_t *)a);
	const struct index_group *other = index_group(index, *(const uint32_t *)b);

	if (one->above != other->above)
		return order(one->above, other->above);
	return order(one->cookie, other->cookie);
}

/* Drops repeated rows, which come from a resource that has one tag twice. */
static void drop_repeated(struct index *index)
{
	struct index_row *rows = (struct index_row *)(void *)index->rows.data;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < count_rows(index); i++)
		if (!kept || order_by_group(&rows[kept - 1], &rows[i]))
			rows[kept++] = rows[i];
	index->rows.len = kept * sizeof(*rows);
}

static void sort(struct index *index)
{
	struct index_group *groups = (struct index_group *)(void *)index->groups.data;
	struct index_row *rows = (struct index_row *)(void *)index->rows.data;
	uint32_t n_groups = count_groups(index);

	qsort(rows, count_rows(index), sizeof(*rows),
		index->view == VIEW_NAME ? order_by_serial : order_by_group);
	drop_repeated(index);
	for (uint32_t i = 0; i < count_rows(index); i++) {
		struct index_group *group = &groups[rows[i].group - 1];
		if (!group->count++)
			group->first = i;
	}
	if (index->view == VIEW_NAME)
		return;
	index->by_cookie = xcalloc(n_groups, sizeof(*index->by_cookie));
	for (uint32_t i = 0; i < n_groups; i++)
		index->by_cookie[i] = i + 1;
	qsort_r(index->by_cookie, n_groups, sizeof(*index->by_cookie), order_by_cookie, index);
}

static void gather(struct index *index, const struct listing *listing)
{
	struct buf raw, name;

	buf_init(&raw, JSON_BYTES_MAX);
	buf_init(&name, NAME_BYTES_MAX);
	for (size_t i = 0; i < listing->members.n; i++)
		if (listing_shows(listing, listing->members.v[i]))
			add_resource(index, listing->members.v[i], &raw, &name);
	buf_release(&raw);
	buf_release(&name);
}

static struct index *index_new(struct tree *tree, const struct listing *listing, enum view_sort view)
{
	struct index *index = xcalloc(1, sizeof(*index));

	index->view = view;
	index->changes = listing->members.changes;
	buf_init(&index->names, INDEX_BYTES_MAX);
	buf_init(&index->groups, INDEX_BYTES_MAX);
	buf_init(&index->rows, INDEX_BYTES_MAX);
	map_init(&index->by_name, tree->options.seed);
	gather(index, listing);
	index->memory = sizeof(*index) + index->names.room + index->groups.room + index->rows.room +
		index->by_name.room * sizeof(struct map_slot);
	if (!index->names.full && !index->groups.full && !index->rows.full) {
		sort(index);
		index->memory += (view == VIEW_NAME ? 0 : count_groups(index)) * sizeof(*index->by_cookie);
	}
	tree->memory += index->memory;
	return index;
}

const struct index *listing_index(struct tree *tree, struct listing *listing, enum view_sort view)
{
	struct index **index = &listing_derived(tree, listing)->indexes[view];

	tree->views.indexed = listing;
	if (!*index || (*index)->changes != listing->members.changes) {
		index_free(tree, *index);
		*index = index_new(tree, listing, view);
	}
	bool full = (*index)->names.full || (*index)->groups.full || (*index)->rows.full;
	return full ? NULL : *index;
}
