/*
 * trim.h - gives memory that the trees have no more use for back to the machine.
 */
#ifndef DESCRIBEFS_TRIM_H
#define DESCRIBEFS_TRIM_H

#include "source/sources.h"

struct trim {
	struct loop *loop;
	const struct sources *sources;
	struct timer *timer; /* NULL: nothing to give back */
	size_t most; /* what the trees kept, at most, since memory was last given back */
};

void trim_init(struct trim *trim, struct loop *loop, const struct sources *sources);
void trim_release(struct trim *trim);
/* To be called before and after what may have freed much. Costs next to nothing. */
void trim_note(struct trim *trim);

#endif
