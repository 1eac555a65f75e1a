/*
 * credentials.h - the key of an account, as a value.  Where keys are found is keyring.h's business.
 *
 * Layer 1.
 */
#ifndef DESCRIBEFS_CREDENTIALS_H
#define DESCRIBEFS_CREDENTIALS_H

/* All owned; `token` is NULL for a permanent key, and all are NULL when there is no key. */
struct credentials {
	char *id, *secret, *token;
};

/* Wipes the memory before it is freed; empty and usable again. */
void credentials_release(struct credentials *credentials);
/* `to` holds a value (or zeroes) and is released first. */
void credentials_copy(struct credentials *to, const struct credentials *from);

#endif
