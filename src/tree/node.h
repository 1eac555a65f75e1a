/*
 * node.h - the types of the cached data.
 *
 * Two types of inodes have a serial number, and a node id is (serial, index) packed:
 *
 *     struct node      index 0: the directory itself. Index n: the n-th directory that was seen inside its
 *                      answers ("image_info"). `subdir_index` finds it by the hash of its path, and n is the
 *                      same in every version. The highest indexes: .wait, .events, and links to it, one for
 *                      each view.
 *     struct version   index n: the file that is entry n of its snapshot
 *
 * Every directory begins with a struct node: a resource, a listing, or a directory of a view. A record is the
 * last answer of one kind of call, list or describe, and the time until which it is fresh.
 */
#ifndef DESCRIBEFS_TREE_NODE_H
#define DESCRIBEFS_TREE_NODE_H

#include <assert.h>

#include "base/list.h"
#include "base/map.h"
#include "json/cursor.h"
#include "render/snapshot.h"
#include "tree/tree.h"

enum {
	ID_INDEX_BITS = 18, /* > JSON_VALUES_MAX */
	ID_INDEX_MASK = (1 << ID_INDEX_BITS) - 1,
	ID_SERIAL_BITS = 40, /* above them is the tree's number */
	UNLISTED_MAX = 4096, /* resources kept without a listing and without a reference */
	SKELETON_MS = 3600 * 1000, /* what comes from the catalog never changes while mounted */
	SCAN_RUN = 3, /* resources in a row that make a scan */
	SCAN_AHEAD_FIRST = 4, /* resources fetched ahead when a scan was just seen */
	SCAN_AHEAD_MAX = 32,
	OUTAGE_MS = 2000, /* long enough for the rest of one path walk, short enough to notice the end */
	ENTERED_MAX = 1000, /* ids that a listing shows because a user entered them */
	OTHERS_MAX = 8192, /* resources that only users asked for who did not mount the tree */
	FOLLOWS_MAX = 4096, /* .events that are kept for the user who mounted the tree */
	FOLLOWS_OTHERS_MAX = 256, /* and for other users */
	TABLES_MAX = 8, /* versions of a listing's .table.tsv that are open at once */
	TABLES_OTHERS_MAX = 4, /* the same, if another user asks for one more */
	EVENTS_BYTES_MAX = 64 << 10, /* of the lines of one .events */
	EVENT_VALUE_MAX = 256, /* bytes of a value in such a line */
	COMPARED_BYTES_MAX = 256 << 10, /* of an answer that is rendered again to be compared */
	/* the two highest indexes of a resource: it never has so many directories */
	INDEX_WAIT = ID_INDEX_MASK,
	INDEX_EVENTS = ID_INDEX_MASK - 1,
	UNREFERENCED_VIEWS_MAX = 64, /* directories of views kept without a reference */
	VIEW_MARKS_MAX = 1024, /* directories that were freed, whose mtimes are kept */
	INDEX_BYTES_MAX = 512 << 20, /* of each of an index's three parts */
	TABLE_BYTES_MAX = 32 << 20 /* of a .table.tsv */
};

struct inode {
	uint64_t serial : 62, is_version : 1;
	uint64_t idle : 1; /* its serial is on the tree's idle list */
	uint64_t nlookup; /* references that the kernel holds, over all indexes */
};

/*
 * One reading of a list, which all its pages share. Items that came with it stay fresh while it is under way,
 * and for some time after that (reading.c).
 */
struct reading {
	unsigned refs;
	unsigned n_open; /* fetches that read it now */
	size_t n_pages; /* that came */
	int64_t begun_ms, ended_ms;
	int64_t sent_ms; /* of the first page */
	int64_t ttl_ms; /* of a live item; 0: no item outlives its own question */
	int64_t passed_ms; /* when a reader went on to another item */
	uint64_t passed; /* the serial of that item's resource */
	int64_t affordable_wait_ms; /* how long a reader waits for the list to be read again */
};

/* Where an answer comes from. All records of one answer share it. */
struct provenance {
	unsigned refs;
	int64_t received_ms, received_s, sent_ms;
	const char *action;
	struct reading *reading; /* of the list that the answer is a page of; NULL: none */
	size_t rendered; /* bytes of a page's items that were rendered as it came */
	char request_id[72];
};

/* A resource's JSON, shared by a record and the version that was rendered from it. */
struct text {
	unsigned refs;
	uint32_t len;
	char bytes[];
};

struct version {
	struct inode inode;
	struct resource *owner;
	struct snapshot *snapshot; /* NULL: folded, and rendered again from the text at the next read */
	struct text *text; /* NULL: not from an answer, or too big to keep: never folded */
	int64_t rendered_s; /* the time that it was rendered for */
	uint64_t content; /* the snapshot's */
	uint32_t n_entries;
	bool from_list;
	struct provenance *provenance; /* of the newest answer with this content */
	int64_t expires_ms;
	int64_t *changed_s; /* by entry: when it was seen to change, 0: never; NULL: no entry was */
	uint32_t *directories; /* three arrays of n: entries, ascending; their slots; order by slot */
	uint32_t n_directories;
	bool current; /* a record of its owner points here */
	bool in_rendered; /* counted in n_rendered */
	struct list lru; /* in one of the two lists of struct version_lru, or in none */
};

struct record {
	struct version *version; /* NULL: not rendered, or no answer */
	struct text *text; /* a list's item, from which its version is made at the first read */
	struct provenance *provenance; /* NULL: no answer */
	int64_t expires_ms;
	int64_t mtime_s;
	uint64_t stable;
	bool terminal; /* the status is one that does not change by itself */
	bool bounded; /* it is fresh until expires_ms and no longer, even if its reading goes on */
	bool grace_used; /* a reader looked into it after it expired, and it got one more TTL (reading.c) */
};

struct failure {
	enum error error; /* ERR_NONE: none */
	int64_t at_ms, until_ms;
};

/* What a resource has once a call about it failed. */
struct failures {
	struct failure failure;
	struct failure given_up; /* a reader gave up waiting: applies to later queries alone */
	int64_t missing_at_ms, missing_ms; /* the API answered "not found"; fresh until missing_ms */
};

/* The log of a .events file that a reader follows. */
struct follow {
	struct resource *resource;
	struct list link; /* in struct follows */
	bool by_other; /* no user who mounted the tree asked for it */
	struct text *last; /* the last answer; NULL: none came yet */
	bool from_list, gone;
	struct buf lines;
	int64_t changed_s; /* of the last line; 0: there is none */
	uint64_t n_appended;
};

/* What a resource, the root or .describefs has once it was described or a reader looked into it. */
struct detail {
	struct record described;
	uint64_t single_round; /* the round in which a describe call of it was counted; 0: none */
	/* added to the mtime's nanoseconds when only members changed that the list's item does not have */
	uint64_t mtime_salt;
	uint64_t kernel_content, kernel_stable; /* of the last description; 0: none */
	uint64_t *subdir_index; /* path hashes of the directories inside, in order of first appearance */
	uint32_t n_subdirs;
	unsigned n_versions; /* current, or held by the kernel */
	struct follow *follow; /* NULL: no reader follows */
	int64_t others_refresh_ms; /* when a user who did not mount the tree had it refreshed; 0: never */
};

/* What the mtime of a view's directory is made of, kept after the directory is freed. */
struct view_mark {
	uint64_t ino, mtime_generation, content;
};

/* What the kernel may have cached of a directory's names (kernel_listing.c). */
struct kernel_listing {
	uint32_t mtime_begun; /* the mtime that the kernel had seen when it began to collect */
	uint32_t mtime_seen; /* the mtime that the kernel saw last */
	bool begun; /* the kernel may have collected a part, or all */
	bool whole; /* it may have collected all, and serves it to every reader */
};

enum node_sort { NODE_ROOT, NODE_LISTING, NODE_RESOURCE, NODE_TEXTS, NODE_VIEW };

/* A resource's links have these indexes, above those of all directories. */
enum { ID_LINK = INDEX_EVENTS - VIEW_SORTS };

/*
 * What every directory of the tree has: the first member of each of the types below. `sort` says which type a
 * node is a part of; as_resource, as_listing and as_view lead from the node to it.
 */
struct node {
	struct inode inode;
	struct node *parent; /* NULL for the root */
	const struct kind *kind; /* NULL for the root and .describefs */
	char *name; /* escaped; "" for the root. Behind the struct, in the same allocation */
	char *id; /* raw: a resource's id, a view's status, key or value; NULL. There too */
	uint64_t ino;
	unsigned pins; /* calls under way, and filtered answers that contain it */
	unsigned char sort; /* enum node_sort */
};

/*
 * A resource's position in its listing. seq != 0 exactly while the resource is among the listing's members,
 * which are sorted by seq; a seq is never used again. Written by listing.c alone.
 */
struct membership {
	uint64_t seq;
	uint32_t round; /* the last reading that met it */
	uint32_t round_shown; /* the reading whose end makes the listing show it */
};

/*
 * A resource. The root, .describefs and the directory of a .table.tsv are of this type too, without a kind
 * and without a membership. A listing may have a hundred thousand resources of which the kernel never sees
 * more than the name. So what few of them have (detail, failures, listings) is allocated when it is needed.
 */
struct resource {
	struct node node;
	struct detail *detail; /* NULL: not described, and no reader looked into it */
	struct failures *failures; /* NULL: no call about it failed */
	struct record cached; /* the list's item */
	struct listing **listings; /* inside it; made when a reader looks for them */
	struct membership membership;
	uint32_t n_listings;
	bool entered : 1, pinned : 1; /* its listing shows it although no list call returns it */
	bool missing : 1; /* the API answered "not found"; failures != NULL */
	bool asked_single : 1; /* the next describe call is for a member that the list's item has too */
	bool rendered_once : 1; /* a reader looked into the list's item: later items are compared with it */
	bool counted_in_parent : 1; /* in its listing's n_held */
	bool item_superseded : 1; /* the list's item is older than a description that was evicted */
	bool by_others_only : 1; /* in n_others: no user who mounted the tree asked for it */
	bool moved : 1; /* in struct moved */
	bool must_revalidate : 1; /* a user refreshed it: its listing does not prove that it exists */
	struct list below; /* in its listing's list of the same name */
	struct list unlisted; /* in the tree's struct unlisted, or in none */
};

/* The resources that a listing shows, sorted by seq: the position is found by a binary search. */
struct members {
	struct resource **v;
	size_t n, room, n_entered;
	uint64_t next_seq;
	uint64_t changes; /* counted by listing_note_change alone */
};

/* The reading of a listing that is under way. round_ended < round_now until that reading is complete. */
struct list_pass {
	uint32_t round_now; /* the round of the reading under way, or of the last one */
	uint32_t round_ended; /* the last round that was read completely */
	unsigned n_readings, n_shown; /* in this round: readings; those that READDIR may follow */
	size_t n_added; /* resources added since the last complete reading */
	struct reading *reading; /* NULL: none is under way */
	struct provenance *page_provenance; /* of the last page */
};

/* The result of the last complete reading; provenance == NULL: there was none, or it was dropped. */
struct list_state {
	struct provenance *provenance;
	int64_t expires_ms, whole_ms, newest_s; /* newest_s: the latest change */
	uint64_t epoch; /* in the mtime: counts how often its names changed */
	bool complete;
	struct failure failures[2]; /* of FETCH_LIST, of FETCH_WHOLE */
};

/* Decides whether to read the list again or to describe its resources one by one. */
struct list_cost {
	size_t price; /* calls that reading it again takes */
	unsigned describes; /* describe calls since the last list that it would have replaced */
	bool affordable; /* a reader of one resource can wait for it to be read again */
};

/* A reader that scans the listing (scan.c). */
struct readahead {
	unsigned run; /* resources in a row that were needed in the listing's order */
	uint64_t seq; /* of the resource whose description was needed last */
};

struct listing {
	struct node node;
	struct members members;
	struct list_pass pass;
	struct list_state state;
	struct list_cost cost;
	struct readahead readahead;
	struct list below; /* all its resources, whether it shows them or not */
	struct kernel_listing kernel_listing;
	unsigned n_held; /* how many of its resources the kernel or a call needs */
	struct derived *derived; /* NULL: no view and no table of it was read */
	int64_t others_refresh_ms; /* as in struct detail */
};

/* A directory of a view. Its content is computed again when `content_changes` is not the current count. */
struct view_dir {
	struct node node;
	struct listing *of; /* the listing whose resources it shows; NULL: the view's top */
	struct list children; /* "by-status/training": made when looked up */
	struct list sibling; /* in the children of the directory above; the top: in none */
	struct list unreferenced; /* in struct view_store, or in none */
	struct filtered *filtered; /* NULL: the cloud cannot filter so */
	uint64_t mtime_generation; /* in the mtime: counts how often its names changed */
	uint64_t content; /* hash of its names, when the changes were content_changes */
	uint64_t content_changes;
	struct kernel_listing kernel_listing;
	bool read; /* content is valid */
	unsigned char view_sort; /* enum view_sort */
	unsigned char depth; /* 0: the top */
};

/* Every inode by its serial. Written by ids.c alone; tree_collect empties the idle list. */
struct inode_table {
	struct map by_serial;
	uint64_t next_serial; /* greater than every serial that was ever used */
	size_t n_nodes, n_versions;
	struct ids idle; /* serials of inodes that may not be needed any more */
};

/*
 * The resources that no listing shows and nothing refers to, the one first that has been so for longest
 * (LRU). Written by resource.c alone.
 */
struct unlisted {
	struct list lru;
	size_t n;
	size_t n_others; /* of all resources: those that only users asked for who did not mount the tree */
};

/*
 * Two LRU lists of versions, the least recently used first. A version is in one of them at most, and without
 * a snapshot never in `rendered`. One in `folded` has a snapshot only if it has no text to be rendered from
 * again; its next use moves it to `rendered`. Written by lru.c alone.
 */
struct version_lru {
	struct list rendered; /* can be folded to their text */
	struct list folded; /* can be freed */
	size_t n_rendered;
};

/* The directories of the views. directory.c writes them, filter.c the filtered answers, index.c `indexed`. */
struct view_store {
	struct view_dir *tops[VIEW_SORTS]; /* NULL: no kind has this view */
	struct list unreferenced; /* directories that nothing refers to, the least recently used first */
	size_t n_unreferenced;
	struct list filtered_lists; /* all struct filtered */
	struct view_mark *marks; /* each at ino % VIEW_MARKS_MAX; NULL: none was freed yet */
	const struct listing *indexed; /* the listing whose index was used last */
};

/* The .events that are kept, the least recently asked for first. Written by change_log.c alone. */
struct follows {
	struct list lru;
	size_t n, n_others; /* in all; of users who did not mount the tree */
};

/*
 * Directories whose attributes the kernel may have cached before an answer moved their mtime. attr.c adds and
 * takes them; tree_ref, which hands out the new attributes, clears `moved` of the resource.
 */
struct moved {
	struct ids directories;
	void (*tell)(void *arg); /* called when the first one is added; NULL: not called */
	void *arg;
};

/* The status that tree_wait found last, until it is read. Written by wait.c alone. */
struct wait_result {
	struct buf status;
	uint64_t id; /* of the .wait */
};

/*
 * Why resources with a last good answer are answered from it, without a call. Written by freshness.c alone:
 * the engine reports that no server was reached (tree_note_outage) or that calls would miss their deadline
 * (tree_crowd); each item, each description and each refresh ends the outage (tree_end_outage).
 */
struct availability {
	struct failure crowded; /* a call made now would miss its deadline; no time limit */
	struct failure outage; /* no server was reached; for OUTAGE_MS */
};

struct tree {
	struct tree_options options;
	struct resource *root, *texts;
	struct inode_table inodes;
	struct map names; /* resources by (listing, name), directories of views by (directory, name) */
	struct unlisted unlisted;
	struct version_lru versions;
	struct view_store views;
	struct follows follows;
	struct moved moved;
	struct wait_result wait_result;
	struct availability availability;
	struct listing *scanned; /* the listing that a reader scans; NULL: none */
	size_t memory, answers; /* bytes: of all that is kept; of it, answers */
	struct buf item; /* the list's item that is being stored, as JSON */
	struct buf link; /* the name or target that was returned last */
};

static inline struct node *as_node(const struct inode *inode)
{
	assert(!inode->is_version);
	return (struct node *)inode;
}

static inline struct version *as_version(const struct inode *inode)
{
	assert(inode->is_version);
	return (struct version *)inode;
}

static inline bool sort_is_resource(enum node_sort sort)
{
	return sort != NODE_LISTING && sort != NODE_VIEW;
}

/*
 * The struct that the node is the first member of. As with strchr, a const node gives a pointer through which
 * the caller may write.
 */
static inline struct resource *as_resource(const struct node *node)
{
	assert(sort_is_resource(node->sort));
	return (struct resource *)node;
}

static inline struct listing *as_listing(const struct node *node)
{
	assert(node->sort == NODE_LISTING);
	return (struct listing *)node;
}

static inline struct view_dir *as_view(const struct node *node)
{
	assert(node->sort == NODE_VIEW);
	return (struct view_dir *)node;
}

/* The directory itself, or the one that a version is about. */
static inline struct node *inode_node(struct inode *inode)
{
	return inode->is_version ? &as_version(inode)->owner->node : as_node(inode);
}

/* The listing that a resource is in. */
static inline struct listing *listing_of(const struct resource *resource)
{
	return as_listing(resource->node.parent);
}

/* Counts a change of the names that the listing shows, or of a text that its views are made from. */
static inline void listing_note_change(struct listing *listing)
{
	listing->members.changes++;
}

/* Whether it is among the members of its listing: a list returned it, or it was pinned or entered. */
static inline bool resource_is_shown(const struct resource *resource)
{
	return resource->membership.seq;
}

static inline struct reply reply_failed(enum error error)
{
	return (struct reply){ .outcome = RESULT_FAILED, .error = error };
}

#endif
