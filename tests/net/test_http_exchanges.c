/*
 * test_http_exchanges.c - exchanges that are cancelled in a callback or run by the hundred, and limits of
 * http_client.c: it contacts no other host, uses no other proxy, and leaks no descriptor to a child.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "web.h"

/* Two exchanges; the one that ends first cancels the other. */
struct pair {
	struct world *world;
	struct exchange *exchanges[2];
	int calls;
};

static void first_done(void *arg, struct response *response)
{
	struct pair *pair = arg;
	(void)response;
	pair->calls++;
	pair->world->io.cancel(pair->world->io.self, pair->exchanges[1]);
}

static void second_done(void *arg, struct response *response)
{
	struct pair *pair = arg;
	(void)response;
	pair->calls++;
	pair->world->io.cancel(pair->world->io.self, pair->exchanges[0]);
}

static void stall(void *arg)
{
	(void)arg;
	usleep(50000);
}

/* The stalled loop lets both answers arrive, so that both may end in one call of curl. */
static void one_cancels_another_inside_done(void **state)
{
	struct world *world = *state;
	struct server *server = server_new(serve_text, OK_HELLO);
	char base[64];
	for (int i = 0; i < 20; i++) {
		struct pair pair = { .world = world };
		struct request request;
		base_of(base, i % 2 ? server->port : server_refused_port());
		make_request(&request, base, 5000);
		pair.exchanges[0] = world->io.send(world->io.self, &request, NULL, first_done, &pair);
		pair.exchanges[1] = world->io.send(world->io.self, &request, NULL, second_done, &pair);
		request_release(&request);
		loop_timer_start(world->loop, 2, stall, NULL);
		loop_timer_start(world->loop, 100, stop_loop, world->loop);
		loop_run(world->loop);
		assert_int_equal(pair.calls, 1);
	}
	server_free(server);
}

/* Both time out in the same round: when the first one's `done` cancels the second, that one's timer is due. */
static void one_cancels_another_whose_time_is_up_too(void **state)
{
	struct world *world = *state;
	struct server *server = server_new(serve_nothing, "");
	struct pair pair = { .world = world };
	struct request request;
	char base[64];
	base_of(base, server->port);
	make_request(&request, base, 30);
	pair.exchanges[0] = world->io.send(world->io.self, &request, NULL, first_done, &pair);
	pair.exchanges[1] = world->io.send(world->io.self, &request, NULL, second_done, &pair);
	request_release(&request);
	loop_timer_start(world->loop, 10, stall, NULL);
	loop_timer_start(world->loop, 150, stop_loop, world->loop);
	loop_run(world->loop);
	assert_int_equal(pair.calls, 1);
	server_free(server);
}

static void cancelled_at_any_moment(void **state)
{
	struct world *world = *state;
	struct server *server = server_new(serve_slowly, "");
	char base[64];
	base_of(base, server->port);
	struct reply replies[8];
	for (int i = 0; i < 8; i++) {
		struct exchange *exchange = ask(world, &replies[i], base, 5000);
		loop_timer_start(world->loop, i * 60, stop_loop, world->loop);
		if (i > 0)
			loop_run(world->loop);
		world->io.cancel(world->io.self, exchange);
		world->waiting--;
	}
	loop_timer_start(world->loop, 100, stop_loop, world->loop);
	loop_run(world->loop);
	for (int i = 0; i < 8; i++)
		assert_int_equal(replies[i].calls, 0);
	world->io.cancel(world->io.self, NULL);
	/* Freeing the client cancels the exchanges that are still under way. */
	ask(world, &replies[0], base, 5000);
	server_free(server);
}

struct chain {
	struct world *world;
	const char *base;
	int left;
};

static void send_the_next(void *arg, struct response *response)
{
	struct chain *chain = arg;
	assert_int_equal(response->status, 200);
	if (--chain->left == 0) {
		loop_stop(chain->world->loop, 0);
		return;
	}
	struct request request;
	make_request(&request, chain->base, 5000);
	chain->world->io.send(chain->world->io.self, &request, NULL, send_the_next, chain);
	request_release(&request);
}

static void done_may_send_and_the_connection_serves_again(void **state)
{
	struct world *world = *state;
	struct server *server = server_new(serve_text, OK_HELLO);
	char base[64];
	base_of(base, server->port);
	struct chain chain = { world, base, 51 };
	struct response first = { .status = 200 };
	send_the_next(&chain, &first);
	loop_run(world->loop);
	assert_int_equal(server->requests, 50);
	assert_true(server->connections <= 2);
	server_free(server);
}

/* Closes the connection at its second request, as a server does whose keep-alive time has just ended. */
static void serve_once(struct server *server, int fd)
{
	if (!server_read(server, fd))
		return;
	server_say(fd, server->text);
	server_read(server, fd);
}

/*
 * However often a kept connection closes, the client reports it and does not send the request again, because a
 * second request could exceed the rate. For a while it then opens new connections only.
 */
/* promise: 5 */
static void a_kept_connection_that_dies_is_lost_and_the_next_is_a_new_one(void **state)
{
	struct server *server = server_new(serve_once, OK_HELLO);
	assert_int_equal(fetch(*state, server, 5000).error, ERR_NONE);
	assert_int_equal(fetch(*state, server, 5000).error, ERR_LOST);
	for (int i = 0; i < 20; i++)
		assert_int_equal(fetch(*state, server, 5000).error, ERR_NONE);
	assert_int_equal(server->connections, 21);
	assert_int_equal(server->requests, 22);
	server_free(server);
}

static void serve_after_200_ms(struct server *server, int fd)
{
	server_read(server, fd);
	server_nap(server, 200);
	server_say(fd, OK_HELLO);
}

static void many_at_once(void **state)
{
	struct world *world = *state;
	enum { N = 200 };
	struct server *server = server_new(serve_after_200_ms, "");
	struct reply *replies = calloc(N, sizeof *replies);
	char base[64];
	base_of(base, server->port);
	for (int i = 0; i < N; i++)
		ask(world, &replies[i], base, 9000);
	loop_run(world->loop);
	for (int i = 0; i < N; i++) {
		assert_int_equal(replies[i].calls, 1);
		assert_int_equal(replies[i].response.status, 200);
	}
	free(replies);
	server_free(server);
}

/* Where the client connects, and what it ignores */

static void plain_http_never_leaves_the_machine(void **state)
{
	struct server *server = server_new(serve_text, OK_HELLO);
	static const char *const BASES[] = { "http://192.0.2.1", "http://0.0.0.0", "http://[2001:db8::1]" };
	for (size_t i = 0; i < 3; i++) {
		char base[64];
		snprintf(base, sizeof base, "%s:%d", BASES[i], server->port);
		struct response response = fetch_base(*state, base, 2000);
		assert_int_equal(response.error, ERR_NO_HOST);
	}
	assert_int_equal(server->connections, 0);
	server_free(server);
}

static void other_protocols_and_bad_urls_are_refused(void **state)
{
	static const char *const BASES[] = { "file:///etc/passwd", "ftp://127.0.0.1", "http://user:pw@127.0.0.1:1",
		"http://", "nonsense" };
	for (size_t i = 0; i < sizeof BASES / sizeof *BASES; i++)
		assert_true(fetch_base(*state, BASES[i], 2000).error != ERR_NONE);
}

static void proxies_of_the_environment_are_ignored(void **state)
{
	struct server *proxy = server_new(serve_text, OK_HELLO);
	char value[64];
	base_of(value, proxy->port);
	setenv("http_proxy", value, 1);
	setenv("ALL_PROXY", value, 1);
	assert_int_equal(error_of(*state, serve_text, OK_HELLO, 5000), ERR_NONE);
	unsetenv("http_proxy");
	unsetenv("ALL_PROXY");
	assert_int_equal(proxy->connections, 0);
	server_free(proxy);
}

static void check_close_on_exec(void *arg)
{
	int sockets = 0;
	for (int fd = 3; fd < 256; fd++) {
		struct stat status;
		if (fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode)) {
			sockets++;
			assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
		}
	}
	assert_true(sockets >= 3);
	loop_stop(arg, 0);
}

static void sockets_are_not_inherited(void **state)
{
	struct world *world = *state;
	struct server *server = server_new(serve_nothing, "");
	struct reply reply;
	char base[64];
	base_of(base, server->port);
	ask(world, &reply, base, 5000);
	loop_timer_start(world->loop, 100, check_close_on_exec, world->loop);
	loop_run(world->loop);
	server_free(server);
}

static void out_of_descriptors_is_our_own_error(void **state)
{
	char base[64];
	base_of(base, server_refused_port());
	struct rlimit limit, low;
	getrlimit(RLIMIT_NOFILE, &limit);
	low = limit;
	int next = dup(0);
	close(next);
	low.rlim_cur = (rlim_t)next;
	setrlimit(RLIMIT_NOFILE, &low);
	struct response response = fetch_base(*state, base, 2000);
	setrlimit(RLIMIT_NOFILE, &limit);
	assert_int_equal(response.error, ERR_LOCAL);
}

static void clocks_and_timers_are_the_loops(void **state)
{
	struct world *world = *state;
	struct transport *io = &world->io;
	assert_true(llabs((long long)(io->wall_s(io->self) - (int64_t)time(NULL))) <= 1);
	assert_true(io->now_ms(io->self) > 0);
	struct timer *timer = io->timer_start(io->self, 0, stop_loop, NULL);
	io->timer_stop(io->self, timer);
	io->timer_stop(io->self, NULL);
	io->timer_start(io->self, 5, stop_loop, world->loop);
	loop_run(world->loop);
}

static void sigpipe_is_ignored(void **state)
{
	(void)state;
	struct sigaction action;
	sigaction(SIGPIPE, NULL, &action);
	assert_true(action.sa_handler == SIG_IGN);
}

/* The client notices a missing file at the first handshake only; the configuration checks it earlier. */
static void a_missing_cacert_is_a_matter_of_tls(void **state)
{
	struct world *world = *state;
	struct buf why;
	buf_init(&why, 200);
	struct http_client_options options = { .cacert = "/nonexistent/ca.pem" };
	struct http_client *http = http_client_new(world->loop, &options, &why);
	assert_non_null(http);
	struct world other = { .loop = world->loop, .http = http, .io = http_client_transport(http) };
	buf_init(&other.body, 100);
	struct response response = fetch_base(&other, "https://127.0.0.1:1", 2000);
	assert_int_equal(response.error, ERR_REFUSED);
	struct server *server = server_new(serve_nothing, "");
	char base[64];
	snprintf(base, sizeof base, "https://127.0.0.1:%d", server->port);
	response = fetch_base(&other, base, 2000);
	assert_int_equal(response.error, ERR_TLS);
	buf_release(&other.body);
	http_client_free(http);
	http_client_free(NULL);
	server_free(server);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_new, world_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_cancels_another_inside_done),
		TEST(one_cancels_another_whose_time_is_up_too),
		TEST(cancelled_at_any_moment),
		TEST(done_may_send_and_the_connection_serves_again),
		TEST(a_kept_connection_that_dies_is_lost_and_the_next_is_a_new_one),
		TEST(many_at_once),
		TEST(plain_http_never_leaves_the_machine),
		TEST(other_protocols_and_bad_urls_are_refused),
		TEST(proxies_of_the_environment_are_ignored),
		TEST(sockets_are_not_inherited),
		TEST(out_of_descriptors_is_our_own_error),
		TEST(clocks_and_timers_are_the_loops),
		TEST(sigpipe_is_ignored),
		TEST(a_missing_cacert_is_a_matter_of_tls),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
