/*
 * link.c - lookups and READDIR in the views' directories, and the links to resources.
 *
 * A link needs no memory: its id is the resource's serial with an index for the view, and its target is made
 * of the view's depth and the resource's path. READDIR returns links in the order of the serials of their
 * resources, and directories in the order of a hash of their names. That order is the same in the index and
 * in a filtered answer (directory.c). So a pass that continues after a refresh returns each link that still
 * exists exactly once.
 */
#include "views.h"

#include <string.h>
#include <sys/stat.h>

#include "base/ascii.h"
#include "base/hash.h"
#include "base/name.h"

enum { STATUS_BYTES_MAX = 64 };

static struct reply reply_absent(const struct tree *tree, const struct view_dir *view, int64_t left)
{
	int64_t miss = miss_ms(tree, view->node.kind);

	return (struct reply){ .outcome = RESULT_ABSENT, .absent_ms = left < miss ? left : miss };
}

/*
 * The name is not in the answer that the view uses. Only a fresh and complete answer proves that it does not
 * exist. A kind without a list call has no complete answer: there, what is known counts as complete.
 */
static struct reply not_found(const struct tree *tree, const struct view_dir *view, int64_t left,
	struct query_time query)
{
	const struct listing *listing = view->of;
	bool by_filter = view_is_by_filter(view);
	const struct failure *failure = by_filter ? &view->filtered->failure :
						    &listing->state.failures[FETCH_LIST];
	bool fresh = by_filter ? filtered_is_fresh(view->filtered, query) : listing_is_fresh(listing, query);
	bool whole = by_filter ? view->filtered->complete :
				 listing->state.complete || view->node.kind->partial;

	if (fresh && whole)
		return reply_absent(tree, view, left);
	if (fresh)
		return reply_failed(ERR_ANSWER);
	if (failure_stands(failure, query))
		return reply_failed(failure->error);
	const struct failure *outage = outage_of(tree, query);
	return reply_failed(outage ? outage->error : ERR_ANSWER);
}

static struct reply reply_found(struct entry entry)
{
	return (struct reply){ .outcome = RESULT_FOUND, .entry = entry };
}

/* ---- links ---- */

static void put_target(struct buf *out, const struct resource *resource, enum view_sort view)
{
	buf_clear(out);
	for (unsigned i = 0; i <= link_depth(view); i++)
		buf_puts(out, "../");
	buf_puts(out, resource->node.kind->name);
	buf_putc(out, '/');
	buf_puts(out, resource->node.name);
}

/*
 * Has the time of its resource, but from the list's item alone: a describe call does not change where a link
 * leads.
 */
struct entry link_entry(struct tree *tree, const struct resource *resource, enum view_sort view,
	int64_t for_ms, struct query_time query)
{
	struct entry entry = resource_entry(tree, resource, for_ms, query);
	const struct record *listed = &resource->cached;
	struct buf target;

	buf_init(&target, SIZE_MAX);
	put_target(&target, resource, view);
	entry.id = nodeid_encode(resource->node.inode.serial, ID_LINK + view);
	if (listed->provenance)
		entry.attr = directory_attr(0, listed->mtime_s, listed->stable);
	entry.attr.mode = S_IFLNK | 0777;
	entry.attr.size = target.len;
	entry.attr.ino = hash_bytes(0, target.data, target.len);
	if (entry.attr.ino <= TREE_ROOT)
		entry.attr.ino += 2;
	buf_release(&target);
	return entry;
}

const char *tree_link(struct tree *tree, uint64_t id)
{
	uint32_t index;
	struct inode *inode = tree_inode(tree, id, &index);

	if (!inode || inode->is_version || !index_is_link(index))
		return NULL;
	put_target(&tree->link, as_resource(as_node(inode)), index - ID_LINK);
	return tree->link.data;
}

static const struct resource *find_both(struct tree *tree, const struct index *index, const char *name)
{
	const struct index_row *row = NULL;
	uint64_t serial = 0;

	while ((row = index_row_after(index, 0, serial))) {
		serial = row->resource->node.inode.serial;
		put_both(&tree->link, index_name(index, index_group(index, row->group)), row->resource);
		if (!strcmp(tree->link.data, name))
			return row->resource;
	}
	return NULL;
}

/* The resource of NAME, if only one has that name, or of NAME~ID. */
static const struct resource *find_by_name(struct tree *tree, const struct listing *listing,
	const struct index *index, const char *name)
{
	const char *mark = strrchr(name, '~');
	uint32_t group = mark ? 0 : index_find(index, 0, name);

	if (!mark) {
		if (!group || index_group(index, group)->count != 1)
			return NULL;
		return index_first(index, group);
	}
	struct resource *resource = resource_find(tree, listing, mark + 1);
	const struct index_row *row = resource ? index_row_after(index, 0, resource->node.inode.serial - 1) :
						 NULL;
	if (row && row->resource == resource) {
		put_both(&tree->link, index_name(index, index_group(index, row->group)), resource);
		if (!strcmp(tree->link.data, name))
			return resource;
	}
	/*
	 * the id was escaped or replaced by a hash of 16 digits (put_both), so it has to be searched for. Ids
	 * of clouds rarely look like this
	 */
	return strchr(mark, '%') || strlen(mark + 1) == 16 ? find_both(tree, index, name) : NULL;
}

/* ---- the questions ---- */

static bool is_member(const struct view_dir *view, const struct index *index, const struct resource *resource)
{
	uint64_t before = resource->node.inode.serial - 1;

	if (view_is_by_filter(view))
		return filtered_after(view->filtered, before) == resource;
	uint32_t group = group_of(index, view);
	const struct index_row *row = group ? index_row_after(index, group, before) : NULL;
	return row && row->resource == resource;
}

static struct reply lookup_link(struct tree *tree, struct view_dir *view, const char *name,
	struct query_time query)
{
	struct reply reply = view_open(tree, view, query);
	const struct index *index = NULL;
	const struct resource *resource;

	if (reply.outcome != RESULT_FOUND)
		return reply;
	if (!view_is_by_filter(view) && !(index = listing_index(tree, view->of, view->view_sort)))
		return reply_failed(ERR_TOO_BIG);
	if (view->view_sort == VIEW_NAME) {
		resource = find_by_name(tree, view->of, index, name);
	} else {
		resource = resource_find(tree, view->of, name);
		resource = resource && is_member(view, index, resource) ? resource : NULL;
	}
	int64_t ms = view_left_ms(tree, view, query);
	if (!resource)
		return not_found(tree, view, ms, query);
	return reply_found(link_entry(tree, resource, view->view_sort, ms, query));
}

static struct reply found_child(struct tree *tree, struct view_dir *view, const char *name, const char *raw,
	int64_t for_ms, struct query_time query)
{
	struct entry entry = view_entry(tree, view_child(tree, view, name, raw), query);

	entry.entry_ms = for_ms;
	return reply_found(entry);
}

/* Looks for the directory in the listing, which can be read. */
static struct reply lookup_listed(struct tree *tree, struct view_dir *view, const char *name, const char *raw,
	struct query_time query)
{
	const struct index *index = listing_index(tree, view->of, view->view_sort);
	int64_t ms = view_left_ms(tree, view, query);

	if (!index)
		return reply_failed(ERR_TOO_BIG);
	uint32_t above = group_of(index, view);
	if ((view->depth > 1 && !above) || !index_find(index, above, name))
		return not_found(tree, view, ms, query);
	return found_child(tree, view, name, raw, ms, query);
}

/* Whether the text has the form of a status, because the documents may not name every status. */
static bool is_status_form(const char *raw)
{
	const char *at = raw;

	if (!ascii_is_upper(*at) && !ascii_is_lower(*at))
		return false;
	while (ascii_is_upper(*at) || ascii_is_lower(*at) || ascii_is_digit(*at) || *at == '_' || *at == '-')
		at++;
	return !*at && at - raw <= STATUS_BYTES_MAX;
}

/* Whether the directory exists, from its own filtered answer or, if that cannot be used, from the listing. */
static struct reply lookup_asked(struct tree *tree, struct view_dir *view, const char *name, const char *raw,
	struct query_time query)
{
	struct view_dir *child = view_child(tree, view, name, raw);
	struct reply reply = view_open(tree, child, query);

	if (reply.outcome != RESULT_FOUND)
		return reply;
	if (!view_is_by_filter(child))
		return lookup_listed(tree, view, name, raw, query);
	int64_t ms = view_left_ms(tree, child, query);
	return child->filtered->n_members ? found_child(tree, view, name, raw, ms, query) :
					    not_found(tree, child, ms, query);
}

static bool can_filter(const struct view_dir *view, struct query_time query)
{
	const struct action *list = &view->node.kind->list;

	return (view->view_sort == VIEW_STATUS ? list->filter.by_status : list->filter.by_tag) &&
		!filtered_is_refused(view, query);
}

static struct reply lookup_directory(struct tree *tree, struct view_dir *view, const char *name,
	const char *raw, struct query_time query)
{
	bool known = view->view_sort == VIEW_STATUS && raw && kind_has_status(view->node.kind, raw);
	bool filters = raw && can_filter(view, query);

	if (known) /* the API's documents name this status: it exists even when it is empty */
		return found_child(tree, view, name, raw, SKELETON_MS, query);
	if (listing_is_fresh(view->of, query))
		return lookup_listed(tree, view, name, raw, query);
	if (filters && view->view_sort == VIEW_TAG && view->depth == 1)
		return found_child(tree, view, name, raw, 0,
			query); /* a lookup of one of its values asks the cloud */
	if (filters && (view->view_sort == VIEW_TAG || is_status_form(raw)))
		return lookup_asked(tree, view, name, raw, query);
	struct reply reply = listing_open(tree, view->of, query);
	return reply.outcome == RESULT_FOUND ? lookup_listed(tree, view, name, raw, query) : reply;
}

static struct reply lookup_kind(struct tree *tree, const struct view_dir *top, const char *name,
	struct query_time query)
{
	struct view_dir *view = view_find_child(top, name);

	if (view)
		return reply_found(view_entry(tree, view, query));
	return (struct reply){ .outcome = RESULT_ABSENT, .absent_ms = SKELETON_MS };
}

struct reply view_lookup(struct tree *tree, struct view_dir *view, const char *name, struct query_time query)
{
	struct buf raw;

	if (name_is_probe(name))
		return (struct reply){ .outcome = RESULT_ABSENT, .absent_ms = SKELETON_MS };
	if (!view->depth)
		return lookup_kind(tree, view, name, query);
	if (holds_links(view))
		return lookup_link(tree, view, name, query);
	buf_init(&raw, NAME_BYTES_MAX);
	bool exact = name_unescape(&raw,
		name); /* false: the name was cut, and only the listing knows the text */
	struct reply reply = lookup_directory(tree, view, name, exact ? raw.data : NULL, query);
	buf_release(&raw);
	return reply;
}

/* ---- going through ---- */

struct reply view_more(struct tree *tree, struct view_dir *view, uint64_t cookie, struct query_time query)
{
	/* a pass reads one answer: an answer that was good enough for its beginning is for its rest */
	if (cookie)
		query.since_ms = 0;
	struct reply reply = view_open(tree, view, query);

	if (reply.outcome != RESULT_FOUND)
		return reply;
	if (view->depth && !view_is_by_filter(view) && !listing_index(tree, view->of, view->view_sort))
		return reply_failed(ERR_TOO_BIG);
	if (view->depth && !cookie)
		view_note(tree, view);
	reply.cookie = cookie;
	return reply;
}

static bool next_kind(struct tree *tree, const struct view_dir *top, uint64_t *cookie, const char **name,
	struct entry *entry, struct query_time query)
{
	const struct list *at = list_first(&top->children);

	for (uint64_t i = 0; at && i < *cookie; i++)
		at = list_next(&top->children, at);
	if (!at)
		return false;
	struct view_dir *view = LIST_OWNER(at, struct view_dir, sibling);
	++*cookie;
	*name = view->node.name;
	*entry = view_entry(tree, view, query);
	return true;
}

static bool next_link(struct tree *tree, struct view_dir *view, const struct index *index, uint64_t *cookie,
	const char **name, struct entry *entry, struct query_time query)
{
	uint32_t group = index ? group_of(index, view) : 0;
	const struct index_row *row = index && (group || view->view_sort == VIEW_NAME) ?
		index_row_after(index, group, *cookie) :
		NULL;
	const struct resource *resource = index ? (row ? row->resource : NULL) :
						  filtered_after(view->filtered, *cookie);

	if (!resource)
		return false;
	*cookie = resource->node.inode.serial;
	*entry = link_entry(tree, resource, view->view_sort, view_left_ms(tree, view, query), query);
	*name = row && view->view_sort == VIEW_NAME ? row_name(tree, index, row) : resource->node.name;
	return true;
}

/* Returns a name without an id: the directory gets its id at the first lookup. */
static bool next_directory(struct tree *tree, struct view_dir *view, const struct index *index,
	uint64_t *cookie, const char **name, struct entry *entry)
{
	uint32_t above = group_of(index, view);
	const struct index_group *group;

	if ((view->depth > 1 && !above) || !(group = index_after(index, above, *cookie)))
		return false;
	*cookie = group->cookie;
	*name = index_name(index, group);
	buf_clear(&tree->link);
	node_path(&view->node, &tree->link);
	buf_putc(&tree->link, '/');
	buf_puts(&tree->link, *name);
	uint64_t ino = hash_bytes(0, tree->link.data, tree->link.len);
	*entry = (struct entry){ .attr = directory_attr(ino <= TREE_ROOT ? ino + 2 : ino,
					 tree->options.catalog->date_s, 0) };
	return true;
}

bool view_next(struct tree *tree, struct view_dir *view, uint64_t *cookie, const char **name,
	struct entry *entry, struct query_time query)
{
	const struct index *index = NULL;

	if (!view->depth)
		return next_kind(tree, view, cookie, name, entry, query);
	if (!view_is_by_filter(view) && !(index = listing_index(tree, view->of, view->view_sort)))
		return false;
	return holds_links(view) ? next_link(tree, view, index, cookie, name, entry, query) :
				   next_directory(tree, view, index, cookie, name, entry);
}
