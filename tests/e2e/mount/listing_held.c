/*
 * listing_held.c - reads a directory into memory that nobody serves, so that the kernel holds a page of the directory's
 * listing locked until this program is killed.  Says a line when it begins.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { BYTES = 65536 };

int main(int argc, char *argv[])
{
	int errors = (int)syscall(SYS_userfaultfd, O_CLOEXEC), directory = argc > 1 ? open(argv[1], O_RDONLY) : -1;
	struct uffdio_api api = { .api = UFFD_API };
	char *memory = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct uffdio_register all = { .range = { (unsigned long)memory, BYTES },
		.mode = UFFDIO_REGISTER_MODE_MISSING };

	if (directory < 0 || ioctl(errors, UFFDIO_API, &api) || ioctl(errors, UFFDIO_REGISTER, &all)) {
		perror("hold");
		return 1;
	}
	puts("reading");
	fflush(stdout);
	return syscall(SYS_getdents64, directory, memory, BYTES) < 0;
}
