/*
 * http_client.h - libcurl's multi interface on our loop, behind `struct transport`.  http_client.c is the
 * only file that knows curl.
 *
 * No redirects, no compression, no proxy but the one that is named, no netrc, TLS >= 1.2 with
 * verification always on, every byte that a peer sends counted against a ceiling in the write
 * callback.  Refuses to start when libcurl has no asynchronous resolver.
 */
#ifndef DESCRIBEFS_HTTP_CLIENT_H
#define DESCRIBEFS_HTTP_CLIENT_H

#include "base/buf.h"
#include "http/transport.h"
#include "net/loop.h"
#include "net/proxy.h"
#include "sys/file.h"

struct http_client;

struct http_client_options {
	const struct proxy *proxy; /* for https:// requests; its url NULL: none */
	const char *cacert; /* PEM file to trust instead of the system's; NULL: the system's */
	long connect_timeout_ms; /* 3000 */
	const struct file_cover *cover; /* as file.h has it; cacert is read again when it has changed */
	int64_t invoker; /* as file.h has it */
	const char *certificates; /* what cacert held when it was last good; http_client.c sets it */
	size_t certificates_len;
};

/* NULL: `why` says what is missing. Initialises libcurl: after the fork, once a process. */
struct http_client *http_client_new(struct loop *loop, const struct http_client_options *options,
	struct buf *why);
void http_client_free(struct http_client *http);
/* The port that the engine uses; valid as long as both. */
struct transport http_client_transport(struct http_client *http);

/* Where libcurl looks for the machine's certificates; NULL: nowhere. */
const char *http_client_certificates_file(void);
const char *http_client_certificates_directory(void);

/* The library behind it and its version, for people. */
const char *http_client_library(void);

#endif
