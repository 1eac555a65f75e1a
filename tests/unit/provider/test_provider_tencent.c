/*
 * test_provider_tencent.c - requests, and the cause of each documented code.
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
#include "unit/provider/tencent_codes.h"

static enum error parse(int status, const char *body, struct error_note *note, char *result_text)
{
	struct response response;
	response_init(&response);
	response.status = status;
	buf_puts(&response.body, body);
	return kit_parse(&provider_tencent, &response, note, result_text);
}

static void test_every_code(void **state)
{
	(void)state;
	struct error_note note;
	char body[400], result[RESULT_ROOM];
	for (size_t i = 0; i < sizeof CODES / sizeof *CODES; i++) {
		snprintf(body, sizeof body, "{\"Response\":{\"Error\":{\"Code\":\"%s\",\"Message\":"
			"\"no\\nway\"},\"RequestId\":\"r-1\",\"Id\":\"data too\"}}", CODES[i].code);
		enum error error = parse(200, body, &note, result);
		if (error != CODES[i].error)
			fail_msg("%s: %s, not %s", CODES[i].code, error_name(error),
				error_name(CODES[i].error));
		assert_string_equal(note.message, "no?way");
		assert_string_equal(note.request_id, "r-1");
		assert_string_equal(note.code, CODES[i].code);
	}
}

/* Only these are ENOENT, for which rsync --delete removes the copy. */
static void test_what_is_not_found(void **state)
{
	(void)state;
	static const char *const FOUND[] = {
		"FailedOperation.RecordNotFound", "ResourceNotFound", "ResourceNotFound.NoModel",
	};
	size_t n = 0;
	for (size_t i = 0; i < PUBLISHED; i++)
		if (CODES[i].error == ERR_NOT_FOUND)
			assert_string_equal(CODES[i].code, FOUND[n++]);
	assert_int_equal(n, 3);
	assert_string_equal(CODES[PUBLISHED - 1].code, "UnsupportedOperation");
}

static void test_envelopes(void **state)
{
	(void)state;
	static const struct {
		const char *body;
		enum error error;
		const char *result; /* or a piece of the message */
	} CASES[] = {
		{ "{\"Response\":{\"TotalCount\":12345678901234567890,\"RequestId\":\"r\"}}",
			ERR_NONE,
			"{\"TotalCount\":12345678901234567890,\"RequestId\":\"r\"}" },
		{ "{\"Response\":{\"RequestId\":\"r\"},\"Other\":1}", ERR_NONE,
			"{\"RequestId\":\"r\"}" },
		{ "{\"Response\":{\"Error\":null,\"RequestId\":\"r\"}}", ERR_NONE,
			"{\"Error\":null,\"RequestId\":\"r\"}" },
		{ "{\"Response\":{\"DeprecatedWarning\":\"w\",\"RequestId\":\"r\"}}", ERR_NONE,
			"{\"DeprecatedWarning\":\"w\",\"RequestId\":\"r\"}" },
		{ "", ERR_ANSWER, "not JSON" },
		{ "<html>502 Bad Gateway</html>", ERR_ANSWER, "not JSON" },
		{ "{\"Response\":{\"RequestId\":\"r\"}", ERR_ANSWER, "not JSON" },
		{ "{\"Response\":{\"RequestId\":\"r\"}} x", ERR_ANSWER, "not JSON" },
		{ "{}", ERR_ANSWER, "Response" },
		{ "[]", ERR_ANSWER, "Response" },
		{ "null", ERR_ANSWER, "Response" },
		{ "\"Response\"", ERR_ANSWER, "Response" },
		{ "{\"Response\":null}", ERR_ANSWER, "Response" },
		{ "{\"Response\":[{\"RequestId\":\"r\"}]}", ERR_ANSWER, "Response" },
		{ "{\"response\":{\"RequestId\":\"r\"}}", ERR_ANSWER, "Response" },
		{ "{\"Response\":{}}", ERR_ANSWER, "RequestId" },
		{ "{\"Response\":{\"RequestId\":\"\"}}", ERR_ANSWER, "RequestId" },
		{ "{\"Response\":{\"RequestId\":7}}", ERR_ANSWER, "RequestId" },
		{ "{\"Response\":{\"RequestId\":null}}", ERR_ANSWER, "RequestId" },
		{ "{\"RequestId\":\"r\",\"Response\":{}}", ERR_ANSWER, "RequestId" },
		{ "{\"Response\":{\"Error\":{\"Code\":\"ResourceNotFound\"}}}", ERR_ANSWER,
			"RequestId" },
		{ "{\"Response\":{\"Error\":{\"Code\":\"\"},\"RequestId\":\"r\"}}", ERR_ANSWER,
			"Code" },
		{ "{\"Response\":{\"Error\":{\"Code\":7},\"RequestId\":\"r\"}}", ERR_ANSWER,
			"Code" },
		{ "{\"Response\":{\"Error\":{},\"RequestId\":\"r\"}}", ERR_ANSWER, "Code" },
		{ "{\"Response\":{\"Error\":\"InternalError\",\"RequestId\":\"r\"}}", ERR_ANSWER,
			"Code" },
		{ "{\"Response\":{\"Error\":false,\"RequestId\":\"r\"}}", ERR_ANSWER, "Code" },
		{ "{\"Response\":{\"Error\":{\"Code\":\"InternalError\"},\"RequestId\":\"r\"}}",
			ERR_SERVER, "" },
		{ "{\"Response\":{\"Error\":{\"Code\":\"InternalError\",\"Message\":[]},"
			"\"RequestId\":\"r\"}}", ERR_SERVER, "" },
	};
	for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
		struct error_note note;
		char result[RESULT_ROOM];
		enum error error = parse(200, CASES[i].body, &note, result);
		if (error != CASES[i].error)
			fail_msg("%s: %s", CASES[i].body, error_name(error));
		if (error == ERR_NONE) {
			assert_string_equal(result, CASES[i].result);
			assert_string_equal(note.message, "");
			assert_string_equal(note.request_id, "r");
			assert_string_equal(note.code, "");
		} else if (!strstr(note.message, CASES[i].result)) {
			fail_msg("%s: %s", CASES[i].body, note.message);
		}
	}
}

/* The HTTP status decides, whatever the body is. */
static void test_statuses(void **state)
{
	(void)state;
	static const struct {
		int status;
		enum error error;
	} CASES[] = {
		{ 100, ERR_ANSWER }, { 201, ERR_ANSWER }, { 204, ERR_ANSWER },
		{ 206, ERR_ANSWER },
		{ 300, ERR_TLS }, { 301, ERR_TLS }, { 302, ERR_TLS }, { 307, ERR_TLS },
		{ 400, ERR_ANSWER }, { 401, ERR_KEY }, { 403, ERR_DENIED },
		{ 404, ERR_ANSWER },
		{ 408, ERR_ANSWER }, { 413, ERR_ANSWER }, { 429, ERR_THROTTLED },
		{ 500, ERR_SERVER }, { 502, ERR_SERVER }, { 503, ERR_SERVER },
		{ 504, ERR_TIMEOUT }, { 599, ERR_SERVER }, { 600, ERR_ANSWER },
		{ 999, ERR_ANSWER },
	};
	static const char *const BODIES[] = {
		"", "<html>", "{\"Response\":{\"RequestId\":\"r\"}}",
		"{\"Response\":{\"Error\":{\"Code\":\"ResourceNotFound\"},\"RequestId\":\"r\"}}",
	};
	for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
		for (size_t b = 0; b < sizeof BODIES / sizeof *BODIES; b++) {
			struct error_note note;
			char result[RESULT_ROOM], message[40];
			enum error error = parse(CASES[i].status, BODIES[b], &note, result);
			if (error != CASES[i].error)
				fail_msg("%d: %s", CASES[i].status, error_name(error));
			snprintf(message, sizeof message, "HTTP status %d", CASES[i].status);
			assert_string_equal(note.message, message);
		}
	}
}

static void test_no_answer(void **state)
{
	(void)state;
	for (int error = ERR_LOST; error < ERR_COUNT; error++) {
		struct response response;
		struct error_note note;
		struct json *root;
		const struct json *result;
		response_init(&response);
		response.error = (enum error)error;
		strcpy(response.detail, "curl says\nno");
		assert_int_equal(provider_tencent.parse(&root, &result, &response, &note), error);
		assert_string_equal(note.message, "curl says?no");
		assert_string_equal(note.code, "");
		assert_null(root);
		assert_null(result);
		response_release(&response);
	}
}

static void test_over_the_ceilings(void **state)
{
	(void)state;
	struct response response;
	struct error_note note;
	struct json *root;
	const struct json *result;
	response_init(&response);
	response.status = 200;
	for (int i = 0; i <= JSON_DEPTH_MAX; i++)
		buf_putc(&response.body, '[');
	for (int i = 0; i <= JSON_DEPTH_MAX; i++)
		buf_putc(&response.body, ']');
	assert_int_equal(provider_tencent.parse(&root, &result, &response, &note), ERR_TOO_BIG);
	assert_null(root);
	response.body.full = true;
	assert_int_equal(provider_tencent.parse(&root, &result, &response, &note), ERR_TOO_BIG);
	assert_non_null(strstr(note.message, "the answer is over 8 MiB"));
	response_release(&response);
}

static void test_long_and_hostile_notes(void **state)
{
	(void)state;
	struct error_note note;
	struct buf body;
	char result[RESULT_ROOM];
	buf_init(&body, 100000);
	buf_puts(&body, "{\"Response\":{\"Error\":{\"Code\":\"ResourceNotFound.");
	for (int i = 0; i < 5000; i++)
		buf_putc(&body, 'x');
	buf_puts(&body, "\",\"Message\":\"\\u001b[2J\\u0000\\n");
	for (int i = 0; i < 5000; i++)
		buf_puts(&body, "\xe8\xae\xad");
	buf_puts(&body, "\"},\"RequestId\":\"r\\nr\\u202e");
	for (int i = 0; i < 5000; i++)
		buf_putc(&body, 'r');
	buf_puts(&body, "\"}}");
	assert_int_equal(parse(200, body.data, &note, result), ERR_NOT_FOUND);
	assert_int_equal(strlen(note.code), sizeof note.code - 1);
	assert_int_equal(strlen(note.request_id), sizeof note.request_id - 1);
	assert_memory_equal(note.request_id, "r?r?rrr", 7);
	assert_null(strpbrk(note.message, "\x1b\n"));
	assert_in_range(strlen(note.message), sizeof note.message - 3, sizeof note.message - 1);
	buf_release(&body);
}

static void expect_header(const struct request *request, const char *name, const char *value)
{
	const char *actual = request_header_value(request, name);
	if (value == NULL)
		assert_null(actual);
	else
		assert_string_equal(actual, value);
}

static char TIONE[] = "tione", VERSION[] = "2021-11-11", ACTION[] = "DescribeTrainingTask";

/* Signed as the official SDK signed the same call (tests/vectors/tc3.json, tione-task-detail). */
static void test_build_and_sign(void **state)
{
	(void)state;
	static const char AUTHORIZATION[] = "TC3-HMAC-SHA256 "
		"Credential=AKIDEXAMPLEEXAMPLEEXAMPLEEXAMPLE0001/2024-11-22/tione/tc3_request, "
		"SignedHeaders=content-type;host, Signature="
		"bdfde374c82433ebca06a6e68bc14ff63dda1c334498289fa9eb15bf6f915fed";
	struct catalog catalog = { .service = TIONE, .version = VERSION };
	struct action action = { .name = ACTION };
	struct site site = { &catalog, "https://tione.tencentcloudapi.com", "ap-guangzhou" };
	struct api_call call = { &action, "{\"Id\":\"train-1329791605108055040\"}" };
	struct credentials key = {
		.id = xstrdup("AKIDEXAMPLEEXAMPLEEXAMPLEEXAMPLE0001"),
		.secret = xstrdup("ExampleSecretKey0123456789abcdef"),
		.token = xstrdup("tok"),
	};
	struct request request;
	provider_tencent.build(&request, &site, &call);
	assert_string_equal(request.method, "POST");
	assert_string_equal(request.base, site.endpoint);
	assert_string_equal(request.path, "/");
	assert_string_equal(request.query, "");
	assert_string_equal(request.body.data, call.body);
	expect_header(&request, "Content-Type", "application/json");
	expect_header(&request, "X-TC-Action", "DescribeTrainingTask");
	expect_header(&request, "X-TC-Version", "2021-11-11");
	expect_header(&request, "X-TC-Region", "ap-guangzhou");
	expect_header(&request, "X-TC-RequestClient", "describefs/" DESCRIBEFS_VERSION);
	expect_header(&request, "X-TC-Language", NULL);
	expect_header(&request, "Authorization", NULL);

	provider_tencent.sign(&request, &site, &call, &key, 1732240000);
	expect_header(&request, "X-TC-Timestamp", "1732240000");
	expect_header(&request, "X-TC-Token", "tok");
	expect_header(&request, "Authorization", AUTHORIZATION);

	/* A retry: another time, a permanent key, no token left over. */
	size_t n = request.n_headers;
	char *first = xstrdup(request_header_value(&request, "Authorization"));
	free(key.token);
	key.token = NULL;
	provider_tencent.sign(&request, &site, &call, &key, 1732240001);
	expect_header(&request, "X-TC-Timestamp", "1732240001");
	expect_header(&request, "X-TC-Token", NULL);
	assert_string_not_equal(request_header_value(&request, "Authorization"), first);
	assert_int_equal(request.n_headers, n - 1);
	provider_tencent.sign(&request, &site, &call, &key, 1732240000);
	expect_header(&request, "Authorization", first);
	free(first);

	credentials_release(&key);
	provider_tencent.sign(&request, &site, &call, &key, 1732240000);
	expect_header(&request, "Authorization", NULL);
	request_release(&request);
}

static void test_build_without_region(void **state)
{
	(void)state;
	struct catalog catalog = { .service = TIONE, .version = VERSION };
	struct action action = { .name = ACTION };
	struct site site = { &catalog, "http://127.0.0.1:18080", NULL };
	struct api_call call = { &action, "{}" };
	struct request request;
	provider_tencent.build(&request, &site, &call);
	expect_header(&request, "X-TC-Region", NULL);
	assert_string_equal(request.body.data, "{}");
	request_release(&request);
}

static void test_find(void **state)
{
	(void)state;
	assert_ptr_equal(provider_find("tencent"), &provider_tencent);
	assert_ptr_equal(provider_find("baidu"), &provider_baidu);
	assert_null(provider_find("Tencent"));
	assert_null(provider_find(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_code),
		cmocka_unit_test(test_what_is_not_found),
		cmocka_unit_test(test_envelopes),
		cmocka_unit_test(test_statuses),
		cmocka_unit_test(test_no_answer),
		cmocka_unit_test(test_over_the_ceilings),
		cmocka_unit_test(test_long_and_hostile_notes),
		cmocka_unit_test(test_build_and_sign),
		cmocka_unit_test(test_build_without_region),
		cmocka_unit_test(test_find),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
