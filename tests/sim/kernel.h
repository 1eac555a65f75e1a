/*
 * kernel.h - asks the engine what the kernel would ask, and keeps what the kernel would keep.
 *
 * Names are kept for their entry timeout, attributes for theirs, a directory's listing as long as its mtime
 * stays; READDIRPLUS comes in messages of a few entries, and hands out what it knows of them.  A name that comes
 * back with another id is looked up once more, as d_revalidate does it.
 */
#ifndef TESTS_SIM_KERNEL_H
#define TESTS_SIM_KERNEL_H

#include "base/map.h"
#include "world.h"

struct kernel {
	struct world *world;
	struct map dentries, inodes;
	size_t lookups, getattrs, readdirs; /* messages */
	size_t moved; /* notifications of a directory's time */
};

void kernel_open(struct kernel *kernel, struct world *world);
void kernel_close(struct kernel *kernel); /* forgets all */
/* echo 3 > drop_caches: forgets everything that is not the root. */
void kernel_drop(struct kernel *kernel);

/* Each gives 0 or an errno. */
int kernel_stat(struct kernel *kernel, const char *path, struct attr *attr);
int kernel_cat(struct kernel *kernel, const char *path, struct buf *out); /* `out` may be NULL */
/* Each name and a blank. */
int kernel_ls(struct kernel *kernel, const char *path, struct buf *names);
int kernel_ls_l(struct kernel *kernel, const char *path); /* with a stat of each */
/* cat PATH/(each)/`file`; what can't be read is counted in *failed. */
int kernel_cat_each(struct kernel *kernel, const char *path, const char *file, size_t *failed);
/* Reads everything below; how many files that were. */
int kernel_grep_r(struct kernel *kernel, const char *path, size_t *files);

#endif
