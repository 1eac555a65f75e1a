/*
 * search.h - binary search: the lower bound of a sorted range.
 *
 * Pure. Inline, so that a constant callback costs no call.
 */
#ifndef DESCRIBEFS_SEARCH_H
#define DESCRIBEFS_SEARCH_H

#include <stdbool.h>
#include <stddef.h>

/* Whether the item at `at` stands before the place that is searched. `arg` is the caller's. */
typedef bool search_before_fn(const void *arg, size_t at);

/*
 * Returns the first index in [low, high) whose item does not stand before the place, or `high`.
 * The items for which `is_before` holds must come first.
 */
static inline size_t search_lower_bound(size_t low, size_t high, search_before_fn *is_before, const void *arg)
{
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (is_before(arg, middle))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

#endif
