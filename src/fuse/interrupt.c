/*
 * interrupt.c - decides whether a signal ends a reader's wait.
 *
 * The kernel's INTERRUPT says only that some signal woke the reader. Go's runtime sends SIGURG to its own
 * threads all the time, a shell gets SIGCHLD, a resized terminal sends SIGWINCH. A program that handles
 * these does not expect EINTR, which no disk returns, and does not retry. So /proc tells which signals are
 * pending.
 *
 * SIGALRM and SIGVTALRM end the wait, because programs bound a read with alarm(). So do stop and kill
 * signals, signals without a handler, and unknown states: a process of another pid namespace, or one that is
 * being frozen or traced, for which no signal is pending.
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

static uint64_t signal_bit(int signal)
{
	return UINT64_C(1) << (signal - 1);
}

/* Signals that only inform a program that handles them. */
static uint64_t informing(void)
{
	return signal_bit(SIGURG) | signal_bit(SIGCHLD) | signal_bit(SIGWINCH) | signal_bit(SIGPROF) |
		signal_bit(SIGIO);
}

/* Reads /proc/READER/status. Returns false if it cannot be read. */
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

/* Parses the 16 hexadecimal digits after `name`. Returns false if there is no such line. */
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
	return !pending || (pending & ~(caught & informing()));
}
