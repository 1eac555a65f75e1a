/*
 * answer.c - an HTTP answer while it arrives.
 *
 * Nothing that a peer sends is worth more than its ceiling: header lines are counted, a body that
 * says that it is too long is refused before its first byte, one that does not say so when it
 * passes the ceiling.  What HTTP libraries are lenient about ends the exchange, because it makes it
 * doubtful where the answer ends or what it says: two lengths, a length beside chunks, a coding that
 * nobody asked for, a field that two readers could take for two things.
 */
#include "http/answer.h"

#include <stdio.h>
#include <string.h>

#include "base/ascii.h"

enum { EXPECTED_MAX = 256 << 10 }; /* bytes of a body that room is taken for before they come */

/* A piece of a header line, not NUL-terminated. */
struct span {
	const char *at;
	size_t len;
};

/* Fields that are only kept. */
struct field {
	const char *name;
	size_t offset, size;
};

static const struct field FIELDS[] = {
	{ "date", offsetof(struct response, date), sizeof((struct response *)0)->date },
	{ "x-bce-error-code", offsetof(struct response, error_code),
		sizeof((struct response *)0)->error_code },
	{ "x-bce-error-message", offsetof(struct response, error_message),
		sizeof((struct response *)0)->error_message },
	{ "x-bce-request-id", offsetof(struct response, request_id),
		sizeof((struct response *)0)->request_id },
};

void answer_init(struct answer *answer)
{
	*answer = (struct answer){ .length = -1 };
	response_init(&answer->response);
}

void answer_release(struct answer *answer)
{
	response_release(&answer->response);
}

static enum fault refuse(struct answer *answer, enum fault fault, const char *why)
{
	snprintf(answer->response.detail, sizeof answer->response.detail, "%s", why);
	return fault;
}

static bool span_is(struct span span, const char *text)
{
	size_t i = 0;
	while (i < span.len && text[i] && ascii_lower(span.at[i]) == ascii_lower(text[i]))
		i++;
	return i == span.len && text[i] == '\0';
}

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static struct span trim(struct span span)
{
	while (span.len > 0 && is_blank(span.at[span.len - 1]))
		span.len--;
	for (; span.len > 0 && is_blank(*span.at); span.at++)
		span.len--;
	return span;
}

/* Control bytes are left out: what a header says ends up in log lines. */
static void keep(char *field, size_t size, struct span value)
{
	char clean[512];
	size_t len = 0;
	for (size_t i = 0; i < value.len && len < sizeof clean - 1; i++)
		if ((unsigned char)value.at[i] >= 0x20 && value.at[i] != 0x7f)
			clean[len++] = value.at[i];
	clean[len] = '\0';
	memset(field, 0, size);
	fault_note_copy(field, size, clean);
}

/*
 * -1 for anything but digits; a number that no one could wait for or receive is as good as any
 * such.
 */
static int64_t read_count(struct span value)
{
	int64_t count = 0;
	for (size_t i = 0; i < value.len; i++) {
		if (!ascii_is_digit(value.at[i]))
			return -1;
		if (count < INT32_MAX)
			count = count * 10 + (value.at[i] - '0');
	}
	return value.len > 0 ? count : -1;
}

static enum fault take_length(struct answer *answer, struct span value)
{
	int64_t length = read_count(value);
	if (length < 0)
		return refuse(answer, FAULT_ANSWER, "the answer's Content-Length is not a number");
	if (answer->length >= 0 && answer->length != length)
		return refuse(answer, FAULT_ANSWER, "the answer has two different lengths");
	answer->length = length;
	if (length > MESSAGE_BODY_MAX)
		return refuse(answer, FAULT_TOO_BIG, "the answer says that it is over 8 MiB");
	buf_expect(&answer->response.body, (size_t)(length < EXPECTED_MAX ? length : EXPECTED_MAX));
	return FAULT_NONE;
}

static enum fault take_field(struct answer *answer, struct span name, struct span value)
{
	struct response *response = &answer->response;
	for (size_t i = 0; i < sizeof FIELDS / sizeof *FIELDS; i++)
		if (span_is(name, FIELDS[i].name))
			keep((char *)response + FIELDS[i].offset, FIELDS[i].size, value);
	if (span_is(name, "retry-after"))
		response->retry_after_s = (long)read_count(value);
	if (span_is(name, "transfer-encoding"))
		answer->chunked = true;
	if (span_is(name, "content-encoding") && value.len > 0 && !span_is(value, "identity"))
		return refuse(answer, FAULT_ANSWER, "the answer is compressed though nobody asked");
	if (span_is(name, "content-length"))
		return take_length(answer, value);
	return FAULT_NONE;
}

/* A new status line: what came before was a 1xx, of which only the bytes count. */
static void start_over(struct answer *answer)
{
	size_t header_bytes = answer->header_bytes;
	answer_release(answer);
	answer_init(answer);
	answer->header_bytes = header_bytes;
}

/* Ends as it should, continues no other line, and has no blank between its name and the colon. */
static bool is_plain_line(const char *line, size_t len)
{
	const char *colon = memchr(line, ':', len);
	if (len < 2 || memcmp(line + len - 2, "\r\n", 2) != 0)
		return false;
	return !(len > 2 && is_blank(*line)) && !(colon && (colon == line || is_blank(colon[-1])));
}

enum fault answer_header(struct answer *answer, const char *line, size_t len)
{
	if (len > ANSWER_HEADERS_MAX - answer->header_bytes)
		return refuse(answer, FAULT_ANSWER, "the answer's header is over 64 KiB");
	answer->header_bytes += len;
	if (len >= 5 && memcmp(line, "HTTP/", 5) == 0) {
		start_over(answer);
		return FAULT_NONE;
	}
	if (!is_plain_line(line, len))
		return refuse(answer, FAULT_ANSWER, "a line of the answer's header is in no plain form");
	const char *colon = memchr(line, ':', len);
	if (colon) {
		size_t name_len = (size_t)(colon - line);
		struct span name = { line, name_len };
		enum fault fault = take_field(answer, trim(name),
			trim((struct span){ colon + 1, len - name_len - 1 }));
		if (fault)
			return fault;
	}
	if (answer->chunked && answer->length >= 0)
		return refuse(answer, FAULT_ANSWER, "the answer has a length and chunks");
	return FAULT_NONE;
}

enum fault answer_body(struct answer *answer, const char *bytes, size_t len)
{
	if (buf_add(&answer->response.body, bytes, len))
		return FAULT_NONE;
	return refuse(answer, FAULT_TOO_BIG, "the answer is over 8 MiB");
}
