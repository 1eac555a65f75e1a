/*
 * reading.c - how long the items of a list stand that takes long to be read.
 *
 * The first pages of a list of 20,000 are older than an item's TTL when the last one comes, and a reader of
 * all of them would have each asked about alone.  So what came with a reading stands until that is over, and
 * then for as long again as it took: a reader as fast as the list came reads all of it for the list's calls.
 *
 * A reader may be slower.  Where the list takes longer than a reader waits for it, an item that no reader
 * has looked into stands, past that time, as long as a reader goes on from one item to another without a
 * pause of the TTL; when it is looked into, it gets the TTL from then on, and once.  Nothing of this goes on
 * for longer than READING_MOST_MS.
 *
 * An item that was described since, or refreshed, has no more than its own TTL.
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
	return node->sort == NODE_VIEW && as_view(node)->part ? &as_view(node)->part->reading : NULL;
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
		return; /* a reader of one item again and again goes through nothing */
	reading->passed = resource->node.inode.serial;
	reading->passed_ms = now_ms;
}
