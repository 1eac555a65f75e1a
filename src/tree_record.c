/*
 * tree_record.c - answers: what was said of a resource, rendered when somebody looks.
 *
 * A record holds what one way of asking said last.  A describe call's answer is rendered at once, because
 * somebody waits for it; a list's items are kept as JSON text, and become a version when one is looked
 * into.  A version lives while it is a record's or while the kernel holds one of its files; one that was
 * replaced is read to its end by whoever has it open.
 */
#include "tree_node.h"

#include <stdlib.h>
#include <string.h>

/* ---- stamps ---- */

struct stamp *stamp_new(const struct source_note *note)
{
	struct stamp *stamp = xcalloc(1, sizeof(*stamp));

	stamp->refs = 1;
	stamp->sent_ms = note->sent_ms;
	stamp->received_ms = note->received_ms;
	stamp->received_s = note->received_s;
	stamp->action = note->action;
	fault_note_copy(stamp->request_id, sizeof(stamp->request_id),
		note->request_id ? note->request_id : "");
	return stamp;
}

struct stamp *stamp_get(struct stamp *stamp)
{
	stamp->refs++;
	return stamp;
}

void stamp_put(struct stamp *stamp)
{
	if (stamp && --stamp->refs == 0)
		free(stamp);
}

/* ---- versions ---- */

static void add_slot(struct node *node, uint64_t ino)
{
	uint32_t n = node->n_slots;

	if (!(n & (n - 1))) /* it is full: room doubles */
		node->slots = xrealloc(node->slots, (n ? 2 * (size_t)n : 1) * sizeof(*node->slots));
	node->slots[node->n_slots++] = ino;
}

struct slot_search {
	const struct node *node;
	struct map map; /* ino -> slot, only used by nodes with many */
	uint32_t guess; /* directories mostly come in the order in which they first came */
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
	for (uint32_t i = 0; i < search->node->n_slots; i++)
		map_add(&search->map, search->node->slots[i], (void *)(uintptr_t)(i + 1));
}

/* The slot of a directory's path, 1 and up; 0 if it has none yet. */
static uint32_t find_slot(struct slot_search *search, uint64_t ino)
{
	const struct node *node = search->node;

	if (search->guess < node->n_slots && node->slots[search->guess] == ino)
		return ++search->guess;
	if (!search->mapped && node->n_slots > SLOTS_MANY) /* also when this very answer made them many */
		map_slots(search);
	if (search->mapped)
		return (uint32_t)(uintptr_t)map_get(&search->map, ino, always_equal, NULL);
	for (uint32_t i = 0; i < node->n_slots; i++)
		if (node->slots[i] == ino)
			return (search->guess = i + 1);
	return 0;
}

/* For qsort_r: directories by their slots. */
static int order_by_slot(const void *a, const void *b, void *slots)
{
	uint32_t i = ((const uint32_t *)slots)[*(const uint32_t *)a];
	uint32_t j = ((const uint32_t *)slots)[*(const uint32_t *)b];

	return (i > j) - (i < j);
}

/* The way back from slots to entries: a peer may send more directories than can be searched one by one. */
static void fill_directories(struct version *version)
{
	const struct snapshot *snapshot = version->snapshot;
	uint32_t n = 0;

	for (uint32_t i = 1; i < snapshot->n_entries; i++)
		n += version->slots[i] > 0;
	version->directories = xcalloc(n, sizeof(*version->directories));
	for (uint32_t i = 1; i < snapshot->n_entries; i++)
		if (version->slots[i])
			version->directories[version->n_directories++] = i;
	qsort_r(version->directories, n, sizeof(*version->directories), order_by_slot, version->slots);
}

/* Gives every directory of the snapshot its slot, the same one that its path had before. */
static void fill_slots(struct version *version)
{
	struct node *node = version->owner;
	const struct snapshot *snapshot = version->snapshot;
	struct slot_search search = { .node = node };

	map_init(&search.map);
	version->slots = xcalloc(snapshot->n_entries, sizeof(*version->slots));
	for (uint32_t i = 1; i < snapshot->n_entries; i++) {
		if (!snapshot->entries[i].directory)
			continue;
		uint32_t slot = find_slot(&search, snapshot->entries[i].ino);
		if (!slot && node->n_slots < ID_INDEX_MASK) {
			add_slot(node, snapshot->entries[i].ino);
			slot = search.guess = node->n_slots;
			if (search.mapped)
				map_add(&search.map, snapshot->entries[i].ino, (void *)(uintptr_t)slot);
		}
		version->slots[i] = slot;
	}
	map_release(&search.map);
	fill_directories(version);
}

static struct version *version_new(struct tree *tree, struct node *owner, struct snapshot *snapshot,
	struct stamp *stamp, int64_t expires_ms)
{
	struct version *version = xcalloc(1, sizeof(*version));

	version->object.is_version = true;
	version->owner = owner;
	version->snapshot = snapshot;
	version->stamp = stamp_get(stamp);
	version->expires_ms = expires_ms;
	version->current = true;
	object_register(tree, &version->object);
	owner->n_versions++;
	tree->memory += snapshot->memory;
	fill_slots(version);
	return version;
}

bool version_is_held(const struct version *version)
{
	return version && version->object.held;
}

void version_settle(struct tree *tree, struct version *version)
{
	struct node *owner = version->owner;

	if (!version->current && !version->object.held) {
		tree->memory -= version->snapshot->memory;
		owner->n_versions--;
		object_unregister(tree, &version->object);
		snapshot_free(version->snapshot);
		stamp_put(version->stamp);
		free(version->slots);
		free(version->changed_s);
		free(version->directories);
		free(version);
	}
	node_settle(tree, owner);
}

void version_free_orphans(struct tree *tree)
{
	struct object *object;
	bool freed;

	do { /* a removal moves others back, maybe past us: they are met when we come round again */
		size_t at = 0;
		freed = false;
		while ((object = map_next(&tree->objects, &at))) {
			if (!object->is_version || ((struct version *)object)->current)
				continue;
			version_settle(tree, (struct version *)object);
			freed = true;
		}
	} while (freed);
}

uint32_t version_directory(const struct version *version, uint32_t slot)
{
	uint32_t low = 0, high = version->n_directories;

	if (!slot)
		return 0;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2, entry = version->directories[middle];
		if (version->slots[entry] == slot)
			return entry;
		if (version->slots[entry] < slot)
			low = middle + 1;
		else
			high = middle;
	}
	return UINT32_MAX;
}

uint32_t version_slot(const struct version *version, uint32_t entry)
{
	return entry ? version->slots[entry] : 0;
}

void version_path(const struct version *version, uint32_t entry, struct buf *out)
{
	if (!entry || entry >= version->snapshot->n_entries)
		return;
	version_path(version, version->snapshot->entries[entry].parent, out);
	buf_putc(out, '/');
	buf_puts(out, snapshot_name(version->snapshot, entry));
}

void version_slot_path(const struct node *node, uint32_t slot, struct buf *out)
{
	const struct version *version = node->detail.version ? node->detail.version : node->listed.version;
	uint32_t entry = slot && version ? version_directory(version, slot) : UINT32_MAX;

	if (entry != UINT32_MAX)
		version_path(version, entry, out);
}

/* ---- records ---- */

static void drop_version(struct tree *tree, struct record *record)
{
	struct version *version = record->version;

	record->version = NULL;
	if (!version)
		return;
	version->current = false;
	version_settle(tree, version);
}

static void drop_text(struct tree *tree, struct record *record)
{
	if (record->text)
		tree->memory -= record->text_len;
	free(record->text);
	record->text = NULL;
	record->text_len = 0;
}

void record_drop(struct tree *tree, struct record *record)
{
	drop_version(tree, record);
	drop_text(tree, record);
	stamp_put(record->stamp);
	*record = (struct record){ 0 };
}

/* What is known of the answer without looking into it. */
static void note_answer(struct record *record, int64_t mtime_s, uint64_t stable, struct stamp *stamp,
	int64_t expires_ms)
{
	stamp_get(stamp);
	stamp_put(record->stamp);
	record->stamp = stamp;
	record->expires_ms = expires_ms;
	record->mtime_s = mtime_s;
	record->stable = stable;
	if (record->version) {
		stamp_get(stamp);
		stamp_put(record->version->stamp);
		record->version->stamp = stamp;
		record->version->expires_ms = expires_ms;
	}
}

bool record_set(struct tree *tree, struct node *node, struct record *record,
	struct snapshot *snapshot, struct stamp *stamp, int64_t expires_ms)
{
	bool same = record->version && record->version->snapshot->content == snapshot->content;

	if (!same) {
		struct version *version = version_new(tree, node, snapshot, stamp, expires_ms);
		if (record->version)
			version_compare(version, record->version);
		drop_version(tree, record);
		record->version = version;
	}
	note_answer(record, snapshot->mtime_s, snapshot->stable, stamp, expires_ms);
	if (same)
		snapshot_free(snapshot);
	return !same;
}

enum fault node_render(struct tree *tree, struct node *node, const struct json *object, bool from_list,
	int64_t now_s, struct snapshot **out)
{
	struct snapshot_style style = {
		.api_names = tree->options.api_names,
		.secrets = tree->options.secrets,
		.from_list = from_list,
	};
	struct buf path;

	buf_init(&path, SIZE_MAX);
	node_path(node, &path);
	enum fault fault = snapshot_render(out, node->kind, object, path.data, &style, now_s);
	buf_release(&path);
	return fault;
}

struct version *record_version(struct tree *tree, struct node *node, struct record *record)
{
	struct snapshot *snapshot;
	struct json *object;

	if (record->version || !record->text)
		return record->version;
	/* node_set_item saw to it that neither of these fails */
	if (json_parse(&object, record->text, record->text_len))
		return NULL;
	if (!node_render(tree, node, object, true, record->stamp->received_s, &snapshot))
		record->version = version_new(tree, node, snapshot, record->stamp, record->expires_ms);
	json_free(object);
	node->looked = true;
	return record->version;
}

/* ---- a list's item ---- */

static void set_text(struct tree *tree, struct record *record, const struct buf *text)
{
	drop_text(tree, record);
	record->text = xstrndup(text->data, text->len);
	record->text_len = text->len;
	tree->memory += text->len;
}

void node_set_item(struct tree *tree, struct node *node, const struct json *item, const struct buf *text,
	struct stamp *stamp)
{
	struct summary summary = snapshot_summary(node->kind, item, stamp->received_s);
	struct record *record = &node->listed;
	struct snapshot *snapshot = NULL;
	bool same = record->text && record->text_len == text->len &&
		!memcmp(record->text, text->data, text->len);

	/* nobody has looked into most items, and few change: rendering each would be most of a list's work */
	if (!same && (node->looked || text->len > SNAPSHOT_SURE_BYTES) &&
			node_render(tree, node, item, true, stamp->received_s, &snapshot))
		return;
	int64_t expires_ms = stamp->sent_ms + node_ttl_ms(tree, node, summary.terminal);
	if (!same && node->looked) /* say what changed since */
		record_version(tree, node, record);
	if (!same)
		set_text(tree, record, text);
	if (snapshot && record->version)
		record_set(tree, node, record, snapshot, stamp, expires_ms);
	else
		snapshot_free(snapshot);
	note_answer(record, summary.mtime_s, summary.stable, stamp, expires_ms);
}

bool record_is_fresh(const struct record *record, struct asked asked)
{
	return record->stamp &&
		(record->expires_ms > asked.now_ms || record->stamp->received_ms >= asked.since_ms);
}

const struct record *node_newest(const struct node *node)
{
	if (!node->listed.stamp)
		return node->detail.stamp ? &node->detail : NULL;
	if (!node->detail.stamp || node->detail.stamp->received_ms < node->listed.stamp->received_ms)
		return &node->listed;
	return &node->detail;
}

/* Described resources, the least recently used first, as long as the kernel holds none of their files. */
void tree_shrink(struct tree *tree)
{
	struct node *node = tree->lru.lru_next, *next;

	/* the newest stays: who waits for it has not taken it yet, and would ask for it again and again */
	node_pin(node); /* the one at hand is pinned, because settling a node may free others */
	for (; tree->memory > tree->options.max_memory && node != tree->lru.lru_prev; node = next) {
		next = node->lru_next;
		node_pin(next);
		if (!version_is_held(node->detail.version)) {
			node_leave_lru(node);
			record_drop(tree, &node->detail);
		}
		node_unpin(tree, node);
	}
	node_unpin(tree, node);
}
