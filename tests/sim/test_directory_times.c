/*
 * test_directory_times.c - when a directory's times move, and how the kernel learns that a listing's term is over.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "place.h"

static const char *const directories[] = { "", "training", "training/train-0001", "training/train-0001/image_info",
	"by-name", "by-name/training", "by-status/training", "by-status/training/RUNNING", "by-tag/training",
	"by-tag/training/k", "by-tag/training/k/v" };

static void list_all(struct place *place)
{
	for (size_t i = 0; i < COUNT(directories); i++)
		ls(place, directories[i]);
}

static void test_no_time_moves_because_a_term_is_over(void **state)
{
	struct place place;
	struct attr before[COUNT(directories)];
	(void)state;

	enter(&place, 3);
	list_all(&place);
	for (size_t i = 0; i < COUNT(directories); i++)
		before[i] = stat_of(&place, directories[i]);
	for (int round = 0; round < 5; round++) {
		advance(&place, LIST_MS + 1);
		for (size_t i = 0; i < COUNT(directories); i++) { /* as tar: before, the names, and after */
			assert_true(is_same(stat_of(&place, directories[i]), before[i]));
			ls(&place, directories[i]);
			assert_true(is_same(stat_of(&place, directories[i]), before[i]));
		}
	}
	leave(&place);
}

static void test_names_are_asked_for_again_when_their_term_is_over(void **state)
{
	struct place place;
	struct buf names;
	(void)state;

	enter(&place, 2);
	buf_init(&names, 1000);
	list_all(&place);
	for (int round = 0; round < 3; round++) {
		char id[32];
		snprintf(id, sizeof(id), "train-new%d", round);
		cloud_add(&place.cloud, "training", NULL, id);
		advance(&place, LIST_MS);
		buf_clear(&names);
		assert_int_equal(kernel_ls(&place.kernel, "training", &names), 0);
		assert_non_null(strstr(names.data, id));
		buf_clear(&names);
		assert_int_equal(kernel_ls(&place.kernel, "by-status/training/RUNNING", &names), 0);
		assert_non_null(strstr(names.data, id));
	}
	buf_release(&names);
	leave(&place);
}

static void test_what_is_warm_costs_no_message(void **state)
{
	struct place place;
	(void)state;

	enter(&place, 60);
	for (int round = 0; round < 3; round++) {
		ls(&place, "training");
		ls(&place, "training"); /* the notified kernel asks for the attributes once more */
		size_t before = place.kernel.getattrs + place.kernel.readdirs + place.kernel.lookups;
		ls(&place, "training");
		assert_int_equal(place.kernel.getattrs + place.kernel.readdirs + place.kernel.lookups, before);
		advance(&place, LIST_MS);
	}
	leave(&place);
}

/* ---- notifications of the kernel ---- */

static bool is_told(struct place *place, uint64_t id)
{
	return world_ask(place->world, ASK_ATTR, id, NULL).entry.reread;
}

static void read_part(struct place *place, uint64_t id, bool begins, bool ends)
{
	assert_int_equal(world_read(place->world, id, 0).outcome, RESULT_FOUND);
	tree_handed(place->world->tree, id, begins, ends);
}

static void test_the_kernel_is_notified_once_and_of_a_whole_listing_alone(void **state)
{
	static const char *const paths[] = { "training", "by-name/training", "by-status/training" };
	(void)state;

	for (size_t i = 0; i < COUNT(paths); i++) {
		struct place place;
		enter(&place, 2);
		uint64_t id = world_find(place.world, paths[i]);
		assert_false(is_told(&place, id)); /* it keeps nothing */
		read_part(&place, id, true, false);
		assert_false(is_told(&place, id));
		advance(&place, LIST_MS);
		assert_false(is_told(&place, id)); /* it has half of a listing, which it shows to no reader */
		read_part(&place, id, false, true);
		assert_false(is_told(&place, id)); /* it is fresh */
		advance(&place, LIST_MS);
		assert_true(is_told(&place, id));
		assert_false(is_told(&place, id));
		advance(&place, LIST_MS);
		assert_false(is_told(&place, id));
		read_part(&place, id, true, false); /* a second pass is half way */
		advance(&place, LIST_MS);
		assert_false(is_told(&place, id));
		leave(&place);
	}
}

/* The kernel has dropped its listing by itself, because of the mtime, and is collecting another one. */
static void test_the_kernel_is_not_notified_while_it_collects_a_changed_listing(void **state)
{
	struct place place;
	(void)state;

	enter(&place, 2);
	uint64_t id = world_find(place.world, "training");
	read_part(&place, id, true, false);
	read_part(&place, id, false, true);
	cloud_add(&place.cloud, "training", NULL, "train-new");
	advance(&place, LIST_MS);
	world_count(place.world, "training"); /* without the kernel */
	assert_false(is_told(&place, id)); /* another mtime says it */
	read_part(&place, id, true, false);
	advance(&place, LIST_MS);
	assert_false(is_told(&place, id));
	read_part(&place, id, false, true);
	advance(&place, LIST_MS);
	assert_true(is_told(&place, id));
	leave(&place);
}

/* A pass that began before another one's end is served by the kernel alone from there on. */
static void test_the_kernel_is_notified_when_passes_overlap(void **state)
{
	struct place place;
	(void)state;

	enter(&place, 2);
	uint64_t id = world_find(place.world, "training");
	read_part(&place, id, true, false);
	read_part(&place, id, false, true);
	read_part(&place, id, true, false); /* was under way when the first one ended */
	advance(&place, LIST_MS);
	assert_true(is_told(&place, id));
	leave(&place);
}

/* The listing vouches for its attributes for longer than the description's term. */
static void test_the_kernel_is_notified_of_a_time_that_a_description_moves(void **state)
{
	struct place place;
	struct attr before, after;
	(void)state;

	enter(&place, 2);
	ls(&place, "training");
	ls(&place, "training/train-0001");
	advance(&place, LIST_MS);
	ls(&place, "training");
	before = stat_of(&place, "training/train-0001");
	snprintf(cloud_thing(&place.cloud, "train-0001")->remark, 64, "by hand");
	assert_int_equal(place.kernel.moved, 0);
	assert_cat(place.world, "training/train-0001/remark", "by hand\n"); /* by another way in */
	after = stat_of(&place, "training/train-0001");
	assert_false(is_same(before, after));
	assert_int_equal(place.kernel.moved, 1);
	for (int round = 0; round < 4; round++) { /* once */
		advance(&place, LIVE_MS);
		ls(&place, "training/train-0001");
		assert_true(is_same(stat_of(&place, "training/train-0001"), after));
	}
	assert_int_equal(place.kernel.moved, 1);
	leave(&place);
}

/* A list that shows another status, while the kernel stands on a terminal one. */
static void test_the_kernel_is_notified_of_a_time_that_a_list_moves(void **state)
{
	struct place place;
	struct attr before;
	(void)state;

	enter(&place, 2);
	cloud_set_status(&place.cloud, "train-0001", "SUCCEED");
	ls(&place, "training/train-0001");
	before = stat_of(&place, "training/train-0001");
	cloud_set_status(&place.cloud, "train-0001", "RUNNING");
	advance(&place, 5000);
	world_count(place.world, "training");
	assert_false(is_same(before, stat_of(&place, "training/train-0001")));
	assert_int_equal(place.kernel.moved, 1);
	leave(&place);
}

static void test_the_kernel_is_not_notified_of_what_it_does_not_hold(void **state)
{
	struct place place;
	(void)state;

	enter(&place, 2);
	ls(&place, "training/train-0001");
	kernel_drop(&place.kernel);
	snprintf(cloud_thing(&place.cloud, "train-0001")->remark, 64, "by hand");
	advance(&place, LIVE_MS);
	ls(&place, "training/train-0001");
	stat_of(&place, "training/train-0001");
	ls(&place, "training/train-0002"); /* known for the first time: no time has moved */
	stat_of(&place, "training/train-0002");
	assert_true(place.kernel.moved <= 1);
	leave(&place);
}

/* ---- what moves ---- */

static void test_a_views_times_move_when_its_names_do(void **state)
{
	struct place place;
	struct attr before, after;
	(void)state;

	enter(&place, 3);
	rename_thing(&place, "train-0001", "one");
	rename_thing(&place, "train-0002", "two");
	ls(&place, "by-name/training");
	ls(&place, "by-status/training/RUNNING");
	before = stat_of(&place, "by-name/training");
	struct attr running = stat_of(&place, "by-status/training/RUNNING");
	cloud_set_status(&place.cloud, "train-0001", "STOPPED"); /* no name of by-name's */
	advance(&place, LIST_MS);
	ls(&place, "by-name/training");
	ls(&place, "by-status/training/RUNNING");
	after = stat_of(&place, "by-name/training");
	assert_true(is_same(before, after));
	assert_false(is_same(running, stat_of(&place, "by-status/training/RUNNING")));
	rename_thing(&place, "train-0002", "other");
	advance(&place, LIST_MS);
	ls(&place, "by-name/training");
	assert_false(is_same(before, stat_of(&place, "by-name/training")));
	leave(&place);
}

/* What the describe call alone showed moved the time once; what the list says next moves it once more. */
static void test_a_resources_time_moves_once_for_each_change(void **state)
{
	struct place place;
	struct attr first, by_hand, listed;
	(void)state;

	enter(&place, 2);
	ls(&place, "training");
	ls(&place, "training/train-0001");
	first = stat_of(&place, "training/train-0001");
	snprintf(cloud_thing(&place.cloud, "train-0001")->remark, 64, "by hand");
	advance(&place, LIVE_MS);
	ls(&place, "training/train-0001/image_info");
	assert_cat(place.world, "training/train-0001/remark", "by hand\n");
	advance(&place, LIVE_MS);
	by_hand = stat_of(&place, "training/train-0001");
	assert_false(is_same(first, by_hand));
	cloud_set_status(&place.cloud, "train-0001", "STOPPED");
	advance(&place, LIST_MS);
	ls(&place, "training");
	listed = stat_of(&place, "training/train-0001");
	assert_false(is_same(by_hand, listed));
	assert_cat(place.world, "training/train-0001/remark", "by hand\n"); /* described once more: the same */
	advance(&place, LIST_MS);
	ls(&place, "training");
	assert_true(is_same(listed, stat_of(&place, "training/train-0001")));
	leave(&place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_time_moves_because_a_term_is_over),
		cmocka_unit_test(test_names_are_asked_for_again_when_their_term_is_over),
		cmocka_unit_test(test_what_is_warm_costs_no_message),
		cmocka_unit_test(test_the_kernel_is_notified_once_and_of_a_whole_listing_alone),
		cmocka_unit_test(test_the_kernel_is_not_notified_while_it_collects_a_changed_listing),
		cmocka_unit_test(test_the_kernel_is_notified_when_passes_overlap),
		cmocka_unit_test(test_the_kernel_is_notified_of_a_time_that_a_description_moves),
		cmocka_unit_test(test_the_kernel_is_notified_of_a_time_that_a_list_moves),
		cmocka_unit_test(test_the_kernel_is_not_notified_of_what_it_does_not_hold),
		cmocka_unit_test(test_a_views_times_move_when_its_names_do),
		cmocka_unit_test(test_a_resources_time_moves_once_for_each_change),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
