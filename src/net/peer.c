/*
 * peer.c - classifies an address by its reach: this machine, its link, a private network, or beyond.
 *
 * A clear-text request carries a key, so the address that a name resolved to decides whether it may be sent.
 * An IPv4 address mapped to IPv6 (::ffff:127.0.0.1) counts as the IPv4 address.
 */
#include "net/peer.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <string.h>

struct prefix {
	unsigned char first[16];
	unsigned int bits;
	enum reach reach;
};

/* clang-format off */
static const struct prefix V4[] = {
	{ { 127 }, 8, REACH_SELF },
	{ { 169, 254 }, 16, REACH_LINK },
	{ { 10 }, 8, REACH_PRIVATE },
	{ { 172, 16 }, 12, REACH_PRIVATE },
	{ { 192, 168 }, 16, REACH_PRIVATE },
	{ { 100, 64 }, 10, REACH_PRIVATE },
};

static const struct prefix V6[] = {
	{ { [15] = 1 }, 128, REACH_SELF },
	{ { 0xfe, 0x80 }, 10, REACH_LINK },
	{ { 0xfc }, 7, REACH_PRIVATE },
};
/* clang-format on */

/* Copies the address and returns its length in bytes; 0: another family. */
static size_t bytes_of(const struct sockaddr *address, unsigned char bytes[static 16])
{
	if (address->sa_family == AF_INET) {
		memcpy(bytes, (const char *)address + offsetof(struct sockaddr_in, sin_addr), 4);
		return 4;
	}
	if (address->sa_family != AF_INET6)
		return 0;
	memcpy(bytes, (const char *)address + offsetof(struct sockaddr_in6, sin6_addr), 16);
	struct in6_addr v6;
	memcpy(&v6, bytes, sizeof v6);
	if (!IN6_IS_ADDR_V4MAPPED(&v6))
		return 16;
	memmove(bytes, bytes + 12, 4);
	return 4;
}

static bool prefix_matches(const unsigned char *bytes, const struct prefix *prefix)
{
	unsigned int whole = prefix->bits / 8, rest = prefix->bits % 8;
	unsigned int mask = 0xff00u >> rest & 0xff;
	return memcmp(bytes, prefix->first, whole) == 0 &&
		(rest == 0 || (bytes[whole] & mask) == (prefix->first[whole] & mask));
}

static bool prefixes_match(const unsigned char *bytes, const struct prefix *rows, size_t n, enum reach reach)
{
	for (size_t i = 0; i < n; i++)
		if (rows[i].reach <= reach && prefix_matches(bytes, &rows[i]))
			return true;
	return false;
}

bool peer_is_nowhere(const struct sockaddr *address)
{
	static const unsigned char ZERO[16] = { 0 };
	unsigned char bytes[16];
	size_t len = bytes_of(address, bytes);
	return len > 0 && memcmp(bytes, ZERO, len) == 0;
}

bool peer_is_within(const struct sockaddr *address, enum reach reach)
{
	unsigned char bytes[16];
	size_t len = bytes_of(address, bytes);
	if (reach == REACH_ANYWHERE)
		return true;
	if (len == 4)
		return prefixes_match(bytes, V4, sizeof V4 / sizeof *V4, reach);
	return len == 16 && prefixes_match(bytes, V6, sizeof V6 / sizeof *V6, reach);
}

static bool read_address(const char *text, struct sockaddr_storage *out)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	bool is_v4 = inet_pton(AF_INET, text, &v4.sin_addr) == 1;
	if (!is_v4 && inet_pton(AF_INET6, text, &v6.sin6_addr) != 1)
		return false;
	memcpy(out, is_v4 ? (const void *)&v4 : &v6, is_v4 ? sizeof v4 : sizeof v6);
	return true;
}

bool peer_text_is_address(const char *text)
{
	struct sockaddr_storage address;
	return read_address(text, &address);
}

bool peer_text_is_within(const char *text, enum reach reach)
{
	struct sockaddr_storage address;
	return read_address(text, &address) && peer_is_within((struct sockaddr *)&address, reach);
}
