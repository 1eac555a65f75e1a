/*
 * update.c - fills the tree with answers and failures, and drops cached data that they contradict.
 *
 * The tree is collected after each whole answer and failure, and before each item of a list: what was
 * replaced is freed, and max_memory holds again.
 */
#include "views.h"

#include <string.h>

#include "base/name.h"

/* ---- a list ---- */

enum error tree_list_item(struct tree *tree, struct node *listing, const struct json *item,
	const struct provenance_note *note, bool reading, struct listed *listed)
{
	const char *id;

	*listed = (struct listed){ 0 };
	tree_end_outage(tree);
	tree_collect(tree);
	if (!item_has_id(listing, item, &id))
		return ERR_ANSWER;
	node_prime(tree, list_show(tree, listing, id, reading, &listed->first), item, note, listed);
	return ERR_NONE;
}

void tree_list_end(struct tree *tree, struct node *listing, bool complete, int64_t newest_s,
	const struct provenance_note *note)
{
	list_end(tree, listing, complete, newest_s, note);
	part_drop_all(tree, listing);
	tree_collect(tree);
}

void tree_list_renew(struct tree *tree, struct node *listing, int64_t since_ms, int64_t newest_s,
	const struct provenance_note *note)
{
	list_renew(tree, listing, since_ms, newest_s, note);
	part_drop_all(tree, listing);
	tree_collect(tree);
}

enum error tree_part_item(struct tree *tree, struct node *view, const struct json *item,
	const struct provenance_note *note, bool *first)
{
	tree_collect(tree);
	return part_item(tree, view, item, note, first);
}

/* ---- one resource ---- */

static bool texts_equal(const struct json *value, const char *text)
{
	return value && text && !strcmp(json_text(value), text);
}

/* The answer is about the resource that was asked for, under the parent that was asked for. */
static enum error check_identity(const struct node *node, const struct json *object)
{
	const char *parent_id = node_parent_id(node);
	const struct json *parent = node->kind->id.parent && parent_id ?
		json_get(object, node->kind->id.parent) :
		NULL;

	if (json_type(object) != JSON_OBJECT ||
		!texts_equal(json_get(object, node->kind->id.member), node->id))
		return ERR_ANSWER;
	if (parent && json_type(parent) != JSON_NULL && !texts_equal(parent, parent_id))
		return ERR_NOT_FOUND;
	return ERR_NONE;
}

/* The directory's mtime moves with its content, also if the kernel has names of an answer that went. */
static void note_kernel_content(struct inside *inside, uint64_t content)
{
	if (inside->kernel_content && inside->kernel_content != content)
		inside->mtime_salt = inside->kernel_stable == inside->detail.stable ? content : 0;
	inside->kernel_content = content;
	inside->kernel_stable = inside->detail.stable;
}

/* A describe call of what the list says too: reading the list again would have saved it. */
static void count_single(struct node *node)
{
	if (node_is_shown(node) && node->resource.asked_single) {
		node->parent->list.cost.describes++;
		node->resource.inside->single_round = node->parent->list.pass.round_now;
	}
	node->resource.asked_single = false;
}

static void set_detail(struct tree *tree, struct node *node, struct snapshot *snapshot, struct text *text,
	const struct provenance_note *note)
{
	struct provenance *stamp = provenance_new(note);
	struct inside *inside = node_inside(tree, node);

	record_set(tree, node, &inside->detail, snapshot, text, stamp,
		expiry_ms(tree, node->kind, snapshot->terminal, note->sent_ms));
	events_note(tree, node, inside->detail.version, text, note->received_s);
	provenance_put(stamp);
	outlive_not(&node->resource.cached, inside->detail.expires_ms);
}

enum error tree_described(struct tree *tree, struct node *node, const struct json *object,
	const struct provenance_note *note)
{
	struct snapshot *snapshot;
	enum error error = check_identity(node, object);

	if (!error)
		error = node_render(tree, node, object, false, note->received_s, &snapshot);
	if (error)
		return error;

	tree_end_outage(tree);
	struct text *text = text_of(tree, object);
	node->parent->list.members.changes += !node->resource.cached
						       .text; /* it is all that a view has of it */
	uint64_t content = snapshot->content, time = resource_time(tree, node);
	set_detail(tree, node, snapshot, text, note);
	text_put(tree, text);
	node->resource.must_revalidate = false;
	note_kernel_content(node->resource.inside, content);
	resource_moved(tree, node, time);
	node_drop_trouble(tree, node);
	count_single(node);
	version_use(tree, node->resource.inside->detail.version);
	node_shed_double(tree, node);
	inode_idle(tree, &node->object);
	tree_collect(tree);
	return ERR_NONE;
}

void tree_texts(struct tree *tree, struct node *node, const char *const names[], const struct buf texts[],
	size_t n, const struct provenance_note *note)
{
	struct provenance *stamp = provenance_new(note);
	struct buf path;

	buf_init_whole(&path, NAME_BYTES_MAX);
	node_path(node, &path);
	/* The nanoseconds come from the content: in the second before, none of them is in the future. */
	record_set(tree, node, &node_inside(tree, node)->detail,
		snapshot_of_texts(path.data, names, texts, n, note->received_s - 1, false, NULL), NULL, stamp,
		0);
	buf_release(&path);
	provenance_put(stamp);
}

/* ---- a failure ---- */

static void drop_answers(struct tree *tree, struct node *node)
{
	if (node->resource.inside)
		record_drop(tree, &node->resource.inside->detail);
	record_drop(tree, &node->resource.cached);
	if (node_is_shown(node))
		node->parent->list.members.changes++;
}

static void mark_missing(struct tree *tree, struct node *node, int64_t at_ms, int64_t now_ms)
{
	struct failures *trouble = node_trouble(tree, node);

	events_note_gone(tree, node, now_ms);
	node->resource.missing = true;
	trouble->missing_at_ms = at_ms;
	trouble->missing_ms = now_ms + miss_ms(tree, node->kind);
	drop_answers(tree, node);
	inode_idle(tree, &node->object);
}

static void fail_listing(struct tree *tree, struct node *listing, enum error error, int64_t at_ms,
	int64_t now_ms)
{
	if (!error_drops(error))
		return;
	listing_empty(tree, listing);
	if (error == ERR_NOT_FOUND && listing->parent->sort == NODE_RESOURCE)
		mark_missing(tree, listing->parent, at_ms, now_ms);
}

static void fail_part(struct tree *tree, struct node *view, enum error error)
{
	if (error_drops(error))
		part_drop(tree, view);
}

void tree_give_up(struct tree *tree, uint64_t id, const char *name, enum error error, int64_t hold_ms,
	int64_t now_ms)
{
	uint32_t index;
	struct inode *object = tree_inode(tree, id, &index);

	if (!object)
		return;
	struct node *node = object->is_version ? ((struct version *)object)->owner : (struct node *)object;
	if (node->sort == NODE_LISTING)
		node = name ? node_find(tree, node, name) : NULL;
	if (node && node->sort == NODE_RESOURCE)
		node_trouble(tree, node)->given_up = (struct failure){ error, now_ms, now_ms + hold_ms };
}

void tree_fail(struct tree *tree, struct node *node, enum fetch_kind fetch_kind, enum error error,
	int64_t hold_ms, int64_t sent_ms, int64_t now_ms)
{
	int64_t at_ms = error == ERR_NOT_FOUND && sent_ms ? sent_ms : now_ms;

	if (error == ERR_NOT_FOUND && node->kind)
		hold_ms = miss_ms(tree, node->kind);
	struct failure failure = { error, at_ms, now_ms + hold_ms };
	if (node->sort == NODE_LISTING)
		node->list.state.failures[fetch_kind] = failure;
	else if (node->sort == NODE_VIEW)
		node->view.part->failure = failure;
	else
		node_trouble(tree, node)->failure = failure;
	if (node->sort == NODE_LISTING)
		fail_listing(tree, node, error, at_ms, now_ms);
	else if (node->sort == NODE_VIEW)
		fail_part(tree, node, error);
	else if (error == ERR_NOT_FOUND)
		mark_missing(tree, node, at_ms, now_ms);
	else if (error_drops(error))
		drop_answers(tree, node);
	inode_idle(tree, &node->object);
	tree_collect(tree);
}
