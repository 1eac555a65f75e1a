/*
 * heap_trim.h - gives memory that the trees have no more use for back to the machine.
 */
#ifndef DESCRIBEFS_HEAP_TRIM_H
#define DESCRIBEFS_HEAP_TRIM_H

#include "source/sources.h"

struct heap_trim {
	struct loop *loop;
	const struct sources *sources;
	struct timer *timer; /* NULL: nothing to give back */
	size_t most; /* what the trees kept, at most, since memory was last given back */
};

void heap_trim_init(struct heap_trim *heap_trim, struct loop *loop, const struct sources *sources);
void heap_trim_release(struct heap_trim *heap_trim);
/* To be called before and after what may have freed much. Costs next to nothing. */
void heap_trim_note(struct heap_trim *heap_trim);

#endif
