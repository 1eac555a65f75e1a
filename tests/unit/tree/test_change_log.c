/*
 * test_change_log.c - the lines of .events: what they say, and how the file stays below its ceiling.
 */
#include "tree_kit.h"

static struct resource *follow_task(struct kit *kit)
{
	kit_open(kit);
	read_list(kit, (const char *[]){ "train-a", NULL }, 1000);
	struct resource *resource = resource_find(kit->tree, kit->training, "train-a");
	describe(kit, resource, "RUNNING", "one", 1000);
	tree_ref(kit->tree, nodeid_encode(resource->node.inode.serial, 0), 1);
	events_follow(kit->tree, resource, false);
	return resource;
}

static const char *lines_of(const struct resource *resource)
{
	return resource->detail->follow->lines.len ? resource->detail->follow->lines.data : "";
}

static void test_each_file_that_changed_is_a_line(void **state)
{
	struct kit kit;
	(void)state;

	struct resource *resource = follow_task(&kit);
	describe(&kit, resource, "RUNNING", "one", 2000);
	assert_string_equal(lines_of(resource), "");
	describe(&kit, resource, "SUCCEED", "two", 3000);
	assert_string_equal(lines_of(resource),
		"2023-11-14T22:13:23Z\tname\tone\ttwo\n2023-11-14T22:13:23Z\tstatus\tRUNNING\tSUCCEED\n");
	kit_close(&kit);
}

static void test_what_would_end_a_field_is_escaped_and_a_long_value_is_cut(void **state)
{
	char name[400] = "a\\tb\\n\\\\"; /* as JSON */
	struct kit kit;
	(void)state;

	struct resource *resource = follow_task(&kit);
	describe(&kit, resource, "RUNNING", name, 2000);
	assert_non_null(strstr(lines_of(resource), "\tname\tone\ta\\tb\\n\\\\\n"));
	memset(name, 'x', sizeof(name) - 1);
	describe(&kit, resource, "RUNNING", name, 3000);
	const char *cut = strstr(lines_of(resource), "\\\\\txxx");
	assert_non_null(cut);
	assert_int_equal(strspn(cut + 3, "x"), EVENT_VALUE_MAX);
	assert_string_equal(cut + 3 + EVENT_VALUE_MAX, "...\n");
	kit_close(&kit);
}

static void test_a_resource_that_goes_and_comes_back_is_said_once(void **state)
{
	struct kit kit;
	(void)state;

	struct resource *resource = follow_task(&kit);
	events_note_gone(kit.tree, resource, 3000);
	events_note_gone(kit.tree, resource, 4000);
	assert_string_equal(lines_of(resource), "2023-11-14T22:13:23Z\t.\tthere\tgone\n");
	describe(&kit, resource, "RUNNING", "one", 5000);
	assert_string_equal(lines_of(resource),
		"2023-11-14T22:13:23Z\t.\tthere\tgone\n2023-11-14T22:13:25Z\t.\tgone\tthere\n");
	kit_close(&kit);
}

static void test_a_full_file_begins_anew_smaller_than_before(void **state)
{
	struct kit kit;
	size_t before = 0;
	bool began_anew = false;
	(void)state;

	struct resource *resource = follow_task(&kit);
	for (int i = 0; i < 1500 && !began_anew; i++) {
		describe(&kit, resource, i % 2 ? "RUNNING" : "STOPPED", i % 2 ? "one" : "two",
			2000 + i * 1000);
		size_t now = resource->detail->follow->lines.len;
		assert_true(now <= EVENTS_BYTES_MAX);
		began_anew = now < before;
		before = now;
	}
	assert_true(began_anew);
	kit_close(&kit);
}

static void test_the_log_ends_when_the_kernel_forgets_the_resource(void **state)
{
	struct kit kit;
	(void)state;

	struct resource *resource = follow_task(&kit);
	assert_int_equal(kit.tree->follows.n, 1);
	tree_forget(kit.tree, nodeid_encode(resource->node.inode.serial, 0), 1);
	assert_null(resource->detail->follow);
	assert_int_equal(kit.tree->follows.n, 0);
	kit_close(&kit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_file_that_changed_is_a_line),
		cmocka_unit_test(test_what_would_end_a_field_is_escaped_and_a_long_value_is_cut),
		cmocka_unit_test(test_a_resource_that_goes_and_comes_back_is_said_once),
		cmocka_unit_test(test_a_full_file_begins_anew_smaller_than_before),
		cmocka_unit_test(test_the_log_ends_when_the_kernel_forgets_the_resource),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
