/*
 * tencent.c - where Tencent Cloud's keys are: the places of tccli and of the SDKs, one by one.
 *
 * tccli and the SDKs share the environment and differ behind it: tccli has its own files, which the SDKs do
 * not read, and the SDKs have one that tccli does not.  tccli's come first, because its profiles are what
 * SOURCE names.  The machine's role comes last: it is the only place that has to be asked to be found.
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

/* A named profile is what was asked for, whatever the variables say. */
static bool has_variables(const struct credential_chain *chain, const char *profile)
{
	const struct credentials *key = &chain->tencent;
	return !profile && (key->id || key->secret || key->token);
}

static enum lookup_result look_in_environment(struct search *search)
{
	static const struct key_names NAMES = { "environment", "TENCENTCLOUD_SECRET_ID",
		"TENCENTCLOUD_SECRET_KEY", "TENCENTCLOUD_TOKEN",
		"set both, or unset TENCENTCLOUD_SECRET_ID, TENCENTCLOUD_SECRET_KEY and TENCENTCLOUD_TOKEN" };
	if (has_variables(search->credential_chain, search->profile))
		return credential_chain_take(&search->credential_chain->tencent, &NAMES, search->out,
			search->why);
	if (!search->profile)
		credential_chain_note(search->looked,
			"TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY are not set");
	return PLACE_EMPTY;
}

/* The SDKs' file */

/* The user's, or when that is not there the machine's: never both. */
static void sdk_path(const struct credential_chain *chain, struct buf *path)
{
	if (chain->home && buf_printf(path, "%s/.tencentcloud/credentials", chain->home) &&
		(file_is_there(chain->cover, path->data) || (errno != ENOENT && errno != ENOTDIR)))
		return;
	buf_clear(path);
	buf_puts(path, SYSTEM_FILE);
}

static enum lookup_result look_at_sdk(struct search *search)
{
	static const char *const NAMES[3] = { "secret_id", "secret_key", "token" };
	struct buf path;
	buf_init(&path, CREDENTIAL_PATH_MAX);
	sdk_path(search->credential_chain, &path);
	if (search->credential_chain->home && strcmp(path.data, SYSTEM_FILE) == 0)
		credential_chain_note(search->looked, "no ~/.tencentcloud/credentials");
	enum lookup_result place = credential_chain_ini(search->credential_chain, path.data,
		search->named ? search->named : "default", NAMES, search->out, search->looked, search->why);
	buf_release(&path);
	return place;
}

/* Kubernetes */

/*
 * The token is the cluster's, which puts it there for whoever runs in the container, renews it, and lets
 * nobody change its mode: of all files with a secret it is the one that others may read.
 */
static char *read_identity(const struct credential_chain *chain, struct buf *why)
{
	size_t len;
	const char *path = chain->tke_file;
	char *text = credential_chain_read(chain, path, FILE_DECIDES, &len, why);
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

static enum lookup_result take_identity(struct search *search)
{
	const struct credential_chain *chain = search->credential_chain;
	char *identity = read_identity(chain, search->why);
	if (!identity)
		return PLACE_WRONG;
	struct credential_source origin = {
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
	origin.where = buf_take(&where);
	explicit_bzero(identity, strlen(identity));
	free(identity);
	credential_source_move(search->out, &origin);
	return PLACE_GOOD;
}

static enum lookup_result look_at_kubernetes(struct search *search)
{
	const struct credential_chain *chain = search->credential_chain;
	const char *const parts[4][2] = { { "TKE_ROLE_ARN", chain->tke_role },
		{ "TKE_PROVIDER_ID", chain->tke_provider },
		{ "TKE_WEB_IDENTITY_TOKEN_FILE", chain->tke_file }, { "TKE_REGION", chain->tke_region } };
	const char *set = NULL, *missing = NULL;
	for (size_t i = 4; i > 0; i--)
		*(parts[i - 1][1] ? &set : &missing) = parts[i - 1][0];
	if (!set) {
		credential_chain_note(search->looked, "TKE_ROLE_ARN is not set");
		return PLACE_EMPTY;
	}
	if (missing)
		buf_printf(search->why,
			"environment: %s is set, but %s is not, or is empty: set all of "
			"TKE_ROLE_ARN, TKE_PROVIDER_ID, TKE_WEB_IDENTITY_TOKEN_FILE and TKE_REGION, or unset "
			"them",
			set, missing);
	else if (!value_is_region(chain->tke_region))
		buf_puts(search->why, "environment: TKE_REGION is no name of a region, as in ap-shanghai");
	else if (credential_chain_is_value("TKE_ROLE_ARN", chain->tke_role, search->why) &&
		credential_chain_is_value("TKE_PROVIDER_ID", chain->tke_provider, search->why))
		return take_identity(search);
	return PLACE_WRONG;
}

/* The chain */

/* A role that the environment names is taken with whatever key was found; a machine's own needs no other. */
static bool add_role(struct search *search)
{
	const struct credential_chain *chain = search->credential_chain;
	struct credential_source *out = search->out;
	if (search->profile || (!chain->role && !chain->session) ||
		(out->kind == CREDENTIAL_SOURCE_MACHINE && !out->looked_at))
		return true;
	if (!chain->role || !chain->session) {
		buf_printf(search->why, "environment: %s without %s: set that too%s, or unset the first",
			chain->role ? "TENCENTCLOUD_ROLE_ARN" : "TENCENTCLOUD_ROLE_SESSION_NAME",
			chain->role ? "TENCENTCLOUD_ROLE_SESSION_NAME" : "TENCENTCLOUD_ROLE_ARN",
			chain->role ? " (any name will do)" : "");
		return false;
	}
	if (!credential_chain_is_value("TENCENTCLOUD_ROLE_ARN", chain->role, search->why) ||
		!credential_chain_is_value("TENCENTCLOUD_ROLE_SESSION_NAME", chain->session, search->why))
		return false;
	if (out->kind == CREDENTIAL_SOURCE_KEY || out->kind == CREDENTIAL_SOURCE_ROLE)
		return credential_chain_take_role(out, chain->role, chain->session) == PLACE_GOOD;
	buf_printf(search->why, "environment: TENCENTCLOUD_ROLE_ARN, and no key to take the role with: %s",
		HINT);
	return false;
}

static enum lookup_result look_everywhere(struct search *search)
{
	static enum lookup_result (*const PLACES[])(struct search * search) = { look_in_environment,
		credential_chain_tccli, look_at_sdk, look_at_kubernetes };
	/* Who names a profile wants that one. */
	size_t n = search->named ? 3 : sizeof PLACES / sizeof *PLACES;
	for (size_t i = 0; i < n; i++) {
		enum lookup_result place = PLACES[i](search);
		if (place != PLACE_EMPTY)
			return place;
	}
	if (!search->named)
		return credential_chain_take_machine(search, NULL);
	struct buf profiles, path;
	buf_init(&profiles, CREDENTIAL_PATH_MAX);
	buf_init(&path, CREDENTIAL_PATH_MAX);
	sdk_path(search->credential_chain, &path);
	credential_chain_profiles(search->credential_chain, path.data, &profiles);
	buf_release(&path);
	buf_printf(search->why, "no key for the profile %s: %s%s: run `tccli configure --profile %s`",
		search->named, profiles.len ? "there is " : "there is no profile at all", profiles.data,
		search->named);
	buf_release(&profiles);
	return PLACE_WRONG;
}

bool credential_chain_tencent(const struct credential_chain *chain, const char *profile,
	struct credential_source *out, struct buf *looked, struct buf *why)
{
	struct credential_source found = { 0 };
	struct search search = { .credential_chain = chain,
		.profile = profile,
		.out = &found,
		.looked = looked,
		.why = why,
		.named = profile ? profile : chain->tccli_profile };
	bool good = look_everywhere(&search) == PLACE_GOOD && add_role(&search);
	if (good)
		credential_source_move(out, &found);
	credential_source_release(&found);
	return good;
}

uint64_t credential_chain_tencent_mark(const struct credential_chain *chain, const char *profile)
{
	struct buf path;
	uint64_t tccli = 0;
	if (has_variables(chain, profile))
		return 0;
	buf_init(&path, CREDENTIAL_PATH_MAX);
	if (credential_chain_tccli_path(chain, profile, "credential", &path))
		tccli = file_mark(chain->cover, path.data);
	buf_clear(&path);
	sdk_path(chain, &path);
	uint64_t sdk = file_mark(chain->cover, path.data);
	buf_release(&path);
	return tccli * 31 + sdk;
}

bool credential_chain_tencent_meets(const struct credential_chain *chain, const char *profile,
	struct file_cover *cover)
{
	struct buf path;
	bool meets = file_cover_meets(cover, SYSTEM_FILE);
	meets |= chain->tke_file && file_cover_meets(cover, chain->tke_file);
	buf_init(&path, CREDENTIAL_PATH_MAX);
	if (credential_chain_tccli_path(chain, profile, "credential", &path))
		meets |= file_cover_meets(cover, path.data);
	buf_clear(&path);
	if (chain->home && buf_printf(&path, "%s/.tencentcloud/credentials", chain->home))
		meets |= file_cover_meets(cover, path.data);
	buf_release(&path);
	return meets;
}
