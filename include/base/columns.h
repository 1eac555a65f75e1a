/*
 * columns.h - rows of cells, below one another for a person, with tabs between for a program.
 *
 * A cell may come from anywhere: what a terminal would obey, and a tab or a newline that would make another
 * cell or row, is escaped.
 */
#ifndef DESCRIBEFS_COLUMNS_H
#define DESCRIBEFS_COLUMNS_H

#include "base/buf.h"

struct columns {
	char **cells; /* NULL: the row ends */
	size_t n, room;
};

/* Zeroes: no row yet. */
void columns_add(struct columns *columns, const char *cell);
void columns_end_row(struct columns *columns);
/* A row's last cell takes what room it wants. */
void columns_print(const struct columns *columns, struct buf *out, bool is_aligned);
void columns_release(struct columns *columns);

#endif
