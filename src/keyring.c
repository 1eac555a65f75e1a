/*
 * keyring.c - where keys are found: the environment, then the files of the clouds' own tools.
 *
 * The environment is read once, at the very beginning, and what is secret in it is overwritten
 * where the kernel shows it (/proc/PID/environ shows the memory that the process was started with;
 * unsetenv alone would leave it).  Variables that would make curl or OpenSSL trust, log or reach
 * someone else go as well.
 *
 * Files are read anew each time: tccli renews its temporary keys in place.  What a profile asks for
 * and we cannot do (a role, a key that has expired) is an error with the way out, never a silent
 * use of another key of the same file: that would show another account's resources.
 */
#include "keyring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "file.h"
#include "json.h"

enum { FILE_MAX = 64 << 10, PATH_ROOM = 4096 };

struct keyring {
	char *home, *tccli_profile, *region, *role, *manager;
	struct credentials tencent, baidu; /* either half may be missing */
};

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

struct keyring *keyring_new(void)
{
	struct keyring *keyring = xcalloc(1, sizeof *keyring);
	keyring->home = copy_variable("HOME");
	keyring->tccli_profile = copy_variable("TCCLI_PROFILE");
	keyring->region = copy_variable("TENCENTCLOUD_REGION");
	keyring->role = copy_variable("TENCENTCLOUD_ROLE_ARN");
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

/* What a key must look like */

static bool is_blank(char byte)
{
	return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

/* NULL if the text can be a key; else what is wrong with it.  Never shows it. */
static const char *mistake_in(const char *text)
{
	if (!text || !*text)
		return "is empty";
	if (is_blank(text[0]) || is_blank(text[strlen(text) - 1]))
		return "begins or ends with a blank: take it out";
	for (; *text; text++) /* C0 80 is how a file's \u0000 comes */
		if ((unsigned char)*text < ' ' || *text == 0x7f || *text == '\xc0')
			return "holds a control character";
	return NULL;
}

/* `place` and the two names go into the line. */
static bool check_key(const struct credentials *key, const char *place, const char *id_name,
	const char *secret_name, const char *token_name, struct buf *where)
{
	const char *name = id_name, *mistake = mistake_in(key->id);
	if (!mistake) {
		name = secret_name;
		mistake = mistake_in(key->secret);
	}
	if (!mistake && key->token) {
		name = token_name;
		mistake = mistake_in(key->token);
	}
	if (mistake)
		buf_printf(where, "%s: %s %s", place, name, mistake);
	return !mistake;
}

/* tccli's files */

/*
 * A profile goes into a file's name; the config has checked one that was typed, not the variable's.
 */
static bool is_profile(const char *profile)
{
	return *profile && *profile != '.' && !strchr(profile, '/');
}

static const char *profile_of(const struct keyring *keyring, const char *profile)
{
	if (profile)
		return profile;
	return keyring->tccli_profile ? keyring->tccli_profile : "default";
}

/* HOME/.tccli/PROFILE.KIND; false with a line when there can be none. */
static bool tccli_path(const struct keyring *keyring, const char *profile, const char *kind,
	struct buf *path, struct buf *where)
{
	if (!is_profile(profile)) {
		buf_printf(where, "TCCLI_PROFILE: \"%s\" is no name of a profile", profile);
		return false;
	}
	if (!keyring->home) {
		buf_puts(where, "HOME is not set, so there is no ~/.tccli to look in");
		return false;
	}
	return buf_printf(path, "%s/.tccli/%s.%s", keyring->home, profile, kind);
}

/* The file as JSON, and errno as file_read leaves it.  What was read is wiped. */
static struct json *read_json(const char *path, bool secret, struct buf *why)
{
	size_t len;
	char *text = secret ? file_read_secret(path, FILE_MAX, &len, why) :
		file_read(path, FILE_MAX, &len, why);
	if (!text)
		return NULL;
	struct json *root = NULL;
	enum fault fault = json_parse(&root, text, len);
	explicit_bzero(text, len);
	free(text);
	errno = 0;
	if (!fault && json_type(root) == JSON_OBJECT)
		return root;
	buf_printf(why, "%s: not the JSON object that tccli writes: run `tccli configure`", path);
	json_free(root);
	return NULL;
}

static const char *member(const struct json *object, const char *name)
{
	return json_text(json_get(object, name));
}

static bool has_text(const struct json *object, const char *name)
{
	const struct json *value = json_get(object, name);
	return value && *json_text(value);
}

/* Whether we can act for this profile by its keys alone; if not, a line that says what to do. */
static bool check_type(const struct json *root, const char *path, struct buf *where)
{
	const char *type = has_text(root, "type") ? member(root, "type") : "default";
	if (strcmp(type, "cvm-role") == 0) {
		buf_printf(where, "%s: type cvm-role (a machine's role): not supported yet", path);
		return false;
	}
	if (strcmp(type, "oauth") == 0 || strcmp(type, "sso") == 0) {
		int64_t expires_s = json_integer(json_get(root, "expiresAt"), INT64_MAX);
		if (expires_s > (int64_t)time(NULL))
			return true;
		buf_printf(where, "%s: the temporary key has expired: run tccli with this profile, "
			"which renews it", path);
		return false;
	}
	if (strcmp(type, "default") != 0) {
		char shown[41];
		fault_note_copy(shown, sizeof shown, type);
		buf_printf(where, "%s: type \"%s\" is not known", path, shown);
		return false;
	}
	if (has_text(root, "role-arn") && has_text(root, "role-session-name")) {
		buf_printf(where, "%s: role-arn (acting in a role) is not supported yet", path);
		return false;
	}
	return true;
}

/* The key as the file has it, with "" for what it lacks. */
static struct credentials key_of(const struct json *root)
{
	return (struct credentials){
		.id = xstrdup(has_text(root, "secretId") ? member(root, "secretId") : ""),
		.secret = xstrdup(has_text(root, "secretKey") ? member(root, "secretKey") : ""),
		.token = has_text(root, "token") ? xstrdup(member(root, "token")) : NULL,
	};
}

static bool load_tccli_file(const char *path, struct credentials *out, struct buf *where)
{
	struct json *root = read_json(path, true, where);
	if (!root)
		return false;
	struct credentials key = key_of(root);
	bool good = check_type(root, path, where) &&
		check_key(&key, path, "secretId", "secretKey", "token", where);
	if (good) {
		credentials_copy(out, &key);
		buf_puts(where, path);
	}
	credentials_release(&key);
	json_free(root);
	return good;
}

static bool load_tencent_file(const struct keyring *keyring, const char *profile,
	struct credentials *out, struct buf *where)
{
	struct buf path;
	buf_init(&path, PATH_ROOM);
	errno = 0;
	bool done = tccli_path(keyring, profile_of(keyring, profile), "credential", &path, where) &&
		load_tccli_file(path.data, out, where);
	bool missing = !done && (errno == ENOENT || !keyring->home);
	if (missing && profile)
		buf_printf(where, ": run `tccli configure --profile %s`", profile);
	else if (missing)
		buf_puts(where, ": set TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, "
			"or run `tccli configure`");
	buf_release(&path);
	return done;
}

/* The port's functions */

static bool load_variables(const struct credentials *key, const char *id_name,
	const char *secret_name, const char *token_name, struct credentials *out, struct buf *where)
{
	if (!check_key(key, "environment", id_name, secret_name, token_name, where))
		return false;
	credentials_copy(out, key);
	buf_puts(where, "environment");
	return true;
}

static bool load_tencent(const struct keyring *keyring, const char *profile,
	struct credentials *out, struct buf *where)
{
	/*
	 * As tccli has it: one of the two alone does not count, and a named profile is what was
	 * asked for.
	 */
	if (profile || !keyring->tencent.id || !keyring->tencent.secret)
		return load_tencent_file(keyring, profile, out, where);
	if (keyring->role) {
		buf_puts(where, "environment: TENCENTCLOUD_ROLE_ARN (acting in a role) is not "
			"supported yet: unset it");
		return false;
	}
	return load_variables(&keyring->tencent, "TENCENTCLOUD_SECRET_ID",
		"TENCENTCLOUD_SECRET_KEY", "TENCENTCLOUD_TOKEN", out, where);
}

static bool load_baidu(const struct keyring *keyring, const char *profile, struct credentials *out,
	struct buf *where)
{
	if (profile) {
		buf_printf(where, "Baidu's tools have no profiles: leave out @%s", profile);
		return false;
	}
	if (!keyring->baidu.id || !keyring->baidu.secret) {
		buf_puts(where, "no key for Baidu: set QIANFAN_ACCESS_KEY and QIANFAN_SECRET_KEY");
		return false;
	}
	return load_variables(&keyring->baidu, "QIANFAN_ACCESS_KEY", "QIANFAN_SECRET_KEY", "", out,
		where);
}

bool keyring_load(const struct keyring *keyring, const char *cloud, const char *profile,
	struct credentials *out, struct buf *where)
{
	buf_clear(where);
	if (strcmp(cloud, "tencent") == 0)
		return load_tencent(keyring, profile, out, where);
	if (strcmp(cloud, "baidu") == 0)
		return load_baidu(keyring, profile, out, where);
	buf_printf(where, "where keys of the cloud \"%s\" are kept is not known", cloud);
	return false;
}

/* It goes into a header: anything else than a region's name is none. */
static bool is_region(const char *text)
{
	return *text && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(text);
}

uint64_t keyring_mark(const struct keyring *keyring, const char *cloud, const char *profile)
{
	bool of_file = strcmp(cloud, "tencent") == 0 &&
		(profile || !keyring->tencent.id || !keyring->tencent.secret);
	uint64_t mark = 0;
	struct buf path, why;
	if (!of_file)
		return 0;
	buf_init(&path, PATH_ROOM);
	buf_init(&why, PATH_ROOM);
	if (tccli_path(keyring, profile_of(keyring, profile), "credential", &path, &why))
		mark = file_mark(path.data);
	buf_release(&path);
	buf_release(&why);
	return mark;
}

bool keyring_region(const struct keyring *keyring, const char *cloud, const char *profile,
	struct buf *out)
{
	if (strcmp(cloud, "tencent") != 0)
		return false;
	if (!profile && keyring->region && is_region(keyring->region))
		return buf_puts(out, keyring->region);
	struct buf path, ignored;
	buf_init(&path, PATH_ROOM);
	buf_init(&ignored, PATH_ROOM);
	struct json *root = NULL;
	if (tccli_path(keyring, profile_of(keyring, profile), "configure", &path, &ignored))
		root = read_json(path.data, false, &ignored);
	/* Older files have it at the top. */
	const struct json *region = json_path(root, "_sys_param.region");
	if (!region)
		region = json_get(root, "region");
	bool found = region && is_region(json_text(region)) && buf_puts(out, json_text(region));
	json_free(root);
	buf_release(&path);
	buf_release(&ignored);
	return found;
}
