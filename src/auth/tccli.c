/*
 * tccli.c - the files of tccli: PROFILE.credential with a key or the way to one, PROFILE.configure
 * with a region.
 */
#include "lookup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/value.h"
#include "base/timestamp.h"
#include "json/json.h"

/*
 * A profile goes into a file's name; the config has checked one that was typed, not the variable's.
 */
static bool is_profile(const char *profile)
{
	for (const char *at = profile; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f || *at == '/')
			return false;
	return *profile && *profile != '.';
}

/* HOME/.tccli/PROFILE.KIND; false when there can be none. */
bool credential_chain_tccli_path(const struct credential_chain *chain, const char *profile, const char *kind,
	struct buf *path)
{
	if (!profile)
		profile = chain->tccli_profile ? chain->tccli_profile : "default";
	return chain->home && is_profile(profile) &&
		buf_printf(path, "%s/.tccli/%s.%s", chain->home, profile, kind);
}

/* The file as JSON, and errno as file_read leaves it.  What was read is wiped. */
static struct json *read_json(const struct credential_chain *chain, const char *path, enum file_care care,
	struct buf *why)
{
	size_t len;
	char *text = credential_chain_read(chain, path, care, &len, why);
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

/* A copy, made plain; "" for what the file lacks.  NULL: it is no text, and `why` says so. */
static char *member(struct search *search, const struct json *object, const char *name)
{
	const struct json *value = json_get(object, name);
	if (!value || json_type(value) == JSON_NULL)
		return xstrdup("");
	if (json_type(value) == JSON_STRING)
		return value_clean(xstrdup(json_text(value)));
	buf_clear(search->why);
	buf_printf(search->why, "%s: %s is not a text: put it in quotes, or run `tccli configure`",
		search->path, name);
	return NULL;
}

enum lookup_result credential_chain_take_role(struct credential_source *origin, const char *role,
	const char *session)
{
	free(origin->role);
	free(origin->session);
	origin->kind = CREDENTIAL_SOURCE_ROLE;
	origin->role = xstrdup(role);
	origin->session = xstrdup(session);
	return PLACE_GOOD;
}

/* Both or neither, and such that they can be asked for. */
static bool check_role(struct search *search, const char *role, const char *session)
{
	const char *mistake;
	if (!*role && !*session)
		return true;
	if (!*role || !*session) {
		buf_printf(search->why, "%s: %s without %s: set that too%s, or take the first out",
			search->path, *role ? "role-arn" : "role-session-name",
			*role ? "role-session-name" : "role-arn", *role ? " (any name will do)" : "");
		return false;
	}
	mistake = value_mistake(role);
	if (!mistake)
		mistake = value_mistake(session);
	if (mistake)
		buf_printf(search->why, "%s: %s %s", search->path,
			value_mistake(role) ? "role-arn" : "role-session-name", mistake);
	return !mistake;
}

static enum lookup_result take_parts(struct search *search, const struct credentials *key, const char *role,
	const char *session)
{
	struct buf mend;
	buf_init(&mend, CREDENTIAL_PATH_MAX);
	buf_printf(&mend, "run `tccli configure%s%s`", search->named ? " --profile " : "",
		search->named ? search->named : "");
	const struct key_names names = { search->path, "secretId", "secretKey", "token", mend.data };
	enum lookup_result place = PLACE_WRONG;
	if (check_role(search, role, session))
		place = credential_chain_take(key, &names, search->out, search->why);
	buf_release(&mend);
	return place == PLACE_GOOD && *role ? credential_chain_take_role(search->out, role, session) : place;
}

static enum lookup_result take_tccli_key(struct search *search, const struct json *root)
{
	struct credentials key = { member(search, root, "secretId"), member(search, root, "secretKey"),
		member(search, root, "token") };
	char *role = member(search, root, "role-arn"), *session = member(search, root, "role-session-name");
	enum lookup_result place = PLACE_WRONG;
	if (key.id && key.secret && key.token && role && session)
		place = take_parts(search, &key, role, session);
	free(role);
	free(session);
	credentials_release(&key);
	return place;
}

enum lookup_result credential_chain_take_machine(struct search *search, const char *where)
{
	struct credential_source origin = { .kind = CREDENTIAL_SOURCE_MACHINE };
	struct buf text;
	buf_init(&text, CREDENTIAL_PATH_MAX + 100);
	buf_printf(&text, "%s%sthe role of this machine", where ? where : "", where ? ": " : "");
	origin.where = buf_take(&text);
	if (!where)
		origin.looked_at = xstrdup(search->looked->data);
	credential_source_move(search->out, &origin);
	return PLACE_GOOD;
}

/* A key that tccli got for a while, and renews when it is run. */
static enum lookup_result take_lent_key(struct search *search, const struct json *root)
{
	const struct json *end = json_get(root, "expiresAt");
	int64_t expires_s = end && json_type(end) != JSON_NULL ? json_integer(end, INT64_MIN) : 0;
	bool ends = timestamp_is_time(expires_s); /* else the file does not say */
	if (expires_s == INT64_MIN || (ends && expires_s <= (int64_t)time(NULL))) {
		buf_printf(search->why, "%s: %s: run tccli with this profile, which renews it", search->path,
			ends ? "the temporary key has expired" : "expiresAt is no time");
		return PLACE_WRONG;
	}
	enum lookup_result place = take_tccli_key(search, root);
	if (place == PLACE_GOOD && ends)
		search->out->expires_s = expires_s;
	return place;
}

static enum lookup_result take_tccli(struct search *search, const struct json *root)
{
	char *type = member(search, root, "type"), shown[41];
	enum lookup_result place = PLACE_WRONG;
	if (!type)
		return place;
	if (strcmp(type, "cvm-role") == 0) {
		place = credential_chain_take_machine(search, search->path);
	} else if (strcmp(type, "oauth") == 0 || strcmp(type, "sso") == 0) {
		place = take_lent_key(search, root);
	} else if (!*type || strcmp(type, "default") == 0) {
		place = take_tccli_key(search, root);
	} else {
		error_note_copy(shown, sizeof shown, type);
		buf_printf(search->why, "%s: type \"%s\" is not known", search->path, shown);
	}
	free(type);
	return place;
}

static bool is_missing(int error)
{
	return error == ENOENT || error == ENOTDIR;
}

static enum lookup_result read_tccli(struct search *search)
{
	struct buf reason;
	enum lookup_result place = PLACE_WRONG;
	buf_init(&reason, CREDENTIAL_PATH_MAX);
	struct json *root = read_json(search->credential_chain, search->path, FILE_SECRET, &reason);
	if (root) {
		place = take_tccli(search, root);
	} else if (is_missing(errno)) {
		credential_chain_note(search->looked, reason.data);
		place = PLACE_EMPTY;
	} else {
		buf_puts(search->why, reason.data);
	}
	json_forget(root);
	buf_release(&reason);
	return place;
}

enum lookup_result credential_chain_tccli(struct search *search)
{
	struct buf path;
	enum lookup_result place = PLACE_EMPTY;
	char shown[41];
	if (search->named && !is_profile(search->named)) {
		error_note_copy(shown, sizeof shown, search->named);
		buf_printf(search->why,
			"environment: TCCLI_PROFILE: \"%s\" is no name of a profile: set it right, or "
			"unset it",
			shown);
		return PLACE_WRONG;
	}
	buf_init(&path, CREDENTIAL_PATH_MAX);
	if (credential_chain_tccli_path(search->credential_chain, search->named, "credential", &path)) {
		search->path = path.data;
		place = read_tccli(search);
		search->path = NULL;
	} else {
		credential_chain_note(search->looked, "HOME is not set");
	}
	buf_release(&path);
	return place;
}

/* The region */

static bool take_region(const char *place, const char *region, struct buf *out, struct buf *why)
{
	if (value_is_region(region))
		return buf_puts(out, region);
	buf_printf(why, "%s %s: it wants the name of a region, as in ap-shanghai", place,
		*region ? "is no name of a region" : "is empty");
	return false;
}

/* Older files have it at the top. */
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
		buf_printf(why, "%s is not a text: put it in quotes, or run `tccli configure`", place.data);
		good = false;
	} else if (region) {
		char *text = value_clean(xstrdup(json_text(region)));
		good = take_region(place.data, text, out, why);
		free(text);
	}
	buf_release(&place);
	return good;
}

bool credential_chain_tencent_region(const struct credential_chain *chain, const char *profile,
	struct buf *out, struct buf *why)
{
	if (!profile && chain->region)
		return take_region("environment: TENCENTCLOUD_REGION", chain->region, out, why);
	struct buf path, reason;
	buf_init(&path, CREDENTIAL_PATH_MAX);
	buf_init(&reason, CREDENTIAL_PATH_MAX);
	struct json *root = NULL;
	bool good = true;
	if (credential_chain_tccli_path(chain, profile, "configure", &path)) {
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
