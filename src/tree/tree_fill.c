/*
 * tree_fill.c - the answers: what a call said of a resource goes in, and what it contradicts goes out.
 *
 * A list primes each of its items as its page comes, because an item is whole by itself; who belongs to the
 * listing is tree_list.c's.
 */
#include "tree_views.h"

#include <stdlib.h>
#include <string.h>

#include "base/name.h"

enum { ITEM_ROOM = 64 << 10 }; /* bytes that are kept for printing the next one */

/* ---- an item of a list ---- */

int64_t expiry_ms(const struct tree *tree, const struct kind *kind, bool terminal, int64_t sent_ms)
{
	return sent_ms + tree_ttl_ms(tree, terminal ? kind->ttl.terminal_s : kind->ttl.live_s);
}

/* One stamp for all items of a page. */
static struct provenance *page_stamp(struct node *listing, const struct provenance_note *note)
{
	struct provenance *last = listing->page_stamp;

	if (!last || last->sent_ms != note->sent_ms || last->received_ms != note->received_ms ||
		last->reading != note->reading) {
		provenance_put(last);
		listing->page_stamp = provenance_new(note);
		reading_note_page(note->reading, note->sent_ms);
	}
	return listing->page_stamp;
}

static bool print_item(struct tree *tree, const struct json *item)
{
	buf_clear(&tree->item);
	return json_print(&tree->item, item, 0);
}

/* What has the common size is used again. */
static void release_item(struct tree *tree)
{
	if (tree->item.room > ITEM_ROOM)
		buf_release(&tree->item);
}

static struct text *text_of(struct tree *tree, const struct json *object)
{
	struct text *text = print_item(tree, object) ? text_new(tree, &tree->item) : NULL;

	release_item(tree);
	return text;
}

void node_prime(struct tree *tree, struct node *node, const struct json *item,
	const struct provenance_note *note, struct listed *listed)
{
	struct record *record = &node->listed;
	bool known = record->stamp;
	uint64_t stable = record->stable, time = resource_time(tree, node);

	listed->changed = true;
	bool kept = print_item(tree, item) &&
		node_set_item(tree, node, item, &tree->item, page_stamp(node->parent, note),
			&listed->changed);
	release_item(tree);
	if (!kept)
		return;
	listed->terminal = record->terminal;
	node->must_revalidate = false;
	resource_moved(tree, node, time);
	if (!node->inside)
		return;
	if (known && stable != record->stable)
		outlive_not(&node->inside->detail, 0); /* the cloud says that it moved on */
	outlive_not(&node->inside->detail, record->expires_ms); /* what was over may live again */
}

void tree_end_outage(struct tree *tree)
{
	tree->outage = (struct failure){ 0 };
}

bool item_has_id(const struct node *listing, const struct json *item, const char **id)
{
	const struct json *value = json_get(item, listing->kind->id.member);

	if (!value || (json_type(value) != JSON_STRING && json_type(value) != JSON_NUMBER))
		return false;
	*id = json_text(value);
	return true;
}

enum error tree_list_item(struct tree *tree, struct node *listing, const struct json *item,
	const struct provenance_note *note, bool reading, struct listed *listed)
{
	const char *id;

	*listed = (struct listed){ 0 };
	tree_end_outage(tree);
	tree_shrink(tree);
	if (!item_has_id(listing, item, &id))
		return ERR_ANSWER;
	node_prime(tree, list_show(tree, listing, id, reading, &listed->first), item, note, listed);
	return ERR_NONE;
}

/* ---- pins ---- */

static struct node *pinned_listing(struct tree *tree, struct node *above, const char *name)
{
	node_open(tree, above);
	for (size_t i = 0; i < above->n_listings; i++)
		if (!strcmp(above->listings[i]->name, name))
			return above->listings[i];
	return NULL;
}

/* Shows the id in the listing; NULL when it is none of this kind. */
static struct node *pin_id(struct tree *tree, struct node *listing, const char *name)
{
	struct node *node = NULL;
	struct buf id;

	buf_init_whole(&id, NAME_BYTES_MAX + 1);
	if (name_unescape(&id, name) && kind_accepts_id(listing->kind, id.data)) {
		node = node_find(tree, listing, name);
		if (!node)
			node = node_add_resource(tree, listing, name, id.data);
		if (!node->in_listing && listing->kind->partial)
			node_show(listing, node);
		node->pinned = true;
		node_settle(tree, node);
	}
	buf_release(&id);
	return node;
}

bool tree_pin(struct tree *tree, const char *pin, struct buf *why)
{
	struct node *at = tree->root, *next = at;
	struct buf name;

	buf_init_whole(&name, NAME_BYTES_MAX + 1);
	for (const char *word = pin; next && *word;) {
		size_t len = strcspn(word, "/");
		buf_clear(&name);
		buf_add(&name, word, len);
		word += len + (word[len] == '/');
		next = at->sort == NODE_LISTING ? pin_id(tree, at, name.data) :
						  pinned_listing(tree, at, name.data);
		at = next ? next : at;
	}
	buf_release(&name);
	if (next && at->sort == NODE_RESOURCE)
		return true;
	buf_printf(why, "pin=%s: %s", pin,
		next || at->sort != NODE_LISTING ? "no such kind; it is KIND/ID or KIND/ID/SUBKIND/ID" :
						   "not an id of this kind");
	return false;
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
	struct provenance *stamp = provenance_new(note);
	struct inside *inside = node_inside(tree, node);
	struct text *text = text_of(tree, object);
	node->parent->changes += !node->listed.text; /* it is all that a view has of it */
	uint64_t content = snapshot->content, time = resource_time(tree, node);
	record_set(tree, node, &inside->detail, snapshot, text, stamp,
		expiry_ms(tree, node->kind, snapshot->terminal, note->sent_ms));
	events_note(tree, node, inside->detail.version, text, note->received_s);
	text_put(tree, text);
	provenance_put(stamp);
	node->must_revalidate = false;
	outlive_not(&node->listed, inside->detail.expires_ms);
	/* also when the last answer was not kept: the kernel may have kept its names */
	if (inside->kernel_content && inside->kernel_content != content)
		inside->mtime_salt = inside->kernel_stable == inside->detail.stable ? content : 0;
	inside->kernel_content = content;
	inside->kernel_stable = inside->detail.stable;
	resource_moved(tree, node, time);
	node_drop_trouble(tree, node);
	if (node->in_listing && node->asked_single) {
		node->parent->describes++;
		inside->single_round = node->parent->round_now;
	}
	node->asked_single = false;
	version_use(tree, inside->detail.version);
	node_shed_double(tree, node);
	node_settle(tree, node);
	tree_shrink(tree);
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
	if (node->inside)
		record_drop(tree, &node->inside->detail);
	record_drop(tree, &node->listed);
	if (node->in_listing)
		node->parent->changes++;
}

static void mark_missing(struct tree *tree, struct node *node, int64_t at_ms, int64_t now_ms)
{
	struct failures *trouble = node_trouble(tree, node);

	events_note_gone(tree, node, now_ms);
	node->missing = true;
	trouble->missing_at_ms = at_ms;
	trouble->missing_ms = now_ms + miss_ms(tree, node->kind);
	drop_answers(tree, node);
	node_settle(tree, node);
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

void tree_note_outage(struct tree *tree, enum error error, int64_t now_ms)
{
	if (error_is_outage(error))
		tree->outage = (struct failure){ error, now_ms, now_ms + OUTAGE_MS };
}

void tree_crowd(struct tree *tree, enum error error)
{
	tree->crowded.error = error;
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

	node_pin(node);
	if (error == ERR_NOT_FOUND && node->kind)
		hold_ms = miss_ms(tree, node->kind);
	struct failure failure = { error, at_ms, now_ms + hold_ms };
	if (node->sort == NODE_LISTING)
		node->failures[fetch_kind] = failure;
	else if (node->sort == NODE_VIEW)
		node->part->failure = failure;
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
	node_unpin(tree, node);
}
