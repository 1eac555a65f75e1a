/*
 * test_map.c - compares the map with an array, with spread, clustered and equal hashes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/map.h"

enum { ITEMS = 1000, STEPS = 200000 };

struct item {
	uint64_t hash;
	int key;
	bool in;
};

static bool is_key(const void *value, const void *key)
{
	return ((const struct item *)value)->key == *(const int *)key;
}

static uint32_t next_random(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(*seed >> 33);
}

static size_t count_walk(const struct map *map)
{
	size_t at = 0, n = 0;
	for (struct item *item = map_next(map, &at); item; item = map_next(map, &at)) {
		assert_true(item->in);
		n++;
	}
	return n;
}

/* Adds and removes at random. Each step looks up its item, some steps look up all. */
static void run_model(uint64_t hash_mask, uint64_t seed)
{
	static struct item items[ITEMS];
	struct map map;
	map_init(&map, seed * 77);
	for (int i = 0; i < ITEMS; i++) {
		uint64_t hash = (uint64_t)next_random(&seed) << 32 | next_random(&seed);
		items[i] = (struct item){ .key = i, .hash = hash & hash_mask };
	}
	size_t in = 0;
	for (int step = 0; step < STEPS; step++) {
		struct item *item = &items[next_random(&seed) % ITEMS];
		if (item->in)
			assert_true(map_remove(&map, item->hash, item));
		else
			map_add(&map, item->hash, item);
		item->in = !item->in;
		in += item->in ? 1 : (size_t)-1;
		assert_int_equal(map.count, in);
		assert_ptr_equal(map_get(&map, item->hash, is_key, &item->key),
			item->in ? item : NULL);
		if (step % 5000 != 0)
			continue;
		assert_int_equal(count_walk(&map), in);
		for (int i = 0; i < ITEMS; i++)
			assert_ptr_equal(map_get(&map, items[i].hash, is_key, &items[i].key),
				items[i].in ? &items[i] : NULL);
	}
	map_release(&map);
}

static void test_model_with_good_hashes(void **state)
{
	(void)state;
	run_model(UINT64_MAX, 1);
}

static void test_model_with_few_hashes(void **state)
{
	(void)state;
	run_model(0x3f, 2);
}

static void test_model_with_one_hash(void **state)
{
	(void)state;
	run_model(0, 3);
}

static void test_model_with_high_bits_only(void **state)
{
	(void)state;
	run_model(UINT64_C(0xfff) << 52, 4);
}

static void test_empty_map(void **state)
{
	(void)state;
	struct map map;
	int key = 1;
	size_t at = 0;
	map_init(&map, 0);
	assert_null(map_get(&map, 0, is_key, &key));
	assert_false(map_remove(&map, 0, &key));
	assert_null(map_next(&map, &at));
	map_release(&map);
	map_release(&map);
}

static void test_removes_this_very_pointer(void **state)
{
	(void)state;
	struct item twins[2] = { { 7, 1, true }, { 7, 1, true } };
	struct map map;
	map_init(&map, 0);
	map_add(&map, 7, &twins[0]);
	assert_false(map_remove(&map, 7, &twins[1]));
	assert_true(map_remove(&map, 7, &twins[0]));
	assert_false(map_remove(&map, 7, &twins[0]));
	map_release(&map);
}

/* The longest run of used slots: a look-up may have to pass all of them. */
static size_t longest_run(const struct map *map)
{
	size_t longest = 0, run = 0;
	for (size_t i = 0; i < 2 * map->room; i++) {
		run = map->slots[i % map->room].value ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}
	return longest;
}

/* The slot of a hash in an empty table of ROOM slots. */
static size_t slot_of(struct map *map, uint64_t hash)
{
	size_t at = 0;
	map_add(map, hash, map);
	while (!map->slots[at].value)
		at++;
	map_remove(map, hash, map);
	return at;
}

enum { ROOM = 1024, CRAFTED = 200 };

static void make_room(struct map *map, uint64_t seed)
{
	static struct item items[ROOM / 2];
	map_init(map, seed);
	for (size_t i = 0; i < ROOM / 2; i++)
		map_add(map, i, &items[i]);
	for (size_t i = 0; i < ROOM / 2; i++)
		map_remove(map, i, &items[i]);
	assert_int_equal(map->room, ROOM);
	assert_int_equal(map->count, 0);
}

static size_t run_of(uint64_t seed, const uint64_t hashes[CRAFTED])
{
	static struct item items[CRAFTED];
	struct map map;
	make_room(&map, seed);
	for (size_t i = 0; i < CRAFTED; i++)
		map_add(&map, hashes[i], &items[i]);
	size_t run = longest_run(&map);
	map_release(&map);
	return run;
}

/* Hashes chosen by a peer that knows the algorithm but not the seed. */
static void hashes_that_collide_in_one_table_do_not_in_another(void **state)
{
	(void)state;
	uint64_t crafted[CRAFTED], seed = 5;
	struct map known;
	size_t n = 0;
	make_room(&known, 0);
	while (n < CRAFTED) {
		uint64_t hash = (uint64_t)next_random(&seed) << 32 | next_random(&seed);
		if (slot_of(&known, hash) < 2)
			crafted[n++] = hash;
	}
	map_release(&known);
	assert_true(run_of(0, crafted) >= CRAFTED);
	for (uint64_t other = 1; other < 20; other++)
		assert_true(run_of(other * UINT64_C(0x9e3779b97f4a7c15), crafted) < 20);
}

static void names_that_collide_in_one_table_do_not_in_another(void **state)
{
	(void)state;
	uint64_t first[CRAFTED], second[CRAFTED];
	struct map known, other, sorted;
	char name[32];
	size_t n = 0;
	make_room(&known, 1);
	map_init(&other, 2);
	map_init(&sorted, 1);
	for (int i = 0; n < CRAFTED; i++) {
		snprintf(name, sizeof name, "train-%d", i);
		uint64_t hash = map_hash_text(&known, 7, name);
		assert_true(hash == map_hash_text(&sorted, 7, name));
		assert_true(hash != map_hash_text(&sorted, 8, name));
		if (slot_of(&known, hash) >= 2)
			continue;
		first[n] = hash;
		second[n++] = map_hash_text(&other, 7, name);
	}
	map_release(&known);
	assert_true(run_of(1, first) >= CRAFTED);
	assert_true(run_of(2, second) < 20);
}

static void two_seeds_give_two_orders(void **state)
{
	(void)state;
	static struct item items[100];
	struct map one, two;
	size_t at = 0, other = 0, same = 0;
	map_init(&one, 1);
	map_init(&two, 2);
	for (size_t i = 0; i < 100; i++) {
		map_add(&one, i, &items[i]);
		map_add(&two, i, &items[i]);
	}
	for (size_t i = 0; i < 100; i++)
		same += map_next(&one, &at) == map_next(&two, &other);
	assert_true(same < 20);
	map_release(&one);
	assert_true(one.seed == 1);
	map_release(&two);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model_with_good_hashes),
		cmocka_unit_test(test_model_with_few_hashes),
		cmocka_unit_test(test_model_with_one_hash),
		cmocka_unit_test(test_model_with_high_bits_only),
		cmocka_unit_test(test_empty_map),
		cmocka_unit_test(test_removes_this_very_pointer),
		cmocka_unit_test(hashes_that_collide_in_one_table_do_not_in_another),
		cmocka_unit_test(names_that_collide_in_one_table_do_not_in_another),
		cmocka_unit_test(two_seeds_give_two_orders),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
