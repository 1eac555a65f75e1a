/*
 * update.c - stores answers and failures in the tree, and drops cached data that they contradict.
 *
 * Each function collects when a complete answer or a failure is stored, and before each item of a list. So
 * replaced answers are freed soon, and memory stays below max_memory.
 */
#include "views.h"

#include <string.h>

#include "base/name.h"

/* ---- a list ---- */

enum error tree_list_item(struct tree *tree, struct node *node, const struct json *item,
	const struct provenance_note *note, bool reading, struct listed *listed)
{
	struct listing *listing = as_listing(node);
	const char *id;

	*listed = (struct listed){ 0 };
	tree_end_outage(tree);
	tree_collect(tree);
	if (!item_has_id(listing, item, &id))
		return ERR_ANSWER;
	resource_prime(tree, list_show(tree, listing, id, reading, &listed->first), item, note, listed);
	return ERR_NONE;
}

void tree_list_end(struct tree *tree, struct node *node, bool complete, int64_t newest_s,
	const struct provenance_note *note)
{
	struct listing *listing = as_listing(node);
	list_end(tree, listing, complete, newest_s, note);
	filtered_drop_all(tree, listing);
	tree_collect(tree);
}

void tree_list_renew(struct tree *tree, struct node *node, int64_t since_ms, int64_t newest_s,
	const struct provenance_note *note)
{
	struct listing *listing = as_listing(node);
	list_renew(tree, listing, since_ms, newest_s, note);
	filtered_drop_all(tree, listing);
	tree_collect(tree);
}

enum error tree_filtered_item(struct tree *tree, struct node *node, const struct json *item,
	const struct provenance_note *note, bool *first)
{
	struct view_dir *view = as_view(node);
	tree_collect(tree);
	return filtered_item(tree, view, item, note, first);
}

/* ---- one resource ---- */

static bool texts_equal(const struct json *value, const char *text)
{
	return value && text && !strcmp(json_text(value), text);
}

/* Whether the answer is about the requested resource, under the requested parent. */
static enum error check_identity(const struct resource *resource, const struct json *object)
{
	const char *parent_id = node_parent_id(&resource->node);
	const struct json *parent = resource->node.kind->id.parent && parent_id ?
		json_get(object, resource->node.kind->id.parent) :
		NULL;

	if (json_type(object) != JSON_OBJECT ||
		!texts_equal(json_get(object, resource->node.kind->id.member), resource->node.id))
		return ERR_ANSWER;
	if (parent && json_type(parent) != JSON_NULL && !texts_equal(parent, parent_id))
		return ERR_NOT_FOUND;
	return ERR_NONE;
}

/*
 * Moves the mtime of the directory if the content is not the one that was described last. That content counts
 * even if its answer was evicted, because the kernel may have cached names of it.
 */
static void note_kernel_content(struct detail *detail, uint64_t content)
{
	if (detail->kernel_content && detail->kernel_content != content)
		detail->mtime_salt = detail->kernel_stable == detail->described.stable ? content : 0;
	detail->kernel_content = content;
	detail->kernel_stable = detail->described.stable;
}

/*
 * Counts a describe call that only returned members that the list's item has too: a list call would have
 * replaced it.
 */
static void count_single(struct resource *resource)
{
	if (resource_is_shown(resource) && resource->asked_single) {
		listing_of(resource)->cost.describes++;
		resource->detail->single_round = listing_of(resource)->pass.round_now;
	}
	resource->asked_single = false;
}

static void set_detail(struct tree *tree, struct resource *resource, struct snapshot *snapshot,
	struct text *text, const struct provenance_note *note)
{
	struct provenance *provenance = provenance_new(note);
	struct detail *detail = resource_detail(tree, resource);

	record_set(tree, resource, &detail->described, snapshot, text, provenance,
		expiry_ms(tree, resource->node.kind, snapshot->terminal, note->sent_ms));
	events_note(tree, resource, detail->described.version, text, note->received_s);
	provenance_put(provenance);
	record_expire_by(&resource->cached, detail->described.expires_ms);
}

enum error tree_described(struct tree *tree, struct node *node, const struct json *object,
	const struct provenance_note *note)
{
	struct resource *resource = as_resource(node);
	struct snapshot *snapshot;
	enum error error = check_identity(resource, object);

	if (!error)
		error = resource_render(tree, resource, object, false, note->received_s, &snapshot);
	if (error)
		return error;

	tree_end_outage(tree);
	struct text *text = text_of(tree, object);
	if (!resource->cached.text) /* without an item, views use the description */
		listing_note_change(listing_of(resource));
	uint64_t content = snapshot->content, time = resource_time(tree, resource);
	set_detail(tree, resource, snapshot, text, note);
	text_put(tree, text);
	resource->must_revalidate = false;
	note_kernel_content(resource->detail, content);
	resource_moved(tree, resource, time);
	resource_drop_failures(tree, resource);
	count_single(resource);
	version_use(tree, resource->detail->described.version);
	resource_drop_double(tree, resource);
	inode_idle(tree, &resource->node.inode);
	tree_collect(tree);
	return ERR_NONE;
}

void tree_texts(struct tree *tree, struct node *node, const char *const names[], const struct buf texts[],
	size_t n, const struct provenance_note *note)
{
	struct resource *resource = as_resource(node);
	struct provenance *provenance = provenance_new(note);
	struct buf path;

	buf_init_whole(&path, NAME_BYTES_MAX);
	node_path(&resource->node, &path);
	/*
	 * The nanoseconds are a hash of the content. One second is subtracted, so that the mtime is not in
	 * the future.
	 */
	record_set(tree, resource, &resource_detail(tree, resource)->described,
		snapshot_of_texts(path.data, names, texts, n, note->received_s - 1, false, NULL), NULL,
		provenance, 0);
	buf_release(&path);
	provenance_put(provenance);
}

/* ---- a failure ---- */

static void drop_answers(struct tree *tree, struct resource *resource)
{
	if (resource->detail)
		record_drop(tree, &resource->detail->described);
	record_drop(tree, &resource->cached);
	if (resource_is_shown(resource))
		listing_note_change(listing_of(resource));
}

static void mark_missing(struct tree *tree, struct resource *resource, int64_t at_ms, int64_t now_ms)
{
	struct failures *failures = resource_failures(tree, resource);

	events_note_gone(tree, resource, now_ms);
	resource->missing = true;
	failures->missing_at_ms = at_ms;
	failures->missing_ms = now_ms + miss_ms(tree, resource->node.kind);
	drop_answers(tree, resource);
	inode_idle(tree, &resource->node.inode);
}

static void fail_listing(struct tree *tree, struct listing *listing, enum error error, int64_t at_ms,
	int64_t now_ms)
{
	if (!error_drops(error))
		return;
	listing_empty(tree, listing);
	if (error == ERR_NOT_FOUND && listing->node.parent->sort == NODE_RESOURCE)
		mark_missing(tree, as_resource(listing->node.parent), at_ms, now_ms);
}

static void fail_filtered(struct tree *tree, struct view_dir *view, enum error error)
{
	if (error_drops(error))
		filtered_drop(tree, view);
}

void tree_give_up(struct tree *tree, uint64_t id, const char *name, enum error error, int64_t hold_ms,
	int64_t now_ms)
{
	uint32_t index;
	struct inode *inode = tree_inode(tree, id, &index);

	if (!inode)
		return;
	struct node *node = inode_node(inode);
	if (node->sort == NODE_LISTING)
		node = name ? node_find(tree, node, name) : NULL;
	if (node && node->sort == NODE_RESOURCE)
		resource_failures(tree, as_resource(node))->given_up = (struct failure){ error, now_ms,
			now_ms + hold_ms };
}

void tree_fail(struct tree *tree, struct node *node, enum fetch_kind fetch_kind, enum error error,
	int64_t hold_ms, int64_t sent_ms, int64_t now_ms)
{
	int64_t at_ms = error == ERR_NOT_FOUND && sent_ms ? sent_ms : now_ms;

	if (error == ERR_NOT_FOUND && node->kind)
		hold_ms = miss_ms(tree, node->kind);
	struct failure failure = { error, at_ms, now_ms + hold_ms };
	if (node->sort == NODE_LISTING)
		as_listing(node)->state.failures[fetch_kind] = failure;
	else if (node->sort == NODE_VIEW)
		as_view(node)->filtered->failure = failure;
	else
		resource_failures(tree, as_resource(node))->failure = failure;
	if (node->sort == NODE_LISTING)
		fail_listing(tree, as_listing(node), error, at_ms, now_ms);
	else if (node->sort == NODE_VIEW)
		fail_filtered(tree, as_view(node), error);
	else if (error == ERR_NOT_FOUND)
		mark_missing(tree, as_resource(node), at_ms, now_ms);
	else if (error_drops(error))
		drop_answers(tree, as_resource(node));
	inode_idle(tree, &node->inode);
	tree_collect(tree);
}
