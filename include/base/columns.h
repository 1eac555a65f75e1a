/*
 * columns.h - a table of text cells: aligned columns for people, or cells between tabs for programs.
 *
 * Cells may hold any bytes. Control characters, tabs and newlines in them are escaped, so a cell can neither
 * control the terminal nor begin another cell or row.
 */
#ifndef DESCRIBEFS_COLUMNS_H
#define DESCRIBEFS_COLUMNS_H

#include "base/buf.h"

struct columns {
	char **cells; /* owned; NULL ends a row */
	size_t n, room;
};

/* All zeroes: an empty table. Copies the cell. */
void columns_add(struct columns *columns, const char *cell);
void columns_end_row(struct columns *columns);
/* Aligned, or with one tab between cells. A row's last cell is never padded. */
void columns_print(const struct columns *columns, struct buf *out, bool is_aligned);
void columns_release(struct columns *columns);

#endif
