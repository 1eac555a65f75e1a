/*
 * test_kernel_listing.c - when the kernel may have cached a complete listing, and must be notified that it has expired.
 */
#include "tree_kit.h"

/* One READDIR: the first of a pass, one in its middle, or the empty one that ends it. */
static void hand(struct kit *kit, bool begins, bool ends)
{
	tree_handed(kit->tree, nodeid_encode(kit->training->node.inode.serial, 0), begins, ends);
}

static void test_a_listing_that_is_complete_is_notified_once(void **state)
{
	struct kit kit;
	(void)state;

	kit_open(&kit);
	struct kernel_listing *kept = &kit.training->kernel_listing;
	assert_false(kernel_listing_expire(kept));
	kernel_listing_see(kept, 7);
	hand(&kit, true, false);
	assert_false(kernel_listing_expire(kept)); /* the kernel still collects */
	hand(&kit, false, false);
	assert_false(kernel_listing_expire(kept));
	hand(&kit, false, true);
	assert_true(kernel_listing_expire(kept));
	assert_false(kernel_listing_expire(kept));
	kit_close(&kit);
}

static void test_a_pass_under_another_mtime_begins_anew(void **state)
{
	struct kit kit;
	(void)state;

	kit_open(&kit);
	struct kernel_listing *kept = &kit.training->kernel_listing;
	kernel_listing_see(kept, 7);
	hand(&kit, true, true);
	kernel_listing_see(kept, 8);
	hand(&kit, true, false);
	assert_false(kernel_listing_expire(kept));
	hand(&kit, false, true);
	kernel_listing_see(kept, 8);
	hand(&kit, true, false); /* the same mtime: the complete listing may still be there */
	assert_true(kernel_listing_expire(kept));
	kit_close(&kit);
}

static void test_a_pass_counts_by_the_mtime_of_its_beginning(void **state)
{
	struct kit kit;
	(void)state;

	kit_open(&kit);
	struct kernel_listing *kept = &kit.training->kernel_listing;
	kernel_listing_see(kept, 7);
	hand(&kit, true, false);
	kernel_listing_see(kept, 8); /* moves during the pass */
	hand(&kit, true, false);
	hand(&kit, false, true);
	hand(&kit, true, false); /* the kernel compares 8 with 7, and drops what it has */
	assert_false(kernel_listing_expire(kept));
	kit_close(&kit);
}

static void test_other_directories_and_ids_are_ignored(void **state)
{
	struct kit kit;
	(void)state;

	kit_open(&kit);
	tree_handed(kit.tree, tree_root(kit.tree), true, true);
	tree_handed(kit.tree, nodeid_encode(123456, 0), true, true);
	assert_false(kernel_listing_expire(&kit.training->kernel_listing));
	kit_close(&kit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_listing_that_is_complete_is_notified_once),
		cmocka_unit_test(test_a_pass_under_another_mtime_begins_anew),
		cmocka_unit_test(test_a_pass_counts_by_the_mtime_of_its_beginning),
		cmocka_unit_test(test_other_directories_and_ids_are_ignored),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
