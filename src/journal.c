/*
 * journal.c - a ring of lines about what failed.
 */
#include "journal.h"

#include "when.h"

#include <stdlib.h>
#include <string.h>

static void add_field(struct buf *line, const char *text)
{
	char field[512];

	fault_note_copy(field, sizeof(field), text);
	buf_putc(line, '\t');
	buf_puts(line, *field ? field : "-");
}

void journal_add(struct journal *journal, int64_t now_s, const char *path, enum fault fault,
	const struct fault_note *note)
{
	char **slot = &journal->lines[journal->count++ % JOURNAL_LINES];
	struct buf line;

	buf_init(&line, SIZE_MAX);
	when_format(&line, now_s);
	add_field(&line, *path ? path : "/");
	add_field(&line, strerrorname_np(fault_errno(fault)));
	add_field(&line, *note->code ? note->code : fault_name(fault));
	add_field(&line, note->request_id);
	add_field(&line, note->message);
	buf_putc(&line, '\n');
	free(*slot);
	*slot = buf_take(&line);
	journal->last_fault = fault;
	journal->last = *note;
}

void journal_print(const struct journal *journal, struct buf *out)
{
	uint64_t first = journal->count > JOURNAL_LINES ? journal->count - JOURNAL_LINES : 0;

	for (uint64_t i = first; i < journal->count; i++)
		buf_puts(out, journal->lines[i % JOURNAL_LINES]);
}

void journal_release(struct journal *journal)
{
	for (size_t i = 0; i < JOURNAL_LINES; i++)
		free(journal->lines[i]);
	*journal = (struct journal){ 0 };
}
