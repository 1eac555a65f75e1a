/*
 * response_reader.c - reads an HTTP response as it arrives.
 *
 * Header lines are counted. A body whose declared length is too long is rejected before its first byte, and
 * one of unknown length at the ceiling. Deviations that HTTP libraries accept are rejected if they make the
 * end or the meaning of the response ambiguous: two lengths, a length with chunks, a coding that the request
 * did not ask for, a field that two readers could read in two ways.
 */
#include "http/response_reader.h"

#include <stdio.h>
#include <string.h>

#include "base/ascii.h"

enum { EXPECTED_MAX = 256 << 10 }; /* bytes; at most so many are allocated for a body before they arrive */

/* A piece of a header line, not NUL-terminated. */
struct span {
	const char *at;
	size_t len;
};

/* Header fields that are only stored. */
struct text_field {
	const char *name;
	size_t offset, size;
};

/* clang-format off */
static const struct text_field TEXT_FIELDS[] = {
	{ "date", offsetof(struct response, date), sizeof((struct response *)0)->date },
	{ "x-bce-error-code", offsetof(struct response, error_code),
		sizeof((struct response *)0)->error_code },
	{ "x-bce-error-message", offsetof(struct response, error_message),
		sizeof((struct response *)0)->error_message },
	{ "x-bce-request-id", offsetof(struct response, request_id),
		sizeof((struct response *)0)->request_id },
};
/* clang-format on */

void response_reader_init(struct response_reader *reader)
{
	*reader = (struct response_reader){ .length = -1 };
	response_init(&reader->response);
}

void response_reader_release(struct response_reader *reader)
{
	response_release(&reader->response);
}

static enum error reject(struct response_reader *reader, enum error error, const char *why)
{
	snprintf(reader->response.detail, sizeof reader->response.detail, "%s", why);
	return error;
}

static bool span_is(struct span span, const char *text)
{
	size_t i = 0;
	while (i < span.len && text[i] && ascii_lower(span.at[i]) == ascii_lower(text[i]))
		i++;
	return i == span.len && text[i] == '\0';
}

static bool is_header_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static struct span span_trim(struct span span)
{
	while (span.len > 0 && is_header_blank(span.at[span.len - 1]))
		span.len--;
	for (; span.len > 0 && is_header_blank(*span.at); span.at++)
		span.len--;
	return span;
}

/* Removes control bytes, because the field is written to log lines. */
static void store_text(char *field, size_t size, struct span value)
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

/* -1: the text is not all digits. Saturates above INT32_MAX. */
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

static enum error take_length(struct response_reader *reader, struct span value)
{
	int64_t length = read_count(value);
	if (length < 0)
		return reject(reader, ERR_ANSWER, "the answer's Content-Length is not a number");
	if (reader->length >= 0 && reader->length != length)
		return reject(reader, ERR_ANSWER, "the answer has two different lengths");
	reader->length = length;
	if (length > MESSAGE_BODY_MAX)
		return reject(reader, ERR_TOO_BIG, "the answer says that it is over 8 MiB");
	buf_expect(&reader->response.body, (size_t)(length < EXPECTED_MAX ? length : EXPECTED_MAX));
	return ERR_NONE;
}

static enum error take_field(struct response_reader *reader, struct span name, struct span value)
{
	struct response *response = &reader->response;
	for (size_t i = 0; i < sizeof TEXT_FIELDS / sizeof *TEXT_FIELDS; i++)
		if (span_is(name, TEXT_FIELDS[i].name))
			store_text((char *)response + TEXT_FIELDS[i].offset, TEXT_FIELDS[i].size, value);
	if (span_is(name, "retry-after"))
		response->retry_after_s = (long)read_count(value);
	if (span_is(name, "transfer-encoding"))
		reader->chunked = true;
	if (span_is(name, "content-encoding") && value.len > 0 && !span_is(value, "identity"))
		return reject(reader, ERR_ANSWER,
			"the answer is compressed, but the request did not ask for that");
	if (span_is(name, "content-length"))
		return take_length(reader, value);
	return ERR_NONE;
}

/* At a new status line: the response before it was a 1xx. Only its bytes still count. */
static void start_over(struct response_reader *reader)
{
	size_t header_bytes = reader->header_bytes;
	response_reader_release(reader);
	response_reader_init(reader);
	reader->header_bytes = header_bytes;
}

/* The line ends in CRLF, is no continuation, and has no blank between name and colon. */
static bool is_plain_line(const char *line, size_t len)
{
	const char *colon = memchr(line, ':', len);
	if (len < 2 || memcmp(line + len - 2, "\r\n", 2) != 0)
		return false;
	return !(len > 2 && is_header_blank(*line)) &&
		!(colon && (colon == line || is_header_blank(colon[-1])));
}

enum error response_reader_header(struct response_reader *reader, const char *line, size_t len)
{
	if (len > RESPONSE_HEADERS_MAX - reader->header_bytes)
		return reject(reader, ERR_ANSWER, "the answer's header is over 64 KiB");
	reader->header_bytes += len;
	if (len >= 5 && memcmp(line, "HTTP/", 5) == 0) {
		start_over(reader);
		return ERR_NONE;
	}
	if (!is_plain_line(line, len))
		return reject(reader, ERR_ANSWER, "a line of the answer's header is in no plain form");
	const char *colon = memchr(line, ':', len);
	if (colon) {
		size_t name_len = (size_t)(colon - line);
		struct span name = { line, name_len };
		enum error error = take_field(reader, span_trim(name),
			span_trim((struct span){ colon + 1, len - name_len - 1 }));
		if (error)
			return error;
	}
	if (reader->chunked && reader->length >= 0)
		return reject(reader, ERR_ANSWER, "the answer has a length and chunks");
	return ERR_NONE;
}

enum error response_reader_body(struct response_reader *reader, const char *bytes, size_t len)
{
	if (buf_add(&reader->response.body, bytes, len))
		return ERR_NONE;
	return reject(reader, ERR_TOO_BIG, "the answer is over 8 MiB");
}
