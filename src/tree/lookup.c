/*
 * lookup.c - the questions LOOKUP, GETATTR and OPENDIR: which inode has this name, which attributes does it
 * have, can it be read.
 *
 * An id under a listing exists if a fresh answer of its own says so, if a fresh listing shows it, or if the
 * call that its kind offers returns it. A name inside a resource is looked up in the answer that
 * select_answer picks. The directories that come from the catalog (the root, the listings) are always
 * answered at once.
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

/*
 * The call that can prove that the id exists. FOUND: there is no such call, and a correct form of the id is
 * enough.
 */
static struct reply existence_call(struct tree *tree, struct resource *resource)
{
	if (kind_has_describe(resource->node.kind))
		return reply_need(&resource->node, FETCH_DESCRIBE);
	if (!resource->node.kind->partial)
		return reply_need(resource->node.parent, FETCH_LIST);
	resource_open(tree, resource);
	for (size_t i = 0; i < resource->n_listings; i++)
		if (action_exists(&resource->listings[i]->node.kind->list))
			return reply_need(&resource->listings[i]->node, FETCH_LIST);
	return (struct reply){ .outcome = RESULT_FOUND };
}

/* After that call failed: the last good answer if the failure allows it, or the failure. */
static struct reply stale_or_error(struct tree *tree, struct resource *resource,
	const struct failure *failure, struct query_time query)
{
	const struct record *record = resource_newest(resource);
	const struct provenance *provenance = record ? record->provenance :
		resource_is_shown(resource)          ? listing_of(resource)->state.provenance :
						       NULL;

	if (failure->error == ERR_NOT_FOUND)
		return reply_absent(left_ms(failure->until_ms, query));
	if (!error_allows_stale(failure->error) || !provenance_is_young(tree, provenance, query)) {
		struct reply failed = reply_failed(failure->error);
		if (kind_has_end(resource->node.kind) && !error_lasts(failure->error))
			failed.entry = resource_entry(tree, resource, 0, query);
		return failed;
	}
	return reply_found(resource_entry(tree, resource, left_ms(failure->until_ms, query), query));
}

static struct reply check_exists(struct tree *tree, struct resource *resource, struct query_time query)
{
	struct reply need = existence_call(tree, resource);

	if (need.outcome == RESULT_FOUND)
		return reply_found(resource_entry(tree, resource, SKELETON_MS, query));
	const struct failure *failure = node_failure(need.node);
	if (failure_stands(failure, query))
		return stale_or_error(tree, resource, failure, query);
	const struct failure *outage = outage_of(tree, query);
	if (outage) {
		struct reply stale = stale_or_error(tree, resource, outage, query);
		if (stale.outcome == RESULT_FOUND)
			return stale;
	}
	if (need.fetch_kind == FETCH_LIST && listing_is_fresh(as_listing(need.node), query)) {
		const struct list_state *state = &as_listing(need.node)->state;
		int64_t fresh_ms = left_ms(state->expires_ms, query);
		bool is_own = need.node == resource->node.parent;
		if (is_own && !state->complete) /* the list was cut off */
			return reply_failed(ERR_ANSWER);
		if (is_own) /* a complete list does not have it */
			return reply_absent(at_most(miss_ms(tree, resource->node.kind), fresh_ms));
		/* a list of what is inside it was read, so it exists */
		return reply_found(resource_entry(tree, resource, fresh_ms, query));
	}
	return need.fetch_kind == FETCH_DESCRIBE ? need_refresh(resource, query) : need;
}

/*
 * If the id was found, the listing shows it from now on, because a user entered it. Users who did not mount
 * the tree could fill the listing with made-up ids. So an id that they enter is answered and not shown, and
 * the kernel may not cache the name, because the next reader may be another user.
 */
static struct reply enter(struct tree *tree, struct resource *resource, struct reply reply,
	struct query_time query)
{
	if (reply.outcome != RESULT_FOUND || resource_is_shown(resource) || !resource->node.kind->partial)
		return reply;
	if (query.by_other)
		reply.entry.entry_ms = 0;
	else
		resource_enter(tree, resource);
	return reply;
}

/*
 * Makes a resource if the name has the form of one of the kind's ids; *resource NULL: it has not. False: the
 * kernel holds so many unlisted resources for other users (OTHERS_MAX) that one more is refused.
 */
static bool make_resource(struct tree *tree, struct listing *listing, const char *name,
	struct query_time query, struct resource **resource)
{
	struct buf id;

	buf_init_whole(&id, NAME_BYTES_MAX);
	bool can_be = !name_is_probe(name) && name_unescape(&id, name) &&
		kind_accepts_id(listing->node.kind, id.data);
	bool full = can_be && query.by_other && tree->unlisted.n_others >= OTHERS_MAX;
	*resource = can_be && !full ? listing_add_resource(tree, listing, name, id.data) : NULL;
	if (*resource && query.by_other)
		resource_begin_others(tree, *resource);
	buf_release(&id);
	return !full;
}

static struct reply lookup_resource(struct tree *tree, struct listing *listing, const char *name,
	struct query_time query)
{
	struct resource *resource = resource_find(tree, listing, name);

	if (!resource && !make_resource(tree, listing, name, query, &resource))
		return reply_failed(ERR_QUEUE);
	if (!resource)
		return reply_absent(miss_ms(tree, listing->node.kind));
	if (!query.by_other)
		resource_end_others(tree, resource);
	if (resource_is_missing(resource, query))
		return reply_absent(left_ms(resource->failures->missing_ms, query));
	int64_t ms = existence_ttl_ms(tree, resource, query);
	struct reply reply = ms >= 0 ? reply_found(resource_entry(tree, resource, ms, query)) :
				       check_exists(tree, resource, query);
	return enter(tree, resource, reply, query);
}

/* ---- the three questions ---- */

/* Whether no member can have this name. Then the lookup needs no call. */
static bool cannot_be_member(const struct tree *tree, const struct resource *resource, uint32_t slot,
	const char *name)
{
	if (name_is_probe(name))
		return true;
	if (slot || tree->options.api_names || resource->node.sort != NODE_RESOURCE)
		return false;
	for (size_t i = 0; i < resource->node.kind->names.n_renames; i++)
		if (!strcmp(resource->node.kind->names.renames[i].name, name))
			return false;
	for (; *name; name++) { /* member names are snake_case; %XX is an escaped byte */
		if (*name == '%' && name[1] && name[2])
			name += 2;
		else if (ascii_is_upper(*name))
			return true;
	}
	return false;
}

/* The entry of .wait or .events, which READDIR does not return; id 0: it is neither. */
static struct entry unlisted_entry(struct tree *tree, struct resource *resource, const char *name,
	struct query_time query)
{
	if (resource->node.sort == NODE_RESOURCE && !strcmp(name, ".wait") &&
		kind_has_end(resource->node.kind))
		return wait_entry(tree, resource, query);
	if (resource->node.sort == NODE_RESOURCE && !strcmp(name, ".events"))
		return events_entry(tree, resource, query);
	return (struct entry){ 0 };
}

/* Looks up a name that READDIR does not return: .table.tsv. */
static struct reply lookup_hidden(struct tree *tree, struct listing *listing, const char *name,
	struct query_time query)
{
	if (!strcmp(name, TABLE_NAME))
		return table_lookup(tree, listing, query);
	return reply_absent(miss_ms(tree, listing->node.kind)); /* desktop programs probe for such names */
}

/*
 * Finds a directory that comes from the catalog: a listing, a view of the root, .describefs. False: it is
 * none.
 */
static bool find_made(struct tree *tree, struct resource *resource, const char *name, struct entry *entry,
	struct query_time query)
{
	struct listing *listing = resource_listing(tree, resource, name);
	struct view_dir *view = resource == tree->root ? view_find_top(tree, name) : NULL;

	if (listing)
		*entry = listing_entry(tree, listing, query);
	else if (view)
		*entry = view_entry(tree, view, query);
	else if (resource->node.sort == NODE_ROOT && !strcmp(name, tree->texts->node.name))
		*entry = (struct entry){ .id = nodeid_encode(tree->texts->node.inode.serial, 0),
			.attr = skeleton_attr(tree, &tree->texts->node),
			.entry_ms = SKELETON_MS };
	else
		*entry = *name == '.' ? unlisted_entry(tree, resource, name, query) : (struct entry){ 0 };
	return entry->id;
}

static struct reply lookup_inner(struct tree *tree, struct resource *resource, uint32_t slot,
	const char *name, struct query_time query)
{
	struct entry made;

	if (!slot && find_made(tree, resource, name, &made, query))
		return reply_found(made);
	if (cannot_be_member(tree, resource, slot, name))
		return reply_absent(SKELETON_MS);

	struct selection selection = select_answer(tree, resource, slot, name, query);
	if (!selection.found)
		return selection.reply;
	if (!selection.version && resource->node.sort == NODE_RESOURCE &&
		kind_has_describe(resource->node.kind))
		return reply_failed(
			ERR_LOCAL); /* no answer to look into: that does not prove that the name is absent */
	uint32_t directory = selection.version ? version_directory(selection.version, slot) : UINT32_MAX;
	uint32_t entry = directory == UINT32_MAX ?
		0 :
		snapshot_find(version_look(tree, selection.version), directory, name);
	if (!entry)
		return reply_absent(resource->node.kind ?
				at_most(selection.left_ms, miss_ms(tree, resource->node.kind)) :
				selection.left_ms);
	return reply_found(inner_entry(tree, selection.version, entry, selection.left_ms));
}

struct reply tree_lookup(struct tree *tree, uint64_t parent, const char *name, struct query_time query)
{
	uint32_t index;

	tree_collect(tree);
	struct inode *inode = tree_inode(tree, parent, &index);

	if (!inode || inode->is_version || index_is_link(index))
		return reply_failed(ERR_NOT_FOUND);
	struct node *node = as_node(inode);
	if (node->sort == NODE_VIEW)
		return view_lookup(tree, as_view(node), name, query);
	if (node->sort == NODE_LISTING)
		return *name == '.' ? lookup_hidden(tree, as_listing(node), name, query) :
				      lookup_resource(tree, as_listing(node), name, query);
	return lookup_inner(tree, as_resource(node), index, name, query);
}

/* Attributes of a resource's own directory. Any fresh answer dates it. */
static struct reply attr_of_resource(struct tree *tree, struct resource *resource, struct query_time query)
{
	if (resource->node.sort != NODE_RESOURCE) {
		/* the names in it never change */
		return reply_found((struct entry){ .attr = skeleton_attr(tree, &resource->node),
			.attr_ms = SKELETON_MS });
	}
	if (resource->missing && resource->failures->missing_ms > query.now_ms)
		return reply_failed(ERR_NOT_FOUND);
	int64_t ms = existence_ttl_ms(tree, resource, query);
	if (ms >= 0)
		return reply_found(resource_entry(tree, resource, ms, query));
	if (!kind_has_describe(resource->node.kind) && resource->node.kind->partial)
		return reply_found(resource_entry(tree, resource, 0, query));
	/* no answer that dates it is fresh: the call that proves the name also dates it */
	struct reply reply = check_exists(tree, resource, query);
	return reply.outcome == RESULT_ABSENT ? reply_failed(ERR_NOT_FOUND) : reply;
}

static struct reply attr_of_inner(struct tree *tree, struct resource *resource, uint32_t slot,
	struct query_time query)
{
	struct selection selection = select_answer(tree, resource, slot, NULL, query);

	if (!selection.found)
		return selection.reply;
	uint32_t entry = selection.version ? version_directory(selection.version, slot) : UINT32_MAX;
	if (entry == UINT32_MAX || !entry)
		return reply_failed(ERR_NOT_FOUND);
	return reply_found(inner_entry(tree, selection.version, entry, selection.left_ms));
}

struct reply tree_attr(struct tree *tree, uint64_t id, struct query_time query)
{
	uint32_t index;

	tree_collect(tree);
	struct inode *inode = tree_inode(tree, id, &index);

	if (!inode)
		return reply_failed(ERR_NOT_FOUND);
	if (inode->is_version)
		return reply_found(inner_entry(tree, as_version(inode), index, 0));
	struct node *node = as_node(inode);
	if (index == INDEX_WAIT)
		return reply_found(wait_entry(tree, as_resource(node), query));
	if (index == INDEX_EVENTS)
		return events_attr(tree, as_resource(node), query);
	if (node->sort == NODE_VIEW)
		return reply_found(view_attr(tree, as_view(node), query));
	if (index_is_link(index)) { /* never makes a call; the lookup of its target may */
		int64_t ms = existence_ttl_ms(tree, as_resource(node), query);

		return reply_found(
			link_entry(tree, as_resource(node), index - ID_LINK, ms > 0 ? ms : 0, query));
	}
	if (node->sort != NODE_LISTING)
		return index ? attr_of_inner(tree, as_resource(node), index, query) :
			       attr_of_resource(tree, as_resource(node), query);

	/*
	 * Never makes a call, so everything at the root answers while a cloud is down. When the attributes
	 * have expired, the kernel asks for them before a pass. They expire with the listing, so this is the
	 * moment to tell the kernel that the names that it has cached are stale. The READDIR that follows
	 * waits for the list.
	 */
	struct entry entry = listing_entry(tree, as_listing(node), query);
	entry.reread = !listing_is_fresh(as_listing(node), query) &&
		kernel_listing_expire(&as_listing(node)->kernel_listing);
	return reply_found(entry);
}

struct reply tree_open(struct tree *tree, uint64_t id, struct query_time query)
{
	uint32_t index;
	struct inode *inode = tree_inode(tree, id, &index);

	if (!inode || inode->is_version || index_is_link(index))
		return reply_failed(ERR_NOT_FOUND);
	struct node *node = as_node(inode);
	if (node->sort == NODE_VIEW)
		return view_open(tree, as_view(node), query);
	if (node->sort == NODE_LISTING)
		return listing_open(tree, as_listing(node), query);
	struct selection selection = select_answer(tree, as_resource(node), index, NULL, query);
	if (!selection.found)
		return selection.reply;
	if (index && (!selection.version || version_directory(selection.version, index) == UINT32_MAX))
		return reply_failed(ERR_NOT_FOUND);
	return reply_found((struct entry){ 0 });
}
