/*
 * listing.c - who belongs to a listing.
 *
 * A list is read in rounds: each resource is marked with the round that met it last, and when all pages are
 * there, who was not met is no longer listed.  New ones get their place (seq) as their page comes, after all
 * others, and keep it as long as the listings hold them; but before the last page is there they are shown
 * only to who follows the reading.  So nobody takes half a listing for whole, and a reader who goes on after
 * a refresh, or along with the pages, meets everything that stands exactly once.
 */
#include "cache.h"

#include <stdlib.h>

#include "base/name.h"

/* ---- which resources are shown ---- */

static void append(struct node ***list, size_t *n, size_t *room, struct node *node)
{
	if (*n == *room) {
		*room = *room ? *room * 2 : 16;
		*list = xrealloc(*list, *room * sizeof(**list));
	}
	(*list)[(*n)++] = node;
}

void node_show(struct tree *tree, struct node *listing, struct node *resource)
{
	resource->in_listing = true;
	listing->changes++;
	resource->seq = listing->next_seq++;
	append(&listing->entries, &listing->n_entries, &listing->room_entries, resource);
	node_leave_unlisted(tree, resource);
}

bool listing_shows(const struct node *listing, const struct node *node)
{
	return node->round_shown <= listing->round_ended || node->pinned || node->entered;
}

static void hide(struct tree *tree, struct node *listing, struct node *node)
{
	node->in_listing = false;
	node->seq = 0;
	listing->n_entered -= node->entered;
	node->entered = false;
	record_drop(tree, &node->listed);
	if (node->inside)
		outlive_not(&node->inside->detail, 0);
	inode_idle(tree, &node->object);
}

/* Takes those out of the listing that `stays` refuses.  True: some went. */
static bool hide_from_listing(struct tree *tree, struct node *listing,
	bool stays(const struct node *listing, const struct node *))
{
	size_t n = listing->n_entries, kept = 0;

	for (size_t i = 0; i < n; i++) {
		struct node *node = listing->entries[i];
		if (stays(listing, node))
			listing->entries[kept++] = node;
		else
			hide(tree, listing, node);
	}
	listing->n_entries = kept;
	listing->changes += kept < n;
	return kept < n;
}

static bool is_not_oldest_visit(const struct node *listing, const struct node *node)
{
	/* called in order of seq: the first one entered goes */
	return !node->entered || listing->n_entered <= ENTERED_MAX;
}

void node_enter(struct tree *tree, struct node *node)
{
	struct node *listing = node->parent;

	if (!node->kind->partial || node->in_listing)
		return;
	node->entered = true;
	listing->n_entered++;
	node_show(tree, listing, node);
	listing->epoch++;
	if (listing->n_entered > ENTERED_MAX)
		hide_from_listing(tree, listing, is_not_oldest_visit);
}

/* Only what is pinned or was entered stands without a list. */
static bool stays_without_list(const struct node *listing, const struct node *node)
{
	(void)listing;
	return node->pinned || node->entered;
}

void listing_empty(struct tree *tree, struct node *listing)
{
	/* what was refused before and is again has no names to lose */
	listing->epoch += hide_from_listing(tree, listing, stays_without_list) || listing->list_stamp;
	provenance_put(listing->list_stamp);
	listing->list_stamp = NULL;
}

/* How long what is known vouches for the resource; 0: not at all. */
int64_t existence_ttl_ms(const struct tree *tree, const struct node *node, struct query_time query)
{
	const struct node *listing = node->parent;
	int64_t ms = 0;

	if (record_is_fresh(node_detail(node), query))
		ms = left_ms(node_detail(node)->expires_ms, query) + 1;
	int64_t listed_ms = left_ms(record_until_ms(&node->listed, query.now_ms), query);
	if (record_is_fresh(&node->listed, query) && ms <= listed_ms)
		ms = listed_ms + 1;
	if (node_is_listed(node) && node->in_listing && !node->must_revalidate &&
		listing_shows(listing, node) && listing_stands(tree, listing, query) &&
		ms <= listing_left_ms(tree, listing, query))
		ms = listing_left_ms(tree, listing, query) + 1;
	return ms;
}

/* ---- a whole reading ---- */

void tree_list_begin(struct node *listing, bool shown)
{
	/* two that overlap are one round: what either met is there */
	if (!listing->n_readings++)
		listing->round_now++;
	listing->n_shown += shown;
}

void tree_list_leave(struct node *listing, bool shown)
{
	listing->n_readings--;
	listing->n_shown -= shown;
}

void tree_list_price(struct node *listing, size_t calls, bool affordable)
{
	listing->price = calls;
	listing->affordable = affordable;
}

struct node *list_find(struct tree *tree, struct node *listing, const char *id)
{
	struct buf name;

	buf_init_whole(&name, NAME_BYTES_MAX + 1);
	name_escape(&name, id);
	struct node *node = node_find(tree, listing, name.data);
	if (!node)
		node = node_add_resource(tree, listing, name.data, id);
	buf_release(&name);
	return node;
}

struct node *list_show(struct tree *tree, struct node *listing, const char *id, bool reading, bool *first)
{
	struct node *node = list_find(tree, listing, id);

	*first = node->round != listing->round_now;
	node->round = listing->round_now;
	node->missing = false;
	if (!node->in_listing || node->round_shown > listing->round_ended) {
		node->round_shown = reading ? listing->round_now : listing->round_ended;
		listing->n_added++;
	}
	if (!node->in_listing) {
		node_show(tree, listing, node);
		node_end_others(tree, node);
	}
	return node;
}

bool tree_list_id(struct tree *tree, struct node *listing, const char *id)
{
	bool first;

	list_show(tree, listing, id, true, &first);
	return first;
}

void tree_list_keep(struct node *listing)
{
	for (size_t i = 0; i < listing->n_entries; i++)
		listing->entries[i]->round = listing->round_now;
}

static bool was_in_round(const struct node *listing, const struct node *node)
{
	return node->round == listing->round_now || node->pinned || node->entered;
}

/* It stands as of this answer; `changed`: the names that the kernel may have kept are old. */
static void stand(struct tree *tree, struct node *listing, bool changed, int64_t newest_s,
	const struct provenance_note *note)
{
	/* before the first list the kernel has kept no names */
	listing->epoch += changed && listing->list_stamp;
	listing->changes += changed;
	provenance_put(listing->list_stamp);
	listing->list_stamp = provenance_new(note);
	listing->list_expires_ms = note->sent_ms + tree_ttl_ms(tree, listing->kind->ttl.list_s);
	listing->n_added = 0;
	listing->newest_s = newest_s;
	listing->describes = 0;
	listing->failures[FETCH_LIST] = (struct failure){ 0 };
}

/*
 * What a part of the list said of those that are not in the whole of it: their describe call says whether
 * they are there.
 */
static void drop_unlisted(struct tree *tree, struct node *listing)
{
	for (struct node *node = listing->first_below; node; node = node->below_next) {
		if (node->in_listing || !node->listed.stamp)
			continue;
		record_drop(tree, &node->listed);
		if (node->inside)
			outlive_not(&node->inside->detail, 0);
		inode_idle(tree, &node->object);
	}
}

void list_end(struct tree *tree, struct node *listing, bool complete, int64_t newest_s,
	const struct provenance_note *note)
{
	bool changed = hide_from_listing(tree, listing, was_in_round) || listing->n_added;

	for (size_t i = 0; i < listing->n_entries; i++) {
		struct node *node = listing->entries[i];
		if (node->entered && node->round == listing->round_now) {
			node->entered = false; /* now the cloud itself lists it */
			listing->n_entered--;
		}
	}
	if (complete)
		drop_unlisted(tree, listing);
	listing->round_ended = listing->round_now;
	listing->complete = complete;
	listing->whole_ms = note->received_ms;
	stand(tree, listing, changed, newest_s, note);
}

/* ---- a refresh ---- */

bool tree_list_whole(const struct node *listing, struct tree_whole *out)
{
	*out = (struct tree_whole){ 0, listing->price, listing->whole_ms, listing->newest_s };
	for (size_t i = 0; i < listing->n_entries; i++)
		out->n += listing_shows(listing, listing->entries[i]);
	return listing->list_stamp && listing->complete && listing->whole_ms && !listing->n_entered;
}

/* Its item says that it may move at any time, and it was not met since then. */
static bool is_overlooked(const struct node *node, int64_t since_ms)
{
	const struct record *listed = &node->listed;

	return listed->stamp && !listed->terminal && listed->stamp->sent_ms < since_ms;
}

bool tree_list_adds_up(const struct node *listing, int64_t since_ms)
{
	for (size_t i = 0; i < listing->n_entries; i++) {
		const struct node *node = listing->entries[i];
		if (listing_shows(listing, node) && is_overlooked(node, since_ms))
			return false;
	}
	return true;
}

void list_renew(struct tree *tree, struct node *listing, int64_t since_ms, int64_t newest_s,
	const struct provenance_note *note)
{
	struct provenance *stamp = provenance_new(note);

	for (size_t i = 0; i < listing->n_entries; i++) {
		struct node *node = listing->entries[i];
		struct record *listed = &node->listed;
		if (is_overlooked(node, since_ms)) { /* its describe call will say where it is */
			record_drop(tree, listed);
			listing->changes++;
		} else if (listed->stamp && listed->stamp->sent_ms < since_ms)
			record_renew(listed, stamp, expiry_ms(tree, node->kind, true, note->sent_ms));
	}
	provenance_put(stamp);
	stand(tree, listing, listing->n_added, newest_s, note);
}
