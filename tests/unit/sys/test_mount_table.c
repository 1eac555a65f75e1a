/*
 * test_mount_table.c - the kernel's table of mounts: which mounts lie inside another, and what holds when the
 * table cannot be read.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "sys/mount_table.h"

static const struct mount_id no_mount = { .mount = UINT64_MAX };

static struct mount_id root_id(void)
{
	struct mount_id root;

	assert_true(mounts_top("/", &root));
	return root;
}

static void proc_lies_inside_the_root(void **state)
{
	(void)state;
	const struct mount_id root = root_id();

	assert_true(mounts_have_inner(&root));
	assert_false(mounts_have_inner(&no_mount));
	assert_true(mounts_are_below("/proc"));
	assert_false(mounts_are_below("/proc/self/status"));
	assert_false(mounts_are_below("/pro"));
	assert_false(mounts_shows_others(&no_mount));
}

/* A caller that is told "no mount inside" lets the kernel drop names, and the kernel unmounts what lies there. */
static void a_table_that_cannot_be_read_hides_no_mount(void **state)
{
	(void)state;
	struct rlimit before, none;
	char *place = NULL;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = (struct rlimit){ .rlim_cur = 0, .rlim_max = before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	const bool has_inner = mounts_have_inner(&no_mount), below = mounts_are_below("/proc/self/status");
	const bool found = mounts_find(&no_mount, &place);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_true(has_inner);
	assert_true(below);
	assert_false(found);
	assert_null(place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(proc_lies_inside_the_root),
		cmocka_unit_test(a_table_that_cannot_be_read_hides_no_mount),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
