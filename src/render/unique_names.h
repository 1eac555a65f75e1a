/*
 * unique_names.h - gives each entry of one directory a unique file name.
 *
 * The renderer adds the entries in the API's order, each with the name that it prefers. unique_names_settle
 * then resolves the conflicts. Which entry keeps a name depends on names and keys alone, never on the order.
 * Only render.c includes this.
 *
 * Pure.
 */
#ifndef DESCRIBEFS_UNIQUE_NAMES_H
#define DESCRIBEFS_UNIQUE_NAMES_H

#include "base/buf.h"

struct json;
struct member_rule;
struct type;

/* Of two entries with one name, the one of the earlier rank keeps it. */
enum sibling_rank {
	SIBLING_RESERVED,
	SIBLING_PLAIN,
	SIBLING_RENAMED, /* the catalog gives it another name */
	SIBLING_UNKNOWN, /* a member that the catalog's type does not list */
	SIBLING_STRIPPED, /* the catalog removes a prefix from its name */
	SIBLING_DISTINCT, /* has lost a conflict: its name ends in a hash */
};

/* One entry of the directory. */
struct sibling {
	const char *key; /* the API's name; NULL: an item of an array, whose key is its index */
	const struct json *value; /* its content; this and the next two are for the renderer */
	const struct member_rule *rule;
	const struct type *type;
	uint32_t name, whole; /* offsets in the names */
	uint32_t entry; /* for the renderer */
	enum sibling_rank rank;
	bool is_member; /* of an object: its key is a member's name */
	bool dropped; /* it is not shown: its key is repeated, or it lost every round */
};

struct unique_names {
	struct buf items; /* struct sibling, in the API's order */
	struct buf order; /* uint32_t: the indices of entries not dropped; sorted by name once settled */
	struct buf by_key; /* uint32_t: indices sorted by key, each key once */
	struct buf sorting; /* struct sort_item */
	struct buf names;
	size_t n_merged; /* entries added before unique_names_merge; the reserved ones follow */
	bool ranks[SIBLING_DISTINCT + 1]; /* whether any entry has the rank */
};

void unique_names_init(struct unique_names *unique);
void unique_names_release(struct unique_names *unique);
void unique_names_clear(struct unique_names *unique);
/*
 * Adds a copy of `sibling`. Both names are escaped. A renamed or stripped entry gets the name `whole` when it
 * loses a conflict. An item's name is its index.
 */
void unique_names_add(struct unique_names *unique, const struct sibling *sibling, const char *name,
	const char *whole);
/* Of entries with the same key, keeps the first, with the value of the last. */
void unique_names_merge(struct unique_names *unique);
/* Resolves all conflicts. */
void unique_names_settle(struct unique_names *unique);

size_t unique_names_count(const struct unique_names *unique);
struct sibling *unique_names_at(const struct unique_names *unique, size_t index);
/* The index of the `nth` entry in the order of names. False: there is none. */
bool unique_names_by_name(const struct unique_names *unique, size_t nth, size_t *index);
const char *unique_names_name(const struct unique_names *unique, const struct sibling *sibling);
const char *unique_names_key(const struct unique_names *unique, const struct sibling *sibling);
/* A ceiling was reached or memory is out: the names are not valid. */
bool unique_names_full(const struct unique_names *unique);

#endif
