/*
 * kernel.h - an emulated kernel: puts the questions that the kernel would put, and caches what it would
 * cache.
 *
 * A name is cached for its entry timeout, attributes for their timeout, a directory's listing while its
 * mtime is the same. READDIRPLUS returns a few entries at a time, with the attributes that are known. A
 * name that returns with another id is looked up once more, as d_revalidate does it.
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
