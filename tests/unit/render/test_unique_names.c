/*
 * test_unique_names.c - names in one directory: hostile ones, and those that collide.
 */
#include "snapshot_kit.h"

#include "base/sort.h"
#include "render/unique_names.h"

/* Every name that the reliability table lists comes out safe, different and openable. */
static void test_hostile_names(void **state)
{
	static const char *const keys[] = {
		"/", "a/b", "", ".", "..", " ", "\\u0000", "a\\u0000b", "a\\u0000c", "\\n",
		"\\u001b[2J",
		"\\u007f", "\\u0080", "\\u202e", "%41", "%", "%25", "-rf", "~", "*",
		"\\ud83d\\ude00",
		"\\u00e9", "e\\u0301", "CON", "\\ud800", "a ", ".hidden", "~root", "\\\\", "\\\"",
		"$(x)",
		"../../etc/passwd", "describe.json", "\\u0001", "x\\ty",
	};
	struct buf text;

	(void)state;
	buf_init(&text, 1 << 20);
	buf_puts(&text, "{");
	for (size_t i = 0; i < COUNT(keys); i++)
		buf_printf(&text, "%s\"%s\":%zu", i ? "," : "", keys[i], i);
	buf_puts(&text, "}");

	struct snapshot *s = render(&plain, text.data);
	struct json *object = parse(text.data);
	uint32_t entry = 1;

	assert_int_equal(s->n_entries, COUNT(keys) + 2);
	for (const struct json *item = json_first(object); item; item = json_next(item), entry++) {
		const char *name = snapshot_name(s, entry);
		struct buf raw;

		assert_string_equal(snapshot_key(s, entry), json_key(item));
		for (const char *byte = name; *byte; byte++)
			assert_true((unsigned char)*byte >= 0x20 && *byte != 0x7f);
		buf_init(&raw, 1000);
		if (!strchr(name, '~')) /* the one that wanted to be describe.json, and CON */
			assert_true(name_unescape(&raw, name));
		buf_release(&raw);
	}
	assert_string_equal(snapshot_name(s, s->n_entries - 1), "describe.json");
	json_free(object);
	snapshot_free(s);
	buf_release(&text);
}

static void test_long_names(void **state)
{
	static const size_t lengths[] = {254, 255, 256, 1024, 65536};
	struct buf text;

	(void)state;
	buf_init(&text, 1 << 20);
	buf_puts(&text, "{\"first\":0");
	for (size_t i = 0; i < COUNT(lengths); i++) {
		for (int twin = 0; twin < 2; twin++) {
			buf_puts(&text, ",\"");
			for (size_t n = 1; n < lengths[i]; n++)
				buf_putc(&text, 'x');
			buf_printf(&text, "%d\":\"v%zu %d\"", twin, i, twin);
		}
	}
	buf_puts(&text, "}");
	struct snapshot *s = render(&plain, text.data);
	assert_int_equal(s->n_entries, 2 * COUNT(lengths) + 3);
	snapshot_free(s);
	buf_release(&text);
}

/* The name of the entry that shows the member `key` of the resource. */
static const char *name_of(const struct snapshot *s, const char *key)
{
	for (uint32_t i = 1; i <= s->entries[0].count; i++)
		if (strcmp(snapshot_key(s, i), key) == 0 &&
			strcmp(snapshot_name(s, i), "describe.json") != 0)
			return snapshot_name(s, i);
	fail_msg("no member %s", key);
	return NULL;
}

/* Renders the members in each rotation and both directions: the names must be these every time. */
static void assert_names(const struct kind *kind, const char *const pairs[][2], size_t n)
{
	for (size_t turn = 0; turn < 2 * n; turn++) {
		struct buf text;

		buf_init(&text, 1 << 16);
		buf_putc(&text, '{');
		for (size_t i = 0; i < n; i++) {
			size_t at_i = turn < n ? (turn + i) % n : (turn - i) % n;

			const char *key = pairs[at_i][0];

			buf_printf(&text, "%s\"%s\":\"%s\"", i ? "," : "", key, key);
		}
		buf_putc(&text, '}');
		struct snapshot *s = render(kind, text.data);
		for (size_t i = 0; i < n; i++) {
			char expected[NAME_BYTES_MAX + 2];

			if (pairs[i][1])
				assert_string_equal(name_of(s, pairs[i][0]), pairs[i][1]);
			snprintf(expected, sizeof expected, "%s\n", pairs[i][0]);
			assert_bytes(s, name_of(s, pairs[i][0]), expected);
		}
		assert_int_equal(s->entries[0].count, n + 1);
		snapshot_free(s);
		buf_release(&text);
	}
}

/* "NAME~" and the hash of the key, as the contract of name_distinct says. */
static const char *distinct(char out[NAME_BYTES_MAX + 1], const char *name, const char *key)
{
	struct buf buf;

	buf_init(&buf, NAME_BYTES_MAX);
	name_distinct(&buf, name, key);
	memcpy(out, buf.data, buf.len + 1);
	buf_release(&buf);
	return out;
}

static void test_colliding_names_do_not_depend_on_order(void **state)
{
	char a[NAME_BYTES_MAX + 1], b[NAME_BYTES_MAX + 1], c[NAME_BYTES_MAX + 1];
	const char *const cases[][2] = {
		{"STATUS", "status"}, /* the bytewise smallest */
		{"Status", distinct(a, "status", "Status")},
		{"status", distinct(b, "status", "status")},
		{"other", "other"},
		{"describe.json", distinct(c, "describe.json", "describe.json")},
	};

	(void)state;
	assert_names(&plain, cases, COUNT(cases));
	const char *const three[][2] = {
		{"aB", "a_b"},
		{"a_b", distinct(a, "a_b", "a_b")},
		{"a_B", distinct(b, "a_b", "a_B")},
		{"x", "x"},
	};
	assert_names(&plain, three, COUNT(three));
	const char *const taken[][2] = { /* by somebody who knows how names are made */
		{"A_b", "a_b"},
		{"aB", NULL},
		{"a_b", distinct(a, "a_b", "a_b")},
		{distinct(c, "a_b", "aB"), c},
	};
	assert_names(&plain, taken, COUNT(taken));
}

static void test_stripped_names_give_way(void **state)
{
	const char *const pairs[][2] = {
		{"TrainingModelCreateTime", "training_model_create_time"},
		{"CreateTime", "create_time"},
		{"TrainingModelFormat", "format"},
		{"TrainingModelGPUType", "training_model_gpu_type"},
		{"gpuType", "gpu_type"},
		{"TrainingModelVersionId", "training_model_version_id"}, /* renamed to id */
		{"Id", "id"},
		{"TrainingModelId", "model_id"},
		{"TrainingModelModelId", "training_model_model_id"}, /* the renamed one stays */
		/* the whole name is another one's stripped name, so that gives way too */
		{"TrainingModelX", "training_model_x"},
		{"X", "x"},
		{"TrainingModel", NULL},
	};
	const char *const twins[][2] = {
		{"TrainingModelAb", NULL},
		{"TrainingModelAB", "training_model_ab"},
		{"Ab", "ab"},
	};

	(void)state;
	assert_names(&versions, pairs, COUNT(pairs));
	assert_names(&versions, twins, COUNT(twins));
}

/* Stripping again and again leads from one taken name to the next; it ends all the same. */
static void test_a_chain_of_stripped_names_ends(void **state)
{
	struct buf text;

	(void)state;
	buf_init(&text, 1 << 20);
	buf_puts(&text, "{\"X\":0");
	for (int links = 1; links <= 15; links++) {
		buf_puts(&text, ",\"");
		for (int i = 0; i < links; i++)
			buf_puts(&text, "TrainingModel");
		buf_printf(&text, "X\":%d", links);
	}
	buf_puts(&text, "}");
	struct snapshot *s = render(&versions, text.data);
	assert_int_equal(s->entries[0].count, 17);
	assert_string_equal(name_of(s, "X"), "x");
	snapshot_free(s);
	buf_release(&text);
}

static void test_renamed_twins(void **state)
{
	const char *const pairs[][2] = {
		{"finishTime", "finish_time"},
		{"finishtime", "finishtime"},
		{"taskName", "task_name"},
		{"name", "name"},
	};
	const char *const alone[][2] = {{"finishtime", "finish_time"}, {"taskName", "name"}};

	(void)state;
	assert_names(&jobs, pairs, COUNT(pairs));
	assert_names(&jobs, alone, COUNT(alone));
}

static void test_subkinds_keep_their_names(void **state)
{
	static const struct kind child = {.name = S("versions")};
	static const struct kind *children[] = {&child, NULL};
	struct kind models = versions;
	char taken[NAME_BYTES_MAX + 1];
	const char *const stripped[][2] = {
		{"TrainingModelVersions", "training_model_versions"},
		{"TrainingModelName", "name"},
	};
	const char *const natural[][2] = {
		{"Versions", distinct(taken, "versions", "Versions")},
		{"TrainingModelVersions", "training_model_versions"},
	};

	(void)state;
	models.children = children;
	assert_names(&models, stripped, COUNT(stripped));
	assert_names(&models, natural, COUNT(natural));

	/* Only in the resource's own directory. */
	struct snapshot *s = render(&models, "{\"A\":{\"Versions\":1,\"DescribeJson\":2,"
		"\"describe.json\":3}}");
	assert_bytes(s, "a/versions", "1\n");
	assert_bytes(s, "a/describe.json", "3\n");
	assert_false(has(s, "versions"));
	snapshot_free(s);
}

/* Keys that differ in case alone: all of them want one name. */
static void test_a_large_object_of_one_name(void **state)
{
	enum { MANY = SNAPSHOT_ENTRIES_MAX };
	struct buf text;

	(void)state;
	buf_init(&text, JSON_BYTES_MAX);
	for (size_t n = 0; n < MANY; n++) {
		buf_puts(&text, n ? ",\"" : "{\"");
		for (int bit = 0; bit < 13; bit++)
			buf_puts(&text, n >> bit & 1 ? "_X" : "_x");
		buf_printf(&text, "\":%zu", n);
	}
	buf_putc(&text, '}');
	struct snapshot *s = render(&plain, text.data);
	assert_int_equal(s->n_entries, MANY + 2);
	snapshot_free(s);
	buf_release(&text);
}

/*
 * Two entries have one key, so that each step after the merge needs less room than the merge. The room of one
 * buffer is only enough for that: the names are not valid, and the later steps do not hide it.
 */
static void test_a_buffer_that_was_full_is_not_forgotten(void **state)
{
	static const struct sibling sibling = {.key = "Key", .rank = SIBLING_PLAIN};

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct unique_names unique;

		unique_names_init(&unique);
		if (i == 1)
			unique.order.max = sizeof(uint32_t);
		else if (i == 2)
			unique.sorting.max = 2 * sizeof(struct sort_item);
		unique_names_add(&unique, &sibling, "key", "key");
		unique_names_add(&unique, &sibling, "key", "key");
		unique_names_merge(&unique);
		unique_names_settle(&unique);
		assert_int_equal(unique_names_full(&unique), i != 0);
		unique_names_clear(&unique);
		assert_false(unique_names_full(&unique));
		unique_names_release(&unique);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hostile_names),
		cmocka_unit_test(test_long_names),
		cmocka_unit_test(test_colliding_names_do_not_depend_on_order),
		cmocka_unit_test(test_stripped_names_give_way),
		cmocka_unit_test(test_a_chain_of_stripped_names_ends),
		cmocka_unit_test(test_renamed_twins),
		cmocka_unit_test(test_subkinds_keep_their_names),
		cmocka_unit_test(test_a_large_object_of_one_name),
		cmocka_unit_test(test_a_buffer_that_was_full_is_not_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
