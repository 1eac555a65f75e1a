/*
 * proxy.h - the proxy that -o proxy= names: its address, and the user and password that it wants.
 */
#ifndef DESCRIBEFS_PROXY_H
#define DESCRIBEFS_PROXY_H

#include <stdbool.h>

/* All owned.  `url` (http://HOST:PORT or https://HOST:PORT) can be shown; NULL: there is no proxy. */
struct proxy {
	char *url;
	char *user, *password; /* NULL: it wants none */
};

/* Reads http[s]://[USER[:PASSWORD]@]HOST[:PORT], %XX in user and password; false: it is something else. */
bool proxy_read(struct proxy *proxy, const char *text);
/* Wipes what is secret. */
void proxy_release(struct proxy *proxy);
/* Overwrites user and password of each proxy= in a word of the command line, which ps shows to all users. */
void proxy_hide(char *word);

#endif
