/*
 * select.c - picks the answer of a resource that a name is read from.
 *
 * In this order: the describe call's answer while it is fresh; for a single name the list's item, while it is
 * fresh and if the describe call is known to have that member too; the last good answer, if the refresh
 * failed in a way that allows it; else the call that is needed. README.md has the rules in full.
 */
#include "cache.h"

static struct reply reply_need(struct node *node, enum fetch_kind fetch_kind)
{
	return (struct reply){ .outcome = RESULT_NEED_FETCH, .node = node, .fetch_kind = fetch_kind };
}

static struct reply reply_found(void)
{
	return (struct reply){ .outcome = RESULT_FOUND };
}

static struct selection selection_at(struct version *version, int64_t for_ms)
{
	return (struct selection){ .version = version, .left_ms = for_ms, .found = true };
}

static struct selection selection_none(struct reply reply)
{
	return (struct selection){ .reply = reply };
}

/*
 * The call that refreshes a member that the list's item has too. A list call is chosen once as many single
 * refreshes were made as it takes calls to read the list again. So the number of calls is never more than
 * twice the optimum. A resource that was described before gets one more single refresh, because its describe
 * call returns more.
 */
struct reply need_refresh(struct resource *resource, struct query_time query)
{
	struct listing *listing = listing_of(resource);
	const struct kind *kind = resource->node.kind;

	if (!kind_has_describe(kind))
		return reply_need(&listing->node, FETCH_LIST);
	if (!resource_is_shown(resource) || !resource->cached.provenance ||
		failure_stands(&listing->state.failures[FETCH_LIST], query))
		return reply_need(&resource->node, FETCH_DESCRIBE);

	size_t singles = listing->cost.describes + (resource_described(resource)->provenance ? 0 : 1);
	if (listing->cost.affordable && singles >= listing->cost.price)
		return reply_need(&listing->node, FETCH_LIST);
	resource->asked_single = true;
	return reply_need(&resource->node, FETCH_DESCRIBE);
}

/* The caller needs fields that only the describe call returns: a list call would not have replaced it. */
static void excuse_single(struct resource *resource)
{
	struct listing *listing = listing_of(resource);

	if (resource->detail->single_round && resource->detail->single_round == listing->pass.round_now &&
		listing->cost.describes)
		listing->cost.describes--;
	resource->detail->single_round = 0;
}

/* The failure of the call that would refresh the resource, or of a reader that gave up waiting for it. */
static const struct failure *refresh_failure(struct resource *resource, struct query_time query)
{
	const struct failure *failure = node_failure(refreshed_by(resource));
	const struct failure *given_up = resource->failures ? &resource->failures->given_up : NULL;

	if (!failure_stands(failure, query) && given_up && given_up->error &&
		query.since_ms >= given_up->at_ms && given_up->until_ms > query.now_ms)
		return given_up;
	return failure;
}

/* The entry that a list's item shows under the name, if the describe call's answer has it too. */
static bool list_item_has(struct tree *tree, struct resource *resource, uint32_t slot, const char *name)
{
	struct version *version = record_version(tree, resource, &resource->cached);
	uint32_t directory = version ? version_directory(version, slot) : UINT32_MAX;

	if (directory == UINT32_MAX)
		return false;
	const struct snapshot *snapshot = version_look(tree, version);
	uint32_t entry = snapshot_find(snapshot, directory, name);
	return entry && snapshot->entries[entry].primed;
}

/* The list's item is newer than the describe call's answer. */
static bool list_is_newer(const struct resource *resource)
{
	return resource->node.sort == NODE_RESOURCE && resource_newest(resource) == &resource->cached;
}

/*
 * The last good answer, if the failure of the refresh allows it. If both answers have the name, the newer one
 * is used, so no value goes back to an older one.
 */
static struct selection select_stale(struct tree *tree, struct resource *resource, uint32_t slot,
	const char *name, const struct failure *failure, struct query_time query)
{
	int64_t held_ms = left_ms(failure->until_ms, query);
	bool listed = item_is_whole(resource->node.kind) ||
		(name && list_item_has(tree, resource, slot, name));

	if (!error_allows_stale(failure->error))
		return selection_none(reply_failed(failure->error));
	if (provenance_is_young(tree, resource_described(resource)->provenance, query) &&
		!(listed && list_is_newer(resource))) {
		version_use(tree, resource_described(resource)->version);
		return selection_at(resource_described(resource)->version, held_ms);
	}
	if (listed && !resource->item_superseded &&
		provenance_is_young(tree, resource->cached.provenance, query))
		return selection_at(record_version(tree, resource, &resource->cached), held_ms);
	return selection_none(reply_failed(failure->error));
}

/* The call that returns what no fresh answer has. */
static struct selection select_needed(struct tree *tree, struct resource *resource, uint32_t slot,
	const char *name, struct query_time query)
{
	const struct kind *kind = resource->node.kind;

	if (kind_has_describe(kind)) {
		if (name && list_item_has(tree, resource, slot, name))
			return selection_none(need_refresh(resource, query));
		scan_note(tree, resource, query);
		return selection_none(reply_need(&resource->node, FETCH_DESCRIBE));
	}
	if (!action_exists(&kind->list))
		return selection_at(NULL, SKELETON_MS);
	if (kind->partial && !name && !resource->cached.provenance)
		return selection_at(NULL,
			0); /* its list call is often refused, and no reader asked for this name */
	if (resource->cached.provenance || !listing_is_fresh(listing_of(resource), query))
		return selection_none(reply_need(resource->node.parent, FETCH_LIST));
	/* the list was cut off: the resource may be in the missing pages */
	if (!kind->partial && !listing_of(resource)->state.complete)
		return selection_none(reply_failed(ERR_ANSWER));
	/* the list does not have it: only the listings inside it can be shown */
	return selection_at(NULL, left_ms(listing_of(resource)->state.expires_ms, query));
}

/* A fresh answer that has what is asked for. */
static struct selection select_fresh(struct tree *tree, struct resource *resource, uint32_t slot,
	const char *name, struct query_time query)
{
	bool listed = record_is_fresh(&resource->cached, query);
	const struct record *detail = resource_described(resource);

	if (record_is_fresh(detail, query) &&
		!(listed && item_is_whole(resource->node.kind) && list_is_newer(resource))) {
		version_use(tree, detail->version);
		if (!name && resource->node.sort == NODE_RESOURCE) {
			excuse_single(resource);
			scan_note(tree, resource, query);
		}
		return selection_at(detail->version, left_ms(detail->expires_ms, query));
	}
	if (listed &&
		(item_is_whole(resource->node.kind) || (name && list_item_has(tree, resource, slot, name)))) {
		struct version *version = record_version(tree, resource, &resource->cached);
		record_look(&resource->cached, resource, query.now_ms);
		return selection_at(version,
			left_ms(record_until_ms(&resource->cached, query.now_ms), query));
	}
	return (struct selection){ 0 };
}

/* Any cached answer, fresh or not. */
static struct selection select_known(struct tree *tree, struct resource *resource)
{
	struct version *version = resource_described(resource)->version;

	if (!version)
		version = record_version(tree, resource, &resource->cached);
	return version ? selection_at(version, 0) : selection_none(reply_failed(ERR_LOCAL));
}

struct selection select_answer(struct tree *tree, struct resource *resource, uint32_t slot, const char *name,
	struct query_time query)
{
	if (resource->node.sort == NODE_ROOT)
		return selection_at(resource_described(resource)->version, SKELETON_MS);
	if (query.since_ms == TREE_KNOWN)
		return select_known(tree, resource);

	struct selection selection = select_fresh(tree, resource, slot, name, query);
	if (selection.found)
		return selection;
	if (resource->node.sort == NODE_TEXTS)
		return selection_none(reply_need(&resource->node, FETCH_TEXTS));
	const struct failure *failure = refresh_failure(resource, query);
	if (failure_stands(failure, query))
		return select_stale(tree, resource, slot, name, failure, query);
	const struct failure *outage = outage_of(tree, query);
	if (outage) {
		selection = select_stale(tree, resource, slot, name, outage, query);
		if (selection.found)
			return selection;
	}
	return select_needed(tree, resource, slot, name, query);
}

struct reply listing_open(struct tree *tree, struct listing *listing, struct query_time query)
{
	const struct failure *failure = &listing->state.failures[FETCH_LIST];

	if (listing_is_fresh(listing, query))
		return reply_found();
	if (listing_is_stale(tree, listing, query))
		return reply_found();
	return failure_stands(failure, query) ? reply_failed(failure->error) :
						reply_need(&listing->node, FETCH_LIST);
}
