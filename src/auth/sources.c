/*
 * sources.c - takes a key from one source: reads its file, and checks the contents.
 */
#include "lookup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/value.h"
#include "sys/read_file.h"

char *lookup_read(const struct credential_chain *chain, const char *path, enum file_care care, size_t *len,
	struct buf *why)
{
	struct file_trust trust = { chain->invoker, care };
	char *text = file_read_trusted(chain->cover, path, CREDENTIAL_FILE_MAX, trust, len, why);
	int error = text ? 0 : errno;
	if (error == EACCES)
		file_advise_home(chain->cover, chain->home, path, why);
	errno = error;
	return text;
}

bool lookup_check_value(const char *variable, const char *value, struct buf *why)
{
	const char *mistake = value_mistake(value);
	if (mistake)
		buf_printf(why, "environment: %s %s: correct it, or unset it", variable, mistake);
	return !mistake;
}

static bool is_there(const char *text)
{
	return text && *text;
}

/* An incomplete key is an error: the next source may belong to another account. */
static bool is_whole(const struct credentials *key, const struct key_names *names, struct buf *why)
{
	bool id = is_there(key->id), secret = is_there(key->secret);
	if (id && secret)
		return true;
	if (id || secret)
		buf_printf(why, "%s: %s is set, but %s is missing or empty: %s", names->place,
			id ? names->id : names->secret, id ? names->secret : names->id, names->mend);
	else
		buf_printf(why, "%s: %s and %s are missing or empty: %s", names->place, names->id,
			names->secret, names->mend);
	return false;
}

static bool is_good(const struct credentials *key, const struct key_names *names, struct buf *why)
{
	const char *const parts[3][2] = { { names->id, key->id }, { names->secret, key->secret },
		{ names->token, key->token } };
	for (size_t i = 0; i < 3; i++) {
		const char *mistake = i < 2 || parts[i][1] ? value_mistake(parts[i][1]) : NULL;
		if (!mistake)
			continue;
		buf_printf(why, "%s: %s %s", names->place, parts[i][0], mistake);
		return false;
	}
	return true;
}

static void make_plain(struct credentials *key)
{
	if (key->id)
		value_clean(key->id);
	if (key->secret)
		value_clean(key->secret);
	if (key->token && !*value_clean(key->token)) {
		digest_secret_free(key->token);
		key->token = NULL;
	}
}

enum lookup_result lookup_key(const struct credentials *key, const struct key_names *names,
	struct credential_source *out, struct buf *why)
{
	struct credential_source source = { .kind = CREDENTIAL_SOURCE_KEY, .where = xstrdup(names->place) };
	credentials_copy(&source.key, key);
	make_plain(&source.key);
	bool good = is_whole(&source.key, names, why) && is_good(&source.key, names, why);
	if (good)
		credential_source_move(out, &source);
	credential_source_release(&source);
	return good ? LOOKUP_FOUND : LOOKUP_INVALID;
}

void lookup_note(struct buf *looked, const char *text)
{
	buf_printf(looked, "%s%s", looked->len ? ", " : "", text);
}

/* The tools that read these files refuse a duplicate name. */
static bool is_once(const struct ini *ini, const char *section, const char *name, const char *path,
	struct buf *why)
{
	const struct ini_row *row = ini_again(ini, section, name);
	if (row)
		buf_printf(why, "%s:%u: %s occurs twice in [%s]: remove one", path, row->line, name, section);
	return !row;
}

static enum lookup_result take_section(const struct ini *ini, const char *path, const char *section,
	const char *const names[3], struct credential_source *out, struct buf *why)
{
	struct buf place, mend;
	enum lookup_result result = LOOKUP_INVALID;
	const struct credentials key = { (char *)ini_value(ini, section, names[0]),
		(char *)ini_value(ini, section, names[1]), (char *)ini_value(ini, section, names[2]) };
	buf_init(&place, CREDENTIAL_PATH_MAX + 20);
	buf_init(&mend, CREDENTIAL_PATH_MAX);
	buf_printf(&place, "%s:%u", path, ini_line(ini, section));
	buf_printf(&mend, "add it to [%s]", section);
	const struct key_names where = { place.data, names[0], names[1], names[2], mend.data };
	if (is_once(ini, section, names[0], path, why) && is_once(ini, section, names[1], path, why) &&
		is_once(ini, section, names[2], path, why))
		result = lookup_key(&key, &where, out, why);
	if (result == LOOKUP_FOUND) {
		free(out->where);
		out->where = xstrdup(path);
	}
	buf_release(&mend);
	buf_release(&place);
	return result;
}

static enum lookup_result look_in_ini(const struct ini *ini, const char *path, const char *section,
	const char *const names[3], struct credential_source *out, struct buf *looked, struct buf *why)
{
	struct buf text;
	if (ini_has(ini, section))
		return take_section(ini, path, section, names, out, why);
	buf_init(&text, CREDENTIAL_PATH_MAX);
	buf_printf(&text, "%s: no section [%s]", path, section);
	lookup_note(looked, text.data);
	buf_release(&text);
	return LOOKUP_NONE;
}

enum lookup_result lookup_ini(const struct credential_chain *chain, const char *path, const char *section,
	const char *const names[3], struct credential_source *out, struct buf *looked, struct buf *why)
{
	size_t len;
	struct buf reason;
	struct ini ini = { 0 };
	enum lookup_result result = LOOKUP_INVALID;
	buf_init(&reason, CREDENTIAL_PATH_MAX);
	char *text = lookup_read(chain, path, FILE_SECRET, &len, &reason);
	if (!text && (errno == ENOENT || errno == ENOTDIR)) {
		lookup_note(looked, reason.data);
		result = LOOKUP_NONE;
	} else if (!text) {
		buf_puts(why, reason.data);
	} else if (!ini_parse(&ini, text, len, &reason)) {
		buf_printf(why, "%s:%s", path, reason.data);
	} else {
		result = look_in_ini(&ini, path, section, names, out, looked, why);
	}
	if (text)
		explicit_bzero(text, len);
	free(text);
	ini_release(&ini);
	buf_release(&reason);
	return result;
}
