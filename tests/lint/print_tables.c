/*
 * print_tables - what the library has as tables, for the tests that hold the documents against it.
 *
 * A line: "kind" and a row of the table of kinds; "fault", its name, errno, and whether it is tried again,
 * lets an old answer stand in, drops what is kept.
 */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "catalog/catalog_help.h"

static void print_kinds(const struct catalog *catalog)
{
	struct buf table;

	buf_init(&table, SIZE_MAX);
	catalog_help_kinds_table(&table, catalog);
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
	for (int i = ERR_NONE + 1; i < ERR_COUNT; i++) {
		enum error error = (enum error)i;
		printf("fault %s %s %s %s %s\n", error_name(error), strerrorname_np(error_errno(error)),
			yes(error_retries(error)), yes(error_allows_stale(error)), yes(error_drops(error)));
	}
	return 0;
}
