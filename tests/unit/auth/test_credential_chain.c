/*
 * test_credential_chain.c - the places behind tccli's files: the SDKs', roles, and Baidu's; and their order.
 *
 * /etc/tencentcloud/credentials is not there on a machine that tests.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "home.h"

#define SDK ".tencentcloud/credentials"
#define BCECMD ".go-bcecli/credentials"
#define TCCLI_KEY "{\"secretId\":\"f1\",\"secretKey\":\"f2\"}"

static void put_variables(const char *const *variables)
{
	for (; variables[0]; variables += 2)
		setenv(variables[0], variables[1], 1);
}

static void put_environment(void)
{
	put_variables((const char *const[]){ "TENCENTCLOUD_SECRET_ID", "e1", "TENCENTCLOUD_SECRET_KEY", "e2", NULL });
}

static void put_kubernetes(const struct home *home)
{
	char path[256];
	home_put(home, "k8s/token", CANARY "\n");
	home_path(home, path, "k8s/token");
	chmod(path, 0644); /* as a cluster has it */
	put_variables((const char *const[]){ "TKE_REGION", "ap-shanghai", "TKE_PROVIDER_ID", "cls-1",
		"TKE_ROLE_ARN", "qcs::cam::uin/1:roleName/tke", "TKE_WEB_IDENTITY_TOKEN_FILE", path, NULL });
}

/* ---- the order */

static void each_place_gives_way_to_those_before_it(void **state)
{
	struct home *home = *state;
	assert_true(home_load(home, "tencent", NULL));
	assert_int_equal(home->found.kind, CREDENTIAL_SOURCE_MACHINE);
	assert_non_null(home->found.looked_at);
	put_kubernetes(home);
	home_forget(home);
	assert_true(home_load(home, "tencent", NULL));
	assert_int_equal(home->found.kind, CREDENTIAL_SOURCE_IDENTITY);
	home_put(home, SDK, "[default]\nsecret_id=s1\nsecret_key=s2\n");
	assert_true(home_load(home, "tencent", NULL));
	assert_key(home, "s1", "s2", NULL);
	assert_where(home, SDK);
	home_put_tccli(home, "default.credential", TCCLI_KEY);
	assert_true(home_load(home, "tencent", NULL));
	assert_key(home, "f1", "f2", NULL);
	put_environment();
	home_forget(home);
	assert_true(home_load(home, "tencent", NULL));
	assert_key(home, "e1", "e2", NULL);
	home_put_tccli(home, "work.credential", "{\"secretId\":\"w1\",\"secretKey\":\"w2\"}");
	assert_true(home_load(home, "tencent", "work"));
	assert_key(home, "w1", "w2", NULL);
}

static void a_place_that_is_wrong_ends_the_search(void **state)
{
	struct home *home = *state;
	char path[256];
	put_kubernetes(home);
	home_put_tccli(home, "default.credential", "{\"type\":\"magic\"}");
	home_put(home, SDK, "[default]\nsecret_id=s1\nsecret_key=s2\n");
	assert_refused(home, "tencent", NULL, "\"magic\" is not known");
	home_path(home, path, ".tccli/default.credential");
	unlink(path);
	home_put(home, SDK, "[default]\nsecret_id=s1\n");
	assert_refused(home, "tencent", NULL, "credentials:1: secret_id is set, but secret_key is missing or empty: add it to [default]");
}

static void nothing_at_all_says_what_was_looked_at(void **state)
{
	static const char *const WORDS[] = { "TENCENTCLOUD_SECRET_ID", "/.tccli/default.credential: No such file",
		"no ~/.tencentcloud/credentials", "/etc/tencentcloud/credentials: No such file", "TKE_ROLE_ARN" };
	struct home *home = *state;
	assert_true(home_load(home, "tencent", NULL));
	for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
		assert_non_null(strstr(home->found.looked_at, WORDS[i]));
	assert_null(strchr(home->found.looked_at, '\n'));
	assert_refused(home, "tencent", "work", "there are no profiles: run `tccli configure --profile work`");
	assert_non_null(strstr(home->looked.data, "/etc/tencentcloud/credentials"));
	put_kubernetes(home); /* who names a profile wants that one */
	home_forget(home);
	assert_refused(home, "tencent", "work", "run `tccli configure --profile work`");
	assert_refused(home, "aws", NULL, "aws");
}

static void no_home(void **state)
{
	struct home *home = *state;
	unsetenv("HOME");
	assert_true(home_load(home, "tencent", NULL));
	assert_non_null(strstr(home->found.looked_at, "HOME is not set"));
	assert_refused(home, "tencent", "work", "there are no profiles");
	assert_non_null(strstr(home->looked.data, "HOME is not set"));
	assert_refused(home, "baidu", NULL, "no key");
	assert_non_null(strstr(home->looked.data, "HOME is not set"));
	assert_null(credential_chain_home(home->credential_chain));
}

/* ---- the SDKs' file */

static void the_section_is_the_profile(void **state)
{
	struct home *home = *state;
	home_put(home, SDK, "# mine\n[default]\nsecret_id = s1\nsecret_key = s2\ntoken = s3\nrole_arn = x\n"
		"[work]\nsecret_id=w1\nsecret_key=w2\n");
	assert_true(home_load(home, "tencent", NULL));
	assert_key(home, "s1", "s2", "s3");
	assert_true(home_load(home, "tencent", "work"));
	assert_key(home, "w1", "w2", NULL);
	assert_refused(home, "tencent", "home", "no key for the profile home: the profiles are default, work: run");
	assert_non_null(strstr(home->looked.data, "no section [home]"));
	home_put_tccli(home, "other.credential", TCCLI_KEY);
	home_put_tccli(home, "\n.credential", TCCLI_KEY);
	assert_refused(home, "tencent", "home", "the profiles are ?, default, other, work: run");
	setenv("TCCLI_PROFILE", "work", 1);
	home_forget(home);
	assert_true(home_load(home, "tencent", NULL));
	assert_key(home, "w1", "w2", NULL);
	setenv("TCCLI_PROFILE", "home", 1); /* who names one does not want another */
	home_forget(home);
	assert_refused(home, "tencent", NULL, "no key for the profile home");
}

static void no_section_of_that_name_is_no_mistake(void **state)
{
	struct home *home = *state;
	home_put(home, SDK, "[work]\nsecret_id=w1\nsecret_key=w2\n");
	assert_true(home_load(home, "tencent", NULL));
	assert_int_equal(home->found.kind, CREDENTIAL_SOURCE_MACHINE);
	assert_non_null(strstr(home->found.looked_at, "no section [default]"));
}

static void a_file_that_is_no_good(void **state)
{
	static const struct {
		const char *text, *words;
	} ROWS[] = {
		{ "[default]\nsecret_id\n", "credentials:2: neither [SECTION] nor KEY = VALUE" },
		{ "\n[default]\nsecret_key=" CANARY "\n", "credentials:2: secret_key is set, but secret_id is missing or empty" },
		{ "[default]\nsecret_id=\nsecret_key=" CANARY "\n", "secret_id is missing or empty" },
		{ "[default]\n", "secret_id and secret_key are missing or empty" },
		{ "[default]\ntoken=" CANARY "\n", "secret_id and secret_key are missing or empty" },
		{ "[default]\nsecret_id=a\nsecret_id=b\nsecret_key=" CANARY "\n", "credentials:3: secret_id occurs twice in [default]" },
		{ "[default]\nsecret_id=a\nsecret_key='" CANARY "\n", "credentials:3: the value has a quote without its end" },
		{ "[default]\nsecret_id=a\nsecret_key=" CANARY "\"\n", "secret_key begins or ends with a quote" },
		{ "[default]\nsecret_id=a\nsecret_key=${" CANARY "}\n", "secret_key names a variable" },
		{ "\xff\xfe[", "is UTF-16" },
		{ "[default]\nsecret_id=a\nsecret_key=" CANARY "\x01x\n", "secret_key holds a control" },
		{ "[default]\nsecret_id=a\nsecret_key=b\ntoken=" CANARY "\x7fx\n", "token holds a control" },
	};
	struct home *home = *state;
	char path[256], words[300];
	for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
		home_put(home, SDK, ROWS[i].text);
		assert_refused(home, "tencent", NULL, ROWS[i].words);
	}
	home_put(home, SDK, "[default]\nsecret_id=a\nsecret_key=b\n");
	home_path(home, path, SDK);
	chmod(path, 0640);
	snprintf(words, sizeof words, "chmod 600 %s", path);
	assert_refused(home, "tencent", NULL, words);
	unlink(path);
	mkfifo(path, 0600);
	alarm(5); /* a hang is a failure */
	assert_refused(home, "tencent", NULL, "not a regular file");
	alarm(0);
}

static void what_people_put_around_a_value(void **state)
{
	struct home *home = *state;
	home_put(home, SDK, "\xef\xbb\xbf[default] # mine\r\nsecret_id = 's1' # the id\r\nsecret_key = s2\t; the key\r\ntoken = \"\"\r\n");
	assert_true(home_load(home, "tencent", NULL));
	assert_key(home, "s1", "s2", NULL);
	home_put(home, BCECMD, "[Defaults]\nAk = \"b1\"\nSk = b2 # my key\n");
	assert_true(home_load(home, "baidu", NULL));
	assert_key(home, "b1", "b2", NULL);
	home_put(home, BCECMD, "[Defaults]\nAk = b1\n");
	assert_refused(home, "baidu", NULL, "credentials:1: Ak is set, but Sk is missing or empty");
}

/* ---- roles */

static void the_machines_role(void **state)
{
	struct home *home = *state;
	home_put_tccli(home, "default.credential", "{\"type\":\"cvm-role\"}");
	setenv("TENCENTCLOUD_ROLE_ARN", "qcs::", 1); /* as tccli has it, the machine's own wins */
	assert_true(home_load(home, "tencent", NULL));
	assert_int_equal(home->found.kind, CREDENTIAL_SOURCE_MACHINE);
	assert_null(home->found.looked_at); /* it was named */
	assert_where(home, "default.credential: the role of this machine");
}

static void assert_role(const struct home *home, const char *id, const char *role, const char *session)
{
	assert_int_equal(home->found.kind, CREDENTIAL_SOURCE_ROLE);
	assert_string_equal(home->found.key.id, id);
	assert_string_equal(home->found.role, role);
	assert_string_equal(home->found.session, session);
}

static void a_profiles_role(void **state)
{
	struct home *home = *state;
	home_put_tccli(home, "default.credential", "{\"secretId\":\"a\",\"secretKey\":\"b\",\"token\":\"c\","
		"\"role-arn\":\"qcs::1\",\"role-session-name\":\"me\"}");
	assert_true(home_load(home, "tencent", NULL));
	assert_role(home, "a", "qcs::1", "me");
	assert_key(home, "a", "b", "c");
	home_put_tccli(home, "default.credential", "{\"secretId\":\"a\",\"secretKey\":\"b\",\"role-arn\":\"\","
		"\"role-session-name\":\"\"}");
	assert_true(home_load(home, "tencent", NULL));
	assert_int_equal(home->found.kind, CREDENTIAL_SOURCE_KEY);
}

static void the_environments_role_is_taken_with_any_key(void **state)
{
	struct home *home = *state;
	put_variables((const char *const[]){ "TENCENTCLOUD_ROLE_ARN", "qcs::2", "TENCENTCLOUD_ROLE_SESSION_NAME", "us",
		NULL });
	assert_refused(home, "tencent", NULL, "no key to assume the role with");
	home_put(home, SDK, "[default]\nsecret_id=s1\nsecret_key=s2\n");
	assert_true(home_load(home, "tencent", NULL));
	assert_role(home, "s1", "qcs::2", "us");
	home_put_tccli(home, "default.credential", "{\"secretId\":\"a\",\"secretKey\":\"b\","
		"\"role-arn\":\"qcs::1\",\"role-session-name\":\"me\"}");
	assert_true(home_load(home, "tencent", NULL));
	assert_role(home, "a", "qcs::2", "us");
	assert_true(home_load(home, "tencent", "default")); /* who names a profile has named its role */
	assert_role(home, "a", "qcs::1", "me");
	put_environment();
	home_forget(home);
	assert_true(home_load(home, "tencent", NULL));
	assert_role(home, "e1", "qcs::2", "us");
	assert_where(home, "environment");
	unsetenv("TENCENTCLOUD_ROLE_SESSION_NAME");
	put_environment();
	home_forget(home);
	assert_refused(home, "tencent", NULL, "TENCENTCLOUD_ROLE_ARN without TENCENTCLOUD_ROLE_SESSION_NAME");
	unsetenv("TENCENTCLOUD_ROLE_ARN");
	setenv("TENCENTCLOUD_ROLE_SESSION_NAME", "us", 1);
	put_environment();
	home_forget(home);
	assert_refused(home, "tencent", NULL, "TENCENTCLOUD_ROLE_SESSION_NAME without TENCENTCLOUD_ROLE_ARN");
	setenv("TENCENTCLOUD_ROLE_ARN", "qcs::2\nX: 1", 1);
	put_environment();
	home_forget(home);
	assert_refused(home, "tencent", NULL, "TENCENTCLOUD_ROLE_ARN holds a control character");
	put_variables((const char *const[]){ "TENCENTCLOUD_ROLE_ARN", "'qcs::2'\r\n", "TENCENTCLOUD_ROLE_SESSION_NAME",
		" us\n", NULL });
	put_environment();
	home_forget(home);
	assert_true(home_load(home, "tencent", NULL));
	assert_role(home, "e1", "qcs::2", "us");
}

static void what_a_cluster_vouches_for(void **state)
{
	struct home *home = *state;
	put_kubernetes(home);
	assert_true(home_load(home, "tencent", NULL));
	assert_int_equal(home->found.kind, CREDENTIAL_SOURCE_IDENTITY);
	assert_string_equal(home->found.identity, CANARY);
	assert_string_equal(home->found.provider, "cls-1");
	assert_string_equal(home->found.region, "ap-shanghai");
	assert_string_equal(home->found.role, "qcs::cam::uin/1:roleName/tke");
	assert_string_equal(home->found.session, "describefs");
	home_put(home, "k8s/token", "renewed");
	assert_true(home_load(home, "tencent", NULL));
	assert_string_equal(home->found.identity, "renewed");
	home_put(home, "k8s/token", "");
	assert_refused(home, "tencent", NULL, "the token is empty");
	home_put(home, "k8s/token", CANARY "\x01");
	assert_refused(home, "tencent", NULL, "holds a control character");
	setenv("TKE_WEB_IDENTITY_TOKEN_FILE", "nowhere", 1); /* named from where we stand */
	home_forget(home);
	char path[256];
	home_path(home, path, "nowhere: No such file");
	assert_refused(home, "tencent", NULL, path);
	setenv("TKE_REGION", "ap\r\nX: 1", 1);
	home_forget(home);
	assert_refused(home, "tencent", NULL, "TKE_REGION is not the name");
}

/* The machine's role, which would come next, is another account's. */
static void a_cluster_that_is_named_in_part_is_an_error(void **state)
{
	static const char *const NAMES[] = { "TKE_REGION", "TKE_PROVIDER_ID", "TKE_ROLE_ARN", "TKE_WEB_IDENTITY_TOKEN_FILE" };
	struct home *home = *state;
	char words[100];
	for (size_t i = 0; i < 4; i++) {
		put_kubernetes(home);
		if (i % 2)
			unsetenv(NAMES[i]);
		else
			setenv(NAMES[i], "", 1);
		home_forget(home);
		snprintf(words, sizeof words, "but %s is not, or is empty", NAMES[i]);
		assert_refused(home, "tencent", NULL, words);
		for (size_t other = 0; other < 4; other++)
			if (other != i)
				unsetenv(NAMES[other]);
		setenv(NAMES[i], "ap-x", 1);
		home_forget(home);
		snprintf(words, sizeof words, "environment: %s is set, but TKE_", NAMES[i]);
		assert_refused(home, "tencent", NULL, words);
		unsetenv(NAMES[i]);
	}
	put_kubernetes(home);
	setenv("TKE_ROLE_ARN", "qcs::${ROLE}", 1);
	home_forget(home);
	assert_refused(home, "tencent", NULL, "TKE_ROLE_ARN names a variable");
}

static void any_file_of_the_chain_changes_the_mark(void **state)
{
	struct home *home = *state;
	char path[256];
	home->credential_chain = credential_chain_new();
	assert_int_equal(credential_chain_mark(home->credential_chain, "tencent", NULL), 0);
	home_put(home, SDK, "[default]\n");
	uint64_t one = credential_chain_mark(home->credential_chain, "tencent", NULL);
	assert_true(one != 0);
	home_put_tccli(home, "default.credential", TCCLI_KEY);
	uint64_t two = credential_chain_mark(home->credential_chain, "tencent", NULL);
	assert_true(two != one);
	home_path(home, path, SDK);
	unlink(path);
	assert_true(credential_chain_mark(home->credential_chain, "tencent", NULL) != two);
	home_put(home, ".env", "QIANFAN_ACCESS_KEY=1");
	one = credential_chain_mark(home->credential_chain, "baidu", NULL);
	home_put(home, BCECMD, "[Defaults]\n");
	assert_true(one && credential_chain_mark(home->credential_chain, "baidu", NULL) != one);
}

/* ---- Baidu */

static void baidus_places(void **state)
{
	struct home *home = *state;
	char path[256];
	assert_refused(home, "baidu", NULL, "set QIANFAN_ACCESS_KEY and QIANFAN_SECRET_KEY");
	assert_non_null(strstr(home->looked.data, "/.env: No such file"));
	assert_non_null(strstr(home->looked.data, BCECMD));
	assert_refused(home, "baidu", "work", "no profiles");
	home_put(home, BCECMD, "[Defaults]\nAk = b1\nSk = b2\nSts = b3\n");
	assert_true(home_load(home, "baidu", NULL));
	assert_key(home, "b1", "b2", "b3");
	home_put(home, BCECMD, "[Defaults]\nAk = b1\nSk = b2\nSts =\n");
	assert_true(home_load(home, "baidu", NULL));
	assert_key(home, "b1", "b2", NULL);
	home_put(home, ".env", "QIANFAN_ACCESS_KEY=d1\nQIANFAN_SECRET_KEY=d2\n");
	assert_int_equal(chdir("/"), 0); /* as a daemon does */
	assert_true(home_load(home, "baidu", NULL));
	assert_key(home, "d1", "d2", NULL);
	home_path(home, path, ".env");
	assert_where(home, path);
	put_variables((const char *const[]){ "QIANFAN_ACCESS_KEY", "e1", "QIANFAN_SECRET_KEY", "e2", NULL });
	home_forget(home);
	assert_true(home_load(home, "baidu", NULL));
	assert_key(home, "e1", "e2", NULL);
}

static void what_a_dotenv_file_may_look_like(void **state)
{
	static const struct {
		const char *text, *id, *secret;
	} ROWS[] = {
		{ "export QIANFAN_ACCESS_KEY=' a '\n\tQIANFAN_SECRET_KEY = \"c#d\" # e\n", "a", "c#d" },
		{ "\xef\xbb\xbf" "export\tQIANFAN_ACCESS_KEY=a\r\n'QIANFAN_SECRET_KEY'=b\r\n", "a", "b" },
		{ "QIANFAN_ACCESS_KEY=${NO}\nQIANFAN_ACCESS_KEY=a\nA=${B}\nQIANFAN_SECRET_KEY_2=$C\nQIANFAN_SECRET_KEY=b", NULL, NULL },
		{ "A=1\n#QIANFAN_ACCESS_KEY=no\nQIANFAN_ACCESS_KEY=a\nQIANFAN_SECRET_KEY=b # c\r\nnonsense\n", "a", "b" },
		{ "QIANFAN_ACCESS_KEYS=no\nQIANFAN_ACCESS_KEY=no\nQIANFAN_ACCESS_KEY=a\nQIANFAN_SECRET_KEY=b#c", "a", "b#c" },
		{ "QIANFAN_ACCESS_KEY=a\nexportQIANFAN_ACCESS_KEY=c\nQIANFAN_SECRET_KEY=b=c==", "a", "b=c==" },
	};
	struct home *home = *state;
	for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
		home_put(home, ".env", ROWS[i].text);
		if (!ROWS[i].id) {
			assert_refused(home, "baidu", NULL, "/.env:1: QIANFAN_ACCESS_KEY names a variable");
			continue;
		}
		assert_true(home_load(home, "baidu", NULL));
		assert_key(home, ROWS[i].id, ROWS[i].secret, NULL);
	}
}

/* bcecmd's key, which would come next, is another account's. */
static void half_a_key_of_baidus_is_an_error(void **state)
{
	static const struct {
		const char *id, *secret, *text, *words; /* the variables, and .env */
	} ROWS[] = {
		{ NULL, NULL, "QIANFAN_ACCESS_KEY=" CANARY "\n", "/.env: QIANFAN_ACCESS_KEY is set, but QIANFAN_SECRET_KEY is missing or empty: neither the environment nor /" },
		{ NULL, NULL, "QIANFAN_SECRET_KEY=" CANARY "\n", "QIANFAN_ACCESS_KEY is missing or empty: neither" },
		{ NULL, NULL, "QIANFAN_ACCESS_KEY=a\nQIANFAN_SECRET_KEY=#" CANARY "\n", "QIANFAN_SECRET_KEY is missing or empty" },
		{ NULL, NULL, "QIANFAN_ACCESS_KEY=a\nQIANFAN_SECRET_KEY=''\n", "QIANFAN_SECRET_KEY is missing or empty" },
		{ NULL, NULL, "QIANFAN_ACCESS_KEY=\nQIANFAN_SECRET_KEY=\n", "QIANFAN_ACCESS_KEY and QIANFAN_SECRET_KEY are missing or empty" },
		{ "e1", NULL, NULL, "environment: QIANFAN_ACCESS_KEY is set, but QIANFAN_SECRET_KEY is missing or empty: neither the environment nor /" },
		{ "e1", "", NULL, "QIANFAN_SECRET_KEY is missing or empty" },
		{ NULL, CANARY, NULL, "QIANFAN_SECRET_KEY is set, but QIANFAN_ACCESS_KEY is missing or empty" },
		{ "e1", NULL, "A=1\n", "QIANFAN_SECRET_KEY is missing or empty" },
		{ NULL, CANARY, "QIANFAN_SECRET_KEY=b\n", "QIANFAN_ACCESS_KEY is missing or empty" },
		{ NULL, NULL, "QIANFAN_ACCESS_KEY: a\nQIANFAN_SECRET_KEY=b\n", "/.env:1: QIANFAN_ACCESS_KEY is there, but no '=' behind it" },
		{ NULL, NULL, "A=1\nQIANFAN_ACCESS_KEY\nQIANFAN_SECRET_KEY=b\n", "/.env:2: QIANFAN_ACCESS_KEY is there" },
		{ NULL, NULL, "QIANFAN_ACCESS_KEY=\"a\nQIANFAN_SECRET_KEY=b\n", "/.env:1: QIANFAN_ACCESS_KEY has a quote without its end" },
		{ NULL, NULL, "QIANFAN_ACCESS_KEY=a\nQIANFAN_SECRET_KEY='" CANARY "'x\n", "/.env:2: QIANFAN_SECRET_KEY has something behind" },
		{ NULL, NULL, "QIANFAN_ACCESS_KEY=a\nQIANFAN_SECRET_KEY=\"${" CANARY "}\"\n", "QIANFAN_SECRET_KEY names a variable" },
		{ NULL, NULL, "QIANFAN_ACCESS_KEY=a\nQIANFAN_SECRET_KEY=$" CANARY "\n", "QIANFAN_SECRET_KEY names a variable" },
		{ NULL, NULL, "\xff\xfeQ", "/.env is UTF-16" },
	};
	struct home *home = *state;
	char path[256];
	home_path(home, path, ".env");
	home_put(home, BCECMD, "[Defaults]\nAk = b1\nSk = b2\n");
	for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
		unlink(path);
		if (ROWS[i].text)
			home_put(home, ".env", ROWS[i].text);
		if (ROWS[i].id)
			setenv("QIANFAN_ACCESS_KEY", ROWS[i].id, 1);
		if (ROWS[i].secret)
			setenv("QIANFAN_SECRET_KEY", ROWS[i].secret, 1);
		home_forget(home);
		assert_refused(home, "baidu", NULL, ROWS[i].words);
	}
	home_put(home, ".env", "QIANFAN_ACCESS_KEY=a\n");
	setenv("QIANFAN_SECRET_KEY", "of-the-environment", 1); /* each half by itself, as the SDKs have it */
	home_forget(home);
	assert_true(home_load(home, "baidu", NULL));
	assert_key(home, "a", "of-the-environment", NULL);
}

static void a_dotenv_file_that_is_not_ours_is_left_alone(void **state)
{
	struct home *home = *state;
	char path[256], words[300];
	home_put(home, BCECMD, "[Defaults]\nAk = b1\nSk = b2\n");
	home_put(home, ".env", "DATABASE=x\n");
	home_path(home, path, ".env");
	chmod(path, 0644);
	assert_true(home_load(home, "baidu", NULL));
	assert_key(home, "b1", "b2", NULL);
	home_put(home, ".env", "QIANFAN_ACCESS_KEY=a\nQIANFAN_SECRET_KEY=b\n");
	chmod(path, 0644);
	snprintf(words, sizeof words, "chmod 600 %s", path);
	assert_refused(home, "baidu", NULL, words);
	unlink(path);
	mkfifo(path, 0600);
	alarm(5); /* a hang is a failure */
	assert_true(home_load(home, "baidu", NULL));
	alarm(0);
}

static void another_dotenv_file_has_to_be_there(void **state)
{
	struct home *home = *state;
	home_put(home, BCECMD, "[Defaults]\nAk = b1\nSk = b2\n");
	setenv("QIANFAN_DOT_ENV_CONFIG_FILE", "conf/q.env", 1);
	assert_refused(home, "baidu", NULL, "QIANFAN_DOT_ENV_CONFIG_FILE: ");
	home_put(home, "conf/q.env", "QIANFAN_ACCESS_KEY=a\nQIANFAN_SECRET_KEY=b\n");
	assert_true(home_load(home, "baidu", NULL));
	assert_key(home, "a", "b", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_place_gives_way_to_those_before_it),
		TEST(a_place_that_is_wrong_ends_the_search),
		TEST(nothing_at_all_says_what_was_looked_at),
		TEST(no_home),
		TEST(the_section_is_the_profile),
		TEST(no_section_of_that_name_is_no_mistake),
		TEST(a_file_that_is_no_good),
		TEST(what_people_put_around_a_value),
		TEST(a_cluster_that_is_named_in_part_is_an_error),
		TEST(half_a_key_of_baidus_is_an_error),
		TEST(the_machines_role),
		TEST(a_profiles_role),
		TEST(the_environments_role_is_taken_with_any_key),
		TEST(what_a_cluster_vouches_for),
		TEST(any_file_of_the_chain_changes_the_mark),
		TEST(baidus_places),
		TEST(what_a_dotenv_file_may_look_like),
		TEST(a_dotenv_file_that_is_not_ours_is_left_alone),
		TEST(another_dotenv_file_has_to_be_there),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
