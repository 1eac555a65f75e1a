/*
 * trim.c - gives memory that the trees have no more use for back to the machine.
 *
 * free() keeps what lies between two pieces that are still in use, for the next malloc().  After a walk over
 * a million files of which the kernel then lets go, that is nearly all that there ever was, and nobody may
 * want it again for weeks.  So when much has gone, and some time has passed in which the kernel may let go of
 * more, the C library is told to give back all whole pages that are free.
 */
#include "trim.h"

#include <malloc.h>

enum {
	PAUSE_MS = 500,
	LEAST_BYTES = 1 << 20, /* less is soon in use again */
	LEAST_PART = 8
};

void trim_init(struct trim *trim, struct loop *loop, const struct sources *sources)
{
	*trim = (struct trim){ .loop = loop, .sources = sources };
}

void trim_release(struct trim *trim)
{
	if (trim->timer)
		loop_unset(trim->loop, trim->timer);
	trim->timer = NULL;
}

static void give_back(void *arg)
{
	struct trim *trim = arg;

	trim->timer = NULL;
	trim->most = sources_memory(trim->sources);
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}

void trim_note(struct trim *trim)
{
	size_t now = sources_memory(trim->sources);

	if (now > trim->most)
		trim->most = now;
	else if (!trim->timer && trim->most - now > LEAST_BYTES && trim->most - now > trim->most / LEAST_PART)
		trim->timer = loop_after(trim->loop, PAUSE_MS, give_back, trim);
}
