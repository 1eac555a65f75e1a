#include "verify.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *verify_header(const struct http_request *request, const char *name, size_t n)
{
	for (size_t i = 0; i < request->header_count; i++) {
		const struct header *h = &request->headers[i];

		if (strlen(h->name) == n && !strncasecmp(h->name, name, n))
			return h->value;
	}
	return NULL;
}

void verify_refuse(struct verdict *v, int status, const char *code, const char *fmt, ...)
{
	va_list ap;

	v->signed_ok = false;
	v->http_status = status;
	snprintf(v->code, sizeof(v->code), "%s", code);
	va_start(ap, fmt);
	vsnprintf(v->message, sizeof(v->message), fmt, ap);
	va_end(ap);
}

void verify_hex(const unsigned char digest[VERIFY_DIGEST], char hex[VERIFY_HEX])
{
	for (int i = 0; i < VERIFY_DIGEST; i++)
		snprintf(hex + i * 2, 3, "%02x", digest[i]);
}

void verify_sha256_hex(const void *bytes, size_t n, char hex[VERIFY_HEX])
{
	unsigned char digest[VERIFY_DIGEST];

	SHA256(bytes, n, digest);
	verify_hex(digest, hex);
}

void verify_hmac(const void *key, size_t key_len, const void *bytes, size_t n,
		 unsigned char digest[VERIFY_DIGEST])
{
	unsigned int len = VERIFY_DIGEST;

	if (!HMAC(EVP_sha256(), key, (int)key_len, bytes, n, digest, &len))
		abort();
}

bool verify_same(const char *a, const char *b)
{
	return strlen(a) == strlen(b) && CRYPTO_memcmp(a, b, strlen(a)) == 0;
}

bool verify_is_hex(const char *s)
{
	return strlen(s) == VERIFY_HEX - 1 && strspn(s, "0123456789abcdef") == VERIFY_HEX - 1;
}
