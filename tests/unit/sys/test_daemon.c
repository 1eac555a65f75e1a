/*
 * test_daemon.c - the process: hardening, the way into the background, and mount points, dead and
 * alive.
 *
 * Mounts are made by hand on /dev/fuse in a mount namespace of the test's own; without the right to
 * do so these tests skip.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "sys/daemon.h"
#include "sys/mounting.h"

struct place {
	char root[64], point[128];
	bool can_mount;
	struct buf why;
};

static bool enter_namespace(void)
{
	bool entered = unshare(CLONE_NEWNS) == 0 &&
		mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
		access("/dev/fuse", R_OK | W_OK) == 0;

	if (!entered)
		print_message("skip: no mount namespace of our own (%s), or no /dev/fuse\n", strerror(errno));
	return entered;
}

static int setup(void **state)
{
	struct place *place = calloc(1, sizeof *place);
	place->can_mount = geteuid() == 0 && enter_namespace();
	strcpy(place->root, "/tmp/describefs-daemon-XXXXXX");
	assert_non_null(mkdtemp(place->root));
	/* A blank and a backslash are escaped in the kernel's table. */
	snprintf(place->point, sizeof place->point, "%s/a b\\c", place->root);
	assert_int_equal(mkdir(place->point, 0700), 0);
	buf_init(&place->why, 4000);
	*state = place;
	return 0;
}

static int teardown(void **state)
{
	struct place *place = *state;
	while (place->can_mount && umount2(place->point, MNT_DETACH) == 0)
		continue;
	rmdir(place->point);
	assert_int_equal(rmdir(place->root), 0);
	buf_release(&place->why);
	free(place);
	return 0;
}

/* The descriptor that serves the mount: closed, the mount is dead. */
static int mount_by_hand(const struct place *place, const char *type)
{
	char data[128];
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	snprintf(data, sizeof data, "fd=%d,rootmode=40000,user_id=0,group_id=0", fd);
	assert_int_equal(mount("test", place->point, type, MS_NOSUID | MS_NODEV | MS_RDONLY, data), 0);
	return fd;
}

static bool is_dead(const char *path)
{
	struct stat status;
	return stat(path, &status) < 0 && errno == ENOTCONN;
}

/* As the kernel's table would have it. */
static void assert_place(struct place *place, const char *path, const char *whole)
{
	char *found = mounting_place(path, &place->why);
	if (!found)
		fail_msg("%s", place->why.data);
	assert_string_equal(found, whole);
	assert_int_equal(place->why.len, 0);
	free(found);
}

static void assert_refused(struct place *place, const char *path, const char *words)
{
	buf_clear(&place->why);
	assert_null(mounting_place(path, &place->why));
	if (!strstr(place->why.data, words))
		fail_msg("\"%s\" is not in \"%s\"", words, place->why.data);
}

static void what_is_no_directory_is_refused(void **state)
{
	struct place *place = *state;
	assert_place(place, place->point, place->point);
	assert_place(place, "/tmp/../tmp/.", "/tmp");
	assert_refused(place, "/nonexistent/x", "/nonexistent/x: No such file or directory");
	assert_refused(place, "/dev/null", "/dev/null: not a directory");
	char long_path[5000];
	memset(long_path, 'x', sizeof long_path - 1);
	long_path[0] = '/';
	long_path[sizeof long_path - 1] = '\0';
	assert_refused(place, long_path, "File name too long");
}

static void a_dead_mount_of_ours_is_healed(void **state)
{
	struct place *place = *state;
	if (!place->can_mount)
		skip();
	close(mount_by_hand(place, "fuse.describefs"));
	assert_true(is_dead(place->point));
	assert_place(place, place->point, place->point);
	assert_false(is_dead(place->point));
}

/* The second is mounted while the first is alive (but answers nobody), then both die. */
static void dead_mounts_on_top_of_each_other_are_healed(void **state)
{
	struct place *place = *state;
	if (!place->can_mount)
		skip();
	int first = mount_by_hand(place, "fuse.describefs");
	int second = mount_by_hand(place, "fuse.describefs");
	close(first);
	close(second);
	assert_true(is_dead(place->point));
	assert_place(place, place->point, place->point);
	assert_false(is_dead(place->point));
}

static void a_relative_path_and_a_link_lead_to_it_too(void **state)
{
	struct place *place = *state;
	if (!place->can_mount)
		skip();
	assert_int_equal(chdir(place->root), 0);
	close(mount_by_hand(place, "fuse.describefs"));
	assert_place(place, "./a b\\c/", place->point);
	assert_false(is_dead(place->point));
	assert_int_equal(chdir("/"), 0);
}

static void a_dead_mount_of_another_type_is_left_alone(void **state)
{
	struct place *place = *state;
	if (!place->can_mount)
		skip();
	close(mount_by_hand(place, "fuse.sshfs"));
	assert_refused(place, place->point, "of another program");
	assert_true(is_dead(place->point));
}

/* Enough of a filesystem to answer a stat. */
static void *serve_root(void *arg)
{
	int fd = *(int *)arg;
	static char request[1 << 17];
	while (read(fd, request, sizeof request) > 0) {
		const struct fuse_in_header *in = (const struct fuse_in_header *)(const void *)request;
		struct {
			struct fuse_out_header header;
			union {
				struct fuse_init_out init;
				struct fuse_attr_out attr;
			} body;
		} out = { .header = { .unique = in->unique, .len = sizeof out.header } };
		if (in->opcode == FUSE_INIT) {
			out.body.init = (struct fuse_init_out){ .major = 7, .minor = 31, .max_write = 4096 };
			out.header.len += (uint32_t)sizeof out.body.init;
		} else if (in->opcode == FUSE_GETATTR) {
			out.body.attr.attr_valid = 3600;
			out.body.attr.attr = (struct fuse_attr){ .ino = 1, .mode = S_IFDIR | 0755, .nlink = 2 };
			out.header.len += (uint32_t)sizeof out.body.attr;
		} else {
			out.header.error = -ENOSYS;
		}
		if (write(fd, &out, out.header.len) < 0)
			break;
	}
	return NULL;
}

static void a_live_mount_of_ours_is_refused(void **state)
{
	struct place *place = *state;
	if (!place->can_mount)
		skip();
	pthread_t thread;
	int fd = mount_by_hand(place, "fuse.describefs");
	assert_int_equal(pthread_create(&thread, NULL, serve_root, &fd), 0);
	assert_refused(place, place->point, "already mounted");
	umount2(place->point, MNT_DETACH);
	pthread_join(thread, NULL);
	close(fd);
}

/* It is asked by a child, which the kernel does not let go. */
static void a_mount_that_answers_nobody_is_refused(void **state)
{
	struct place *place = *state;
	if (!place->can_mount)
		skip();
	int fd = mount_by_hand(place, "fuse.describefs");
	assert_refused(place, place->point, "does not answer");
	umount2(place->point, MNT_DETACH);
	close(fd);
}

static void only_that_mount_is_detached(void **state)
{
	struct place *place = *state;
	struct mount_id ours, top;
	if (!place->can_mount)
		skip();
	int fd = mount_by_hand(place, "fuse.describefs");
	assert_true(mounts_top(place->point, &ours));
	assert_int_equal(mount("none", place->point, "tmpfs", 0, NULL), 0);
	assert_false(mounting_detach(&ours, place->point, true));
	assert_true(mounts_top(place->point, &top));
	assert_false(mounts_same(&top, &ours));
	assert_int_equal(umount2(place->point, 0), 0);
	assert_true(mounts_top(place->point, &top) && mounts_same(&top, &ours));
	assert_true(mounting_detach(&ours, "/somewhere/else", true)); /* the kernel knows where it is */
	assert_false(mounts_top(place->point, &top) && mounts_same(&top, &ours));
	assert_true(mounting_detach(&ours, place->point, true)); /* nothing is left to do */
	close(fd);
}

/* The kernel keeps the attributes of the root, as long as it was told to, also after the end. */
static void a_dead_mount_that_still_answers_stat_is_healed(void **state)
{
	struct place *place = *state;
	if (!place->can_mount)
		skip();
	int fd = mount_by_hand(place, "fuse.describefs");
	pid_t child = fork();
	if (child == 0) {
		serve_root(&fd);
		_exit(0);
	}
	close(fd);
	struct stat status;
	assert_int_equal(stat(place->point, &status), 0);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	assert_int_equal(stat(place->point, &status), 0);
	assert_place(place, place->point, place->point);
	assert_place(place, place->point, place->point);
}

/* The way into the background: what the parent's exit status is, for what the child does. */

static int status_of(const char *mountpoint, void (*act)(int fd))
{
	pid_t parent = fork();
	if (parent == 0) {
		/*
		 * The messages are expected; /dev/zero, so that be_ready can tell it from
		 * /dev/null.
		 */
		dup2(open("/dev/zero", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
		struct buf why;
		int fd;
		buf_init(&why, 4096);
		if (!daemon_detach(mountpoint, &fd, &why)) {
			daemon_fail(fd, 9);
			_exit(1);
		}
		act(fd);
		_exit(77);
	}
	int status;
	assert_int_equal(waitpid(parent, &status, 0), parent);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void be_ready(int fd)
{
	for (int i = 3; i < 300; i++)
		if (i != fd && fcntl(i, F_GETFD) >= 0)
			_exit(1);
	daemon_ready(fd);
	struct stat null, out;
	stat("/dev/null", &null);
	for (int i = 0; i < 3; i++)
		if (fstat(i, &out) < 0 || out.st_rdev != null.st_rdev)
			_exit(1);
	usleep(300000);
	_exit(0);
}

static void be_ready_and_gone(int fd)
{
	if (rmdir(getenv("GONE")) < 0)
		daemon_fail(fd, 8);
	be_ready(fd);
}

static void fail_with_one(int fd)
{
	daemon_fail(fd, 1);
	_exit(1);
}

static void fail_with_five(int fd)
{
	daemon_fail(fd, 5);
	_exit(0);
}

static void just_exit(int fd)
{
	(void)fd;
	_exit(0);
}

static void die(int fd)
{
	(void)fd;
	raise(SIGKILL);
}

static void check_session(int fd)
{
	char directory[16];
	bool right = getsid(0) == getpid() && getcwd(directory, sizeof directory) && strcmp(directory, "/") == 0;
	daemon_fail(fd, right ? 42 : 1);
	_exit(1);
}

static void the_parent_ends_with_the_childs_word(void **state)
{
	struct place *place = *state;
	assert_int_equal(setenv("GONE", place->point, 1), 0);
	assert_int_equal(status_of("/", be_ready), 0);
	assert_int_equal(status_of("/nonexistent", be_ready), 9); /* nothing to mount on */
	assert_int_equal(status_of(place->point, be_ready_and_gone), 1); /* ready, but the path does not answer */
	assert_int_equal(mkdir(place->point, 0755), 0);
	assert_int_equal(status_of("/", fail_with_one), 1);
	assert_int_equal(status_of("/", fail_with_five), 5);
	assert_int_equal(status_of("/", just_exit), 1);
	assert_int_equal(status_of("/", die), 1);
	assert_int_equal(status_of("/", check_session), 42);
}

static void the_foreground_has_nobody_to_tell(void **state)
{
	(void)state;
	struct stat before;
	assert_int_equal(fstat(STDERR_FILENO, &before), 0);
	daemon_ready(-1);
	daemon_fail(-1, 1);
	struct stat after;
	assert_int_equal(fstat(STDERR_FILENO, &after), 0);
	assert_true(after.st_rdev == before.st_rdev && after.st_ino == before.st_ino);
}

/* What a manager that waits at this address (a first '@': abstract) is told. */
static void check_told(const char *name)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	size_t len = strlen(name);
	memcpy(at.sun_path, name, len);
	if (*name == '@')
		at.sun_path[0] = '\0';
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t at_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	assert_int_equal(bind(fd, (const struct sockaddr *)&at, at_len), 0);
	int way = daemon_manager(name);
	if (*name == '/')
		unlink(name); /* as a mount that covers it */
	daemon_notify(way);
	char told[64];
	ssize_t n = recv(fd, told, sizeof told, MSG_DONTWAIT);
	assert_int_equal(n, strlen("READY=1"));
	assert_memory_equal(told, "READY=1", strlen("READY=1"));
	assert_int_equal(recv(fd, told, sizeof told, MSG_DONTWAIT), -1);
	close(fd);
}

static void a_service_manager_is_told_once(void **state)
{
	const struct place *place = *state;
	char name[160];
	snprintf(name, sizeof name, "%s/manager", place->root);
	check_told(name);
	snprintf(name, sizeof name, "@describefs-test-%ld", (long)getpid());
	check_told(name);
}

static void a_manager_that_is_not_there_changes_nothing(void **state)
{
	(void)state;
	char long_name[300] = "/";
	memset(long_name + 1, 'x', sizeof long_name - 2);
	assert_int_equal(daemon_manager(NULL), -1);
	assert_int_equal(daemon_manager(""), -1);
	assert_int_equal(daemon_manager("/"), -1);
	assert_int_equal(daemon_manager("vsock:2:1"), -1);
	assert_int_equal(daemon_manager("/nonexistent/socket"), -1);
	assert_int_equal(daemon_manager(long_name), -1);
	daemon_notify(-1);
}

static void hardening(void **state)
{
	(void)state;
	pid_t child = fork();
	if (child == 0) {
		close(0);
		close(2);
		daemon_harden();
		struct rlimit core, files;
		getrlimit(RLIMIT_CORE, &core);
		getrlimit(RLIMIT_NOFILE, &files);
		bool right = core.rlim_cur == 0 && core.rlim_max == 0 && files.rlim_cur == files.rlim_max &&
			prctl(PR_GET_DUMPABLE) == 0 && fcntl(0, F_GETFD) >= 0 && fcntl(2, F_GETFD) >= 0;
		_exit(right ? 0 : 1);
	}
	int status;
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_no_directory_is_refused),
		TEST(a_dead_mount_of_ours_is_healed),
		TEST(dead_mounts_on_top_of_each_other_are_healed),
		TEST(a_relative_path_and_a_link_lead_to_it_too),
		TEST(a_dead_mount_of_another_type_is_left_alone),
		TEST(a_live_mount_of_ours_is_refused),
		TEST(a_mount_that_answers_nobody_is_refused),
		TEST(only_that_mount_is_detached),
		TEST(a_dead_mount_that_still_answers_stat_is_healed),
		cmocka_unit_test_setup_teardown(the_parent_ends_with_the_childs_word, setup, teardown),
		cmocka_unit_test(the_foreground_has_nobody_to_tell),
		TEST(a_service_manager_is_told_once),
		cmocka_unit_test(a_manager_that_is_not_there_changes_nothing),
		cmocka_unit_test(hardening),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
