/*
 * wiping.h - memory that is overwritten when it is freed, for libcurl, which copies headers.
 */
#ifndef DESCRIBEFS_WIPING_H
#define DESCRIBEFS_WIPING_H

#include <stddef.h>

/* As free and realloc of <stdlib.h>, for what malloc, calloc and strdup gave. */
void *wiping_realloc(void *block, size_t size);
void wiping_free(void *block);

#endif
