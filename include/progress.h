/*
 * progress.h - a bar at the bottom of a terminal while somebody waits; nothing where there is none.
 *
 * It stands on stderr, and only where stdout is a terminal too: what is piped gets what it always got.
 *
 * Layer 5.
 */
#ifndef DESCRIBEFS_PROGRESS_H
#define DESCRIBEFS_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress {
	bool shown; /* there is a terminal to show it on */
	bool drawn; /* it stands there now */
	size_t done, total;
	int64_t drawn_ms;
};

void progress_begin(struct progress *progress, size_t total);
/* The next of `total` begins. */
void progress_step(struct progress *progress, const char *what);
/* Out of the way: something else is about to be written. */
void progress_hide(struct progress *progress);
void progress_end(struct progress *progress);

#endif
