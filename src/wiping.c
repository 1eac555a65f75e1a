/*
 * wiping.c - an allocator whose memory is overwritten when it is freed.
 *
 * A request's headers hold the token and the signature.  libcurl copies them into its lists and buffers, and
 * frees those as they are.  Each block begins with its size, so that all of it can be overwritten.
 */
#include "wiping.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* What stands before a block; as long as the alignment that malloc gives. */
union head {
	size_t size;
	max_align_t align;
};

void *wiping_malloc(size_t size)
{
	union head *head = size <= SIZE_MAX - sizeof *head ? malloc(sizeof *head + size) : NULL;
	if (!head)
		return NULL;
	head->size = size;
	return head + 1;
}

void *wiping_calloc(size_t n, size_t size)
{
	if (size && n > SIZE_MAX / size)
		return NULL;
	void *block = wiping_malloc(n * size);
	return block ? memset(block, 0, n * size) : NULL;
}

void wiping_free(void *block)
{
	if (!block)
		return;
	union head *head = (union head *)block - 1;
	explicit_bzero(block, head->size);
	free(head);
}

void *wiping_realloc(void *block, size_t size)
{
	void *bigger = wiping_malloc(size);
	if (!bigger || !block)
		return bigger;
	size_t kept = ((union head *)block - 1)->size;
	memcpy(bigger, block, kept < size ? kept : size);
	wiping_free(block);
	return bigger;
}

char *wiping_strdup(const char *text)
{
	size_t len = strlen(text) + 1;
	char *copy = wiping_malloc(len);
	return copy ? memcpy(copy, text, len) : NULL;
}
