/*
 * progress.c - a progress bar at the bottom of the terminal.
 *
 * It is drawn at most every 100 ms, and erased before each line of output.
 */
#include "progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/shown.h"
#include "sys/monotonic.h"

enum { WIDTH = 24, PAUSE_MS = 100, WHAT_MAX = 40 };

void progress_begin(struct progress *progress)
{
	*progress = (struct progress){ .drawn_ms = -PAUSE_MS };
	progress->possible = isatty(STDERR_FILENO) && isatty(STDOUT_FILENO);
}

void progress_hide(struct progress *progress)
{
	if (!progress->drawn)
		return;
	fputs("\r\033[K", stderr);
	fflush(stderr);
	progress->drawn = false;
}

void progress_show(struct progress *progress, size_t done, size_t total, const char *what)
{
	static const char FULL[] = "########################", EMPTY[] = "                        ";

	if (!progress->possible || !total || done > total || monotonic_ms() - progress->drawn_ms < PAUSE_MS)
		return;
	int full = (int)(done * WIDTH / total);
	progress_hide(progress);
	fflush(stdout);
	char *shown = shown_line(what);
	fprintf(stderr, "[%.*s%.*s] %zu/%zu %.*s", full, FULL, WIDTH - full, EMPTY, done, total, WHAT_MAX,
		shown);
	free(shown);
	fflush(stderr);
	progress->drawn = true;
	progress->drawn_ms = monotonic_ms();
}
