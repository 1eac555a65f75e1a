/*
 * snapshot_kit.h - what the tests of snapshots share: kinds made by hand, and trees compared entry
 * by entry.
 */
#ifndef DESCRIBEFS_TESTS_SNAPSHOT_KIT_H
#define DESCRIBEFS_TESTS_SNAPSHOT_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/name.h"
#include "render/snapshot.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))
#define S(text) ((char *)(text))

enum { DATE_S = 1636588800, LATE_S = 2000000000 };

/* One line of an expected tree; no bytes: a directory.  A star stands for any bytes. */
struct field {
	const char *path, *type, *bytes;
};

static const struct catalog catalog = {.date_s = DATE_S};

static const struct kind *const no_children[] = {NULL};

/* The kinds of the seeds, with what the documents say of their members. */
static struct member_rule tag_list[] = {
	{S("Tags"), MEMBER_MAP, .map_key = S("TagKey"), .map_value = S("TagValue")},
	{.name = S("DataConfigs"), .shape = MEMBER_OBJECTS},
	{.name = S("CodeRepos"), .shape = MEMBER_OBJECTS},
	{.name = S("BillingInfos"), .shape = MEMBER_LIST},
	{.name = S("Envs"), .shape = MEMBER_OBJECTS, .list_only = true, .secret = true},
	{.name = S("Status"), .shape = MEMBER_SCALAR},
	{.name = S("Name"), .shape = MEMBER_SCALAR},
};

static const struct type tagged = {S("Tagged"), tag_list, COUNT(tag_list)};

static char *task_times[] = {S("CreateTime"), S("UpdateTime"), S("StartTime"), S("EndTime")};
static char *task_terminal[] = {S("SUCCEED"), S("FAILED")};
static const struct kind training = {
	.name = S("training"),
	.catalog = &catalog,
	.children = (const struct kind **)no_children,
	.describe = {.name = S("DescribeTrainingTask")},
	.id.member = S("Id"),
	.status.member = S("Status"),
	.times = {task_times, COUNT(task_times)},
	.status.terminal = {task_terminal, COUNT(task_terminal)},
	.type = &tagged,
};

static struct rename version_renames[] = {
	{S("TrainingModelVersionId"), S("id")},
	{S("TrainingModelId"), S("model_id")},
};

static char *version_times[] = {S("TrainingModelCreateTime"), S("CreateTime")};
static const struct kind versions = {
	.name = S("versions"),
	.catalog = &catalog,
	.children = (const struct kind **)no_children,
	.list_is_detail = true,
	.describe = {.name = S("DescribeTrainingModelVersion")},
	.id.member = S("TrainingModelVersionId"),
	.status.member = S("TrainingModelStatus"),
	.times = {version_times, COUNT(version_times)},
	.names.strip = S("TrainingModel"),
	.names.renames = version_renames,
	.names.n_renames = COUNT(version_renames),
};

static struct rename job_renames[] = {
	{S("trainStatus"), S("status")},
	{S("taskName"), S("name")},
	{S("finishTime"), S("finish_time")},
	{S("finishtime"), S("finish_time")},
};

static char *job_times[] = {S("startTime"), S("finishtime")};
static const struct kind jobs = {
	.name = S("jobs"),
	.catalog = &catalog,
	.children = (const struct kind **)no_children,
	.describe = {.name = S("jobDetail")},
	.id.member = S("id"),
	.status.member = S("trainStatus"),
	.times = {job_times, COUNT(job_times)},
	.names.renames = job_renames,
	.names.n_renames = COUNT(job_renames),
};

static const struct kind plain = {
	.name = S("plain"), .catalog = &catalog, .describe = {.name = S("Describe")}, .id.member = S("Id"),
};

static const struct snapshot_style bare_style;

static inline struct json *parse(const char *text)
{
	struct json *root;

	assert_int_equal(json_parse(&root, text, strlen(text)), ERR_NONE);
	return root;
}

/* The invariants that snapshot.h states and everybody relies on. */
static inline void assert_sane(const struct snapshot *s)
{
	uint32_t next = 1;

	assert_true(s->n_entries >= 1 && s->entries[0].directory && s->entries[0].parent == 0);
	assert_string_equal(snapshot_name(s, 0), "");
	for (uint32_t d = 0; d < s->n_entries; d++) {
		const struct snapshot_entry *dir = &s->entries[d];

		assert_true(dir->ino >= 2);
		assert_true(s->text + dir->bytes + dir->size <= (const char *)s + s->memory);
		if (!dir->directory) {
			assert_int_equal(dir->count, 0);
			continue;
		}
		assert_true(dir->size == 0 && dir->first == next);
		next += dir->count;
		for (uint32_t i = dir->first; i < dir->first + dir->count; i++) {
			const char *name = snapshot_name(s, i);

			assert_int_equal(s->entries[i].parent, d);
			assert_int_equal(snapshot_find(s, d, name), i);
			assert_true(*name && strlen(name) <= NAME_BYTES_MAX && !strchr(name, '/'));
			assert_true(strcmp(name, ".") != 0 && strcmp(name, "..") != 0);
			if (i > dir->first)
				assert_true(strcmp(snapshot_name(s, s->by_name[i - 1]),
					snapshot_name(s, s->by_name[i])) < 0);
		}
	}
	assert_int_equal(next, s->n_entries);
}

static inline struct snapshot *render_styled(const struct kind *kind, const char *text,
	const struct snapshot_style *style)
{
	struct json *object = parse(text);
	struct snapshot *snapshot;

	assert_int_equal(snapshot_render(&snapshot, kind, object, "/x/y", style, LATE_S), 0);
	json_free(object);
	assert_sane(snapshot);
	return snapshot;
}

static inline struct snapshot *render(const struct kind *kind, const char *text)
{
	return render_styled(kind, text, &bare_style);
}

/* The entry at "a/b/c"; fails if there is none. */
static inline const struct snapshot_entry *at(const struct snapshot *s, const char *path)
{
	char name[NAME_BYTES_MAX + 1];
	uint32_t entry = 0;

	while (*path) {
		size_t len = strcspn(path, "/");

		memcpy(name, path, len);
		name[len] = '\0';
		entry = snapshot_find(s, entry, name);
		if (!entry)
			fail_msg("no %s", path);
		path += len + (path[len] == '/');
	}
	return &s->entries[entry];
}

static inline bool has(const struct snapshot *s, const char *name)
{
	return snapshot_find(s, 0, name) != 0;
}

static inline void assert_bytes(const struct snapshot *s, const char *path, const char *bytes)
{
	const struct snapshot_entry *entry = at(s, path);
	size_t size;
	const char *data = snapshot_bytes(s, (uint32_t)(entry - s->entries), &size);

	assert_false(entry->directory);
	if (size != strlen(bytes) || memcmp(data, bytes, size) != 0)
		fail_msg("%s: %.*s, expected %s", path, (int)size, data, bytes);
}

static inline void assert_row(const struct snapshot *s, uint32_t entry, const char *path,
	const struct field *row)
{
	const struct snapshot_entry *e = &s->entries[entry];
	size_t size;
	const char *bytes = snapshot_bytes(s, entry, &size);

	assert_string_equal(path, row->path);
	if (strcmp(json_type_name(e->type), row->type) != 0 || e->directory != !row->bytes)
		fail_msg("%s is a %s", path, json_type_name(e->type));
	if (!row->bytes || strcmp(row->bytes, "*") == 0)
		return;
	if (size != strlen(row->bytes) || memcmp(bytes, row->bytes, size) != 0)
		fail_msg("%s: %.*s, expected %s", path, (int)size, bytes, row->bytes);
}

/* Depth first; the number of rows that were used. */
static inline size_t walk(const struct snapshot *s, uint32_t directory, const char *above,
	const struct field *rows, size_t n)
{
	const struct snapshot_entry *dir = &s->entries[directory];
	size_t used = 0;

	for (uint32_t i = dir->first; i < dir->first + dir->count; i++) {
		char path[1000];

		snprintf(path, sizeof path, "%s%s", above, snapshot_name(s, i));
		if (used >= n)
			fail_msg("unexpected %s", path);
		assert_row(s, i, path, &rows[used++]);
		if (s->entries[i].directory) {
			strcat(path, "/");
			used += walk(s, i, path, rows + used, n - used);
		}
	}
	return used;
}

static inline void assert_tree(const struct snapshot *s, const struct field *rows, size_t n)
{
	size_t used = walk(s, 0, "", rows, n);

	if (used < n)
		fail_msg("no %s", rows[used].path);
}

/* Renders, compares, frees. */
static inline void assert_renders(const struct kind *kind, const char *text,
	const struct field *rows, size_t n)
{
	struct snapshot *s = render(kind, text);

	assert_tree(s, rows, n);
	snapshot_free(s);
}

#endif
