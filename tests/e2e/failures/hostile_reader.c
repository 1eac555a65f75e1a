/*
 * hostile_reader.c - what another user can do to a mount that he may read: it is given the mount point and seconds.
 *
 * Eight threads: made-up names, real names over and over, interrupted waits (a signal every millisecond), directories
 * that are left half read and read from a made-up offset, reads at any offset, attributes with odd sizes, ioctls that
 * mean nothing, opens that want to write. It does not care what comes back; it prints how many calls it made.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

enum { THREADS = 8, PATH_ROOM = 4096, DEPTH = 4 };

static const char *top;
static atomic_ulong calls;
static atomic_bool over;
static pthread_t threads[THREADS];

static void nothing(int number)
{
	(void)number;
}

static unsigned int dice(unsigned int *seed, unsigned int sides)
{
	return (unsigned int)rand_r(seed) % sides;
}

/* One of the directory's names, or one that nobody has. */
static void choose(unsigned int *seed, const char *directory, char *name, size_t size)
{
	static const char *const made_up[] = { "train-%u", "nb-%u", "m-%u", "%08x", ".%u", "\xff%u", "%u\n", ".wait", ".events",
		".table.tsv", ".describefs", "errors", "metrics", "requests", "status", "describe.json", "by-status", "by-name" };
	DIR *open = dice(seed, 3) ? opendir(directory) : NULL;
	unsigned int skipped = dice(seed, 40);

	snprintf(name, size, made_up[dice(seed, sizeof made_up / sizeof *made_up)], dice(seed, 1 << 20));
	if (!open)
		return;
	for (const struct dirent *entry; (entry = readdir(open)) && skipped--;)
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			snprintf(name, size, "%s", entry->d_name);
	if (dice(seed, 2))
		seekdir(open, (long)rand_r(seed) << dice(seed, 33));
	readdir(open);
	closedir(open); /* half read */
	calls += 4;
}

static void use(unsigned int *seed, const char *path)
{
	static char room[THREADS][1 << 16];
	char *bytes = room[*seed % THREADS];
	struct stat status;
	struct statvfs space;
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	lstat(path, &status);
	statvfs(path, &space);
	listxattr(path, bytes, dice(seed, 200));
	getxattr(path, dice(seed, 2) ? "user.describefs.request_id" : "user.x", bytes, dice(seed, 100));
	calls += 5;
	if (!dice(seed, 8))
		close(open(path, O_RDWR | O_CREAT | O_TRUNC, 0666));
	if (fd < 0)
		return;
	for (unsigned int i = dice(seed, 4); i; i--, calls++)
		if (pread(fd, bytes, dice(seed, sizeof room[0]), (off_t)((long)rand_r(seed) << dice(seed, 33))) < 0)
			break;
	if (!dice(seed, 4))
		ioctl(fd, dice(seed, 2) ? (unsigned long)rand_r(seed) : 0xc1280152UL, bytes);
	void *map = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map != MAP_FAILED)
		munmap(map, 4096);
	close(fd);
}

static void *run(void *arg)
{
	unsigned int seed = (unsigned int)(size_t)arg * 7919 + 1;
	char path[PATH_ROOM], name[300];

	while (!over) {
		snprintf(path, sizeof path, "%s", top);
		for (unsigned int depth = 1 + dice(&seed, DEPTH); depth; depth--) {
			choose(&seed, path, name, sizeof name);
			if (strlen(path) + strlen(name) + 2 < sizeof path)
				strcat(strcat(path, "/"), name);
			use(&seed, path);
		}
	}
	return NULL;
}

int main(int argc, char *argv[])
{
	struct sigaction action = { .sa_handler = nothing }; /* no SA_RESTART: the call ends with EINTR */
	struct timespec pause = { 0, 1000000 }, start, now;
	unsigned int seed = 1;

	if (argc != 3)
		return 2;
	top = argv[1];
	sigaction(SIGUSR1, &action, NULL);
	clock_gettime(CLOCK_MONOTONIC, &start);
	for (size_t i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, run, (void *)(i + 1)))
			return 1;
	do {
		nanosleep(&pause, NULL);
		pthread_kill(threads[dice(&seed, THREADS)], SIGUSR1);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec - start.tv_sec < atoi(argv[2]));
	over = true;
	for (size_t i = 0; i < THREADS; i++) {
		struct timespec later;
		do {
			pthread_kill(threads[i], SIGUSR1);
			clock_gettime(CLOCK_REALTIME, &later);
			later.tv_nsec = later.tv_nsec < 900000000 ? later.tv_nsec + 10000000 : 999999999;
		} while (pthread_timedjoin_np(threads[i], NULL, &later));
	}
	printf("%lu\n", (unsigned long)calls);
	return 0;
}
