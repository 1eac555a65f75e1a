/*
 * content.c - which names a directory of a view holds, and a hash of them.
 *
 * If several resources have one name, each of them is NAME~ID, and there is no link NAME: it would lead to
 * another job when a namesake is started. NAME~ID can always be looked up, so such a path never breaks. A
 * name that contains '~' is always shown with its id, because it could be taken for the NAME~ID of another
 * resource.
 */
#include "views.h"

#include <string.h>

#include "base/hash.h"
#include "base/name.h"

/* The depth of the directories that hold links, by view. */
static const unsigned char link_depths[VIEW_SORTS] = { 1, 2, 3 };

unsigned link_depth(enum view_sort view)
{
	return link_depths[view];
}

bool holds_links(const struct view_dir *view)
{
	return view->depth == link_depths[view->view_sort];
}

/* Its own filtered answer is newer than the listing. */
bool view_is_by_filter(const struct view_dir *view)
{
	const struct provenance *own = view->filtered ? view->filtered->provenance : NULL,
				*listed = view->of->state.provenance;

	return own && (!listed || listed->received_ms < own->received_ms);
}

/* ---- names ---- */

/* How many bytes of the name fit into `max`. The cut is never inside a UTF-8 character or inside a %XX. */
static size_t cut(const char *name, size_t max)
{
	size_t len = strlen(name) < max ? strlen(name) : max;

	while (len && name[len] && ((unsigned char)name[len] & 0xc0) == 0x80)
		len--;
	for (size_t back = 1; back <= 2 && back <= len && name[len]; back++)
		if (name[len - back] == '%')
			return len - back;
	return len;
}

/* Adds the id with each '~' escaped, so that the last '~' of NAME~ID is the one that separates the two. */
static void put_id(struct buf *out, const char *id)
{
	for (; *id; id++) {
		if (*id == '~')
			buf_puts(out, "%7E");
		else
			buf_putc(out, *id);
	}
}

void put_both(struct buf *out, const char *name, const struct resource *resource)
{
	struct buf id;

	buf_init(&id, SIZE_MAX);
	put_id(&id, resource->node.name);
	if (id.len > NAME_BYTES_MAX / 2) { /* too long: a hash of the id takes its place */
		buf_clear(&id);
		name_distinct(&id, "", resource->node.name);
		memmove(id.data, id.data + 1, id.len--);
	}
	buf_clear(out);
	buf_add(out, name, cut(name, NAME_BYTES_MAX - 1 - id.len));
	buf_putc(out, '~');
	buf_add(out, id.data, id.len);
	buf_release(&id);
}

const char *row_name(struct tree *tree, const struct index *index, const struct index_row *row)
{
	const struct index_group *group = index_group(index, row->group);
	const char *name = index_name(index, group);

	if (group->count == 1 && !strchr(name, '~'))
		return name;
	put_both(&tree->link, name, row->resource);
	return tree->link.data;
}

/* 1 + the index's group of a view's directory; 0: the index has none, so the directory is empty. */
uint32_t group_of(const struct index *index, const struct view_dir *view)
{
	if (view->depth < 2)
		return 0;
	uint32_t above = group_of(index, as_view(view->node.parent));

	return view->depth > 2 && !above ? 0 : index_find(index, above, view->node.name);
}

/* ---- what they say together ---- */

static uint64_t content_of_links(struct tree *tree, struct view_dir *view, const struct index *index)
{
	uint32_t group = group_of(index, view);
	const struct index_row *row = NULL;
	uint64_t content = 0, serial = 0;

	while ((group || view->view_sort == VIEW_NAME) && (row = index_row_after(index, group, serial))) {
		content += view->view_sort == VIEW_NAME ?
			hash_text(row->resource->node.ino, row_name(tree, index, row)) :
			row->resource->node.ino;
		serial = row->resource->node.inode.serial;
	}
	return content;
}

static uint64_t content_of_directories(const struct view_dir *view, const struct index *index)
{
	uint32_t above = group_of(index, view);
	const struct index_group *group = NULL;
	uint64_t content = 0, cookie = 0;

	while ((view->depth == 1 || above) && (group = index_after(index, above, cookie))) {
		content += hash_text(0, index_name(index, group));
		cookie = group->cookie;
	}
	return content;
}

bool view_content(struct tree *tree, struct view_dir *view, uint64_t *content)
{
	const struct index *index;

	*content = 0;
	if (view_is_by_filter(view)) {
		for (size_t i = 0; i < view->filtered->n_members; i++)
			*content += view->filtered->members[i]->node.ino;
		return true;
	}
	if (!(index = listing_index(tree, view->of, view->view_sort)))
		return false;
	*content = holds_links(view) ? content_of_links(tree, view, index) :
				       content_of_directories(view, index);
	return true;
}
