/*
 * test_ids.c - node ids, the table of inodes, and the idle list.
 */
#include "tree_kit.h"

static void test_an_id_is_serial_and_index(void **state)
{
	const uint64_t serials[] = { 0, 1, 77, (UINT64_C(3) << ID_SERIAL_BITS) + 5 };
	const uint32_t indexes[] = { 0, 1, ID_LINK, INDEX_EVENTS, INDEX_WAIT };
	(void)state;

	for (size_t i = 0; i < sizeof(serials) / sizeof(*serials); i++)
		for (size_t j = 0; j < sizeof(indexes) / sizeof(*indexes); j++) {
			uint64_t id = nodeid_encode(serials[i], indexes[j]);
			assert_true(id >= TREE_ROOT);
			assert_true(nodeid_decode(id).serial == serials[i]);
			assert_int_equal(nodeid_decode(id).index, indexes[j]);
			assert_int_equal(tree_number(id), serials[i] >> ID_SERIAL_BITS);
		}
	assert_int_equal(tree_number(0), 0);
}

static void test_each_view_has_one_index_for_links(void **state)
{
	(void)state;
	assert_false(index_is_link(ID_LINK - 1));
	for (uint32_t i = 0; i < VIEW_SORTS; i++)
		assert_true(index_is_link(ID_LINK + i));
	assert_false(index_is_link(INDEX_EVENTS));
	assert_false(index_is_link(INDEX_WAIT));
}

static void test_only_the_first_tree_has_the_root_of_fuse(void **state)
{
	struct kit first, third;
	uint32_t index;
	(void)state;

	kit_open(&first);
	kit_open_as(&third, 3, -1);
	assert_true(tree_root(first.tree) == TREE_ROOT);
	assert_int_equal(tree_number(tree_root(third.tree)), 3);
	assert_ptr_equal(tree_inode(third.tree, tree_root(third.tree), &index),
		&third.tree->root->node.inode);
	assert_null(tree_inode(third.tree, TREE_ROOT, &index));
	assert_null(tree_inode(first.tree, 0, &index));
	kit_close(&first);
	kit_close(&third);
}

static void test_a_serial_is_never_used_again(void **state)
{
	struct kit kit;
	uint32_t index;
	(void)state;

	kit_open(&kit);
	struct node *node = node_new(kit.tree, NODE_TEXTS, &kit.training->node, "", NULL);
	uint64_t serial = node->inode.serial;
	size_t n = kit.tree->inodes.n_nodes;
	node_release(kit.tree, node);
	assert_int_equal(kit.tree->inodes.n_nodes, n - 1);
	assert_null(tree_inode(kit.tree, nodeid_encode(serial, 0), &index));
	node = node_new(kit.tree, NODE_TEXTS, &kit.training->node, "", NULL);
	assert_true(node->inode.serial > serial);
	assert_null(tree_inode(kit.tree, nodeid_encode(serial, 0), &index));
	assert_ptr_equal(tree_inode(kit.tree, nodeid_encode(node->inode.serial, 9), &index), &node->inode);
	assert_int_equal(index, 9);
	node_release(kit.tree, node);
	kit_close(&kit);
}

static void test_an_inode_is_idle_once_until_it_is_taken(void **state)
{
	struct kit kit;
	(void)state;

	kit_open(&kit);
	tree_collect(kit.tree);
	struct node *kept = &kit.training->node;
	struct node *freed = node_new(kit.tree, NODE_TEXTS, kept, "", NULL);
	inode_idle(kit.tree, &kept->inode);
	inode_idle(kit.tree, &kept->inode);
	inode_idle(kit.tree, &freed->inode);
	assert_int_equal(kit.tree->inodes.idle.n, 2);
	node_release(kit.tree, freed);
	assert_ptr_equal(inode_take_idle(kit.tree, 0), &kept->inode);
	assert_null(inode_take_idle(kit.tree, 1));
	inode_idle(kit.tree, &kept->inode);
	assert_int_equal(kit.tree->inodes.idle.n, 3);
	kit_close(&kit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_id_is_serial_and_index),
		cmocka_unit_test(test_each_view_has_one_index_for_links),
		cmocka_unit_test(test_only_the_first_tree_has_the_root_of_fuse),
		cmocka_unit_test(test_a_serial_is_never_used_again),
		cmocka_unit_test(test_an_inode_is_idle_once_until_it_is_taken),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
