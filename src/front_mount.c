/*
 * front_mount.c - from options to a mounted session.
 *
 * libfuse mounts by itself as root and through fusermount3 otherwise; both say what went wrong on
 * stderr only.
 */
#include "front_mount.h"

#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SAID_MAX = 1024 };

static bool add_argument(struct fuse_args *args, const char *option)
{
	return !fuse_opt_add_arg(args, "-o") && !fuse_opt_add_arg(args, option);
}

/* A comma would begin another option. */
static void add_escaped(struct buf *out, const char *text)
{
	for (; *text; text++) {
		if (*text == ',' || *text == '\\')
			buf_putc(out, '\\');
		buf_putc(out, *text);
	}
}

static bool make_arguments(const struct config *config, struct fuse_args *args)
{
	struct buf name;
	bool right;

	buf_init(&name, 4096);
	buf_puts(&name, "ro,nosuid,nodev,noexec,subtype=describefs,fsname=");
	for (size_t i = 0; i < config->n_sources; i++) {
		buf_puts(&name, i ? "+" : "");
		add_escaped(&name, config->sources[i].written);
	}
	right = !fuse_opt_add_arg(args, "describefs") && add_argument(args, name.data);
	if (config->allow_other)
		right = right && add_argument(args, "allow_other,default_permissions");
	for (size_t i = 0; right && i < config->fuse.n; i++) {
		buf_clear(&name);
		add_escaped(&name, config->fuse.v[i]);
		right = add_argument(args, name.data);
	}
	if (config->debug)
		right = right && !fuse_opt_add_arg(args, "-d");
	buf_release(&name);
	return right;
}

static struct fuse_session *make_session(const struct config *config,
	const struct fuse_lowlevel_ops *operations, size_t size, void *userdata)
{
	struct fuse_args args = FUSE_ARGS_INIT(0, NULL);
	struct fuse_session *session = NULL;

	if (make_arguments(config, &args))
		session = fuse_session_new(&args, operations, size, userdata);
	fuse_opt_free_args(&args);
	return session;
}

/*
 * libfuse and fusermount3 say why a mount failed on stderr and nowhere else.  While they are at it,
 * stderr is a file in memory, so that what they say becomes part of our one line.
 */
struct ear {
	int real, heard; /* -1: they speak for themselves */
};

static struct ear ear_open(void)
{
	struct ear ear = { -1, memfd_create("stderr", MFD_CLOEXEC) };

	if (ear.heard >= 0)
		ear.real = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (ear.real >= 0)
		dup2(ear.heard, STDERR_FILENO);
	return ear;
}

/* Adds what was said, its lines as one. */
static void ear_close(const struct ear *ear, struct buf *said)
{
	char text[SAID_MAX];
	ssize_t n = ear->real >= 0 ? pread(ear->heard, text, sizeof(text), 0) : 0;

	while (n > 0 && text[n - 1] == '\n')
		n--;
	for (ssize_t i = 0; i < n; i++)
		buf_puts(said, text[i] == '\n' ? "; " : (char[]){ text[i], '\0' });
	if (ear->real >= 0)
		dup2(ear->real, STDERR_FILENO);
	close(ear->real);
	close(ear->heard);
}

/* /dev/fuse is read and written by our own functions, and never waited for. */
static bool set_io(struct fuse_session *session, const struct fuse_custom_io *io, struct buf *why)
{
	int fd = fuse_session_fd(session);

	if (!fuse_session_custom_io(session, io, fd) && !fcntl(fd, F_SETFL, O_NONBLOCK))
		return true;
	buf_printf(why, "cannot set up /dev/fuse: %s", strerror(errno));
	fuse_session_unmount(session);
	fuse_session_destroy(session);
	return false;
}

struct fuse_session *front_mount(const struct config *config, const struct fuse_lowlevel_ops *operations,
	size_t size, const struct fuse_custom_io *io, void *userdata, struct buf *why)
{
	struct ear ear = ear_open();
	struct buf said;
	bool mounted = false;

	buf_init(&said, 2 * SAID_MAX);
	struct fuse_session *session = make_session(config, operations, size, userdata);
	if (session)
		mounted = fuse_session_mount(session, config->mountpoint) == 0;
	ear_close(&ear, &said);
	if (!mounted)
		buf_printf(why, "cannot mount on %s: %s", config->mountpoint,
			said.len ? said.data : "libfuse does not say why; try describefs doctor");
	else if (said.len)
		output_complain(said.data);
	if (session && !mounted)
		fuse_session_destroy(session);
	buf_release(&said);
	return mounted && set_io(session, io, why) ? session : NULL;
}

/* libfuse takes a pipe that nobody reads for a cut connection, and this one is cut, as nobody holds it. */
void front_sever(struct fuse_session *session)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return;
	close(ends[0]);
	dup3(ends[1], fuse_session_fd(session), O_CLOEXEC);
	close(ends[1]);
}
