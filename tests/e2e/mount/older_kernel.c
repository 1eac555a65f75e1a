/*
 * older_kernel.c - preloaded, makes a kernel look like one before 6.16: a notification with a new epoch is one that it
 * does not know.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <linux/fuse.h>
#include <stddef.h>
#include <sys/uio.h>

ssize_t writev(int fd, const struct iovec *parts, int n)
{
	ssize_t (*real)(int, const struct iovec *, int) = (ssize_t (*)(int, const struct iovec *, int))dlsym(RTLD_NEXT,
		"writev");
	const struct fuse_out_header *header = n > 0 ? parts[0].iov_base : NULL;

	if (header && parts[0].iov_len == sizeof(*header) && !header->unique && header->error == 8) {
		errno = EINVAL;
		return -1;
	}
	return real(fd, parts, n);
}
