/*
 * test_hash.c - hashes are equal on every machine and spread well; hash_keyed is SipHash-2-4.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/hash.h"

/* Inode numbers are made of these hashes, so their values never change. */
static void test_hash_is_stable(void **state)
{
	(void)state;
	assert_int_equal(hash_text(0, ""), UINT64_C(0xefd01f60ba992926));
	assert_int_equal(hash_text(0, "/training/train-1"), UINT64_C(0x83ef31627ca2f577));
	assert_int_equal(hash_text(1, "/training/train-1"), UINT64_C(0x67fda8753d380668));
	char *text = xcalloc(HASH_LANES_MIN + 7, 1);
	uint64_t before = hash_bytes(0, text, HASH_LANES_MIN + 7);
	assert_int_equal(before, UINT64_C(0xaee1528f3031c614));
	for (size_t i = 0; i < HASH_LANES_MIN + 7; i += 61) {
		text[i] = 1;
		assert_int_not_equal(hash_bytes(0, text, HASH_LANES_MIN + 7), before);
		text[i] = 0;
	}
	text[HASH_LANES_MIN + 6] = 1;
	assert_int_not_equal(hash_bytes(0, text, HASH_LANES_MIN + 7), before);
	assert_int_not_equal(hash_bytes(0, text, HASH_LANES_MIN + 6), before);
	free(text);
	assert_int_equal(hash_bytes(0, "/training/train-1", 17), UINT64_C(0x83ef31627ca2f577));
	assert_int_not_equal(hash_bytes(0, "a\0b", 3), hash_bytes(0, "a\0c", 3));
}

/* The first and some others of the reference's vectors: the key 00 to 0f, the bytes 00, 01, 02, ... */
static void test_keyed_hash_is_siphash(void **state)
{
	(void)state;
	static const uint64_t KEY[2] = { UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908) };
	static const struct {
		size_t len;
		uint64_t hash;
	} ROWS[] = {
		{ 0, UINT64_C(0x726fdb47dd0e0e31) }, { 1, UINT64_C(0x74f839c593dc67fd) }, { 7, UINT64_C(0xab0200f58b01d137) },
		{ 8, UINT64_C(0x93f5f5799a932462) }, { 15, UINT64_C(0xa129ca6149be45e5) },
	};
	unsigned char bytes[16];
	for (unsigned char i = 0; i < sizeof bytes; i++)
		bytes[i] = i;
	for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++)
		assert_int_equal(hash_keyed(KEY, bytes, ROWS[i].len), ROWS[i].hash);
}

static int compare_hashes(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

static void test_hash_spreads(void **state)
{
	(void)state;
	enum { N = 100000 };
	uint64_t *hashes = xcalloc(N, sizeof *hashes);
	int high_bits = 0;
	for (int i = 0; i < N; i++) {
		char text[32];
		struct buf buf;
		buf_init(&buf, sizeof text);
		buf_printf(&buf, "train-%d", i);
		hashes[i] = hash_text(0, buf.data);
		buf_release(&buf);
		high_bits += hashes[i] >> 63;
	}
	assert_in_range(high_bits, N / 2 - N / 50, N / 2 + N / 50);
	qsort(hashes, N, sizeof *hashes, compare_hashes);
	for (int i = 1; i < N; i++)
		assert_int_not_equal(hashes[i - 1], hashes[i]);
	free(hashes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hash_is_stable),
		cmocka_unit_test(test_hash_spreads),
		cmocka_unit_test(test_keyed_hash_is_siphash),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
