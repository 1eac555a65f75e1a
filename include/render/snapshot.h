/*
 * snapshot.h - one API object, rendered once into the names and bytes of its files, for ever.
 *
 * A snapshot is immutable and one allocation: a table of entries, then all names, keys and bytes.
 * Entry 0 is the resource's own directory; the entries of one directory are contiguous, in the
 * API's order, and describe.json is the last of entry 0's.  What an entry looks like (name, bytes,
 * kind) is the contract's section 2.  Hashes depend on path and content alone, so they are the same
 * on every mount and machine.
 *
 * Pure.
 */
#ifndef DESCRIBEFS_SNAPSHOT_H
#define DESCRIBEFS_SNAPSHOT_H

#include "base/error.h"
#include "catalog/catalog.h"
#include "json/json.h"

struct snapshot_entry {
	uint64_t ino; /* directories: hash of the path; files: of path and content; never 0 or 1 */
	uint64_t content; /* hash of what it holds (a directory: of all below it) */
	uint32_t parent; /* entry; 0's is 0 */
	uint32_t name, key; /* offsets of NUL-terminated texts; key is the API's own name */
	uint32_t first, count; /* a directory's entries */
	uint32_t bytes, size; /* a file's content: offset and length */
	uint8_t type; /* enum json_type */
	bool directory;
	bool secret; /* shown because of -o secrets: 0400 */
	bool primed; /* of a list's item: the describe call's answer is known to have this member too */
};

struct snapshot {
	size_t memory; /* bytes of the one allocation */
	uint64_t content; /* hash of the whole object, its describe.json */
	uint64_t stable; /* hash of id, status and times alone: equal in the list's item and in the detail */
	int64_t mtime_s; /* the latest of the kind's times that is not after `now_s`; or the fallback */
	bool terminal; /* the status is one that does not change by itself */
	uint32_t n_entries;
	const uint32_t *by_name; /* a permutation: each directory's entries sorted by name, same ranges */
	const struct snapshot_entry *entries;
	const char *text; /* all offsets point into it */
};

/* The key of hashes of secrets: a user who may not read a secret sees its hash and could test guesses. */
enum { SNAPSHOT_KEY_BYTES = 32 };

struct snapshot_style {
	bool api_names; /* -o names=api */
	bool secrets; /* -o secrets */
	bool from_list; /* the object is a list's item: leave out list-only members, mark the primed ones */
	const unsigned char *key; /* SNAPSHOT_KEY_BYTES; NULL: zeroes */
};

/*
 * Renders `object` (a JSON object) of a kind.  `path` is the resource's path from the mount's root,
 * "/training/train-1", and only goes into hashes.  The caller frees *out with snapshot_free.  With
 * from_list and neither list_is_detail nor a missing describe call, an entry is `primed` if the
 * kind's type knows the member (all are, where the kind names no type), and there is no
 * describe.json. ERR_TOO_BIG when the object has more than SNAPSHOT_ENTRIES_MAX members and items,
 * or the result would pass SNAPSHOT_BYTES_MAX; *out is NULL then.
 */
enum {
	SNAPSHOT_ENTRIES_MAX = 8192, /* all levels; the items of a list of scalars are one file's lines */
	SNAPSHOT_BYTES_MAX = 8 << 20
};
enum error snapshot_render(struct snapshot **out, const struct kind *kind, const struct json *object,
	const char *path, const struct snapshot_style *style, int64_t now_s);
/* What an object says of itself, found without rendering it: as in the snapshot of the same name. */
struct summary {
	uint64_t stable;
	int64_t mtime_s;
	bool terminal;
};
struct summary snapshot_summary(const struct kind *kind, const struct json *object, int64_t now_s);
/* Whether `len` bytes of compact JSON, that are `object`, never render to what is ERR_TOO_BIG. */
enum { SNAPSHOT_ITEM_BYTES_MAX = 1 << 20 }; /* of more bytes than that it is not said */
bool snapshot_is_sure(const struct json *object, size_t len);
/*
 * A directory of plain text files (the mount's own: README, .describefs/status): `n` names, all
 * different, and texts, that are secret or not.  Never NULL.
 */
struct snapshot *snapshot_of_texts(const char *path, const char *const names[], const struct buf texts[],
	size_t n, int64_t mtime_s, bool secret, const unsigned char *key);
void snapshot_free(struct snapshot *snapshot);

/* The entry of a directory entry by name; 0 when there is none. */
uint32_t snapshot_find(const struct snapshot *snapshot, uint32_t directory, const char *name);
const char *snapshot_name(const struct snapshot *snapshot, uint32_t entry);
const char *snapshot_key(const struct snapshot *snapshot, uint32_t entry);
/* Not NUL-terminated; of a directory: no bytes. */
const char *snapshot_bytes(const struct snapshot *snapshot, uint32_t entry, size_t *size);

#endif
