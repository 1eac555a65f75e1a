/*
 * test_freshness_terms.c - how long answers, failures, outages and the items of long lists are fresh.
 */
#include "tree_kit.h"

static void test_a_failure_is_fresh_until_its_time_and_for_earlier_questions(void **state)
{
	const struct failure failure = { ERR_SERVER, 1000, 2000 }, none = { 0 };
	(void)state;

	assert_true(failure_stands(&failure, asked_at(1999)));
	assert_false(failure_stands(&failure, asked_at(2000)));
	assert_true(failure_stands(&failure, (struct query_time){ .now_ms = 9000, .since_ms = 1000 }));
	assert_false(failure_stands(&failure, (struct query_time){ .now_ms = 9000, .since_ms = 1001 }));
	assert_false(failure_stands(&none, asked_at(0)));
}

static void test_ttls_are_the_catalogs_or_the_users(void **state)
{
	struct kit kit;
	(void)state;

	kit_open(&kit);
	const struct kind *kind = kit.training->node.kind;
	assert_true(expiry_ms(kit.tree, kind, false, 100) == 100 + LIVE_MS);
	assert_true(expiry_ms(kit.tree, kind, true, 100) == 100 + kind->ttl.terminal_s * 1000);
	assert_true(miss_ms(kit.tree, kind) == MISS_MS);
	kit.tree->options.ttl_ms = 60000;
	assert_true(expiry_ms(kit.tree, kind, false, 100) == 60100);
	assert_true(miss_ms(kit.tree, kind) == MISS_MS); /* a negative entry never lasts longer */
	kit.tree->options.ttl_ms = 0;
	assert_true(expiry_ms(kit.tree, kind, true, 100) == 100);
	assert_true(miss_ms(kit.tree, kind) == 0);
	kit_close(&kit);
}

static void test_an_outage_ends_with_time_an_answer_or_a_refresh(void **state)
{
	struct kit kit;
	(void)state;

	kit_open(&kit);
	tree_note_outage(kit.tree, ERR_DENIED, 1000); /* a server was reached */
	assert_null(outage_of(kit.tree, asked_at(1000)));
	tree_note_outage(kit.tree, ERR_NO_HOST, 1000);
	assert_int_equal(outage_of(kit.tree, asked_at(1000 + OUTAGE_MS - 1))->error, ERR_NO_HOST);
	assert_null(outage_of(kit.tree, asked_at(1000 + OUTAGE_MS)));
	list_task(&kit, "train-a", 1500);
	assert_null(outage_of(kit.tree, asked_at(1500)));
	tree_note_outage(kit.tree, ERR_NO_HOST, 2000);
	assert_non_null(tree_refresh(kit.tree, tree_root(kit.tree), NULL, NULL));
	assert_null(outage_of(kit.tree, asked_at(2000)));
	kit_close(&kit);
}

static void test_a_full_queue_lasts_until_it_is_taken_back(void **state)
{
	struct kit kit;
	(void)state;

	kit_open(&kit);
	tree_crowd(kit.tree, ERR_QUEUE);
	assert_int_equal(outage_of(kit.tree, asked_at(INT64_MAX / 2))->error, ERR_QUEUE);
	tree_note_outage(kit.tree, ERR_NO_HOST, 1000);
	assert_int_equal(outage_of(kit.tree, asked_at(1000))->error, ERR_NO_HOST);
	tree_end_outage(kit.tree);
	assert_int_equal(outage_of(kit.tree, asked_at(1000))->error, ERR_QUEUE);
	tree_crowd(kit.tree, ERR_NONE);
	assert_null(outage_of(kit.tree, asked_at(1000)));
	kit_close(&kit);
}

static void test_a_record_is_fresh_for_its_ttl_and_not_past_its_bound(void **state)
{
	struct kit kit;
	(void)state;

	kit_open(&kit);
	read_list(&kit, (const char *[]){ "train-a", NULL }, 1000);
	struct resource *resource = resource_find(kit.tree, kit.training, "train-a");
	struct record *item = &resource->cached;
	assert_true(record_is_fresh(item, asked_at(1000 + LIVE_MS - 1)));
	assert_false(record_is_fresh(item, asked_at(1000 + LIVE_MS)));
	assert_true(record_is_fresh(item, (struct query_time){ .now_ms = 999999, .since_ms = 1000 }));
	record_expire_by(item, 5000);
	assert_true(record_is_fresh(item, asked_at(4999)));
	assert_false(record_is_fresh(item, asked_at(5000)));
	record_expire_by(item, 6000); /* never later */
	assert_false(record_is_fresh(item, asked_at(5000)));
	kit_close(&kit);
}

static void test_a_listing_is_stale_only_while_a_failure_stands(void **state)
{
	struct kit kit;
	(void)state;

	kit_open(&kit);
	read_list(&kit, (const char *[]){ "train-a", NULL }, 1000);
	const int64_t late_ms = 1000 + LIST_MS;
	assert_true(listing_is_fresh(kit.training, asked_at(late_ms - 1)));
	assert_false(listing_is_fresh(kit.training, asked_at(late_ms)));
	assert_false(listing_is_stale(kit.tree, kit.training, asked_at(late_ms)));
	kit.training->state.failures[FETCH_LIST] = (struct failure){ ERR_SERVER, late_ms, late_ms + 1000 };
	assert_true(listing_is_stale(kit.tree, kit.training, asked_at(late_ms + 999)));
	assert_false(listing_is_stale(kit.tree, kit.training, asked_at(late_ms + 1000)));
	kit.training->state.failures[FETCH_LIST].error = ERR_DENIED;
	assert_false(listing_is_stale(kit.tree, kit.training, asked_at(late_ms + 999)));
	kit_close(&kit);
}

static void test_items_of_a_long_list_are_fresh_as_long_again_as_it_took(void **state)
{
	struct reading reading = { .n_open = 1, .n_pages = 3, .begun_ms = 1000, .ttl_ms = LIVE_MS };
	struct provenance provenance = { .reading = &reading, .sent_ms = 1000 };
	struct record record = { .provenance = &provenance, .expires_ms = 1000 + LIVE_MS };
	(void)state;

	assert_true(record_until_ms(&record, 2000) == 1000 + LIVE_MS);
	assert_true(record_until_ms(&record, 41000) == 81000); /* under way */
	reading.n_open = 0;
	reading.ended_ms = 61000;
	assert_true(record_until_ms(&record, 70000) == 121000);
	reading.ended_ms = 1000 + 700 * 1000; /* at most 10 minutes more */
	assert_true(record_until_ms(&record, reading.ended_ms) == reading.ended_ms + 600 * 1000);
	record.bounded = true;
	assert_true(record_until_ms(&record, 70000) == 1000 + LIVE_MS);
	record.bounded = false;
	reading.n_pages = 2; /* a short list is read again */
	assert_true(record_until_ms(&record, 70000) == 1000 + LIVE_MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_failure_is_fresh_until_its_time_and_for_earlier_questions),
		cmocka_unit_test(test_ttls_are_the_catalogs_or_the_users),
		cmocka_unit_test(test_an_outage_ends_with_time_an_answer_or_a_refresh),
		cmocka_unit_test(test_a_full_queue_lasts_until_it_is_taken_back),
		cmocka_unit_test(test_a_record_is_fresh_for_its_ttl_and_not_past_its_bound),
		cmocka_unit_test(test_a_listing_is_stale_only_while_a_failure_stands),
		cmocka_unit_test(test_items_of_a_long_list_are_fresh_as_long_again_as_it_took),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
