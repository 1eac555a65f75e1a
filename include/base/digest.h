/*
 * digest.h - SHA-256, HMAC-SHA-256, PEM certificates and memory for secrets: what the program uses of
 * OpenSSL.
 *
 * Only digest.c includes OpenSSL. Pure, but for the memory of digest_secrets. The program aborts where
 * OpenSSL cannot compute a digest, because a wrong signature would be reported as a wrong key.
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
/* Overwrites a secret. The compiler cannot optimize this away. */
void digest_wipe(void *bytes, size_t len);

/* Whether a PEM text holds at least one certificate. */
bool digest_is_certificate(const char *text, size_t len);

/*
 * Allocates the memory for secrets, once in each process: DIGEST_SECRETS bytes that are neither swapped nor
 * dumped if the system allows it. Returns their start, or NULL. A child has to lock them again after a fork.
 * Without this memory, and when it is full, secrets are in the heap.
 */
enum { DIGEST_SECRETS = 64 << 10 };
void *digest_secrets(void);
/* Copies the text into that memory. */
char *digest_secret(const char *text);
/* Overwrites and frees a text of digest_secret or of malloc. NULL is allowed. */
void digest_secret_free(char *text);

/* Name and version of the library, for people. */
const char *digest_library(void);

#endif
