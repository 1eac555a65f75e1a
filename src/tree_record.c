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
	node->slots = xrealloc(node->slots, (node->n_slots + 1) * sizeof(*node->slots));
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
	map_init(&search->map);
	search->mapped = search->node->n_slots > SLOTS_MANY;
	for (uint32_t i = 0; search->mapped && i < search->node->n_slots; i++)
		map_add(&search->map, search->node->slots[i], (void *)(uintptr_t)(i + 1));
}

/* The slot of a directory's path, 1 and up; 0 if it has none yet. */
static uint32_t find_slot(struct slot_search *search, uint64_t ino)
{
	const struct node *node = search->node;

	if (search->guess < node->n_slots && node->slots[search->guess] == ino)
		return ++search->guess;
	if (search->mapped)
		return (uint32_t)(uintptr_t)map_get(&search->map, ino, always_equal, NULL);
	for (uint32_t i = 0; i < node->n_slots; i++)
		if (node->slots[i] == ino)
			return (search->guess = i + 1);
	return 0;
}

/* Gives every directory of the snapshot its slot, the same one that its path had before. */
static void fill_slots(struct version *version)
{
	struct node *node = version->owner;
	const struct snapshot *snapshot = version->snapshot;
	struct slot_search search = { .node = node };

	map_slots(&search);
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
		free(version);
	}
	node_settle(tree, owner);
}

void version_free_orphans(struct tree *tree)
{
	size_t at = 0;
	struct object *object;

	while ((object = map_next(&tree->objects, &at))) {
		if (!object->is_version || ((struct version *)object)->current)
			continue;
		version_settle(tree, (struct version *)object);
		at = 0; /* the map changed */
	}
}

uint32_t version_directory(const struct version *version, uint32_t slot)
{
	const struct snapshot *snapshot = version->snapshot;

	if (!slot)
		return 0;
	/* directories keep their order mostly, so the search ends early for all but hostile answers */
	for (uint32_t i = 1; i < snapshot->n_entries; i++)
		if (version->slots[i] == slot)
			return i;
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
static void note_answer(struct record *record, const struct snapshot *snapshot, struct stamp *stamp,
	int64_t expires_ms)
{
	stamp_get(stamp);
	stamp_put(record->stamp);
	record->stamp = stamp;
	record->expires_ms = expires_ms;
	record->mtime_s = snapshot->mtime_s;
	record->stable = snapshot->stable;
	record->content = snapshot->content;
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
	bool same = record->version && record->content == snapshot->content;

	if (!same) {
		drop_version(tree, record);
		record->version = version_new(tree, node, snapshot, stamp, expires_ms);
	}
	note_answer(record, snapshot, stamp, expires_ms);
	if (same)
		snapshot_free(snapshot);
	return !same;
}

bool record_set_text(struct tree *tree, struct record *record, const struct snapshot *snapshot,
	const struct buf *text, struct stamp *stamp, int64_t expires_ms)
{
	bool same = record->text_len == text->len && record->text &&
		!memcmp(record->text, text->data, text->len);

	if (!same) {
		drop_version(tree, record);
		drop_text(tree, record);
		record->text = xstrndup(text->data, text->len);
		record->text_len = text->len;
		tree->memory += text->len;
	}
	note_answer(record, snapshot, stamp, expires_ms);
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
	/* it was rendered once when it came, so neither of these fails */
	if (json_parse(&object, record->text, record->text_len))
		return NULL;
	if (!node_render(tree, node, object, true, record->stamp->received_s, &snapshot))
		record->version = version_new(tree, node, snapshot, record->stamp, record->expires_ms);
	json_free(object);
	return record->version;
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

	for (; tree->memory > tree->options.max_memory && node != &tree->lru; node = next) {
		next = node->lru_next;
		if (version_is_held(node->detail.version))
			continue;
		/* pinned, because settling one node may free others */
		node_pin(node);
		node_pin(next);
		node_leave_lru(node);
		record_drop(tree, &node->detail);
		node_unpin(tree, node);
		next->pins--;
	}
}
