/*
 * print_tables - what the library has as tables, for the tests that hold the documents against it.
 *
 * A line: "kind" and a row of the table of kinds; "fault", its name, errno, and whether it is tried again,
 * lets an old answer stand in, drops what is kept.
 */
#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "tree/guide.h"

static void print_kinds(const struct catalog *catalog)
{
	struct buf table;

	buf_init(&table, SIZE_MAX);
	guide_kinds_table(&table, catalog);
	for (char *line = table.data, *end; (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		printf("kind %s\n", line);
	}
	buf_release(&table);
}

static const char *yes(bool is)
{
	return is ? "yes" : "no";
}

int main(void)
{
	struct catalogs catalogs;

	catalogs_init(&catalogs);
	catalogs_load_built_in(&catalogs);
	for (size_t i = 0; i < catalogs.n; i++)
		print_kinds(catalogs.v[i]);
	catalogs_release(&catalogs);
	for (int i = FAULT_NONE + 1; i < FAULT_COUNT; i++) {
		enum fault fault = (enum fault)i;
		printf("fault %s %s %s %s %s\n", fault_name(fault), strerrorname_np(fault_errno(fault)),
			yes(fault_retries(fault)), yes(fault_allows_stale(fault)), yes(fault_drops(fault)));
	}
	return 0;
}
