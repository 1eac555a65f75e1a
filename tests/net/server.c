/*
 * server.c - a server on a loopback port that does to each connection what a test tells it.
 */
#include "server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

static int listen_on_loopback(int *port)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof address;
	if (fd < 0 || bind(fd, (struct sockaddr *)(void *)&address, len) < 0 || listen(fd, 1024) < 0 ||
		getsockname(fd, (struct sockaddr *)(void *)&address, &len) < 0)
		abort();
	*port = ntohs(address.sin_port);
	return fd;
}

int server_refused_port(void)
{
	int port;
	close(listen_on_loopback(&port));
	return port;
}

static void *serve_one(void *arg)
{
	struct connection *connection = arg;
	connection->server->serve(connection->server, connection->fd);
	/*
	 * Only shut down here: the number stays ours until server_free, which shuts down what is
	 * left.
	 */
	shutdown(connection->fd, SHUT_RDWR);
	return NULL;
}

static void *accept_all(void *arg)
{
	struct server *server = arg;
	int fd;
	while ((fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		int i = server->connections;
		if (i == SERVER_CONNECTIONS)
			abort();
		server->all[i] = (struct connection){ .server = server, .fd = fd };
		if (pthread_create(&server->all[i].thread, NULL, serve_one, &server->all[i]) != 0)
			abort();
		server->connections++;
	}
	return NULL;
}

struct server *server_new(server_fn *serve, const char *text)
{
	struct server *server = calloc(1, sizeof *server);
	server->serve = serve;
	server->text = text;
	pthread_mutex_init(&server->lock, NULL);
	server->listener = listen_on_loopback(&server->port);
	if (pthread_create(&server->thread, NULL, accept_all, server) != 0)
		abort();
	return server;
}

void server_free(struct server *server)
{
	server->ending = true;
	shutdown(server->listener, SHUT_RDWR);
	pthread_join(server->thread, NULL);
	close(server->listener);
	for (int i = 0; i < server->connections; i++)
		shutdown(server->all[i].fd, SHUT_RDWR);
	for (int i = 0; i < server->connections; i++) {
		pthread_join(server->all[i].thread, NULL);
		close(server->all[i].fd);
	}
	pthread_mutex_destroy(&server->lock);
	free(server);
}

void server_nap(struct server *server, int ms)
{
	for (; ms > 0 && !server->ending; ms -= 10)
		poll(NULL, 0, ms < 10 ? ms : 10);
}

void server_write(int fd, const void *bytes, size_t len)
{
	const char *at = bytes;
	while (len > 0) {
		ssize_t n = send(fd, at, len, MSG_NOSIGNAL);
		if (n <= 0)
			return;
		at += n;
		len -= (size_t)n;
	}
}

void server_say(int fd, const char *text)
{
	server_write(fd, text, strlen(text));
}

void server_reset(int fd)
{
	/* Connecting to "nothing" drops the connection with a reset, and keeps the number. */
	struct linger linger = { .l_onoff = 1 };
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
	struct sockaddr nothing = { .sa_family = AF_UNSPEC };
	connect(fd, &nothing, sizeof nothing);
}

/* The length of the request; 0 while its header is incomplete. */
static size_t request_length(const char *request)
{
	const char *end = strstr(request, "\r\n\r\n");
	if (!end)
		return 0;
	const char *length = strcasestr(request, "\r\nContent-Length: ");
	size_t body = length && length < end ? strtoul(length + 18, NULL, 10) : 0;
	return (size_t)(end + 4 - request) + body;
}

bool server_read(struct server *server, int fd)
{
	char *request = calloc(1, SERVER_REQUEST);
	size_t len = 0, whole = 0;
	while (whole == 0 || len < whole) {
		ssize_t n = recv(fd, request + len, SERVER_REQUEST - 1 - len, 0);
		if (n <= 0)
			break;
		len += (size_t)n;
		whole = request_length(request);
	}
	bool done = whole > 0 && len >= whole;
	if (done) {
		pthread_mutex_lock(&server->lock);
		memcpy(server->request, request, SERVER_REQUEST);
		pthread_mutex_unlock(&server->lock);
		server->requests++;
	}
	free(request);
	return done;
}

void serve_text(struct server *server, int fd)
{
	while (server_read(server, fd))
		server_say(fd, server->text);
}
