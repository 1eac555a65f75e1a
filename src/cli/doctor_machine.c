/*
 * doctor_machine.c - the doctor's checks of this machine, independent of the cloud.
 */
#include "doctor_check.h"

#include "base/ascii.h"
#include "base/digest.h"
#include "base/shown.h"
#include "fuse/front.h"
#include "json/json.h"
#include "mount_answers.h"
#include "net/http_client.h"
#include "sys/read_file.h"
#include "sys/mounting.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

void doctor_check(struct doctor *doctor, enum check_result result, const char *what, const char *text)
{
	static const char *const words[] = { "ok", "warning", "problem" };
	struct buf line;

	progress_hide(&doctor->progress);
	buf_init(&line, SIZE_MAX);
	buf_printf(&line, "%-8s %-12s ", words[result], what);
	shown_add(&line, text, "");
	buf_putc(&line, '\n');
	output_take(&doctor->output, &line);
	buf_release(&line);
	doctor->problem |= result == CHECK_PROBLEM;
}

static void check_fuse(struct doctor *doctor)
{
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	char text[256];

	doctor->can_mount = fd >= 0;
	if (fd < 0) {
		int error = errno;
		snprintf(text, sizeof(text), "/dev/fuse: %s; %s; ls, cat and tree work without",
			strerror(error), mounting_mend(error));
		doctor_check(doctor, CHECK_PROBLEM, "fuse", text);
		return;
	}
	close(fd);
	doctor_check(doctor, CHECK_OK, "fuse", "/dev/fuse can be opened");
}

/* fusermount3 fails for a uid without a passwd entry. */
static void check_user(struct doctor *doctor)
{
	uid_t uid = geteuid();
	char text[256];

	if (getpwuid(uid))
		return;
	snprintf(text, sizeof(text),
		"there is no passwd entry for the uid %u, and fusermount3 needs one: "
		"add it (echo 'me:x:%u:%u::/:/bin/sh' >>/etc/passwd)",
		uid, uid, getegid());
	doctor_check(doctor, uid ? CHECK_PROBLEM : CHECK_WARNING, "user", text);
	doctor->can_mount &= uid == 0;
}

static void check_fusermount(struct doctor *doctor)
{
	static const char *const places[] = { "/usr/bin/fusermount3", "/bin/fusermount3",
		"/usr/local/bin/fusermount3" };

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
		if (!access(places[i], X_OK)) {
			doctor_check(doctor, CHECK_OK, "fusermount3", places[i]);
			return;
		}
	doctor_check(doctor, geteuid() ? CHECK_PROBLEM : CHECK_WARNING, "fusermount3",
		"not found; install the package fuse3");
}

/*
 * updatedb, if installed, indexes every file system that PRUNEFS does not exclude: each run would make a call
 * for each resource.
 */
static void check_updatedb(struct doctor *doctor)
{
	static const char PATH[] = "/etc/updatedb.conf";
	struct buf why;
	size_t len;

	buf_init(&why, 1024);
	char *text = file_read(NULL, PATH, 64 << 10, &len, &why);
	const char *types = text ? strstr(text, "PRUNEFS") : NULL;
	char *end = types ? strchr(types, '\n') : NULL;
	if (end)
		*end = '\0';
	if (types && strstr(types, "fuse.describefs"))
		doctor_check(doctor, CHECK_OK, "updatedb", "does not index describefs mounts");
	else if (text)
		doctor_check(doctor, CHECK_WARNING, "updatedb",
			"indexes every mount, with a call for each resource: add "
			"fuse.describefs "
			"to PRUNEFS in /etc/updatedb.conf");
	free(text);
	buf_release(&why);
}

/* An older kernel lacks features, which are replaced by slower ways. */
static void check_kernel(struct doctor *doctor)
{
	static const struct {
		int major, minor;
		const char *lack; /* what such a kernel cannot do */
	} FEATURES[] = {
		{ 5, 9, "lacks close_range(2), which describefs needs" },
		{ 6, 16, "cannot drop cached names after SIGHUP; describefs refresh drops them" },
	};
	struct utsname name;
	char text[256];

	const char *dot = uname(&name) ? NULL : strchr(name.release, '.');
	int major = dot ? (int)ascii_number(name.release) : -1, minor = dot ? (int)ascii_number(dot + 1) : -1;
	if (major < 0 || minor < 0) {
		doctor_check(doctor, CHECK_WARNING, "kernel", "its version is unknown");
		return;
	}
	for (size_t i = 0; i < sizeof(FEATURES) / sizeof(*FEATURES); i++) {
		if (major > FEATURES[i].major || (major == FEATURES[i].major && minor >= FEATURES[i].minor))
			continue;
		snprintf(text, sizeof(text), "Linux %d.%d %s", major, minor, FEATURES[i].lack);
		doctor_check(doctor, i ? CHECK_OK : CHECK_PROBLEM, "kernel", text);
		return;
	}
	snprintf(text, sizeof(text), "Linux %d.%d has every feature that describefs uses", major, minor);
	doctor_check(doctor, CHECK_OK, "kernel", text);
}

static void check_libraries(struct doctor *doctor)
{
	char text[512];

	snprintf(text, sizeof(text), "libfuse %s, %s, cJSON %s, %s", front_library(), http_client_library(),
		json_library(), digest_library());
	doctor_check(doctor, CHECK_OK, "libraries", text);
}

/* allow_other needs user_allow_other in /etc/fuse.conf. */
static void check_permissions(struct doctor *doctor)
{
	struct buf why;
	size_t len;

	if (!doctor->can_mount) {
		doctor_check(doctor, CHECK_PROBLEM, "permissions",
			"you cannot mount before the problem above is fixed");
		return;
	}
	if (geteuid() == 0) {
		doctor_check(doctor, CHECK_OK, "permissions", "root may mount, also with allow_other");
		return;
	}
	buf_init(&why, 1024);
	char *text = file_read(NULL, "/etc/fuse.conf", 64 << 10, &len, &why);
	const char *line = text ? strstr(text, "user_allow_other") : NULL;
	while (line && line > text && line[-1] != '\n')
		line = strstr(line + 1, "user_allow_other");
	doctor_check(doctor, CHECK_OK, "permissions",
		line ? "you may mount, also with allow_other" :
		       "you may mount; allow_other needs user_allow_other in /etc/fuse.conf");
	free(text);
	buf_release(&why);
}

static void check_mount(struct doctor *doctor, const struct mount *mount, int error)
{
	enum check_result result = CHECK_PROBLEM;
	struct buf text;

	buf_init(&text, 1 << 20);
	buf_puts(&text, mount->point);
	if (!error) {
		buf_printf(&text, " answers (%s)", mount->source);
		result = CHECK_OK;
	} else if (error == ENOTCONN) {
		buf_printf(&text, " is dead: mount it again, or fusermount3 -u %s", mount->point);
	} else if (error == EXDEV) {
		buf_puts(&text, " is covered by another mount: unmount that first");
		result = CHECK_WARNING;
	} else if (error == EINVAL) {
		buf_puts(&text, " does not answer as describefs does: another program serves it; unmount it");
	} else {
		buf_printf(&text, " does not answer: %s",
			error < 0 || error == ETIMEDOUT ? "its process may be stopped" : strerror(error));
	}
	doctor_check(doctor, result, "mount", text.data);
	buf_release(&text);
}

static void check_mounts(struct doctor *doctor, int64_t limit_ms)
{
	struct mounts mounts;
	int64_t uid = geteuid();
	size_t n = 0;

	mounts_read(&mounts);
	const struct mount **asked = xcalloc(mounts.n + 1, sizeof(*asked));
	struct mount_answers *answers = xcalloc(mounts.n + 1, sizeof(*answers));
	for (unsigned i = 0; i < mounts.n; i++)
		if (mounts.v[i].uid == uid && !strcmp(mounts.v[i].part, "/"))
			asked[n++] = &mounts.v[i];
	mount_answers_ask(asked, n, limit_ms, answers);
	for (size_t i = 0; i < n; i++) {
		check_mount(doctor, asked[i], answers[i].error);
		mount_answers_release(&answers[i]);
	}
	free(answers);
	free(asked);
	mounts_release(&mounts);
}

void doctor_check_machine(struct doctor *doctor, int64_t limit_ms)
{
	check_fuse(doctor);
	check_user(doctor);
	check_fusermount(doctor);
	check_kernel(doctor);
	check_libraries(doctor);
	check_permissions(doctor);
	check_updatedb(doctor);
	check_mounts(doctor, limit_ms);
}
