/*
 * test_map.c - the map against a plain array, with good hashes, bad ones and equal ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "map.h"

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

/* Adds and removes at random; each step's item is looked up, now and then everybody. */
static void run_model(uint64_t hash_mask, uint64_t seed)
{
	static struct item items[ITEMS];
	struct map map;
	map_init(&map);
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
	map_init(&map);
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
	map_init(&map);
	map_add(&map, 7, &twins[0]);
	assert_false(map_remove(&map, 7, &twins[1]));
	assert_true(map_remove(&map, 7, &twins[0]));
	assert_false(map_remove(&map, 7, &twins[0]));
	map_release(&map);
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
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
