/*
 * wiping.c - memory that is overwritten when it is freed.
 *
 * A request's headers contain the token and the signature. libcurl copies them into lists and buffers and
 * frees those without overwriting them. malloc_usable_size gives the size of a block.
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

/* realloc would free the old block without overwriting it. */
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
