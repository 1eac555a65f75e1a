/*
 * envelope.c - what the providers share: tables of error codes, HTTP statuses, the body as JSON.
 */
#include "provider/provider.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json/json.h"

void key_exchange_release(struct key_exchange *key_exchange)
{
	credentials_release(&key_exchange->key);
	free(key_exchange->role);
	*key_exchange = (struct key_exchange){ 0 };
}

static bool code_ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);
	return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

static bool code_matches(const char *pattern, const char *code)
{
	size_t len = strlen(pattern);
	if (pattern[0] == '*')
		return code_ends_with(code, pattern + 1);
	if (pattern[len - 1] == '*')
		return strncmp(code, pattern, len - 1) == 0;
	return strncmp(code, pattern, len) == 0 && (code[len] == '\0' || code[len] == '.');
}

enum error provider_code_error(const struct provider_code *rows, const char *code)
{
	while (!code_matches(rows->pattern, code))
		rows++;
	return rows->error;
}

/* The first match wins, so 504 stands before 500 to 599. */
static enum error status_error(int status)
{
	static const struct {
		int first, last;
		enum error error;
	} STATUSES[] = {
		{ 200, 200, ERR_NONE },
		{ 300, 399, ERR_TLS }, /* never followed: the API does not redirect */
		{ 401, 401, ERR_KEY },
		{ 403, 403, ERR_DENIED },
		{ 429, 429, ERR_THROTTLED },
		{ 504, 504, ERR_TIMEOUT },
		{ 500, 599, ERR_SERVER },
	};
	for (size_t i = 0; i < sizeof STATUSES / sizeof *STATUSES; i++)
		if (status >= STATUSES[i].first && status <= STATUSES[i].last)
			return STATUSES[i].error;
	return ERR_ANSWER;
}

enum error provider_http_error(const struct response *response, struct error_note *note)
{
	enum error error = response->error;
	if (error == ERR_NONE)
		error = status_error(response->status);
	if (error == ERR_NONE || note->message[0])
		return error;
	if (response->error != ERR_NONE)
		error_note_copy(note->message, sizeof note->message, response->detail);
	else
		snprintf(note->message, sizeof note->message, "HTTP status %d", response->status);
	return error;
}

static const char TOO_BIG[] = "the answer is over 8 MiB, 64 levels, 80,000 values or 524,288 control "
			      "characters: read it with the cloud's own tool";

enum error provider_parse_body(struct json **root, const struct response *response, struct error_note *note)
{
	*root = NULL;
	enum error error = response->body.full ? ERR_TOO_BIG :
						 json_parse(root, response->body.data, response->body.len);
	if (error != ERR_NONE)
		provider_refuse(note, error == ERR_TOO_BIG ? TOO_BIG : "the answer is not JSON");
	return error;
}

enum error provider_refuse(struct error_note *note, const char *why)
{
	error_note_copy(note->message, sizeof note->message, why);
	return ERR_ANSWER;
}

const struct json *provider_member(const struct json *object, const char *key)
{
	const struct json *value = json_get(object, key);
	return value && json_type(value) != JSON_NULL ? value : NULL;
}
