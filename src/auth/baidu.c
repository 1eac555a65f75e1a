/*
 * baidu.c - the sources of Baidu's keys: the environment and the dotenv file, as the Qianfan SDKs read them,
 * then bcecmd's file.
 *
 * A dotenv file has NAME=value lines in shell syntax, with quotes and comments, as python-dotenv reads
 * it. The last line of a name counts. A variable in a value (${NAME}) is refused: its value would have
 * to come from the environment, which is not wiped. The file may belong to another program, so other
 * lines are ignored, and its mode matters only if it has one of our names.
 */
#include "lookup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/value.h"

static const char ID[] = "QIANFAN_ACCESS_KEY", SECRET[] = "QIANFAN_SECRET_KEY";

/* The dotenv file */

static char *dotenv_skip_blanks(char *text)
{
	return text + strspn(text, " \t\r");
}

static bool is_name(char byte)
{
	return byte == '_' || ascii_is_digit(byte) || ascii_is_lower(ascii_lower(byte));
}

/* The text after the name, or NULL if the line is about another name. */
static char *skip_name(char *line, const char *name)
{
	size_t len = strlen(name);
	char *at = dotenv_skip_blanks(line), quote = '\0';
	if (strncmp(at, "export", 6) == 0 && strchr(" \t", at[6]) && at[6])
		at = dotenv_skip_blanks(at + 6);
	if (*at == '\'' || *at == '"')
		quote = *at++;
	if (strncmp(at, name, len) != 0 || is_name(at[len]))
		return NULL;
	at += len;
	return quote && *at == quote ? at + 1 : at;
}

/* One half of a key (its id or its secret) in a dotenv file. */
struct half {
	const char *name;
	char *value; /* to be wiped and freed; NULL: it is not there */
	unsigned line;
};

static void half_wipe(struct half *half)
{
	if (half->value)
		explicit_bzero(half->value, strlen(half->value));
	free(half->value);
	half->value = NULL;
}

static const char *take_line(struct half *half, char *at)
{
	at = dotenv_skip_blanks(at);
	if (*at != '=')
		return "is there, but no '=' behind it";
	at++;
	const char *mistake = value_cut(&at, "#");
	if (mistake)
		return mistake;
	half_wipe(half);
	half->value = xstrdup(at);
	value_clean(half->value);
	return *half->value ? value_mistake(half->value) : NULL;
}

/* The last line counts. False: a line is invalid; `why` names it. */
static bool find_half(struct half *half, const char *path, const char *text, struct buf *why)
{
	const char *mistake = NULL;
	for (unsigned number = 1; *text && !mistake; number++) {
		size_t len = strcspn(text, "\n");
		char *line = xstrndup(text, len), *behind = skip_name(line, half->name);
		if (behind) {
			half->line = number;
			mistake = take_line(half, behind);
		}
		explicit_bzero(line, len);
		free(line);
		text += len + (text[len] == '\n');
	}
	if (mistake)
		buf_printf(why, "%s:%u: %s %s", path, half->line, half->name, mistake);
	return !mistake;
}

/*
 * Whether .env counts as absent: it is no regular file (Python may have a directory of that name), or it lies
 * in a directory that cannot be searched, such as another user's after sudo.
 */
static bool is_not_ours(const struct credential_chain *chain, const char *path, int error)
{
	return error == ENOENT || error == ENOTDIR || error == EISDIR || error == EINVAL ||
		(error == EACCES && !file_is_there(chain->cover, path));
}

/* The file's text, to be wiped and freed. NULL: it has none of our names, or `why` says what is wrong. */
static char *read_dotenv(const struct credential_chain *chain, size_t *len, struct buf *looked,
	struct buf *why)
{
	const char *path = chain->dotenv;
	struct buf reason;
	buf_init(&reason, CREDENTIAL_PATH_MAX);
	char *text = file_read(chain->cover, path, CREDENTIAL_FILE_MAX, len, &reason);
	bool has_ours = text && (strstr(text, ID) || strstr(text, SECRET));
	if (!text && (chain->dotenv_named || !is_not_ours(chain, path, errno)))
		buf_printf(why, "%s%s", chain->dotenv_named ? "QIANFAN_DOT_ENV_CONFIG_FILE: " : "",
			reason.data);
	if (text) {
		explicit_bzero(text, *len);
		free(text);
		text = NULL;
	}
	if (has_ours)
		text = lookup_read(chain, path, FILE_SECRET, len, why);
	else if (why->len == 0 && reason.len)
		lookup_note(looked, reason.data);
	else if (why->len == 0)
		buf_printf(looked, ", %s: has neither of them", path);
	buf_release(&reason);
	return text;
}

static bool read_halves(const struct credential_chain *chain, struct half *id, struct half *secret,
	struct buf *looked, struct buf *why)
{
	size_t len;
	char *text = read_dotenv(chain, &len, looked, why);
	bool good = text ?
		find_half(id, chain->dotenv, text, why) && find_half(secret, chain->dotenv, text, why) :
		why->len == 0;
	if (text)
		explicit_bzero(text, len);
	free(text);
	return good;
}

static char *either(const char *variable, const struct half *half)
{
	return (char *)(variable ? variable : half->value);
}

/* Each half comes from the environment, else from the file, as in the SDKs. One half alone is an error. */
static enum lookup_result look_in_both(const struct credential_chain *chain, struct half *id,
	struct half *secret, struct credential_source *out, struct buf *looked, struct buf *why)
{
	struct buf mend, place;
	enum lookup_result result = LOOKUP_INVALID;
	if (!read_halves(chain, id, secret, looked, why))
		return LOOKUP_INVALID;
	const struct credentials key = { either(chain->baidu.id, id), either(chain->baidu.secret, secret),
		NULL };
	if (!key.id && !key.secret)
		return LOOKUP_NONE;
	buf_init(&place, 2 * CREDENTIAL_PATH_MAX);
	buf_init(&mend, 2 * CREDENTIAL_PATH_MAX);
	buf_puts(&place, id->value || secret->value ? chain->dotenv : "environment");
	buf_printf(&mend, "neither the environment nor %s has it: set it there, or remove the other",
		chain->dotenv);
	const struct key_names names = { place.data, ID, SECRET, "", mend.data };
	result = lookup_key(&key, &names, out, why);
	buf_release(&mend);
	buf_release(&place);
	return result;
}

static enum lookup_result look_at_qianfan(const struct credential_chain *chain, struct credential_source *out,
	struct buf *looked, struct buf *why)
{
	const struct key_names names = { "environment", ID, SECRET, "", "set both" };
	struct half id = { .name = ID }, secret = { .name = SECRET };
	if (chain->baidu.id && chain->baidu.secret)
		return lookup_key(&chain->baidu, &names, out, why);
	lookup_note(looked, "QIANFAN_ACCESS_KEY and QIANFAN_SECRET_KEY are not both set");
	enum lookup_result result = look_in_both(chain, &id, &secret, out, looked, why);
	half_wipe(&id);
	half_wipe(&secret);
	return result;
}

/* bcecmd's file */

static bool bcecmd_path(const struct credential_chain *chain, struct buf *path)
{
	return chain->home && buf_printf(path, "%s/.go-bcecli/credentials", chain->home);
}

static enum lookup_result look_at_bcecmd(const struct credential_chain *chain, struct credential_source *out,
	struct buf *looked, struct buf *why)
{
	static const char *const NAMES[3] = { "Ak", "Sk", "Sts" };
	enum lookup_result result = LOOKUP_NONE;
	struct buf path;
	buf_init(&path, CREDENTIAL_PATH_MAX);
	if (bcecmd_path(chain, &path))
		result = lookup_ini(chain, path.data, "Defaults", NAMES, out, looked, why);
	else
		lookup_note(looked, "HOME is not set");
	buf_release(&path);
	return result;
}

static enum lookup_result baidu_find(const struct credential_chain *chain, const char *profile,
	struct credential_source *out, struct buf *looked, struct buf *why)
{
	if (profile) {
		buf_printf(why, "Baidu's tools have no profiles: leave out @%s", profile);
		return LOOKUP_INVALID;
	}
	enum lookup_result result = look_at_qianfan(chain, out, looked, why);
	if (result == LOOKUP_NONE)
		result = look_at_bcecmd(chain, out, looked, why);
	if (result == LOOKUP_NONE)
		buf_puts(why,
			"no key: set QIANFAN_ACCESS_KEY and QIANFAN_SECRET_KEY, or put them into .env in "
			"this directory");
	return result;
}

static uint64_t baidu_mark(const struct credential_chain *chain, const char *profile)
{
	(void)profile;
	struct buf path;
	if (chain->baidu.id && chain->baidu.secret)
		return 0;
	buf_init(&path, CREDENTIAL_PATH_MAX);
	uint64_t mark = file_mark(chain->cover, chain->dotenv);
	if (bcecmd_path(chain, &path))
		mark = mark * 31 + file_mark(chain->cover, path.data);
	buf_release(&path);
	return mark;
}

static bool baidu_meets(const struct credential_chain *chain, const char *profile, struct file_cover *cover)
{
	(void)profile;
	struct buf path;
	buf_init(&path, CREDENTIAL_PATH_MAX);
	bool meets = file_cover_meets(cover, chain->dotenv);
	meets |= bcecmd_path(chain, &path) && file_cover_meets(cover, path.data);
	buf_release(&path);
	return meets;
}

const struct cloud_chain baidu_chain = {
	.cloud = "baidu",
	.find = baidu_find,
	.mark = baidu_mark,
	.meets = baidu_meets,
};
