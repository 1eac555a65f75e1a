/*
 * heap_trim.c - gives memory that the trees have no more use for back to the machine.
 *
 * free() keeps what lies between two pieces that are still in use, for the next malloc().  After a walk over
 * a million files of which the kernel then lets go, that is nearly all that there ever was, and nobody may
 * want it again for weeks.  So when much has gone, and some time has passed in which the kernel may let go of
 * more, the C library is told to give back all whole pages that are free.
 */
#include "heap_trim.h"

#include <malloc.h>

enum {
	PAUSE_MS = 500,
	LEAST_BYTES = 1 << 20, /* less is soon in use again */
	LEAST_PART = 8
};

void heap_trim_init(struct heap_trim *heap_trim, struct loop *loop, const struct sources *sources)
{
	*heap_trim = (struct heap_trim){ .loop = loop, .sources = sources };
}

void heap_trim_release(struct heap_trim *heap_trim)
{
	if (heap_trim->timer)
		loop_unset(heap_trim->loop, heap_trim->timer);
	heap_trim->timer = NULL;
}

static void give_back(void *arg)
{
	struct heap_trim *heap_trim = arg;

	heap_trim->timer = NULL;
	heap_trim->most = sources_memory(heap_trim->sources);
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}

void heap_trim_note(struct heap_trim *heap_trim)
{
	size_t now = sources_memory(heap_trim->sources);

	if (now > heap_trim->most)
		heap_trim->most = now;
	else if (!heap_trim->timer && heap_trim->most - now > LEAST_BYTES &&
		heap_trim->most - now > heap_trim->most / LEAST_PART)
		heap_trim->timer = loop_after(heap_trim->loop, PAUSE_MS, give_back, heap_trim);
}
