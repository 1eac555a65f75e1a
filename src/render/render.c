/*
 * render.c - renders one API object into the entries of a snapshot.
 *
 * packaging/doc/semantics.md states what an entry looks like. Directories are filled in the order in which
 * they were found, so the entries of one directory are contiguous and a parent precedes its children. Each
 * entry has an origin: its value and what the catalog says about it. The catalog matters only for secrets and
 * where the value alone does not show the type (a list that is a map, an empty value). A value that
 * contradicts the catalog is rendered as it is.
 */
#include "render.h"

#include <string.h>

#include "base/digest.h"
#include "base/hash.h"
#include "base/name.h"
#include "base/shown.h"
#include "secrecy.h"
#include "unique_names.h"

enum { ENTRIES_MAX = SNAPSHOT_ENTRIES_MAX + 2 }; /* with the root and describe.json */

static const char HIDDEN[] = "<hidden>";
static const char DESCRIBE[] = "describe.json";

/* What an entry was rendered from. */
struct render_origin {
	const struct json *value; /* NULL: treated as null */
	const struct member_rule *rule; /* of the value; NULL: the catalog has none */
	const struct type *type; /* of the value's members, or of its items' members */
};

struct renderer {
	struct rendering *out;
	const struct kind *kind;
	const struct json *object;
	const struct snapshot_style *style;
	bool is_partial; /* a list's item: the describe call returns more members */
	struct buf origins; /* struct render_origin, one for each entry */
	struct unique_names unique; /* of the current directory */
	uint32_t describe, describe_size; /* describe.json in the text */
	struct buf raw, name, whole; /* names of the current member */
};

void rendering_init(struct rendering *rendering)
{
	buf_init(&rendering->entries, ENTRIES_MAX * sizeof(struct snapshot_entry));
	buf_init(&rendering->by_name, ENTRIES_MAX * sizeof(uint32_t));
	buf_init(&rendering->text, SNAPSHOT_BYTES_MAX);
	rendering->content = 0;
}

void rendering_release(struct rendering *rendering)
{
	buf_release(&rendering->entries);
	buf_release(&rendering->by_name);
	buf_release(&rendering->text);
}

bool rendering_full(const struct rendering *rendering)
{
	return rendering->entries.full || rendering->by_name.full || rendering->text.full;
}

uint32_t rendering_put(struct rendering *rendering, const char *text)
{
	size_t at = rendering->text.len;

	buf_add(&rendering->text, text, strlen(text) + 1);
	return (uint32_t)at;
}

static struct snapshot_entry *renderer_entry(const struct renderer *r, uint32_t index)
{
	return (struct snapshot_entry *)(void *)r->out->entries.data + index;
}

static uint32_t renderer_count(const struct renderer *r)
{
	return (uint32_t)(r->out->entries.len / sizeof(struct snapshot_entry));
}

static enum json_type value_type(const struct json *value)
{
	return value ? json_type(value) : JSON_NULL;
}

static bool is_container(const struct json *value)
{
	return value_type(value) == JSON_ARRAY || value_type(value) == JSON_OBJECT;
}

static bool is_empty(const struct json *value)
{
	if (is_container(value))
		return json_first(value) == NULL;
	return !value || json_text(value)[0] == '\0';
}

/* A json_instead_fn. The context is the type of the container's members. */
static const char *hide_secret(const struct json *member, const void **context)
{
	const struct member_rule *rule;

	if (!json_key(member))
		return NULL; /* an item has its array's type */
	rule = type_member(*context, json_key(member));
	*context = rule ? rule->of : NULL;
	return secrecy_covers(member, rule, json_key(member)) ? HIDDEN : NULL;
}

static bool holds_secret(const struct json *value, const struct type *type)
{
	for (const struct json *item = json_first(value); item; item = json_next(item)) {
		const void *below = type;

		if (hide_secret(item, &below) || holds_secret(item, below))
			return true;
	}
	return false;
}

static bool holds_containers(const struct json *list)
{
	for (const struct json *item = json_first(list); item; item = json_next(item))
		if (is_container(item))
			return true;
	return false;
}

/* For null and an empty array, the catalog decides. */
static bool is_directory(const struct json *value, const struct member_rule *rule)
{
	enum json_type type = value_type(value);

	if (type == JSON_OBJECT || (type == JSON_ARRAY && holds_containers(value)))
		return true;
	if (type != JSON_NULL && (type != JSON_ARRAY || !is_empty(value)))
		return false;
	return rule &&
		(rule->shape == MEMBER_OBJECT || rule->shape == MEMBER_OBJECTS || rule->shape == MEMBER_MAP);
}

static void write_line(struct buf *out, const struct json *value)
{
	shown_add(out, json_text(value), "\n\t"); /* terminals show files */
	buf_putc(out, '\n');
}

static void write_file(struct buf *out, const struct json *value)
{
	if (is_empty(value))
		return;
	if (value_type(value) != JSON_ARRAY) {
		write_line(out, value);
		return;
	}
	for (const struct json *item = json_first(value); item; item = json_next(item))
		write_line(out, item);
}

static bool is_renamed(const struct kind *kind, const char *member)
{
	for (size_t i = 0; i < kind->names.n_renames; i++)
		if (strcmp(kind->names.renames[i].member, member) == 0)
			return true;
	return false;
}

static void put_whole_name(struct renderer *r, const char *member)
{
	if (r->style->api_names)
		buf_puts(&r->raw, member);
	else
		name_snake(&r->raw, member);
}

/* Escapes the text in `raw` into `name`, and empties `raw`. */
static void escape_raw(struct renderer *r, struct buf *name)
{
	buf_clear(name);
	name_escape(name, r->raw.data);
	if (r->raw.full || name->full) /* memory is out: the name is not valid */
		r->unique.names.full = true;
	buf_clear(&r->raw);
}

/* Adds a member of an object. The kind may rename or strip members of the resource itself. */
static void gather_member(struct renderer *r, struct sibling *sibling, bool of_resource, bool is_known)
{
	const struct buf *name = &r->whole;

	put_whole_name(r, sibling->key);
	escape_raw(r, &r->whole);
	if (of_resource && !r->style->api_names && kind_alters_name(r->kind, sibling->key)) {
		kind_member_name(r->kind, sibling->key, r->style->api_names, &r->raw);
		escape_raw(r, &r->name);
		name = &r->name;
	}
	if (strcmp(name->data, r->whole.data) == 0)
		sibling->rank = is_known ? SIBLING_PLAIN : SIBLING_UNKNOWN;
	else if (is_renamed(r->kind, sibling->key))
		sibling->rank = SIBLING_RENAMED;
	else
		sibling->rank = SIBLING_STRIPPED;
	unique_names_add(&r->unique, sibling, name->data, r->whole.data);
}

static void gather_members(struct renderer *r, const struct render_origin *from, bool of_resource)
{
	for (const struct json *item = json_first(from->value); item; item = json_next(item)) {
		const struct member_rule *rule = type_member(from->type, json_key(item));
		struct sibling sibling = {
			.key = json_key(item),
			.value = item,
			.rule = rule,
			.type = rule ? rule->of : NULL,
			.is_member = true,
		};

		if (!of_resource || !r->is_partial || !rule || !rule->list_only)
			gather_member(r, &sibling, of_resource, rule || !from->type);
	}
}

/* Adds an item of a list that is a map. False: the item has no key. */
static bool gather_pair(struct renderer *r, const struct render_origin *from, const struct json *item)
{
	const struct json *key = json_get(item, from->rule->map_key);
	const struct member_rule *rule = type_member(from->type, from->rule->map_value);

	if (value_type(key) != JSON_STRING && value_type(key) != JSON_NUMBER)
		return false;
	struct sibling sibling = {
		.key = json_text(key),
		.value = json_get(item, from->rule->map_value),
		.rule = rule,
		.type = rule ? rule->of : NULL,
		.rank = SIBLING_PLAIN,
	};
	buf_puts(&r->raw, sibling.key);
	escape_raw(r, &r->name);
	unique_names_add(&r->unique, &sibling, r->name.data, r->name.data);
	return true;
}

static void gather_items(struct renderer *r, const struct render_origin *from)
{
	bool map = from->rule && from->rule->shape == MEMBER_MAP;
	size_t index = 0;

	for (const struct json *item = json_first(from->value); item; item = json_next(item)) {
		struct sibling sibling = { .value = item, .type = from->type, .rank = SIBLING_PLAIN };
		size_t own = index++;

		if (map && gather_pair(r, from, item))
			continue;
		buf_clear(&r->name);
		buf_printf(&r->name, "%zu", own);
		unique_names_add(&r->unique, &sibling, r->name.data, r->name.data);
	}
}

/* Adds the names of the subkinds' directories and, as the last entry, describe.json. */
static void gather_reserved(struct renderer *r)
{
	struct sibling subkind = { .key = "", .rank = SIBLING_RESERVED };
	struct sibling describe = subkind;

	for (const struct kind **child = r->kind->children; child && *child; child++)
		unique_names_add(&r->unique, &subkind, (*child)->name, (*child)->name);
	if (!r->is_partial)
		describe.value = r->object;
	unique_names_add(&r->unique, &describe, DESCRIBE, DESCRIBE);
}

static bool is_describe(const struct sibling *sibling)
{
	return sibling->rank == SIBLING_RESERVED;
}

/* The name is reserved for a subkind, or the entry was dropped. */
static bool is_not_shown(const struct sibling *sibling)
{
	return sibling->dropped || (sibling->rank == SIBLING_RESERVED && !sibling->value);
}

/* Appends the file's bytes to the text. */
static void render_bytes(struct renderer *r, struct snapshot_entry *entry, const struct sibling *sibling,
	bool hidden)
{
	struct buf *text = &r->out->text;

	entry->bytes = (uint32_t)text->len;
	if (is_describe(sibling)) {
		entry->bytes = r->describe;
		entry->size = r->describe_size;
		entry->content = entry->secret ?
			0 :
			r->out->content; /* hash_file computes a secret's, which depends on its path */
		return;
	}
	if (hidden)
		buf_printf(text, "%s\n", HIDDEN);
	else
		write_file(text, sibling->value);
	entry->size = (uint32_t)text->len - entry->bytes;
}

/* Whether the describe call's answer is known to have this member too. */
static bool is_primed(const struct renderer *r, const struct sibling *sibling, uint32_t parent)
{
	if (parent > 0)
		return renderer_entry(r, parent)->primed;
	return r->is_partial && (sibling->rule || !r->kind->type);
}

/* Every entry has an origin, even when memory is out. */
static void push_entry(struct renderer *r, const struct snapshot_entry *entry,
	const struct render_origin *origin)
{
	if (buf_add(&r->origins, origin, sizeof *origin))
		buf_add(&r->out->entries, entry, sizeof *entry);
	else
		r->out->entries.full = true;
}

static void render_entry(struct renderer *r, uint32_t parent, const struct sibling *sibling)
{
	struct render_origin origin = { sibling->value, sibling->rule, sibling->type };
	bool describe = is_describe(sibling), shown = r->style->secrets;
	bool secret = describe ?
		shown && holds_secret(r->object, r->kind->type) :
		secrecy_covers(sibling->value, sibling->rule, sibling->is_member ? sibling->key : NULL);
	bool file = describe || (secret && !shown) || !is_directory(sibling->value, sibling->rule);
	struct snapshot_entry entry = {
		.parent = parent,
		.type = (uint8_t)value_type(sibling->value),
		.directory = !file,
		.secret = shown && (secret || renderer_entry(r, parent)->secret),
		.primed = is_primed(r, sibling, parent),
	};

	entry.name = rendering_put(r->out, unique_names_name(&r->unique, sibling));
	entry.key = rendering_put(r->out, unique_names_key(&r->unique, sibling));
	if (file)
		render_bytes(r, &entry, sibling, secret && !shown);
	push_entry(r, &entry, &origin);
}

/* Turns the gathered entries into the directory's. */
static void render_entries(struct renderer *r, uint32_t directory)
{
	uint32_t first = renderer_count(r);
	size_t index;

	for (size_t i = 0; i < unique_names_count(&r->unique); i++) {
		struct sibling *sibling = unique_names_at(&r->unique, i);

		sibling->entry = renderer_count(r);
		if (!is_not_shown(sibling))
			render_entry(r, directory, sibling);
	}
	for (size_t nth = 0; unique_names_by_name(&r->unique, nth, &index); nth++) {
		const struct sibling *sibling = unique_names_at(&r->unique, index);

		if (!is_not_shown(sibling))
			buf_add(&r->out->by_name, &sibling->entry, sizeof sibling->entry);
	}
	renderer_entry(r, directory)->first = first;
	renderer_entry(r, directory)->count = renderer_count(r) - first;
}

static void render_directory(struct renderer *r, uint32_t directory)
{
	struct render_origin from = ((const struct render_origin *)(const void *)r->origins.data)[directory];

	unique_names_clear(&r->unique);
	if (value_type(from.value) == JSON_OBJECT)
		gather_members(r, &from, directory == 0);
	else if (from.value)
		gather_items(r, &from);
	unique_names_merge(&r->unique);
	if (directory == 0)
		gather_reserved(r);
	unique_names_settle(&r->unique);
	render_entries(r, directory);
	if (unique_names_full(&r->unique))
		r->out->entries.full = true;
}

static void add_root(struct renderer *r)
{
	struct snapshot_entry root = { .type = JSON_OBJECT, .directory = true };
	struct render_origin origin = { .value = r->object, .type = r->kind->type };
	uint32_t self = 0;

	root.name = root.key = rendering_put(r->out, "");
	push_entry(r, &root, &origin);
	buf_add(&r->out->by_name, &self, sizeof self);
}

uint64_t render_hash(const void *bytes, size_t size, bool secret, const unsigned char *key, uint64_t path)
{
	unsigned char whole[SNAPSHOT_KEY_BYTES + sizeof path] = { 0 }, digest[DIGEST_BYTES];
	uint64_t hash;

	if (!secret)
		return hash_bytes(0, bytes, size);
	if (key)
		memcpy(whole, key, SNAPSHOT_KEY_BYTES);
	memcpy(whole + SNAPSHOT_KEY_BYTES, &path, sizeof path);
	digest_hmac(digest, whole, sizeof whole, bytes, size);
	digest_wipe(whole, sizeof whole);
	memcpy(&hash, digest, sizeof hash);
	return hash;
}

static void print_describe(struct renderer *r)
{
	json_instead_fn *instead = r->style->secrets ? NULL : hide_secret;
	struct buf *text = &r->out->text;

	r->describe = (uint32_t)text->len;
	json_print_instead(text, r->object, 2, instead, r->kind->type);
	buf_putc(text, '\n');
	r->describe_size = (uint32_t)text->len - r->describe;
	bool secret = r->style->secrets && holds_secret(r->object, r->kind->type);
	r->out->content = render_hash(text->data + r->describe, r->describe_size, secret, r->style->key, 0);
	if (r->is_partial && !text->full) /* only its hash is needed */
		buf_clear(text);
}

static void release_renderer(struct renderer *r)
{
	buf_release(&r->origins);
	unique_names_release(&r->unique);
	buf_release(&r->raw);
	buf_release(&r->name);
	buf_release(&r->whole);
}

void render_object(struct rendering *out, const struct kind *kind, const struct json *object,
	const struct snapshot_style *style)
{
	struct renderer r = {
		.out = out,
		.kind = kind,
		.object = object,
		.style = style,
		.is_partial = style->from_list && kind->describe.name && !kind->list_is_detail,
	};

	buf_init(&r.origins, ENTRIES_MAX * sizeof(struct render_origin));
	unique_names_init(&r.unique);
	buf_init(&r.raw, 2 * JSON_BYTES_MAX);
	buf_init(&r.name, NAME_BYTES_MAX);
	buf_init(&r.whole, NAME_BYTES_MAX);
	print_describe(&r); /* it comes first in the text */
	add_root(&r);
	for (uint32_t i = 0; i < renderer_count(&r) && !rendering_full(out); i++)
		if (renderer_entry(&r, i)->directory)
			render_directory(&r, i);
	release_renderer(&r);
}
