/*
 * fuzz.c - what the harnesses share.
 */
#include "fuzz.h"

#include "base/name.h"
#include "http/response_reader.h"

void fuzz_break(const char *truth, const char *file, int line)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, truth);
	abort();
}

uint8_t feed_byte(struct feed *feed)
{
	if (!feed->left)
		return 0;
	feed->left--;
	return *feed->at++;
}

size_t feed_below(struct feed *feed, size_t n)
{
	return feed_byte(feed) % n;
}

char *feed_text(struct feed *feed)
{
	size_t len = feed_byte(feed);

	if (len > feed->left)
		len = feed->left;
	char *text = fuzz_text(feed->at, len);
	feed->at += len;
	feed->left -= len;
	return text;
}

char *fuzz_text(const uint8_t *data, size_t size)
{
	char *text = xmalloc(size + 1);
	size_t len = 0;

	for (size_t i = 0; i < size; i++)
		if (data[i])
			text[len++] = (char)data[i];
	text[len] = '\0';
	/* exactly as long as it is, so that the sanitizer sees what reads on */
	return xrealloc(text, len + 1);
}

/* ---- an HTTP answer ---- */

static int read_status(const char *line, size_t len)
{
	int status = 0;

	for (size_t i = 9; i < 12 && i < len && line[i] >= '0' && line[i] <= '9'; i++)
		status = status * 10 + (line[i] - '0');
	return status;
}

void fuzz_response(struct response *out, const uint8_t *data, size_t size)
{
	const char *at = (const char *)data, *end = at + size;
	struct response_reader answer;
	enum error error = ERR_NONE;
	int status = 0;

	response_reader_init(&answer);
	while (!error && at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t len = newline ? (size_t)(newline + 1 - at) : (size_t)(end - at);
		if (len >= 5 && !memcmp(at, "HTTP/", 5))
			status = read_status(at, len);
		error = response_reader_header(&answer, at, len);
		bool empty = *at == '\n' || *at == '\r';
		at += len;
		if (empty)
			break;
	}
	if (!error && at < end)
		error = response_reader_body(&answer, at, (size_t)(end - at));
	*out = answer.response;
	out->status = error ? 0 : status;
	out->error = error ? error : status ? ERR_NONE : ERR_LOST;
	if (out->error == ERR_LOST)
		snprintf(out->detail, sizeof(out->detail), "no answer");
}

/* ---- texts ---- */

/* Bytes of the character at `at`, its value in *point; 0: there is none. */
static size_t read_character(const unsigned char *at, uint32_t *point)
{
	size_t n = at[0] < 0x80 ? 1 : at[0] >= 0xc2 && at[0] < 0xe0 ? 2 :
		at[0] >= 0xe0 && at[0] < 0xf0 ? 3 : at[0] >= 0xf0 && at[0] < 0xf5 ? 4 : 0;

	*point = n == 1 ? at[0] : n == 2 ? at[0] & 0x1fu : n == 3 ? at[0] & 0x0fu : at[0] & 0x07u;
	for (size_t i = 1; i < n; i++) {
		if (at[i] < 0x80 || at[i] > 0xbf)
			return 0;
		*point = *point << 6 | (at[i] & 0x3fu);
	}
	if ((n == 3 && *point < 0x800) || (n == 4 && (*point < 0x10000 || *point > 0x10ffff)))
		return 0;
	return n && !(*point >= 0xd800 && *point < 0xe000) ? n : 0;
}

bool fuzz_is_utf8(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	uint32_t point;

	while (*at) {
		size_t n = at[0] == 0xc0 && at[1] == 0x80 ? 2 : read_character(at, &point);
		if (!n)
			return false;
		at += n;
	}
	return true;
}

bool fuzz_is_printable(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	uint32_t point;

	while (*at) {
		size_t n = read_character(at, &point);
		if (!n || point < 0x20 || (point >= 0x7f && point < 0xa0))
			return false;
		if ((point >= 0x202a && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069))
			return false; /* turns the line round */
		at += n;
	}
	return true;
}

bool fuzz_is_name(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len <= NAME_BYTES_MAX && fuzz_is_printable(name) && !strchr(name, '/') &&
		!strchr(".- ", name[0]) && name[len - 1] != ' ';
}

void fuzz_check_note(const struct error_note *note)
{
	CHECK(memchr(note->code, 0, sizeof(note->code)) && fuzz_is_printable(note->code));
	CHECK(memchr(note->message, 0, sizeof(note->message)) && fuzz_is_printable(note->message));
	CHECK(memchr(note->request_id, 0, sizeof(note->request_id)) &&
		fuzz_is_printable(note->request_id));
}
