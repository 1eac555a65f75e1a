/*
 * journal.c - lines about what failed.
 */
#include "engine/journal.h"

#include "base/timestamp.h"

#include <stdlib.h>
#include <string.h>

static void add_field(struct buf *line, const char *text)
{
	char field[512];

	error_note_copy(field, sizeof(field), text);
	buf_putc(line, '\t');
	buf_puts(line, *field ? field : "-");
}

static char *make_text(int64_t now_s, const char *path, enum error error, const struct error_note *note)
{
	struct buf line;

	buf_init(&line, SIZE_MAX);
	timestamp_format(&line, now_s);
	add_field(&line, *path ? path : "/");
	add_field(&line, strerrorname_np(error_errno(error)));
	add_field(&line, *note->code ? note->code : error_name(error));
	add_field(&line, note->request_id);
	add_field(&line, note->message);
	return buf_take(&line);
}

/* "/training/ID/pods/ID" without the ids, which are of the user's choice. */
static void add_kinds(struct buf *sort, const char *path)
{
	for (unsigned i = 0; *path; i++) {
		size_t len = strcspn(path, "/");
		if (i % 2) {
			buf_add(sort, path, len);
			buf_putc(sort, '/');
		}
		path += len + (path[len] == '/');
	}
}

static char *make_sort(const char *path, unsigned uid, enum error error, const struct error_note *note)
{
	struct buf sort;

	buf_init(&sort, SIZE_MAX);
	buf_printf(&sort, "%u\t%s\t%s\t", uid, error_name(error), note->code);
	add_kinds(&sort, path);
	return buf_take(&sort);
}

static void take_out(struct journal *journal, size_t at)
{
	free(journal->lines[at].sort);
	free(journal->lines[at].text);
	journal->n--;
	memmove(&journal->lines[at], &journal->lines[at + 1], (journal->n - at) * sizeof(*journal->lines));
}

/* How often this sort failed just now; it is taken out, as its last line is the newest of all. */
static unsigned fold(struct journal *journal, const char *sort, int64_t now_s)
{
	for (size_t i = journal->n; i > 0 && now_s - journal->lines[i - 1].last_s <= JOURNAL_FOLD_S; i--) {
		unsigned count = journal->lines[i - 1].count;
		if (strcmp(journal->lines[i - 1].sort, sort) != 0)
			continue;
		take_out(journal, i - 1);
		return count;
	}
	return 0;
}

void journal_add(struct journal *journal, int64_t now_s, const char *path, unsigned uid, enum error error,
	const struct error_note *note)
{
	struct journal_line line = { .sort = make_sort(path, uid, error, note),
		.text = make_text(now_s, path, error, note),
		.last_s = now_s };

	line.count = fold(journal, line.sort, now_s) + 1;
	if (journal->n == JOURNAL_LINES)
		take_out(journal, 0);
	journal->lines[journal->n++] = line;
	journal->count++;
	journal->last_error = error;
	journal->last = *note;
}

void journal_print(const struct journal *journal, struct buf *out)
{
	for (size_t i = 0; i < journal->n; i++) {
		buf_puts(out, journal->lines[i].text);
		if (journal->lines[i].count > 1)
			buf_printf(out, " x%u", journal->lines[i].count);
		buf_putc(out, '\n');
	}
}

void journal_release(struct journal *journal)
{
	while (journal->n)
		take_out(journal, journal->n - 1);
}
