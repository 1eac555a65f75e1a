/*
 * snapshot.h - renders one API object into an immutable table of files.
 *
 * A snapshot is one allocation: a table of entries, then all names, keys and bytes. It never changes. Entry 0
 * is the resource's directory. The entries of one directory are contiguous, in the API's order; describe.json
 * is the last entry of entry 0. packaging/doc/semantics.md states what an entry looks like. Hashes depend on
 * path and content alone, so they are equal on every mount and machine.
 *
 * Pure.
 */
#ifndef DESCRIBEFS_SNAPSHOT_H
#define DESCRIBEFS_SNAPSHOT_H

#include "base/error.h"
#include "catalog/catalog.h"
#include "json/json.h"

struct snapshot_entry {
	uint64_t ino; /* hash of the path, for a file also of its content; never 0 or 1 */
	uint64_t content; /* hash of a file's content, or of everything below a directory */
	uint32_t parent; /* an entry; entry 0 is its own parent */
	uint32_t name, key; /* offsets of NUL-terminated texts; key is the API's name */
	uint32_t first, count; /* a directory's entries */
	uint32_t bytes, size; /* a file's content: offset and length */
	uint8_t type; /* enum json_type */
	bool directory;
	bool secret; /* shown because of -o secrets, with mode 0400 */
	bool primed; /* rendered from a list's item, and the describe call returns this member too */
};

struct snapshot {
	size_t memory; /* bytes of the allocation */
	uint64_t content; /* hash of the whole object, its describe.json */
	uint64_t stable; /* hash of id, status and times: equal for a list's item and its detail */
	int64_t mtime_s; /* the latest of the kind's times that is not after `now_s`, or the catalog's date */
	bool terminal; /* the status does not change by itself */
	uint32_t n_entries;
	const uint32_t *by_name; /* a permutation that sorts each directory's range of entries by name */
	const struct snapshot_entry *entries;
	const char *text; /* all offsets are relative to it */
};

/*
 * The key for hashes of secrets: without it, users that cannot read a secret could test guesses by its hash.
 */
enum { SNAPSHOT_KEY_BYTES = 32 };

struct snapshot_style {
	bool api_names; /* -o names=api */
	bool secrets; /* -o secrets */
	bool from_list; /* the object is a list's item: omit list-only members, mark the primed ones */
	const unsigned char *key; /* SNAPSHOT_KEY_BYTES bytes; NULL: zeroes */
};

/*
 * Renders `object` (a JSON object) of a kind. `path` is the resource's path from the mount's root,
 * "/training/train-1"; only the hashes depend on it. The caller frees *out with snapshot_free.
 *
 * With from_list, for a kind whose describe call returns more than its list, there is no describe.json, and
 * an entry is `primed` if the kind's type lists the member, or if the kind has no type.
 *
 * ERR_TOO_BIG, with *out NULL: the object has more than SNAPSHOT_ENTRIES_MAX members and items, or the result
 * would exceed SNAPSHOT_BYTES_MAX.
 */
enum {
	SNAPSHOT_ENTRIES_MAX = 8192, /* on all levels; an array of scalars is one file */
	SNAPSHOT_BYTES_MAX = 8 << 20
};
enum error snapshot_render(struct snapshot **out, const struct kind *kind, const struct json *object,
	const char *path, const struct snapshot_style *style, int64_t now_s);
/* Properties of an object, computed without rendering it: the snapshot's members of the same names. */
struct summary {
	uint64_t stable;
	int64_t mtime_s;
	bool terminal;
};
struct summary snapshot_summary(const struct kind *kind, const struct json *object, int64_t now_s);
/* Whether snapshot_render of `object`, whose compact JSON has `len` bytes, never returns ERR_TOO_BIG. */
enum { SNAPSHOT_ITEM_BYTES_MAX = 1 << 20 }; /* for more bytes, snapshot_is_sure is always false */
bool snapshot_is_sure(const struct json *object, size_t len);
/*
 * Makes a directory of `n` text files with different names: the mount's own, such as README and
 * .describefs/status. `secret` applies to all of them. Never returns NULL.
 */
struct snapshot *snapshot_of_texts(const char *path, const char *const names[], const struct buf texts[],
	size_t n, int64_t mtime_s, bool secret, const unsigned char *key);
void snapshot_free(struct snapshot *snapshot);

/* The entry with this name in a directory; 0: there is none. */
uint32_t snapshot_find(const struct snapshot *snapshot, uint32_t directory, const char *name);
const char *snapshot_name(const struct snapshot *snapshot, uint32_t entry);
const char *snapshot_key(const struct snapshot *snapshot, uint32_t entry);
/* Not NUL-terminated. A directory has no bytes. */
const char *snapshot_bytes(const struct snapshot *snapshot, uint32_t entry, size_t *size);

#endif
