/*
 * server.h - a server on a loopback port that does to each connection what a test tells it, by
 * hand: no library stands between the bytes that a test writes and those that curl sees.
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
	const char *text; /* what the test wants said */
	pthread_t thread;
	atomic_int connections, requests;
	atomic_bool ending; /* the test is over: whoever dawdles stops */
	pthread_mutex_t lock;
	char request[SERVER_REQUEST]; /* the last one that was read, under the lock */
	struct connection all[SERVER_CONNECTIONS];
};

struct server *server_new(server_fn *serve, const char *text);
/* Ends every connection and joins every thread. */
void server_free(struct server *server);

/* Reads one whole request; false when the peer is gone. */
bool server_read(struct server *server, int fd);
void server_say(int fd, const char *text);
void server_write(int fd, const void *bytes, size_t len);
void server_nap(struct server *server, int ms); /* shorter when the test is over */
/* Closes with a reset instead of an end. */
void server_reset(int fd);

/* Serves: reads requests and answers each with `text`. */
void serve_text(struct server *server, int fd);

/* A loopback port on which nobody listens. */
int server_refused_port(void);

#endif
