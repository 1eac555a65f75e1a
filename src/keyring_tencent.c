/*
 * keyring_tencent.c - where Tencent Cloud's keys are: the places of tccli and of the SDKs, one by one.
 *
 * tccli and the SDKs share the environment and differ behind it: tccli has its own files, which the SDKs do
 * not read, and the SDKs have one that tccli does not.  tccli's come first, because its profiles are what
 * SOURCE names.  The machine's role comes last: it is the only place that has to be asked to be found.
 */
#include "keyring_chain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "file.h"
#include "json.h"
#include "when.h"

static const char SYSTEM_FILE[] = "/etc/tencentcloud/credentials";
static const char HINT[] = "set TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, or run `tccli configure`";

struct search {
	const struct keyring *keyring;
	const char *profile; /* the source's own */
	const char *named; /* that, or the variable's; NULL: nobody named one */
	struct origin *out;
	struct buf looked, *why;
};

/* The environment */

static bool has_variables(const struct keyring *keyring, const char *profile)
{
	/* As tccli has it: one of the two alone does not count, and a named profile is what was asked for. */
	return !profile && keyring->tencent.id && keyring->tencent.secret;
}

static enum place look_in_environment(struct search *search)
{
	static const struct key_names NAMES = { "environment", "TENCENTCLOUD_SECRET_ID",
		"TENCENTCLOUD_SECRET_KEY", "TENCENTCLOUD_TOKEN" };
	if (has_variables(search->keyring, search->profile))
		return keyring_take(&search->keyring->tencent, &NAMES, search->out, search->why);
	if (!search->profile)
		keyring_note(&search->looked,
			"TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY are not both set");
	return PLACE_EMPTY;
}

/* tccli's files */

/*
 * A profile goes into a file's name; the config has checked one that was typed, not the variable's.
 */
static bool is_profile(const char *profile)
{
	return *profile && *profile != '.' && !strchr(profile, '/');
}

/* HOME/.tccli/PROFILE.KIND; false when there can be none. */
static bool tccli_path(const struct keyring *keyring, const char *profile, const char *kind,
	struct buf *path)
{
	if (!profile)
		profile = keyring->tccli_profile ? keyring->tccli_profile : "default";
	return keyring->home && is_profile(profile) &&
		buf_printf(path, "%s/.tccli/%s.%s", keyring->home, profile, kind);
}

/* The file as JSON, and errno as file_read leaves it.  What was read is wiped. */
static struct json *read_json(const char *path, bool secret, struct buf *why)
{
	size_t len;
	char *text = secret ? file_read_secret(path, KEYRING_FILE_MAX, &len, why) :
		file_read(path, KEYRING_FILE_MAX, &len, why);
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
	json_forget(root);
	return NULL;
}

/* "" for what the file lacks. */
static const char *member(const struct json *object, const char *name)
{
	const struct json *value = json_get(object, name);
	return value ? json_text(value) : "";
}

static enum place take_role(struct origin *origin, const char *role, const char *session)
{
	free(origin->role);
	free(origin->session);
	origin->kind = ORIGIN_ROLE;
	origin->role = xstrdup(role);
	origin->session = xstrdup(session);
	return PLACE_GOOD;
}

static enum place take_tccli_key(struct search *search, const struct json *root, const char *path)
{
	const struct key_names names = { path, "secretId", "secretKey", "token" };
	const char *token = member(root, "token"), *role = member(root, "role-arn");
	const char *session = member(root, "role-session-name");
	struct credentials key = { (char *)member(root, "secretId"), (char *)member(root, "secretKey"),
		(char *)(*token ? token : NULL) };
	if (*role && !*session) {
		buf_printf(search->why, "%s: role-arn without role-session-name: set that too (any name "
			"will do), or take the role out", path);
		return PLACE_WRONG;
	}
	enum place place = keyring_take(&key, &names, search->out, search->why);
	return place == PLACE_GOOD && *role ? take_role(search->out, role, session) : place;
}

static enum place take_machine(struct search *search, const char *where)
{
	struct origin origin = { .kind = ORIGIN_MACHINE };
	struct buf text;
	buf_init(&text, KEYRING_PATH_MAX + 100);
	buf_printf(&text, "%s%sthe role of this machine", where ? where : "", where ? ": " : "");
	origin.where = buf_take(&text);
	if (!where)
		origin.looked_at = xstrdup(search->looked.data);
	origin_move(search->out, &origin);
	return PLACE_GOOD;
}

/* A key that tccli got for a while, and renews when it is run. */
static enum place take_lent_key(struct search *search, const struct json *root, const char *path)
{
	int64_t expires_s = json_integer(json_get(root, "expiresAt"), 0);
	bool ends = when_is_time(expires_s); /* else the file does not say */
	if (ends && expires_s <= (int64_t)time(NULL)) {
		buf_printf(search->why, "%s: the temporary key has expired: run tccli with this profile, "
			"which renews it", path);
		return PLACE_WRONG;
	}
	enum place place = take_tccli_key(search, root, path);
	if (place == PLACE_GOOD && ends)
		search->out->expires_s = expires_s;
	return place;
}

static enum place take_tccli(struct search *search, const struct json *root, const char *path)
{
	const char *type = member(root, "type");
	char shown[41];
	if (strcmp(type, "cvm-role") == 0)
		return take_machine(search, path);
	if (strcmp(type, "oauth") == 0 || strcmp(type, "sso") == 0)
		return take_lent_key(search, root, path);
	if (!*type || strcmp(type, "default") == 0)
		return take_tccli_key(search, root, path);
	fault_note_copy(shown, sizeof shown, type);
	buf_printf(search->why, "%s: type \"%s\" is not known", path, shown);
	return PLACE_WRONG;
}

static bool is_missing(int error)
{
	return error == ENOENT || error == ENOTDIR;
}

static enum place look_at_tccli(struct search *search)
{
	struct buf path, reason;
	enum place place = PLACE_WRONG;
	if (search->named && !is_profile(search->named)) {
		buf_printf(search->why, "TCCLI_PROFILE: \"%s\" is no name of a profile", search->named);
		return place;
	}
	buf_init(&path, KEYRING_PATH_MAX);
	buf_init(&reason, KEYRING_PATH_MAX);
	if (!tccli_path(search->keyring, search->named, "credential", &path)) {
		buf_release(&path);
		keyring_note(&search->looked, "HOME is not set");
		return PLACE_EMPTY;
	}
	struct json *root = read_json(path.data, true, &reason);
	if (root) {
		place = take_tccli(search, root, path.data);
	} else if (is_missing(errno)) {
		keyring_note(&search->looked, reason.data);
		place = PLACE_EMPTY;
	} else {
		buf_puts(search->why, reason.data);
	}
	json_forget(root);
	buf_release(&reason);
	buf_release(&path);
	return place;
}

/* The SDKs' file */

/* The user's, or when that is not there the machine's: never both. */
static void sdk_path(const struct keyring *keyring, struct buf *path)
{
	if (keyring->home && buf_printf(path, "%s/.tencentcloud/credentials", keyring->home) &&
		file_mark(path->data))
		return;
	buf_clear(path);
	buf_puts(path, SYSTEM_FILE);
}

static enum place look_at_sdk(struct search *search)
{
	static const char *const NAMES[3] = { "secret_id", "secret_key", "token" };
	struct buf path;
	buf_init(&path, KEYRING_PATH_MAX);
	sdk_path(search->keyring, &path);
	if (search->keyring->home && strcmp(path.data, SYSTEM_FILE) == 0)
		keyring_note(&search->looked, "no ~/.tencentcloud/credentials");
	enum place place = keyring_ini(path.data, search->named ? search->named : "default", NAMES,
		search->out, &search->looked, search->why);
	buf_release(&path);
	return place;
}

/* Kubernetes */

/* It goes into a header: anything else than a region's name is none. */
static bool is_region(const char *text)
{
	return *text && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(text);
}

/*
 * The token is the cluster's, which puts it there for whoever runs in the container, renews it, and lets
 * nobody change its mode: of all files with a secret it is the one that is taken as it is.
 */
static char *read_identity(const char *path, struct buf *why)
{
	size_t len;
	char *text = file_read(path, KEYRING_FILE_MAX, &len, why);
	if (!text)
		return NULL;
	text[strcspn(text, "\r\n")] = '\0';
	const char *mistake = credentials_mistake(text);
	if (!mistake)
		return text;
	buf_printf(why, "%s: the token %s", path, mistake);
	explicit_bzero(text, len);
	free(text);
	return NULL;
}

static enum place take_identity(struct search *search)
{
	const struct keyring *keyring = search->keyring;
	char *identity = read_identity(keyring->tke_file, search->why);
	if (!identity)
		return PLACE_WRONG;
	struct origin origin = {
		.kind = ORIGIN_IDENTITY,
		.role = xstrdup(keyring->tke_role),
		.session = xstrdup("describefs"),
		.provider = xstrdup(keyring->tke_provider),
		.identity = xstrdup(identity),
		.region = xstrdup(keyring->tke_region),
	};
	struct buf where;
	buf_init(&where, KEYRING_PATH_MAX + 100);
	buf_printf(&where, "TKE_ROLE_ARN with %s", keyring->tke_file);
	origin.where = buf_take(&where);
	explicit_bzero(identity, strlen(identity));
	free(identity);
	origin_move(search->out, &origin);
	return PLACE_GOOD;
}

static enum place look_at_kubernetes(struct search *search)
{
	const struct keyring *keyring = search->keyring;
	const char *missing = !keyring->tke_region ? "TKE_REGION" :
		!keyring->tke_provider ? "TKE_PROVIDER_ID" :
		!keyring->tke_file ? "TKE_WEB_IDENTITY_TOKEN_FILE" : NULL;
	if (!keyring->tke_role) {
		keyring_note(&search->looked, "TKE_ROLE_ARN is not set");
		return PLACE_EMPTY;
	}
	if (missing)
		buf_printf(search->why, "environment: TKE_ROLE_ARN is set, but %s is not", missing);
	else if (!is_region(keyring->tke_region))
		buf_puts(search->why, "environment: TKE_REGION is no name of a region");
	else
		return take_identity(search);
	return PLACE_WRONG;
}

/* The chain */

/* A role that the environment names is taken with whatever key was found; a machine's own needs no other. */
static bool add_role(struct search *search)
{
	const struct keyring *keyring = search->keyring;
	struct origin *out = search->out;
	if (search->profile || !keyring->role || (out->kind == ORIGIN_MACHINE && !out->looked_at))
		return true;
	if (!keyring->session) {
		buf_puts(search->why, "environment: TENCENTCLOUD_ROLE_ARN without "
			"TENCENTCLOUD_ROLE_SESSION_NAME: set that too (any name will do), or unset the role");
		return false;
	}
	if (out->kind == ORIGIN_KEY || out->kind == ORIGIN_ROLE)
		return take_role(out, keyring->role, keyring->session) == PLACE_GOOD;
	buf_printf(search->why, "environment: TENCENTCLOUD_ROLE_ARN, and no key to take the role with: %s",
		HINT);
	return false;
}

static enum place look_everywhere(struct search *search)
{
	static enum place (*const PLACES[])(struct search *search) = { look_in_environment, look_at_tccli,
		look_at_sdk, look_at_kubernetes };
	/* Who names a profile wants that one. */
	size_t n = search->named ? 3 : sizeof PLACES / sizeof *PLACES;
	for (size_t i = 0; i < n; i++) {
		enum place place = PLACES[i](search);
		if (place != PLACE_EMPTY)
			return place;
	}
	if (!search->named)
		return take_machine(search, NULL);
	buf_printf(search->why, "no key for the profile %s: %s: run `tccli configure --profile %s`",
		search->named, search->looked.data, search->named);
	return PLACE_WRONG;
}

bool keyring_tencent(const struct keyring *keyring, const char *profile, struct origin *out, struct buf *why)
{
	struct origin found = { 0 };
	struct search search = { .keyring = keyring, .profile = profile, .out = &found, .why = why,
		.named = profile ? profile : keyring->tccli_profile };
	buf_init(&search.looked, 4 * KEYRING_PATH_MAX);
	bool good = look_everywhere(&search) == PLACE_GOOD && add_role(&search);
	if (good)
		origin_move(out, &found);
	origin_release(&found);
	buf_release(&search.looked);
	return good;
}

uint64_t keyring_tencent_mark(const struct keyring *keyring, const char *profile)
{
	struct buf path;
	uint64_t tccli = 0;
	if (has_variables(keyring, profile))
		return 0;
	buf_init(&path, KEYRING_PATH_MAX);
	if (tccli_path(keyring, profile, "credential", &path))
		tccli = file_mark(path.data);
	buf_clear(&path);
	sdk_path(keyring, &path);
	uint64_t sdk = file_mark(path.data);
	buf_release(&path);
	return tccli * 31 + sdk;
}

bool keyring_tencent_region(const struct keyring *keyring, const char *profile, struct buf *out)
{
	if (!profile && keyring->region && is_region(keyring->region))
		return buf_puts(out, keyring->region);
	struct buf path, ignored;
	buf_init(&path, KEYRING_PATH_MAX);
	buf_init(&ignored, KEYRING_PATH_MAX);
	struct json *root = NULL;
	if (tccli_path(keyring, profile, "configure", &path))
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
