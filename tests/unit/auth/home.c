/*
 * home.c - a HOME of the test's own.
 */
#include "home.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const VARIABLES[] = { "TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY",
	"TENCENTCLOUD_TOKEN", "TENCENTCLOUD_REGION", "TENCENTCLOUD_ROLE_ARN",
	"TENCENTCLOUD_ROLE_SESSION_NAME", "TCCLI_PROFILE", "TKE_REGION", "TKE_PROVIDER_ID",
	"TKE_WEB_IDENTITY_TOKEN_FILE", "TKE_ROLE_ARN", "QIANFAN_ACCESS_KEY", "QIANFAN_SECRET_KEY",
	"QIANFAN_DOT_ENV_CONFIG_FILE", "XDG_CONFIG_HOME", "SUDO_UID" };

int home_setup(void **state)
{
	struct home *home = calloc(1, sizeof *home);
	strcpy(home->path, "/tmp/describefs-home-XXXXXX");
	assert_non_null(mkdtemp(home->path));
	buf_init(&home->why, 4000);
	buf_init(&home->looked, 4000);
	for (size_t i = 0; i < sizeof VARIABLES / sizeof *VARIABLES; i++)
		unsetenv(VARIABLES[i]);
	setenv("HOME", home->path, 1);
	assert_int_equal(chdir(home->path), 0);
	*state = home;
	return 0;
}

int home_teardown(void **state)
{
	struct home *home = *state;
	char command[128];
	assert_int_equal(chdir("/"), 0);
	snprintf(command, sizeof command, "rm -rf %s", home->path);
	assert_int_equal(system(command), 0);
	credential_chain_free(home->credential_chain);
	credential_source_release(&home->found);
	buf_release(&home->why);
	buf_release(&home->looked);
	free(home);
	return 0;
}

void home_path(const struct home *home, char path[static 256], const char *name)
{
	snprintf(path, 256, "%s/%s", home->path, name);
}

void home_put(const struct home *home, const char *name, const char *text)
{
	char path[256];
	home_path(home, path, name);
	char *slash = strrchr(path, '/');
	*slash = '\0';
	mkdir(path, 0700);
	*slash = '/';
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	assert_int_equal(fchmod(fileno(file), 0600), 0);
	fputs(text, file);
	fclose(file);
}

void home_put_tccli(const struct home *home, const char *name, const char *text)
{
	char path[128];
	snprintf(path, sizeof path, ".tccli/%s", name);
	home_put(home, path, text);
}

void home_forget(struct home *home)
{
	credential_chain_free(home->credential_chain);
	home->credential_chain = NULL;
}

bool home_load(struct home *home, const char *cloud, const char *profile)
{
	if (!home->credential_chain)
		home->credential_chain = credential_chain_new();
	buf_clear(&home->looked);
	bool done = credential_chain_load(home->credential_chain, cloud, profile, &home->found, &home->looked, &home->why) ==
		LOOKUP_FOUND;
	const char *line = done ? home->found.where : home->why.data;
	assert_true(*line && (!done || home->why.len == 0));
	assert_null(strchr(line, '\n'));
	assert_null(strstr(line, CANARY));
	return done;
}

void assert_key(const struct home *home, const char *id, const char *secret, const char *token)
{
	assert_string_equal(home->found.key.id, id);
	assert_string_equal(home->found.key.secret, secret);
	if (token)
		assert_string_equal(home->found.key.token, token);
	else
		assert_null(home->found.key.token);
}

static void assert_words(const char *line, const char *words)
{
	if (!strstr(line, words))
		fail_msg("\"%s\" is not in \"%s\"", words, line);
}

void assert_where(const struct home *home, const char *words)
{
	assert_words(home->found.where, words);
}

void assert_refused(struct home *home, const char *cloud, const char *profile, const char *words)
{
	struct credential_source before = { .kind = CREDENTIAL_SOURCE_KEY, .key = { (char *)"old", (char *)"older", NULL } };
	credential_source_copy(&home->found, &before);
	assert_false(home_load(home, cloud, profile));
	assert_words(home->why.data, words);
	assert_key(home, "old", "older", NULL);
	assert_int_equal(home->found.kind, CREDENTIAL_SOURCE_KEY);
}
