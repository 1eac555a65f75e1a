/*
 * views.h - other paths to a listing's resources: the directories of by-name, by-status and by-tag, the links
 * in them, and .table.tsv.
 *
 * All of it is made from the listing at the first lookup, and can be made again: from an index of the listing
 * by name, status or tag; or, if the cloud can filter and the listing is not fresh, from a filtered answer.
 */
#ifndef DESCRIBEFS_TREE_VIEWS_H
#define DESCRIBEFS_TREE_VIEWS_H

#include "cache.h"

/* The resources of a listing that share one name, status or tag. */
struct index_group {
	uint32_t name; /* of its directory or link, in the index's names */
	uint32_t above; /* of a tag's value: 1 + the group of its key; else 0 */
	uint32_t first, count; /* among the rows; a key has none */
	uint64_t cookie; /* of its directory, made of the name */
};

struct index_row {
	struct resource *resource;
	uint32_t group;
};

/*
 * A listing's resources by name, status or tag, from the list's items alone. It is made at the first lookup,
 * and valid as long as `changes` is the listing's: only then are all the resources that it points to alive.
 */
struct index {
	enum view_sort view;
	uint64_t changes;
	struct buf names; /* escaped, each with a NUL */
	struct buf groups; /* struct index_group */
	struct buf rows; /* struct index_row; by-name by serial alone, else by group and serial */
	struct map by_name; /* 1 + the group */
	uint32_t *by_cookie; /* groups, by `above` and cookie; NULL for by-name */
	size_t memory;
};

/* What is made from a listing besides its directory. */
struct derived {
	struct index *indexes[VIEW_SORTS]; /* NULL: not made */
	struct resource *table; /* the directory that .table.tsv would be in; NULL: not looked up yet */
	uint64_t table_changes;
	int64_t refused_until_ms[VIEW_SORTS]; /* until then the cloud is not asked to filter */
};

/* The filtered answer of a view's directory. */
struct filtered {
	char *request; /* the call's fixed members */
	struct resource **members; /* of the last answer, by serial; pinned */
	struct resource **incoming; /* of the answer that is being read, in its order; pinned */
	size_t n_members, n_incoming, room;
	struct map met; /* the resources in `incoming` */
	struct reading *reading; /* that is under way; NULL: none is */
	struct provenance *provenance; /* NULL: there is no answer */
	bool complete; /* it has all that the filter lets through */
	int64_t expires_ms, refused_until_ms;
	struct failure failure;
	uint64_t changes;
	struct view_dir *view; /* whose answer it is */
	struct list link; /* in struct view_store */
};

/* index.c */
struct derived *listing_derived(struct tree *tree, struct listing *listing); /* made if there are none */
/* Up to date; NULL: it would pass INDEX_BYTES_MAX. */
const struct index *listing_index(struct tree *tree, struct listing *listing, enum view_sort view);
/* Frees its indexes, which can be made again. */
void index_shrink(struct tree *tree, struct listing *listing);
/* 1 + the group of that name below one (0: at the top); 0: there is none. */
uint32_t index_find(const struct index *index, uint32_t above, const char *name);
/* The first group past the cookie there, or NULL. */
const struct index_group *index_after(const struct index *index, uint32_t above, uint64_t cookie);
const struct index_group *index_group(const struct index *index, uint32_t group); /* 1 + its number */
const char *index_name(const struct index *index, const struct index_group *group);
/* The first row of the group (0: of all) whose node has a greater serial, or NULL. */
const struct index_row *index_row_after(const struct index *index, uint32_t group, uint64_t serial);
struct resource *index_first(const struct index *index, uint32_t group);
/* The JSON of a resource that a listing shows: its item's, or its description's; len 0: there is none. */
struct json_slice resource_json(const struct resource *resource);

/* filter.c */
/* NULL: the cloud cannot filter so. */
struct filtered *filtered_new(struct tree *tree, struct view_dir *view);
void filtered_free(struct tree *tree, struct view_dir *view);
void filtered_drop(struct tree *tree, struct view_dir *view); /* drops its answer */
bool filtered_is_fresh(const struct filtered *filtered, struct query_time query);
/* Drops the filtered answers of a listing that was read whole, because it says all that they say. */
void filtered_drop_all(struct tree *tree, const struct listing *listing);
bool filtered_is_refused(const struct view_dir *view, struct query_time query);
struct resource *filtered_after(const struct filtered *filtered, uint64_t serial); /* NULL: none */
enum error filtered_item(struct tree *tree, struct view_dir *view, const struct json *item,
	const struct provenance_note *note, bool *first);

/* content.c */
unsigned link_depth(enum view_sort view); /* how deep the directories lie that hold links */
bool holds_links(const struct view_dir *view);
/* Its own filtered answer is newer than the listing. */
bool view_is_by_filter(const struct view_dir *view);
void put_both(struct buf *out, const char *name, const struct resource *resource); /* NAME~ID */
/* The name of a row's link in by-name; borrowed. */
const char *row_name(struct tree *tree, const struct index *index, const struct index_row *row);
uint32_t group_of(const struct index *index, const struct view_dir *view);
/* A hash of its names and of where they lead. False: the index is too big. */
bool view_content(struct tree *tree, struct view_dir *view, uint64_t *content);

/* directory.c: the directories of by-name, by-status, by-tag */
void views_plant(struct tree *tree);
void views_free(struct tree *tree);
void view_settle(struct tree *tree, struct view_dir *view);
/* Over max_memory: frees indexes, which can be made again without a call. */
void views_fold(struct tree *tree);
void views_shrink(struct tree *tree); /* frees unreferenced directories with their filtered answers */
struct reply view_open(struct tree *tree, struct view_dir *view, struct query_time query);
/* The view of that name, a directory of the root; NULL: there is none. */
struct view_dir *view_find_top(const struct tree *tree, const char *name);
/* The child of that name, not made if there is none: NULL. */
struct view_dir *view_find_child(const struct view_dir *view, const char *name);
/* A reader is about to read its names: from now on they decide whether the mtime moves. */
void view_note(struct tree *tree, struct view_dir *view);
/* The directory of that status, key or value, made if there is none; raw NULL: the name was cut. */
struct view_dir *view_child(struct tree *tree, struct view_dir *view, const char *name, const char *raw);
struct entry view_entry(struct tree *tree, struct view_dir *view, struct query_time query);
struct entry view_attr(struct tree *tree, struct view_dir *view, struct query_time query); /* tree_attr's */
/* The provenance of the answer that it shows; NULL: there is none. */
const struct provenance *view_provenance(const struct view_dir *view, int64_t *expires_ms);
/* How long the kernel may cache what is in it. */
int64_t view_left_ms(const struct tree *tree, const struct view_dir *view, struct query_time query);

/* link.c */
struct reply view_lookup(struct tree *tree, struct view_dir *view, const char *name, struct query_time query);
struct reply view_more(struct tree *tree, struct view_dir *view, uint64_t cookie, struct query_time query);
bool view_next(struct tree *tree, struct view_dir *view, uint64_t *cookie, const char **name,
	struct entry *entry, struct query_time query);
struct entry link_entry(struct tree *tree, const struct resource *resource, enum view_sort view,
	int64_t for_ms, struct query_time query);

/* table.c */
#define TABLE_NAME ".table.tsv"
struct reply table_lookup(struct tree *tree, struct listing *listing, struct query_time query);
bool node_is_table(const struct node *node);
bool table_is_held(const struct listing *listing);

#endif
