/*
 * address.c - normalizes the address of an API, https://HOST[:PORT]: the same text is signed and sent.
 *
 * curl changes an address before it sends the Host header: it drops a default port, and writes 127.1, 0x7f.1
 * and 2130706433 as 127.0.0.1. The cloud refuses a signature over another text. So an address is normalized
 * once, here, and an address without a normal form is refused.
 *
 * A key never travels in clear text: http:// is allowed to this machine only, or as far as the caller says.
 */
#include "net/address.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/ascii.h"

enum { HOST_MAX = 253, LABEL_MAX = 63, PORT_MAX = 15 };

/* The label makes the host an IPv4 address in one of its spellings: digits, or 0x and hexadecimal digits. */
static bool is_number(const char *label)
{
	if (label[0] == '0' && ascii_lower(label[1]) == 'x')
		return label[2 + strspn(label + 2, "0123456789abcdefABCDEF")] == '\0';
	return label[strspn(label, "0123456789")] == '\0';
}

/* `host` is in lower case. */
static bool is_host_name(const char *host)
{
	static const char LETTERS[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";
	const char *label = host;
	for (;;) {
		size_t len = strspn(label, LETTERS);
		if (len == 0 || len > LABEL_MAX || (label[len] && label[len] != '.'))
			return false;
		if (!label[len])
			break;
		label += len + 1;
	}
	return strlen(host) <= HOST_MAX && (!is_number(label) || peer_text_is_address(host));
}

static bool may_be_plain(const char *host, enum reach plain)
{
	if (peer_text_is_address(host))
		return peer_text_is_within(host, plain);
	/* transfer_socket checks the address that a name resolves to */
	return plain > REACH_SELF || strcmp(host, "localhost") == 0;
}

/* `host` is without brackets, and is changed in place. */
static bool address_add_host(struct buf *out, char *host, bool bracketed, bool may_be_anywhere,
	enum reach plain)
{
	struct in6_addr v6;
	char text[INET6_ADDRSTRLEN];
	size_t len = strlen(host);
	if (bracketed && inet_pton(AF_INET6, host, &v6) != 1)
		return false;
	if (bracketed)
		inet_ntop(AF_INET6, &v6, text, sizeof text);
	if (!bracketed && len > 0 && host[len - 1] == '.')
		host[len - 1] = '\0';
	for (char *at = host; *at; at++)
		*at = (char)ascii_lower(*at);
	if ((!bracketed && !is_host_name(host)) || (!may_be_anywhere && !may_be_plain(host, plain)))
		return false;
	return bracketed ? buf_printf(out, "[%s]", text) : buf_puts(out, host);
}

/* `text`, the rest after the host, is empty or a colon and a number. */
static bool address_add_port(struct buf *out, const char *text, int64_t of_scheme)
{
	if (!*text)
		return true;
	const char *digits = text + 1;
	if (*text != ':' || !*digits || digits[strspn(digits, "0123456789")] || strlen(digits) > PORT_MAX)
		return false;
	digits += strspn(digits, "0");
	int64_t port = *digits ? ascii_number(digits) : 0;
	if (port < 1 || port > 65535)
		return false;
	return port == of_scheme || buf_printf(out, ":%lld", (long long)port);
}

bool address_normal(struct buf *out, const char *url, enum reach plain)
{
	bool is_tls = strncasecmp(url, "https://", 8) == 0;
	if (!is_tls && strncasecmp(url, "http://", 7) != 0)
		return false;
	const char *authority = url + (is_tls ? 8 : 7);
	size_t len = strcspn(authority, "/?#");
	if (authority[len] && strcmp(authority + len, "/") != 0)
		return false;
	bool bracketed = authority[0] == '[';
	size_t host_len = bracketed ? strcspn(authority + 1, "]") : strcspn(authority, ":/?#");
	size_t rest = bracketed ? host_len + 2 : host_len;
	if (rest > len)
		return false;
	char *host = xstrndup(authority + bracketed, host_len);
	char *port = xstrndup(authority + rest, len - rest);
	bool good = buf_puts(out, is_tls ? "https://" : "http://") &&
		address_add_host(out, host, bracketed, is_tls, plain) &&
		address_add_port(out, port, is_tls ? 443 : 80);
	free(host);
	free(port);
	return good;
}

void address_hide_user(char *text, bool is_address)
{
	static const char STARS[] = "***";
	char *last = strrchr(text, '@'), *start = strstr(text, "://");
	size_t kept = sizeof STARS - 1;
	if (last && start && start < last)
		start += 3;
	else if (last && is_address)
		start = strchr(text, '=') ? strchr(text, '=') + 1 : text;
	else
		return;
	if (start >= last)
		return;
	if ((size_t)(last - start) < kept)
		kept = (size_t)(last - start);
	memcpy(start, STARS, kept);
	memmove(start + kept, last, strlen(last) + 1);
}
