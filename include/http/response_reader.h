/*
 * response_reader.h - reads an HTTP response as it arrives, and checks each line and byte against its
 * ceiling.
 *
 * The HTTP client feeds it what curl receives. It fills a struct response, and reports at once when the
 * response cannot become a valid one, so that the rest is not read.
 *
 * Pure.
 */
#ifndef DESCRIBEFS_RESPONSE_READER_H
#define DESCRIBEFS_RESPONSE_READER_H

#include "http/message.h"

enum {
	RESPONSE_HEADERS_MAX = 64 << 10
}; /* bytes of all header lines, those of 1xx responses and trailers included */

struct response_reader {
	struct response response;
	size_t header_bytes;
	int64_t length; /* Content-Length; -1: there is none */
	bool chunked;
};

void response_reader_init(struct response_reader *reader);
void response_reader_release(struct response_reader *reader);

/*
 * Feed one header line (the status line too) with its line end, or a piece of the body. An error other than
 * ERR_NONE rejects the response; response.detail says why. Nothing may be fed after that.
 */
enum error response_reader_header(struct response_reader *reader, const char *line, size_t len);
enum error response_reader_body(struct response_reader *reader, const char *bytes, size_t len);

#endif
