/*
 * version.c - versions: one answer rendered once, and the ids of the files and directories in it.
 *
 * A version lives while a record points to it, or while the kernel holds one of its files. A reader that has
 * a file of a replaced version open reads that version to its end. A directory in a version has a slot, which
 * belongs to the resource and to the directory's path. So the id of a directory is the same in every version.
 */
#include "cache.h"

#include <stdlib.h>

#include "base/search.h"

/* ---- directories inside an answer ---- */

static void add_slot(struct detail *node, uint64_t ino)
{
	uint32_t n = node->n_subdirs;

	if (!(n & (n - 1))) /* n is 0 or a power of two: the room is used up, and doubles */
		node->subdir_index = xrealloc(node->subdir_index,
			(n ? 2 * (size_t)n : 1) * sizeof(*node->subdir_index));
	node->subdir_index[node->n_subdirs++] = ino;
}

struct slot_search {
	const struct detail *node;
	struct map map; /* used only above SLOTS_MANY */
	uint32_t guess; /* the next slot: directories mostly come in the order of their slots */
	bool mapped;
};

enum { SLOTS_MANY = 64 };

static bool always_equal(const void *value, const void *key)
{
	(void)value;
	(void)key;
	return true; /* the hash is the whole key: an ino stands for one path */
}

static void map_slots(struct slot_search *search)
{
	search->mapped = true;
	for (uint32_t i = 0; i < search->node->n_subdirs; i++)
		map_add(&search->map, search->node->subdir_index[i], (void *)(uintptr_t)(i + 1));
}

/* The slot of a directory's path, 1 and up; 0 if it has none yet. */
static uint32_t find_slot(struct slot_search *search, uint64_t ino)
{
	const struct detail *node = search->node;

	if (search->guess < node->n_subdirs && node->subdir_index[search->guess] == ino)
		return ++search->guess;
	if (!search->mapped && node->n_subdirs > SLOTS_MANY) /* also if this answer itself brought so many */
		map_slots(search);
	if (search->mapped)
		return (uint32_t)(uintptr_t)map_get(&search->map, ino, always_equal, NULL);
	for (uint32_t i = 0; i < node->n_subdirs; i++)
		if (node->subdir_index[i] == ino)
			return (search->guess = i + 1);
	return 0;
}

static uint32_t slot_of(struct slot_search *search, struct detail *detail, uint64_t ino)
{
	uint32_t slot = find_slot(search, ino);

	if (slot || detail->n_subdirs + 1 == ID_LINK)
		return slot;
	add_slot(detail, ino);
	slot = search->guess = detail->n_subdirs;
	if (search->mapped)
		map_add(&search->map, ino, (void *)(uintptr_t)slot);
	return slot;
}

/* For qsort_r: compares two positions in subdir_index by the slots there. */
static int order_by_slot(const void *a, const void *b, void *subdir_index)
{
	uint32_t i = ((const uint32_t *)subdir_index)[*(const uint32_t *)a];
	uint32_t j = ((const uint32_t *)subdir_index)[*(const uint32_t *)b];

	return (i > j) - (i < j);
}

/*
 * Gives every directory of the snapshot a slot: the one that its path had before, or a new one. Entries are
 * sorted both by entry and by slot, because a peer may send more directories than a linear search can handle.
 */
static void fill_directories(struct version *version, struct detail *detail, uint64_t seed)
{
	const struct snapshot *snapshot = version->snapshot;
	struct slot_search search = { .node = detail };
	uint32_t n = 0, at = 0;

	for (uint32_t i = 1; i < snapshot->n_entries; i++)
		n += snapshot->entries[i].directory;
	uint32_t *entries = xcalloc(3 * (size_t)n, sizeof(*entries));
	uint32_t *subdir_index = entries + n, *by_slot = subdir_index + n;
	map_init(&search.map, seed);
	for (uint32_t i = 1; i < snapshot->n_entries; i++) {
		if (!snapshot->entries[i].directory)
			continue;
		entries[at] = i;
		subdir_index[at] = slot_of(&search, detail, snapshot->entries[i].ino);
		by_slot[at] = at;
		at++;
	}
	map_release(&search.map);
	qsort_r(by_slot, n, sizeof(*by_slot), order_by_slot, subdir_index);
	version->directories = entries;
	version->n_directories = n;
}

/* ---- making ---- */

static size_t version_size(const struct version *version)
{
	size_t changed = version->changed_s ? version->n_entries * sizeof(*version->changed_s) : 0;

	return sizeof(*version) + changed + 3 * version->n_directories * sizeof(*version->directories);
}

static void count_snapshot(struct tree *tree, const struct snapshot *snapshot)
{
	tree->memory += snapshot->memory;
	tree->answers += snapshot->memory;
}

struct version *version_new(struct tree *tree, struct resource *owner, struct snapshot *snapshot,
	struct text *text, bool from_list, struct provenance *provenance)
{
	struct version *version = xcalloc(1, sizeof(*version));
	struct detail *detail = resource_detail(tree, owner);

	list_init(&version->lru);
	version->inode.is_version = true;
	version->owner = owner;
	version->snapshot = snapshot;
	version->text = text_get(text);
	version->rendered_s = provenance->received_s;
	version->content = snapshot->content;
	version->n_entries = snapshot->n_entries;
	version->from_list = from_list;
	version->provenance = provenance_get(provenance);
	version->current = true;
	inode_register(tree, &version->inode);
	detail->n_versions++;
	fill_directories(version, detail, tree->options.seed);
	tree->memory += version_size(version);
	count_snapshot(tree, snapshot);
	version_use(tree, version);
	return version;
}

static void drop_snapshot(struct tree *tree, struct version *version)
{
	if (!version->snapshot)
		return;
	tree->memory -= version->snapshot->memory;
	tree->answers -= version->snapshot->memory;
	snapshot_free(version->snapshot);
	version->snapshot = NULL;
}

void version_free(struct tree *tree, struct version *version)
{
	struct resource *owner = version->owner;

	drop_snapshot(tree, version);
	text_put(tree, version->text);
	tree->memory -= version_size(version);
	owner->detail->n_versions--;
	version_leave_lru(tree, version);
	inode_unregister(tree, &version->inode);
	provenance_put(version->provenance);
	free(version->changed_s);
	free(version->directories);
	free(version);
	inode_idle(tree, &owner->node.inode);
}

/* ---- folding ---- */

void version_fold(struct tree *tree, struct version *version)
{
	if (version->text)
		drop_snapshot(tree, version);
}

enum error resource_render(struct tree *tree, struct resource *resource, const struct json *object,
	bool from_list, int64_t now_s, struct snapshot **out)
{
	struct snapshot_style style = {
		.api_names = tree->options.api_names,
		.secrets = tree->options.secrets,
		.key = tree->options.key,
		.from_list = from_list,
	};
	struct buf path;

	buf_init(&path, SIZE_MAX);
	node_path(&resource->node, &path);
	enum error error = path.full ?
		ERR_LOCAL :
		snapshot_render(out, resource->node.kind, object, path.data, &style, now_s);
	buf_release(&path);
	return error;
}

const struct snapshot *version_look(struct tree *tree, struct version *version)
{
	struct json *object;

	if (version->snapshot)
		return version->snapshot;
	/* the same text was rendered before, so only a lack of memory can make this fail */
	if (json_parse(&object, version->text->bytes, version->text->len) ||
		resource_render(tree, version->owner, object, version->from_list, version->rendered_s,
			&version->snapshot))
		abort();
	json_free(object);
	count_snapshot(tree, version->snapshot);
	version_use(tree, version);
	return version->snapshot;
}

/* ---- looking ---- */

bool version_is_held(const struct version *version)
{
	return version && version->inode.nlookup;
}

/* The slots of all directories, and their positions in the order of the slots. */
struct directory_search {
	const uint32_t *slots, *by_slot;
	uint32_t slot;
};

static bool is_slot_before(const void *arg, size_t at)
{
	const struct directory_search *search = arg;

	return search->slots[search->by_slot[at]] < search->slot;
}

uint32_t version_directory(const struct version *version, uint32_t slot)
{
	size_t n = version->n_directories;
	const uint32_t *slots = version->directories + n;
	struct directory_search search = { slots, slots + n, slot };

	if (!slot)
		return 0;
	size_t at = search_lower_bound(0, n, is_slot_before, &search);
	if (at == n || slots[search.by_slot[at]] != slot)
		return UINT32_MAX;
	return version->directories[search.by_slot[at]];
}

struct entry_search {
	const uint32_t *directories;
	uint32_t entry;
};

static bool is_entry_before(const void *arg, size_t at)
{
	const struct entry_search *search = arg;

	return search->directories[at] < search->entry;
}

uint32_t version_slot(const struct version *version, uint32_t entry)
{
	struct entry_search search = { version->directories, entry };
	size_t n = version->n_directories, at = search_lower_bound(0, n, is_entry_before, &search);

	return at < n && version->directories[at] == entry ? version->directories[n + at] : 0;
}

void version_path(struct tree *tree, struct version *version, uint32_t entry, struct buf *out)
{
	if (!entry || entry >= version->n_entries)
		return;
	version_path(tree, version, version_look(tree, version)->entries[entry].parent, out);
	buf_putc(out, '/');
	buf_puts(out, snapshot_name(version_look(tree, version), entry));
}

void version_slot_path(struct tree *tree, const struct resource *resource, uint32_t slot, struct buf *out)
{
	struct version *detail = resource_described(resource)->version;
	struct version *version = detail ? detail : resource->cached.version;
	uint32_t entry = slot && version ? version_directory(version, slot) : UINT32_MAX;

	if (entry != UINT32_MAX)
		version_path(tree, version, entry, out);
}
