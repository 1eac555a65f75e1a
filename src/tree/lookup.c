/*
 * lookup.c - the questions: what is under this name, what are its attributes, can it be read.
 *
 * An id under a listing needs something to vouch for it: any fresh answer of its own, a fresh
 * listing that shows it, or the call that the kind's row offers.  A name inside a resource is
 * looked up in the answer that view_of picks.  What the catalog made (the root, the listings)
 * always answers at once.
 */
#include "views.h"

#include <string.h>

#include "base/ascii.h"
#include "base/name.h"

static struct reply reply_need(struct node *node, enum fetch_kind fetch_kind)
{
	return (struct reply){ .outcome = RESULT_NEED_FETCH, .node = node, .fetch_kind = fetch_kind };
}

static struct reply reply_absent(int64_t absent_ms)
{
	return (struct reply){ .outcome = RESULT_ABSENT, .absent_ms = absent_ms > 0 ? absent_ms : 0 };
}

static struct reply reply_found(struct entry entry)
{
	return (struct reply){ .outcome = RESULT_FOUND, .entry = entry };
}

/* ---- an id under a listing ---- */

/* How an id can be vouched for by a call; NULL: its form is all there is. */
static struct reply need_proof(struct tree *tree, struct node *node)
{
	if (kind_has_describe(node->kind))
		return reply_need(node, FETCH_DESCRIBE);
	if (!node->kind->partial)
		return reply_need(node->parent, FETCH_LIST);
	node_open(tree, node);
	for (size_t i = 0; i < node->resource.n_listings; i++)
		if (node->resource.listings[i]->kind->list.name ||
			node->resource.listings[i]->kind->list.path)
			return reply_need(node->resource.listings[i], FETCH_LIST);
	return (struct reply){ .outcome = RESULT_FOUND };
}

/* What a failed proof leaves: the last good answer, or the failure. */
static struct reply unproven(struct tree *tree, struct node *node, const struct failure *failure,
	struct query_time query)
{
	const struct record *record = node_newest(node);
	const struct provenance *stamp = record ? record->stamp :
		node_is_shown(node)             ? node->parent->list.state.stamp :
						  NULL;

	if (failure->error == ERR_NOT_FOUND)
		return reply_absent(left_ms(failure->until_ms, query));
	if (!error_allows_stale(failure->error) || !provenance_is_young(tree, stamp, query)) {
		struct reply failed = reply_failed(failure->error);
		if (kind_has_end(node->kind) && !error_lasts(failure->error))
			failed.entry = resource_entry(tree, node, 0, query);
		return failed;
	}
	return reply_found(resource_entry(tree, node, left_ms(failure->until_ms, query), query));
}

static struct reply prove(struct tree *tree, struct node *node, struct query_time query)
{
	struct reply need = need_proof(tree, node);

	if (need.outcome == RESULT_FOUND)
		return reply_found(resource_entry(tree, node, SKELETON_MS, query));
	const struct failure *failure = node_failure(need.node);
	if (failure_stands(failure, query))
		return unproven(tree, node, failure, query);
	const struct failure *outage = outage_of(tree, query);
	if (outage) {
		struct reply stale = unproven(tree, node, outage, query);
		if (stale.outcome == RESULT_FOUND)
			return stale;
	}
	if (need.fetch_kind == FETCH_LIST && listing_is_fresh(need.node, query)) {
		if (need.node == node->parent && !need.node->list.state.complete) /* not all of it came */
			return reply_failed(ERR_ANSWER);
		if (need.node == node->parent) /* a whole list, and it is not there */
			return reply_absent(at_most(miss_ms(tree, node->kind),
				left_ms(need.node->list.state.expires_ms, query)));
		return reply_found(/* what is inside it could be listed */
			resource_entry(tree, node, left_ms(need.node->list.state.expires_ms, query), query));
	}
	return need.fetch_kind == FETCH_DESCRIBE ? need_refresh(node, query) : need;
}

/*
 * The listing shows from now on that a user was there.  Users who did not mount the tree could fill it with
 * made-up ids, so what they enter is answered alone; and the kernel asks again, as the next one may be
 * another user.
 */
static struct reply enter(struct tree *tree, struct node *node, struct reply reply, struct query_time query)
{
	if (reply.outcome != RESULT_FOUND || node_is_shown(node) || !node->kind->partial)
		return reply;
	if (query.by_other)
		reply.entry.entry_ms = 0;
	else
		node_enter(tree, node);
	return reply;
}

/*
 * The name may be one of the kind's ids; NULL: it is not.  False: the kernel holds so many for other users
 * that nothing lists that there is no room for one more.
 */
static bool make_resource(struct tree *tree, struct node *listing, const char *name, struct query_time query,
	struct node **node)
{
	struct buf id;

	buf_init_whole(&id, NAME_BYTES_MAX);
	bool can_be = !name_is_probe(name) && name_unescape(&id, name) &&
		kind_accepts_id(listing->kind, id.data);
	bool full = can_be && query.by_other && tree->unlisted.n_others >= OTHERS_MAX;
	*node = can_be && !full ? node_add_resource(tree, listing, name, id.data) : NULL;
	if (*node && query.by_other)
		node_begin_others(tree, *node);
	buf_release(&id);
	return !full;
}

static struct reply lookup_resource(struct tree *tree, struct node *listing, const char *name,
	struct query_time query)
{
	struct node *node = node_find(tree, listing, name);

	if (!node && !make_resource(tree, listing, name, query, &node))
		return reply_failed(ERR_QUEUE);
	if (!node)
		return reply_absent(miss_ms(tree, listing->kind));
	if (!query.by_other)
		node_end_others(tree, node);
	if (node_is_missing(node, query))
		return reply_absent(left_ms(node->resource.failures->missing_ms, query));
	int64_t ms = existence_ttl_ms(tree, node, query);
	struct reply reply = ms >= 0 ? reply_found(resource_entry(tree, node, ms, query)) :
				       prove(tree, node, query);
	return enter(tree, node, reply, query);
}

/* ---- the three questions ---- */

/* A name that no member can have, so that looking for it costs nothing. */
static bool cannot_be_member(const struct tree *tree, const struct node *node, uint32_t slot,
	const char *name)
{
	if (name_is_probe(name))
		return true;
	if (slot || tree->options.api_names || node->sort != NODE_RESOURCE)
		return false;
	for (size_t i = 0; i < node->kind->names.n_renames; i++)
		if (!strcmp(node->kind->names.renames[i].name, name))
			return false;
	for (; *name; name++) { /* member names are snake_case; %XX is an escaped byte */
		if (*name == '%' && name[1] && name[2])
			name += 2;
		else if (ascii_is_upper(*name))
			return true;
	}
	return false;
}

/* Of the names in a resource that are in no listing; id 0: it is none of them. */
static struct entry unlisted_entry(struct tree *tree, struct node *node, const char *name,
	struct query_time query)
{
	if (node->sort == NODE_RESOURCE && !strcmp(name, ".wait") && kind_has_end(node->kind))
		return wait_entry(tree, node, query);
	if (node->sort == NODE_RESOURCE && !strcmp(name, ".events"))
		return events_entry(tree, node, query);
	return (struct entry){ 0 };
}

/* Names that are in no listing. */
static struct reply lookup_hidden(struct tree *tree, struct node *listing, const char *name,
	struct query_time query)
{
	if (!strcmp(name, TABLE_NAME))
		return table_lookup(tree, listing, query);
	return reply_absent(miss_ms(tree, listing->kind)); /* a probe */
}

static struct node *find_view(const struct tree *tree, const struct node *node, const char *name)
{
	for (int i = 0; node->sort == NODE_ROOT && i < VIEW_SORTS; i++)
		if (tree->views.tops[i] && !strcmp(tree->views.tops[i]->name, name))
			return tree->views.tops[i];
	return NULL;
}

/* What the catalog made: listings, the root's views and .describefs.  False: it is none of these. */
static bool find_made(struct tree *tree, struct node *node, const char *name, struct entry *entry,
	struct query_time query)
{
	struct node *listing = node_listing(tree, node, name), *view = find_view(tree, node, name);

	if (listing)
		*entry = listing_entry(tree, listing, query);
	else if (view)
		*entry = view_entry(tree, view, query);
	else if (node->sort == NODE_ROOT && !strcmp(name, tree->texts->name))
		*entry = (struct entry){ .id = nodeid_encode(tree->texts->object.serial, 0),
			.attr = skeleton_attr(tree, tree->texts),
			.entry_ms = SKELETON_MS };
	else
		*entry = *name == '.' ? unlisted_entry(tree, node, name, query) : (struct entry){ 0 };
	return entry->id;
}

static struct reply lookup_inner(struct tree *tree, struct node *node, uint32_t slot, const char *name,
	struct query_time query)
{
	struct entry made;

	if (!slot && find_made(tree, node, name, &made, query))
		return reply_found(made);
	if (cannot_be_member(tree, node, slot, name))
		return reply_absent(SKELETON_MS);

	struct view view = view_of(tree, node, slot, name, query);
	if (!view.found)
		return view.reply;
	if (!view.version && node->sort == NODE_RESOURCE && kind_has_describe(node->kind))
		return reply_failed(ERR_LOCAL); /* nothing to look into is no word of the cloud's */
	uint32_t directory = view.version ? version_directory(view.version, slot) : UINT32_MAX;
	uint32_t entry = directory == UINT32_MAX ?
		0 :
		snapshot_find(version_look(tree, view.version), directory, name);
	if (!entry)
		return reply_absent(
			node->kind ? at_most(view.left_ms, miss_ms(tree, node->kind)) : view.left_ms);
	return reply_found(inner_entry(tree, view.version, entry, view.left_ms));
}

struct reply tree_lookup(struct tree *tree, uint64_t parent, const char *name, struct query_time query)
{
	uint32_t index;

	tree_collect(tree);
	struct inode *object = tree_inode(tree, parent, &index);

	if (!object || object->is_version || index_is_link(index))
		return reply_failed(ERR_NOT_FOUND);
	struct node *node = (struct node *)object;
	if (node->sort == NODE_VIEW)
		return view_lookup(tree, node, name, query);
	if (node->sort == NODE_LISTING)
		return *name == '.' ? lookup_hidden(tree, node, name, query) :
				      lookup_resource(tree, node, name, query);
	return lookup_inner(tree, node, index, name, query);
}

/* A resource's own directory: any fresh answer dates it. */
static struct reply attr_of_resource(struct tree *tree, struct node *node, struct query_time query)
{
	if (node->sort != NODE_RESOURCE) {
		/* the names in it are always the same */
		return reply_found(
			(struct entry){ .attr = skeleton_attr(tree, node), .attr_ms = SKELETON_MS });
	}
	if (node->resource.missing && node->resource.failures->missing_ms > query.now_ms)
		return reply_failed(ERR_NOT_FOUND);
	int64_t ms = existence_ttl_ms(tree, node, query);
	if (ms >= 0)
		return reply_found(resource_entry(tree, node, ms, query));
	if (!kind_has_describe(node->kind) && node->kind->partial)
		return reply_found(resource_entry(tree, node, 0, query));
	/* nothing that dates it is fresh: whatever vouches for the name will date it too */
	struct reply reply = prove(tree, node, query);
	return reply.outcome == RESULT_ABSENT ? reply_failed(ERR_NOT_FOUND) : reply;
}

static struct reply attr_of_inner(struct tree *tree, struct node *node, uint32_t slot,
	struct query_time query)
{
	struct view view = view_of(tree, node, slot, NULL, query);

	if (!view.found)
		return view.reply;
	uint32_t entry = view.version ? version_directory(view.version, slot) : UINT32_MAX;
	if (entry == UINT32_MAX || !entry)
		return reply_failed(ERR_NOT_FOUND);
	return reply_found(inner_entry(tree, view.version, entry, view.left_ms));
}

struct reply tree_attr(struct tree *tree, uint64_t id, struct query_time query)
{
	uint32_t index;

	tree_collect(tree);
	struct inode *object = tree_inode(tree, id, &index);

	if (!object)
		return reply_failed(ERR_NOT_FOUND);
	if (object->is_version)
		return reply_found(inner_entry(tree, (struct version *)object, index, 0));
	struct node *node = (struct node *)object;
	if (index == INDEX_WAIT)
		return reply_found(wait_entry(tree, node, query));
	if (index == INDEX_EVENTS)
		return events_attr(tree, node, query);
	if (node->sort == NODE_VIEW)
		return reply_found(view_attr(tree, node, query));
	if (index_is_link(index)) { /* never waits: following the link does */
		int64_t ms = existence_ttl_ms(tree, node, query);

		return reply_found(link_entry(tree, node, index - ID_LINK, ms > 0 ? ms : 0, query));
	}
	if (node->sort != NODE_LISTING)
		return index ? attr_of_inner(tree, node, index, query) : attr_of_resource(tree, node, query);

	/*
	 * Never waits, so that everything at the root answers while a cloud is dead.  The kernel asks for the
	 * attributes before a pass when their term is over, and their term is the listing's: it is told then
	 * that the names that it keeps are old, and the READDIR that follows waits.
	 */
	struct entry entry = listing_entry(tree, node, query);
	entry.reread = !listing_is_fresh(node, query) && kept_is_over(&node->list.kept);
	return reply_found(entry);
}

struct reply tree_open(struct tree *tree, uint64_t id, struct query_time query)
{
	uint32_t index;
	struct inode *object = tree_inode(tree, id, &index);

	if (!object || object->is_version || index_is_link(index))
		return reply_failed(ERR_NOT_FOUND);
	struct node *node = (struct node *)object;
	if (node->sort == NODE_VIEW)
		return view_open(tree, node, query);
	if (node->sort == NODE_LISTING)
		return listing_open(tree, node, query);
	struct view view = view_of(tree, node, index, NULL, query);
	if (!view.found)
		return view.reply;
	if (index && (!view.version || version_directory(view.version, index) == UINT32_MAX))
		return reply_failed(ERR_NOT_FOUND);
	return reply_found((struct entry){ 0 });
}
