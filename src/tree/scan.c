/*
 * scan.c - a reader that goes through a listing, and what it will want next.
 *
 * grep -r wants the describe call's answer of one resource after the other, and each would cost it
 * a round trip of which the cloud's rate limit asks nothing.  Three resources in a row, in the
 * listing's order, make a scan; from then on the next ones are named ahead, a few at
 * first and then SCAN_AHEAD_MAX.  A single cat is never a scan.
 */
#include "base/search.h"
#include "cache.h"

static bool is_before_scan(const void *arg, size_t at)
{
	const struct node *listing = arg;

	return listing->list.members.v[at]->resource.membership.seq < listing->list.readahead.seq;
}

/* The index of the resource that the scan has reached, or would have. */
static size_t scan_position(const struct node *listing)
{
	return search_lower_bound(0, listing->list.members.n, is_before_scan, listing);
}

/*
 * The next one in the listing that was not fetched ahead already; another order is no scan that we
 * could foresee.
 */
static bool follows(const struct node *listing, const struct node *node, struct query_time query)
{
	size_t at = scan_position(listing) + 1;

	if (!listing->list.readahead.seq)
		return false;
	for (size_t i = at; i <= at + SCAN_AHEAD_MAX && i < listing->list.members.n; i++) {
		if (listing->list.members.v[i] == node)
			return true;
		if (!record_is_fresh(node_detail(listing->list.members.v[i]), query))
			return false;
	}
	return false;
}

void scan_note(struct tree *tree, struct node *node, struct query_time query)
{
	struct node *listing = node->parent;

	if (!node_is_shown(node) || node->resource.membership.seq == listing->list.readahead.seq)
		return;
	listing->list.readahead.run = follows(listing, node, query) ? listing->list.readahead.run + 1 : 1;
	listing->list.readahead.seq = node->resource.membership.seq;
	tree->scanned = listing->list.readahead.run >= SCAN_RUN ? listing : NULL;
}

static bool is_wanting(const struct node *node, struct query_time query)
{
	return !node->resource.missing && !record_is_fresh(node_detail(node), query) &&
		!failure_stands(node_failure(node), query);
}

struct node *tree_ahead(struct tree *tree, struct query_time query,
	bool (*is_described)(const void *arg, const struct node *resource), const void *arg)
{
	struct node *listing = tree->scanned;

	if (!listing || !kind_has_describe(listing->kind) || outage_of(tree, query))
		return NULL;
	size_t ahead = listing->list.readahead.run == SCAN_RUN ? SCAN_AHEAD_FIRST : SCAN_AHEAD_MAX;
	size_t at = scan_position(listing) + 1;
	for (size_t i = at; i < at + ahead && i < listing->list.members.n; i++) {
		struct node *node = listing->list.members.v[i];
		if (is_wanting(node, query) && !is_described(arg, node))
			return node;
	}
	return NULL;
}
