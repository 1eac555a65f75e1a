/*
 * test_credentials_tccli.c - keys from the environment and from tccli's files, each test in a HOME of its
 * own.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "home.h"

static void the_environment_wins_over_the_file(void **state)
{
	struct home *home = *state;
	home_put_tccli(home, "default.credential", "{\"secretId\":\"f1\",\"secretKey\":\"f2\",\"token\":\"f3\"}");
	setenv("TENCENTCLOUD_SECRET_ID", "e1", 1);
	setenv("TENCENTCLOUD_SECRET_KEY", "e2", 1);
	assert_true(home_load(home, "tencent", NULL));
	assert_key(home, "e1", "e2", NULL); /* the file's token is not mixed in */
	assert_where(home, "environment");
	assert_null(getenv("TENCENTCLOUD_SECRET_ID"));
	assert_null(getenv("TENCENTCLOUD_SECRET_KEY"));
}

static void the_environments_token(void **state)
{
	struct home *home = *state;
	setenv("TENCENTCLOUD_SECRET_ID", "e1", 1);
	setenv("TENCENTCLOUD_SECRET_KEY", "e2", 1);
	setenv("TENCENTCLOUD_TOKEN", "e3", 1);
	assert_true(home_load(home, "tencent", NULL));
	assert_key(home, "e1", "e2", "e3");
}

/* The file has another account's key: it does not stand in for the one that was half named. */
static void half_a_key_in_the_environment_is_an_error(void **state)
{
	static const struct {
		const char *id, *secret, *token, *words;
	} ROWS[] = {
		{ "e1", NULL, NULL, "environment: TENCENTCLOUD_SECRET_ID is set, but TENCENTCLOUD_SECRET_KEY is missing or empty" },
		{ "e1", "", NULL, "TENCENTCLOUD_SECRET_KEY is missing or empty" },
		{ "e1", " \t", NULL, "TENCENTCLOUD_SECRET_KEY is missing or empty" },
		{ "e1", "\"\"", "e3", "TENCENTCLOUD_SECRET_KEY is missing or empty" },
		{ NULL, CANARY, NULL, "TENCENTCLOUD_SECRET_KEY is set, but TENCENTCLOUD_SECRET_ID is missing or empty" },
		{ "", CANARY, NULL, "TENCENTCLOUD_SECRET_ID is missing or empty" },
		{ NULL, NULL, CANARY, "TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY are missing or empty" },
	};
	struct home *home = *state;
	home_put_tccli(home, "default.credential", "{\"secretId\":\"f1\",\"secretKey\":\"f2\"}");
	for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
		home_forget(home);
		if (ROWS[i].id)
			setenv("TENCENTCLOUD_SECRET_ID", ROWS[i].id, 1);
		if (ROWS[i].secret)
			setenv("TENCENTCLOUD_SECRET_KEY", ROWS[i].secret, 1);
		if (ROWS[i].token)
			setenv("TENCENTCLOUD_TOKEN", ROWS[i].token, 1);
		assert_refused(home, "tencent", NULL, ROWS[i].words);
		assert_true(home_load(home, "tencent", "default")); /* a named profile is what was asked for */
	}
	setenv("TENCENTCLOUD_SECRET_ID", "", 1); /* as `docker -e NAME=` and `NAME= command` leave it */
	setenv("TENCENTCLOUD_SECRET_KEY", "", 1);
	home_forget(home);
	assert_true(home_load(home, "tencent", NULL));
	assert_key(home, "f1", "f2", NULL);
}

static void what_is_plainly_no_part_of_a_value_is_taken_off(void **state)
{
	struct home *home = *state;
	setenv("TENCENTCLOUD_SECRET_ID", "\xef\xbb\xbf \"e1\"\r\n", 1);
	setenv("TENCENTCLOUD_SECRET_KEY", " '\te2'", 1);
	setenv("TENCENTCLOUD_TOKEN", "\n", 1);
	setenv("TCCLI_PROFILE", "\"work\"\r\n", 1);
	assert_true(home_load(home, "tencent", NULL));
	assert_key(home, "e1", "e2", NULL);
	home_put_tccli(home, "work.credential", "\xef\xbb\xbf{\"secretId\":\" w1\\r\\n\",\r\n\"secretKey\":\"\\\"w2\\\"\","
		"\"token\":\" \",\"type\":\" default\"}\r\n");
	home_forget(home);
	assert_true(home_load(home, "tencent", NULL));
	assert_key(home, "w1", "w2", NULL);
}

static void what_no_key_can_hold_is_refused(void **state)
{
	static const struct {
		const char *value, *words;
	} ROWS[] = {
		{ CANARY " " CANARY, "holds a blank" },
		{ CANARY "\n" CANARY, "holds a control character" },
		{ CANARY "\xc2\xa0", "holds a character that is not ASCII" },
		{ "\xe2\x80\x9c" CANARY "\xe2\x80\x9d", "not ASCII" },
		{ "\"" CANARY, "begins or ends with a quote" },
		{ CANARY "'", "begins or ends with a quote" },
		{ "${" CANARY "}", "names a variable" },
		{ "$(" CANARY ")", "names a variable" },
		{ "$" CANARY, "names a variable" },
	};
	struct home *home = *state;
	home_put_tccli(home, "default.credential", "{\"secretId\":\"f1\",\"secretKey\":\"f2\"}");
	for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
		home_forget(home);
		setenv("TENCENTCLOUD_SECRET_ID", "e1", 1);
		setenv("TENCENTCLOUD_SECRET_KEY", ROWS[i].value, 1);
		assert_refused(home, "tencent", NULL, ROWS[i].words);
		assert_non_null(strstr(home->why.data, "TENCENTCLOUD_SECRET_KEY"));
	}
}

static void a_named_profile_ignores_the_environment(void **state)
{
	struct home *home = *state;
	home_put_tccli(home, "work.credential", "{\"secretId\":\"w1\",\"secretKey\":\"w2\",\"token\":\"w3\"}");
	setenv("TENCENTCLOUD_SECRET_ID", "e1", 1);
	setenv("TENCENTCLOUD_SECRET_KEY", "e2", 1);
	setenv("TCCLI_PROFILE", "other", 1);
	assert_true(home_load(home, "tencent", "work"));
	assert_key(home, "w1", "w2", "w3");
	char path[256];
	home_path(home, path, ".tccli/work.credential");
	assert_where(home, path);
	assert_refused(home, "tencent", "missing", "tccli configure --profile missing");
}

static void tccli_profile_names_the_file(void **state)
{
	struct home *home = *state;
	home_put_tccli(home, "other.credential", "{\"secretId\":\"o1\",\"secretKey\":\"o2\",\"token\":\"\",\"type\":\"default\"}");
	setenv("TCCLI_PROFILE", "other", 1);
	assert_true(home_load(home, "tencent", NULL));
	assert_key(home, "o1", "o2", NULL);
}

static void a_profile_that_is_no_file_name(void **state)
{
	setenv("TCCLI_PROFILE", "../../etc/passwd", 1);
	assert_refused(*state, "tencent", NULL, "TCCLI_PROFILE");
}

static void files_that_are_no_good(void **state)
{
	static const struct {
		const char *text, *words;
	} ROWS[] = {
		{ "", "empty, not the JSON object" },
		{ "{\"secretId\":\"a\"}", "secretId is set, but secretKey is missing or empty: run `tccli configure`" },
		{ "{\"secretKey\":\"" CANARY "\"}", "secretKey is set, but secretId is missing or empty" },
		{ "{\"secretId\":1,\"secretKey\":\"" CANARY "\"}", "secretId is not a string" },
		{ "{\"secretId\":\"a\",\"secretKey\":[\"" CANARY "\"]}", "secretKey is not a string" },
		{ "{\"secretId\":\"a\",\"secretKey\":\"b\",\"token\":true}", "token is not a string" },
		{ "{\"secretId\":\"a\",\"secretKey\":\"b\",\"type\":5}", "type is not a string" },
		{ "{\"secretId\":\"a\",\"secretKey\":\"b\",\"role-arn\":{},\"role-session-name\":\"s\"}", "role-arn is not a string" },
		{ "{\"secretId\":\"a\",\"secretKey\":\"b\",\"role-session-name\":\"s\"}", "without role-arn" },
		{ "{\"secretId\":\"a\",\"secretKey\":\"b\",\"role-arn\":\"q\\nX: 1\",\"role-session-name\":\"s\"}", "role-arn holds a " },
		{ "{\"secretId\":\"a\",\"secretKey\":\"b\",\"role-arn\":\"q\",\"role-session-name\":\"${s}\"}", "role-session-name names a variable" },
		{ "{\"secretId\":\"a\",\"secretKey\":\"b\",\"type\":\"sso\",\"expiresAt\":\"soon\"}", "expiresAt is no time" },
		{ "{\"secretId\":\"" CANARY "\"", "not the JSON object" },
		{ "[1]", "not the JSON object" },
		{ "{}", "secretId and secretKey are missing or empty" },
		{ "{\"secretId\":\"a\",\"secretKey\":\"\"}", "secretKey is missing or empty" },
		{ "{\"secretId\":\"a b\",\"secretKey\":\"" CANARY "\"}", "secretId holds a blank" },
		{ "{\"secretId\":\"a\\u0001b\",\"secretKey\":\"" CANARY "\"}", "secretId holds a control" },
		{ "{\"secretId\":\"a\",\"secretKey\":\"b\",\"token\":\"" CANARY "\\r\\nX: 1\"}", "token holds a control" },
		{ "{\"secretId\":\"a\",\"secretKey\":\"b\",\"type\":\"magic\"}", "\"magic\" is not known" },
		{ "{\"secretId\":\"a\\u0000b\",\"secretKey\":\"" CANARY "\"}", "secretId holds a control" },
		{ "{\"type\":\"\\u001b[31m\\nx\"}", "\"?[31m?x\" is not known" },
		{ "{\"secretId\":\"a\",\"secretKey\":\"b\",\"type\":\"oauth\",\"expiresAt\":1700000000}", "run tccli" },
		{ "{\"secretId\":\"a\",\"secretKey\":\"b\",\"type\":\"sso\",\"expiresAt\":\"1700000000\"}", "run tccli" },
		{ "{\"secretId\":\"a\",\"secretKey\":\"b\",\"role-arn\":\"qcs::\"}", "without role-session-name" },
		{ "{\"secretKey\":\"b\",\"role-arn\":\"qcs::\",\"role-session-name\":\"s\"}", "secretId is missing or empty" },
	};
	for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
		home_put_tccli(*state, "default.credential", ROWS[i].text);
		assert_refused(*state, "tencent", NULL, ROWS[i].words);
	}
}

static void temporary_keys_that_tccli_keeps_fresh(void **state)
{
	struct home *home = *state;
	char text[256];
	static const char *const TYPES[] = { "oauth", "sso" };
	for (int i = 0; i < 2; i++) {
		snprintf(text, sizeof text, "{\"secretId\":\"a\",\"secretKey\":\"b\",\"token\":\"c\",\"type\":\"%s\","
			"\"expiresAt\":%lld,\"oauth\":{\"expiresAt\":1}}", TYPES[i], (long long)time(NULL) + 600);
		home_put_tccli(home, "default.credential", text);
		assert_true(home_load(home, "tencent", NULL));
		assert_key(home, "a", "b", "c");
	}
}

static void a_lent_key_says_when_it_ends(void **state)
{
	struct home *home = *state;
	home_put_tccli(home, "default.credential", "{\"secretId\":\"a\",\"secretKey\":\"b\",\"type\":\"sso\",\"expiresAt\":4000000000}");
	assert_true(home_load(home, "tencent", NULL));
	assert_true(home->found.expires_s == 4000000000);
	home_put_tccli(home, "default.credential", "{\"secretId\":\"a\",\"secretKey\":\"b\",\"expiresAt\":4000000000}");
	assert_true(home_load(home, "tencent", NULL));
	assert_true(home->found.expires_s == 0);
	static const char *const NEVER[] = { "0", "-62135596800", "\"0\"", "null" }; /* never set: it does not say */
	for (size_t i = 0; i < sizeof NEVER / sizeof *NEVER; i++) {
		char text[128];
		snprintf(text, sizeof text, "{\"secretId\":\"a\",\"secretKey\":\"b\",\"type\":\"sso\",\"expiresAt\":%s}",
			NEVER[i]);
		home_put_tccli(home, "default.credential", text);
		assert_true(home_load(home, "tencent", NULL));
		assert_true(home->found.expires_s == 0);
	}
}

static void a_rotation_is_seen(void **state)
{
	struct home *home = *state;
	home_put_tccli(home, "default.credential", "{\"secretId\":\"a\",\"secretKey\":\"b\"}");
	assert_true(home_load(home, "tencent", NULL));
	home_put_tccli(home, "default.credential", "{\"secretId\":\"c\",\"secretKey\":\"d\",\"token\":\"e\"}");
	assert_true(home_load(home, "tencent", NULL));
	assert_key(home, "c", "d", "e");
}

static void what_is_no_regular_file_is_refused_at_once(void **state)
{
	struct home *home = *state;
	char path[256];
	home_put_tccli(home, "other", "");
	home_path(home, path, ".tccli/default.credential");
	assert_int_equal(mkfifo(path, 0600), 0);
	alarm(5); /* a hang is a failure */
	assert_refused(home, "tencent", NULL, "not a regular file");
	alarm(0);
	unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_refused(home, "tencent", NULL, "Is a directory");
	rmdir(path);
	assert_int_equal(symlink("/dev/zero", path), 0);
	assert_refused(home, "tencent", NULL, "not a regular file");
	unlink(path);
	assert_int_equal(symlink("real", path), 0); /* there was a key: another one would be another account's */
	assert_refused(home, "tencent", NULL, "default.credential: a link to real, which does not exist");
	home_put_tccli(home, "real", "{\"secretId\":\"a\",\"secretKey\":\"b\"}");
	assert_true(home_load(home, "tencent", NULL)); /* a link to a file is fine */
}

static void a_file_that_others_can_get_at_is_refused(void **state)
{
	static const mode_t WRONG[] = { 0644, 0640, 0604, 0660, 0620, 0602, 0777 };
	struct home *home = *state;
	char path[256], directory[128], words[300];
	home_path(home, path, ".tccli/default.credential");
	snprintf(directory, sizeof directory, "%s/.tccli", home->path);
	home_put_tccli(home, "default.credential", "{\"secretId\":\"a\",\"secretKey\":\"b\"}");
	home_put_tccli(home, "default.configure", "{\"region\":\"ap-shanghai\"}");
	for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
		chmod(path, WRONG[i]);
		snprintf(words, sizeof words, "chmod 600 %s", path);
		assert_refused(home, "tencent", NULL, words);
	}
	chmod(path, 0400);
	assert_true(home_load(home, "tencent", NULL));
	chmod(directory, 0757);
	snprintf(words, sizeof words, "chmod 700 %s", directory);
	assert_refused(home, "tencent", NULL, words);
	chmod(directory, 01777); /* where each can only replace his own */
	assert_true(home_load(home, "tencent", NULL));
	chmod(directory, 0755);
	assert_true(home_load(home, "tencent", NULL));
}

static void a_file_that_is_too_large_is_refused(void **state)
{
	struct home *home = *state;
	char path[256];
	home_put_tccli(home, "default.credential", "{\"secretId\":\"a\",\"secretKey\":\"b\"}");
	home_path(home, path, ".tccli/default.credential");
	assert_int_equal(truncate(path, 65537), 0);
	assert_refused(home, "tencent", NULL, "File too large");
}

static void the_environments_key_is_checked_too(void **state)
{
	setenv("TENCENTCLOUD_SECRET_ID", "a", 1);
	setenv("TENCENTCLOUD_SECRET_KEY", CANARY " " CANARY, 1);
	setenv("QIANFAN_ACCESS_KEY", "a\t" CANARY, 1);
	setenv("QIANFAN_SECRET_KEY", CANARY, 1);
	assert_refused(*state, "tencent", NULL, "TENCENTCLOUD_SECRET_KEY holds a blank");
	assert_refused(*state, "baidu", NULL, "QIANFAN_ACCESS_KEY holds a control character");
}

static bool find_region(struct home *home, const char *cloud, const char *profile, struct buf *out)
{
	home_forget(home);
	home->credential_chain = credential_chain_new();
	buf_clear(out);
	buf_clear(&home->why);
	return credential_chain_region(home->credential_chain, cloud, profile, out, &home->why);
}

static void assert_region(struct home *home, const char *profile, const char *region)
{
	struct buf out;
	buf_init(&out, 100);
	if (!find_region(home, "tencent", profile, &out))
		fail_msg("%s", home->why.data);
	assert_string_equal(out.data, region ? region : "");
	buf_release(&out);
}

static void assert_no_region(struct home *home, const char *profile, const char *words)
{
	struct buf out;
	buf_init(&out, 100);
	assert_false(find_region(home, "tencent", profile, &out));
	if (out.len || !strstr(home->why.data, words) || strchr(home->why.data, '\n'))
		fail_msg("\"%s\" is not in \"%s\"", words, home->why.data);
	buf_release(&out);
}

/* A link was put there for a file: that it is gone does not make the region another one. */
static void a_region_behind_a_link_that_leads_nowhere_is_a_mistake(void **state)
{
	static const char *const TARGETS[] = { "gone", "/nowhere/dotfiles/default.configure", "default.configure/x" };
	struct home *home = *state;
	char path[256], words[300];
	home_put_tccli(home, "other", "");
	home_path(home, path, ".tccli/default.configure");
	for (size_t i = 0; i < sizeof TARGETS / sizeof *TARGETS; i++) {
		assert_int_equal(symlink(TARGETS[i], path), 0);
		snprintf(words, sizeof words, "%s: %s", path, i < 2 ? "a link to " : "");
		assert_no_region(home, NULL, words);
		assert_no_region(home, NULL, i < 2 ? TARGETS[i] : "oo many");
		unlink(path);
	}
	assert_region(home, NULL, NULL);
}

static void regions(void **state)
{
	struct home *home = *state;
	struct buf out;
	buf_init(&out, 100);
	assert_region(home, NULL, NULL);
	home_put_tccli(home, "default.configure", "{\"_sys_param\":{\"region\":\"ap-beijing\"},\"region\":\"no\"}");
	home_put_tccli(home, "work.configure", "{\"region\":\"ap-nanjing\"}");
	home_put_tccli(home, "none.configure", "{\"_sys_param\":{\"output\":\"json\"}}");
	assert_region(home, NULL, "ap-beijing");
	assert_region(home, "work", "ap-nanjing");
	assert_region(home, "none", NULL);
	assert_region(home, "missing", NULL);
	setenv("TENCENTCLOUD_REGION", "ap-shanghai", 1);
	assert_region(home, NULL, "ap-shanghai");
	assert_region(home, "work", "ap-nanjing");
	assert_true(find_region(home, "baidu", NULL, &out));
	assert_int_equal(out.len, 0);
}

/* It never becomes the catalog's: that would be another region's resources. */
static void a_region_is_made_plain_or_refused(void **state)
{
	static const struct {
		const char *value, *region; /* NULL: refused */
	} ROWS[] = {
		{ "ap-shanghai\n", "ap-shanghai" }, { " ap-shanghai ", "ap-shanghai" }, { "ap-shanghai\r", "ap-shanghai" },
		{ "'ap-shanghai'", "ap-shanghai" }, { "\"ap-shanghai\"\r\n", "ap-shanghai" },
		{ "\xef\xbb\xbf" "ap-shanghai", "ap-shanghai" }, { "", "" }, { " ", NULL }, { "\"\"", NULL },
		{ "ap shanghai", NULL }, { "AP-SHANGHAI", NULL }, { "ap-shanghai\nX: 1", NULL }, { "'ap-shanghai", NULL },
		{ "ap-shanghai # mine", NULL }, { "${REGION}", NULL }, { "ap\xc2\xa0", NULL },
	};
	struct home *home = *state;
	home_put_tccli(home, "default.configure", "{}");
	for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
		setenv("TENCENTCLOUD_REGION", ROWS[i].value, 1);
		if (ROWS[i].region)
			assert_region(home, NULL, ROWS[i].region);
		else
			assert_no_region(home, NULL, "environment: TENCENTCLOUD_REGION ");
	}
}

static void a_file_with_a_region_is_read_whole_or_refused(void **state)
{
	static const struct {
		const char *text, *region, *words;
	} ROWS[] = {
		{ "\xef\xbb\xbf{\"region\":\" ap-x\\r\\n\"}", "ap-x", NULL },
		{ "{\r\n\"_sys_param\":{\"region\":\"'ap-x'\"}}\r\n", "ap-x", NULL },
		{ "", NULL, "empty, not the JSON object" },
		{ "{\"_sys_param\":{\"region\":\"ap-bei", NULL, "cut off or changed, not the JSON object" },
		{ "[]", NULL, "not the JSON object" },
		{ "\"ap-x\"", NULL, "not the JSON object" },
		{ "\xff\xfe{", NULL, "is UTF-16: save it as UTF-8" },
		{ "{\"_sys_param\":{\"region\":5}}", NULL, "_sys_param.region is not a string" },
		{ "{\"_sys_param\":{\"region\":[\"ap-x\"]}}", NULL, "_sys_param.region is not a string" },
		{ "{\"_sys_param\":{\"region\":null}}", NULL, "_sys_param.region is not a string" },
		{ "{\"_sys_param\":\"ap-x\"}", NULL, "_sys_param is no object" },
		{ "{\"region\":false}", NULL, "region is not a string" },
		{ "{\"region\":\"\"}", NULL, "region is empty" },
		{ "{\"region\":\"ap\\r\\nX: 1\"}", NULL, "region is not the name of a region" },
		{ "{\"region\":\"ap\\u0000x\"}", NULL, "region is not the name of a region" },
	};
	struct home *home = *state;
	char path[256];
	home_path(home, path, ".tccli/work.configure");
	for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
		home_put_tccli(home, "work.configure", ROWS[i].text);
		if (ROWS[i].region)
			assert_region(home, "work", ROWS[i].region);
		else
			assert_no_region(home, "work", ROWS[i].words);
		if (!ROWS[i].region)
			assert_non_null(strstr(home->why.data, path));
	}
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	fwrite("{\"region\":\"a\0\"}", 1, 15, file);
	fclose(file);
	assert_no_region(home, "work", "holds a zero byte");
}

/*
 * In a process of its own, started with secrets in its environment: prints nothing, 0 if all are
 * gone.
 */
static int scrub(void)
{
	static char bytes[65536];
	struct credential_chain *chain = credential_chain_new();
	int fd = open("/proc/self/environ", O_RDONLY | O_CLOEXEC);
	ssize_t len = read(fd, bytes, sizeof bytes);
	close(fd);
	bool clean = len > 0 && !memmem(bytes, (size_t)len, CANARY, strlen(CANARY)) &&
		!getenv("SSLKEYLOGFILE") && !getenv("https_proxy") && !getenv("ALL_PROXY") &&
		!getenv("NO_PROXY") && !getenv("CURL_CA_BUNDLE") && !getenv("SSL_CERT_FILE") &&
		!getenv("SSL_CERT_DIR") && !getenv("OPENSSL_CONF") && !getenv("TENCENTCLOUD_TOKEN") && !getenv("QIANFAN_SECRET_KEY");
	bool kept = getenv("PROXY") && getenv("my_proxy_x") && getenv("HOME") &&
		strcmp(credential_chain_home(chain), getenv("HOME")) == 0;
	credential_chain_free(chain);
	return clean && kept ? 0 : 1;
}

static void the_environment_is_scrubbed_in_place(void **state)
{
	(void)state;
	char *const environment[] = { (char *)"HOME=/root", (char *)"https_proxy=a", (char *)"ALL_PROXY=b",
		(char *)"PROXY=keep", (char *)"my_proxy_x=keep", (char *)"NO_PROXY=c",
		(char *)"TENCENTCLOUD_SECRET_ID=" CANARY, (char *)"TENCENTCLOUD_SECRET_KEY=" CANARY,
		(char *)"TENCENTCLOUD_SECRET_KEY=twice" CANARY, (char *)"TENCENTCLOUD_TOKEN=" CANARY,
		(char *)"SSLKEYLOGFILE=/tmp/k", (char *)"CURL_CA_BUNDLE=x", (char *)"SSL_CERT_FILE=x",
		(char *)"SSL_CERT_DIR=x", (char *)"OPENSSL_CONF=/nowhere", (char *)"QIANFAN_ACCESS_KEY=" CANARY, (char *)"QIANFAN_SECRET_KEY=" CANARY,
		(char *)"http_proxy=last", NULL };
	char *const arguments[] = { (char *)"test_credentials_tccli", (char *)"--scrub", NULL };
	pid_t child = fork();
	if (child == 0) {
		execve("/proc/self/exe", arguments, environment);
		_exit(99);
	}
	int status;
	waitpid(child, &status, 0);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void a_changed_file_has_another_mark(void **state)
{
	struct home *home = *state;
	home->credential_chain = credential_chain_new();
	assert_int_equal(credential_chain_mark(home->credential_chain, "tencent", NULL), 0);
	home_put_tccli(home, "default.credential", "{\"secretId\":\"f1\",\"secretKey\":\"f2\"}");
	uint64_t mark = credential_chain_mark(home->credential_chain, "tencent", NULL);
	assert_true(mark);
	assert_true(credential_chain_mark(home->credential_chain, "tencent", NULL) == mark);
	assert_int_equal(credential_chain_mark(home->credential_chain, "tencent", "work"), 0);
	assert_int_equal(credential_chain_mark(home->credential_chain, "baidu", NULL), 0);
	home_put_tccli(home, "default.credential", "{\"secretId\":\"f1\",\"secretKey\":\"changed\"}");
	assert_true(credential_chain_mark(home->credential_chain, "tencent", NULL) != mark);
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--scrub") == 0)
		return scrub();
	const struct CMUnitTest tests[] = {
		TEST(the_environment_wins_over_the_file),
		TEST(the_environments_token),
		TEST(half_a_key_in_the_environment_is_an_error),
		TEST(what_is_plainly_no_part_of_a_value_is_taken_off),
		TEST(what_no_key_can_hold_is_refused),
		TEST(a_named_profile_ignores_the_environment),
		TEST(tccli_profile_names_the_file),
		TEST(a_profile_that_is_no_file_name),
		TEST(files_that_are_no_good),
		TEST(temporary_keys_that_tccli_keeps_fresh),
		TEST(a_file_that_others_can_get_at_is_refused),
		TEST(a_lent_key_says_when_it_ends),
		TEST(a_rotation_is_seen),
		TEST(a_changed_file_has_another_mark),
		TEST(what_is_no_regular_file_is_refused_at_once),
		TEST(a_file_that_is_too_large_is_refused),
		TEST(the_environments_key_is_checked_too),
		TEST(a_region_behind_a_link_that_leads_nowhere_is_a_mistake),
		TEST(regions),
		TEST(a_region_is_made_plain_or_refused),
		TEST(a_file_with_a_region_is_read_whole_or_refused),
		TEST(the_environment_is_scrubbed_in_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
