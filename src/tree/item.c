/*
 * item.c - a list's item goes into its resource.
 *
 * A list primes each of its items as its page comes, because an item is whole by itself.  Which resources
 * belong to the listing is decided in listing.c.
 */
#include "cache.h"

#include <string.h>

enum { PAGE_RENDER_MAX = 512 << 10 }; /* bytes of a page's items that are rendered in its turn */

enum { ITEM_ROOM = 64 << 10 }; /* bytes that are kept for printing the next one */

/* One stamp for all items of a page. */
static struct provenance *page_stamp(struct node *listing, const struct provenance_note *note)
{
	struct provenance *last = listing->list.pass.page_stamp;

	if (!last || last->sent_ms != note->sent_ms || last->received_ms != note->received_ms ||
		last->reading != note->reading) {
		provenance_put(last);
		listing->list.pass.page_stamp = provenance_new(note);
		reading_note_page(note->reading, note->sent_ms);
	}
	return listing->list.pass.page_stamp;
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

struct text *text_of(struct tree *tree, const struct json *object)
{
	struct text *text = print_item(tree, object) ? text_new(tree, &tree->item) : NULL;

	release_item(tree);
	return text;
}

bool item_has_id(const struct node *listing, const struct json *item, const char **id)
{
	const struct json *value = json_get(item, listing->kind->id.member);

	if (!value || (json_type(value) != JSON_STRING && json_type(value) != JSON_NUMBER))
		return false;
	*id = json_text(value);
	return true;
}

/* A page of more than a cloud has reason to send is rendered when a reader looks, not in its own turn. */
static bool takes_part(struct provenance *stamp, size_t len)
{
	stamp->rendered += len;
	return stamp->rendered <= PAGE_RENDER_MAX;
}

static bool holds_text(const struct record *record, const struct buf *text)
{
	return record->text && record->text->len == text->len &&
		!memcmp(record->text->bytes, text->data, text->len);
}

static bool node_set_item(struct tree *tree, struct node *node, const struct json *item,
	const struct buf *text, struct provenance *stamp, bool *changed)
{
	struct summary summary = snapshot_summary(node->kind, item, stamp->received_s);
	struct record *record = &node->resource.cached;
	struct snapshot *snapshot = NULL;
	bool same = holds_text(record, text);

	if (!same && !snapshot_is_sure(item, text->len))
		return false;
	/* few items were ever read, and few change: rendering each would be most of a list's work */
	bool renders = !same && node->resource.rendered_once && takes_part(stamp, text->len);
	if (renders && node_render(tree, node, item, true, stamp->received_s, &snapshot))
		return false;
	int64_t expires_ms = expiry_ms(tree, node->kind, summary.terminal, stamp->sent_ms);
	if (renders) /* say what changed since */
		record_version(tree, node, record);
	else if (!same)
		record_unrender(tree, record);
	if (!same) {
		text_put(tree, record->text);
		record->text = text_new(tree, text);
	}
	if (snapshot && record->version)
		record_set(tree, node, record, snapshot, record->text, stamp, expires_ms);
	else
		snapshot_free(snapshot);
	record_note(record, &summary, stamp, expires_ms);
	node->resource.outdone = false;
	node->parent->list.members.changes += !same && node_is_shown(node);
	*changed = !same;
	return true;
}

/* The list's item has a terminal status, and the describe call was made before it had. */
static bool item_has_ended(const struct record *item, const struct record *detail)
{
	return item->terminal && detail->stamp && !detail->terminal &&
		item->stamp->sent_ms >= detail->stamp->sent_ms;
}

void node_prime(struct tree *tree, struct node *node, const struct json *item,
	const struct provenance_note *note, struct listed *listed)
{
	struct record *record = &node->resource.cached;
	bool known = record->stamp;
	uint64_t stable = record->stable, time = resource_time(tree, node);

	listed->changed = true;
	bool kept = print_item(tree, item) &&
		node_set_item(tree, node, item, &tree->item, page_stamp(node->parent, note),
			&listed->changed);
	release_item(tree);
	if (!kept)
		return;
	if (listed->changed)
		events_note_item(tree, node);
	listed->terminal = record->terminal;
	node->resource.must_revalidate = false;
	resource_moved(tree, node, time);
	if (!node->resource.inside)
		return;
	if ((known && stable != record->stable) || item_has_ended(record, &node->resource.inside->detail))
		outlive_not(&node->resource.inside->detail, 0); /* the cloud says that it moved on */
	outlive_not(&node->resource.inside->detail, record->expires_ms); /* what was over may live again */
}
