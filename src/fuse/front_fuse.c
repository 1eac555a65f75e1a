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
#include "fuse/front_fuse.h"

#include "front_notify.h"
#include "front_refresh.h"
#include "front_walk.h"
#include "interrupt.h"

#include <errno.h>
#include <linux/fuse.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
	RECEIVE_ROUND = 64, /* requests taken before the loop looks after its other descriptors */
	NO_EXPORT_SUPPORT = 1 << 6, /* of the upper 32 flags: FUSE_NO_EXPORT_SUPPORT of newer headers */
	INTERRUPT_BIT = 1, /* of the number of an INTERRUPT: FUSE_INT_REQ_BIT */
	LISTXATTR_MAX = 4096
};

static struct front *front_of(fuse_req_t request)
{
	return fuse_req_userdata(request);
}

/* ---- parked requests ---- */

void reply_parked(void *arg, const struct reply *reply)
{
	struct parked *parked = arg;

	if (parked->wait)
		fuse_req_interrupt_func(parked->request, NULL, NULL);
	loop_unset(parked->front->loop, parked->look);
	if (reply_leads_through(parked, reply))
		reply_lookup(parked, reply);
	else if (reply->outcome == RESULT_FAILED)
		fuse_reply_err(parked->request, error_errno(reply->error));
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
	sources_cancel(front->sources, parked->id, parked->wait);
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
static void leave_parked(struct parked *parked, struct waiter *wait)
{
	if (!wait)
		return;
	parked->wait = wait;
	fuse_req_interrupt_func(parked->request, interrupt_parked, parked);
}

static void ask(struct parked *parked, enum question question, const char *name)
{
	if (walk_answers(parked, question, name))
		return;
	leave_parked(parked,
		sources_ask(parked->front->sources, question, parked->id, name,
			fuse_req_ctx(parked->request)->uid, reply_parked, parked));
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
	(void)userdata;
	conn->want |= conn->capable &
		(FUSE_CAP_READDIRPLUS | FUSE_CAP_AUTO_INVAL_DATA |
			FUSE_CAP_CACHE_SYMLINKS); /* where one leads never changes */
	/* a plain READDIR for half of a scan was never cheaper; a READ that waits could not be interrupted */
	conn->want &= ~(unsigned)(FUSE_CAP_READDIRPLUS_AUTO | FUSE_CAP_ASYNC_READ | FUSE_CAP_WRITEBACK_CACHE);
}

static void op_lookup(fuse_req_t request, fuse_ino_t parent, const char *name)
{
	ask(park(request, parent, reply_lookup), ASK_LOOKUP, name);
}

static void op_forget_multi(fuse_req_t request, size_t count, struct fuse_forget_data *forgets)
{
	struct front *front = front_of(request);

	heap_trim_note(&front->heap_trim);
	for (size_t i = 0; i < count; i++)
		sources_forget(front->sources, forgets[i].ino, forgets[i].nlookup);
	heap_trim_note(&front->heap_trim);
	fuse_reply_none(request);
}

static void op_forget(fuse_req_t request, fuse_ino_t id, uint64_t count)
{
	struct fuse_forget_data one = { id, count };

	op_forget_multi(request, 1, &one);
}

static bool holds_back(fuse_req_t request, fuse_ino_t id)
{
	return sources_watched(front_of(request)->sources, id) == WATCHED_STATUS;
}

/*
 * A .wait is held back here, and only when it is to be read: the kernel asks for a file's size before each
 * read, and then names the open file; stat does not.  Held back in LOOKUP it would hold the directory's lock.
 */
static void op_getattr(fuse_req_t request, fuse_ino_t id, struct fuse_file_info *info)
{
	bool waits = info && holds_back(request, id);

	ask(park(request, id, reply_getattr), waits ? ASK_WAIT : ASK_ATTR, NULL);
}

/* Once a mount: the kernel then opens by itself, and keeps what it has read. */
static void op_open(fuse_req_t request, fuse_ino_t id, struct fuse_file_info *info)
{
	(void)id;
	(void)info;
	fuse_reply_err(request, ENOSYS);
}

static void answer_read(fuse_req_t request, fuse_ino_t id, size_t size, off_t offset)
{
	size_t have = 0;
	const char *bytes = sources_bytes(front_of(request)->sources, id, &have);

	if (!bytes)
		fuse_reply_err(request, EIO);
	else if (offset < 0 || (size_t)offset >= have)
		fuse_reply_buf(request, NULL, 0);
	else
		fuse_reply_buf(request, bytes + offset,
			have - (size_t)offset < size ? have - (size_t)offset : size);
}

static void reply_read(struct parked *parked, const struct reply *reply)
{
	(void)reply;
	answer_read(parked->request, parked->id, parked->size, parked->offset);
}

static void op_read(fuse_req_t request, fuse_ino_t id, size_t size, off_t offset, struct fuse_file_info *info)
{
	(void)info;
	if (!holds_back(request, id)) {
		answer_read(request, id, size, offset);
		return;
	}
	/* who maps it, or splices, has not asked for its size: he waits here */
	struct parked *parked = park(request, id, reply_read);
	parked->size = size;
	parked->offset = offset;
	ask(parked, ASK_WAIT, NULL);
}

static void read_directory(fuse_req_t request, fuse_ino_t id, size_t size, off_t offset, bool plus)
{
	struct parked *parked = park(request, id, reply_readdir);
	uint64_t cookie = offset > 2 ? (uint64_t)offset - 2 : 0;

	parked->size = size;
	parked->offset = offset;
	parked->plus = plus;
	if (walk_reads(parked, cookie))
		return;
	leave_parked(parked,
		sources_read(parked->front->sources, id, cookie, fuse_req_ctx(request)->uid, reply_parked,
			parked));
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

static void op_readlink(fuse_req_t request, fuse_ino_t id)
{
	const char *target = sources_link(front_of(request)->sources, id);

	if (target)
		fuse_reply_readlink(request, target);
	else
		fuse_reply_err(request, EINVAL);
}

static void op_getxattr(fuse_req_t request, fuse_ino_t id, const char *name, size_t size)
{
	const struct source *source = sources_of(front_of(request)->sources, id);
	struct buf value;

	buf_init(&value, SIZE_MAX);
	if (source && tree_xattr(source->tree, id, name, &value, engine_now(source->engine)))
		reply_sized(request, &value, size);
	else /* ENOSYS would switch all of them off; EOPNOTSUPP lets ls ask once and not for every file */
		fuse_reply_err(request, strncmp(name, "user.", 5) ? EOPNOTSUPP : ENODATA);
	buf_release(&value);
}

static void op_listxattr(fuse_req_t request, fuse_ino_t id, size_t size)
{
	const struct source *source = sources_of(front_of(request)->sources, id);
	struct buf names;

	buf_init(&names, LISTXATTR_MAX);
	if (source)
		tree_xattr_names(source->tree, id, &names, engine_now(source->engine));
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
	.readlink = op_readlink,
	.open = op_open,
	.opendir = op_open,
	.read = op_read,
	.readdir = op_readdir,
	.readdirplus = op_readdirplus,
	.getxattr = op_getxattr,
	.listxattr = op_listxattr,
	.statfs = op_statfs,
	.ioctl = refresh_op_ioctl,
	/*
	 * No flush, release, releasedir, access, lseek: the kernel does without.  Nothing that
	 * writes: the mount is read-only and the kernel says EROFS itself.
	 */
};

/* ---- the session ---- */

/*
 * Two bits that libfuse does not pass on: FUSE_PARALLEL_DIROPS (before libfuse 3.17), without which the
 * kernel makes lookups in one directory wait for each other; and FUSE_NO_EXPORT_SUPPORT (Linux 6.9), without
 * which it gives out file handles that are ESTALE as soon as it has forgotten the inode.
 */
static void add_flags(struct fuse_init_out *init, size_t len)
{
	init->flags |= FUSE_PARALLEL_DIROPS;
	if (init->flags & FUSE_INIT_EXT && len > offsetof(struct fuse_init_out, flags2))
		init->flags2 |= NO_EXPORT_SUPPORT;
}

/* The answer to INIT, the first one of all. */
static ssize_t greet(struct front *front, int fd, struct iovec *iov, int count)
{
	const struct fuse_out_header *header = iov[0].iov_base;
	struct fuse_init_out init;
	int error = -header->error;

	if (!error && count == 2 && iov[1].iov_len >= offsetof(struct fuse_init_out, max_background) &&
		iov[1].iov_len <= sizeof(init)) {
		memcpy(&init, iov[1].iov_base, iov[1].iov_len);
		add_flags(&init, iov[1].iov_len);
		memcpy(iov[1].iov_base, &init, iov[1].iov_len);
	}
	ssize_t written = writev(fd, iov, count);
	if (written < 0)
		error = errno;
	front->greeted = true;
	front->ready(front->ready_arg, error);
	errno = error;
	return written;
}

/*
 * Whatever libfuse lacks memory for, it answers ENOMEM.  An INTERRUPT that is answered so would be lost, and
 * with EAGAIN the kernel sends it again.  An answer that the kernel does not take (ENOENT: nobody waits for
 * it any more) becomes EIO, or the reader would wait for ever.
 */
static ssize_t write_reply(int fd, struct iovec *iov, int count, void *userdata)
{
	struct front *front = userdata;
	struct fuse_out_header *header = iov[0].iov_base;

	if (!front->greeted)
		return greet(front, fd, iov, count);
	if (header->unique & INTERRUPT_BIT && header->error == -ENOMEM)
		header->error = -EAGAIN;
	ssize_t written = writev(fd, iov, count);
	int error = errno;
	if (written < 0 && error != ENOENT && error != ENODEV && header->unique) {
		struct fuse_out_header failed = { sizeof(failed), -EIO, header->unique };
		if (write(fd, &failed, sizeof(failed)) == (ssize_t)sizeof(failed))
			return (ssize_t)header->len;
	}
	errno = error;
	return written;
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

struct front *front_new(const struct config *config, const char *place, struct loop *loop,
	front_ready_fn *ready, void *arg, struct buf *why)
{
	struct front *front = xcalloc(1, sizeof(*front));

	front->loop = loop;
	front->ready = ready;
	front->ready_arg = arg;
	front->uid = config->uid >= 0 ? (uid_t)config->uid : getuid();
	front->gid = config->gid >= 0 ? (gid_t)config->gid : getgid();
	front->checks_modes = config->allow_other;
	front->umask = config->umask >= 0 ? (mode_t)config->umask & 0777 : 0;
	front->session = front_mount(config, place, &operations, sizeof(operations), &kernel_io,
		(struct front_owner){ front, &front->mounting }, why);
	if (front->session)
		return front;
	free(front);
	return NULL;
}

struct mount_id front_mounted(const struct front *front)
{
	return front->mounting.id;
}

void front_serve(struct front *front, struct sources *sources)
{
	front->sources = sources;
	heap_trim_init(&front->heap_trim, front->loop, sources);
	notify_moved(front);
	loop_watch(front->loop, fuse_session_fd(front->session), LOOP_READ, receive, front);
}

void front_refresh(struct front *front)
{
	refresh_all(front);
}

bool front_detach(struct front *front)
{
	front->detached = mounting_detach(&front->mounting.id, front->mounting.place, false);
	return front->detached;
}

/* Then its numbers may be another's by now. */
static bool is_unmounted(const struct front *front)
{
	struct pollfd device = { .fd = fuse_session_fd(front->session) };

	return poll(&device, 1, 0) == 1 && device.revents & POLLERR;
}

/* /dev/fuse is closed before: what unmounts may look at the mount point, and we do not answer any more. */
void front_free(struct front *front)
{
	if (!front)
		return;
	heap_trim_release(&front->heap_trim);
	refresh_release(front);
	notify_release(front);
	loop_forget(front->loop, fuse_session_fd(front->session));
	front->detached = front->detached || is_unmounted(front);
	fuse_session_destroy(front->session);
	if (!front->detached)
		mounting_detach(&front->mounting.id, front->mounting.place, true);
	mounting_release(&front->mounting);
	free(front->buffer.mem);
	free(front);
}

const char *front_library(void)
{
	return fuse_pkgversion();
}
