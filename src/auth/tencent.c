/*
 * tencent.c - the sources of Tencent Cloud's keys, in order: those of tccli, then those of the SDKs.
 *
 * tccli and the SDKs share the environment. tccli has its own files, which the SDKs do not read, and the
 * SDKs have one that tccli does not read. tccli's come first, because SOURCE names its profiles. The
 * machine's role comes last, because only it needs a request to be found.
 */
#include "lookup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/value.h"

static const char SYSTEM_FILE[] = "/etc/tencentcloud/credentials";
static const char HINT[] = "set TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, or run `tccli configure`";

/* The environment */

/* A profile named by the source takes precedence over the variables. */
static bool has_variables(const struct credential_chain *chain, const char *profile)
{
	const struct credentials *key = &chain->tencent;
	return !profile && (key->id || key->secret || key->token);
}

static enum lookup_result look_in_environment(struct tencent_lookup *lookup)
{
	static const struct key_names NAMES = { "environment", "TENCENTCLOUD_SECRET_ID",
		"TENCENTCLOUD_SECRET_KEY", "TENCENTCLOUD_TOKEN",
		"set both, or unset TENCENTCLOUD_SECRET_ID, TENCENTCLOUD_SECRET_KEY and TENCENTCLOUD_TOKEN" };
	if (has_variables(lookup->chain, lookup->profile))
		return lookup_key(&lookup->chain->tencent, &NAMES, lookup->out, lookup->why);
	if (!lookup->profile)
		lookup_note(lookup->looked, "TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY are not set");
	return LOOKUP_NONE;
}

/* The SDKs' file */

/* Returns false without HOME. */
static bool sdk_user_path(const struct credential_chain *chain, struct buf *path)
{
	return chain->home && buf_printf(path, "%s/.tencentcloud/credentials", chain->home);
}

/* The user's file, or the machine's if that does not exist. */
static void sdk_path(const struct credential_chain *chain, struct buf *path)
{
	if (sdk_user_path(chain, path) &&
		(file_is_there(chain->cover, path->data) || (errno != ENOENT && errno != ENOTDIR)))
		return;
	buf_clear(path);
	buf_puts(path, SYSTEM_FILE);
}

/* The mark of the file that sdk_path finds. */
static uint64_t sdk_mark(const struct credential_chain *chain)
{
	struct buf path;
	uint64_t mark = 0;

	buf_init(&path, CREDENTIAL_PATH_MAX);
	errno = ENOENT;
	if (sdk_user_path(chain, &path))
		mark = file_mark(chain->cover, path.data);
	if (!mark && (errno == ENOENT || errno == ENOTDIR))
		mark = file_mark(chain->cover, SYSTEM_FILE);
	buf_release(&path);
	return mark;
}

static enum lookup_result look_at_sdk_file(struct tencent_lookup *lookup)
{
	static const char *const NAMES[3] = { "secret_id", "secret_key", "token" };
	struct buf path;
	buf_init(&path, CREDENTIAL_PATH_MAX);
	sdk_path(lookup->chain, &path);
	if (lookup->chain->home && strcmp(path.data, SYSTEM_FILE) == 0)
		lookup_note(lookup->looked, "no ~/.tencentcloud/credentials");
	enum lookup_result result = lookup_ini(lookup->chain, path.data,
		lookup->named ? lookup->named : "default", NAMES, lookup->out, lookup->looked, lookup->why);
	buf_release(&path);
	return result;
}

/* Kubernetes */

/*
 * Kubernetes mounts the token into the container and renews it; its mode cannot be changed. So it is the
 * only file with a secret that other users may be able to read.
 */
static char *read_identity(const struct credential_chain *chain, struct buf *why)
{
	size_t len;
	const char *path = chain->tke_file;
	char *text = lookup_read(chain, path, FILE_DECIDES, &len, why);
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

static enum lookup_result take_identity(struct tencent_lookup *lookup)
{
	const struct credential_chain *chain = lookup->chain;
	char *identity = read_identity(chain, lookup->why);
	if (!identity)
		return LOOKUP_INVALID;
	struct credential_source source = {
		.kind = CREDENTIAL_SOURCE_IDENTITY,
		.role = xstrdup(chain->tke_role),
		.session = xstrdup("describefs"),
		.provider = xstrdup(chain->tke_provider),
		.identity = xstrdup(identity),
		.region = xstrdup(chain->tke_region),
	};
	struct buf where;
	buf_init(&where, CREDENTIAL_PATH_MAX + 100);
	buf_printf(&where, "TKE_ROLE_ARN with %s", chain->tke_file);
	source.where = buf_take(&where);
	explicit_bzero(identity, strlen(identity));
	free(identity);
	credential_source_move(lookup->out, &source);
	return LOOKUP_FOUND;
}

static enum lookup_result look_at_kubernetes(struct tencent_lookup *lookup)
{
	const struct credential_chain *chain = lookup->chain;
	const char *const parts[4][2] = { { "TKE_ROLE_ARN", chain->tke_role },
		{ "TKE_PROVIDER_ID", chain->tke_provider },
		{ "TKE_WEB_IDENTITY_TOKEN_FILE", chain->tke_file }, { "TKE_REGION", chain->tke_region } };
	const char *set = NULL, *missing = NULL;
	for (size_t i = 4; i > 0; i--)
		*(parts[i - 1][1] ? &set : &missing) = parts[i - 1][0];
	if (!set) {
		lookup_note(lookup->looked, "TKE_ROLE_ARN is not set");
		return LOOKUP_NONE;
	}
	if (missing)
		buf_printf(lookup->why,
			"environment: %s is set, but %s is not, or is empty: set all of "
			"TKE_ROLE_ARN, TKE_PROVIDER_ID, TKE_WEB_IDENTITY_TOKEN_FILE and TKE_REGION, or unset "
			"them",
			set, missing);
	else if (!value_is_region(chain->tke_region))
		buf_puts(lookup->why,
			"environment: TKE_REGION is not the name of a region, as in ap-shanghai");
	else if (lookup_check_value("TKE_ROLE_ARN", chain->tke_role, lookup->why) &&
		lookup_check_value("TKE_PROVIDER_ID", chain->tke_provider, lookup->why))
		return take_identity(lookup);
	return LOOKUP_INVALID;
}

/* The chain */

/* Adds the role that the environment names to the key that was found. */
static bool add_role(struct tencent_lookup *lookup)
{
	const struct credential_chain *chain = lookup->chain;
	struct credential_source *out = lookup->out;
	if (lookup->profile || (!chain->role && !chain->session) ||
		(out->kind == CREDENTIAL_SOURCE_MACHINE && !out->looked_at))
		return true;
	if (!chain->role || !chain->session) {
		buf_printf(lookup->why, "environment: %s without %s: set that too%s, or unset the first",
			chain->role ? "TENCENTCLOUD_ROLE_ARN" : "TENCENTCLOUD_ROLE_SESSION_NAME",
			chain->role ? "TENCENTCLOUD_ROLE_SESSION_NAME" : "TENCENTCLOUD_ROLE_ARN",
			chain->role ? " (any name will do)" : "");
		return false;
	}
	if (!lookup_check_value("TENCENTCLOUD_ROLE_ARN", chain->role, lookup->why) ||
		!lookup_check_value("TENCENTCLOUD_ROLE_SESSION_NAME", chain->session, lookup->why))
		return false;
	if (out->kind == CREDENTIAL_SOURCE_KEY || out->kind == CREDENTIAL_SOURCE_ROLE)
		return tencent_take_role(out, chain->role, chain->session) == LOOKUP_FOUND;
	buf_printf(lookup->why,
		"environment: TENCENTCLOUD_ROLE_ARN, and there is no key to assume the role with: %s", HINT);
	return false;
}

static enum lookup_result look_everywhere(struct tencent_lookup *lookup)
{
	static enum lookup_result (*const PLACES[])(struct tencent_lookup * lookup) = { look_in_environment,
		tccli_look, look_at_sdk_file, look_at_kubernetes };
	/* A named profile is looked for in the first three only. */
	size_t n = lookup->named ? 3 : sizeof PLACES / sizeof *PLACES;
	for (size_t i = 0; i < n; i++) {
		enum lookup_result result = PLACES[i](lookup);
		if (result != LOOKUP_NONE)
			return result;
	}
	if (!lookup->named)
		return tencent_take_machine(lookup, NULL);
	struct buf profiles, path;
	buf_init(&profiles, CREDENTIAL_PATH_MAX);
	buf_init(&path, CREDENTIAL_PATH_MAX);
	sdk_path(lookup->chain, &path);
	profiles_list(lookup->chain, path.data, &profiles);
	buf_release(&path);
	buf_printf(lookup->why, "no key for the profile %s: %s%s: run `tccli configure --profile %s`",
		lookup->named, profiles.len ? "the profiles are " : "there are no profiles", profiles.data,
		lookup->named);
	buf_release(&profiles);
	return LOOKUP_INVALID;
}

static enum lookup_result tencent_find(const struct credential_chain *chain, const char *profile,
	struct credential_source *out, struct buf *looked, struct buf *why)
{
	struct credential_source found = { 0 };
	struct tencent_lookup lookup = { .chain = chain,
		.profile = profile,
		.out = &found,
		.looked = looked,
		.why = why,
		.named = profile ? profile : chain->tccli_profile };
	enum lookup_result result = look_everywhere(&lookup);
	if (result == LOOKUP_FOUND && !add_role(&lookup))
		result = LOOKUP_INVALID;
	if (result == LOOKUP_FOUND)
		credential_source_move(out, &found);
	credential_source_release(&found);
	return result;
}

static uint64_t tencent_mark(const struct credential_chain *chain, const char *profile)
{
	struct buf path;
	uint64_t tccli = 0;
	if (has_variables(chain, profile))
		return 0;
	buf_init(&path, CREDENTIAL_PATH_MAX);
	if (tccli_path(chain, profile, "credential", &path))
		tccli = file_mark(chain->cover, path.data);
	buf_release(&path);
	return tccli * 31 + sdk_mark(chain);
}

static bool tencent_meets(const struct credential_chain *chain, const char *profile, struct file_cover *cover)
{
	struct buf path;
	bool meets = file_cover_meets(cover, SYSTEM_FILE);
	meets |= chain->tke_file && file_cover_meets(cover, chain->tke_file);
	buf_init(&path, CREDENTIAL_PATH_MAX);
	if (tccli_path(chain, profile, "credential", &path))
		meets |= file_cover_meets(cover, path.data);
	buf_clear(&path);
	if (sdk_user_path(chain, &path))
		meets |= file_cover_meets(cover, path.data);
	buf_release(&path);
	return meets;
}

const struct cloud_chain tencent_chain = {
	.cloud = "tencent",
	.find = tencent_find,
	.mark = tencent_mark,
	.meets = tencent_meets,
	.region = tencent_region,
};
