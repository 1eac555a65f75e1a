/*
 * attr.c - ids, attributes, and how long the kernel may cache both.
 *
 * Seconds of times are the cloud's. The nanoseconds of an mtime are a hash of the content. So equal content
 * has equal times on every mount, and every change of the content moves the mtime. The hash of a resource's
 * directory covers only what both the list's item and the describe call's answer contain (id, status, times).
 * So it does not move when one answer replaces the other.
 */
#include "cache.h"

#include <sys/stat.h>

struct attr directory_attr(uint64_t ino, int64_t mtime_s, uint64_t content)
{
	return (struct attr){ .ino = ino,
		.mode = S_IFDIR | 0555,
		.mtime_s = mtime_s,
		.mtime_ns = (uint32_t)(content % 1000000000) };
}

struct attr skeleton_attr(const struct tree *tree, const struct node *node)
{
	return directory_attr(node->ino, tree->options.catalog->date_s, 0);
}

/* The mtime moves when the names in the directory changed, and at no other time. */
static struct attr listing_attr(const struct tree *tree, const struct listing *listing)
{
	return directory_attr(listing->node.ino, tree->options.catalog->date_s, listing->state.epoch);
}

static struct attr resource_attr(const struct tree *tree, const struct resource *resource)
{
	const struct record *record = resource_newest(resource);
	const struct detail *detail = resource->detail;

	if (!record)
		return skeleton_attr(tree, &resource->node);
	/* if the list has shown another status or time since, that moves the mtime by itself */
	uint64_t mtime_salt = detail && detail->kernel_stable == record->stable ? detail->mtime_salt : 0;
	return directory_attr(resource->node.ino, record->mtime_s, record->stable + mtime_salt);
}

uint64_t resource_time(const struct tree *tree, const struct resource *resource)
{
	struct attr attr = resource_attr(tree, resource);

	return resource_newest(resource) ? (uint64_t)attr.mtime_s * 1000000000 + attr.mtime_ns : 0;
}

void resource_moved(struct tree *tree, struct resource *resource, uint64_t before)
{
	if (!before || !resource->node.inode.nlookup || resource->moved ||
		resource_time(tree, resource) == before)
		return;
	resource->moved = true;
	ids_add(&tree->moved.directories, nodeid_encode(resource->node.inode.serial, 0));
	if (tree->moved.directories.n == 1 && tree->moved.tell)
		tree->moved.tell(tree->moved.arg);
}

void tree_tell_moved(struct tree *tree, void (*fn)(void *arg), void *arg)
{
	tree->moved.tell = fn;
	tree->moved.arg = arg;
}

uint64_t tree_moved(struct tree *tree)
{
	uint32_t index;

	while (tree->moved.directories.n) {
		uint64_t id = tree->moved.directories.v[--tree->moved.directories.n];
		struct resource *resource = (struct resource *)tree_inode(tree, id, &index);
		if (!resource || !resource->moved) /* freed, or the kernel has the new attributes already */
			continue;
		resource->moved = false;
		if (resource->node.inode.nlookup)
			return id;
	}
	return 0;
}

static struct attr entry_attr(const struct snapshot *snapshot, const struct version *version, uint32_t index)
{
	const struct snapshot_entry *entry = &snapshot->entries[index];
	struct attr attr = directory_attr(entry->ino, snapshot->mtime_s, entry->content);

	attr.changed_s = version->changed_s ? version->changed_s[index] : 0;
	if (entry->directory)
		return attr;
	attr.mode = S_IFREG | (entry->secret ? 0400 : 0444);
	attr.size = entry->size;
	return attr;
}

struct entry inner_entry(struct tree *tree, struct version *version, uint32_t index, int64_t for_ms)
{
	const struct snapshot *snapshot = version_look(tree, version);
	struct entry entry = { .attr = entry_attr(snapshot, version, index), .entry_ms = for_ms };

	if (snapshot->entries[index].directory) {
		uint32_t slot = version_slot(version, index);
		entry.id = slot ? nodeid_encode(version->owner->node.inode.serial, slot) : 0;
		entry.attr_ms = for_ms;
	} else {
		entry.id = nodeid_encode(version->inode.serial, index);
		entry.attr_ms = TREE_FOR_EVER;
	}
	return entry;
}

struct entry listing_entry(const struct tree *tree, struct listing *listing, struct query_time query)
{
	int64_t fresh_ms = 0;

	kernel_listing_see(&listing->kernel_listing, (uint32_t)listing->state.epoch);
	if (listing->node.kind->partial)
		fresh_ms = 0; /* a lookup of an id can change the names at any time */
	else if (listing_is_fresh(listing, query))
		fresh_ms = left_ms(listing->state.expires_ms, query);
	else if (!listing->state
			  .provenance) /* never read: the kernel has cached no names that could be stale */
		fresh_ms = tree_ttl_ms(tree, listing->node.kind->ttl.list_s);
	return (struct entry){ .id = nodeid_encode(listing->node.inode.serial, 0),
		.attr = listing_attr(tree, listing),
		.entry_ms = SKELETON_MS,
		.attr_ms = fresh_ms };
}

struct entry resource_entry(const struct tree *tree, const struct resource *resource, int64_t for_ms,
	struct query_time query)
{
	const struct record *record = resource_newest(resource);
	int64_t attr_ms = record ? left_ms(record_until_ms(record, query.now_ms), query) : 0;

	if (attr_ms < for_ms) /* the answer that proves the name also dates the directory */
		attr_ms = for_ms;

	return (struct entry){ .id = nodeid_encode(resource->node.inode.serial, 0),
		.attr = resource_attr(tree, resource),
		.entry_ms = for_ms,
		.attr_ms = attr_ms };
}
