/*
 * tree_verb.c - `describefs tree`, in the format of tree(1), with the count at the end.
 */
#include "cli.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/shown.h"
#include "progress.h"

struct drawing {
	struct cli *cli;
	struct buf indent; /* the prefix of each line */
	struct buf path; /* of the current entry */
	struct buf line;
	unsigned level, levels; /* levels 0: all */
	size_t directories, files;
	struct progress progress;
};

static int drawing_complain(struct drawing *drawing, int error)
{
	progress_hide(&drawing->progress);
	return cli_complain(drawing->cli, drawing->path.data, error);
}

static void drawing_truncate(struct buf *text, size_t len)
{
	text->len = len;
	if (text->room)
		text->data[len] = '\0';
}

/* All links lead to directories. */
static void drawing_count(struct drawing *drawing, mode_t mode)
{
	if (S_ISDIR(mode) || S_ISLNK(mode))
		drawing->directories++;
	else
		drawing->files++;
}

static void draw_line(struct drawing *drawing, const char *name, const char *target, bool last)
{
	buf_puts(&drawing->line, drawing->indent.data);
	buf_puts(&drawing->line, last ? "`-- " : "|-- ");
	shown_add(&drawing->line, name, "");
	if (target) {
		buf_puts(&drawing->line, " -> ");
		shown_add(&drawing->line, target, "");
	}
	buf_putc(&drawing->line, '\n');
	progress_hide(&drawing->progress);
	output_take(&drawing->cli->output, &drawing->line);
}

static int draw_below(struct drawing *drawing, uint64_t id);

/* Draws one name and all below it. */
static int draw_name(struct drawing *drawing, uint64_t id, const char *name, bool last)
{
	struct sources *sources = drawing->cli->sources;
	size_t indent = drawing->indent.len, path = drawing->path.len;
	struct reply reply = cli_ask(drawing->cli, ASK_LOOKUP, id, name);
	int status = 0, error = cli_errno(&reply);

	buf_printf(&drawing->path, "%s%s", path && drawing->path.data[path - 1] == '/' ? "" : "/", name);
	draw_line(drawing, name, error ? NULL : sources_link(sources, reply.entry.id), last);
	if (error)
		status = drawing_complain(drawing, error);
	else
		drawing_count(drawing, reply.entry.attr.mode);
	if (!error && S_ISDIR(reply.entry.attr.mode) && drawing->level != drawing->levels) {
		buf_puts(&drawing->indent, last ? "    " : "|   ");
		sources_hold(sources, reply.entry.id, 1);
		status = draw_below(drawing, reply.entry.id);
		sources_forget(sources, reply.entry.id, 1);
		drawing_truncate(&drawing->indent, indent);
	}
	drawing_truncate(&drawing->path, path);
	return status;
}

static int draw_below(struct drawing *drawing, uint64_t id)
{
	struct texts names;
	int status = 0, error = cli_names(drawing->cli, id, &names);

	if (error)
		return drawing_complain(drawing, error);
	drawing->level++;
	for (size_t i = 0; i < names.n && !drawing->cli->output.error; i++) {
		progress_show(&drawing->progress, i, names.n, drawing->path.data);
		status |= draw_name(drawing, id, names.v[i], i + 1 == names.n);
	}
	drawing->level--;
	texts_release(&names);
	return status;
}

static int draw_path(struct drawing *drawing, const char *path)
{
	struct entry entry;
	int error = cli_walk(drawing->cli, path, true, &entry);

	buf_clear(&drawing->path);
	buf_puts(&drawing->path, path);
	if (error)
		return drawing_complain(drawing, error);
	progress_hide(&drawing->progress);
	shown_add(&drawing->line, path, "");
	buf_putc(&drawing->line, '\n');
	output_take(&drawing->cli->output, &drawing->line);
	drawing_count(drawing, entry.attr.mode); /* counts the top directory, as tree(1) does since 2.0 */
	return S_ISDIR(entry.attr.mode) ? draw_below(drawing, entry.id) : 0;
}

static void draw_count(struct drawing *drawing)
{
	size_t directories = drawing->directories, files = drawing->files;

	progress_hide(&drawing->progress);
	buf_printf(&drawing->line, "\n%zu director%s, %zu file%s\n", directories,
		directories == 1 ? "y" : "ies", files, files == 1 ? "" : "s");
	output_take(&drawing->cli->output, &drawing->line);
}

int cli_tree(struct cli *cli, const struct texts *paths, unsigned levels)
{
	struct drawing drawing = { .cli = cli, .levels = levels };
	int status = 0;

	buf_init(&drawing.indent, SIZE_MAX);
	buf_init(&drawing.path, SIZE_MAX);
	buf_init(&drawing.line, SIZE_MAX);
	progress_begin(&drawing.progress);
	for (size_t i = 0; i < paths->n && !cli->output.error; i++) {
		progress_show(&drawing.progress, 0, 1, paths->v[i]);
		status |= draw_path(&drawing, paths->v[i]);
	}
	draw_count(&drawing);
	buf_release(&drawing.indent);
	buf_release(&drawing.path);
	buf_release(&drawing.line);
	return status;
}
