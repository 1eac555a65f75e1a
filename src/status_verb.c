/*
 * status_verb.c - `describefs status`: this user's mounts, and what they do.
 *
 * Which mounts there are says the kernel's table; how they are says each mount, in .describefs/metrics.
 */
#include "status_verb.h"

#include "ascii.h"
#include "daemon.h"
#include "mounts.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { METRICS_MAX = 1 << 20, PATH_ROOM = 1 << 16 };

/* The sum over all labels, whole; < 0: it does not say. */
static int64_t value(const char *metrics, const char *name)
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

static void print_age(int64_t seconds)
{
	static const struct {
		int64_t of;
		const char *name;
	} UNITS[] = { { 86400, "d" }, { 3600, "h" }, { 60, "m" }, { 1, "s" } };
	size_t i = 0;

	while (i < 3 && seconds < UNITS[i].of)
		i++;
	if (seconds < 0)
		printf("\tnever");
	else
		printf("\t%lld%s", (long long)(seconds / UNITS[i].of), UNITS[i].name);
}

/* Nothing was counted yet: zero. */
static long long count(const char *metrics, const char *name)
{
	int64_t sum = value(metrics, name);

	return sum < 0 ? 0 : sum;
}

static void print_numbers(const struct mount *mount, const char *source, const char *metrics)
{
	printf("%s\t%s\t%lld\t%lld\t%lld", mount->point, source, count(metrics, "describefs_calls_total"),
		count(metrics, "describefs_cache_hits_total"), count(metrics, "describefs_failures_total"));
	print_age(value(metrics, "describefs_newest_answer_age_seconds"));
	print_age(value(metrics, "describefs_uptime_seconds"));
	printf("\t%.1f MiB\n", (double)count(metrics, "describefs_memory_bytes") / (1 << 20));
}

static int print_failure(const struct mount *mount, int error)
{
	if (error == ENOTCONN)
		printf("%s\t%s\tdead: mount it again, or fusermount3 -u %s\n", mount->point, mount->source,
			mount->point);
	else if (error < 0)
		printf("%s\t%s\tdoes not answer\n", mount->point, mount->source);
	else
		printf("%s\t%s\t%s\n", mount->point, mount->source, strerror(error));
	return 1;
}

/* `below`: a source's directory, or "". */
static int ask_source(const struct mount *mount, const char *below, struct buf *metrics)
{
	struct buf path;

	buf_init(&path, PATH_ROOM);
	buf_clear(metrics);
	buf_printf(&path, "%s/%s/.describefs/metrics", mount->point, below);
	int error = daemon_ask_mount(path.data, metrics);
	buf_release(&path);
	return error;
}

/* Several are what the directory holds: it has just said that it is above them. */
static int print_sources(const struct mount *mount, struct buf *metrics)
{
	DIR *top = opendir(mount->point);
	int status = 0;

	if (!top)
		return print_failure(mount, errno);
	for (const struct dirent *entry; !status && (entry = readdir(top));) {
		if (entry->d_name[0] == '.')
			continue;
		int error = ask_source(mount, entry->d_name, metrics);
		if (error)
			status = print_failure(mount, error);
		else
			print_numbers(mount, entry->d_name, metrics->data);
	}
	closedir(top);
	return status;
}

static int print_mount(const struct mount *mount)
{
	struct buf metrics;
	int status = 0;

	buf_init(&metrics, METRICS_MAX);
	int error = ask_source(mount, "", &metrics);
	if (error == ENOENT)
		status = print_sources(mount, &metrics);
	else if (error)
		status = print_failure(mount, error);
	else
		print_numbers(mount, mount->source, metrics.data);
	buf_release(&metrics);
	return status;
}

int status_run(void)
{
	struct mounts mounts;
	int64_t uid = geteuid();
	int status = 0;

	mounts_read(&mounts);
	printf("MOUNT\tSOURCE\tCALLS\tHITS\tERRORS\tNEWEST\tUP\tKEPT\n");
	for (unsigned i = 0; i < mounts.n; i++)
		if (uid == 0 || mounts.v[i].uid == uid)
			status |= print_mount(&mounts.v[i]);
	mounts_release(&mounts);
	return fflush(stdout) ? 1 : status;
}
