/*
 * map.c - an open-addressing table from a 64-bit hash to a pointer.
 *
 * Linear probing over a power of two, never more than three quarters full.  A removal closes the
 * gap by moving the later members of its run back, so there are no tombstones and a table that
 * lives for months stays as fast as a new one.  It grows and never shrinks.
 */
#include "base/map.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

enum { FIRST_ROOM = 16 };

static uint64_t mix(uint64_t word)
{
	word = (word ^ word >> 33) * UINT64_C(0xff51afd7ed558ccd);
	word = (word ^ word >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
	return word ^ word >> 33;
}

void map_init(struct map *map, uint64_t seed)
{
	*map = (struct map){ .seed = seed };
}

void map_release(struct map *map)
{
	free(map->subdir_index);
	map_init(map, map->seed);
}

uint64_t map_hash_text(const struct map *map, uint64_t above, const char *text)
{
	const uint64_t key[2] = { map->seed ^ mix(above), mix(map->seed) };
	return hash_keyed(key, text, strlen(text));
}

/*
 * The caller's hash may be poor in its low bits (a counter), or chosen by a peer (an ino is a hash of a path,
 * the same on every machine): each bit of it and of the seed changes every bit of the place.
 */
static size_t home(const struct map *map, uint64_t hash)
{
	return (size_t)mix(hash ^ map->seed) & (map->room - 1);
}

static size_t after(const struct map *map, size_t at)
{
	return (at + 1) & (map->room - 1);
}

void *map_get(const struct map *map, uint64_t hash, map_equal_fn *equal, const void *key)
{
	if (map->room == 0)
		return NULL;
	for (size_t at = home(map, hash); map->subdir_index[at].value; at = after(map, at))
		if (map->subdir_index[at].hash == hash && equal(map->subdir_index[at].value, key))
			return map->subdir_index[at].value;
	return NULL;
}

static void place(struct map *map, uint64_t hash, void *value)
{
	size_t at = home(map, hash);
	while (map->subdir_index[at].value)
		at = after(map, at);
	map->subdir_index[at] = (struct map_slot){ hash, value };
}

static void grow(struct map *map)
{
	struct map old = *map;
	map->room = old.room ? old.room * 2 : FIRST_ROOM;
	map->subdir_index = xcalloc(map->room, sizeof *map->subdir_index);
	for (size_t i = 0; i < old.room; i++)
		if (old.subdir_index[i].value)
			place(map, old.subdir_index[i].hash, old.subdir_index[i].value);
	free(old.subdir_index);
}

void map_add(struct map *map, uint64_t hash, void *value)
{
	if (map->count + 1 > map->room / 4 * 3)
		grow(map);
	place(map, hash, value);
	map->count++;
}

/* Empties a slot and moves back whoever could no longer be reached over the gap. */
static void close_gap(struct map *map, size_t gap)
{
	for (size_t at = after(map, gap); map->subdir_index[at].value; at = after(map, at)) {
		size_t wanted = home(map, map->subdir_index[at].hash);
		/* How far each lies behind its home, around the end of the table. */
		size_t from_home = (at - wanted) & (map->room - 1);
		size_t from_gap = (at - gap) & (map->room - 1);
		if (from_home < from_gap)
			continue;
		map->subdir_index[gap] = map->subdir_index[at];
		gap = at;
	}
	map->subdir_index[gap] = (struct map_slot){ 0 };
}

bool map_remove(struct map *map, uint64_t hash, const void *value)
{
	if (map->room == 0)
		return false;
	for (size_t at = home(map, hash); map->subdir_index[at].value; at = after(map, at)) {
		if (map->subdir_index[at].value != value)
			continue;
		close_gap(map, at);
		map->count--;
		return true;
	}
	return false;
}

void *map_next(const struct map *map, size_t *at)
{
	while (*at < map->room) {
		void *value = map->subdir_index[(*at)++].value;
		if (value)
			return value;
	}
	return NULL;
}
