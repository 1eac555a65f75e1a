/*
 * keyring.c - where keys are found: the environment, then the files of the clouds' own tools.
 *
 * The environment is read once, at the very beginning, and what is secret in it is overwritten
 * where the kernel shows it (/proc/PID/environ shows the memory that the process was started with;
 * unsetenv alone would leave it).  Variables that would make curl or OpenSSL trust, log or reach
 * someone else go as well.
 *
 * Files are read anew each time: the tools renew their temporary keys in place.  What a place asks for
 * and we cannot do is an error with the way out, never a silent use of the next place's key: that would
 * show another account's resources.  Each cloud's places are a file of their own.
 */
#include "keyring_chain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "file.h"

/* Capturing and scrubbing */

/* The value of a variable, NULL if unset or empty. */
static char *copy_variable(const char *name)
{
	const char *value = getenv(name);
	return value && *value ? xstrdup(value) : NULL;
}

/* An environment may hold a name more than once; getenv sees the first, unsetenv all. */
static char *take_secret(const char *name)
{
	char *copy = copy_variable(name);
	size_t len = strlen(name);
	for (char **at = environ; at && *at; at++)
		if (strncmp(*at, name, len) == 0 && (*at)[len] == '=')
			explicit_bzero(*at + len + 1, strlen(*at + len + 1));
	unsetenv(name);
	return copy;
}

static bool ends_with(const char *text, size_t len, const char *end)
{
	size_t end_len = strlen(end);
	return len >= end_len && strncasecmp(text + len - end_len, end, end_len) == 0;
}

/*
 * What would lead connections elsewhere, or widen whom they trust (trust is cacert='s alone) and how
 * little they ask of a cipher: a file of OpenSSL's can bring back the one that enciphers nothing.
 */
static bool is_unwanted(const char *name, size_t len)
{
	static const char *const NAMES[] = { "SSLKEYLOGFILE", "CURL_CA_BUNDLE", "SSL_CERT_FILE",
		"SSL_CERT_DIR", "OPENSSL_CONF", "OPENSSL_ENGINES", "OPENSSL_MODULES" };
	for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
		if (strlen(NAMES[i]) == len && memcmp(NAMES[i], name, len) == 0)
			return true;
	return ends_with(name, len, "_proxy");
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
		/* Closes the gap: the next one comes to this place. */
		unsetenv(name);
		free(name);
	}
}

/* A daemon goes to another directory: what is named from this one is named in full now. */
static char *absolute(const char *path)
{
	char *directory = !path || path[0] == '/' ? NULL : getcwd(NULL, 0);
	if (!directory)
		return path ? xstrdup(path) : NULL;
	struct buf whole;
	buf_init(&whole, 2 * KEYRING_PATH_MAX);
	buf_printf(&whole, "%s/%s", directory, path);
	free(directory);
	return buf_take(&whole);
}

struct keyring *keyring_new(void)
{
	struct keyring *keyring = xcalloc(1, sizeof *keyring);
	const char *dotenv = getenv("QIANFAN_DOT_ENV_CONFIG_FILE");
	keyring->home = copy_variable("HOME");
	keyring->tccli_profile = copy_variable("TCCLI_PROFILE");
	keyring->region = copy_variable("TENCENTCLOUD_REGION");
	keyring->role = copy_variable("TENCENTCLOUD_ROLE_ARN");
	keyring->session = copy_variable("TENCENTCLOUD_ROLE_SESSION_NAME");
	keyring->tke_region = copy_variable("TKE_REGION");
	keyring->tke_provider = copy_variable("TKE_PROVIDER_ID");
	keyring->tke_role = copy_variable("TKE_ROLE_ARN");
	keyring->tke_file = absolute(getenv("TKE_WEB_IDENTITY_TOKEN_FILE"));
	keyring->dotenv_named = dotenv && *dotenv;
	keyring->dotenv = absolute(keyring->dotenv_named ? dotenv : ".env");
	keyring->manager = copy_variable("NOTIFY_SOCKET");
	keyring->tencent.id = take_secret("TENCENTCLOUD_SECRET_ID");
	keyring->tencent.secret = take_secret("TENCENTCLOUD_SECRET_KEY");
	keyring->tencent.token = take_secret("TENCENTCLOUD_TOKEN");
	keyring->baidu.id = take_secret("QIANFAN_ACCESS_KEY");
	keyring->baidu.secret = take_secret("QIANFAN_SECRET_KEY");
	remove_unwanted();
	return keyring;
}

void keyring_free(struct keyring *keyring)
{
	if (!keyring)
		return;
	free(keyring->home);
	free(keyring->tccli_profile);
	free(keyring->region);
	free(keyring->role);
	free(keyring->session);
	free(keyring->tke_region);
	free(keyring->tke_provider);
	free(keyring->tke_role);
	free(keyring->tke_file);
	free(keyring->dotenv);
	free(keyring->manager);
	credentials_release(&keyring->tencent);
	credentials_release(&keyring->baidu);
	free(keyring);
}

const char *keyring_home(const struct keyring *keyring)
{
	return keyring->home;
}

const char *keyring_manager(const struct keyring *keyring)
{
	return keyring->manager;
}

/* For the clouds' files */

bool keyring_check(const struct credentials *key, const struct key_names *names, struct buf *why)
{
	const char *name = names->id, *mistake = credentials_mistake(key->id);
	if (!mistake) {
		name = names->secret;
		mistake = credentials_mistake(key->secret);
	}
	if (!mistake && key->token) {
		name = names->token;
		mistake = credentials_mistake(key->token);
	}
	if (mistake)
		buf_printf(why, "%s: %s %s", names->place, name, mistake);
	return !mistake;
}

enum place keyring_take(const struct credentials *key, const struct key_names *names, struct origin *out,
	struct buf *why)
{
	if (!keyring_check(key, names, why))
		return PLACE_WRONG;
	struct origin origin = { .kind = ORIGIN_KEY, .where = xstrdup(names->place) };
	credentials_copy(&origin.key, key);
	origin_move(out, &origin);
	return PLACE_GOOD;
}

void keyring_note(struct buf *looked, const char *text)
{
	buf_printf(looked, "%s%s", looked->len ? ", " : "", text);
}

enum place keyring_ini(const char *path, const char *section, const char *const names[3], struct origin *out,
	struct buf *looked, struct buf *why)
{
	size_t len;
	struct buf reason;
	buf_init(&reason, KEYRING_PATH_MAX);
	char *text = file_read_secret(path, KEYRING_FILE_MAX, &len, &reason);
	enum place place = text || errno != ENOENT ? PLACE_WRONG : PLACE_EMPTY;
	struct ini ini = { 0 };
	if (!text && place == PLACE_EMPTY)
		keyring_note(looked, reason.data);
	else if (!text)
		buf_puts(why, reason.data);
	else if (!ini_parse(&ini, text, len, &reason))
		buf_printf(why, "%s: %s", path, reason.data);
	else if (!ini_has(&ini, section)) {
		buf_clear(&reason);
		buf_printf(&reason, "%s: no section [%s]", path, section);
		keyring_note(looked, reason.data);
		place = PLACE_EMPTY;
	} else {
		const char *token = ini_value(&ini, section, names[2]);
		struct credentials key = { (char *)ini_value(&ini, section, names[0]),
			(char *)ini_value(&ini, section, names[1]),
			(char *)(token && *token ? token : NULL) };
		struct key_names where = { path, names[0], names[1], names[2] };
		place = keyring_take(&key, &where, out, why);
	}
	if (text)
		explicit_bzero(text, len);
	free(text);
	ini_release(&ini);
	buf_release(&reason);
	return place;
}

/* The port's functions */

bool keyring_load(const struct keyring *keyring, const char *cloud, const char *profile,
	struct origin *out, struct buf *why)
{
	buf_clear(why);
	if (strcmp(cloud, "tencent") == 0)
		return keyring_tencent(keyring, profile, out, why);
	if (strcmp(cloud, "baidu") == 0)
		return keyring_baidu(keyring, profile, out, why);
	buf_printf(why, "where keys of the cloud \"%s\" are kept is not known", cloud);
	return false;
}

uint64_t keyring_mark(const struct keyring *keyring, const char *cloud, const char *profile)
{
	if (strcmp(cloud, "tencent") == 0)
		return keyring_tencent_mark(keyring, profile);
	return strcmp(cloud, "baidu") == 0 ? keyring_baidu_mark(keyring) : 0;
}

bool keyring_region(const struct keyring *keyring, const char *cloud, const char *profile, struct buf *out)
{
	return strcmp(cloud, "tencent") == 0 && keyring_tencent_region(keyring, profile, out);
}
