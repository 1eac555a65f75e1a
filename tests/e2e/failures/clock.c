/*
 * clock.c - LD_PRELOAD: clocks that the test sets.
 *
 * The file $ERR_CLOCK holds twice 64 bits (the second may be missing): the seconds that CLOCK_REALTIME is off, and
 * the milliseconds that CLOCK_BOOTTIME is ahead, as after a suspend.  The other clocks are as they are.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *offset;
static int (*real)(clockid_t, struct timespec *);

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("FAULT_CLOCK");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *map = fd < 0 ? MAP_FAILED : mmap(NULL, 2 * sizeof *offset, PROT_READ, MAP_SHARED, fd, 0);

	if (map == MAP_FAILED)
		abort();
	close(fd);
	offset = map;
}

int clock_gettime(clockid_t id, struct timespec *now)
{
	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
	int failed = real(id, now);
	if (!failed && offset && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
		now->tv_sec += *offset;
	if (!failed && offset && id == CLOCK_BOOTTIME) {
		now->tv_sec += offset[1] / 1000;
		now->tv_nsec += offset[1] % 1000 * 1000000;
		now->tv_sec += now->tv_nsec / 1000000000;
		now->tv_nsec %= 1000000000;
	}
	return failed;
}

time_t time(time_t *out)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	if (out)
		*out = now.tv_sec;
	return now.tv_sec;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
	struct timespec now;
	(void)zone;
	clock_gettime(CLOCK_REALTIME, &now);
	*out = (struct timeval){ now.tv_sec, now.tv_nsec / 1000 };
	return 0;
}
