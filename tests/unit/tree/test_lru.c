/*
 * test_lru.c - the two LRU lists of versions, and what is evicted from them.
 */
#include "tree_kit.h"

enum { N = 3 };

struct lru_kit {
	struct kit kit;
	struct resource *resources[N];
	struct version *versions[N]; /* of their descriptions */
};

static void open_described(struct lru_kit *lru)
{
	const char *const ids[] = { "train-0", "train-1", "train-2", NULL };

	kit_open(&lru->kit);
	read_list(&lru->kit, ids, 1000);
	for (int i = 0; i < N; i++) {
		lru->resources[i] = resource_find(lru->kit.tree, lru->kit.training, ids[i]);
		describe(&lru->kit, lru->resources[i], "RUNNING", "described", 2000);
		lru->versions[i] = lru->resources[i]->detail->described.version;
	}
}

/* The list's versions, the least recently used first, as in "012". */
static void assert_order(const struct lru_kit *lru, const struct list *list, const char *order)
{
	char found[N + 1] = "";

	for (struct list *at = list_first(list); at; at = list_next(list, at))
		for (int i = 0; i < N; i++)
			if (LIST_OWNER(at, struct version, lru) == lru->versions[i])
				found[strlen(found)] = (char)('0' + i);
	assert_string_equal(found, order);
}

static void test_use_moves_a_version_to_the_end(void **state)
{
	struct lru_kit lru;
	(void)state;

	open_described(&lru);
	const struct version_lru *lists = &lru.kit.tree->versions;
	assert_order(&lru, &lists->rendered, "012");
	version_use(lru.kit.tree, lru.versions[0]);
	assert_order(&lru, &lists->rendered, "120");
	version_use_least(lru.kit.tree, lru.versions[0]);
	assert_order(&lru, &lists->rendered, "012");
	version_use(lru.kit.tree, NULL);
	assert_int_equal(lists->n_rendered, N);
	version_leave_lru(lru.kit.tree, lru.versions[1]);
	version_leave_lru(lru.kit.tree, lru.versions[1]);
	assert_order(&lru, &lists->rendered, "02");
	assert_int_equal(lists->n_rendered, N - 1);
	kit_close(&lru.kit);
}

static void test_a_folded_version_is_in_the_other_list_until_it_is_read(void **state)
{
	struct lru_kit lru;
	(void)state;

	open_described(&lru);
	const struct version_lru *lists = &lru.kit.tree->versions;
	size_t memory = lru.kit.tree->memory;
	version_fold(lru.kit.tree, lru.versions[1]);
	version_join_folded(lru.kit.tree, lru.versions[1]);
	assert_null(lru.versions[1]->snapshot);
	assert_true(lru.kit.tree->memory < memory);
	assert_order(&lru, &lists->rendered, "02");
	assert_order(&lru, &lists->folded, "1");
	assert_int_equal(lists->n_rendered, N - 1);
	assert_non_null(version_look(lru.kit.tree, lru.versions[1]));
	assert_true(lru.kit.tree->memory == memory);
	assert_order(&lru, &lists->rendered, "021");
	assert_order(&lru, &lists->folded, "");
	assert_int_equal(lists->n_rendered, N);
	kit_close(&lru.kit);
}

static void test_eviction_takes_the_least_recently_used_first(void **state)
{
	struct lru_kit lru;
	(void)state;

	open_described(&lru);
	struct tree *tree = lru.kit.tree;
	version_use(tree, lru.versions[0]);
	tree->options.max_memory = tree_bytes(tree) - 1; /* one must go */
	tree_collect(tree);
	assert_null(lru.versions[1]->snapshot);
	assert_non_null(lru.versions[2]->snapshot);
	assert_non_null(lru.versions[0]->snapshot);
	tree->options.max_memory = 0;
	tree_collect(tree);
	assert_null(resource_described(lru.resources[1])->version);
	assert_null(resource_described(lru.resources[2])->version);
	assert_non_null(lru.versions[0]->snapshot); /* the newest stays for its reader */
	assert_non_null(lru.resources[1]->cached.text); /* items go with their listing alone */
	kit_close(&lru.kit);
}

static void test_a_version_that_the_kernel_holds_is_folded_and_not_freed(void **state)
{
	struct lru_kit lru;
	uint32_t index;
	(void)state;

	open_described(&lru);
	struct tree *tree = lru.kit.tree;
	uint64_t id = nodeid_encode(lru.versions[0]->inode.serial, 1);
	tree_ref(tree, id, 1);
	tree->options.max_memory = 0;
	tree_collect(tree);
	assert_ptr_equal(tree_inode(tree, id, &index), &lru.versions[0]->inode);
	assert_null(lru.versions[0]->snapshot);
	tree_forget(tree, id, 1);
	assert_null(tree_inode(tree, id, &index));
	kit_close(&lru.kit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_use_moves_a_version_to_the_end),
		cmocka_unit_test(test_a_folded_version_is_in_the_other_list_until_it_is_read),
		cmocka_unit_test(test_eviction_takes_the_least_recently_used_first),
		cmocka_unit_test(test_a_version_that_the_kernel_holds_is_folded_and_not_freed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
