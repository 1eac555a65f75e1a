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

static struct node *view_new(struct tree *tree, struct node *parent, const char *name, const char *id)
{
	struct node *node = node_new(tree, NODE_VIEW, parent, name, id);

	node->view.child_next = parent->sort == NODE_VIEW ? parent->view.first_child : NULL;
	if (node->view.child_next)
		node->view.child_next->view.child_prev = node;
	if (parent->sort == NODE_VIEW) {
		parent->view.first_child = node;
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
			if (!tree->views[view])
				tree->views[view] = view_new(tree, tree->root, view_name(view), NULL);
			tree->views[view]->view.sort = (unsigned char)view;
			struct node *node = view_new(tree, tree->views[view], listing->name, NULL);
			node->view.of = listing;
			node->kind = listing->kind;
		}
	}
}

static void leave_unheld(struct tree *tree, struct node *view)
{
	if (!view->view.unreferenced)
		return;
	*(view->view.unreferenced_prev ? &view->view.unreferenced_prev->view.unreferenced_next :
					 &tree->unreferenced_first) = view->view.unreferenced_next;
	*(view->view.unreferenced_next ? &view->view.unreferenced_next->view.unreferenced_prev :
					 &tree->unreferenced_last) = view->view.unreferenced_prev;
	view->view.unreferenced_next = view->view.unreferenced_prev = NULL;
	view->view.unreferenced = false;
	tree->n_unreferenced--;
}

static void join_unheld(struct tree *tree, struct node *view, bool oldest)
{
	struct node *next = oldest ? tree->unreferenced_first : NULL,
		    *prev = oldest ? NULL : tree->unreferenced_last;

	view->view.unreferenced_next = next;
	view->view.unreferenced_prev = prev;
	*(next ? &next->view.unreferenced_prev : &tree->unreferenced_last) = view;
	*(prev ? &prev->view.unreferenced_next : &tree->unreferenced_first) = view;
	view->view.unreferenced = true;
	tree->n_unreferenced++;
}

/* Its time is its mark's, and moves when its names are not what they were. */
static void mark_view(struct tree *tree, const struct node *view)
{
	if (!view->view.read)
		return;
	if (!tree->view_marks) {
		tree->view_marks = xcalloc(VIEW_MARKS_MAX, sizeof(*tree->view_marks));
		tree->memory += VIEW_MARKS_MAX * sizeof(*tree->view_marks);
	}
	tree->view_marks[view->ino % VIEW_MARKS_MAX] = (struct view_mark){ view->ino,
		view->view.mtime_generation, view->view.content };
}

static void restore_view(const struct tree *tree, struct node *view)
{
	const struct view_mark *marks = tree->view_marks;
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
	struct node *above = view->parent;

	mark_view(tree, view);
	while (view->view.first_child)
		view_free(tree, view->view.first_child);
	leave_unheld(tree, view);
	part_free(tree, view);
	if (view->view.depth > 1)
		node_remove_name(tree, view);
	if (view->view.depth)
		*(view->view.child_prev ? &view->view.child_prev->view.child_next :
					  &above->view.first_child) = view->view.child_next;
	if (view->view.child_next)
		view->view.child_next->view.child_prev = view->view.child_prev;
	node_release(tree, view);
}

void views_free(struct tree *tree)
{
	for (int view = 0; view < VIEW_SORTS; view++)
		if (tree->views[view])
			view_free(tree, tree->views[view]);
}

static bool is_held(const struct node *view)
{
	return view->object.held || view->pins || view->view.first_child;
}

static void free_oldest(struct tree *tree)
{
	struct node *oldest = tree->unreferenced_first, *above = oldest->parent;

	leave_unheld(tree, oldest);
	if (is_held(oldest))
		return; /* it is referenced again: dropping that reference settles it */
	view_free(tree, oldest);
	if (above->view.depth > 1 && !is_held(above) && !above->view.unreferenced)
		join_unheld(tree, above, true);
}

/* Those that the catalog made stand for ever. */
void view_settle(struct tree *tree, struct node *view)
{
	if (view->view.depth < 2)
		return;
	if (is_held(view))
		leave_unheld(tree, view);
	else if (!view->view.unreferenced)
		join_unheld(tree, view, false);
	while (tree->n_unreferenced > UNREFERENCED_VIEWS_MAX)
		free_oldest(tree);
}

static bool is_over(const struct tree *tree)
{
	return tree_bytes(tree) > tree->options.max_memory;
}

void views_fold(struct tree *tree)
{
	for (size_t i = 0; i < tree->root->resource.n_listings && is_over(tree); i++)
		if (tree->root->resource.listings[i] != tree->indexed)
			index_shrink(tree, tree->root->resource.listings[i]);
}

void views_shrink(struct tree *tree)
{
	while (tree->unreferenced_first && is_over(tree))
		free_oldest(tree);
}

struct node *view_child(struct tree *tree, struct node *view, const char *name, const char *raw)
{
	struct node *node = node_find(tree, view, name);

	if (node) {
		if (node->view.unreferenced) { /* now the most recently used */
			leave_unheld(tree, node);
			join_unheld(tree, node, false);
		}
		return node;
	}
	node = view_new(tree, view, name, raw);
	restore_view(tree, node);
	node_add_name(tree, node);
	node->view.part = part_new(tree, node);
	leave_unheld(tree, view);
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
	struct entry entry = { .id = id_pack(view->object.serial, 0), .entry_ms = SKELETON_MS };

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
