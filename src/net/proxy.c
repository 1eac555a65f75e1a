/*
 * proxy.c - the proxy of -o proxy=: its address, user and password.
 *
 * User and password are split off the address at once, so that no message can show them.
 */
#include "net/proxy.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/ascii.h"
#include "base/digest.h"
#include "net/address.h"

enum { URL_MAX = 4096 };

static const char WORD[] = "proxy=";

void proxy_release(struct proxy *proxy)
{
	digest_secret_free(proxy->user);
	digest_secret_free(proxy->password);
	free(proxy->url);
	*proxy = (struct proxy){ 0 };
}

/* The byte at *at, decoded; *at moves to its last character. 0: an invalid escape. */
static int next_byte(const char *text, size_t len, size_t *at)
{
	size_t i = *at;
	if (text[i] != '%')
		return (unsigned char)text[i];
	int high = i + 2 < len ? ascii_hex_value(text[i + 1]) : -1;
	int low = i + 2 < len ? ascii_hex_value(text[i + 2]) : -1;
	*at = i + 2;
	return high < 0 || low < 0 ? 0 : high * 16 + low;
}

/* NULL: an invalid escape, or a control character. */
static char *proxy_unescape(const char *text, size_t len)
{
	char *plain = xcalloc(len + 1, 1), *kept = NULL;
	bool good = true;
	size_t n = 0;
	for (size_t i = 0; good && i < len; i++) {
		int byte = next_byte(text, len, &i);
		good = byte >= ' ' && byte != 0x7f;
		plain[n++] = (char)byte;
	}
	if (good)
		kept = digest_secret(plain);
	explicit_bzero(plain, len);
	free(plain);
	return kept;
}

static bool proxy_read_user(struct proxy *proxy, const char *text, size_t len)
{
	const char *colon = memchr(text, ':', len);
	size_t user_len = colon ? (size_t)(colon - text) : len;
	proxy->user = proxy_unescape(text, user_len);
	proxy->password = colon ? proxy_unescape(colon + 1, len - user_len - 1) : digest_secret("");
	return proxy->user && proxy->password && *proxy->user && !strchr(proxy->user, ':');
}

/* The '@' that ends user and password: the last one before a path. */
static const char *end_of_user(const char *authority)
{
	size_t len = strcspn(authority, "/?#");
	return memrchr(authority, '@', len);
}

/* Without a port curl would use 1080; other programs use the scheme's default. */
static bool proxy_add_port(struct buf *url)
{
	bool is_tls = strncmp(url->data, "https", 5) == 0;
	const char *host = url->data + (is_tls ? 8 : 7);
	const char *end = strchr(host, ']');
	return strchr(end ? end : host, ':') || buf_puts(url, is_tls ? ":443" : ":80");
}

static bool proxy_parse(struct proxy *proxy, const char *text)
{
	const char *start = strstr(text, "://");
	if (!start)
		return false;
	const char *authority = start + 3, *at = end_of_user(authority);
	if (at && !proxy_read_user(proxy, authority, (size_t)(at - authority)))
		return false;
	struct buf bare, url;
	buf_init(&bare, URL_MAX);
	buf_init(&url, URL_MAX);
	bool good = buf_add(&bare, text, (size_t)(authority - text)) &&
		buf_puts(&bare, at ? at + 1 : authority) && address_normal(&url, bare.data, REACH_ANYWHERE) &&
		proxy_add_port(&url);
	if (good)
		proxy->url = buf_take(&url);
	buf_release(&bare);
	buf_release(&url);
	return good;
}

bool proxy_read(struct proxy *proxy, const char *text)
{
	proxy_release(proxy);
	bool good = proxy_parse(proxy, text);
	if (!good)
		proxy_release(proxy);
	return good;
}

void proxy_hide(char *word)
{
	for (char *at = word; (at = strstr(at, WORD)); at += sizeof WORD - 1) {
		char *end = at;
		while (*end && *end != ',')
			end += *end == '\\' && end[1] ? 2 : 1;
		char *start = strstr(at, "://");
		char *last = start && start < end ? memrchr(start, '@', (size_t)(end - start)) : NULL;
		if (last)
			memset(start + 3, '*', (size_t)(last - start) - 3);
	}
}
