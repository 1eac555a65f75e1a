/*
 * scan.c - read-ahead: finds a reader that scans a listing, and names the resources that it will need next.
 *
 * grep -r reads the describe call's answer of one resource after the other. Each costs a round trip, during
 * which the cloud's rate limit stays unused. Three resources in a row, in the listing's order, make a scan.
 * From then on the next resources are named before the reader comes to them: SCAN_AHEAD_FIRST at first, then
 * SCAN_AHEAD_MAX. One cat is no scan.
 */
#include "base/search.h"
#include "cache.h"

static bool is_before_scan(const void *arg, size_t at)
{
	const struct listing *listing = arg;

	return listing->members.v[at]->membership.seq < listing->readahead.seq;
}

/* The position of the resource that the scan has reached. */
static size_t scan_position(const struct listing *listing)
{
	return search_lower_bound(0, listing->members.n, is_before_scan, listing);
}

/*
 * Whether the resource is the next one in the listing, apart from those that were described already. Any
 * other order is no scan, because the next resource cannot be foreseen.
 */
static bool follows(const struct listing *listing, const struct resource *resource, struct query_time query)
{
	size_t at = scan_position(listing) + 1;

	if (!listing->readahead.seq)
		return false;
	for (size_t i = at; i <= at + SCAN_AHEAD_MAX && i < listing->members.n; i++) {
		if (listing->members.v[i] == resource)
			return true;
		if (!record_is_fresh(resource_described(listing->members.v[i]), query))
			return false;
	}
	return false;
}

void scan_note(struct tree *tree, struct resource *resource, struct query_time query)
{
	struct listing *listing = listing_of(resource);

	if (!resource_is_shown(resource) || resource->membership.seq == listing->readahead.seq)
		return;
	listing->readahead.run = follows(listing, resource, query) ? listing->readahead.run + 1 : 1;
	listing->readahead.seq = resource->membership.seq;
	tree->scanned = listing->readahead.run >= SCAN_RUN ? listing : NULL;
}

static bool is_wanting(const struct resource *resource, struct query_time query)
{
	return !resource->missing && !record_is_fresh(resource_described(resource), query) &&
		!failure_stands(node_failure(&resource->node), query);
}

struct node *tree_ahead(struct tree *tree, struct query_time query,
	bool (*is_described)(const void *arg, const struct node *resource), const void *arg)
{
	struct listing *listing = tree->scanned;

	if (!listing || !kind_has_describe(listing->node.kind) || outage_of(tree, query))
		return NULL;
	size_t ahead = listing->readahead.run == SCAN_RUN ? SCAN_AHEAD_FIRST : SCAN_AHEAD_MAX;
	size_t at = scan_position(listing) + 1;
	for (size_t i = at; i < at + ahead && i < listing->members.n; i++) {
		struct resource *resource = listing->members.v[i];
		if (is_wanting(resource, query) && !is_described(arg, &resource->node))
			return &resource->node;
	}
	return NULL;
}
