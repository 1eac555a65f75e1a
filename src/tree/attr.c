/*
 * attr.c - what the kernel is told of a thing: its id, its attributes, and for how long both stand.
 *
 * Times are the cloud's.  The nanoseconds carry the content, so that equal content has equal times
 * on every mount and a change never goes unseen.  A resource's directory takes them from what the
 * list's item and the describe call's answer both hold (id, status, times), so that they do not
 * move when the one is followed by the other.
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

/* Another mtime whenever the directory's names changed, and only then. */
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
	/* what the list says since is another status or time, and moves the mtime by itself */
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
		if (!resource || !resource->moved) /* it went, or the kernel was told by an answer */
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
		fresh_ms = 0; /* where ids are entered by name, what is shown changes at any time */
	else if (listing_is_fresh(listing, query))
		fresh_ms = left_ms(listing->state.expires_ms, query);
	else if (!listing->state
			  .provenance) /* the kernel keeps nothing of it; what it reads will end later */
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

	if (attr_ms < for_ms) /* what vouches for the name dates it too */
		attr_ms = for_ms;

	return (struct entry){ .id = nodeid_encode(resource->node.inode.serial, 0),
		.attr = resource_attr(tree, resource),
		.entry_ms = for_ms,
		.attr_ms = attr_ms };
}
