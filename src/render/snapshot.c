/*
 * snapshot.c - copies a rendering into one allocation, computes the hashes, and finds entries.
 *
 * The hash of a path is computed from its parent's hash and its name, so from parents to children. The
 * content hash of a directory is computed from its entries' names and content hashes, so from children to
 * parents. A number is hashed as eight bytes, little-endian, so that every machine gets the same result.
 */
#include "render/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/search.h"
#include "base/timestamp.h"
#include "render.h"

/* The first inode number for entries: 0 is invalid, and 1 is the root of the mount. */
enum { INO_FIRST = 2 };

enum {
	ENTRY_BYTES = 128, /* at most so many for each entry, beside its JSON */
	GROWTH = 5, /* at most so many for each byte of JSON: in describe.json, a key and a name of %XX */
	SMALL_BYTES = 2 * SNAPSHOT_ENTRIES_MAX /* fewer bytes hold fewer entries: each takes two at least */
};

static uint64_t hash_number(uint64_t seed, uint64_t number)
{
	unsigned char bytes[8];

	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (unsigned char)(number >> 8 * i);
	return hash_bytes(seed, bytes, sizeof bytes);
}

static uint64_t make_ino(uint64_t hash)
{
	return hash < INO_FIRST ? hash + INO_FIRST : hash;
}

static void hash_file(const struct snapshot *snapshot, struct snapshot_entry *entry, uint64_t path,
	const unsigned char *key)
{
	if (!entry->content) /* the rendering has set it for a describe.json without secrets */
		entry->content = render_hash(snapshot->text + entry->bytes, entry->size, entry->secret, key,
			path);
	entry->ino = make_ino(hash_number(path, entry->content));
}

/* Its entries come after it, so their hashes are already computed. */
static void hash_directory(const struct snapshot *snapshot, struct snapshot_entry *directory)
{
	uint64_t hash = hash_number(0, directory->count);

	for (uint32_t i = directory->first; i < directory->first + directory->count; i++) {
		hash = hash_text(hash, snapshot_name(snapshot, i));
		hash = hash_number(hash, snapshot->entries[i].content);
	}
	directory->content = hash;
}

static void hash_entries(const struct snapshot *snapshot, struct snapshot_entry *entries, const char *path,
	const unsigned char *key)
{
	entries[0].ino = make_ino(hash_text(0, path));
	for (uint32_t i = 1; i < snapshot->n_entries; i++) {
		uint64_t above = entries[entries[i].parent].ino;
		uint64_t own = hash_text(above, snapshot_name(snapshot, i));

		if (entries[i].directory)
			entries[i].ino = make_ino(own);
		else
			hash_file(snapshot, &entries[i], own, key);
	}
	for (uint32_t i = snapshot->n_entries; i-- > 0;)
		if (entries[i].directory)
			hash_directory(snapshot, &entries[i]);
}

/*
 * Allocates one block: the struct, the entries, their order by name, the text. NULL: too big, or memory is
 * out.
 */
static struct snapshot *assemble(const struct rendering *from, const char *path, const unsigned char *key)
{
	size_t entries_at = sizeof(struct snapshot);
	size_t by_name_at = entries_at + from->entries.len;
	size_t text_at = by_name_at + from->by_name.len;
	size_t memory = text_at + from->text.len;
	char *block = memory > SNAPSHOT_BYTES_MAX ? NULL : malloc(memory);

	if (!block)
		return NULL;
	memcpy(block + entries_at, from->entries.data, from->entries.len);
	memcpy(block + by_name_at, from->by_name.data, from->by_name.len);
	memcpy(block + text_at, from->text.data, from->text.len);

	struct snapshot *snapshot = (struct snapshot *)(void *)block;
	struct snapshot_entry *entries = (struct snapshot_entry *)(void *)(block + entries_at);
	*snapshot = (struct snapshot){
		.memory = memory,
		.content = from->content,
		.n_entries = (uint32_t)(from->entries.len / sizeof *entries),
		.by_name = (const uint32_t *)(void *)(block + by_name_at),
		.entries = entries,
		.text = block + text_at,
	};
	hash_entries(snapshot, entries, path, key);
	return snapshot;
}

/* Missing, null and "" are equal. */
static const char *member_text(const struct json *object, const char *member)
{
	const struct json *value = member ? json_get(object, member) : NULL;

	return value ? json_text(value) : "";
}

static uint64_t hash_stable(const struct kind *kind, const struct json *object)
{
	uint64_t hash = hash_text(0, member_text(object, kind->id.member));

	hash = hash_text(hash, member_text(object, kind->status.member));
	for (size_t i = 0; i < kind->times.n; i++)
		hash = hash_text(hash, member_text(object, kind->times.v[i]));
	return hash;
}

static int64_t find_mtime(const struct kind *kind, const struct json *object, int64_t now_s)
{
	int64_t latest = 0;
	bool found = false;

	for (size_t i = 0; i < kind->times.n; i++) {
		int64_t time_s;

		if (!timestamp_parse(member_text(object, kind->times.v[i]), &time_s) || time_s > now_s)
			continue;
		if (!found || time_s > latest)
			latest = time_s;
		found = true;
	}
	return found ? latest : kind->catalog->date_s;
}

static bool is_terminal(const struct kind *kind, const struct json *object)
{
	return kind->status.member && kind_is_terminal(kind, member_text(object, kind->status.member));
}

struct summary snapshot_summary(const struct kind *kind, const struct json *object, int64_t now_s)
{
	return (struct summary){
		.stable = hash_stable(kind, object),
		.mtime_s = find_mtime(kind, object, now_s),
		.terminal = is_terminal(kind, object),
	};
}

/* Whether the value is an array of scalars. */
static bool is_one_file(const struct json *value)
{
	const struct json *item = json_type(value) == JSON_ARRAY ? json_first(value) : NULL;

	while (item && !json_first(item) && json_type(item) != JSON_ARRAY && json_type(item) != JSON_OBJECT)
		item = json_next(item);
	return json_type(value) == JSON_ARRAY && !item;
}

/* An upper bound, cheap to compute, of the size of a rendered object. */
struct weight {
	size_t entries, bytes;
};

/* Stops as soon as the number of entries is over its ceiling. */
static void weigh(struct weight *weight, const struct json *value, size_t depth)
{
	bool one_file = is_one_file(value);

	for (const struct json *item = json_first(value); item; item = json_next(item)) {
		if (weight->entries > SNAPSHOT_ENTRIES_MAX)
			return;
		weight->entries += !one_file;
		weight->bytes += 2 * depth + (one_file ? sizeof "\n" : ENTRY_BYTES);
		weigh(weight, item, depth + 1);
	}
}

bool snapshot_is_sure(const struct json *object, size_t len)
{
	struct weight weight = { 0 };

	if (len <= SMALL_BYTES)
		return true;
	if (len > SNAPSHOT_ITEM_BYTES_MAX)
		return false;
	weigh(&weight, object, 1);
	return weight.entries <= SNAPSHOT_ENTRIES_MAX &&
		weight.bytes + GROWTH * len + ENTRY_BYTES <= SNAPSHOT_BYTES_MAX;
}

enum error snapshot_render(struct snapshot **out, const struct kind *kind, const struct json *object,
	const char *path, const struct snapshot_style *style, int64_t now_s)
{
	struct rendering rendering;
	struct weight weight = { 0 };

	*out = NULL;
	weigh(&weight, object, 1);
	if (weight.entries > SNAPSHOT_ENTRIES_MAX)
		return ERR_TOO_BIG;
	rendering_init(&rendering);
	render_object(&rendering, kind, object, style);
	if (!rendering_full(&rendering))
		*out = assemble(&rendering, path, style->key);
	rendering_release(&rendering);
	if (!*out)
		return ERR_TOO_BIG;

	struct summary summary = snapshot_summary(kind, object, now_s);
	(*out)->stable = summary.stable;
	(*out)->mtime_s = summary.mtime_s;
	(*out)->terminal = summary.terminal;
	return ERR_NONE;
}

static void rendering_add_text(struct rendering *rendering, const char *name, const struct buf *text,
	bool secret)
{
	struct snapshot_entry entry = { .type = JSON_STRING, .secret = secret };

	entry.name = entry.key = rendering_put(rendering, name);
	entry.bytes = (uint32_t)rendering->text.len;
	entry.size = (uint32_t)text->len;
	buf_add(&rendering->text, text->data, text->len);
	buf_add(&rendering->entries, &entry, sizeof entry);
}

/* For qsort_r: compares names by their indices, which are counted from 1. */
static int order_names(const void *a, const void *b, void *context)
{
	const char *const *names = context;

	return strcmp(names[*(const uint32_t *)a - 1], names[*(const uint32_t *)b - 1]);
}

struct snapshot *snapshot_of_texts(const char *path, const char *const names[], const struct buf texts[],
	size_t n, int64_t mtime_s, bool secret, const unsigned char *key)
{
	struct rendering rendering;
	struct snapshot_entry root = {
		.type = JSON_OBJECT,
		.directory = true,
		.first = 1,
		.count = (uint32_t)n,
	};

	rendering_init(&rendering);
	root.name = root.key = rendering_put(&rendering, "");
	buf_add(&rendering.entries, &root, sizeof root);
	for (uint32_t i = 0; i <= n; i++)
		buf_add(&rendering.by_name, &i, sizeof i);
	for (size_t i = 0; i < n; i++)
		rendering_add_text(&rendering, names[i], &texts[i], secret);
	if (!rendering.by_name.full)
		qsort_r(rendering.by_name.data + sizeof(uint32_t), n, sizeof(uint32_t), order_names,
			(void *)(uintptr_t)names);

	struct snapshot *snapshot = rendering_full(&rendering) ? NULL : assemble(&rendering, path, key);
	rendering_release(&rendering);
	if (!snapshot) /* the texts are few and the program's own */
		out_of_memory();
	snapshot->content = snapshot->stable = snapshot->entries[0].content;
	snapshot->mtime_s = mtime_s;
	return snapshot;
}

void snapshot_free(struct snapshot *snapshot)
{
	free(snapshot);
}

struct name_search {
	const struct snapshot *snapshot;
	const char *name;
};

static bool name_is_before(const void *arg, size_t at)
{
	const struct name_search *search = arg;
	const struct snapshot *snapshot = search->snapshot;

	return strcmp(snapshot_name(snapshot, snapshot->by_name[at]), search->name) < 0;
}

uint32_t snapshot_find(const struct snapshot *snapshot, uint32_t directory, const char *name)
{
	const struct snapshot_entry *within = &snapshot->entries[directory];
	struct name_search search = { snapshot, name };
	size_t end = (size_t)within->first + within->count;
	size_t at = search_lower_bound(within->first, end, name_is_before, &search);

	if (at == end || strcmp(snapshot_name(snapshot, snapshot->by_name[at]), name) != 0)
		return 0;
	return snapshot->by_name[at];
}

const char *snapshot_name(const struct snapshot *snapshot, uint32_t entry)
{
	return snapshot->text + snapshot->entries[entry].name;
}

const char *snapshot_key(const struct snapshot *snapshot, uint32_t entry)
{
	return snapshot->text + snapshot->entries[entry].key;
}

const char *snapshot_bytes(const struct snapshot *snapshot, uint32_t entry, size_t *size)
{
	*size = snapshot->entries[entry].size;
	return snapshot->text + snapshot->entries[entry].bytes;
}
