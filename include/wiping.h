/*
 * wiping.h - an allocator whose memory is overwritten when it is freed, for libcurl, which copies headers.
 *
 * Layer 5.
 */
#ifndef DESCRIBEFS_WIPING_H
#define DESCRIBEFS_WIPING_H

#include <stddef.h>

/* As the functions of <stdlib.h> and <string.h>; each frees only what another of them gave. */
void *wiping_malloc(size_t size);
void *wiping_calloc(size_t n, size_t size);
void *wiping_realloc(void *block, size_t size);
char *wiping_strdup(const char *text);
void wiping_free(void *block);

#endif
