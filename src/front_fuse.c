/*
 * front_fuse.c - the kernel at the door.
 *
 * Cast: the loop says that /dev/fuse is readable; receive() takes requests until there are none;
 * libfuse decodes each and calls an op_ function, which looks the thing up with one engine call.
 * Most answers are there at once. Those that are not leave a struct parked behind, which holds the
 * fuse_req and the engine's wait: whichever comes first, the answer or the kernel's interrupt,
 * replies and ends it.
 *
 * The kernel is told to do as much as it can alone: OPEN and OPENDIR are answered ENOSYS once,
 * after which it opens without asking and keeps pages and listings; FLUSH, RELEASE and ACCESS are
 * not implemented.  So errors surface in LOOKUP, GETATTR and READDIR; a READ finds its bytes in
 * memory and never waits.
 */
#include "front_fuse.h"

#include "front_mount.h"
#include "interrupt.h"
#include "trim.h"

#include <errno.h>
#include <linux/fuse.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* RECEIVE_ROUND: requests taken before the loop looks after its other descriptors. */
enum { RECEIVE_ROUND = 64, BLOCK_BYTES = 512, LISTXATTR_MAX = 4096 };

struct front {
	struct fuse_session *session;
	struct loop *loop;
	struct engine *engine;
	struct tree *tree;
	struct trim trim;
	struct fuse_buf buffer;
	bool mounted, detached;
	void (*ready)(void *arg);
	void *ready_arg;
	uid_t uid;
	gid_t gid;
	mode_t umask;
};

/* A request that waits for the engine. */
struct parked {
	struct front *front;
	fuse_req_t request;
	struct wait *wait; /* NULL while engine_ask runs */
	struct timer *look; /* a signal has woken the reader: whether it, or the next, ends his wait */
	void (*reply)(struct parked *parked, const struct reply *reply);
	fuse_ino_t id;
	size_t size;
	off_t offset;
	bool plus;
};

static struct front *front_of(fuse_req_t request)
{
	return fuse_req_userdata(request);
}

/* ---- entries and attributes ---- */

static double seconds(int64_t ms)
{
	return ms == TREE_FOR_EVER ? 365 * 86400.0 : (double)ms / 1000;
}

static void fill_stat(const struct front *front, const struct attr *attr, struct stat *st)
{
	memset(st, 0, sizeof(*st));
	st->st_ino = attr->ino;
	st->st_mode = attr->mode & ~front->umask;
	st->st_nlink = 1;
	st->st_uid = front->uid;
	st->st_gid = front->gid;
	st->st_size = (off_t)attr->size;
	st->st_blksize = 4096;
	st->st_blocks = (blkcnt_t)((attr->size + BLOCK_BYTES - 1) / BLOCK_BYTES);
	st->st_mtim.tv_sec = attr->mtime_s;
	st->st_mtim.tv_nsec = attr->mtime_ns;
	st->st_atim = st->st_ctim = st->st_mtim;
	if (attr->changed_s > attr->mtime_s)
		st->st_ctim = (struct timespec){ .tv_sec = attr->changed_s };
}

static void fill_entry(const struct front *front, const struct entry *entry, struct fuse_entry_param *param)
{
	memset(param, 0, sizeof(*param));
	param->ino = entry->id;
	param->attr_timeout = seconds(entry->attr_ms);
	param->entry_timeout = seconds(entry->entry_ms);
	fill_stat(front, &entry->attr, &param->attr);
}

/* ---- parked requests ---- */

static void answer_parked(void *arg, const struct reply *reply)
{
	struct parked *parked = arg;

	if (parked->wait)
		fuse_req_interrupt_func(parked->request, NULL, NULL);
	loop_unset(parked->front->loop, parked->look);
	if (reply->outcome == OUTCOME_FAILED)
		fuse_reply_err(parked->request, fault_errno(reply->fault));
	else
		parked->reply(parked, reply);
	loop_busy(parked->front->loop);
	free(parked);
}

static void look(void *arg)
{
	struct parked *parked = arg;
	struct front *front = parked->front;

	if (!interrupt_ends(fuse_req_ctx(parked->request)->pid)) {
		parked->look = loop_after(front->loop, INTERRUPT_LOOK_MS, look, parked);
		return;
	}
	engine_cancel(front->engine, parked->wait);
	fuse_req_interrupt_func(parked->request, NULL, NULL);
	fuse_reply_err(parked->request, EINTR);
	free(parked);
}

/* libfuse holds the request's lock here: the answer is the next round's. */
static void interrupt_parked(fuse_req_t request, void *arg)
{
	struct parked *parked = arg;

	(void)request;
	if (!parked->look)
		parked->look = loop_after(parked->front->loop, 0, look, parked);
}

/* `wait` NULL: it was answered, and is gone. */
static void leave_parked(struct parked *parked, struct wait *wait)
{
	if (!wait)
		return;
	parked->wait = wait;
	fuse_req_interrupt_func(parked->request, interrupt_parked, parked);
}

static void ask(struct parked *parked, enum question question, const char *name)
{
	leave_parked(parked, engine_ask(parked->front->engine, question, parked->id, name, answer_parked,
		parked));
}

static struct parked *park(fuse_req_t request, fuse_ino_t id,
	void (*reply)(struct parked *parked, const struct reply *reply))
{
	struct parked *parked = xcalloc(1, sizeof(*parked));

	parked->front = front_of(request);
	parked->request = request;
	parked->id = id;
	parked->reply = reply;
	return parked;
}

/* ---- operations ---- */

static void op_init(void *userdata, struct fuse_conn_info *conn)
{
	struct front *front = userdata;

	conn->want |= conn->capable & (FUSE_CAP_READDIRPLUS | FUSE_CAP_AUTO_INVAL_DATA);
	/* a plain READDIR for half of a scan was never cheaper; a READ that waits could not be interrupted */
	conn->want &= ~(unsigned)(FUSE_CAP_READDIRPLUS_AUTO | FUSE_CAP_ASYNC_READ | FUSE_CAP_WRITEBACK_CACHE);
	if (front->ready)
		front->ready(front->ready_arg);
}

static void reply_lookup(struct parked *parked, const struct reply *reply)
{
	struct fuse_entry_param param;

	if (reply->outcome == OUTCOME_ABSENT) {
		memset(&param, 0, sizeof(param)); /* a name that is known not to be: kept for a while */
		param.entry_timeout = seconds(reply->absent_ms);
		if (reply->absent_ms > 0)
			fuse_reply_entry(parked->request, &param);
		else
			fuse_reply_err(parked->request, ENOENT);
		return;
	}
	fill_entry(parked->front, &reply->entry, &param);
	tree_hold(parked->front->tree, param.ino, 1);
	if (fuse_reply_entry(parked->request, &param))
		tree_forget(parked->front->tree, param.ino, 1);
}

static void op_lookup(fuse_req_t request, fuse_ino_t parent, const char *name)
{
	ask(park(request, parent, reply_lookup), ASK_LOOKUP, name);
}

static void op_forget_multi(fuse_req_t request, size_t count, struct fuse_forget_data *forgets)
{
	struct front *front = front_of(request);

	trim_note(&front->trim);
	for (size_t i = 0; i < count; i++)
		tree_forget(front->tree, forgets[i].ino, forgets[i].nlookup);
	trim_note(&front->trim);
	fuse_reply_none(request);
}

static void op_forget(fuse_req_t request, fuse_ino_t id, uint64_t count)
{
	struct fuse_forget_data one = { id, count };

	op_forget_multi(request, 1, &one);
}

static void reply_getattr(struct parked *parked, const struct reply *reply)
{
	struct stat st;

	fill_stat(parked->front, &reply->entry.attr, &st);
	fuse_reply_attr(parked->request, &st, seconds(reply->entry.attr_ms));
}

static void op_getattr(fuse_req_t request, fuse_ino_t id, struct fuse_file_info *info)
{
	(void)info;
	ask(park(request, id, reply_getattr), ASK_ATTR, NULL);
}

/* Once a mount: the kernel then opens by itself, and keeps what it has read. */
static void op_open(fuse_req_t request, fuse_ino_t id, struct fuse_file_info *info)
{
	(void)id;
	(void)info;
	fuse_reply_err(request, ENOSYS);
}

static void op_read(fuse_req_t request, fuse_ino_t id, size_t size, off_t offset,
	struct fuse_file_info *info)
{
	size_t have = 0;
	const char *bytes = tree_read(front_of(request)->tree, id, &have);

	(void)info;
	if (!bytes)
		fuse_reply_err(request, EIO);
	else if (offset < 0 || (size_t)offset >= have)
		fuse_reply_buf(request, NULL, 0);
	else
		fuse_reply_buf(request, bytes + offset, have - (size_t)offset < size ?
			have - (size_t)offset : size);
}

/* "." and ".." have the cookies 1 and 2; the tree's are moved up by two. */
static size_t add_dots(const struct parked *parked, char *buffer, size_t used, uint64_t *at)
{
	static const char *const names[] = { ".", ".." };

	while (*at < 2) {
		struct fuse_entry_param param = { .attr = { .st_mode = S_IFDIR } };
		param.attr.st_ino = parked->id;
		size_t need = parked->plus ?
			fuse_add_direntry_plus(parked->request, buffer + used, parked->size - used,
				names[*at], &param, (off_t)*at + 1) :
			fuse_add_direntry(parked->request, buffer + used, parked->size - used,
				names[*at], &param.attr, (off_t)*at + 1);
		if (need > parked->size - used)
			return used;
		used += need;
		++*at;
	}
	return used;
}

static void reply_readdir(struct parked *parked, const struct reply *reply)
{
	struct front *front = parked->front;
	struct asked asked = engine_now(front->engine);
	char *buffer = xmalloc(parked->size + 1);
	uint64_t at = (uint64_t)parked->offset, cookie;
	size_t used = add_dots(parked, buffer, 0, &at);
	struct entry entry;
	const char *name;

	asked.since_ms = 0; /* what was just found fresh enough stays so to the end of this answer */
	cookie = reply->cookie;
	while (at >= 2 && tree_next(front->tree, parked->id, &cookie, &name, &entry, asked)) {
		struct fuse_entry_param param;
		fill_entry(front, &entry, &param);
		size_t need = parked->plus ?
			fuse_add_direntry_plus(parked->request, buffer + used, parked->size - used, name,
				&param, (off_t)cookie + 2) :
			fuse_add_direntry(parked->request, buffer + used, parked->size - used, name,
				&param.attr, (off_t)cookie + 2);
		if (need > parked->size - used)
			break;
		used += need;
		if (parked->plus && entry.id)
			tree_hold(front->tree, entry.id, 1);
	}
	fuse_reply_buf(parked->request, buffer, used);
	free(buffer);
}

static void read_directory(fuse_req_t request, fuse_ino_t id, size_t size, off_t offset, bool plus)
{
	struct parked *parked = park(request, id, reply_readdir);
	uint64_t cookie = offset > 2 ? (uint64_t)offset - 2 : 0;

	parked->size = size;
	parked->offset = offset;
	parked->plus = plus;
	leave_parked(parked, engine_read(parked->front->engine, id, cookie, answer_parked, parked));
}

static void op_readdir(fuse_req_t request, fuse_ino_t id, size_t size, off_t offset,
	struct fuse_file_info *info)
{
	(void)info;
	read_directory(request, id, size, offset, false);
}

static void op_readdirplus(fuse_req_t request, fuse_ino_t id, size_t size, off_t offset,
	struct fuse_file_info *info)
{
	(void)info;
	read_directory(request, id, size, offset, true);
}

static void reply_sized(fuse_req_t request, const struct buf *value, size_t size)
{
	if (!size)
		fuse_reply_xattr(request, value->len);
	else if (value->len > size)
		fuse_reply_err(request, ERANGE);
	else
		fuse_reply_buf(request, value->data, value->len);
}

static void op_getxattr(fuse_req_t request, fuse_ino_t id, const char *name, size_t size)
{
	struct front *front = front_of(request);
	struct buf value;

	buf_init(&value, SIZE_MAX);
	if (tree_xattr(front->tree, id, name, &value, engine_now(front->engine)))
		reply_sized(request, &value, size);
	else /* ENOSYS would switch all of them off; EOPNOTSUPP lets ls ask once and not for every file */
		fuse_reply_err(request, strncmp(name, "user.", 5) ? EOPNOTSUPP : ENODATA);
	buf_release(&value);
}

static void op_listxattr(fuse_req_t request, fuse_ino_t id, size_t size)
{
	struct front *front = front_of(request);
	struct buf names;

	buf_init(&names, LISTXATTR_MAX);
	tree_xattr_names(front->tree, id, &names, engine_now(front->engine));
	reply_sized(request, &names, size);
	buf_release(&names);
}

static void op_statfs(fuse_req_t request, fuse_ino_t id)
{
	struct statvfs st = { .f_bsize = 4096, .f_frsize = 4096, .f_namemax = 255 };

	(void)id;
	fuse_reply_statfs(request, &st);
}

static const struct fuse_lowlevel_ops operations = {
	.init = op_init,
	.lookup = op_lookup,
	.forget = op_forget,
	.forget_multi = op_forget_multi,
	.getattr = op_getattr,
	.open = op_open,
	.opendir = op_open,
	.read = op_read,
	.readdir = op_readdir,
	.readdirplus = op_readdirplus,
	.getxattr = op_getxattr,
	.listxattr = op_listxattr,
	.statfs = op_statfs,
	/*
	 * No flush, release, releasedir, access, lseek: the kernel does without.  Nothing that
	 * writes: the mount is read-only and the kernel says EROFS itself.
	 */
};

/* ---- the session ---- */

/*
 * libfuse before 3.17 never passes FUSE_PARALLEL_DIROPS on, and without it the kernel makes lookups
 * in one directory wait for each other.  So the bit is set in the answer to INIT, which is the one
 * reply whose body is a struct fuse_init_out that names our major version.
 */
static ssize_t write_reply(int fd, struct iovec *iov, int count, void *userdata)
{
	struct front *front = userdata;
	struct fuse_init_out init;

	if (!front->mounted && count == 2 &&
			iov[1].iov_len >= offsetof(struct fuse_init_out, max_background) &&
			iov[1].iov_len <= sizeof(init)) {
		memcpy(&init, iov[1].iov_base, iov[1].iov_len);
		init.flags |= FUSE_PARALLEL_DIROPS;
		memcpy(iov[1].iov_base, &init, iov[1].iov_len);
		front->mounted = true;
	}
	return writev(fd, iov, count);
}

static ssize_t read_request(int fd, void *bytes, size_t len, void *userdata)
{
	(void)userdata;
	return read(fd, bytes, len);
}

static const struct fuse_custom_io kernel_io = { .writev = write_reply, .read = read_request };

static void receive(void *arg, int fd, int events)
{
	struct front *front = arg;

	(void)events;
	for (int i = 0; i < RECEIVE_ROUND; i++) {
		int got = fuse_session_receive_buf(front->session, &front->buffer);
		if (got == -EINTR)
			continue;
		if (got == -EAGAIN || got == -ENOMEM) /* the request is still there, and so are we */
			return;
		if (got <= 0) { /* unmounted, or the connection was aborted */
			loop_forget(front->loop, fd);
			loop_stop(front->loop, got < 0 && got != -ENODEV ? 1 : 0);
			return;
		}
		fuse_session_process_buf(front->session, &front->buffer);
		loop_busy(front->loop);
		if (fuse_session_exited(front->session)) {
			loop_forget(front->loop, fd);
			loop_stop(front->loop, 0);
			return;
		}
	}
}

struct front *front_new(const struct config *config, struct loop *loop, void (*ready)(void *arg),
	void *arg, struct buf *why)
{
	struct front *front = xcalloc(1, sizeof(*front));

	front->loop = loop;
	front->ready = ready;
	front->ready_arg = arg;
	front->uid = config->uid >= 0 ? (uid_t)config->uid : getuid();
	front->gid = config->gid >= 0 ? (gid_t)config->gid : getgid();
	front->umask = config->umask >= 0 ? (mode_t)config->umask & 0777 : 0;
	front->session = front_mount(config, &operations, sizeof(operations), &kernel_io, front, why);
	if (front->session)
		return front;
	free(front);
	return NULL;
}

void front_serve(struct front *front, struct engine *engine, struct tree *tree)
{
	front->engine = engine;
	front->tree = tree;
	trim_init(&front->trim, front->loop, tree);
	loop_watch(front->loop, fuse_session_fd(front->session), LOOP_READ, receive, front);
}

void front_detached(struct front *front)
{
	front->detached = true;
}

void front_free(struct front *front)
{
	if (!front)
		return;
	trim_release(&front->trim);
	loop_forget(front->loop, fuse_session_fd(front->session));
	if (front->detached)
		front_sever(front->session);
	fuse_session_unmount(front->session);
	fuse_session_destroy(front->session);
	free(front->buffer.mem);
	free(front);
}
