/*
 * listing.c - the members of a listing.
 *
 * A list is read in rounds: each resource is marked with the round that met it last, and when all pages are
 * there, a resource that was not met is no longer listed.  New ones get their place (seq) as their page
 * comes, after all others, and keep it as long as the listings hold them; but before the last page is there
 * they are shown only to a reader that follows the reading.  So no reader takes half a listing for whole, and
 * one that goes on after a refresh, or along with the pages, meets everything that stands exactly once.
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
	listing->list.members.changes++;
	resource->resource.membership.seq = listing->list.members.next_seq++;
	append(&listing->list.members.v, &listing->list.members.n, &listing->list.members.room, resource);
	node_leave_unlisted(tree, resource);
}

bool listing_shows(const struct node *listing, const struct node *node)
{
	return node->resource.membership.round_shown <= listing->list.pass.round_ended ||
		node->resource.pinned || node->resource.entered;
}

static void hide(struct tree *tree, struct node *listing, struct node *node)
{
	node->resource.membership.seq = 0;
	listing->list.members.n_entered -= node->resource.entered;
	node->resource.entered = false;
	record_drop(tree, &node->resource.cached);
	if (node->resource.inside)
		outlive_not(&node->resource.inside->detail, 0);
	inode_idle(tree, &node->object);
}

/* Takes those out of the listing that `stays` refuses.  True: some went. */
static bool hide_from_listing(struct tree *tree, struct node *listing,
	bool stays(const struct node *listing, const struct node *))
{
	size_t n = listing->list.members.n, kept = 0;

	for (size_t i = 0; i < n; i++) {
		struct node *node = listing->list.members.v[i];
		if (stays(listing, node))
			listing->list.members.v[kept++] = node;
		else
			hide(tree, listing, node);
	}
	listing->list.members.n = kept;
	listing->list.members.changes += kept < n;
	return kept < n;
}

static bool is_not_oldest_visit(const struct node *listing, const struct node *node)
{
	/* called in order of seq: the first one entered goes */
	return !node->resource.entered || listing->list.members.n_entered <= ENTERED_MAX;
}

void node_enter(struct tree *tree, struct node *node)
{
	struct node *listing = node->parent;

	if (!node->kind->partial || node_is_shown(node))
		return;
	node->resource.entered = true;
	listing->list.members.n_entered++;
	node_show(tree, listing, node);
	listing->list.state.epoch++;
	if (listing->list.members.n_entered > ENTERED_MAX)
		hide_from_listing(tree, listing, is_not_oldest_visit);
}

/* Only what is pinned or was entered stands without a list. */
static bool stays_without_list(const struct node *listing, const struct node *node)
{
	(void)listing;
	return node->resource.pinned || node->resource.entered;
}

void listing_empty(struct tree *tree, struct node *listing)
{
	/* what was refused before and is again has no names to lose */
	listing->list.state.epoch += hide_from_listing(tree, listing, stays_without_list) ||
		listing->list.state.stamp;
	provenance_put(listing->list.state.stamp);
	listing->list.state.stamp = NULL;
}

int64_t existence_ttl_ms(const struct tree *tree, const struct node *node, struct query_time query)
{
	const struct node *listing = node->parent;
	int64_t ms = -1;

	if (record_is_fresh(node_detail(node), query))
		ms = left_ms(node_detail(node)->expires_ms, query);
	int64_t listed_ms = left_ms(record_until_ms(&node->resource.cached, query.now_ms), query);
	if (record_is_fresh(&node->resource.cached, query) && ms < listed_ms)
		ms = listed_ms;
	if (node_is_listed(node) && node_is_shown(node) && !node->resource.must_revalidate &&
		listing_shows(listing, node) && listing_stands(tree, listing, query) &&
		ms < listing_left_ms(tree, listing, query))
		ms = listing_left_ms(tree, listing, query);
	return ms;
}

/* ---- a whole reading ---- */

void tree_list_begin(struct node *listing, bool shown)
{
	/* two that overlap are one round: what either met is there */
	if (!listing->list.pass.n_readings++)
		listing->list.pass.round_now++;
	listing->list.pass.n_shown += shown;
}

void tree_list_leave(struct node *listing, bool shown)
{
	listing->list.pass.n_readings--;
	listing->list.pass.n_shown -= shown;
}

void tree_list_price(struct node *listing, size_t calls, bool affordable)
{
	listing->list.cost.price = calls;
	listing->list.cost.affordable = affordable;
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

	*first = node->resource.membership.round != listing->list.pass.round_now;
	node->resource.membership.round = listing->list.pass.round_now;
	node->resource.missing = false;
	if (!node_is_shown(node) || node->resource.membership.round_shown > listing->list.pass.round_ended) {
		node->resource.membership.round_shown = reading ? listing->list.pass.round_now :
								  listing->list.pass.round_ended;
		listing->list.pass.n_added++;
	}
	if (!node_is_shown(node)) {
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
	for (size_t i = 0; i < listing->list.members.n; i++)
		listing->list.members.v[i]->resource.membership.round = listing->list.pass.round_now;
}

static bool was_in_round(const struct node *listing, const struct node *node)
{
	return node->resource.membership.round == listing->list.pass.round_now || node->resource.pinned ||
		node->resource.entered;
}

/* It stands as of this answer; `changed`: the names that the kernel may have kept are old. */
static void stand(struct tree *tree, struct node *listing, bool changed, int64_t newest_s,
	const struct provenance_note *note)
{
	/* before the first list the kernel has kept no names */
	listing->list.state.epoch += changed && listing->list.state.stamp;
	listing->list.members.changes += changed;
	provenance_put(listing->list.state.stamp);
	listing->list.state.stamp = provenance_new(note);
	listing->list.state.expires_ms = note->sent_ms + tree_ttl_ms(tree, listing->kind->ttl.list_s);
	listing->list.pass.n_added = 0;
	listing->list.state.newest_s = newest_s;
	listing->list.cost.describes = 0;
	listing->list.state.failures[FETCH_LIST] = (struct failure){ 0 };
}

/*
 * What a part of the list said of those that are not in the whole of it: their describe call says whether
 * they are there.
 */
static void drop_unlisted(struct tree *tree, struct node *listing)
{
	const struct list *below = &listing->list.below;

	for (struct list *at = list_first(below); at; at = list_next(below, at)) {
		struct node *node = LIST_OWNER(at, struct node, resource.below);
		if (node_is_shown(node) || !node->resource.cached.stamp)
			continue;
		record_drop(tree, &node->resource.cached);
		if (node->resource.inside)
			outlive_not(&node->resource.inside->detail, 0);
		inode_idle(tree, &node->object);
	}
}

void list_end(struct tree *tree, struct node *listing, bool complete, int64_t newest_s,
	const struct provenance_note *note)
{
	bool changed = hide_from_listing(tree, listing, was_in_round) || listing->list.pass.n_added;

	for (size_t i = 0; i < listing->list.members.n; i++) {
		struct node *node = listing->list.members.v[i];
		if (node->resource.entered &&
			node->resource.membership.round == listing->list.pass.round_now) {
			node->resource.entered = false; /* now the cloud itself lists it */
			listing->list.members.n_entered--;
		}
	}
	if (complete)
		drop_unlisted(tree, listing);
	listing->list.pass.round_ended = listing->list.pass.round_now;
	listing->list.state.complete = complete;
	listing->list.state.whole_ms = note->received_ms;
	stand(tree, listing, changed, newest_s, note);
}

/* ---- a refresh ---- */

bool tree_list_whole(const struct node *listing, struct tree_whole *out)
{
	*out = (struct tree_whole){ 0, listing->list.cost.price, listing->list.state.whole_ms,
		listing->list.state.newest_s };
	for (size_t i = 0; i < listing->list.members.n; i++)
		out->n += listing_shows(listing, listing->list.members.v[i]);
	return listing->list.state.stamp && listing->list.state.complete && listing->list.state.whole_ms &&
		!listing->list.members.n_entered;
}

/* Its item says that it may move at any time, and it was not met since then. */
static bool is_overlooked(const struct node *node, int64_t since_ms)
{
	const struct record *listed = &node->resource.cached;

	return listed->stamp && !listed->terminal && listed->stamp->sent_ms < since_ms;
}

bool tree_list_adds_up(const struct node *listing, int64_t since_ms)
{
	for (size_t i = 0; i < listing->list.members.n; i++) {
		const struct node *node = listing->list.members.v[i];
		if (listing_shows(listing, node) && is_overlooked(node, since_ms))
			return false;
	}
	return true;
}

void list_renew(struct tree *tree, struct node *listing, int64_t since_ms, int64_t newest_s,
	const struct provenance_note *note)
{
	struct provenance *stamp = provenance_new(note);

	for (size_t i = 0; i < listing->list.members.n; i++) {
		struct node *node = listing->list.members.v[i];
		struct record *listed = &node->resource.cached;
		if (is_overlooked(node, since_ms)) { /* its describe call will say where it is */
			record_drop(tree, listed);
			listing->list.members.changes++;
		} else if (listed->stamp && listed->stamp->sent_ms < since_ms)
			record_renew(listed, stamp, expiry_ms(tree, node->kind, true, note->sent_ms));
	}
	provenance_put(stamp);
	stand(tree, listing, listing->list.pass.n_added, newest_s, note);
}
