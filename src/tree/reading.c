/*
 * reading.c - how long the items of a list that takes long to read stay fresh.
 *
 * When the last page of a list of 20,000 comes, the items of the first pages are older than their TTL. A
 * reader of all items would then describe each of these alone. So an item that comes with a reading stays
 * fresh until the reading ends, and after that for as long as the reading took. A reader that is as fast as
 * the list was reads all items for the price of the list's calls.
 *
 * A reader may be slower. If the list takes longer to read than a reader can wait, an item gets more time: an
 * item that no reader has looked into stays fresh while a reader goes on to another item at least once in
 * each TTL. When a reader looks into it, it gets one more TTL, once. Nothing is extended beyond
 * READING_MOST_MS after the end of the reading.
 *
 * An item whose resource was described or refreshed since then has only its own TTL.
 */
#include "views.h"

#include <stdlib.h>

void reading_note_page(struct reading *reading, int64_t sent_ms)
{
	if (reading && !reading->n_pages++)
		reading->sent_ms = sent_ms;
}

static struct reading **reading_at(struct node *node)
{
	if (node->sort == NODE_LISTING)
		return &as_listing(node)->pass.reading;
	return node->sort == NODE_VIEW && as_view(node)->filtered ? &as_view(node)->filtered->reading : NULL;
}

struct reading *tree_reading(struct node *node)
{
	struct reading **at = reading_at(node);

	return at ? *at : NULL;
}

void tree_reading_begin(struct tree *tree, struct node *node, int64_t now_ms, int64_t affordable_wait_ms)
{
	struct reading **at = reading_at(node);

	if (!at)
		return;
	if (!*at) {
		*at = xcalloc(1, sizeof(**at));
		(*at)->refs = 1;
		(*at)->begun_ms = now_ms;
		(*at)->ttl_ms = tree_ttl_ms(tree, node->kind->ttl.live_s);
		(*at)->affordable_wait_ms = affordable_wait_ms;
	}
	(*at)->n_open++;
}

void tree_reading_end(struct node *node, int64_t now_ms)
{
	struct reading **at = reading_at(node);

	if (!at || !*at || --(*at)->n_open)
		return;
	(*at)->ended_ms = (*at)->passed_ms = now_ms;
	reading_put(*at);
	*at = NULL;
}

void record_look(struct record *record, const struct resource *resource, int64_t now_ms)
{
	struct reading *reading = record->provenance ? record->provenance->reading : NULL;

	if (!reading || reading->n_open)
		return;
	int64_t until_ms = record_until_ms(record, now_ms);
	if (record->expires_ms <= now_ms && until_ms > now_ms &&
		reading_stands_ms(reading, now_ms) <= now_ms) {
		record->grace_used = true;
		record->expires_ms = until_ms;
		if (record->version)
			record->version->expires_ms = until_ms;
	}
	if (reading->passed == resource->node.inode.serial)
		return; /* the same item again: the reader does not go on to another */
	reading->passed = resource->node.inode.serial;
	reading->passed_ms = now_ms;
}
