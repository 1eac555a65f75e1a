/*
 * output.c - standard output and standard error of a verb.
 *
 * stdio loses the errno of an earlier failed write, so it is kept here.
 */
#include "sys/output.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/shown.h"

static bool output_note(struct output *output, bool good)
{
	if (!good && !output->error)
		output->error = errno ? errno : EIO;
	return !output->error;
}

bool output_add(struct output *output, const char *bytes, size_t size)
{
	return !output->error && output_note(output, fwrite(bytes, 1, size, stdout) == size);
}

bool output_puts(struct output *output, const char *text)
{
	return output_add(output, text, strlen(text));
}

bool output_take(struct output *output, struct buf *text)
{
	/* the buffer hit its ceiling: the text is incomplete */
	bool whole = !text->full;
	if (!whole)
		errno = ENOMEM;
	bool good = output_note(output, whole) && output_add(output, text->data, text->len);

	buf_clear(text);
	return good;
}

int output_end(struct output *output, int status)
{
	if (!output->error && output_note(output, fflush(stdout) == 0))
		return status;
	if (output->error == EPIPE) { /* http_client_new ignores SIGPIPE */
		signal(SIGPIPE, SIG_DFL);
		raise(SIGPIPE);
	}
	fprintf(stderr, "describefs: standard output: %s\n", strerror(output->error));
	return 1;
}

void output_complain(const char *text)
{
	char *line = shown_line(text);

	fprintf(stderr, "describefs: %s\n", line);
	free(line);
}
