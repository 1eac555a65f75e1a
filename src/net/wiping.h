/*
 * wiping.h - memory that is overwritten when it is freed, for libcurl, which copies headers.
 */
#ifndef DESCRIBEFS_WIPING_H
#define DESCRIBEFS_WIPING_H

#include <stddef.h>

/* As free(3) and realloc(3), for blocks from malloc, calloc and strdup. */
void *wiping_realloc(void *block, size_t size);
void wiping_free(void *block);

#endif
