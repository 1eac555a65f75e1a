/*
 * test_provider_baidu.c - requests of V1 and V2, and the three formats of errors.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/provider/parse_kit.h"

struct answer {
	int status;
	const char *body;
	const char *header_code, *header_message; /* X-Bce-Error-*, NULL: none */
};

static enum error parse(const struct answer *answer, struct error_note *note, char *result_text)
{
	struct response response;
	response_init(&response);
	response.status = answer->status;
	strcpy(response.request_id, "header-id");
	if (answer->header_code)
		strcpy(response.error_code, answer->header_code);
	if (answer->header_message)
		strcpy(response.error_message, answer->header_message);
	buf_puts(&response.body, answer->body);
	return kit_parse(&provider_baidu, &response, note, result_text);
}

static void expect_error(const struct answer *answer, enum error expected, const char *code,
	const char *message)
{
	struct error_note note;
	char result[RESULT_ROOM];
	enum error error = parse(answer, &note, result);
	if (error != expected)
		fail_msg("%d %s [%s]: %s, not %s", answer->status, answer->body,
			answer->header_code ? answer->header_code : "", error_name(error),
			error_name(expected));
	assert_string_equal(note.code, code);
	if (message)
		assert_string_equal(note.message, message);
}

static const struct {
	const char *code;
	enum error error;
} NAMES[] = {
	{ "AccessDenied", ERR_DENIED },
	{ "InappropriateJSON", ERR_PARAMETER },
	{ "InternalError", ERR_SERVER },
	{ "InvalidAccessKeyId", ERR_KEY },
	{ "InvalidHTTPAuthHeader", ERR_KEY },
	{ "InvalidHTTPRequest", ERR_PARAMETER },
	{ "InvalidURI", ERR_PARAMETER },
	{ "InvalidVersion", ERR_UNSUPPORTED },
	{ "MalformedJSON", ERR_PARAMETER },
	{ "OptInRequired", ERR_DENIED },
	{ "PreconditionFailed", ERR_SERVER },
	{ "RequestExpired", ERR_CLOCK },
	{ "SignatureDoesNotMatch", ERR_KEY },
	{ "IamSignatureInvalid", ERR_KEY },
	{ "IamSomethingNew", ERR_KEY },
	{ "InvalidParameterValue", ERR_PARAMETER },
	{ "InvalidAction", ERR_UNSUPPORTED },
	{ "NoSuchAction", ERR_UNSUPPORTED },
	{ "NoSuchVersion", ERR_UNSUPPORTED },
	{ "ActionNotFound", ERR_UNSUPPORTED },
	{ "NotFound", ERR_NOT_FOUND },
	{ "ResourceNotFound", ERR_NOT_FOUND },
	{ "JobNotFound", ERR_NOT_FOUND },
	{ "NoSuchKey", ERR_NOT_FOUND },
	{ "NoSuchJob", ERR_NOT_FOUND },
	{ "NotFoundX", ERR_SERVER },
	{ "ANoSuchJob", ERR_SERVER },
	{ "SomethingNew", ERR_SERVER },
};

/* A known code has the same cause with every HTTP status, whatever the gateway's headers say. */
static void test_names(void **state)
{
	(void)state;
	char body[300];
	for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
		snprintf(body, sizeof body,
			"{\"requestId\":\"r\",\"code\":\"%s\",\"message\":\"why\"}", NAMES[i].code);
		struct answer answer = { 400, body, NULL, NULL };
		expect_error(&answer, NAMES[i].error, NAMES[i].code, "why");
		answer = (struct answer){ 400, body, "AccessDenied", "no" };
		expect_error(&answer, NAMES[i].error, NAMES[i].code, "why");
		answer = (struct answer){ 200, body, NULL, NULL };
		expect_error(&answer, NAMES[i].error, NAMES[i].code, "why");
	}
}

static const struct {
	int code;
	enum error error;
} NUMBERS[] = {
	{ 1, ERR_SERVER }, { 2, ERR_SERVER }, { 3, ERR_UNSUPPORTED }, { 4, ERR_THROTTLED },
	{ 6, ERR_DENIED }, { 13, ERR_KEY }, { 14, ERR_KEY }, { 15, ERR_KEY },
	{ 17, ERR_THROTTLED }, { 18, ERR_THROTTLED }, { 19, ERR_THROTTLED },
	{ 100, ERR_PARAMETER }, { 110, ERR_KEY }, { 111, ERR_TOKEN },
	{ 336000, ERR_SERVER }, { 336001, ERR_PARAMETER }, { 336002, ERR_PARAMETER },
	{ 336003, ERR_PARAMETER }, { 336004, ERR_DENIED }, { 336005, ERR_UNSUPPORTED },
	{ 336100, ERR_SERVER }, { 336101, ERR_PARAMETER }, { 336104, ERR_PARAMETER },
	{ 336105, ERR_PARAMETER }, { 336501, ERR_THROTTLED }, { 336502, ERR_THROTTLED },
	{ 500000, ERR_SERVER }, { 500001, ERR_PARAMETER },
	{ 500002, ERR_DENIED }, { 510202, ERR_NOT_FOUND }, { 510301, ERR_NOT_FOUND },
	/* Unknown codes, also those that begin like known ones. */
	{ 5, ERR_SERVER }, { 11, ERR_SERVER }, { 180, ERR_SERVER }, { 3365010, ERR_SERVER },
	{ -1, ERR_SERVER }, { 999999, ERR_SERVER },
};

/* V1: the status is 200, the code is a number or its digits, and the code counts even beside a result. */
static void test_numbers(void **state)
{
	(void)state;
	static const char *const FORMS[][2] = {
		{ "{\"error_code\":", "" },
		{ "{\"error_code\":\"", "\"" },
		{ "{\"log_id\":\"1\",\"result\":{\"id\":1},\"error_code\":", "" },
	};
	char body[300], code[20];
	for (size_t i = 0; i < sizeof NUMBERS / sizeof *NUMBERS; i++) {
		snprintf(code, sizeof code, "%d", NUMBERS[i].code);
		for (size_t form = 0; form < sizeof FORMS / sizeof *FORMS; form++) {
			snprintf(body, sizeof body, "%s%s%s,\"error_msg\":\"why\"}",
				FORMS[form][0], code, FORMS[form][1]);
			struct answer answer = { 200, body, NULL, NULL };
			expect_error(&answer, NUMBERS[i].error, code, "why");
		}
	}
}

/* An envelope with an unknown code, and no envelope at all. */
static void test_statuses(void **state)
{
	(void)state;
	static const struct {
		int status;
		enum error unknown_code, no_code;
	} CASES[] = {
		{ 200, ERR_SERVER, ERR_ANSWER }, { 201, ERR_SERVER, ERR_ANSWER },
		{ 204, ERR_SERVER, ERR_ANSWER },
		{ 301, ERR_TLS, ERR_TLS }, { 302, ERR_TLS, ERR_TLS },
		{ 400, ERR_SERVER, ERR_ANSWER }, { 401, ERR_KEY, ERR_KEY },
		{ 403, ERR_DENIED, ERR_DENIED }, { 404, ERR_NOT_FOUND, ERR_ANSWER },
		{ 405, ERR_SERVER, ERR_ANSWER }, { 429, ERR_THROTTLED, ERR_THROTTLED },
		{ 500, ERR_SERVER, ERR_SERVER }, { 502, ERR_SERVER, ERR_SERVER },
		{ 503, ERR_SERVER, ERR_SERVER }, { 504, ERR_TIMEOUT, ERR_TIMEOUT },
	};
	static const char *const NO_CODES[] = {
		"", "<html>", "{", "[]", "null", "{}", "{\"requestId\":\"r\"}", "{\"code\":null}",
		"{\"code\":\"\",\"message\":\"m\"}", "\"NotFound\"", "{\"error_code\":0}",
	};
	for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
		struct answer answer = { CASES[i].status,
			"{\"requestId\":\"r\",\"code\":\"SomethingNew\",\"message\":\"m\"}",
			NULL, NULL };
		bool redirect = CASES[i].unknown_code == ERR_TLS;
		expect_error(&answer, CASES[i].unknown_code, redirect ? "" : "SomethingNew", NULL);
		for (size_t b = 0; b < sizeof NO_CODES / sizeof *NO_CODES; b++) {
			answer.body = NO_CODES[b];
			expect_error(&answer, CASES[i].no_code, "", NULL);
		}
	}
	struct answer moved = { 302, "{\"code\":\"NoSuchJob\"}", NULL, NULL };
	expect_error(&moved, ERR_TLS, "", "HTTP status 302");
}

static void test_gateway(void **state)
{
	(void)state;
	static const struct {
		struct answer answer;
		enum error error;
	} CASES[] = {
		/* A wrong AK, a wrong SK, a clock that is off. */
		{ { 403, "", "IamSignatureInvalid", "NotFound, cause: Could not find credential." },
			ERR_KEY },
		{ { 400, "", "IamSignatureInvalid", "SignatureDoesNotMatch, cause: Fail to "
			"authn user: Signature does not match" }, ERR_KEY },
		{ { 403, "<html>", "IamSignatureInvalid", "RequestExpired, cause: too late" },
			ERR_CLOCK },
		{ { 500, "", "IamSignatureInvalid", "" }, ERR_KEY },
		{ { 200, "", "IamSignatureInvalid", "" }, ERR_KEY },
		{ { 403, "{}", "IamSignatureInvalid", NULL }, ERR_KEY },
		{ { 400, "", "RequestExpired", "" }, ERR_CLOCK },
		{ { 403, "", "AccessDenied", "" }, ERR_DENIED },
		{ { 400, "", "InvalidHTTPRequest", "" }, ERR_PARAMETER },
		/* The gateway knows no resource, so it cannot say that one is gone. */
		{ { 404, "", "NotFound", "" }, ERR_ANSWER },
		{ { 404, "", "NoSuchKey", "" }, ERR_ANSWER },
		{ { 403, "", "NotFound", "" }, ERR_DENIED },
		{ { 401, "", "SomethingNew", "" }, ERR_KEY },
		{ { 503, "", "SomethingNew", "" }, ERR_SERVER },
		{ { 200, "", "SomethingNew", "" }, ERR_ANSWER },
		/* Beside what looks like a success. */
		{ { 200, "{\"requestId\":\"r\",\"result\":{}}", "AccessDenied", "" },
			ERR_DENIED },
	};
	for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
		const char *message = CASES[i].answer.header_message;
		expect_error(&CASES[i].answer, CASES[i].error, CASES[i].answer.header_code,
			message && *message ? message : NULL);
	}
}

static void test_successes(void **state)
{
	(void)state;
	static const struct {
		const char *body, *result, *id;
	} CASES[] = {
		{ "{\"requestId\":\"r-2\",\"result\":{\"a\":0.10}}", "{\"a\":0.10}", "r-2" },
		{ "{\"requestId\":\"r-2\",\"result\":[]}", "[]", "r-2" },
		{ "{\"requestId\":\"r-2\",\"result\":true}", "true", "r-2" },
		{ "{\"requestId\":\"r-2\",\"result\":false}", "false", "r-2" },
		{ "{\"log_id\":\"123\",\"result\":{\"id\":1}}", "{\"id\":1}", "123" },
		{ "{\"log_id\":1000000001123456789,\"result\":{}}", "{}", "1000000001123456789" },
		{ "{\"log_id\":\"1\",\"requestId\":\"r\",\"result\":{}}", "{}", "r" },
		{ "{\"log_id\":\"1\",\"result\":{},\"error_code\":0,\"error_msg\":\"\"}", "{}",
			"1" },
		{ "{\"log_id\":\"1\",\"result\":{},\"error_code\":null}", "{}", "1" },
	};
	for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
		struct answer answer = { 200, CASES[i].body, NULL, NULL };
		struct error_note note;
		char result[RESULT_ROOM];
		assert_int_equal(parse(&answer, &note, result), ERR_NONE);
		assert_string_equal(result, CASES[i].result);
		assert_string_equal(note.request_id, CASES[i].id);
		assert_string_equal(note.code, "");
		assert_string_equal(note.message, "");
	}
}

static void test_broken_envelopes(void **state)
{
	(void)state;
	static const struct {
		const char *body, *message;
	} CASES[] = {
		{ "", "the answer is not JSON" },
		{ "{\"requestId\":\"r\",\"result\":{}", "the answer is not JSON" },
		{ "[{\"requestId\":\"r\",\"result\":{}}]", "the answer is no object" },
		{ "{\"requestId\":\"r\"}", "the answer has no result" },
		{ "{\"requestId\":\"r\",\"result\":null}", "the answer has no result" },
		{ "{\"result\":{}}", "the answer has neither requestId nor log_id" },
		{ "{\"result\":{},\"requestId\":\"\"}",
			"the answer has neither requestId nor log_id" },
		{ "{\"result\":{},\"log_id\":{}}", "the answer has neither requestId nor log_id" },
		{ "{\"result\":{},\"log_id\":null}",
			"the answer has neither requestId nor log_id" },
		{ "{\"log_id\":\"1\",\"result\":{},\"error_code\":{}}",
			"the answer's error code is no code" },
		{ "{\"log_id\":\"1\",\"result\":{},\"error_code\":true}",
			"the answer's error code is no code" },
	};
	for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
		struct answer answer = { 200, CASES[i].body, NULL, NULL };
		expect_error(&answer, ERR_ANSWER, "", CASES[i].message);
	}
}

/* The header's id stands in for a body that has none. */
static void test_request_ids(void **state)
{
	(void)state;
	struct answer answer = { 502, "<html>", NULL, NULL };
	struct error_note note;
	char result[RESULT_ROOM];
	parse(&answer, &note, result);
	assert_string_equal(note.request_id, "header-id");
	answer = (struct answer){ 400, "{\"code\":\"MalformedJSON\"}", NULL, NULL };
	parse(&answer, &note, result);
	assert_string_equal(note.request_id, "header-id");
	answer.body = "{\"requestId\":\"r\",\"code\":\"MalformedJSON\"}";
	parse(&answer, &note, result);
	assert_string_equal(note.request_id, "r");
}

static void test_no_answer(void **state)
{
	(void)state;
	struct response response;
	struct error_note note;
	struct json *root;
	const struct json *result;
	response_init(&response);
	response.error = ERR_REFUSED;
	strcpy(response.detail, "nobody there");
	assert_int_equal(provider_baidu.parse(&root, &result, &response, &note), ERR_REFUSED);
	assert_string_equal(note.message, "nobody there");
	assert_null(root);
	response_release(&response);
	response.status = 200;
	buf_puts(&response.body, "{}");
	response.body.full = true;
	assert_int_equal(provider_baidu.parse(&root, &result, &response, &note), ERR_TOO_BIG);
	response.status = 503;
	assert_int_equal(provider_baidu.parse(&root, &result, &response, &note), ERR_SERVER);
	response_release(&response);
}

static void expect_header(const struct request *request, const char *name, const char *value)
{
	const char *actual = request_header_value(request, name);
	if (value == NULL)
		assert_null(actual);
	else
		assert_string_equal(actual, value);
}

static char FINETUNING[] = "/v2/finetuning", JOBS[] = "DescribeFineTuningJobs";
static char JOB_DETAIL[] = "/wenxinworkshop/finetune/jobDetail", DETAIL[] = "jobDetail";
static char ID[] = "ALTAKexampleexampleexampl", SECRET[] = "exampleSecretAccessKey0123456789";

static const struct site SITE = { .endpoint = "https://qianfan.baidubce.com" };

/* Signed as Baidu's SDK signed the same call (tests/vectors/bce.json, v2-jobs-query-action). */
static void test_build_and_sign_v2(void **state)
{
	(void)state;
	static char token[] = "tok/en+1==";
	struct action action = { .name = JOBS, .path = FINETUNING };
	struct api_call call = { &action, "{\"maxKeys\":100}" };
	struct credentials key = { .id = ID, .secret = SECRET };
	struct request request;
	provider_baidu.build(&request, &SITE, &call);
	assert_string_equal(request.method, "POST");
	assert_string_equal(request.base, SITE.endpoint);
	assert_string_equal(request.path, "/v2/finetuning");
	assert_string_equal(request.query, "Action=DescribeFineTuningJobs");
	assert_string_equal(request.body.data, call.body);
	expect_header(&request, "content-type", "application/json");

	provider_baidu.sign(&request, &SITE, &call, &key, 1747382400);
	expect_header(&request, "x-bce-date", "2025-05-16T08:00:00Z");
	expect_header(&request, "x-bce-security-token", NULL);
	expect_header(&request, "Authorization", "bce-auth-v1/ALTAKexampleexampleexampl/"
		"2025-05-16T08:00:00Z/1800/host;x-bce-date/"
		"0bf18c205fbb3957576be040a872dc8277059d4d84a3121c7b5ae4f0405db178");

	/* A temporary key's token is an x-bce-* header, so it is signed too. */
	char *first = xstrdup(request_header_value(&request, "Authorization"));
	size_t n = request.n_headers;
	key.token = token;
	provider_baidu.sign(&request, &SITE, &call, &key, 1747382401);
	expect_header(&request, "x-bce-date", "2025-05-16T08:00:01Z");
	expect_header(&request, "x-bce-security-token", "tok/en+1==");
	assert_non_null(strstr(request_header_value(&request, "Authorization"),
		"/host;x-bce-date;x-bce-security-token/"));
	key.token = NULL;
	provider_baidu.sign(&request, &SITE, &call, &key, 1747382400);
	expect_header(&request, "Authorization", first);
	assert_int_equal(request.n_headers, n);
	free(first);

	key.id = key.secret = NULL;
	provider_baidu.sign(&request, &SITE, &call, &key, 1747382400);
	expect_header(&request, "Authorization", NULL);
	request_release(&request);
}

/* v1-jobDetail-host-date */
static void test_build_and_sign_v1(void **state)
{
	(void)state;
	struct action action = { .name = DETAIL, .path = JOB_DETAIL, .bare = true };
	struct api_call call = { &action, "{\"taskId\":7263,\"jobId\":4612}" };
	struct credentials key = { .id = ID, .secret = SECRET };
	struct request request;
	provider_baidu.build(&request, &SITE, &call);
	assert_string_equal(request.path, "/wenxinworkshop/finetune/jobDetail");
	assert_string_equal(request.query, "");
	provider_baidu.sign(&request, &SITE, &call, &key, 1747382400);
	expect_header(&request, "Authorization", "bce-auth-v1/ALTAKexampleexampleexampl/"
		"2025-05-16T08:00:00Z/1800/host;x-bce-date/"
		"8a4929fee0d614fd9a2ba18c6fd7d49d7ac0f9b44b5f34deca64bed40d5b76cf");
	request_release(&request);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_statuses),
		cmocka_unit_test(test_gateway),
		cmocka_unit_test(test_successes),
		cmocka_unit_test(test_broken_envelopes),
		cmocka_unit_test(test_request_ids),
		cmocka_unit_test(test_no_answer),
		cmocka_unit_test(test_build_and_sign_v2),
		cmocka_unit_test(test_build_and_sign_v1),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
