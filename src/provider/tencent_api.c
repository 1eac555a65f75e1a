/*
 * tencent_api.c - Tencent Cloud's API 3.0: builds, signs and parses a call.
 *
 * Every call is a POST of a JSON object to "/", selected by X-TC-* headers and signed with TC3. The API
 * answers with HTTP 200 and {"Response": {..., "RequestId": "..."}}; a failure has a member Error in it.
 * The table below maps its Code to an error. Only a code that says that the requested resource itself does
 * not exist is ERR_NOT_FOUND; a network, an image or a resource group that is missing is ERR_SERVER.
 */
#include "tencent.h"

#include <stdio.h>
#include <string.h>

#include "json/json.h"
#include "sign_tc3.h"

enum { TEXT_MAX = 1 << 20 };

static const char SIGNED_HEADERS[] = "content-type;host";

/* clang-format off */
static const struct provider_code CODES[] = {
	/* Codes that mean another class than their first word. */
	{ "AuthFailure.CamException", ERR_DENIED },
	{ "AuthFailure.SignatureExpire", ERR_CLOCK },
	{ "AuthFailure.TokenFailure", ERR_TOKEN },
	{ "FailedOperation.Processing", ERR_THROTTLED },
	{ "FailedOperation.RecordNotFound", ERR_NOT_FOUND },
	{ "FailedOperation.Timedout", ERR_TIMEOUT },
	{ "OperationDenied.BalanceInsufficient", ERR_DENIED },
	{ "OperationDenied.MIYINGBalanceInsufficient", ERR_DENIED },
	/* A dependency of the resource is missing; the resource itself exists. */
	{ "ResourceNotFound.CfsNotFound", ERR_SERVER },
	{ "ResourceNotFound.CFSNotFound", ERR_SERVER },
	{ "ResourceNotFound.ImageNotFound", ERR_SERVER },
	{ "ResourceNotFound.ResourceGroupNotFound", ERR_SERVER },
	{ "ResourceNotFound.SubnetNotFound", ERR_SERVER },
	{ "ResourceNotFound.VPCNotFound", ERR_SERVER },
	{ "ResourceNotFound.VpcNotFound", ERR_SERVER },
	/* Endings that mean the same after every first word. */
	{ "*.InvalidAuthToken", ERR_TOKEN },
	{ "*.NoPermission", ERR_DENIED },
	{ "*.UnauthorizedOperation", ERR_DENIED },
	/* First words. */
	{ "ActionOffline", ERR_UNSUPPORTED },
	{ "AuthFailure", ERR_KEY },
	{ "InvalidAction", ERR_UNSUPPORTED },
	{ "InvalidParameter*", ERR_PARAMETER },
	{ "InvalidRequest", ERR_PARAMETER },
	{ "IpInBlacklist", ERR_DENIED },
	{ "IpNotInWhitelist", ERR_DENIED },
	{ "LimitExceeded", ERR_THROTTLED },
	{ "MissingParameter", ERR_PARAMETER },
	{ "NoSuchProduct", ERR_UNSUPPORTED },
	{ "NoSuchVersion", ERR_UNSUPPORTED },
	{ "RequestLimitExceeded", ERR_THROTTLED },
	{ "RequestSizeLimitExceeded", ERR_PARAMETER },
	{ "ResourceInUse", ERR_THROTTLED },
	{ "ResourceNotFound", ERR_NOT_FOUND },
	{ "ResourceUnavailable", ERR_THROTTLED },
	{ "ResponseSizeLimitExceeded", ERR_TOO_BIG },
	{ "UnauthorizedOperation", ERR_DENIED },
	{ "UnknownParameter", ERR_PARAMETER },
	{ "UnsupportedOperation", ERR_UNSUPPORTED },
	{ "UnsupportedProtocol", ERR_UNSUPPORTED },
	{ "UnsupportedRegion", ERR_UNSUPPORTED },
	/* FailedOperation, InternalError, OperationDenied and unknown codes. */
	{ "*", ERR_SERVER },
};
/* clang-format on */

void tencent_build(struct request *out, const struct site *site, const struct api_call *call)
{
	request_init(out);
	out->method = xstrdup("POST");
	out->base = xstrdup(site->endpoint);
	out->path = xstrdup("/");
	out->query = xstrdup("");
	buf_puts(&out->body, call->body);
	request_header(out, "Content-Type", "application/json");
	request_header(out, "X-TC-Action", call->action->name);
	request_header(out, "X-TC-Version", site->catalog->version);
	request_header(out, "X-TC-Region", site->region);
	request_header(out, "X-TC-RequestClient", "describefs/" DESCRIBEFS_VERSION);
}

/* Without a key the request is sent unsigned, and the cloud refuses it. */
void tencent_sign(struct request *request, const struct site *site, const struct api_call *call,
	const struct credentials *credentials, int64_t now_s)
{
	(void)call;
	const char *service = site->catalog->service;
	char timestamp[24];
	snprintf(timestamp, sizeof timestamp, "%lld", (long long)now_s);
	request_header(request, "X-TC-Timestamp", timestamp);
	request_header(request, "X-TC-Token", credentials->token);

	struct buf canonical, to_sign, authorization;
	buf_init(&canonical, TEXT_MAX);
	buf_init(&to_sign, TEXT_MAX);
	buf_init(&authorization, TEXT_MAX);
	bool is_signed = tc3_canonical_request(&canonical, request, SIGNED_HEADERS) &&
		tc3_string_to_sign(&to_sign, canonical.data, service, now_s) &&
		tc3_authorization(&authorization, to_sign.data, SIGNED_HEADERS, service, credentials, now_s);
	request_header(request, "Authorization", is_signed ? authorization.data : NULL);
	buf_release(&authorization);
	buf_release(&to_sign);
	buf_release(&canonical);
}

static const char *tencent_text(const struct json *object, const char *key)
{
	const struct json *value = json_get(object, key);
	return value && json_type(value) == JSON_STRING ? json_text(value) : "";
}

/* An Error beside data wins. */
static enum error tencent_envelope(const struct json *response, struct error_note *note)
{
	if (response == NULL || json_type(response) != JSON_OBJECT)
		return provider_refuse(note, "the answer has no Response");
	error_note_copy(note->request_id, sizeof note->request_id, tencent_text(response, "RequestId"));
	if (note->request_id[0] == '\0')
		return provider_refuse(note, "the answer has no RequestId");
	const struct json *error = provider_member(response, "Error");
	if (error == NULL)
		return ERR_NONE;
	const char *code = tencent_text(error, "Code");
	if (*code == '\0')
		return provider_refuse(note, "the answer's Error has no Code");
	error_note_copy(note->code, sizeof note->code, code);
	error_note_copy(note->message, sizeof note->message, tencent_text(error, "Message"));
	return provider_code_error(CODES, code);
}

enum error tencent_parse(struct json **root, const struct json **result, const struct response *response,
	struct error_note *note)
{
	*root = NULL;
	*result = NULL;
	*note = (struct error_note){ 0 };
	enum error error = provider_http_error(response, note);
	if (error == ERR_NONE)
		error = provider_parse_body(root, response, note);
	if (error != ERR_NONE)
		return error;
	*result = json_get(*root, "Response");
	error = tencent_envelope(*result, note);
	if (error != ERR_NONE) {
		json_free(*root);
		*root = NULL;
		*result = NULL;
	}
	return error;
}
