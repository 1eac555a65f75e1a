/*
 * edit_distance.h - how many typing mistakes lie between two words, for "did you mean".
 *
 * Pure.
 */
#ifndef DESCRIBEFS_EDIT_DISTANCE_H
#define DESCRIBEFS_EDIT_DISTANCE_H

#include <stddef.h>

/*
 * The Damerau-Levenshtein distance (optimal string alignment): a letter too many, too few, wrong, or swapped
 * with its neighbour counts 1. The case of A-Z counts nothing, nor does '-' for '_'. SIZE_MAX: a word has
 * more than 64 bytes.
 */
size_t edit_distance(const char *a, const char *b);

#endif
