/*
 * provider_baidu.c - Baidu's Qianfan, V1 and V2.
 *
 * A call is a POST of a JSON object, signed with bce-auth-v1; V2 names its action in the query, V1
 * in the path.  Failures come in three dialects: V1 answers HTTP 200 with error_code and
 * error_msg, V2 HTTP >= 400 with code and message, and the gateway in front of both X-Bce-Error-*
 * headers, often without a body.  A code that the table does not know leaves the verdict to the
 * HTTP status.  Only a code in the body says that a resource does not exist: a gateway that finds
 * no credential also says "NotFound".
 */
#include "provider/provider.h"

#include <string.h>

#include "base/when.h"
#include "json/json.h"
#include "sign_bce.h"

enum { TEXT_MAX = 1 << 20, EXPIRES_S = 1800 };

static const char SIGNED_HEADERS[] = "host;x-bce-date";

static const struct provider_code CODES[] = {
	/* V2 and the gateway: names. */
	{ "AccessDenied", FAULT_DENIED },
	{ "Iam*", FAULT_KEY },
	{ "InappropriateJSON", FAULT_PARAMETER },
	{ "InternalError", FAULT_SERVER },
	{ "InvalidAccessKeyId", FAULT_KEY },
	{ "InvalidAction", FAULT_UNSUPPORTED },
	{ "InvalidHTTPAuthHeader", FAULT_KEY },
	{ "InvalidHTTPRequest", FAULT_PARAMETER },
	{ "InvalidParameter*", FAULT_PARAMETER },
	{ "InvalidURI", FAULT_PARAMETER },
	{ "InvalidVersion", FAULT_UNSUPPORTED },
	{ "MalformedJSON", FAULT_PARAMETER },
	{ "OptInRequired", FAULT_DENIED },
	{ "PreconditionFailed", FAULT_SERVER },
	{ "RequestExpired", FAULT_CLOCK },
	{ "SignatureDoesNotMatch", FAULT_KEY },
	/* An action or a version that is gone is no resource that is gone. */
	{ "*ActionNotFound", FAULT_UNSUPPORTED },
	{ "NoSuchAction", FAULT_UNSUPPORTED },
	{ "NoSuchVersion", FAULT_UNSUPPORTED },
	{ "*NotFound", FAULT_NOT_FOUND },
	{ "NoSuch*", FAULT_NOT_FOUND },
	/* V1: numbers, named as the official SDK names them. */
	{ "1", FAULT_SERVER }, /* UnknownError */
	{ "2", FAULT_SERVER }, /* ServiceUnavailable */
	{ "3", FAULT_UNSUPPORTED }, /* UnsupportedMethod */
	{ "4", FAULT_THROTTLED }, /* RequestLimitReached */
	{ "6", FAULT_DENIED }, /* NoPermissionToAccessData */
	{ "13", FAULT_KEY }, /* GetServiceTokenFailed */
	{ "14", FAULT_KEY }, /* IAM certification failed */
	{ "15", FAULT_KEY }, /* AppNotExist: the key's application */
	{ "17", FAULT_THROTTLED }, /* DailyLimitReached */
	{ "18", FAULT_THROTTLED }, /* QPSLimitReached */
	{ "19", FAULT_THROTTLED }, /* TotalRequestLimitReached */
	{ "100", FAULT_PARAMETER }, /* InvalidRequest */
	{ "110", FAULT_KEY }, /* APITokenInvalid */
	{ "111", FAULT_TOKEN }, /* APITokenExpired */
	{ "336000", FAULT_SERVER }, /* InternalError */
	{ "336001", FAULT_PARAMETER }, /* InvalidArgument */
	{ "336002", FAULT_PARAMETER }, /* InvalidJSON */
	{ "336003", FAULT_PARAMETER }, /* InvalidParam */
	{ "336004", FAULT_DENIED }, /* PermissionError */
	{ "336005", FAULT_UNSUPPORTED }, /* APINameNotExist */
	{ "336100", FAULT_SERVER }, /* ServerHighLoad */
	{ "336101", FAULT_PARAMETER }, /* InvalidHTTPMethod */
	{ "336104", FAULT_PARAMETER }, /* InvalidArgumentSystem */
	{ "336105", FAULT_PARAMETER }, /* InvalidArgumentUserSetting */
	{ "336501", FAULT_THROTTLED }, /* RPMLimitReached */
	{ "336502", FAULT_THROTTLED }, /* TPMLimitReached */
	{ "500000", FAULT_SERVER }, /* ConsoleInternalError */
	{ "500001", FAULT_PARAMETER },
	{ "500002", FAULT_DENIED }, /* auth failed, no access */
	{ "510202", FAULT_NOT_FOUND }, /* task not exist */
	{ "510301", FAULT_NOT_FOUND }, /* job not exist */
	/* Unknown. */
	{ "*", FAULT_NONE },
};

static void baidu_build(struct request *out, const struct site *site, const struct call *call)
{
	struct buf query;
	buf_init(&query, TEXT_MAX);
	if (!call->action->bare) {
		buf_puts(&query, "Action=");
		bce_encode(&query, call->action->name, false);
	}
	request_init(out);
	out->method = xstrdup("POST");
	out->base = xstrdup(site->endpoint);
	out->path = xstrdup(call->action->path);
	out->query = buf_take(&query);
	buf_puts(&out->body, call->body);
	request_header(out, "Content-Type", "application/json");
}

/* Without a key there is nothing to sign with: the request goes without, and the cloud says so. */
static void baidu_sign(struct request *request, const struct site *site, const struct call *call,
	const struct credentials *credentials, int64_t now_s)
{
	(void)site;
	(void)call;
	struct buf date, prefix, canonical, authorization;
	buf_init(&date, 40);
	buf_init(&prefix, TEXT_MAX);
	buf_init(&canonical, TEXT_MAX);
	buf_init(&authorization, TEXT_MAX);
	when_format(&date, now_s);
	request_header(request, "x-bce-date", date.data);
	request_header(request, "x-bce-security-token", credentials->token);
	bool is_signed = bce_prefix(&prefix, credentials, now_s, EXPIRES_S) &&
		bce_canonical_request(&canonical, request, SIGNED_HEADERS) &&
		bce_authorization(&authorization, prefix.data, canonical.data, request,
			SIGNED_HEADERS, credentials);
	request_header(request, "Authorization", is_signed ? authorization.data : NULL);
	buf_release(&authorization);
	buf_release(&canonical);
	buf_release(&prefix);
	buf_release(&date);
}

/* V1 sends its ids and codes as either. */
static bool is_text(const struct json *value)
{
	return value && (json_type(value) == JSON_STRING || json_type(value) == JSON_NUMBER);
}

static const char *text_of(const struct json *value)
{
	return is_text(value) ? json_text(value) : "";
}

/* The gateway's IAM codes say only "no"; what the message names before ", cause:" is the reason. */
static enum fault read_gateway(const struct response *response, struct fault_note *note)
{
	fault_note_copy(note->code, sizeof note->code, response->error_code);
	fault_note_copy(note->message, sizeof note->message, response->error_message);
	if (strncmp(response->error_code, "Iam", 3) == 0 &&
		strncmp(response->error_message, "RequestExpired", 14) == 0)
		return FAULT_CLOCK;
	enum fault fault = provider_code_fault(CODES, response->error_code);
	if (fault == FAULT_NONE || fault == FAULT_NOT_FOUND)
		fault = provider_http_fault(response, note);
	return fault == FAULT_NONE ? FAULT_ANSWER : fault;
}

/* No JSON object: the gateway's headers, the status, or the reason why it is none. */
static enum fault read_no_envelope(enum fault reason, const struct response *response,
	struct fault_note *note)
{
	if (response->error_code[0])
		return read_gateway(response, note);
	struct fault_note status = { 0 };
	enum fault fault = provider_http_fault(response, &status);
	if (fault == FAULT_NONE)
		return reason;
	memcpy(note->message, status.message, sizeof note->message);
	return fault;
}

/* A code that is given, in either dialect; V1's own name for "no error" is 0, however it is spelt. */
static bool is_failure(const struct json *code)
{
	return code && (!is_text(code) || (*text_of(code) && json_integer(code, 1) != 0));
}

static enum fault read_failure(const struct json *code, const struct json *message,
	const struct response *response, struct fault_note *note)
{
	const char *text = text_of(code);
	if (*text == '\0')
		return provider_refuse(note, "the answer's error code is no code");
	fault_note_copy(note->code, sizeof note->code, text);
	fault_note_copy(note->message, sizeof note->message, text_of(message));
	enum fault fault = provider_code_fault(CODES, text);
	if (fault != FAULT_NONE)
		return fault;
	if (response->status == 404)
		return FAULT_NOT_FOUND;
	fault = provider_http_fault(response, note);
	return fault == FAULT_NONE || fault == FAULT_ANSWER ? FAULT_SERVER : fault;
}

static const char *find_id(const struct json *root)
{
	const char *id = text_of(json_get(root, "requestId"));
	return *id ? id : text_of(json_get(root, "log_id"));
}

static enum fault read_success(const struct json **result, const struct json *root,
	const struct response *response, struct fault_note *note)
{
	enum fault fault = provider_http_fault(response, note);
	if (fault != FAULT_NONE)
		return fault;
	*result = provider_member(root, "result");
	if (*result == NULL)
		return provider_refuse(note, "the answer has no result");
	if (*find_id(root) == '\0')
		return provider_refuse(note, "the answer has neither requestId nor log_id");
	return FAULT_NONE;
}

static enum fault read_envelope(const struct json **result, const struct json *root,
	const struct response *response, struct fault_note *note)
{
	static const struct {
		const char *code, *message;
	} DIALECTS[] = { { "error_code", "error_msg" }, { "code", "message" } };
	const char *id = find_id(root);
	if (*id)
		fault_note_copy(note->request_id, sizeof note->request_id, id);
	for (size_t i = 0; i < sizeof DIALECTS / sizeof *DIALECTS; i++) {
		const struct json *code = provider_member(root, DIALECTS[i].code);
		if (is_failure(code))
			return read_failure(code, json_get(root, DIALECTS[i].message), response,
				note);
	}
	if (response->error_code[0])
		return read_gateway(response, note);
	return read_success(result, root, response, note);
}

static enum fault baidu_parse(struct json **root, const struct json **result,
	const struct response *response, struct fault_note *note)
{
	*root = NULL;
	*result = NULL;
	*note = (struct fault_note){ 0 };
	fault_note_copy(note->request_id, sizeof note->request_id, response->request_id);
	/* Whoever redirects is not the API: what it says in a body is nobody's word. */
	if (response->fault != FAULT_NONE || response->status / 100 == 3)
		return provider_http_fault(response, note);
	enum fault fault = provider_parse_body(root, response, note);
	if (fault == FAULT_NONE && json_type(*root) != JSON_OBJECT)
		fault = provider_refuse(note, "the answer is no object");
	if (fault != FAULT_NONE)
		fault = read_no_envelope(fault, response, note);
	else
		fault = read_envelope(result, *root, response, note);
	if (fault != FAULT_NONE) {
		json_free(*root);
		*root = NULL;
		*result = NULL;
	}
	return fault;
}

const struct provider provider_baidu = {
	.name = "baidu",
	.build = baidu_build,
	.sign = baidu_sign,
	.parse = baidu_parse,
};
