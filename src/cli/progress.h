/*
 * progress.h - a bar at the bottom of a terminal while somebody waits; nothing where there is none.
 *
 * It stands on stderr, and only where stdout is a terminal too: what is piped gets what it always got.
 */
#ifndef DESCRIBEFS_PROGRESS_H
#define DESCRIBEFS_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress {
	bool possible; /* there is a terminal to show it on */
	bool drawn; /* it stands there now */
	int64_t drawn_ms;
};

void progress_begin(struct progress *progress);
/* So many of so many are done, and this is what is being waited for. */
void progress_show(struct progress *progress, size_t done, size_t total, const char *what);
/* Out of the way: something else is about to be written, or it is over. */
void progress_hide(struct progress *progress);

#endif
