/*
 * file_trust.c - decides whether a file's owner and mode can be trusted.
 *
 * A user that can write or replace a file of settings or keys chooses the account that is shown and the
 * server that gets the requests; this misleads root as well. So the file, links to it, and their directories
 * must belong to the user or to root, and no other user may write to them. In a sticky directory such as
 * /tmp users can replace only their own files.
 */
#include "sys/read_file.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { NOGROUP = 65534 };

static bool is_believed(uid_t owner, struct file_trust trust)
{
	return owner == 0 || owner == geteuid() || (geteuid() == 0 && trust.invoker == (int64_t)owner);
}

static bool check_owner(const char *path, uid_t owner, struct file_trust trust, struct buf *why)
{
	if (is_believed(owner, trust))
		return true;
	buf_printf(why, "%.1000s: belongs to the user %u, who can change it: ", path, (unsigned int)owner);
	if (geteuid() == 0)
		buf_printf(why, "root trusts its own files only: chown root %.1000s, or remove it", path);
	else
		buf_puts(why, "it must be yours or root's: chown it, or remove it");
	return false;
}

/* A group whose number equals the owner's uid is the owner's private group, without other members. */
static mode_t other_writers(const struct stat *status)
{
	bool is_own_group = status->st_gid == status->st_uid && status->st_gid != 0 &&
		status->st_gid != NOGROUP;
	return status->st_mode & (is_own_group ? S_IWOTH : S_IWOTH | S_IWGRP);
}

static bool check_directory_trust(int fd, const char *path, struct file_trust trust, struct buf *why)
{
	const char *mend = trust.care == FILE_SECRET ? "chmod 700" : "chmod go-w";
	struct stat status;
	if (fstat(fd, &status) < 0)
		return true;
	if (!check_owner(path, status.st_uid, trust, why))
		return false;
	if (!other_writers(&status) || status.st_mode & S_ISVTX)
		return true;
	buf_printf(why, "%.1000s: other users can replace what is in it: %s %.1000s", path, mend, path);
	return false;
}

/* If the path has links, /proc gives the directory's real name. */
static bool check_real_directory(int fd, const char *named, struct file_trust trust, struct buf *why)
{
	char self[40], real[PATH_MAX];
	snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
	ssize_t n = readlink(self, real, sizeof real - 1);
	real[n > 0 ? n : 0] = '\0';
	return check_directory_trust(fd, n > 0 ? real : named, trust, why);
}

/* Checks the directory of the name, the owners of links, and the directory of the file. */
static bool check_way(const char *path, const struct file_way *way, struct file_trust trust, struct buf *why)
{
	char *copy = xstrdup(path);
	const char *directory = dirname(copy);
	bool good = check_directory_trust(way->link < 0 ? way->directory : way->link_directory, directory,
		trust, why);
	for (unsigned i = 0; good && i < way->n_owners; i++)
		good = check_owner(path, way->owners[i], trust, why);
	if (good && way->link >= 0)
		good = check_real_directory(way->directory, directory, trust, why);
	free(copy);
	return good;
}

static bool has_group(gid_t group)
{
	int n = getgroups(0, NULL);
	gid_t *groups = xcalloc(n > 0 ? (size_t)n : 1, sizeof *groups);
	bool found = group == getegid();
	n = getgroups(n, groups);
	for (int i = 0; i < n; i++)
		found |= groups[i] == group;
	free(groups);
	return found;
}

static bool can_change(int fd, const struct stat *status)
{
	struct statvfs system;
	if (fstatvfs(fd, &system) == 0 && system.f_flag & ST_RDONLY)
		return false;
	return geteuid() == 0 || geteuid() == status->st_uid;
}

/*
 * A file of root that a group of this process may read, as Kubernetes provides a secret to a pod with
 * fsGroup. The process can change neither the file nor its mode.
 */
static bool is_group_secret(int fd, const struct stat *status)
{
	return status->st_uid == 0 && !(status->st_mode & (S_IRWXO | S_IWGRP)) && has_group(status->st_gid) &&
		!can_change(fd, status);
}

static bool check_mode(int fd, const char *path, const struct stat *status, enum file_care care,
	struct buf *why)
{
	mode_t others = care == FILE_SECRET ? status->st_mode & (S_IRWXG | S_IRWXO) : other_writers(status);
	if (!others || (care == FILE_SECRET && is_group_secret(fd, status)))
		return true;
	if (care != FILE_SECRET)
		buf_printf(why, "%.1000s: other users can write to it: chmod go-w %.1000s", path, path);
	else if (can_change(fd, status))
		buf_printf(why, "%.1000s: other users can read it: chmod 600 %.1000s", path, path);
	else
		buf_printf(why,
			"%.1000s: other users can read it, and you cannot change its mode: in "
			"Kubernetes set defaultMode: 0440 for the secret's volume and fsGroup for the pod; "
			"elsewhere have its owner run chmod 640 %.1000s",
			path, path);
	return false;
}

bool file_is_trusted(int fd, const char *path, const struct file_way *way, struct file_trust trust,
	struct buf *why)
{
	struct stat status;
	if (fstat(fd, &status) < 0) {
		buf_printf(why, "%.1000s: %s", path, strerror(errno));
		return false;
	}
	return check_owner(path, status.st_uid, trust, why) &&
		check_mode(fd, path, &status, trust.care, why) && check_way(path, way, trust, why);
}

void file_advise(const struct file_way *way, const char *path, int error, struct buf *why)
{
	struct stat status;
	if (error != EACCES || way->directory < 0 || !file_way_stat(way, &status))
		return;
	if (status.st_uid == geteuid())
		buf_printf(why, ": chmod 600 %.1000s", path);
	else
		buf_printf(why,
			": it belongs to the user %u: its owner must make it readable for you alone (chown), "
			"or, in "
			"Kubernetes, set fsGroup for the pod",
			(unsigned int)status.st_uid);
}
