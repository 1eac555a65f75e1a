/*
 * fuzz_answer.c - any header lines and body, in any slices: within the ceilings, and the same however it was cut.
 *
 * The input: a byte that says how the body is cut, header lines, an empty line, the body; what follows a line
 * "-- trailers" are header lines again.
 */
#include "fuzz.h"

#include "http/response_reader.h"

static const char TRAILERS[] = "\n-- trailers\n";

struct cutter {
	uint32_t state; /* 0: in one piece */
};

static size_t next_slice(struct cutter *cutter, size_t left)
{
	if (!cutter->state)
		return left;
	cutter->state = cutter->state * 1103515245u + 12345u;
	size_t len = 1 + (cutter->state >> 16) % 40;
	return len < left ? len : left;
}

/* Header lines to the empty one; where it stands then. */
static enum error feed_lines(struct response_reader *answer, const char **at, const char *end)
{
	while (*at < end) {
		const char *newline = memchr(*at, '\n', (size_t)(end - *at));
		size_t len = newline ? (size_t)(newline + 1 - *at) : (size_t)(end - *at);
		/* its own allocation: the line is not NUL-terminated */
		char *line = malloc(len);
		memcpy(line, *at, len);
		size_t before = answer->header_bytes;
		enum error error = response_reader_header(answer, line, len);
		CHECK(answer->header_bytes <= RESPONSE_HEADERS_MAX);
		CHECK(error || answer->header_bytes == before + len);
		bool empty = *line == '\n' || *line == '\r';
		free(line);
		*at += len;
		if (error || empty)
			return error;
	}
	return ERR_NONE;
}

static enum error feed(struct response_reader *answer, const char *at, const char *end, uint32_t cut)
{
	struct cutter cutter = { cut };
	const char *trailers = NULL;
	enum error error = feed_lines(answer, &at, end);

	if (at < end)
		trailers = memmem(at, (size_t)(end - at), TRAILERS, sizeof(TRAILERS) - 1);
	for (const char *stop = trailers ? trailers : end; !error && at < stop;) {
		size_t len = next_slice(&cutter, (size_t)(stop - at));
		char *piece = malloc(len);
		memcpy(piece, at, len);
		error = response_reader_body(answer, piece, len);
		free(piece);
		at += len;
	}
	if (error || !trailers)
		return error;
	at += sizeof(TRAILERS) - 1;
	return feed_lines(answer, &at, end);
}

static void check(const struct response_reader *answer, enum error error)
{
	const struct response *response = &answer->response;

	CHECK(error == ERR_NONE || error == ERR_ANSWER || error == ERR_TOO_BIG);
	CHECK((response->detail[0] != '\0') == (error != ERR_NONE));
	CHECK(response->body.len <= MESSAGE_BODY_MAX);
	CHECK(response->retry_after_s >= -1 && response->retry_after_s < 100L * INT32_MAX);
	CHECK(memchr(response->date, 0, sizeof(response->date)) && fuzz_is_printable(response->date));
	CHECK(memchr(response->error_code, 0, sizeof(response->error_code)) &&
		fuzz_is_printable(response->error_code));
	CHECK(memchr(response->error_message, 0, sizeof(response->error_message)) &&
		fuzz_is_printable(response->error_message));
	CHECK(memchr(response->request_id, 0, sizeof(response->request_id)) &&
		fuzz_is_printable(response->request_id));
	if (!error)
		CHECK(!answer->chunked || answer->length < 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct response_reader whole, cut;

	if (!size)
		return 0;
	const char *from = (const char *)data + 1, *end = (const char *)data + size;
	response_reader_init(&whole);
	response_reader_init(&cut);
	enum error error = feed(&whole, from, end, 0);
	check(&whole, error);
	CHECK(feed(&cut, from, end, data[0] + 1u) == error);
	check(&cut, error);
	CHECK(whole.response.body.len == cut.response.body.len &&
		!memcmp(whole.response.body.data, cut.response.body.data, cut.response.body.len));
	CHECK(!strcmp(whole.response.detail, cut.response.detail));
	response_reader_release(&whole);
	response_reader_release(&cut);
	return 0;
}
