/*
 * test_buf.c - a buffer never exceeds its ceiling, and stays full after an add that did not fit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"

/* The invariants of the header. */
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
	/* These would fit, but the buffer is full already. */
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
	/* At most the whole text is copied, and at most `len` bytes are read. */
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
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
