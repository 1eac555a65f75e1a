/*
 * tree_ask.c - the questions: what is under this name, what are its attributes, can it be read.
 *
 * Everything turns on two small decisions.  Of a resource, view_of picks the answer to look into: the describe
 * call's while it is fresh; for a single name also the list's item, when that is fresh and the describe call is
 * known to have the member too; a last good one when the refresh failed in a way that allows it; else it
 * names the call that is needed.  Of an id under a listing, find_resource picks what may vouch for it: any
 * fresh answer of its own, a fresh listing, or the call that the kind's row offers.
 */
#include "tree_node.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "name.h"

enum { SKELETON_MS = 3600 * 1000 }; /* what the catalog made never changes while mounted */

static struct reply reply_need(struct node *node, enum want want)
{
	return (struct reply){ .outcome = OUTCOME_NEED, .node = node, .want = want };
}

static struct reply reply_failed(enum fault fault)
{
	return (struct reply){ .outcome = OUTCOME_FAILED, .fault = fault };
}

static struct reply reply_absent(int64_t absent_ms)
{
	return (struct reply){ .outcome = OUTCOME_ABSENT, .absent_ms = absent_ms > 0 ? absent_ms : 0 };
}

static struct reply reply_found(struct entry entry)
{
	return (struct reply){ .outcome = OUTCOME_FOUND, .entry = entry };
}

static int64_t left_ms(int64_t until_ms, struct asked asked)
{
	return until_ms > asked.now_ms ? until_ms - asked.now_ms : 0;
}

static int64_t at_most(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t miss_ms(const struct tree *tree, const struct kind *kind)
{
	return at_most(kind->ttl_miss_s, tree_ttl_s(tree, kind->ttl_miss_s)) * 1000;
}

bool failure_stands(const struct failure *failure, struct asked asked)
{
	return failure->fault && (failure->until_ms > asked.now_ms || failure->at_ms >= asked.since_ms);
}

static bool kind_has_list(const struct kind *kind)
{
	return kind->list.name || kind->list.path || kind->n_harvests;
}

static bool kind_has_describe(const struct kind *kind)
{
	return kind->describe.name || kind->describe.path;
}

/* The list's item is all that there is to know of a resource. */
static bool item_is_whole(const struct kind *kind)
{
	return kind->list_is_detail || !kind_has_describe(kind);
}

/* ---- which answer ---- */

struct view {
	struct version *version; /* NULL: there is no object to look into */
	int64_t left_ms; /* for how long the kernel may rely on it */
	bool found;
	struct reply reply; /* when not found: NEED or FAILED */
};

static struct view view_at(struct version *version, int64_t for_ms)
{
	return (struct view){ .version = version, .left_ms = for_ms, .found = true };
}

static struct view view_none(struct reply reply)
{
	return (struct view){ .reply = reply };
}

static bool listing_is_fresh(const struct node *listing, struct asked asked)
{
	if (!kind_has_list(listing->kind))
		return true;
	return listing->list_stamp && (listing->list_expires_ms > asked.now_ms ||
		listing->list_stamp->received_ms >= asked.since_ms);
}

static bool is_young_enough(const struct tree *tree, const struct stamp *stamp, struct asked asked)
{
	return stamp && tree->options.stale_s > 0 &&
		asked.now_ms - stamp->received_ms <= tree->options.stale_s * 1000;
}

/* A failed refresh left the last whole listing standing, for a while. */
static bool listing_is_stale(const struct tree *tree, const struct node *listing, struct asked asked)
{
	const struct failure *failure = &listing->failures[WANT_LIST];

	return failure_stands(failure, asked) && fault_allows_stale(failure->fault) &&
		is_young_enough(tree, listing->list_stamp, asked);
}

static bool listing_stands(const struct tree *tree, const struct node *listing, struct asked asked)
{
	return listing_is_fresh(listing, asked) || listing_is_stale(tree, listing, asked);
}

static int64_t listing_left_ms(const struct node *listing, struct asked asked)
{
	int64_t fresh_ms = left_ms(listing->list_expires_ms, asked);
	int64_t held_ms = left_ms(listing->failures[WANT_LIST].until_ms, asked);

	return fresh_ms > held_ms ? fresh_ms : held_ms;
}

/*
 * The call that refreshes what the list's item says too.  The listing pays once as many single
 * refreshes as it has pages were made since: never more than twice the best possible.  A resource that was
 * described before gets one more, because its describe call says more.
 */
static struct reply need_refresh(struct node *node, struct asked asked)
{
	struct node *listing = node->parent;
	const struct kind *kind = node->kind;

	if (!kind_has_describe(kind))
		return reply_need(listing, WANT_LIST);
	if (!node->in_listing || !node->listed.stamp || !kind->list.page ||
			failure_stands(&listing->failures[WANT_LIST], asked))
		return reply_need(node, WANT_DESCRIBE);

	size_t pages = (listing->n_entries + (size_t)kind->list.page - 1) / (size_t)kind->list.page;
	size_t singles = listing->describes + (node->detail.stamp ? 0 : 1);
	return singles >= pages ? reply_need(listing, WANT_LIST) : reply_need(node, WANT_DESCRIBE);
}

/* The failure of the call that would refresh the resource. */
static const struct failure *refresh_failure(const struct node *node)
{
	return kind_has_describe(node->kind) ? &node->failures[WANT_DESCRIBE] :
		&node->parent->failures[WANT_LIST];
}

/* The entry that a list's item shows under the name, if the describe call's answer has it too. */
static bool list_item_has(struct tree *tree, struct node *node, uint32_t slot, const char *name)
{
	struct version *version = record_version(tree, node, &node->listed);
	uint32_t directory = version ? version_directory(version, slot) : UINT32_MAX;

	if (directory == UINT32_MAX)
		return false;
	uint32_t entry = name ? snapshot_find(version->snapshot, directory, name) : directory;
	return entry && version->snapshot->entries[entry].primed;
}

/* The last good answer, when a failed refresh allows it. */
static struct view view_stale(struct tree *tree, struct node *node, uint32_t slot, const char *name,
	struct asked asked)
{
	const struct failure *failure = refresh_failure(node);
	int64_t held_ms = left_ms(failure->until_ms, asked);
	bool listed = item_is_whole(node->kind) || (name && list_item_has(tree, node, slot, name));

	if (!fault_allows_stale(failure->fault))
		return view_none(reply_failed(failure->fault));
	if (is_young_enough(tree, node->detail.stamp, asked))
		return view_at(record_version(tree, node, &node->detail), held_ms);
	if (listed && is_young_enough(tree, node->listed.stamp, asked))
		return view_at(record_version(tree, node, &node->listed), held_ms);
	return view_none(reply_failed(failure->fault));
}

/*
 * `name`: the one entry of directory `slot` that is asked for, NULL when the directory is asked for whole.
 */
static struct view view_of(struct tree *tree, struct node *node, uint32_t slot, const char *name,
	struct asked asked)
{
	if (node->sort == NODE_ROOT)
		return view_at(node->detail.version, SKELETON_MS);
	if (record_is_fresh(&node->detail, asked)) {
		if (node->lru_next)
			node_use(tree, node);
		return view_at(node->detail.version, left_ms(node->detail.expires_ms, asked));
	}
	if (node->sort == NODE_TEXTS)
		return view_none(reply_need(node, WANT_TEXTS));
	if (record_is_fresh(&node->listed, asked) &&
			(item_is_whole(node->kind) || (name && list_item_has(tree, node, slot, name))))
		return view_at(record_version(tree, node, &node->listed),
			left_ms(node->listed.expires_ms, asked));
	if (failure_stands(refresh_failure(node), asked))
		return view_stale(tree, node, slot, name, asked);
	if (kind_has_describe(node->kind))
		return view_none(name && list_item_has(tree, node, slot, name) ?
			need_refresh(node, asked) : reply_need(node, WANT_DESCRIBE));
	if (!node->kind->list.name && !node->kind->list.path)
		return view_at(NULL, SKELETON_MS);
	if (node->kind->partial && !name)
		return view_at(NULL, 0); /* its list call rarely answers: not asked for what nobody named */
	if (node->listed.stamp || !listing_is_fresh(node->parent, asked))
		return view_none(reply_need(node->parent, WANT_LIST));
	/* the list was read and does not have it: there is nothing to show but what is inside */
	return view_at(NULL, left_ms(node->parent->list_expires_ms, asked));
}

/* ---- attributes ---- */

static struct attr directory_attr(uint64_t ino, int64_t mtime_s, uint64_t content)
{
	return (struct attr){ .ino = ino, .mode = S_IFDIR | 0555, .mtime_s = mtime_s,
		.mtime_ns = (uint32_t)(content % 1000000000) };
}

static struct attr skeleton_attr(const struct tree *tree, const struct node *node)
{
	return directory_attr(node->ino, tree->options.catalog->date_s, 0);
}

/* The directory's names changed, or the kernel has to be told that what it keeps of it is old. */
static struct attr listing_attr(const struct tree *tree, const struct node *listing)
{
	return directory_attr(listing->ino, tree->options.catalog->date_s, listing->epoch);
}

static struct attr resource_attr(const struct tree *tree, const struct node *node)
{
	const struct record *record = node_newest(node);

	if (!record)
		return skeleton_attr(tree, node);
	return directory_attr(node->ino, record->mtime_s, record->stable + node->bump);
}

static struct attr entry_attr(const struct version *version, uint32_t index)
{
	const struct snapshot_entry *entry = &version->snapshot->entries[index];
	struct attr attr = directory_attr(entry->ino, version->snapshot->mtime_s, entry->content);

	if (entry->directory)
		return attr;
	attr.mode = S_IFREG | (entry->secret ? 0400 : 0444);
	attr.size = entry->size;
	return attr;
}

static struct entry inner_entry(const struct version *version, uint32_t index, int64_t for_ms)
{
	struct entry entry = { .attr = entry_attr(version, index), .entry_ms = for_ms };

	if (version->snapshot->entries[index].directory) {
		uint32_t slot = version_slot(version, index);
		entry.id = slot ? id_pack(version->owner->object.serial, slot) : 0;
		entry.attr_ms = for_ms;
	} else {
		entry.id = id_pack(version->object.serial, index);
		entry.attr_ms = TREE_FOR_EVER;
	}
	return entry;
}

static struct entry listing_entry(const struct tree *tree, struct node *listing, struct asked asked)
{
	int64_t fresh_ms = 0;

	/* where ids are entered by name, what is shown changes at any time */
	if (!listing->kind->partial && listing_is_fresh(listing, asked))
		fresh_ms = left_ms(listing->list_expires_ms, asked);
	return (struct entry){ .id = id_pack(listing->object.serial, 0),
		.attr = listing_attr(tree, listing), .entry_ms = SKELETON_MS, .attr_ms = fresh_ms };
}

static struct entry resource_entry(const struct tree *tree, const struct node *node, int64_t for_ms,
	struct asked asked)
{
	const struct record *record = node_newest(node);
	int64_t attr_ms = record ? left_ms(record->expires_ms, asked) : for_ms;

	return (struct entry){ .id = id_pack(node->object.serial, 0),
		.attr = resource_attr(tree, node), .entry_ms = for_ms, .attr_ms = attr_ms };
}

/* ---- an id under a listing ---- */

/* How an id can be vouched for by a call; NULL: its form is all there is. */
static struct reply need_proof(struct node *node)
{
	if (kind_has_describe(node->kind))
		return reply_need(node, WANT_DESCRIBE);
	if (!node->kind->partial)
		return reply_need(node->parent, WANT_LIST);
	for (size_t i = 0; i < node->n_listings; i++)
		if (node->listings[i]->kind->list.name || node->listings[i]->kind->list.path)
			return reply_need(node->listings[i], WANT_LIST);
	return (struct reply){ .outcome = OUTCOME_FOUND };
}

/* How long what is known vouches for the resource; 0: not at all. */
static int64_t vouched_ms(const struct tree *tree, const struct node *node, struct asked asked)
{
	const struct node *listing = node->parent;
	int64_t ms = 0;

	if (record_is_fresh(&node->detail, asked))
		ms = left_ms(node->detail.expires_ms, asked) + 1;
	if (record_is_fresh(&node->listed, asked) && ms <= left_ms(node->listed.expires_ms, asked))
		ms = left_ms(node->listed.expires_ms, asked) + 1;
	if (node_is_listed(node) && node->in_listing && ms <= listing_left_ms(listing, asked))
		ms = listing_left_ms(listing, asked) + (listing_stands(tree, listing, asked) ? 1 : 0);
	return ms;
}

/* What a failed proof leaves: the last good answer, or the failure. */
static struct reply unproven(struct tree *tree, struct node *node, const struct failure *failure,
	struct asked asked)
{
	const struct record *record = node_newest(node);
	const struct stamp *stamp = record ? record->stamp :
		node->in_listing ? node->parent->list_stamp : NULL;

	if (failure->fault == FAULT_NOT_FOUND)
		return reply_absent(left_ms(failure->until_ms, asked));
	if (!fault_allows_stale(failure->fault) || !is_young_enough(tree, stamp, asked))
		return reply_failed(failure->fault);
	return reply_found(resource_entry(tree, node, left_ms(failure->until_ms, asked), asked));
}

static struct reply prove(struct tree *tree, struct node *node, struct asked asked)
{
	struct reply need = need_proof(node);

	if (need.outcome == OUTCOME_FOUND) {
		node_enter(tree, node);
		return reply_found(resource_entry(tree, node, SKELETON_MS, asked));
	}
	const struct failure *failure = &need.node->failures[need.want];
	if (failure_stands(failure, asked))
		return unproven(tree, node, failure, asked);
	if (need.want == WANT_LIST && listing_is_fresh(need.node, asked)) {
		if (need.node == node->parent) /* a whole list, and it is not there */
			return reply_absent(at_most(miss_ms(tree, node->kind),
				left_ms(need.node->list_expires_ms, asked)));
		node_enter(tree, node); /* what is inside it could be listed */
		return reply_found(resource_entry(tree, node,
			left_ms(need.node->list_expires_ms, asked), asked));
	}
	return need.want == WANT_DESCRIBE ? need_refresh(node, asked) : need;
}

static struct reply lookup_resource(struct tree *tree, struct node *listing, const char *name,
	struct asked asked)
{
	struct node *node = node_find(tree, listing, name);

	if (!node) {
		struct buf id;
		buf_init(&id, NAME_BYTES_MAX);
		if (!name_is_probe(name) && name_unescape(&id, name) && kind_accepts_id(listing->kind, id.data))
			node = node_add_resource(tree, listing, name, id.data);
		buf_release(&id);
		if (!node)
			return reply_absent(miss_ms(tree, listing->kind));
	}
	if (node->missing && (node->missing_ms > asked.now_ms || node->missing_at_ms >= asked.since_ms))
		return reply_absent(left_ms(node->missing_ms, asked));
	int64_t ms = vouched_ms(tree, node, asked);
	if (ms)
		return reply_found(resource_entry(tree, node, ms - 1, asked));
	return prove(tree, node, asked);
}

/* ---- the three questions ---- */

static struct node *find_listing(const struct node *node, const char *name)
{
	for (size_t i = 0; i < node->n_listings; i++)
		if (!strcmp(node->listings[i]->name, name))
			return node->listings[i];
	return NULL;
}

/* A name that no member can have, so that looking for it costs nothing. */
static bool cannot_be_member(const struct tree *tree, const struct node *node, uint32_t slot,
	const char *name)
{
	if (name_is_probe(name))
		return true;
	if (slot || tree->options.api_names || node->sort != NODE_RESOURCE)
		return false;
	for (size_t i = 0; i < node->kind->n_renames; i++)
		if (!strcmp(node->kind->renames[i].name, name))
			return false;
	for (; *name; name++) { /* member names are snake_case; %XX is an escaped byte */
		if (*name == '%' && name[1] && name[2])
			name += 2;
		else if (*name >= 'A' && *name <= 'Z')
			return true;
	}
	return false;
}

static struct reply lookup_inner(struct tree *tree, struct node *node, uint32_t slot, const char *name,
	struct asked asked)
{
	struct node *listing = slot ? NULL : find_listing(node, name);

	if (listing)
		return reply_found(listing_entry(tree, listing, asked));
	if (node->sort == NODE_ROOT && !slot && !strcmp(name, tree->texts->name))
		return reply_found((struct entry){ .id = id_pack(tree->texts->object.serial, 0),
			.attr = skeleton_attr(tree, tree->texts), .entry_ms = SKELETON_MS });
	if (cannot_be_member(tree, node, slot, name))
		return reply_absent(SKELETON_MS);

	struct view view = view_of(tree, node, slot, name, asked);
	if (!view.found)
		return view.reply;
	uint32_t directory = view.version ? version_directory(view.version, slot) : UINT32_MAX;
	uint32_t entry = directory == UINT32_MAX ? 0 :
		snapshot_find(view.version->snapshot, directory, name);
	if (!entry)
		return reply_absent(node->kind ? at_most(view.left_ms, miss_ms(tree, node->kind)) :
			view.left_ms);
	return reply_found(inner_entry(view.version, entry, view.left_ms));
}

struct reply tree_lookup(struct tree *tree, uint64_t parent, const char *name, struct asked asked)
{
	uint32_t index;
	struct object *object = tree_object(tree, parent, &index);

	if (!object || object->is_version)
		return reply_failed(FAULT_NOT_FOUND);
	struct node *node = (struct node *)object;
	if (node->sort == NODE_LISTING)
		return lookup_resource(tree, node, name, asked);
	return lookup_inner(tree, node, index, name, asked);
}

/* A resource's own directory: any fresh answer dates it. */
static struct reply attr_of_resource(struct tree *tree, struct node *node, struct asked asked)
{
	if (node->sort != NODE_RESOURCE) {
		struct attr attr = skeleton_attr(tree, node);
		bool root = node->sort == NODE_ROOT;
		if (node->detail.stamp && !root)
			attr.mtime_ns = (uint32_t)(node->detail.content % 1000000000);
		return reply_found((struct entry){ .attr = attr, .attr_ms = root ? SKELETON_MS : 0 });
	}
	if (node->missing && node->missing_ms > asked.now_ms)
		return reply_failed(FAULT_NOT_FOUND);
	if (record_is_fresh(&node->listed, asked) || record_is_fresh(&node->detail, asked))
		return reply_found(resource_entry(tree, node, 0, asked));
	if (!kind_has_describe(node->kind) && node->kind->partial)
		return reply_found(resource_entry(tree, node, 0, asked));
	struct view view = view_of(tree, node, 0, NULL, asked);
	if (!view.found)
		return view.reply.outcome == OUTCOME_NEED ? need_refresh(node, asked) : view.reply;
	struct entry entry = resource_entry(tree, node, 0, asked);
	entry.attr_ms = view.left_ms;
	return reply_found(entry);
}

static struct reply attr_of_inner(struct tree *tree, struct node *node, uint32_t slot,
	struct asked asked)
{
	struct view view = view_of(tree, node, slot, NULL, asked);

	if (!view.found)
		return view.reply;
	uint32_t entry = view.version ? version_directory(view.version, slot) : UINT32_MAX;
	if (entry == UINT32_MAX || !entry)
		return reply_failed(FAULT_NOT_FOUND);
	return reply_found(inner_entry(view.version, entry, view.left_ms));
}

struct reply tree_attr(struct tree *tree, uint64_t id, struct asked asked)
{
	uint32_t index;
	struct object *object = tree_object(tree, id, &index);

	if (!object)
		return reply_failed(FAULT_NOT_FOUND);
	if (object->is_version)
		return reply_found(inner_entry((struct version *)object, index, 0));
	struct node *node = (struct node *)object;
	if (node->sort != NODE_LISTING)
		return index ? attr_of_inner(tree, node, index, asked) : attr_of_resource(tree, node, asked);

	/*
	 * Never waits, so that everything at the root answers while a cloud is dead.  Instead the kernel is
	 * told by another mtime that the names that it keeps are old; the READDIR that follows waits.
	 */
	if (node->list_stamp && !node->expiry_shown && !listing_is_fresh(node, asked)) {
		node->expiry_shown = true;
		node->epoch++;
	}
	return reply_found(listing_entry(tree, node, asked));
}

static struct reply open_listing(struct tree *tree, struct node *listing, struct asked asked)
{
	const struct failure *failure = &listing->failures[WANT_LIST];

	if (listing_is_fresh(listing, asked))
		return reply_found((struct entry){ 0 });
	if (!failure_stands(failure, asked))
		return reply_need(listing, WANT_LIST);
	if (listing_is_stale(tree, listing, asked))
		return reply_found((struct entry){ 0 });
	return reply_failed(failure->fault);
}

struct reply tree_open(struct tree *tree, uint64_t id, struct asked asked)
{
	uint32_t index;
	struct object *object = tree_object(tree, id, &index);

	if (!object || object->is_version)
		return reply_failed(FAULT_NOT_FOUND);
	struct node *node = (struct node *)object;
	if (node->sort == NODE_LISTING)
		return open_listing(tree, node, asked);
	struct view view = view_of(tree, node, index, NULL, asked);
	if (!view.found)
		return view.reply;
	if (index && (!view.version || version_directory(view.version, index) == UINT32_MAX))
		return reply_failed(FAULT_NOT_FOUND);
	return reply_found((struct entry){ 0 });
}

/* ---- going through a directory ---- */

static bool next_resource(const struct tree *tree, const struct node *listing, uint64_t *cookie,
	const char **name, struct entry *entry, struct asked asked)
{
	size_t low = 0, high = listing->n_entries;

	while (low < high) { /* the first one past the cookie */
		size_t middle = low + (high - low) / 2;
		if (listing->entries[middle]->seq <= *cookie)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == listing->n_entries)
		return false;
	const struct node *node = listing->entries[low];
	*cookie = node->seq;
	*name = node->name;
	*entry = resource_entry(tree, node, listing_left_ms(listing, asked), asked);
	if (node->missing || (!node->listed.stamp && kind_has_describe(node->kind)))
		entry->id = 0; /* let a lookup decide */
	return true;
}

/* The version that a cookie was made of, while it lives; else the one that is current now. */
static struct version *cookie_version(const struct tree *tree, uint64_t cookie, struct node *node,
	struct version *current)
{
	uint32_t index;
	struct object *object = tree_object(tree, cookie + TREE_ROOT, &index);

	if (object && object->is_version && ((struct version *)object)->owner == node)
		return (struct version *)object;
	return current;
}

/* Cookies: 1.. for the listings inside, then (version, entry) packed like an id. */
static bool next_inner(struct tree *tree, struct node *node, uint32_t slot, uint64_t *cookie,
	const char **name, struct entry *entry, struct asked asked)
{
	size_t n_listings = slot ? 0 : node->n_listings;

	if (*cookie < n_listings) {
		struct node *listing = node->listings[(*cookie)++];
		*name = listing->name;
		*entry = listing_entry(tree, listing, asked);
		return true;
	}
	struct view view = view_of(tree, node, slot, NULL, asked);
	uint32_t after = *cookie > ID_INDEX_MASK ? (uint32_t)(*cookie & ID_INDEX_MASK) : 0;
	struct version *version = view.found ? view.version : NULL;
	if (after)
		version = cookie_version(tree, *cookie, node, version);
	uint32_t directory = version ? version_directory(version, slot) : UINT32_MAX;
	if (directory == UINT32_MAX)
		return false;
	const struct snapshot_entry *top = &version->snapshot->entries[directory];
	uint32_t next = after < top->first ? top->first : after + 1;
	if (next >= top->first + top->count)
		return false;
	*cookie = version->object.serial << ID_INDEX_BITS | next;
	*name = snapshot_name(version->snapshot, next);
	*entry = inner_entry(version, next, version->current && view.found ? view.left_ms : 0);
	return true;
}

bool tree_next(struct tree *tree, uint64_t id, uint64_t *cookie, const char **name,
	struct entry *entry, struct asked asked)
{
	uint32_t index;
	struct object *object = tree_object(tree, id, &index);

	if (!object || object->is_version)
		return false;
	struct node *node = (struct node *)object;
	if (node->sort == NODE_LISTING)
		return next_resource(tree, node, cookie, name, entry, asked);
	return next_inner(tree, node, index, cookie, name, entry, asked);
}

const char *tree_read(const struct tree *tree, uint64_t id, size_t *size)
{
	uint32_t index;
	struct object *object = tree_object(tree, id, &index);

	if (!object || !object->is_version)
		return NULL;
	const struct snapshot *snapshot = ((struct version *)object)->snapshot;
	if (index >= snapshot->n_entries || snapshot->entries[index].directory)
		return NULL;
	return snapshot_bytes(snapshot, index, size);
}
