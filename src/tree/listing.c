/*
 * listing.c - the members of a listing.
 *
 * A list is read in rounds. Each resource that a page mentions is marked with the round's number. When all
 * pages have come, a resource without that mark is no longer listed. A new resource is appended when its page
 * comes (it gets the next seq), and keeps this place as long as the listing shows it. Until the last page has
 * come, only a reader that follows the reading sees it. So no reader takes half a list for a complete one. A
 * pass that continues after a refresh, or that follows the pages, returns each resource that stays listed
 * exactly once.
 */
#include "cache.h"

#include <stdlib.h>

#include "base/name.h"

/* ---- which resources are shown ---- */

static void append(struct resource ***list, size_t *n, size_t *room, struct resource *resource)
{
	if (*n == *room) {
		*room = *room ? *room * 2 : 16;
		*list = xrealloc(*list, *room * sizeof(**list));
	}
	(*list)[(*n)++] = resource;
}

void listing_show(struct tree *tree, struct listing *listing, struct resource *resource)
{
	listing_note_change(listing);
	resource->membership.seq = listing->members.next_seq++;
	append(&listing->members.v, &listing->members.n, &listing->members.room, resource);
	unlisted_leave(tree, resource);
}

bool listing_shows(const struct listing *listing, const struct resource *resource)
{
	return resource->membership.round_shown <= listing->pass.round_ended || resource->pinned ||
		resource->entered;
}

static void hide(struct tree *tree, struct listing *listing, struct resource *resource)
{
	resource->membership.seq = 0;
	listing->members.n_entered -= resource->entered;
	resource->entered = false;
	record_drop(tree, &resource->cached);
	if (resource->detail)
		record_expire_by(&resource->detail->described, 0);
	inode_idle(tree, &resource->node.inode);
}

/* Removes the members for which `stays` is false. True: some were removed. */
static bool hide_from_listing(struct tree *tree, struct listing *listing,
	bool stays(const struct listing *listing, const struct resource *resource))
{
	size_t n = listing->members.n, kept = 0;

	for (size_t i = 0; i < n; i++) {
		struct resource *resource = listing->members.v[i];
		if (stays(listing, resource))
			listing->members.v[kept++] = resource;
		else
			hide(tree, listing, resource);
	}
	listing->members.n = kept;
	if (kept < n)
		listing_note_change(listing);
	return kept < n;
}

static bool is_not_oldest_visit(const struct listing *listing, const struct resource *resource)
{
	/* called in the order of seq, so the resource that was entered first is removed */
	return !resource->entered || listing->members.n_entered <= ENTERED_MAX;
}

void resource_enter(struct tree *tree, struct resource *resource)
{
	struct listing *listing = listing_of(resource);

	if (!resource->node.kind->partial || resource_is_shown(resource))
		return;
	resource->entered = true;
	listing->members.n_entered++;
	listing_show(tree, listing, resource);
	listing->state.epoch++;
	if (listing->members.n_entered > ENTERED_MAX)
		hide_from_listing(tree, listing, is_not_oldest_visit);
}

/* Pinned and entered resources are shown without a list call that returns them. */
static bool stays_without_list(const struct listing *listing, const struct resource *resource)
{
	(void)listing;
	return resource->pinned || resource->entered;
}

void listing_empty(struct tree *tree, struct listing *listing)
{
	/* a list call that is refused again had no names that the kernel could have cached */
	listing->state.epoch += hide_from_listing(tree, listing, stays_without_list) ||
		listing->state.provenance;
	provenance_put(listing->state.provenance);
	listing->state.provenance = NULL;
}

int64_t existence_ttl_ms(const struct tree *tree, const struct resource *resource, struct query_time query)
{
	const struct listing *listing = listing_of(resource);
	int64_t ms = -1;

	if (record_is_fresh(resource_described(resource), query))
		ms = left_ms(resource_described(resource)->expires_ms, query);
	int64_t listed_ms = left_ms(record_until_ms(&resource->cached, query.now_ms), query);
	if (record_is_fresh(&resource->cached, query) && ms < listed_ms)
		ms = listed_ms;
	if (node_is_listed(&resource->node) && resource_is_shown(resource) && !resource->must_revalidate &&
		listing_shows(listing, resource) && listing_stands(tree, listing, query) &&
		ms < listing_left_ms(tree, listing, query))
		ms = listing_left_ms(tree, listing, query);
	return ms;
}

/* ---- a whole reading ---- */

void tree_list_begin(struct node *node, bool shown)
{
	struct listing *listing = as_listing(node);
	/* overlapping readings are one round: a resource that either has met is listed */
	if (!listing->pass.n_readings++)
		listing->pass.round_now++;
	listing->pass.n_shown += shown;
}

void tree_list_leave(struct node *node, bool shown)
{
	struct listing *listing = as_listing(node);
	listing->pass.n_readings--;
	listing->pass.n_shown -= shown;
}

void tree_list_price(struct node *node, size_t calls, bool affordable)
{
	struct listing *listing = as_listing(node);
	listing->cost.price = calls;
	listing->cost.affordable = affordable;
}

struct resource *list_find(struct tree *tree, struct listing *listing, const char *id)
{
	struct buf name;

	buf_init_whole(&name, NAME_BYTES_MAX + 1);
	name_escape(&name, id);
	struct resource *resource = resource_find(tree, listing, name.data);
	if (!resource)
		resource = listing_add_resource(tree, listing, name.data, id);
	buf_release(&name);
	return resource;
}

struct resource *list_show(struct tree *tree, struct listing *listing, const char *id, bool reading,
	bool *first)
{
	struct resource *resource = list_find(tree, listing, id);

	*first = resource->membership.round != listing->pass.round_now;
	resource->membership.round = listing->pass.round_now;
	resource->missing = false;
	if (!resource_is_shown(resource) || resource->membership.round_shown > listing->pass.round_ended) {
		resource->membership.round_shown = reading ? listing->pass.round_now :
							     listing->pass.round_ended;
		listing->pass.n_added++;
	}
	if (!resource_is_shown(resource)) {
		listing_show(tree, listing, resource);
		resource_end_others(tree, resource);
	}
	return resource;
}

bool tree_list_id(struct tree *tree, struct node *node, const char *id)
{
	struct listing *listing = as_listing(node);
	bool first;

	list_show(tree, listing, id, true, &first);
	return first;
}

void tree_list_keep(struct node *node)
{
	struct listing *listing = as_listing(node);
	for (size_t i = 0; i < listing->members.n; i++)
		listing->members.v[i]->membership.round = listing->pass.round_now;
}

static bool was_in_round(const struct listing *listing, const struct resource *resource)
{
	return resource->membership.round == listing->pass.round_now || resource->pinned || resource->entered;
}

/* The listing is fresh from this answer on. `changed`: the names that the kernel may have cached are old. */
static void stand(struct tree *tree, struct listing *listing, bool changed, int64_t newest_s,
	const struct provenance_note *note)
{
	/* before the first list the kernel has cached no names */
	listing->state.epoch += changed && listing->state.provenance;
	if (changed)
		listing_note_change(listing);
	provenance_put(listing->state.provenance);
	listing->state.provenance = provenance_new(note);
	listing->state.expires_ms = note->sent_ms + tree_ttl_ms(tree, listing->node.kind->ttl.list_s);
	listing->pass.n_added = 0;
	listing->state.newest_s = newest_s;
	listing->cost.describes = 0;
	listing->state.failures[FETCH_LIST] = (struct failure){ 0 };
}

/*
 * Drops the items that came with a filtered list and are not in the whole list: the describe call of such a
 * resource says whether it exists.
 */
static void drop_unlisted(struct tree *tree, struct listing *listing)
{
	const struct list *below = &listing->below;

	for (struct list *at = list_first(below); at; at = list_next(below, at)) {
		struct resource *resource = LIST_OWNER(at, struct resource, below);
		if (resource_is_shown(resource) || !resource->cached.provenance)
			continue;
		record_drop(tree, &resource->cached);
		if (resource->detail)
			record_expire_by(&resource->detail->described, 0);
		inode_idle(tree, &resource->node.inode);
	}
}

void list_end(struct tree *tree, struct listing *listing, bool complete, int64_t newest_s,
	const struct provenance_note *note)
{
	bool changed = hide_from_listing(tree, listing, was_in_round) || listing->pass.n_added;

	for (size_t i = 0; i < listing->members.n; i++) {
		struct resource *resource = listing->members.v[i];
		if (resource->entered && resource->membership.round == listing->pass.round_now) {
			resource->entered = false; /* the cloud itself lists it now */
			listing->members.n_entered--;
		}
	}
	if (complete)
		drop_unlisted(tree, listing);
	listing->pass.round_ended = listing->pass.round_now;
	listing->state.complete = complete;
	listing->state.whole_ms = note->received_ms;
	stand(tree, listing, changed, newest_s, note);
}

/* ---- a refresh ---- */

bool tree_list_whole(const struct node *node, struct tree_whole *out)
{
	const struct listing *listing = as_listing(node);
	*out = (struct tree_whole){ 0, listing->cost.price, listing->state.whole_ms,
		listing->state.newest_s };
	for (size_t i = 0; i < listing->members.n; i++)
		out->n += listing_shows(listing, listing->members.v[i]);
	return listing->state.provenance && listing->state.complete && listing->state.whole_ms &&
		!listing->members.n_entered;
}

/* Its status is not terminal, and no item about it has come since then. */
static bool is_overlooked(const struct resource *resource, int64_t since_ms)
{
	const struct record *listed = &resource->cached;

	return listed->provenance && !listed->terminal && listed->provenance->sent_ms < since_ms;
}

bool tree_list_adds_up(const struct node *node, int64_t since_ms)
{
	const struct listing *listing = as_listing(node);
	for (size_t i = 0; i < listing->members.n; i++) {
		const struct resource *resource = listing->members.v[i];
		if (listing_shows(listing, resource) && is_overlooked(resource, since_ms))
			return false;
	}
	return true;
}

void list_renew(struct tree *tree, struct listing *listing, int64_t since_ms, int64_t newest_s,
	const struct provenance_note *note)
{
	struct provenance *provenance = provenance_new(note);

	for (size_t i = 0; i < listing->members.n; i++) {
		struct resource *resource = listing->members.v[i];
		struct record *listed = &resource->cached;
		if (is_overlooked(resource, since_ms)) { /* the next read describes it */
			record_drop(tree, listed);
			listing_note_change(listing);
		} else if (listed->provenance && listed->provenance->sent_ms < since_ms)
			record_renew(listed, provenance,
				expiry_ms(tree, resource->node.kind, true, note->sent_ms));
	}
	provenance_put(provenance);
	stand(tree, listing, listing->pass.n_added, newest_s, note);
}
