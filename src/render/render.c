/*
 * render.c - one API object into the entries of a snapshot, as the contract's section 2 says.
 *
 * Directories are opened in the order in which they were met, so the entries of one are contiguous
 * and a parent comes before its children.  Beside every entry stands its origin: the value that it
 * shows and what the catalog says of it.  The catalog's word only matters where the value alone
 * does not tell the shape (a list that is a map, nothing at all) and for secrets; a value of
 * another shape is shown as it came.
 */
#include "render.h"

#include <string.h>

#include "base/digest.h"
#include "base/name.h"
#include "base/shown.h"
#include "secrecy.h"
#include "unique_names.h"

enum { ENTRIES_MAX = SNAPSHOT_ENTRIES_MAX + 2 }; /* the root and describe.json */

static const char HIDDEN[] = "<hidden>";
static const char DESCRIBE[] = "describe.json";

struct render_origin {
	const struct json *value; /* NULL: as null */
	const struct member_rule *rule; /* of the value; NULL: none is known */
	const struct type *type; /* of the value's members, or of its items' */
};

struct renderer {
	struct rendering *out;
	const struct kind *kind;
	const struct json *object;
	const struct snapshot_style *style;
	bool in_part; /* a list's item, of which a describe call says more */
	struct buf origins; /* struct render_origin, one an entry */
	struct unique_names unique_names; /* of the directory at hand */
	uint32_t describe, describe_size; /* describe.json in the text */
	struct buf raw, name, whole; /* one member's, while it is being named */
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

static struct snapshot_entry *entry_at(const struct renderer *r, uint32_t index)
{
	return (struct snapshot_entry *)(void *)r->out->entries.data + index;
}

static uint32_t count_entries(const struct renderer *r)
{
	return (uint32_t)(r->out->entries.len / sizeof(struct snapshot_entry));
}

static enum json_type type_of(const struct json *value)
{
	return value ? json_type(value) : JSON_NULL;
}

static bool is_container(const struct json *value)
{
	return type_of(value) == JSON_ARRAY || type_of(value) == JSON_OBJECT;
}

static bool is_empty(const struct json *value)
{
	if (is_container(value))
		return json_first(value) == NULL;
	return !value || json_text(value)[0] == '\0';
}

/* A json_instead_fn: the context is the type of the container's members. */
static const char *hide_secret(const struct json *member, const void **context)
{
	const struct member_rule *rule;

	if (!json_key(member))
		return NULL; /* an item is of its list's type */
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

/* Where there is nothing, the catalog says what there would be. */
static bool is_directory(const struct json *value, const struct member_rule *rule)
{
	enum json_type type = type_of(value);

	if (type == JSON_OBJECT || (type == JSON_ARRAY && holds_containers(value)))
		return true;
	if (type != JSON_NULL && (type != JSON_ARRAY || !is_empty(value)))
		return false;
	return rule &&
		(rule->shape == MEMBER_OBJECT || rule->shape == MEMBER_OBJECTS || rule->shape == MEMBER_MAP);
}

static void write_line(struct buf *out, const struct json *value)
{
	shown_add(out, json_text(value), "\n\t"); /* files are shown by terminals */
	buf_putc(out, '\n');
}

static void write_file(struct buf *out, const struct json *value)
{
	if (is_empty(value))
		return;
	if (type_of(value) != JSON_ARRAY) {
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

/* Escapes what is in `raw` and empties it. */
static void escape_raw(struct renderer *r, struct buf *name)
{
	buf_clear(name);
	name_escape(name, r->raw.data);
	if (r->raw.full || name->full) /* memory is out: it is not the name */
		r->unique_names.names.full = true;
	buf_clear(&r->raw);
}

/* A member of an object; the kind has a say in the names of the resource's own. */
static void add_member(struct renderer *r, struct sibling *sibling, bool of_resource, bool is_known)
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
	unique_names_add(&r->unique_names, sibling, name->data, r->whole.data);
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

		if (!of_resource || !r->in_part || !rule || !rule->list_only)
			add_member(r, &sibling, of_resource, rule || !from->type);
	}
}

/* An item of a list that is a map; false if it has no key to go by. */
static bool gather_pair(struct renderer *r, const struct render_origin *from, const struct json *item)
{
	const struct json *key = json_get(item, from->rule->map_key);
	const struct member_rule *rule = type_member(from->type, from->rule->map_value);

	if (type_of(key) != JSON_STRING && type_of(key) != JSON_NUMBER)
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
	unique_names_add(&r->unique_names, &sibling, r->name.data, r->name.data);
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
		unique_names_add(&r->unique_names, &sibling, r->name.data, r->name.data);
	}
}

/* describe.json, last of all, and the names that belong to the subkinds' directories. */
static void gather_reserved(struct renderer *r)
{
	struct sibling subkind = { .key = "", .rank = SIBLING_RESERVED };
	struct sibling describe = subkind;

	for (const struct kind **child = r->kind->children; child && *child; child++)
		unique_names_add(&r->unique_names, &subkind, (*child)->name, (*child)->name);
	if (!r->in_part)
		describe.value = r->object;
	unique_names_add(&r->unique_names, &describe, DESCRIBE, DESCRIBE);
}

static bool is_describe(const struct sibling *sibling)
{
	return sibling->rank == SIBLING_RESERVED;
}

/* Reserved for somebody else, or without a name of its own. */
static bool is_absent(const struct sibling *sibling)
{
	return sibling->dropped || (sibling->rank == SIBLING_RESERVED && !sibling->value);
}

/* The file's bytes go to the text's end. */
static void put_bytes(struct renderer *r, struct snapshot_entry *entry, const struct sibling *sibling,
	bool hidden)
{
	struct buf *text = &r->out->text;

	entry->bytes = (uint32_t)text->len;
	if (is_describe(sibling)) {
		entry->bytes = r->describe;
		entry->size = r->describe_size;
		entry->content = entry->secret ? 0 : r->out->content; /* a secret's hash has its path in it */
		return;
	}
	if (hidden)
		buf_printf(text, "%s\n", HIDDEN);
	else
		write_file(text, sibling->value);
	entry->size = (uint32_t)text->len - entry->bytes;
}

/* Whether the describe call's answer is known to have what this shows. */
static bool is_primed(const struct renderer *r, const struct sibling *sibling, uint32_t parent)
{
	if (parent > 0)
		return entry_at(r, parent)->primed;
	return r->in_part && (sibling->rule || !r->kind->type);
}

/* No entry is ever without its origin, not even when memory is out. */
static void push_entry(struct renderer *r, const struct snapshot_entry *entry,
	const struct render_origin *origin)
{
	if (buf_add(&r->origins, origin, sizeof *origin))
		buf_add(&r->out->entries, entry, sizeof *entry);
	else
		r->out->entries.full = true;
}

static void add_entry(struct renderer *r, uint32_t parent, const struct sibling *sibling)
{
	struct render_origin origin = { sibling->value, sibling->rule, sibling->type };
	bool describe = is_describe(sibling), shown = r->style->secrets;
	bool secret = describe ?
		shown && holds_secret(r->object, r->kind->type) :
		secrecy_covers(sibling->value, sibling->rule, sibling->is_member ? sibling->key : NULL);
	bool file = describe || (secret && !shown) || !is_directory(sibling->value, sibling->rule);
	struct snapshot_entry entry = {
		.parent = parent,
		.type = (uint8_t)type_of(sibling->value),
		.directory = !file,
		.secret = shown && (secret || entry_at(r, parent)->secret),
		.primed = is_primed(r, sibling, parent),
	};

	entry.name = rendering_put(r->out, unique_names_name(&r->unique_names, sibling));
	entry.key = rendering_put(r->out, unique_names_key(&r->unique_names, sibling));
	if (file)
		put_bytes(r, &entry, sibling, secret && !shown);
	push_entry(r, &entry, &origin);
}

/* What was gathered becomes the directory's entries. */
static void add_entries(struct renderer *r, uint32_t directory)
{
	uint32_t first = count_entries(r);
	size_t index;

	for (size_t i = 0; i < unique_names_count(&r->unique_names); i++) {
		struct sibling *sibling = unique_names_at(&r->unique_names, i);

		sibling->entry = count_entries(r);
		if (!is_absent(sibling))
			add_entry(r, directory, sibling);
	}
	for (size_t nth = 0; unique_names_by_name(&r->unique_names, nth, &index); nth++) {
		const struct sibling *sibling = unique_names_at(&r->unique_names, index);

		if (!is_absent(sibling))
			buf_add(&r->out->by_name, &sibling->entry, sizeof sibling->entry);
	}
	entry_at(r, directory)->first = first;
	entry_at(r, directory)->count = count_entries(r) - first;
}

static void open_directory(struct renderer *r, uint32_t directory)
{
	struct render_origin from = ((const struct render_origin *)(const void *)r->origins.data)[directory];

	unique_names_clear(&r->unique_names);
	if (type_of(from.value) == JSON_OBJECT)
		gather_members(r, &from, directory == 0);
	else if (from.value)
		gather_items(r, &from);
	unique_names_merge(&r->unique_names);
	if (directory == 0)
		gather_reserved(r);
	unique_names_settle(&r->unique_names);
	add_entries(r, directory);
	if (unique_names_full(&r->unique_names))
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
	if (r->in_part && !text->full) /* its hash is wanted, it is not shown */
		buf_clear(text);
}

static void release_renderer(struct renderer *r)
{
	buf_release(&r->origins);
	unique_names_release(&r->unique_names);
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
		.in_part = style->from_list && kind->describe.name && !kind->list_is_detail,
	};

	buf_init(&r.origins, ENTRIES_MAX * sizeof(struct render_origin));
	unique_names_init(&r.unique_names);
	buf_init(&r.raw, 2 * JSON_BYTES_MAX);
	buf_init(&r.name, NAME_BYTES_MAX);
	buf_init(&r.whole, NAME_BYTES_MAX);
	print_describe(&r); /* the text's first bytes */
	add_root(&r);
	for (uint32_t i = 0; i < count_entries(&r) && !rendering_full(out); i++)
		if (entry_at(&r, i)->directory)
			open_directory(&r, i);
	release_renderer(&r);
}
