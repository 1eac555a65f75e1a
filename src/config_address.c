/*
 * config_address.c - the address of an API: https://HOST[:PORT], or http:// to this very machine.
 *
 * A key is never signed with for somebody who listens on the way; only who plays the cloud in a test does
 * that, and he is on the loopback interface.
 */
#include "options.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ascii.h"

enum { URL_MAX = 1 << 20 };

static bool is_loopback(const char *host)
{
	struct in_addr v4;
	struct in6_addr v6;
	if (inet_pton(AF_INET, host, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	if (inet_pton(AF_INET6, host, &v6) == 1)
		return IN6_IS_ADDR_LOOPBACK(&v6);
	return strcasecmp(host, "localhost") == 0;
}

static bool is_host(const char *host, bool bracketed)
{
	struct in6_addr v6;
	if (bracketed)
		return inet_pton(AF_INET6, host, &v6) == 1;
	for (const char *at = host; *at; at++)
		if (!ascii_is_lower(ascii_lower(*at)) && !ascii_is_digit(*at) &&
			!strchr(".-_", *at))
			return false;
	return *host != '\0';
}

/*
 * HOST[:PORT] with nothing behind it but perhaps a slash; no user, so that no password lands in a
 * log.
 */
static bool is_port(const char *text)
{
	int64_t number = ascii_number(text);

	return text[strspn(text, "0123456789")] == '\0' && strlen(text) <= 15 &&
		number >= 1 && number <= 65535;
}

static bool is_authority(const char *text, size_t len, bool must_be_loopback)
{
	bool bracketed = text[0] == '[';
	size_t host_len = bracketed ? strcspn(text + 1, "]") : strcspn(text, ":/?#");
	size_t rest = bracketed ? host_len + 2 : host_len;
	if (rest > len)
		return false;
	char *host = xstrndup(text + bracketed, host_len);
	char *port = xstrndup(text + rest, len - rest);
	bool good = is_host(host, bracketed) && (!must_be_loopback || is_loopback(host)) &&
		(!*port || (*port == ':' && is_port(port + 1)));
	free(host);
	free(port);
	return good;
}

bool config_set_address(char **field, const char *value)
{
	bool plain = strncasecmp(value, "http://", 7) == 0;
	if (!plain && strncasecmp(value, "https://", 8) != 0)
		return false;
	const char *authority = value + (plain ? 7 : 8);
	size_t len = strcspn(authority, "/?#");
	bool ends = !authority[len] || strcmp(authority + len, "/") == 0;
	if (!ends || !is_authority(authority, len, plain))
		return false;
	struct buf url;
	buf_init(&url, URL_MAX);
	buf_puts(&url, plain ? "http://" : "https://");
	buf_add(&url, authority, len);
	free(*field);
	*field = buf_take(&url);
	return true;
}
