/*
 * later.c - LD_PRELOAD: a monotonic clock that the test puts forward.
 *
 * The file $FAULT_LATER holds 64 bits: the seconds by which CLOCK_MONOTONIC is ahead.  What sleeps, sleeps as long
 * as ever: only who asks how late it is hears it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *ahead;

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("FAULT_LATER");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *map = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *ahead, PROT_READ, MAP_SHARED, fd, 0);

	if (map == MAP_FAILED)
		abort();
	close(fd);
	ahead = map;
}

int clock_gettime(clockid_t id, struct timespec *now)
{
	int (*real)(clockid_t, struct timespec *);

	*(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
	int failed = real(id, now);
	if (!failed && ahead && (id == CLOCK_MONOTONIC || id == CLOCK_MONOTONIC_RAW || id == CLOCK_BOOTTIME))
		now->tv_sec += *ahead;
	return failed;
}
