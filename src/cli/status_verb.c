/*
 * status_verb.c - `describefs status`: lists this user's mounts and their metrics.
 *
 * The kernel's table has the mounts; .describefs/metrics of each mount has the figures.
 */
#include "status_verb.h"

#include "base/ascii.h"
#include "base/columns.h"
#include "mount_answers.h"
#include "sys/output.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The sum of a metric over all labels; < 0: the metric is missing. */
static int64_t metric_sum(const char *metrics, const char *name)
{
	int64_t sum = -1;
	size_t len = strlen(name);

	for (const char *at = metrics; at && *at; at = strchr(at, '\n'), at += at != NULL) {
		if (strncmp(at, name, len) || (at[len] != ' ' && at[len] != '{'))
			continue;
		const char *end = strchr(at, '\n'), *number = end;
		while (number && number > at && number[-1] != ' ')
			number--;
		if (number)
			sum = (sum < 0 ? 0 : sum) + ascii_number(number);
	}
	return sum;
}

enum { ASKED_MS = 5000 }; /* for all mounts together */

/* The table that is printed: a row for each source of each mount. */
struct report {
	struct columns columns;
	const struct mounts *mounts;
	uid_t uid; /* the user of this process */
	int status;
};

static void report_add_number(struct report *report, long long number)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", number);
	columns_add(&report->columns, text);
}

static void report_add_age(struct report *report, int64_t seconds)
{
	static const struct {
		int64_t of;
		const char *name;
	} UNITS[] = { { 86400, "d" }, { 3600, "h" }, { 60, "m" }, { 1, "s" } };
	char text[32] = "never";
	size_t i = 0;

	while (i < 3 && seconds < UNITS[i].of)
		i++;
	if (seconds >= 0)
		snprintf(text, sizeof(text), "%lld%s", (long long)(seconds / UNITS[i].of), UNITS[i].name);
	columns_add(&report->columns, text);
}

/* The user's name, or the uid. */
static void name_user(char *field, size_t size, int64_t uid)
{
	const struct passwd *user = uid < 0 ? NULL : getpwuid((uid_t)uid);

	if (user)
		snprintf(field, size, "%s", user->pw_name);
	else
		snprintf(field, size, "%lld", (long long)uid);
}

/* A missing metric counts as 0. */
static long long metric_count(const char *metrics, const char *name)
{
	int64_t sum = metric_sum(metrics, name);

	return sum < 0 ? 0 : sum;
}

/* `part`: which of the mount's sources, "1/2". */
static void report_add_numbers(struct report *report, const struct mount *mount, const char *source,
	const char *part, const char *metrics)
{
	struct columns *columns = &report->columns;
	char text[64];

	columns_add(columns, mount->point);
	columns_add(columns, source);
	report_add_number(report, metric_count(metrics, "describefs_calls_total"));
	report_add_number(report, metric_count(metrics, "describefs_cache_hits_total"));
	report_add_number(report, metric_count(metrics, "describefs_failures_total"));
	report_add_age(report, metric_sum(metrics, "describefs_newest_answer_age_seconds"));
	report_add_age(report, metric_sum(metrics, "describefs_uptime_seconds"));
	snprintf(text, sizeof(text), "%.1f MiB",
		(double)metric_count(metrics, "describefs_memory_bytes") / (1 << 20));
	columns_add(columns, text);
	columns_add(columns, part);
	name_user(text, sizeof(text), mount->uid);
	columns_add(columns, text);
	columns_end_row(columns);
}

/* A row with the mount's state in words, and its owner if that is another user. */
static void report_add_words(struct report *report, const struct mount *mount, const char *before,
	const char *after)
{
	struct buf text;
	char user[64];

	buf_init(&text, SIZE_MAX);
	buf_printf(&text, "%s%s", before, after);
	name_user(user, sizeof(user), mount->uid);
	if (mount->uid != report->uid)
		buf_printf(&text, " (mounted by %s)", user);
	columns_add(&report->columns, mount->point);
	columns_add(&report->columns, mount->source);
	columns_add(&report->columns, text.data);
	columns_end_row(&report->columns);
	buf_release(&text);
}

static void add_failure(struct report *report, const struct mount *mount, int error)
{
	bool is_private = error == EACCES && mount->uid != report->uid;

	if (is_private)
		report_add_words(report, mount, "only its owner may read it", "");
	else if (error == EXDEV)
		report_add_words(report, mount, "another mount covers it", "");
	else if (error == ENOTCONN)
		report_add_words(report, mount, "dead: mount it again, or fusermount3 -u ", mount->point);
	else
		report_add_words(report, mount,
			error < 0               ? "does not answer" :
				error == EINVAL ? "does not answer as describefs does" :
						  strerror(error),
			"");
	report->status |= !is_private;
}

static bool is_shown(const struct report *report, const struct mount *mount)
{
	return report->uid == 0 || mount->uid == report->uid;
}

/* A bind mount of a directory of a mount: it has no .describefs; the mount itself has its own row. */
static void add_part(struct report *report, const struct mount *mount)
{
	const struct mount *whole = NULL;
	struct buf text;

	for (unsigned i = 0; !whole && i < report->mounts->n; i++)
		if (mounts_share(&report->mounts->v[i].id, &mount->id) &&
			!strcmp(report->mounts->v[i].part, "/"))
			whole = &report->mounts->v[i];
	buf_init(&text, SIZE_MAX);
	buf_printf(&text, "shows %s of ", mount->part);
	report_add_words(report, mount, text.data, whole ? whole->point : "a mount that is not visible here");
	buf_release(&text);
}

static void add_mount(struct report *report, const struct mount *mount, const struct mount_answers *answers)
{
	char part[48];

	if (answers->error)
		add_failure(report, mount, answers->error);
	for (size_t i = 0; i < answers->n; i++) {
		const struct mount_answer *answer = &answers->v[i];
		snprintf(part, sizeof(part), "%zu/%zu", i + 1, answers->n);
		report_add_numbers(report, mount, *answer->source ? answer->source : mount->source, part,
			answer->metrics);
	}
}

/* Only whole mounts are asked: a part has no .describefs. */
static void add_mounts(struct report *report)
{
	const struct mounts *mounts = report->mounts;
	const struct mount **asked = xcalloc(mounts->n + 1, sizeof(*asked));
	struct mount_answers *answers = xcalloc(mounts->n + 1, sizeof(*answers));
	size_t n = 0;

	for (unsigned i = 0; i < mounts->n; i++)
		if (is_shown(report, &mounts->v[i]) && !strcmp(mounts->v[i].part, "/"))
			asked[n++] = &mounts->v[i];
	mount_answers_ask(asked, n, ASKED_MS, answers);
	n = 0;
	for (unsigned i = 0; i < mounts->n; i++) {
		if (asked[n] == &mounts->v[i]) {
			add_mount(report, &mounts->v[i], &answers[n]);
			mount_answers_release(&answers[n++]);
		} else if (is_shown(report, &mounts->v[i])) {
			add_part(report, &mounts->v[i]);
		}
	}
	free(answers);
	free(asked);
}

static void add_heads(struct columns *columns)
{
	static const char *const HEADS[] = { "MOUNT", "SOURCE", "CALLS", "HITS", "ERRORS", "NEWEST", "UP",
		"KEPT", "PART", "USER" };

	for (size_t i = 0; i < sizeof(HEADS) / sizeof(*HEADS); i++)
		columns_add(columns, HEADS[i]);
	columns_end_row(columns);
}

int status_verb_run(void)
{
	struct output output = { 0 };
	struct mounts mounts;
	struct report report = { .mounts = &mounts, .uid = geteuid() };
	struct buf text;

	mounts_read(&mounts);
	add_heads(&report.columns);
	add_mounts(&report);
	buf_init(&text, SIZE_MAX);
	columns_print(&report.columns, &text, isatty(STDOUT_FILENO));
	output_take(&output, &text);
	buf_release(&text);
	columns_release(&report.columns);
	mounts_release(&mounts);
	return output_end(&output, report.status);
}
