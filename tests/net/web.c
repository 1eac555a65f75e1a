/*
 * web.c - an HTTP client on a loop, for tests that wait for its exchanges.
 */
#include "web.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SLACK_MS = 20000 }; /* a busy machine may delay the test by this much; a hang takes longer */

int world_new(void **state)
{
	return world_new_with(state, &(struct http_client_options){ 0 });
}

int world_new_with(void **state, const struct http_client_options *options)
{
	struct world *world = calloc(1, sizeof *world);
	struct buf why;
	buf_init(&why, 200);
	buf_init(&world->body, MESSAGE_BODY_MAX);
	world->loop = loop_new();
	world->http = http_client_new(world->loop, options, &why);
	assert_non_null(world->http);
	world->io = http_client_transport(world->http);
	*state = world;
	return 0;
}

int world_free(void **state)
{
	struct world *world = *state;
	http_client_free(world->http);
	loop_free(world->loop);
	buf_release(&world->body);
	free(world);
	return 0;
}

void serve_slowly(struct server *server, int fd)
{
	server_read(server, fd);
	server_nap(server, 300);
	for (const char *at = OK_HELLO; *at; at++) {
		server_write(fd, at, 1);
		server_nap(server, 2);
	}
}

void serve_nothing(struct server *server, int fd)
{
	server_read(server, fd);
	server_nap(server, 20000);
}

void take(void *arg, struct response *response)
{
	struct reply *reply = arg;
	reply->calls++;
	reply->response = *response;
	struct buf *body = &reply->world->body;
	buf_clear(body);
	buf_add(body, response->body.data, response->body.len);
	reply->response.body = *body;
	reply->at_ms = loop_now_ms(reply->world->loop);
	if (--reply->world->waiting == 0)
		loop_stop(reply->world->loop, 0);
}

void make_request(struct request *request, const char *base, long timeout_ms)
{
	request_init(request);
	request->method = xstrdup("POST");
	request->base = xstrdup(base);
	request->path = xstrdup("/");
	request->query = xstrdup("");
	request->timeout_ms = timeout_ms;
	request_header(request, "Content-Type", "application/json");
	buf_puts(&request->body, "{}");
}

struct exchange *ask(struct world *world, struct reply *reply, const char *base, long timeout_ms)
{
	struct request request;
	make_request(&request, base, timeout_ms);
	*reply = (struct reply){ .world = world };
	world->waiting++;
	struct exchange *exchange = world->io.send(world->io.self, &request, NULL, take, reply);
	assert_int_equal(reply->calls, 0);
	request_release(&request);
	return exchange;
}

void base_of(char base[static 64], int port)
{
	snprintf(base, 64, "http://127.0.0.1:%d", port);
}

struct response fetch_base(struct world *world, const char *base, long timeout_ms)
{
	struct reply reply;
	int64_t start_ms = loop_now_ms(world->loop);
	ask(world, &reply, base, timeout_ms);
	loop_run(world->loop);
	assert_int_equal(reply.calls, 1);
	assert_true(reply.at_ms - start_ms <= timeout_ms + SLACK_MS);
	assert_true((reply.response.error == ERR_NONE) == (reply.response.status != 0));
	assert_true((reply.response.error == ERR_NONE) == (reply.response.detail[0] == '\0'));
	return reply.response;
}

struct response fetch(struct world *world, const struct server *server, long timeout_ms)
{
	char base[64];
	base_of(base, server->port);
	return fetch_base(world, base, timeout_ms);
}

enum error error_of(struct world *world, server_fn *serve, const char *text, long timeout_ms)
{
	struct server *server = server_new(serve, text);
	struct response response = fetch(world, server, timeout_ms);
	server_free(server);
	return response.error;
}

void stop_loop(void *loop)
{
	loop_stop(loop, 0);
}
