/*
 * transfer.c - one HTTP request in curl: all options, callbacks and error codes.
 *
 * Each transfer has its own easy handle; the multi handle keeps the connections. Reused easy handles have
 * two defects: before curl 8.1.1 a response whose first header line is a folded one writes to freed headers
 * of the previous response (curl#11101); and after five dead kept connections in a handle's life the next one
 * is a failure. Options that are equal for all transfers are in two tables, the others are set for each.
 *
 * No redirect is followed (curl would send X-TC-Token to the other host), no compression is asked for, no
 * netrc or key log is used, and no proxy but the one given. response_reader.c counts what curl limits only
 * in part.
 *
 * curl's low-speed limit is not used: each transfer has a total timeout, which the user may set to 60 s for a
 * slow cloud.
 */
#include "transfer.h"

#include "curl_error.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/ascii.h"
#include "net/peer.h"

#if LIBCURL_VERSION_NUM < 0x075700
#error "libcurl 7.87 or newer is needed: without CURLOPT_QUICK_EXIT a silent name server blocks us"
#endif

enum { UNHEARD_MS = 3000 };

/* Callbacks of a running transfer */

static size_t take_header(char *line, size_t size, size_t n, void *arg)
{
	struct transfer *transfer = arg;
	transfer->error = response_reader_header(&transfer->answer, line, size * n);
	return transfer->error ? 0 : size * n;
}

static size_t take_body(char *bytes, size_t size, size_t n, void *arg)
{
	struct transfer *transfer = arg;
	transfer->error = response_reader_body(&transfer->answer, bytes, size * n);
	return transfer->error ? 0 : size * n;
}

/*
 * curl retries on another connection if a kept one closes without a response. The server may have received
 * the first request, and a second one could exceed the rate limit, so the engine decides about a retry. Ends
 * the transfer then.
 */
static bool is_restart(struct transfer *transfer)
{
	struct response *response = &transfer->answer.response;
	if (!transfer->is_sent)
		return false;
	error_note_copy(response->detail, sizeof response->detail,
		"a kept connection was closed by the server");
	transfer->kept_died = true;
	transfer->error = ERR_LOST;
	return true;
}

/*
 * A connection that a NAT box has dropped accepts data and returns nothing. A slow server still acknowledges
 * at once, because its kernel does. So data that is not acknowledged for UNHEARD_MS ends the connection, and
 * the retry opens another.
 */
static int socket_for(const struct curl_sockaddr *address)
{
	int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
	unsigned int unheard_ms = UNHEARD_MS;
	if (fd >= 0)
		setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unheard_ms, sizeof unheard_ms);
	return fd;
}

/*
 * The configuration allows http:// for loopback names and for a metadata service; here the address that the
 * name resolved to is checked.
 */
int transfer_socket(struct transfer *transfer, const struct curl_sockaddr *address)
{
	const struct sockaddr *to = &address->addr;
	bool is_too_far = transfer->plain && !peer_is_within(to, transfer->reach);
	if (is_restart(transfer) || peer_is_nowhere(to) || is_too_far)
		return CURL_SOCKET_BAD;
	return socket_for(address);
}

static int before_request(void *arg, char *ip, char *local_ip, int port, int local_port)
{
	struct transfer *transfer = arg;
	(void)ip;
	(void)local_ip;
	(void)port;
	(void)local_port;
	if (is_restart(transfer))
		return CURL_PREREQFUNC_ABORT;
	transfer->is_sent = true;
	if (transfer->on_sent)
		transfer->on_sent(transfer->on_sent_arg);
	return CURL_PREREQFUNC_OK;
}

/* Options that are equal for all requests */

struct number_row {
	CURLoption option;
	long value;
};

/* clang-format off */
static const struct number_row NUMBERS[] = {
	{ CURLOPT_NOSIGNAL, 1 },
	{ CURLOPT_QUICK_EXIT, 1 },
	{ CURLOPT_FOLLOWLOCATION, 0 },
	{ CURLOPT_MAXREDIRS, 0 },
	{ CURLOPT_UNRESTRICTED_AUTH, 0 },
	{ CURLOPT_HTTP09_ALLOWED, 0 },
	{ CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS }, /* http://: 1.1 */
	{ CURLOPT_NETRC, CURL_NETRC_IGNORED },
	{ CURLOPT_DISALLOW_USERNAME_IN_URL, 1 },
	{ CURLOPT_PATH_AS_IS, 1 }, /* what is signed is what is sent */
	{ CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2 }, /* or newer */
	{ CURLOPT_SSL_VERIFYPEER, 1 },
	{ CURLOPT_SSL_VERIFYHOST, 2 },
	{ CURLOPT_MAXFILESIZE, MESSAGE_BODY_MAX },
	{ CURLOPT_MAXLIFETIME_CONN, 300 },
	{ CURLOPT_TCP_KEEPALIVE, 1 },
	{ CURLOPT_TCP_KEEPIDLE, 20 },
	{ CURLOPT_TCP_KEEPINTVL, 10 },
	{ CURLOPT_HAPPY_EYEBALLS_TIMEOUT_MS, 200 },
	{ CURLOPT_HTTPPROXYTUNNEL, 1 },
	{ CURLOPT_SUPPRESS_CONNECT_HEADERS, 1 }, /* they are not part of the response */
	{ CURLOPT_HEADEROPT, CURLHEADER_SEPARATE }, /* a proxy gets no header of the request */
	{ CURLOPT_PROXYAUTH, CURLAUTH_BASIC },
	{ CURLOPT_PROXY_SSLVERSION, CURL_SSLVERSION_TLSv1_2 },
	{ CURLOPT_PROXY_SSL_VERIFYPEER, 1 },
	{ CURLOPT_PROXY_SSL_VERIFYHOST, 2 },
};
/* clang-format on */

struct text_row {
	CURLoption option;
	const char *value;
};

/* clang-format off */
static const struct text_row TEXTS[] = {
	{ CURLOPT_PROTOCOLS_STR, "http,https" },
	{ CURLOPT_REDIR_PROTOCOLS_STR, "https" }, /* no redirect is followed; curl refuses "" */
	{ CURLOPT_PROXY, "" }, /* not even from the environment */
	{ CURLOPT_NOPROXY, "" }, /* nor no_proxy */
	{ CURLOPT_USERAGENT, "describefs/" DESCRIBEFS_VERSION },
};
/* clang-format on */

/* As bytes: libcurl would open the file for each connection, and it may lie below our mount. */
static CURLcode set_certificates(const struct http_client_options *options, CURL *easy)
{
	struct curl_blob blob = { (char *)options->certificates, options->certificates_len, CURL_BLOB_COPY };
	CURLcode code = options->certificates ? curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &blob) :
						curl_easy_setopt(easy, CURLOPT_CAINFO, options->cacert);
	if (!code)
		code = options->certificates ? curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO_BLOB, &blob) :
					       curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, options->cacert);
	return code;
}

static CURLcode set_constants(const struct http_client_options *options, CURL *easy)
{
	long connect_ms = options->connect_timeout_ms;
	CURLcode code = CURLE_OK;
	for (size_t i = 0; !code && i < sizeof NUMBERS / sizeof *NUMBERS; i++)
		code = curl_easy_setopt(easy, NUMBERS[i].option, NUMBERS[i].value);
	for (size_t i = 0; !code && i < sizeof TEXTS / sizeof *TEXTS; i++)
		code = curl_easy_setopt(easy, TEXTS[i].option, TEXTS[i].value);
	if (!code)
		code = curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, connect_ms);
	if (!code && options->cacert) /* instead of the system's, not beside them */
		code = set_certificates(options, easy);
	if (!code && options->cacert)
		code = curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, NULL);
	if (!code && options->cacert)
		code = curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	if (code)
		return code;
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_request);
	return CURLE_OK;
}

CURL *transfer_handle(const struct http_client_options *options, CURLcode *code)
{
	CURL *easy = curl_easy_init();
	*code = easy ? set_constants(options, easy) : CURLE_OUT_OF_MEMORY;
	if (*code == CURLE_OK)
		return easy;
	curl_easy_cleanup(easy);
	return NULL;
}

/* Options of one request */

static bool set_url(CURL *easy, const struct request *request)
{
	struct buf url;
	buf_init(&url, MESSAGE_REQUEST_MAX);
	buf_puts(&url, request->base);
	request_encode(&url, request->path, true);
	if (request->query && *request->query)
		buf_printf(&url, "?%s", request->query);
	bool done = !url.full && curl_easy_setopt(easy, CURLOPT_URL, url.data) == CURLE_OK;
	buf_release(&url);
	return done;
}

static bool add_header(struct transfer *transfer, const char *name, const char *value)
{
	struct buf line;
	buf_init(&line, RESPONSE_HEADERS_MAX);
	/* curl omits the header for "Name:" and sends it empty for "Name;". */
	if (*value)
		buf_printf(&line, "%s: %s", name, value);
	else
		buf_printf(&line, "%s;", name);
	/* A line break in a value would inject another header. */
	struct curl_slist *headers = NULL;
	if (!line.full && !strpbrk(line.data, "\r\n"))
		headers = curl_slist_append(transfer->headers, line.data);
	explicit_bzero(line.data, line.len);
	buf_release(&line);
	if (headers)
		transfer->headers = headers;
	return headers != NULL;
}

static bool set_headers(struct transfer *transfer, const struct request *request)
{
	/* Do not wait for "100 Continue" before the body. */
	struct curl_slist *headers = curl_slist_append(NULL, "Expect:");
	if (!headers)
		return false;
	transfer->headers = headers;
	/* The Host header is the signed one, not the one that curl makes from the URL. */
	struct buf host;
	buf_init(&host, MESSAGE_REQUEST_MAX);
	bool done = request_authority(&host, request) && add_header(transfer, "Host", host.data);
	buf_release(&host);
	if (!done)
		return false;
	for (size_t i = 0; i < request->n_headers; i++)
		if (!add_header(transfer, request->headers[i].name, request->headers[i].value))
			return false;
	return curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers) == CURLE_OK;
}

static void set_body(struct transfer *transfer, const struct request *request)
{
	CURL *easy = transfer->easy;
	bool is_post = strcmp(request->method, "POST") == 0;
	bool has_body = is_post || request->body.len > 0;
	if (has_body) {
		transfer->body = xmalloc(request->body.len);
		transfer->body_len = request->body.len;
		memcpy(transfer->body, request->body.data, request->body.len);
		curl_easy_setopt(easy, CURLOPT_POST, 1L);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)request->body.len);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, transfer->body);
	} else {
		curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
	}
	curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, is_post ? NULL : request->method);
}

static bool transfer_set_proxy(struct transfer *transfer)
{
	const struct proxy *proxy = transfer->proxy;
	CURL *easy = transfer->easy;
	return !proxy ||
		(curl_easy_setopt(easy, CURLOPT_PROXY, proxy->url) == CURLE_OK &&
			curl_easy_setopt(easy, CURLOPT_PROXYUSERNAME, proxy->user) == CURLE_OK &&
			curl_easy_setopt(easy, CURLOPT_PROXYPASSWORD, proxy->password) == CURLE_OK);
}

/* The host to connect to is a name, not an address. */
static bool connects_to_name(const struct transfer *transfer, const struct request *request)
{
	const struct request proxy = { .base = transfer->proxy ? transfer->proxy->url : NULL };
	struct buf host;
	buf_init(&host, MESSAGE_REQUEST_MAX);
	bool named = request_hostname(&host, transfer->proxy ? &proxy : request) && host.data[0] != '[' &&
		!peer_text_is_address(host.data);
	buf_release(&host);
	return named;
}

bool transfer_begin(struct transfer *transfer, CURL *easy, const struct http_client_options *options,
	const struct request *request, long timeout_ms)
{
	*transfer = (struct transfer){ .easy = easy };
	response_reader_init(&transfer->answer);
	transfer->plain = strncasecmp(request->base, "https://", 8) != 0;
	transfer->reach = request->reach;
	if (options->proxy && options->proxy->url && !transfer->plain && !request->direct)
		transfer->proxy = options->proxy;
	transfer->is_named = connects_to_name(transfer, request);
	if (!easy || !set_url(easy, request) || !set_headers(transfer, request) ||
		!transfer_set_proxy(transfer))
		return false;
	set_body(transfer, request);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, timeout_ms);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->curl_error);
	return true;
}

void transfer_end(struct transfer *transfer)
{
	curl_easy_cleanup(transfer->easy);
	curl_slist_free_all(transfer->headers);
	if (transfer->body) /* it may contain credentials */
		explicit_bzero(transfer->body, transfer->body_len);
	free(transfer->body);
	response_reader_release(&transfer->answer);
}

void transfer_fail(struct transfer *transfer, enum error error, const char *why)
{
	struct response *response = &transfer->answer.response;
	response_release(response);
	response->error = error;
	error_note_copy(response->detail, sizeof response->detail, why);
}

/* The cause for a proxy's status code, which says nothing about the cloud or the resource. */
static enum error error_of_proxy(long status)
{
	if (status == 504)
		return ERR_TIMEOUT;
	if (status == 429)
		return ERR_THROTTLED;
	return status >= 500 ? ERR_SERVER : ERR_PROXY;
}

/* A request through a proxy has two peers; the message says which one failed. */
static void fail_behind_proxy(struct transfer *transfer, enum error error, const char *why)
{
	const char *url = transfer->proxy->url;
	struct buf line;
	long status = 0;
	curl_easy_getinfo(transfer->easy, CURLINFO_HTTP_CONNECTCODE, &status);
	bool is_through = transfer->is_sent || (status >= 200 && status < 300);
	buf_init(&line, 1024);
	if (!is_through && status == 407)
		buf_printf(&line, "the proxy %s takes no such user or password (407)", url);
	else if (!is_through && status)
		buf_printf(&line, "the proxy %s refuses to connect (%ld)", url, status);
	else
		buf_printf(&line, "%sthe proxy %s: %s", is_through ? "through " : "", url, why);
	transfer_fail(transfer, !is_through && status ? error_of_proxy(status) : error, line.data);
	buf_release(&line);
}

void transfer_time_out(struct transfer *transfer)
{
	static const char WHY[] = "no whole answer in the time allowed";
	if (transfer->proxy)
		fail_behind_proxy(transfer, ERR_TIMEOUT, WHY);
	else
		transfer_fail(transfer, ERR_TIMEOUT, WHY);
}

void transfer_finish(struct transfer *transfer, CURLcode code)
{
	struct response *response = &transfer->answer.response;
	long status = 0;
	curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	response->status = (int)status;
	if (code == CURLE_OK)
		return;
	if (!transfer->error) {
		const char *why = *transfer->curl_error ? transfer->curl_error : curl_easy_strerror(code);
		enum error error = curl_error_cause(transfer->easy, code);
		if (transfer->proxy)
			fail_behind_proxy(transfer, error, why);
		else
			transfer_fail(transfer, error, why);
		return;
	}
	char why[sizeof response->detail];
	memcpy(why, response->detail, sizeof why);
	transfer_fail(transfer, transfer->error, why);
}
