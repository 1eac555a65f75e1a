/*
 * keyring_baidu.c - where Baidu's keys are: the environment and the dotenv file, as the Qianfan SDKs look for
 * them, then what bcecmd keeps.
 *
 * A dotenv file is the shell's NAME=value, one a line, with quotes and comments; it is anybody's file in
 * anybody's directory, so what in it is not ours is not our business, not even that others may read it.
 */
#include "keyring_chain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"

static const char ID[] = "QIANFAN_ACCESS_KEY", SECRET[] = "QIANFAN_SECRET_KEY";

/* The dotenv file */

static char *skip_blanks(char *text)
{
	return text + strspn(text, " \t");
}

/* What stands behind '=': in quotes as it is, else up to a comment; cut off in place. */
static const char *dotenv_value(char *text)
{
	text = skip_blanks(text);
	size_t len = strcspn(text, "\r\n");
	if (*text == '"' || *text == '\'') {
		char *end = memchr(text + 1, *text, len > 0 ? len - 1 : 0);
		if (end) {
			*end = '\0';
			return text + 1;
		}
	}
	for (size_t i = 1; i < len; i++)
		if (text[i] == '#' && (text[i - 1] == ' ' || text[i - 1] == '\t'))
			len = i;
	if (len > 0 && *text == '#')
		len = 0;
	while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'))
		len--;
	text[len] = '\0';
	return text;
}

/* The last value of that name, to be wiped and freed; NULL: there is none. */
static char *dotenv_find(const char *text, const char *name)
{
	char *found = NULL;
	size_t name_len = strlen(name);
	while (*text) {
		size_t len = strcspn(text, "\n");
		char *line = xstrndup(text, len), *at = skip_blanks(line);
		if (strncmp(at, "export ", 7) == 0)
			at = skip_blanks(at + 7);
		char *sign = strncmp(at, name, name_len) == 0 ? skip_blanks(at + name_len) : line + len;
		if (*sign == '=') {
			if (found)
				explicit_bzero(found, strlen(found));
			free(found);
			found = xstrdup(dotenv_value(sign + 1));
		}
		explicit_bzero(line, len);
		free(line);
		text += len + (text[len] == '\n');
	}
	return found;
}

/* The file's text, to be wiped and freed; NULL: it has nothing of ours, or `why` says what is wrong. */
static char *read_dotenv(const struct keyring *keyring, size_t *len, struct buf *looked, struct buf *why)
{
	struct buf reason;
	buf_init(&reason, KEYRING_PATH_MAX);
	char *text = keyring->dotenv ? file_read(keyring->dotenv, KEYRING_FILE_MAX, len, &reason) : NULL;
	if (!text && keyring->dotenv_named)
		buf_printf(why, "QIANFAN_DOT_ENV_CONFIG_FILE: %s", reason.data);
	bool has_ours = text && (strstr(text, ID) || strstr(text, SECRET));
	if (text) {
		explicit_bzero(text, *len);
		free(text);
		text = NULL;
	}
	if (has_ours)
		text = file_read_secret(keyring->dotenv, KEYRING_FILE_MAX, len, why);
	else if (why->len == 0)
		buf_printf(looked, ", %s: %s", keyring->dotenv ? keyring->dotenv : ".env",
			reason.len ? strrchr(reason.data, ':') + 2 : "nothing of them in it");
	buf_release(&reason);
	return text;
}

static void set_part(char **part, const char *variable, char **other)
{
	*part = variable ? xstrdup(variable) : *other;
	if (!variable)
		*other = NULL;
}

/* Each half from the environment, or else from the file: as the SDKs have it. */
static enum place look_at_sdk(const struct keyring *keyring, struct origin *out, struct buf *looked,
	struct buf *why)
{
	bool whole = keyring->baidu.id && keyring->baidu.secret;
	struct key_names names = { "environment", ID, SECRET, "" };
	struct credentials file = { 0 }, key = { 0 };
	enum place place = PLACE_EMPTY;
	size_t len;
	if (whole)
		return keyring_take(&keyring->baidu, &names, out, why);
	keyring_note(looked, "QIANFAN_ACCESS_KEY and QIANFAN_SECRET_KEY are not both set");
	char *text = read_dotenv(keyring, &len, looked, why);
	if (!text)
		return why->len ? PLACE_WRONG : PLACE_EMPTY;
	file.id = dotenv_find(text, ID);
	file.secret = dotenv_find(text, SECRET);
	explicit_bzero(text, len);
	free(text);
	set_part(&key.id, keyring->baidu.id, &file.id);
	set_part(&key.secret, keyring->baidu.secret, &file.secret);
	names.place = keyring->dotenv;
	if (key.id && key.secret)
		place = keyring_take(&key, &names, out, why);
	else
		buf_printf(looked, ", %s: %s is not in it", keyring->dotenv, key.id ? SECRET : ID);
	credentials_release(&file);
	credentials_release(&key);
	return place;
}

/* bcecmd's file */

static bool bcecmd_path(const struct keyring *keyring, struct buf *path)
{
	return keyring->home && buf_printf(path, "%s/.go-bcecli/credentials", keyring->home);
}

static enum place look_at_bcecmd(const struct keyring *keyring, struct origin *out, struct buf *looked,
	struct buf *why)
{
	static const char *const NAMES[3] = { "Ak", "Sk", "Sts" };
	enum place place = PLACE_EMPTY;
	struct buf path;
	buf_init(&path, KEYRING_PATH_MAX);
	if (bcecmd_path(keyring, &path))
		place = keyring_ini(path.data, "Defaults", NAMES, out, looked, why);
	else
		keyring_note(looked, "HOME is not set");
	buf_release(&path);
	return place;
}

bool keyring_baidu(const struct keyring *keyring, const char *profile, struct origin *out, struct buf *why)
{
	struct buf looked;
	if (profile) {
		buf_printf(why, "Baidu's tools have no profiles: leave out @%s", profile);
		return false;
	}
	buf_init(&looked, 4 * KEYRING_PATH_MAX);
	enum place place = look_at_sdk(keyring, out, &looked, why);
	if (place == PLACE_EMPTY)
		place = look_at_bcecmd(keyring, out, &looked, why);
	if (place == PLACE_EMPTY)
		buf_printf(why, "no key for Baidu: %s: set QIANFAN_ACCESS_KEY and QIANFAN_SECRET_KEY, "
			"here or in .env", looked.data);
	buf_release(&looked);
	return place == PLACE_GOOD;
}

uint64_t keyring_baidu_mark(const struct keyring *keyring)
{
	struct buf path;
	if (keyring->baidu.id && keyring->baidu.secret)
		return 0;
	buf_init(&path, KEYRING_PATH_MAX);
	uint64_t mark = keyring->dotenv ? file_mark(keyring->dotenv) : 0;
	if (bcecmd_path(keyring, &path))
		mark = mark * 31 + file_mark(path.data);
	buf_release(&path);
	return mark;
}
