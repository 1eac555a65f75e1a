/*
 * answer.h - an HTTP answer while it arrives: every line and byte of the peer against its ceiling.
 *
 * http.c feeds it what curl hands over; it fills a struct response and says at once when the answer
 * can not become a good one, so that the rest need not be read.  Knows no network and no library.
 *
 * Pure.
 */
#ifndef DESCRIBEFS_ANSWER_H
#define DESCRIBEFS_ANSWER_H

#include "http/message.h"

enum { ANSWER_HEADERS_MAX = 64 << 10 }; /* bytes of all header lines, 1xx blocks and trailers too */

struct answer {
	struct response response;
	size_t header_bytes;
	int64_t length; /* Content-Length, -1 if none */
	bool chunked;
};

void answer_init(struct answer *answer);
void answer_release(struct answer *answer);

/*
 * One line of the header as it came, the status line and line end included; a piece of the body.
 * FAULT_NONE, or why this answer is no good: then response.detail says it in words, and no more is
 * fed.
 */
enum fault answer_header(struct answer *answer, const char *line, size_t len);
enum fault answer_body(struct answer *answer, const char *bytes, size_t len);

#endif
