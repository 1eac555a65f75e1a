/*
 * test_wait.c - the entry of .wait, which stat(2) asks for: it does none of a reader's work.
 */
#include "tree_kit.h"

static const char *const ids[] = { "train-0", "train-1", "train-2", "train-3", NULL };

enum { LIST_AT_MS = 1000, EXPIRED_MS = LIST_AT_MS + LIVE_MS + 1 };

/* The complete list, in one reading; `member` is what each item has besides its id. */
static void read_items(struct kit *kit, const char *member)
{
	struct provenance_note note = note_at(LIST_AT_MS);
	struct listed listed;

	tree_list_begin(&kit->training->node, true);
	tree_reading_begin(kit->tree, &kit->training->node, LIST_AT_MS, 0);
	note.reading = tree_reading(&kit->training->node);
	for (size_t i = 0; ids[i]; i++) {
		char bytes[128];
		struct json *item;
		snprintf(bytes, sizeof(bytes), "{\"Id\":\"%s\",%s}", ids[i], member);
		assert_int_equal(json_parse(&item, bytes, strlen(bytes)), ERR_NONE);
		assert_int_equal(tree_list_item(kit->tree, &kit->training->node, item, &note, true, &listed),
			ERR_NONE);
		json_free(item);
	}
	tree_list_end(kit->tree, &kit->training->node, true, 0, &note);
	tree_list_leave(&kit->training->node, true);
	tree_reading_end(&kit->training->node, LIST_AT_MS);
}

/* Asks for the entry of each .wait, in the order of the listing. */
static void stat_all(struct kit *kit, int64_t ms)
{
	for (size_t i = 0; ids[i]; i++) {
		struct resource *resource = resource_find(kit->tree, kit->training, ids[i]);
		struct entry entry = wait_entry(kit->tree, resource, asked_at(ms));
		assert_int_equal(entry.attr.size, strlen("SUBMIT_FAILED\n"));
	}
}

static void assert_not_read(const struct kit *kit)
{
	for (size_t i = 0; ids[i]; i++) {
		const struct resource *resource = resource_find(kit->tree, kit->training, ids[i]);
		assert_null(resource->cached.version);
		assert_false(resource->rendered_once);
		assert_false(resource->asked_single);
		assert_false(resource->cached.grace_used);
		assert_int_equal(resource->cached.provenance->reading->passed, 0);
	}
	assert_null(kit->tree->scanned);
	assert_int_equal(kit->training->readahead.run, 0);
}

static void test_a_stat_reads_no_item(void **state)
{
	static const char *const members[] = { "\"Status\":\"RUNNING\"", "\"Name\":\"without a status\"" };
	(void)state;

	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
		struct kit kit;
		kit_open(&kit);
		read_items(&kit, members[i]);
		stat_all(&kit, LIST_AT_MS);
		assert_not_read(&kit);
		stat_all(&kit, EXPIRED_MS);
		assert_not_read(&kit);
		kit_close(&kit);
	}
}

static void test_a_stat_reads_no_item_that_ended_and_expired(void **state)
{
	struct kit kit;
	(void)state;

	kit_open(&kit);
	read_items(&kit, "\"Status\":\"FAILED\"");
	stat_all(&kit, LIST_AT_MS + 3600 * 1000);
	assert_not_read(&kit);
	kit_close(&kit);
}

static void test_the_size_is_exact_while_a_fresh_answer_has_ended(void **state)
{
	struct kit kit;
	(void)state;

	kit_open(&kit);
	read_items(&kit, "\"Status\":\"RUNNING\"");
	struct resource *described = resource_find(kit.tree, kit.training, ids[0]);
	describe(&kit, described, "FAILED", "described", LIST_AT_MS);
	struct entry entry = wait_entry(kit.tree, described, asked_at(LIST_AT_MS + 1));
	assert_int_equal(entry.attr.size, strlen("FAILED\n"));
	read_items(&kit, "\"Status\":\"STOPPED\"");
	struct resource *listed = resource_find(kit.tree, kit.training, ids[1]);
	entry = wait_entry(kit.tree, listed, asked_at(LIST_AT_MS + 1));
	assert_int_equal(entry.attr.size, strlen("STOPPED\n"));
	kit_close(&kit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_stat_reads_no_item),
		cmocka_unit_test(test_a_stat_reads_no_item_that_ended_and_expired),
		cmocka_unit_test(test_the_size_is_exact_while_a_fresh_answer_has_ended),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
