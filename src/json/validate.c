/*
 * validate.c - validates a JSON text in one pass, before a tree is built (a recursive-descent parser).
 *
 * It copies the text to `out` token by token and stops at the first byte that RFC 8259 forbids or that is
 * over a ceiling. So a hostile response costs one pass and no tree. Depth is at most JSON_DEPTH_MAX. The copy
 * keeps what cJSON would lose: a number becomes a marked string of its digits, U+0000 becomes C0 80, and a
 * lone surrogate or an invalid UTF-8 sequence becomes one U+FFFD, as in jq.
 */
#include "validate.h"

#include <string.h>

#include "base/utf8.h"

enum { REPLACEMENT = 0xfffd };

struct validator {
	const unsigned char *at, *end;
	struct buf *out;
	unsigned depth;
	size_t values, unsafe;
	enum error why; /* the error, if a function returns false */
};

static bool validate_value(struct validator *v);

static bool too_big(struct validator *v)
{
	v->why = ERR_TOO_BIG;
	return false;
}

/* The next byte; -1: the text ends. */
static int peek(const struct validator *v)
{
	return v->at < v->end ? *v->at : -1;
}

static bool is_white_space(unsigned char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static void skip_white_space(struct validator *v)
{
	while (v->at < v->end && is_white_space(*v->at))
		v->at++;
}

/* Copies the next byte if it is `byte`. */
static bool take_byte(struct validator *v, char byte)
{
	if (peek(v) != byte)
		return false;
	v->at++;
	buf_putc(v->out, byte);
	return true;
}

/* Writes a code point of a string as cJSON reads it. */
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

/* The value of the four hex digits at `at`; -1: there are none. */
static int read_hex4(const struct validator *v, const unsigned char *at)
{
	int unit = 0;

	if (v->end - at < 4)
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

/* At a backslash. Only \uXXXX is valid here; a pair of surrogates is one code point. */
static bool validate_unicode(struct validator *v)
{
	int code = v->end - v->at > 1 && v->at[1] == 'u' ? read_hex4(v, v->at + 2) : -1, low = -1;

	if (code < 0)
		return false;
	v->at += 6;
	if (code >= 0xd800 && code < 0xdc00 && v->end - v->at >= 6 && v->at[0] == '\\' && v->at[1] == 'u')
		low = read_hex4(v, v->at + 2);
	if (low >= 0xdc00 && low < 0xe000) {
		v->at += 6;
		code = 0x10000 + ((code & 0x3ff) << 10 | (low & 0x3ff));
	} else if (code >= 0xd800 && code < 0xe000) {
		code = REPLACEMENT;
	}
	v->unsafe += utf8_is_control((uint32_t)code);
	put_code_point(v->out, (unsigned)code);
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

/* The length of the character at `at`, whose first byte is over 7F. 0: its first *have bytes are invalid. */
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

/* A byte of a string that is never escaped, wherever it is shown. */
static bool is_plain(unsigned char byte)
{
	return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
}

/* Copies a run of plain bytes, valid characters and two-byte escapes. */
static void skip_run(struct validator *v)
{
	const unsigned char *at = v->at, *end = v->end;
	unsigned code;
	int n, have;

	for (; at < end; at += n) {
		n = 1;
		if (is_plain(*at))
			continue;
		if (*at == '\\' && end - at > 1 && is_simple_escape(at[1]))
			n = 2;
		else if (*at >= 0x80 && (n = read_utf8(at, end, &code, &have)))
			v->unsafe += utf8_is_control(code);
		else if (*at == 0x7f)
			v->unsafe++;
		else
			break;
	}
	buf_add(v->out, v->at, (size_t)(at - v->at));
	v->at = at;
}

/* Replaces one invalid sequence by U+FFFD. */
static void validate_broken(struct validator *v)
{
	unsigned code;
	int have;

	read_utf8(v->at, v->end, &code, &have);
	v->at += have;
	v->unsafe++;
	put_code_point(v->out, REPLACEMENT);
}

/* At the opening quote, or at an invalid byte in its place. */
static bool validate_string(struct validator *v)
{
	if (!take_byte(v, '"'))
		return false;
	for (;;) {
		skip_run(v);
		if (v->unsafe > JSON_UNSAFE_MAX)
			return too_big(v);
		int byte = peek(v);
		if (byte == '"')
			return take_byte(v, '"');
		if (byte < 0x20)
			return false;
		if (byte >= 0x80)
			validate_broken(v);
		else if (!validate_unicode(v))
			return false;
	}
}

/* At least one digit. */
static bool take_digits(struct validator *v)
{
	const unsigned char *from = v->at;

	while (v->at < v->end && *v->at >= '0' && *v->at <= '9')
		v->at++;
	return v->at > from;
}

static bool skip_one_of(struct validator *v, char a, char b)
{
	if (peek(v) != a && peek(v) != b)
		return false;
	v->at++;
	return true;
}

static bool validate_number(struct validator *v)
{
	const unsigned char *from = v->at;

	skip_one_of(v, '-', '-');
	if (!skip_one_of(v, '0', '0') && !take_digits(v))
		return false;
	if (skip_one_of(v, '.', '.') && !take_digits(v))
		return false;
	if (skip_one_of(v, 'e', 'E')) {
		skip_one_of(v, '+', '-');
		if (!take_digits(v))
			return false;
	}
	buf_putc(v->out, '"');
	buf_putc(v->out, (char)JSON_NUMBER_MARK);
	buf_add(v->out, from, (size_t)(v->at - from));
	return buf_putc(v->out, '"');
}

static bool validate_word(struct validator *v, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(v->end - v->at) < len || memcmp(v->at, word, len) != 0)
		return false;
	v->at += len;
	return buf_add(v->out, word, len);
}

static bool validate_member_name(struct validator *v)
{
	skip_white_space(v);
	if (!validate_string(v))
		return false;
	skip_white_space(v);
	return take_byte(v, ':');
}

/* At the opening bracket. */
static bool validate_container(struct validator *v, char opening, char closing)
{
	if (v->depth == JSON_DEPTH_MAX)
		return too_big(v);
	v->depth++;
	take_byte(v, opening);
	skip_white_space(v);
	if (peek(v) != closing) {
		do {
			if (closing == '}' && !validate_member_name(v))
				return false;
			skip_white_space(v);
			if (!validate_value(v))
				return false;
			skip_white_space(v);
		} while (take_byte(v, ','));
	}
	v->depth--;
	return take_byte(v, closing);
}

static bool validate_value(struct validator *v)
{
	if (++v->values > JSON_VALUES_MAX)
		return too_big(v);
	switch (peek(v)) {
	case '{':
		return validate_container(v, '{', '}');
	case '[':
		return validate_container(v, '[', ']');
	case '"':
		return validate_string(v);
	case 't':
		return validate_word(v, "true");
	case 'f':
		return validate_word(v, "false");
	case 'n':
		return validate_word(v, "null");
	default:
		return validate_number(v);
	}
}

enum error json_validate(struct buf *out, const char *text, size_t len)
{
	const unsigned char *bytes = (const unsigned char *)text;
	struct validator v = { .at = bytes, .end = bytes + len, .out = out, .why = ERR_ANSWER };

	if (len > JSON_BYTES_MAX)
		return ERR_TOO_BIG;
	skip_white_space(&v);
	bool whole = validate_value(&v);
	if (out->full) /* no text within the ceilings gets longer than JSON_VALIDATED_BYTES_MAX */
		return ERR_LOCAL;
	if (!whole)
		return v.why;
	skip_white_space(&v);
	return v.at == v.end ? ERR_NONE : ERR_ANSWER;
}
