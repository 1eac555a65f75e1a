/*
 * test_http_tls.c - http_client.c against `openssl s_server`: who is trusted, who is not.  Skips without
 * openssl(1).
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "web.h"

struct directory {
	char path[64];
	bool usable;
};

static void run(const struct directory *directory, const char *command)
{
	char line[1024];
	snprintf(line, sizeof line, "cd %s && %s >/dev/null 2>&1", directory->path, command);
	if (system(line) != 0)
		fail_msg("%s", line);
}

static int make_certificates(void **state)
{
	struct directory *directory = calloc(1, sizeof *directory);
	*state = directory;
	strcpy(directory->path, "/tmp/describefs-tls-XXXXXX");
	assert_non_null(mkdtemp(directory->path));
	directory->usable = system("command -v openssl >/dev/null 2>&1") == 0;
	if (!directory->usable)
		return 0;
	run(directory, "openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out right.pem -days 2 -subj /CN=x "
		"-addext subjectAltName=IP:127.0.0.1");
	run(directory, "openssl req -x509 -key key.pem -out host.pem -days 2 -subj /CN=x "
		"-addext subjectAltName=DNS:elsewhere.example");
	run(directory, "openssl req -new -key key.pem -subj /CN=x -addext subjectAltName=IP:127.0.0.1 | "
		"openssl x509 -req -signkey key.pem -days -1 -copy_extensions copy -out expired.pem");
	return 0;
}

static int remove_certificates(void **state)
{
	struct directory *directory = *state;
	run(directory, "rm -f *.pem");
	rmdir(directory->path);
	free(directory);
	return 0;
}

static bool can_connect(int port)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	bool done = connect(fd, (struct sockaddr *)(void *)&address, sizeof address) == 0;
	close(fd);
	return done;
}

static pid_t start_server(const struct directory *directory, int port, const char *certificate,
	const char *options)
{
	char line[512];
	snprintf(line, sizeof line, "cd %s && exec openssl s_server -accept 127.0.0.1:%d -key key.pem -cert %s "
		"-www -quiet %s", directory->path, port, certificate, options);
	pid_t child = fork();
	if (child == 0) {
		int null = open("/dev/null", O_RDWR);
		dup2(null, 0);
		dup2(null, 1);
		dup2(null, 2);
		execl("/bin/sh", "sh", "-c", line, NULL);
		_exit(127);
	}
	for (int i = 0; i < 300 && !can_connect(port); i++)
		usleep(10000);
	return child;
}

/* s_server answers only a GET. */
static struct response get(struct world *world, const char *base)
{
	struct reply reply = { .world = world };
	struct request request;
	make_request(&request, base, 5000);
	free(request.method);
	request.method = xstrdup("GET");
	buf_release(&request.body);
	world->waiting++;
	world->io.send(world->io.self, &request, NULL, take, &reply);
	request_release(&request);
	loop_run(world->loop);
	return reply.response;
}

/* The error of one GET from such a server; -1: it answered 200. */
static int ask_server(void **state, const char *certificate, const char *options, const char *cacert)
{
	const struct directory *directory = *state;
	if (!directory->usable)
		skip();
	void *inner;
	int port = server_refused_port();
	pid_t child = start_server(directory, port, certificate, options);
	char base[64], path[128];
	snprintf(base, sizeof base, "https://127.0.0.1:%d", port);
	snprintf(path, sizeof path, "%s/%s", directory->path, cacert ? cacert : "");
	world_new_with(&inner, &(struct http_client_options){ .cacert = cacert ? path : NULL });
	struct response response = get(inner, base);
	world_free(&inner);
	kill(child, SIGTERM);
	waitpid(child, NULL, 0);
	return response.error ? (int)response.error : -1;
}

static void a_certificate_that_cacert_names_is_trusted(void **state)
{
	assert_int_equal(ask_server(state, "right.pem", "", "right.pem"), -1);
}

static void a_certificate_that_nobody_names_is_not(void **state)
{
	assert_int_equal(ask_server(state, "right.pem", "", NULL), ERR_TLS);
	assert_int_equal(ask_server(state, "right.pem", "", "host.pem"), ERR_TLS);
}

static void another_hosts_certificate_is_refused(void **state)
{
	assert_int_equal(ask_server(state, "host.pem", "", "host.pem"), ERR_TLS);
}

static void an_expired_certificate_is_refused(void **state)
{
	assert_int_equal(ask_server(state, "expired.pem", "", "expired.pem"), ERR_TLS);
}

static void tls_1_1_is_refused_and_1_2_is_not(void **state)
{
	assert_int_equal(ask_server(state, "right.pem", "-tls1_1 -cipher ALL:@SECLEVEL=0", "right.pem"), ERR_TLS);
	assert_int_equal(ask_server(state, "right.pem", "-tls1_2", "right.pem"), -1);
}

static void serve_plainly(struct server *server, int fd)
{
	server_say(fd, OK_HELLO);
	server_nap(server, 1000);
}

/* No TLS handshake begins. */
static void serve_silence(struct server *server, int fd)
{
	(void)fd;
	server_nap(server, 20000);
}

static enum error ask_over_tls(server_fn *serve, long connect_ms, long timeout_ms)
{
	void *inner;
	world_new_with(&inner, &(struct http_client_options){ .connect_timeout_ms = connect_ms });
	struct server *server = server_new(serve, "");
	char base[64];
	snprintf(base, sizeof base, "https://127.0.0.1:%d", server->port);
	struct response response = fetch_base(inner, base, timeout_ms);
	server_free(server);
	world_free(&inner);
	return response.error;
}

static void a_port_that_does_not_speak_tls(void **state)
{
	(void)state;
	assert_int_equal(ask_over_tls(serve_plainly, 0, 5000), ERR_TLS);
	assert_int_equal(ask_over_tls(serve_silence, 0, 300), ERR_TIMEOUT);
}

static void a_handshake_that_never_ends_is_held_to_the_connect_time(void **state)
{
	(void)state;
	struct timespec before, after;
	clock_gettime(CLOCK_MONOTONIC, &before);
	assert_int_equal(ask_over_tls(serve_silence, 300, 9000), ERR_TIMEOUT);
	clock_gettime(CLOCK_MONOTONIC, &after);
	assert_true(after.tv_sec - before.tv_sec <= 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_certificate_that_cacert_names_is_trusted),
		cmocka_unit_test(a_certificate_that_nobody_names_is_not),
		cmocka_unit_test(another_hosts_certificate_is_refused),
		cmocka_unit_test(an_expired_certificate_is_refused),
		cmocka_unit_test(tls_1_1_is_refused_and_1_2_is_not),
		cmocka_unit_test(a_port_that_does_not_speak_tls),
		cmocka_unit_test(a_handshake_that_never_ends_is_held_to_the_connect_time),
	};
	return cmocka_run_group_tests(tests, make_certificates, remove_certificates);
}
