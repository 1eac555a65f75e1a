/*
 * select.c - which answer to look into.
 *
 * Of a resource, view_of picks the describe call's answer while that is fresh; for a single name
 * also the list's item, when that is fresh and the describe call is known to have the member too; a
 * last good one when the refresh failed in a way that allows it; else it names the call that is
 * needed.
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

static struct view view_at(struct version *version, int64_t for_ms)
{
	return (struct view){ .version = version, .left_ms = for_ms, .found = true };
}

static struct view view_none(struct reply reply)
{
	return (struct view){ .reply = reply };
}

/*
 * The call that refreshes what the list's item says too.  The listing pays once as many single refreshes were
 * made as it takes calls to read it again: never more than twice the best possible.  A resource that was
 * described before gets one more, because its describe call says more.
 */
struct reply need_refresh(struct node *node, struct query_time query)
{
	struct node *listing = node->parent;
	const struct kind *kind = node->kind;

	if (!kind_has_describe(kind))
		return reply_need(listing, FETCH_LIST);
	if (!node_is_shown(node) || !node->resource.cached.stamp ||
		failure_stands(&listing->list.state.failures[FETCH_LIST], query))
		return reply_need(node, FETCH_DESCRIBE);

	size_t singles = listing->list.cost.describes + (node_detail(node)->stamp ? 0 : 1);
	if (listing->list.cost.affordable && singles >= listing->list.cost.price)
		return reply_need(listing, FETCH_LIST);
	node->resource.asked_single = true;
	return reply_need(node, FETCH_DESCRIBE);
}

/* The caller needs fields that only the describe call returns: a list call would not have replaced it. */
static void excuse_single(struct node *node)
{
	struct node *listing = node->parent;

	if (node->resource.inside->single_round &&
		node->resource.inside->single_round == listing->list.pass.round_now &&
		listing->list.cost.describes)
		listing->list.cost.describes--;
	node->resource.inside->single_round = 0;
}

/* The failure of the call that would refresh the resource, or of a reader that gave up waiting for it. */
static const struct failure *refresh_failure(const struct node *node, struct query_time query)
{
	const struct failure *failure = node_failure(kind_has_describe(node->kind) ? node : node->parent);
	const struct failure *given_up = node->resource.failures ? &node->resource.failures->given_up : NULL;

	if (!failure_stands(failure, query) && given_up && given_up->error &&
		query.since_ms >= given_up->at_ms && given_up->until_ms > query.now_ms)
		return given_up;
	return failure;
}

/* The entry that a list's item shows under the name, if the describe call's answer has it too. */
static bool list_item_has(struct tree *tree, struct node *node, uint32_t slot, const char *name)
{
	struct version *version = record_version(tree, node, &node->resource.cached);
	uint32_t directory = version ? version_directory(version, slot) : UINT32_MAX;

	if (directory == UINT32_MAX)
		return false;
	const struct snapshot *snapshot = version_look(tree, version);
	uint32_t entry = snapshot_find(snapshot, directory, name);
	return entry && snapshot->entries[entry].primed;
}

/* The list spoke last. */
static bool list_is_newer(const struct node *node)
{
	return node->sort == NODE_RESOURCE && node_newest(node) == &node->resource.cached;
}

/*
 * The last good answer, when the failure of the refresh allows it: of the two the newer one, where both have
 * the name, so that no value ever goes back to one before it.
 */
static struct view view_stale(struct tree *tree, struct node *node, uint32_t slot, const char *name,
	const struct failure *failure, struct query_time query)
{
	int64_t held_ms = left_ms(failure->until_ms, query);
	bool listed = item_is_whole(node->kind) || (name && list_item_has(tree, node, slot, name));

	if (!error_allows_stale(failure->error))
		return view_none(reply_failed(failure->error));
	if (provenance_is_young(tree, node_detail(node)->stamp, query) && !(listed && list_is_newer(node))) {
		version_use(tree, node_detail(node)->version);
		return view_at(node_detail(node)->version, held_ms);
	}
	if (listed && !node->resource.outdone &&
		provenance_is_young(tree, node->resource.cached.stamp, query))
		return view_at(record_version(tree, node, &node->resource.cached), held_ms);
	return view_none(reply_failed(failure->error));
}

/* The call that would say what the fresh answers do not. */
static struct view view_needed(struct tree *tree, struct node *node, uint32_t slot, const char *name,
	struct query_time query)
{
	const struct kind *kind = node->kind;

	if (kind_has_describe(kind)) {
		if (name && list_item_has(tree, node, slot, name))
			return view_none(need_refresh(node, query));
		scan_note(tree, node, query);
		return view_none(reply_need(node, FETCH_DESCRIBE));
	}
	if (!kind->list.name && !kind->list.path)
		return view_at(NULL, SKELETON_MS);
	if (kind->partial && !name && !node->resource.cached.stamp)
		return view_at(NULL, 0); /* its list call rarely answers, and no reader named this */
	if (node->resource.cached.stamp || !listing_is_fresh(node->parent, query))
		return view_none(reply_need(node->parent, FETCH_LIST));
	if (!kind->partial && !node->parent->list.state.complete) /* it may be in what did not come */
		return view_none(reply_failed(ERR_ANSWER));
	/* the list was read and does not have it: there is nothing to show but what is inside */
	return view_at(NULL, left_ms(node->parent->list.state.expires_ms, query));
}

/* An answer that stands and says what is asked for. */
static struct view view_fresh(struct tree *tree, struct node *node, uint32_t slot, const char *name,
	struct query_time query)
{
	bool listed = record_is_fresh(&node->resource.cached, query);
	const struct record *detail = node_detail(node);

	if (record_is_fresh(detail, query) && !(listed && item_is_whole(node->kind) && list_is_newer(node))) {
		version_use(tree, detail->version);
		if (!name && node->sort == NODE_RESOURCE) {
			excuse_single(node);
			scan_note(tree, node, query);
		}
		return view_at(detail->version, left_ms(detail->expires_ms, query));
	}
	if (listed && (item_is_whole(node->kind) || (name && list_item_has(tree, node, slot, name)))) {
		struct version *version = record_version(tree, node, &node->resource.cached);
		record_look(&node->resource.cached, node, query.now_ms);
		return view_at(version,
			left_ms(record_until_ms(&node->resource.cached, query.now_ms), query));
	}
	return (struct view){ 0 };
}

/* Whatever there is. */
static struct view view_known(struct tree *tree, struct node *node)
{
	struct version *version = node_detail(node)->version;

	if (!version)
		version = record_version(tree, node, &node->resource.cached);
	return version ? view_at(version, 0) : view_none(reply_failed(ERR_LOCAL));
}

struct view view_of(struct tree *tree, struct node *node, uint32_t slot, const char *name,
	struct query_time query)
{
	if (node->sort == NODE_ROOT)
		return view_at(node_detail(node)->version, SKELETON_MS);
	if (query.since_ms == TREE_KNOWN)
		return view_known(tree, node);

	struct view view = view_fresh(tree, node, slot, name, query);
	if (view.found)
		return view;
	if (node->sort == NODE_TEXTS)
		return view_none(reply_need(node, FETCH_TEXTS));
	const struct failure *failure = refresh_failure(node, query);
	if (failure_stands(failure, query))
		return view_stale(tree, node, slot, name, failure, query);
	const struct failure *outage = outage_of(tree, query);
	if (outage) {
		view = view_stale(tree, node, slot, name, outage, query);
		if (view.found)
			return view;
	}
	return view_needed(tree, node, slot, name, query);
}

struct reply listing_open(struct tree *tree, struct node *listing, struct query_time query)
{
	const struct failure *failure = &listing->list.state.failures[FETCH_LIST];

	if (listing_is_fresh(listing, query))
		return reply_found();
	if (listing_is_stale(tree, listing, query))
		return reply_found();
	return failure_stands(failure, query) ? reply_failed(failure->error) :
						reply_need(listing, FETCH_LIST);
}
