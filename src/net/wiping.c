/*
 * wiping.c - memory that is overwritten when it is freed.
 *
 * A request's headers hold the token and the signature.  libcurl copies them into its lists and buffers, and
 * frees those as they are.  The C library knows how large a block is.
 */
#include "wiping.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

void wiping_free(void *block)
{
	if (!block)
		return;
	explicit_bzero(block, malloc_usable_size(block));
	free(block);
}

/* Not realloc: it would free the old block as it is. */
void *wiping_realloc(void *block, size_t size)
{
	void *bigger = malloc(size ? size : 1);
	if (!bigger || !block)
		return bigger;
	size_t kept = malloc_usable_size(block);
	memcpy(bigger, block, kept < size ? kept : size);
	wiping_free(block);
	return bigger;
}
