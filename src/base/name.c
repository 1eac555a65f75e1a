/*
 * name.c - maps names and ids of the API to file names and back, and recognizes names of secrets.
 *
 * The escape goes through a text character by character and writes each offending byte as %XX. The inverse
 * decodes without checks and escapes the result again: it accepts a name only if that gives the same name. So
 * "exact inverse" needs no second set of rules.
 *
 * A name over 255 bytes is cut and gets a hash. The hash is SHA-256, because any user that names resources
 * could find two texts with the same weaker hash.
 */
#include "base/name.h"

#include <string.h>

#include "base/ascii.h"
#include "base/digest.h"
#include "base/utf8.h"

enum {
	MARK_HEX = 16,
	MARK_BYTES = 1 + MARK_HEX, /* '~' and the hash */
	KEPT_MAX = NAME_BYTES_MAX - MARK_BYTES,
	/* A cut name lacks at most three bytes of KEPT_MAX: a character of four bytes, or a %XX. */
	CUT_BYTES_MIN = NAME_BYTES_MAX - 3,
};

static bool begins_word(char before, char here, char next)
{
	if (!ascii_is_upper(here))
		return false;
	return ascii_is_lower(before) || ascii_is_digit(before) ||
		(ascii_is_upper(before) && ascii_is_lower(next));
}

void name_snake(struct buf *out, const char *member)
{
	char piece[256];
	size_t n = 0;

	for (const char *at = member; *at; at++) {
		if (n + 2 > sizeof piece) {
			buf_add(out, piece, n);
			n = 0;
		}
		if (at > member && begins_word(at[-1], at[0], at[1]))
			piece[n++] = '_';
		piece[n++] = ascii_lower(*at);
	}
	buf_add(out, piece, n);
}

/* One character of a text, or one invalid byte. */
struct piece {
	size_t bytes;
	bool raw; /* may be in a name unescaped, unless its position forbids that */
};

static struct piece next_piece(const char *text, const char *at)
{
	uint32_t point;
	size_t bytes = utf8_decode(at, 4,
		&point); /* never reads past the NUL, which continues no character */
	if (bytes == 0)
		return (struct piece){ .bytes = 1 };
	return (struct piece){ bytes, utf8_may_show(text, at, point) && point != '/' && point != '%' };
}

static bool may_begin(char byte)
{
	return byte != '.' && byte != '-' && byte != ' ';
}

/* Adds whole escapes only, so a full buffer never ends in a part of one. */
static void name_add_escaped(struct buf *out, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		buf_add_hex(out, "%", (unsigned char)bytes[i], 2, BUF_HEX_UPPER);
}

/* `out` is full afterwards if the escape does not fit. */
static void escape_pieces(struct buf *out, const char *text)
{
	if (*text == '\0')
		buf_putc(out, '%');
	for (const char *at = text; *at && !out->full;) {
		if (strncmp(at, "\xc0\x80", 2) == 0) {
			buf_puts(out, "%00");
			at += 2;
			continue;
		}
		struct piece piece = next_piece(text, at);
		bool first = at == text, last = at[piece.bytes] == '\0';
		if (piece.raw && !(first && !may_begin(*at)) && !(last && *at == ' '))
			buf_add(out, at, piece.bytes);
		else
			name_add_escaped(out, at, piece.bytes);
		at += piece.bytes;
	}
}

static bool is_hash(const char *text)
{
	size_t len = strspn(text, "0123456789abcdef");
	return len == MARK_HEX && text[len] == '\0';
}

static bool looks_cut(const struct buf *name)
{
	if (name->len < CUT_BYTES_MIN)
		return false;
	const char *mark = name->data + name->len - MARK_BYTES;
	return *mark == '~' && is_hash(mark + 1);
}

/* The length, at most `max`, to cut an escaped name to without dividing a character or a %XX. */
static size_t cut_length(const char *name, size_t max)
{
	size_t len = strlen(name);
	if (len <= max)
		return len;
	len = max;
	while (((unsigned char)name[len] & 0xc0) == 0x80)
		len--;
	if (len >= 1 && name[len - 1] == '%')
		return len - 1;
	if (len >= 2 && name[len - 2] == '%')
		return len - 2;
	return len;
}

static void add_marked(struct buf *out, const char *name, const char *text)
{
	unsigned char digest[DIGEST_BYTES];
	char hex[DIGEST_HEX + 1];
	digest_sha256(digest, text, strlen(text));
	digest_hex(hex, digest);
	buf_add(out, name, cut_length(name, KEPT_MAX));
	buf_putc(out, '~');
	buf_add(out, hex, MARK_HEX);
}

/* The common case: the text needs no escape and no cut. */
static bool is_its_own_name(const char *text)
{
	const char *at = text;

	if (!may_begin(*text))
		return false;
	while (*at >= ' ' && *at <= '~' && *at != '/' && *at != '%')
		at++;
	return !*at && at > text && at[-1] != ' ' && at - text < CUT_BYTES_MIN && !name_is_probe(text);
}

void name_escape(struct buf *out, const char *text)
{
	struct buf name;
	if (is_its_own_name(text)) {
		buf_puts(out, text);
		return;
	}
	buf_init_whole(&name, NAME_BYTES_MAX);
	escape_pieces(&name, text);
	if (!name.full && looks_cut(&name)) {
		char hash[MARK_HEX + 1];
		memcpy(hash, name.data + name.len - MARK_HEX, sizeof hash);
		name.data[name.len -= MARK_BYTES] = '\0';
		buf_puts(&name, "%7E");
		buf_puts(&name, hash);
	}
	const char *rest = name.data;
	if (!name.full && name_is_probe(name.data)) /* unescaped, it would be listed but not found */
		name_add_escaped(out, rest++, 1);
	if (name.full)
		add_marked(out, name.data, text);
	else
		buf_puts(out, rest);
	buf_release(&name);
}

/* Replaces every %XX by its byte. False: a '%' is followed by anything else. */
static bool name_decode(struct buf *out, const char *name)
{
	if (strcmp(name, "%") == 0)
		return true;
	for (const char *at = name; *at; at++) {
		if (*at != '%') {
			buf_putc(out, *at);
			continue;
		}
		int high = ascii_hex_value(at[1]);
		int low = high < 0 ? -1 : ascii_hex_value(at[2]);
		if (low < 0)
			return false;
		if (high == 0 && low == 0)
			buf_puts(out, "\xc0\x80");
		else
			buf_putc(out, (char)(high << 4 | low));
		at += 2;
	}
	return true;
}

bool name_unescape(struct buf *out, const char *name)
{
	if (*name == '\0' || strnlen(name, NAME_BYTES_MAX + 1) > NAME_BYTES_MAX)
		return false;
	struct buf text, again;
	buf_init_whole(&text, 2 * NAME_BYTES_MAX);
	buf_init_whole(&again, NAME_BYTES_MAX);
	bool exact = name_decode(&text, name);
	if (exact) {
		name_escape(&again, text.data);
		exact = strcmp(again.data, name) == 0 && buf_add(out, text.data, text.len);
	}
	buf_release(&again);
	buf_release(&text);
	return exact;
}

void name_distinct(struct buf *out, const char *name, const char *text)
{
	add_marked(out, name, text);
}

bool name_is_probe(const char *name)
{
	static const char *const PROBES[] = {
		/* Desktops look for these on every medium ... */
		"autorun.inf",
		"autorun.sh",
		"desktop.ini",
		"thumbs.db",
		"ehthumbs.db",
		"folder.jpg",
		"albumart.jpg",
		"cover.jpg",
		"$recycle.bin",
		"system volume information",
		"lost+found",
		"network trash folder",
		"temporary items",
		"thevolumesettingsfolder",
		/* ... and editors for these in every directory, beside many that begin with a dot. */
		"_darcs",
		"_fossil_",
		"_mtn",
		"_svn",
		"{arch}",
	};
	if (*name == '.')
		return true;
	for (size_t i = 0; i < sizeof PROBES / sizeof *PROBES; i++)
		if (ascii_lower(*name) == *PROBES[i] && ascii_same(name, PROBES[i]))
			return true;
	return false;
}

static bool ends_with(const char *text, size_t len, const char *end)
{
	size_t end_len = strlen(end);

	return len >= end_len && text[len - 1] == end[end_len - 1] && strcmp(text + len - end_len, end) == 0;
}

/* The end of a name: lower-case letters and digits only, without a plural's 's'. */
static void fold_end(char *end, size_t room, const char *member)
{
	size_t from = room, i = strlen(member);

	end[--from] = '\0';
	while (i > 0 && from > 0) {
		char letter = ascii_lower(member[--i]);
		bool is_plural = letter == 's' && !end[from] && i > 0 && ascii_lower(member[i - 1]) != 's';

		if (!is_plural && (ascii_is_lower(letter) || ascii_is_digit(letter)))
			end[--from] = letter;
	}
	memmove(end, end + from, room - from);
}

enum { END_MAX = 24 };

static bool ends_with_any(const char *end, const char *const *words)
{
	size_t len = strlen(end);

	while (*words && !ends_with(end, len, *words))
		words++;
	return *words;
}

/*
 * Cuts the end of "PasswordHash", "private_key_pem", "Token2": another form of the secret, or a second one.
 */
static bool cut_form(char *end)
{
	static const char *const FORMS[] = {
		"plaintext",
		"value",
		"text",
		"string",
		"data",
		"content",
		"pem",
		"base64",
		"hash",
		"plain",
	};
	size_t len = strlen(end);

	for (size_t i = 0; i < sizeof FORMS / sizeof *FORMS; i++)
		if (ends_with(end, len, FORMS[i])) {
			end[len - strlen(FORMS[i])] = '\0';
			return true;
		}
	size_t letters = len;
	while (letters > 0 && ascii_is_digit(end[letters - 1]))
		end[--letters] = '\0';
	return letters < len;
}

bool name_is_secret(const char *member)
{
	static const char *const ENDS[] = {
		"password",
		"passwd",
		"passphrase",
		"passcode",
		"pwd",
		"secret",
		"secretkey",
		"token",
		"credential",
		"privatekey",
		"accesskey",
		"apikey",
		"authkey",
		"signingkey",
		"encryptionkey",
		"sessionkey",
		"sharedkey",
		"masterkey",
		"sshkey",
		"clientkey",
		"hmackey",
		"logincommand",
		"kubeconfig",
		"connectionstring",
		"authorization",
		"cookie",
		"jwt",
		NULL,
	};
	char end[END_MAX];

	fold_end(end, sizeof end, member);
	return ends_with_any(end, ENDS) || (cut_form(end) && ends_with_any(end, ENDS));
}

bool name_is_token(const char *member)
{
	char end[END_MAX];

	fold_end(end, sizeof end, member);
	if (!ends_with(end, strlen(end), "token"))
		cut_form(end);
	return ends_with(end, strlen(end), "token");
}
