/*
 * columns.c - a table of text cells: aligned columns for people, or cells between tabs for programs.
 */
#include "base/columns.h"

#include <stdlib.h>
#include <string.h>

#include "base/shown.h"

enum { COLUMNS_MAX = 16, BETWEEN = 2 };

static void columns_put(struct columns *columns, char *cell)
{
	if (columns->n == columns->room) {
		columns->room = columns->room ? columns->room * 2 : 64;
		columns->cells = xrealloc(columns->cells, columns->room * sizeof(*columns->cells));
	}
	columns->cells[columns->n++] = cell;
}

void columns_add(struct columns *columns, const char *cell)
{
	columns_put(columns, shown_line(cell));
}

void columns_end_row(struct columns *columns)
{
	columns_put(columns, NULL);
}

/* In characters: most terminals give each one column. */
static size_t cell_width(const char *cell)
{
	size_t width = 0;

	for (; *cell; cell++)
		width += ((unsigned char)*cell & 0xc0) != 0x80;
	return width;
}

static void columns_measure(const struct columns *columns, size_t widths[COLUMNS_MAX])
{
	size_t column = 0;

	for (size_t i = 0; i + 1 < columns->n; i++) {
		const char *cell = columns->cells[i];
		if (cell && columns->cells[i + 1] && column < COLUMNS_MAX &&
			cell_width(cell) > widths[column])
			widths[column] = cell_width(cell);
		column = cell ? column + 1 : 0;
	}
}

void columns_print(const struct columns *columns, struct buf *out, bool is_aligned)
{
	size_t widths[COLUMNS_MAX] = { 0 }, column = 0;

	columns_measure(columns, widths);
	for (size_t i = 0; i < columns->n; i++) {
		const char *cell = columns->cells[i];
		bool is_last = i + 1 == columns->n || !columns->cells[i + 1];

		buf_puts(out, cell ? cell : "\n");
		if (cell && !is_last && !is_aligned)
			buf_putc(out, '\t');
		for (size_t n = cell ? cell_width(cell) : 0; cell && !is_last && is_aligned &&
			column < COLUMNS_MAX && n < widths[column] + BETWEEN;
			n++)
			buf_putc(out, ' ');
		column = cell ? column + 1 : 0;
	}
}

void columns_release(struct columns *columns)
{
	for (size_t i = 0; i < columns->n; i++)
		free(columns->cells[i]);
	free(columns->cells);
	*columns = (struct columns){ 0 };
}
