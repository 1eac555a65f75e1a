/*
 * edit_distance.c - how many typing mistakes lie between two words, for "did you mean".
 */
#include "base/edit_distance.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/ascii.h"

enum { WORD_MAX = 64 };

/* Row i of the matrix holds the distances from the first i letters of a to each beginning of b. */
typedef size_t matrix_row[WORD_MAX + 1];

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

static char fold(char letter)
{
	return letter == '-' ? '_' : ascii_lower(letter);
}

size_t edit_distance(const char *a, const char *b)
{
	matrix_row rows[3]; /* row i is rows[i % 3] */
	size_t a_len = strlen(a), b_len = strlen(b);

	if (a_len > WORD_MAX || b_len > WORD_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= b_len; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t *row = rows[i % 3];
		const size_t *above = rows[(i + 2) % 3], *above_that = rows[(i + 1) % 3];
		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			bool same = fold(a[i - 1]) == fold(b[j - 1]);
			row[j] = smaller(above[j - 1] + !same, smaller(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) &&
				fold(a[i - 2]) == fold(b[j - 1]))
				row[j] = smaller(row[j], above_that[j - 2] + 1);
		}
	}
	return rows[a_len % 3][b_len];
}
