/*
 * credentials.h - the key of an account, and how it is come by, as values.  Where keys are found is
 * credential_chain.h's business, asking for one credential_cache.h's.
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
/* Has it lie where secrets are kept (digest.h), wherever it lies. */
void credentials_keep(struct credentials *credentials);

enum credential_source_kind {
	CREDENTIAL_SOURCE_KEY, /* `key` is it */
	CREDENTIAL_SOURCE_MACHINE, /* the machine's own role: its metadata service gives the key */
	CREDENTIAL_SOURCE_ROLE, /* the role `role`, which whoever has `key` may take */
	CREDENTIAL_SOURCE_IDENTITY, /* the role `role`, which whoever shows `identity` may take */
};

/* How a key is come by.  All owned; what the kind does not need is NULL. */
struct credential_source {
	enum credential_source_kind kind;
	struct credentials key;
	char *role, *session; /* its name; what the role is taken as */
	char *provider, *identity, *region; /* who vouches for it, the identity itself, where that is asked */
	char *where; /* for people: "environment", "/home/x/.tccli/default.credential" */
	/* NULL, unless nothing named a key and the machine is all that is left: what was looked at before. */
	char *looked_at;
	int64_t expires_s; /* of `key`, Unix; 0: nobody says */
};

/* Wipes what is secret. */
void credential_source_release(struct credential_source *source);
void credential_source_copy(struct credential_source *to, const struct credential_source *from);
/* What was in `from` is in `to` now, where secrets are kept, and `from` is empty. */
void credential_source_move(struct credential_source *to, struct credential_source *from);

#endif
