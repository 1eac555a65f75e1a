/*
 * config_near.c - finds the known word nearest to a mistyped one, for "did you mean".
 */
#include "options.h"

#include <string.h>

#include "base/edit_distance.h"

/* Two typing mistakes in a long word, one in a short one, none in a single letter. */
static size_t mistakes_allowed(const char *word)
{
	size_t len = strlen(word);

	return len > 4 ? 2 : len > 1 ? 1 : 0;
}

void near_offer(struct near_word *near, const char *candidate)
{
	size_t distance = edit_distance(near->word, candidate);

	if (distance > mistakes_allowed(near->word) || (near->best && distance >= near->distance))
		return;
	near->best = candidate;
	near->distance = distance;
}
