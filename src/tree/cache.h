/*
 * cache.h - the functions of the tree below its views: the cached data and its freshness. The files are in
 * the order in which they may call each other: a function calls only functions of its own file and of files
 * above it.
 *
 * None of them frees a directory or a version: collect.c does.
 */
#ifndef DESCRIBEFS_TREE_CACHE_H
#define DESCRIBEFS_TREE_CACHE_H

#include "node.h"

static inline int64_t at_most(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* ids.c */
void inode_register(struct tree *tree, struct inode *inode);
void inode_unregister(struct tree *tree, struct inode *inode);
/* Call it when a reference was dropped or taken: tree_collect frees the inode if nothing needs it. */
void inode_idle(struct tree *tree, struct inode *inode);
/* The n-th inode of the idle list, which may be added again from now on; NULL: it was freed. */
struct inode *inode_take_idle(struct tree *tree, size_t at);
uint64_t nodeid_encode(uint64_t serial, uint32_t index);
/* The two parts of a node id, which is not less than TREE_ROOT. */
struct nodeid {
	uint64_t serial;
	uint32_t index;
};
struct nodeid nodeid_decode(uint64_t id);
bool index_is_link(uint32_t index);
struct inode *tree_inode(const struct tree *tree, uint64_t id, uint32_t *index);
void ids_add(struct ids *ids, uint64_t id);
size_t tree_bytes(const struct tree *tree); /* of everything in the tree */

/* answer.c */
void reading_put(struct reading *reading);
struct provenance *provenance_new(const struct provenance_note *note);
struct provenance *provenance_get(struct provenance *provenance);
void provenance_put(struct provenance *provenance);
struct text *text_new(struct tree *tree, const struct buf *bytes);
struct text *text_get(struct text *text);
void text_put(struct tree *tree, struct text *text);

/* resource.c */
/* The directory of that name below a listing, or below a directory of a view; NULL: there is none. */
struct node *node_find(const struct tree *tree, const struct node *parent, const char *name);
struct resource *resource_find(const struct tree *tree, const struct listing *listing, const char *name);
struct node *node_new(struct tree *tree, enum node_sort sort, struct node *parent, const char *name,
	const char *id);
void node_release(struct tree *tree, struct node *node); /* itself alone */
/* Makes node_find find it in its parent, or not find it any more. */
void node_add_name(struct tree *tree, struct node *node);
void node_remove_name(struct tree *tree, struct node *node);
struct resource *listing_add_resource(struct tree *tree, struct listing *listing, const char *name,
	const char *id);
/* Counts a resource that only users asked for who did not mount the tree. */
void resource_begin_others(struct tree *tree, struct resource *resource);
/* The user who mounted the tree asked for it too, or a listing shows it. */
void resource_end_others(struct tree *tree, struct resource *resource);
/* The LRU list of resources that no listing shows and nothing refers to. Joining twice changes nothing. */
void unlisted_join(struct tree *tree, struct resource *resource);
void unlisted_leave(struct tree *tree, struct resource *resource);
/* The listings inside a resource (or the root) are made when a reader looks for them. */
void resource_open(struct tree *tree, struct resource *resource);
/* The listing of that name inside a resource or the root; NULL: there is none, or it was not made. */
struct listing *resource_find_listing(const struct resource *resource, const char *name);
/* The same, made if its kind exists; NULL: it does not. */
struct listing *resource_listing(struct tree *tree, struct resource *resource, const char *name);
/* The node of the call that refreshes a resource: itself, or its listing if the kind has no describe call. */
struct node *refreshed_by(struct resource *resource);
/* The last failure of the call about a node; ERR_NONE: there was none. */
const struct failure *node_failure(const struct node *node);
struct failures *resource_failures(struct tree *tree, struct resource *resource); /* made if there is none */
void resource_drop_failures(struct tree *tree, struct resource *resource);
/* The describe call's answer; provenance NULL: there is none. */
const struct record *resource_described(const struct resource *resource);
struct detail *resource_detail(struct tree *tree, struct resource *resource); /* made if there is none */
const struct record *resource_newest(const struct resource *resource); /* NULL: nothing is known */

/* freshness.c */
int64_t left_ms(int64_t until_ms, struct query_time query); /* 0 when it is over */
int64_t tree_ttl_ms(const struct tree *tree, int64_t of_catalog_s);
int64_t miss_ms(const struct tree *tree, const struct kind *kind); /* the TTL of a negative entry */
int64_t expiry_ms(const struct tree *tree, const struct kind *kind, bool terminal, int64_t sent_ms);
bool kind_has_describe(const struct kind *kind);
bool item_is_whole(const struct kind *kind); /* the list's item is all that there is to know */
bool failure_stands(const struct failure *failure, struct query_time query);
/* The API answered that the resource does not exist, and that is fresh. */
bool resource_is_missing(const struct resource *resource, struct query_time query);
/* The reason to serve last good answers without a call; NULL: none. */
const struct failure *outage_of(const struct tree *tree, struct query_time query);
void tree_end_outage(struct tree *tree); /* an answer came, or the user refreshes */
/* Until when its items are fresh for every reader; 0: it does not extend their TTL. */
int64_t reading_stands_ms(const struct reading *reading, int64_t now_ms);
/* Until when the record is fresh, with the extension that its reading gives. */
int64_t record_until_ms(const struct record *record, int64_t now_ms);
bool record_is_fresh(const struct record *record, struct query_time query);
bool version_is_fresh(const struct resource *resource, const struct version *version,
	struct query_time query);
/* Whether the answer is younger than stale_ms, so that it may be served after a failure. */
bool provenance_is_young(const struct tree *tree, const struct provenance *provenance,
	struct query_time query);
/* Of a list or of a filtered list; provenance NULL: it was not read. */
bool list_is_fresh(const struct provenance *provenance, int64_t expires_ms, struct query_time query);
bool listing_is_fresh(const struct listing *listing, struct query_time query);
/* A refresh failed, and the last listing may be served in its place. */
bool listing_is_stale(const struct tree *tree, const struct listing *listing, struct query_time query);
bool listing_stands(const struct tree *tree, const struct listing *listing, struct query_time query);
int64_t listing_left_ms(const struct tree *tree, const struct listing *listing, struct query_time query);

/* reading.c */
void reading_note_page(struct reading *reading, int64_t sent_ms); /* a page came */
/* Notes that a reader looks into the resource's item. */
void record_look(struct record *record, const struct resource *resource, int64_t now_ms);

/* lru.c */
void version_use(struct tree *tree, struct version *version); /* now the most recently used; NULL is fine */
void version_use_least(struct tree *tree, struct version *version); /* the least recently used */
void version_join_folded(struct tree *tree, struct version *version);
void version_leave_lru(struct tree *tree, struct version *version);

/* version.c */
/*
 * Takes ownership of the snapshot, which was rendered from the text (NULL: no text is kept). `from_list`:
 * from a list's item.
 */
struct version *version_new(struct tree *tree, struct resource *owner, struct snapshot *snapshot,
	struct text *text, bool from_list, struct provenance *provenance);
void version_free(struct tree *tree, struct version *version);
/* Its snapshot, rendered again if it was folded; valid until the next question. */
const struct snapshot *version_look(struct tree *tree, struct version *version);
void version_fold(struct tree *tree, struct version *version);
bool version_is_held(const struct version *version); /* NULL is not */
/* The directory entry of `slot` (0: the top) as this version has it; UINT32_MAX: it has none. */
uint32_t version_directory(const struct version *version, uint32_t slot);
uint32_t version_slot(const struct version *version, uint32_t entry); /* the inverse */
void version_path(struct tree *tree, struct version *version, uint32_t entry, struct buf *out);
void version_slot_path(struct tree *tree, const struct resource *resource, uint32_t slot, struct buf *out);
enum error resource_render(struct tree *tree, struct resource *resource, const struct json *object,
	bool from_list, int64_t now_s, struct snapshot **out);

/* change_times.c */
/* Notes the files that changed since the version that this one replaces. */
void version_compare(struct tree *tree, struct version *version, struct version *before);
/* A file that both versions have gets the ctime of the other version. */
void version_agree(struct tree *tree, struct version *version, struct version *other);

/* record.c */
void record_drop(struct tree *tree, struct record *record);
void record_unrender(struct tree *tree, struct record *record); /* its text stays */
/*
 * Takes ownership of the snapshot. An unchanged one only renews the version. The snapshot was rendered from
 * the text, which the record keeps itself if it is a list's.
 */
void record_set(struct tree *tree, struct resource *resource, struct record *record,
	struct snapshot *snapshot, struct text *text, struct provenance *provenance, int64_t expires_ms);
/* Stores what is known of an answer that is not rendered. */
void record_note(struct record *record, const struct summary *summary, struct provenance *provenance,
	int64_t expires_ms);
/* The version, rendered now if only the text was kept; NULL if there is nothing. */
struct version *record_version(struct tree *tree, struct resource *resource, struct record *record);
/* The same answer came again. */
void record_renew(struct record *record, struct provenance *provenance, int64_t expires_ms);
/* The record expires at that time at the latest, whatever its reading allows. */
void record_expire_by(struct record *record, int64_t expires_ms);
/* The version is of a list's item, and the resource has a rendered description, too. */
bool version_is_double(const struct version *version);
/*
 * Drops the version of the list's item if the resource has a description and the kernel holds none of its
 * files.
 */
void resource_drop_double(struct tree *tree, struct resource *resource);

/* change_log.c: notes changes only of resources that a reader follows */
/* A reader follows the resource's .events from now on; `by_other`: a user who did not mount the tree. */
void events_follow(struct tree *tree, struct resource *resource, bool by_other);
/* A complete answer: its version and its text (may be NULL). */
void events_note(struct tree *tree, struct resource *resource, struct version *version, struct text *text,
	int64_t at_s);
/* A list's item, if its kind has no more. */
void events_note_item(struct tree *tree, struct resource *resource);
void events_note_gone(struct tree *tree, struct resource *resource, int64_t now_ms);
void events_drop(struct tree *tree, struct detail *detail);

/* kernel_listing.c */
void kernel_listing_see(struct kernel_listing *listing, uint32_t mtime); /* the kernel gets this mtime */
/* The listing has expired. True: the kernel must be notified. */
bool kernel_listing_expire(struct kernel_listing *listing);

/* attr.c */
struct attr directory_attr(uint64_t ino, int64_t mtime_s, uint64_t content);
struct attr skeleton_attr(const struct tree *tree, const struct node *node);
uint64_t resource_time(const struct tree *tree, const struct resource *resource); /* there is no answer */
/* An answer came: notes the directory if its mtime moved; `before`: resource_time before the answer. */
void resource_moved(struct tree *tree, struct resource *resource, uint64_t before);
struct entry inner_entry(struct tree *tree, struct version *version, uint32_t index, int64_t for_ms);
struct entry listing_entry(const struct tree *tree, struct listing *listing, struct query_time query);
struct entry resource_entry(const struct tree *tree, const struct resource *resource, int64_t for_ms,
	struct query_time query);

/* scan.c: a reader needed more of the resource than a list returns */
void scan_note(struct tree *tree, struct resource *resource, struct query_time query);

/* item.c */
bool item_has_id(const struct listing *listing, const struct json *item, const char **id);
/* Stores a list's item in its resource. */
void resource_prime(struct tree *tree, struct resource *resource, const struct json *item,
	const struct provenance_note *note, struct listed *listed);
struct text *text_of(struct tree *tree, const struct json *object); /* NULL: it is too big */

/* select.c: which answer */
struct selection {
	struct version *version; /* NULL: there is no answer to look into */
	int64_t left_ms; /* how long the kernel may cache it */
	bool found;
	struct reply reply; /* when not found: NEED or FAILED */
};

/*
 * Picks the answer of a resource (or the root, or .describefs) to look into. `name`: the one entry
 * of directory `slot` that is asked for, NULL when the directory is asked for whole.
 */
struct selection select_answer(struct tree *tree, struct resource *resource, uint32_t slot, const char *name,
	struct query_time query);
struct reply need_refresh(struct resource *resource, struct query_time query);
/* tree_open's answer about a listing. */
struct reply listing_open(struct tree *tree, struct listing *listing, struct query_time query);

/* listing.c */
/* How long cached answers prove that the resource exists; -1: none does, and a call is needed. */
int64_t existence_ttl_ms(const struct tree *tree, const struct resource *resource, struct query_time query);
/* The resource of that id, made if there is none. */
struct resource *list_find(struct tree *tree, struct listing *listing, const char *id);
/* The same, and the listing shows it; *first: this round had not met it. */
struct resource *list_show(struct tree *tree, struct listing *listing, const char *id, bool reading,
	bool *first);
/* Shown to every reader, not only to those that follow the reading that met it. */
bool listing_shows(const struct listing *listing, const struct resource *resource);
/* Its list was refused: drops the members that came with it. */
void listing_empty(struct tree *tree, struct listing *listing);
void listing_show(struct tree *tree, struct listing *listing, struct resource *resource); /* appends it */
void resource_enter(struct tree *tree, struct resource *resource); /* a user entered it */
/* tree_list_end and tree_list_renew without the views. */
void list_end(struct tree *tree, struct listing *listing, bool complete, int64_t newest_s,
	const struct provenance_note *note);
void list_renew(struct tree *tree, struct listing *listing, int64_t since_ms, int64_t newest_s,
	const struct provenance_note *note);

/* collect.c */
/*
 * Frees what is on the idle list and not needed, and evicts until at most max_memory is kept. A pointer to a
 * directory or a version survives it only if that is pinned, held by the kernel, or shown by a listing.
 */
void tree_collect(struct tree *tree);
void tree_collect_all(struct tree *tree); /* before the tree is freed */

/* wait.c */
bool kind_has_end(const struct kind *kind); /* it has terminal statuses */
struct entry wait_entry(struct tree *tree, struct resource *resource, struct query_time query);

/* events.c */
/* The reader that asks for it follows the resource from now on. */
struct entry events_entry(struct tree *tree, struct resource *resource, struct query_time query);
struct reply events_attr(struct tree *tree, struct resource *resource, struct query_time query);

#endif
