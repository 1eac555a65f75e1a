/*
 * credentials.h - the key of an account, and how it is obtained, as values.
 *
 * credential_chain.h finds keys in the environment and in files; credential_cache.h requests temporary ones.
 */
#ifndef DESCRIBEFS_CREDENTIALS_H
#define DESCRIBEFS_CREDENTIALS_H

#include <stdbool.h>
#include <stdint.h>

/* All owned; `token` is NULL for a permanent key, and all are NULL when there is no key. */
struct credentials {
	char *id, *secret, *token;
};

/* Wipes the memory before it is freed; empty and usable again. */
void credentials_release(struct credentials *credentials);
/* `to` holds a value (or zeroes) and is released first. */
void credentials_copy(struct credentials *to, const struct credentials *from);
/* Moves its texts into the memory for secrets (digest.h). */
void credentials_keep(struct credentials *credentials);

enum credential_source_kind {
	CREDENTIAL_SOURCE_KEY, /* `key` signs calls itself */
	CREDENTIAL_SOURCE_MACHINE, /* the machine's role: the metadata service issues the key */
	CREDENTIAL_SOURCE_ROLE, /* the role `role`, assumed with `key` */
	CREDENTIAL_SOURCE_IDENTITY, /* the role `role`, assumed with the token `identity` */
};

/* How a key is obtained. All texts are owned; what the kind does not need is NULL. */
struct credential_source {
	enum credential_source_kind kind;
	struct credentials key;
	char *role, *session; /* its name; the name of the session */
	char *provider, *identity, *region; /* the identity provider, its token, the service's region */
	char *where; /* for messages: "environment", "/home/x/.tccli/default.credential" */
	/* Set if no source had a key, so that the machine's role is left: the sources that were empty. */
	char *looked_at;
	int64_t expires_s; /* of `key`, Unix; 0: unknown */
};

/* Wipes what is secret. */
void credential_source_release(struct credential_source *source);
void credential_source_copy(struct credential_source *to, const struct credential_source *from);
/* Moves `from` to `to`, into the memory for secrets; `from` is empty afterwards. */
void credential_source_move(struct credential_source *to, struct credential_source *from);

#endif
