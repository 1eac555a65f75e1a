/*
 * test_file_trust.c - whose files are believed: by root, by another user, and what root lends to a group.
 *
 * Only root can make files of other users; who runs it without is told that nothing was tested.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "sys/read_file.h"

enum { ALICE = 1234, BOB = 1235, POD = 2000 };

static char top[64], file[128], directory[96];

static int setup(void **state)
{
	(void)state;
	strcpy(top, "/tmp/describefs-file-XXXXXX");
	assert_non_null(mkdtemp(top));
	assert_int_equal(chmod(top, 0755), 0);
	snprintf(directory, sizeof directory, "%s/conf", top);
	snprintf(file, sizeof file, "%s/file", directory);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(file);
	rmdir(directory);
	return rmdir(top);
}

/* The file and its directory, as they are to be found. */
static void make(uid_t owner, gid_t group, mode_t mode, uid_t above, mode_t above_mode)
{
	unlink(file);
	rmdir(directory);
	assert_int_equal(mkdir(directory, 0755), 0);
	FILE *made = fopen(file, "we");
	assert_non_null(made);
	fputs("text", made);
	fclose(made);
	assert_int_equal(chown(file, owner, group), 0);
	assert_int_equal(chmod(file, mode), 0);
	assert_int_equal(chown(directory, above, above), 0);
	assert_int_equal(chmod(directory, above_mode), 0);
}

static mode_t mode_of(const char *path)
{
	struct stat status;
	return stat(path, &status) == 0 ? status.st_mode & 07777 : 0;
}

/* Read as that user and group; `words` NULL: it is believed. */
static void assert_read(uid_t reader, gid_t group, const char *path, struct file_trust trust, const char *words)
{
	struct buf why;
	size_t len;
	buf_init(&why, 4000);
	assert_int_equal(setgroups(1, &group), 0);
	assert_int_equal(setegid(reader), 0);
	assert_int_equal(seteuid(reader), 0);
	char *text = file_read_trusted(NULL, path, 100, trust, &len, &why);
	int error = errno;
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(setegid(0), 0);
	if (!words && !text)
		fail_msg("user %u, mode %o: refused: %s", reader, mode_of(path), why.data);
	if (words && (text || !strstr(why.data, words)))
		fail_msg("user %u, mode %o: \"%s\" is not in \"%s\"", reader, mode_of(path), words,
			text ? "(read)" : why.data);
	if (words)
		assert_int_equal(error, EACCES);
	assert_null(strchr(why.data, '\n'));
	free(text);
	buf_release(&why);
}

static const struct field {
	uid_t owner;
	gid_t group;
	mode_t mode;
	uid_t above;
	mode_t above_mode;
	uid_t reader;
	int64_t invoker;
	const char *decides, *secret; /* the refusal; NULL: believed */
} ROWS[] = {
	/* root's own */
	{ 0, 0, 0600, 0, 0700, 0, -1, NULL, NULL },
	{ 0, 0, 0644, 0, 0755, 0, -1, NULL, "chmod 600 /tmp/" },
	{ 0, 0, 0440, 0, 0755, 0, -1, NULL, "chmod 600 /tmp/" },
	{ 0, 0, 0666, 0, 0755, 0, -1, "other users can write to it: chmod go-w /tmp/", "chmod 600" },
	{ 0, 0, 0664, 0, 0755, 0, -1, "other users can write to it", "chmod 600" },
	{ 0, ALICE, 0620, 0, 0755, 0, -1, "other users can write to it", "chmod 600" },
	{ 0, 0, 0602, 0, 0755, 0, -1, "other users can write to it", "chmod 600" },
	/* others' before root */
	{ ALICE, ALICE, 0600, 0, 01777, 0, -1, "belongs to the user 1234", "belongs to the user 1234" },
	{ 65534, 65534, 0666, 0, 0755, 0, -1, "belongs to the user 65534", "belongs to the user 65534" },
	{ ALICE, ALICE, 0600, 0, 0755, 0, BOB, "root trusts its own files only", "root trusts its own files only" },
	{ ALICE, ALICE, 0600, ALICE, 0700, 0, ALICE, NULL, NULL }, /* sudo */
	{ ALICE, ALICE, 0666, ALICE, 0700, 0, ALICE, "other users can write to it", "chmod 600" },
	{ 0, 0, 0600, ALICE, 0755, 0, -1, "belongs to the user 1234", "belongs to the user 1234" },
	/* directories */
	{ 0, 0, 0600, 0, 0777, 0, -1, "other users can replace what is in it: chmod go-w /tmp/", "chmod 700" },
	{ 0, 0, 0600, 0, 0775, 0, -1, "other users can replace what is in it", "chmod 700" },
	{ 0, 0, 0600, 0, 01777, 0, -1, NULL, NULL },
	/* another user's */
	{ ALICE, ALICE, 0600, ALICE, 0700, ALICE, -1, NULL, NULL },
	{ ALICE, ALICE, 0664, ALICE, 0775, ALICE, -1, NULL, "chmod 600" }, /* a group of the user's own */
	{ ALICE, POD, 0664, ALICE, 0755, ALICE, -1, "other users can write to it", "chmod 600" },
	{ 0, 0, 0644, 0, 0755, ALICE, -1, NULL, "you cannot change its mode" },
	{ BOB, BOB, 0644, BOB, 0755, ALICE, -1, "belongs to the user 1235", "belongs to the user 1235" },
	{ BOB, BOB, 0644, 0, 01777, ALICE, BOB, "belongs to the user 1235", "it must be yours or root's" },
	/* as Kubernetes gives a secret to a pod */
	{ 0, POD, 0440, 0, 01777, ALICE, -1, NULL, NULL },
	{ 0, POD, 0640, 0, 0755, ALICE, -1, NULL, NULL },
	{ 0, POD, 0444, 0, 0755, ALICE, -1, NULL, "defaultMode: 0440 for the secret's volume and fsGroup" },
	{ 0, POD, 0660, 0, 0755, ALICE, -1, "other users can write to it", "you cannot change its mode" },
	{ 0, BOB, 0444, 0, 0755, ALICE, -1, NULL, "you cannot change its mode" },
	{ 0, BOB, 0440, 0, 0755, ALICE, -1, "Permission denied: it belongs to the user 0: its owner must make it readable", "fsGroup" },
	{ ALICE, POD, 0440, 0, 0755, ALICE, -1, NULL, "chmod 600" },
	/* a mode that keeps the owner out */
	{ ALICE, ALICE, 0, ALICE, 0755, ALICE, -1, "Permission denied: chmod 600 /tmp/", "Permission denied: chmod 600 /tmp/" },
};

static void whose_files_are_believed(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
		const struct field *row = &ROWS[i];
		make(row->owner, row->group, row->mode, row->above, row->above_mode);
		assert_read(row->reader, POD, file, (struct file_trust){ row->invoker, FILE_DECIDES }, row->decides);
		assert_read(row->reader, POD, file, (struct file_trust){ row->invoker, FILE_SECRET }, row->secret);
	}
}

static void a_link_is_believed_as_its_file_is(void **state)
{
	(void)state;
	char link[128];
	const struct file_trust trust = { -1, FILE_DECIDES };
	if (geteuid() != 0)
		skip();
	snprintf(link, sizeof link, "%s/link", top);
	make(0, 0, 0644, 0, 0755);
	assert_int_equal(symlink("conf/file", link), 0);
	assert_read(0, 0, link, trust, NULL);
	make(0, 0, 0644, 0, 0777); /* where it leads to */
	assert_read(0, 0, link, trust, "other users can replace what is in it");
	make(0, 0, 0644, 0, 0755);
	assert_int_equal(lchown(link, ALICE, ALICE), 0); /* who made it chose the file */
	assert_read(0, 0, link, trust, "belongs to the user 1234");
	unlink(link);
}

/* Each link on the way chooses the file: the second of two, and one to a directory. */
static void every_link_on_the_way_is_believed_or_none(void **state)
{
	(void)state;
	char link[128], second[128];
	const struct file_trust trust = { -1, FILE_DECIDES };
	if (geteuid() != 0)
		skip();
	snprintf(link, sizeof link, "%s/link", top);
	snprintf(second, sizeof second, "%s/second", top);
	make(0, 0, 0644, 0, 0755);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(symlink(i ? "conf" : "conf/file", second), 0);
		assert_int_equal(symlink(i ? "second/file" : "second", link), 0);
		assert_read(0, 0, link, trust, NULL);
		assert_int_equal(lchown(second, ALICE, ALICE), 0);
		assert_read(0, 0, link, trust, "belongs to the user 1234");
		unlink(link);
		unlink(second);
	}
}

/* A pod that runs as root cannot change the mode of what is mounted read-only. */
static void what_is_mounted_read_only_cannot_be_told_to_change(void **state)
{
	(void)state;
	const struct file_trust trust = { -1, FILE_SECRET };
	if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		skip();
	make(0, 0, 0440, 0, 0755);
	assert_int_equal(mount("none", directory, "tmpfs", 0, "mode=755"), 0);
	FILE *made = fopen(file, "we");
	assert_non_null(made);
	fclose(made);
	assert_int_equal(chmod(file, 0440), 0);
	assert_read(0, POD, file, trust, "chmod 600");
	assert_int_equal(chown(file, 0, POD), 0);
	assert_int_equal(mount("none", directory, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
	assert_read(0, POD, file, trust, NULL);
	assert_read(0, BOB, file, trust, "you cannot change its mode");
	assert_int_equal(umount(directory), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(whose_files_are_believed, setup, teardown),
		cmocka_unit_test_setup_teardown(a_link_is_believed_as_its_file_is, setup, teardown),
		cmocka_unit_test_setup_teardown(every_link_on_the_way_is_believed_or_none, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_mounted_read_only_cannot_be_told_to_change, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
