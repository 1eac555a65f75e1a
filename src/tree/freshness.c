/*
 * freshness.c - how long an answer, a failure or a negative entry is fresh.
 *
 * All of them follow one rule, is_fresh: each is fresh for every question until its time has passed, and
 * after that for the questions that were asked before its call was sent.
 */
#include "cache.h"

enum {
	READING_MOST_MS = 600 * 1000, /* how long items stay fresh after the end of their reading */
	READING_PAGES_FEW = 2 /* a list this short is read again when its items expire */
};

/* When something expires, and when the call was sent that returned it. */
struct term {
	int64_t until_ms, sent_ms;
};

static bool is_fresh(struct term term, struct query_time query)
{
	return term.until_ms > query.now_ms || term.sent_ms >= query.since_ms;
}

int64_t left_ms(int64_t until_ms, struct query_time query)
{
	return until_ms > query.now_ms ? until_ms - query.now_ms : 0;
}

/* ---- the catalog's times ---- */

int64_t tree_ttl_ms(const struct tree *tree, int64_t of_catalog_s)
{
	return tree->options.ttl_ms >= 0 ? tree->options.ttl_ms : of_catalog_s * 1000;
}

int64_t miss_ms(const struct tree *tree, const struct kind *kind)
{
	return at_most((int64_t)kind->ttl.miss_s * 1000, tree_ttl_ms(tree, kind->ttl.miss_s));
}

int64_t expiry_ms(const struct tree *tree, const struct kind *kind, bool terminal, int64_t sent_ms)
{
	return sent_ms + tree_ttl_ms(tree, terminal ? kind->ttl.terminal_s : kind->ttl.live_s);
}

static bool kind_has_list(const struct kind *kind)
{
	return action_exists(&kind->list) || kind->harvests.n;
}

bool kind_has_describe(const struct kind *kind)
{
	return action_exists(&kind->describe);
}

bool item_is_whole(const struct kind *kind)
{
	return kind->list_is_detail || !kind_has_describe(kind);
}

/* ---- failures ---- */

bool failure_stands(const struct failure *failure, struct query_time query)
{
	return failure->error && is_fresh((struct term){ failure->until_ms, failure->at_ms }, query);
}

bool resource_is_missing(const struct resource *resource, struct query_time query)
{
	if (!resource->missing)
		return false;
	return is_fresh((struct term){ resource->failures->missing_ms, resource->failures->missing_at_ms },
		query);
}

const struct failure *outage_of(const struct tree *tree, struct query_time query)
{
	if (tree->availability.outage.error && tree->availability.outage.until_ms > query.now_ms)
		return &tree->availability.outage;
	return tree->availability.crowded.error ? &tree->availability.crowded : NULL;
}

void tree_end_outage(struct tree *tree)
{
	tree->availability.outage = (struct failure){ 0 };
}

void tree_note_outage(struct tree *tree, enum error error, int64_t now_ms)
{
	if (error_is_outage(error))
		tree->availability.outage = (struct failure){ error, now_ms, now_ms + OUTAGE_MS };
}

void tree_crowd(struct tree *tree, enum error error)
{
	tree->availability.crowded.error = error;
}

/* ---- items of a list that takes long to read (reading.c) ---- */

static int64_t reading_sent_ms(const struct provenance *provenance)
{
	const struct reading *reading = provenance->reading;

	return reading && reading->n_pages ? reading->sent_ms : provenance->sent_ms;
}

int64_t reading_stands_ms(const struct reading *reading, int64_t now_ms)
{
	int64_t until_ms = reading->n_open ? now_ms : reading->ended_ms;

	if (!reading->ttl_ms || reading->n_pages <= READING_PAGES_FEW)
		return 0;
	/* if it is under way, it ends now at the earliest */
	return until_ms + at_most(until_ms - reading->begun_ms, READING_MOST_MS);
}

static bool is_passed(const struct reading *reading, int64_t now_ms)
{
	return !reading->n_open && reading->n_pages > READING_PAGES_FEW &&
		reading->ended_ms - reading->begun_ms > reading->affordable_wait_ms &&
		now_ms - reading->passed_ms < reading->ttl_ms && now_ms < reading->ended_ms + READING_MOST_MS;
}

int64_t record_until_ms(const struct record *record, int64_t now_ms)
{
	const struct reading *reading = record->provenance ? record->provenance->reading : NULL;

	if (!reading || record->bounded || record->expires_ms > now_ms)
		return record->expires_ms;
	int64_t until_ms = reading_stands_ms(reading, now_ms);
	if (until_ms <= now_ms && !record->grace_used && is_passed(reading, now_ms))
		until_ms = now_ms + reading->ttl_ms;
	return until_ms > record->expires_ms ? until_ms : record->expires_ms;
}

/* ---- answers ---- */

bool record_is_fresh(const struct record *record, struct query_time query)
{
	const struct provenance *provenance = record->provenance;

	return provenance &&
		is_fresh((struct term){ record_until_ms(record, query.now_ms), provenance->sent_ms }, query);
}

bool version_is_fresh(const struct resource *resource, const struct version *version, struct query_time query)
{
	if (version == resource->cached.version)
		return record_is_fresh(&resource->cached, query);
	return is_fresh((struct term){ version->expires_ms, version->provenance->sent_ms }, query);
}

bool provenance_is_young(const struct tree *tree, const struct provenance *provenance,
	struct query_time query)
{
	return provenance && tree->options.stale_ms > 0 &&
		query.now_ms - provenance->received_ms < tree->options.stale_ms;
}

/* ---- listings ---- */

/*
 * A list was sent when its first page was sent. So a question asked between two of its pages does not take it
 * as sent afterwards.
 */
bool list_is_fresh(const struct provenance *provenance, int64_t expires_ms, struct query_time query)
{
	return provenance && is_fresh((struct term){ expires_ms, reading_sent_ms(provenance) }, query);
}

bool listing_is_fresh(const struct listing *listing, struct query_time query)
{
	return !kind_has_list(listing->node.kind) ||
		list_is_fresh(listing->state.provenance, listing->state.expires_ms, query);
}

bool listing_is_stale(const struct tree *tree, const struct listing *listing, struct query_time query)
{
	const struct failure *failure = &listing->state.failures[FETCH_LIST];

	if (!provenance_is_young(tree, listing->state.provenance, query))
		return false;
	if (failure_stands(failure, query))
		return error_allows_stale(failure->error);
	return outage_of(tree, query);
}

bool listing_stands(const struct tree *tree, const struct listing *listing, struct query_time query)
{
	return listing_is_fresh(listing, query) || listing_is_stale(tree, listing, query);
}

int64_t listing_left_ms(const struct tree *tree, const struct listing *listing, struct query_time query)
{
	int64_t fresh_ms = left_ms(listing->state.expires_ms, query);
	int64_t held_ms = left_ms(listing->state.failures[FETCH_LIST].until_ms, query);
	const struct failure *outage = outage_of(tree, query);
	int64_t outage_ms = outage ? left_ms(outage->until_ms, query) : 0;

	if (fresh_ms)
		return fresh_ms;
	return held_ms > outage_ms ? held_ms : outage_ms;
}
