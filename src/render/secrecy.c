/*
 * secrecy.c - decides which parts of an API object are secret.
 *
 * A pair is two members of one object: "Name" or "Key" and "Value", or both with the same prefix (EnvName,
 * EnvValue). The two are close together: only NEAR members on either side are searched, so the time is linear
 * in the size of an object with thousands of members.
 */
#include "secrecy.h"

#include <string.h>
#include <strings.h>

#include "base/name.h"

enum {
	NEAR = 4, /* the maximum distance of a pair's members */
	ASSIGNED_MAX = 64 /* only so many last bytes of a name before '=' are checked */
};

static bool is_empty(const struct json *value)
{
	if (!value || json_type(value) == JSON_NULL)
		return true;
	if (json_type(value) == JSON_ARRAY || json_type(value) == JSON_OBJECT)
		return !json_first(value);
	return !*json_text(value);
}

/* The length of the prefix before the word that `name` ends with. False: it ends with none of the words. */
static bool cut_word(const char *name, const char *const *words, size_t *before)
{
	size_t len = strlen(name);

	for (; *words; words++) {
		size_t word = strlen(*words);
		if (len < word || strcasecmp(name + len - word, *words) != 0)
			continue;
		*before = len - word;
		return true;
	}
	return false;
}

/* Whether `other` names `value`, with the same prefix of `before` bytes, like a secret. */
static bool is_called_secret(const struct json *value, size_t before, const struct json *other)
{
	static const char *const NAMES[] = { "name", "key", "variable", NULL };
	size_t others;

	if (json_type(other) != JSON_STRING || !cut_word(json_key(other), NAMES, &others))
		return false;
	if (before && others && (before != others || strncasecmp(json_key(value), json_key(other), before)))
		return false;
	return member_is_secret(NULL, json_text(other), json_type(value));
}

static bool is_pairs_secret(const struct json *value)
{
	static const char *const VALUES[] = { "value", "values", "val", NULL };
	const struct json *other;
	size_t before;

	if (!json_key(value) || !cut_word(json_key(value), VALUES, &before))
		return false;
	other = json_previous(value);
	for (int i = 0; i < NEAR && other; i++, other = json_previous(other))
		if (is_called_secret(value, before, other))
			return true;
	other = json_next(value);
	for (int i = 0; i < NEAR && other; i++, other = json_next(other))
		if (is_called_secret(value, before, other))
			return true;
	return false;
}

/* "DB_PASSWORD=...", "--password=..." */
static bool assigns_secret(const char *text)
{
	const char *sign = strchr(text, '=');
	char name[ASSIGNED_MAX + 1] = "";

	if (!sign || !sign[1])
		return false;
	size_t len = (size_t)(sign - text) < ASSIGNED_MAX ? (size_t)(sign - text) : ASSIGNED_MAX;
	memcpy(name, sign - len, len);
	return name_is_secret(name);
}

static bool holds_assignment(const struct json *list)
{
	if (json_type(list) != JSON_ARRAY)
		return false;
	for (const struct json *item = json_first(list); item; item = json_next(item))
		if (json_type(item) == JSON_STRING && assigns_secret(json_text(item)))
			return true;
	return false;
}

bool secrecy_covers(const struct json *value, const struct member_rule *rule, const char *name)
{
	if (is_empty(value) || (!rule && !name))
		return false;
	if (member_is_secret(rule, name, json_type(value)))
		return true;
	return !rule && (is_pairs_secret(value) || holds_assignment(value));
}
