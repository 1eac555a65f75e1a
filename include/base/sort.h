/*
 * sort.h - sorts texts: a stable radix sort in time linear in the texts' bytes.
 *
 * A peer chooses how many names there are and how they begin. A comparison sort of 8,192 of its names reads
 * each of them 13 times; this sort reads each byte once.
 *
 * Pure.
 */
#ifndef DESCRIBEFS_SORT_H
#define DESCRIBEFS_SORT_H

#include <stddef.h>
#include <stdint.h>

struct sort_item {
	const char *text;
	uint32_t index; /* for the caller */
	uint64_t word; /* for the sort: eight bytes of the text */
};

/* Sorts in strcmp's order; equal texts keep their order. `spare` has room for `n` items. */
void sort_texts(struct sort_item *items, struct sort_item *spare, size_t n);

#endif
