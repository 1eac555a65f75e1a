/*
 * credentials.c - the key of an account, as a value whose memory is wiped.
 */
#include "provider/credentials.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/digest.h"

static void free_secret(char **text)
{
	digest_secret_free(*text);
	*text = NULL;
}

static char *copy_secret(const char *text)
{
	return text ? digest_secret(text) : NULL;
}

void credentials_release(struct credentials *credentials)
{
	free_secret(&credentials->id);
	free_secret(&credentials->secret);
	free_secret(&credentials->token);
}

void credentials_copy(struct credentials *to, const struct credentials *from)
{
	struct credentials copy = { copy_secret(from->id), copy_secret(from->secret),
		copy_secret(from->token) };
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

/* All texts are wiped alike, because one of them (identity) is a secret. */
static char **source_text(struct credential_source *source, size_t i)
{
	char **texts[] = { &source->role, &source->session, &source->provider, &source->identity,
		&source->region, &source->where, &source->looked_at };
	return i < sizeof texts / sizeof *texts ? texts[i] : NULL;
}

void credential_source_release(struct credential_source *source)
{
	char **text;
	credentials_release(&source->key);
	for (size_t i = 0; (text = source_text(source, i)); i++)
		free_secret(text);
	*source = (struct credential_source){ 0 };
}

void credential_source_copy(struct credential_source *to, const struct credential_source *from)
{
	struct credential_source copy = *from;
	char **text;
	copy.key = (struct credentials){ 0 };
	credentials_copy(&copy.key, &from->key);
	for (size_t i = 0; (text = source_text(&copy, i)); i++)
		*text = *text && text != &copy.identity ? xstrdup(*text) : copy_secret(*text);
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
