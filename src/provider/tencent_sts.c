/*
 * tencent_sts.c - temporary keys of Tencent Cloud.
 *
 * On a virtual machine of the cloud, the metadata service issues them over plain HTTP, which only the machine
 * can reach: the first request returns the name of the role, the second its key. Elsewhere the security
 * token service issues them, which is one more API 3.0: AssumeRole is signed with a permanent key,
 * AssumeRoleWithWebIdentity is unsigned and sends a token of an identity provider. The requests are those
 * of the official SDKs.
 */
#include "tencent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/value.h"
#include "base/timestamp.h"
#include "json/json.h"

enum {
	BODY_MAX = 256 << 10,
	ROLE_NAME_MAX = 128,
	DURATION_S = 7200,
	METADATA_MS = 1000, /* the service is on the same network, or absent */
	STS_MS = 5000,
};

static const char ROLES_PATH[] = "/latest/meta-data/cam/security-credentials/";

/* The members of a catalog that an API 3.0 call reads; they are constant. */
static const struct catalog STS = { .service = (char *)"sts", .version = (char *)"2018-08-13" };

/* The metadata service */

static void request_from_machine(struct request *out, const struct key_exchange *key_exchange)
{
	const char *base = key_exchange->site->metadata;
	struct buf path;
	buf_init(&path, BODY_MAX);
	buf_printf(&path, "%s%s", ROLES_PATH, key_exchange->role ? key_exchange->role : "");
	request_init(out);
	out->method = xstrdup("GET");
	out->base = xstrdup(base ? base : provider_tencent_keys.metadata);
	out->path = buf_take(&path);
	out->query = xstrdup("");
	out->timeout_ms = METADATA_MS;
	out->direct = true; /* no proxy: only this machine may make the request */
	out->reach = base ? REACH_PRIVATE : REACH_LINK;
}

/* Whether the text can be a role's name. Refuses the page of some other host. */
static bool is_role(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!ascii_is_lower(ascii_lower(text[i])) && !ascii_is_digit(text[i]) &&
			(!text[i] || !strchr("+=,.@_-", text[i])))
			return false;
	return len > 0 && len <= ROLE_NAME_MAX;
}

/* The response has one role a line; a machine has one role. */
static enum error read_role(struct key_exchange *key_exchange, const struct response *response,
	struct error_note *note)
{
	size_t len = strcspn(response->body.data, "\r\n");
	if (response->body.len == 0) {
		provider_refuse(note, "this machine has no role");
		return ERR_KEY;
	}
	if (!is_role(response->body.data, len))
		return provider_refuse(note, "the metadata service names no role");
	key_exchange->role = xstrndup(response->body.data, len);
	return ERR_NONE;
}

/* Reads the three parts of a key from `object`, and when it expires. */
static enum error read_key(struct key_exchange *key_exchange, const struct json *object,
	const struct json *expires, struct error_note *note)
{
	static const char *const NAMES[] = { "TmpSecretId", "TmpSecretKey", "Token" };
	char **parts[] = { &key_exchange->key.id, &key_exchange->key.secret, &key_exchange->key.token };
	for (size_t i = 0; i < 3; i++) {
		const struct json *value = provider_member(object, NAMES[i]);
		if (!value || json_type(value) != JSON_STRING || value_mistake(json_text(value))) {
			credentials_release(&key_exchange->key);
			return provider_refuse(note, "the answer has no key that can be used");
		}
		*parts[i] = xstrdup(json_text(value));
	}
	key_exchange->expires_s = json_integer(expires, 0);
	if (timestamp_is_time(key_exchange->expires_s))
		return ERR_NONE;
	credentials_release(&key_exchange->key);
	return provider_refuse(note, "the answer does not say when the key expires");
}

static enum error read_machine_key(struct key_exchange *key_exchange, const struct response *response,
	struct error_note *note)
{
	struct json *root = NULL;
	enum error error = provider_parse_body(&root, response, note);
	if (error)
		return error;
	const struct json *code = provider_member(root, "Code");
	if (!code || strcmp(json_text(code), "Success") != 0) {
		error_note_copy(note->code, sizeof note->code, code ? json_text(code) : "");
		provider_refuse(note, "the metadata service gives no key for this machine's role");
		error = ERR_KEY;
	} else {
		error = read_key(key_exchange, root, provider_member(root, "ExpiredTime"), note);
	}
	json_forget(root);
	return error;
}

static enum error read_machine(struct key_exchange *key_exchange, const struct response *response,
	struct error_note *note)
{
	*note = (struct error_note){ 0 };
	if (!response->error && response->status == 404) {
		provider_refuse(note, "this machine has no role");
		return ERR_KEY;
	}
	enum error error = provider_http_error(response, note);
	if (error)
		return error;
	return key_exchange->role ? read_machine_key(key_exchange, response, note) :
				    read_role(key_exchange, response, note);
}

/* The security token service */

static void add_json_member(struct buf *body, const char *name, const char *text)
{
	buf_printf(body, "%s\"%s\":", body->len ? "," : "{", name);
	json_quote(body, text);
}

static void request_from_sts(struct request *out, const struct key_exchange *key_exchange, int64_t now_s)
{
	const struct credential_source *source = key_exchange->source;
	const char *base = key_exchange->site->sts;
	bool is_signed = source->kind == CREDENTIAL_SOURCE_ROLE;
	const char *name = is_signed ? "AssumeRole" : "AssumeRoleWithWebIdentity";
	struct action action = { .name = (char *)name };
	struct site site = { &STS, base ? base : provider_tencent_keys.sts,
		source->region ? source->region : "ap-guangzhou" };
	struct buf body;
	buf_init(&body, BODY_MAX);
	if (!is_signed) {
		add_json_member(&body, "ProviderId", source->provider);
		add_json_member(&body, "WebIdentityToken", source->identity);
	}
	add_json_member(&body, "RoleArn", source->role);
	add_json_member(&body, "RoleSessionName", source->session);
	buf_printf(&body, ",\"DurationSeconds\":%d}", DURATION_S);
	struct api_call call = { &action, body.data };
	tencent_build(out, &site, &call);
	if (is_signed) {
		tencent_sign(out, &site, &call, &source->key, now_s);
	} else {
		char timestamp[24];
		snprintf(timestamp, sizeof timestamp, "%lld", (long long)now_s);
		request_header(out, "X-TC-Timestamp", timestamp);
		request_header(out, "Authorization", "SKIP");
	}
	out->timeout_ms = STS_MS;
	explicit_bzero(body.data, body.len);
	buf_release(&body);
}

static enum error read_sts(struct key_exchange *key_exchange, const struct response *response,
	struct error_note *note)
{
	struct json *root = NULL;
	const struct json *result = NULL;
	enum error error = tencent_parse(&root, &result, response, note);
	if (error)
		return error;
	error = read_key(key_exchange, provider_member(result, "Credentials"),
		provider_member(result, "ExpiredTime"), note);
	json_forget(root);
	return error;
}

/* By the kind of source */

static void tencent_key_request(struct request *out, const struct key_exchange *key_exchange, int64_t now_s)
{
	if (key_exchange->source->kind == CREDENTIAL_SOURCE_MACHINE)
		request_from_machine(out, key_exchange);
	else
		request_from_sts(out, key_exchange, now_s);
}

static enum error tencent_key_response(struct key_exchange *key_exchange, const struct response *response,
	struct error_note *note)
{
	if (key_exchange->source->kind == CREDENTIAL_SOURCE_MACHINE)
		return read_machine(key_exchange, response, note);
	return read_sts(key_exchange, response, note);
}

const struct provider_keys provider_tencent_keys = {
	.metadata = "http://metadata.tencentyun.com",
	.sts = "https://sts.tencentcloudapi.com",
	.request = tencent_key_request,
	.response = tencent_key_response,
};
