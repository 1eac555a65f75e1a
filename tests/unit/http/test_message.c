/*
 * test_message.c - replaced and removed headers; the host with and without its port.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "http/message.h"

static void test_headers(void **state)
{
	(void)state;
	struct request request;
	request_init(&request);
	assert_null(request_header_value(&request, "Content-Type"));
	request_header(&request, "Content-Type", "text/plain");
	request_header(&request, "X-TC-Action", "A");
	assert_int_equal(request.n_headers, 2);
	assert_string_equal(request_header_value(&request, "content-type"), "text/plain");
	/* Replaced in its place, under the new name. */
	request_header(&request, "CONTENT-TYPE", "application/json");
	assert_int_equal(request.n_headers, 2);
	assert_string_equal(request.headers[0].name, "CONTENT-TYPE");
	assert_string_equal(request_header_value(&request, "Content-Type"), "application/json");
	assert_null(request_header_value(&request, "Content-Typ"));
	assert_null(request_header_value(&request, "Content-Type2"));
	assert_null(request_header_value(&request, ""));
	/* A value that is a part of the old one. */
	const char *end = request_header_value(&request, "content-type") + strlen("application/");
	request_header(&request, "Content-Type", end);
	assert_string_equal(request_header_value(&request, "Content-Type"), "json");
	request_release(&request);
	assert_int_equal(request.n_headers, 0);
}

static void test_headers_removed(void **state)
{
	(void)state;
	struct request request;
	char name[16];
	request_init(&request);
	request_header(&request, "nobody", NULL);
	for (int i = 0; i < MESSAGE_HEADERS_MAX; i++) {
		snprintf(name, sizeof name, "h%d", i);
		request_header(&request, name, name);
	}
	assert_int_equal(request.n_headers, MESSAGE_HEADERS_MAX);
	/* A full request still takes a value for a name that it has. */
	request_header(&request, "H15", "new");
	assert_string_equal(request_header_value(&request, "h15"), "new");
	request_header(&request, "H0", NULL);
	request_header(&request, "h7", NULL);
	request_header(&request, "h15", NULL);
	request_header(&request, "h15", NULL);
	assert_int_equal(request.n_headers, MESSAGE_HEADERS_MAX - 3);
	for (int i = 0; i < MESSAGE_HEADERS_MAX; i++) {
		snprintf(name, sizeof name, "h%d", i);
		if (i == 0 || i == 7 || i == 15)
			assert_null(request_header_value(&request, name));
		else
			assert_string_equal(request_header_value(&request, name), name);
	}
	request_release(&request);
}

static void test_hosts(void **state)
{
	(void)state;
	static const struct {
		const char *base, *authority, *hostname;
	} CASES[] = {
		{ "https://tione.tencentcloudapi.com", "tione.tencentcloudapi.com",
			"tione.tencentcloudapi.com" },
		{ "http://127.0.0.1:8080", "127.0.0.1:8080", "127.0.0.1" },
		{ "http://a", "a", "a" },
		{ "http://127.0.0.1:8080/", "127.0.0.1:8080", "127.0.0.1" },
		{ "http://[::1]:8080", "[::1]:8080", "[::1]" },
		{ "http://[::1]", "[::1]", "[::1]" },
		{ "http://localhost/some/path:1", "localhost", "localhost" },
		{ "http://localhost?a=b:c", "localhost", "localhost" },
		/* A scheme's own port is not in the Host header that curl writes. */
		{ "https://a.example:443", "a.example", "a.example" },
		{ "http://a.example:80", "a.example", "a.example" },
		{ "http://a.example:443", "a.example:443", "a.example" },
		{ "https://a.example:80", "a.example:80", "a.example" },
		{ "https://a.example:4430", "a.example:4430", "a.example" },
		{ "https://a.example:", "a.example", "a.example" },
		/* No host. */
		{ "", NULL, NULL },
		{ "127.0.0.1:8080", NULL, NULL },
		{ "https://", NULL, NULL },
		{ "https://:8080", NULL, NULL },
		{ "https:///path", NULL, NULL },
		{ "http://[::1", NULL, NULL },
		{ "http://[::1/]", NULL, NULL },
	};
	for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
		struct request request;
		struct buf authority, hostname;
		request_init(&request);
		buf_init(&authority, 100);
		buf_init(&hostname, 100);
		request.base = xstrdup(CASES[i].base);
		bool known = CASES[i].authority != NULL;
		assert_int_equal(request_authority(&authority, &request), known);
		assert_int_equal(request_hostname(&hostname, &request), known);
		assert_string_equal(authority.data, known ? CASES[i].authority : "");
		assert_string_equal(hostname.data, known ? CASES[i].hostname : "");
		buf_release(&authority);
		buf_release(&hostname);
		request_release(&request);
	}
}

static void test_no_base_no_room(void **state)
{
	(void)state;
	struct request request;
	struct buf small;
	request_init(&request);
	buf_init(&small, 3);
	assert_false(request_authority(&small, &request));
	request.base = xstrdup("http://a.example:8080");
	assert_false(request_authority(&small, &request));
	assert_false(request_hostname(&small, &request));
	buf_release(&small);
	request_release(&request);
	assert_null(request.base);
}

static void test_ceilings(void **state)
{
	(void)state;
	struct request request;
	struct response response;
	request_init(&request);
	response_init(&response);
	assert_int_equal(request.body.max, MESSAGE_REQUEST_MAX);
	assert_int_equal(response.body.max, MESSAGE_BODY_MAX);
	assert_int_equal(response.retry_after_s, -1);
	assert_int_equal(response.error, ERR_NONE);
	assert_string_equal(response.date, "");
	buf_puts(&response.body, "x");
	response.status = 200;
	response_release(&response);
	assert_int_equal(response.status, 0);
	assert_int_equal(response.body.len, 0);
	response_release(&response);
	request_release(&request);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_headers_removed),
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_no_base_no_room),
		cmocka_unit_test(test_ceilings),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
