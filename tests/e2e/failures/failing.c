/*
 * failing.c - LD_PRELOAD: fails the n-th allocation from now on, in the program or a library, or the n-th writev.
 *
 * The file $FAULT_MEMORY is shared with the test: four 64-bit numbers. `countdown` is how many allocations are left
 * until one fails (0: none will), `failed` how many did, `made` how many there were, `unwritten` how many calls of
 * writev are left until the kernel has no memory for one.  The libraries' allocations come
 * here as well as our own: libfuse, libcurl, OpenSSL, cJSON, the C library itself.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

struct shared {
	int64_t countdown, failed, made, unwritten;
};

static struct shared *shared;
static _Thread_local int spared __attribute__((tls_model("initial-exec")));

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("FAULT_MEMORY");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *map = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (map == MAP_FAILED)
		abort();
	close(fd);
	shared = map;
}

/* curl resolves in a thread of its own. */
static int fails(void)
{
	if (!shared || spared)
		return 0;
	__atomic_add_fetch(&shared->made, 1, __ATOMIC_RELAXED);
	if (__atomic_load_n(&shared->countdown, __ATOMIC_RELAXED) <= 0 ||
			__atomic_sub_fetch(&shared->countdown, 1, __ATOMIC_RELAXED) != 0)
		return 0;
	__atomic_add_fetch(&shared->failed, 1, __ATOMIC_RELAXED);
	errno = ENOMEM;
	return 1;
}

/* glibc frees twice when it lacks memory for a regular expression (free_workarea_compile): that is not ours to find. */
int regcomp(regex_t *restrict out, const char *restrict pattern, int flags)
{
	static int (*real)(regex_t *restrict, const char *restrict, int);

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "regcomp");
	spared = 1;
	int failed = real(out, pattern, flags);
	spared = 0;
	return failed;
}

void *malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	return fails() ? NULL : __libc_realloc(old, size);
}

void *memalign(size_t alignment, size_t size)
{
	return fails() ? NULL : __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return fails() ? NULL : __libc_memalign(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
	void *memory = fails() ? NULL : __libc_memalign(alignment, size);

	if (!memory)
		return ENOMEM;
	*out = memory;
	return 0;
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
	static ssize_t (*real)(int, const struct iovec *, int);

	if (shared && __atomic_load_n(&shared->unwritten, __ATOMIC_RELAXED) > 0 &&
			__atomic_sub_fetch(&shared->unwritten, 1, __ATOMIC_RELAXED) == 0) {
		errno = ENOMEM;
		return -1;
	}
	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "writev");
	return real(fd, parts, count);
}
