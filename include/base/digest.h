/*
 * digest.h - SHA-256, HMAC-SHA-256, and whether a text is a certificate.  digest.c is the only file that
 * knows OpenSSL.
 *
 * Pure.
 */
#ifndef DESCRIBEFS_DIGEST_H
#define DESCRIBEFS_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

enum { DIGEST_BYTES = 32, DIGEST_HEX = 64 };

void digest_sha256(unsigned char out[DIGEST_BYTES], const void *bytes, size_t len);
void digest_hmac(unsigned char out[DIGEST_BYTES], const void *key, size_t key_len, const void *bytes,
	size_t len);
/* Lower-case hex, NUL-terminated. */
void digest_hex(char out[DIGEST_HEX + 1], const unsigned char digest[DIGEST_BYTES]);
/* Overwrites what held a secret; the compiler may not leave it out. */
void digest_wipe(void *bytes, size_t len);

/* Whether a PEM text holds a certificate at least. */
bool digest_is_certificate(const char *text, size_t len);

/*
 * Memory for secrets, which is neither swapped nor dumped where the machine allows that.  digest_secrets
 * makes it, once a process: DIGEST_SECRETS bytes from there, or NULL.  A fork has to lock them again.
 * Without it, or when it is full, secrets lie in the heap.
 */
enum { DIGEST_SECRETS = 64 << 10 };
void *digest_secrets(void);
char *digest_secret(const char *text); /* a copy there */
/* Wipes and frees; also what malloc gave, and NULL. */
void digest_secret_free(char *text);

/* The library behind it and its version, for people. */
const char *digest_library(void);

#endif
