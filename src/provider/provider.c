/*
 * provider.c - the list of clouds, and what their providers share: rows of codes, and HTTP itself.
 */
#include "provider/provider.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json/json.h"

static const struct provider *const PROVIDERS[] = { &provider_tencent, &provider_baidu };

const struct provider *provider_find(const char *name)
{
	for (size_t i = 0; i < sizeof PROVIDERS / sizeof *PROVIDERS; i++)
		if (strcmp(PROVIDERS[i]->name, name) == 0)
			return PROVIDERS[i];
	return NULL;
}

void errand_release(struct errand *errand)
{
	credentials_release(&errand->key);
	free(errand->role);
	*errand = (struct errand){ 0 };
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);
	return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

static bool matches(const char *pattern, const char *code)
{
	size_t len = strlen(pattern);
	if (pattern[0] == '*')
		return ends_with(code, pattern + 1);
	if (pattern[len - 1] == '*')
		return strncmp(code, pattern, len - 1) == 0;
	return strncmp(code, pattern, len) == 0 && (code[len] == '\0' || code[len] == '.');
}

enum fault provider_code_fault(const struct provider_code *rows, const char *code)
{
	while (!matches(rows->pattern, code))
		rows++;
	return rows->fault;
}

/* Rows from the top: 504 comes before the 5xx that it is one of. */
static enum fault find_status(int status)
{
	static const struct {
		int first, last;
		enum fault fault;
	} STATUSES[] = {
		{ 200, 200, FAULT_NONE },
		{ 300, 399, FAULT_TLS }, /* never followed: whoever redirects is not the API */
		{ 401, 401, FAULT_KEY },
		{ 403, 403, FAULT_DENIED },
		{ 429, 429, FAULT_THROTTLED },
		{ 504, 504, FAULT_TIMEOUT },
		{ 500, 599, FAULT_SERVER },
	};
	for (size_t i = 0; i < sizeof STATUSES / sizeof *STATUSES; i++)
		if (status >= STATUSES[i].first && status <= STATUSES[i].last)
			return STATUSES[i].fault;
	return FAULT_ANSWER;
}

enum fault provider_http_fault(const struct response *response, struct fault_note *note)
{
	enum fault fault = response->fault;
	if (fault == FAULT_NONE)
		fault = find_status(response->status);
	if (fault == FAULT_NONE || note->message[0])
		return fault;
	if (response->fault != FAULT_NONE)
		fault_note_copy(note->message, sizeof note->message, response->detail);
	else
		snprintf(note->message, sizeof note->message, "HTTP status %d", response->status);
	return fault;
}

static const char TOO_BIG[] = "the answer is over 8 MiB, 64 levels, 80,000 values or 524,288 control "
	"characters: read it with the cloud's own tool";

enum fault provider_parse_body(struct json **root, const struct response *response,
	struct fault_note *note)
{
	*root = NULL;
	enum fault fault = response->body.full ? FAULT_TOO_BIG :
		json_parse(root, response->body.data, response->body.len);
	if (fault != FAULT_NONE)
		provider_refuse(note, fault == FAULT_TOO_BIG ? TOO_BIG : "the answer is not JSON");
	return fault;
}

enum fault provider_refuse(struct fault_note *note, const char *why)
{
	fault_note_copy(note->message, sizeof note->message, why);
	return FAULT_ANSWER;
}

const struct json *provider_member(const struct json *object, const char *key)
{
	const struct json *value = json_get(object, key);
	return value && json_type(value) != JSON_NULL ? value : NULL;
}
