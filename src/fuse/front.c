/*
 * front.c - the FUSE operations and the session.
 *
 * When /dev/fuse is readable, session_receive() takes requests until there are none. libfuse decodes each
 * and calls an op_ function, which puts one question to the sources. Most questions are answered at once.
 * For the others a struct pending_request holds the fuse_req_t and the waiter; the answer or the kernel's
 * INTERRUPT, whichever comes first, replies and frees it.
 *
 * The kernel does as much as possible itself: OPEN and OPENDIR are answered ENOSYS once; afterwards the
 * kernel opens files without a request and keeps pages and listings. FLUSH, RELEASE and ACCESS are not
 * implemented. So errors surface in LOOKUP, GETATTR and READDIR; a READ copies bytes from memory and never
 * waits.
 */
#include "fuse/front.h"

#include "interrupt.h"
#include "notify.h"
#include "refresh.h"
#include "reply.h"
#include "walk.h"

#include <errno.h>
#include <linux/fuse.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
	RECEIVE_ROUND = 64, /* requests handled before the loop handles its other descriptors */
	NO_EXPORT_SUPPORT = 1 << 6, /* FUSE_NO_EXPORT_SUPPORT of newer headers, in the upper 32 flags */
	INTERRUPT_BIT = 1, /* FUSE_INT_REQ_BIT, set in the number of an INTERRUPT */
	LISTXATTR_MAX = 4096
};

static struct front *front_of(fuse_req_t request)
{
	return fuse_req_userdata(request);
}

/* ---- pending requests ---- */

static void pending_check_signal(void *arg)
{
	struct pending_request *pending = arg;
	struct front *front = pending->front;

	if (!interrupt_ends(fuse_req_ctx(pending->request)->pid)) {
		pending->signal_check = loop_timer_start(front->loop, INTERRUPT_LOOK_MS, pending_check_signal,
			pending);
		return;
	}
	sources_cancel(front->sources, pending->id, pending->wait);
	fuse_req_interrupt_func(pending->request, NULL, NULL);
	fuse_reply_err(pending->request, EINTR);
	free(pending);
}

/* libfuse holds the request's lock during this call, so the reply waits for the next round of the loop. */
static void pending_interrupt(fuse_req_t request, void *arg)
{
	struct pending_request *pending = arg;

	(void)request;
	if (!pending->signal_check)
		pending->signal_check = loop_timer_start(pending->front->loop, 0, pending_check_signal,
			pending);
}

/* `wait` NULL: the request was answered, and `pending` is freed. */
static void pending_wait(struct pending_request *pending, struct waiter *wait)
{
	if (!wait)
		return;
	pending->wait = wait;
	fuse_req_interrupt_func(pending->request, pending_interrupt, pending);
}

static void pending_ask(struct pending_request *pending, enum question question, const char *name)
{
	if (walk_answers(pending, question, name))
		return;
	pending_wait(pending,
		sources_ask(pending->front->sources, question, pending->id, name,
			fuse_req_ctx(pending->request)->uid, reply_pending, pending));
}

static struct pending_request *pending_new(fuse_req_t request, fuse_ino_t id,
	void (*reply)(struct pending_request *pending, const struct reply *reply))
{
	struct pending_request *pending = xcalloc(1, sizeof(*pending));

	pending->front = front_of(request);
	pending->request = request;
	pending->id = id;
	pending->reply = reply;
	return pending;
}

/* ---- operations ---- */

static void op_init(void *userdata, struct fuse_conn_info *conn)
{
	(void)userdata;
	conn->want |= conn->capable &
		(FUSE_CAP_READDIRPLUS | FUSE_CAP_AUTO_INVAL_DATA |
			FUSE_CAP_CACHE_SYMLINKS); /* the target of a link never changes */
	/*
	 * READDIRPLUS always: the automatic mix was never cheaper. No ASYNC_READ: the kernel could not
	 * interrupt a READ that waits.
	 */
	conn->want &= ~(unsigned)(FUSE_CAP_READDIRPLUS_AUTO | FUSE_CAP_ASYNC_READ | FUSE_CAP_WRITEBACK_CACHE);
}

static void op_lookup(fuse_req_t request, fuse_ino_t parent, const char *name)
{
	pending_ask(pending_new(request, parent, reply_lookup), ASK_LOOKUP, name);
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

static bool is_wait_file(fuse_req_t request, fuse_ino_t id)
{
	return sources_watched(front_of(request)->sources, id) == WATCHED_STATUS;
}

/*
 * The wait for .wait happens here, and only before a read: the kernel asks for the file's size before each
 * read, and then passes the open file; stat(2) passes none. A LOOKUP that waits would hold the directory's
 * lock.
 */
static void op_getattr(fuse_req_t request, fuse_ino_t id, struct fuse_file_info *info)
{
	bool waits = info && is_wait_file(request, id);

	pending_ask(pending_new(request, id, reply_getattr), waits ? ASK_WAIT : ASK_ATTR, NULL);
}

/* Sent once a mount: after ENOSYS the kernel opens without a request and keeps the pages that it has read. */
static void op_open(fuse_req_t request, fuse_ino_t id, struct fuse_file_info *info)
{
	(void)id;
	(void)info;
	fuse_reply_err(request, ENOSYS);
}

static void reply_bytes(fuse_req_t request, fuse_ino_t id, size_t size, off_t offset)
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

static void reply_read(struct pending_request *pending, const struct reply *reply)
{
	(void)reply;
	reply_bytes(pending->request, pending->id, pending->size, pending->offset);
}

static void op_read(fuse_req_t request, fuse_ino_t id, size_t size, off_t offset, struct fuse_file_info *info)
{
	(void)info;
	if (!is_wait_file(request, id)) {
		reply_bytes(request, id, size, offset);
		return;
	}
	/* mmap and splice do not ask for the size first: the wait for .wait happens here */
	struct pending_request *pending = pending_new(request, id, reply_read);
	pending->size = size;
	pending->offset = offset;
	pending_ask(pending, ASK_WAIT, NULL);
}

static void op_read_directory(fuse_req_t request, fuse_ino_t id, size_t size, off_t offset, bool plus)
{
	struct pending_request *pending = pending_new(request, id, reply_readdir);
	uint64_t cookie = offset > 2 ? (uint64_t)offset - 2 : 0;

	pending->size = size;
	pending->offset = offset;
	pending->plus = plus;
	if (walk_reads(pending, cookie))
		return;
	pending_wait(pending,
		sources_read(pending->front->sources, id, cookie, fuse_req_ctx(request)->uid, reply_pending,
			pending));
}

static void op_readdir(fuse_req_t request, fuse_ino_t id, size_t size, off_t offset,
	struct fuse_file_info *info)
{
	(void)info;
	op_read_directory(request, id, size, offset, false);
}

static void op_readdirplus(fuse_req_t request, fuse_ino_t id, size_t size, off_t offset,
	struct fuse_file_info *info)
{
	(void)info;
	op_read_directory(request, id, size, offset, true);
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
	struct buf value;

	buf_init(&value, SIZE_MAX);
	if (sources_xattr(front_of(request)->sources, id, name, &value))
		reply_sized(request, &value, size);
	else /* ENOSYS would disable xattrs; after EOPNOTSUPP ls asks once, not for every file */
		fuse_reply_err(request, strncmp(name, "user.", 5) ? EOPNOTSUPP : ENODATA);
	buf_release(&value);
}

static void op_listxattr(fuse_req_t request, fuse_ino_t id, size_t size)
{
	struct buf names;

	buf_init(&names, LISTXATTR_MAX);
	sources_xattr_names(front_of(request)->sources, id, &names);
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
	 * No flush, release, releasedir, access, lseek: the kernel does not need them. Nothing that writes:
	 * the mount is read-only, and the kernel returns EROFS itself.
	 */
};

/* ---- the session ---- */

/*
 * Sets two flags that libfuse does not pass on. Without FUSE_PARALLEL_DIROPS (libfuse before 3.17) the
 * kernel serializes lookups in one directory. Without FUSE_NO_EXPORT_SUPPORT (Linux 6.9) the kernel hands
 * out file handles that become ESTALE when it forgets the inode.
 */
static void add_flags(struct fuse_init_out *init, size_t len)
{
	init->flags |= FUSE_PARALLEL_DIROPS;
	if (init->flags & FUSE_INIT_EXT && len > offsetof(struct fuse_init_out, flags2))
		init->flags2 |= NO_EXPORT_SUPPORT;
}

/* Writes the reply to INIT, which is the first of all replies. */
static ssize_t write_init_reply(struct front *front, int fd, struct iovec *iov, int count)
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
 * libfuse replies ENOMEM when it is out of memory. For an INTERRUPT that would lose it; after EAGAIN the
 * kernel sends it again. A reply that the kernel rejects is replaced by EIO, or its reader would wait for
 * ever. Exception: ENOENT means that the reader was killed.
 */
static ssize_t write_reply(int fd, struct iovec *iov, int count, void *userdata)
{
	struct front *front = userdata;
	struct fuse_out_header *header = iov[0].iov_base;

	if (!front->greeted)
		return write_init_reply(front, fd, iov, count);
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

static void session_receive(void *arg, int fd, int events)
{
	struct front *front = arg;

	(void)events;
	for (int i = 0; i < RECEIVE_ROUND; i++) {
		int got = fuse_session_receive_buf(front->session, &front->buffer);
		if (got == -EINTR)
			continue;
		if (got == -EAGAIN || got == -ENOMEM) /* the request stays in the kernel's queue */
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
	refreshes_init(&front->refreshes);
	front->ready = ready;
	front->ready_arg = arg;
	front->ownership = (struct ownership){ .uid = config->mount.uid >= 0 ? (uid_t)config->mount.uid :
									       getuid(),
		.gid = config->mount.gid >= 0 ? (gid_t)config->mount.gid : getgid(),
		.umask = config->mount.umask >= 0 ? (mode_t)config->mount.umask & 0777 : 0,
		.allow_other = config->mount.allow_other };
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
	loop_watch(front->loop, fuse_session_fd(front->session), LOOP_READ, session_receive, front);
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

/* Another mount may have this mount's ids by now. */
static bool is_unmounted(const struct front *front)
{
	struct pollfd device = { .fd = fuse_session_fd(front->session) };

	return poll(&device, 1, 0) == 1 && device.revents & POLLERR;
}

/* Closes /dev/fuse first: the unmount may stat the mount point, and this process no longer answers. */
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
