/*
 * response_reader.h - an HTTP answer while it arrives: every line and byte of the peer against its ceiling.
 *
 * http_client.c feeds it what curl hands over; it fills a struct response and says at once when the answer
 * can not become a good one, so that the rest need not be read.  Knows no network and no library.
 *
 * Pure.
 */
#ifndef DESCRIBEFS_RESPONSE_READER_H
#define DESCRIBEFS_RESPONSE_READER_H

#include "http/message.h"

enum { ANSWER_HEADERS_MAX = 64 << 10 }; /* bytes of all header lines, 1xx blocks and trailers too */

struct response_reader {
	struct response response;
	size_t header_bytes;
	int64_t length; /* Content-Length, -1 if none */
	bool chunked;
};

void response_reader_init(struct response_reader *answer);
void response_reader_release(struct response_reader *answer);

/*
 * One line of the header as it came, the status line and line end included; a piece of the body.
 * ERR_NONE, or why this answer is no good: then response.detail says it in words, and no more is
 * fed.
 */
enum error response_reader_header(struct response_reader *answer, const char *line, size_t len);
enum error response_reader_body(struct response_reader *answer, const char *bytes, size_t len);

#endif
