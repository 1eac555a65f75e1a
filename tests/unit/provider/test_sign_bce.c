/*
 * test_sign_bce.c - bce-auth-v1 stage by stage against the signatures of Baidu's own SDKs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/ascii.h"
#include "base/digest.h"
#include "unit/provider/vectors.h"
#include "provider/sign_bce.h"

static bool is_header(const cJSON *item, const char *name)
{
	return ascii_same(item->string, name);
}

/* A query parameter's or a header's value, as text. */
static void add_value(struct buf *out, const cJSON *item)
{
	if (cJSON_IsNumber(item))
		buf_printf(out, "%d", item->valueint);
	else if (cJSON_IsString(item))
		buf_puts(out, item->valuestring);
}

/* As it goes on the wire: a parameter without a value is its name alone. */
static void add_query(struct buf *out, const cJSON *params)
{
	const cJSON *param;
	cJSON_ArrayForEach(param, params) {
		struct buf value;
		buf_init(&value, 1000);
		add_value(&value, param);
		if (out->len > 0)
			buf_putc(out, '&');
		request_encode(out, param->string, false);
		if (!cJSON_IsNull(param))
			buf_putc(out, '=');
		request_encode(out, value.data, false);
		buf_release(&value);
	}
}

static void add_headers(struct request *request, const cJSON *headers)
{
	const cJSON *header;
	cJSON_ArrayForEach(header, headers) {
		struct buf value;
		buf_init(&value, 1000);
		add_value(&value, header);
		if (!is_header(header, "host") && !is_header(header, "authorization"))
			request_header(request, header->string, value.data);
		buf_release(&value);
	}
}

static void set_base(struct request *request, const cJSON *headers)
{
	const cJSON *header;
	request->base = xstrdup("http://nobody.example");
	cJSON_ArrayForEach(header, headers) {
		if (!is_header(header, "host"))
			continue;
		struct buf base;
		buf_init(&base, 1000);
		buf_printf(&base, "http://%s", header->valuestring);
		free(request->base);
		request->base = buf_take(&base);
	}
}

static void make_request(struct request *request, const cJSON *vector)
{
	const cJSON *headers = cJSON_GetObjectItemCaseSensitive(vector, "headers");
	const char *path = vector_text(vector, "path_unencoded");
	const char *url = vector_text(vector, "url");
	struct buf query;
	buf_init(&query, 10000);
	request_init(request);
	request->method = xstrdup(vector_need(vector, "method"));
	set_base(request, headers);
	add_headers(request, headers);
	add_query(&query, cJSON_GetObjectItemCaseSensitive(vector, "query_params"));
	if (path == NULL)
		path = vector_text(vector, "path_signed");
	if (path == NULL) {
		buf_puts(&query, strchr(url, '?') + 1);
		request->path = xstrndup(url, strcspn(url, "?"));
	} else {
		request->path = xstrdup(path);
	}
	request->query = buf_take(&query);
}

/* The vector's own list, or the SDK's default: these four, as far as they are there. */
static void choose_headers(struct buf *out, const cJSON *vector)
{
	static const char *const DEFAULTS[] = { "content-length", "content-md5",
		"content-type", "host" };
	const cJSON *name, *names = cJSON_GetObjectItemCaseSensitive(vector, "headers_to_sign");
	const cJSON *header, *headers = cJSON_GetObjectItemCaseSensitive(vector, "headers");
	cJSON_ArrayForEach(name, names)
		buf_printf(out, "%s%s", out->len ? ";" : "", name->valuestring);
	if (cJSON_IsArray(names))
		return;
	for (size_t i = 0; i < sizeof DEFAULTS / sizeof *DEFAULTS; i++)
		cJSON_ArrayForEach(header, headers)
			if (is_header(header, DEFAULTS[i]))
				buf_printf(out, "%s%s", out->len ? ";" : "", DEFAULTS[i]);
}

static void check_signing_key(const cJSON *vector, const char *prefix)
{
	unsigned char digest[DIGEST_BYTES];
	char hex[DIGEST_HEX + 1];
	const char *secret = vector_need(vector, "secret_key");
	const char *expected = vector_text(vector, "signing_key_hex");
	digest_hmac(digest, secret, strlen(secret), prefix, strlen(prefix));
	digest_hex(hex, digest);
	if (expected)
		vector_expect(vector, "signing key", expected, hex);
}

static void check_vector(const cJSON *vector)
{
	struct request request;
	struct buf prefix, canonical, authorization, names;
	struct credentials credentials = {
		.id = xstrdup(vector_need(vector, "access_key")),
		.secret = xstrdup(vector_need(vector, "secret_key")),
	};
	make_request(&request, vector);
	buf_init(&prefix, 1000);
	buf_init(&canonical, 10000);
	buf_init(&authorization, 1000);
	buf_init(&names, 1000);
	choose_headers(&names, vector);

	assert_true(bce_prefix(&prefix, &credentials, vector_integer(vector, "timestamp"),
		(int)vector_integer(vector, "expiration_seconds")));
	if (vector_text(vector, "auth_string_prefix"))
		vector_expect(vector, "prefix", vector_need(vector, "auth_string_prefix"),
			prefix.data);
	check_signing_key(vector, prefix.data);

	assert_true(bce_canonical_request(&canonical, &request, names.data));
	if (vector_text(vector, "canonical_request"))
		vector_expect(vector, "canonical request", vector_need(vector, "canonical_request"),
			canonical.data);

	assert_true(bce_authorization(&authorization, prefix.data, canonical.data, &request,
		names.data, &credentials));
	vector_expect(vector, "authorization", vector_need(vector, "expected_authorization"),
		authorization.data);
	buf_release(&names);
	buf_release(&authorization);
	buf_release(&canonical);
	buf_release(&prefix);
	request_release(&request);
	credentials_release(&credentials);
}

static void test_sdk_vectors(void **state)
{
	(void)state;
	cJSON *root = vectors_read("tests/vectors/bce.json");
	const cJSON *vector, *vectors = cJSON_GetObjectItemCaseSensitive(root, "vectors");
	assert_int_equal(cJSON_GetArraySize(vectors), 16);
	cJSON_ArrayForEach(vector, vectors)
		check_vector(vector);
	cJSON_Delete(root);
}

static void test_encode(void **state)
{
	(void)state;
	static const char PLAIN[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
	struct buf out;
	buf_init(&out, 4000);
	assert_true(request_encode(&out, "AZaz09-._~/ +%:\xe6\x96\x87", false));
	assert_string_equal(out.data, "AZaz09-._~%2F%20%2B%25%3A%E6%96%87");
	buf_clear(&out);
	assert_true(request_encode(&out, "/a/b c", true));
	assert_string_equal(out.data, "/a/b%20c");
	for (int byte = 1; byte < 256; byte++) {
		char text[2] = { (char)byte, '\0' }, encoded[4];
		bool plain = strchr(PLAIN, byte) != NULL;
		snprintf(encoded, sizeof encoded, plain ? "%c" : "%%%02X", (unsigned)byte);
		buf_clear(&out);
		assert_true(request_encode(&out, text, false));
		assert_string_equal(out.data, encoded);
	}
	buf_release(&out);
}

static void assert_canonical_query(const char *wire, const char *canonical)
{
	struct request request;
	struct buf out, expected;
	request_init(&request);
	request.method = xstrdup("POST");
	request.base = xstrdup("http://h");
	request.path = xstrdup("/");
	request.query = xstrdup(wire);
	buf_init(&out, 1000);
	buf_init(&expected, 1000);
	buf_printf(&expected, "POST\n/\n%s\nhost:h", canonical);
	assert_true(bce_canonical_request(&out, &request, "host"));
	assert_string_equal(out.data, expected.data);
	buf_release(&expected);
	buf_release(&out);
	request_release(&request);
}

static void test_query(void **state)
{
	(void)state;
	static const char *const CASES[][2] = {
		{ "", "" }, { "Action=A", "Action=A" }, { "b=2&a=1", "a=1&b=2" }, { "k", "k=" },
		{ "k=", "k=" }, { "a=b=c", "a=b%3Dc" }, { "&&a=1&", "a=1" }, { "=v", "=v" },
		{ "a=%2f", "a=%2F" }, { "a=/", "a=%2F" }, { "a=%7e", "a=~" },
		{ "a=%zz%4", "a=%25zz%254" },
		{ "a=1&Authorization=x", "a=1" }, { "authorization&a=1", "a=1" },
		{ "%61uthorization=x", "" }, { "authorizations=x", "authorizations=x" },
		{ "a=2&a-b=1&text1=1&text10=1", "a-b=1&a=2&text10=1&text1=1" },
	};
	for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
		assert_canonical_query(CASES[i][0], CASES[i][1]);
}

/* A header that is not listed is not signed, even if its name has the length of a listed one; values are trimmed. */
static void test_chosen_headers(void **state)
{
	(void)state;
	static const char *const NAMES = "content-type;host;x-bce-date";
	struct request request;
	struct buf out;
	struct credentials key = { .id = xstrdup("ak"), .secret = xstrdup("sk") };
	request_init(&request);
	request.method = xstrdup("POST");
	request.base = xstrdup("http://h");
	request.path = xstrdup("/");
	request.query = xstrdup("");
	request_header(&request, "User-Agent", "u");
	request_header(&request, "Etag", "e");
	request_header(&request, "Host", "elsewhere");
	request_header(&request, "X-Bce-Date", "\t d\r ");
	request_header(&request, "x-bce-blank", " \t ");
	request_header(&request, "X-BCE-Zone", "z");
	buf_init(&out, 1000);
	assert_true(bce_canonical_request(&out, &request, NAMES));
	assert_string_equal(out.data, "POST\n/\n\nhost:h\nx-bce-date:d\nx-bce-zone:z");
	buf_clear(&out);
	assert_true(bce_authorization(&out, "prefix", "text", &request, NAMES, &key));
	assert_memory_equal(out.data, "prefix/host;x-bce-date;x-bce-zone/", 34);
	buf_release(&out);
	request_release(&request);
	credentials_release(&key);
}

static void test_what_cannot_be_signed(void **state)
{
	(void)state;
	struct request request;
	struct buf out;
	struct credentials nobody = { 0 };
	request_init(&request);
	request.method = xstrdup("POST");
	request.base = xstrdup("no host");
	request.path = xstrdup("/");
	request.query = xstrdup("");
	buf_init(&out, 20);
	assert_false(bce_canonical_request(&out, &request, "host"));
	assert_false(bce_prefix(&out, &nobody, 0, 1800));
	assert_false(bce_authorization(&out, "prefix", "", &request, "host", &nobody));
	free(request.base);
	request.base = xstrdup("http://a.host.that.is.longer.than.the.buffer");
	assert_false(bce_canonical_request(&out, &request, "host"));
	buf_release(&out);
	request_release(&request);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sdk_vectors),
		cmocka_unit_test(test_encode),
		cmocka_unit_test(test_query),
		cmocka_unit_test(test_chosen_headers),
		cmocka_unit_test(test_what_cannot_be_signed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
