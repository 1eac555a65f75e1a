/*
 * sort.c - a radix sort by words of eight bytes, most significant word first.
 *
 * The common prefix is skipped, and the next eight bytes of each text are sorted as one number (LSD radix
 * sort). Texts that are still equal are sorted among themselves by the following bytes. Each step reads only
 * bytes that no earlier step has read, so the time is linear in the texts' bytes.
 */
#include "base/sort.h"

#include <stdbool.h>
#include <string.h>

enum {
	FEW = 24, /* up to so many items an insertion sort is faster */
	WORD = 8,
	BYTES = 256,
};

static void insertion_sort(struct sort_item *items, size_t n, size_t at)
{
	for (size_t i = 1; i < n; i++) {
		struct sort_item item = items[i];
		size_t to = i;

		while (to > 0 && strcmp(items[to - 1].text + at, item.text + at) > 0) {
			items[to] = items[to - 1];
			to--;
		}
		items[to] = item;
	}
}

/* The number of bytes from `at` on that all items have in common. */
static size_t count_common(const struct sort_item *items, size_t n, size_t at)
{
	const char *first = items[0].text + at;
	size_t common = strlen(first);

	for (size_t i = 1; i < n && common; i++) {
		const char *text = items[i].text + at;
		size_t same = 0;

		while (same < common && text[same] == first[same])
			same++;
		common = same;
	}
	return common;
}

/* The eight bytes at `text`, big-endian, with zeros after its end. */
static uint64_t sort_word(const char *text)
{
	uint64_t word = 0;
	size_t n = 0;

	for (; n < WORD && text[n]; n++)
		word = word << 8 | (unsigned char)text[n];
	return n ? word << 8 * (WORD - n) : 0;
}

static unsigned byte_of(uint64_t word, unsigned nth)
{
	return (unsigned)(word >> 8 * nth) & 0xff;
}

/*
 * Turns the counts of one byte's values into the start index of each value. False: all items have one value.
 */
static bool place_values(size_t counts[BYTES], size_t n)
{
	size_t place = 0;

	for (unsigned value = 0; value < BYTES; value++) {
		size_t count = counts[value];

		if (count == n)
			return false;
		counts[value] = place;
		place += count;
	}
	return true;
}

/* Sorts by the words, least significant byte first. */
static void sort_words(struct sort_item *items, struct sort_item *spare, size_t n)
{
	size_t counts[WORD][BYTES] = { 0 };
	struct sort_item *from = items, *to = spare;

	for (size_t i = 0; i < n; i++)
		for (unsigned nth = 0; nth < WORD; nth++)
			counts[nth][byte_of(items[i].word, nth)]++;
	for (unsigned nth = 0; nth < WORD; nth++) {
		struct sort_item *swap = from;

		if (!place_values(counts[nth], n))
			continue;
		for (size_t i = 0; i < n; i++)
			to[counts[nth][byte_of(from[i].word, nth)]++] = from[i];
		from = to;
		to = swap;
	}
	if (from != items)
		memcpy(items, from, n * sizeof *items);
}

/* Sorts items whose first `at` bytes are equal. None of them ends before those. */
static void sort_from(struct sort_item *items, struct sort_item *spare, size_t n, size_t at)
{
	size_t end;

	if (n <= FEW) {
		insertion_sort(items, n, at);
		return;
	}
	at += count_common(items, n, at);
	for (size_t i = 0; i < n; i++)
		items[i].word = sort_word(items[i].text + at);
	sort_words(items, spare, n);
	for (size_t i = 0; i < n; i = end) {
		bool is_whole = byte_of(items[i].word, 0) == 0; /* the texts have ended, so they are equal */

		for (end = i + 1; end < n && items[end].word == items[i].word; end++)
			;
		if (!is_whole && end - i > 1)
			sort_from(items + i, spare, end - i, at + WORD);
	}
}

void sort_texts(struct sort_item *items, struct sort_item *spare, size_t n)
{
	sort_from(items, spare, n, 0);
}
