/*
 * json_validate.c - one pass over a JSON text before any tree is built.
 *
 * A recursive descent, no deeper than JSON_DEPTH_MAX, copies the text to `out` token by token and
 * stops at the first byte that RFC 8259 does not allow or that passes a ceiling; so a hostile
 * answer costs one pass and never a tree.  On the way it writes what the tree's builder would lose:
 * a number as a marked string of its digits, U+0000 as C0 80, a lone surrogate or a broken UTF-8
 * sequence as U+FFFD (one for a sequence, as jq does).
 */
#include "json_validate.h"

#include <string.h>

#include "base/utf8.h"

enum { REPLACEMENT = 0xfffd };

struct scan {
	const unsigned char *at, *end;
	struct buf *out;
	unsigned depth;
	size_t values, unsafe;
	enum error why; /* what a false means */
};

static bool scan_value(struct scan *s);

static bool refuse_too_big(struct scan *s)
{
	s->why = ERR_TOO_BIG;
	return false;
}

/* The next byte, -1 at the end. */
static int cursor(const struct scan *s)
{
	return s->at < s->end ? *s->at : -1;
}

static bool is_blank(unsigned char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static void skip_blanks(struct scan *s)
{
	while (s->at < s->end && is_blank(*s->at))
		s->at++;
}

/* Copies the next byte if it is this one. */
static bool take(struct scan *s, char byte)
{
	if (cursor(s) != byte)
		return false;
	s->at++;
	buf_putc(s->out, byte);
	return true;
}

/* Writes a code point the way that the tree's builder reads it inside a string. */
static void put_code_point(struct buf *out, unsigned code)
{
	unsigned char bytes[4];
	size_t n = 0;

	if (code && code < 0x20) {
		buf_add_hex(out, "\\u", code, 4, BUF_HEX_LOWER);
		return;
	}
	if (code == '"' || code == '\\')
		bytes[n++] = '\\';
	if (code && code < 0x80) {
		bytes[n++] = (unsigned char)code;
	} else if (code < 0x800) { /* U+0000 too: C0 80 */
		bytes[n++] = (unsigned char)(0xc0 | code >> 6);
		bytes[n++] = (unsigned char)(0x80 | (code & 0x3f));
	} else if (code < 0x10000) {
		bytes[n++] = (unsigned char)(0xe0 | code >> 12);
		bytes[n++] = (unsigned char)(0x80 | (code >> 6 & 0x3f));
		bytes[n++] = (unsigned char)(0x80 | (code & 0x3f));
	} else {
		bytes[n++] = (unsigned char)(0xf0 | code >> 18);
		bytes[n++] = (unsigned char)(0x80 | (code >> 12 & 0x3f));
		bytes[n++] = (unsigned char)(0x80 | (code >> 6 & 0x3f));
		bytes[n++] = (unsigned char)(0x80 | (code & 0x3f));
	}
	buf_add(out, bytes, n);
}

/* The four hex digits at `at`, or -1. */
static int read_hex4(const struct scan *s, const unsigned char *at)
{
	int unit = 0;

	if (s->end - at < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int digit = at[i];

		if (digit >= '0' && digit <= '9')
			digit -= '0';
		else if ((digit | 0x20) >= 'a' && (digit | 0x20) <= 'f')
			digit = (digit | 0x20) - 'a' + 10;
		else
			return -1;
		unit = unit << 4 | digit;
	}
	return unit;
}

/* Stands on the backslash of \uXXXX, or of no escape at all; a pair of surrogates is one code point. */
static bool scan_unicode(struct scan *s)
{
	int code = s->end - s->at > 1 && s->at[1] == 'u' ? read_hex4(s, s->at + 2) : -1, low = -1;

	if (code < 0)
		return false;
	s->at += 6;
	if (code >= 0xd800 && code < 0xdc00 && s->end - s->at >= 6 && s->at[0] == '\\' && s->at[1] == 'u')
		low = read_hex4(s, s->at + 2);
	if (low >= 0xdc00 && low < 0xe000) {
		s->at += 6;
		code = 0x10000 + ((code & 0x3ff) << 10 | (low & 0x3ff));
	} else if (code >= 0xd800 && code < 0xe000) {
		code = REPLACEMENT;
	}
	s->unsafe += utf8_is_control((uint32_t)code);
	put_code_point(s->out, (unsigned)code);
	return true;
}

static bool is_simple_escape(unsigned char byte)
{
	switch (byte) {
	case '"':
	case '\\':
	case '/':
	case 'b':
	case 'f':
	case 'n':
	case 'r':
	case 't':
		return true;
	default:
		return false;
	}
}

/* Bytes of the character that begins at `at` with a byte over 7F; 0: it is broken, *have bytes of it. */
static int read_utf8(const unsigned char *at, const unsigned char *end, unsigned *code, int *have)
{
	static const unsigned first_of[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned lead = *at;
	int n = lead >= 0xf5 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 1;
	unsigned point = lead & (0x7fu >> n);
	int i = 1;

	while (i < n && i < end - at && (at[i] & 0xc0) == 0x80)
		point = point << 6 | (at[i++] & 0x3fu);
	bool surrogate = point >= 0xd800 && point < 0xe000;
	*code = point;
	*have = i;
	return n > 1 && i == n && point >= first_of[n] && point <= 0x10ffff && !surrogate ? n : 0;
}

/* One byte of a string that means itself and nothing else, and takes no more room wherever it is shown. */
static bool is_plain(unsigned char byte)
{
	return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
}

/* Past what is copied as it stands: plain bytes, whole characters, escapes of two bytes. */
static void skip_run(struct scan *s)
{
	const unsigned char *at = s->at, *end = s->end;
	unsigned code;
	int n, have;

	for (; at < end; at += n) {
		n = 1;
		if (is_plain(*at))
			continue;
		if (*at == '\\' && end - at > 1 && is_simple_escape(at[1]))
			n = 2;
		else if (*at >= 0x80 && (n = read_utf8(at, end, &code, &have)))
			s->unsafe += utf8_is_control(code);
		else if (*at == 0x7f)
			s->unsafe++;
		else
			break;
	}
	buf_add(s->out, s->at, (size_t)(at - s->at));
	s->at = at;
}

/* A broken sequence is one U+FFFD. */
static void scan_broken(struct scan *s)
{
	unsigned code;
	int have;

	read_utf8(s->at, s->end, &code, &have);
	s->at += have;
	s->unsafe++;
	put_code_point(s->out, REPLACEMENT);
}

/* Stands on the opening quote, or on what should have been one. */
static bool scan_string(struct scan *s)
{
	if (!take(s, '"'))
		return false;
	for (;;) {
		skip_run(s);
		if (s->unsafe > JSON_UNSAFE_MAX)
			return refuse_too_big(s);
		int byte = cursor(s);
		if (byte == '"')
			return take(s, '"');
		if (byte < 0x20)
			return false;
		if (byte >= 0x80)
			scan_broken(s);
		else if (!scan_unicode(s))
			return false;
	}
}

/* One digit at least. */
static bool skip_digits(struct scan *s)
{
	const unsigned char *from = s->at;

	while (s->at < s->end && *s->at >= '0' && *s->at <= '9')
		s->at++;
	return s->at > from;
}

static bool skip_one_of(struct scan *s, char a, char b)
{
	if (cursor(s) != a && cursor(s) != b)
		return false;
	s->at++;
	return true;
}

static bool scan_number(struct scan *s)
{
	const unsigned char *from = s->at;

	skip_one_of(s, '-', '-');
	if (!skip_one_of(s, '0', '0') && !skip_digits(s))
		return false;
	if (skip_one_of(s, '.', '.') && !skip_digits(s))
		return false;
	if (skip_one_of(s, 'e', 'E')) {
		skip_one_of(s, '+', '-');
		if (!skip_digits(s))
			return false;
	}
	buf_putc(s->out, '"');
	buf_putc(s->out, (char)JSON_SCAN_NUMBER);
	buf_add(s->out, from, (size_t)(s->at - from));
	return buf_putc(s->out, '"');
}

static bool scan_word(struct scan *s, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(s->end - s->at) < len || memcmp(s->at, word, len) != 0)
		return false;
	s->at += len;
	return buf_add(s->out, word, len);
}

static bool scan_member_name(struct scan *s)
{
	skip_blanks(s);
	if (!scan_string(s))
		return false;
	skip_blanks(s);
	return take(s, ':');
}

/* Stands on the bracket that opens. */
static bool scan_container(struct scan *s, char opening, char closing)
{
	if (s->depth == JSON_DEPTH_MAX)
		return refuse_too_big(s);
	s->depth++;
	take(s, opening);
	skip_blanks(s);
	if (cursor(s) != closing) {
		do {
			if (closing == '}' && !scan_member_name(s))
				return false;
			skip_blanks(s);
			if (!scan_value(s))
				return false;
			skip_blanks(s);
		} while (take(s, ','));
	}
	s->depth--;
	return take(s, closing);
}

static bool scan_value(struct scan *s)
{
	if (++s->values > JSON_VALUES_MAX)
		return refuse_too_big(s);
	switch (cursor(s)) {
	case '{':
		return scan_container(s, '{', '}');
	case '[':
		return scan_container(s, '[', ']');
	case '"':
		return scan_string(s);
	case 't':
		return scan_word(s, "true");
	case 'f':
		return scan_word(s, "false");
	case 'n':
		return scan_word(s, "null");
	default:
		return scan_number(s);
	}
}

enum error json_validate(struct buf *out, const char *text, size_t len)
{
	const unsigned char *bytes = (const unsigned char *)text;
	struct scan s = { .at = bytes, .end = bytes + len, .out = out, .why = ERR_ANSWER };

	if (len > JSON_BYTES_MAX)
		return ERR_TOO_BIG;
	skip_blanks(&s);
	bool whole = scan_value(&s);
	if (out->full) /* no text within the ceilings gets so long (JSON_SCAN_BYTES_MAX) */
		return ERR_LOCAL;
	if (!whole)
		return s.why;
	skip_blanks(&s);
	return s.at == s.end ? ERR_NONE : ERR_ANSWER;
}
