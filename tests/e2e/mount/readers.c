/*
 * readers.c - as many readers as there are lines on stdin, each a thread, all let go at the same moment.
 *
 * Prints one JSON object: how long it took until the last had read its file whole, how many got which errno,
 * the bytes in all, and how many of the answers differ from that of the first.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { READERS_MAX = 4096, STACK_BYTES = 128 << 10, VALUE_MAX = 512 };

struct reader {
	pthread_t thread;
	char path[1024];
	char value[VALUE_MAX];
	ssize_t size;
	int error;
};

static struct reader readers[READERS_MAX];
static pthread_barrier_t start;

static void *run(void *arg)
{
	struct reader *reader = arg;

	pthread_barrier_wait(&start);
	int fd = open(reader->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		reader->error = errno;
		return NULL;
	}
	reader->size = read(fd, reader->value, sizeof reader->value);
	if (reader->size < 0)
		reader->error = errno;
	close(fd);
	return NULL;
}

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1000 + (double)now.tv_nsec / 1e6;
}

int main(void)
{
	int n = 0, errors[256] = { 0 }, different = 0;
	long bytes = 0;
	pthread_attr_t attr;

	while (n < READERS_MAX && fgets(readers[n].path, sizeof readers[n].path, stdin)) {
		readers[n].path[strcspn(readers[n].path, "\n")] = '\0';
		n++;
	}
	pthread_barrier_init(&start, NULL, (unsigned)n + 1);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	for (int i = 0; i < n; i++)
		if (pthread_create(&readers[i].thread, &attr, run, &readers[i]))
			return fprintf(stderr, "readers: cannot make thread %d\n", i), 2;
	pthread_barrier_wait(&start);
	double began = now_ms();
	for (int i = 0; i < n; i++) {
		pthread_join(readers[i].thread, NULL);
		errors[readers[i].error & 255]++;
		bytes += readers[i].size > 0 ? readers[i].size : 0;
		different += readers[i].size != readers[0].size ||
			(readers[i].size > 0 && memcmp(readers[i].value, readers[0].value, (size_t)readers[i].size));
	}
	printf("{\"ms\":%.1f,\"bytes\":%ld,\"different\":%d,\"errors\":{", now_ms() - began, bytes, different);
	const char *comma = "";
	for (int i = 0; i < 256; i++) {
		if (errors[i])
			printf("%s\"%d\":%d", comma, i, errors[i]);
		if (errors[i])
			comma = ",";
	}
	printf("}}\n");
	return 0;
}
