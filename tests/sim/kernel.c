/*
 * kernel.c - the dentry cache, the inodes, and the system calls that the tests need.
 */
#include "kernel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/hash.h"

enum { BATCH = 25 }; /* entries in one READDIRPLUS message */

struct dentry {
	uint64_t parent, id; /* id 0: the name is not there */
	char *name;
	int64_t until_ms;
};

struct inode {
	uint64_t id, held;
	struct attr attr;
	int64_t until_ms; /* of the attributes */
	char *listing; /* each name and a NUL, then one more; NULL: not kept */
	int64_t listing_mtime_s;
	uint32_t listing_mtime_ns;
};

struct name_key {
	uint64_t parent;
	const char *name;
};

static bool is_dentry(const void *value, const void *key)
{
	const struct dentry *dentry = value;
	const struct name_key *wanted = key;

	return dentry->parent == wanted->parent && !strcmp(dentry->name, wanted->name);
}

static bool is_inode(const void *value, const void *key)
{
	return ((const struct inode *)value)->id == *(const uint64_t *)key;
}

static uint64_t hash_id(uint64_t id)
{
	return hash_bytes(0, &id, sizeof(id));
}

static int64_t now_ms(const struct kernel *kernel)
{
	return kernel->world->script.now_ms;
}

/* The kernel never keeps for ever: a timeout is added to its clock. */
static int64_t until(const struct kernel *kernel, int64_t for_ms)
{
	return for_ms == TREE_FOR_EVER ? INT64_MAX : now_ms(kernel) + for_ms;
}

static struct inode *inode_of(struct kernel *kernel, uint64_t id)
{
	struct inode *inode = map_get(&kernel->inodes, hash_id(id), is_inode, &id);

	if (inode)
		return inode;
	inode = xcalloc(1, sizeof(*inode));
	inode->id = id;
	map_add(&kernel->inodes, hash_id(id), inode);
	return inode;
}

static void forget_inode(struct kernel *kernel, struct inode *inode)
{
	map_remove(&kernel->inodes, hash_id(inode->id), inode);
	tree_forget(kernel->world->tree, inode->id, inode->held);
	free(inode->listing);
	free(inode);
}

static struct dentry *find_dentry(struct kernel *kernel, uint64_t parent, const char *name)
{
	struct name_key key = { parent, name };

	return map_get(&kernel->dentries, hash_text(hash_id(parent), name), is_dentry, &key);
}

/* A file whose name leads to another id now, and that no process has open, is forgotten. */
static void keep_name(struct kernel *kernel, uint64_t parent, const char *name, uint64_t id,
	int64_t for_ms)
{
	struct dentry *dentry = find_dentry(kernel, parent, name);
	uint64_t before = dentry ? dentry->id : 0;

	if (!dentry) {
		dentry = xcalloc(1, sizeof(*dentry));
		dentry->parent = parent;
		dentry->name = xstrdup(name);
		map_add(&kernel->dentries, hash_text(hash_id(parent), name), dentry);
	}
	dentry->id = id;
	dentry->until_ms = until(kernel, for_ms);
	if (!before || before == id)
		return;
	struct inode *inode = inode_of(kernel, before);
	if (S_ISREG(inode->attr.mode))
		forget_inode(kernel, inode);
}

/* The answer's hold on the id is in the tree already. */
static struct inode *keep_entry(struct kernel *kernel, uint64_t parent, const char *name,
	const struct entry *entry)
{
	struct inode *inode = inode_of(kernel, entry->id);

	inode->held++;
	inode->attr = entry->attr;
	inode->until_ms = until(kernel, entry->attr_ms);
	keep_name(kernel, parent, name, entry->id, entry->entry_ms);
	return inode;
}

/* ---- messages ---- */

static int lookup(struct kernel *kernel, uint64_t parent, const char *name, struct inode **inode)
{
	struct dentry *dentry = find_dentry(kernel, parent, name);
	uint64_t before = dentry ? dentry->id : 0;

	if (dentry && dentry->until_ms > now_ms(kernel)) {
		*inode = dentry->id ? inode_of(kernel, dentry->id) : NULL;
		return dentry->id ? 0 : ENOENT;
	}
	kernel->lookups++;
	struct reply reply = world_ask(kernel->world, ASK_LOOKUP, parent, name);
	if (reply.outcome == RESULT_FOUND && before && reply.entry.id != before) {
		tree_forget(kernel->world->tree, reply.entry.id, 1);
		keep_name(kernel, parent, name, 0, 0);
		return lookup(kernel, parent, name, inode);
	}
	if (reply.outcome == RESULT_FAILED)
		return error_errno(reply.error);
	if (reply.outcome == RESULT_ABSENT) {
		keep_name(kernel, parent, name, 0, reply.absent_ms);
		return ENOENT;
	}
	*inode = keep_entry(kernel, parent, name, &reply.entry);
	return 0;
}

static int getattr(struct kernel *kernel, struct inode *inode)
{
	if (inode->until_ms > now_ms(kernel))
		return 0;
	kernel->getattrs++;
	struct reply reply = world_ask(kernel->world, ASK_ATTR, inode->id, NULL);
	if (reply.outcome != RESULT_FOUND)
		return error_errno(reply.error);
	inode->attr = reply.entry.attr;
	inode->until_ms = until(kernel, reply.entry.attr_ms);
	if (reply.entry.reread) {
		free(inode->listing);
		inode->listing = NULL;
		inode->until_ms = 0; /* a notification outdates the attributes that come after it, too */
	}
	return 0;
}

/* Attributes that a notification has called back. */
static void heed(struct kernel *kernel)
{
	uint64_t id;

	for (; (id = tree_moved(kernel->world->tree)); kernel->moved++)
		inode_of(kernel, id)->until_ms = 0;
}

static int walk(struct kernel *kernel, const char *path, struct inode **inode)
{
	char *copy = xstrdup(path), *rest = NULL;
	int error = 0;

	heed(kernel);
	*inode = inode_of(kernel, TREE_ROOT);
	for (char *name = strtok_r(copy, "/", &rest); name && !error; name = strtok_r(NULL, "/", &rest))
		error = lookup(kernel, (*inode)->id, name, inode);
	free(copy);
	return error;
}

/* False: there was nothing more. */
static bool read_batch(struct kernel *kernel, uint64_t id, uint64_t *cookie, struct buf *names,
	struct query_time query)
{
	struct world *world = kernel->world;
	struct entry entry;
	const char *name;
	size_t n = 0;

	for (; n < BATCH && tree_next(world->tree, id, cookie, &name, &entry, query); n++) {
		kernel->readdirs += n == 0;
		buf_add(names, name, strlen(name) + 1);
		if (!entry.id)
			continue;
		tree_ref(world->tree, entry.id, 1);
		keep_entry(kernel, id, name, &entry);
	}
	return n;
}

/* All names of a directory, kept until its mtime changes or a notification comes; *names is borrowed. */
static int readdir(struct kernel *kernel, struct inode *inode, const char **names)
{
	struct world *world = kernel->world;
	struct query_time query = { .since_ms = 0 };
	uint64_t cookie = 0, id = inode->id;
	struct reply reply;
	struct buf all;
	int error = getattr(kernel, inode);

	*names = inode->listing;
	if (error || (inode->listing && inode->listing_mtime_s == inode->attr.mtime_s &&
			inode->listing_mtime_ns == inode->attr.mtime_ns))
		return error;
	buf_init(&all, SIZE_MAX);
	for (bool more = true; more; cookie = reply.cookie) { /* a batch at a time, as the pages come */
		reply = world_read(world, id, cookie);
		if (reply.outcome != RESULT_FOUND) {
			buf_release(&all);
			return error_errno(reply.error);
		}
		query.now_ms = now_ms(kernel);
		bool begins = !cookie;
		more = read_batch(kernel, id, &reply.cookie, &all, query);
		tree_handed(world->tree, id, begins, !more);
	}
	buf_putc(&all, '\0');
	inode = inode_of(kernel, id); /* a name's new file may have had others forgotten, not this */
	free(inode->listing);
	*names = inode->listing = buf_take(&all);
	inode->listing_mtime_s = inode->attr.mtime_s;
	inode->listing_mtime_ns = inode->attr.mtime_ns;
	return 0;
}

/* ---- system calls ---- */

int kernel_stat(struct kernel *kernel, const char *path, struct attr *attr)
{
	struct inode *inode;
	int error = walk(kernel, path, &inode);

	if (!error)
		error = getattr(kernel, inode);
	if (!error)
		*attr = inode->attr;
	return error;
}

static int read_file(struct kernel *kernel, const struct inode *inode, struct buf *out)
{
	size_t size;
	const char *bytes = tree_read(kernel->world->tree, inode->id, &size);

	if (!S_ISREG(inode->attr.mode))
		return EISDIR;
	assert_non_null(bytes); /* a read never fails */
	assert_int_equal(size, inode->attr.size);
	if (out)
		buf_add(out, bytes, size);
	return 0;
}

int kernel_cat(struct kernel *kernel, const char *path, struct buf *out)
{
	struct inode *inode;
	int error = walk(kernel, path, &inode);

	return error ? error : read_file(kernel, inode, out);
}

int kernel_ls(struct kernel *kernel, const char *path, struct buf *out)
{
	struct inode *inode;
	const char *names;
	int error = walk(kernel, path, &inode);

	if (!error)
		error = readdir(kernel, inode, &names);
	for (; !error && out && *names; names += strlen(names) + 1)
		buf_printf(out, "%s ", names);
	return error;
}

/* Calls `visit` with each entry's inode, for a directory's names as they are now. */
static int each(struct kernel *kernel, struct inode *directory,
	int visit(struct kernel *kernel, struct inode *inode, void *arg), void *arg)
{
	uint64_t id = directory->id;
	const char *names;
	struct buf copy;
	int error = readdir(kernel, directory, &names);

	if (error)
		return error;
	buf_init(&copy, SIZE_MAX);
	for (; *names; names += strlen(names) + 1)
		buf_add(&copy, names, strlen(names) + 1);
	buf_putc(&copy, '\0');
	for (const char *name = copy.data; !error && *name; name += strlen(name) + 1) {
		struct inode *inode;
		error = lookup(kernel, id, name, &inode);
		if (!error)
			error = visit(kernel, inode, arg);
	}
	buf_release(&copy);
	return error;
}

static int visit_stat(struct kernel *kernel, struct inode *inode, void *arg)
{
	(void)arg;
	return getattr(kernel, inode);
}

int kernel_ls_l(struct kernel *kernel, const char *path)
{
	struct inode *inode;
	int error = walk(kernel, path, &inode);

	return error ? error : each(kernel, inode, visit_stat, NULL);
}

struct cat_each {
	const char *file;
	size_t failed;
};

static int visit_cat(struct kernel *kernel, struct inode *inode, void *arg)
{
	struct cat_each *cat = arg;
	struct inode *file;
	int error = lookup(kernel, inode->id, cat->file, &file);

	if (error || read_file(kernel, file, NULL))
		cat->failed++;
	return 0;
}

int kernel_cat_each(struct kernel *kernel, const char *path, const char *file, size_t *failed)
{
	struct cat_each cat = { .file = file };
	struct inode *inode;
	int error = walk(kernel, path, &inode);

	if (!error)
		error = each(kernel, inode, visit_cat, &cat);
	if (failed)
		*failed = cat.failed;
	return error;
}

static int visit_grep(struct kernel *kernel, struct inode *inode, void *arg)
{
	size_t *files = arg;

	if (S_ISDIR(inode->attr.mode))
		return each(kernel, inode, visit_grep, files);
	if (S_ISLNK(inode->attr.mode)) /* as grep -r passes links over, and tar writes them down */
		return tree_link(kernel->world->tree, inode->id) ? 0 : EINVAL;
	++*files;
	return read_file(kernel, inode, NULL);
}

int kernel_grep_r(struct kernel *kernel, const char *path, size_t *files)
{
	struct inode *inode;
	int error = walk(kernel, path, &inode);

	*files = 0;
	return error ? error : each(kernel, inode, visit_grep, files);
}

/* ---- its own life ---- */

void kernel_open(struct kernel *kernel, struct world *world)
{
	*kernel = (struct kernel){ .world = world };
	map_init(&kernel->dentries, 0);
	map_init(&kernel->inodes, 0);
	inode_of(kernel, TREE_ROOT)->attr.mode = S_IFDIR | 0555;
}

void kernel_close(struct kernel *kernel)
{
	size_t at = 0;
	struct dentry *dentry;
	struct inode *inode;

	while ((dentry = map_next(&kernel->dentries, &at))) {
		free(dentry->name);
		free(dentry);
	}
	at = 0;
	while ((inode = map_next(&kernel->inodes, &at))) {
		tree_forget(kernel->world->tree, inode->id, inode->held);
		free(inode->listing);
		free(inode);
	}
	map_release(&kernel->dentries);
	map_release(&kernel->inodes);
}

void kernel_drop(struct kernel *kernel)
{
	struct world *world = kernel->world;

	kernel_close(kernel);
	kernel_open(kernel, world);
}
