/*
 * web.h - an HTTP client on a loop, for tests that wait for its exchanges.
 */
#ifndef DESCRIBEFS_TESTS_WEB_H
#define DESCRIBEFS_TESTS_WEB_H

#include "net/http_client.h"
#include "server.h"

#define OK_HELLO "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

struct world {
	struct loop *loop;
	struct http_client *http;
	struct transport io;
	struct buf body; /* of the last response */
	int waiting; /* the loop stops when this comes to 0 */
};

struct reply {
	struct world *world;
	int calls;
	struct response response; /* its body is the world's and is overwritten by the next response */
	int64_t at_ms;
};

/* cmocka's set-up and tear-down: *state is a struct world. */
int world_new(void **state);
int world_new_with(void **state, const struct http_client_options *options);
int world_free(void **state);

void base_of(char base[static 64], int port);
/* POST / with the body {}. */
void make_request(struct request *request, const char *base, long timeout_ms);
void take(void *arg, struct response *response); /* a transport_reply_fn; `arg` is a struct reply */
struct exchange *ask(struct world *world, struct reply *reply, const char *base, long timeout_ms);

/* Makes one POST and waits for it. Asserts that there is one reply, in time, with a status or an error. */
struct response fetch_base(struct world *world, const char *base, long timeout_ms);
struct response fetch(struct world *world, const struct server *server, long timeout_ms);
/* The error of one POST to a server that runs `serve` with `text`. */
enum error error_of(struct world *world, server_fn *serve, const char *text, long timeout_ms);

/* Reads a request and sends OK_HELLO byte by byte, beginning after 300 ms. */
void serve_slowly(struct server *server, int fd);
/* Reads a request and sends nothing. */
void serve_nothing(struct server *server, int fd);

void stop_loop(void *loop); /* a transport_tick_fn */

#endif
