/*
 * progress.h - a progress bar at the bottom of the terminal.
 */
#ifndef DESCRIBEFS_PROGRESS_H
#define DESCRIBEFS_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress {
	bool possible; /* stdout and stderr are terminals */
	bool drawn; /* visible */
	int64_t drawn_ms;
};

void progress_begin(struct progress *progress);
/* Shows `done` of `total`, and `what` is in progress. */
void progress_show(struct progress *progress, size_t done, size_t total, const char *what);
/* Erases the bar before other output and at the end. */
void progress_hide(struct progress *progress);

#endif
