/*
 * environment.c - reads the environment once, at the start, and scrubs it.
 *
 * Secrets are overwritten in place: /proc/PID/environ shows the memory that the process was started with, so
 * unsetenv alone would leave them readable. Variables that would make curl or OpenSSL trust another
 * authority, log keys or connect elsewhere are unset.
 */
#include "lookup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/digest.h"
#include "base/value.h"
#include "sys/read_file.h"

/* Capturing and scrubbing */

/* The value of a variable, NULL if unset or empty. */
static char *copy_variable(const char *name)
{
	const char *value = getenv(name);
	return value && *value ? xstrdup(value) : NULL;
}

static char *clean_variable(const char *name)
{
	char *copy = copy_variable(name);
	return copy ? value_clean(copy) : NULL;
}

/* A name may occur more than once: getenv returns the first, the loop and unsetenv reach all. */
static char *take_secret(const char *name)
{
	char *copy = clean_variable(name);
	size_t len = strlen(name);
	for (char **at = environ; at && *at; at++)
		if (strncmp(*at, name, len) == 0 && (*at)[len] == '=')
			explicit_bzero(*at + len + 1, strlen(*at + len + 1));
	unsetenv(name);
	return copy;
}

static bool name_ends_with(const char *text, size_t len, const char *end)
{
	size_t end_len = strlen(end);
	return len >= end_len && strncasecmp(text + len - end_len, end, end_len) == 0;
}

/*
 * Variables that would redirect connections, add trusted certificates (only the option cacert does) or weaken
 * ciphers: a configuration file of OpenSSL can enable ciphers without encryption.
 */
static bool is_unwanted(const char *name, size_t len)
{
	static const char *const NAMES[] = { "SSLKEYLOGFILE", "CURL_CA_BUNDLE", "SSL_CERT_FILE",
		"SSL_CERT_DIR", "OPENSSL_CONF", "OPENSSL_ENGINES", "OPENSSL_MODULES" };
	for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
		if (strlen(NAMES[i]) == len && memcmp(NAMES[i], name, len) == 0)
			return true;
	return name_ends_with(name, len, "_proxy");
}

/* The variable of a proxy, which is not used; kept for a warning. */
static const char *find_proxy(void)
{
	static const char *const NAMES[] = { "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY",
		"http_proxy", "HTTP_PROXY" };
	for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
		const char *value = getenv(NAMES[i]);
		if (value && *value)
			return NAMES[i];
	}
	return NULL;
}

static void remove_unwanted(void)
{
	for (char **at = environ; at && *at;) {
		size_t len = strcspn(*at, "=");
		if (!is_unwanted(*at, len)) {
			at++;
			continue;
		}
		char *name = xstrndup(*at, len);
		/* unsetenv moves the next variable to this place. */
		unsetenv(name);
		free(name);
	}
}

/* Makes a path absolute, because a daemon changes its directory. Takes `path`. */
static char *absolute(char *path)
{
	char *directory = !path || path[0] == '/' ? NULL : getcwd(NULL, 0);
	if (!directory)
		return path;
	struct buf whole;
	buf_init(&whole, 2 * CREDENTIAL_PATH_MAX);
	buf_printf(&whole, "%s/%s", directory, path);
	free(directory);
	free(path);
	return buf_take(&whole);
}

/* The XDG base directory specification says that a relative path is to be ignored. */
static char *take_config_home(void)
{
	char *path = copy_variable("XDG_CONFIG_HOME");
	if (!path || path[0] == '/')
		return path;
	free(path);
	return NULL;
}

static int64_t take_invoker(void)
{
	const char *value = geteuid() == 0 ? getenv("SUDO_UID") : NULL;
	return value && value[strspn(value, "0123456789")] == '\0' ? ascii_number(value) : -1;
}

static void take_cluster(struct credential_chain *chain)
{
	chain->tke_region = clean_variable("TKE_REGION");
	chain->tke_provider = clean_variable("TKE_PROVIDER_ID");
	chain->tke_role = clean_variable("TKE_ROLE_ARN");
	chain->tke_file = absolute(clean_variable("TKE_WEB_IDENTITY_TOKEN_FILE"));
}

struct credential_chain *credential_chain_new(void)
{
	struct credential_chain *chain = xcalloc(1, sizeof *chain);
	chain->secrets = digest_secrets();
	char *dotenv = clean_variable("QIANFAN_DOT_ENV_CONFIG_FILE");
	chain->home = absolute(copy_variable("HOME"));
	chain->config = take_config_home();
	chain->manager = copy_variable("NOTIFY_SOCKET");
	chain->invoker = take_invoker();
	chain->tccli_profile = clean_variable("TCCLI_PROFILE");
	chain->region = clean_variable("TENCENTCLOUD_REGION");
	chain->role = clean_variable("TENCENTCLOUD_ROLE_ARN");
	chain->session = clean_variable("TENCENTCLOUD_ROLE_SESSION_NAME");
	take_cluster(chain);
	chain->dotenv_named = dotenv;
	chain->dotenv = absolute(dotenv ? dotenv : xstrdup(".env"));
	chain->tencent.id = take_secret("TENCENTCLOUD_SECRET_ID");
	chain->tencent.secret = take_secret("TENCENTCLOUD_SECRET_KEY");
	chain->tencent.token = take_secret("TENCENTCLOUD_TOKEN");
	chain->baidu.id = take_secret("QIANFAN_ACCESS_KEY");
	chain->baidu.secret = take_secret("QIANFAN_SECRET_KEY");
	chain->ignored_proxy = find_proxy();
	credentials_keep(&chain->tencent);
	credentials_keep(&chain->baidu);
	remove_unwanted();
	return chain;
}

const char *credential_chain_ignored_proxy(const struct credential_chain *chain)
{
	return chain->ignored_proxy;
}

void credential_chain_lock(const struct credential_chain *chain)
{
	if (chain->secrets)
		mlock2(chain->secrets, DIGEST_SECRETS, MLOCK_ONFAULT);
}

void credential_chain_free(struct credential_chain *chain)
{
	if (!chain)
		return;
	free(chain->home);
	free(chain->config);
	free(chain->tccli_profile);
	free(chain->region);
	free(chain->role);
	free(chain->session);
	free(chain->tke_region);
	free(chain->tke_provider);
	free(chain->tke_role);
	free(chain->tke_file);
	free(chain->dotenv);
	free(chain->manager);
	credentials_release(&chain->tencent);
	credentials_release(&chain->baidu);
	free(chain);
}

const char *credential_chain_home(const struct credential_chain *chain)
{
	return chain->home;
}

bool credential_chain_config(const struct credential_chain *chain, const char *name, struct buf *path)
{
	if (chain->config && buf_printf(path, "%s/describefs", chain->config) &&
		access(path->data, F_OK) == 0)
		return buf_printf(path, "/%s", name);
	buf_clear(path);
	return chain->home && buf_printf(path, "%s/.config/describefs/%s", chain->home, name);
}

int64_t credential_chain_invoker(const struct credential_chain *chain)
{
	return chain->invoker;
}

const char *credential_chain_manager(const struct credential_chain *chain)
{
	return chain->manager;
}

/* Below our own mount */

void credential_chain_cover(struct credential_chain *chain, const struct file_cover *cover)
{
	chain->cover = cover;
}
