/*
 * value.c - cleans and checks a configuration value or key, from any source, in one way.
 *
 * All readers of settings and keys use these functions, so a value means the same in the environment, in INI,
 * in JSON and in a dotenv file.
 */
#include "base/value.h"

#include <string.h>

#include "base/ascii.h"

static const char MARK[] = "\xef\xbb\xbf"; /* a byte order mark, which some editors write */

static bool is_quote(char byte)
{
	return byte == '"' || byte == '\'';
}

static void value_trim(const char **at, const char **end)
{
	while (*at < *end && ascii_is_space(**at))
		++*at;
	while (*end > *at && ascii_is_space((*end)[-1]))
		--*end;
}

char *value_clean(char *text)
{
	size_t len = strlen(text);
	const char *at = text, *end = text + len;
	value_trim(&at, &end);
	if (strncmp(at, MARK, strlen(MARK)) == 0)
		at += strlen(MARK);
	value_trim(&at, &end);
	if (end - at >= 2 && is_quote(*at) && end[-1] == *at) {
		at++;
		end--;
		value_trim(&at, &end);
	}
	size_t kept = (size_t)(end - at);
	memmove(text, at, kept);
	memset(text + kept, 0, len - kept);
	return text;
}

/* Only a comment may follow the second quote. */
static const char *value_cut_quoted(char **text, const char *comments)
{
	char *end = strchr(*text + 1, **text);
	if (!end)
		return "has a quote without its end";
	const char *rest = end + 1;
	while (ascii_is_space(*rest))
		rest++;
	if (*rest && !strchr(comments, *rest))
		return "has something behind its second quote";
	*end = '\0';
	++*text;
	return NULL;
}

const char *value_cut(char **text, const char *comments)
{
	char *at = *text;
	while (ascii_is_space(*at))
		at++;
	*text = at;
	if (is_quote(*at))
		return value_cut_quoted(text, comments);
	char *end = at;
	while (*end && !(strchr(comments, *end) && (end == at || ascii_is_space(end[-1]))))
		end++;
	while (end > at && ascii_is_space(end[-1]))
		end--;
	*end = '\0';
	return NULL;
}

/* $NAME, ${NAME} or $(NAME), which a shell, systemd or Kubernetes would have expanded. */
static bool holds_variable(const char *text)
{
	return *text == '$' || strstr(text, "${") || strstr(text, "$(");
}

const char *value_mistake(const char *text)
{
	if (!text || !*text)
		return "is empty";
	for (const char *at = text; *at; at++) {
		if (*at == ' ')
			return "holds a blank";
		/* C0 80 encodes U+0000 of a JSON text. */
		if ((unsigned char)*at < ' ' || *at == 0x7f || *at == '\xc0')
			return "holds a control character";
		if ((unsigned char)*at > 0x7f)
			return "holds a character that is not ASCII";
	}
	if (is_quote(*text) || is_quote(text[strlen(text) - 1]))
		return "begins or ends with a quote";
	if (holds_variable(text))
		return "names a variable, which is not expanded here: write its value";
	return NULL;
}

bool value_is_region(const char *text)
{
	size_t len = strlen(text);
	return len && len <= REGION_MAX && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

bool value_is_profile(const char *text)
{
	for (const char *at = text; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f || *at == '/')
			return false;
	return *text && *text != '.';
}

const char *value_text(char *text, size_t *len)
{
	size_t mark = strlen(MARK);
	if (*len >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0))
		return "is UTF-16: save it as UTF-8";
	if (memchr(text, '\0', *len))
		return "holds a zero byte: it is no text, or UTF-16: save it as UTF-8";
	if (strncmp(text, MARK, mark) == 0) {
		*len -= mark;
		memmove(text, text + mark, *len + 1);
	}
	return NULL;
}
