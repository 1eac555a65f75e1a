/*
 * web.h - a loop with HTTP on it, and exchanges waited for.
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
	struct response response; /* its body is the world's: good until the next one */
	int64_t at_ms;
};

/* cmocka's set-up and tear-down: *state is a struct world. */
int world_new(void **state);
int world_new_with(void **state, const struct http_client_options *options);
int world_free(void **state);

void base_of(char base[static 64], int port);
/* POST / with the body {}. */
void make_request(struct request *request, const char *base, long timeout_ms);
void take(void *arg, struct response *response); /* an transport_reply_fn for a struct reply */
struct exchange *ask(struct world *world, struct reply *reply, const char *base, long timeout_ms);

/*
 * One POST, waited for.  Asserts what holds for every exchange: one reply, in time, a status or a
 * fault.
 */
struct response fetch_base(struct world *world, const char *base, long timeout_ms);
struct response fetch(struct world *world, const struct server *server, long timeout_ms);
/* One POST to a server that does `serve`; the fault that it comes to. */
enum error error_of(struct world *world, server_fn *serve, const char *text, long timeout_ms);

void stop_loop(void *loop); /* an transport_tick_fn */

#endif
