/* Temporary keys: the metadata service of a machine, and the security token service.
 *
 * The forms are those of the official SDKs (CVM role, AssumeRole, AssumeRoleWithWebIdentity). A key
 * that was given out signs calls like any other (tencent.c) until it ends. The metadata service hands
 * out the same key until less than a third of its life is left, as the real one hands out the same
 * for hours. Where the documents are silent: the codes for a role, a provider or an identity that is
 * not the right one. */
#include "tencent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char roles_path[] = "/latest/meta-data/cam/security-credentials/";

void lender_init(struct lender *lender)
{
	lender->life = 7200;
}

void lender_free(struct lender *lender)
{
	free(lender->machine_role);
	free(lender->machine_code);
	free(lender->role_arn);
	free(lender->provider);
	free(lender->identity);
	free(lender->identity_role);
}

const struct lent_key *lender_find(const struct lender *lender, const char *id)
{
	for (size_t i = 0; i < LENT_KEYS && i < lender->count; i++)
		if (!strcmp(lender->lent[i].id, id))
			return &lender->lent[i];
	return NULL;
}

/* Known, and over. */
void lender_revoke(struct lender *lender)
{
	for (size_t i = 0; i < LENT_KEYS; i++)
		lender->lent[i].expires = 0;
	lender->machine_key = 0;
}

static struct lent_key *lend(struct emulator *emu)
{
	struct lender *l = &emu->lender;
	struct lent_key *key = &l->lent[l->count++ % LENT_KEYS];
	char uuid[40];

	emulator_uuid(uuid);
	snprintf(key->id, sizeof(key->id), "AKIDLENT%.8s%.4s", uuid, uuid + 9);
	emulator_uuid(uuid);
	snprintf(key->key, sizeof(key->key), "canary-lent-key-%.8s%.12s", uuid, uuid + 24);
	emulator_uuid(uuid);
	snprintf(key->token, sizeof(key->token), "canary-lent-token-%s", uuid);
	key->expires = emulator_clock(emu) + l->life;
	return key;
}

static void add_expiry(struct text *out, int64_t expires)
{
	time_t t = (time_t)expires;
	struct tm tm = { 0 };
	char text[32];

	gmtime_r(&t, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	text_addf(out, "\"ExpiredTime\":%lld,\"Expiration\":\"%s\"", (long long)expires, text);
}

/* ---- the metadata service */

bool metadata_is_meant(const struct call *call)
{
	return !strncmp(call->target, "/latest/", 8);
}

static const char *role_of(const struct call *call)
{
	size_t n = strlen(roles_path);

	return strncmp(call->target, roles_path, n) ? NULL : call->target + n;
}

void metadata_identify(struct call *call)
{
	const char *role = role_of(call);

	call->cloud = "metadata";
	snprintf(call->action, sizeof(call->action), "%s", role && *role ? "MetadataKey" : "MetadataRole");
	call->id = text_dup(role ? role : "");
}

static void refuse(struct call *call, int status, const char *why)
{
	char verdict[96];

	snprintf(verdict, sizeof(verdict), "Metadata.%d", status);
	call_verdict(call, verdict);
	call_answer(call, status, why, strlen(why));
	call->answer.content_type = text_dup("text/html");
}

static void give_machine_key(struct call *call)
{
	struct emulator *emu = call->emu;
	struct lender *l = &emu->lender;
	const struct lent_key *key = l->machine_key ? &l->lent[l->machine_key - 1] : NULL;
	struct text *out = &call->answer.body;

	if (!key || key->expires - emulator_clock(emu) < l->life / 3 || key->expires > emulator_clock(emu) + l->life) {
		key = lend(emu);
		l->machine_key = key - l->lent + 1;
	}
	call->answer.status = 200;
	text_clear(out);
	if (l->machine_code) {
		text_add_str(out, "{\"Code\":");
		text_add_json_str(out, l->machine_code);
		text_add_char(out, '}');
		call_verdict(call, l->machine_code);
		return;
	}
	text_addf(out, "{\"TmpSecretId\":\"%s\",\"TmpSecretKey\":\"%s\",", key->id, key->key);
	add_expiry(out, key->expires);
	text_addf(out, ",\"Token\":\"%s\",\"Code\":\"Success\"}", key->token);
	call_verdict(call, "ok");
}

void metadata_answer(struct call *call)
{
	static const char *const hosts[] = { "metadata.tencentyun.com", NULL };
	const char *role = role_of(call), *own = call->emu->lender.machine_role;

	call->signed_ok = true; /* nothing is: whoever can ask may */
	if (!call_host_known(call, hosts) || strcmp(call->method, "GET") || call->body.len ||
	    call_header(call, "Authorization") || call_header(call, "X-TC-Token"))
		refuse(call, 400, "<html>400 Bad Request</html>");
	else if (!role || !own || (*role && strcmp(role, own)))
		refuse(call, 404, "<html>404 - Not Found</html>");
	else if (*role)
		give_machine_key(call);
	else {
		call_verdict(call, "ok");
		call_answer(call, 200, own, strlen(own));
		call->answer.content_type = text_dup("text/plain");
	}
}

/* ---- the security token service */

bool sts_is_meant(const struct call *call)
{
	const char *action = call_header(call, "X-TC-Action"), *host = call_header(call, "Host");

	return (action && !strncmp(action, "AssumeRole", 10)) || (host && !strncmp(host, "sts.", 4));
}

void sts_identify(struct call *call)
{
	struct slice body = { call->body.data, call->body.len };

	tencent_identify(call);
	call->cloud = "sts";
	free(call->id);
	call->id = jtext_member_string(body, "RoleArn");
	if (!call->id)
		call->id = text_dup("");
}

/* Every member known and of its type, none that is needed missing; then its value is the wanted one. */
struct sts_rule {
	const char *name;
	bool is_number;
	bool of_identity; /* of AssumeRoleWithWebIdentity alone */
};

static const struct sts_rule sts_rules[] = {
	{ "RoleArn", false, false },
	{ "RoleSessionName", false, false },
	{ "DurationSeconds", true, false },
	{ "ProviderId", false, true },
	{ "WebIdentityToken", false, true },
};

static const struct sts_rule *sts_rule_of(struct slice key, bool identity)
{
	for (size_t i = 0; i < sizeof(sts_rules) / sizeof(sts_rules[0]); i++)
		if (strlen(sts_rules[i].name) == key.n && !memcmp(sts_rules[i].name, key.p, key.n) &&
		    (identity || !sts_rules[i].of_identity))
			return &sts_rules[i];
	return NULL;
}

static bool sts_members_known(struct call *call, struct slice body, bool identity)
{
	struct jobject object;
	bool known = true;

	if (!jtext_valid(body.p, body.n) || jtext_type(body) != '{' || !jobject_parse(&object, body)) {
		tencent_error(call, "InvalidParameter", "The body is not a JSON object.");
		return false;
	}
	for (size_t i = 0; known && i < object.n; i++) {
		const struct sts_rule *rule = sts_rule_of(object.m[i].key, identity);
		char type = jtext_type(object.m[i].value);

		known = rule && type == (rule->is_number ? '0' : '"');
		if (!known)
			tencent_error(call, rule ? "InvalidParameter" : "UnknownParameter", "A parameter does not fit.");
	}
	jobject_free(&object);
	return known;
}

static bool is_session(const char *name)
{
	size_t n = strlen(name);

	return n >= 2 && n <= 128 && strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					    "0123456789+=,.@_-") == n;
}

/* True: the member is there and is this; an error is filled otherwise. */
static bool is_member(struct call *call, struct slice body, const char *name, const char *wanted,
		      const char *code)
{
	char *value = jtext_member_string(body, name);
	bool same = value && wanted && !strcmp(value, wanted);

	if (!value)
		tencent_error(call, "MissingParameter", name);
	else if (!same)
		tencent_error(call, code, "The value is not the right one.");
	free(value);
	return same;
}

static bool sts_request_fits(struct call *call, struct slice body, bool identity)
{
	const struct lender *l = &call->emu->lender;
	char *session = jtext_member_string(body, "RoleSessionName");
	int64_t seconds = jtext_member_int(body, "DurationSeconds", 7200);
	bool fits = session && is_session(session);

	free(session);
	if (!fits || seconds < 1 || seconds > 43200) {
		tencent_error(call, session ? "InvalidParameter.ParamError" : "MissingParameter",
			      "RoleSessionName or DurationSeconds does not fit.");
		return false;
	}
	if (identity)
		return is_member(call, body, "ProviderId", l->provider, "InvalidParameter.ParamError") &&
			is_member(call, body, "WebIdentityToken", l->identity,
				  "InvalidParameter.WebIdentityTokenError") &&
			is_member(call, body, "RoleArn", l->identity_role, "ResourceNotFound.RoleNotFound");
	return is_member(call, body, "RoleArn", l->role_arn, "ResourceNotFound.RoleNotFound");
}

static bool sts_signature_holds(struct call *call, bool identity)
{
	const struct account *a = &call->emu->account;
	struct tc3_account account = { a->secret_id, a->secret_key, a->token, "sts" };
	struct http_request request = call_request(call);
	const char *authorization = call_header(call, "Authorization");
	struct verdict verdict;

	if (identity) {
		call->signed_ok = authorization && !strcmp(authorization, "SKIP");
		if (!call->signed_ok)
			tencent_error(call, "AuthFailure.InvalidAuthorization", "Authorization must be SKIP.");
		return call->signed_ok;
	}
	verify_tc3(&account, &request, emulator_clock(call->emu), &verdict);
	call->signed_ok = verdict.signed_ok;
	if (!verdict.signed_ok)
		tencent_error(call, verdict.code, verdict.message);
	return verdict.signed_ok;
}

static void answer(struct call *call)
{
	static const char *const hosts[] = { "sts.tencentcloudapi.com", "sts.*.tencentcloudapi.com", NULL };
	struct slice body = { call->body.data, call->body.len };
	bool identity = !strcmp(call->action, "AssumeRoleWithWebIdentity");
	struct text *out = &call->answer.body;
	const struct lent_key *key;

	if (!tencent_form_fits(call, hosts) || !sts_signature_holds(call, identity))
		return;
	if (strcmp(call_header(call, "X-TC-Version"), "2018-08-13")) {
		tencent_error(call, "NoSuchVersion", "The version of this action does not exist.");
		return;
	}
	if (!identity && strcmp(call->action, "AssumeRole")) {
		tencent_error(call, "InvalidAction", "The action is invalid or not found.");
		return;
	}
	if (tencent_missing(call, "X-TC-Region", "Region") || !sts_members_known(call, body, identity) ||
	    !sts_request_fits(call, body, identity))
		return;
	key = lend(call->emu);
	call->answer.status = 200;
	text_clear(out);
	text_addf(out, "{\"Response\":{\"Credentials\":{\"Token\":\"%s\",\"TmpSecretId\":\"%s\",\"TmpSecretKey\":\"%s\"},",
		  key->token, key->id, key->key);
	add_expiry(out, key->expires);
	text_addf(out, ",\"RequestId\":\"%s\"}}", call->request_id);
	call_verdict(call, "ok");
}

void sts_answer(struct call *call)
{
	answer(call);
	if (!strcmp(call->action, "AssumeRoleWithWebIdentity"))
		text_clear(&call->body); /* a secret: it is not to be logged */
}
