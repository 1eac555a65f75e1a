/*
 * credentials.c - the key of an account, as a value that leaves nothing behind in the heap.
 */
#include "credentials.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "digest.h"

static void forget(char **text)
{
	if (*text)
		digest_wipe(*text, strlen(*text));
	free(*text);
	*text = NULL;
}

static char *duplicate(const char *text)
{
	return text ? xstrdup(text) : NULL;
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
