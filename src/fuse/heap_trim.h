/*
 * heap_trim.h - returns freed heap memory to the system (malloc_trim) after much of it was freed.
 */
#ifndef DESCRIBEFS_HEAP_TRIM_H
#define DESCRIBEFS_HEAP_TRIM_H

#include "source/sources.h"

/* Invariant: `timer` runs exactly while a trim is due. */
struct heap_trim {
	struct loop *loop;
	const struct sources *sources;
	struct timer *timer;
	size_t most; /* bytes: the most that the trees used since the last trim */
};

/* Both pointers are borrowed. */
void heap_trim_init(struct heap_trim *heap_trim, struct loop *loop, const struct sources *sources);
void heap_trim_release(struct heap_trim *heap_trim);
/* Call before and after an operation that may free much. O(number of sources). */
void heap_trim_note(struct heap_trim *heap_trim);

#endif
