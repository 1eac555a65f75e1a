/*
 * map.h - an open-addressing table from a 64-bit hash to a pointer.
 *
 * The caller brings the hash and says what equal means; the map owns neither keys nor values.  What was made
 * by others is hashed with the map's seed (map_hash_text).
 */
#ifndef DESCRIBEFS_MAP_H
#define DESCRIBEFS_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map_slot {
	uint64_t hash;
	void *value; /* NULL: free */
};

struct map {
	struct map_slot *subdir_index;
	size_t room, count;
	uint64_t seed;
};

/* Whether `value` is the one that `key` asks for; only called when the hashes are equal. */
typedef bool map_equal_fn(const void *value, const void *key);

/*
 * `seed` is secret: without it, a peer or a reader that makes up names can fill no part of
 * the table above others.
 */
void map_init(struct map *map, uint64_t seed);
/* Empty again, with the same seed. */
void map_release(struct map *map);
/* A name's hash, with what it is a name in. Of a number any hash will do. */
uint64_t map_hash_text(const struct map *map, uint64_t above, const char *text);
void *map_get(const struct map *map, uint64_t hash, map_equal_fn *equal, const void *key);
/* The caller has made sure that no equal one is in. `value` is not NULL. */
void map_add(struct map *map, uint64_t hash, void *value);
/* Takes out this very pointer; false if it is not in. */
bool map_remove(struct map *map, uint64_t hash, const void *value);
/* Every value in no order: start with *at = 0; NULL at the end.  No change to the map meanwhile. */
void *map_next(const struct map *map, size_t *at);

#endif
