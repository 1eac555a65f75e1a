/*
 * http_client.c - HTTP client: libcurl's multi interface on the loop, behind `struct transport`.
 *
 * curl says which sockets to watch and which timer to set; the loop calls back; curl runs; finished transfers
 * are taken from it. `done` is called only from there or from a timer, so never inside send, and only after
 * curl and our list have dropped the exchange: `done` may send and cancel. (Cancelling another finished
 * exchange also removes its message from curl's queue.)
 *
 * Each exchange has its own timer beside curl's timeout, so that a reader's deadline does not depend on curl.
 *
 * curl before 8.5 tries the next address of a host after a failed connect, and then waits for an event that
 * never comes: it neither opens a socket for that address nor sets a timer. So after each closed socket the
 * transfers without a connection are poked once (poke_transfers).
 *
 * curl caches resolved names for 60 s. If no connection succeeds, the name is resolved again: once at once,
 * if the addresses may be cached ones, and by every new transfer until one connects.
 *
 * HTTP/2 is used where the server chooses it, but one exchange for each connection: a cancelled request or a
 * broken connection then affects one exchange, and at about 20 calls/s multiplexing gains nothing.
 */
#include "net/http_client.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/list.h"
#include "transfer.h"
#include "wiping.h"

enum {
	CONNECTIONS_MAX = 1024,
	CONNECTIONS_KEPT = 64,
	CONNECT_MS = 3000,
	DISTRUST_MS = 2000,
	CACERT_BYTES = 16 << 20
};

static const long NAMES_KEPT_S = 60;

/* Invariant: in its client's list, and in curl, until `done` is called. */
struct exchange {
	struct http_client *client;
	struct list link; /* in its client's exchanges */
	struct timer *timer; /* the deadline; or reports that the transfer could not start */
	int64_t end_ms; /* the deadline */
	bool asked_name; /* the name was resolved for this transfer, not cached */
	transport_reply_fn *done;
	void *arg;
	struct transfer transfer;
};

struct http_client {
	struct loop *loop;
	CURLM *multi;
	struct timer *timer; /* curl's */
	struct timer *poke; /* runs before poke_transfers */
	int64_t distrust_until_ms; /* until then each transfer opens a new connection */
	bool asks_names; /* no transfer has connected since the last failure: ignore cached names */
	struct list exchanges;
	struct http_client_options options;
	char *cacert, *certificates;
	uint64_t cacert_mark;
};

/* The life of an exchange */

/* Removes the exchange from curl, the timer and the list. */
static void exchange_detach(struct exchange *exchange)
{
	struct http_client *client = exchange->client;
	loop_timer_stop(client->loop, exchange->timer);
	if (exchange->transfer.easy)
		curl_multi_remove_handle(client->multi, exchange->transfer.easy);
	list_remove(&exchange->link);
}

/* The transfer is not in curl. */
static void exchange_free(struct exchange *exchange)
{
	transfer_end(&exchange->transfer);
	free(exchange);
}

/* Delivers the response and frees the exchange. */
static void exchange_finish(struct exchange *exchange)
{
	exchange_detach(exchange);
	exchange->done(exchange->arg, &exchange->transfer.answer.response);
	exchange_free(exchange);
}

/* Starts the transfer in curl: the first time, or again after a failed connect. */
static bool exchange_add(struct exchange *exchange)
{
	struct http_client *client = exchange->client;
	CURL *easy = exchange->transfer.easy;
	exchange->asked_name = client->asks_names;
	curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, client->asks_names ? 0L : NAMES_KEPT_S);
	return curl_multi_add_handle(client->multi, easy) == CURLM_OK;
}

/* After a failed connect to a name: true if the name is resolved again and the transfer continues. */
static bool exchange_resolve_again(struct exchange *exchange, CURLcode code)
{
	struct http_client *client = exchange->client;
	struct transfer *transfer = &exchange->transfer;
	int64_t left_ms = exchange->end_ms - loop_now_ms(client->loop);
	if (transfer->is_sent) {
		client->asks_names = client->asks_names && !exchange->asked_name;
		return false;
	}
	if (code == CURLE_OK || transfer->error || !transfer->is_named)
		return false;
	client->asks_names = true;
	if (exchange->asked_name || left_ms <= 0)
		return false;
	curl_multi_remove_handle(client->multi, transfer->easy);
	curl_easy_setopt(transfer->easy, CURLOPT_TIMEOUT_MS, (long)left_ms);
	return exchange_add(exchange);
}

static void client_drain(struct http_client *client)
{
	CURLMsg *message;
	int left;
	while ((message = curl_multi_info_read(client->multi, &left))) {
		if (message->msg != CURLMSG_DONE)
			continue;
		struct exchange *exchange = NULL;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&exchange);
		CURLcode code = message->data.result;
		if (exchange_resolve_again(exchange, code))
			continue;
		transfer_finish(&exchange->transfer, code);
		if (exchange->transfer.kept_died)
			client->distrust_until_ms = loop_now_ms(client->loop) + DISTRUST_MS;
		exchange_finish(exchange);
	}
}

static void on_deadline(void *arg)
{
	struct exchange *exchange = arg;
	exchange->timer = NULL;
	if (exchange->transfer.is_named && !exchange->transfer.is_sent)
		exchange->client->asks_names = true;
	transfer_time_out(&exchange->transfer);
	exchange_finish(exchange);
}

static void on_no_start(void *arg)
{
	struct exchange *exchange = arg;
	exchange->timer = NULL;
	transfer_fail(&exchange->transfer, ERR_LOCAL, "the request could not be made");
	exchange_finish(exchange);
}

/* Sockets */

/* Pausing and resuming is the documented way to make curl examine a transfer. */
static void poke_transfers(void *arg)
{
	struct http_client *client = arg;
	client->poke = NULL;
	for (struct list *at = list_first(&client->exchanges); at; at = list_next(&client->exchanges, at)) {
		const struct exchange *one = LIST_OWNER(at, struct exchange, link);
		if (one->transfer.is_sent || !one->transfer.easy)
			continue;
		curl_easy_pause(one->transfer.easy, CURLPAUSE_ALL);
		curl_easy_pause(one->transfer.easy, CURLPAUSE_CONT);
	}
}

static void poke_later(struct http_client *client)
{
	bool is_needed = curl_version_info(CURLVERSION_NOW)->version_num < 0x080500;
	if (is_needed && !list_is_empty(&client->exchanges) && !client->poke)
		client->poke = loop_timer_start(client->loop, 0, poke_transfers, client);
}

static bool leads_into_mount(const struct http_client_options *options, const char *path)
{
	struct file_way way;
	bool led_back = path && !file_way_find(&way, path, options->cover) && errno == EDEADLK;
	if (path)
		file_way_release(&way);
	return led_back;
}

/*
 * libcurl opens the machine's certificates for each new connection. If a later mount leads from them into
 * our mount, the thread that serves the mount would wait for itself.
 */
static bool may_read_certificates(struct exchange *exchange)
{
	const struct http_client_options *options = &exchange->client->options;
	struct response *response = &exchange->transfer.answer.response;
	if (exchange->transfer.plain || options->cacert ||
		(!leads_into_mount(options, http_client_certificates_file()) &&
			!leads_into_mount(options, http_client_certificates_directory())))
		return true;
	error_note_copy(response->detail, sizeof response->detail,
		"the machine's certificates lie below this mount now: unmount what covers them");
	exchange->transfer.error = ERR_LOCAL;
	return false;
}

static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct exchange *exchange = arg;
	(void)purpose;
	int fd = may_read_certificates(exchange) ? transfer_socket(&exchange->transfer, address) : -1;
	if (fd < 0)
		poke_later(exchange->client);
	else /* curl may reuse a closed descriptor's number without a callback */
		loop_renew(exchange->client->loop, fd);
	return fd;
}

/*
 * Reads cacert again if the file changed. An invalid or half-written file does not replace the valid
 * content.
 */
static void renew_certificates(struct http_client *client)
{
	struct http_client_options *options = &client->options;
	const struct file_trust trust = { options->invoker, FILE_DECIDES };
	uint64_t mark = options->cacert ? file_mark(options->cover, options->cacert) : 0;
	struct buf ignored;
	size_t len;

	if (!mark || mark == client->cacert_mark)
		return;
	buf_init(&ignored, 4096);
	char *text = file_read_trusted(options->cover, options->cacert, CACERT_BYTES, trust, &len, &ignored);
	buf_release(&ignored);
	if (!text || !digest_is_certificate(text, len)) {
		free(text);
		return;
	}
	free(client->certificates);
	options->certificates = client->certificates = text;
	options->certificates_len = len;
	client->cacert_mark = mark;
}

static bool exchange_start(struct exchange *exchange, const struct request *request, long timeout_ms,
	transport_wire_fn *on_sent, void *arg)
{
	struct http_client *client = exchange->client;
	CURLcode code;
	renew_certificates(client);
	CURL *easy = transfer_handle(&client->options, &code);
	if (!transfer_begin(&exchange->transfer, easy, &client->options, request, timeout_ms))
		return false;
	exchange->transfer.on_sent = on_sent;
	exchange->transfer.on_sent_arg = arg;
	curl_easy_setopt(easy, CURLOPT_PRIVATE, exchange);
	/* If one kept connection was dead, others are: a retry must not try them one by one. */
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT,
		loop_now_ms(client->loop) < client->distrust_until_ms ? 1L : 0L);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, exchange);
	return exchange_add(exchange);
}

static struct exchange *client_send(void *self, const struct request *request, transport_wire_fn *on_sent,
	transport_reply_fn *done, void *arg)
{
	struct http_client *client = self;
	struct exchange *exchange = xcalloc(1, sizeof *exchange);
	*exchange = (struct exchange){ .client = client, .done = done, .arg = arg };
	list_add_first(&client->exchanges, &exchange->link);
	/* curl takes 0 as no timeout. */
	long timeout_ms = request->timeout_ms > 0 ? request->timeout_ms : 1;
	exchange->end_ms = loop_now_ms(client->loop) + timeout_ms;
	if (exchange_start(exchange, request, timeout_ms, on_sent, arg))
		exchange->timer = loop_timer_start(client->loop, timeout_ms, on_deadline, exchange);
	else
		exchange->timer = loop_timer_start(client->loop, 0, on_no_start, exchange);
	return exchange;
}

static void client_cancel(void *self, struct exchange *exchange)
{
	(void)self;
	if (!exchange)
		return;
	exchange_detach(exchange);
	exchange_free(exchange);
}

/* curl on the loop */

static void on_ready(void *arg, int fd, int events)
{
	struct http_client *client = arg;
	int running, what = 0;
	if (events & LOOP_READ)
		what |= CURL_CSELECT_IN;
	if (events & LOOP_WRITE)
		what |= CURL_CSELECT_OUT;
	curl_multi_socket_action(client->multi, fd, what, &running);
	client_drain(client);
}

static void on_timer(void *arg)
{
	struct http_client *client = arg;
	int running;
	client->timer = NULL;
	curl_multi_socket_action(client->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	client_drain(client);
}

static int want_timer(CURLM *multi, long ms, void *arg)
{
	struct http_client *client = arg;
	(void)multi;
	loop_timer_stop(client->loop, client->timer);
	client->timer = ms < 0 ? NULL : loop_timer_start(client->loop, ms, on_timer, client);
	return 0;
}

static int want_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
	struct http_client *client = arg;
	(void)easy;
	(void)socket_arg;
	if (what == CURL_POLL_REMOVE) {
		loop_forget(client->loop, fd);
		poke_later(client);
		return 0;
	}
	int events = 0;
	if (what & CURL_POLL_IN)
		events |= LOOP_READ;
	if (what & CURL_POLL_OUT)
		events |= LOOP_WRITE;
	/*
	 * If epoll fails, the exchange's own timer ends it; an error returned here would end all transfers.
	 */
	loop_watch(client->loop, fd, events, on_ready, client);
	return 0;
}

/* Creation and release */

static bool has_needed_curl(struct buf *why)
{
	const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
	if (!(info->features & CURL_VERSION_ASYNCHDNS)) {
		buf_puts(why,
			"libcurl has no asynchronous resolver: install one that has (c-ares or threaded)");
		return false;
	}
	if (!(info->features & CURL_VERSION_SSL)) {
		buf_puts(why, "libcurl was built without TLS");
		return false;
	}
	return true;
}

/* Creates one handle to check that this libcurl supports every option. */
static bool try_options(struct http_client *client, struct buf *why)
{
	CURLcode code;
	CURL *easy = transfer_handle(&client->options, &code);
	curl_easy_cleanup(easy);
	if (!easy)
		buf_printf(why, "%s refuses an option: %s", curl_version(), curl_easy_strerror(code));
	return easy != NULL;
}

static void join_loop(struct http_client *client)
{
	/* fusermount3 would inherit curl's wake-up sockets (curl#13618). */
	close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
	curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, want_socket);
	curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
	curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, want_timer);
	curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
	curl_multi_setopt(client->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
	curl_multi_setopt(client->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)CONNECTIONS_MAX);
	curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_KEPT);
}

struct http_client *http_client_new(struct loop *loop, const struct http_client_options *options,
	struct buf *why)
{
	/* CURLOPT_NOSIGNAL does not cover every write to a socket that the peer closed. */
	signal(SIGPIPE, SIG_IGN);
	if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc, wiping_free, wiping_realloc, strdup, calloc) !=
		CURLE_OK) {
		buf_puts(why, "libcurl cannot be initialised");
		return NULL;
	}
	struct http_client *client = xcalloc(1, sizeof *client);
	client->loop = loop;
	list_init(&client->exchanges);
	client->asks_names = true;
	client->options = *options;
	if (options->cacert)
		client->options.cacert = client->cacert = xstrdup(options->cacert);
	renew_certificates(client);
	if (options->connect_timeout_ms <= 0)
		client->options.connect_timeout_ms = CONNECT_MS;
	client->multi = curl_multi_init();
	if (!client->multi || !has_needed_curl(why) || !try_options(client, why)) {
		if (why->len == 0)
			buf_puts(why, "libcurl cannot be initialised");
		http_client_free(client);
		return NULL;
	}
	join_loop(client);
	return client;
}

void http_client_free(struct http_client *client)
{
	if (!client)
		return;
	while (!list_is_empty(&client->exchanges))
		client_cancel(client, LIST_FIRST(&client->exchanges, struct exchange, link));
	curl_multi_cleanup(client->multi);
	loop_timer_stop(client->loop, client->timer);
	loop_timer_stop(client->loop, client->poke);
	free(client->cacert);
	free(client->certificates);
	free(client);
	curl_global_cleanup();
}

/* Clocks and timers of the port */

static struct timer *client_timer_start(void *self, int64_t ms, transport_tick_fn *fn, void *arg)
{
	return loop_timer_start(((struct http_client *)self)->loop, ms, fn, arg);
}

static void client_timer_stop(void *self, struct timer *timer)
{
	loop_timer_stop(((struct http_client *)self)->loop, timer);
}

static int64_t client_now_ms(void *self)
{
	return loop_now_ms(((struct http_client *)self)->loop);
}

static int64_t client_wall_s(void *self)
{
	(void)self;
	return (int64_t)time(NULL);
}

struct transport http_client_transport(struct http_client *client)
{
	return (struct transport){
		.self = client,
		.send = client_send,
		.cancel = client_cancel,
		.timer_start = client_timer_start,
		.timer_stop = client_timer_stop,
		.now_ms = client_now_ms,
		.wall_s = client_wall_s,
	};
}

const char *http_client_certificates_file(void)
{
	return curl_version_info(CURLVERSION_NOW)->cainfo;
}

const char *http_client_certificates_directory(void)
{
	return curl_version_info(CURLVERSION_NOW)->capath;
}

const char *http_client_library(void)
{
	return curl_version();
}
