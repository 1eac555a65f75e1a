/*
 * baidu.c - Baidu's Qianfan as a provider, API V1 and V2.
 *
 * A call is a POST of a JSON object, signed with bce-auth-v1; V2 names its action in the query, V1
 * in the path. Failures have three forms: V1 answers HTTP 200 with error_code and error_msg, V2
 * answers HTTP >= 400 with code and message, and the gateway in front of both sets X-Bce-Error-*
 * headers, often without a body. For a code that is not in the table the HTTP status decides. Only a
 * code in the body can mean that a resource does not exist, because a gateway that finds no credential
 * also answers "NotFound".
 */
#include "provider/provider.h"

#include <string.h>

#include "base/timestamp.h"
#include "json/json.h"
#include "sign_bce.h"

enum { TEXT_MAX = 1 << 20, EXPIRES_S = 1800 };

static const char SIGNED_HEADERS[] = "host;x-bce-date";

/* clang-format off */
static const struct provider_code CODES[] = {
	/* V2 and the gateway: names. */
	{ "AccessDenied", ERR_DENIED },
	{ "Iam*", ERR_KEY },
	{ "InappropriateJSON", ERR_PARAMETER },
	{ "InternalError", ERR_SERVER },
	{ "InvalidAccessKeyId", ERR_KEY },
	{ "InvalidAction", ERR_UNSUPPORTED },
	{ "InvalidHTTPAuthHeader", ERR_KEY },
	{ "InvalidHTTPRequest", ERR_PARAMETER },
	{ "InvalidParameter*", ERR_PARAMETER },
	{ "InvalidURI", ERR_PARAMETER },
	{ "InvalidVersion", ERR_UNSUPPORTED },
	{ "MalformedJSON", ERR_PARAMETER },
	{ "OptInRequired", ERR_DENIED },
	{ "PreconditionFailed", ERR_SERVER },
	{ "RequestExpired", ERR_CLOCK },
	{ "SignatureDoesNotMatch", ERR_KEY },
	/* A missing action or version is not a missing resource. */
	{ "*ActionNotFound", ERR_UNSUPPORTED },
	{ "NoSuchAction", ERR_UNSUPPORTED },
	{ "NoSuchVersion", ERR_UNSUPPORTED },
	{ "*NotFound", ERR_NOT_FOUND },
	{ "NoSuch*", ERR_NOT_FOUND },
	/* V1: numbers, named as the official SDK names them. */
	{ "1", ERR_SERVER }, /* UnknownError */
	{ "2", ERR_SERVER }, /* ServiceUnavailable */
	{ "3", ERR_UNSUPPORTED }, /* UnsupportedMethod */
	{ "4", ERR_THROTTLED }, /* RequestLimitReached */
	{ "6", ERR_DENIED }, /* NoPermissionToAccessData */
	{ "13", ERR_KEY }, /* GetServiceTokenFailed */
	{ "14", ERR_KEY }, /* IAM certification failed */
	{ "15", ERR_KEY }, /* AppNotExist: the key's application */
	{ "17", ERR_THROTTLED }, /* DailyLimitReached */
	{ "18", ERR_THROTTLED }, /* QPSLimitReached */
	{ "19", ERR_THROTTLED }, /* TotalRequestLimitReached */
	{ "100", ERR_PARAMETER }, /* InvalidRequest */
	{ "110", ERR_KEY }, /* APITokenInvalid */
	{ "111", ERR_TOKEN }, /* APITokenExpired */
	{ "336000", ERR_SERVER }, /* InternalError */
	{ "336001", ERR_PARAMETER }, /* InvalidArgument */
	{ "336002", ERR_PARAMETER }, /* InvalidJSON */
	{ "336003", ERR_PARAMETER }, /* InvalidParam */
	{ "336004", ERR_DENIED }, /* PermissionError */
	{ "336005", ERR_UNSUPPORTED }, /* APINameNotExist */
	{ "336100", ERR_SERVER }, /* ServerHighLoad */
	{ "336101", ERR_PARAMETER }, /* InvalidHTTPMethod */
	{ "336104", ERR_PARAMETER }, /* InvalidArgumentSystem */
	{ "336105", ERR_PARAMETER }, /* InvalidArgumentUserSetting */
	{ "336501", ERR_THROTTLED }, /* RPMLimitReached */
	{ "336502", ERR_THROTTLED }, /* TPMLimitReached */
	{ "500000", ERR_SERVER }, /* ConsoleInternalError */
	{ "500001", ERR_PARAMETER },
	{ "500002", ERR_DENIED }, /* auth failed, no access */
	{ "510202", ERR_NOT_FOUND }, /* task not exist */
	{ "510301", ERR_NOT_FOUND }, /* job not exist */
	/* Unknown. */
	{ "*", ERR_NONE },
};
/* clang-format on */

static void baidu_build(struct request *out, const struct site *site, const struct api_call *call)
{
	struct buf query;
	buf_init(&query, TEXT_MAX);
	if (!call->action->bare) {
		buf_puts(&query, "Action=");
		request_encode(&query, call->action->name, false);
	}
	request_init(out);
	out->method = xstrdup("POST");
	out->base = xstrdup(site->endpoint);
	out->path = xstrdup(call->action->path);
	out->query = buf_take(&query);
	buf_puts(&out->body, call->body);
	request_header(out, "Content-Type", "application/json");
}

/* Without a key the request is sent unsigned, and the cloud refuses it. */
static void baidu_sign(struct request *request, const struct site *site, const struct api_call *call,
	const struct credentials *credentials, int64_t now_s)
{
	(void)site;
	(void)call;
	struct buf date, prefix, canonical, authorization;
	buf_init(&date, 40);
	buf_init(&prefix, TEXT_MAX);
	buf_init(&canonical, TEXT_MAX);
	buf_init(&authorization, TEXT_MAX);
	timestamp_format(&date, now_s);
	request_header(request, "x-bce-date", date.data);
	request_header(request, "x-bce-security-token", credentials->token);
	bool is_signed = bce_prefix(&prefix, credentials, now_s, EXPIRES_S) &&
		bce_canonical_request(&canonical, request, SIGNED_HEADERS) &&
		bce_authorization(&authorization, prefix.data, canonical.data, request, SIGNED_HEADERS,
			credentials);
	request_header(request, "Authorization", is_signed ? authorization.data : NULL);
	buf_release(&authorization);
	buf_release(&canonical);
	buf_release(&prefix);
	buf_release(&date);
}

/* V1 sends ids and codes as strings or as numbers. */
static bool is_text(const struct json *value)
{
	return value && (json_type(value) == JSON_STRING || json_type(value) == JSON_NUMBER);
}

static const char *baidu_text(const struct json *value)
{
	return is_text(value) ? json_text(value) : "";
}

/* The gateway's IAM codes are general; its message begins with the specific reason. */
static enum error read_gateway(const struct response *response, struct error_note *note)
{
	error_note_copy(note->code, sizeof note->code, response->error_code);
	error_note_copy(note->message, sizeof note->message, response->error_message);
	if (strncmp(response->error_code, "Iam", 3) == 0 &&
		strncmp(response->error_message, "RequestExpired", 14) == 0)
		return ERR_CLOCK;
	enum error error = provider_code_error(CODES, response->error_code);
	if (error == ERR_NONE || error == ERR_NOT_FOUND)
		error = provider_http_error(response, note);
	return error == ERR_NONE ? ERR_ANSWER : error;
}

/* The body is no JSON object: uses the gateway's headers, else the status, else `reason`. */
static enum error read_no_envelope(enum error reason, const struct response *response,
	struct error_note *note)
{
	if (response->error_code[0])
		return read_gateway(response, note);
	struct error_note status = { 0 };
	enum error error = provider_http_error(response, &status);
	if (error == ERR_NONE)
		return reason;
	memcpy(note->message, status.message, sizeof note->message);
	return error;
}

/* Whether a code means a failure. V1's code for success is 0, as a string or as a number. */
static bool is_failure(const struct json *code)
{
	return code && (!is_text(code) || (*baidu_text(code) && json_integer(code, 1) != 0));
}

static enum error read_failure(const struct json *code, const struct json *message,
	const struct response *response, struct error_note *note)
{
	const char *text = baidu_text(code);
	if (*text == '\0')
		return provider_refuse(note, "the answer's error code is no code");
	error_note_copy(note->code, sizeof note->code, text);
	error_note_copy(note->message, sizeof note->message, baidu_text(message));
	enum error error = provider_code_error(CODES, text);
	if (error != ERR_NONE)
		return error;
	if (response->status == 404)
		return ERR_NOT_FOUND;
	error = provider_http_error(response, note);
	return error == ERR_NONE || error == ERR_ANSWER ? ERR_SERVER : error;
}

static const char *find_request_id(const struct json *root)
{
	const char *id = baidu_text(json_get(root, "requestId"));
	return *id ? id : baidu_text(json_get(root, "log_id"));
}

static enum error read_success(const struct json **result, const struct json *root,
	const struct response *response, struct error_note *note)
{
	enum error error = provider_http_error(response, note);
	if (error != ERR_NONE)
		return error;
	*result = provider_member(root, "result");
	if (*result == NULL)
		return provider_refuse(note, "the answer has no result");
	if (*find_request_id(root) == '\0')
		return provider_refuse(note, "the answer has neither requestId nor log_id");
	return ERR_NONE;
}

static enum error baidu_envelope(const struct json **result, const struct json *root,
	const struct response *response, struct error_note *note)
{
	static const struct {
		const char *code, *message;
	} DIALECTS[] = { { "error_code", "error_msg" }, { "code", "message" } };
	const char *id = find_request_id(root);
	if (*id)
		error_note_copy(note->request_id, sizeof note->request_id, id);
	for (size_t i = 0; i < sizeof DIALECTS / sizeof *DIALECTS; i++) {
		const struct json *code = provider_member(root, DIALECTS[i].code);
		if (is_failure(code))
			return read_failure(code, json_get(root, DIALECTS[i].message), response, note);
	}
	if (response->error_code[0])
		return read_gateway(response, note);
	return read_success(result, root, response, note);
}

static enum error baidu_parse(struct json **root, const struct json **result, const struct response *response,
	struct error_note *note)
{
	*root = NULL;
	*result = NULL;
	*note = (struct error_note){ 0 };
	error_note_copy(note->request_id, sizeof note->request_id, response->request_id);
	/* The API never redirects, so the body of a redirect is not the API's. */
	if (response->error != ERR_NONE || response->status / 100 == 3)
		return provider_http_error(response, note);
	enum error error = provider_parse_body(root, response, note);
	if (error == ERR_NONE && json_type(*root) != JSON_OBJECT)
		error = provider_refuse(note, "the answer is no object");
	if (error != ERR_NONE)
		error = read_no_envelope(error, response, note);
	else
		error = baidu_envelope(result, *root, response, note);
	if (error != ERR_NONE) {
		json_free(*root);
		*root = NULL;
		*result = NULL;
	}
	return error;
}

const struct provider provider_baidu = {
	.name = "baidu",
	.build = baidu_build,
	.sign = baidu_sign,
	.parse = baidu_parse,
};
