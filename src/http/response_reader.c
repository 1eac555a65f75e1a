/*
 * response_reader.c - an HTTP answer while it arrives.
 *
 * Nothing that a peer sends is worth more than its ceiling: header lines are counted, a body that
 * says that it is too long is refused before its first byte, one that does not say so when it
 * passes the ceiling.  What HTTP libraries are lenient about ends the exchange, because it makes it
 * doubtful where the answer ends or what it says: two lengths, a length beside chunks, a coding that
 * nobody asked for, a field that two readers could take for two things.
 */
#include "http/response_reader.h"

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
struct row_field {
	const char *name;
	size_t offset, size;
};

/* clang-format off */
static const struct row_field FIELDS[] = {
	{ "date", offsetof(struct response, date), sizeof((struct response *)0)->date },
	{ "x-bce-error-code", offsetof(struct response, error_code),
		sizeof((struct response *)0)->error_code },
	{ "x-bce-error-message", offsetof(struct response, error_message),
		sizeof((struct response *)0)->error_message },
	{ "x-bce-request-id", offsetof(struct response, request_id),
		sizeof((struct response *)0)->request_id },
};
/* clang-format on */

void response_reader_init(struct response_reader *answer)
{
	*answer = (struct response_reader){ .length = -1 };
	response_init(&answer->response);
}

void response_reader_release(struct response_reader *answer)
{
	response_release(&answer->response);
}

static enum error refuse(struct response_reader *answer, enum error error, const char *why)
{
	snprintf(answer->response.detail, sizeof answer->response.detail, "%s", why);
	return error;
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

static struct span span_trim(struct span span)
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
	error_note_copy(field, size, clean);
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

static enum error take_length(struct response_reader *answer, struct span value)
{
	int64_t length = read_count(value);
	if (length < 0)
		return refuse(answer, ERR_ANSWER, "the answer's Content-Length is not a number");
	if (answer->length >= 0 && answer->length != length)
		return refuse(answer, ERR_ANSWER, "the answer has two different lengths");
	answer->length = length;
	if (length > MESSAGE_BODY_MAX)
		return refuse(answer, ERR_TOO_BIG, "the answer says that it is over 8 MiB");
	buf_expect(&answer->response.body, (size_t)(length < EXPECTED_MAX ? length : EXPECTED_MAX));
	return ERR_NONE;
}

static enum error take_field(struct response_reader *answer, struct span name, struct span value)
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
		return refuse(answer, ERR_ANSWER, "the answer is compressed though nobody asked");
	if (span_is(name, "content-length"))
		return take_length(answer, value);
	return ERR_NONE;
}

/* A new status line: what came before was a 1xx, of which only the bytes count. */
static void start_over(struct response_reader *answer)
{
	size_t header_bytes = answer->header_bytes;
	response_reader_release(answer);
	response_reader_init(answer);
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

enum error response_reader_header(struct response_reader *answer, const char *line, size_t len)
{
	if (len > ANSWER_HEADERS_MAX - answer->header_bytes)
		return refuse(answer, ERR_ANSWER, "the answer's header is over 64 KiB");
	answer->header_bytes += len;
	if (len >= 5 && memcmp(line, "HTTP/", 5) == 0) {
		start_over(answer);
		return ERR_NONE;
	}
	if (!is_plain_line(line, len))
		return refuse(answer, ERR_ANSWER, "a line of the answer's header is in no plain form");
	const char *colon = memchr(line, ':', len);
	if (colon) {
		size_t name_len = (size_t)(colon - line);
		struct span name = { line, name_len };
		enum error error = take_field(answer, span_trim(name),
			span_trim((struct span){ colon + 1, len - name_len - 1 }));
		if (error)
			return error;
	}
	if (answer->chunked && answer->length >= 0)
		return refuse(answer, ERR_ANSWER, "the answer has a length and chunks");
	return ERR_NONE;
}

enum error response_reader_body(struct response_reader *answer, const char *bytes, size_t len)
{
	if (buf_add(&answer->response.body, bytes, len))
		return ERR_NONE;
	return refuse(answer, ERR_TOO_BIG, "the answer is over 8 MiB");
}
