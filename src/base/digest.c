/*
 * digest.c - the only file that includes OpenSSL.
 *
 * The one-shot calls fail only if OpenSSL does not offer the algorithm or memory is out. The program aborts
 * then, because a wrong signature would be reported as a wrong key.
 */
#include "base/digest.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/err.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>

#include "base/buf.h"

static void digest_require(bool done)
{
	if (done)
		return;
	fputs("describefs: no SHA-256 from OpenSSL: out of memory?\n", stderr);
	abort();
}

/* OpenSSL 3 crashes at its first use if memory was out when it started. */
static bool is_openssl_started(void)
{
#if OPENSSL_VERSION_MAJOR >= 3
	return OSSL_LIB_CTX_get0_global_default() != NULL;
#else
	return true;
#endif
}

void digest_sha256(unsigned char out[DIGEST_BYTES], const void *bytes, size_t len)
{
	digest_require(is_openssl_started() && EVP_Digest(bytes, len, out, NULL, EVP_sha256(), NULL) == 1);
}

void digest_hmac(unsigned char out[DIGEST_BYTES], const void *key, size_t key_len, const void *bytes,
	size_t len)
{
	digest_require(key_len <= INT_MAX && is_openssl_started() &&
		HMAC(EVP_sha256(), key, (int)key_len, bytes, len, out, NULL));
}

void digest_hex(char out[DIGEST_HEX + 1], const unsigned char digest[DIGEST_BYTES])
{
	for (int i = 0; i < DIGEST_BYTES; i++) {
		out[i * 2] = BUF_HEX_LOWER[digest[i] >> 4];
		out[i * 2 + 1] = BUF_HEX_LOWER[digest[i] & 15];
	}
	out[DIGEST_HEX] = '\0';
}

void digest_wipe(void *bytes, size_t len)
{
	OPENSSL_cleanse(bytes, len);
}

bool digest_is_certificate(const char *text, size_t len)
{
	BIO *bio = len <= INT_MAX ? BIO_new_mem_buf(text, (int)len) : NULL;
	X509 *certificate = bio ? PEM_read_bio_X509_AUX(bio, NULL, NULL, NULL) : NULL;
	bool found = certificate;

	X509_free(certificate);
	BIO_free(bio);
	ERR_clear_error();
	return found;
}

/*
 * OpenSSL does not say where its secure heap begins. The start is the first page of those, before the first
 * block, that belong to the heap.
 */
void *digest_secrets(void)
{
	enum { SMALLEST = 32, PAGE = 4096 };
	if (!CRYPTO_secure_malloc_init(DIGEST_SECRETS, SMALLEST))
		return NULL;
	void *block = OPENSSL_secure_malloc(SMALLEST);
	if (!block)
		return NULL;
	char *start = (char *)block - (uintptr_t)block % PAGE;
	while (CRYPTO_secure_allocated(start - PAGE))
		start -= PAGE;
	OPENSSL_secure_free(block);
	return start;
}

char *digest_secret(const char *text)
{
	size_t len = strlen(text) + 1;
	char *copy = OPENSSL_secure_malloc(len);
	if (!copy)
		copy = OPENSSL_malloc(len);
	if (copy)
		return memcpy(copy, text, len);
	out_of_memory();
}

void digest_secret_free(char *text)
{
	if (text)
		OPENSSL_secure_clear_free(text, strlen(text));
}

const char *digest_library(void)
{
	return OpenSSL_version(OPENSSL_VERSION);
}
