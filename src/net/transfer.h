/*
 * transfer.h - one request in curl's hands: every option that curl is given, and what its codes
 * mean.
 *
 * Private to http_client.c, which drives the transfers; the two are the only files that know curl.
 */
#ifndef DESCRIBEFS_TRANSFER_H
#define DESCRIBEFS_TRANSFER_H

#include <curl/curl.h>

#include "http/response_reader.h"
#include "net/http_client.h"

/* Must not move while curl has it. */
struct transfer {
	CURL *easy; /* its own; NULL: none could be made */
	struct curl_slist *headers;
	char *body;
	size_t body_len;
	bool plain; /* http:// */
	const struct proxy *proxy; /* NULL: not through one */
	enum reach reach; /* the request's */
	transport_wire_fn *on_sent; /* NULL: nobody wants to know */
	void *on_sent_arg;
	bool is_named; /* the host is a name, not an address */
	bool is_sent; /* the request went onto the wire */
	bool kept_died; /* on a kept connection, which then ended without a word */
	struct response_reader answer;
	enum error error; /* what our own callbacks found, which says more than curl's code */
	char curl_error[CURL_ERROR_SIZE];
};

/* An easy handle for one transfer.  NULL: *code says why. */
CURL *transfer_handle(const struct http_client_options *options, CURLcode *code);

/*
 * Copies the request into the handle, which may be NULL.  False: it cannot be sent.  transfer_end is
 * due in both cases.
 */
bool transfer_begin(struct transfer *transfer, CURL *easy, const struct http_client_options *options,
	const struct request *request, long timeout_ms);
/* The socket for a connection to that address, or CURL_SOCKET_BAD: it may not be connected to. */
int transfer_socket(struct transfer *transfer, const struct curl_sockaddr *address);
/* The handle goes, and the answer; the connection stays with curl for the next one. */
void transfer_end(struct transfer *transfer);

/*
 * Makes answer.response whole: what curl says at the end, or that it failed for a reason of our
 * own.
 */
void transfer_finish(struct transfer *transfer, CURLcode code);
void transfer_fail(struct transfer *transfer, enum error error, const char *why);
void transfer_time_out(struct transfer *transfer);

#endif
