/*
 * readdir.c - READDIR: a pass through a directory.
 *
 * The cookie of a listing's entry is its member's seq, which no other member ever gets. The cookie inside a
 * resource is the version and the position in its directory. So a pass that continues after a refresh returns
 * each entry that still exists exactly once.
 *
 * A pass over a listing that begins while the list is being read follows the reading: its cookies say so, and
 * it returns only members that this reading has met. If the reading has not met the next member yet, the pass
 * waits for more pages; so it does at the end.
 */
#include "base/search.h"
#include "views.h"

/*
 * The bits of a listing's cookie: whether the pass follows a reading (bit 0), the last 8 bits of that
 * reading's round (bits 1 to 8), the seq (the bits above).
 */
enum { FOLLOWS = 1, ROUND_BIT = 1, ROUND_MASK = 0xff, SEQ_BIT = 9 };

static uint64_t cookie_of(const struct listing *listing, uint64_t seq)
{
	return seq << SEQ_BIT | (uint64_t)(listing->pass.round_now & ROUND_MASK) << ROUND_BIT | FOLLOWS;
}

/* Whether the pass follows a reading that is not complete yet. A complete one is a listing like any other. */
static bool follows(const struct listing *listing, uint64_t cookie)
{
	int8_t ahead = (int8_t)((cookie >> ROUND_BIT & ROUND_MASK) -
		(listing->pass.round_ended & ROUND_MASK));

	return (cookie & FOLLOWS) && ahead > 0;
}

/* This reading has met the member, or the member is shown without a list. */
static bool has_come(const struct listing *listing, const struct resource *member)
{
	return member->membership.round == listing->pass.round_now || member->pinned || member->entered;
}

/*
 * The next member for a pass that follows the reading. A member that only a failed reading has met is
 * skipped. For a member that was listed before, the pass waits (NULL), because this reading may still meet
 * it.
 */
static struct resource *next_come(const struct listing *listing, size_t at)
{
	while (at < listing->members.n && !has_come(listing, listing->members.v[at]) &&
		!listing_shows(listing, listing->members.v[at]))
		at++;
	struct resource *resource = at < listing->members.n ? listing->members.v[at] : NULL;

	return resource && has_come(listing, resource) ? resource : NULL;
}

struct cookie_search {
	const struct listing *listing;
	uint64_t seq;
};

static bool is_up_to_cookie(const void *arg, size_t at)
{
	const struct cookie_search *search = arg;

	return search->listing->members.v[at]->membership.seq <= search->seq;
}

/* The first member after the cookie that this pass returns; NULL: there is none, or none yet. */
static struct resource *member_after(const struct listing *listing, uint64_t cookie)
{
	struct cookie_search search = { listing, cookie >> SEQ_BIT };
	size_t low = search_lower_bound(0, listing->members.n, is_up_to_cookie, &search);

	if (listing->pass.n_shown && follows(listing, cookie))
		return next_come(listing, low);
	while (low < listing->members.n && !listing_shows(listing, listing->members.v[low]))
		low++;
	return low < listing->members.n ? listing->members.v[low] : NULL;
}

static bool next_resource(const struct tree *tree, const struct listing *listing, uint64_t *cookie,
	const char **name, struct entry *entry, struct query_time query)
{
	const struct resource *resource = member_after(listing, *cookie);

	if (!resource)
		return false;
	int64_t ms = existence_ttl_ms(tree, resource, query);
	*cookie = resource->membership.seq << SEQ_BIT | (*cookie & ((1 << SEQ_BIT) - 1));
	*name = resource->node.name;
	*entry = resource_entry(tree, resource, ms > 0 ? ms : 0, query);
	if (resource->missing || (!resource->cached.provenance && kind_has_describe(resource->node.kind)))
		entry->id = 0; /* a lookup decides whether it exists */
	return true;
}

static struct reply more_at(struct listing *listing, uint64_t cookie)
{
	return (struct reply){ .outcome = RESULT_FOUND, .node = &listing->node, .cookie = cookie };
}

static struct reply more_of_listing(struct tree *tree, struct listing *listing, uint64_t cookie,
	struct query_time query)
{
	const struct failure *failure = &listing->state.failures[FETCH_LIST];
	bool whole = listing->pass.round_ended == listing->pass.round_now;
	uint64_t seq = cookie >> SEQ_BIT;

	if (!follows(listing, cookie)) {
		/*
		 * a pass reads one answer: an answer that was good enough for its beginning is for its rest
		 */
		if (listing_is_fresh(listing, query) || (cookie && listing->state.provenance))
			return more_at(listing, cookie);
	}
	if (listing->pass.n_shown && !whole && member_after(listing, cookie_of(listing, seq)))
		return more_at(listing, cookie_of(listing, seq));
	if (listing_is_stale(tree, listing, query))
		return more_at(listing, seq << SEQ_BIT);
	if (!listing->pass.n_shown && failure_stands(failure, query))
		return (struct reply){ .outcome = RESULT_FAILED, .error = failure->error };
	return (struct reply){ .outcome = RESULT_NEED_FETCH,
		.node = &listing->node,
		.fetch_kind = FETCH_LIST };
}

struct reply tree_more(struct tree *tree, uint64_t id, uint64_t cookie, struct query_time query)
{
	uint32_t index;
	struct inode *inode = tree_inode(tree, id, &index);

	struct node *node = inode && !inode->is_version ? as_node(inode) : NULL;

	if (node && node->sort == NODE_VIEW)
		return view_more(tree, as_view(node), cookie, query);
	if (node && node->sort == NODE_LISTING)
		return more_of_listing(tree, as_listing(node), cookie, query);
	/* as in a listing: only the beginning of a pass needs a fresh answer, its rest takes any */
	if (cookie && query.since_ms != TREE_KNOWN)
		query.since_ms = 0;
	struct reply reply = tree_open(tree, id, query);
	reply.cookie = cookie;
	return reply;
}

/* The version in the cookie, while it lives; else the current one. */
static struct version *cookie_version(const struct tree *tree, uint64_t cookie, struct resource *resource,
	struct version *current)
{
	uint32_t index;
	struct inode *inode = tree_inode(tree, cookie + TREE_ROOT, &index);

	if (inode && inode->is_version && as_version(inode)->owner == resource)
		return as_version(inode);
	return current;
}

static size_t count_views(const struct tree *tree, const struct resource *resource)
{
	size_t n = 0;

	for (int i = 0; resource == tree->root && i < VIEW_SORTS; i++)
		n += tree->views.tops[i] != NULL;
	return n;
}

static struct view_dir *nth_view(const struct tree *tree, uint64_t n)
{
	int i = 0;

	while (!tree->views.tops[i] || n--)
		i++;
	return tree->views.tops[i];
}

/*
 * Cookies inside a resource or the root: from 1 on for the root's views and the listings inside, then
 * (version, number of its entries that were returned), packed like a node id. The number also means a
 * position in the next version, if this version is freed meanwhile.
 */
static bool next_inner(struct tree *tree, struct resource *resource, uint32_t slot, uint64_t *cookie,
	const char **name, struct entry *entry, struct query_time query)
{
	resource_open(tree, resource);
	size_t n_views = slot ? 0 : count_views(tree, resource), n_listings = slot ? 0 : resource->n_listings;

	/* the views first: a walk then reads each listing through a view, and pays once for both */
	if (*cookie < n_views) {
		struct view_dir *view = nth_view(tree, (*cookie)++);
		*name = view->node.name;
		*entry = view_entry(tree, view, query);
		return true;
	}
	if (*cookie < n_views + n_listings) {
		struct listing *listing = resource->listings[(*cookie)++ - n_views];
		*name = listing->node.name;
		*entry = listing_entry(tree, listing, query);
		return true;
	}
	struct selection selection = select_answer(tree, resource, slot, NULL, query);
	uint32_t after = *cookie > ID_INDEX_MASK ? (uint32_t)(*cookie & ID_INDEX_MASK) : 0;
	struct version *version = selection.found ? selection.version : NULL;
	if (after)
		version = cookie_version(tree, *cookie, resource, version);
	uint32_t directory = version ? version_directory(version, slot) : UINT32_MAX;
	if (directory == UINT32_MAX)
		return false;
	version_use(tree, version); /* the name is borrowed: the most recently used version is not folded */
	const struct snapshot *snapshot = version_look(tree, version);
	const struct snapshot_entry *top = &snapshot->entries[directory];
	if (after >= top->count)
		return false;
	uint32_t next = top->first + after;
	*cookie = version->inode.serial << ID_INDEX_BITS | (after + 1);
	*name = snapshot_name(snapshot, next);
	*entry = inner_entry(tree, version, next,
		version->current && selection.found ? selection.left_ms : 0);
	return true;
}

bool tree_next(struct tree *tree, uint64_t id, uint64_t *cookie, const char **name, struct entry *entry,
	struct query_time query)
{
	uint32_t index;

	tree_collect(tree);
	struct inode *inode = tree_inode(tree, id, &index);

	if (!inode || inode->is_version)
		return false;
	struct node *node = as_node(inode);
	if (node->sort == NODE_VIEW)
		return view_next(tree, as_view(node), cookie, name, entry, query);
	if (node->sort == NODE_LISTING)
		return next_resource(tree, as_listing(node), cookie, name, entry, query);
	return next_inner(tree, as_resource(node), index, cookie, name, entry, query);
}
