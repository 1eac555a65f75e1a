/*
 * sign_bce.c - Baidu's request signature, bce-auth-v1.
 *
 * Three sorted lists make the canonical request: the query's pairs, the header lines, and the
 * header names. All values are percent-encoded again. A header without a value is left out
 * of both header lists, as the official SDKs do. The body is never signed; the signing key is the
 * hex text of a digest, not its bytes.
 */
#include "sign_bce.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/digest.h"
#include "base/timestamp.h"

enum { PIECE_MAX = 1 << 20 };

/* Texts to be sorted and joined. */
struct pieces {
	char **texts;
	size_t n;
};

static void pieces_release(struct pieces *pieces)
{
	for (size_t i = 0; i < pieces->n; i++)
		free(pieces->texts[i]);
	free(pieces->texts);
	*pieces = (struct pieces){ 0 };
}

/* Takes the content of the buffer. */
static void pieces_take(struct pieces *pieces, struct buf *text)
{
	pieces->texts = xrealloc(pieces->texts, (pieces->n + 1) * sizeof *pieces->texts);
	pieces->texts[pieces->n++] = buf_take(text);
}

static int compare_pieces(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool add_sorted(struct buf *out, struct pieces *pieces, char joint)
{
	if (pieces->n > 0)
		qsort(pieces->texts, pieces->n, sizeof *pieces->texts, compare_pieces);
	for (size_t i = 0; i < pieces->n; i++)
		if ((i > 0 && !buf_putc(out, joint)) || !buf_puts(out, pieces->texts[i]))
			return false;
	return !out->full;
}

bool bce_prefix(struct buf *out, const struct credentials *credentials, int64_t now_s, int expires_s)
{
	return credentials->id && buf_printf(out, "bce-auth-v1/%s/", credentials->id) &&
		timestamp_format(out, now_s) && buf_printf(out, "/%d", expires_s);
}

/* Decodes a key or a value of the query and encodes it as the signature requires. */
static void add_recoded(struct buf *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		int high = text[i] == '%' && i + 2 < len ? ascii_hex_value(text[i + 1]) : -1;
		int low = high < 0 ? -1 : ascii_hex_value(text[i + 2]);
		if (low >= 0)
			i += 2;
		request_encode_byte(out, low < 0 ? text[i] : (char)(high << 4 | low), false);
	}
}

/* "k=v", sorted as whole pairs; a key alone is "k=", and a key `authorization` is not signed. */
static bool add_query(struct buf *out, const char *query)
{
	struct pieces pairs = { 0 };
	struct buf pair;
	buf_init(&pair, PIECE_MAX);
	while (*query) {
		size_t len = strcspn(query, "&");
		size_t key_len = strcspn(query, "=&");
		size_t value_at = key_len + (key_len < len);
		add_recoded(&pair, query, key_len);
		if (len > 0 && !ascii_same(pair.data, "authorization")) {
			buf_putc(&pair, '=');
			add_recoded(&pair, query + value_at, len - value_at);
			pieces_take(&pairs, &pair);
		}
		buf_clear(&pair);
		query += len + (query[len] == '&');
	}
	bool added = add_sorted(out, &pairs, '&');
	buf_release(&pair);
	pieces_release(&pairs);
	return added;
}

static bool is_signed(const char *signed_headers, const char *name)
{
	size_t len = strlen(name);
	while (*signed_headers) {
		size_t listed = strcspn(signed_headers, ";");
		if (listed == len && memcmp(signed_headers, name, len) == 0)
			return true;
		signed_headers += listed + (signed_headers[listed] == ';');
	}
	return false;
}

static bool is_bce(const char *name)
{
	return strncmp(name, "x-bce-", 6) == 0;
}

/* What is signed of one header: its name into `names`, name and encoded value into `lines`. */
struct signing {
	const char *signed_headers;
	struct pieces names, lines;
};

static char *text_trim(const char *value)
{
	while (ascii_is_space(*value))
		value++;
	size_t len = strlen(value);
	while (len > 0 && ascii_is_space(value[len - 1]))
		len--;
	return xstrndup(value, len);
}

static void sign_header(struct signing *signing, const char *name, const char *value)
{
	struct buf key, line;
	buf_init(&key, PIECE_MAX);
	buf_init(&line, PIECE_MAX);
	char *trimmed = text_trim(value);
	for (const char *at = name; *at; at++)
		buf_putc(&key, ascii_lower(*at));
	if (*trimmed && (is_bce(key.data) || is_signed(signing->signed_headers, key.data))) {
		request_encode(&line, key.data, false);
		buf_putc(&line, ':');
		request_encode(&line, trimmed, false);
		pieces_take(&signing->lines, &line);
		pieces_take(&signing->names, &key);
	}
	free(trimmed);
	buf_release(&line);
	buf_release(&key);
}

/* curl writes the Host header later, so its value is taken from the request's base. */
static bool sign_headers(struct signing *signing, const struct request *request)
{
	struct buf host;
	buf_init(&host, PIECE_MAX);
	bool known = request_authority(&host, request);
	if (known)
		sign_header(signing, "host", host.data);
	buf_release(&host);
	for (size_t i = 0; i < request->n_headers; i++)
		if (!ascii_same(request->headers[i].name, "host"))
			sign_header(signing, request->headers[i].name, request->headers[i].value);
	return known;
}

static void signing_release(struct signing *signing)
{
	pieces_release(&signing->names);
	pieces_release(&signing->lines);
}

bool bce_canonical_request(struct buf *out, const struct request *request, const char *signed_headers)
{
	struct signing signing = { .signed_headers = signed_headers };
	bool added = sign_headers(&signing, request) && buf_printf(out, "%s\n", request->method) &&
		request_encode(out, request->path, true) && buf_putc(out, '\n') &&
		add_query(out, request->query) && buf_putc(out, '\n') &&
		add_sorted(out, &signing.lines, '\n');
	signing_release(&signing);
	return added;
}

static void hmac_hex(char out[DIGEST_HEX + 1], const char *key, const char *text)
{
	unsigned char digest[DIGEST_BYTES];
	digest_hmac(digest, key, strlen(key), text, strlen(text));
	digest_hex(out, digest);
	digest_wipe(digest, sizeof digest);
}

bool bce_authorization(struct buf *out, const char *prefix, const char *canonical_request,
	const struct request *request, const char *signed_headers, const struct credentials *credentials)
{
	char key[DIGEST_HEX + 1], signature[DIGEST_HEX + 1];
	if (!credentials->secret)
		return false;
	hmac_hex(key, credentials->secret, prefix);
	hmac_hex(signature, key, canonical_request);
	digest_wipe(key, sizeof key);
	struct signing signing = { .signed_headers = signed_headers };
	bool added = sign_headers(&signing, request) && buf_printf(out, "%s/", prefix) &&
		add_sorted(out, &signing.names, ';') && buf_printf(out, "/%s", signature);
	signing_release(&signing);
	return added;
}
