/*
 * mounting.c - mounts and unmounts /dev/fuse: with mount(2) if allowed, otherwise with fusermount3.
 *
 * libfuse's mount is not used: it accesses the mount point after mount(2), through the new mount; it waits
 * for fusermount3 without a limit; and it unmounts by path.
 */
#include "sys/mounting.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "fusermount.h"
#include "sys/child.h"

/* QUOTED_MAX: bytes of a path in a message, so that the rest of the line fits. */
enum { DEAD_MOUNTS_MAX = 16, PATH_ROOM = 1 << 20, QUOTED_MAX = 1000, OPTIONS_ROOM = 8192, DETACH_MS = 2000 };

/* ---- unmounting ---- */

static bool mounting_detach_here(const struct mount_id *id, const char *place, bool waits)
{
	struct mount_id top;
	char *now = NULL;
	bool known = mounts_find(id, &now), done = known && !now;
	const char *at = now ? now : place;

	/* umount2 acts on the topmost mount of the path */
	if (!done && mounts_top(at, &top) && mounts_same(&top, id))
		done = umount2(at, MNT_DETACH | UMOUNT_NOFOLLOW) == 0 ||
			(errno == EPERM && fusermount_detach(at, waits ? MOUNTING_S * 1000 : 0));
	free(now);
	return done;
}

struct detaching {
	const struct mount_id *id;
	const char *place;
	bool waits;
};

static int mounting_detach_child(void *arg, int out)
{
	const struct detaching *it = arg;

	(void)out;
	return !mounting_detach_here(it->id, it->place, it->waits);
}

/*
 * The path may lead through a mount that hangs, or through ours: a child resolves it, if one can be started.
 */
bool mounting_detach(const struct mount_id *id, const char *place, bool waits)
{
	struct detaching it = { id, place, waits };
	struct child child;

	if (!child_start(&child, mounting_detach_child, &it, 1))
		return mounting_detach_here(id, place, waits);
	children_read(&child, 1, waits ? MOUNTING_S * 1500 : DETACH_MS);
	buf_release(&child.output);
	return child.status == 0;
}

void mounting_release(struct mounting *mounting)
{
	if (mounting->keeper >= 0)
		close(mounting->keeper);
	mounting->keeper = -1;
}

/* ---- the mount point ---- */

/* Removes slashes and "/." at the end, in place. */
static void cut_dots(char *path)
{
	size_t len = strlen(path);

	while (len > 1 && (path[len - 1] == '/' || (path[len - 1] == '.' && path[len - 2] == '/')))
		len--;
	path[len] = '\0';
}

/* The path as in the kernel's table; the caller frees it. NULL with errno. */
static char *resolve(const char *path)
{
	char *whole = realpath(path, NULL);
	if (whole || errno != ENOTCONN)
		return whole;
	/* A dead mount cannot be resolved, but its parent directory can. */
	char *head = xstrdup(path), *tail = xstrdup(path);
	cut_dots(head);
	cut_dots(tail);
	char *parent = realpath(dirname(head), NULL);
	if (parent) {
		struct buf joined;
		buf_init(&joined, PATH_ROOM);
		const char *before = strcmp(parent, "/") == 0 ? "" : parent;
		buf_printf(&joined, "%s/%s", before, basename(tail));
		whole = buf_take(&joined);
	}
	free(parent);
	free(head);
	free(tail);
	return whole;
}

/* The kernel may answer stat(2) from its cache; statvfs(3) always reaches the daemon. */
static bool is_dead(const char *path)
{
	struct statvfs status;
	return statvfs(path, &status) < 0 && errno == ENOTCONN;
}

/* Unmounts dead describefs mounts, of which several may be stacked. */
static bool mounting_heal_all(const char *path, struct buf *why)
{
	struct mount_id dead;

	for (int i = 0; i < DEAD_MOUNTS_MAX; i++) {
		if (!is_dead(path))
			return true;
		if (!mounts_are_ours(path, &dead)) {
			buf_printf(why,
				"%.*s: a dead mount of another program is there: unmount it first "
				"(fusermount3 -u)",
				QUOTED_MAX, path);
			return false;
		}
		if (!mounting_detach(&dead, path, true))
			break;
	}
	buf_printf(why, "%.*s: a dead mount cannot be unmounted: try fusermount3 -u -z", QUOTED_MAX, path);
	return false;
}

/* Reads the table, which the kernel generates, only for a FUSE mount. */
static bool is_live_mount(const char *path)
{
	struct statfs system;
	struct mount_id mounted;
	bool known = statfs(path, &system) == 0;

	return (!known || system.f_type == FUSE_SUPER_MAGIC) && mounts_are_ours(path, &mounted);
}

static bool check_mount_point(const char *path, struct buf *why)
{
	struct stat status;
	const char *wrong = NULL;
	if (is_live_mount(path))
		wrong = "describefs is already mounted there";
	else if (stat(path, &status) < 0)
		wrong = strerror(errno);
	else if (!S_ISDIR(status.st_mode))
		wrong = "not a directory";
	else if (access(path, X_OK) < 0)
		wrong = strerror(errno);
	if (wrong)
		buf_printf(why, "%.*s: %s", QUOTED_MAX, path, wrong);
	return !wrong;
}

/* What to do about a missing path. mkdir does not help in a removed directory or behind a link. */
static void add_advice(struct buf *why, const char *path)
{
	struct stat status;
	char *here = *path == '/' ? NULL : getcwd(NULL, 0);

	if (*path != '/' && !here)
		buf_puts(why, ": the current directory was removed: cd to another");
	else if (lstat(path, &status) == 0 && S_ISLNK(status.st_mode))
		buf_puts(why, ": it is a dangling link");
	else
		buf_printf(why, ": mkdir -p %.*s", QUOTED_MAX, path);
	free(here);
}

char *mounting_look(const char *path, struct buf *why)
{
	char *whole = resolve(path);
	int error = errno;

	if (!whole)
		buf_printf(why, "%.*s: %s", QUOTED_MAX, path, strerror(error));
	if (!whole && error == ENOENT)
		add_advice(why, path);
	if (whole && mounting_heal_all(whole, why) && check_mount_point(whole, why))
		return whole;
	free(whole);
	return NULL;
}

void mounting_miss_look(const char *path, struct buf *why)
{
	buf_printf(why, "%.*s: does not answer: a mount there, or on a directory above it, hangs", QUOTED_MAX,
		path);
}

/* Runs in a child: writes the path and returns 0, or writes the error. */
static int mounting_look_child(void *arg, int out)
{
	struct buf why;

	buf_init(&why, PATH_ROOM);
	char *whole = mounting_look(arg, &why);
	return dprintf(out, "%s", whole ? whole : why.data) < 0 || !whole;
}

char *mounting_place(const char *path, struct buf *why)
{
	struct buf output;

	buf_init(&output, PATH_ROOM);
	int status = child_output(mounting_look_child, (void *)(uintptr_t)path, MOUNTING_LOOK_MS, &output);
	if (status == 0 && output.len)
		return buf_take(&output);
	if (status < 0)
		mounting_miss_look(path, why);
	else
		buf_puts(why, output.len ? output.data : "out of memory");
	buf_release(&output);
	return NULL;
}

static int mounting_heal_child(void *arg, int out)
{
	const char *path = arg;
	struct mount_id dead;

	(void)out;
	return !(is_dead(path) && mounts_are_ours(path, &dead) && mounting_detach(&dead, path, true));
}

void mounting_heal(const char *path)
{
	struct buf nothing;

	buf_init(&nothing, 1);
	child_output(mounting_heal_child, (void *)(uintptr_t)path, MOUNTING_LOOK_MS, &nothing);
	buf_release(&nothing);
}

/* ---- mounting ---- */

/* mount(2). -1 with errno. */
static int mount_directly(const char *place, const struct mounting_options *options, int fd)
{
	char data[160];

	snprintf(data, sizeof(data), "fd=%d,rootmode=40000,user_id=%u,group_id=%u%s%s", fd, getuid(),
		getgid(), options->allow_other ? ",allow_other" : "",
		options->default_permissions ? ",default_permissions" : "");
	return mount(options->source, place, "fuse.describefs",
		MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | (options->noatime ? MS_NOATIME : 0), data);
}

/* A comma would start another option. */
static void add_escaped_option(struct buf *out, const char *text)
{
	for (; *text; text++) {
		if (*text == ',' || *text == '\\')
			buf_putc(out, '\\');
		buf_putc(out, *text);
	}
}

static int mount_by_helper(struct mounting *mounting, const char *place,
	const struct mounting_options *options, struct buf *why)
{
	struct buf words;

	buf_init_whole(&words, OPTIONS_ROOM);
	buf_puts(&words, "ro,nosuid,nodev,noexec,subtype=describefs,fsname=");
	add_escaped_option(&words, options->source);
	buf_puts(&words, options->allow_other ? ",allow_other" : "");
	buf_puts(&words, options->default_permissions ? ",default_permissions" : "");
	buf_puts(&words, options->noatime ? ",noatime" : "");
	buf_puts(&words, options->auto_unmount ? ",auto_unmount" : "");
	int fd = fusermount_mount(place, words.data, MOUNTING_S * 1000,
		options->auto_unmount ? &mounting->keeper : NULL, why);
	buf_release(&words);
	return fd;
}

const char *mounting_mend(int error)
{
	switch (error) {
	case EACCES:
		return "its mode denies access: as root chmod 666 /dev/fuse, or run as its owner";
	case EPERM:
		return "this container may not use it: run it with --device /dev/fuse";
	case ENOENT:
	case ENODEV:
	case ENXIO:
		return "load the module (modprobe fuse), or in a container run it with --device /dev/fuse";
	default:
		return "see dmesg(1)";
	}
}

static int mounting_open(struct mounting *mounting, const char *place, const struct mounting_options *options,
	struct buf *why)
{
	if (options->auto_unmount) /* only fusermount3 can */
		return mount_by_helper(mounting, place, options, why);
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (fd < 0 && (errno == ENOENT || errno == ENODEV))
		buf_printf(why, "/dev/fuse: device not found: %s", mounting_mend(errno));
	else if (fd < 0)
		buf_printf(why, "/dev/fuse: %s: %s", strerror(errno), mounting_mend(errno));
	if (fd < 0 || mount_directly(place, options, fd) == 0)
		return fd;
	int error = errno;
	close(fd);
	if (error == EPERM)
		return mount_by_helper(mounting, place, options, why);
	buf_puts(why, strerror(error));
	return -1;
}

int mounting_make(struct mounting *mounting, const char *place, const struct mounting_options *options,
	struct buf *why)
{
	struct buf reason;

	*mounting = (struct mounting){ .place = place, .keeper = -1 };
	buf_init(&reason, 2048);
	int fd = mounting_open(mounting, place, options, &reason);
	if (fd >= 0 && !mounts_top(place, &mounting->id)) {
		buf_printf(&reason, "the new mount cannot be found: %s", strerror(errno));
		close(fd);
		fd = -1;
	}
	if (fd < 0) {
		buf_printf(why, "cannot mount on %.*s: %s", QUOTED_MAX, place, reason.data);
		mounting_release(mounting);
	}
	buf_release(&reason);
	return fd;
}
