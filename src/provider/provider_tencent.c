/*
 * provider_tencent.c - Tencent Cloud's API 3.0.
 *
 * Every call is a POST of a JSON object to "/", told apart by X-TC-* headers and signed with TC3.
 * Every answer that is one comes with HTTP 200: {"Response": {..., "RequestId": "..."}}, and a
 * failure has a member Error in there.  What its Code means is the table below.  Only a code that
 * says that the very resource asked for does not exist is FAULT_NOT_FOUND; a network, an image or
 * a resource group that is gone is the server's affair.
 */
#include "provider/provider.h"

#include <stdio.h>
#include <string.h>

#include "json/json.h"
#include "sign_tc3.h"

enum { TEXT_MAX = 1 << 20 };

static const char SIGNED_HEADERS[] = "content-type;host";

static const struct provider_code CODES[] = {
	/* Codes whose class is another than their first word says. */
	{ "AuthFailure.CamException", FAULT_DENIED },
	{ "AuthFailure.SignatureExpire", FAULT_CLOCK },
	{ "AuthFailure.TokenFailure", FAULT_TOKEN },
	{ "FailedOperation.Processing", FAULT_THROTTLED },
	{ "FailedOperation.RecordNotFound", FAULT_NOT_FOUND },
	{ "FailedOperation.Timedout", FAULT_TIMEOUT },
	{ "OperationDenied.BalanceInsufficient", FAULT_DENIED },
	{ "OperationDenied.MIYINGBalanceInsufficient", FAULT_DENIED },
	/* What a resource depends on: the resource itself is there. */
	{ "ResourceNotFound.CfsNotFound", FAULT_SERVER },
	{ "ResourceNotFound.CFSNotFound", FAULT_SERVER },
	{ "ResourceNotFound.ImageNotFound", FAULT_SERVER },
	{ "ResourceNotFound.ResourceGroupNotFound", FAULT_SERVER },
	{ "ResourceNotFound.SubnetNotFound", FAULT_SERVER },
	{ "ResourceNotFound.VPCNotFound", FAULT_SERVER },
	{ "ResourceNotFound.VpcNotFound", FAULT_SERVER },
	/* Ends that mean the same behind every first word. */
	{ "*.InvalidAuthToken", FAULT_TOKEN },
	{ "*.NoPermission", FAULT_DENIED },
	{ "*.UnauthorizedOperation", FAULT_DENIED },
	/* First words. */
	{ "ActionOffline", FAULT_UNSUPPORTED },
	{ "AuthFailure", FAULT_KEY },
	{ "InvalidAction", FAULT_UNSUPPORTED },
	{ "InvalidParameter*", FAULT_PARAMETER },
	{ "InvalidRequest", FAULT_PARAMETER },
	{ "IpInBlacklist", FAULT_DENIED },
	{ "IpNotInWhitelist", FAULT_DENIED },
	{ "LimitExceeded", FAULT_THROTTLED },
	{ "MissingParameter", FAULT_PARAMETER },
	{ "NoSuchProduct", FAULT_UNSUPPORTED },
	{ "NoSuchVersion", FAULT_UNSUPPORTED },
	{ "RequestLimitExceeded", FAULT_THROTTLED },
	{ "RequestSizeLimitExceeded", FAULT_PARAMETER },
	{ "ResourceInUse", FAULT_THROTTLED },
	{ "ResourceNotFound", FAULT_NOT_FOUND },
	{ "ResourceUnavailable", FAULT_THROTTLED },
	{ "ResponseSizeLimitExceeded", FAULT_TOO_BIG },
	{ "UnauthorizedOperation", FAULT_DENIED },
	{ "UnknownParameter", FAULT_PARAMETER },
	{ "UnsupportedOperation", FAULT_UNSUPPORTED },
	{ "UnsupportedProtocol", FAULT_UNSUPPORTED },
	{ "UnsupportedRegion", FAULT_UNSUPPORTED },
	/* FailedOperation, InternalError, OperationDenied, ..., and what nobody knows yet. */
	{ "*", FAULT_SERVER },
};

static void tencent_build(struct request *out, const struct site *site, const struct call *call)
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

/* Without a key there is nothing to sign with: the request goes without, and the cloud says so. */
static void tencent_sign(struct request *request, const struct site *site, const struct call *call,
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
		tc3_authorization(&authorization, to_sign.data, SIGNED_HEADERS, service,
			credentials, now_s);
	request_header(request, "Authorization", is_signed ? authorization.data : NULL);
	buf_release(&authorization);
	buf_release(&to_sign);
	buf_release(&canonical);
}

static const char *text_of(const struct json *object, const char *key)
{
	const struct json *value = json_get(object, key);
	return value && json_type(value) == JSON_STRING ? json_text(value) : "";
}

/* The envelope's verdict; an Error beside data wins. */
static enum fault read_envelope(const struct json *response, struct fault_note *note)
{
	if (response == NULL || json_type(response) != JSON_OBJECT)
		return provider_refuse(note, "the answer has no Response");
	fault_note_copy(note->request_id, sizeof note->request_id, text_of(response, "RequestId"));
	if (note->request_id[0] == '\0')
		return provider_refuse(note, "the answer has no RequestId");
	const struct json *error = provider_member(response, "Error");
	if (error == NULL)
		return FAULT_NONE;
	const char *code = text_of(error, "Code");
	if (*code == '\0')
		return provider_refuse(note, "the answer's Error has no Code");
	fault_note_copy(note->code, sizeof note->code, code);
	fault_note_copy(note->message, sizeof note->message, text_of(error, "Message"));
	return provider_code_fault(CODES, code);
}

static enum fault tencent_parse(struct json **root, const struct json **result,
	const struct response *response, struct fault_note *note)
{
	*root = NULL;
	*result = NULL;
	*note = (struct fault_note){ 0 };
	enum fault fault = provider_http_fault(response, note);
	if (fault == FAULT_NONE)
		fault = provider_parse_body(root, response, note);
	if (fault != FAULT_NONE)
		return fault;
	*result = json_get(*root, "Response");
	fault = read_envelope(*result, note);
	if (fault != FAULT_NONE) {
		json_free(*root);
		*root = NULL;
		*result = NULL;
	}
	return fault;
}

const struct provider provider_tencent = {
	.name = "tencent",
	.build = tencent_build,
	.sign = tencent_sign,
	.parse = tencent_parse,
	.keys = &provider_tencent_keys,
};
