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
	struct credentials copy = {
		duplicate(from->id), duplicate(from->secret), duplicate(from->token)
	};
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
static char **text_of(struct origin *origin, size_t i)
{
	char **texts[] = { &origin->role, &origin->session, &origin->provider, &origin->identity,
		&origin->region, &origin->where, &origin->looked_at };
	return i < sizeof texts / sizeof *texts ? texts[i] : NULL;
}

void origin_release(struct origin *origin)
{
	char **text;
	credentials_release(&origin->key);
	for (size_t i = 0; (text = text_of(origin, i)); i++)
		forget(text);
	*origin = (struct origin){ 0 };
}

void origin_copy(struct origin *to, const struct origin *from)
{
	struct origin copy = *from;
	char **text;
	copy.key = (struct credentials){ 0 };
	credentials_copy(&copy.key, &from->key);
	for (size_t i = 0; (text = text_of(&copy, i)); i++)
		*text = *text && text != &copy.identity ? xstrdup(*text) : duplicate(*text);
	origin_release(to);
	*to = copy;
}

void origin_move(struct origin *to, struct origin *from)
{
	struct origin moved = { 0 };
	origin_copy(&moved, from);
	origin_release(from);
	origin_release(to);
	*to = moved;
}
