/*
 * test_members.c - the members of a listing: their order, and what a reading adds and removes.
 */
#include "tree_kit.h"

static void assert_members(const struct kit *kit, const char *const ids[])
{
	const struct members *members = &kit->training->members;
	size_t n = 0;

	for (; ids[n]; n++) {
		assert_true(n < members->n);
		assert_string_equal(members->v[n]->node.id, ids[n]);
		assert_true(resource_is_shown(members->v[n]));
		assert_true(members->v[n]->membership.seq < members->next_seq);
		if (n)
			assert_true(members->v[n - 1]->membership.seq < members->v[n]->membership.seq);
	}
	assert_int_equal(members->n, n);
}

static void test_members_keep_their_place_and_new_ones_come_last(void **state)
{
	struct kit kit;
	(void)state;

	kit_open(&kit);
	read_list(&kit, (const char *[]){ "train-b", "train-a", NULL }, 1000);
	assert_members(&kit, (const char *[]){ "train-b", "train-a", NULL });
	uint64_t epoch = kit.training->state.epoch;
	read_list(&kit, (const char *[]){ "train-c", "train-a", "train-b", NULL }, 2000);
	assert_members(&kit, (const char *[]){ "train-b", "train-a", "train-c", NULL });
	assert_true(kit.training->state.epoch == epoch + 1);
	kit_close(&kit);
}

static void test_a_resource_that_comes_back_gets_another_seq(void **state)
{
	struct kit kit;
	(void)state;

	kit_open(&kit);
	read_list(&kit, (const char *[]){ "train-a", "train-b", NULL }, 1000);
	struct resource *gone = resource_find(kit.tree, kit.training, "train-a");
	uint64_t seq = gone->membership.seq, changes = kit.training->members.changes;
	tree_ref(kit.tree, nodeid_encode(gone->node.inode.serial, 0), 1); /* it outlives its membership */
	read_list(&kit, (const char *[]){ "train-b", NULL }, 2000);
	assert_members(&kit, (const char *[]){ "train-b", NULL });
	assert_false(resource_is_shown(gone));
	assert_null(gone->cached.provenance);
	assert_true(kit.training->members.changes > changes);
	read_list(&kit, (const char *[]){ "train-a", "train-b", NULL }, 3000);
	assert_members(&kit, (const char *[]){ "train-b", "train-a", NULL });
	assert_true(gone->membership.seq > seq);
	kit_close(&kit);
}

static void test_a_new_member_is_shown_when_its_reading_ends(void **state)
{
	struct provenance_note note = note_at(2000);
	struct kit kit;
	(void)state;

	kit_open(&kit);
	read_list(&kit, (const char *[]){ "train-a", NULL }, 1000);
	tree_list_begin(&kit.training->node, true);
	struct resource *added = list_task(&kit, "train-b", 2000);
	assert_members(&kit, (const char *[]){ "train-a", "train-b", NULL });
	assert_false(listing_shows(kit.training, added));
	assert_true(listing_shows(kit.training, kit.training->members.v[0]));
	list_task(&kit, "train-a", 2000);
	tree_list_end(kit.tree, &kit.training->node, true, 0, &note);
	tree_list_leave(&kit.training->node, true);
	assert_true(listing_shows(kit.training, added));
	kit_close(&kit);
}

static void test_readings_that_overlap_are_one_round(void **state)
{
	struct provenance_note note = note_at(2000);
	struct kit kit;
	(void)state;

	kit_open(&kit);
	tree_list_begin(&kit.training->node, false);
	list_task(&kit, "train-a", 1000);
	tree_list_begin(&kit.training->node, false);
	list_task(&kit, "train-b", 2000);
	tree_list_end(kit.tree, &kit.training->node, true, 0, &note);
	assert_members(&kit, (const char *[]){ "train-a", "train-b", NULL });
	tree_list_leave(&kit.training->node, false);
	tree_list_leave(&kit.training->node, false);
	kit_close(&kit);
}

static void test_an_unchanged_list_counts_no_change(void **state)
{
	struct kit kit;
	(void)state;

	kit_open(&kit);
	read_list(&kit, (const char *[]){ "train-a", NULL }, 1000);
	uint64_t changes = kit.training->members.changes, epoch = kit.training->state.epoch;
	read_list(&kit, (const char *[]){ "train-a", NULL }, 2000);
	assert_true(kit.training->members.changes == changes);
	assert_true(kit.training->state.epoch == epoch);
	assert_true(kit.training->state.expires_ms == 2000 + LIST_MS);
	kit_close(&kit);
}

static void test_a_pinned_member_stays_when_the_list_is_refused(void **state)
{
	struct buf why;
	struct kit kit;
	(void)state;

	kit_open(&kit);
	buf_init(&why, 1000);
	assert_true(tree_pin(kit.tree, "training/train-a", &why));
	read_list(&kit, (const char *[]){ "train-a", "train-b", NULL }, 1000);
	listing_empty(kit.tree, kit.training);
	assert_members(&kit, (const char *[]){ "train-a", NULL });
	assert_null(kit.training->state.provenance);
	assert_false(tree_pin(kit.tree, "training/notebook-a", &why));
	buf_release(&why);
	kit_close(&kit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_members_keep_their_place_and_new_ones_come_last),
		cmocka_unit_test(test_a_resource_that_comes_back_gets_another_seq),
		cmocka_unit_test(test_a_new_member_is_shown_when_its_reading_ends),
		cmocka_unit_test(test_readings_that_overlap_are_one_round),
		cmocka_unit_test(test_an_unchanged_list_counts_no_change),
		cmocka_unit_test(test_a_pinned_member_stays_when_the_list_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
