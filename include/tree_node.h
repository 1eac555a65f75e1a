/*
 * tree_node.h - the inside of the tree, for tree*.c only.
 *
 * Two sorts of objects have a serial number, and a node id is (serial, index) packed:
 *
 *     struct node      index 0: the directory itself; index n: the n-th directory inside its answers
 *                      ("image_info"), by n's path hash in `slots`, the same n whatever version is current
 *     struct version   index n: the file that is entry n of its snapshot
 *
 * A record is what one way of asking (list or describe) said last, and until when it stands.
 *
 * Layer 3.
 */
#ifndef DESCRIBEFS_TREE_NODE_H
#define DESCRIBEFS_TREE_NODE_H

#include "map.h"
#include "snapshot.h"
#include "tree.h"

enum {
	ID_INDEX_BITS = 18, /* > JSON_VALUES_MAX */
	ID_INDEX_MASK = (1 << ID_INDEX_BITS) - 1,
	LOOSE_MAX = 4096, /* resources kept that nothing lists and nobody holds */
	SCAN_RUN = 3, /* resources in a row that make a scan */
	SCAN_AHEAD_MAX = 32,
	OUTAGE_MS = 2000, /* long enough for the rest of one path walk, short enough to notice the end */
	ENTERED_MAX = 1000 /* ids that a listing shows because somebody entered them */
};

struct object {
	uint64_t serial;
	bool is_version;
	uint64_t held; /* by the kernel, over all indexes */
};

/* Shared by all records of one answer. */
struct stamp {
	unsigned refs;
	int64_t received_ms, received_s, sent_ms;
	const char *action;
	char request_id[72];
};

struct version {
	struct object object;
	struct node *owner;
	struct snapshot *snapshot;
	struct stamp *stamp; /* the newest answer that said so */
	int64_t expires_ms;
	bool current; /* a record of its owner points here */
	int64_t *changed_s; /* by entry: when it was seen to change, 0: never; NULL: nothing was */
	uint32_t *slots; /* by entry: the owner's slot of a directory, 0 for a file */
	uint32_t *directories; /* the entries that have a slot, by slot */
	uint32_t n_directories;
};

struct record {
	struct version *version; /* NULL while not rendered, or when there is nothing */
	char *text; /* the object's JSON, kept instead of a version that nobody asked for */
	size_t text_len;
	struct stamp *stamp; /* NULL: nothing is known */
	int64_t expires_ms;
	int64_t mtime_s;
	uint64_t stable;
};

struct failure {
	enum fault fault; /* FAULT_NONE: none */
	int64_t at_ms, until_ms;
};

enum node_sort { NODE_ROOT, NODE_LISTING, NODE_RESOURCE, NODE_TEXTS };

struct node {
	struct object object;
	enum node_sort sort;
	struct node *parent; /* NULL for the root */
	char *name; /* escaped; "" for the root */
	const struct kind *kind; /* NULL for the root and .describefs */
	uint64_t ino;
	unsigned pins; /* calls under way, and pinned ids */
	unsigned n_versions; /* alive, current or held by the kernel */
	void *flights[3]; /* by enum want */
	struct failure failures[3]; /* by enum want */

	/* the root and a resource: the listings inside it; then what is known of it */
	struct node **listings;
	size_t n_listings;
	struct record detail, listed;
	bool looked; /* somebody looked into an item of its list: what changes in one is worth noting */
	bool asked_single; /* described next for what the list says too */
	uint64_t single_round; /* the list since which that was counted in its describes; 0: not */
	uint64_t bump; /* goes into the mtime when the detail changed and nothing that the list shows did */
	uint64_t told_content, told_stable; /* of the last description; 0: none */
	uint64_t *slots; /* path hashes of the directories inside, in order of first appearance */
	uint32_t n_slots;

	/* a resource in its listing */
	char *id; /* raw */
	uint64_t seq; /* its place in the listing, never used again; 0: not shown */
	uint64_t round; /* the last list, whole or under way, that held it */
	bool in_listing; /* the last whole list (or a pin, or a visit) shows it */
	bool entered, pinned;
	bool missing; /* the API said so; until missing_ms */
	int64_t missing_ms, missing_at_ms;
	bool ending; /* being freed: nothing settles it any more */
	bool counted; /* in its listing's n_held */
	struct node *below_next, *below_prev; /* all resources of its listing, shown or not */
	struct node *loose_next, *loose_prev; /* ring of those that only memory keeps */
	struct node *lru_next, *lru_prev; /* ring of those with a detail, oldest use first */

	/* a listing */
	struct node *first_below; /* all its resources */
	size_t n_held; /* those that the kernel or a call needs */
	struct node **entries; /* those that are shown, by seq */
	size_t n_entries, room_entries, n_entered;
	uint64_t next_seq, round_now; /* the round of the list under way, or of the last one */
	struct node **draft; /* new to the list under way, each pinned */
	size_t n_draft, room_draft, n_seen; /* n_seen: of the list under way, old and new */
	struct stamp *list_stamp, *page_stamp; /* of the last whole list; of the last page */
	int64_t list_expires_ms;
	bool complete;
	bool expiry_shown; /* the kernel was told that what it keeps of the listing is old */
	uint64_t epoch; /* goes into the mtime: counts what makes the names that the kernel keeps old */
	uint64_t scan_seq; /* whose describe call's answer was wanted last */
	unsigned scan_run; /* how many in a row were wanted in the listing's order */
	unsigned describes; /* since the last list, of what it would have said too */
};

struct tree {
	struct tree_options options;
	struct node *root, *texts;
	struct map objects; /* by serial */
	struct map names; /* resources by (listing, name) */
	struct node *scanned; /* the listing that somebody goes through now; NULL: nobody does */
	struct failure outage; /* the network failed just now: what has a last good answer does not try */
	uint64_t next_serial;
	struct node loose, lru; /* ring heads */
	size_t n_loose, memory, n_nodes, n_versions;
	struct buf item; /* the list's item at hand, as JSON */
};

/* tree.c: ids, nodes and their ends */
void object_register(struct tree *tree, struct object *object);
void object_unregister(struct tree *tree, struct object *object);
uint64_t id_pack(uint64_t serial, uint32_t index);
struct object *tree_object(const struct tree *tree, uint64_t id, uint32_t *index);
struct node *node_find(const struct tree *tree, const struct node *listing, const char *name);
struct node *node_add_resource(struct tree *tree, struct node *listing, const char *name,
	const char *id);
/* After anything that may end it: leaves it, or puts it among the loose ones, whose oldest it may free. */
void node_settle(struct tree *tree, struct node *node);
int64_t tree_ttl_s(const struct tree *tree, int64_t of_catalog);
int64_t node_ttl_ms(const struct tree *tree, const struct node *node, bool terminal); /* of a resource */

void node_leave_lru(struct node *node);
void node_use(struct tree *tree, struct node *node); /* now the most recently used */

/* tree_record.c: versions and records */
struct stamp *stamp_new(const struct source_note *note);
struct stamp *stamp_get(struct stamp *stamp);
void stamp_put(struct stamp *stamp);
void version_settle(struct tree *tree, struct version *version); /* frees it when nobody needs it */
bool version_is_held(const struct version *version); /* NULL is not */
void version_free_orphans(struct tree *tree); /* those that are nobody's record and not held */
/* The directory entry of `slot` (0: the top) as this version has it; UINT32_MAX: it has none. */
uint32_t version_directory(const struct version *version, uint32_t slot);
uint32_t version_slot(const struct version *version, uint32_t entry); /* the inverse */
void version_path(const struct version *version, uint32_t entry, struct buf *out);
void version_slot_path(const struct node *node, uint32_t slot, struct buf *out);
void record_drop(struct tree *tree, struct record *record);
/* tree_change.c: notes what changed since the version that this one replaces. */
void version_compare(struct version *version, const struct version *before);
/* Takes the snapshot; an unchanged one only renews what is there. True: it changed (or is the first). */
bool record_set(struct tree *tree, struct node *node, struct record *record,
	struct snapshot *snapshot, struct stamp *stamp, int64_t expires_ms);
/* A list's item: its text is kept (copied) until somebody looks into it. */
void node_set_item(struct tree *tree, struct node *node, const struct json *item, const struct buf *text,
	struct stamp *stamp);
/* The version, rendered now if only the text was kept; NULL if there is nothing. */
struct version *record_version(struct tree *tree, struct node *node, struct record *record);
bool record_is_fresh(const struct record *record, struct asked asked);
const struct record *node_newest(const struct node *node); /* NULL: nothing is known */
enum fault node_render(struct tree *tree, struct node *node, const struct json *object, bool from_list,
	int64_t now_s, struct snapshot **out);
void tree_shrink(struct tree *tree); /* back under max_memory */

/* tree_view.c: which answer */
enum { SKELETON_MS = 3600 * 1000 }; /* what the catalog made never changes while mounted */

struct view {
	struct version *version; /* NULL: there is no object to look into */
	int64_t left_ms; /* for how long the kernel may rely on it */
	bool found;
	struct reply reply; /* when not found: NEED or FAILED */
};

/*
 * Picks the answer of a resource (or the root, or .describefs) to look into.  `name`: the one entry
 * of directory `slot` that is asked for, NULL when the directory is asked for whole.
 */
struct view view_of(struct tree *tree, struct node *node, uint32_t slot, const char *name,
	struct asked asked);
struct reply need_refresh(struct node *node, struct asked asked);
int64_t left_ms(int64_t until_ms, struct asked asked); /* 0 when it is over */
bool kind_has_list(const struct kind *kind); /* a call, or at least a harvest */
bool kind_has_describe(const struct kind *kind);
bool listing_is_fresh(const struct node *listing, struct asked asked);
/* A failed refresh left the last whole listing standing, for a while. */
bool listing_is_stale(const struct tree *tree, const struct node *listing, struct asked asked);
bool listing_stands(const struct tree *tree, const struct node *listing, struct asked asked);
int64_t listing_left_ms(const struct tree *tree, const struct node *listing, struct asked asked);
bool stamp_is_young(const struct tree *tree, const struct stamp *stamp, struct asked asked); /* < stale_s */
bool failure_stands(const struct failure *failure, struct asked asked);
bool outage_stands(const struct tree *tree, struct asked asked);

/* tree_ahead.c: more of the resource was wanted than a list says */
void scan_note(struct tree *tree, struct node *node, struct asked asked);

/* tree_ask.c */
int64_t miss_ms(const struct tree *tree, const struct kind *kind); /* how long a miss stands */

/* tree_entry.c: ids and attributes */
struct attr skeleton_attr(const struct tree *tree, const struct node *node);
struct entry inner_entry(const struct version *version, uint32_t index, int64_t for_ms);
struct entry listing_entry(const struct tree *tree, struct node *listing, struct asked asked);
struct entry resource_entry(const struct tree *tree, const struct node *node, int64_t for_ms,
	struct asked asked);

/* tree_fill.c */
void node_show(struct node *listing, struct node *resource); /* appends it to the listing */
void node_enter(struct tree *tree, struct node *resource); /* somebody was there */

#endif
