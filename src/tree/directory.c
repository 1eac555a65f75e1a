/*
 * directory.c - the directories of the views: by-name, by-status, by-tag, down to the links.
 *
 * The directories of the catalog's kinds are made with the tree and stay. A status, a tag key or a tag value
 * gets a directory at its lookup. UNREFERENCED_VIEWS_MAX of those that nothing refers to are kept, with their
 * filtered answers.
 *
 * What a directory contains comes from the listing's items (index.c) or from its own filtered answer
 * (filter.c), whichever is newer. So a fresh listing needs no call.
 */
#include "views.h"

#include <string.h>

static struct reply reply_found(void)
{
	return (struct reply){ .outcome = RESULT_FOUND };
}

/* ---- where it comes from ---- */

const struct provenance *view_provenance(const struct view_dir *view, int64_t *expires_ms)
{
	if (!view->depth)
		return NULL;
	*expires_ms = view_is_by_filter(view) ? view->filtered->expires_ms : view->of->state.expires_ms;
	return view_is_by_filter(view) ? view->filtered->provenance : view->of->state.provenance;
}

static bool view_is_fresh(const struct view_dir *view, struct query_time query)
{
	return listing_is_fresh(view->of, query) ||
		(view->filtered && filtered_is_fresh(view->filtered, query));
}

static int64_t fresh_ms(const struct view_dir *view, struct query_time query)
{
	int64_t expires_ms = 0;

	view_provenance(view, &expires_ms);
	return view_is_fresh(view, query) ? left_ms(expires_ms, query) : 0;
}

/* From its own filtered answer: found, the failure that stands, or the call that is needed. */
static struct reply open_filtered(struct tree *tree, struct view_dir *view, struct query_time query)
{
	const struct failure *failure = &view->filtered->failure;
	int64_t expires_ms;
	bool young = provenance_is_young(tree, view_provenance(view, &expires_ms), query);

	if (failure_stands(failure, query))
		return young && error_allows_stale(failure->error) ? reply_found() :
								     reply_failed(failure->error);
	if (young && outage_of(tree, query))
		return reply_found();
	return (struct reply){ .outcome = RESULT_NEED_FETCH,
		.node = &view->node,
		.fetch_kind = FETCH_FILTERED };
}

struct reply view_open(struct tree *tree, struct view_dir *view, struct query_time query)
{
	if (!view->depth || view_is_fresh(view, query))
		return reply_found();
	if (view->filtered && !filtered_is_refused(view, query))
		return open_filtered(tree, view, query);
	return listing_open(tree, view->of, query);
}

int64_t view_left_ms(const struct tree *tree, const struct view_dir *view, struct query_time query)
{
	int64_t ms = fresh_ms(view, query);

	if (ms)
		return ms;
	if (view->filtered && view->filtered->failure.until_ms > query.now_ms)
		return left_ms(view->filtered->failure.until_ms, query);
	return view_is_fresh(view, query) ? 0 : listing_left_ms(tree, view->of, query);
}

/* ---- its directories ---- */

struct view_dir *view_find_top(const struct tree *tree, const char *name)
{
	for (int i = 0; i < VIEW_SORTS; i++)
		if (tree->views.tops[i] && !strcmp(tree->views.tops[i]->node.name, name))
			return tree->views.tops[i];
	return NULL;
}

struct view_dir *view_find_child(const struct view_dir *view, const char *name)
{
	const struct list *children = &view->children;

	for (struct list *at = list_first(children); at; at = list_next(children, at)) {
		struct view_dir *child = LIST_OWNER(at, struct view_dir, sibling);
		if (!strcmp(child->node.name, name))
			return child;
	}
	return NULL;
}

static struct view_dir *view_new(struct tree *tree, struct node *parent, const char *name, const char *id)
{
	return as_view(node_new(tree, NODE_VIEW, parent, name, id));
}

static struct view_dir *view_add_child(struct tree *tree, struct view_dir *above, const char *name,
	const char *id)
{
	struct view_dir *view = view_new(tree, &above->node, name, id);

	list_add_first(&above->children, &view->sibling);
	view->view_sort = above->view_sort;
	view->depth = above->depth + 1;
	view->of = above->of;
	view->node.kind = above->node.kind;
	return view;
}

static void plant(struct tree *tree, enum view_sort view_sort, struct listing *listing)
{
	struct view_dir **top = &tree->views.tops[view_sort];

	if (!*top)
		*top = view_new(tree, &tree->root->node, view_name(view_sort), NULL);
	(*top)->view_sort = (unsigned char)view_sort;
	struct view_dir *view = view_add_child(tree, *top, listing->node.name, NULL);
	view->of = listing;
	view->node.kind = listing->node.kind;
}

void views_plant(struct tree *tree)
{
	for (int view_sort = 0; view_sort < VIEW_SORTS; view_sort++)
		for (size_t i = tree->root->n_listings;
			i-- > 0;) /* in reverse: each is added as the first child */
			if (kind_view(tree->root->listings[i]->node.kind, view_sort))
				plant(tree, view_sort, tree->root->listings[i]);
}

static bool is_unreferenced(const struct view_dir *view)
{
	return !list_is_empty(&view->unreferenced);
}

static void leave_unreferenced(struct tree *tree, struct view_dir *view)
{
	tree->views.n_unreferenced -= is_unreferenced(view);
	list_remove(&view->unreferenced);
}

static void join_unreferenced(struct tree *tree, struct view_dir *view, bool is_oldest)
{
	if (is_oldest)
		list_add_first(&tree->views.unreferenced, &view->unreferenced);
	else
		list_add_last(&tree->views.unreferenced, &view->unreferenced);
	tree->views.n_unreferenced++;
}

/*
 * Keeps what the directory's mtime is made of, because the directory is about to be freed. If a reader comes
 * back to it, its mtime is the same unless its names changed.
 */
static void mark_view(struct tree *tree, const struct view_dir *view)
{
	if (!view->read)
		return;
	if (!tree->views.marks) {
		tree->views.marks = xcalloc(VIEW_MARKS_MAX, sizeof(*tree->views.marks));
		tree->memory += VIEW_MARKS_MAX * sizeof(*tree->views.marks);
	}
	tree->views.marks[view->node.ino % VIEW_MARKS_MAX] = (struct view_mark){ view->node.ino,
		view->mtime_generation, view->content };
}

static void restore_view(const struct tree *tree, struct view_dir *view)
{
	const struct view_mark *marks = tree->views.marks;
	const struct view_mark *mark = marks ? &marks[view->node.ino % VIEW_MARKS_MAX] : NULL;

	if (!mark || mark->ino != view->node.ino)
		return;
	view->mtime_generation = mark->mtime_generation;
	view->content = mark->content;
	view->content_changes = UINT64_MAX; /* the names may have changed: compute the content again */
	view->read = true;
}

static void view_free(struct tree *tree, struct view_dir *view)
{
	mark_view(tree, view);
	while (!list_is_empty(&view->children))
		view_free(tree, LIST_OWNER(list_first(&view->children), struct view_dir, sibling));
	leave_unreferenced(tree, view);
	filtered_free(tree, view);
	if (view->depth > 1)
		node_remove_name(tree, &view->node);
	list_remove(&view->sibling);
	node_release(tree, &view->node);
}

void views_free(struct tree *tree)
{
	for (int view = 0; view < VIEW_SORTS; view++)
		if (tree->views.tops[view])
			view_free(tree, tree->views.tops[view]);
}

static bool is_held(const struct view_dir *view)
{
	return view->node.inode.nlookup || view->node.pins || !list_is_empty(&view->children);
}

static void free_oldest(struct tree *tree)
{
	struct list *first = list_first(&tree->views.unreferenced);
	struct view_dir *oldest = LIST_OWNER(first, struct view_dir, unreferenced);
	struct view_dir *above = as_view(oldest->node.parent); /* only the tops have another parent */

	leave_unreferenced(tree, oldest);
	if (is_held(oldest))
		return; /* referenced again: dropping that reference settles it */
	view_free(tree, oldest);
	if (above->depth > 1 && !is_held(above) && !is_unreferenced(above))
		join_unreferenced(tree, above, true);
}

/* Directories of depth 0 and 1 come from the catalog and are never freed. */
void view_settle(struct tree *tree, struct view_dir *view)
{
	if (view->depth < 2)
		return;
	if (is_held(view))
		leave_unreferenced(tree, view);
	else if (!is_unreferenced(view))
		join_unreferenced(tree, view, false);
	while (tree->views.n_unreferenced > UNREFERENCED_VIEWS_MAX)
		free_oldest(tree);
}

static bool is_over(const struct tree *tree)
{
	return tree_bytes(tree) > tree->options.max_memory;
}

void views_fold(struct tree *tree)
{
	for (size_t i = 0; i < tree->root->n_listings && is_over(tree); i++)
		if (tree->root->listings[i] != tree->views.indexed)
			index_shrink(tree, tree->root->listings[i]);
}

void views_shrink(struct tree *tree)
{
	while (tree->views.n_unreferenced && is_over(tree))
		free_oldest(tree);
}

struct view_dir *view_child(struct tree *tree, struct view_dir *view, const char *name, const char *raw)
{
	struct node *node = node_find(tree, &view->node, name);

	if (node) {
		struct view_dir *child = as_view(node);
		if (is_unreferenced(child)) { /* now the most recently used */
			leave_unreferenced(tree, child);
			join_unreferenced(tree, child, false);
		}
		return child;
	}
	struct view_dir *child = view_add_child(tree, view, name, raw);
	restore_view(tree, child);
	node_add_name(tree, &child->node);
	child->filtered = filtered_new(tree, child);
	leave_unreferenced(tree, view);
	inode_idle(tree, &child->node.inode);
	return child;
}

/* ---- its attributes ---- */

static uint64_t count_changes(const struct view_dir *view)
{
	return view->of->members.changes + (view->filtered ? view->filtered->changes : 0);
}

void view_note(struct tree *tree, struct view_dir *view)
{
	uint64_t changes = count_changes(view), content;

	if ((view->read && view->content_changes == changes) || !view_content(tree, view, &content))
		return;
	view->mtime_generation += view->read && view->content != content;
	view->content = content;
	view->content_changes = changes;
	view->read = true;
}

/* As in a listing, the mtime moves when the names changed since they were last read. */
struct entry view_entry(struct tree *tree, struct view_dir *view, struct query_time query)
{
	struct entry entry = { .id = nodeid_encode(view->node.inode.serial, 0), .entry_ms = SKELETON_MS };

	entry.attr = skeleton_attr(tree, &view->node);
	entry.attr_ms = SKELETON_MS;
	if (!view->depth)
		return entry;
	if (view->read && view_is_fresh(view, query))
		view_note(tree, view);
	kernel_listing_see(&view->kernel_listing, (uint32_t)view->mtime_generation);
	entry.attr = directory_attr(view->node.ino, tree->options.catalog->date_s, view->mtime_generation);
	entry.attr_ms = view->node.kind->partial ? 0 : fresh_ms(view, query);
	return entry;
}

struct entry view_attr(struct tree *tree, struct view_dir *view, struct query_time query)
{
	struct entry entry = view_entry(tree, view, query);

	entry.reread = view->depth && !view_is_fresh(view, query) &&
		kernel_listing_expire(&view->kernel_listing);
	return entry;
}
