/*
 * proxy.h - the proxy of -o proxy=: its address, user and password.
 */
#ifndef DESCRIBEFS_PROXY_H
#define DESCRIBEFS_PROXY_H

#include <stdbool.h>

/*
 * All strings are owned. Invariant: `url`, http[s]://HOST:PORT, has no user or password, so it may be shown.
 */
struct proxy {
	char *url; /* NULL: no proxy */
	char *user, *password; /* NULL: the proxy needs none */
};

/*
 * Parses http[s]://[USER[:PASSWORD]@]HOST[:PORT], with %XX in user and password. Returns false if it is
 * invalid.
 */
bool proxy_read(struct proxy *proxy, const char *text);
/* Overwrites the secrets and frees all. */
void proxy_release(struct proxy *proxy);
/* Overwrites user and password of each proxy= in a command-line word, which ps shows to all users. */
void proxy_hide(char *word);

#endif
