/*
 * catalog_help.h - help texts made from the catalog: /README in the mount, `describefs kinds`.
 *
 * Pure.
 */
#ifndef DESCRIBEFS_CATALOG_HELP_H
#define DESCRIBEFS_CATALOG_HELP_H

#include "catalog/catalog.h"

void catalog_help_readme(struct buf *out, const struct catalog *catalog);
/* One line a kind: its path, what it is, its calls. */
void catalog_help_kinds(struct buf *out, const struct catalog *catalog);
/* The same as a Markdown table, for the README. */
void catalog_help_kinds_table(struct buf *out, const struct catalog *catalog);

#endif
