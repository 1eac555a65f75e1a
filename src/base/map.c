/*
 * map.c - a hash table from 64-bit hashes to pointers: open addressing with linear probing.
 *
 * The size is a power of two, and at most three quarters of the slots are in use. A removal moves later
 * entries of its run back into the gap (backward-shift deletion). So there are no tombstones, and a table
 * that lives for months stays as fast as a new one. The table grows and never shrinks.
 */
#include "base/map.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/hash.h"

enum { FIRST_ROOM = 16 };

void map_init(struct map *map, uint64_t seed)
{
	*map = (struct map){ .seed = seed };
}

void map_release(struct map *map)
{
	free(map->slots);
	map_init(map, map->seed);
}

uint64_t map_hash_text(const struct map *map, uint64_t above, const char *text)
{
	const uint64_t key[2] = { map->seed ^ hash_mix(above), hash_mix(map->seed) };
	return hash_keyed(key, text, strlen(text));
}

/*
 * The slot where the search for a hash begins. The caller's hash may have weak low bits (a counter), or a
 * peer may choose it (an inode number is an unkeyed hash of a path). So each of its bits, and of the seed's,
 * affects every bit of the slot's index.
 */
static size_t home_of(const struct map *map, uint64_t hash)
{
	return (size_t)hash_mix(hash ^ map->seed) & (map->room - 1);
}

static size_t next_slot(const struct map *map, size_t at)
{
	return (at + 1) & (map->room - 1);
}

void *map_get(const struct map *map, uint64_t hash, map_equal_fn *equal, const void *key)
{
	if (map->room == 0)
		return NULL;
	for (size_t at = home_of(map, hash); map->slots[at].value; at = next_slot(map, at))
		if (map->slots[at].hash == hash && equal(map->slots[at].value, key))
			return map->slots[at].value;
	return NULL;
}

static void map_place(struct map *map, uint64_t hash, void *value)
{
	size_t at = home_of(map, hash);
	while (map->slots[at].value)
		at = next_slot(map, at);
	map->slots[at] = (struct map_slot){ hash, value };
}

static void map_grow(struct map *map)
{
	struct map old = *map;
	map->room = old.room ? old.room * 2 : FIRST_ROOM;
	map->slots = xcalloc(map->room, sizeof *map->slots);
	for (size_t i = 0; i < old.room; i++)
		if (old.slots[i].value)
			map_place(map, old.slots[i].hash, old.slots[i].value);
	free(old.slots);
}

void map_add(struct map *map, uint64_t hash, void *value)
{
	if (map->count + 1 > map->room / 4 * 3)
		map_grow(map);
	map_place(map, hash, value);
	map->count++;
}

/* Empties a slot, and moves back the later entries of its run that the gap would make unreachable. */
static void map_close_gap(struct map *map, size_t gap)
{
	for (size_t at = next_slot(map, gap); map->slots[at].value; at = next_slot(map, at)) {
		size_t wanted = home_of(map, map->slots[at].hash);
		/* The distances, around the end of the table, from the home slot and from the gap. */
		size_t from_home = (at - wanted) & (map->room - 1);
		size_t from_gap = (at - gap) & (map->room - 1);
		if (from_home < from_gap)
			continue;
		map->slots[gap] = map->slots[at];
		gap = at;
	}
	map->slots[gap] = (struct map_slot){ 0 };
}

bool map_remove(struct map *map, uint64_t hash, const void *value)
{
	if (map->room == 0)
		return false;
	for (size_t at = home_of(map, hash); map->slots[at].value; at = next_slot(map, at)) {
		if (map->slots[at].value != value)
			continue;
		map_close_gap(map, at);
		map->count--;
		return true;
	}
	return false;
}

void *map_next(const struct map *map, size_t *at)
{
	while (*at < map->room) {
		void *value = map->slots[(*at)++].value;
		if (value)
			return value;
	}
	return NULL;
}
