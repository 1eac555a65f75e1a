/*
 * item.c - stores a list's item in its resource.
 *
 * The items of a page are stored when the page comes, because each item is complete by itself. listing.c
 * decides which resources the listing shows.
 */
#include "cache.h"

#include <string.h>

enum { PAGE_RENDER_MAX = 512 << 10 }; /* bytes of a page's items that are rendered when it comes */

enum { ITEM_ROOM = 64 << 10 }; /* bytes of tree->item that stay allocated for the next item */

/* All items of a page share one provenance. */
static struct provenance *page_provenance(struct listing *listing, const struct provenance_note *note)
{
	struct provenance *last = listing->pass.page_provenance;

	if (!last || last->sent_ms != note->sent_ms || last->received_ms != note->received_ms ||
		last->reading != note->reading) {
		provenance_put(last);
		listing->pass.page_provenance = provenance_new(note);
		reading_note_page(note->reading, note->sent_ms);
	}
	return listing->pass.page_provenance;
}

static bool print_item(struct tree *tree, const struct json *item)
{
	buf_clear(&tree->item);
	return json_print(&tree->item, item, 0);
}

/* Frees the buffer if it is unusually large; else the next item uses it again. */
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

bool item_has_id(const struct listing *listing, const struct json *item, const char **id)
{
	const struct json *value = json_get(item, listing->node.kind->id.member);

	if (!value || (json_type(value) != JSON_STRING && json_type(value) != JSON_NUMBER))
		return false;
	*id = json_text(value);
	return true;
}

/*
 * Whether the item may be rendered now. The items of a huge page are rendered when a reader looks into them,
 * so that one page does not stop the daemon for long.
 */
static bool fits_page_budget(struct provenance *provenance, size_t len)
{
	provenance->rendered += len;
	return provenance->rendered <= PAGE_RENDER_MAX;
}

static bool holds_text(const struct record *record, const struct buf *text)
{
	return record->text && record->text->len == text->len &&
		!memcmp(record->text->bytes, text->data, text->len);
}

static bool resource_set_item(struct tree *tree, struct resource *resource, const struct json *item,
	const struct buf *text, struct provenance *provenance, bool *changed)
{
	struct summary summary = snapshot_summary(resource->node.kind, item, provenance->received_s);
	struct record *record = &resource->cached;
	struct snapshot *snapshot = NULL;
	bool same = holds_text(record, text);

	if (!same && !snapshot_is_sure(item, text->len))
		return false;
	/*
	 * an item is rendered now only if a reader looked into it before: few items are read and few change,
	 * and to render each would be most of the work of a list
	 */
	bool renders = !same && resource->rendered_once && fits_page_budget(provenance, text->len);
	if (renders && resource_render(tree, resource, item, true, provenance->received_s, &snapshot))
		return false;
	int64_t expires_ms = expiry_ms(tree, resource->node.kind, summary.terminal, provenance->sent_ms);
	if (renders) /* so that record_set compares the two */
		record_version(tree, resource, record);
	else if (!same)
		record_unrender(tree, record);
	if (!same) {
		text_put(tree, record->text);
		record->text = text_new(tree, text);
	}
	if (snapshot && record->version)
		record_set(tree, resource, record, snapshot, record->text, provenance, expires_ms);
	else
		snapshot_free(snapshot);
	record_note(record, &summary, provenance, expires_ms);
	resource->item_superseded = false;
	if (!same && resource_is_shown(resource))
		listing_note_change(listing_of(resource));
	*changed = !same;
	return true;
}

/* The list's item has a terminal status, and the describe call was sent before it had one. */
static bool item_has_ended(const struct record *item, const struct record *described)
{
	return item->terminal && described->provenance && !described->terminal &&
		item->provenance->sent_ms >= described->provenance->sent_ms;
}

void resource_prime(struct tree *tree, struct resource *resource, const struct json *item,
	const struct provenance_note *note, struct listed *listed)
{
	struct record *record = &resource->cached;
	bool known = record->provenance;
	uint64_t stable = record->stable, time = resource_time(tree, resource);

	listed->changed = true;
	bool kept = print_item(tree, item) &&
		resource_set_item(tree, resource, item, &tree->item,
			page_provenance(listing_of(resource), note), &listed->changed);
	release_item(tree);
	if (!kept)
		return;
	if (listed->changed)
		events_note_item(tree, resource);
	listed->terminal = record->terminal;
	resource->must_revalidate = false;
	resource_moved(tree, resource, time);
	if (!resource->detail)
		return;
	if ((known && stable != record->stable) || item_has_ended(record, &resource->detail->described))
		record_expire_by(&resource->detail->described, 0); /* the list shows a newer state */
	/* a resource with a terminal status may be started again */
	record_expire_by(&resource->detail->described, record->expires_ms);
}
