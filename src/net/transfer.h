/*
 * transfer.h - one HTTP request in curl: all options, callbacks and error codes.
 *
 * Private to http_client.c, which runs the transfers.
 */
#ifndef DESCRIBEFS_TRANSFER_H
#define DESCRIBEFS_TRANSFER_H

#include <curl/curl.h>

#include "http/response_reader.h"
#include "net/http_client.h"

/* Invariant: its address does not change between transfer_begin and transfer_end. */
struct transfer {
	CURL *easy; /* owned; NULL: it could not be created */
	struct curl_slist *headers;
	char *body;
	size_t body_len;
	bool plain; /* http:// */
	const struct proxy *proxy; /* NULL: direct */
	enum reach reach; /* the request's */
	transport_wire_fn *on_sent; /* or NULL */
	void *on_sent_arg;
	bool is_named; /* the host to connect to is a name, not an address */
	bool is_sent; /* the request was sent on a connection */
	bool kept_died; /* it was sent on a kept connection, which closed without a response */
	struct response_reader answer;
	enum error error; /* found by our callbacks; more exact than curl's code */
	char curl_error[CURL_ERROR_SIZE];
};

/* An easy handle for one transfer; the caller owns it. NULL: *code is the reason. */
CURL *transfer_handle(const struct http_client_options *options, CURLcode *code);

/*
 * Sets the handle up for the request. Returns false if it cannot be sent. Call transfer_end in both cases.
 */
bool transfer_begin(struct transfer *transfer, CURL *easy, const struct http_client_options *options,
	const struct request *request, long timeout_ms);
/* A socket for the address, or CURL_SOCKET_BAD if a connection to it is not allowed. */
int transfer_socket(struct transfer *transfer, const struct curl_sockaddr *address);
/* Frees the handle and the response; curl keeps the connection. */
void transfer_end(struct transfer *transfer);

/* Complete answer.response: from curl's result code, with an error of ours, or as a timeout. */
void transfer_finish(struct transfer *transfer, CURLcode code);
void transfer_fail(struct transfer *transfer, enum error error, const char *why);
void transfer_time_out(struct transfer *transfer);

#endif
