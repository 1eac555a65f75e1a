/*
 * test_sign_tc3.c - TC3 stage by stage against the official SDK's and the document's own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/provider/vectors.h"
#include "provider/sign_tc3.h"

/* Either the SDK's vector with a whole url, or the document's with a host alone. */
static void make_request(struct request *request, const cJSON *vector)
{
	const char *url = vector_text(vector, "url");
	const char *method = vector_text(vector, "method");
	const char *query = vector_text(vector, "query");
	struct buf base;
	buf_init(&base, 1000);
	if (url)
		buf_add(&base, url, (size_t)(strchr(strstr(url, "://") + 3, '/') - url));
	else
		buf_printf(&base, "https://%s", vector_need(vector, "host"));
	request_init(request);
	request->method = xstrdup(method ? method : "POST");
	request->base = buf_take(&base);
	request->path = xstrdup("/");
	request->query = xstrdup(query ? query : "");
	request_header(request, "Content-Type", vector_need(vector, "content_type"));
	request_header(request, "X-TC-Action", vector_need(vector, "action"));
	request_header(request, "X-TC-Token", vector_text(vector, "token"));
	buf_puts(&request->body, vector_need(vector, "body"));
}

static void check_vector(const cJSON *vector, const char *signed_headers)
{
	struct request request;
	struct buf out, canonical;
	make_request(&request, vector);
	buf_init(&canonical, 1 << 20);
	assert_true(tc3_canonical_request(&canonical, &request, signed_headers));
	vector_expect(vector, "canonical request", vector_need(vector, "canonical_request"),
		canonical.data);

	const char *service = vector_need(vector, "service");
	int64_t now_s = vector_integer(vector, "timestamp");
	buf_init(&out, 1 << 20);
	assert_true(tc3_string_to_sign(&out, canonical.data, service, now_s));
	vector_expect(vector, "string to sign", vector_need(vector, "string_to_sign"), out.data);

	struct credentials credentials = {
		.id = xstrdup(vector_need(vector, "secret_id")),
		.secret = xstrdup(vector_need(vector, "secret_key")),
	};
	buf_clear(&out);
	assert_true(tc3_authorization(&out, vector_need(vector, "string_to_sign"), signed_headers,
		service, &credentials, now_s));
	vector_expect(vector, "authorization", vector_need(vector, "expected_authorization"),
		out.data);
	credentials_release(&credentials);
	buf_release(&out);
	buf_release(&canonical);
	request_release(&request);
}

static void test_sdk_vectors(void **state)
{
	(void)state;
	cJSON *root = vectors_read("tests/vectors/tc3.json");
	const cJSON *vector, *vectors = cJSON_GetObjectItemCaseSensitive(root, "vectors");
	assert_int_equal(cJSON_GetArraySize(vectors), 13);
	cJSON_ArrayForEach(vector, vectors)
		check_vector(vector, "content-type;host");
	cJSON_Delete(root);
}

static void test_published_examples(void **state)
{
	(void)state;
	cJSON *root = vectors_read("tests/vectors/tc3-published-example.json");
	assert_int_equal(cJSON_GetArraySize(root), 2);
	check_vector(cJSON_GetArrayItem(root, 0), "content-type;host;x-tc-action");
	check_vector(cJSON_GetArrayItem(root, 1), "content-type;host");
	cJSON_Delete(root);
}

static void test_what_cannot_be_signed(void **state)
{
	(void)state;
	struct request request;
	struct buf out;
	struct credentials nobody = { 0 };
	cJSON *root = vectors_read("tests/vectors/tc3.json");
	make_request(&request, cJSON_GetObjectItemCaseSensitive(root, "vectors")->child);
	cJSON_Delete(root);
	buf_init(&out, 1000);
	assert_false(tc3_canonical_request(&out, &request, "content-type;host;x-tc-absent"));
	buf_clear(&out);
	request_header(&request, "Content-Type", NULL);
	assert_false(tc3_canonical_request(&out, &request, "content-type;host"));
	buf_clear(&out);
	assert_false(tc3_authorization(&out, "text", "host", "tione", &nobody, 0));
	buf_release(&out);
	/* Each stage reports a buffer that is too small. */
	buf_init(&out, 40);
	assert_false(tc3_canonical_request(&out, &request, "host"));
	buf_clear(&out);
	assert_false(tc3_string_to_sign(&out, "text", "tione", 0));
	buf_release(&out);
	request_release(&request);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sdk_vectors),
		cmocka_unit_test(test_published_examples),
		cmocka_unit_test(test_what_cannot_be_signed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
