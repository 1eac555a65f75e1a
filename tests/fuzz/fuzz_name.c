/*
 * fuzz_name.c - any text as a file name and back, any file name as a text.
 *
 * A text is what json_text gives, so a NUL byte of the input stands as C0 80; other bytes are left as they are, which
 * is more than JSON would let through.
 */
#include "fuzz.h"

#include "base/name.h"

static char *make_text(const uint8_t *data, size_t size)
{
	struct buf text;

	buf_init(&text, SIZE_MAX);
	for (size_t i = 0; i < size; i++)
		if (data[i])
			buf_putc(&text, (char)data[i]);
		else
			buf_puts(&text, "\xc0\x80");
	return buf_take(&text);
}

/* An escape that is over 255 bytes is cut, and ends in a '~' and 16 hex digits. */
static bool looks_cut(const char *name)
{
	size_t len = strlen(name);

	return len >= NAME_BYTES_MAX - 3 && name[len - 17] == '~' &&
		strspn(name + len - 16, "0123456789abcdefABCDEF") == 16;
}

static void escape(struct buf *out, const char *text)
{
	buf_init(out, NAME_BYTES_MAX);
	name_escape(out, text);
	CHECK(!out->full && fuzz_is_name(out->data) && !name_is_probe(out->data));
}

static void check_there_and_back(const char *text)
{
	struct buf name, again;

	escape(&name, text);
	buf_init(&again, SIZE_MAX);
	if (name_unescape(&again, name.data))
		CHECK(!strcmp(again.data, text));
	else /* only one that was cut has lost something */
		CHECK(looks_cut(name.data) && strlen(text) * 3 > NAME_BYTES_MAX);
	buf_release(&again);

	buf_init(&again, NAME_BYTES_MAX);
	name_distinct(&again, name.data, text);
	CHECK(!again.full && fuzz_is_name(again.data));
	CHECK(looks_cut(name.data) || strcmp(again.data, name.data) != 0); /* that one has the hash already */
	buf_release(&again);
	buf_release(&name);
}

static void check_back_and_there(const char *name)
{
	struct buf text, again;

	buf_init(&text, SIZE_MAX);
	if (name_unescape(&text, name)) {
		CHECK(fuzz_is_name(name));
		escape(&again, text.data);
		CHECK(!strcmp(again.data, name));
		buf_release(&again);
	} else {
		CHECK(text.len == 0);
	}
	buf_release(&text);
	if (name_is_probe(name))
		CHECK(*name);
}

static void check_snake(const char *text)
{
	struct buf snake, name;

	buf_init(&snake, SIZE_MAX);
	name_snake(&snake, text);
	CHECK(snake.len >= strlen(text) && snake.len <= 2 * strlen(text));
	for (const char *at = snake.data; *at; at++)
		CHECK(*at < 'A' || *at > 'Z');
	escape(&name, snake.data);
	buf_release(&name);
	buf_release(&snake);
}

/* Two texts never have one name. */
static void check_two(const char *a, const char *b)
{
	struct buf first, second;

	escape(&first, a);
	escape(&second, b);
	CHECK(!strcmp(a, b) == !strcmp(first.data, second.data));
	buf_release(&first);
	buf_release(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = make_text(data, size), *name = fuzz_text(data, size);
	char *first = make_text(data, size / 2), *second = make_text(data + size / 2, size - size / 2);

	check_there_and_back(text);
	check_back_and_there(name);
	check_snake(text);
	check_two(first, second);
	free(text);
	free(name);
	free(first);
	free(second);
	return 0;
}
