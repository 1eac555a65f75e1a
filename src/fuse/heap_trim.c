/*
 * heap_trim.c - returns freed heap memory to the system (malloc_trim) after much of it was freed.
 *
 * free() keeps memory between blocks in use for later mallocs. After a walk over a million files, which the
 * kernel forgets afterwards, that is nearly the whole heap, and it may stay unused for weeks. So when the
 * trees have freed much, the C library returns all free whole pages after a pause, in which the kernel may
 * forget more.
 */
#include "heap_trim.h"

#include <malloc.h>

enum {
	PAUSE_MS = 500,
	LEAST_BYTES = 1 << 20, /* less is soon in use again */
	LEAST_PART = 8 /* and at least this fraction of the most: an eighth */
};

void heap_trim_init(struct heap_trim *heap_trim, struct loop *loop, const struct sources *sources)
{
	*heap_trim = (struct heap_trim){ .loop = loop, .sources = sources };
}

void heap_trim_release(struct heap_trim *heap_trim)
{
	if (heap_trim->timer)
		loop_timer_stop(heap_trim->loop, heap_trim->timer);
	heap_trim->timer = NULL;
}

static void trim_heap(void *arg)
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
		heap_trim->timer = loop_timer_start(heap_trim->loop, PAUSE_MS, trim_heap, heap_trim);
}
