/*
 * fuzz_answer.c - any header lines and body, in any slices: within the ceilings, and the same however it was cut.
 *
 * The input: a byte that says how the body is cut, header lines, an empty line, the body; what follows a line
 * "-- trailers" are header lines again.
 */
#include "fuzz.h"

#include "http/answer.h"

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
static enum fault feed_lines(struct answer *answer, const char **at, const char *end)
{
	while (*at < end) {
		const char *newline = memchr(*at, '\n', (size_t)(end - *at));
		size_t len = newline ? (size_t)(newline + 1 - *at) : (size_t)(end - *at);
		/* its own allocation: the line is not NUL-terminated */
		char *line = malloc(len);
		memcpy(line, *at, len);
		size_t before = answer->header_bytes;
		enum fault fault = answer_header(answer, line, len);
		CHECK(answer->header_bytes <= ANSWER_HEADERS_MAX);
		CHECK(fault || answer->header_bytes == before + len);
		bool empty = *line == '\n' || *line == '\r';
		free(line);
		*at += len;
		if (fault || empty)
			return fault;
	}
	return FAULT_NONE;
}

static enum fault feed(struct answer *answer, const char *at, const char *end, uint32_t cut)
{
	struct cutter cutter = { cut };
	const char *trailers = NULL;
	enum fault fault = feed_lines(answer, &at, end);

	if (at < end)
		trailers = memmem(at, (size_t)(end - at), TRAILERS, sizeof(TRAILERS) - 1);
	for (const char *stop = trailers ? trailers : end; !fault && at < stop;) {
		size_t len = next_slice(&cutter, (size_t)(stop - at));
		char *piece = malloc(len);
		memcpy(piece, at, len);
		fault = answer_body(answer, piece, len);
		free(piece);
		at += len;
	}
	if (fault || !trailers)
		return fault;
	at += sizeof(TRAILERS) - 1;
	return feed_lines(answer, &at, end);
}

static void check(const struct answer *answer, enum fault fault)
{
	const struct response *response = &answer->response;

	CHECK(fault == FAULT_NONE || fault == FAULT_ANSWER || fault == FAULT_TOO_BIG);
	CHECK((response->detail[0] != '\0') == (fault != FAULT_NONE));
	CHECK(response->body.len <= MESSAGE_BODY_MAX);
	CHECK(response->retry_after_s >= -1 && response->retry_after_s < 100L * INT32_MAX);
	CHECK(memchr(response->date, 0, sizeof(response->date)) && fuzz_is_printable(response->date));
	CHECK(memchr(response->error_code, 0, sizeof(response->error_code)) &&
		fuzz_is_printable(response->error_code));
	CHECK(memchr(response->error_message, 0, sizeof(response->error_message)) &&
		fuzz_is_printable(response->error_message));
	CHECK(memchr(response->request_id, 0, sizeof(response->request_id)) &&
		fuzz_is_printable(response->request_id));
	if (!fault)
		CHECK(!answer->chunked || answer->length < 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct answer whole, cut;

	if (!size)
		return 0;
	const char *from = (const char *)data + 1, *end = (const char *)data + size;
	answer_init(&whole);
	answer_init(&cut);
	enum fault fault = feed(&whole, from, end, 0);
	check(&whole, fault);
	CHECK(feed(&cut, from, end, data[0] + 1u) == fault);
	check(&cut, fault);
	CHECK(whole.response.body.len == cut.response.body.len &&
		!memcmp(whole.response.body.data, cut.response.body.data, cut.response.body.len));
	CHECK(!strcmp(whole.response.detail, cut.response.detail));
	answer_release(&whole);
	answer_release(&cut);
	return 0;
}
