/*
 * random.h - a pseudorandom generator as a value: Knuth's 64-bit linear congruential generator (MMIX).
 *
 * It is for jitter. The same seed gives the same numbers, so a test can replay them. It is no source of
 * secrets: getrandom() gives those.
 *
 * Pure.
 */
#ifndef DESCRIBEFS_RANDOM_H
#define DESCRIBEFS_RANDOM_H

#include <stdint.h>

struct random {
	uint64_t state; /* at first the seed, any number */
};

/* The next number, 0 to 2^31 - 1: the upper bits, because the lower ones repeat soon. */
static inline uint64_t random_next(struct random *random)
{
	random->state = random->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return random->state >> 33;
}

#endif
