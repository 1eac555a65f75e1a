/*
 * unique_names.h - the entries of one directory, and which name each of them gets.
 *
 * Whoever fills a directory adds what is to be in it, in the API's order and with the name that it
 * would like; unique_names_settle then makes the names unique.  Who gives way depends on names and keys
 * alone, never on the order.  Only render.c includes this.
 *
 * Pure.
 */
#ifndef DESCRIBEFS_UNIQUE_NAMES_H
#define DESCRIBEFS_UNIQUE_NAMES_H

#include "base/buf.h"

struct json;
struct member_rule;
struct type;

/* The earlier rank keeps a name that two want. */
enum sibling_rank {
	SIBLING_RESERVED,
	SIBLING_PLAIN,
	SIBLING_RENAMED, /* the catalog gave it another name than its own */
	SIBLING_UNKNOWN, /* a member that the catalog's type does not have: gives way to those that it has */
	SIBLING_STRIPPED, /* the catalog took a prefix off its name */
	SIBLING_DISTINCT, /* has given way already */
};

struct sibling {
	const char *key; /* the API's; NULL: an item of a list, whose key is its index */
	const struct json *value; /* what it shows; this and the next two are not looked at */
	const struct member_rule *rule;
	const struct type *type;
	uint32_t name, whole; /* offsets in the names */
	uint32_t entry; /* the renderer's */
	enum sibling_rank rank;
	bool is_member; /* of an object: its key is a name of the API's */
	bool dropped; /* its key comes again, or no name was left */
};

struct unique_names {
	struct buf items; /* struct sibling, in the API's order */
	struct buf order; /* uint32_t: those not dropped, by name once settled */
	struct buf by_key; /* uint32_t: by key, each key once */
	struct buf sorting; /* struct sort_item */
	struct buf names;
	size_t n_merged; /* those before unique_names_merge; what is reserved comes after */
	bool ranks[SIBLING_DISTINCT + 1]; /* some sibling has this rank */
};

void unique_names_init(struct unique_names *unique_names);
void unique_names_release(struct unique_names *unique_names);
void unique_names_clear(struct unique_names *unique_names);
/*
 * Adds a copy of `sibling`.  Both names are escaped; a renamed or stripped one is called `whole`
 * when its name is taken.  An item's name is its index.
 */
void unique_names_add(struct unique_names *unique_names, const struct sibling *sibling, const char *name,
	const char *whole);
/* Of those with the same key the first stays, with what the last one shows. */
void unique_names_merge(struct unique_names *unique_names);
void unique_names_settle(struct unique_names *unique_names);

size_t unique_names_count(const struct unique_names *unique_names);
struct sibling *unique_names_at(const struct unique_names *unique_names, size_t index);
/* The index of the `nth` by name; false past the last. */
bool unique_names_by_name(const struct unique_names *unique_names, size_t nth, size_t *index);
const char *unique_names_name(const struct unique_names *unique_names, const struct sibling *sibling);
const char *unique_names_key(const struct unique_names *unique_names, const struct sibling *sibling);
/* Something did not fit: the names are not to be relied on. */
bool unique_names_full(const struct unique_names *unique_names);

#endif
