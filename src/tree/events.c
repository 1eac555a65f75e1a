/*
 * events.c - the attributes of KIND/ID/.events. change_log.c adds the lines.
 *
 * A question for the size of the file makes the daemon describe the resource when its answer has expired.
 * Nothing else does, so a file that no program polls costs no calls.
 */
#include "cache.h"

#include <sys/stat.h>

#include "base/hash.h"

struct entry events_entry(struct tree *tree, struct resource *resource, struct query_time query)
{
	const struct record *record = resource_newest(resource);
	int64_t dated_s = record ? record->mtime_s : resource->node.kind->catalog->date_s;

	events_follow(tree, resource, query.by_other);
	const struct follow *follow = resource->detail->follow;
	return (struct entry){ .id = nodeid_encode(resource->node.inode.serial, INDEX_EVENTS),
		.attr = { .ino = hash_text(resource->node.ino, ".events"),
			.mode = S_IFREG | 0444,
			.size = follow->lines.len,
			.mtime_s = follow->changed_s ? follow->changed_s : dated_s,
			.mtime_ns = (uint32_t)(follow->n_appended % 1000000000) } };
}

/* Whether a fresh answer covers the whole resource, or no call could return one. */
static bool is_known(const struct resource *resource, struct query_time query)
{
	const struct kind *kind = resource->node.kind;

	if (record_is_fresh(resource_described(resource), query))
		return true;
	if (item_is_whole(kind) && record_is_fresh(&resource->cached, query))
		return true;
	if (resource_is_missing(resource, query))
		return true;
	return !kind_has_describe(kind) && (kind->partial || listing_is_fresh(listing_of(resource), query));
}

/*
 * `tail -f` takes an error for the end of the file. So a call that cannot be made now does not fail the
 * question: the next one tries again.
 */
struct reply events_attr(struct tree *tree, struct resource *resource, struct query_time query)
{
	struct node *asking = refreshed_by(resource);
	bool cannot = failure_stands(node_failure(asking), query) || outage_of(tree, query);

	if (!cannot && !is_known(resource, query))
		return (struct reply){ .outcome = RESULT_NEED_FETCH,
			.node = asking,
			.fetch_kind = asking == &resource->node ? FETCH_DESCRIBE : FETCH_LIST };
	return (struct reply){ .outcome = RESULT_FOUND, .entry = events_entry(tree, resource, query) };
}
