/* Tencent's gateway: common parameters, signature, version, region, action, rate; then the body.
 * Every failure is HTTP 200 with Response.Error.
 *
 * Choices where the documents are silent: the order of these checks; GET is refused with
 * InvalidRequest although the signing page describes it (no describefs call uses it); other
 * methods with UnsupportedProtocol; another Content-Type, or a body that is not JSON, with
 * InvalidParameter, because that is the code for a request whose parameters cannot be read. */
#include "tencent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const hosts[] = {
	"tione.tencentcloudapi.com", "tione.*.tencentcloudapi.com", NULL
};
static const char *const regions[] = {
	"ap-guangzhou", "ap-shanghai", "ap-beijing", "ap-nanjing", "ap-shenzhen", "ap-singapore",
	"ap-chongqing", "ap-chengdu", "ap-hongkong", "ap-jakarta", "ap-shanghai-adc",
	"ap-zhongwei", NULL
};

void tencent_error(struct call *call, const char *code, const char *message)
{
	struct text *out = &call->answer.body;

	call_verdict(call, code);
	call->answer.status = 200;
	text_clear(out);
	text_add_str(out, "{\"Response\":{\"Error\":{\"Code\":");
	text_add_json_str(out, code);
	text_add_str(out, ",\"Message\":");
	text_add_json_str(out, message);
	text_addf(out, "},\"RequestId\":\"%s\"}}", call->request_id);
}

void tencent_identify(struct call *call)
{
	static const char *const ids[] = { "Id", "TrainingModelId", "TrainingModelVersionId",
		"ServiceGroupId", "ResourceGroupId", NULL };
	const char *action = call_header(call, "X-TC-Action");
	const char *region = call_header(call, "X-TC-Region");
	struct slice body = { call->body.data, call->body.len };

	call->cloud = "tione";
	snprintf(call->action, sizeof(call->action), "%s", action ? action : "");
	snprintf(call->region, sizeof(call->region), "%s", region ? region : "");
	for (int i = 0; ids[i] && !call->id; i++)
		call->id = jtext_member_string(body, ids[i]);
	if (!call->id)
		call->id = text_dup("");
}

bool tencent_missing(struct call *call, const char *header, const char *name)
{
	const char *value = call_header(call, header);
	char message[128];

	if (value && *value)
		return false;
	snprintf(message, sizeof(message), "The request is missing a required parameter `%s`.",
		 name);
	tencent_error(call, "MissingParameter", message);
	return true;
}

/* Method, content type and the common parameters that the signature does not depend on. */
bool tencent_form_fits(struct call *call, const char *const *known)
{
	const char *type = call_header(call, "Content-Type");

	if (!call_host_known(call, known)) {
		tencent_error(call, "NoSuchProduct", "The product of this host does not exist.");
		return false;
	}
	if (strcmp(call->method, "POST")) {
		bool get = !strcmp(call->method, "GET");

		tencent_error(call, get ? "InvalidRequest" : "UnsupportedProtocol",
			      "Only POST is supported by the emulator.");
		return false;
	}
	if (!type || strncmp(type, "application/json", 16) ||
	    (type[16] && type[16] != ';' && type[16] != ' ')) {
		tencent_error(call, "InvalidParameter",
			      "The Content-Type is not supported: use application/json.");
		return false;
	}
	return !tencent_missing(call, "X-TC-Action", "Action") &&
		!tencent_missing(call, "X-TC-Version", "Version") &&
		!tencent_missing(call, "X-TC-Timestamp", "Timestamp");
}

/* The temporary key that signed, or NULL. */
static const struct lent_key *lent_key_of(const struct call *call)
{
	const char *credential, *authorization = call_header(call, "Authorization");
	char id[128];
	size_t n;

	credential = authorization ? strstr(authorization, "Credential=") : NULL;
	if (!credential)
		return NULL;
	credential += strlen("Credential=");
	n = strcspn(credential, "/");
	if (n >= sizeof(id))
		return NULL;
	memcpy(id, credential, n);
	id[n] = '\0';
	return lender_find(&call->emu->lender, id);
}

static bool signature_holds(struct call *call)
{
	const struct account *a = &call->emu->account;
	const struct lent_key *lent = lent_key_of(call);
	struct tc3_account account = { a->secret_id, a->secret_key, a->token, "tione" };
	struct http_request request = call_request(call);
	struct verdict verdict;

	if (lent)
		account = (struct tc3_account){ lent->id, lent->key, lent->token, "tione" };
	verify_tc3(&account, &request, emulator_clock(call->emu), &verdict);
	call->signed_ok = verdict.signed_ok;
	if (!verdict.signed_ok) {
		tencent_error(call, verdict.code, verdict.message);
		return false;
	}
	if (lent && lent->expires <= emulator_clock(call->emu)) {
		tencent_error(call, "AuthFailure.TokenFailure", "The token has expired.");
		return false;
	}
	if (!lent && call->emu->lender.base_only) {
		tencent_error(call, "UnauthorizedOperation", "This key may only take a role.");
		return false;
	}
	return true;
}

static bool region_fits(struct call *call)
{
	if (tencent_missing(call, "X-TC-Region", "Region"))
		return false;
	for (int i = 0; regions[i]; i++)
		if (!strcmp(regions[i], call->region))
			return true;
	tencent_error(call, "UnsupportedRegion", "The region is not supported by this product.");
	return false;
}

static const struct tc_action *action_of(struct call *call)
{
	const struct tc_action *action = tencent_action(call->action);
	char message[160];

	if (strcmp(call_header(call, "X-TC-Version"), "2021-11-11")) {
		tencent_error(call, "NoSuchVersion", "The version of this action does not exist.");
		return NULL;
	}
	if (!action || (action->withdrawn && !call->emu->options.models_list)) {
		snprintf(message, sizeof(message),
			 "The request action=`%s` is invalid or not found.", call->action);
		tencent_error(call, "InvalidAction", message);
		return NULL;
	}
	return region_fits(call) ? action : NULL;
}

void tencent_answer(struct call *call, const struct plan *plan)
{
	struct slice body = { call->body.data, call->body.len };
	const struct tc_action *action;

	if (!tencent_form_fits(call, hosts) || !signature_holds(call))
		return;
	action = action_of(call);
	if (!action)
		return;
	if (!journal_allow(&call->emu->journal, call, call->emu->rate)) {
		tencent_error(call, "RequestLimitExceeded",
			      "请求过于频繁，请稍后再试。");
		return;
	}
	if (tencent_check_body(call, action, body))
		tencent_act(call, action, body, plan);
}
