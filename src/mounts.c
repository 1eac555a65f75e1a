/*
 * mounts.c - the kernel's table of what is mounted.
 *
 *     36 35 0:98 / /mnt/point rw,noatime shared:1 - fuse.describefs tione rw,user_id=0,group_id=0
 */
#include "mounts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ascii.h"

static const char OUR_TYPE[] = "fuse.describefs";

struct line {
	char *device, *part, *point, *type, *source, *options;
};

/* \040 is a blank: turns the table's octal escapes back, in place. */
static void unescape(char *text)
{
	char *to = text;
	for (const char *at = text; *at; to++, at++) {
		*to = *at;
		if (at[0] != '\\' || !ascii_is_digit(at[1]) || !ascii_is_digit(at[2]) ||
			!ascii_is_digit(at[3]))
			continue;
		*to = (char)((at[1] - '0') << 6 | (at[2] - '0') << 3 | (at[3] - '0'));
		at += 3;
	}
	*to = '\0';
}

/* The fields, in place. */
static bool cut(char *text, struct line *line)
{
	char *state = NULL, *rest = strstr(text, " - ");
	if (!rest)
		return false;
	*rest = '\0';
	char **const fields[] = { NULL, NULL, &line->device, &line->part, &line->point };
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		char *field = strtok_r(i ? NULL : text, " ", &state);
		if (fields[i])
			*fields[i] = field;
	}
	line->type = strtok_r(rest + 3, " ", &state);
	line->source = strtok_r(NULL, " ", &state);
	line->options = strtok_r(NULL, " \n", &state);
	if (!line->point || !line->type)
		return false;
	unescape(line->point);
	unescape(line->part);
	if (line->source)
		unescape(line->source);
	return true;
}

bool mounts_are_ours(const char *path)
{
	char *text = NULL;
	struct line line;
	size_t room = 0;
	bool ours = false;
	FILE *table = fopen("/proc/self/mountinfo", "re");

	while (table && getline(&text, &room, table) > 0)
		if (cut(text, &line) && !strcmp(line.point, path))
			ours = !strcmp(line.type, OUR_TYPE);
	free(text);
	if (table)
		fclose(table);
	return ours;
}

static int64_t owner(const char *options)
{
	const char *at = options ? strstr(options, "user_id=") : NULL;

	return at ? ascii_number(at + strlen("user_id=")) : -1;
}

void mounts_read(struct mounts *mounts)
{
	char *text = NULL;
	struct line line;
	size_t room = 0;
	FILE *table = fopen("/proc/self/mountinfo", "re");

	*mounts = (struct mounts){ 0 };
	while (table && getline(&text, &room, table) > 0) {
		if (!cut(text, &line) || strcmp(line.type, OUR_TYPE) != 0)
			continue;
		mounts->v = xrealloc(mounts->v, (mounts->n + 1) * sizeof(*mounts->v));
		mounts->v[mounts->n++] = (struct mount){ .point = xstrdup(line.point),
			.source = xstrdup(line.source ? line.source : ""), .part = xstrdup(line.part),
			.device = xstrdup(line.device), .uid = owner(line.options) };
	}
	free(text);
	if (table)
		fclose(table);
}

void mounts_release(struct mounts *mounts)
{
	for (unsigned i = 0; i < mounts->n; i++) {
		free(mounts->v[i].point);
		free(mounts->v[i].source);
		free(mounts->v[i].part);
		free(mounts->v[i].device);
	}
	free(mounts->v);
	*mounts = (struct mounts){ 0 };
}
