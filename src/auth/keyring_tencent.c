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
#include <unistd.h>

#include "base/value.h"

static const char SYSTEM_FILE[] = "/etc/tencentcloud/credentials";
static const char HINT[] = "set TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, or run `tccli configure`";

/* The environment */

/* A named profile is what was asked for, whatever the variables say. */
static bool has_variables(const struct keyring *keyring, const char *profile)
{
	const struct credentials *key = &keyring->tencent;
	return !profile && (key->id || key->secret || key->token);
}

static enum place look_in_environment(struct search *search)
{
	static const struct key_names NAMES = { "environment", "TENCENTCLOUD_SECRET_ID",
		"TENCENTCLOUD_SECRET_KEY", "TENCENTCLOUD_TOKEN",
		"set both, or unset TENCENTCLOUD_SECRET_ID, TENCENTCLOUD_SECRET_KEY and TENCENTCLOUD_TOKEN" };
	if (has_variables(search->keyring, search->profile))
		return keyring_take(&search->keyring->tencent, &NAMES, search->out, search->why);
	if (!search->profile)
		keyring_note(search->looked,
			"TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY are not set");
	return PLACE_EMPTY;
}

/* The SDKs' file */

/* The user's, or when that is not there the machine's: never both. */
static void sdk_path(const struct keyring *keyring, struct buf *path)
{
	if (keyring->home && buf_printf(path, "%s/.tencentcloud/credentials", keyring->home) &&
		(file_is_there(keyring->cover, path->data) || (errno != ENOENT && errno != ENOTDIR)))
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
		keyring_note(search->looked, "no ~/.tencentcloud/credentials");
	enum place place = keyring_ini(search->keyring, path.data, search->named ? search->named : "default",
		NAMES, search->out, search->looked, search->why);
	buf_release(&path);
	return place;
}

/* Kubernetes */

/*
 * The token is the cluster's, which puts it there for whoever runs in the container, renews it, and lets
 * nobody change its mode: of all files with a secret it is the one that others may read.
 */
static char *read_identity(const struct keyring *keyring, struct buf *why)
{
	size_t len;
	const char *path = keyring->tke_file;
	char *text = keyring_read(keyring, path, FILE_DECIDES, &len, why);
	if (!text)
		return NULL;
	const char *mistake = value_mistake(value_clean(text));
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
	char *identity = read_identity(keyring, search->why);
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
	const char *const parts[4][2] = { { "TKE_ROLE_ARN", keyring->tke_role },
		{ "TKE_PROVIDER_ID", keyring->tke_provider },
		{ "TKE_WEB_IDENTITY_TOKEN_FILE", keyring->tke_file }, { "TKE_REGION", keyring->tke_region } };
	const char *set = NULL, *missing = NULL;
	for (size_t i = 4; i > 0; i--)
		*(parts[i - 1][1] ? &set : &missing) = parts[i - 1][0];
	if (!set) {
		keyring_note(search->looked, "TKE_ROLE_ARN is not set");
		return PLACE_EMPTY;
	}
	if (missing)
		buf_printf(search->why, "environment: %s is set, but %s is not, or is empty: set all of "
			"TKE_ROLE_ARN, TKE_PROVIDER_ID, TKE_WEB_IDENTITY_TOKEN_FILE and TKE_REGION, or unset "
			"them", set, missing);
	else if (!value_is_region(keyring->tke_region))
		buf_puts(search->why, "environment: TKE_REGION is no name of a region, as in ap-shanghai");
	else if (keyring_is_value("TKE_ROLE_ARN", keyring->tke_role, search->why) &&
			keyring_is_value("TKE_PROVIDER_ID", keyring->tke_provider, search->why))
		return take_identity(search);
	return PLACE_WRONG;
}

/* The chain */

/* A role that the environment names is taken with whatever key was found; a machine's own needs no other. */
static bool add_role(struct search *search)
{
	const struct keyring *keyring = search->keyring;
	struct origin *out = search->out;
	if (search->profile || (!keyring->role && !keyring->session) ||
			(out->kind == ORIGIN_MACHINE && !out->looked_at))
		return true;
	if (!keyring->role || !keyring->session) {
		buf_printf(search->why, "environment: %s without %s: set that too%s, or unset the first",
			keyring->role ? "TENCENTCLOUD_ROLE_ARN" : "TENCENTCLOUD_ROLE_SESSION_NAME",
			keyring->role ? "TENCENTCLOUD_ROLE_SESSION_NAME" : "TENCENTCLOUD_ROLE_ARN",
			keyring->role ? " (any name will do)" : "");
		return false;
	}
	if (!keyring_is_value("TENCENTCLOUD_ROLE_ARN", keyring->role, search->why) ||
			!keyring_is_value("TENCENTCLOUD_ROLE_SESSION_NAME", keyring->session, search->why))
		return false;
	if (out->kind == ORIGIN_KEY || out->kind == ORIGIN_ROLE)
		return keyring_take_role(out, keyring->role, keyring->session) == PLACE_GOOD;
	buf_printf(search->why, "environment: TENCENTCLOUD_ROLE_ARN, and no key to take the role with: %s",
		HINT);
	return false;
}

static enum place look_everywhere(struct search *search)
{
	static enum place (*const PLACES[])(struct search *search) = { look_in_environment, keyring_tccli,
		look_at_sdk, look_at_kubernetes };
	/* Who names a profile wants that one. */
	size_t n = search->named ? 3 : sizeof PLACES / sizeof *PLACES;
	for (size_t i = 0; i < n; i++) {
		enum place place = PLACES[i](search);
		if (place != PLACE_EMPTY)
			return place;
	}
	if (!search->named)
		return keyring_take_machine(search, NULL);
	struct buf profiles, path;
	buf_init(&profiles, KEYRING_PATH_MAX);
	buf_init(&path, KEYRING_PATH_MAX);
	sdk_path(search->keyring, &path);
	keyring_profiles(search->keyring, path.data, &profiles);
	buf_release(&path);
	buf_printf(search->why, "no key for the profile %s: %s%s: run `tccli configure --profile %s`",
		search->named,
		profiles.len ? "there is " : "there is no profile at all", profiles.data, search->named);
	buf_release(&profiles);
	return PLACE_WRONG;
}

bool keyring_tencent(const struct keyring *keyring, const char *profile, struct origin *out,
	struct buf *looked,
	struct buf *why)
{
	struct origin found = { 0 };
	struct search search = { .keyring = keyring, .profile = profile, .out = &found, .looked = looked,
		.why = why,
		.named = profile ? profile : keyring->tccli_profile };
	bool good = look_everywhere(&search) == PLACE_GOOD && add_role(&search);
	if (good)
		origin_move(out, &found);
	origin_release(&found);
	return good;
}

uint64_t keyring_tencent_mark(const struct keyring *keyring, const char *profile)
{
	struct buf path;
	uint64_t tccli = 0;
	if (has_variables(keyring, profile))
		return 0;
	buf_init(&path, KEYRING_PATH_MAX);
	if (keyring_tccli_path(keyring, profile, "credential", &path))
		tccli = file_mark(keyring->cover, path.data);
	buf_clear(&path);
	sdk_path(keyring, &path);
	uint64_t sdk = file_mark(keyring->cover, path.data);
	buf_release(&path);
	return tccli * 31 + sdk;
}

bool keyring_tencent_meets(const struct keyring *keyring, const char *profile, struct file_cover *cover)
{
	struct buf path;
	bool meets = file_cover_meets(cover, SYSTEM_FILE);
	meets |= keyring->tke_file && file_cover_meets(cover, keyring->tke_file);
	buf_init(&path, KEYRING_PATH_MAX);
	if (keyring_tccli_path(keyring, profile, "credential", &path))
		meets |= file_cover_meets(cover, path.data);
	buf_clear(&path);
	if (keyring->home && buf_printf(&path, "%s/.tencentcloud/credentials", keyring->home))
		meets |= file_cover_meets(cover, path.data);
	buf_release(&path);
	return meets;
}
