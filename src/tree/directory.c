/*
 * directory.c - the directories of the views: by-name, by-status, by-tag, down to the links.
 *
 * Those of the catalog's kinds stand for ever.  A status, a key, a value gets one at its lookup;
 * a few of those without references are kept, with the answers that came for them.
 *
 * What a directory holds comes out of the listing's items (index.c), or out of an answer to that very
 * question (filter.c), whichever is newer; so the cloud is not asked for what a fresh listing knows.
 */
#include "views.h"

#include <string.h>

static struct reply reply_found(void)
{
	return (struct reply){ .outcome = RESULT_FOUND };
}

/* ---- where it comes from ---- */

const struct provenance *view_stamp(const struct node *view, int64_t *expires_ms)
{
	if (!view->view.depth)
		return NULL;
	*expires_ms = view_is_by_part(view) ? view->view.part->expires_ms :
					      view->view.of->list.state.expires_ms;
	return view_is_by_part(view) ? view->view.part->stamp : view->view.of->list.state.stamp;
}

static bool view_is_fresh(const struct node *view, struct query_time query)
{
	return listing_is_fresh(view->view.of, query) ||
		(view->view.part && part_is_fresh(view->view.part, query));
}

static int64_t fresh_ms(const struct node *view, struct query_time query)
{
	int64_t expires_ms = 0;

	view_stamp(view, &expires_ms);
	return view_is_fresh(view, query) ? left_ms(expires_ms, query) : 0;
}

/* The answer to its own question stands, failed, or is to be asked for. */
static struct reply open_part(struct tree *tree, struct node *view, struct query_time query)
{
	const struct failure *failure = &view->view.part->failure;
	int64_t expires_ms;
	bool young = provenance_is_young(tree, view_stamp(view, &expires_ms), query);

	if (failure_stands(failure, query))
		return young && error_allows_stale(failure->error) ? reply_found() :
								     reply_failed(failure->error);
	if (young && outage_of(tree, query))
		return reply_found();
	return (struct reply){ .outcome = RESULT_NEED_FETCH, .node = view, .fetch_kind = FETCH_PART };
}

struct reply view_open(struct tree *tree, struct node *view, struct query_time query)
{
	if (!view->view.depth || view_is_fresh(view, query))
		return reply_found();
	if (view->view.part && !part_is_refused(view, query))
		return open_part(tree, view, query);
	return listing_open(tree, view->view.of, query);
}

/* For how long the kernel may rely on what is there. */
int64_t view_left_ms(const struct tree *tree, const struct node *view, struct query_time query)
{
	int64_t ms = fresh_ms(view, query);

	if (ms)
		return ms;
	if (view->view.part && view->view.part->failure.until_ms > query.now_ms)
		return left_ms(view->view.part->failure.until_ms, query);
	return view_is_fresh(view, query) ? 0 : listing_left_ms(tree, view->view.of, query);
}

/* ---- its directories ---- */

struct node *view_find_child(const struct node *view, const char *name)
{
	const struct list *children = &view->view.children;

	for (struct list *at = list_first(children); at; at = list_next(children, at)) {
		struct node *child = LIST_OWNER(at, struct node, view.sibling);
		if (!strcmp(child->name, name))
			return child;
	}
	return NULL;
}

static struct node *view_new(struct tree *tree, struct node *parent, const char *name, const char *id)
{
	struct node *node = node_new(tree, NODE_VIEW, parent, name, id);

	if (parent->sort == NODE_VIEW) {
		list_add_first(&parent->view.children, &node->view.sibling);
		node->view.sort = parent->view.sort;
		node->view.depth = parent->view.depth + 1;
		node->view.of = parent->view.of;
		node->kind = parent->kind;
	}
	return node;
}

void views_plant(struct tree *tree)
{
	for (int view = 0; view < VIEW_SORTS; view++) {
		for (size_t i = tree->root->resource.n_listings; i-- > 0;) { /* each goes before the last */
			struct node *listing = tree->root->resource.listings[i];
			if (!kind_view(listing->kind, view))
				continue;
			if (!tree->views.tops[view])
				tree->views.tops[view] = view_new(tree, tree->root, view_name(view), NULL);
			tree->views.tops[view]->view.sort = (unsigned char)view;
			struct node *node = view_new(tree, tree->views.tops[view], listing->name, NULL);
			node->view.of = listing;
			node->kind = listing->kind;
		}
	}
}

static bool is_unreferenced(const struct node *view)
{
	return !list_is_empty(&view->view.unreferenced);
}

static void leave_unreferenced(struct tree *tree, struct node *view)
{
	tree->views.n_unreferenced -= is_unreferenced(view);
	list_remove(&view->view.unreferenced);
}

static void join_unreferenced(struct tree *tree, struct node *view, bool is_oldest)
{
	if (is_oldest)
		list_add_first(&tree->views.unreferenced, &view->view.unreferenced);
	else
		list_add_last(&tree->views.unreferenced, &view->view.unreferenced);
	tree->views.n_unreferenced++;
}

/* Its time is its mark's, and moves when its names are not what they were. */
static void mark_view(struct tree *tree, const struct node *view)
{
	if (!view->view.read)
		return;
	if (!tree->views.marks) {
		tree->views.marks = xcalloc(VIEW_MARKS_MAX, sizeof(*tree->views.marks));
		tree->memory += VIEW_MARKS_MAX * sizeof(*tree->views.marks);
	}
	tree->views.marks[view->ino % VIEW_MARKS_MAX] = (struct view_mark){ view->ino,
		view->view.mtime_generation, view->view.content };
}

static void restore_view(const struct tree *tree, struct node *view)
{
	const struct view_mark *marks = tree->views.marks;
	const struct view_mark *mark = marks ? &marks[view->ino % VIEW_MARKS_MAX] : NULL;

	if (!mark || mark->ino != view->ino)
		return;
	view->view.mtime_generation = mark->mtime_generation;
	view->view.content = mark->content;
	view->view.content_changes = UINT64_MAX; /* it may be another by now */
	view->view.read = true;
}

static void view_free(struct tree *tree, struct node *view)
{
	mark_view(tree, view);
	while (!list_is_empty(&view->view.children))
		view_free(tree, LIST_OWNER(list_first(&view->view.children), struct node, view.sibling));
	leave_unreferenced(tree, view);
	part_free(tree, view);
	if (view->view.depth > 1)
		node_remove_name(tree, view);
	list_remove(&view->view.sibling);
	node_release(tree, view);
}

void views_free(struct tree *tree)
{
	for (int view = 0; view < VIEW_SORTS; view++)
		if (tree->views.tops[view])
			view_free(tree, tree->views.tops[view]);
}

static bool is_held(const struct node *view)
{
	return view->object.held || view->pins || !list_is_empty(&view->view.children);
}

static void free_oldest(struct tree *tree)
{
	struct node *oldest = LIST_OWNER(list_first(&tree->views.unreferenced), struct node,
			    view.unreferenced),
		    *above = oldest->parent;

	leave_unreferenced(tree, oldest);
	if (is_held(oldest))
		return; /* it is referenced again: dropping that reference settles it */
	view_free(tree, oldest);
	if (above->view.depth > 1 && !is_held(above) && !is_unreferenced(above))
		join_unreferenced(tree, above, true);
}

/* Those that the catalog made stand for ever. */
void view_settle(struct tree *tree, struct node *view)
{
	if (view->view.depth < 2)
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
	for (size_t i = 0; i < tree->root->resource.n_listings && is_over(tree); i++)
		if (tree->root->resource.listings[i] != tree->views.indexed)
			index_shrink(tree, tree->root->resource.listings[i]);
}

void views_shrink(struct tree *tree)
{
	while (tree->views.n_unreferenced && is_over(tree))
		free_oldest(tree);
}

struct node *view_child(struct tree *tree, struct node *view, const char *name, const char *raw)
{
	struct node *node = node_find(tree, view, name);

	if (node) {
		if (is_unreferenced(node)) { /* now the most recently used */
			leave_unreferenced(tree, node);
			join_unreferenced(tree, node, false);
		}
		return node;
	}
	node = view_new(tree, view, name, raw);
	restore_view(tree, node);
	node_add_name(tree, node);
	node->view.part = part_new(tree, node);
	leave_unreferenced(tree, view);
	inode_idle(tree, &node->object);
	return node;
}

/* ---- its attributes ---- */

static uint64_t count_changes(const struct node *view)
{
	return view->view.of->list.members.changes + (view->view.part ? view->view.part->changes : 0);
}

void view_note(struct tree *tree, struct node *view)
{
	uint64_t changes = count_changes(view), content;

	if ((view->view.read && view->view.content_changes == changes) || !view_content(tree, view, &content))
		return;
	view->view.mtime_generation += view->view.read && view->view.content != content;
	view->view.content = content;
	view->view.content_changes = changes;
	view->view.read = true;
}

/* As a listing's: the mtime moves when its names have changed since they were read. */
struct entry view_entry(struct tree *tree, struct node *view, struct query_time query)
{
	struct entry entry = { .id = nodeid_encode(view->object.serial, 0), .entry_ms = SKELETON_MS };

	entry.attr = skeleton_attr(tree, view);
	entry.attr_ms = SKELETON_MS;
	if (!view->view.depth)
		return entry;
	if (view->view.read && view_is_fresh(view, query))
		view_note(tree, view);
	kept_see(&view->view.kept, (uint32_t)view->view.mtime_generation);
	entry.attr = directory_attr(view->ino, tree->options.catalog->date_s, view->view.mtime_generation);
	entry.attr_ms = view->kind->partial ? 0 : fresh_ms(view, query);
	return entry;
}

struct entry view_attr(struct tree *tree, struct node *view, struct query_time query)
{
	struct entry entry = view_entry(tree, view, query);

	entry.reread = view->view.depth && !view_is_fresh(view, query) && kept_is_over(&view->view.kept);
	return entry;
}
