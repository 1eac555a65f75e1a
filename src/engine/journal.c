/*
 * journal.c - formats lines about failures, and folds those of one group.
 */
#include "engine/journal.h"

#include "base/timestamp.h"

#include <stdlib.h>
#include <string.h>

static void line_add_field(struct buf *line, const char *text)
{
	char field[512];

	error_note_copy(field, sizeof(field), text);
	buf_putc(line, '\t');
	buf_puts(line, *field ? field : "-");
}

static char *line_text(int64_t now_s, const char *path, enum error error, const struct error_note *note)
{
	struct buf line;

	buf_init(&line, SIZE_MAX);
	timestamp_format(&line, now_s);
	line_add_field(&line, *path ? path : "/");
	line_add_field(&line, strerrorname_np(error_errno(error)));
	line_add_field(&line, *note->code ? note->code : error_name(error));
	line_add_field(&line, note->request_id);
	line_add_field(&line, note->message);
	return buf_take(&line);
}

/* The first two fields of a line's text: time and path. */
static char *line_time_and_path(const char *text)
{
	size_t time_len = strcspn(text, "\t"), path_len = strcspn(text + time_len + 1, "\t");
	char *out = xstrndup(text, time_len + 1 + path_len);

	out[time_len] = ' ';
	return out;
}

/* Of "/training/ID/pods/ID" adds "training/pods/": the user chooses the ids. */
static void group_add_kinds(struct buf *group, const char *path)
{
	for (unsigned i = 0; *path; i++) {
		size_t len = strcspn(path, "/");
		if (i % 2) {
			buf_add(group, path, len);
			buf_putc(group, '/');
		}
		path += len + (path[len] == '/');
	}
}

static char *line_group(const char *path, unsigned uid, enum error error, const struct error_note *note)
{
	struct buf group;

	buf_init(&group, SIZE_MAX);
	buf_printf(&group, "%u\t%s\t%s\t", uid, error_name(error), note->code);
	group_add_kinds(&group, path);
	return buf_take(&group);
}

static void journal_remove(struct journal *journal, size_t at)
{
	struct journal_line *line = &journal->lines[at];

	free(line->group);
	free(line->text);
	free(line->first);
	journal->n--;
	memmove(line, line + 1, (journal->n - at) * sizeof(*line));
}

/* The line takes over what an older one of its group counted, and that one is removed. */
static void journal_fold(struct journal *journal, struct journal_line *line)
{
	size_t at = journal->n;

	while (at-- > 0 && line->last_s - journal->lines[at].last_s <= JOURNAL_FOLD_S) {
		struct journal_line *older = &journal->lines[at];
		if (strcmp(older->group, line->group) != 0)
			continue;
		line->count += older->count;
		line->first = older->first ? older->first : line_time_and_path(older->text);
		older->first = NULL;
		journal_remove(journal, at);
		return;
	}
}

void journal_add(struct journal *journal, int64_t now_s, const char *path, unsigned uid, enum error error,
	const struct error_note *note)
{
	struct journal_line line = { .group = line_group(path, uid, error, note),
		.text = line_text(now_s, path, error, note),
		.count = 1,
		.last_s = now_s };

	journal_fold(journal, &line);
	if (journal->n == JOURNAL_LINES)
		journal_remove(journal, 0);
	journal->lines[journal->n++] = line;
	journal->count++;
	journal->last_error = error;
	journal->last = *note;
}

void journal_print(const struct journal *journal, struct buf *out)
{
	for (size_t i = 0; i < journal->n; i++) {
		const struct journal_line *line = &journal->lines[i];
		buf_puts(out, line->text);
		if (line->first)
			buf_printf(out, " (first %s) x%u", line->first, line->count);
		buf_putc(out, '\n');
	}
}

void journal_release(struct journal *journal)
{
	while (journal->n)
		journal_remove(journal, journal->n - 1);
}
