/*
 * test_snapshot.c - what a snapshot knows of itself: times, hashes, sizes.
 */
#include "base/hash.h"
#include "snapshot_kit.h"

static struct snapshot *render_at(const char *path, const char *text, int64_t now_s)
{
	struct json *object = parse(text);
	struct snapshot *s;

	assert_int_equal(snapshot_render(&s, &training, object, path, &bare_style, now_s), 0);
	json_free(object);
	return s;
}

static void test_times(void **state)
{
	static const struct {
		const char *text;
		int64_t now_s, mtime_s;
	} rows[] = {
		{"{}", LATE_S, DATE_S},
		{"{\"CreateTime\":\"\",\"UpdateTime\":null,"
			"\"EndTime\":\"0000-00-00 00:00:00\"}", LATE_S, DATE_S},
		{"{\"CreateTime\":\"2022-09-06T08:34:13Z\"}", LATE_S, 1662453253},
		{"{\"UpdateTime\":\"2022-09-06T08:34:14Z\","
			"\"CreateTime\":\"2022-09-06T08:34:13Z\"}", LATE_S,
			1662453254},
		{"{\"CreateTime\":\"2022-09-06T08:34:13Z\","
			"\"EndTime\":\"2022-09-06T08:34:14Z\"}", 1662453253,
			1662453253}, /* a future one does not count */
		{"{\"EndTime\":\"2022-09-06T08:34:14Z\"}", 1662453253, DATE_S},
		{"{\"OtherTime\":\"2022-09-06T08:34:14Z\"}", LATE_S, DATE_S},
		{"{\"EndTime\":[\"2022-09-06T08:34:14Z\"]}", LATE_S, DATE_S},
		{"{\"EndTime\":\"1960-01-01T00:00:00Z\"}", LATE_S, DATE_S}, /* nor one that was never set */
		{"{\"EndTime\":\"0001-01-01T00:00:00Z\",\"UpdateTime\":\"1601-01-01T00:00:00Z\","
			"\"CreateTime\":\"1970-01-01 08:00:00\"}", LATE_S, DATE_S},
		{"{\"EndTime\":\"0001-01-01T00:00:00Z\",\"CreateTime\":\"2022-09-06T08:34:13Z\"}", LATE_S,
			1662453253},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct snapshot *s = render_at("/training/1", rows[i].text, rows[i].now_s);

		assert_int_equal(s->mtime_s, rows[i].mtime_s);
		snapshot_free(s);
	}
}

static void test_terminal(void **state)
{
	static const struct {
		const char *text;
		bool terminal;
	} rows[] = {
		{"{\"Status\":\"SUCCEED\"}", true}, {"{\"Status\":\"FAILED\"}", true},
		{"{\"Status\":\"RUNNING\"}", false}, {"{\"Status\":\"succeed\"}", false},
		{"{\"Status\":\"\"}", false}, {"{\"Status\":null}", false}, {"{}", false},
		{"{\"Status\":{}}", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct snapshot *s = render_at("/training/1", rows[i].text, LATE_S);

		assert_int_equal(s->terminal, rows[i].terminal);
		snapshot_free(s);
	}
}

static uint64_t stable_of(const char *text)
{
	struct snapshot *s = render_at("/training/1", text, LATE_S);
	uint64_t stable = s->stable;

	snapshot_free(s);
	return stable;
}

static void test_what_stays_the_same_in_list_and_detail(void **state)
{
	static const char *const same[] = {
		"{\"UpdateTime\":\"t\",\"Status\":\"S\",\"Id\":\"1\"}",
		"{\"Id\":1,\"Status\":\"S\",\"UpdateTime\":\"t\",\"More\":[1,2]}",
		"{\"Id\":\"1\",\"Status\":\"S\",\"UpdateTime\":\"t\",\"EndTime\":\"\","
		"\"CreateTime\":null}",
	};
	static const char *const other[] = {
		"{\"Id\":\"2\",\"Status\":\"S\",\"UpdateTime\":\"t\"}",
		"{\"Id\":\"1\",\"Status\":\"T\",\"UpdateTime\":\"t\"}",
		"{\"Id\":\"1\",\"Status\":\"S\",\"UpdateTime\":\"u\"}",
		"{\"Id\":\"1\",\"Status\":\"S\",\"StartTime\":\"t\"}",
		"{\"Id\":\"1\",\"Status\":\"\",\"UpdateTime\":\"t\"}",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(same); i++)
		assert_true(stable_of(same[i]) == stable_of(same[0]));
	for (size_t i = 0; i < COUNT(other); i++)
		assert_true(stable_of(other[i]) != stable_of(same[0]));
}

static void test_the_same_object_gives_the_same_snapshot(void **state)
{
	static const char text[] =
		"{\"Id\":\"1\",\"A\":{\"B\":[{\"C\":1}]},\"Tags\":[{\"TagKey\":\"k\","
		"\"TagValue\":\"v\"}]}";
	struct snapshot *a = render_at("/training/1", text, LATE_S);
	struct snapshot *b = render_at("/training/1", text, LATE_S);
	struct snapshot *elsewhere = render_at("/training/2", text, LATE_S);

	(void)state;
	assert_int_equal(a->memory, b->memory);
	assert_true(a->content == b->content && a->stable == b->stable);
	assert_memory_equal(a->entries, b->entries, a->n_entries * sizeof *a->entries);
	assert_memory_equal(a->by_name, b->by_name, a->n_entries * sizeof *a->by_name);
	assert_memory_equal(a->text, b->text, (size_t)((char *)a + a->memory - a->text));
	for (uint32_t i = 0; i < a->n_entries; i++) {
		assert_true(a->entries[i].ino != elsewhere->entries[i].ino);
		assert_true(a->entries[i].content == elsewhere->entries[i].content);
		for (uint32_t j = 0; j < i; j++)
			assert_true(a->entries[i].ino != a->entries[j].ino);
	}
	assert_true(a->content == at(a, "describe.json")->content);
	snapshot_free(a);
	snapshot_free(b);
	snapshot_free(elsewhere);
}

/* The hashes are part of what a mount shows: they may not change from one release to the next. */
static void test_the_hashes_are_these(void **state)
{
	struct snapshot *s = render_at("/training/1", "{\"Status\":\"RUNNING\",\"A\":{}}", LATE_S);

	(void)state;
	assert_true(at(s, "status")->content == hash_text(0, "RUNNING\n"));
	assert_true(s->content == hash_text(0, "{\n  \"Status\": \"RUNNING\",\n  \"A\": {}\n}\n"));
	assert_true(s->entries[0].ino == hash_text(0, "/training/1"));
	assert_true(at(s, "a")->ino == hash_text(hash_text(0, "/training/1"), "a"));
	snapshot_free(s);
}

/* One member changed: it, describe.json and what is above it have another content; nothing else. */
static void test_a_change_touches_only_its_own(void **state)
{
	static const char *const changed[] = {"a/b/0/c", "a/b/0", "a/b", "a", "", "describe.json"};
	struct snapshot *x = render_at("/t", "{\"Id\":1,\"A\":{\"B\":[{\"C\":1,\"D\":2},{}],"
		"\"E\":[1]}}", 0);
	struct snapshot *y = render_at("/t", "{\"Id\":1,\"A\":{\"B\":[{\"C\":9,\"D\":2},{}],"
		"\"E\":[1]}}", 0);

	(void)state;
	assert_int_equal(x->n_entries, y->n_entries);
	assert_true(x->content != y->content);
	for (uint32_t i = 0; i < x->n_entries; i++) {
		bool touched = false;

		for (size_t k = 0; k < COUNT(changed); k++)
			touched = touched || at(x, changed[k]) == &x->entries[i];
		assert_int_equal(x->entries[i].content != y->entries[i].content, touched);
		/* a directory's number is its path's alone */
		assert_int_equal(x->entries[i].ino != y->entries[i].ino,
			touched && !x->entries[i].directory);
	}
	snapshot_free(x);
	snapshot_free(y);
}

/* As many members as a resource may have. */
static void test_a_large_object(void **state)
{
	enum { MANY = SNAPSHOT_ENTRIES_MAX };
	struct buf text;

	(void)state;
	buf_init(&text, JSON_BYTES_MAX);
	for (size_t i = 0; i < MANY; i++)
		buf_printf(&text, "%s\"Member%zu\":%zu", i ? "," : "{", i, i);
	buf_putc(&text, '}');
	struct snapshot *s = render(&training, text.data);
	assert_int_equal(s->n_entries, MANY + 2);
	assert_bytes(s, "member1234", "1234\n");
	snapshot_free(s);
	buf_release(&text);
}

/*
 * Bytes that take six in describe.json and four in their file, and a deep list whose every line is
 * indented: the first alone fits, both do not.
 */
static enum error render_swelling(size_t n_bytes, size_t n_items)
{
	enum { DEPTH = 60 };
	struct buf text;
	struct json *object;
	struct snapshot *s;

	buf_init(&text, JSON_BYTES_MAX);
	buf_puts(&text, "{\"Id\":\"");
	for (size_t i = 0; i < n_bytes; i++)
		buf_putc(&text, 0x7f);
	buf_puts(&text, "\",\"List\":");
	for (int i = 0; i < DEPTH; i++)
		buf_putc(&text, '[');
	for (size_t i = 0; i < n_items; i++)
		buf_puts(&text, i ? ",1" : "1");
	for (int i = 0; i < DEPTH; i++)
		buf_putc(&text, ']');
	buf_puts(&text, "}");
	assert_int_equal(json_parse(&object, text.data, text.len), ERR_NONE);
	buf_release(&text);
	enum error error = snapshot_render(&s, &plain, object, "/x", &bare_style, 0);
	assert_true(error ? !s : s->memory <= SNAPSHOT_BYTES_MAX);
	snapshot_free(s);
	json_free(object);
	return error;
}

static void test_too_big(void **state)
{
	(void)state;
	assert_int_equal(render_swelling(500000, 10), ERR_NONE);
	assert_int_equal(render_swelling(500000, 30000), ERR_TOO_BIG);
}

/* The object `{"Id":"x","List":[ITEM,...]}` with n items; is_sure: what is said of it without rendering. */
static enum error render_wide(const char *item, size_t n, bool *is_sure)
{
	struct buf text;
	struct json *object;
	struct snapshot *s;

	buf_init(&text, JSON_BYTES_MAX);
	buf_puts(&text, "{\"Id\":\"x\",\"List\":[");
	for (size_t i = 0; i < n; i++) {
		buf_puts(&text, i ? "," : "");
		buf_puts(&text, item);
	}
	buf_puts(&text, "]}");
	assert_int_equal(json_parse(&object, text.data, text.len), ERR_NONE);
	*is_sure = snapshot_is_sure(object, text.len);
	buf_release(&text);
	enum error error = snapshot_render(&s, &plain, object, "/x", &bare_style, 0);
	snapshot_free(s);
	json_free(object);
	return error;
}

static void test_so_many_files(void **state)
{
	enum { MANY = SNAPSHOT_ENTRIES_MAX - 2 }; /* and the two members */
	bool is_sure;

	(void)state;
	assert_int_equal(render_wide("{}", MANY, &is_sure), ERR_NONE);
	assert_true(is_sure);
	assert_int_equal(render_wide("{}", MANY + 1, &is_sure), ERR_TOO_BIG);
	assert_false(is_sure);
	assert_int_equal(render_wide("{\"A\":1}", MANY / 2, &is_sure), ERR_NONE);
	assert_int_equal(render_wide("{\"A\":1}", MANY / 2 + 1, &is_sure), ERR_TOO_BIG);
	assert_false(is_sure);
	assert_int_equal(render_wide("1", 8 * MANY, &is_sure), ERR_NONE); /* one file */
	assert_true(is_sure);
}

/* What is sure does render, whatever takes the most room. */
static void test_what_is_sure_renders(void **state)
{
	static const char *const items[] = { "{\"//////////\":1}", "{\"\xe2\x80\xae\xe2\x80\xae\":1}", "1", "\"\"",
		"\"\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\"", "[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]",
		"{\"a\":{\"b\":{\"c\":{\"d\":{\"e\":1}}}}}", "[]" };
	bool is_sure;

	(void)state;
	for (size_t i = 0; i < sizeof items / sizeof *items; i++)
		for (size_t n = 100; n < 40000; n = n * 3 / 2) {
			if (n * (1 + strlen(items[i]) / 2) > 60000)
				break;
			enum error error = render_wide(items[i], n, &is_sure);
			assert_true(!error || !is_sure);
		}
}

static void test_a_directory_of_texts(void **state)
{
	static const char *const names[] = {"status", "errors", "metrics"};
	struct buf texts[3];

	(void)state;
	for (size_t i = 0; i < 3; i++)
		buf_init(&texts[i], 100);
	buf_puts(&texts[0], "fine\n");
	buf_add(&texts[2], "a\0b", 3);

	struct snapshot *s = snapshot_of_texts("/.describefs", names, texts, 3, 42, false, NULL);
	size_t size;
	assert_sane(s);
	assert_int_equal(s->n_entries, 4);
	assert_int_equal(s->mtime_s, 42);
	for (uint32_t i = 0; i < 3; i++)
		assert_string_equal(snapshot_name(s, i + 1), names[i]);
	assert_bytes(s, "status", "fine\n");
	assert_bytes(s, "errors", "");
	assert_memory_equal(snapshot_bytes(s, snapshot_find(s, 0, "metrics"), &size), "a\0b", 3);
	assert_int_equal(size, 3);
	assert_int_equal(snapshot_find(s, 0, "other"), 0);
	for (uint32_t i = 1; i < 4; i++)
		assert_int_equal(snapshot_find(s, i, "status"), 0); /* not a directory */

	struct snapshot *none = snapshot_of_texts("/", names, texts, 0, 1, false, NULL);
	assert_sane(none);
	assert_int_equal(none->n_entries, 1);
	assert_true(none->content != s->content);
	snapshot_free(none);
	snapshot_free(s);
	snapshot_free(NULL);
	for (size_t i = 0; i < 3; i++)
		buf_release(&texts[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_terminal),
		cmocka_unit_test(test_what_stays_the_same_in_list_and_detail),
		cmocka_unit_test(test_the_same_object_gives_the_same_snapshot),
		cmocka_unit_test(test_the_hashes_are_these),
		cmocka_unit_test(test_a_change_touches_only_its_own),
		cmocka_unit_test(test_a_large_object),
		cmocka_unit_test(test_too_big),
		cmocka_unit_test(test_so_many_files),
		cmocka_unit_test(test_what_is_sure_renders),
		cmocka_unit_test(test_a_directory_of_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
