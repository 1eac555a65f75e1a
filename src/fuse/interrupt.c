/*
 * interrupt.c - which signals end a wait.
 *
 * The kernel says only that some signal has woken who waits.  Go's runtime sends its own threads SIGURG
 * all the time, a shell gets SIGCHLD, a terminal that is resized sends SIGWINCH: who handles these has not
 * asked for EINTR, which no disk would answer, and does not try again.  So /proc is asked what is pending.
 *
 * SIGALRM and SIGVTALRM do end it: who bounds a read with alarm() waits for that.  So does whatever stops or
 * kills, what nobody handles, and what cannot be found out: a process of another pid namespace, or one that
 * is being frozen or traced, for whom nothing is pending at all.
 */
#include "interrupt.h"

#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/ascii.h"

enum { STATUS_ROOM = 8192 };

static uint64_t bit(int signal)
{
	return UINT64_C(1) << (signal - 1);
}

/* Signals that somebody who handles them is only told something by. */
static uint64_t news(void)
{
	return bit(SIGURG) | bit(SIGCHLD) | bit(SIGWINCH) | bit(SIGPROF) | bit(SIGIO);
}

/* A thread's /proc/ID/status; false: there is none that we may see. */
static bool read_status(pid_t reader, char text[static STATUS_ROOM])
{
	char path[32];

	snprintf(path, sizeof path, "/proc/%d/status", (int)reader);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ssize_t n = read(fd, text, STATUS_ROOM - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	return n > 0;
}

/* The set in the line of that name, 16 hexadecimal digits; false: there is no such line. */
static bool find_set(const char *status, const char *name, uint64_t *set)
{
	const char *line = strstr(status, name);
	int digit;

	*set = 0;
	for (line = line ? line + strlen(name) : ""; (digit = ascii_hex_value(*line)) >= 0; line++)
		*set = *set << 4 | (unsigned)digit;
	return *line == '\n';
}

bool interrupt_ends(pid_t reader)
{
	char status[STATUS_ROOM];
	uint64_t own, shared, blocked, caught;

	if (reader <= 0 || !read_status(reader, status))
		return true;
	if (!find_set(status, "\nSigPnd:\t", &own) || !find_set(status, "\nShdPnd:\t", &shared) ||
		!find_set(status, "\nSigBlk:\t", &blocked) || !find_set(status, "\nSigCgt:\t", &caught))
		return true;
	uint64_t pending = (own | shared) & ~blocked;
	return !pending || (pending & ~(caught & news()));
}
