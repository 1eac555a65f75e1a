/*
 * http_client.h - HTTP client: libcurl's multi interface on the loop, behind `struct transport`.
 *
 * It follows no redirect, asks for no compression, uses no proxy but the one given and reads no netrc. TLS
 * is 1.2 or newer and always verified. Each byte of a response counts against a ceiling. libcurl must have
 * an asynchronous resolver. Only http_client.c, transfer.c and curl_error.c include curl.
 */
#ifndef DESCRIBEFS_HTTP_CLIENT_H
#define DESCRIBEFS_HTTP_CLIENT_H

#include "base/buf.h"
#include "http/transport.h"
#include "net/loop.h"
#include "net/proxy.h"
#include "sys/read_file.h"

struct http_client;

/* All pointers are borrowed. */
struct http_client_options {
	const struct proxy *proxy; /* for https:// requests; its url NULL: none */
	const char *cacert; /* a PEM file to trust instead of the system's; NULL: the system's */
	long connect_timeout_ms; /* 0: 3000 */
	const struct file_cover *cover; /* as in read_file.h; cacert is read again when the file changed */
	int64_t invoker; /* as in read_file.h */
	const char *certificates; /* written by http_client.c: cacert's content when it was last valid */
	size_t certificates_len;
};

/* Initializes libcurl: call it after the fork. On failure: NULL, and `why` is one line. */
struct http_client *http_client_new(struct loop *loop, const struct http_client_options *options,
	struct buf *why);
/* Cancels all requests. Accepts NULL. */
void http_client_free(struct http_client *client);
/* The port for the engine; valid as long as the client. */
struct transport http_client_transport(struct http_client *client);

/* Where libcurl looks for the machine's certificates; NULL: nowhere. */
const char *http_client_certificates_file(void);
const char *http_client_certificates_directory(void);

/* libcurl's version, for messages. */
const char *http_client_library(void);

#endif
