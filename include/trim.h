/*
 * trim.h - gives memory that the tree has no more use for back to the machine.
 *
 * Layer 6.
 */
#ifndef DESCRIBEFS_TRIM_H
#define DESCRIBEFS_TRIM_H

#include "loop.h"
#include "tree.h"

struct trim {
	struct loop *loop;
	const struct tree *tree;
	struct timer *timer; /* NULL: nothing to give back */
	size_t most; /* what the tree kept, at most, since memory was last given back */
};

void trim_init(struct trim *trim, struct loop *loop, const struct tree *tree);
void trim_release(struct trim *trim);
/* To be called before and after what may have freed much. Costs next to nothing. */
void trim_note(struct trim *trim);

#endif
