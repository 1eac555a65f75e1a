/*
 * tree_reading.c - how long the items of a list stand that takes long to be read.
 *
 * The first pages of a list of 20,000 are older than an item's TTL when the last one comes, and a reader of
 * all of them would have each asked about alone.  So what came with a reading stands until that is over, and
 * then for as long again as it took: a reader as fast as the list came reads all of it for the list's calls.
 *
 * A reader may be slower.  Where the list takes longer than a reader waits for it, an item that no reader
 * has looked into stands, past that time, as long as a reader goes on from one item to another without a
 * pause of the TTL; when it is looked into, it gets the TTL from then on, and once.  Nothing of this goes on
 * for longer than READING_MAX_MS.
 *
 * An item that was described since, or refreshed, has no more than its own TTL.
 */
#include "tree_views.h"

#include <stdlib.h>

enum {
	READING_MAX_MS = 600 * 1000,
	PAGES_FEW = 2 /* a list so short is read again as soon as its items are old */
};

struct reading {
	unsigned refs;
	unsigned n_open; /* fetches that read it now */
	size_t n_pages; /* that came */
	int64_t begun_ms, ended_ms;
	int64_t sent_ms; /* of the first page */
	int64_t ttl_ms; /* of a live item; 0: everything is asked for anew */
	int64_t passed_ms; /* when a reader went on to another item */
	uint64_t passed; /* to which: its serial */
	int64_t bearable_ms; /* what anyone waits for it to be read again */
};

struct reading *reading_get(struct reading *reading)
{
	if (reading)
		reading->refs++;
	return reading;
}

void reading_note_page(struct reading *reading, int64_t sent_ms)
{
	if (reading && !reading->n_pages++)
		reading->sent_ms = sent_ms;
}

int64_t reading_sent_ms(const struct provenance *stamp)
{
	const struct reading *reading = stamp->reading;

	return reading && reading->n_pages ? reading->sent_ms : stamp->sent_ms;
}

void reading_put(struct reading *reading)
{
	if (reading && --reading->refs == 0)
		free(reading);
}

static struct reading **reading_at(struct node *node)
{
	if (node->sort == NODE_LISTING)
		return &node->reading;
	return node->sort == NODE_VIEW && node->part ? &node->part->reading : NULL;
}

struct reading *tree_reading(struct node *node)
{
	struct reading **at = reading_at(node);

	return at ? *at : NULL;
}

void tree_reading_begin(struct tree *tree, struct node *node, int64_t now_ms, int64_t bearable_ms)
{
	struct reading **at = reading_at(node);

	if (!at)
		return;
	if (!*at) {
		*at = xcalloc(1, sizeof(**at));
		(*at)->refs = 1;
		(*at)->begun_ms = now_ms;
		(*at)->ttl_ms = tree_ttl_ms(tree, node->kind->ttl.live_s);
		(*at)->bearable_ms = bearable_ms;
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

static int64_t at_most(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Until when all that came with it is fresh, for every reader. */
static int64_t stands_ms(const struct reading *reading, int64_t now_ms)
{
	int64_t until_ms = reading->n_open ? now_ms : reading->ended_ms;

	if (!reading->ttl_ms || reading->n_pages <= PAGES_FEW)
		return 0;
	/* under way: it will not end before now, so this is the least that it will be */
	return until_ms + at_most(until_ms - reading->begun_ms, READING_MAX_MS);
}

static bool is_passed(const struct reading *reading, int64_t now_ms)
{
	return !reading->n_open && reading->n_pages > PAGES_FEW &&
		reading->ended_ms - reading->begun_ms > reading->bearable_ms &&
		now_ms - reading->passed_ms < reading->ttl_ms && now_ms < reading->ended_ms + READING_MAX_MS;
}

int64_t record_until_ms(const struct record *record, int64_t now_ms)
{
	const struct reading *reading = record->stamp ? record->stamp->reading : NULL;

	if (!reading || record->bounded || record->expires_ms > now_ms)
		return record->expires_ms;
	int64_t until_ms = stands_ms(reading, now_ms);
	if (until_ms <= now_ms && !record->lent && is_passed(reading, now_ms))
		until_ms = now_ms + reading->ttl_ms;
	return until_ms > record->expires_ms ? until_ms : record->expires_ms;
}

void record_look(struct record *record, const struct node *node, int64_t now_ms)
{
	struct reading *reading = record->stamp ? record->stamp->reading : NULL;

	if (!reading || reading->n_open)
		return;
	int64_t until_ms = record_until_ms(record, now_ms);
	if (record->expires_ms <= now_ms && until_ms > now_ms && stands_ms(reading, now_ms) <= now_ms) {
		record->lent = true;
		record->expires_ms = until_ms;
		if (record->version)
			record->version->expires_ms = until_ms;
	}
	if (reading->passed == node->object.serial)
		return; /* a reader of one item again and again goes through nothing */
	reading->passed = node->object.serial;
	reading->passed_ms = now_ms;
}
