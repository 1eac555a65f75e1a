/*
 * tccli.c - the files of tccli: PROFILE.credential with a key or how to obtain one, PROFILE.configure with a
 * region.
 */
#include "lookup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/value.h"
#include "base/timestamp.h"
#include "json/json.h"

/* HOME/.tccli/PROFILE.KIND; false when there can be none. */
bool tccli_path(const struct credential_chain *chain, const char *profile, const char *kind, struct buf *path)
{
	if (!profile)
		profile = chain->tccli_profile ? chain->tccli_profile : "default";
	return chain->home && value_is_profile(profile) &&
		buf_printf(path, "%s/.tccli/%s.%s", chain->home, profile, kind);
}

/* The file as JSON, and errno of file_read. The text read is wiped. */
static struct json *read_json(const struct credential_chain *chain, const char *path, enum file_care care,
	struct buf *why)
{
	size_t len;
	char *text = lookup_read(chain, path, care, &len, why);
	if (!text)
		return NULL;
	struct json *root = NULL;
	enum error error = json_parse(&root, text, len);
	explicit_bzero(text, len);
	free(text);
	errno = 0;
	if (!error && json_type(root) == JSON_OBJECT)
		return root;
	buf_printf(why, "%s: %s, not the JSON object that tccli writes: run `tccli configure`", path,
		len ? "cut off or changed" : "empty");
	json_forget(root);
	return NULL;
}

/* A cleaned copy of a member; "" if the file lacks it. NULL: it is not a string; `why` says so. */
static char *tccli_text(struct tencent_lookup *lookup, const struct json *object, const char *name)
{
	const struct json *value = json_get(object, name);
	if (!value || json_type(value) == JSON_NULL)
		return xstrdup("");
	if (json_type(value) == JSON_STRING)
		return value_clean(xstrdup(json_text(value)));
	buf_clear(lookup->why);
	buf_printf(lookup->why, "%s: %s is not a string: put it in quotes, or run `tccli configure`",
		lookup->path, name);
	return NULL;
}

enum lookup_result tencent_take_role(struct credential_source *source, const char *role, const char *session)
{
	free(source->role);
	free(source->session);
	source->kind = CREDENTIAL_SOURCE_ROLE;
	source->role = xstrdup(role);
	source->session = xstrdup(session);
	return LOOKUP_FOUND;
}

/* Both must be set, or neither, and their form must be valid. */
static bool check_role(struct tencent_lookup *lookup, const char *role, const char *session)
{
	const char *mistake;
	if (!*role && !*session)
		return true;
	if (!*role || !*session) {
		buf_printf(lookup->why, "%s: %s without %s: set that too%s, or remove the first",
			lookup->path, *role ? "role-arn" : "role-session-name",
			*role ? "role-session-name" : "role-arn", *role ? " (any name will do)" : "");
		return false;
	}
	mistake = value_mistake(role);
	if (!mistake)
		mistake = value_mistake(session);
	if (mistake)
		buf_printf(lookup->why, "%s: %s %s", lookup->path,
			value_mistake(role) ? "role-arn" : "role-session-name", mistake);
	return !mistake;
}

static enum lookup_result take_parts(struct tencent_lookup *lookup, const struct credentials *key,
	const char *role, const char *session)
{
	struct buf mend;
	buf_init(&mend, CREDENTIAL_PATH_MAX);
	buf_printf(&mend, "run `tccli configure%s%s`", lookup->named ? " --profile " : "",
		lookup->named ? lookup->named : "");
	const struct key_names names = { lookup->path, "secretId", "secretKey", "token", mend.data };
	enum lookup_result result = LOOKUP_INVALID;
	if (check_role(lookup, role, session))
		result = lookup_key(key, &names, lookup->out, lookup->why);
	buf_release(&mend);
	return result == LOOKUP_FOUND && *role ? tencent_take_role(lookup->out, role, session) : result;
}

static enum lookup_result take_tccli_key(struct tencent_lookup *lookup, const struct json *root)
{
	struct credentials key = { tccli_text(lookup, root, "secretId"),
		tccli_text(lookup, root, "secretKey"), tccli_text(lookup, root, "token") };
	char *role = tccli_text(lookup, root, "role-arn"),
	     *session = tccli_text(lookup, root, "role-session-name");
	enum lookup_result result = LOOKUP_INVALID;
	if (key.id && key.secret && key.token && role && session)
		result = take_parts(lookup, &key, role, session);
	free(role);
	free(session);
	credentials_release(&key);
	return result;
}

enum lookup_result tencent_take_machine(struct tencent_lookup *lookup, const char *where)
{
	struct credential_source source = { .kind = CREDENTIAL_SOURCE_MACHINE };
	struct buf text;
	buf_init(&text, CREDENTIAL_PATH_MAX + 100);
	buf_printf(&text, "%s%sthe role of this machine", where ? where : "", where ? ": " : "");
	source.where = buf_take(&text);
	if (!where)
		source.looked_at = xstrdup(lookup->looked->data);
	credential_source_move(lookup->out, &source);
	return LOOKUP_FOUND;
}

/* A temporary key that tccli has obtained; running tccli renews it. */
static enum lookup_result take_lent_key(struct tencent_lookup *lookup, const struct json *root)
{
	const struct json *end = json_get(root, "expiresAt");
	int64_t expires_s = end && json_type(end) != JSON_NULL ? json_integer(end, INT64_MIN) : 0;
	bool ends = timestamp_is_time(expires_s); /* otherwise the end is unknown */
	if (expires_s == INT64_MIN || (ends && expires_s <= (int64_t)time(NULL))) {
		buf_printf(lookup->why, "%s: %s: run tccli with this profile, which renews it", lookup->path,
			ends ? "the temporary key has expired" : "expiresAt is no time");
		return LOOKUP_INVALID;
	}
	enum lookup_result result = take_tccli_key(lookup, root);
	if (result == LOOKUP_FOUND && ends)
		lookup->out->expires_s = expires_s;
	return result;
}

static enum lookup_result take_tccli(struct tencent_lookup *lookup, const struct json *root)
{
	char *type = tccli_text(lookup, root, "type"), shown[41];
	enum lookup_result result = LOOKUP_INVALID;
	if (!type)
		return result;
	if (strcmp(type, "cvm-role") == 0) {
		result = tencent_take_machine(lookup, lookup->path);
	} else if (strcmp(type, "oauth") == 0 || strcmp(type, "sso") == 0) {
		result = take_lent_key(lookup, root);
	} else if (!*type || strcmp(type, "default") == 0) {
		result = take_tccli_key(lookup, root);
	} else {
		error_note_copy(shown, sizeof shown, type);
		buf_printf(lookup->why, "%s: type \"%s\" is not known", lookup->path, shown);
	}
	free(type);
	return result;
}

static bool is_missing(int error)
{
	return error == ENOENT || error == ENOTDIR;
}

static enum lookup_result read_tccli(struct tencent_lookup *lookup)
{
	struct buf reason;
	enum lookup_result result = LOOKUP_INVALID;
	buf_init(&reason, CREDENTIAL_PATH_MAX);
	struct json *root = read_json(lookup->chain, lookup->path, FILE_SECRET, &reason);
	if (root) {
		result = take_tccli(lookup, root);
	} else if (is_missing(errno)) {
		lookup_note(lookup->looked, reason.data);
		result = LOOKUP_NONE;
	} else {
		buf_puts(lookup->why, reason.data);
	}
	json_forget(root);
	buf_release(&reason);
	return result;
}

enum lookup_result tccli_look(struct tencent_lookup *lookup)
{
	struct buf path;
	enum lookup_result result = LOOKUP_NONE;
	char shown[41];
	if (lookup->named && !value_is_profile(lookup->named)) {
		error_note_copy(shown, sizeof shown, lookup->named);
		buf_printf(lookup->why,
			"environment: TCCLI_PROFILE: \"%s\" is not the name of a profile: correct it, or "
			"unset it",
			shown);
		return LOOKUP_INVALID;
	}
	buf_init(&path, CREDENTIAL_PATH_MAX);
	if (tccli_path(lookup->chain, lookup->named, "credential", &path)) {
		lookup->path = path.data;
		result = read_tccli(lookup);
		lookup->path = NULL;
	} else {
		lookup_note(lookup->looked, "HOME is not set");
	}
	buf_release(&path);
	return result;
}

/* The region */

static bool take_region(const char *place, const char *region, struct buf *out, struct buf *why)
{
	if (value_is_region(region))
		return buf_puts(out, region);
	buf_printf(why, "%s %s: expected the name of a region, as in ap-shanghai", place,
		*region ? "is not the name of a region" : "is empty");
	return false;
}

/* Older files have the region at the top level. */
static bool find_region(const char *path, const struct json *root, struct buf *out, struct buf *why)
{
	const struct json *system = json_get(root, "_sys_param"), *region = json_get(system, "region");
	struct buf place;
	buf_init(&place, CREDENTIAL_PATH_MAX + 100);
	buf_printf(&place, "%s: %s", path, region ? "_sys_param.region" : "region");
	if (!region)
		region = json_get(root, "region");
	bool good = true;
	if (system && json_type(system) != JSON_OBJECT) {
		buf_printf(why, "%s: _sys_param is no object: run `tccli configure`", path);
		good = false;
	} else if (region && json_type(region) != JSON_STRING) {
		buf_printf(why, "%s is not a string: put it in quotes, or run `tccli configure`", place.data);
		good = false;
	} else if (region) {
		char *text = value_clean(xstrdup(json_text(region)));
		good = take_region(place.data, text, out, why);
		free(text);
	}
	buf_release(&place);
	return good;
}

bool tencent_region(const struct credential_chain *chain, const char *profile, struct buf *out,
	struct buf *why)
{
	if (!profile && chain->region)
		return take_region("environment: TENCENTCLOUD_REGION", chain->region, out, why);
	struct buf path, reason;
	buf_init(&path, CREDENTIAL_PATH_MAX);
	buf_init(&reason, CREDENTIAL_PATH_MAX);
	struct json *root = NULL;
	bool good = true;
	if (tccli_path(chain, profile, "configure", &path)) {
		root = read_json(chain, path.data, FILE_DECIDES, &reason);
		good = root || is_missing(errno);
	}
	if (root)
		good = find_region(path.data, root, out, why);
	else if (!good)
		buf_puts(why, reason.data);
	json_free(root);
	buf_release(&path);
	buf_release(&reason);
	return good;
}
