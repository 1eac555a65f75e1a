/*
 * mount.c - creates a FUSE session and mounts it with the options of the configuration.
 *
 * libfuse only serves /dev/fuse; sys/mounting mounts.
 */
#include "mount.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { NAME_ROOM = 4096 };

static bool has_option(const struct config *config, const char *word)
{
	for (size_t i = 0; i < config->mount.options.n; i++)
		if (!strcmp(config->mount.options.v[i], word))
			return true;
	return false;
}

/*
 * The mount's source in the kernel's table: the sources as written on the command line, unless fsname= is
 * given.
 */
static void mount_add_source(const struct config *config, struct buf *name)
{
	static const char FSNAME[] = "fsname=";

	for (size_t i = 0; i < config->n_sources; i++) {
		buf_puts(name, i ? "+" : "");
		buf_puts(name, config->sources[i].written);
	}
	for (size_t i = 0; i < config->mount.options.n; i++)
		if (!strncmp(config->mount.options.v[i], FSNAME, strlen(FSNAME))) {
			buf_clear(name);
			buf_puts(name, config->mount.options.v[i] + strlen(FSNAME));
		}
}

static int mount_it(const struct config *config, const char *place, struct mounting *mounting,
	struct buf *why)
{
	struct buf name;

	buf_init_whole(&name, NAME_ROOM);
	mount_add_source(config, &name);
	const struct mounting_options options = {
		.source = name.data,
		.allow_other = config->mount.allow_other,
		.default_permissions = config->mount.allow_other || has_option(config, "default_permissions"),
		.noatime = has_option(config, "noatime"),
		.auto_unmount = has_option(config, "auto_unmount"),
	};
	int fd = mounting_make(mounting, place, &options, why);
	buf_release(&name);
	return fd;
}

/* describefs prints one line of its own about a failed mount. */
__attribute__((format(printf, 2, 0))) static void discard_log(enum fuse_log_level level, const char *format,
	va_list arguments)
{
	(void)level;
	(void)format;
	(void)arguments;
}

static struct fuse_session *make_session(const struct config *config,
	const struct fuse_lowlevel_ops *operations, size_t size, void *userdata)
{
	struct fuse_args args = FUSE_ARGS_INIT(0, NULL);
	struct fuse_session *session = NULL;

	if (!fuse_opt_add_arg(&args, "describefs") && (!config->debug || !fuse_opt_add_arg(&args, "-d")))
		session = fuse_session_new(&args, operations, size, userdata);
	fuse_opt_free_args(&args);
	return session;
}

/* Makes the session use `io` on the non-blocking `fd`. On success the session owns fd. */
static bool set_io(struct fuse_session *session, const struct fuse_custom_io *io, int fd, struct buf *why)
{
	if (!fcntl(fd, F_SETFL, O_NONBLOCK) && !fuse_session_custom_io(session, io, fd))
		return true;
	buf_printf(why, "cannot set up /dev/fuse: %s", strerror(errno));
	return false;
}

struct fuse_session *front_mount(const struct config *config, const char *place,
	const struct fuse_lowlevel_ops *operations, size_t size, const struct fuse_custom_io *io,
	struct front_owner owner, struct buf *why)
{
	struct fuse_session *session;

	fuse_set_log_func(discard_log);
	session = make_session(config, operations, size, owner.userdata);
	if (!session) {
		fuse_set_log_func(NULL);
		buf_printf(why, "cannot mount on %s: libfuse has no memory", place);
		return NULL;
	}
	int fd = mount_it(config, place, owner.mounting, why);
	bool good = fd >= 0 && set_io(session, io, fd, why);
	fuse_set_log_func(NULL);
	if (good)
		return session;
	fuse_session_destroy(session);
	if (fd >= 0) {
		close(fd);
		mounting_detach(&owner.mounting->id, place, true);
		mounting_release(owner.mounting);
	}
	return NULL;
}
