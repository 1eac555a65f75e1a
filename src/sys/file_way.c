/*
 * file_way.c - resolves a path component by component without entering our own mount.
 *
 * Each component is opened with O_PATH, which asks no process that serves a mount; then the kernel tells
 * which mount it is. A second mount of the same device is a copy of our mount (the kernel makes one where
 * the directory is visible through a bind mount). Which directory a mount covers is known only for the
 * places that were seen before the mount, because our mount may have been moved, or bound to a place that
 * covers another directory.
 */
#include "sys/file_way.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { WALK_FLAGS = O_PATH | O_CLOEXEC, REST_MAX = 4 * PATH_MAX };

struct walk {
	struct file_way *way;
	const struct file_cover *cover;
	struct file_cover *learner; /* equal to cover before the mount, to record places; later NULL */
	struct buf rest;
	bool meets; /* the path leads into the covered directory */
};

static void close_held(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static bool way_fail(int error)
{
	errno = error;
	return false;
}

/* ---- our mount ---- */

static bool is_known_system(const struct file_cover *cover, const struct mount_id *found)
{
	for (unsigned i = 0; i < cover->n_systems; i++)
		if (mounts_share(&cover->systems[i], found))
			return true;
	return false;
}

/* Where an open component lies. */
enum ground {
	GROUND_OTHER, /* on another file system, which does not lead to our mount */
	GROUND_OURS,
	GROUND_LEADS_BACK /* such as an overlay of our mount: a call on it may become a request to us */
};

static enum ground ground_of(const struct walk *walk, int fd)
{
	const struct file_cover *cover = walk->cover;
	struct mount_id found;

	if (!cover || !cover->mount.mount || !mounts_opened(fd, &found))
		return GROUND_OTHER;
	if (mounts_share(&found, &cover->mount))
		return GROUND_OURS;
	return is_known_system(cover, &found) || !mounts_shows_others(&found) ? GROUND_OTHER :
										GROUND_LEADS_BACK;
}

static bool is_place(const struct file_place *place, const struct stat *parent, const char *name)
{
	return place->device == parent->st_dev && place->inode == parent->st_ino &&
		!strcmp(place->name, name);
}

static bool is_known_place(const struct file_cover *cover, const struct stat *parent, const char *name)
{
	for (unsigned i = 0; i < cover->n_places; i++)
		if (is_place(&cover->places[i], parent, name))
			return true;
	return false;
}

/* Opens the directory that our mount covers at this name; -1 with errno. */
static int uncover(const struct walk *walk)
{
	const struct file_cover *cover = walk->cover;
	struct stat parent;

	if (cover->is_held && fstat(walk->way->directory, &parent) == 0 &&
		is_known_place(cover, &parent, walk->way->name))
		return fcntl(cover->directory, F_DUPFD_CLOEXEC, 0);
	errno = EDEADLK;
	return -1;
}

static void learn_system(struct file_cover *cover, int fd)
{
	struct mount_id found;

	if (cover->n_systems < FILE_SYSTEMS_MAX && mounts_opened(fd, &found) &&
		!is_known_system(cover, &found))
		cover->systems[cover->n_systems++] = found;
}

static bool is_covered(const struct file_cover *cover, const struct stat *there)
{
	return there->st_dev == cover->device && there->st_ino == cover->inode;
}

static void learn_place(struct walk *walk, int fd, const struct stat *there)
{
	struct file_cover *cover = walk->learner;
	struct stat parent;

	learn_system(cover, fd);
	if (!is_covered(cover, there))
		return;
	walk->meets = true;
	if (fstat(walk->way->directory, &parent) || is_known_place(cover, &parent, walk->way->name) ||
		cover->n_places == FILE_PLACES_MAX)
		return;
	struct file_place *place = &cover->places[cover->n_places++];
	place->device = parent.st_dev;
	place->inode = parent.st_ino;
	memcpy(place->name, walk->way->name, sizeof(place->name));
}

/* Continues in the directory `fd`, which it owns. `there`: its status; NULL: it is our mount. */
static bool way_enter(struct walk *walk, int fd, const struct stat *there)
{
	if (walk->learner && there)
		learn_place(walk, fd, there);
	if (!there) {
		close(fd);
		fd = uncover(walk);
		walk->meets = true;
	}
	if (fd < 0)
		return false;
	close_held(&walk->way->directory);
	walk->way->directory = fd;
	return true;
}

/* ---- links ---- */

/* The rule of the kernel's fs.protected_symlinks, which may be off. */
static bool may_follow(const struct walk *walk, int link)
{
	struct stat own, above;

	if (fstat(link, &own) || fstat(walk->way->directory, &above))
		return false;
	return (above.st_mode & (S_ISVTX | S_IWOTH)) != (S_ISVTX | S_IWOTH) || own.st_uid == geteuid() ||
		own.st_uid == above.st_uid || way_fail(EACCES);
}

/* A link in /proc leads to an open file; its text may not be a path. */
static bool follow_by_kernel(struct walk *walk, bool *ends)
{
	struct stat status;
	int fd = openat(walk->way->directory, walk->way->name, WALK_FLAGS);

	if (fd < 0)
		return false;
	enum ground ground = ground_of(walk, fd);
	if (ground == GROUND_LEADS_BACK) {
		close(fd);
		return way_fail(EDEADLK);
	}
	bool ours = ground == GROUND_OURS;
	if (ours || (fstat(fd, &status) == 0 && S_ISDIR(status.st_mode)))
		return way_enter(walk, fd, ours ? NULL : &status);
	close(fd);
	walk->way->follows = *ends = walk->rest.len == 0;
	return *ends || way_fail(ENOTDIR);
}

/* Prepends the link's text to the rest of the path. */
static bool way_follow(struct walk *walk, int link)
{
	char text[PATH_MAX];
	struct buf rest;
	ssize_t n = readlinkat(link, "", text, sizeof(text));

	if (n <= 0 || (size_t)n >= sizeof(text))
		return way_fail(n < 0 ? errno : n == 0 ? ENOENT : ENAMETOOLONG);
	buf_init(&rest, REST_MAX);
	buf_add(&rest, text, (size_t)n);
	buf_puts(&rest, walk->rest.len ? "/" : "");
	buf_puts(&rest, walk->rest.data);
	buf_release(&walk->rest);
	walk->rest = rest;
	if (text[0] != '/')
		return !rest.full || way_fail(ENAMETOOLONG);
	close_held(&walk->way->directory);
	walk->way->directory = open("/", WALK_FLAGS | O_DIRECTORY);
	return walk->way->directory >= 0 && (!rest.full || way_fail(ENAMETOOLONG));
}

static bool way_take_link(struct walk *walk, int link, bool *ends)
{
	struct file_way *way = walk->way;
	struct statfs system;
	struct stat own;

	if (way->n_owners == FILE_LINKS_MAX || fstat(link, &own) < 0)
		return way_fail(ELOOP);
	way->owners[way->n_owners++] = own.st_uid;
	if (walk->rest.len == 0 && way->link < 0) {
		way->link = fcntl(link, F_DUPFD_CLOEXEC, 0);
		way->link_directory = fcntl(way->directory, F_DUPFD_CLOEXEC, 0);
	}
	if (fstatfs(link, &system) == 0 && system.f_type == PROC_SUPER_MAGIC)
		return follow_by_kernel(walk, ends);
	return may_follow(walk, link) && way_follow(walk, link);
}

/* ---- components ---- */

/* O_DIRECTORY triggers automounts. */
static int open_next(const struct walk *walk)
{
	const struct file_way *way = walk->way;
	int fd = walk->rest.len ? openat(way->directory, way->name, WALK_FLAGS | O_NOFOLLOW | O_DIRECTORY) :
				  -1;

	if (fd < 0 && (walk->rest.len == 0 || errno == ENOTDIR || errno == ELOOP))
		fd = openat(way->directory, way->name, WALK_FLAGS | O_NOFOLLOW);
	return fd;
}

/* Resolves the current name. *ends: it is the file. */
static bool way_visit(struct walk *walk, bool *ends)
{
	struct stat status;
	int fd = open_next(walk);

	if (fd < 0)
		return false;
	enum ground ground = ground_of(walk, fd);
	if (ground == GROUND_LEADS_BACK) {
		close(fd);
		return way_fail(EDEADLK);
	}
	/* no fstat of our own mount: it is a directory */
	bool ours = ground == GROUND_OURS, known = ours || fstat(fd, &status) == 0;
	if (known && (ours || S_ISDIR(status.st_mode))) {
		if (!way_enter(walk, fd, ours ? NULL : &status))
			return false;
		memcpy(walk->way->name, ".", 2);
		*ends = walk->rest.len == 0;
		return true;
	}
	bool good = known && S_ISLNK(status.st_mode) && way_take_link(walk, fd, ends);
	if (known && !S_ISLNK(status.st_mode)) {
		*ends = good = walk->rest.len == 0;
		errno = good ? errno : ENOTDIR;
	}
	int error = errno;
	close(fd);
	errno = error;
	return good;
}

/* Takes the next component, "." for slashes at the end. Returns false if it is too long. */
static bool way_take_name(struct walk *walk)
{
	const char *rest = walk->rest.data + strspn(walk->rest.data, "/");
	size_t len = strcspn(rest, "/");
	struct buf left;

	if (len >= FILE_NAME_ROOM)
		return way_fail(ENAMETOOLONG);
	memcpy(walk->way->name, len ? rest : ".", len ? len : 1);
	walk->way->name[len ? len : 1] = '\0';
	buf_init(&left, REST_MAX);
	buf_puts(&left, rest + len);
	buf_release(&walk->rest);
	walk->rest = left;
	return true;
}

static bool way_walk(struct walk *walk, const char *path)
{
	bool ends = false, good = *path || way_fail(ENOENT);

	*walk->way = (struct file_way){ .directory = -1, .link = -1, .link_directory = -1 };
	buf_init(&walk->rest, REST_MAX);
	if (good && !buf_puts(&walk->rest, path))
		good = way_fail(ENAMETOOLONG);
	if (good)
		walk->way->directory = open(*path == '/' ? "/" : ".", WALK_FLAGS | O_DIRECTORY);
	good = good && walk->way->directory >= 0;
	if (good && walk->learner) {
		struct stat first;
		learn_system(walk->learner, walk->way->directory);
		walk->meets = *path == '/' && fstat(walk->way->directory, &first) == 0 &&
			is_covered(walk->learner, &first);
	}
	while (good && !ends)
		good = way_take_name(walk) && way_visit(walk, &ends);
	int error = errno;
	buf_release(&walk->rest);
	errno = error;
	return good;
}

bool file_way_find(struct file_way *way, const char *path, const struct file_cover *cover)
{
	struct walk walk = { .way = way, .cover = cover };

	return way_walk(&walk, path);
}

int file_way_open(const struct file_way *way, int flags)
{
	return openat(way->directory, way->name, flags | O_CLOEXEC | (way->follows ? 0 : O_NOFOLLOW));
}

bool file_way_stat(const struct file_way *way, struct stat *status)
{
	if (!strcmp(way->name, ".")) /* works without search permission */
		return way->directory >= 0 && fstat(way->directory, status) == 0;
	return fstatat(way->directory, way->name, status, way->follows ? 0 : AT_SYMLINK_NOFOLLOW) == 0;
}

void file_way_release(struct file_way *way)
{
	close_held(&way->directory);
	close_held(&way->link);
	close_held(&way->link_directory);
}

/* ---- the covered directory ---- */

bool file_cover_open(struct file_cover *cover, const char *path)
{
	struct stat status;

	*cover = (struct file_cover){ .directory = open(path, WALK_FLAGS | O_DIRECTORY) };
	if (cover->directory < 0)
		return false;
	cover->is_held = true;
	if (fstat(cover->directory, &status)) {
		file_cover_release(cover);
		return false;
	}
	cover->device = status.st_dev;
	cover->inode = status.st_ino;
	file_cover_meets(cover, path);
	return true;
}

bool file_cover_meets(struct file_cover *cover, const char *path)
{
	struct file_way way;
	struct walk walk = { .way = &way, .cover = cover, .learner = cover->is_held ? cover : NULL };

	way_walk(&walk, path);
	file_way_release(&way);
	return walk.meets;
}

void file_cover_release(struct file_cover *cover)
{
	if (cover->is_held)
		close(cover->directory);
	cover->is_held = false;
}
