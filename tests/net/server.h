/*
 * server.h - a server on a loopback port that runs a function of the test for each connection.
 *
 * It uses no HTTP library, so curl reads exactly the bytes that the test writes.
 */
#ifndef DESCRIBEFS_TESTS_SERVER_H
#define DESCRIBEFS_TESTS_SERVER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

enum { SERVER_CONNECTIONS = 2100, SERVER_REQUEST = 64 << 10 };

struct server;
/* Runs on a thread of its own for each connection, which is closed when it returns. */
typedef void server_fn(struct server *server, int fd);

struct connection {
	struct server *server;
	int fd;
	pthread_t thread;
};

struct server {
	int listener, port;
	server_fn *serve;
	const char *text; /* for `serve` */
	pthread_t thread;
	atomic_int connections, requests;
	atomic_bool ending; /* the test is over: naps end, and `serve` has to return */
	pthread_mutex_t lock;
	char request[SERVER_REQUEST]; /* the last one that was read, under the lock */
	struct connection all[SERVER_CONNECTIONS];
};

struct server *server_new(server_fn *serve, const char *text);
/* Ends every connection and joins every thread. */
void server_free(struct server *server);

/* Reads one whole request. False: the peer has closed the connection. */
bool server_read(struct server *server, int fd);
void server_say(int fd, const char *text);
void server_write(int fd, const void *bytes, size_t len);
void server_nap(struct server *server, int ms); /* sleeps; ends early when the test is over */
/* Drops the connection with a reset (RST). The descriptor stays open. */
void server_reset(int fd);

/* A server_fn: reads requests and answers each with `text`. */
void serve_text(struct server *server, int fd);

/* A loopback port on which no socket listens. */
int server_refused_port(void);

#endif
