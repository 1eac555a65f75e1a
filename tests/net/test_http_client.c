/*
 * test_http_client.c - http_client.c against servers of the test's own: what goes out, what arrives, what does
 * not, and when.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "web.h"

static void a_whole_answer(void **state)
{
	struct server *server = server_new(serve_text,
		"HTTP/1.1 404 Not Found\r\nDATE: first\r\ndate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
		"x-bce-error-code: IamSignatureInvalid\r\nX-Bce-Error-Message: bad \x1b[2Jsig\tnature\r\n"
		"X-BCE-Request-Id:   abc-def \r\nRetry-After: 7\r\nContent-Encoding: identity\r\n"
		"Content-Length: 5\r\n\r\nhello");
	struct response response = fetch(*state, server, 5000);
	assert_int_equal(response.error, ERR_NONE);
	assert_int_equal(response.status, 404);
	assert_string_equal(response.date, "Thu, 01 Jan 1970 00:00:00 GMT");
	assert_string_equal(response.error_code, "IamSignatureInvalid");
	assert_string_equal(response.error_message, "bad [2Jsignature");
	assert_string_equal(response.request_id, "abc-def");
	assert_int_equal(response.retry_after_s, 7);
	server_free(server);
}

static void the_request_as_it_goes_on_the_wire(void **state)
{
	struct world *world = *state;
	struct server *server = server_new(serve_text, OK_HELLO);
	struct request request;
	char base[64], expected[512];
	base_of(base, server->port);
	make_request(&request, base, 5000);
	free(request.path);
	request.path = xstrdup("/v2/a b%\xc3\xa9/../~x");
	free(request.query);
	request.query = xstrdup("Action=Describe&b=%2F");
	request_header(&request, "X-Empty", "");
	request_header(&request, "X-TC-Action", "DescribeTrainingTask");
	struct reply reply = { .world = world };
	world->waiting = 1;
	world->io.send(world->io.self, &request, NULL, take, &reply);
	request_release(&request); /* send has made a copy */
	loop_run(world->loop);
	snprintf(expected, sizeof expected,
		"POST /v2/a%%20b%%25%%C3%%A9/../~x?Action=Describe&b=%%2F HTTP/1.1\r\n"
		"Host: 127.0.0.1:%d\r\nUser-Agent: describefs/" DESCRIBEFS_VERSION "\r\nAccept: */*\r\n"
		"Content-Type: application/json\r\nX-Empty:\r\nX-TC-Action: DescribeTrainingTask\r\n"
		"Content-Length: 2\r\n\r\n{}", server->port);
	assert_string_equal(server->request, expected);
	assert_int_equal(reply.response.body.len, 5);
	assert_string_equal(reply.response.body.data, "hello");
	server_free(server);
}

static void a_get_after_a_post_on_the_same_handle(void **state)
{
	struct world *world = *state;
	struct server *server = server_new(serve_text, OK_HELLO);
	char base[64];
	base_of(base, server->port);
	fetch(world, server, 5000);
	struct request request;
	make_request(&request, base, 5000);
	free(request.method);
	request.method = xstrdup("GET");
	buf_clear(&request.body);
	struct reply reply = { .world = world };
	world->waiting = 1;
	world->io.send(world->io.self, &request, NULL, take, &reply);
	request_release(&request);
	loop_run(world->loop);
	assert_memory_equal(server->request, "GET / HTTP/1.1\r\n", 16);
	assert_null(strcasestr(server->request, "Content-Length"));
	assert_int_equal(server->connections, 1); /* kept alive */
	server_free(server);
}

static void a_header_with_a_line_break_is_never_sent(void **state)
{
	struct world *world = *state;
	struct server *server = server_new(serve_text, OK_HELLO);
	struct request request;
	char base[64];
	base_of(base, server->port);
	make_request(&request, base, 5000);
	request_header(&request, "X-TC-Region", "ap\r\nX-Evil: 1");
	struct reply reply = { .world = world };
	world->waiting = 1;
	struct exchange *exchange = world->io.send(world->io.self, &request, NULL, take, &reply);
	assert_non_null(exchange);
	assert_int_equal(reply.calls, 0);
	loop_run(world->loop);
	assert_int_equal(reply.response.error, ERR_LOCAL);
	/* An exchange that could not start can be cancelled, too. */
	exchange = world->io.send(world->io.self, &request, NULL, take, &reply);
	world->io.cancel(world->io.self, exchange);
	assert_int_equal(server->connections, 0);
	request_release(&request);
	server_free(server);
}

/* Slow, silent, broken */

static void serve_a_trickle(struct server *server, int fd)
{
	server_read(server, fd);
	server_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
	while (!server->ending) {
		server_say(fd, "x");
		server_nap(server, 20);
	}
}

static void serve_and_hang_up(struct server *server, int fd)
{
	server_read(server, fd);
	server_say(fd, server->text);
}

static void serve_and_reset(struct server *server, int fd)
{
	server_read(server, fd);
	server_say(fd, server->text);
	server_nap(server, 50);
	server_reset(fd);
}

static void slow_is_not_wrong(void **state)
{
	assert_int_equal(error_of(*state, serve_slowly, "", 5000), ERR_NONE);
}

/* fetch_base asserts the upper bound; here the lower one. */
static void silence_ends_at_the_time_allowed(void **state)
{
	struct world *world = *state;
	static const long TIMES_MS[] = { 1, 150, 700 };
	for (size_t i = 0; i < 3; i++) {
		int64_t start_ms = loop_now_ms(world->loop);
		assert_int_equal(error_of(world, serve_nothing, "", TIMES_MS[i]), ERR_TIMEOUT);
		assert_true(loop_now_ms(world->loop) - start_ms >= TIMES_MS[i] - 2);
	}
	assert_int_equal(error_of(world, serve_nothing, "", 0), ERR_TIMEOUT);
}

static void a_trickle_ends_at_the_time_allowed(void **state)
{
	assert_int_equal(error_of(*state, serve_a_trickle, "", 400), ERR_TIMEOUT);
}

static void a_connection_that_breaks_is_lost(void **state)
{
	static const char *const BEGUN[] = {
		"", "HTTP/1.1 200 O", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
	};
	for (size_t i = 0; i < sizeof BEGUN / sizeof *BEGUN; i++) {
		assert_int_equal(error_of(*state, serve_and_hang_up, BEGUN[i], 5000), ERR_LOST);
		assert_int_equal(error_of(*state, serve_and_reset, BEGUN[i], 5000), ERR_LOST);
	}
}

static void nobody_listens(void **state)
{
	char base[64];
	base_of(base, server_refused_port());
	struct response response = fetch_base(*state, base, 5000);
	assert_int_equal(response.error, ERR_REFUSED);
	assert_int_equal(response.body.len, 0);
}

/* Invalid answers */

static void answers_that_are_no_good(void **state)
{
	static const struct {
		const char *text;
		enum error error;
	} ROWS[] = {
		{ "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello", ERR_NONE },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 4\r\n\r\nhello", ERR_ANSWER },
		{ "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello", ERR_ANSWER },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
			ERR_ANSWER },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 8388609\r\n\r\nhello", ERR_TOO_BIG },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nhello", ERR_TOO_BIG },
		{ "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\x1f\x8b\x08", ERR_ANSWER },
		{ "HTTP/1.1 200 OK\r\ncontent-encoding: br\r\n\r\nxx", ERR_ANSWER },
		{ "hello, I am not HTTP\r\n\r\n", ERR_ANSWER },
		/* Folded lines. curl before 8.1.1 wrote the first one to freed headers of the answer before. */
		{ "HTTP/1.1 200 OK\r\n Content-Length: 5\r\n\r\nhello", ERR_ANSWER },
		{ "HTTP/1.1 200 OK\r\nX-A: b\r\n c\r\nContent-Length: 5\r\n\r\nhello", ERR_ANSWER },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\tX: y\r\n\r\nhello", ERR_ANSWER },
		{ "HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\nhello", ERR_ANSWER },
		{ "HTTP/1.1 200 OK\r\n: 5\r\n\r\nhello", ERR_ANSWER },
		{ "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", ERR_ANSWER },
		{ "\x15\x03\x01", ERR_ANSWER },
		{ "HTTP/1.1 200 OK\r\n\r\nuntil the end", ERR_NONE },
		{ "HTTP/1.1 204 No Content\r\n\r\n", ERR_NONE },
		{ "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n",
			ERR_NONE },
	};
	for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
		enum error error = error_of(*state, serve_and_hang_up, ROWS[i].text, 5000);
		if (error != ROWS[i].error)
			fail_msg("%s: %s", ROWS[i].text, error_name(error));
	}
}

static void serve_endless_chunks(struct server *server, int fd)
{
	static char chunk[65536];
	memset(chunk, 'x', sizeof chunk);
	server_read(server, fd);
	server_say(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
	for (int i = 0; i < 2000 && !server->ending; i++) {
		server_say(fd, "10000\r\n");
		server_write(fd, chunk, sizeof chunk);
		server_say(fd, "\r\n");
	}
}

static void serve_endless_header(struct server *server, int fd)
{
	server_read(server, fd);
	server_say(fd, "HTTP/1.1 200 OK\r\n");
	for (int i = 0; i < 200000 && !server->ending; i++)
		server_say(fd, server->text);
}

static void serve_endless_continue(struct server *server, int fd)
{
	server_read(server, fd);
	for (int i = 0; i < 200000 && !server->ending; i++)
		server_say(fd, server->text);
}

static void answers_without_end(void **state)
{
	assert_int_equal(error_of(*state, serve_endless_chunks, "", 5000), ERR_TOO_BIG);
	assert_int_equal(error_of(*state, serve_endless_header, "X-A: bcdefghijklmnop\r\n", 5000), ERR_ANSWER);
	assert_int_equal(error_of(*state, serve_endless_header, "a line that has no end ", 5000), ERR_ANSWER);
	assert_int_equal(error_of(*state, serve_endless_continue, "HTTP/1.1 100 Continue\r\n\r\n", 5000),
		ERR_ANSWER);
}

static void a_redirect_is_handed_up_and_not_followed(void **state)
{
	struct server *other = server_new(serve_text, OK_HELLO);
	char text[256];
	snprintf(text, sizeof text, "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:%d/\r\n"
		"Content-Length: 0\r\n\r\n", other->port);
	struct server *server = server_new(serve_text, text);
	struct response response = fetch(*state, server, 5000);
	assert_int_equal(response.status, 302);
	assert_int_equal(other->connections, 0);
	assert_int_equal(server->requests, 1);
	server_free(server);
	server_free(other);
}

static void an_early_answer_does_not_leak_into_the_final_one(void **state)
{
	struct server *server = server_new(serve_text, "HTTP/1.1 103 Early Hints\r\nRetry-After: 9\r\n"
		"X-Bce-Error-Code: Early\r\n\r\n" OK_HELLO);
	struct response response = fetch(*state, server, 5000);
	assert_int_equal(response.status, 200);
	assert_int_equal(response.retry_after_s, -1);
	assert_string_equal(response.error_code, "");
	server_free(server);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_new, world_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_whole_answer),
		TEST(the_request_as_it_goes_on_the_wire),
		TEST(a_get_after_a_post_on_the_same_handle),
		TEST(a_header_with_a_line_break_is_never_sent),
		TEST(slow_is_not_wrong),
		TEST(silence_ends_at_the_time_allowed),
		TEST(a_trickle_ends_at_the_time_allowed),
		TEST(a_connection_that_breaks_is_lost),
		TEST(nobody_listens),
		TEST(answers_that_are_no_good),
		TEST(answers_without_end),
		TEST(a_redirect_is_handed_up_and_not_followed),
		TEST(an_early_answer_does_not_leak_into_the_final_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
