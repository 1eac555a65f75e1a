/*
 * sign_tc3.c - Tencent Cloud's request signature, TC3-HMAC-SHA256.
 *
 * The canonical form of the request is hashed. The string to sign has this hash, the time and the scope.
 * It is signed with a key derived from the secret, the day and the service.
 */
#include "sign_tc3.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/digest.h"
#include "base/timestamp.h"

static const char ALGORITHM[] = "TC3-HMAC-SHA256";

static bool add_hash(struct buf *out, const void *bytes, size_t len)
{
	unsigned char digest[DIGEST_BYTES];
	char hex[DIGEST_HEX + 1];
	digest_sha256(digest, bytes, len);
	digest_hex(hex, digest);
	return buf_puts(out, hex);
}

static bool add_lower(struct buf *out, const char *text)
{
	while (*text && buf_putc(out, ascii_lower(*text)))
		text++;
	return *text == '\0';
}

/* Only the value of x-tc-action is signed in lower case. */
static bool add_header_value(struct buf *out, const struct request *request, const char *name)
{
	if (strcmp(name, "host") == 0)
		return request_hostname(out, request);
	const char *value = request_header_value(request, name);
	if (value == NULL)
		return false;
	return strcmp(name, "x-tc-action") == 0 ? add_lower(out, value) : buf_puts(out, value);
}

static bool add_headers(struct buf *out, const struct request *request, const char *signed_headers)
{
	while (*signed_headers) {
		size_t len = strcspn(signed_headers, ";");
		char *name = xstrndup(signed_headers, len);
		bool added = buf_printf(out, "%s:", name) && add_header_value(out, request, name) &&
			buf_putc(out, '\n');
		free(name);
		if (!added)
			return false;
		signed_headers += len + (signed_headers[len] == ';');
	}
	return true;
}

bool tc3_canonical_request(struct buf *out, const struct request *request, const char *signed_headers)
{
	return buf_printf(out, "%s\n%s\n%s\n", request->method, request->path, request->query) &&
		add_headers(out, request, signed_headers) && buf_printf(out, "\n%s\n", signed_headers) &&
		add_hash(out, request->body.data, request->body.len);
}

/* 2024-11-22/tione/tc3_request */
static bool add_scope(struct buf *out, const char *service, int64_t now_s)
{
	return timestamp_format_date(out, now_s) && buf_printf(out, "/%s/tc3_request", service);
}

bool tc3_string_to_sign(struct buf *out, const char *canonical_request, const char *service, int64_t now_s)
{
	return buf_printf(out, "%s\n%lld\n", ALGORITHM, (long long)now_s) && add_scope(out, service, now_s) &&
		buf_putc(out, '\n') && add_hash(out, canonical_request, strlen(canonical_request));
}

static void chain(unsigned char key[DIGEST_BYTES], const char *text)
{
	digest_hmac(key, key, DIGEST_BYTES, text, strlen(text));
}

/* HMAC(HMAC(HMAC("TC3" secret, date), service), "tc3_request") */
static bool derive_key(unsigned char key[DIGEST_BYTES], const char *secret, const char *service,
	int64_t now_s)
{
	struct buf date;
	buf_init(&date, 32);
	bool dated = timestamp_format_date(&date, now_s);
	size_t len = strlen(secret) + 3;
	char *first = xmalloc(len);
	memcpy(first, "TC3", 3);
	memcpy(first + 3, secret, len - 3);
	digest_hmac(key, first, len, date.data, date.len);
	digest_wipe(first, len);
	free(first);
	buf_release(&date);
	chain(key, service);
	chain(key, "tc3_request");
	return dated;
}

bool tc3_authorization(struct buf *out, const char *string_to_sign, const char *signed_headers,
	const char *service, const struct credentials *credentials, int64_t now_s)
{
	unsigned char key[DIGEST_BYTES];
	char signature[DIGEST_HEX + 1];
	if (!credentials->id || !credentials->secret || !derive_key(key, credentials->secret, service, now_s))
		return false;
	chain(key, string_to_sign);
	digest_hex(signature, key);
	digest_wipe(key, sizeof key);
	return buf_printf(out, "%s Credential=%s/", ALGORITHM, credentials->id) &&
		add_scope(out, service, now_s) &&
		buf_printf(out, ", SignedHeaders=%s, Signature=%s", signed_headers, signature);
}
