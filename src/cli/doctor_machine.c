/*
 * doctor_machine.c - what the machine has to have, whatever the cloud.
 */
#include "doctor_check.h"

#include "base/ascii.h"
#include "base/digest.h"
#include "base/shown.h"
#include "fuse/front.h"
#include "json/json.h"
#include "mount_answers.h"
#include "net/http_client.h"
#include "sys/file.h"
#include "sys/mounting.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

void finding_say(struct doctor_checks *findings, enum doctor_check finding, const char *what,
	const char *text)
{
	static const char *const words[] = { "ok", "warning", "problem" };
	struct buf line;

	progress_hide(&findings->progress);
	buf_init(&line, SIZE_MAX);
	buf_printf(&line, "%-8s %-12s ", words[finding], what);
	shown_add(&line, text, "");
	buf_putc(&line, '\n');
	output_take(&findings->output, &line);
	buf_release(&line);
	findings->problem |= finding == FINDING_PROBLEM;
}

static void look_at_fuse(struct doctor_checks *findings)
{
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	char text[256];

	findings->can_mount = fd >= 0;
	if (fd < 0) {
		int error = errno;
		snprintf(text, sizeof(text), "/dev/fuse: %s; %s; ls, cat and tree work without",
			strerror(error), mounting_mend(error));
		finding_say(findings, FINDING_PROBLEM, "fuse", text);
		return;
	}
	close(fd);
	finding_say(findings, FINDING_OK, "fuse", "/dev/fuse can be opened");
}

/* fusermount3 looks up the name of the user it mounts for, and does without none. */
static void look_at_user(struct doctor_checks *findings)
{
	uid_t uid = geteuid();
	char text[256];

	if (getpwuid(uid))
		return;
	snprintf(text, sizeof(text),
		"there is no passwd entry for the uid %u, and fusermount3 wants one: "
		"add it (echo 'me:x:%u:%u::/:/bin/sh' >>/etc/passwd)",
		uid, uid, getegid());
	finding_say(findings, uid ? FINDING_PROBLEM : FINDING_WARNING, "user", text);
	findings->can_mount &= uid == 0;
}

static void look_at_fusermount(struct doctor_checks *findings)
{
	static const char *const places[] = { "/usr/bin/fusermount3", "/bin/fusermount3",
		"/usr/local/bin/fusermount3" };

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
		if (!access(places[i], X_OK)) {
			finding_say(findings, FINDING_OK, "fusermount3", places[i]);
			return;
		}
	finding_say(findings, geteuid() ? FINDING_PROBLEM : FINDING_WARNING, "fusermount3",
		"not found; install the package fuse3");
}

/*
 * What indexes the machine walks through every file system that it is not told to leave out: here each
 * walk would cost a call a resource.  There may be no such program.
 */
static void look_at_updatedb(struct doctor_checks *findings)
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
		finding_say(findings, FINDING_OK, "updatedb", "leaves describefs alone");
	else if (text)
		finding_say(findings, FINDING_WARNING, "updatedb",
			"would walk through every mount: add "
			"fuse.describefs "
			"to PRUNEFS in /etc/updatedb.conf");
	free(text);
	buf_release(&why);
}

/* What a kernel is too old for still works, in another way. */
static void look_at_kernel(struct doctor_checks *findings)
{
	static const struct {
		int major, minor;
		const char *lacks;
	} FEATURES[] = {
		{ 5, 9, "close_range: needed to start" },
		{ 6, 16, "new epochs: SIGHUP leaves names that are known, `describefs refresh` does not" },
	};
	struct utsname name;
	char text[256];

	const char *dot = uname(&name) ? NULL : strchr(name.release, '.');
	int major = dot ? (int)ascii_number(name.release) : -1, minor = dot ? (int)ascii_number(dot + 1) : -1;
	if (major < 0 || minor < 0) {
		finding_say(findings, FINDING_WARNING, "kernel", "does not say its version");
		return;
	}
	for (size_t i = 0; i < sizeof(FEATURES) / sizeof(*FEATURES); i++) {
		if (major > FEATURES[i].major || (major == FEATURES[i].major && minor >= FEATURES[i].minor))
			continue;
		snprintf(text, sizeof(text), "Linux %d.%d has no %s", major, minor, FEATURES[i].lacks);
		finding_say(findings, i ? FINDING_OK : FINDING_PROBLEM, "kernel", text);
		return;
	}
	snprintf(text, sizeof(text), "Linux %d.%d has all that is used", major, minor);
	finding_say(findings, FINDING_OK, "kernel", text);
}

static void look_at_libraries(struct doctor_checks *findings)
{
	char text[512];

	snprintf(text, sizeof(text), "libfuse %s, %s, cJSON %s, %s", front_library(), http_library(),
		json_library(), digest_library());
	finding_say(findings, FINDING_OK, "libraries", text);
}

/* Others may look into a user's mount only if root allowed that once for the machine. */
static void look_at_permissions(struct doctor_checks *findings)
{
	struct buf why;
	size_t len;

	if (!findings->can_mount) {
		finding_say(findings, FINDING_PROBLEM, "permissions",
			"you cannot mount before the problem above is mended");
		return;
	}
	if (geteuid() == 0) {
		finding_say(findings, FINDING_OK, "permissions", "root may mount, also with allow_other");
		return;
	}
	buf_init(&why, 1024);
	char *text = file_read(NULL, "/etc/fuse.conf", 64 << 10, &len, &why);
	const char *line = text ? strstr(text, "user_allow_other") : NULL;
	while (line && line > text && line[-1] != '\n')
		line = strstr(line + 1, "user_allow_other");
	finding_say(findings, FINDING_OK, "permissions",
		line ? "you may mount, also with allow_other" :
		       "you may mount; allow_other needs user_allow_other in /etc/fuse.conf");
	free(text);
	buf_release(&why);
}

static void look_at_mount(struct doctor_checks *findings, const struct mount *mount, int error)
{
	enum doctor_check finding = FINDING_PROBLEM;
	struct buf text;

	buf_init(&text, 1 << 20);
	buf_puts(&text, mount->point);
	if (!error) {
		buf_printf(&text, " answers (%s)", mount->source);
		finding = FINDING_OK;
	} else if (error == ENOTCONN) {
		buf_printf(&text, " is dead: mount it again, or fusermount3 -u %s", mount->point);
	} else if (error == EXDEV) {
		buf_puts(&text, " is covered by another mount: unmount that first");
		finding = FINDING_WARNING;
	} else if (error == EINVAL) {
		buf_puts(&text, " does not answer as describefs does: another program serves it; unmount it");
	} else {
		buf_printf(&text, " does not answer: %s",
			error < 0 || error == ETIMEDOUT ? "is its process stopped?" : strerror(error));
	}
	finding_say(findings, finding, "mount", text.data);
	buf_release(&text);
}

static void look_at_mounts(struct doctor_checks *findings)
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
	mount_answers_ask(asked, n, answers);
	for (size_t i = 0; i < n; i++) {
		look_at_mount(findings, asked[i], answers[i].error);
		mount_answers_release(&answers[i]);
	}
	free(answers);
	free(asked);
	mounts_release(&mounts);
}

void doctor_look_at_machine(struct doctor_checks *findings)
{
	look_at_fuse(findings);
	look_at_user(findings);
	look_at_fusermount(findings);
	look_at_kernel(findings);
	look_at_libraries(findings);
	look_at_permissions(findings);
	look_at_updatedb(findings);
	look_at_mounts(findings);
}
