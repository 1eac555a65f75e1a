/*
 * change_times.c - which files of an answer differ from the answer before it, for their ctime.
 *
 * A file's mtime is the cloud's, and the cloud may leave it as it is when a field changes. Programs that look
 * for changes since a time (tar -g, find -cnewer) read the ctime too. So the ctime of a file is the time of
 * the answer that showed a change. A file that was never seen to change has its mtime as ctime, so an
 * unchanged cloud looks unchanged after a remount.
 */
#include "cache.h"

#include <stdlib.h>

struct mark {
	const struct snapshot *snapshot;
	uint64_t ino;
};

static bool mark_equal(const void *value, const void *key)
{
	const struct mark *mark = key;

	return mark->snapshot->entries[(uintptr_t)value - 1].ino == mark->ino;
}

/* The entry with that ino; 0: there is none. (Entry 0 is the top directory, which is not in the map.) */
static uint32_t find_ino(const struct map *inos, const struct snapshot *snapshot, uint64_t ino)
{
	struct mark mark = { snapshot, ino };
	uintptr_t found = (uintptr_t)map_get(inos, ino, mark_equal, &mark);

	return found ? (uint32_t)(found - 1) : 0;
}

static void map_inos(struct map *inos, const struct snapshot *snapshot)
{
	for (uint32_t i = 1; i < snapshot->n_entries; i++)
		if (!find_ino(inos, snapshot, snapshot->entries[i].ino))
			map_add(inos, snapshot->entries[i].ino, (void *)(uintptr_t)(i + 1));
}

static void set_changed(struct tree *tree, struct version *version, uint32_t entry, int64_t changed_s)
{
	if (!version->changed_s) {
		version->changed_s = xcalloc(version->n_entries, sizeof(*version->changed_s));
		tree->memory += version->n_entries * sizeof(*version->changed_s);
	}
	version->changed_s[entry] = changed_s;
}

/*
 * Whether it would have to be rendered again from a large text, only to be compared. Then it is not compared,
 * and all files count as changed.
 */
static bool version_is_costly(const struct version *version)
{
	return !version->snapshot && version->text && version->text->len > COMPARED_BYTES_MAX;
}

void version_agree(struct tree *tree, struct version *version, struct version *other)
{
	struct map inos;

	if (!version || !other || !other->changed_s || version_is_costly(version) || version_is_costly(other))
		return;
	const struct snapshot *now = version_look(tree, version), *then = version_look(tree, other);
	map_init(&inos, tree->options.seed);
	map_inos(&inos, then);
	for (uint32_t i = 1; i < now->n_entries; i++) {
		uint32_t same = find_ino(&inos, then, now->entries[i].ino);
		if (same && other->changed_s[same] && then->entries[same].content == now->entries[i].content)
			set_changed(tree, version, i, other->changed_s[same]);
	}
	map_release(&inos);
}

void version_compare(struct tree *tree, struct version *version, struct version *before)
{
	const struct snapshot *now = version_look(tree, version), *then;
	struct map inos;

	version->changed_s = xcalloc(now->n_entries, sizeof(*version->changed_s));
	tree->memory += now->n_entries * sizeof(*version->changed_s);
	if (version_is_costly(before)) {
		for (uint32_t i = 1; i < now->n_entries; i++)
			version->changed_s[i] = version->provenance->received_s;
		return;
	}
	then = version_look(tree, before);
	map_init(&inos, tree->options.seed);
	map_inos(&inos, then);
	for (uint32_t i = 1; i < now->n_entries; i++) {
		uint32_t old = find_ino(&inos, then, now->entries[i].ino);
		if (old && then->entries[old].content == now->entries[i].content)
			version->changed_s[i] = before->changed_s ? before->changed_s[old] : 0;
		else
			version->changed_s[i] = version->provenance->received_s;
	}
	map_release(&inos);
}
