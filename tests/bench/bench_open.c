/*
 * bench_open.c - what a script's innermost loop costs: one file opened, read and closed, or asked with stat,
 * over and over.
 *
 * bench_open open|stat FILE TIMES MS: at most TIMES times and at most MS milliseconds; prints how often, and
 * the median and the 99th percentile in nanoseconds.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { TIMES_MAX = 1000000, BUFFER = 64 << 10 };

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int open_read_close(const char *path)
{
	static char buffer[BUFFER];
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	ssize_t got = read(fd, buffer, sizeof(buffer));
	return close(fd) || got < 0 ? -1 : 0;
}

static int ask(const char *path)
{
	struct stat st;

	return stat(path, &st);
}

int main(int argc, char **argv)
{
	if (argc != 5)
		return fprintf(stderr, "usage: bench_open open|stat FILE TIMES MS\n"), 2;
	int (*once)(const char *path) = strcmp(argv[1], "stat") ? open_read_close : ask;
	long times = strtol(argv[3], NULL, 10), done = 0;
	if (times < 1 || times > TIMES_MAX)
		return fprintf(stderr, "bench_open: 1 to %d times\n", TIMES_MAX), 2;
	int64_t *took = calloc((size_t)times, sizeof(*took));
	if (!took)
		return 2;
	int64_t before = now_ns(), end = before + strtol(argv[4], NULL, 10) * 1000000;
	while (done < times && before < end) {
		if (once(argv[2]))
			return fprintf(stderr, "bench_open: %s: %s\n", argv[2], strerror(errno)), 1;
		int64_t after = now_ns();
		took[done++] = after - before;
		before = after;
	}
	qsort(took, (size_t)done, sizeof(*took), compare);
	printf("%ld %lld %lld\n", done, (long long)took[done / 2], (long long)took[done * 99 / 100]);
	free(took);
	return 0;
}
