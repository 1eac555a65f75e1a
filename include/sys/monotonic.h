/*
 * monotonic.h - CLOCK_MONOTONIC in ms, for time limits of code that runs without the loop.
 */
#ifndef DESCRIBEFS_MONOTONIC_H
#define DESCRIBEFS_MONOTONIC_H

#include <stdint.h>

int64_t monotonic_ms(void);

#endif
