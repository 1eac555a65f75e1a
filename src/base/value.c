/*
 * value.c - a value as it was written, made plain.
 *
 * Every reader of settings and keys uses these functions, so that a value means the same in the environment,
 * in INI, in JSON and in a dotenv file.
 */
#include "base/value.h"

#include <string.h>

static const char MARK[] = "\xef\xbb\xbf"; /* some editors put it before everything */

static bool is_blank(char byte)
{
	return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

static bool is_quote(char byte)
{
	return byte == '"' || byte == '\'';
}

static void heap_trim(const char **at, const char **end)
{
	while (*at < *end && is_blank(**at))
		++*at;
	while (*end > *at && is_blank((*end)[-1]))
		--*end;
}

char *value_clean(char *text)
{
	size_t len = strlen(text);
	const char *at = text, *end = text + len;
	heap_trim(&at, &end);
	if (strncmp(at, MARK, strlen(MARK)) == 0)
		at += strlen(MARK);
	heap_trim(&at, &end);
	if (end - at >= 2 && is_quote(*at) && end[-1] == *at) {
		at++;
		end--;
		heap_trim(&at, &end);
	}
	size_t kept = (size_t)(end - at);
	memmove(text, at, kept);
	memset(text + kept, 0, len - kept);
	return text;
}

/* What stands behind the second quote may only be a comment. */
static const char *cut_quoted(char **text, const char *comments)
{
	char *end = strchr(*text + 1, **text);
	if (!end)
		return "has a quote without its end";
	const char *rest = end + 1;
	while (is_blank(*rest))
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
	while (is_blank(*at))
		at++;
	*text = at;
	if (is_quote(*at))
		return cut_quoted(text, comments);
	char *end = at;
	while (*end && !(strchr(comments, *end) && (end == at || is_blank(end[-1]))))
		end++;
	while (end > at && is_blank(end[-1]))
		end--;
	*end = '\0';
	return NULL;
}

/* A shell, systemd or Kubernetes would have put something else there. */
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
		/* C0 80 is how the zero byte of a JSON text comes. */
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
