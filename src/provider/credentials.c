/*
 * credentials.c - the key of an account, as a value that leaves nothing behind in the heap.
 */
#include "provider/credentials.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/digest.h"

static void forget(char **text)
{
	digest_secret_free(*text);
	*text = NULL;
}

static char *duplicate(const char *text)
{
	return text ? digest_secret(text) : NULL;
}

void credentials_release(struct credentials *credentials)
{
	forget(&credentials->id);
	forget(&credentials->secret);
	forget(&credentials->token);
}

void credentials_copy(struct credentials *to, const struct credentials *from)
{
	struct credentials copy = { duplicate(from->id), duplicate(from->secret), duplicate(from->token) };
	credentials_release(to);
	*to = copy;
}

void credentials_keep(struct credentials *credentials)
{
	struct credentials kept = { 0 };
	credentials_copy(&kept, credentials);
	credentials_release(credentials);
	*credentials = kept;
}

/* All its texts are treated alike: one of them is a secret, and none is looked at often. */
static char **text_of(struct credential_source *origin, size_t i)
{
	char **texts[] = { &origin->role, &origin->session, &origin->provider, &origin->identity,
		&origin->region, &origin->where, &origin->looked_at };
	return i < sizeof texts / sizeof *texts ? texts[i] : NULL;
}

void credential_source_release(struct credential_source *origin)
{
	char **text;
	credentials_release(&origin->key);
	for (size_t i = 0; (text = text_of(origin, i)); i++)
		forget(text);
	*origin = (struct credential_source){ 0 };
}

void credential_source_copy(struct credential_source *to, const struct credential_source *from)
{
	struct credential_source copy = *from;
	char **text;
	copy.key = (struct credentials){ 0 };
	credentials_copy(&copy.key, &from->key);
	for (size_t i = 0; (text = text_of(&copy, i)); i++)
		*text = *text && text != &copy.identity ? xstrdup(*text) : duplicate(*text);
	credential_source_release(to);
	*to = copy;
}

void credential_source_move(struct credential_source *to, struct credential_source *from)
{
	struct credential_source moved = { 0 };
	credential_source_copy(&moved, from);
	credential_source_release(from);
	credential_source_release(to);
	*to = moved;
}
