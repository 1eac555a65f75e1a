/*
 * map.h - a hash table from 64-bit hashes to pointers: open addressing with linear probing.
 *
 * The caller computes the hash and compares keys. The map owns neither keys nor values. Texts that a peer or
 * another user chooses are hashed with the map's secret seed (map_hash_text).
 *
 * Pure.
 */
#ifndef DESCRIBEFS_MAP_H
#define DESCRIBEFS_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map_slot {
	uint64_t hash;
	void *value; /* NULL: the slot is free */
};

struct map {
	struct map_slot *slots;
	size_t room,
		count; /* slots in all (a power of two, or 0) and slots in use (at most three quarters) */
	uint64_t seed;
};

/* Whether `value` has this key. Only called when the hashes are equal. */
typedef bool map_equal_fn(const void *value, const void *key);

/* Without the secret `seed`, a peer or a reader that invents names cannot make them collide. */
void map_init(struct map *map, uint64_t seed);
/* Frees the table. The map is empty and keeps its seed. */
void map_release(struct map *map);
/*
 * The hash of a name; `above` is a number that keeps equal names of two directories apart. For numbers any
 * hash will do.
 */
uint64_t map_hash_text(const struct map *map, uint64_t above, const char *text);
/* The value with this hash and key; NULL: there is none. */
void *map_get(const struct map *map, uint64_t hash, map_equal_fn *equal, const void *key);
/* `value` is not NULL, and the map holds no value with an equal key. */
void map_add(struct map *map, uint64_t hash, void *value);
/* Removes this pointer. False: the map does not hold it. */
bool map_remove(struct map *map, uint64_t hash, const void *value);
/* Iterates in no order, from *at = 0; NULL at the end. The map must not change meanwhile. */
void *map_next(const struct map *map, size_t *at);

#endif
