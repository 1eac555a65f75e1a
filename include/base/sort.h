/*
 * sort.h - puts texts in order, in the time that it takes to read them.
 *
 * A peer says how many there are and what they begin with.  A sort by comparisons of 200,000 of its names
 * reads each of them 17 times; this one reads each once, whatever the texts are.
 */
#ifndef DESCRIBEFS_SORT_H
#define DESCRIBEFS_SORT_H

#include <stddef.h>
#include <stdint.h>

struct sort_item {
	const char *text;
	uint32_t index; /* the caller's */
	uint64_t word; /* the sort's own: eight bytes of the text */
};

/* In the order of strcmp; equal texts stay in the order in which they came.  `spare`: room for as many. */
void sort_texts(struct sort_item *items, struct sort_item *spare, size_t n);

#endif
