/*
 * catalog_kit.h - what the tests of the catalogs share: all that are built in, loaded and released.
 */
#ifndef TESTS_UNIT_CATALOG_CATALOG_KIT_H
#define TESTS_UNIT_CATALOG_CATALOG_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "catalog/catalog.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static inline int load_all(void **state)
{
	struct catalogs *catalogs = xmalloc(sizeof *catalogs);
	catalogs_init(catalogs);
	catalogs_load_built_in(catalogs);
	*state = catalogs;
	return 0;
}

static inline int release_all(void **state)
{
	catalogs_release(*state);
	free(*state);
	return 0;
}

/* "tione", "models/versions" */
static inline const struct kind *kind_at(void **state, const char *name, const char *path)
{
	const struct catalog *catalog = catalogs_find(*state, name);
	const struct kind *kind = NULL;
	char *copy = xstrdup(path), *rest = NULL;
	assert_non_null(catalog);
	for (char *part = strtok_r(copy, "/", &rest); part; part = strtok_r(NULL, "/", &rest)) {
		kind = catalog_kind(catalog, kind, part);
		if (!kind)
			fail_msg("%s has no %s", name, path);
	}
	free(copy);
	return kind;
}

static inline void assert_text(const char *what, const char *text, const char *expected)
{
	if (!text != !expected || (text && strcmp(text, expected) != 0))
		fail_msg("%s: is %s, should be %s", what, text ? text : "NULL",
			expected ? expected : "NULL");
}

#endif
