/*
 * test_buf.c - a buffer never passes its ceiling, and says so once and for all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"

/* What the header says always holds. */
static void assert_sane(const struct buf *buf)
{
	assert_non_null(buf->data);
	assert_true(buf->len <= buf->max);
	assert_true(buf->room == 0 || buf->room > buf->len);
	assert_int_equal(buf->data[buf->len], 0);
}

static void assert_holds(const struct buf *buf, const char *text)
{
	assert_sane(buf);
	assert_int_equal(buf->len, strlen(text));
	assert_string_equal(buf->data, text);
}

static void test_empty_takes_no_memory(void **state)
{
	(void)state;
	struct buf buf;
	buf_init(&buf, 10);
	assert_holds(&buf, "");
	assert_int_equal(buf.room, 0);
	buf_clear(&buf);
	buf_release(&buf);
	assert_holds(&buf, "");
}

static void test_adds(void **state)
{
	(void)state;
	struct buf buf;
	buf_init(&buf, 1000);
	assert_true(buf_puts(&buf, "ab"));
	assert_true(buf_putc(&buf, 'c'));
	assert_true(buf_add(&buf, "defg", 2));
	assert_true(buf_add(&buf, NULL, 0));
	assert_true(buf_printf(&buf, "%d-%s", 42, "x"));
	assert_holds(&buf, "abcde42-x");
	buf_clear(&buf);
	assert_holds(&buf, "");
	assert_true(buf_add(&buf, "a\0b", 3));
	assert_int_equal(buf.len, 3);
	assert_memory_equal(buf.data, "a\0b", 4);
	buf_release(&buf);
	assert_holds(&buf, "");
	assert_int_equal(buf.max, 1000);
}

static void test_ceiling_is_exact(void **state)
{
	(void)state;
	for (size_t max = 0; max < 200; max++) {
		struct buf buf;
		buf_init(&buf, max);
		for (size_t i = 0; i < max; i++) {
			assert_true(buf_putc(&buf, 'x'));
			assert_sane(&buf);
			assert_true(buf.room <= max + 1);
		}
		assert_false(buf.full);
		assert_false(buf_putc(&buf, 'y'));
		assert_true(buf.full);
		assert_int_equal(buf.len, max);
		assert_null(strchr(buf.data, 'y'));
		buf_release(&buf);
		assert_false(buf.full);
	}
}

static void test_full_stays_full(void **state)
{
	(void)state;
	struct buf buf;
	buf_init(&buf, 5);
	assert_true(buf_puts(&buf, "abc"));
	assert_false(buf_puts(&buf, "def"));
	assert_holds(&buf, "abc");
	/* These would fit, but the chain is broken already. */
	assert_false(buf_putc(&buf, 'd'));
	assert_false(buf_add(&buf, "", 0));
	assert_false(buf_printf(&buf, "%s", ""));
	assert_false(buf_puts(&buf, ""));
	assert_holds(&buf, "abc");
	buf_clear(&buf);
	assert_true(buf_puts(&buf, "abcde"));
	assert_false(buf_printf(&buf, "%c", 'f'));
	assert_holds(&buf, "abcde");
	buf_release(&buf);
}

static void test_huge_lengths_do_not_wrap(void **state)
{
	(void)state;
	struct buf buf;
	buf_init(&buf, SIZE_MAX);
	assert_true(buf_puts(&buf, "abc"));
	assert_false(buf_add(&buf, "x", SIZE_MAX));
	assert_false(buf_add(&buf, "x", SIZE_MAX - 3));
	assert_holds(&buf, "abc");
	buf_release(&buf);
}

static void test_take(void **state)
{
	(void)state;
	struct buf buf;
	buf_init(&buf, 100);
	char *empty = buf_take(&buf);
	assert_string_equal(empty, "");
	free(empty);
	buf_puts(&buf, "mine");
	char *taken = buf_take(&buf);
	assert_string_equal(taken, "mine");
	free(taken);
	assert_holds(&buf, "");
	assert_int_equal(buf.max, 100);
	assert_true(buf_puts(&buf, "again"));
	buf_release(&buf);
}

static void test_grows_by_doubling(void **state)
{
	(void)state;
	struct buf buf;
	buf_init(&buf, 1 << 20);
	size_t room = 0, moves = 0;
	for (int i = 0; i < 1 << 20; i++) {
		assert_true(buf_putc(&buf, (char)('a' + i % 26)));
		moves += buf.room != room;
		room = buf.room;
	}
	assert_true(moves < 20);
	for (int i = 0; i < 1 << 20; i++)
		assert_int_equal(buf.data[i], 'a' + i % 26);
	buf_release(&buf);
}

static void test_allocators(void **state)
{
	(void)state;
	char *text = xstrdup("abc");
	assert_string_equal(text, "abc");
	text = xrealloc(text, 8);
	assert_string_equal(text, "abc");
	free(text);
	text = xstrndup("abc", 2);
	assert_string_equal(text, "ab");
	free(text);
	/* A length beyond the text's end is its end; an unterminated text is read no further. */
	text = xstrndup("abc", 99);
	assert_string_equal(text, "abc");
	free(text);
	char *bare = xmalloc(2);
	memcpy(bare, "xy", 2);
	text = xstrndup(bare, 2);
	assert_string_equal(text, "xy");
	free(text);
	free(bare);
	unsigned char *zeroes = xcalloc(4, 4);
	for (int i = 0; i < 16; i++)
		assert_int_equal(zeroes[i], 0);
	free(zeroes);
	void *nothing = xmalloc(0);
	assert_non_null(nothing);
	free(nothing);
}

/* Inode numbers are made of these: the values stay what they are, on every machine. */
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

static void texts_grow_and_end_in_null(void **state)
{
	(void)state;
	struct texts texts = { 0 };
	struct buf text;
	buf_init(&text, 16);
	for (int i = 0; i < 100; i++) {
		buf_printf(&text, "%d", i);
		texts_add(&texts, buf_take(&text));
		assert_int_equal(texts.n, i + 1);
		assert_null(texts.v[texts.n]);
	}
	assert_string_equal(texts.v[0], "0");
	assert_string_equal(texts.v[99], "99");
	texts_release(&texts);
	assert_int_equal(texts.n, 0);
	texts_release(&texts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_grow_and_end_in_null),
		cmocka_unit_test(test_empty_takes_no_memory),
		cmocka_unit_test(test_adds),
		cmocka_unit_test(test_ceiling_is_exact),
		cmocka_unit_test(test_full_stays_full),
		cmocka_unit_test(test_huge_lengths_do_not_wrap),
		cmocka_unit_test(test_take),
		cmocka_unit_test(test_grows_by_doubling),
		cmocka_unit_test(test_allocators),
		cmocka_unit_test(test_hash_is_stable),
		cmocka_unit_test(test_hash_spreads),
		cmocka_unit_test(test_keyed_hash_is_siphash),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
