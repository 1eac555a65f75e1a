/*
 * mount_table.c - the kernel's table of mounts (/proc/self/mountinfo).
 *
 *     36 35 0:98 / /mnt/point rw,noatime shared:1 - fuse.describefs tione rw,user_id=0,group_id=0
 */
#include "sys/mount_table.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/ascii.h"

static const char OUR_TYPE[] = "fuse.describefs";

struct line {
	struct mount_id id;
	uint64_t parent; /* the number of the mount that this one lies on */
	char *number, *device, *part, *point, *type, *source, *options;
};

/* Decodes octal escapes (\040 is a blank) in place. */
static void line_unescape(char *text)
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

/* Splits a line into its fields, in place. */
static bool line_split(char *text, struct line *line)
{
	char *state = NULL, *parent = NULL, *rest = strstr(text, " - ");
	if (!rest)
		return false;
	*rest = '\0';
	char **const fields[] = { &line->number, &parent, &line->device, &line->part, &line->point };
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		char *field = strtok_r(i ? NULL : text, " ", &state);
		*fields[i] = field;
	}
	line->type = strtok_r(rest + 3, " ", &state);
	line->source = strtok_r(NULL, " ", &state);
	line->options = strtok_r(NULL, " \n", &state);
	const char *colon = line->device ? strchr(line->device, ':') : NULL;
	if (!colon || !line->point || !line->type)
		return false;
	line->id = (struct mount_id){ (uint64_t)ascii_number(line->number),
		(uint32_t)ascii_number(line->device), (uint32_t)ascii_number(colon + 1) };
	line->parent = (uint64_t)ascii_number(parent);
	line_unescape(line->point);
	line_unescape(line->part);
	if (line->source)
		line_unescape(line->source);
	return true;
}

/*
 * Asks statx for the mount id alone: then the kernel sends no request to a FUSE daemon and needs no
 * permission.
 */
static bool mount_id_of(int at, const char *path, int flags, struct mount_id *found)
{
	struct statx seen;

	if (statx(at, path, flags | AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, 0, &seen) < 0)
		return false;
	*found = (struct mount_id){ seen.stx_mnt_id, seen.stx_dev_major, seen.stx_dev_minor };
	return true;
}

bool mounts_top(const char *path, struct mount_id *top)
{
	return mount_id_of(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, top);
}

bool mounts_opened(int fd, struct mount_id *found)
{
	return mount_id_of(fd, "", AT_EMPTY_PATH, found);
}

bool mounts_share(const struct mount_id *one, const struct mount_id *other)
{
	return one->major == other->major && one->minor == other->minor;
}

bool mounts_same(const struct mount_id *one, const struct mount_id *other)
{
	return one->mount == other->mount && mounts_share(one, other);
}

/* The table while it is read. `line` points into `text`, and is valid until the next table_next. */
struct table {
	FILE *file; /* NULL: it cannot be read */
	char *text;
	size_t room;
	struct line line;
};

static bool table_open(struct table *table)
{
	*table = (struct table){ .file = fopen("/proc/self/mountinfo", "re") };
	return table->file;
}

/* Reads the next line that has all fields. Returns false at the end. */
static bool table_next(struct table *table)
{
	while (table->file && getline(&table->text, &table->room, table->file) > 0)
		if (line_split(table->text, &table->line))
			return true;
	return false;
}

static bool table_find(struct table *table, const struct mount_id *id)
{
	while (table_next(table))
		if (mounts_same(&table->line.id, id))
			return true;
	return false;
}

static void table_close(struct table *table)
{
	free(table->text);
	if (table->file)
		fclose(table->file);
}

bool mounts_are_ours(const char *path, struct mount_id *found)
{
	struct table table;
	bool ours = table_open(&table) && mounts_top(path, found) && table_find(&table, found) &&
		!strcmp(table.line.point, path) && !strcmp(table.line.type, OUR_TYPE);

	table_close(&table);
	return ours;
}

/* Its files may be those of another mount: a program or an overlay serves it. */
static bool type_shows_others(const char *type)
{
	return !strcmp(type, "overlay") || !strcmp(type, "ecryptfs") || !strcmp(type, "fuse") ||
		!strncmp(type, "fuse.", strlen("fuse."));
}

/* Compares the mount's number alone: on btrfs the table has another device than stat(2). */
bool mounts_shows_others(const struct mount_id *id)
{
	struct table table;
	bool shows = false;

	table_open(&table);
	while (table_next(&table))
		if (table.line.id.mount == id->mount)
			shows = type_shows_others(table.line.type);
	table_close(&table);
	return shows;
}

bool mounts_have_inner(const struct mount_id *id)
{
	struct table table;
	bool found = !table_open(&table);

	while (!found && table_next(&table))
		found = table.line.parent == id->mount;
	table_close(&table);
	return found;
}

static bool is_at_or_below(const char *path, const char *top)
{
	size_t len = strlen(top);

	return strncmp(path, top, len) == 0 && (!path[len] || path[len] == '/');
}

bool mounts_are_below(const char *path)
{
	struct table table;
	bool found = !table_open(&table);

	while (!found && table_next(&table))
		found = is_at_or_below(table.line.point, path);
	table_close(&table);
	return found;
}

bool mounts_find(const struct mount_id *id, char **place)
{
	struct table table;
	bool opened = table_open(&table);

	*place = table_find(&table, id) ? xstrdup(table.line.point) : NULL;
	table_close(&table);
	return opened;
}

static int64_t line_owner(const char *options)
{
	const char *at = options ? strstr(options, "user_id=") : NULL;

	return at ? ascii_number(at + strlen("user_id=")) : -1;
}

void mounts_read(struct mounts *mounts)
{
	struct table table;
	const struct line *line = &table.line;

	*mounts = (struct mounts){ 0 };
	table_open(&table);
	while (table_next(&table)) {
		if (strcmp(line->type, OUR_TYPE) != 0)
			continue;
		mounts->v = xrealloc(mounts->v, (mounts->n + 1) * sizeof(*mounts->v));
		mounts->v[mounts->n++] = (struct mount){ .id = line->id,
			.point = xstrdup(line->point),
			.source = xstrdup(line->source ? line->source : ""),
			.part = xstrdup(line->part),
			.uid = line_owner(line->options) };
	}
	table_close(&table);
}

void mounts_release(struct mounts *mounts)
{
	for (unsigned i = 0; i < mounts->n; i++) {
		free(mounts->v[i].point);
		free(mounts->v[i].source);
		free(mounts->v[i].part);
	}
	free(mounts->v);
	*mounts = (struct mounts){ 0 };
}
