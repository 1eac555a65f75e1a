/*
 * options_near.c - the edit distance (Levenshtein) between two words, for "did you mean".
 */
#include "options.h"

#include <string.h>

#include "base/ascii.h"

enum { WORD_MAX = 40 };

static size_t least(size_t a, size_t b, size_t c)
{
	size_t ab = a < b ? a : b;
	return ab < c ? ab : c;
}

static char plain(char letter)
{
	return letter == '-' ? '_' : ascii_lower(letter);
}

size_t options_distance(const char *a, const char *b)
{
	size_t row[WORD_MAX + 1], len = strnlen(b, WORD_MAX);
	for (size_t j = 0; j <= len; j++)
		row[j] = j;
	for (size_t i = 0; a[i]; i++) {
		size_t diagonal = row[0];
		row[0] = i + 1;
		for (size_t j = 0; j < len; j++) {
			size_t changed = diagonal + (plain(a[i]) != plain(b[j]));
			diagonal = row[j + 1];
			row[j + 1] = least(changed, row[j] + 1, diagonal + 1);
		}
	}
	return row[len];
}

/* Two letters of a long word, one of a short one; a letter alone is near to nothing. */
bool options_is_near(const char *word, size_t distance)
{
	size_t len = strlen(word), most = len > 4 ? 2 : len > 1 ? 1 : 0;
	return len <= WORD_MAX && distance <= most;
}
